"""What slows a synchronous job without stopping it: slow nodes, jitter, and efficiency that sags.

A step takes as long as its slowest member. Slow-downs are factors of at least 1 on the step time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.checkpoints import young1974
from autarky.workloads.inputs import floats, not_negative, positive


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

    1 + jitter E[max of n standard normals], with `jitter` the standard deviation over the mean. The maximum
    is taken from its extreme-value expansion, within 0.05 for 8 members and more; 1 for one member.
    """
    positive("members", members)
    number = np.maximum(floats(members), 1.0)
    root = np.sqrt(2.0 * np.log(np.maximum(number, _FEW)))
    euler = 0.5772156649015329
    largest = root - (np.log(np.log(np.maximum(number, _FEW))) + np.log(4.0 * np.pi)) / (2.0 * root) + euler / root
    # Few members: straight to the mean of one, which is zero.
    few = largest * (number - 1.0) / (_FEW - 1.0)
    return floats(1.0 + floats(jitter) * np.where(number < _FEW, few, largest))


_FEW = 8.0


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
