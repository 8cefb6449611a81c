import numpy as np
import pytest

from autarky.market.demand import demand_by_group, left_to_buy


def test_groups_divide_the_total_by_weight():
    wanted = demand_by_group(np.full((2, 3), 100.0), [3, np.array([1.0, 1.0, 0.0])])
    np.testing.assert_allclose(wanted[0, 0], [75, 75, 100])
    np.testing.assert_allclose(wanted.sum(axis=0), 100)


def test_without_weights_all_groups_want_the_same():
    np.testing.assert_array_equal(demand_by_group(np.full((1, 1), 90.0), [0, 0, 0])[:, 0, 0], [30, 30, 30])


@pytest.mark.parametrize(("bought", "left"), [(0.0, [60, 40]), (50.0, [30, 20]), (100.0, [0, 0]), (140.0, [0, 0])])
def test_what_is_on_record_as_bought_comes_off_every_group_alike(bought, left):
    demand = np.array([60.0, 40.0]).reshape(2, 1, 1)
    np.testing.assert_allclose(left_to_buy(demand, np.array([[bought]]))[:, 0, 0], left)


def test_nothing_wanted_leaves_nothing():
    assert (left_to_buy(np.zeros((2, 1, 1)), np.zeros((1, 1))) == 0).all()
