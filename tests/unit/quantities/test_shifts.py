import numpy as np
import pytest

from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.normals import Normal
from autarky.quantities.shapes import Discrete, Exact
from autarky.quantities.shifts import Shifted, shifted

LEVELS = np.array([0.05, 0.5, 0.95])


@pytest.mark.parametrize("inner", [Exact(3.0), Normal(2.0, 1.0, 3.0), Discrete((1.0, 4.0), (0.25, 0.75))])
def test_a_distribution_is_moved_as_a_whole(inner):
    moved = Shifted(inner, 2.5)
    values = inner.ppf(LEVELS)
    np.testing.assert_array_equal(moved.ppf(LEVELS), values + 2.5)
    np.testing.assert_array_equal(moved.cdf(values + 2.5), inner.cdf(values))
    np.testing.assert_array_equal(moved.pdf(values + 2.5), inner.pdf(values))
    assert moved.mean() == inner.mean() + 2.5
    assert moved.support == tuple(end + 2.5 for end in inner.support)
    assert moved.atoms == tuple((value + 2.5, p) for value, p in inner.atoms)


def test_every_estimate_of_a_quantity_moves_and_keeps_its_source():
    quantity = Quantity(
        "month", (Estimate(Exact(1.0), ("one",)), Estimate(Normal(5.0, 1.0, 1.0), ("other",), weight=2.0))
    )
    later = shifted(quantity, 12.0)
    assert later.pooled.mean() == pytest.approx(quantity.pooled.mean() + 12.0)
    assert [e.sources for e in later.estimates] == [("one",), ("other",)]
    assert [e.weight for e in later.estimates] == [None, 2.0]
    assert shifted(quantity, 0.0) is quantity
