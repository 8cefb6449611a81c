import numpy as np
import pytest

from autarky.supply.packaging import Sharing

DIES, STACKS, LINE = 0, 1, 2


def column(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def shared(requests, use, available, priorities=None):
    """Return what is started and what limits it; all of one class where no priorities are given."""
    served = Sharing.of(use, priorities or [1] * len(use)).serve(requests, available)
    return served.started, served.limiting


def test_a_request_that_fits_is_met_whole():
    started, limiting = shared(column(10.0), [{DIES: 2.0, STACKS: 8.0}], column(20.0, 80.0))
    assert started[0, 0] == 10.0
    assert limiting[0, 0] == -1


def test_the_scarcest_resource_decides():
    started, limiting = shared(column(10.0), [{DIES: 2.0, STACKS: 8.0}], column(20.0, 40.0))
    assert started[0, 0] == pytest.approx(5.0)
    assert limiting[0, 0] == STACKS


def test_two_products_share_in_proportion_to_their_requests():
    started, limiting = shared(column(30.0, 10.0), [{DIES: 1.0}, {DIES: 1.0}], column(20.0))
    np.testing.assert_allclose(started[:, 0], [15, 5])
    np.testing.assert_array_equal(limiting[:, 0], [DIES, DIES])


def test_what_a_product_cannot_use_goes_to_the_others():
    # Equal fractions give each 5 dies; the first has memory for 2 only, so the second takes the other 3.
    use = [{DIES: 1.0, STACKS: 1.0}, {DIES: 1.0}]
    started, limiting = shared(column(10.0, 10.0), use, column(10.0, 2.0))
    np.testing.assert_allclose(started[:, 0], [2, 8])
    np.testing.assert_array_equal(limiting[:, 0], [STACKS, DIES])


def test_capacity_is_given_back_until_nothing_useful_is_idle():
    use = [{0: 1.0, 1: 1.0}, {1: 1.0, 2: 1.0}, {2: 1.0, 3: 1.0}, {3: 1.0}]
    available = column(1.0, 8.0, 10.0, 11.0)
    started, limiting = shared(column(9.0, 9.0, 9.0, 9.0), use, available)
    # First pass 1, 4, 5, 5.5. Second, without product 0: of 1 left in resource 2, product 1 gets a ninth of
    # its 5; of 0.5 left in resource 3, products 2 and 3 get a fifteenth of their 4 and 3.5. Third: product 1
    # takes the rest of resource 2, and resource 1 keeps what nobody can use.
    first, second = [1, 4, 5, 5.5], [0, 5 / 9, 4 / 15, 3.5 / 15]
    third = [0, 10 - (4 + 5 + 5 / 9 + 4 / 15), 0, 0]
    np.testing.assert_allclose(started[:, 0], np.sum([first, second, third], axis=0))
    np.testing.assert_array_equal(limiting[:, 0], [0, 2, 3, 3])


def test_memory_without_limit_never_binds():
    started, limiting = shared(column(10.0), [{DIES: 2.0, STACKS: 8.0}], column(6.0, np.inf))
    assert started[0, 0] == pytest.approx(3.0)
    assert limiting[0, 0] == DIES
    started, limiting = shared(column(10.0, 10.0), [{STACKS: 8.0}, {STACKS: 8.0}], column(6.0, np.inf), [1, 2])
    np.testing.assert_array_equal(started[:, 0], [10, 10])


def test_a_resource_that_is_missing_stops_its_products_only():
    started, limiting = shared(column(4.0, 4.0), [{DIES: 1.0, STACKS: 1.0}, {DIES: 1.0}], column(8.0, 0.0))
    np.testing.assert_allclose(started[:, 0], [0, 4])
    np.testing.assert_array_equal(limiting[:, 0], [STACKS, -1])


def test_a_request_of_nothing_is_met():
    started, limiting = shared(column(0.0), [{DIES: 1.0}], column(0.0))
    assert started[0, 0] == 0.0
    assert limiting[0, 0] == -1


def test_a_product_that_takes_nothing_is_met():
    started, limiting = shared(column(7.0, 7.0), [{}, {DIES: 0.0}], column(0.0))
    np.testing.assert_array_equal(started[:, 0], [7, 7])
    np.testing.assert_array_equal(limiting[:, 0], [-1, -1])


def test_amounts_may_differ_by_draw_and_be_nothing_in_some():
    use = [{DIES: np.array([1.0, 2.0, 0.0])}]
    started, limiting = shared(np.full((1, 3), 10.0), use, np.full((1, 3), 5.0))
    np.testing.assert_allclose(started[0], [5, 2.5, 10])
    np.testing.assert_array_equal(limiting[0], [DIES, DIES, -1])


def test_a_draw_does_not_depend_on_its_neighbours():
    random = np.random.default_rng(7)
    requests, available = random.gamma(2.0, 100.0, (5, 101)), random.gamma(2.0, 300.0, (4, 101))
    use = [{0: 1.0, 1: 8.0}, {0: 2.0, 1: 4.0, 2: 1.0}, {2: 1.0}, {1: 3.0, 3: 1.0}, {0: 1.0, 3: 2.0}]
    together, limits = shared(requests, use, available)
    for draw in (0, 50, 100):
        alone, limit = shared(requests[:, [draw]], use, available[:, [draw]])
        np.testing.assert_array_equal(together[:, [draw]], alone)
        np.testing.assert_array_equal(limits[:, [draw]], limit)


def test_the_first_class_is_served_before_the_second():
    started, limiting = shared(column(6.0, 6.0), [{DIES: 1.0}, {DIES: 1.0}], column(8.0), [2, 1])
    np.testing.assert_allclose(started[:, 0], [2, 6])
    np.testing.assert_array_equal(limiting[:, 0], [DIES, -1])


def test_nothing_is_left_for_the_second_class_when_the_first_takes_all():
    use = [{DIES: 1.0}, {DIES: 3.0}]
    started, limiting = shared(column(0.7, 5.0), use, column(0.3), [1, 2])
    np.testing.assert_array_equal(started[:, 0], [0.3, 0.0])
    np.testing.assert_array_equal(limiting[:, 0], [DIES, DIES])


def test_one_class_shares_shared():
    requests, use, available = column(30.0, 10.0), [{DIES: 1.0}, {DIES: 1.0}], column(20.0)
    for one, other in zip(shared(requests, use, available, [3, 3]), shared(requests, use, available), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_arrays_given_are_left_as_they_were():
    requests, available = column(6.0, 6.0), column(8.0)
    shared(requests, [{DIES: 1.0}, {DIES: 1.0}], available, [1, 2])
    np.testing.assert_array_equal(requests[:, 0], [6, 6])
    assert available[0, 0] == 8.0
