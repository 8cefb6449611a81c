"""Records of what was observed: reports of one amount, and published time series."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import PERIOD, Part, Period, Record, read_in_unit
from autarky.quantities.estimates import Quantity


class Observation(Record):
    """What was published about one measured amount; several reports of it are alternatives, not a product."""

    measure: str
    scope: dict[str, str] = Field(default_factory=dict)
    period: Period
    unit: str
    estimates: Quantity | None = None
    at_most: Quantity | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_in_own_unit(cls, raw: object) -> object:
        return read_in_unit(raw, ("estimates",), ("at_most",))

    @model_validator(mode="after")
    def _says_something(self) -> Observation:
        if self.estimates is None and self.at_most is None:
            raise ValueError("an observation needs `estimates` or `at_most`")
        return self


class Observed(Part):
    """One value of a published series."""

    value: Quantity
    incomplete: bool = False


class TimeSeries(Record):
    """A published time series, as it stands; kind `stock` is the value at the end of each period."""

    unit: str
    scope: dict[str, str] = Field(default_factory=dict)
    kind: Literal["flow", "stock", "rate"] = "flow"
    values: dict[str, Observed]

    @model_validator(mode="before")
    @classmethod
    def _read_in_own_unit(cls, raw: object) -> object:
        if not isinstance(raw, dict) or not isinstance(raw.get("values"), dict):
            return raw
        values: dict[str, object] = {}
        for period, value in raw["values"].items():
            if not PERIOD.fullmatch(period):
                raise PydanticCustomError(
                    "period",
                    "{period} is not a period",
                    {"period": period, "hint": "write 2022, 2022H1, 2022Q1 or 2022-03", "at": ("values", period)},
                )
            fields = dict(value) if isinstance(value, dict) else {}
            incomplete = fields.pop("incomplete", False)
            values[period] = {"value": fields or value, "incomplete": incomplete}
        return read_in_unit({**raw, "values": values}, *(("values", period, "value") for period in values))
