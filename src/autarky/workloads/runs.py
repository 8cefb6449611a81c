"""Will a training run finish? Expected wall time, goodput, and the chance to be done by a date.

A run needs some hours of undisturbed work. Slow members stretch it, checkpoints block it, failures throw it
back to the last checkpoint, loss spikes throw its progress back, and immature software does more of all.
Every input may be an array of draws, shape (draw,); results have the same shape. Hours throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.checkpoints import daly2006, daly2006_wall_time, expected_failures
from autarky.workloads.failures import HOURS_A_DAY, mean_time_between
from autarky.workloads.inputs import at_least_one, at_most_one, floats, not_negative, positive, share

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class Run:
    """A training run on a fixed number of chips; each input is a number or an array of draws.

    work            hours of work at the nominal step time, without any disturbance
    rate            interruptions per hour (see `failures.failure_rate`)
    checkpoint      hours for which a checkpoint blocks the job
    restart         hours from the found fault to the next step, itself open to failures
    detection       hours until a fault is found and a spare is at hand
    interval        hours of work between checkpoints; None takes the interval that loses least
    durable_after   hours after a checkpoint until it can be restored from; a failure before costs the one
                    before it
    slowdown        factor of at least 1 on the step time (stragglers, sag)
    spike_rate      loss spikes per hour of work
    spike_rollback  hours of progress that a loss spike discards
    spike_outage    hours to act on a loss spike
    planned         hours of planned interruptions in the whole run
    """

    work: ArrayLike
    rate: ArrayLike
    checkpoint: ArrayLike
    restart: ArrayLike
    detection: ArrayLike = 0.0
    interval: ArrayLike | None = None
    durable_after: ArrayLike = 0.0
    slowdown: ArrayLike = 1.0
    spike_rate: ArrayLike = 0.0
    spike_rollback: ArrayLike = 0.0
    spike_outage: ArrayLike = 0.0
    planned: ArrayLike = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                not_negative(name, value)
        positive("work", self.work)
        at_least_one("slowdown", self.slowdown)
        if self.interval is not None:
            positive("interval", self.interval)
        elif np.any(floats(self.checkpoint) == 0):
            raise InputError(
                Problem("is needed where a checkpoint costs nothing", field="interval", hint="state it in hours")
            )

    @property
    def progress(self) -> Array:
        """Hours of progress to make in all, what loss spikes discard included; infinite if they outrun it."""
        kept = 1.0 - floats(self.spike_rate) * floats(self.spike_rollback)
        needed = floats(self.work) * floats(self.slowdown)
        needed, kept = np.broadcast_arrays(needed, kept)
        return floats(np.divide(needed, kept, out=np.full(needed.shape, np.inf), where=kept > 0))

    @property
    def checkpoint_interval(self) -> Array:
        """Hours of work between checkpoints, as stated or as `daly2006` finds it; never past the work."""
        if self.interval is not None:
            stated = floats(self.interval)
        else:
            mean = mean_time_between(self.rate)
            finite = np.where(np.isinf(mean), 1.0, mean)
            stated = np.where(np.isinf(mean), np.inf, daly2006(self.checkpoint, finite))
        return np.minimum(stated, floats(self.work) * floats(self.slowdown))


def expected_wall_time(run: Run) -> Array:
    """Return the expected hours from start to finish, infinite where the run cannot finish."""
    progress, interval = run.progress, run.checkpoint_interval
    endless = np.isinf(progress)
    finite = np.where(endless, 1.0, progress)
    struck = daly2006_wall_time(finite, interval, run.checkpoint, run.rate, run.restart, run.detection)
    # Only failures of the running job lose a checkpoint that cannot be restored from yet.
    running = expected_failures(finite, interval, run.checkpoint, run.rate)
    again = running * np.minimum(run.durable_after, interval)
    spikes = floats(run.spike_rate) * finite * floats(run.spike_outage)
    return np.where(endless, np.inf, struck + again + spikes + floats(run.planned))


def expected_interruptions(run: Run) -> Array:
    """Return the expected number of failures of a run."""
    return expected_failures(run.progress, run.checkpoint_interval, run.checkpoint, run.rate, run.restart)


def goodput(run: Run, wall: ArrayLike) -> Array:
    """Return useful training time over wall time, the time that the work takes at its own pace being useful."""
    positive("wall", wall)
    return floats(run.work) * floats(run.slowdown) / floats(wall)


def work_hours(flop: ArrayLike, chips: ArrayLike, chip_rate: ArrayLike, utilisation: ArrayLike) -> Array:
    """Return the undisturbed hours of a job of `flop` operations.

    `chip_rate` is the dense peak of a chip in FLOP/s, `utilisation` the share of it that the job reaches.
    """
    for name, value in (("flop", flop), ("chips", chips), ("chip_rate", chip_rate)):
        positive(name, value)
    positive("utilisation", utilisation)
    at_most_one("utilisation", utilisation)
    speed = floats(chips) * floats(chip_rate) * floats(utilisation)
    return floats(flop) / (speed * SECONDS_AN_HOUR)


def immature(run: Run, efficiency: ArrayLike, failures: ArrayLike) -> Run:
    """Return the run under immature software.

    `efficiency` is the share of a mature stack's speed, in (0, 1]; `failures` multiplies the interruptions.
    Both are uncertain quantities of a chip family and its software at a date.
    """
    positive("efficiency", efficiency)
    at_most_one("efficiency", efficiency)
    not_negative("failures", failures)
    return replace(
        run,
        work=floats(run.work) / floats(efficiency),
        rate=floats(run.rate) * floats(failures),
    )


def finish_probability(wall: Array, available: ArrayLike, weights: Array | None = None) -> Array:
    """Return the probability that a run is done within `available` hours, from draws on the last axis."""
    done = floats(wall)[..., :] <= floats(available)[..., None]
    if weights is None:
        return floats(done.mean(axis=-1))
    return floats((done * weights).sum(axis=-1) / np.sum(weights))


def chips_needed(
    probability: Callable[[int], float], confidence: float, *, least: int, most: int, step: int = 1
) -> int:
    """Return the fewest chips with which a run finishes in time with probability `confidence`.

    `probability` gives the chance for a number of chips, from the same draws each time. More chips also fail
    more, so the chance may fall again: numbers from `least` to `most` are tried upward, a tenth more each
    time, and the first that suffices is refined to multiples of `step`.
    """
    share("confidence", confidence)
    if not 1 <= least <= most or step < 1:
        raise InputError(Problem(f"must rise from at least 1, are {least} and {most}", field="chips"))
    best, best_chips, below = -1.0, least, 0
    tried = -(-least // step)
    while tried * step <= most:
        chance = probability(tried * step)
        if chance >= confidence:
            return _fewest(probability, confidence, below, tried, step)
        if chance > best:
            best, best_chips = chance, tried * step
        below, tried = tried, max(tried + 1, int(tried * 1.1))
    raise InputError(
        Problem(
            f"no number of chips from {least:,} to {most:,} reaches {confidence:.0%}",
            field="chips",
            hint=f"the best is {best:.0%} with {best_chips:,}",
        )
    )


def _fewest(probability: Callable[[int], float], confidence: float, below: int, enough: int, step: int) -> int:
    while enough - below > 1:
        middle = (below + enough) // 2
        if probability(middle * step) >= confidence:
            enough = middle
        else:
            below = middle
    return enough * step


def run_energy(chips: ArrayLike, watts: ArrayLike, overhead: ArrayLike, wall: ArrayLike) -> Array:
    """Return the energy of a run in kWh: chips, all-in power per chip in W, PUE `overhead`, wall hours."""
    at_least_one("overhead", overhead)
    return floats(chips) * floats(watts) * floats(overhead) * floats(wall) / 1000.0


def run_cost(chips: ArrayLike, chip_hour: ArrayLike, wall: ArrayLike, energy_cost: ArrayLike = 0.0) -> Array:
    """Return the cost of a run: chips times hours at the price of a chip-hour, and energy if apart."""
    return floats(chips) * floats(chip_hour) * floats(wall) + floats(energy_cost)


def hours_lost_each(wall: ArrayLike, useful: ArrayLike, interruptions: ArrayLike) -> Array:
    """Return the hours that each interruption of a finished run cost on average."""
    positive("interruptions", interruptions)
    lost = floats(wall) - floats(useful)
    not_negative("wall less useful", lost)
    return lost / floats(interruptions)


def hours_until(start: date, deadline: date) -> float:
    """Return the hours from the beginning of `start` to the end of `deadline`, for `finish_probability`."""
    if deadline < start:
        raise InputError(Problem(f"{deadline} is before the start on {start}", field="deadline"))
    return ((deadline - start).days + 1) * HOURS_A_DAY
