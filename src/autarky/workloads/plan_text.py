"""Texts such as `tp=8,pp=8` that fix fields of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from autarky.errors import Problem, nearest


def given_fields(text: str, keys: Mapping[str, str], what: str, problems: list[Problem]) -> dict[str, str]:
    """Return what a text gives by key, as written; keys not in `keys` and keys given twice are added to `problems`.

    `what` says whose fields they are: `a plan`.
    """
    given: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or key not in keys:
            hint = nearest(key, keys) or f"known are {', '.join(keys)}"
            problems.append(Problem(f"{item!r} is not a field of {what}", "--plan", hint=hint))
        elif key in given:
            problems.append(Problem("is given twice", "--plan", key, "keep one"))
        else:
            given[key] = value
    return given
