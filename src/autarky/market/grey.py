"""Chips that come in past the rules, and compute that is rented abroad instead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autarky.market.sums import added_up
from autarky.quantities.arrays import Array


def grey_imports(attempted: Array, multiple: Array | float, located: Array | float, evaded: Array | float) -> Array:
    """Return chips that come in through the grey channel, chip/month (month, draw).

    attempted x multiple x (1 - located x (1 - evaded))

    Parameters
    ----------
    attempted
        (month, draw), the flow under the enforcement of the estimates, chip/month.
    multiple
        what enforcement makes of it, at least 0: a number, (draw,) or (month, draw).
    located
        share of the flow whose chips report where they are, 0 to 1.
    evaded
        share of those that come in all the same, 0 to 1.
    """
    stopped = np.asarray(located) * (1.0 - np.asarray(evaded))
    flow: Array = attempted * multiple * (1.0 - stopped)
    return flow


def by_chip(flow: Array, weights: Mapping[str, Array | float]) -> dict[str, Array]:
    """Return a flow split over chips by weight, chip/month (month, draw) each; equally where all weights are 0."""
    shape = flow.shape
    stacked = np.stack([np.broadcast_to(weight, shape) for weight in weights.values()])
    whole = added_up(stacked)
    shares = np.divide(stacked, whole, out=np.full(stacked.shape, 1.0 / len(weights)), where=whole > 0)
    return {name: flow * share for name, share in zip(weights, shares, strict=True)}


def rented_abroad(wanted: Array, open_share: Array | float) -> Array:
    """Return compute that buyers of the region rent abroad, in the unit of `wanted`, (month, draw).

    It is no import and no part of the region's installed base: the chips stand elsewhere, under other rules.

    Parameters
    ----------
    wanted
        (month, draw), what they would rent with nothing in the way.
    open_share
        share that the rules on remote access leave open, 0 to 1.
    """
    rented: Array = wanted * open_share
    return rented
