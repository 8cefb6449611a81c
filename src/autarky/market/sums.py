"""Sums in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autarky.quantities.arrays import Array


def added_up(parts: Iterable[Array]) -> Array:
    """Return the sum of arrays of one shape, in their unit, one after another.

    NumPy's own sum over an axis changes its order, and so its last bits, with the number of draws: a draw's result
    must not depend on how many others are computed with it.
    """
    remaining = iter(parts)
    total: Array = np.array(next(remaining), dtype=float)
    for part in remaining:
        total += part
    return total
