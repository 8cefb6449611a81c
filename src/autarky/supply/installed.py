"""Chips made so far and still working."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array


def installed_stock(finished: Array, failure: Array | float) -> Array:
    """Return chips in service at the end of each month, chip (month, draw).

    stock(month) = stock(month - 1) x (1 - failure) + finished(month)

    Parameters
    ----------
    finished : (month, draw), chips that enter service, chip/month
    failure : share of the stock that fails or retires in a month, a number or (draw,)
    """
    stock = np.empty_like(finished)
    kept = 1.0 - failure
    level = np.zeros(finished.shape[-1], dtype=finished.dtype)
    for month in range(finished.shape[0]):
        np.multiply(level, kept, out=stock[month])
        stock[month] += finished[month]
        level = stock[month]
    return stock
