"""Distributions from what a report says of a skewed thing: its mean, and the level that one in twenty passes.

    overhead: {mean: 12%, p95: 43%}

A normal distribution through both would reach below zero and put its median on its mean. Here the family of the support
is kept: on a log scale

    mean = exp(m + s^2 / 2),  p95 = exp(m + z s)   ->   s^2 / 2 - z s + ln(p95 / mean) = 0

of whose two roots the smaller spread is taken, with z the 95th percentile of the standard normal. On the logit scale
the mean has no closed form and s is found by bisection.
"""

from __future__ import annotations

import math

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.distributions import Distribution, LogitNormal, Lognormal, Normal
from autarky.quantities.link_normals import Z95
from autarky.quantities.shapes import finite
from autarky.quantities.units import format_number

_NODES = 64
_WIDEST = 8.0
"""Spread on the logit scale beyond which nearly all probability lies at 0 and at 1."""
_STEPS, _HALVINGS = 400, 50


def from_mean_and_p95(family: str, mean: float, p95: float) -> Distribution:
    """Return the normal, lognormal or logit-normal distribution with this mean and 95th percentile."""
    if not finite(mean, "mean") < finite(p95, "p95"):
        raise QuantityError(
            f"mean ({format_number(mean)}) is not below p95 ({format_number(p95)})",
            "p95 is the level that one in twenty passes",
            at=("mean",),
        )
    if family == Normal.kind:
        sd = (p95 - mean) / Z95
        return Normal(mean, sd, sd)
    if family == Lognormal.kind:
        for value, name in ((mean, "mean"), (p95, "p95")):
            Lognormal.check_inside(value, name)
        return _lognormal(mean, p95)
    if family == LogitNormal.kind:
        for value, name in ((mean, "mean"), (p95, "p95")):
            LogitNormal.check_inside(value, name)
        return _logit_normal(mean, p95)
    raise QuantityError(
        f"{family} is not built from mean and p95", "give p5 and p95, or another family", at=("family",)
    )


def _lognormal(mean: float, p95: float) -> Lognormal:
    inside = Z95**2 - 2.0 * math.log(p95 / mean)
    if inside < 0:
        most = math.exp(Z95**2 / 2.0)
        raise QuantityError(
            f"p95 ({format_number(p95)}) is more than {most:.3g} times the mean ({format_number(mean)})",
            "no lognormal has so heavy a tail; give p5 and p95",
            at=("p95",),
        )
    spread = Z95 - math.sqrt(inside)
    return Lognormal(math.log(p95) - Z95 * spread, spread, spread)


def _logit_normal(mean: float, p95: float) -> LogitNormal:
    top = math.log(p95 / (1.0 - p95))
    spreads = np.linspace(0.0, _WIDEST, _STEPS + 1)
    below = np.flatnonzero(_means(top, spreads) <= mean)
    if not below.size:
        raise QuantityError(
            f"p95 ({format_number(p95)}) is too far above the mean ({format_number(mean)})",
            "no logit-normal has so heavy a tail; give p5 and p95",
            at=("p95",),
        )
    low, high = float(spreads[below[0] - 1]), float(spreads[below[0]])
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if _means(top, np.array([middle]))[0] <= mean else (middle, high)
    return LogitNormal(top - Z95 * high, high, high)


def _means(top: float, spreads: Array) -> Array:
    """Return the mean of the logit-normal with this 95th percentile on the logit scale, for each spread."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    levels = top + spreads[:, np.newaxis] * (nodes - Z95)
    means: Array = (weights / weights.sum()) @ (1.0 / (1.0 + np.exp(-levels))).T
    return means
