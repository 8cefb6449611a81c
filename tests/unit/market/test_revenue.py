import numpy as np
import pytest

from autarky.market.revenue import by_fiscal_quarter, fees, fiscal_quarters, revenue, write_downs
from autarky.quantities.months import month_range, parse_month


def column(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def test_a_fee_is_a_share_of_what_buyers_pay():
    paid = revenue(column(100), 12_000.0)
    assert paid[0, 0] == 1.2e6
    assert fees(paid, 0.15)[0, 0] == pytest.approx(180_000)


NOTHING_SOLD = np.zeros((5, 1))


def test_a_market_that_closes_strands_what_is_under_way():
    written = write_downs(column(1, 1, 0.25, 0, 0), column(*[900.0] * 5), 5.0, NOTHING_SOLD)
    np.testing.assert_allclose(written.charged[:, 0], [0, 0, 3375, 1125, 0])
    assert not written.released.any()


def test_what_is_sold_after_a_write_down_earns_back_at_most_what_was_charged():
    written = write_downs(column(1, 0, 0.5, 1, 1), column(*[100.0] * 5), 2.0, column(40, 0, 30, 60, 90))
    np.testing.assert_allclose(written.charged[:, 0], [0, 200, 0, 0, 0])
    np.testing.assert_allclose(written.released[:, 0], [0, 0, 60, 120, 20])


def test_nothing_is_earned_back_in_the_month_of_the_charge_or_while_the_market_is_shut():
    written = write_downs(column(1, 0.5, 0, 0, 0.1), column(*[100.0] * 5), 1.0, column(9, 9, 9, 9, 9))
    np.testing.assert_allclose(written.released[:, 0], [0, 0, 0, 0, 9])


def test_rounding_is_no_closure():
    written = write_downs(column(1, 1 - 1e-15, 1, 1, 1), column(*[1e6] * 5), 1e4, NOTHING_SOLD)
    assert not written.charged.any()


def test_a_market_that_was_never_open_strands_nothing():
    written = write_downs(column(0, 0, 0, 0, 0), column(*[9.0] * 5), 1.0, NOTHING_SOLD)
    assert not written.charged.any()


@pytest.mark.parametrize(
    ("month", "first_month", "quarter"),
    [
        # Nvidia's Q1 FY27 ended on 26 April 2026, its FY26 on 25 January 2026, its Q1 FY26 on 27 April 2025.
        ("2026-04", 2, "FY2027Q1"),
        ("2026-01", 2, "FY2026Q4"),
        ("2025-02", 2, "FY2026Q1"),
        ("2025-12", 1, "FY2025Q4"),
        ("2025-10", 10, "FY2026Q1"),
        ("2025-09", 10, "FY2025Q4"),
    ],
)
def test_fiscal_quarters_are_named_for_the_year_in_which_they_end(month, first_month, quarter):
    assert fiscal_quarters(np.array([parse_month(month)]), first_month) == [quarter]


def test_only_whole_fiscal_quarters_are_summed():
    months = month_range(parse_month("2025-01"), parse_month("2025-09"))
    summed = by_fiscal_quarter(np.ones((8, 2)), months, 2)
    assert list(summed) == ["FY2026Q1", "FY2026Q2"]
    np.testing.assert_array_equal(summed["FY2026Q1"], [3, 3])
