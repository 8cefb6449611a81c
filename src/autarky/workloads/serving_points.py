"""Requests in flight that a deployment can bear: many deployments, each under rising numbers of them.

Numbers rise geometrically from one request to the most that memory holds; where the limits cease to hold in between,
the gap is looked at again, more finely, until it is a few thousandths wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.arrays import Array
from autarky.workloads.serving_load import Served

Index = NDArray[np.int64]
Run = Callable[[Index, Array], Served]
"""Serves the deployments at some indices with as many requests in flight, both shape (point,)."""
STEPS, REFINED, REFINEMENTS = 20, 9, 2
"""Numbers of requests tried at first, those tried in a gap, and how often."""


@dataclass(frozen=True)
class Points:
    """Deployments at work. All arrays have shape (point,).

    which         index of the deployment
    concurrency   requests in flight
    ttft, tpot    s
    rate          requests/s
    """

    which: Index
    concurrency: Array
    ttft: Array
    tpot: Array
    rate: Array

    def __len__(self) -> int:
        return len(self.which)

    def within(self, ttft: float, tpot: float) -> NDArray[np.bool_]:
        """Return which points keep both limits, in s."""
        return np.asarray((self.ttft <= ttft) & (self.tpot <= tpot), bool)


def joined(parts: list[Points]) -> Points:
    """Return several sets of points as one."""
    return Points(*(np.concatenate([getattr(part, name) for part in parts]) for name in Points.__dataclass_fields__))


def points(run: Run, high: Array, ttft: float, tpot: float, *, refinements: int = REFINEMENTS) -> Points:
    """Return deployments under one to `high` requests each, shape (deployment,), densest where limits cease to hold."""
    count = len(high)
    each = np.arange(count, dtype=np.int64)
    found = _rising(run, each, np.ones(count), np.maximum(high, 1.0), STEPS)
    for _ in range(refinements):
        best = np.zeros(count)
        good = found.within(ttft, tpot)
        np.maximum.at(best, found.which[good], found.concurrency[good])
        above = np.full(count, np.inf)
        over = found.concurrency > best[found.which]
        np.minimum.at(above, found.which[over], found.concurrency[over])
        gap = (best > 0) & np.isfinite(above) & (above > best + 1.0)
        if not gap.any():
            break
        found = joined([found, _rising(run, each[gap], best[gap], above[gap], REFINED)])
    return found


def _rising(run: Run, which: Index, low: Array, high: Array, steps: int) -> Points:
    """Return each deployment under `steps` whole numbers of requests from `low` to `high`, each number once."""
    share = np.linspace(0.0, 1.0, steps)
    counts = np.floor(low[:, None] * (high / low)[:, None] ** share + 1e-9)
    rows = np.repeat(which, steps)
    new = np.concatenate([np.ones((len(which), 1), bool), np.diff(counts, axis=1) > 0], axis=1).ravel()
    return served(run, rows[new], counts.ravel()[new])


def served(run: Run, which: Index, concurrency: Array) -> Points:
    """Return some deployments, each under a number of requests, shapes (point,)."""
    done = run(which, concurrency)
    return Points(which, concurrency, done.ttft, done.tpot, done.rate)
