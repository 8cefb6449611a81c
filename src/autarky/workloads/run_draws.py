"""Simulated training runs, one a draw: the wall time with its luck, not only its mean.

All draws advance together from failure to failure. The level of a draw's n-th failure depends on its key and
index alone, so two runs that differ in one input meet the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats
from autarky.workloads.runs import Run, expected_interruptions, expected_wall_time


class Levels(Protocol):
    """Gives levels in (0, 1) for a key and a range of draws."""

    def uniform(self, key: str, start: int, stop: int) -> Array:
        """Return the levels of draws `start` until `stop`."""
        ...


@dataclass(frozen=True)
class SimulatedRuns:
    """Outcome of simulated runs, shape (draw,); `wall` is infinite where a run passed its horizon."""

    wall: Array
    failures: Array
    spikes: Array
    lost: Array
    stopped: Array

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Whether each run finished before its horizon."""
        return np.isfinite(self.wall)


def simulate_runs(
    run: Run,
    levels: Levels,
    draws: int,
    *,
    key: str = "runs",
    start: int = 0,
    horizon: float = np.inf,
    detection_spread: ArrayLike = 0.0,
) -> SimulatedRuns:
    """Return simulated wall times in hours, shape (draw,).

    Failures and loss spikes come at constant rates while the job runs or restarts; detection passes
    undisturbed. `detection_spread` is the standard deviation of the logarithm of the time to detection, whose
    mean is kept: recoveries are skewed, most quick and a few very long. A run past `horizon` hours is given
    up, and so is at once one that is expected to take a multiple of that; a finite horizon is needed where a run
    may never finish. What is left of a run after `DRAWN_EVENTS` events takes its expected time: by then luck has
    averaged out. Agrees with `expected_wall_time`.
    """
    if draws < 1:
        raise InputError(Problem(f"must be at least 1, is {draws}", field="draws"))
    if np.isinf(horizon) and np.any(expected_interruptions(run) > _MOST_EVENTS):
        raise InputError(
            Problem(
                "is needed: some draws hardly ever reach their next checkpoint",
                field="horizon",
                hint="state the hours after which a run is given up",
            )
        )
    state = _State(run, draws, horizon)
    spread = np.broadcast_to(floats(detection_spread), (draws,))
    skewed = bool(np.any(spread > 0))
    event = 0
    while state.live.size and event < DRAWN_EVENTS:
        first = levels.uniform(f"{key}.time-{event}", start, start + draws)[state.live]
        second = third = None
        if state.spiky:
            second = levels.uniform(f"{key}.spike-{event}", start, start + draws)[state.live]
        if skewed:
            third = levels.uniform(f"{key}.detection-{event}", start, start + draws)[state.live]
        stretch = _stretch(third, spread[state.live])
        state.advance(-np.log(first), None if second is None else -np.log(second), stretch)
        event += 1
    state.finish(run)
    return SimulatedRuns(state.wall + state.planned, state.failures, state.spikes, state.lost, state.stopped)


def _stretch(level: Array | None, spread: Array) -> Array | float:
    """Return the factor on the mean time to detection, a lognormal of mean one."""
    if level is None:
        return 1.0
    from scipy.special import ndtri

    return floats(np.exp(spread * ndtri(level) - spread**2 / 2.0))


class _State:
    """Where each draw stands; `live` holds the draws that still run."""

    def __init__(self, run: Run, draws: int, horizon: float) -> None:
        def spread(value: ArrayLike) -> Array:
            return np.array(np.broadcast_to(floats(value), (draws,)))

        self.work = spread(floats(run.work) * floats(run.slowdown))
        self.rate, self.spike_rate = spread(run.rate), spread(run.spike_rate)
        self.cost, self.restart, self.detection = spread(run.checkpoint), spread(run.restart), spread(run.detection)
        self.interval = spread(run.checkpoint_interval)
        self.durable_after = np.minimum(spread(run.durable_after), self.interval)
        self.rollback, self.spike_outage = spread(run.spike_rollback), spread(run.spike_outage)
        self.planned = spread(run.planned)
        self.horizon = horizon
        self.spiky = bool(np.any(self.spike_rate > 0))
        self.wall, self.saved = np.zeros(draws), np.zeros(draws)
        self.failures, self.spikes = np.zeros(draws), np.zeros(draws)
        self.lost, self.stopped = np.zeros(draws), np.zeros(draws)
        self.restarting = np.zeros(draws, dtype=bool)
        self.live = np.arange(draws)
        if np.isfinite(horizon):
            hopeless = np.broadcast_to(expected_wall_time(run) > _HOPELESS * horizon, (draws,))
            self.wall[hopeless] = np.inf
            self.live = self.live[~hopeless]

    def advance(self, to_failure: Array, to_spike: Array | None, stretch: Array | float) -> None:
        """Carry every live draw to its next failure, its next loss spike, or its end."""
        live = self.live
        cycle = self.interval[live] + self.cost[live]
        left = self.work[live] - self.saved[live]
        checkpoints = np.ceil(left / self.interval[live] - _ROUNDING)
        whole = left + checkpoints * self.cost[live]
        delay = np.where(self.restarting[live], self.restart[live], 0.0)
        with np.errstate(divide="ignore"):
            failure = to_failure / self.rate[live]
            spike = np.full(live.size, np.inf)
            if to_spike is not None:
                # Spikes come per hour of work, and checkpoints are no work.
                spike = to_spike / self.spike_rate[live] * cycle / self.interval[live] + delay
        end = whole + delay
        strikes = (failure < end) & (failure <= spike)
        spikes = (spike < end) & ~strikes
        passed = np.where(strikes, failure, np.where(spikes, spike, end))
        running = np.maximum(passed - delay, 0.0)
        made = np.floor(running / cycle + _ROUNDING) * self.interval[live]
        into = np.minimum(running - made / self.interval[live] * cycle, self.interval[live])
        made = np.minimum(made, left)
        self.wall[live] += passed
        self.stopped[live] += np.where(strikes & (failure < delay), passed, delay)
        self._fail(live[strikes], made[strikes], running[strikes], np.broadcast_to(stretch, live.shape)[strikes])
        self._spike(live[spikes], np.minimum(made + into, left)[spikes])
        self.restarting[live] = strikes
        done = ~strikes & ~spikes
        given_up = ~done & (self.wall[live] > self.horizon)
        self.wall[live[given_up]] = np.inf
        self.wall[live[done & (self.wall[live] > self.horizon)]] = np.inf
        self.live = live[~done & ~given_up]

    def finish(self, run: Run) -> None:
        """Let the draws that still run take the expected time and failures of the work that they have left."""
        live = self.live
        share = 1.0 - self.saved[live] / self.work[live]
        wall, failures = (
            np.broadcast_to(expected, self.wall.shape)[live]
            for expected in (expected_wall_time(run) - floats(run.planned), expected_interruptions(run))
        )
        spent = self.wall[live] + share * wall
        self.lost[live] += share * (wall - self.work[live] * (1.0 + self.cost[live] / self.interval[live]))
        self.failures[live] += share * failures
        self.wall[live] = np.where(spent > self.horizon, np.inf, spent)
        self.live = live[:0]

    def _fail(self, struck: NDArray[np.intp], made: Array, running: Array, stretch: Array) -> None:
        idle = self.detection[struck] * stretch
        # A checkpoint that was not yet durable is lost as well, as time that has to be worked again.
        again = np.where(running > 0, self.durable_after[struck], 0.0)
        self.saved[struck] += made
        self.lost[struck] += running - made / self.interval[struck] * (self.interval[struck] + self.cost[struck])
        self.lost[struck] += again
        self.wall[struck] += idle + again
        self.stopped[struck] += idle
        self.failures[struck] += 1

    def _spike(self, struck: NDArray[np.intp], made: Array) -> None:
        kept = np.maximum(self.saved[struck] + made - self.rollback[struck], 0.0)
        self.lost[struck] += self.saved[struck] + made - kept
        self.saved[struck] = kept
        self.wall[struck] += self.spike_outage[struck]
        self.stopped[struck] += self.spike_outage[struck]
        self.spikes[struck] += 1


DRAWN_EVENTS = 2000
"""Failures and loss spikes of a run that are drawn one by one; the relative luck of so many is some percent."""
# A run with more failures than this is no plan; without a horizon it would only cost time.
_MOST_EVENTS = 100_000
# Luck never makes a run so much faster than it is expected to be; waiting for it would only cost time.
_HOPELESS = 3.0
# Whole numbers of intervals must not be missed by the rounding of a quotient.
_ROUNDING = 1e-9
