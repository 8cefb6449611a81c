"""Sums in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autarky.quantities.arrays import Array


def added_up(parts: Iterable[Array], nothing: Array | None = None) -> Array:
    """Return the sum of arrays of one shape, in their unit, one after another; `nothing` where there are none.

    NumPy's own sum over an axis changes its order, and so its last bits, with the number of draws: a draw's result
    must not depend on how many others are computed with it.
    """
    total: Array | None = None
    for part in parts:
        if total is None:
            total = np.array(part, dtype=float)
        else:
            total += part
    if total is None:
        return np.zeros(()) if nothing is None else nothing.copy()
    return total
