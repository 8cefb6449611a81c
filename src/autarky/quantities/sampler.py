"""Joint draws: keyed streams, copulas and source worlds turned into arrays of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.correlation import mix
from autarky.quantities.draws import Streams
from autarky.quantities.estimates import Quantity
from autarky.quantities.paths import GrowthPath, LogisticPath, Path

Series = Quantity | Path | LogisticPath | GrowthPath


@dataclass(frozen=True)
class Correlation:
    """Quantities that move together: their keys, and how their scores are mixed (see `mixing_matrix`)."""

    keys: tuple[str, ...]
    lower: Array


@dataclass(frozen=True)
class Worlds:
    """Quantities drawn as one publisher sees them: in a draw, all keys follow the same publisher."""

    keys: frozenset[str]
    weights: Mapping[str, float]


@dataclass
class Sampler:
    """Draws quantities by key for the draws `start` to `stop` and the given months.

    A quantity's draws depend on the seed, its key and the draw's index, on its copula group if it has
    one, and on nothing else.
    """

    streams: Streams
    months: NDArray[np.int64]
    start: int
    stop: int
    correlations: Sequence[Correlation] = ()
    worlds: Mapping[str, Worlds] = field(default_factory=dict)
    as_of: date | None = None
    used: dict[str, Series] = field(default_factory=dict)
    _correlated: dict[str, Array] = field(default_factory=dict)

    def draw(self, key: str, series: Series, stream: str | None = None) -> Array:
        """Return draws of a quantity: (draw,) for a number, (month, draw) for a path, in its own unit.

        `stream` is the key with whose draws it rises and falls, if not with its own.
        """
        known = series if self.as_of is None else series.known_by(self.as_of)
        if known is None:
            first = min((e.published for e in series.estimates if e.published), default=None)
            raise QuantityError(
                f"{key} has no estimate known by {self.as_of}",
                f"the first one is of {first}; give a later as-of date or set {key} yourself",
            )
        self.used[key] = known
        drawn = key if stream is None else stream
        uniforms = {part: self.uniform(f"{drawn}.{part}" if part else drawn) for part in known.parts()}
        group = next((name for name, worlds in self.worlds.items() if key in worlds.keys), None)
        if group is None:
            return known.draw(uniforms, self.months)
        return self._draw_in_worlds(group, known, uniforms)

    def knows(self, series: Series) -> bool:
        """Return whether anything about a quantity was known by the as-of date."""
        return self.as_of is None or series.known_by(self.as_of) is not None

    def _draw_in_worlds(self, group: str, series: Series, uniforms: Mapping[str, Array]) -> Array:
        world = self.world(group)
        values: Array | None = None
        for index, name in enumerate(self.worlds[group].weights):
            chosen = world == index
            if not chosen.any():
                continue
            inside = {part: uniform[chosen] for part, uniform in uniforms.items()}
            drawn = series.for_world(name).draw(inside, self.months)
            if values is None:
                values = np.empty((*drawn.shape[:-1], world.size))
            values[..., chosen] = drawn
        if values is None:
            raise QuantityError(f"the worlds group {group!r} names no publisher", "list at least one")
        return values

    def world(self, group: str) -> NDArray[np.int64]:
        """Return which publisher's world each draw belongs to, as an index into the group's weights."""
        weights = np.array(list(self.worlds[group].weights.values()))
        edges = np.cumsum(weights / weights.sum())[:-1]
        return np.searchsorted(edges, self.uniform(f"worlds.{group}"), side="right")

    def uniform(self, key: str) -> Array:
        """Return the (draw,) uniforms of a key in (0, 1), after its copula."""
        group = next((group for group in self.correlations if key in group.keys), None)
        if group is None:
            return self.streams.uniform(key, self.start, self.stop)
        if key not in self._correlated:
            independent = np.stack([self.streams.uniform(k, self.start, self.stop) for k in group.keys])
            self._correlated.update(zip(group.keys, mix(independent, group.lower), strict=True))
        return self._correlated[key]
