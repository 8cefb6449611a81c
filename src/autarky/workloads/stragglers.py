"""What slows a synchronous job without stopping it: slow nodes, jitter, and efficiency that sags.

A step takes as long as its slowest member. Slow-downs are factors of at least 1 on the step time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.checkpoints import young1974
from autarky.workloads.inputs import at_least_one, floats, not_negative, positive


def slow_node_factor(nodes: ArrayLike, slow_share: ArrayLike, slowdown: ArrayLike) -> Array:
    """Return the expected factor on step time when each node is slow with probability `slow_share`.

    1 + (slowdown - 1) (1 - (1 - share)**nodes): one slow node slows all. `slowdown` is the factor of a slow
    node. Nodes are slow independently of each other.
    """
    not_negative("slow_share", slow_share)
    share = floats(slow_share)
    any_slow = -np.expm1(floats(nodes) * np.log1p(-np.minimum(share, 1.0 - 1e-16)))
    return 1.0 + (floats(slowdown) - 1.0) * any_slow


def jitter_factor(members: ArrayLike, jitter: ArrayLike) -> Array:
    """Return the expected factor on step time from random jitter of all members.

    1 + jitter E[max of n standard normals], with `jitter` the standard deviation over the mean; the maximum
    is the normal quantile at (n - 3/8) / (n + 1/4), within 0.03 for any n. Blom, Statistical Estimates and
    Transformed Beta-Variables, 1958.
    """
    at_least_one("members", members)
    not_negative("jitter", jitter)
    from scipy.special import ndtri

    number = floats(members)
    largest = floats(ndtri((number - 0.375) / (number + 0.25)))
    return 1.0 + floats(jitter) * largest


def sagging_mean(sag: ArrayLike, period: ArrayLike) -> Array:
    """Return the mean efficiency over `period` days after a restart, relative to its first hour.

    (1 - exp(-sag period)) / (sag period), with `sag` the loss per day. A plan needs this and not the value
    of the first hour.
    """
    not_negative("sag", sag)
    lost = floats(sag) * floats(period)
    return floats(np.divide(-np.expm1(-lost), lost, out=np.ones_like(lost), where=lost > 0))


def sag_restart_period(restart: ArrayLike, sag: ArrayLike) -> Array:
    """Return the days between planned restarts that lose least to sagging and restarting, to first order.

    sqrt(2 restart / sag): a restart of `restart` days trades against the sag as a checkpoint does against
    lost work.
    """
    positive("sag", sag)
    return young1974(restart, 1.0 / floats(sag))
