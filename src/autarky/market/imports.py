"""Chips that come in from abroad: as recorded up to the last date on record, then what is offered and let through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autarky.market.sums import added_up
from autarky.quantities.arrays import Array, MonthArray


def recorded_flow(
    periods: Sequence[tuple[int, int, Array]], months: MonthArray, draws: int, weights: Array | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """Return recorded shipments, chip/month (month, draw), and which months are on record, (month,).

    A period's amount is spread over its months by weight, evenly where all their weights are 0. Months between the
    first and the last period that no period names are on record as 0: a table of shipments leaves out what was not
    shipped.

    Parameters
    ----------
    periods
        (first month, month after the last, amount (draw,)) of each period on record.
    months
        month indices of the horizon, rising by one.
    draws
        number of draws.
    weights
        (month, draw) or (month, 1), share of the month in which shipments were let through; evenly if not given. A
        period that is not wholly inside the horizon is spread as if the months outside were like those inside.
    """
    flow = np.zeros((months.size, draws))
    on_record = np.zeros(months.size, dtype=bool)
    for start, stop, amount in periods:
        inside = (months >= start) & (months < stop)
        even = amount / (stop - start)
        if weights is None:
            flow[inside] += even
        else:
            own = weights[inside]
            mean = added_up(own) / len(own)
            flow[inside] += even * np.divide(own, mean, out=np.ones_like(own), where=mean > 0)
    if periods:
        first, last = min(start for start, _, _ in periods), max(stop for _, stop, _ in periods)
        on_record = (months >= first) & (months < last)
    return flow, on_record


def admitted_share(gates: Sequence[Array | float], shares: Array) -> Array:
    """Return the share of an offer that the buying side lets in, 0 to 1 (month, draw).

    Makers offer to groups in proportion to what they spend, so each group's gate counts with its share of demand.

    Parameters
    ----------
    gates
        by group, share that its own rules let in, 0 to 1: a number, (month, 1) or (month, draw).
    shares
        (group, month, draw), share of each group in all demand.
    """
    return added_up(share * gate for share, gate in zip(shares, gates, strict=True))


def let_in(offered: Array, licence: Array | float, admitted: Array | float) -> Array:
    """Return what may come in of an imported chip, chip/month (month, draw): offered x licence x admitted.

    Parameters
    ----------
    offered
        (month, draw), what the maker would ship with nothing in the way, chip/month.
    licence
        share that the exporting side lets through, 0 to 1.
    admitted
        share that the buying side lets in, 0 to 1.
    """
    passed: Array = offered * licence * admitted
    return passed


def within_cap(allowed: Array, cap: Array) -> Array:
    """Return what may come in under a cap on the total, chip/month (month, draw).

    The cap counts what could come in since the first month in which one holds.

    Parameters
    ----------
    allowed
        (month, draw), what may come in without the cap, chip/month.
    cap
        (month, draw) or (month, 1), most chips in all, infinite where there is no cap.
    """
    if not np.isfinite(cap).any():
        return allowed
    cap = np.broadcast_to(cap, allowed.shape)
    result = allowed.copy()
    used = np.zeros(allowed.shape[-1])
    started = np.zeros(allowed.shape[-1], dtype=bool)
    for month in range(allowed.shape[0]):
        started |= np.isfinite(cap[month])
        result[month] = np.minimum(allowed[month], np.maximum(cap[month] - used, 0.0))
        used += np.where(started, result[month], 0.0)
    return result


def quotas(allowed: Array, gates: Sequence[Array | float], shares: Array) -> Array:
    """Return what each group may buy of an imported chip, chip/month (group, month, draw).

    allowed x (share_g x gate_g) / sum over groups; nothing where every gate is shut.

    Parameters
    ----------
    allowed
        (month, draw), what may come in for all groups together, chip/month.
    gates, shares
        as for `admitted_share`.
    """
    parts = np.stack([share * gate for share, gate in zip(shares, gates, strict=True)])
    whole = added_up(parts)
    each: Array = parts * np.divide(allowed, whole, out=np.zeros_like(whole), where=whole > 0)
    return each
