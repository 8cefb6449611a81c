import numpy as np
import pytest

from autarky.market.installed_base import installed_base, installed_stock


def entering(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def test_without_failures_chips_add_up():
    np.testing.assert_allclose(installed_stock(entering(1, 2, 3), 0.0)[:, 0], [1, 3, 6])


def test_failures_thin_the_stock_month_by_month():
    np.testing.assert_allclose(installed_stock(entering(100, 0, 0), 0.1)[:, 0], [100, 90, 81])


def test_a_cohort_retires_at_its_age():
    stock = installed_base(entering(10, 0, 0, 5, 0), 0.0, np.array([3.0]))
    np.testing.assert_allclose(stock[:, 0], [10, 10, 10, 5, 5])


def test_a_fraction_of_a_month_splits_the_cohort():
    stock = installed_base(entering(10, 0, 0, 0, 0), 0.0, np.array([2.25]))
    np.testing.assert_allclose(stock[:, 0], [10, 10, 2.5, 0, 0])


def test_failures_come_off_before_retirement():
    np.testing.assert_allclose(installed_base(entering(100, 0, 0), 0.1, np.array([2.0]))[:, 0], [100, 90, 0], atol=1e-9)


def test_a_long_life_is_a_life_of_failures_alone():
    flow = np.random.default_rng(2).random((30, 4))
    np.testing.assert_array_equal(installed_base(flow, 0.01, np.full(4, 400.0)), installed_stock(flow, 0.01))


def test_every_draw_has_its_own_life_and_failures():
    flow = np.ones((12, 2))
    both = installed_base(flow, np.array([0.0, 0.02]), np.array([4.0, 7.5]))
    for draw, (failure, life) in enumerate(((0.0, 4.0), (0.02, 7.5))):
        alone = installed_base(flow[:, :1], failure, np.array([life]))
        np.testing.assert_allclose(both[:, draw], alone[:, 0])


def test_a_steady_inflow_settles_at_inflow_times_life():
    stock = installed_base(np.full((60, 1), 10.0), 0.0, np.array([24.0]))
    assert stock[-1, 0] == pytest.approx(240)
