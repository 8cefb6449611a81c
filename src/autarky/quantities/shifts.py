"""Distributions moved along the number line: the same uncertainty, later or earlier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.quantities.shapes import Distribution


@dataclass(frozen=True)
class Shifted(Distribution):
    """Another distribution with a constant added to every value."""

    kind: ClassVar[str] = "shifted"
    inner: Distribution
    by: float

    def ppf(self, u: Array) -> Array:
        """Return the other's value at each level, plus the constant."""
        return self.inner.ppf(u) + self.by

    def cdf(self, x: Array) -> Array:
        """Return the other's probability of at most x less the constant."""
        return self.inner.cdf(np.asarray(x) - self.by)

    def pdf(self, x: Array) -> Array:
        """Return the other's density at x less the constant."""
        return self.inner.pdf(np.asarray(x) - self.by)

    def mean(self) -> float:
        """Return the other's mean plus the constant."""
        return self.inner.mean() + self.by

    @property
    def support(self) -> tuple[float, float]:
        """The other's support, moved."""
        low, high = self.inner.support
        return low + self.by, high + self.by

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The other's atoms, moved."""
        return tuple((value + self.by, probability) for value, probability in self.inner.atoms)


def shifted(quantity: Quantity, by: float) -> Quantity:
    """Return a quantity whose every estimate is larger by a constant, in the quantity's unit."""
    if by == 0:
        return quantity
    return quantity.changed(lambda e: replace(e, distribution=Shifted(e.distribution, by))) or quantity
