"""Distributions between two bounds: uniform, log-uniform, triangular, beta."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.shapes import Distribution, finite
from autarky.quantities.units import format_number


def _rising(low: float, high: float, names: tuple[str, str]) -> None:
    """Raise unless low < high."""
    if not finite(low, names[0]) < finite(high, names[1]):
        raise QuantityError(
            f"{names[0]} ({format_number(low)}) is not below {names[1]} ({format_number(high)})",
            f"were {names[0]} and {names[1]} swapped?",
            at=(names[0],),
        )


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between two bounds equally likely."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        _rising(self.low, self.high, ("low", "high"))

    def ppf(self, u: Array) -> Array:
        """Return low + u (high - low)."""
        return self.low + np.asarray(u) * (self.high - self.low)

    def cdf(self, x: Array) -> Array:
        """Return (x - low) / (high - low), within 0 and 1."""
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def pdf(self, x: Array) -> Array:
        """Return 1 / (high - low) between the bounds."""
        x = np.asarray(x)
        return np.where((x >= self.low) & (x <= self.high), 1.0 / (self.high - self.low), 0.0)

    def mean(self) -> float:
        """Return the middle of the bounds."""
        return 0.5 * (self.low + self.high)

    @property
    def support(self) -> tuple[float, float]:
        """The bounds."""
        return self.low, self.high


@dataclass(frozen=True)
class LogUniform(Distribution):
    """The logarithm uniform between the logarithms of two positive bounds."""

    kind: ClassVar[str] = "log-uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        _rising(self.low, self.high, ("low", "high"))
        if self.low <= 0:
            raise QuantityError(f"low ({format_number(self.low)}) is not above 0", "a log scale has no 0", at=("low",))

    def ppf(self, u: Array) -> Array:
        """Return low (high / low)^u, kept within the bounds against rounding."""
        return np.clip(self.low * np.exp(np.asarray(u) * math.log(self.high / self.low)), self.low, self.high)

    def cdf(self, x: Array) -> Array:
        """Return log(x / low) / log(high / low), within 0 and 1."""
        inside = np.clip(np.asarray(x), self.low, self.high)
        return np.log(inside / self.low) / math.log(self.high / self.low)

    def pdf(self, x: Array) -> Array:
        """Return 1 / (x log(high / low)) between the bounds."""
        x = np.asarray(x)
        inside = (x >= self.low) & (x <= self.high)
        return np.where(inside, 1.0 / (np.where(inside, x, 1.0) * math.log(self.high / self.low)), 0.0)

    def mean(self) -> float:
        """Return (high - low) / log(high / low)."""
        return (self.high - self.low) / math.log(self.high / self.low)

    @property
    def support(self) -> tuple[float, float]:
        """The bounds."""
        return self.low, self.high


@dataclass(frozen=True)
class Triangular(Distribution):
    """A triangle over two bounds, highest at the mode."""

    kind: ClassVar[str] = "triangular"
    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _rising(self.low, self.high, ("low", "high"))
        if not self.low <= finite(self.mode, "mode") <= self.high:
            bounds = f"{format_number(self.low)} to {format_number(self.high)}"
            raise QuantityError(f"mode ({format_number(self.mode)}) lies outside {bounds}", at=("mode",))

    def ppf(self, u: Array) -> Array:
        """Return the root of the quadratic on either side of the mode."""
        u = np.asarray(u)
        width = self.high - self.low
        left = self.low + np.sqrt(u * width * (self.mode - self.low))
        right = self.high - np.sqrt((1.0 - u) * width * (self.high - self.mode))
        left, right = np.minimum(left, self.mode), np.maximum(right, self.mode)
        return np.where(u * width < self.mode - self.low, left, right)

    def cdf(self, x: Array) -> Array:
        """Return the area of the triangle left of x."""
        x = np.clip(np.asarray(x), self.low, self.high)
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        left = (x - self.low) ** 2 / (width * rise) if rise > 0 else np.zeros_like(x)
        right = 1.0 - (self.high - x) ** 2 / (width * fall) if fall > 0 else np.ones_like(x)
        return np.where(x < self.mode, left, right)

    def pdf(self, x: Array) -> Array:
        """Return the height of the triangle at x."""
        x = np.asarray(x)
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        left = 2.0 * (x - self.low) / (width * rise) if rise > 0 else np.zeros(np.shape(x))
        right = 2.0 * (self.high - x) / (width * fall) if fall > 0 else np.full(np.shape(x), 2.0 / width)
        return np.where((x < self.low) | (x > self.high), 0.0, np.where(x < self.mode, left, right))

    def mean(self) -> float:
        """Return the mean of bounds and mode."""
        return (self.low + self.mode + self.high) / 3.0

    @property
    def support(self) -> tuple[float, float]:
        """The bounds."""
        return self.low, self.high


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta distribution on (0, 1) with the two usual shape parameters."""

    kind: ClassVar[str] = "beta"
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if finite(value, name) <= 0:
                raise QuantityError(f"{name} ({format_number(value)}) is not above 0", at=(name,))

    @classmethod
    def from_moments(cls, mean: float, sd: float) -> Beta:
        """Return the beta distribution of this mean and standard deviation."""
        if not 0.0 < mean < 1.0:
            raise QuantityError(f"mean ({format_number(mean)}) lies outside 0 to 1", at=("mean",))
        limit = math.sqrt(mean * (1.0 - mean))
        if not 0.0 < sd < limit:
            raise QuantityError(
                f"sd ({format_number(sd)}) is impossible for a fraction with this mean",
                f"it must lie between 0 and {limit:.4g}",
                at=("sd",),
            )
        size = mean * (1.0 - mean) / sd**2 - 1.0
        return cls(mean * size, (1.0 - mean) * size)

    def ppf(self, u: Array) -> Array:
        """Return the inverse of the regularised incomplete beta function."""
        from scipy.special import betaincinv

        return np.asarray(betaincinv(self.alpha, self.beta, u), dtype=np.float64)

    def cdf(self, x: Array) -> Array:
        """Return the regularised incomplete beta function."""
        from scipy.special import betainc

        return np.asarray(betainc(self.alpha, self.beta, np.clip(x, 0.0, 1.0)), dtype=np.float64)

    def pdf(self, x: Array) -> Array:
        """Return x^(alpha - 1) (1 - x)^(beta - 1) / B(alpha, beta) inside (0, 1)."""
        from scipy.special import betaln

        x = np.asarray(x)
        inside = (x > 0.0) & (x < 1.0)
        safe = np.where(inside, x, 0.5)
        log_density = (self.alpha - 1.0) * np.log(safe) + (self.beta - 1.0) * np.log1p(-safe)
        return np.where(inside, np.exp(log_density - float(betaln(self.alpha, self.beta))), 0.0)

    def mean(self) -> float:
        """Return alpha / (alpha + beta)."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def support(self) -> tuple[float, float]:
        """Zero and one."""
        return 0.0, 1.0
