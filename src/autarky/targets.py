"""How likely the targets of a result are, overall and in each publisher's world, and what decides its packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.summary import probability
from autarky.scenario.schema import Target

if TYPE_CHECKING:
    from autarky.result import Result


@dataclass(frozen=True)
class TargetResult:
    """The probability of a target, with its standard error."""

    name: str
    definition: str
    probability: float
    standard_error: float


def target_draws(result: Result, target: Target) -> NDArray[np.bool_]:
    """Return in which draws a target is met, (draw,). With nothing to compare with, it is not."""
    value = result.by_period(target.measure, target.period, target.scope)
    if target.times is None:
        return value >= target.at_least
    other = target.times
    scope = target.scope if other.scope is None else other.scope
    base = result.by_period(other.measure or target.measure, other.period or target.period, scope)
    return (value >= target.at_least * base) & (base > 0)


def target_results(result: Result) -> tuple[TargetResult, ...]:
    """The probability of every target; its standard error is never below what one draw more or less would do."""
    one_draw = 1.0 / result.effective_draws
    return tuple(
        TargetResult(
            target.name,
            target.definition,
            float(probability(met.astype(float), result.weights)),
            max(result.standard_error(lambda v, w: probability(v, w), met.astype(float)), one_draw),
        )
        for target, met in ((target, target_draws(result, target)) for target in result.targets)
    )


def bottleneck(result: Result) -> dict[str, dict[str, float]]:
    """Return for each year the share of draws in which each constraint decided most of the packages asked for."""
    years = np.unique(result.months // 12)
    found: dict[str, dict[str, float]] = {}
    for row, year in enumerate(years):
        volume = result.binding[row]
        leading = np.where(volume.sum(axis=0) > 0, volume.argmax(axis=0), -1)
        names = {-1: "nothing made", **dict(enumerate(result.constraints))}
        shares = {
            name: float(probability((leading == index).astype(float), result.weights)) for index, name in names.items()
        }
        found[str(year)] = {name: share for name, share in shares.items() if share > 0}
    return found


def by_world(result: Result, target: Target) -> dict[str, dict[str, float]]:
    """Return the probability of a target within each publisher's world, by world group."""
    met = target_draws(result, target)
    found: dict[str, dict[str, float]] = {}
    for group, (names, index) in result.worlds.items():
        found[group] = {}
        for position, name in enumerate(names):
            inside = index == position
            weight = None if result.weights is None else result.weights[inside]
            if inside.any() and (weight is None or weight.any()):
                found[group][name] = float(probability(met[inside].astype(float), weight))
    return found


def by_kind(shares: Mapping[str, float]) -> dict[str, float]:
    """Return shares of dies, memory and packaging as a whole, largest first."""
    total: dict[str, float] = {}
    for name, share in shares.items():
        kind = name.partition(":")[0]
        total[kind] = total.get(kind, 0.0) + share
    return dict(sorted(total.items(), key=lambda item: -item[1]))
