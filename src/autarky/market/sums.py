"""Sums in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autarky.quantities.arrays import Array


def added_up(parts: Iterable[Array], nothing: Array | None = None) -> Array:
    """Return the sum of arrays of one shape, in their unit, one after another; `nothing` where there are none.

    A draw's result must not depend on how many others are computed with it. NumPy's sum over the first axis adds row
    after row where there are two draws or more, and in another order, with other last bits, where there is only one.
    """
    if isinstance(parts, np.ndarray) and parts.shape[-1] > 1:
        whole: Array = np.add.reduce(parts, axis=0)
        return whole
    total: Array | None = None
    for part in parts:
        if total is None:
            total = np.array(part, dtype=float)
        else:
            total += part
    if total is None:
        return np.zeros(()) if nothing is None else nothing.copy()
    return total
