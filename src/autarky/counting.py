"""What each member of a flow counts for in a measure, and sums over months of what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autarky.equivalents import MODELLED
from autarky.errors import Problem, ScenarioError
from autarky.measures import CAPABILITIES, ENERGY, POWER, capability, define, equivalent_of
from autarky.quantities.arrays import Array
from autarky.quantities.months import days_in_month

if TYPE_CHECKING:
    from autarky.result import Result

HOURS_A_DAY, SECONDS_A_DAY = 24.0, 86_400.0
WATTS_A_MEGAWATT, WATTS_A_TERAWATT = 1e6, 1e12
UNITS = {task: float(unit.split()[0]) for task, (unit, _) in CAPABILITIES.items()}
"""What the unit of a capability counts in, such as 1e21 FLOP."""
Draws = NDArray[np.float32]


@dataclass(frozen=True)
class Counting:
    """What each member of a flow counts for: a factor that stays, one that moves with the months, or both.

    factors   (member, draw) or (member, 1); None for 1 each
    shares    by member, (month, draw); None for 1 each
    months    (month,); None for 1 each
    """

    factors: Array | None = None
    shares: tuple[Draws, ...] | None = None
    months: Array | None = None

    def monthly(self, flow: Draws, row: int) -> Array:
        """Return what a member counts for by month, (month, draw)."""
        part: Array = flow[row].astype(float)
        if self.shares is not None:
            part *= self.shares[row]
        if self.months is not None:
            part *= self.months[:, np.newaxis]
        if self.factors is not None:
            part *= self.factors[row]
        return part

    def over(self, result: Result, entity: str, row: int, inside: NDArray[np.int64]) -> Array:
        """Return the sum over successive months, given by position, of what a member counts for, (draw,)."""
        if self.shares is None and self.months is None:
            total = result.summed(entity, row, inside)
        else:
            span = slice(inside[0], inside[-1] + 1)
            part: NDArray[Any] = result.flows[entity][row, span]
            if self.shares is not None:
                part = part * self.shares[row][span]
            if self.months is not None:
                part = part * self.months[span, np.newaxis]
            total = part.sum(axis=0, dtype=float)
        return total if self.factors is None else np.asarray(total * self.factors[row])


def counting(result: Result, measure: str) -> Counting:
    """Return what each member of a measure's flow counts for."""
    entity, equivalent = define(measure).entity, equivalent_of(measure)
    if measure in (POWER, ENERGY) and not result.capability.rated:
        raise _not_known(measure, result.capability.lacking.get("power", "nothing is known of the power of its chips"))
    if equivalent is not None and equivalent not in result.worth:
        reason = result.capability.lacking.get(equivalent, f"not every chip has {equivalent}")
        raise _not_known(measure, reason)
    if measure == "production.dies":
        counts = [result.die_counts[chip] for chip in result.members["production"]]
        return Counting(np.array(counts, dtype=float)[:, np.newaxis])
    if measure in (POWER, ENERGY):
        return _power(result, entity, measure)
    if equivalent is None:
        return Counting()
    factors = result.worth_of(equivalent, entity)
    if measure == capability(equivalent):
        kept = result.capability
        factors = factors * (kept.speed[equivalent] * kept.work[equivalent] * SECONDS_A_DAY / UNITS[equivalent])
    return Counting(factors, shares_of(result, equivalent, entity))


def _not_known(measure: str, reason: str) -> ScenarioError:
    return ScenarioError(Problem(f"this result has no {measure}", hint=reason))


def shares_of(result: Result, equivalent: str, entity: str) -> tuple[Draws, ...] | None:
    """Return how ready the software of each member is, by member (month, draw); None where it plays no part."""
    if equivalent not in MODELLED:
        return None
    return tuple(result.capability.readiness[tags["vendor"]] for tags in tags_of(result, entity))


def tags_of(result: Result, entity: str) -> tuple[Mapping[str, str], ...]:
    """Return the tags of the members of a flow in order."""
    return tuple(result.tags.by_entity[entity][member] for member in result.members[entity])


def _power(result: Result, entity: str, measure: str) -> Counting:
    """Return MW of each member with cooling, or TWh of a month at the mean load."""
    kept = result.capability
    watts = np.stack([kept.rated[tags["chip"]] for tags in tags_of(result, entity)]) * kept.running["pue"]
    if measure == POWER:
        return Counting(watts / WATTS_A_MEGAWATT)
    hours = np.array([HOURS_A_DAY * days_in_month(int(month)) for month in result.months])
    return Counting(watts * kept.running["load"] / WATTS_A_TERAWATT, months=hours)
