import datetime
import pickle

import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.quantities.distributions import Exact, Lognormal
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.mixtures import Mixture

EARLY, LATE = datetime.date(2024, 5, 1), datetime.date(2025, 5, 1)
OLD = Estimate(Exact(1.0), ("a",), EARLY, world="left")
NEW = Estimate(Lognormal(0.0, 0.4, 0.4), ("b",), LATE, world="right")
UNDATED = Estimate(Exact(3.0))
BOTH = Quantity("W", (OLD, NEW))


def test_one_estimate_is_its_own_pool():
    assert Quantity("W", (NEW,)).pooled is NEW.distribution


def test_estimates_count_equally_until_they_are_weighed():
    assert BOTH.pooled == Mixture((OLD.distribution, NEW.distribution), (1.0, 1.0))


def test_weights_and_dates_come_from_the_weigher():
    weighed = Quantity("W", (OLD, UNDATED)).weighed(lambda estimate: (3.0 if estimate is OLD else 1.0, LATE))
    assert [estimate.weight for estimate in weighed.estimates] == [3.0, 1.0]
    assert [estimate.published for estimate in weighed.estimates] == [EARLY, LATE]
    assert weighed.pooled.weights == (0.75, 0.25)


def test_sources_fill_only_what_states_none():
    filled = Quantity("W", (OLD, UNDATED)).with_sources(("record",))
    assert [estimate.sources for estimate in filled.estimates] == [("a",), ("record",)]


def test_nothing_published_later_is_known():
    assert BOTH.known_by(EARLY) == Quantity("W", (OLD,))
    assert BOTH.known_by(LATE) is BOTH
    assert BOTH.known_by(datetime.date(2020, 1, 1)) is None


def test_an_undated_estimate_is_always_known():
    assert Quantity("W", (UNDATED,)).known_by(datetime.date(1900, 1, 1)) is not None


def test_a_world_sees_only_its_own_estimates():
    assert BOTH.worlds == ("left", "right")
    assert BOTH.for_world("left") == Quantity("W", (OLD,))


def test_a_silent_world_sees_what_all_see():
    assert BOTH.for_world("elsewhere") is BOTH


def test_a_quantity_has_one_part_without_a_name():
    assert dict(BOTH.parts()) == {"": BOTH}
    u = np.array([0.1, 0.9])
    np.testing.assert_array_equal(BOTH.draw({"": u}), BOTH.pooled.ppf(u))
    np.testing.assert_array_equal(BOTH.draw({"": u}, np.array([24300])), BOTH.pooled.ppf(u))


def test_no_weight_at_all_is_an_error():
    silent = BOTH.weighed(lambda estimate: (0.0, None))
    with pytest.raises(QuantityError, match="all weights are 0"):
        _ = silent.pooled


def test_a_used_quantity_pickles_like_a_fresh_one():
    quantity = Quantity("W", (OLD, NEW))
    fresh = pickle.dumps(quantity)
    quantity.draw({"": np.array([0.5])})
    assert pickle.dumps(quantity) == fresh
    assert pickle.loads(fresh) == quantity
    assert hash(pickle.loads(fresh)) == hash(quantity)
