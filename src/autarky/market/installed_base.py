"""Chips so far taken into service and still there: cohorts that fail month by month and retire at an age."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array


def installed_stock(finished: Array, failure: Array | float) -> Array:
    """Return chips in service at the end of each month, chip (month, draw).

    stock(month) = stock(month - 1) x (1 - failure) + finished(month)

    Parameters
    ----------
    finished
        (month, draw), chips that enter service, chip/month.
    failure
        share of the stock that fails in a month, a number or (draw,).
    """
    stock = np.empty_like(finished)
    kept = 1.0 - failure
    level = np.zeros(finished.shape[-1], dtype=finished.dtype)
    for month in range(finished.shape[0]):
        np.multiply(level, kept, out=stock[month])
        stock[month] += finished[month]
        level = stock[month]
    return stock


def retired(finished: Array, failure: Array | float, service_life: Array) -> Array:
    """Return chips taken out of service for their age, chip/month (month, draw).

    Of a month's cohort, the share (1 - failure) ^ age is left at any age. With a life of whole months all of it retires
    at that age; a fraction of a month splits the cohort between the two neighbouring ages.

    Parameters
    ----------
    finished
        (month, draw), chips that enter service, chip/month.
    failure
        share of the stock that fails in a month, a number or (draw,).
    service_life
        (draw,), months in service before retirement, at least 1.
    """
    months, draws = finished.shape
    whole = np.minimum(np.floor(service_life), months).astype(np.int64)
    later = np.where(service_life < months, service_life - whole, 0.0)
    kept = np.broadcast_to(1.0 - np.asarray(failure), (draws,))
    left_at = kept**whole
    leaving = np.zeros_like(finished)
    columns = np.arange(draws)
    leavings = [(whole, left_at * (1.0 - later))]
    if later.any():
        leavings.append((whole + 1, left_at * kept * later))
    for month in range(int(whole.min(initial=months)), months):
        for age, share in leavings:
            origin = month - age
            cohort = finished[np.maximum(origin, 0), columns]
            leaving[month] += np.where(origin >= 0, cohort * share, 0.0)
    return leaving


def installed_base(finished: Array, failure: Array | float, service_life: Array) -> Array:
    """Return chips in service at the end of each month, chip (month, draw), after failures and retirement.

    stock(month) = stock(month - 1) x (1 - failure) + finished(month) - retired(month)
    """
    # Failures thin a cohort before it retires; the sum of what is left can miss 0 by rounding.
    left: Array = installed_stock(finished - retired(finished, failure, service_life), failure)
    return np.maximum(left, 0.0)
