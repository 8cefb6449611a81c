"""What a field expects of a quantity, and whether a distribution keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from autarky.errors import QuantityError
from autarky.quantities.distributions import (
    Beta,
    Distribution,
    Exact,
    LinkNormal,
    LogitNormal,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
)
from autarky.quantities.units import format_number

Support: TypeAlias = Literal["positive", "nonnegative", "fraction", "probability", "real", "date"]


@dataclass(frozen=True)
class Spec:
    """What a field expects: its unit, the values it may take, and whether it may change over months.

    `bare` lets a plain number stand for the unit. A date is held as a month index.
    """

    unit: str
    support: Support = "positive"
    path: bool = False
    bare: bool = False


_FAMILY: Mapping[Support, str] = {
    "positive": Lognormal.kind,
    "nonnegative": Lognormal.kind,
    "fraction": LogitNormal.kind,
    "probability": LogitNormal.kind,
    "real": Normal.kind,
}
_DATE_FAMILIES = (Uniform.kind, Normal.kind, Triangular.kind)


def family_for(spec: Spec, family: str | None) -> str:
    """Return the stated family, or the default of the support; a date has no default."""
    if spec.support != "date":
        return family or _FAMILY[spec.support]
    if family not in _DATE_FAMILIES:
        stated = f"{family} does not suit a date" if family else "an uncertain date has no family of its own"
        families = " or ".join(_DATE_FAMILIES)
        hint = f"write e.g. {{p5: 2026-01, p95: 2026-12, family: {_DATE_FAMILIES[0]}}}; dates are {families}"
        raise QuantityError(stated, hint, at=("family",))
    return family


def within_support(distribution: Distribution, spec: Spec) -> Distribution:
    """Return the distribution; raises QuantityError when it leaves the support of the field."""
    if spec.support in ("real", "date"):
        return distribution
    low, high = distribution.support
    if low < 0:
        raise _outside(distribution, low, "below 0", spec)
    if spec.support in ("fraction", "probability") and high > 1:
        raise _outside(distribution, high, "above 1", spec)
    # Families on a log or logit scale come close to 0 without ever being 0.
    if spec.support == "positive" and low == 0 and not isinstance(distribution, LinkNormal | Beta):
        raise _outside(distribution, low, "not above 0", spec)
    return distribution


def _outside(distribution: Distribution, end: float, where: str, spec: Spec) -> QuantityError:
    """Return the error for a distribution with an end outside the support."""
    if isinstance(distribution, Exact):
        message = f"value ({format_number(end)}) is {where}"
    else:
        message = f"the {distribution.kind} distribution starts at 0" if where == "not above 0" else ""
        message = message or f"the {distribution.kind} distribution reaches {where}"
    if spec.support in ("fraction", "probability"):
        return QuantityError(message, f"a {spec.support} lies between 0 and 1 (0% and 100%)")
    lowest = "must be above 0" if spec.support == "positive" else "cannot be negative"
    return QuantityError(message, f"this quantity {lowest}")
