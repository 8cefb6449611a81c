"""Normal correlations that give stated linear (Pearson) correlations of any distributions.

The approach is "NORTA" (Cario and Nelson 1997). Let a_k and b_k be the coefficients of two distributions'
standardised inverse CDFs in normalised Hermite polynomials of the normal score. Under a normal correlation r
their linear correlation is the sum over k of a_k b_k r^k (Mehler 1866). It rises with r, so halving finds the
root.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array

Inverse: TypeAlias = Callable[[Array], Array]
"""An inverse CDF: levels in (0, 1) to values."""

_TERMS = 40
"""Hermite polynomials kept for each distribution; what they leave out is placed to make +1 and -1 exact."""


def normal_for_linear(stated: Array, ppfs: Sequence[Inverse], labels: Sequence[str]) -> Array:
    """Return the normal correlations that give the stated linear ones."""
    nodes, weights = _quadrature()
    scores = _standard_scores(ppfs, nodes, weights, labels)
    basis = _hermite(nodes)
    coefficients = scores @ (basis * weights).T
    normal = np.eye(len(stated))
    for i in range(len(stated)):
        for j in range(i):
            if stated[i, j] == 0.0:
                continue
            series = _series(scores[i], scores[j], coefficients[i] * coefficients[j], weights)
            low, high = _at(series, -1.0), _at(series, 1.0)
            if not low - 1e-6 <= stated[i, j] <= high + 1e-6:
                raise QuantityError(
                    f"{labels[j]} and {labels[i]} cannot have a linear correlation of {stated[i, j]:.3g}",
                    f"their distributions allow {low:.3g} to {high:.3g}; a rank correlation is free of this",
                    at=("matrix",),
                )
            normal[i, j] = normal[j, i] = _root(series, float(np.clip(stated[i, j], low, high)))
    return normal


def _quadrature() -> tuple[Array, Array]:
    """Return nodes and weights for means over a standard normal, fine enough for kinks and steps."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    edges = np.linspace(-8.5, 8.5, 341)
    half = 0.5 * np.diff(edges)[:, np.newaxis]
    z = (0.5 * (edges[:-1] + edges[1:])[:, np.newaxis] + half * nodes).ravel()
    mass = (half * weights).ravel() * np.exp(-0.5 * z * z)
    return z, mass / mass.sum()


def _standard_scores(ppfs: Sequence[Inverse], nodes: Array, weights: Array, labels: Sequence[str]) -> Array:
    """Return every distribution's value at each node, less its mean and over its standard deviation."""
    from scipy.special import ndtr

    edge = 2.0**-53
    levels = np.clip(ndtr(nodes), edge, 1.0 - edge)
    scores = np.empty((len(ppfs), nodes.size))
    for row, (ppf, label) in enumerate(zip(ppfs, labels, strict=True)):
        value = ppf(levels)
        if value.min() == value.max():
            raise QuantityError(f"{label} has no spread to correlate", "leave it out", at=("keys",))
        value = value - np.sum(weights * value)
        scores[row] = value / math.sqrt(float(np.sum(weights * value * value)))
    return scores


def _hermite(nodes: Array) -> Array:
    """Return the normalised Hermite polynomials of degree 0 to 40 at the nodes, shape (degree, node)."""
    basis = np.empty((_TERMS + 1, nodes.size))
    basis[0], basis[1] = 1.0, nodes
    for degree in range(1, _TERMS):
        last, before = basis[degree], basis[degree - 1]
        basis[degree + 1] = (nodes * last - math.sqrt(degree) * before) / math.sqrt(degree + 1)
    return basis


def _series(first: Array, second: Array, products: Array, weights: Array) -> Array:
    """Return the power series in the normal correlation whose value is the linear one (Mehler).

    Two more terms hold what the kept ones miss when the keys move exactly together or exactly apart.
    """
    together = float(np.sum(weights * first * second))
    apart = float(np.sum(weights * first * second[::-1]))
    even, odd = products[0::2].sum(), products[1::2].sum()
    missing_even, missing_odd = 0.5 * (together + apart) - even, 0.5 * (together - apart) - odd
    return np.concatenate((products, [missing_odd, missing_even]))


def _at(series: Array, r: float) -> float:
    """Return the linear correlation at a normal correlation r."""
    return float(np.polynomial.polynomial.polyval(r, series))


def _root(series: Array, target: float) -> float:
    """Return the normal correlation at which the series meets the target; it rises all the way."""
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if _at(series, middle) < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
