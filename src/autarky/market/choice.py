"""Who buys what: a logit choice among the chips on offer, with limits to each and spill-over to the next choice.

A group divides its demand over what it can still buy in proportion to

    favour x (performance x readiness / price) ^ sensitivity

which is the multinomial logit with sensitivity x log(performance per price) + log(favour) as the utility (McFadden
1974). What runs short is rationed in proportion to what the groups ask for, and the demand left over chooses again
among the rest, until it is met or nothing is left that its group may buy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

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
    quotas: Sequence[Array | None],
    favours: Sequence[Array | float],
    *,
    favoured: Sequence[bool],
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
    quotas
        by chip (group, month, draw), most that each group may buy in a month, or None.
    favours
        by group, a factor on the appeal of the chips that are favoured: a number, (draw,) or (month, draw).
    favoured
        by chip, whether that factor holds for it.
    kept
        by chip, whether what is not sold stays on the market.
    """
    groups, months, draws = demand.shape
    shape, chips = (months, draws), range(len(supply))
    needs, drawn, favour = ([np.broadcast_to(value, shape) for value in values] for values in (need, appeals, favours))
    # Chips that every group may buy and favours alike are counted together: most of the work is saved.
    shared = [chip for chip in chips if favoured[chip] and quotas[chip] is None]
    single = [chip for chip in chips if chip not in shared]
    sold, unsold = np.zeros((len(supply), *shape)), np.zeros((len(supply), *shape))
    unmet = np.empty(demand.shape)
    stock, each = np.zeros((len(supply), draws)), np.empty((len(supply), draws))
    weights, limits = np.empty((groups, len(single), draws)), np.empty((groups, len(single), draws))
    taken = np.empty((len(supply), draws))
    keeps = np.asarray(kept)[:, np.newaxis]
    for month in range(months):
        for chip in chips:
            stock[chip] += supply[chip][month]
            each[chip] = needs[chip][month]
        for row, chip in enumerate(single):
            limits[:, row] = _limit(quotas[chip], month, each[chip])
            for group in range(groups):
                factor = favour[group][month] if favoured[chip] else 1.0
                np.multiply(drawn[chip][month], factor, out=weights[group, row])
        value = stock * each
        met, unmet[:, month] = spill_over(
            demand[:, month],
            np.stack([row[month] for row in favour]),
            np.stack([drawn[chip][month] for chip in shared]) if shared else np.empty((0, draws)),
            value[shared],
            weights,
            value[single],
            limits,
        )
        taken[[*shared, *single]] = met
        np.divide(taken, each, out=sold[:, month], where=each > 0)
        # Dividing and multiplying back can take one part in 10^16 more than there was.
        np.minimum(sold[:, month], stock, out=sold[:, month])
        stock = np.where(keeps, stock - sold[:, month], 0.0)
        unsold[:, month] = stock
    return Sales(sold, unsold, unmet)


def _limit(quota: Array | None, month: int, need: Array) -> Array | float:
    """Return the demand that a chip may meet in each group, (group, draw), or one number for no limit."""
    if quota is None:
        return UNLIMITED
    # A chip that meets no demand cannot be sold for any; without a limit that would be infinity times nothing.
    return np.multiply(quota[:, month], need, out=np.zeros(quota[:, month].shape), where=need > 0)


def spill_over(
    demand: Array,
    favour: Array,
    appeal_shared: Array,
    shared: Array,
    weights: Array,
    single: Array,
    limits: Array,
) -> tuple[Array, Array]:
    """Return the demand that each chip meets, (chip, draw), and what no chip meets, (group, draw), in its unit.

    Chips come in two kinds, in this order. The shared ones every group may buy without a limit, and each group favours
    all of them alike: their weight is favour x appeal. The single ones have a weight and a limit for each group.

    Parameters
    ----------
    demand
        (group, draw), what each group wants in a month.
    favour
        (group, draw), factor on the appeal of the shared chips.
    appeal_shared
        (shared chip, draw), how strongly each draws demand, at least 0.
    shared
        (shared chip, draw), the demand that those on the market can meet.
    weights
        (group, single chip, draw), how strongly each draws each group's demand, at least 0.
    single
        (single chip, draw), the demand that those on the market can meet.
    limits
        (group, single chip, draw), the demand of a group that each may meet; infinite where there is no limit.
    """
    chips = len(shared) + len(single)
    left, taken = demand.copy(), np.zeros((chips, demand.shape[-1]))
    # In each round a chip runs out, a group reaches a limit, or all demand is met: so many rounds at most.
    rounds = chips * (demand.shape[0] + 1) + 1
    active = np.arange(demand.shape[-1])
    month = _Left(demand, favour, appeal_shared.copy(), shared, weights.copy(), single, np.minimum(limits, UNLIMITED))
    for _ in range(rounds):
        month, met = month.after_a_choice()
        taken[:, active] += met
        left[:, active] = month.wanted
        going = month.going
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
    favour: Array
    """(group, draw)"""
    appeal: Array
    """(shared chip, draw), 0 for one that has run out."""
    shared: Array
    """(shared chip, draw)"""
    drawn: Array
    """(group, single chip, draw), 0 where a group cannot buy a chip any more."""
    single: Array
    """(single chip, draw)"""
    allowed: Array
    """(group, single chip, draw)"""

    @property
    def going(self) -> NDArray[np.bool_]:
        """Return in which draws a group wants something that it may still have asked for, (draw,)."""
        open_to_all = (self.appeal > 0).any(axis=0) & (self.favour > 0)
        may_buy = open_to_all | (self.drawn > 0).any(axis=1)
        going: NDArray[np.bool_] = np.logical_or.reduce((self.wanted > 0) & may_buy, axis=0)
        return going

    def of(self, draws: NDArray[np.bool_]) -> _Left:
        """Return what is left in some of the draws."""
        return _Left(*(getattr(self, part.name)[..., draws] for part in fields(self)))

    def after_a_choice(self) -> tuple[_Left, Array]:
        """Return what one choice of every group leaves, and the demand that each chip met in it, (chip, draw).

        `appeal` and `drawn` are changed in place.
        """
        self.appeal[...] *= self.shared > 0
        self.drawn[...] *= (self.single > 0) & (self.allowed > 0)
        nothing = np.zeros_like(self.wanted)
        whole = self.favour * added_up(self.appeal, nothing[0]) + added_up(np.moveaxis(self.drawn, 1, 0), nothing)
        # Demand for each unit of weight.
        pull = np.divide(self.wanted, whole, out=nothing.copy(), where=whole > 0)
        favoured = self.favour * pull
        asked = self.appeal * added_up(favoured)
        met, ration = _rationed(asked, self.shared)
        reached = favoured * added_up(self.appeal * ration, nothing[0])
        singly = np.minimum(self.drawn * pull[:, np.newaxis], self.allowed)
        met_singly, ration = _rationed(added_up(singly), self.single)
        singly *= ration
        left = _Left(
            _used(self.wanted, reached + added_up(np.moveaxis(singly, 1, 0), nothing)),
            self.favour,
            self.appeal,
            _used(self.shared, met),
            self.drawn,
            _used(self.single, met_singly),
            _used(self.allowed, singly),
        )
        return left, np.concatenate([met, met_singly])


def _rationed(asked: Array, on_offer: Array) -> tuple[Array, Array]:
    """Return what is met of what is asked for, and its share."""
    short = asked >= on_offer
    ration = np.divide(on_offer, asked, out=np.ones_like(asked), where=short & (asked > 0))
    return np.where(short, on_offer, asked), ration


def _used(amount: Array, part: Array) -> Array:
    """Return what a part leaves of an amount; what rounding leaves is nothing."""
    left = amount - part
    left *= left > EXHAUSTED * amount
    return left
