import datetime
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.errors import QuantityError
from autarky.quantities.distributions import Exact, Lognormal, Normal, from_quantiles
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.months import month_range, parse_month
from autarky.quantities.paths import GrowthPath, LogisticPath, Path

START = parse_month("2025-01")
U = np.array([0.05, 0.5, 0.95])


def certain(value, unit="W", **about):
    return Quantity(unit, (Estimate(Exact(value), **about),))


def between(low, high, unit="W", **about):
    return Quantity(unit, (Estimate(from_quantiles("lognormal", low, high), **about),))


def test_a_path_is_flat_outside_its_knots_and_straight_between():
    path = Path("W", ((START, certain(10.0)), (START + 4, certain(30.0))))
    months = month_range(START - 2, START + 7)
    np.testing.assert_allclose(path.draw({"": U[:1]}, months)[:, 0], [10, 10, 10, 15, 20, 25, 30, 30, 30])


def test_one_knot_is_a_constant():
    path = Path("W", ((START, between(10.0, 20.0)),))
    values = path.draw({"": U}, month_range(START - 1, START + 2))
    assert values.shape == (3, 3)
    np.testing.assert_allclose(values[:, 0], 10.0)
    np.testing.assert_allclose(values[:, 2], 20.0)


def test_knots_are_met_to_the_bit():
    knots = ((START, between(10.0, 20.0)), (START + 7, between(1.0, 90.0)), (START + 9, between(3.0, 4.0)))
    values = Path("W", knots).draw({"": U}, np.array([month for month, _ in knots]))
    for row, (_, quantity) in zip(values, knots, strict=True):
        np.testing.assert_array_equal(row, quantity.pooled.ppf(U))


def test_knots_may_come_in_any_order_but_only_once():
    assert Path("W", ((START + 1, certain(2.0)), (START, certain(1.0)))).knots[0][0] == START
    with pytest.raises(QuantityError) as raised:
        Path("W", ((START, certain(2.0)), (START, certain(1.0))))
    assert str(raised.value) == "2025-01 appears twice; give each month once"
    with pytest.raises(QuantityError, match="a path has no months"):
        Path("W", ())


@given(
    st.lists(st.tuples(st.integers(0, 60), st.floats(0.1, 50.0), st.floats(1.01, 9.0)), min_size=1, max_size=6),
    st.lists(st.floats(1e-4, 1.0 - 1e-4), min_size=2, max_size=20),
)
@settings(deadline=None, max_examples=60)
def test_a_high_draw_is_high_in_every_month(knots, levels):
    months = {START + month: between(low, low * ratio) for month, low, ratio in knots}
    values = Path("W", tuple(months.items())).draw({"": np.sort(levels)}, month_range(START - 3, START + 70))
    assert (np.diff(values, axis=1) >= -1e-12 * values[:, 1:]).all()


def test_independent_knots_have_levels_of_their_own():
    path = Path("W", ((START, between(10.0, 20.0)), (START + 1, between(10.0, 20.0))), shared=False)
    assert list(path.parts()) == ["2025-01", "2025-02"]
    values = path.draw({"2025-01": U, "2025-02": U[::-1]}, month_range(START, START + 2))
    np.testing.assert_allclose(values[0], values[1, ::-1])


def test_a_part_of_the_draws_gives_the_same_bits():
    u = (np.arange(999) + 0.5) / 999
    months = month_range(START, START + 30)
    path = Path("W", ((START, between(10.0, 20.0)), (START + 25, between(1.0, 90.0))))
    logistic = LogisticPath(between(1.0, 2.0), between(1.0, 2.0), certain(START + 9.0), between(2.0, 9.0))
    growth = GrowthPath(START, between(1.0, 2.0), Quantity("1/month", (Estimate(Normal(0.0, 0.1, 0.1)),)))
    for whole in (path, logistic, growth):
        every = whole.draw(dict.fromkeys(whole.parts(), u), months)
        some = whole.draw(dict.fromkeys(whole.parts(), u[500:507]), months)
        np.testing.assert_array_equal(some, every[:, 500:507])


def test_a_logistic_path_is_half_way_at_its_midpoint():
    path = LogisticPath(certain(0.1), certain(0.6), certain(START + 5.0, "month"), certain(3.0, "month"))
    values = path.draw(dict.fromkeys(path.parts(), U), np.array([START - 900, START + 5, START + 8, START + 900]))
    expected = [0.1, 0.4, 0.1 + 0.6 / (1 + math.exp(-1)), 0.7]
    np.testing.assert_allclose(values, np.repeat(np.array(expected)[:, np.newaxis], 3, axis=1))
    assert path.unit == "W"


def test_a_path_never_passes_its_ceiling():
    logistic = LogisticPath(certain(0.5), certain(0.9), certain(START), certain(1.0), ceiling=1.0)
    assert logistic.draw(dict.fromkeys(logistic.parts(), U), np.array([START + 99])).max() == 1.0
    growth = GrowthPath(START, certain(0.5), certain(0.1), ceiling=1.0)
    assert growth.draw(dict.fromkeys(growth.parts(), U), np.array([START + 99])).max() == 1.0


def test_growth_is_a_monthly_log_rate_from_its_month_both_ways():
    path = GrowthPath(START, certain(100.0), certain(0.02, "1/month"))
    values = path.draw({"level": U, "growth": U}, np.array([START - 10, START, START + 12]))
    np.testing.assert_allclose(values[:, 0], [100 * math.exp(-0.2), 100.0, 100 * math.exp(0.24)])
    assert path.unit == "W"


EARLY, LATE = datetime.date(2024, 5, 1), datetime.date(2025, 5, 1)


def test_a_knot_that_was_not_known_is_left_out():
    path = Path("W", ((START, certain(1.0, published=EARLY)), (START + 9, certain(2.0, published=LATE))))
    known = path.known_by(EARLY)
    assert [month for month, _ in known.knots] == [START]
    assert path.known_by(LATE) == path
    assert path.known_by(datetime.date(2020, 1, 1)) is None


def test_a_formula_needs_all_its_parts_to_be_known():
    path = GrowthPath(START, certain(1.0, published=EARLY), certain(0.1, published=LATE))
    assert path.known_by(EARLY) is None
    assert path.known_by(LATE) == path


def test_between_its_own_months_a_world_sees_only_its_own_knots():
    mine = Estimate(Exact(1.0), world="mine")
    other = Estimate(Exact(9.0), world="other")
    path = Path(
        "W",
        (
            (START, Quantity("W", (mine, other))),
            (START + 5, Quantity("W", (other,))),
            (START + 10, Quantity("W", (mine,))),
            (START + 20, Quantity("W", (other,))),
        ),
    )
    seen = path.for_world("mine")
    assert [(month, quantity.pooled) for month, quantity in seen.knots] == [
        (START, Exact(1.0)),
        (START + 10, Exact(1.0)),
        (START + 20, Exact(9.0)),
    ]
    assert path.for_world("nobody") is path
    assert path.worlds == ("mine", "other")


def test_formula_parts_follow_a_world_too():
    level = Quantity("W", (Estimate(Exact(1.0), world="mine"), Estimate(Exact(9.0), world="other")))
    path = GrowthPath(START, level, certain(0.1)).for_world("mine")
    assert path.level.pooled == Exact(1.0)
    assert path.growth == certain(0.1)


def test_sources_and_weights_reach_every_estimate():
    path = Path("W", ((START, certain(1.0)), (START + 9, certain(2.0, sources=("own",)))))
    filled = path.with_sources(("record",)).weighed(lambda estimate: (2.0, LATE))
    assert [estimate.sources for estimate in filled.estimates] == [("record",), ("own",)]
    assert {(estimate.weight, estimate.published) for estimate in filled.estimates} == {(2.0, LATE)}
    formula = GrowthPath(START, certain(1.0), certain(0.1)).with_sources(("record",))
    assert [estimate.sources for estimate in formula.estimates] == [("record",), ("record",)]
    assert formula.weighed(lambda estimate: (2.0, LATE)).estimates[1].weight == 2.0


def test_paths_survive_a_pickle():
    for path in (
        Path("W", ((START, between(1.0, 2.0)), (START + 9, certain(2.0)))),
        LogisticPath(certain(0.5), certain(0.9), certain(START), certain(1.0), ceiling=1.0),
        GrowthPath(START, certain(0.5), Quantity("1/month", (Estimate(Lognormal(0.0, 1.0, 1.0)),))),
    ):
        copy = pickle.loads(pickle.dumps(path))
        assert copy == path
        assert hash(copy) == hash(path)
