"""Normal, lognormal and logit-normal: one normal distribution on three scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.link_normals import LinkNormal, check_sd
from autarky.quantities.shapes import finite
from autarky.quantities.units import format_number


@dataclass(frozen=True)
class Normal(LinkNormal):
    """Normal on the scale of the value itself."""

    kind: ClassVar[str] = "normal"

    @classmethod
    def from_moments(cls, mean: float, sd: float) -> Self:
        """Return the normal distribution of this mean and standard deviation."""
        return cls(finite(mean, "mean"), check_sd(sd), sd)

    @classmethod
    def check_inside(cls, value: float, name: str) -> None:
        """Accept every finite value."""
        finite(value, name)

    @staticmethod
    def link(x: Array | np.float64) -> Array:
        """Return x."""
        return np.asarray(x)

    @staticmethod
    def unlink(y: Array) -> Array:
        """Return y."""
        return y

    @staticmethod
    def slope(x: Array) -> Array:
        """Return 1."""
        return np.ones(np.shape(x))

    def mean(self) -> float:
        """Return middle + (upper - lower) / sqrt(2 pi)."""
        return self.middle + (self.upper - self.lower) / math.sqrt(2.0 * math.pi)

    @property
    def support(self) -> tuple[float, float]:
        """All real numbers."""
        return -math.inf, math.inf


@dataclass(frozen=True)
class Lognormal(LinkNormal):
    """Normal on the scale of the natural logarithm; the default for what is positive."""

    kind: ClassVar[str] = "lognormal"

    @classmethod
    def from_moments(cls, mean: float, sd: float) -> Self:
        """Return the lognormal distribution of this mean and standard deviation, both of the value itself."""
        if finite(mean, "mean") <= 0:
            raise QuantityError(
                f"mean ({format_number(mean)}) of a lognormal is not above 0",
                "mean and sd are those of the value, not of its logarithm",
                at=("mean",),
            )
        variance = math.log1p((check_sd(sd) / mean) ** 2)
        return cls(math.log(mean) - 0.5 * variance, math.sqrt(variance), math.sqrt(variance))

    @classmethod
    def check_inside(cls, value: float, name: str) -> None:
        """Accept what is above 0."""
        if finite(value, name) <= 0:
            raise QuantityError(
                f"{name} ({format_number(value)}) is not above 0",
                "an interval of a positive quantity starts above 0",
                at=(name,),
            )

    @staticmethod
    def link(x: Array | np.float64) -> Array:
        """Return log(x)."""
        return np.asarray(np.log(x))

    @staticmethod
    def unlink(y: Array) -> Array:
        """Return exp(y)."""
        return np.exp(y)

    @staticmethod
    def slope(x: Array) -> Array:
        """Return 1 / x."""
        return 1.0 / np.asarray(x)

    def mean(self) -> float:
        """Return the mean: each half adds exp(middle + s^2/2) times the normal tail that s moves into it."""
        low = math.exp(0.5 * self.lower**2) * math.erfc(self.lower / math.sqrt(2.0)) / 2.0
        high = math.exp(0.5 * self.upper**2) * math.erfc(-self.upper / math.sqrt(2.0)) / 2.0
        return math.exp(self.middle) * (low + high)

    @property
    def support(self) -> tuple[float, float]:
        """All positive numbers."""
        return 0.0, math.inf


@dataclass(frozen=True)
class LogitNormal(LinkNormal):
    """Normal on the scale of log(x / (1 - x)); the default for fractions."""

    kind: ClassVar[str] = "logit-normal"

    @classmethod
    def check_inside(cls, value: float, name: str) -> None:
        """Accept what lies strictly between 0 and 1."""
        if not 0.0 < finite(value, name) < 1.0:
            raise QuantityError(
                f"{name} ({format_number(value)}) does not lie between 0 and 1",
                "an interval of a fraction lies above 0 and below 1",
                at=(name,),
            )

    @staticmethod
    def link(x: Array | np.float64) -> Array:
        """Return log(x / (1 - x))."""
        return np.asarray(np.log(x) - np.log1p(-np.asarray(x)))

    @staticmethod
    def unlink(y: Array) -> Array:
        """Return 1 / (1 + exp(-y))."""
        from scipy.special import expit

        return np.asarray(expit(y), dtype=np.float64)

    @staticmethod
    def slope(x: Array) -> Array:
        """Return 1 / (x (1 - x))."""
        x = np.asarray(x)
        return 1.0 / (x * (1.0 - x))

    def mean(self) -> float:
        """Return the mean, by Gauss-Legendre quadrature over nine standard deviations on each side."""
        nodes, weights = np.polynomial.legendre.leggauss(96)
        z = 4.5 * (nodes + 1.0)
        mass = 4.5 * weights * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        low, high = self.unlink(self.middle - self.lower * z), self.unlink(self.middle + self.upper * z)
        return float(np.sum(mass * (low + high)))

    @property
    def support(self) -> tuple[float, float]:
        """Zero to one."""
        return 0.0, 1.0
