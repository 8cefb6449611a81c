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
from numpy.typing import NDArray

from autarky.market.sums import added_up
from autarky.quantities.arrays import Array

EXHAUSTED = 1e-12
"""Share of a month's amount below which it counts as used up: rounding leaves as much."""

UNLIMITED = 1e300
"""Stands for infinity where something is taken off it."""


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
    shape, chips = (months, draws), range(len(supply))
    needs = [np.broadcast_to(amount, shape) for amount in need]
    drawn = [np.broadcast_to(value, shape) for value in appeals]
    favoured = [[np.broadcast_to(value, shape) for value in row] for row in favours]
    sold, unsold = np.zeros((len(supply), *shape)), np.zeros((len(supply), *shape))
    unmet = np.empty(demand.shape)
    stock, each = np.zeros((len(supply), draws)), np.empty((len(supply), draws))
    weights = np.empty((groups, len(supply), draws))
    limited = {chip: quota for chip, quota in enumerate(quotas) if quota is not None}
    limits = np.empty((groups, len(limited), draws))
    keeps = np.asarray(kept)[:, np.newaxis]
    for month in range(months):
        for chip in chips:
            stock[chip] += supply[chip][month]
            each[chip] = needs[chip][month]
            for group in range(groups):
                np.multiply(favoured[group][chip][month], drawn[chip][month], out=weights[group, chip])
        for row, (chip, quota) in enumerate(limited.items()):
            # A chip that meets no demand cannot be sold for any; without a limit that would be infinity times nothing.
            limits[:, row] = 0.0
            np.multiply(quota[:, month], each[chip], out=limits[:, row], where=each[chip] > 0)
        taken, unmet[:, month] = spill_over(demand[:, month], weights, stock * each, limits, limited=list(limited))
        np.divide(taken, each, out=sold[:, month], where=each > 0)
        # Dividing and multiplying back can take one part in 10^16 more than there was.
        np.minimum(sold[:, month], stock, out=sold[:, month])
        stock = np.where(keeps, stock - sold[:, month], 0.0)
        unsold[:, month] = stock
    return Sales(sold, unsold, unmet)


def spill_over(
    demand: Array, weights: Array, capacity: Array, limits: Array, *, limited: Sequence[int] | None = None
) -> tuple[Array, Array]:
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
    limited
        positions of the chips that `limits` has; all by default.
    """
    left, taken = demand.copy(), np.zeros_like(capacity)
    columns = list(range(len(capacity)) if limited is None else limited)
    # In each round a chip runs out, a group reaches a limit, or all demand is met: so many rounds at most.
    rounds = capacity.shape[0] * (demand.shape[0] + 1) + 1
    active = np.arange(demand.shape[-1])
    month = _Left(demand, weights.copy(), capacity, np.minimum(limits, UNLIMITED))
    for _ in range(rounds):
        month, met = month.after_a_choice(columns)
        taken[:, active] += met
        left[:, active] = month.wanted
        going = np.logical_or.reduce((month.wanted > 0) & (month.drawn > 0).any(axis=1), axis=0)
        if not going.any():
            break
        if not going.all():
            active = active[going]
            month = month.of(going)
    return taken, left


@dataclass(frozen=True)
class _Left:
    """What is left of a month's demand and chips."""

    wanted: Array
    """(group, draw)"""
    drawn: Array
    """(group, chip, draw), 0 where a group cannot buy a chip any more."""
    on_offer: Array
    """(chip, draw)"""
    allowed: Array
    """(group, limited chip, draw)"""

    def of(self, draws: NDArray[np.bool_]) -> _Left:
        """Return what is left in some of the draws."""
        return _Left(self.wanted[:, draws], self.drawn[..., draws], self.on_offer[:, draws], self.allowed[..., draws])

    def after_a_choice(self, limited: list[int]) -> tuple[_Left, Array]:
        """Return what one choice of every group leaves, and the demand that each chip met in it, (chip, draw).

        `drawn` is changed in place.
        """
        drawn = self.drawn
        drawn *= self.on_offer > 0
        drawn[:, limited] *= self.allowed > 0
        whole = added_up(np.moveaxis(drawn, 1, 0))
        asked = drawn * np.divide(self.wanted, whole, out=np.zeros_like(whole), where=whole > 0)[:, np.newaxis]
        asked[:, limited] = np.minimum(asked[:, limited], self.allowed)
        together = added_up(asked)
        short = together >= self.on_offer
        asked *= np.divide(self.on_offer, together, out=np.ones_like(together), where=short & (together > 0))
        met = np.where(short, self.on_offer, together)
        left = _Left(
            _used(self.wanted, added_up(np.moveaxis(asked, 1, 0))),
            drawn,
            np.where(short, 0.0, _used(self.on_offer, met)),
            _used(self.allowed, asked[:, limited]),
        )
        return left, met


def _used(amount: Array, part: Array) -> Array:
    """Return what a part leaves of an amount; what rounding leaves is nothing."""
    left = amount - part
    left *= left > EXHAUSTED * amount
    return left
