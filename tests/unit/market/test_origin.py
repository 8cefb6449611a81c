import numpy as np

from autarky.market.origin import share_leaving


def column(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def test_without_stock_what_leaves_is_what_came():
    np.testing.assert_allclose(share_leaving(column(5, 0, 8), column(10, 10, 8), column(0, 0, 0))[:, 0], [0.5, 0, 1])


def test_what_stays_is_mixed_with_what_comes():
    # 100 of the other kind, 60 stay; then 40 of this kind come: 40 of 100.
    share = share_leaving(column(0, 40), column(100, 40), column(60, 0))
    np.testing.assert_allclose(share[:, 0], [0, 0.4])


def test_of_nothing_there_is_no_share():
    np.testing.assert_array_equal(share_leaving(column(0, 0), column(0, 0), column(0, 0))[:, 0], [0, 0])


def test_what_came_of_a_part_leaves_or_stays():
    random = np.random.default_rng(4)
    whole = random.random((20, 5))
    part = whole * random.random((20, 5))
    leaving = np.cumsum(whole, axis=0) * 0.7
    left = np.cumsum(whole, axis=0) - leaving
    went = np.diff(leaving, axis=0, prepend=0)
    share = share_leaving(part, whole, left)
    np.testing.assert_allclose((share * went).sum(axis=0) + share[-1] * left[-1], part.sum(axis=0))
