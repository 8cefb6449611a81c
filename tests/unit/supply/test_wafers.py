import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.supply.wafers import delayed, ramp, wafer_starts


def test_a_ramp_rises_in_a_straight_line():
    months = np.arange(24310, 24316)
    np.testing.assert_allclose(ramp(months, np.array([24311.0]), 4.0)[:, 0], [0, 0, 0.25, 0.5, 0.75, 1])


def test_a_ramp_may_start_within_a_month():
    np.testing.assert_allclose(ramp(np.arange(3), np.array([0.5]), np.array([2.0]))[:, 0], [0, 0.25, 0.75])


def test_a_ramp_of_no_months_is_a_step():
    np.testing.assert_array_equal(ramp(np.arange(4), np.array([2.0, 1.5]), 0.0).T, [[0, 0, 1, 1], [0, 0, 1, 1]])


def test_each_draw_has_its_own_ramp():
    shares = ramp(np.arange(5), np.array([0.0, 2.0, 4.0]), np.array([4.0, 0.0, 1.0]))
    assert shares.shape == (5, 3)
    np.testing.assert_array_equal(shares[4], [1, 1, 0])


def test_one_month_gives_one_row():
    np.testing.assert_array_equal(ramp(6, np.array([0.0, 4.0]), 4.0), [1.0, 0.5])


def test_starts_are_capacity_loaded_and_shared():
    starts = wafer_starts(np.full((2, 3), 20_000.0), np.array([0.9, 1.0, 0.5]), 0.25)
    np.testing.assert_allclose(starts, [[4500, 5000, 2500]] * 2)


def test_a_lag_of_nothing_changes_nothing():
    flow = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(delayed(flow, 0.0), flow)
    np.testing.assert_array_equal(delayed(flow, np.zeros(3)), flow)


def test_a_whole_lag_moves_the_flow():
    np.testing.assert_array_equal(delayed(np.array([[1.0], [2.0], [3.0]]), np.array([2.0])), [[0], [0], [1]])


def test_a_fractional_lag_splits_a_month_between_its_neighbours():
    np.testing.assert_allclose(delayed(np.array([[8.0], [0.0], [0.0], [0.0]]), 1.25)[:, 0], [0, 6, 2, 0])


def test_each_draw_has_its_own_lag():
    later = delayed(np.array([[8.0] * 3, [4.0] * 3, [0.0] * 3]), np.array([0.0, 1.0, 0.5]))
    np.testing.assert_allclose(later.T, [[8, 4, 0], [0, 8, 4], [4, 6, 2]])


@pytest.mark.parametrize("lag", [3.0, 3.5, 1e9, np.inf])
def test_what_comes_after_the_last_month_is_left_out(lag):
    assert not delayed(np.ones((3, 2)), lag).any()
    np.testing.assert_array_equal(delayed(np.ones((3, 2)), np.array([0.0, lag])).T, [[1, 1, 1], [0, 0, 0]])


def test_one_number_and_a_row_of_it_agree_to_the_bit():
    flow = np.random.default_rng(3).random((24, 8))
    np.testing.assert_array_equal(delayed(flow, 2.7), delayed(flow, np.full(8, 2.7)))


def test_leading_axes_are_carried_along():
    flow = np.random.default_rng(4).random((2, 5, 3))
    lag = np.array([0.0, 1.5, 2.0])
    later = delayed(flow, lag)
    for fab in range(2):
        np.testing.assert_array_equal(later[fab], delayed(flow[fab], lag))


def test_the_flow_given_is_left_as_it_was():
    flow = np.ones((3, 2))
    delayed(flow, np.array([0.5, 1.0]))
    np.testing.assert_array_equal(flow, np.ones((3, 2)))


@pytest.mark.parametrize("lag", [-0.1, np.nan, np.array([1.0, -1.0])])
def test_a_negative_lag_is_refused(lag):
    with pytest.raises(QuantityError, match=r"^a lag is below 0 or not a number; give months, 0 or more$"):
        delayed(np.ones((3, 2)), lag)
