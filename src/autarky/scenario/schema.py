"""What a scenario file may say. A scenario is one question about the world, or a small diff on another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Month, Part, PartialDate, Period, SourceIds
from autarky.facts.records import COLLECTIONS


class Horizon(Part):
    """The months that are simulated, both ends included."""

    start: Month
    end: Month

    @model_validator(mode="after")
    def _forward(self) -> Horizon:
        if self.end < self.start:
            raise PydanticCustomError(
                "horizon",
                "the horizon ends before it starts",
                {"hint": "put `end` after `start`", "at": ("end",)},
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
    products: tuple[str, ...]


class WorldGroup(Part):
    """Quantities that are drawn together, as one publisher sees them; weights by publisher."""

    keys: tuple[str, ...]
    weights: dict[str, Annotated[float, Field(gt=0)]]


class CorrelationGroup(Part):
    """Quantities that move together, with the full matrix in the order of the keys."""

    keys: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    kind: Literal["rank", "linear"]
    note: str = ""
    source: SourceIds = ()


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
    facts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    worlds: dict[str, WorldGroup] = Field(default_factory=dict)
    correlations: tuple[CorrelationGroup, ...] = ()
    evidence: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    reference_chip: str | None = None
    targets: tuple[Target, ...] = ()
    measures: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _facts_fit(self) -> Scenario:
        for collection in self.facts:
            if collection not in COLLECTIONS:
                raise PydanticCustomError(
                    "collection",
                    "no collection is called {name}",
                    {"name": collection, "hint": f"known: {', '.join(COLLECTIONS)}", "at": ("facts", collection)},
                )
        names = [target.name for target in self.targets]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError(
                    "target", "two targets are called {name}", {"name": name, "hint": "", "at": ("targets",)}
                )
        return self
