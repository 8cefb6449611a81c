"""Who buys what: a logit choice among the chips on offer, with limits to each and spill-over to the next choice.

A group divides its demand over what it can still buy in proportion to

    favour x (performance x readiness / price) ^ sensitivity

which is the multinomial logit with sensitivity x log(performance per price) + log(favour) as the utility (McFadden
1974). What runs short is rationed in proportion to what the groups ask for, and the demand left over chooses again
among the rest, until it is met or nothing is left that its group may buy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autarky.quantities.arrays import Array

EXHAUSTED = 1e-12
"""Share of a month's amount below which it counts as used up: rounding leaves as much."""


def appeal(
    performance: Array | float, readiness: Array | float, price: Array | float, sensitivity: Array | float
) -> Array:
    """Return how strongly a chip draws demand, without unit: (performance x readiness / price) ^ sensitivity.

    Parameters
    ----------
    performance
        what one chip does, over the same measure of a reference chip, above 0.
    readiness
        share of it that software makes usable, 0 to 1.
    price
        of one chip, above 0, any unit that is the same for all chips.
    sensitivity
        how sharply buyers follow it: 0 not at all, large to the best alone.
    """
    return np.asarray((np.asarray(performance) * readiness / price) ** sensitivity)


@dataclass(frozen=True)
class Sales:
    """What was sold in each month, what is left, and whose demand was not met."""

    chips: Array
    """(chip, month, draw), chip/month."""
    unsold: Array
    """(chip, month, draw), chips left at the end of the month; 0 for chips that are only shipped when sold."""
    unmet: Array
    """(group, month, draw), demand left over, in its unit."""


def sales(
    demand: Array,
    supply: Sequence[Array],
    need: Sequence[Array | float],
    appeals: Sequence[Array | float],
    favours: Sequence[Sequence[Array | float]],
    quotas: Sequence[Array | None],
    *,
    kept: Sequence[bool],
) -> Sales:
    """Return sales month by month, chip/month.

    Parameters
    ----------
    demand
        (group, month, draw), what each group wants, in a unit of demand.
    supply
        by chip (month, draw), what comes onto the market, chip/month.
    need
        by chip, the demand that one chip meets: its price, its compute, or 1. A number, (draw,) or (month, draw).
    appeals
        by chip, how strongly it draws demand, at least 0: a number, (draw,) or (month, draw).
    favours
        by group and chip, a factor on its appeal to that group; 0 where the group does not buy it.
    quotas
        by chip (group, month, draw), most that each group may buy in a month, or None.
    kept
        by chip, whether what is not sold stays on the market.
    """
    groups, months, draws = demand.shape
    shape = (months, draws)
    needs = [np.broadcast_to(amount, shape) for amount in need]
    drawn = [np.broadcast_to(value, shape) for value in appeals]
    favoured = [[np.broadcast_to(value, shape) for value in row] for row in favours]
    sold = np.zeros((len(supply), *shape))
    unsold = np.zeros((len(supply), *shape))
    unmet = np.empty(demand.shape)
    stock = np.zeros((len(supply), draws))
    for month in range(months):
        stock += np.stack([flow[month] for flow in supply])
        each = np.stack([amount[month] for amount in needs])
        weights = np.stack([[f[month] * a[month] for f, a in zip(row, drawn, strict=True)] for row in favoured])
        limits = np.stack([_limit(quota, month, each[chip], groups) for chip, quota in enumerate(quotas)], axis=1)
        taken, unmet[:, month] = spill_over(demand[:, month], weights, stock * each, limits)
        sold[:, month] = np.divide(taken, each, out=np.zeros_like(taken), where=each > 0)
        # Dividing and multiplying back can take one part in 10^16 more than there was.
        sold[:, month] = np.minimum(sold[:, month], stock)
        stock = np.where(np.asarray(kept)[:, np.newaxis], stock - sold[:, month], 0.0)
        unsold[:, month] = stock
    return Sales(sold, unsold, unmet)


def _limit(quota: Array | None, month: int, need: Array, groups: int) -> Array:
    """Return the demand that a chip may meet in each group, (group, draw)."""
    if quota is None:
        return np.full((groups, need.size), np.inf)
    limit = np.zeros((groups, need.size))
    # A chip that meets no demand cannot be sold for any; without a limit that would be infinity times nothing.
    np.multiply(quota[:, month], need, out=limit, where=need > 0)
    return limit


def spill_over(demand: Array, weights: Array, capacity: Array, limits: Array) -> tuple[Array, Array]:
    """Return the demand that each chip meets, (chip, draw), and what no chip meets, (group, draw), in its unit.

    Parameters
    ----------
    demand
        (group, draw), what each group wants in a month.
    weights
        (group, chip, draw), how strongly each chip draws each group's demand, at least 0.
    capacity
        (chip, draw), the demand that the chips on the market can meet.
    limits
        (group, chip, draw), the demand of a group that a chip may meet; infinite where there is no limit.
    """
    left, taken = demand.copy(), np.zeros_like(capacity)
    # In each round a chip runs out, a group reaches a limit, or all demand is met: so many rounds at most.
    rounds = capacity.shape[0] * (demand.shape[0] + 1) + 1
    active = np.arange(demand.shape[-1])
    wanted, drawn, on_offer, allowed = demand, weights, capacity, limits
    for _ in range(rounds):
        wanted, drawn, on_offer, allowed, met = _round(wanted, drawn, on_offer, allowed)
        taken[:, active] += met
        left[:, active] = wanted
        going = ((wanted > 0) & (drawn > 0).any(axis=1)).any(axis=0)
        if not going.any():
            break
        if not going.all():
            active = active[going]
            wanted, drawn, on_offer = wanted[:, going], drawn[..., going], on_offer[:, going]
            allowed = allowed[..., going]
    return taken, left


def _round(wanted: Array, drawn: Array, on_offer: Array, allowed: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Return what is left of each after one choice of every group, and the demand that each chip met."""
    drawn = np.where((on_offer > 0) & (allowed > 0), drawn, 0.0)
    whole = drawn.sum(axis=1)
    asked = np.divide(wanted, whole, out=np.zeros_like(wanted), where=whole > 0)[:, np.newaxis] * drawn
    asked = np.minimum(asked, allowed)
    together = asked.sum(axis=0)
    ration = np.divide(on_offer, together, out=np.ones_like(on_offer), where=together > on_offer)
    got = asked * ration
    met = got.sum(axis=0)
    return (
        _used(wanted, got.sum(axis=1)),
        drawn,
        np.where(together >= on_offer, 0.0, _used(on_offer, met)),
        _used(allowed, got),
        np.where(together >= on_offer, on_offer, met),
    )


def _used(amount: Array, part: Array) -> Array:
    """Return what a part leaves of an amount; what rounding leaves is nothing."""
    left = amount - part
    return np.where(left > EXHAUSTED * np.where(np.isinf(amount), 0.0, amount), left, 0.0)
