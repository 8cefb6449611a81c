"""Mixtures: several sources' distributions of one quantity, pooled."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.shapes import Distribution

_NODES = 801
_REACH = 7.0
"""Nodes of the inverse table per component, in standard normal scores from -7 to 7 (1e-12 in probability)."""


@dataclass(frozen=True)
class Mixture(Distribution):
    """Weighted mixture of distributions; weights are kept as shares that add up to 1."""

    kind: ClassVar[str] = "mixture"
    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.components or len(self.components) != len(self.weights):
            raise QuantityError("a mixture needs one weight for each component")
        if any(not (math.isfinite(weight) and weight >= 0) for weight in self.weights):
            raise QuantityError("a weight is negative or not finite", "weights are 0 or above", at=("weight",))
        total = math.fsum(self.weights)
        if total <= 0:
            raise QuantityError("all weights are 0", "at least one estimate must count", at=("weight",))
        object.__setattr__(self, "weights", tuple(weight / total for weight in self.weights))

    def __getstate__(self) -> dict[str, object]:
        return {"components": self.components, "weights": self.weights}

    @functools.cached_property
    def _table(self) -> tuple[Array, Array, Array]:
        """Return CDF levels, the value from each level on, and the slope up to the next level.

        The values are every component's own quantiles on a dense grid, so no component's shape is missed; an
        atom is a pair of levels with one value, so the table returns it exactly.
        """
        from scipy.special import ndtr

        levels = ndtr(np.linspace(-_REACH, _REACH, _NODES))
        parts = [(c.ppf(levels), w) for c, w in zip(self.components, self.weights, strict=True) if w > 0]
        values = np.unique(np.concatenate([part for part, _ in parts]))
        reached = self.cdf(values)
        jumps = dict(self.atoms)
        steps = np.array([jumps.get(value, 0.0) for value in values.tolist()])
        x = np.repeat(values, 2)
        f = np.column_stack((reached - steps, reached)).ravel()
        # Rounding in the CDFs of far tails must not make the table fall.
        f = np.maximum.accumulate(f)
        keep = np.concatenate(([True], (np.diff(f) > 0) | (np.diff(x) > 0)))
        f, x = f[keep], x[keep]
        rise = np.diff(f)
        slope = np.divide(np.diff(x), rise, out=np.zeros_like(rise), where=rise > 0)
        return f, x, np.append(slope, 0.0)

    def ppf(self, u: Array) -> Array:
        """Return the inverse of the pooled CDF, from a table that is exact at atoms and never falls."""
        levels, values, slopes = self._table
        u = np.asarray(u, dtype=np.float64)
        at = np.searchsorted(levels, u, side="right") - 1
        np.maximum(at, 0, out=at)
        inside = values[at] + slopes[at] * np.maximum(u - levels[at], 0.0)
        return np.minimum(inside, values[np.minimum(at + 1, values.size - 1)])

    def cdf(self, x: Array) -> Array:
        """Return the weighted sum of the components' CDFs."""
        x = np.asarray(x, dtype=np.float64)
        parts = (w * c.cdf(x) for c, w in zip(self.components, self.weights, strict=True))
        return sum(parts, start=np.zeros(x.shape))

    def pdf(self, x: Array) -> Array:
        """Return the weighted sum of the components' densities; atoms have none."""
        x = np.asarray(x, dtype=np.float64)
        parts = (w * c.pdf(x) for c, w in zip(self.components, self.weights, strict=True))
        return sum(parts, start=np.zeros(x.shape))

    def responsibilities(self, x: Array) -> Array:
        """Return the probability that each value came from each component, shape (component, *x.shape).

        At an atom only the components that hold it are possible; elsewhere the densities decide; where no
        component can reach (between two atoms, after interpolation) the weights stand.
        """
        x = np.asarray(x, dtype=np.float64)
        pairs = list(zip(self.components, self.weights, strict=True))
        mass = np.stack([w * sum(p * (x == v) for v, p in c.atoms) + np.zeros(x.shape) for c, w in pairs])
        density = np.stack([w * c.pdf(x) for c, w in pairs])
        weight = np.where(mass.sum(axis=0) > 0, mass, density)
        total = weight.sum(axis=0)
        prior = np.reshape(self.weights, (-1,) + (1,) * x.ndim)
        return np.where(total > 0, weight / np.where(total > 0, total, 1.0), prior)

    def mean(self) -> float:
        """Return the weighted mean of the components' means."""
        return math.fsum(w * c.mean() for c, w in zip(self.components, self.weights, strict=True))

    @property
    def support(self) -> tuple[float, float]:
        """Lowest and highest value of any component that counts."""
        supports = [c.support for c, w in zip(self.components, self.weights, strict=True) if w > 0]
        return min(low for low, _ in supports), max(high for _, high in supports)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The components' atoms, with weighted probabilities; equal values are added together."""
        masses: defaultdict[float, float] = defaultdict(float)
        for component, weight in zip(self.components, self.weights, strict=True):
            for value, probability in component.atoms:
                if weight * probability > 0:
                    masses[value] += weight * probability
        return tuple(sorted(masses.items()))
