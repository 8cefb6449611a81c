"""Chips so far taken into service and still there: cohorts that fail month by month and retire at an age."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array
from autarky.supply.wafers import moved


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


def installed_base(finished: Array, failure: Array | float, service_life: Array) -> Array:
    """Return chips in service at the end of each month, chip (month, draw), after failures and retirement.

    stock(month) = made(month) - (1 - failure) ^ life x made(month - life)

    where `made` is the stock without retirement: what was there a service life ago has thinned by its failures since,
    and all of it has left. With a life of whole months a cohort retires at that age; a fraction of a month splits the
    cohort between the two neighbouring ages.

    Parameters
    ----------
    finished
        (month, draw), chips that enter service, chip/month.
    failure
        share of the stock that fails in a month, a number or (draw,).
    service_life
        (draw,), months in service before retirement, at least 1.
    """
    months = finished.shape[0]
    made = installed_stock(finished, failure)
    whole = np.minimum(np.floor(service_life), months).astype(np.int64)
    later = np.where(service_life < months, service_life - whole, 0.0)
    gone = moved(made - later * finished if later.any() else made, whole)
    gone *= (1.0 - np.asarray(failure)) ** whole
    # What is left of a stock that has retired whole can miss 0 by rounding.
    made -= gone
    return np.maximum(made, 0.0, out=made)
