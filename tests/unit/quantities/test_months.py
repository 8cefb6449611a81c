import datetime

import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.quantities.months import (
    days_in_month,
    first_day,
    month_label,
    month_range,
    parse_moment,
    parse_month,
)


@pytest.mark.parametrize(
    "written", ["2025-12", "2025-12-31", datetime.date(2025, 12, 1), datetime.datetime(2025, 12, 24, 6)]
)
def test_any_day_of_a_month_gives_that_month(written):
    assert parse_month(written) == 2025 * 12 + 11


def test_a_label_gives_back_its_month():
    for index in range(parse_month("1999-12"), parse_month("2030-02")):
        assert parse_month(month_label(index)) == index
        assert parse_month(first_day(index)) == index


def test_a_timeline_from_the_31st_has_each_month_once():
    months = month_range(parse_month("2023-01-31"), parse_month("2027-12-31") + 1)
    assert months.size == 60
    assert np.unique(months).size == 60
    assert (np.diff(months) == 1).all()
    assert month_label(months[1]) == "2023-02"


def test_a_timeline_from_30_january_of_a_leap_year_keeps_february():
    months = month_range(parse_month("2024-01-30"), parse_month("2024-05-01"))
    assert [month_label(month) for month in months] == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert days_in_month(months[1]) == 29
    assert sum(days_in_month(m) for m in month_range(parse_month("2024-01"), parse_month("2025-01"))) == 366


def test_the_middle_of_june_is_half_a_month_on():
    assert parse_moment("2025-06-16") == parse_month("2025-06") + 0.5
    assert parse_moment("2025-06") == parse_month("2025-06")


def test_an_empty_range_is_empty_and_a_backward_one_is_an_error():
    assert month_range(5, 5).size == 0
    with pytest.raises(QuantityError, match=r"the months end \(2025-01\) before they start \(2025-02\)"):
        month_range(parse_month("2025-02"), parse_month("2025-01"))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2025-13", "'2025-13' is not a month; months run from 01 to 12"),
        ("2025-02-30", "'2025-02-30' is not a date; 2025-02 has 28 days"),
        ("2025", "'2025' is not a month; write year and month, e.g. 2025-12"),
        ("2025Q1", "'2025Q1' is not a month; write year and month, e.g. 2025-12"),
        (2025, "2025 is not a month; write year and month, e.g. 2025-12"),
        ("0000-01", "'0000-01' is not a month; months run from 01 to 12"),
    ],
)
def test_what_is_no_month_is_an_error(written, message):
    with pytest.raises(QuantityError) as raised:
        parse_month(written)
    assert str(raised.value) == message
