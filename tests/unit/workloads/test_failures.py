import math

import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.failures import failure_rate, mean_time_between, rate_of_chip_days, rate_of_count
from autarky.workloads.spares import shortage_probability, spare_wait, spares_needed
from autarky.workloads.stragglers import (
    jitter_factor,
    sag_restart_period,
    sagging_mean,
    slow_node_factor,
)


def test_rates_add_up_over_chips_links_and_the_job():
    rate = failure_rate(100, 1e-3, links=200, link_rate=1e-3, link_stops_job=0.25, job_rate=0.05, multiplier=2.0)
    assert rate == pytest.approx(2 * (0.1 + 0.05 + 0.05))


def test_rates_keep_the_draws_on_the_last_axis():
    rate = failure_rate(100, np.array([1e-3, 2e-3]), multiplier=np.array([1.0, 3.0]))
    np.testing.assert_allclose(rate, [0.1, 0.6])


def test_a_job_without_failures_never_fails():
    assert mean_time_between(0.0) == np.inf
    np.testing.assert_array_equal(mean_time_between(np.array([0.0, 0.5])), [np.inf, 2.0])


def test_a_count_and_its_chip_days_agree():
    assert rate_of_count(10, 1000, 24 * 20) == pytest.approx(rate_of_chip_days(2000.0))


def test_negative_and_missing_numbers_are_refused():
    with pytest.raises(InputError, match="chips: cannot be negative, is -1"):
        failure_rate(-1, 1e-3)
    with pytest.raises(InputError, match="multiplier: cannot be negative, is nan"):
        failure_rate(1, 1e-3, multiplier=np.nan)
    with pytest.raises(InputError, match="chips times hours: must be positive, is 0"):
        rate_of_count(1, 0, 10)


def test_one_slow_node_slows_all():
    assert slow_node_factor(1, 0.1, 1.5) == pytest.approx(1.05)
    assert slow_node_factor(10_000, 0.01, 1.5) == pytest.approx(1.5)
    assert slow_node_factor(10_000, 0.0, 1.5) == 1.0
    assert slow_node_factor(3, 1.0, 1.5) == pytest.approx(1.5)


@pytest.mark.parametrize(("members", "largest"), [(1, 0.0), (2, 0.5642), (8, 1.4236), (1000, 3.2414)])
def test_jitter_grows_with_the_largest_of_the_members(members, largest):
    assert jitter_factor(members, 0.1) == pytest.approx(1 + 0.1 * largest, abs=3e-3)


def test_a_sag_of_nothing_costs_nothing():
    assert sagging_mean(0.0, 30.0) == 1.0
    with pytest.raises(InputError, match="sag: must be positive"):
        sag_restart_period(0.1, 0.0)


def test_restarting_at_the_best_period_beats_twice_and_half_of_it():
    restart, sag = 0.02, 0.05
    best = sag_restart_period(restart, sag)
    periods = best * np.array([0.5, 1.0, 2.0])
    speed = sagging_mean(sag, periods) * periods / (periods + restart)
    assert speed.argmax() == 1


def test_spares_run_short_as_a_poisson_number_is_in_repair():
    assert shortage_probability(0.0, 24.0, 0) == 1.0
    assert shortage_probability(0.0, 24.0, 1) == 0.0
    assert shortage_probability(0.1, 10.0, 1) == pytest.approx(1 - np.exp(-1))
    assert shortage_probability(0.1, 10.0, 2) == pytest.approx(1 - 2 * np.exp(-1))


def test_enough_spares_are_the_fewest_that_suffice():
    enough = spares_needed(0.3, 24.0, 0.99)
    assert shortage_probability(0.3, 24.0, enough) <= 0.01 < shortage_probability(0.3, 24.0, enough - 1)


def test_waits_fall_with_every_spare_and_without_spares_are_a_repair_at_least():
    waits = [spare_wait(0.05, 24.0, spares) for spares in range(6)]
    assert waits == sorted(waits, reverse=True)
    assert spare_wait(1e-9, 24.0, 0) == pytest.approx(24.0, rel=1e-6)
    with pytest.raises(InputError, match="spares: must be a whole number of at least 0, is -1"):
        spare_wait(0.05, 24.0, -1)
    with pytest.raises(InputError, match="confidence: must lie between 0 and 1, is 1"):
        spares_needed(0.1, 1.0, 1.0)


def test_spares_for_uncertain_rates_suffice_over_all_draws():
    rates = np.array([0.05, 0.2, 0.6])
    enough = spares_needed(rates, 24.0, 0.99)
    assert np.mean(shortage_probability(rates, 24.0, enough)) <= 0.01
    assert np.mean(shortage_probability(rates, 24.0, enough - 1)) > 0.01
    assert enough < spares_needed(0.6, 24.0, 0.99)


def test_the_wait_for_a_spare_is_the_sum_over_open_repairs():
    # One spare, a mean of one open repair: n found in repair with Poisson weights wait r (1/2 + ... + 1/(n + 1)).
    by_hand = sum(
        np.exp(-1) / math.factorial(number) * sum(1 / (place + 1) for place in range(1, number + 1))
        for number in range(1, 40)
    )
    np.testing.assert_allclose(
        spare_wait(np.array([0.1, 0.05]), np.array([10.0, 20.0]), 1), [10 * by_hand, 20 * by_hand]
    )
