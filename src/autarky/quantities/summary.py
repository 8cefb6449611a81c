"""Summaries of draws: weighted quantiles, means and their standard errors.

Draws are on the last axis; weights have shape (draw,) and need not add up to 1. A quantile is the lowest
value at which the share of the weight at or below it reaches the probability: always one of the draws, and
the same as with each draw repeated by its weight.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array

# Probability times number of draws may miss a whole number by rounding.
_ROUNDING = 1e-12


def checked_weights(weights: Array, draws: int) -> Array:
    """Return the weights, shape (draw,); they must be finite, not negative and not all 0."""
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (draws,):
        raise QuantityError(f"{weights.shape} weights for {draws:,} draws", "one weight for each draw")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise QuantityError("weights must be finite, not negative and not all 0")
    return weights


def weighted_quantiles(values: Array, probabilities: Sequence[float] | Array, weights: Array | None = None) -> Array:
    """Return the quantiles, in the unit of `values`, shape (probability, ...); NaN where any draw is NaN."""
    values = np.asarray(values)
    wanted = np.asarray(probabilities, dtype=np.float64)
    if wanted.ndim != 1 or not ((wanted >= 0) & (wanted <= 1)).all():
        raise QuantityError(f"{wanted.tolist()} are not probabilities", "they lie between 0 and 1")
    draws = values.shape[-1]
    if weights is None:
        # Partitioning finds the few ranks that are needed without sorting the rest.
        ranks = np.ceil(wanted * draws * (1.0 - _ROUNDING)).astype(np.intp) - 1
        ranks = np.clip(ranks, 0, draws - 1)
        found = np.partition(values, (*np.unique(ranks).tolist(), draws - 1), axis=-1)
        result = np.moveaxis(found[..., ranks], -1, 0)
        return np.where(np.isnan(found[..., -1]), np.nan, result)
    weights = checked_weights(weights, draws)
    order = np.argsort(values, axis=-1)
    shares = np.cumsum(weights[order], axis=-1)
    rows = shares.reshape(-1, draws)
    # At least some weight, so that the draw of a quantile is one that counts.
    smallest = float(weights[weights > 0].min()) * 0.5
    places = np.empty((rows.shape[0], wanted.size), dtype=np.intp)
    for row, share in enumerate(rows):
        targets = np.maximum(wanted * share[-1] * (1.0 - _ROUNDING), smallest)
        places[row] = np.searchsorted(share, targets)
    places = np.minimum(places, draws - 1).reshape(*values.shape[:-1], wanted.size)
    chosen = np.take_along_axis(order, places, axis=-1)
    result = np.moveaxis(np.take_along_axis(values, chosen, axis=-1), -1, 0)
    return np.where(np.isnan(values).any(axis=-1), np.nan, result)


def weighted_mean(values: Array, weights: Array | None = None) -> Array:
    """Return the mean over draws, in the unit of `values`, shape (...)."""
    values = np.asarray(values, dtype=np.float64)
    if weights is None:
        return np.asarray(values.mean(axis=-1))
    weights = checked_weights(weights, values.shape[-1])
    return np.asarray(values @ (weights / weights.sum()))


def probability(event: NDArray[np.bool_] | Array, weights: Array | None = None) -> Array:
    """Return the probability of an event given per draw as true or false, shape (...)."""
    return weighted_mean(np.asarray(event, dtype=np.float64), weights)


def ess(weights: Array) -> float:
    """Return the effective sample size, in equal draws: (sum of w)^2 / sum of w^2 (Kish 1965)."""
    weights = checked_weights(weights, len(weights))
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / np.square(scaled).sum())


Statistic = Callable[[Array, "Array | None"], Array]
"""A function of values (..., draw) and weights (draw,) or None."""


def batch_standard_error(statistic: Statistic, values: Array, weights: Array | None = None, batches: int = 16) -> Array:
    """Return the standard error of a statistic, in its unit, from the spread over runs of successive draws.

    Draws are cut into `batches` runs. With as many Sobol blocks or more the runs are independent replicates;
    with fewer, they share a shift and their spread overstates the error.
    """
    values = np.asarray(values)
    draws = values.shape[-1]
    if not 2 <= batches <= draws:
        raise QuantityError(f"{draws:,} draws cannot be cut into {batches} batches", "draw more, or use fewer")
    edges = np.linspace(0, draws, batches + 1).astype(int)
    results = np.stack(
        [
            np.asarray(statistic(values[..., a:b], None if weights is None else weights[a:b]))
            for a, b in itertools.pairwise(edges.tolist())
        ]
    )
    return np.asarray(results.std(axis=0, ddof=1) / math.sqrt(batches))
