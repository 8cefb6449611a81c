"""Pareto shape of importance weights: how heavy their tail is."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array


def pareto_k(log_weights: Array) -> float:
    """Return the shape k of a generalised Pareto distribution fitted to the largest weights.

    The tail holds min(0.2 S, 3 sqrt(S)) of the S draws. Below 0.5 the weights have a finite variance, up to about
    0.7 their averages are still useful, above that they are not (Vehtari, Simpson, Gelman, Yao and Gabry, Pareto
    smoothed importance sampling, JMLR 25, 2024). Infinite when fewer than five weights make up the tail.
    """
    draws = log_weights.size
    tail = int(np.ceil(min(0.2 * draws, 3.0 * np.sqrt(draws))))
    ordered = np.sort(log_weights - log_weights.max())
    # Below this a weight is lost beside the largest one, and a cutoff at zero would fit noise.
    cutoff = max(ordered[max(-tail - 1, -draws)], np.log(np.finfo(float).tiny))
    exceeding = ordered[ordered > cutoff]
    if exceeding.size < 5:
        return float("inf") if np.ptp(ordered) > 0 else 0.0
    return _fitted_shape(np.exp(exceeding) - np.exp(cutoff))


def _fitted_shape(excess: Array) -> float:
    """Return the shape of a generalised Pareto distribution fitted to ascending positive values.

    The estimator of Zhang and Stephens (Technometrics 51, 2009) with the weakly informative prior of PSIS: ten
    observations' worth at k = 0.5.
    """
    count = excess.size
    grid = 30 + int(np.sqrt(count))
    theta = 1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    theta = theta / (3.0 * excess[int(count / 4 + 0.5) - 1]) + 1.0 / excess[-1]
    shape = np.log1p(-theta[:, np.newaxis] * excess).mean(axis=1)
    profile = count * (np.log(-theta / shape) - shape - 1.0)
    weight = np.exp(profile - profile.max())
    weight /= weight.sum()
    kept = weight >= 10.0 * np.finfo(float).eps
    weight, theta = weight[kept] / weight[kept].sum(), theta[kept]
    k = float(np.log1p(-np.sum(theta * weight) * excess).mean())
    return (count * k + 10.0 * 0.5) / (count + 10.0)
