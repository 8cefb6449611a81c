import numpy as np
import pytest

from autarky.market.choice import appeal, sales, spill_over


def one(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def spill(demand, weights, capacity, limits):
    """Return what is met and left when every chip has its own weight and limit for each group."""
    draws = demand.shape[-1]
    return spill_over(
        demand, np.ones_like(demand), np.empty((0, draws)), np.empty((0, draws)), weights, capacity, limits
    )


def chosen(demand, weights, capacity, limits=None):
    drawn = np.array(weights, dtype=float)[..., np.newaxis]
    most = np.full(drawn.shape, np.inf) if limits is None else np.array(limits, dtype=float)[..., np.newaxis]
    taken, left = spill(one(*demand), drawn, one(*capacity), most)
    return taken[:, 0], left[:, 0]


def test_chips_counted_together_are_chosen_like_each_alone():
    random = np.random.default_rng(7)
    demand, favour = random.random((3, 50)) * 100, random.random((3, 50)) + 0.2
    appeal, shared = random.random((4, 50)), random.random((4, 50)) * 60
    weights, single, limits = random.random((3, 2, 50)), random.random((2, 50)) * 60, random.random((3, 2, 50)) * 30
    together, left = spill_over(demand, favour, appeal, shared, weights, single, limits)
    every = np.concatenate([favour[:, np.newaxis] * appeal, weights], axis=1)
    open_ended = np.concatenate([np.full((3, 4, 50), np.inf), limits], axis=1)
    alone, rest = spill(demand, every, np.concatenate([shared, single]), open_ended)
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(left, rest, rtol=1e-9, atol=1e-9)


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
    # Many chips: NumPy adds up long axes in an order that changes with the shape.
    random = np.random.default_rng(3)
    demand, favour = random.random((2, 40)) * 300, random.random((2, 40))
    appeal, shared = random.random((12, 40)), random.random((12, 40)) * 60
    weights, single, limits = random.random((2, 9, 40)), random.random((9, 40)) * 60, random.random((2, 9, 40)) * 60
    parts = (demand, favour, appeal, shared, weights, single, limits)
    together, left = spill_over(*parts)
    for draw in range(40):
        alone, rest = spill_over(*(part[..., draw : draw + 1] for part in parts))
        np.testing.assert_array_equal(together[:, draw : draw + 1], alone)
        np.testing.assert_array_equal(left[:, draw : draw + 1], rest)


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
        quotas or [None] * len(supply),
        [1.0] * len(demand),
        favoured=[True] * len(supply),
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
