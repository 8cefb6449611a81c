"""How often a large job is interrupted: rates from parts, and rates from what was counted.

Rates are per hour and add up: chips, links, nodes, and what strikes a job whatever its size. All functions
broadcast; random quantities have draws on the last axis.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats, not_negative, positive

HOURS_A_DAY = 24.0


def failure_rate(
    chips: ArrayLike,
    chip_rate: ArrayLike,
    *,
    links: ArrayLike = 0.0,
    link_rate: ArrayLike = 0.0,
    link_stops_job: ArrayLike = 1.0,
    job_rate: ArrayLike = 0.0,
    multiplier: ArrayLike = 1.0,
) -> Array:
    """Return the interruptions of a job per hour.

    `chip_rate` and `link_rate` are failures per chip and per link and hour, the chip's share of its node
    included; `link_stops_job` is the share of link failures that reach the job at all; `job_rate` strikes
    whatever the size (software, operators, storage). `multiplier` stands for immature software and applies
    to all.
    """
    chips, links = floats(chips), floats(links)
    parts = {
        "chips": chips,
        "chip_rate": chip_rate,
        "links": links,
        "link_rate": link_rate,
        "job_rate": job_rate,
        "multiplier": multiplier,
    }
    for name, value in parts.items():
        not_negative(name, value)
    own = chips * floats(chip_rate) + links * floats(link_rate) * floats(link_stops_job)
    return floats((own + floats(job_rate)) * floats(multiplier))


def mean_time_between(rate: ArrayLike) -> Array:
    """Return the mean hours between interruptions of a job, infinite where there are none."""
    rate = floats(rate)
    return floats(np.divide(1.0, rate, out=np.full(rate.shape, np.inf), where=rate > 0))


def rate_of_count(failures: ArrayLike, chips: ArrayLike, hours: ArrayLike) -> Array:
    """Return failures per chip and hour from a count over a period."""
    exposure = floats(chips) * floats(hours)
    positive("chips times hours", exposure)
    return floats(failures) / exposure


def rate_of_node_days(per_thousand: ArrayLike, chips_per_node: ArrayLike) -> Array:
    """Return failures per chip and hour from failures per thousand node-days."""
    positive("chips_per_node", chips_per_node)
    return floats(per_thousand) / (1000.0 * HOURS_A_DAY * floats(chips_per_node))


def rate_of_chip_days(chip_days: ArrayLike) -> Array:
    """Return failures per chip and hour from mean chip-days between failures."""
    positive("chip_days", chip_days)
    return 1.0 / (HOURS_A_DAY * floats(chip_days))


def wrong_shares(
    total: float, counts: Mapping[str, float], shares: Mapping[str, float], tolerance: float = 0.0005
) -> dict[str, tuple[float, float]]:
    """Return the causes whose printed share is not their count over the total: (printed, recomputed).

    `tolerance` is half of the last printed digit, as a share.
    """
    positive("total", total)
    recomputed = {cause: count / total for cause, count in counts.items()}
    return {
        cause: (shares[cause], recomputed[cause])
        for cause in counts
        if cause in shares and abs(shares[cause] - recomputed[cause]) > tolerance
    }
