"""Spare nodes: how many repairs are open at once, and how long a failed node waits for a spare.

Failed nodes come at random and are repaired independently, so the number in repair is Poisson whatever the
distribution of repair times (Palm's theorem). The rate is that of all nodes that draw on the same spares; a
job that stands still fails less, so the waits are upper bounds where it is the only one. Times in hours; rates
and repair times may be arrays of draws, shape (draw,).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats, not_negative, share


def _open_repairs(rate: ArrayLike, repair: ArrayLike) -> Array:
    """Return the mean number of nodes in repair."""
    not_negative("rate", rate)
    not_negative("repair", repair)
    return floats(rate) * floats(repair)


def shortage_probability(rate: ArrayLike, repair: ArrayLike, spares: int) -> Array:
    """Return the probability that a failed node finds no spare.

    `rate` is the failures of nodes per hour, `repair` the mean hours until one is back.
    """
    from scipy.special import pdtrc

    _whole(spares)
    mean = _open_repairs(rate, repair)
    return floats(pdtrc(spares - 1, mean)) if spares else np.ones(mean.shape)


def spare_wait(rate: ArrayLike, repair: ArrayLike, spares: int) -> Array:
    """Return the expected hours that a failure waits for a spare.

    A failure that finds n nodes in repair makes n + 1 of them; the job goes on once at most `spares` are
    left. Repairs are taken as exponential for the wait: repair (1 / (spares + 1) + ... + 1 / (n + 1)), which
    summed by parts is repair times the sum over n of P(at least n in repair) / (n + 1) from n = `spares`.
    """
    from scipy.special import pdtrc

    _whole(spares)
    mean = _open_repairs(rate, repair)
    largest = float(np.max(mean))
    most = spares + math.ceil(largest + 12.0 * math.sqrt(largest) + 20.0)
    total = np.zeros(mean.shape)
    for number in range(spares, most + 1):
        total += (pdtrc(number - 1, mean) if number else 1.0) / (number + 1.0)
    return floats(repair) * total


def spares_needed(rate: ArrayLike, repair: ArrayLike, confidence: float) -> int:
    """Return the fewest spare nodes with which a failure finds one with probability `confidence`, over all draws."""
    share("confidence", confidence)
    below, enough = -1, 1
    while float(np.mean(shortage_probability(rate, repair, enough))) > 1.0 - confidence:
        below, enough = enough, 2 * enough
    while enough - below > 1:
        middle = (below + enough) // 2
        if float(np.mean(shortage_probability(rate, repair, middle))) > 1.0 - confidence:
            below = middle
        else:
            enough = middle
    return enough


def _whole(spares: int) -> None:
    if spares < 0 or spares != int(spares):
        raise InputError(Problem(f"must be a whole number of at least 0, is {spares}", field="spares"))
