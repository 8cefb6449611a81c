"""What pydantic finds wrong in a record or a scenario, in our words: what stands there and what would be right."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from autarky.errors import Problem, nearest

Place = Callable[[Sequence[str | int]], str]
"""Gives `file:line:column` of a key path below a record, or of a scenario."""

SHOWN_FIELDS = 6
_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "date": "a date",
    "model": "fields",
    "dict": "fields",
    "tuple": "a list",
    "list": "a list",
}
"""What is expected, by the first word of the error's type."""
_LIMITS = {
    "greater_than": ("gt", "too low", "give more than {}"),
    "greater_than_equal": ("ge", "too low", "give {} or more"),
    "less_than": ("lt", "too high", "give less than {}"),
    "less_than_equal": ("le", "too high", "give {} or less"),
}


def validation_problems(error: ValidationError, model: type[BaseModel], key: str, place: Place) -> Iterator[Problem]:
    """Yield one problem for each fault that pydantic found in a record."""
    for fault in error.errors(include_url=False):
        context = fault.get("ctx", {})
        at = (*(part for part in fault["loc"] if part != "[key]"), *context.get("at", ()))
        field = ".".join([*([key] if key else []), *map(str, at)])
        message, hint = _in_words(fault, context, model)
        yield Problem(message, place(at), field, hint)


def _in_words(fault: Mapping[str, Any], context: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str]:
    """Return (what is wrong, what would be right) of one fault."""
    kind, given, loc = fault["type"], fault["input"], fault["loc"]
    if kind == "extra_forbidden":
        return "unknown field", _known(str(loc[-1]), sorted(fields_at(model, loc[:-1])))
    if kind == "missing":
        return "this field is missing", f"add `{loc[-1]}:`"
    if kind == "literal_error":
        return f"unknown value {shown(given)}", _known(str(given), re.findall(r"'([^']*)'", context["expected"]))
    if kind == "too_short":
        return "this is empty", "give at least one"
    if kind in _LIMITS:
        limit, message, hint = _LIMITS[kind]
        return f"{given} is {message}", hint.format(f"{context[limit]:g}")
    if "hint" not in context and (expected := _EXPECTED.get(kind.partition("_")[0])):
        return f"expected {expected}, found {shown(given)}", _repair(expected, given, fields_at(model, loc))
    return fault["msg"].removeprefix("Value error, "), context.get("hint", "")


def _known(name: str, known: list[str]) -> str:
    return nearest(name, known) or f"known: {', '.join(known)}"


def shown(value: object) -> str:
    """Return a value as an error names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:40]}...")
    return "fields" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else "an object"


def _repair(expected: str, given: object, fields: list[str]) -> str:
    if given is None and expected != "fields":
        return "give a value, or leave the field out"
    if expected == "text" and isinstance(given, bool | int | float):
        return "put it in quotes"
    if expected == "a list" and isinstance(given, str):
        return f"write [{given}]"
    if expected == "fields":
        listed = ", ".join(fields if len(fields) <= SHOWN_FIELDS else [*fields[:SHOWN_FIELDS], "and others"])
        return f"its fields are {listed}" if fields else "write `name: value`"
    return "write YYYY-MM-DD" if expected == "a date" else ""


def fields_at(model: type[BaseModel], at: tuple[str | int, ...]) -> list[str]:
    """Return the field names that a record allows at a key path."""
    current: Any = model
    for key in at:
        inner = _models_in(current)
        field = next((f for m in inner for n, f in m.model_fields.items() if key in (n, f.alias)), None)
        current = field.annotation if field is not None else current
    return [field.alias or name for m in _models_in(current) for name, field in m.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]
