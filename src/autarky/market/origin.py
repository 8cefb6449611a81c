"""Where the chips of a mixed stock were made."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array


def share_leaving(part: Array, whole: Array, left: Array) -> Array:
    """Return the share of one part in what leaves a well-mixed stock, 0 to 1 (month, draw).

    What comes in is mixed with what is there before anything leaves, so what leaves and what stays have one mix.

    Parameters
    ----------
    part
        (month, draw), what comes in of the part, at most the whole.
    whole
        (month, draw), all that comes in.
    left
        (month, draw), all that is in stock at the end of the month.
    """
    share = np.zeros_like(whole)
    of_part, of_all = np.zeros(whole.shape[-1]), np.zeros(whole.shape[-1])
    for month in range(whole.shape[0]):
        of_part = of_part + part[month]
        of_all = of_all + whole[month]
        np.divide(of_part, of_all, out=share[month], where=of_all > 0)
        np.minimum(share[month], 1.0, out=share[month])
        of_part, of_all = share[month] * left[month], left[month]
    return share
