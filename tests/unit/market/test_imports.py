import numpy as np

from autarky.market.imports import admitted_share, let_in, quotas, recorded_flow, within_cap

MONTHS = np.arange(24300, 24306)


def test_a_period_on_record_is_spread_over_its_months():
    flow, on_record = recorded_flow([(24301, 24304, np.array([30.0, 60.0]))], MONTHS, 2)
    np.testing.assert_array_equal(flow[:, 0], [0, 10, 10, 10, 0, 0])
    np.testing.assert_array_equal(flow[:, 1], [0, 20, 20, 20, 0, 0])
    np.testing.assert_array_equal(on_record, [False, True, True, True, False, False])


def test_a_gap_in_the_record_is_a_record_of_nothing():
    flow, on_record = recorded_flow([(24300, 24301, np.ones(1)), (24303, 24304, np.ones(1))], MONTHS, 1)
    np.testing.assert_array_equal(flow[:, 0], [1, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(on_record, [True, True, True, True, False, False])


def test_a_period_that_begins_before_the_horizon_counts_with_its_months_inside():
    flow, _ = recorded_flow([(24298, 24302, np.array([40.0]))], MONTHS, 1)
    np.testing.assert_array_equal(flow[:, 0], [10, 10, 0, 0, 0, 0])


def test_a_period_on_record_is_spread_as_its_months_were_open():
    open_share = np.array([1, 1, 0.5, 0, 1, 1]).reshape(6, 1)
    flow, _ = recorded_flow([(24301, 24304, np.array([30.0, 60.0]))], MONTHS, 2, open_share)
    np.testing.assert_allclose(flow[:, 0], [0, 20, 10, 0, 0, 0])
    np.testing.assert_allclose(flow[:, 1], [0, 40, 20, 0, 0, 0])


def test_shipments_that_no_open_month_explains_are_spread_evenly():
    by_draw = np.array([[0.0, 0.0], [0.0, 0.5], *[[1.0, 1.0]] * 4])
    flow, _ = recorded_flow([(24300, 24302, np.array([10.0, 10.0]))], MONTHS, 2, by_draw)
    np.testing.assert_allclose(flow[:2], [[5, 0], [5, 10]])


def test_without_a_record_everything_is_modelled():
    flow, on_record = recorded_flow([], MONTHS, 2)
    assert not flow.any()
    assert not on_record.any()


SHARES = np.array([0.75, 0.25]).reshape(2, 1, 1)


def test_what_is_let_in_is_offer_times_licence_times_gate_by_share_of_demand():
    admitted = admitted_share([1.0, np.array([[0.2]])], SHARES)
    np.testing.assert_allclose(admitted, [[0.8]])
    np.testing.assert_allclose(let_in(np.array([[1000.0]]), np.array([[0.5]]), admitted), [[400]])


def test_a_shut_gate_or_no_licence_lets_nothing_in():
    shut = admitted_share([0.0, 0.0], SHARES)
    assert not let_in(np.array([[9.0]]), 1.0, shut).any()
    assert not let_in(np.array([[9.0]]), 0.0, 1.0).any()
    assert not quotas(np.array([[0.0]]), [0.0, 0.0], SHARES).any()


def test_quotas_follow_share_and_gate_and_add_up():
    each = quotas(np.array([[400.0]]), [1.0, 0.2], SHARES)
    np.testing.assert_allclose(each[:, 0, 0], [375, 25])


def test_a_cap_holds_over_all_months_since_it_began():
    allowed = np.full((5, 1), 40.0)
    cap = np.array([np.inf, 100.0, 100.0, 100.0, 120.0]).reshape(5, 1)
    np.testing.assert_allclose(within_cap(allowed, cap)[:, 0], [40, 40, 40, 20, 20])


def test_a_cap_that_ends_leaves_the_rest_open():
    allowed = np.full((4, 1), 40.0)
    cap = np.array([50.0, 50.0, np.inf, np.inf]).reshape(4, 1)
    np.testing.assert_allclose(within_cap(allowed, cap)[:, 0], [40, 10, 40, 40])


def test_no_cap_changes_nothing():
    allowed = np.random.default_rng(1).random((4, 3))
    np.testing.assert_array_equal(within_cap(allowed, np.full((4, 1), np.inf)), allowed)
