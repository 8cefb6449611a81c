"""What a distribution can do, and the shapes that need no normal scale.

Every distribution is drawn through its inverse CDF, so that one level u in (0, 1) keeps its meaning from
streams to copula to value. Points that carry probability of their own are listed in `atoms`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.units import format_number


class Distribution(ABC):
    """A distribution of one real number."""

    kind: ClassVar[str]

    @abstractmethod
    def ppf(self, u: Array) -> Array:
        """Value at each level u in (0, 1); never falls as u rises. Same shape as u."""

    @abstractmethod
    def cdf(self, x: Array) -> Array:
        """Probability of a value of at most x. Same shape as x."""

    @abstractmethod
    def pdf(self, x: Array) -> Array:
        """Density of the part without atoms, per unit of x. Same shape as x."""

    @abstractmethod
    def mean(self) -> float:
        """Mean of the distribution."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Lowest and highest possible value."""

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Points that carry probability of their own, as (value, probability), in rising order."""
        return ()


def finite(value: float, name: str) -> float:
    """Return the value as a float; raises QuantityError when it is NaN or infinite."""
    if not math.isfinite(value):
        raise QuantityError(f"{name} ({value}) is not a finite number", "give a number", at=(name,))
    return float(value)


@dataclass(frozen=True)
class Exact(Distribution):
    """A number without uncertainty."""

    kind: ClassVar[str] = "exact"
    value: float

    def __post_init__(self) -> None:
        finite(self.value, "value")

    def ppf(self, u: Array) -> Array:
        """Return the value at every level."""
        return np.full(np.shape(u), self.value, dtype=np.float64)

    def cdf(self, x: Array) -> Array:
        """Return the step at the value."""
        return np.where(np.asarray(x) >= self.value, 1.0, 0.0)

    def pdf(self, x: Array) -> Array:
        """Return zero: all the probability is in one atom."""
        return np.zeros(np.shape(x))

    def mean(self) -> float:
        """Return the value."""
        return self.value

    @property
    def support(self) -> tuple[float, float]:
        """The value twice."""
        return self.value, self.value

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The value, with certainty."""
        return ((self.value, 1.0),)


@dataclass(frozen=True)
class Discrete(Distribution):
    """Finitely many values, each with its probability; an event is the values 0 and 1."""

    kind: ClassVar[str] = "discrete"
    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.probabilities) or not self.values:
            raise QuantityError(
                f"{len(self.values)} values have {len(self.probabilities)} probabilities",
                "give one probability for each value",
                at=("probabilities",),
            )
        for value in self.values:
            finite(value, "values")
        if any(not 0.0 <= finite(p, "probabilities") <= 1.0 for p in self.probabilities):
            raise QuantityError("a probability lies outside 0 to 1", at=("probabilities",))
        total = math.fsum(self.probabilities)
        if abs(total - 1.0) > 1e-9:
            raise QuantityError(
                f"the probabilities add up to {format_number(total)}",
                "they must add up to 1",
                at=("probabilities",),
            )
        if len(set(self.values)) < len(self.values):
            raise QuantityError("a value appears twice", "add its probabilities together", at=("values",))
        pairs = sorted(zip(self.values, self.probabilities, strict=True))
        object.__setattr__(self, "values", tuple(float(value) for value, _ in pairs))
        object.__setattr__(self, "probabilities", tuple(float(p) for _, p in pairs))

    def _steps(self) -> Array:
        """Return the CDF at each value, ending in exactly 1."""
        steps = np.cumsum(self.probabilities)
        steps[-1] = 1.0
        return steps

    def ppf(self, u: Array) -> Array:
        """Return the lowest value whose CDF reaches u."""
        return np.asarray(self.values)[np.searchsorted(self._steps(), u, side="left")]

    def cdf(self, x: Array) -> Array:
        """Return the sum of the probabilities up to x."""
        below = np.searchsorted(self.values, x, side="right")
        return np.concatenate(([0.0], self._steps()))[below]

    def pdf(self, x: Array) -> Array:
        """Return zero: all the probability is in atoms."""
        return np.zeros(np.shape(x))

    def mean(self) -> float:
        """Return the probability-weighted sum of the values."""
        return math.fsum(v * p for v, p in zip(self.values, self.probabilities, strict=True))

    @property
    def support(self) -> tuple[float, float]:
        """Lowest and highest value."""
        return self.values[0], self.values[-1]

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Every value that has probability."""
        return tuple((v, p) for v, p in zip(self.values, self.probabilities, strict=True) if p > 0)
