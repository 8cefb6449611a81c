"""Spare nodes: how many repairs are open at once, and how long a failed node waits for a spare.

Failed nodes come at random and are repaired independently, so the number in repair is Poisson whatever the
distribution of repair times (Palm's theorem). The rate is that of all nodes that draw on the same spares; a
job that stands still fails less, so the waits are upper bounds where it is the only one. Times in hours.
"""

from __future__ import annotations

import math

import numpy as np

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats, not_negative, share


def _in_repair(rate: float, repair: float) -> Array:
    """Return the probabilities of 0, 1, 2, ... nodes in repair, to far in the tail."""
    not_negative("rate", rate)
    not_negative("repair", repair)
    mean = rate * repair
    most = math.ceil(mean + 12.0 * math.sqrt(mean) + 20.0)
    number = np.arange(most + 1, dtype=np.float64)
    if mean == 0:
        return floats(number == 0)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(number[1:]))])
    return floats(np.exp(number * math.log(mean) - mean - factorials))


def shortage_probability(rate: float, repair: float, spares: int) -> float:
    """Return the probability that a failed node finds no spare.

    `rate` is the failures of nodes per hour, `repair` the mean hours until one is back.
    """
    _whole(spares)
    return float(_in_repair(rate, repair)[spares:].sum())


def spare_wait(rate: float, repair: float, spares: int) -> float:
    """Return the expected hours that a failure waits for a spare.

    A failure that finds n nodes in repair makes n + 1 of them; the job goes on once at most `spares` are
    left. Repairs are taken as exponential for the wait: repair (1 / (spares + 1) + ... + 1 / (n + 1)).
    """
    _whole(spares)
    probability = _in_repair(rate, repair)
    number = np.arange(probability.size, dtype=np.float64)
    harmonic = np.cumsum(1.0 / (number + 1.0))
    before = harmonic[spares - 1] if spares else 0.0
    waits = np.where(number >= spares, harmonic - before, 0.0)
    return float(repair * (probability * waits).sum())


def spares_needed(rate: float, repair: float, confidence: float) -> int:
    """Return the fewest spare nodes with which a failure finds one with probability `confidence`."""
    share("confidence", confidence)
    return int(np.searchsorted(np.cumsum(_in_repair(rate, repair)), confidence)) + 1


def _whole(spares: int) -> None:
    if spares < 0 or spares != int(spares):
        raise InputError(Problem(f"must be a whole number of at least 0, is {spares}", field="spares"))
