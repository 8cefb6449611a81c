"""Months as whole numbers: year * 12 + (month - 1), so that arithmetic never skips or doubles one."""

from __future__ import annotations

import calendar
import datetime
import re

import numpy as np

from autarky.errors import QuantityError
from autarky.quantities.arrays import MonthArray

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_HINT = "write year and month, e.g. 2025-12"


def _year_month_day(value: object) -> tuple[int, int, int]:
    """Year, month and day of a date or of text such as 2025-12 or 2025-12-31 (day 1 where none is given)."""
    if isinstance(value, datetime.date):
        return value.year, value.month, value.day
    match = _MONTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise QuantityError(f"{value!r} is not a month", _HINT)
    year, month, day = int(match[1]), int(match[2]), int(match[3] or 1)
    if year < 1 or not 1 <= month <= 12:
        raise QuantityError(f"{value!r} is not a month", "months run from 01 to 12")
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise QuantityError(f"{value!r} is not a date", f"{year:04d}-{month:02d} has {last} days")
    return year, month, day


def parse_month(value: object) -> int:
    """Month index of a date or of text such as 2025-12; any day of a month gives that month."""
    year, month, _ = _year_month_day(value)
    return year * 12 + month - 1


def parse_moment(value: object) -> float:
    """Month index with the elapsed share of the month, 0 on the first day: 2025-06-16 is 24305.5."""
    year, month, day = _year_month_day(value)
    return year * 12 + month - 1 + (day - 1) / calendar.monthrange(year, month)[1]


def month_label(index: int) -> str:
    """Text such as 2025-12 for a month index."""
    year, month = divmod(int(index), 12)
    return f"{year:04d}-{month + 1:02d}"


def first_day(index: int) -> datetime.date:
    """First day of a month."""
    year, month = divmod(int(index), 12)
    return datetime.date(year, month + 1, 1)


def days_in_month(index: int) -> int:
    """Return the number of days in a month, 29 for February of a leap year."""
    year, month = divmod(int(index), 12)
    return calendar.monthrange(year, month + 1)[1]


HOURS_A_MONTH = 24.0 * sum(days_in_month(12 * 2023 + month) for month in range(48)) / 48.0
"""Of the mean month, over the four years of a leap cycle."""


def month_range(start: int, stop: int) -> MonthArray:
    """Month indices from `start` (inclusive) until `stop` (exclusive), shape (month,)."""
    if stop < start:
        raise QuantityError(
            f"the months end ({month_label(stop)}) before they start ({month_label(start)})",
            "the first month must not be later than the last",
        )
    return np.arange(start, stop, dtype=np.int64)
