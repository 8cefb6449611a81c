"""What the buyers of a region want to acquire each month, by group, in one unit of demand: money, chips or compute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autarky.market.sums import added_up
from autarky.quantities.arrays import Array


def demand_by_group(total: Array, weights: Sequence[Array | float]) -> Array:
    """Return the demand of each group, (group, month, draw), in the unit of the total.

    demand_g = total x weight_g / sum of weights; where all weights are 0, all groups want the same.

    Parameters
    ----------
    total
        (month, draw), what all groups want together, at least 0.
    weights
        by group, at least 0: a number, (draw,) or (month, draw).
    """
    shape = total.shape
    stacked = np.stack([np.broadcast_to(weight, shape) for weight in weights])
    wanted: Array = shares_of(stacked) * total
    return wanted


def shares_of(demand: Array) -> Array:
    """Return the share of each group in all demand, (group, month, draw); the same for all where there is none."""
    whole = added_up(demand)
    even = np.full(demand.shape, 1.0 / len(demand))
    shares: Array = np.divide(demand, whole, out=even, where=whole > 0)
    return shares


def left_to_buy(demand: Array, bought: Array) -> Array:
    """Return the demand of each group that a purchase outside the model leaves, (group, month, draw), at least 0.

    The purchase is split over the groups in proportion to their demand.

    Parameters
    ----------
    demand
        (group, month, draw), in any unit of demand.
    bought
        (month, draw), what is on record as bought, in the same unit.
    """
    whole = added_up(demand)
    kept = np.divide(whole - bought, whole, out=np.zeros_like(whole), where=whole > 0)
    left: Array = demand * np.maximum(kept, 0.0)
    return left
