"""Checkpoint intervals and what they cost, in closed form. All times in hours, all functions broadcast.

A job works for an interval, blocks for the cost of a checkpoint, and after a failure begins again from the
last one. Failures come at random with a constant rate (exponential times between them).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats, positive


def young1974(cost: ArrayLike, mean_time: ArrayLike) -> Array:
    """Return the interval between checkpoints that loses least to first order, in hours: sqrt(2 C M).

    J. W. Young, Communications of the ACM 17(9), 1974. Good while the cost C is small beside the mean time
    M between failures.
    """
    positive("mean_time", mean_time)
    return np.sqrt(2.0 * floats(cost) * floats(mean_time))


def daly2006(cost: ArrayLike, mean_time: ArrayLike) -> Array:
    """Return the interval between checkpoints that loses least, higher-order form, in hours.

    sqrt(2 C M) (1 + sqrt(C / 2M) / 3 + (C / 2M) / 9) - C while C < 2M, otherwise M. J. T. Daly, Future
    Generation Computer Systems 22(3), 2006.
    """
    positive("mean_time", mean_time)
    cost = floats(cost)
    mean = floats(mean_time)
    share = cost / (2.0 * mean)
    interval = np.sqrt(2.0 * cost * mean) * (1.0 + np.sqrt(share) / 3.0 + share / 9.0) - cost
    return np.where(share < 1.0, interval, mean)


def least_loss_interval(cost: ArrayLike, mean_time: ArrayLike) -> Array:
    """Return the interval between checkpoints that exactly minimises the expected time, in hours.

    The root x = interval / M of exp(x + C / M) (1 - x) = 1, found by Newton's method from the first-order
    interval. The restart time does not enter.
    """
    positive("mean_time", mean_time)
    mean = floats(mean_time)
    relative = floats(cost) / mean
    # With y = 1 - x the root solves ln y - y = -(1 + C / M); y in (0, 1) is the branch that is meant.
    y = np.exp(-np.minimum(np.sqrt(2.0 * relative) + relative, 1.0 + relative))
    for _ in range(_NEWTON_STEPS):
        slope = 1.0 / y - 1.0
        step = np.divide(np.log(y) - y + 1.0 + relative, slope, out=np.zeros_like(y), where=slope > 0)
        y = np.clip(y - step, np.finfo(float).tiny, 1.0)
    return (1.0 - y) * mean


_NEWTON_STEPS = 60


def expected_failures(
    work: ArrayLike, interval: ArrayLike, cost: ArrayLike, rate: ArrayLike, restart: ArrayLike = 0.0
) -> Array:
    """Return the expected number of failures until `work` hours of progress are saved.

    Each interval of work is tried until interval and checkpoint pass without a failure, and each restart
    until it passes: (work / interval) exp(rate restart) (exp(rate (interval + cost)) - 1).
    """
    positive("interval", interval)
    rate = floats(rate)
    work, interval = floats(work), floats(interval)
    with np.errstate(over="ignore"):
        tries = np.expm1(rate * (interval + floats(cost)))
        return work / interval * np.exp(rate * floats(restart)) * tries


def daly2006_wall_time(
    work: ArrayLike,
    interval: ArrayLike,
    cost: ArrayLike,
    rate: ArrayLike,
    restart: ArrayLike = 0.0,
    idle: ArrayLike = 0.0,
) -> Array:
    """Return the expected hours until `work` hours of progress are saved.

    (M + idle) times the expected failures, M = 1 / rate; without failures work (1 + cost / interval).
    `restart` is spent after each failure and may itself be interrupted; `idle` passes before it, while the
    fault is found, and cannot be. Exact for exponential failures, a work that is a whole number of intervals
    and a checkpoint at the end. Daly 2006, whose form has no idle time.
    """
    rate = floats(rate)
    failures = expected_failures(work, interval, cost, rate, restart)
    calm = floats(work) * (1.0 + floats(cost) / floats(interval))
    mean = np.divide(1.0, rate, out=np.zeros(rate.shape), where=rate > 0)
    struck = failures * (mean + floats(idle))
    return np.where(rate > 0, struck, calm)


def useful_share(
    interval: ArrayLike, cost: ArrayLike, rate: ArrayLike, restart: ArrayLike = 0.0, idle: ArrayLike = 0.0
) -> Array:
    """Return the expected share of wall time that becomes saved progress (goodput)."""
    one = floats(interval)
    return one / daly2006_wall_time(one, one, cost, rate, restart, idle)


def kokolis2024(interval: ArrayLike, cost: ArrayLike, rate: ArrayLike, overhead: ArrayLike) -> Array:
    """Return the expected effective training time ratio: (1 - rate (u + d / 2)) / (1 + w / d).

    `rate` is that of the whole job per hour, u = `overhead` hours to restart, d the interval, w the cost of
    a checkpoint. Kokolis et al., Revisiting Reliability in Large-Scale Machine Learning Research Clusters,
    arXiv:2410.21680. First order: it holds while few failures fall in an interval, and is 0 past that.
    """
    positive("interval", interval)
    interval = floats(interval)
    lost = floats(rate) * (floats(overhead) + interval / 2.0)
    return np.maximum(1.0 - lost, 0.0) / (1.0 + floats(cost) / interval)
