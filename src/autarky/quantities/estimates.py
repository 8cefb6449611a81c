"""Estimates by dated sources, and the quantity that pools them."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from autarky.quantities.arrays import Array, MonthArray
from autarky.quantities.mixtures import Mixture
from autarky.quantities.shapes import Distribution


@dataclass(frozen=True)
class Estimate:
    """One source's figure for a quantity.

    `weight` None means: as the grade of its sources says, or equal to the others. `world` names the analyst's
    picture it belongs to. `published` None means known on every day.
    """

    distribution: Distribution
    sources: tuple[str, ...] = ()
    published: datetime.date | None = None
    weight: float | None = None
    world: str | None = None
    note: str = ""
    unverified: bool = False


Change = Callable[[Estimate], Estimate | None]
"""Return a changed estimate, the same one, or None to leave it out."""

Weigh = Callable[[Estimate], tuple[float, datetime.date | None]]
"""Return an estimate's weight, and the day it was published if that is known."""


@dataclass(frozen=True)
class Quantity:
    """A number with a unit, and one or more estimates of it."""

    unit: str
    estimates: tuple[Estimate, ...]

    def __getstate__(self) -> dict[str, object]:
        return {"unit": self.unit, "estimates": self.estimates}

    @functools.cached_property
    def pooled(self) -> Distribution:
        """Distribution over all estimates: their mixture, weighted, or the one that there is."""
        weights = [1.0 if estimate.weight is None else estimate.weight for estimate in self.estimates]
        mixture = Mixture(tuple(estimate.distribution for estimate in self.estimates), tuple(weights))
        return mixture.components[0] if len(mixture.components) == 1 else mixture

    @property
    def worlds(self) -> tuple[str, ...]:
        """Names of the worlds that speak about this quantity, in order of mention."""
        return tuple(dict.fromkeys(e.world for e in self.estimates if e.world is not None))

    def changed(self, change: Change) -> Quantity | None:
        """Return the quantity with every estimate changed; None when none is left."""
        kept = tuple(new for new in map(change, self.estimates) if new is not None)
        if not kept:
            return None
        return self if kept == self.estimates else Quantity(self.unit, kept)

    def known_by(self, day: datetime.date) -> Quantity | None:
        """Return what was published by that day; None when nothing was."""
        return self.changed(published_by(day))

    def weighed(self, weigh: Weigh) -> Quantity:
        """Return the quantity with each estimate weighed and dated by `weigh`."""
        return self.changed(weighed_by(weigh)) or self

    def with_sources(self, default: Sequence[str]) -> Quantity:
        """Return the quantity with `default` as the sources of estimates that state none."""
        return self.changed(sourced_by(default)) or self

    def for_world(self, world: str) -> Quantity:
        """Return the quantity as that world sees it; the same quantity when that world is silent on it."""
        return self.changed(lambda estimate: estimate if estimate.world == world else None) or self

    def parts(self) -> Mapping[str, Quantity]:
        """Return the uncertain parts by key suffix: here one, without a suffix."""
        return {"": self}

    def draw(self, u: Mapping[str, Array], months: MonthArray | None = None) -> Array:
        """Return one value per draw, in the quantity's unit, shape (draw,); `months` plays no part."""
        return self.pooled.ppf(u[""])


def published_by(day: datetime.date) -> Change:
    """Return the change that leaves out what was published after that day."""
    return lambda estimate: estimate if estimate.published is None or estimate.published <= day else None


def weighed_by(weigh: Weigh) -> Change:
    """Return the change that weighs and dates an estimate; a date that it already has stays."""

    def change(estimate: Estimate) -> Estimate:
        weight, published = weigh(estimate)
        return replace(estimate, weight=weight, published=estimate.published or published)

    return change


def sourced_by(default: Sequence[str]) -> Change:
    """Return the change that sets sources where an estimate states none."""
    return lambda estimate: estimate if estimate.sources else replace(estimate, sources=tuple(default))
