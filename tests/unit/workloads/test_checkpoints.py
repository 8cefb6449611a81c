import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.checkpoints import (
    daly2006,
    daly2006_wall_time,
    expected_failures,
    kokolis2024,
    least_loss_interval,
    useful_share,
    young1974,
)


def test_young_by_hand():
    assert young1974(0.5, 100.0) == 10.0


def test_daly_approaches_young_for_cheap_checkpoints_and_the_mean_time_for_dear_ones():
    assert daly2006(1e-6, 10.0) == pytest.approx(young1974(1e-6, 10.0), rel=1e-3)
    np.testing.assert_array_equal(daly2006(np.array([20.0, 50.0]), 10.0), [10.0, 10.0])


@pytest.mark.parametrize("cost", [1e-4, 0.01, 0.1, 0.5, 1.0, 1.9])
def test_no_other_interval_loses_less_than_the_exact_one(cost):
    best = least_loss_interval(cost, 1.0)
    around = best * np.linspace(0.5, 1.5, 201)
    shares = useful_share(around, cost, 1.0, 0.1)
    assert useful_share(best, cost, 1.0, 0.1) >= shares.max() - 1e-12


def test_daly_loses_almost_nothing_against_the_exact_interval():
    cost = np.linspace(1e-4, 0.5, 50)
    exact = useful_share(least_loss_interval(cost, 1.0), cost, 1.0)
    daly = useful_share(daly2006(cost, 1.0), cost, 1.0)
    assert np.all(daly <= exact + 1e-12)
    assert np.max(exact / daly - 1) < 1e-4


def test_wall_time_without_failures_is_work_and_checkpoints():
    assert daly2006_wall_time(100.0, 2.0, 0.1, 0.0, 5.0, 5.0) == pytest.approx(105.0)


def test_wall_time_by_hand():
    # One hour of work, one interval, failures once an hour: e - 1 hours, each restart of ln 2 hours doubling it.
    assert daly2006_wall_time(1.0, 1.0, 0.0, 1.0) == pytest.approx(np.e - 1)
    assert daly2006_wall_time(1.0, 1.0, 0.0, 1.0, np.log(2)) == pytest.approx(2 * (np.e - 1))
    assert expected_failures(1.0, 1.0, 0.0, 1.0) == pytest.approx(np.e - 1)
    assert daly2006_wall_time(1.0, 1.0, 0.0, 1.0, 0.0, 0.5) == pytest.approx(1.5 * (np.e - 1))


def test_wall_time_is_continuous_as_failures_vanish():
    near, none = (daly2006_wall_time(100.0, 2.0, 0.1, rate, 0.5) for rate in (1e-9, 0.0))
    assert near == pytest.approx(none, rel=1e-6)


def test_kokolis_agrees_with_the_exact_form_while_failures_are_rare():
    interval, cost, rate, restart = 0.2, 0.001, 0.01, 0.2
    exact = useful_share(interval, cost, rate, restart)
    assert kokolis2024(interval, cost, rate, restart) == pytest.approx(exact, rel=1e-5)
    assert kokolis2024(interval, cost, 100.0, restart) == 0


def test_impossible_times_are_refused():
    with pytest.raises(InputError, match="mean_time: must be positive, is 0"):
        young1974(1.0, 0.0)
    with pytest.raises(InputError, match="interval: must be positive, is -1"):
        expected_failures(1.0, -1.0, 0.0, 1.0)
