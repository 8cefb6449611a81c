"""The catalogue: every record by collection and id, every quantity by dotted key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.facts.fields import Part, Series, quantities_of
from autarky.facts.records import Pooling, Source
from autarky.quantities.estimates import Estimate, Quantity

PartT = TypeVar("PartT", bound=Part)

SCENARIO = "scenario"
"""Stands in the place of a source id where the scenario itself sets a number."""


@dataclass(frozen=True)
class Catalogue:
    """All records, the plain data that they were read from, and a digest of both."""

    collections: Mapping[str, Mapping[str, Part]]
    plain: Mapping[str, Mapping[str, Any]]
    digest: str

    def all(self, collection: str, kind: type[PartT]) -> Mapping[str, PartT]:
        """Return the records of one collection by id; `kind` is their class."""
        records = self.collections.get(collection, {})
        return {name: record for name, record in records.items() if isinstance(record, kind)}

    def get(self, collection: str, name: str, kind: type[PartT]) -> PartT:
        """Return one record; an unknown id is an error that names the nearest ones."""
        record = self.collections.get(collection, {}).get(name)
        if not isinstance(record, kind):
            known = self.collections.get(collection, {})
            raise UnknownKeyError(
                Problem(
                    f"no {collection} record is called {name!r}",
                    hint=nearest(name, known) or f"`autarky facts list {collection}` names all {len(known)}",
                )
            )
        return record

    def find(self, name: str) -> tuple[str, Part]:
        """Return (collection, record) for an id, or for `collection.id`, wherever it stands."""
        collection, _, rest = name.partition(".")
        if collection in self.collections and rest in self.collections[collection]:
            return collection, self.collections[collection][rest]
        for collection, records in self.collections.items():
            if name in records:
                return collection, records[name]
        known = [key for records in self.collections.values() for key in records]
        raise UnknownKeyError(Problem(f"nothing in the catalogue is called {name!r}", hint=nearest(name, known)))

    def quantities(self) -> Iterator[tuple[str, Series]]:
        """Yield every quantity with its dotted key `collection.id.field`."""
        for collection, records in self.collections.items():
            for name, record in records.items():
                yield from quantities_of(record, f"{collection}.{name}")

    @property
    def sources(self) -> Mapping[str, Source]:
        """Return the bibliography by source id."""
        return self.all("sources", Source)

    @property
    def pooling(self) -> Pooling:
        """Return how estimates are weighed."""
        return self.get("pooling", "default", Pooling)

    def first_source(self) -> date:
        """Return the first day on which any source was known."""
        return min(source.known for source in self.sources.values())


@dataclass(frozen=True)
class Weigh:
    """Gives each estimate the weight of its best source's grade, and the day it was first known."""

    sources: Mapping[str, Source]
    pooling: Pooling

    def __call__(self, estimate: Estimate) -> tuple[float, date | None]:
        """Return (weight, first day known) of one estimate; an explicit weight is kept."""
        cited = [self.sources[name] for name in estimate.sources if name in self.sources]
        known = min((source.known for source in cited), default=None)
        if estimate.weight is not None:
            return estimate.weight, known
        discount = value_of(self.pooling.unverified_weight)
        weights = [
            value_of(self.pooling.grade_weights[source.grade])
            * (discount if source.unverified or estimate.unverified else 1.0)
            for source in cited
        ]
        return max(weights, default=value_of(self.pooling.grade_weights["C"])), known


def value_of(quantity: Quantity) -> float:
    """Return the number of a quantity without uncertainty, else its pooled mean."""
    return float(quantity.pooled.mean())
