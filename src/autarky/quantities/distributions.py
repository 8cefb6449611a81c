"""All distributions by name, and how each is built from what a source states."""

from __future__ import annotations

import math

import numpy as np

from autarky.errors import QuantityError, nearest
from autarky.quantities.bounded import Beta, LogUniform, Triangular, Uniform
from autarky.quantities.link_normals import Z95, LinkNormal, check_quantiles, check_sd
from autarky.quantities.normals import LogitNormal, Lognormal, Normal
from autarky.quantities.shapes import Discrete, Distribution, Exact, finite
from autarky.quantities.units import format_number

__all__ = [
    "FAMILIES", "Z95", "Beta", "Discrete", "Distribution", "Exact", "LinkNormal", "LogUniform", "LogitNormal",
    "Lognormal", "Normal", "Triangular", "Uniform", "bernoulli", "from_bounds", "from_error", "from_moments",
    "from_quantiles",
]  # fmt: skip

_LINKED: dict[str, type[LinkNormal]] = {family.kind: family for family in (Normal, Lognormal, LogitNormal)}
FAMILIES: tuple[str, ...] = (*_LINKED, Uniform.kind, LogUniform.kind, Triangular.kind, Beta.kind)


def _unknown_family(family: str) -> QuantityError:
    hint = nearest(family, FAMILIES) or f"families are {', '.join(FAMILIES)}"
    return QuantityError(f"unknown family {family!r}", hint, at=("family",))


def from_quantiles(family: str, p5: float, p95: float, p50: float | None = None) -> Distribution:
    """Return the distribution of this family with these quantiles; equal p5 and p95 give an exact value."""
    check_quantiles(p5, p95, p50)
    if family in _LINKED:
        linked = _LINKED[family]
        linked.check_inside(p5, "p5")
        linked.check_inside(p95, "p95")
        # Neighbouring numbers can be one and the same on the link scale.
        if linked.link(np.float64(p5)) == linked.link(np.float64(p95)):
            return Exact(float(p5 if p50 is None else p50))
        return linked.from_quantiles(p5, p95, p50)
    if family not in FAMILIES:
        raise _unknown_family(family)
    if family == Beta.kind:
        raise QuantityError("beta is not built from quantiles", "give mean and sd", at=("family",))
    if p50 is not None:
        raise QuantityError(f"p5 and p95 already fix a {family} distribution", "leave p50 out", at=("p50",))
    if p5 == p95:
        return Exact(float(p5))
    return _spread(family, p5, p95)


def _spread(family: str, p5: float, p95: float) -> Distribution:
    """Return the uniform, log-uniform or symmetric triangular distribution with these percentiles."""
    if family == LogUniform.kind:
        Lognormal.check_inside(p5, "p5")
        edge = math.exp(math.log(p95 / p5) / 18.0)
        return LogUniform(p5 / edge, p95 * edge)
    if family == Uniform.kind:
        edge = (p95 - p5) / 18.0
        return Uniform(p5 - edge, p95 + edge)
    # The 5th percentile of a symmetric triangle lies at sqrt(0.05 / 2) of its width.
    share = math.sqrt(0.025)
    width = (p95 - p5) / (1.0 - 2.0 * share)
    low = p5 - share * width
    return Triangular(low, low + 0.5 * width, low + width)


def from_moments(family: str, mean: float, sd: float) -> Distribution:
    """Return the normal, lognormal or beta distribution with this mean and standard deviation."""
    if family == Normal.kind:
        return Normal.from_moments(mean, sd)
    if family == Lognormal.kind:
        return Lognormal.from_moments(mean, sd)
    if family == Beta.kind:
        return Beta.from_moments(finite(mean, "mean"), check_sd(sd))
    if family not in FAMILIES:
        raise _unknown_family(family)
    raise QuantityError(f"{family} is not built from mean and sd", "give p5 and p95, or another family", at=("family",))


def from_bounds(family: str, low: float, high: float, mode: float | None = None) -> Distribution:
    """Return the uniform, log-uniform or triangular distribution between two bounds."""
    if family == Triangular.kind:
        return Triangular(low, 0.5 * (low + high) if mode is None else mode, high)
    if family not in FAMILIES:
        raise _unknown_family(family)
    if mode is not None:
        raise QuantityError(f"a {family} distribution has no mode", "only triangular takes one", at=("mode",))
    if family == Uniform.kind:
        return Uniform(low, high)
    if family == LogUniform.kind:
        return LogUniform(low, high)
    raise QuantityError(f"a {family} distribution has no bounds", "give p5 and p95", at=("family",))


def from_error(family: str, value: float, error: float) -> Distribution:
    """Return the distribution with this median and relative standard error.

    Lognormal: the error is the standard deviation of the logarithm. Normal: that of the value, relative to
    the value. Logit-normal: error / (1 - value) on the logit scale, to first order the same relative error.
    """
    if finite(error, "error") < 0:
        raise QuantityError(
            f"error ({format_number(error)}) is negative", "give a relative error, e.g. 15%", at=("error",)
        )
    finite(value, "value")
    if error == 0:
        return Exact(float(value))
    if family == Normal.kind:
        if value == 0:
            raise QuantityError("a relative error of 0 is 0", "give the error in the unit of the value", at=("error",))
        return Normal(value, error * abs(value), error * abs(value))
    if family == Lognormal.kind:
        Lognormal.check_inside(value, "value")
        return Lognormal(math.log(value), error, error)
    if family == LogitNormal.kind:
        LogitNormal.check_inside(value, "value")
        width = error / (1.0 - value)
        return LogitNormal(math.log(value / (1.0 - value)), width, width)
    if family not in FAMILIES:
        raise _unknown_family(family)
    raise QuantityError(f"{family} is not built from an error", "give p5 and p95", at=("family",))


def bernoulli(probability: float) -> Distribution:
    """Return the distribution of an event: 1 with this probability, 0 otherwise."""
    if not 0.0 <= finite(probability, "probability") <= 1.0:
        raise QuantityError(f"probability ({format_number(probability)}) lies outside 0 to 1", at=("probability",))
    return Discrete((0.0, 1.0), (1.0 - probability, probability))
