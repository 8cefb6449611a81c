"""Events, and the levers that they move: what changes, for whom, from when and by how much."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Grade, Part, PartialDate, Record, SourceIds, read_series
from autarky.facts.rule_records import State
from autarky.quantities.estimates import Quantity
from autarky.quantities.parse import Spec

Kind: TypeAlias = Literal[
    "licence_status",
    "cap",
    "fee",
    "tariff",
    "import_gate",
    "vendor_production",
    "grey_channel",
    "power_price",
    "fab_start",
]
Status: TypeAlias = Literal[
    "in force",
    "superseded",
    "ended",
    "suspended",
    "not enforced",
    "company letter",
    "licences",
    "guidance",
    "scheduled",
    "done",
    "proposed",
    "withdrawn",
    "forecast",
]
NOT_ENACTED = ("proposed", "withdrawn", "forecast")


@dataclass(frozen=True)
class Meaning:
    """What the value of a lever says: its unit and support, what holds without any, and how a month reads it."""

    spec: Spec
    default: float
    text: str
    by_day: bool = True
    """True: a month takes the mean over its days. False: what holds on its last day."""


_SHARE = Spec("1", "fraction")
_MULTIPLE = Spec("1", "nonnegative")
KINDS: Mapping[Kind, Meaning] = {
    "licence_status": Meaning(_SHARE, 1.0, "share of orders that the exporting side lets through"),
    "cap": Meaning(
        Spec("chip", "nonnegative"),
        float("inf"),
        "most chips that may come in, in all, counted from the first month in which a cap on them holds",
        by_day=False,
    ),
    "fee": Meaning(_SHARE, 0.0, "share of the seller's revenue that goes to a government"),
    "tariff": Meaning(_MULTIPLE, 0.0, "duty as a share of the value"),
    "import_gate": Meaning(_SHARE, 1.0, "share of the orders that the buying side's own rules let in"),
    "vendor_production": Meaning(_SHARE, 1.0, "share of its usual output that a vendor makes for this market"),
    "grey_channel": Meaning(_MULTIPLE, 1.0, "multiple of the flow past the rules"),
    "power_price": Meaning(_MULTIPLE, 1.0, "multiple of the price of power"),
    "fab_start": Meaning(Spec("month", "date"), float("nan"), "month of a fab's first wafers", by_day=False),
}
DIMENSIONS = ("chip", "vendor", "buyer", "fab")
"""What a lever's scope can be narrowed by."""


class Lever(Part):
    """One change that an event makes. A scope that is left out is everything.

    A lever holds from `from` (inclusive; by default from its event's day) until `until` (exclusive) or until a later
    lever of its kind says something else.
    """

    kind: Kind
    value: Quantity
    chips: SourceIds = ()
    vendors: SourceIds = ()
    buyers: SourceIds = ()
    fabs: SourceIds = ()
    start: PartialDate | None = Field(default=None, alias="from")
    until: PartialDate | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_in_the_unit_of_its_kind(cls, raw: object) -> object:
        if not isinstance(raw, dict) or raw.get("value") is None:
            return raw
        if raw.get("kind") not in KINDS:
            # Without its kind a value has no unit; the fault is the kind's alone.
            return {**raw, "value": Quantity("1", ())}
        return {**raw, "value": read_series(raw["value"], KINDS[raw["kind"]].spec, ("value",))}

    @model_validator(mode="after")
    def _a_start_names_its_fab(self) -> Self:
        if self.kind == "fab_start" and not self.fabs:
            raise PydanticCustomError(
                "lever", "a fab_start without a fab", {"hint": "name it under `fabs:`", "at": ("fabs",)}
            )
        return self

    def members(self, dimension: str) -> tuple[str, ...]:
        """Return what the lever is narrowed to in one dimension; nothing means everything."""
        names: tuple[str, ...] = getattr(self, f"{dimension}s")
        return names

    @property
    def scope(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions in which the lever is narrowed, each with its members."""
        return {dimension: names for dimension in DIMENSIONS if (names := self.members(dimension))}


class Event(Record):
    """Something that happened, was announced or is proposed.

    `date` is the day on which it was announced or reported. The other days are those of its instrument: printed in
    the official journal, in effect, first to be complied with, replaced. `rules` are the records of the law that it
    brought; `states` keeps every wording where there was more than one.
    """

    date: PartialDate
    published: PartialDate | None = None
    effective: PartialDate | None = None
    compliance: PartialDate | None = None
    superseded: PartialDate | None = None
    actor: str
    instrument: str = ""
    status: Status = "in force"
    confidence: Grade
    affects: str = ""
    rules: SourceIds = ()
    levers: tuple[Lever, ...] = ()
    states: tuple[State, ...] = ()

    @property
    def enacted(self) -> bool:
        """Return whether it happened or was decided, and is no mere proposal, forecast or draft given up."""
        return self.status not in NOT_ENACTED

    @property
    def begins(self) -> PartialDate:
        """Return the day from which it binds, where no lever says otherwise."""
        return self.compliance or self.effective or self.date

    def span(self, lever: Lever) -> tuple[datetime.date, datetime.date]:
        """Return the first day of a lever, and the first day on which it has run out."""
        start = first_day_of(lever.start or self.begins)
        return start, first_day_of(lever.until) if lever.until else datetime.date.max


def first_day_of(partial: PartialDate) -> datetime.date:
    """Return the first day that a partial ISO date (year, month or day) can mean."""
    year, month, day = (*(int(part) for part in partial.split("-")), 1, 1)[:3]
    return datetime.date(year, month, day)
