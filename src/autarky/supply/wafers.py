"""Wafer starts of a fab, its ramp, and the delay between a start and what comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array, MonthArray


def ramp(month: ArrayLike, start: ArrayLike, ramp_months: ArrayLike) -> Array:
    """Return the share of a fab's plateau that runs in a month, 0 to 1, (month, draw).

    clip((month - start) / ramp_months, 0, 1); with a ramp of 0 months a step, full from `start` on.

    Parameters
    ----------
    month
        month indices, (month,), or one of them, which gives (draw,).
    start
        month index at which output begins, (draw,) or a number; may lie within a month.
    ramp_months
        months from nothing to the plateau, (draw,) or a number, at least 0.
    """
    elapsed = np.asarray(month, dtype=float)[..., np.newaxis] - np.asarray(start, dtype=float)
    length = np.asarray(ramp_months, dtype=float)
    # Clipped before the division, which a very short ramp would overflow.
    sloped = np.clip(elapsed, 0.0, length) / np.where(length > 0, length, 1.0)
    share: Array = np.where(length > 0, sloped, elapsed >= 0)
    return share


def wafer_starts(capacity: ArrayLike, utilisation: ArrayLike, accelerator_share: ArrayLike) -> Array:
    """Return wafers started for accelerators, wafer/month, (month, draw): the product of the three.

    Parameters
    ----------
    capacity
        installed and ramped capacity, wafer/month.
    utilisation
        share of the capacity that is loaded, 0 to 1.
    accelerator_share
        share of the loaded wafers that carry accelerator dies, 0 to 1.
    """
    loaded = np.asarray(capacity, dtype=float) * np.asarray(utilisation, dtype=float)
    starts: Array = loaded * np.asarray(accelerator_share, dtype=float)
    return starts


def delayed(flow: Array, lag: ArrayLike) -> Array:
    """Return the flow `lag` months later, in the unit of the flow, (..., month, draw).

    Nothing is created: a fractional lag splits each month's flow linearly between the two neighbouring
    months. Output before the first flow can arrive is 0, and what would arrive after the last month is
    left out. To see what is under way before the first month, start the flow earlier.

    Parameters
    ----------
    flow
        (..., month, draw), one row per month.
    lag
        months, at least 0: (draw,), or one number for all draws.
    """
    lag = np.asarray(lag, dtype=float)
    if not (lag >= 0).all():
        raise QuantityError("a lag is below 0 or not a number", "give months, 0 or more", at=("lag",))
    months = flow.shape[-2]
    whole = np.minimum(np.floor(lag), months)
    part = np.where(lag < months, lag - whole, 0.0)
    split = flow * (1 - part)
    split[..., 1:, :] += flow[..., :-1, :] * part
    return moved(split, whole.astype(np.int64))


def moved(flow: Array, shift: MonthArray) -> Array:
    """Return the flow moved by a whole number of months, one number for all draws or one each, (..., month, draw)."""
    months, draws = flow.shape[-2:]
    if shift.ndim == 0:
        later: Array = np.zeros_like(flow)
        later[..., int(shift) :, :] = flow[..., : months - int(shift), :]
        return later
    # Months and draws as one axis: finding places on it takes a quarter of the time that pairs of places take.
    places = np.arange(months)[:, np.newaxis] * draws + (np.arange(draws) - shift * draws)
    later = flow.reshape(*flow.shape[:-2], months * draws).take(places, axis=-1, mode="clip")
    for month in range(min(int(shift.max(initial=0)), months)):
        later[..., month, :] *= shift <= month
    return later
