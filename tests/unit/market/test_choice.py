import numpy as np
import pytest

from autarky.market.choice import appeal, sales, spill_over


def one(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def chosen(demand, weights, capacity, limits=None):
    drawn = np.array(weights, dtype=float)[..., np.newaxis]
    most = np.full(drawn.shape, np.inf) if limits is None else np.array(limits, dtype=float)[..., np.newaxis]
    taken, left = spill_over(one(*demand), drawn, one(*capacity), most)
    return taken[:, 0], left[:, 0]


def test_with_room_for_all_the_shares_are_those_of_the_logit():
    taken, left = chosen([100], [[3, 1]], [1e9, 1e9])
    np.testing.assert_allclose(taken, [75, 25])
    assert left == 0


def test_what_runs_short_spills_over_to_the_next_choice():
    taken, left = chosen([100], [[3, 1]], [30, 1e9])
    np.testing.assert_allclose(taken, [30, 70])
    assert left == 0


def test_what_nothing_can_meet_is_left_over():
    taken, left = chosen([100], [[3, 1]], [30, 20])
    np.testing.assert_allclose(taken, [30, 20])
    np.testing.assert_allclose(left, 50)


def test_a_shortage_is_rationed_by_what_the_groups_ask_for():
    taken, left = chosen([90, 30], [[1], [1]], [60])
    np.testing.assert_allclose(taken, [60])
    np.testing.assert_allclose(left, [45, 15])


def test_a_group_that_does_not_buy_a_chip_leaves_it_to_the_others():
    # The second group may buy only the second chip, and does so.
    taken, left = chosen([100, 100], [[1, 0], [0, 1]], [500, 40])
    np.testing.assert_allclose(taken, [100, 40])
    np.testing.assert_allclose(left, [0, 60])


def test_a_limit_on_one_group_spills_its_demand_over():
    taken, left = chosen([100, 100], [[1, 1], [1, 1]], [1e9, 1e9], limits=[[10, np.inf], [np.inf, np.inf]])
    np.testing.assert_allclose(taken, [60, 140])
    np.testing.assert_allclose(left, [0, 0])


def test_zero_demand_buys_nothing_and_breaks_nothing():
    taken, left = chosen([0], [[3, 1]], [30, 20])
    assert not taken.any()
    assert not left.any()


def test_draws_do_not_touch_each_other():
    random = np.random.default_rng(3)
    demand, weights = random.random((2, 40)) * 100, random.random((2, 3, 40))
    capacity, limits = random.random((3, 40)) * 60, random.random((2, 3, 40)) * 60
    together, left = spill_over(demand, weights, capacity, limits)
    for draw in range(40):
        cut = slice(draw, draw + 1)
        alone, rest = spill_over(demand[:, cut], weights[..., cut], capacity[:, cut], limits[..., cut])
        np.testing.assert_array_equal(together[:, cut], alone)
        np.testing.assert_array_equal(left[:, cut], rest)


def test_appeal_follows_performance_per_price():
    assert appeal(2.0, 0.5, 4.0, 1.0) == pytest.approx(0.25)
    assert appeal(2.0, 0.5, 4.0, 2.0) == pytest.approx(0.0625)
    assert appeal(2.0, 0.5, 4.0, 0.0) == 1.0


def sold(demand, supply, kept, quotas=None, need=None):
    months = len(supply[0])
    return sales(
        np.array(demand, dtype=float).reshape(len(demand), months, 1),
        [np.array(flow, dtype=float).reshape(months, 1) for flow in supply],
        need or [1.0] * len(supply),
        [1.0] * len(supply),
        [[1.0] * len(supply)] * len(demand),
        quotas or [None] * len(supply),
        kept=kept,
    )


def test_what_is_not_sold_is_kept_for_the_next_month():
    result = sold([[10, 10, 50]], [[20, 20, 0]], kept=[True])
    np.testing.assert_allclose(result.chips[0, :, 0], [10, 10, 20])
    np.testing.assert_allclose(result.unsold[0, :, 0], [10, 20, 0])
    np.testing.assert_allclose(result.unmet[0, :, 0], [0, 0, 30])


def test_what_is_only_shipped_when_sold_is_not_kept():
    result = sold([[10, 50]], [[20, 20]], kept=[False])
    np.testing.assert_allclose(result.chips[0, :, 0], [10, 20])
    assert not result.unsold.any()


def test_a_chip_meets_demand_by_what_it_costs():
    result = sold([[100]], [[50]], kept=[True], need=[4.0])
    np.testing.assert_allclose(result.chips[0, 0], [25])


def test_a_chip_that_costs_nothing_cannot_be_sold_for_money():
    result = sold([[100]], [[50]], kept=[True], need=[0.0])
    np.testing.assert_allclose(result.chips[0, 0], [0])
    np.testing.assert_allclose(result.unmet[0, 0], [100])


def test_quotas_are_chips_of_a_group():
    quota = np.array([5.0, np.inf]).reshape(2, 1, 1)
    result = sold([[100], [100]], [[1000]], kept=[False], quotas=[quota], need=[10.0])
    np.testing.assert_allclose(result.chips[0, 0], [15])
    np.testing.assert_allclose(result.unmet[:, 0, 0], [50, 0])
