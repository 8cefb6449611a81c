"""Quantities that change over months: knots, logistic rise, exponential growth.

Levels are one per draw: a high draw is high in every month. Results have shape (month, draw).
"""

from __future__ import annotations

import datetime
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array, MonthArray
from autarky.quantities.estimates import (
    Change,
    Estimate,
    Quantity,
    Weigh,
    published_by,
    sourced_by,
    weighed_by,
)
from autarky.quantities.months import month_label


class _Path(ABC):
    """What all paths share with a single quantity."""

    @abstractmethod
    def changed(self, change: Change) -> Self | None:
        """Return the path with every estimate changed; None when too little is left."""

    @abstractmethod
    def for_world(self, world: str) -> Self:
        """Return the path as that world sees it."""

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities that make up the path."""

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """All estimates in the path."""
        return tuple(estimate for quantity in self.quantities for estimate in quantity.estimates)

    @property
    def worlds(self) -> tuple[str, ...]:
        """Names of the worlds that speak about this path, in order of mention."""
        return tuple(dict.fromkeys(world for quantity in self.quantities for world in quantity.worlds))

    def known_by(self, day: datetime.date) -> Self | None:
        """Return what was published by that day; None when that does not make a path."""
        return self.changed(published_by(day))

    def weighed(self, weigh: Weigh) -> Self:
        """Return the path with each estimate weighed and dated by `weigh`."""
        return self.changed(weighed_by(weigh)) or self

    def with_sources(self, default: Sequence[str]) -> Self:
        """Return the path with `default` as the sources of estimates that state none."""
        return self.changed(sourced_by(default)) or self


@dataclass(frozen=True)
class Path(_Path):
    """Knots at months, straight lines between them, held flat before the first and after the last.

    All knots are drawn at one level, so the whole path rises with it; with `shared` False each knot has a
    level of its own, named by its month.
    """

    unit: str
    knots: tuple[tuple[int, Quantity], ...]
    shared: bool = True

    def __post_init__(self) -> None:
        if not self.knots:
            raise QuantityError("a path has no months", "give at least one, e.g. {2025-01: 20k wafer/month}")
        ordered = tuple(sorted(self.knots, key=lambda knot: knot[0]))
        for (month, _), (following, _) in itertools.pairwise(ordered):
            if month == following:
                raise QuantityError(f"{month_label(month)} appears twice", "give each month once")
        object.__setattr__(self, "knots", ordered)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities of the knots, in order of month."""
        return tuple(quantity for _, quantity in self.knots)

    def changed(self, change: Change) -> Path | None:
        """Return the path with every estimate changed; a knot without estimates goes; None when all go."""
        knots = ((month, quantity.changed(change)) for month, quantity in self.knots)
        kept = tuple((month, quantity) for month, quantity in knots if quantity is not None)
        return Path(self.unit, kept, self.shared) if kept else None

    def for_world(self, world: str) -> Path:
        """Return the path as that world sees it; the same path when that world is silent on it.

        Between the first and last month it speaks of, only its own knots count; outside, the others remain.
        """
        own = [month for month, quantity in self.knots if world in quantity.worlds]
        if not own:
            return self
        kept = (knot for knot in self.knots if knot[0] in own or not own[0] < knot[0] < own[-1])
        return Path(self.unit, tuple((month, q.for_world(world)) for month, q in kept), self.shared)

    def parts(self) -> Mapping[str, Quantity]:
        """Return the uncertain parts by key suffix.

        With a shared level there is one, without a suffix, and the first knot stands for it.
        """
        if self.shared:
            return {"": self.knots[0][1]}
        return {month_label(month): quantity for month, quantity in self.knots}

    def draw(self, u: Mapping[str, Array], months: MonthArray) -> Array:
        """Return one path per draw, in the path's unit, shape (month, draw)."""
        levels = [q.pooled.ppf(u["" if self.shared else month_label(month)]) for month, q in self.knots]
        at = np.asarray([month for month, _ in self.knots])
        months = np.asarray(months)
        values = np.empty((months.size, levels[0].size))
        last = at.size - 1
        before = np.clip(np.searchsorted(at, months, side="right") - 1, 0, last)
        # Row by row in place: element-wise arithmetic gives the same bits for any number of draws, which a
        # matrix product does not promise.
        steps = [high - low for low, high in itertools.pairwise(levels)]
        for row, (month, knot) in enumerate(zip(months.tolist(), before.tolist(), strict=True)):
            elapsed = month - int(at[knot])
            if elapsed <= 0 or knot == last:
                values[row] = levels[knot]
            else:
                np.multiply(steps[knot], elapsed / int(at[knot + 1] - at[knot]), out=values[row])
                values[row] += levels[knot]
        return values


class _FormulaPath(_Path):
    """A path given by a formula of named quantities, each with a level of its own."""

    @abstractmethod
    def parts(self) -> Mapping[str, Quantity]:
        """Return the uncertain parts by key suffix."""

    @abstractmethod
    def _with_parts(self, parts: Mapping[str, Quantity]) -> Self:
        """Return the same path with other parts."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities of the formula."""
        return tuple(self.parts().values())

    def changed(self, change: Change) -> Self | None:
        """Return the path with every estimate changed; None when a part has none left."""
        parts = {name: quantity.changed(change) for name, quantity in self.parts().items()}
        kept = {name: quantity for name, quantity in parts.items() if quantity is not None}
        return self._with_parts(kept) if len(kept) == len(parts) else None

    def for_world(self, world: str) -> Self:
        """Return the path with each part as that world sees it."""
        return self._with_parts({name: quantity.for_world(world) for name, quantity in self.parts().items()})


@dataclass(frozen=True)
class LogisticPath(_FormulaPath):
    """floor + rise / (1 + exp(-(month - midpoint) / scale)), never above `ceiling`.

    floor and rise are in the path's unit, midpoint is a month index, scale is in months.
    """

    floor: Quantity
    rise: Quantity
    midpoint: Quantity
    scale: Quantity
    ceiling: float = math.inf

    @property
    def unit(self) -> str:
        """Unit of the path: that of its floor."""
        return self.floor.unit

    def parts(self) -> Mapping[str, Quantity]:
        """Return floor, rise, midpoint and scale."""
        return {"floor": self.floor, "rise": self.rise, "midpoint": self.midpoint, "scale": self.scale}

    def _with_parts(self, parts: Mapping[str, Quantity]) -> LogisticPath:
        return LogisticPath(**parts, ceiling=self.ceiling)

    def draw(self, u: Mapping[str, Array], months: MonthArray) -> Array:
        """Return one path per draw, in the path's unit, shape (month, draw)."""
        level = {name: quantity.pooled.ppf(u[name]) for name, quantity in self.parts().items()}
        steps = (np.asarray(months)[:, np.newaxis] - level["midpoint"]) / level["scale"]
        # 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2, which cannot overflow.
        share = 0.5 * (1.0 + np.tanh(0.5 * steps))
        return np.minimum(level["floor"] + level["rise"] * share, self.ceiling)


@dataclass(frozen=True)
class GrowthPath(_FormulaPath):
    """level * exp(growth (month - at)), never above `ceiling`; growth is a monthly log rate."""

    at: int
    level: Quantity
    growth: Quantity
    ceiling: float = math.inf

    @property
    def unit(self) -> str:
        """Unit of the path: that of its level."""
        return self.level.unit

    def parts(self) -> Mapping[str, Quantity]:
        """Return level and growth."""
        return {"level": self.level, "growth": self.growth}

    def _with_parts(self, parts: Mapping[str, Quantity]) -> GrowthPath:
        return GrowthPath(self.at, **parts, ceiling=self.ceiling)

    def draw(self, u: Mapping[str, Array], months: MonthArray) -> Array:
        """Return one path per draw, in the path's unit, shape (month, draw)."""
        level, growth = (quantity.pooled.ppf(u[name]) for name, quantity in self.parts().items())
        elapsed = (np.asarray(months) - self.at)[:, np.newaxis]
        return np.minimum(level * np.exp(growth * elapsed), self.ceiling)
