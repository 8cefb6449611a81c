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

NEARLY = 1.0 - 1e-12
"""Share of an amount that counts as all of it: rounding leaves less."""

MOST = 0.7
"""Share of the draws still choosing below which the others are set aside: setting them aside costs a copy, and leaving
them in changes nothing."""


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
    sold, unsold = np.zeros((len(supply), *shape)), np.zeros((len(supply), *shape))
    unmet = np.empty(demand.shape)
    stock = np.zeros((len(supply), draws))
    for month in range(months):
        for chip in chips:
            stock[chip] += supply[chip][month]
        there = [chip for chip in chips if stock[chip].any()]
        # Chips that every group may buy and favours alike are counted together: most of the work is saved.
        shared = [chip for chip in there if favoured[chip] and quotas[chip] is None]
        single = [chip for chip in there if chip not in shared]
        weights, limits = np.empty((groups, len(single), draws)), np.empty((groups, len(single), draws))
        for row, chip in enumerate(single):
            limits[:, row] = _limit(quotas[chip], month, needs[chip][month])
            for group in range(groups):
                factor = favour[group][month] if favoured[chip] else 1.0
                np.multiply(drawn[chip][month], factor, out=weights[group, row])
        value = {chip: stock[chip] * needs[chip][month] for chip in there}
        met, unmet[:, month] = spill_over(
            demand[:, month],
            np.stack([row[month] for row in favour]),
            _rows([drawn[chip][month] for chip in shared], draws),
            _rows([value[chip] for chip in shared], draws),
            weights,
            _rows([value[chip] for chip in single], draws),
            limits,
        )
        for chip, taken in zip([*shared, *single], met, strict=True):
            each = needs[chip][month]
            here = np.divide(taken, each, out=sold[chip, month], where=each > 0)
            # Dividing and multiplying back can take one part in 10^16 more than there was.
            np.minimum(here, stock[chip], out=here)
            if kept[chip]:
                stock[chip] -= here
                unsold[chip, month] = stock[chip]
            else:
                stock[chip] = 0.0
    return Sales(sold, unsold, unmet)


def _rows(rows: Sequence[Array], draws: int) -> Array:
    """Return rows as one array of its own, (row, draw)."""
    return np.array(rows) if rows else np.empty((0, draws))


def _limit(quota: Array | None, month: int, need: Array) -> Array | float:
    """Return the demand that a chip may meet in each group, (group, draw), or one number for no limit."""
    if quota is None:
        return np.inf
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
    # In each round a chip runs out, a group reaches a limit, or all demand is met: so many rounds at most.
    rounds = chips * (demand.shape[0] + 1) + 1
    left = _Left(*(np.array(part) for part in (demand, favour, appeal_shared, shared, weights, single, limits)))
    left.appeal *= shared > 0
    left.drawn *= (single > 0) & (limits > 0)
    rest = (np.empty(demand.shape), np.empty(shared.shape), np.empty(single.shape))
    places = np.arange(demand.shape[-1])
    for _ in range(rounds):
        pull = left.pull()
        going = np.logical_or.reduce(pull > 0, axis=0)
        count = int(np.count_nonzero(going))
        if count == 0:
            break
        if count < MOST * going.size:
            left.write(rest, places)
            places, pull = places[going], pull[:, going]
            left = left.of(np.flatnonzero(going))
        left.choose(pull)
    left.write(rest, places)
    unmet, shared_left, single_left = rest
    return np.concatenate([shared - shared_left, single - single_left]), unmet


@dataclass
class _Left:
    """What is left of a month's demand and chips; a chip that has run out has no weight any more."""

    wanted: Array
    """(group, draw)"""
    favour: Array
    """(group, draw)"""
    appeal: Array
    """(shared chip, draw)"""
    shared: Array
    """(shared chip, draw)"""
    drawn: Array
    """(group, single chip, draw)"""
    single: Array
    """(single chip, draw)"""
    allowed: Array
    """(group, single chip, draw)"""

    def pull(self) -> Array:
        """Return what each group wants for each unit of weight, (group, draw); 0 where it can buy nothing."""
        whole = self.favour * added_up(self.appeal)
        whole += added_up(np.moveaxis(self.drawn, 1, 0))
        return np.divide(self.wanted, whole, out=np.zeros_like(whole), where=whole > 0)

    def of(self, draws: NDArray[np.intp]) -> _Left:
        """Return what is left in some of the draws."""
        return _Left(*(getattr(self, part.name).take(draws, axis=-1) for part in fields(self)))

    def write(self, rest: tuple[Array, Array, Array], draws: NDArray[np.intp]) -> None:
        """Write demand, shared and single chips that are left into their places."""
        for whole, part in zip(rest, (self.wanted, self.shared, self.single), strict=True):
            whole[:, draws] = part

    def choose(self, pull: Array) -> None:
        """Let every group choose once, with so much demand for each unit of weight."""
        favoured = self.favour * pull
        common = added_up(favoured)
        asked = self.appeal * common
        self.appeal *= asked < self.shared * NEARLY
        met = np.minimum(asked, self.shared, out=asked)
        self.shared -= met
        # The groups get of the shared chips in proportion to what they ask of them.
        met_share = np.divide(added_up(met), common, out=np.zeros_like(common), where=common > 0)
        bought = favoured * met_share
        if self.single.size:
            bought += self._choose_single(pull)
        left = self.wanted - bought
        left *= bought < self.wanted * NEARLY
        self.wanted = left

    def _choose_single(self, pull: Array) -> Array:
        """Return the demand of each group that the single chips meet, (group, draw)."""
        asked = self.drawn * pull[:, np.newaxis]
        unlimited = asked < self.allowed * NEARLY
        np.minimum(asked, self.allowed, out=asked)
        together = added_up(asked)
        unlimited &= together < self.single * NEARLY
        self.drawn *= unlimited
        short = together > self.single
        if short.any():
            asked *= np.divide(self.single, together, out=np.ones_like(together), where=short)
        self.allowed -= asked
        self.single -= np.minimum(together, self.single)
        return added_up(np.moveaxis(asked, 1, 0))
