"""Money: what vendors take, what governments take of it, and what is written down when a market closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autarky.quantities.arrays import Array, MonthArray

MONTHS_OF_YEAR, MONTHS_OF_QUARTER = 12, 3
LEAST_FALL = 1e-9
"""A market does not close by less: shares of a month's days add up to 1 but for rounding."""


def revenue(chips: Array, price: Array | float) -> Array:
    """Return what buyers pay, USD/month (month, draw): chips sold times price, before fees and duties."""
    paid: Array = chips * price
    return paid


def fees(paid: Array, share: Array | float) -> Array:
    """Return what a government takes of a vendor's revenue, USD/month (month, draw); the vendor keeps the rest."""
    taken: Array = paid * share
    return taken


@dataclass(frozen=True)
class WriteDowns:
    """Charges and the part of them that is earned back later, USD/month (month, draw), both at least 0."""

    charged: Array
    released: Array


def write_downs(access: Array, under_way: Array, unit_cost: Array | float, sold: Array) -> WriteDowns:
    """Return what a vendor writes down when a market closes, and gets back when it sells there again.

    charged(month) = fall of access x chips under way x unit cost
    released(month) = chips sold x unit cost while the market is open, at most what was charged before and not released

    Parameters
    ----------
    access
        (month, draw), share of the market that is open, 0 to 1.
    under_way
        (month, draw), chips in stock, in production and on order for this market when it is open.
    unit_cost
        what one of them costs the vendor, USD/chip.
    sold
        (month, draw), chips sold in this market, chip/month.
    """
    change = np.diff(access, axis=0, prepend=access[:1])
    falls = np.where(change < -LEAST_FALL, -change, 0.0)
    charged = np.broadcast_to(falls * under_way * unit_cost, change.shape)
    earned = np.where(access > 0, sold * unit_cost, 0.0)
    released = np.zeros_like(change)
    reserve = np.zeros(change.shape[-1])
    for month in range(change.shape[0]):
        released[month] = np.minimum(earned[month], reserve)
        reserve = reserve - released[month] + charged[month]
    return WriteDowns(charged, released)


def fiscal_quarters(months: MonthArray, first_month: int) -> list[str]:
    """Return the fiscal quarter of each month, such as FY2026Q1.

    A fiscal year is named for the calendar year in which it ends. A vendor whose quarters end near the end of a
    calendar month has that month as the quarter's last.

    Parameters
    ----------
    months
        month indices.
    first_month
        calendar month in which the fiscal year begins, 1 to 12.
    """
    labels = []
    for month in months.tolist():
        year, within = divmod(month - (first_month - 1), MONTHS_OF_YEAR)
        ends = year if first_month == 1 else year + 1
        labels.append(f"FY{ends}Q{within // MONTHS_OF_QUARTER + 1}")
    return labels


def by_fiscal_quarter(flow: Array, months: MonthArray, first_month: int) -> dict[str, Array]:
    """Return a flow summed over each fiscal quarter that lies wholly in the horizon, (draw,) each."""
    labels = fiscal_quarters(months, first_month)
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    return {label: flow[inside].sum(axis=0) for label, inside in rows.items() if len(inside) == MONTHS_OF_QUARTER}
