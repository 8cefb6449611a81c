"""Memory stacks from DRAM wafers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array


def stacks_from_wafers(
    wafers: ArrayLike,
    dies_per_wafer: ArrayLike,
    front_end_yield: ArrayLike,
    layers: ArrayLike,
    back_end_yield: ArrayLike,
) -> Array:
    """Return good memory stacks, stack/month, in the shape to which the arguments broadcast.

    wafers x dies_per_wafer x front_end_yield / layers x back_end_yield

    Base dies, made elsewhere, are assumed not to bind. What other
    buyers take of them is for the caller to subtract.

    Parameters
    ----------
    wafers
        DRAM wafers for stacked memory, before any loss, wafer/month, (month, draw). A count for a year
        gives stacks for a year.
    dies_per_wafer
        gross DRAM dies, die/wafer.
    front_end_yield
        share of gross dies that pass before stacking, 0 to 1.
    layers
        DRAM dies in one stack.
    back_end_yield
        share of whole stacks that survive stacking and test, 0 to 1; it falls as layers rise.
    """
    dies = np.asarray(wafers, dtype=float) * np.asarray(dies_per_wafer, dtype=float)
    stacked = dies * np.asarray(front_end_yield, dtype=float) / np.asarray(layers, dtype=float)
    stacks: Array = stacked * np.asarray(back_end_yield, dtype=float)
    return stacks
