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
    "memory_supply",
    "foundry_access",
    "remote_access",
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
    dimensions: tuple[str, ...]
    """What its scope can be narrowed by."""
    by_day: bool = True
    """True: a month takes the mean over its days. False: what holds on its last day."""
    lowest_of: Literal["actor", "side"] | None = None
    """Whose last words stand beside each other, so that the lowest counts; None: the last word of all decides."""
    named: tuple[str, ...] = ()
    """Dimensions of which one has to be named: such a lever speaks of nothing in general."""


_SHARE = Spec("1", "fraction")
_MULTIPLE = Spec("1", "nonnegative")
_SOLD = ("chip", "vendor", "region")
DIMENSIONS = {
    "chip": "chips",
    "vendor": "vendors",
    "buyer": "buyers",
    "fab": "fabs",
    "bank": "banks",
    "supply": "supplies",
    "region": "regions",
}
"""What a lever's scope can be narrowed by, and the field that lists it; a region is where the chips go."""
KINDS: Mapping[Kind, Meaning] = {
    "licence_status": Meaning(
        _SHARE, 1.0, "share of orders that the exporting side lets through", _SOLD, lowest_of="actor"
    ),
    "cap": Meaning(
        Spec("chip", "nonnegative"),
        float("inf"),
        "most chips that may come in, in all, counted from the first month in which a cap on them holds",
        _SOLD,
        by_day=False,
        lowest_of="side",
    ),
    "fee": Meaning(_SHARE, 0.0, "share of the seller's revenue that goes to a government", _SOLD),
    "tariff": Meaning(_MULTIPLE, 0.0, "duty as a share of the value", _SOLD),
    "import_gate": Meaning(
        _SHARE, 1.0, "share of the orders that the buying side's own rules let in", (*_SOLD, "buyer")
    ),
    "vendor_production": Meaning(_SHARE, 1.0, "share of its usual output that a vendor makes for this market", _SOLD),
    "grey_channel": Meaning(_MULTIPLE, 1.0, "multiple of the flow past the rules", _SOLD),
    "power_price": Meaning(_MULTIPLE, 1.0, "multiple of the price of power", _SOLD),
    "fab_start": Meaning(
        Spec("month", "date"),
        float("nan"),
        "month by which a fab makes its first wafers: it is then built, and earlier if it was on its way",
        ("fab",),
        by_day=False,
        named=("fab",),
    ),
    "memory_supply": Meaning(
        _MULTIPLE,
        1.0,
        "multiple of the stacks that a supply brings, save those that come past the rules",
        ("supply",),
        named=("supply",),
    ),
    "foundry_access": Meaning(
        _MULTIPLE,
        1.0,
        "multiple of the wafers of a fab, or of the dies of a bank, that designers may still have",
        ("fab", "bank"),
        named=("fab", "bank"),
    ),
    "remote_access": Meaning(
        _SHARE,
        1.0,
        "share of the compute that buyers rent abroad which the rules leave open to them",
        ("region",),
        lowest_of="actor",
    ),
}


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
    banks: SourceIds = ()
    supplies: SourceIds = ()
    regions: SourceIds = ()
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
    def _is_narrowed_by_what_its_kind_knows(self) -> Self:
        meaning = KINDS[self.kind]
        for dimension in self.scope:
            if dimension not in meaning.dimensions:
                field = DIMENSIONS[dimension]
                hint = f"narrow it by {' or '.join(DIMENSIONS[name] for name in meaning.dimensions)}"
                message = f"a {self.kind} has no {field}"
                raise PydanticCustomError("lever", "{message}", {"message": message, "hint": hint, "at": (field,)})
        if meaning.named and not set(meaning.named) & self.scope.keys():
            field = DIMENSIONS[meaning.named[0]]
            message = f"a {self.kind} without a {' or a '.join(meaning.named)}"
            hint = f"name it under `{'` or `'.join(DIMENSIONS[name] for name in meaning.named)}`"
            raise PydanticCustomError("lever", "{message}", {"message": message, "hint": hint, "at": (field,)})
        return self

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start and self.until and first_day_of(self.until) <= first_day_of(self.start):
            message = f"`until` ({self.until}) does not come after `from` ({self.start})"
            raise PydanticCustomError(
                "lever", "{message}", {"message": message, "hint": "were they swapped?", "at": ("until",)}
            )
        return self

    def members(self, dimension: str) -> tuple[str, ...]:
        """Return what the lever is narrowed to in one dimension; nothing means everything."""
        names: tuple[str, ...] = getattr(self, DIMENSIONS[dimension])
        return names

    @property
    def scope(self) -> dict[str, tuple[str, ...]]:
        """Return the dimensions in which the lever is narrowed, each with its members."""
        return {dimension: names for dimension in DIMENSIONS if (names := self.members(dimension))}


class Event(Record):
    """Something that happened, was announced or is proposed.

    `date` is the day on which it was announced or reported. The other days are those of its instrument: printed in
    the official journal, in effect, first to be complied with, replaced. `rules` are the records of the law that it
    brought, `about` those that it bears on without having brought them, `countries` those whose groups it changed on
    the day from which it binds: where a scenario moves it or switches it off, these go along. `requires` names events
    without which it means nothing. `states` keeps every wording where there was more than one.
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
    about: SourceIds = ()
    countries: SourceIds = ()
    requires: SourceIds = ()
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
