"""What a scenario file may say. A scenario is one question about the world, or a small diff on another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Month, Part, PartialDate, Period, SourceIds
from autarky.quantities.months import month_label


class Horizon(Part):
    """The months that are simulated, both ends included."""

    start: Month
    end: Month

    @model_validator(mode="after")
    def _forward(self) -> Horizon:
        if self.end < self.start:
            start, end = month_label(self.start), month_label(self.end)
            raise PydanticCustomError(
                "horizon",
                "the horizon ends ({end}) before it starts ({start})",
                {"start": start, "end": end, "hint": "were `start` and `end` swapped?", "at": ("end",)},
            )
        if self.end - self.start >= 1200:
            raise PydanticCustomError(
                "horizon", "the horizon is longer than 100 years", {"hint": "shorten it", "at": ("end",)}
            )
        return self


class Chain(Part):
    """Which records of the catalogue the scenario simulates."""

    fabs: tuple[str, ...] = ()
    die_banks: tuple[str, ...] = ()
    memory_supplies: tuple[str, ...] = ()
    products: Annotated[tuple[str, ...], Field(min_length=1)]


class Market(Part):
    """Which records of the catalogue make up the market of the scenario's region."""

    demand: str
    buyers: Annotated[tuple[str, ...], Field(min_length=1)]
    imports: tuple[str, ...] = ()
    grey_channel: str | None = None
    rental: str | None = None
    compared_with: tuple[str, ...] = ()
    """Reference stocks: installed compute elsewhere."""
    model_from: dict[str, Month] = Field(default_factory=dict)
    """Import -> first month from which the model replaces the record of its shipments, for what could have been."""


class WorldGroup(Part):
    """Quantities that are drawn together, as one publisher sees them; weights by publisher."""

    keys: Annotated[tuple[str, ...], Field(min_length=1)]
    weights: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]


class CorrelationGroup(Part):
    """Quantities that move together, with the full matrix in the order of the keys."""

    keys: Annotated[tuple[str, ...], Field(min_length=2)]
    matrix: tuple[tuple[float, ...], ...]
    kind: Literal["rank", "linear"]
    note: str = ""
    source: SourceIds = ()

    @model_validator(mode="after")
    def _square(self) -> CorrelationGroup:
        keys, hint = len(self.keys), "one row for each key, with one number for each key"
        if len(self.matrix) != keys:
            message = f"a matrix of {len(self.matrix)} rows for {keys} keys"
            raise PydanticCustomError("matrix", "{message}", {"message": message, "hint": hint, "at": ("matrix",)})
        for index, row in enumerate(self.matrix):
            if len(row) != keys:
                message = f"a row of length {len(row)} for {keys} keys"
                at = ("matrix", index)
                raise PydanticCustomError("matrix", "{message}", {"message": message, "hint": hint, "at": at})
        return self


class Reference(Part):
    """What a target is compared with: the same measure unless another is named."""

    measure: str | None = None
    scope: dict[str, str] | None = None
    period: Period | None = None


class Target(Part):
    """A statement about a measure whose probability is reported."""

    name: str
    definition: str
    measure: str
    scope: dict[str, str] = Field(default_factory=dict)
    period: Period
    at_least: float
    times: Reference | None = None
    source: SourceIds = ()


class EventChoice(Part):
    """Events switched on and off, moved to another day, and added; and those that the report draws.

    All that happened or were decided act unless switched off; proposals and forecasts act only when switched on. The
    report draws those under `draw` and those that are switched on, moved or added.
    """

    draw: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    move: dict[str, PartialDate] = Field(default_factory=dict)
    add: dict[str, dict[str, Any]] = Field(default_factory=dict)


def _event_choice(raw: Any) -> Any:
    return {"draw": raw} if isinstance(raw, list | tuple) else raw


_IDS = {"type": "array", "items": {"type": "string"}}
_BY_ID = {"type": "object", "additionalProperties": {"type": "string"}}
EVENT_FORMS = {
    "anyOf": [
        _IDS,
        {
            "type": "object",
            "properties": {"draw": _IDS, "on": _IDS, "off": _IDS, "move": _BY_ID, "add": {"type": "object"}},
            "additionalProperties": False,
        },
    ]
}
"""A list of event ids is short for `{draw: [...]}`."""


class Scenario(Part):
    """One question about the world."""

    name: str = ""
    label: str
    description: str = ""
    extends: str | None = None
    region: str = ""
    horizon: Horizon
    as_of: PartialDate | None = None
    chain: Chain
    market: Market | None = None
    facts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    worlds: dict[str, WorldGroup] = Field(default_factory=dict)
    correlations: tuple[CorrelationGroup, ...] = ()
    evidence: tuple[str, ...] = ()
    events: Annotated[EventChoice, BeforeValidator(_event_choice), WithJsonSchema(EVENT_FORMS)] = EventChoice()
    reference_chip: str | None = None
    targets: tuple[Target, ...] = ()
    measures: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _targets_differ(self) -> Scenario:
        names = [target.name for target in self.targets]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise PydanticCustomError(
                    "target",
                    "another target is already called {name}",
                    {"name": repr(name), "hint": "give each a name of its own", "at": ("targets", index, "name")},
                )
        return self
