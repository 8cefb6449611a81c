"""Chips that come in from abroad: as recorded up to the last date on record, then what is offered and let through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.arrays import Array, MonthArray


def recorded_flow(
    periods: Sequence[tuple[int, int, Array]], months: MonthArray, draws: int
) -> tuple[Array, NDArray[np.bool_]]:
    """Return recorded shipments, chip/month (month, draw), and which months are on record, (month,).

    A period's amount is spread evenly over its months. Months between the first and the last period that no period
    names are on record as 0: a table of shipments leaves out what was not shipped.

    Parameters
    ----------
    periods
        (first month, month after the last, amount (draw,)) of each period on record.
    months
        month indices of the horizon, rising by one.
    draws
        number of draws.
    """
    flow = np.zeros((months.size, draws))
    on_record = np.zeros(months.size, dtype=bool)
    for start, stop, amount in periods:
        inside = (months >= start) & (months < stop)
        flow[inside] += amount / (stop - start)
    if periods:
        first, last = min(start for start, _, _ in periods), max(stop for _, stop, _ in periods)
        on_record = (months >= first) & (months < last)
    return flow, on_record


def spliced(recorded: Array, on_record: NDArray[np.bool_], modelled: Array) -> Array:
    """Return the record where there is one, else the model, in their unit, (month, draw)."""
    return np.where(on_record[:, np.newaxis], recorded, modelled)


def let_in(offered: Array, licence: Array | float, gates: Sequence[Array | float], demand: Array) -> Array:
    """Return what each group may buy of an imported chip, chip/month (group, month, draw).

    offered x licence x gate_g x (demand_g / all demand): makers offer to groups in proportion to what they spend, the
    exporting side's licence and the buying side's own gate each let a share through. Without any demand, nothing.

    Parameters
    ----------
    offered
        (month, draw), what the maker would ship with nothing in the way, chip/month.
    licence
        share that the exporting side lets through, 0 to 1.
    gates
        by group, share that the buying side lets in, 0 to 1.
    demand
        (group, month, draw), in any one unit.
    """
    whole = demand.sum(axis=0)
    shares = np.divide(demand, whole, out=np.zeros_like(demand), where=whole > 0)
    passed = offered * licence
    return np.stack([share * (passed * gate) for share, gate in zip(shares, gates, strict=True)])


def within_cap(allowed: Array, cap: Array) -> Array:
    """Return what may be bought under a cap on the total, chip/month (group, month, draw).

    The cap counts what could be bought since the first month in which one holds; groups give way in proportion.

    Parameters
    ----------
    allowed
        (group, month, draw), what may be bought without the cap, chip/month.
    cap
        (month, draw), most chips in all, infinite where there is no cap.
    """
    if not np.isfinite(cap).any():
        return allowed
    cap = np.broadcast_to(cap, allowed.shape[1:])
    whole = allowed.sum(axis=0)
    result = allowed.copy()
    used = np.zeros(allowed.shape[-1])
    for month in range(whole.shape[0]):
        capped = np.isfinite(cap[month])
        room = np.where(capped, np.maximum(cap[month] - used, 0.0), np.inf)
        share = np.divide(room, whole[month], out=np.ones_like(room), where=whole[month] > room)
        result[:, month] *= share
        started = capped | (used > 0)
        used += np.where(started, np.minimum(whole[month], room), 0.0)
    return result
