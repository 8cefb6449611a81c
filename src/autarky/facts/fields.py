"""Field types of catalogue records: quantities with a stated unit, source lists, partial dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from autarky.errors import QuantityError
from autarky.quantities.estimates import Quantity
from autarky.quantities.months import parse_month
from autarky.quantities.parse import Spec, Support, parse_quantity
from autarky.quantities.paths import GrowthPath, LogisticPath, Path

Series: TypeAlias = Quantity | Path | LogisticPath | GrowthPath
"""A quantity that may change over time."""

QUANTITY_TYPES = (Quantity, Path, LogisticPath, GrowthPath)


@dataclass(frozen=True)
class Of:
    """Says which unit and support a quantity field has; reads it from its YAML form."""

    unit: str
    support: Support = "positive"
    path: bool = False
    bare: bool = False
    """Whether a plain number will do: for counts whose unit is in the field's name."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema that parses the YAML form, or passes a parsed quantity through."""
        spec = Spec(unit=self.unit, support=self.support, path=self.path, bare=self.bare)

        return core_schema.no_info_plain_validator_function(lambda raw: read_series(raw, spec))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return what an editor may accept for a quantity in this unit."""
        forms = ["number with unit", "interval `low to high unit`", "estimate or list of estimates"]
        if self.path:
            forms.append("path: month -> any of these")
        return {
            "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "object"}, {"type": "array"}],
            "description": f"in {self.unit} ({self.support}): {', '.join(forms)}",
        }


def read_series(raw: Any, spec: Spec, at: tuple[str, ...] = ()) -> Series:
    """Return a quantity from its YAML form, or as it is; a fault is placed at `at` below the record."""
    if isinstance(raw, QUANTITY_TYPES):
        return raw
    try:
        return parse_quantity(raw, spec)
    except QuantityError as error:
        raise PydanticCustomError(
            "quantity",
            "{message}",
            {"message": error.message, "hint": error.hint, "at": (*at, *error.at)},
        ) from None


def read_in_unit(raw: Any, *paths: tuple[str, ...]) -> Any:
    """Return a record's plain data with the values at `paths` read in the record's own `unit`."""
    if not isinstance(raw, dict) or not isinstance(raw.get("unit"), str):
        return raw
    spec = Spec(unit=raw["unit"], support="nonnegative")
    result = dict(raw)
    for path in paths:
        inner = result
        for name in path[:-1]:
            inner[name] = dict(inner[name])
            inner = inner[name]
        if inner.get(path[-1]) is not None:
            inner[path[-1]] = read_series(inner[path[-1]], spec, path)
    return result


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Grade: TypeAlias = Literal["A", "B", "C"]
"""How well a source knows: A the thing itself or its maker, B reputable relay, C one unnamed voice or a guess."""
SourceIds: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]

_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def last_day(partial: str) -> date:
    """Return the last day that a partial ISO date (year, month or day) can mean."""
    match = _PARTIAL_DATE.fullmatch(partial)
    if match is None:
        raise ValueError(f"{partial!r} is not a date")
    year, month, day = match.groups()
    if day:
        return date(int(year), int(month), int(day))
    if month:
        return date(int(year), int(month), calendar.monthrange(int(year), int(month))[1])
    return date(int(year), 12, 31)


def _partial_date(value: Any) -> str:
    text = str(value)
    try:
        last_day(text)
    except ValueError:
        raise PydanticCustomError(
            "partial_date",
            "{value} is not a date",
            {"value": text, "hint": "write YYYY, YYYY-MM or YYYY-MM-DD"},
        ) from None
    return text


PartialDate: TypeAlias = Annotated[str, BeforeValidator(_partial_date)]
PERIOD = re.compile(r"\d{4}(H[12]|Q[1-4]|-(0[1-9]|1[0-2]))?")


def _period(value: Any) -> str:
    text = str(value)
    if not PERIOD.fullmatch(text):
        hint = "write 2022, 2022H1, 2022Q1 or 2022-03"
        raise PydanticCustomError("period", "{period} is not a period", {"period": text, "hint": hint})
    return text


Period: TypeAlias = Annotated[str, BeforeValidator(_period), Field(pattern=f"^{PERIOD.pattern}$")]
"""A calendar year, half, quarter or month."""


def _month(value: Any) -> int:
    # An index comes from a record that was read before; 202501 is a month without its dash.
    if isinstance(value, int) and not isinstance(value, bool) and 12 * 1900 < value < 12 * 2200:
        return value
    try:
        return parse_month(str(value))
    except QuantityError as error:
        raise PydanticCustomError("month", "{message}", {"message": error.message, "hint": error.hint}) from None


Month: TypeAlias = Annotated[int, BeforeValidator(_month)]
"""A calendar month, held as its index (year x 12 + month - 1)."""


class Part(BaseModel):
    """A group of fields inside a record."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True, allow_inf_nan=False
    )


class Record(Part):
    """An entry of the catalogue; `source` is the default of every number in it."""

    label: str
    source: SourceIds = ()
    note: str = ""


Change: TypeAlias = Callable[[str, Series], Series]


def quantities_of(value: Any, key: str = "") -> Iterator[tuple[str, Series]]:
    """Yield every quantity in a record with its dotted key below the record."""
    if isinstance(value, QUANTITY_TYPES):
        yield key, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from quantities_of(getattr(value, name), _join(key, field.alias or name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from quantities_of(item, _join(key, name))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from quantities_of(item, _join(key, str(index)))


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def map_quantities(value: Any, change: Change, key: str = "") -> Any:
    """Return a copy of a record, or of any part of one, with `change(key, quantity)` in place of each quantity."""
    if isinstance(value, QUANTITY_TYPES):
        return change(key, value)
    if isinstance(value, BaseModel):
        changed = {
            name: map_quantities(getattr(value, name), change, _join(key, field.alias or name))
            for name, field in type(value).model_fields.items()
        }
        return value.model_copy(update=changed)
    if isinstance(value, dict):
        return {name: map_quantities(item, change, _join(key, name)) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map_quantities(item, change, _join(key, str(i))) for i, item in enumerate(value))
    return value
