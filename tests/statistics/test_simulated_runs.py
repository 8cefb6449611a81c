"""Simulated training runs against the closed form, and against themselves under changed inputs."""

from dataclasses import replace

import numpy as np
import pytest

from autarky.errors import InputError
from autarky.quantities.draws import Streams
from autarky.workloads.run_draws import DRAWN_EVENTS, simulate_runs
from autarky.workloads.runs import (
    Run,
    chips_needed,
    expected_interruptions,
    expected_wall_time,
    finish_probability,
)

DRAWS = 4096
LEVELS = Streams(7, [])
BASE = Run(work=1000.0, rate=0.25, checkpoint=0.02, restart=0.3, interval=0.5)


def simulated(run, **options):
    return simulate_runs(run, LEVELS, DRAWS, **options)


@pytest.mark.parametrize(
    "run",
    [
        BASE,
        replace(BASE, rate=1.0, checkpoint=0.2, interval=1.0),
        replace(BASE, detection=0.4),
        replace(BASE, slowdown=1.1),
        replace(BASE, durable_after=0.1),
        replace(BASE, interval=None, work=5000.0),
        replace(BASE, rate=np.linspace(0.05, 0.5, DRAWS)),
        replace(BASE, rate=1e-12, spike_rate=0.02, spike_rollback=3.0, spike_outage=1.0),
    ],
    ids=["base", "harsh", "detection", "slow", "durable", "daly", "uncertain rate", "spikes"],
)
def test_the_mean_of_simulated_runs_is_the_closed_form(run):
    expected = np.broadcast_to(expected_wall_time(run), (DRAWS,))
    surplus = simulated(run).wall - expected
    error = surplus.std() / np.sqrt(DRAWS)
    assert abs(surplus.mean()) < 3.5 * error
    assert error < 0.005 * expected.mean()


def test_the_check_notices_a_wrong_form():
    wrong = expected_wall_time(replace(BASE, restart=0.0))
    surplus = simulated(BASE).wall - wrong
    assert abs(surplus.mean()) > 10 * surplus.std() / np.sqrt(DRAWS)


def test_spikes_and_failures_together_stay_within_one_percent():
    run = replace(BASE, spike_rate=0.02, spike_rollback=3.0, spike_outage=1.0)
    assert simulated(run).wall.mean() == pytest.approx(float(expected_wall_time(run)), rel=0.01)


def test_failures_are_counted_and_every_hour_is_accounted_for():
    runs = simulated(BASE)
    assert runs.failures.mean() == pytest.approx(float(expected_interruptions(BASE)), rel=0.01)
    work = 1000.0 + 2000 * 0.02
    np.testing.assert_allclose(runs.wall, work + runs.lost + runs.stopped, rtol=1e-9)


def test_without_failures_a_run_takes_exactly_its_time():
    runs = simulated(replace(BASE, rate=0.0))
    np.testing.assert_allclose(runs.wall, 1040.0)


def test_equal_seeds_give_equal_bits_and_ranges_of_draws_agree():
    whole = simulate_runs(BASE, LEVELS, 64)
    again = simulate_runs(BASE, Streams(7, []), 64)
    np.testing.assert_array_equal(whole.wall, again.wall)
    tail = simulate_runs(BASE, LEVELS, 32, start=32)
    np.testing.assert_array_equal(whole.wall[32:], tail.wall)


def test_the_same_luck_meets_a_longer_restart():
    assert np.all(simulated(replace(BASE, detection=0.5)).wall >= simulated(BASE).wall)


def test_a_skewed_detection_keeps_the_mean_and_widens_the_tail():
    run = replace(BASE, detection=0.5)
    even, skewed = simulated(run), simulated(run, detection_spread=1.5)
    assert skewed.wall.mean() == pytest.approx(even.wall.mean(), rel=0.01)
    assert skewed.wall.std() > 1.5 * even.wall.std()


def test_what_is_left_after_many_drawn_failures_takes_its_expected_time():
    long = replace(BASE, work=3000.0, rate=1.0)
    drawn = simulated(long)
    expected = float(expected_wall_time(long))
    assert drawn.failures.mean() > 2 * DRAWN_EVENTS
    assert drawn.failures.mean() == pytest.approx(float(expected_interruptions(long)), rel=0.01)
    assert drawn.wall.mean() == pytest.approx(expected, rel=3.5 * drawn.wall.std() / expected / np.sqrt(DRAWS))
    np.testing.assert_allclose(drawn.wall, 3000 * 1.04 + drawn.lost + drawn.stopped, rtol=1e-9)


def test_the_spread_of_detection_may_differ_between_draws():
    run = replace(BASE, detection=0.5)
    spread = np.where(np.arange(DRAWS) % 2 == 0, 0.0, 1.5)
    mixed = simulated(run, detection_spread=spread)
    even, skewed = simulated(run, detection_spread=0.0), simulated(run, detection_spread=1.5)
    np.testing.assert_array_equal(mixed.wall[::2], even.wall[::2])
    np.testing.assert_array_equal(mixed.wall[1::2], skewed.wall[1::2])


def test_draws_that_could_only_pass_the_horizon_are_given_up_at_once():
    rates = np.where(np.arange(DRAWS) < 8, 20.0, 0.25)
    runs = simulated(replace(BASE, rate=rates), horizon=5000.0)
    assert not runs.finished[:8].any()
    assert runs.failures[:8].sum() == 0
    np.testing.assert_array_equal(runs.wall[8:], simulated(BASE, horizon=5000.0).wall[8:])


def test_a_run_past_its_horizon_is_given_up():
    horizon = float(expected_wall_time(BASE))
    runs = simulated(BASE, horizon=horizon)
    assert 0 < runs.finished.mean() < 1
    assert np.all(runs.wall[runs.finished] <= horizon)
    free = simulated(BASE)
    np.testing.assert_array_equal(runs.finished, free.wall <= horizon)


def test_a_run_that_may_never_end_needs_a_horizon():
    hopeless = replace(BASE, rate=50.0)
    with pytest.raises(InputError, match="horizon: is needed: some draws hardly ever reach their next checkpoint"):
        simulated(hopeless)
    assert not simulated(hopeless, horizon=20.0).finished.any()
    with pytest.raises(InputError, match="draws: must be at least 1, is 0"):
        simulate_runs(BASE, LEVELS, 0)


def test_chips_for_a_confidence_come_from_the_same_draws():
    rates = np.exp(np.random.default_rng(3).normal(np.log(2e-5), 0.5, DRAWS))

    def chance(chips):
        run = Run(work=2e6 / chips, rate=chips * rates, checkpoint=0.02, restart=0.3)
        return float(finish_probability(expected_wall_time(run), 60 * 24.0))

    likely, sure = (chips_needed(chance, level, least=500, most=20_000) for level in (0.5, 0.95))
    assert 1389 < likely < sure
    assert chance(sure) >= 0.95 > chance(sure - 1)
