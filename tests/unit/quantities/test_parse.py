import datetime
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.errors import QuantityError
from autarky.quantities.distributions import (
    Beta,
    Discrete,
    Exact,
    LogitNormal,
    Lognormal,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
    from_quantiles,
)
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.months import month_range, parse_month
from autarky.quantities.parse import Spec, parse_quantity
from autarky.quantities.paths import GrowthPath, LogisticPath, Path

POWER = Spec("W")
FRACTION = Spec("1", "fraction")
REAL = Spec("1", "real")
DATE = Spec("month", "date")
WAFERS = Spec("wafer/month", path=True)
JANUARY = parse_month("2025-01")


def only(raw, spec):
    quantity = parse_quantity(raw, spec)
    (estimate,) = quantity.estimates
    return estimate.distribution


def refusal(raw, spec):
    with pytest.raises(QuantityError) as raised:
        parse_quantity(raw, spec)
    return raised.value


@pytest.mark.parametrize(
    ("raw", "spec", "distribution"),
    [
        ("700 W", POWER, Exact(700.0)),
        ("0.7 kW", POWER, Exact(700.0)),
        ("20k to 30k wafer/month", WAFERS, from_quantiles("lognormal", 20_000, 30_000)),
        ("20% to 45%", FRACTION, from_quantiles("logit-normal", 0.20, 0.45)),
        ("20% to 45%", Spec("1", "probability"), from_quantiles("logit-normal", 0.20, 0.45)),
        ("-2 to 3", REAL, from_quantiles("normal", -2.0, 3.0)),
        ("5 to 9 W", Spec("W", "nonnegative"), from_quantiles("lognormal", 5.0, 9.0)),
        ("5 to 5 W", POWER, Exact(5.0)),
        (0.35, FRACTION, Exact(0.35)),
        (78, Spec("die/wafer", bare=True), Exact(78.0)),
        ("0 W", Spec("W", "nonnegative"), Exact(0.0)),
        (0, FRACTION, Exact(0.0)),
        ("100%", FRACTION, Exact(1.0)),
        ({"value": "700 W"}, POWER, Exact(700.0)),
        ({"value": "20% to 45%"}, FRACTION, from_quantiles("logit-normal", 0.20, 0.45)),
        ({"p5": "20%", "p50": 0.3, "p95": "45%"}, FRACTION, from_quantiles("logit-normal", 0.2, 0.45, 0.3)),
        ({"p5": "1 W", "p95": "2 W", "family": "uniform"}, POWER, from_quantiles("uniform", 1.0, 2.0)),
        ({"value": "1 to 2 W", "family": "uniform"}, POWER, from_quantiles("uniform", 1.0, 2.0)),
        ({"mean": 3, "sd": 1, "family": "normal"}, REAL, Normal(3.0, 1.0, 1.0)),
        ({"mean": 3, "sd": 1}, REAL, Normal(3.0, 1.0, 1.0)),
        ({"mean": "3 W", "sd": "1 W"}, POWER, Lognormal.from_moments(3.0, 1.0)),
        ({"mean": 0.3, "sd": 0.1, "family": "beta"}, FRACTION, Beta.from_moments(0.3, 0.1)),
        ({"alpha": 2, "beta": 3, "family": "beta"}, FRACTION, Beta(2.0, 3.0)),
        ({"value": "700 W", "error": "15%"}, POWER, Lognormal(math.log(700.0), 0.15, 0.15)),
        ({"value": "700 W", "error": 0.15}, POWER, Lognormal(math.log(700.0), 0.15, 0.15)),
        ({"value": "700 W", "error": "0%"}, POWER, Exact(700.0)),
        ({"value": "2 month", "error": "0.5 month"}, Spec("month", "real"), Normal(2.0, 0.5, 0.5)),
        ({"value": "2 month", "error": "0 month"}, Spec("month", "real"), Exact(2.0)),
        ({"value": "2 month", "error": "10%"}, Spec("month", "real"), Normal(2.0, 0.2, 0.2)),
        ({"low": 1, "high": 4, "family": "uniform"}, Spec("1"), Uniform(1.0, 4.0)),
        ({"low": 1, "high": 4, "family": "log-uniform"}, Spec("1"), LogUniform(1.0, 4.0)),
        ({"low": 1, "mode": 2, "high": 4, "family": "triangular"}, Spec("1"), Triangular(1.0, 2.0, 4.0)),
        (
            {"discrete": {"values": [0, 1], "probabilities": ["30%", 0.7]}},
            FRACTION,
            Discrete((0.0, 1.0), (0.3, 0.7)),
        ),
        ("2025-01", DATE, Exact(JANUARY)),
        (datetime.date(2025, 1, 1), DATE, Exact(JANUARY)),
        (
            {"p5": "2025-01", "p95": "2025-06", "family": "normal"},
            DATE,
            from_quantiles("normal", JANUARY, JANUARY + 5),
        ),
        ({"low": "2025-01", "high": "2025-07", "family": "uniform"}, DATE, Uniform(JANUARY, JANUARY + 6)),
        (
            {"value": "2025-01 to 2025-06", "family": "normal"},
            DATE,
            from_quantiles("normal", JANUARY, JANUARY + 5),
        ),
        ({"value": "2025-01", "error": "2 month", "family": "normal"}, DATE, Normal(JANUARY, 2.0, 2.0)),
    ],
)
def test_every_form_of_a_figure_is_read(raw, spec, distribution):
    built = only(raw, spec)
    assert type(built) is type(distribution)
    u = np.array([0.01, 0.05, 0.5, 0.95])
    np.testing.assert_allclose(built.ppf(u), distribution.ppf(u), rtol=1e-12)


def test_an_error_on_a_fraction_keeps_it_a_fraction():
    built = only({"value": "90%", "error": "2%"}, FRACTION)
    assert isinstance(built, LogitNormal)
    assert built.ppf(np.array([0.5]))[0] == pytest.approx(0.9)


def test_what_is_said_about_an_estimate_is_kept():
    quantity = parse_quantity(
        {
            "value": "700 W",
            "source": ["a", "b"],
            "note": "typical",
            "world": "left",
            "weight": 2,
            "unverified": True,
        },
        POWER,
    )
    expected = Estimate(Exact(700.0), ("a", "b"), None, 2.0, "left", "typical", unverified=True)
    assert quantity == Quantity("W", (expected,))
    assert parse_quantity({"value": "700 W", "source": "a"}, POWER).estimates[0].sources == ("a",)


def test_sources_that_disagree_are_pooled():
    pooled = parse_quantity(
        [{"value": "752 TFLOPS", "source": "a"}, {"value": "0.78 PFLOPS", "source": "b", "weight": 3}],
        Spec("TFLOPS"),
    )
    assert [e.distribution for e in pooled.estimates] == [Exact(752.0), Exact(780.0)]
    assert [e.sources for e in pooled.estimates] == [("a",), ("b",)]
    assert [e.weight for e in pooled.estimates] == [None, 3.0]


def test_months_make_a_path():
    path = parse_quantity({"2024-12": "20k to 30k wafer/month", "2025-12": "22 to 50 kwpm"}, WAFERS)
    assert isinstance(path, Path)
    assert [month for month, _ in path.knots] == [parse_month("2024-12"), parse_month("2025-12")]
    np.testing.assert_allclose(path.knots[1][1].pooled.ppf(np.array([0.05, 0.95])), [22_000, 50_000])


def test_what_is_said_beside_months_holds_for_each_that_does_not_say_otherwise():
    path = parse_quantity(
        {
            "2024-12": "20k wpm",
            "2025-12": {"value": "25k wpm", "source": "b", "note": "later"},
            "2026-12": [{"value": "26k wpm"}, {"value": "28k wpm", "source": "c"}],
            "source": "a",
            "world": "left",
            "note": "from the call",
            "unverified": True,
        },
        WAFERS,
    )
    assert [e.sources for e in path.estimates] == [("a",), ("b",), ("a",), ("c",)]
    assert [e.note for e in path.estimates] == ["from the call", "later", "from the call", "from the call"]
    assert {(e.world, e.unverified) for e in path.estimates} == {("left", True)}


def test_a_date_object_is_a_month_too():
    path = parse_quantity({datetime.date(2024, 12, 1): "20k wpm"}, WAFERS)
    assert path.knots[0][0] == parse_month("2024-12")


def test_paths_of_several_sources_are_pooled_knot_by_knot():
    path = parse_quantity(
        [
            {"2024-12": "20k wpm", "2025-12": "25k wpm", "source": "a"},
            {"value": {"2025-12": "30k wpm", "2026-12": "40k wpm"}, "source": "b", "world": "right"},
        ],
        WAFERS,
    )
    knots = {month: [(e.distribution, e.sources) for e in quantity.estimates] for month, quantity in path.knots}
    assert knots == {
        parse_month("2024-12"): [(Exact(20_000.0), ("a",))],
        parse_month("2025-12"): [(Exact(25_000.0), ("a",)), (Exact(30_000.0), ("b",))],
        parse_month("2026-12"): [(Exact(40_000.0), ("b",))],
    }


def test_a_path_under_value_is_the_same_path():
    assert parse_quantity({"value": {"2024-12": "20k wpm"}, "source": "a"}, WAFERS) == parse_quantity(
        {"2024-12": "20k wpm", "source": "a"}, WAFERS
    )


def test_a_path_may_declare_independent_levels():
    raw = {"2024-12": "20k to 30k wpm", "2025-12": "20k to 30k wpm", "levels": "independent"}
    assert not parse_quantity(raw, WAFERS).shared
    assert parse_quantity({**raw, "levels": "shared"}, WAFERS).shared


def test_a_logistic_path_is_read():
    path = parse_quantity(
        {
            "logistic": {
                "floor": "10%",
                "rise": "40% to 60%",
                "midpoint": {"p5": "2025-01", "p95": "2025-12", "family": "normal"},
                "scale": "6 to 9 month",
            },
            "source": "a",
        },
        Spec("1", "fraction", path=True),
    )
    assert isinstance(path, LogisticPath)
    assert path.ceiling == 1.0
    assert {e.sources for e in path.estimates} == {("a",)}
    u = {part: np.array([0.5]) for part in path.parts()}
    assert path.draw(u, month_range(JANUARY, JANUARY + 24)).shape == (24, 1)


def test_a_growth_path_is_read():
    path = parse_quantity(
        {"growth": {"at": "2025-01", "level": "5k stack/month", "rate": "3%/month"}},
        Spec("stack/month", path=True),
    )
    level, rate = (Quantity(unit, (Estimate(Exact(x)),)) for unit, x in (("stack/month", 5000.0), ("1/month", 0.03)))
    assert path == GrowthPath(JANUARY, level, rate)
    assert path.ceiling == math.inf


REFUSALS = [
    ("20% to 120%", FRACTION, (), "p95 (1.2) does not lie between 0 and 1"),
    ("120%", FRACTION, (), "value (1.2) is above 1"),
    ("0% to 40%", FRACTION, (), "p5 (0) does not lie between 0 and 1"),
    ("0 to 30 W", POWER, (), "p5 (0) is not above 0"),
    ("-5 W", POWER, (), "value (-5) is below 0"),
    ("0 W", POWER, (), "value (0) is not above 0"),
    ("-5 W", Spec("W", "nonnegative"), (), "value (-5) is below 0"),
    ("30 to 20 W", POWER, (), "p5 (30) is above p95 (20)"),
    (78, Spec("die/wafer"), (), "78 has no unit"),
    ("540000", Spec("stack/month"), (), "540000 has no unit"),
    (math.nan, REAL, (), "nan is not a finite number"),
    (math.inf, REAL, (), "inf is not a finite number"),
    (True, REAL, (), "True is not a number"),
    (None, REAL, (), "no value is given"),
    ("", POWER, (), "no value is given"),
    ("1,20", REAL, (), "1,20 is written in the German or French style"),
    (object, REAL, (), "<class 'object'> is not a number"),
    ({"value": "700 W", "vorce": "a"}, POWER, ("vorce",), "unknown key 'vorce'"),
    ({"value": 3, "p5": 2, "p95": 4}, REAL, ("p5",), "value and p5 exclude each other"),
    ({"p5": 2}, REAL, ("p5",), "p5 stands without p95"),
    ({"source": "a"}, REAL, (), "no number is given"),
    ({"p5": 20_000, "p50": 38_000, "p95": 35_000}, REAL, ("p50",), "p50 (38,000) is above p95 (35,000)"),
    ({"p5": 3, "p95": 1}, REAL, ("p5",), "p5 (3) is above p95 (1)"),
    ({"p5": "1 W", "p95": "2 chip"}, POWER, ("p95",), "chip cannot be converted to W"),
    ({"p5": "1 to 2 W", "p95": "3 W"}, POWER, ("p5",), "p5 is one number, not an interval"),
    ({"p5": [1], "p95": 2}, REAL, ("p5",), "[1] is not a number"),
    ({"value": "30 to 20 W"}, POWER, ("value",), "p5 (30) is above p95 (20)"),
    (
        {"mean": -3, "sd": 0.1, "family": "lognormal"},
        REAL,
        ("mean",),
        "mean (-3) of a lognormal is not above 0",
    ),
    (
        {"mean": 3, "sd": 1, "family": "normal"},
        Spec("1"),
        ("mean",),
        "the normal distribution reaches below 0",
    ),
    (
        {"p5": 0.2, "p95": 0.5, "family": "lognormal"},
        FRACTION,
        ("p5",),
        "the lognormal distribution reaches above 1",
    ),
    ({"low": 0, "high": 4, "family": "uniform"}, Spec("1"), ("low",), "the uniform distribution starts at 0"),
    ({"low": 0, "high": 4}, Spec("1"), ("low",), "low and high need a family"),
    ({"p5": 1, "p95": 4, "family": "lognormall"}, Spec("1"), ("family",), "unknown family 'lognormall'"),
    ({"p5": 1, "p95": 4, "family": 3}, Spec("1"), ("family",), "family 3 is not a name"),
    ({"value": 1, "family": "normal"}, REAL, ("family",), "an exact value has no family"),
    ({"alpha": 1, "beta": 4}, FRACTION, ("alpha",), "alpha and beta are those of the beta family"),
    ({"value": "7 W", "error": "2 W"}, POWER, ("error",), "error '2 W' is not a share of the value"),
    ({"value": "7 month", "error": "-2 month"}, Spec("month", "real"), ("error",), "error (-2) is negative"),
    (
        {"value": "2025-01", "error": "10%", "family": "normal"},
        DATE,
        ("error",),
        "the error of a date has a unit",
    ),
    (
        {"value": "2025-01", "error": "2 month", "family": "uniform"},
        DATE,
        ("family",),
        "an error in the unit is normal",
    ),
    ("2025-01 to 2025-06", DATE, (), "an uncertain date has no family of its own"),
    ({"p5": "2025-01", "p95": "2025-06"}, DATE, ("p5",), "an uncertain date has no family of its own"),
    ({"p5": "2025-01", "p95": "2025-06", "family": "beta"}, DATE, ("family",), "beta does not suit a date"),
    ("2025-01 to 2025-02 to 2025-03", DATE, (), "'2025-01 to 2025-02 to 2025-03' has more than two ends"),
    ({"discrete": [0, 1]}, FRACTION, ("discrete",), "discrete holds `values` and `probabilities`"),
    (
        {"discrete": {"values": 0, "probabilities": [1]}},
        FRACTION,
        ("discrete", "values"),
        "values is not a list",
    ),
    (
        {"discrete": {"values": [0, 1], "probabilities": [0.3, 0.6]}},
        FRACTION,
        ("discrete", "probabilities"),
        "the probabilities add up to 0.9",
    ),
    ({"value": 1, "weight": -1}, REAL, ("weight",), "weight (-1) is negative"),
    ({"value": 1, "source": 3}, REAL, ("source",), "source 3 is not a source id or a list of them"),
    ({"value": 1, "note": 3}, REAL, ("note",), "note 3 is not text"),
    ({"value": 1, "unverified": "yes"}, REAL, ("unverified",), "unverified 'yes' is not true or false"),
    ([], REAL, (), "the list of estimates is empty"),
    ([3, 1], REAL, (0,), "3 in a list of estimates does not say whose it is"),
    ([{"value": "3 W"}, {"p5": "9 W", "p95": "2 W"}], POWER, (1, "p5"), "p5 (9) is above p95 (2)"),
    (
        [{"2024-12": "2 wpm"}, {"value": "3 wpm"}],
        WAFERS,
        (1,),
        "one estimate gives months and another does not",
    ),
    ([{"2024-12": "2 wpm"}, {"2024-12": "x"}], WAFERS, (1, "2024-12"), "'x' is not a number"),
    ([{"value": {"2024-12": "x"}}], WAFERS, (0, "value", "2024-12"), "'x' is not a number"),
    ({"2024-12": "2 W"}, POWER, (), "this does not change over months"),
    ({"logistic": {}}, POWER, ("logistic",), "this does not change over months"),
    ({"2024-12": "2 wpm", "2024-12-31": "3 wpm"}, WAFERS, ("2024-12-31",), "2024-12 appears twice"),
    ({"2024-13": "2 wpm"}, WAFERS, ("2024-13",), "'2024-13' is not a month"),
    ({2024: "2 wpm"}, WAFERS, ("2024",), "2024 is not a month"),
    ({"2024Q1": "2 wpm"}, WAFERS, ("2024Q1",), "'2024Q1' is not a month"),
    ({"2024-12": "2 wpm", "surce": "a"}, WAFERS, ("surce",), "unknown key 'surce' beside months"),
    ({"2024-12": "2 wpm", "levels": "own"}, WAFERS, ("levels",), "unknown levels 'own'"),
    ({"2024-12": {"2024-12": "2 wpm"}}, WAFERS, ("2024-12",), "a path cannot stand here"),
    ({"2024-12": {"p5": "3 wpm", "p95": "2 wpm"}}, WAFERS, ("2024-12", "p5"), "p5 (3) is above p95 (2)"),
    ({"growth": 3}, WAFERS, ("growth",), "growth is not a mapping of its parts"),
    ({"growth": {"level": "2 wpm", "rate": "1%/month"}}, WAFERS, ("growth",), "at is missing"),
    ({"growth": {"at": "x", "level": "2 wpm", "rate": 1}}, WAFERS, ("growth", "at"), "'x' is not a month"),
    ({"growth": {"at": "2025-01", "level": "2 wpm"}}, WAFERS, ("growth",), "rate is missing"),
    (
        {"growth": {"at": "2025-01", "level": "2 wpm", "rate": "3%"}},
        WAFERS,
        ("growth", "rate"),
        "% has no unit, but this is measured in 1/month",
    ),
    (
        {"growth": {"at": "2025-01", "level": "2 wpm", "rate": "3%/month", "rte": 3}},
        WAFERS,
        ("growth", "rte"),
        "unknown key 'rte'",
    ),
    ({"growth": {"at": "2025-01"}, "scale": 3}, WAFERS, ("scale",), "unknown key 'scale' beside growth"),
]


@pytest.mark.parametrize(("raw", "spec", "at", "message"), REFUSALS, ids=[case[3] for case in REFUSALS])
def test_what_cannot_stand_is_refused_at_its_key(raw, spec, at, message):
    error = refusal(raw, spec)
    assert (error.message, error.at) == (message, at)


def test_a_blank_unit_is_an_error_that_says_what_to_write():
    assert str(refusal("540000", Spec("stack/month"))) == ("540000 has no unit; write e.g. `540000 stack/month`")


def test_two_numbers_in_a_row_are_never_an_interval():
    assert "an interval is `low to high`" in refusal([3, 1], REAL).hint


@given(st.floats(1e-3, 1e3), st.floats(1.001, 50.0))
@settings(deadline=None, max_examples=80)
def test_a_parsed_interval_is_its_5th_to_95th_percentile(low, ratio):
    high = low * ratio
    np.testing.assert_allclose(only(f"{low!r} to {high!r} W", POWER).ppf(np.array([0.05, 0.95])), [low, high])
    np.testing.assert_allclose(only(f"{-high!r} to {low!r}", REAL).ppf(np.array([0.05, 0.95])), [-high, low])
    small, large = low / (1 + low), high / (1 + high)
    np.testing.assert_allclose(only(f"{small!r} to {large!r}", FRACTION).ppf(np.array([0.05, 0.95])), [small, large])


def test_what_was_parsed_survives_a_pickle():
    for raw, spec in (("20% to 45%", FRACTION), ({"2024-12": "20k wpm", "2025-12": "1 to 2 kwpm"}, WAFERS)):
        parsed = parse_quantity(raw, spec)
        assert pickle.loads(pickle.dumps(parsed)) == parsed
        assert hash(parse_quantity(raw, spec)) == hash(parsed)
