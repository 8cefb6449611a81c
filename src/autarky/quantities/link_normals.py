"""The normal distribution on a scale of its own, with two sides.

With x the value and y = link(x), a level u gives z = ndtri(u) and

    y = middle + lower z   for z < 0
    y = middle + upper z   for z >= 0

so the median is unlink(middle) and each side has half the probability. With lower = upper this is the plain
normal, lognormal or logit-normal; with two sides it meets any rising p5, p50 and p95 exactly. A side of
width 0 puts its half of the probability on the median.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.shapes import Distribution, finite
from autarky.quantities.units import format_number

Z95 = 1.6448536269514722
"""The 95th percentile of the standard normal."""


@dataclass(frozen=True)
class LinkNormal(Distribution):
    """Two half normals that meet at the median, on the scale of a link function."""

    middle: float
    lower: float
    upper: float

    def __post_init__(self) -> None:
        finite(self.middle, "middle")
        narrowest = min(finite(self.lower, "lower"), finite(self.upper, "upper"))
        if narrowest < 0 or self.lower + self.upper == 0:
            raise QuantityError("a width is negative or both are 0", "a number without spread is exact")

    @classmethod
    def from_quantiles(cls, p5: float, p95: float, p50: float | None = None) -> Self:
        """Return the distribution with these quantiles; without p50 the two sides are equally wide."""
        check_quantiles(p5, p95, p50)
        low, high = cls._checked_link(p5, "p5"), cls._checked_link(p95, "p95")
        if p50 is None:
            width = 0.5 * (high - low) / Z95
            return cls(0.5 * (low + high), width, width)
        middle = cls._checked_link(p50, "p50")
        return cls(middle, (middle - low) / Z95, (high - middle) / Z95)

    @classmethod
    def _checked_link(cls, value: float, name: str) -> float:
        """Return the value on the link scale; raises QuantityError where the link is not finite."""
        cls.check_inside(value, name)
        return float(cls.link(np.float64(value)))

    @classmethod
    @abstractmethod
    def check_inside(cls, value: float, name: str) -> None:
        """Raise QuantityError when the value cannot come from this family."""

    @staticmethod
    @abstractmethod
    def link(x: Array | np.float64) -> Array:
        """Return the value on the scale where it is normal."""

    @staticmethod
    @abstractmethod
    def unlink(y: Array) -> Array:
        """Return the value for a number on the normal scale."""

    @staticmethod
    @abstractmethod
    def slope(x: Array) -> Array:
        """Return the derivative of the link at x."""

    def ppf(self, u: Array) -> Array:
        """Return unlink(middle + width ndtri(u))."""
        from scipy.special import ndtri

        z = np.asarray(ndtri(u), dtype=np.float64)
        width = self.lower if self.lower == self.upper else np.where(z < 0, self.lower, self.upper)
        return self.unlink(self.middle + width * z)

    @property
    def _median(self) -> float:
        """Return the median, by the same array arithmetic as `ppf`, so that the two agree to the bit."""
        return float(self.unlink(np.array([self.middle]))[0])

    def _normal_scale(self, x: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Return z, the width of its side, and whether x lies inside the support."""
        x = np.asarray(x, dtype=np.float64)
        low, high = self.support
        inside = (x > low) & (x < high)
        median = self._median
        # Link and unlink round, so the median itself is recognised by its value and not by its place.
        at_median = ~inside | (x == median)
        away = np.where(at_median, 0.0, self.link(np.where(at_median, median, x)) - self.middle)
        width = np.where(away < 0, self.lower, self.upper)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(width > 0, away / width, np.sign(away) * np.inf)
        return np.where(at_median, 0.0, z), width, inside

    def cdf(self, x: Array) -> Array:
        """Return ndtr(z), 0 and 1 outside the support."""
        from scipy.special import ndtr

        z, _, inside = self._normal_scale(x)
        if self.upper == 0:
            z = np.where(z >= 0, np.inf, z)
        return np.where(inside, ndtr(z), np.where(np.asarray(x) <= self.support[0], 0.0, 1.0))

    def pdf(self, x: Array) -> Array:
        """Return the normal density of z, divided by the width of its side, times the slope of the link."""
        z, width, inside = self._normal_scale(x)
        # Beyond 40 standard deviations the density is 0 and the square could overflow.
        density = np.exp(-0.5 * np.square(np.clip(z, -40.0, 40.0))) / math.sqrt(2.0 * math.pi)
        density = np.divide(density, width, out=np.zeros_like(density), where=width > 0)
        return np.where(inside, density * self.slope(np.where(inside, x, 0.5)), 0.0)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The median, with half the probability, when one side has no width."""
        if self.lower > 0 and self.upper > 0:
            return ()
        return ((self._median, 0.5),)


def check_quantiles(p5: float, p95: float, p50: float | None = None) -> None:
    """Raise QuantityError unless the quantiles are finite and rise."""
    named = [("p5", p5), *([] if p50 is None else [("p50", p50)]), ("p95", p95)]
    for name, value in named:
        finite(value, name)
    for (low_name, low), (high_name, high) in itertools.pairwise(named):
        if low > high:
            raise QuantityError(
                f"{low_name} ({format_number(low)}) is above {high_name} ({format_number(high)})",
                f"quantiles must rise from p5 to p95. Were {low_name} and {high_name} swapped?",
                at=(low_name,),
            )


def check_sd(sd: float) -> float:
    """Return a standard deviation above 0."""
    if finite(sd, "sd") <= 0:
        raise QuantityError(
            f"sd ({format_number(sd)}) is not above 0", "a number without spread is a `value`", at=("sd",)
        )
    return float(sd)
