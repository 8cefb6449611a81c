from datetime import date

import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.runs import (
    Run,
    chips_needed,
    expected_interruptions,
    expected_wall_time,
    finish_probability,
    goodput,
    hours_lost_each,
    hours_until,
    immature,
    run_cost,
    run_energy,
    work_hours,
)

CALM = Run(work=1000.0, rate=0.0, checkpoint=0.1, restart=0.5, interval=1.0)
ROUGH = Run(work=1000.0, rate=0.25, checkpoint=0.02, restart=0.3)


def test_a_calm_run_takes_its_work_and_its_checkpoints():
    assert expected_wall_time(CALM) == pytest.approx(1100.0)
    assert goodput(CALM, expected_wall_time(CALM)) == pytest.approx(1000 / 1100)
    assert expected_interruptions(CALM) == 0


def test_a_run_without_failures_saves_once_if_no_interval_is_stated():
    run = Run(work=1000.0, rate=0.0, checkpoint=0.1, restart=0.5)
    assert expected_wall_time(run) == pytest.approx(1000.1)


def test_planned_pauses_add_to_the_end():
    run = Run(work=1000.0, rate=0.0, checkpoint=0.1, restart=0.5, interval=1.0, planned=24.0)
    assert expected_wall_time(run) == pytest.approx(1124.0)


def test_stragglers_stretch_the_work_but_are_not_lost_goodput():
    run = Run(work=1000.0, rate=0.0, checkpoint=0.1, restart=0.5, interval=1.0, slowdown=1.2)
    assert expected_wall_time(run) == pytest.approx(1320.0)
    assert goodput(run, expected_wall_time(run)) == pytest.approx(1000 / 1100)


def test_loss_spikes_repeat_what_they_discard():
    run = Run(
        work=900.0,
        rate=0.0,
        checkpoint=0.0,
        restart=0.0,
        interval=1.0,
        spike_rate=0.01,
        spike_rollback=10.0,
        spike_outage=2.0,
    )
    assert run.progress == pytest.approx(1000.0)
    assert expected_wall_time(run) == pytest.approx(1020.0)


def test_spikes_that_outrun_the_progress_never_finish():
    run = Run(900.0, 0.1, 0.1, 0.1, spike_rate=0.1, spike_rollback=np.array([5.0, 10.0]))
    wall = expected_wall_time(run)
    assert np.isfinite(wall[0])
    assert np.isinf(wall[1])


def test_immature_software_is_slower_and_fails_more():
    worse = immature(ROUGH, np.array([1.0, 0.5]), np.array([1.0, 3.0]))
    wall = expected_wall_time(worse)
    assert wall[0] == pytest.approx(expected_wall_time(ROUGH))
    assert wall[1] > 2 * wall[0]
    with pytest.raises(InputError, match=r"efficiency: must be at most 1, is 1\.2"):
        immature(ROUGH, 1.2, 1.0)


def test_work_hours_by_hand():
    # 1e24 operations on 1,000 chips of 1e15 at half of the peak: 2e6 seconds.
    assert work_hours(1e24, 1000, 1e15, 0.5) == pytest.approx(2e6 / 3600)
    with pytest.raises(InputError, match="chips: must be positive, is 0"):
        work_hours(1e24, 0, 1e15, 0.5)
    with pytest.raises(InputError, match=r"utilisation: must be at most 1, is 1\.5"):
        work_hours(1e24, 10, 1e15, 1.5)


def test_the_chance_to_finish_counts_weighted_draws():
    wall = np.array([10.0, 20.0, 30.0, np.inf])
    assert finish_probability(wall, 20.0) == 0.5
    assert finish_probability(wall, 20.0, np.array([3.0, 0.0, 1.0, 0.0])) == 0.75
    np.testing.assert_array_equal(finish_probability(wall, np.array([5.0, 35.0])), [0.0, 0.75])


def test_a_deadline_includes_its_day():
    assert hours_until(date(2026, 1, 1), date(2026, 1, 1)) == 24.0
    assert hours_until(date(2026, 1, 1), date(2026, 12, 31)) == 365 * 24.0
    with pytest.raises(InputError, match="deadline: 2025-12-31 is before the start on 2026-01-01"):
        hours_until(date(2026, 1, 1), date(2025, 12, 31))


def test_the_fewest_chips_that_suffice_are_found():
    assert chips_needed(lambda chips: float(chips >= 137), 0.9, least=1, most=10_000) == 137
    assert chips_needed(lambda chips: float(chips >= 137), 0.9, least=8, most=10_000, step=8) == 144
    assert chips_needed(lambda chips: 1.0, 0.9, least=1, most=10) == 1


def test_a_confidence_that_no_number_of_chips_reaches_is_told():
    with pytest.raises(InputError, match=r"no number of chips from 1 to 1,000 reaches 90%; the best is 60% with 5"):
        chips_needed(lambda chips: 0.6 if chips == 5 else 0.1, 0.9, least=1, most=1000)


def test_more_chips_may_finish_later_because_they_fail_more():
    def wall(chips):
        return expected_wall_time(Run(1e6 / chips, chips * 1e-4, 0.5, 1.0))

    walls = [float(wall(chips)) for chips in (100, 1000, 10_000, 100_000)]
    assert walls[0] > walls[1]
    assert walls[3] > walls[2]


def test_energy_and_cost():
    assert run_energy(1000, 700.0, 1.2, 100.0) == pytest.approx(84_000.0)
    assert run_cost(1000, 2.0, 100.0, 5000.0) == 205_000.0
    with pytest.raises(InputError, match=r"overhead: must be at least 1, is 0\.9"):
        run_energy(1, 1.0, 0.9, 1.0)


def test_hours_lost_each_need_interruptions_and_a_loss():
    assert hours_lost_each(110.0, 100.0, 5) == 2.0
    with pytest.raises(InputError, match="interruptions: must be positive"):
        hours_lost_each(110.0, 100.0, 0)
    with pytest.raises(InputError, match="wall less useful: cannot be negative"):
        hours_lost_each(90.0, 100.0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"work": 0.0}, "work: must be positive, is 0"),
        ({"rate": -1.0}, "rate: cannot be negative, is -1"),
        ({"slowdown": 0.9}, "slowdown: must be at least 1, is 0.9"),
        ({"interval": 0.0}, "interval: must be positive, is 0"),
        ({"checkpoint": 0.0}, "interval: is needed where a checkpoint costs nothing; state it in hours"),
    ],
)
def test_impossible_runs_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        Run(**{"work": 1.0, "rate": 0.1, "checkpoint": 0.1, "restart": 0.1, **change})
