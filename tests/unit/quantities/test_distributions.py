import math
import pickle

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autarky.errors import QuantityError
from autarky.quantities.distributions import (
    FAMILIES,
    Z95,
    Beta,
    Discrete,
    Exact,
    LogitNormal,
    Lognormal,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
    bernoulli,
    from_bounds,
    from_error,
    from_moments,
    from_quantiles,
)

LEVELS = np.linspace(0.001, 0.999, 999)
quick = settings(deadline=None, max_examples=80)

ORACLES = [
    (Normal(2.0, 0.5, 0.5), scipy.stats.norm(2.0, 0.5)),
    (Lognormal(0.7, 0.3, 0.3), scipy.stats.lognorm(0.3, scale=math.exp(0.7))),
    (Uniform(-1.0, 3.0), scipy.stats.uniform(-1.0, 4.0)),
    (LogUniform(0.5, 8.0), scipy.stats.loguniform(0.5, 8.0)),
    (Triangular(1.0, 2.0, 5.0), scipy.stats.triang(0.25, 1.0, 4.0)),
    (Triangular(1.0, 1.0, 5.0), scipy.stats.triang(0.0, 1.0, 4.0)),
    (Triangular(1.0, 5.0, 5.0), scipy.stats.triang(1.0, 1.0, 4.0)),
    (Beta(2.0, 5.0), scipy.stats.beta(2.0, 5.0)),
]


@pytest.mark.parametrize(("ours", "theirs"), ORACLES, ids=lambda value: getattr(value, "kind", ""))
def test_ppf_cdf_pdf_and_mean_agree_with_scipy(ours, theirs):
    x = theirs.ppf(LEVELS)
    np.testing.assert_allclose(ours.ppf(LEVELS), x, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.cdf(x), LEVELS, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.pdf(x), theirs.pdf(x), rtol=1e-9)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=1e-10)
    low, high = theirs.support()
    assert ours.support == pytest.approx((low, high))
    outside = np.array([low - 1.0 if math.isfinite(low) else -1e300, high + 1.0 if math.isfinite(high) else 1e300])
    np.testing.assert_allclose(ours.cdf(outside), [0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(ours.pdf(outside), [0.0, 0.0], atol=1e-200)


def test_a_logit_normal_has_a_normal_logit():
    ours = LogitNormal(0.4, 0.9, 0.9)
    x = scipy.special.expit(scipy.stats.norm(0.4, 0.9).ppf(LEVELS))
    np.testing.assert_allclose(ours.ppf(LEVELS), x, rtol=1e-12)
    np.testing.assert_allclose(ours.cdf(x), LEVELS, rtol=1e-10)
    np.testing.assert_allclose(ours.pdf(x), scipy.stats.norm(0.4, 0.9).pdf(scipy.special.logit(x)) / (x * (1 - x)))
    assert ours.mean() == pytest.approx(scipy.stats.norm(0.4, 0.9).expect(scipy.special.expit), rel=1e-9)


@pytest.mark.parametrize("family", ["normal", "lognormal", "logit-normal"])
@pytest.mark.parametrize(("p5", "p50", "p95"), [(0.1, 0.15, 0.6), (0.2, 0.5, 0.55), (0.3, None, 0.7)])
def test_stated_quantiles_come_back(family, p5, p50, p95):
    built = from_quantiles(family, p5, p95, p50)
    stated = [p5, p95] if p50 is None else [p5, p50, p95]
    np.testing.assert_allclose(built.ppf(np.array([0.05, 0.95] if p50 is None else [0.05, 0.5, 0.95])), stated)
    u = np.linspace(0.0005, 0.9995, 2001)
    np.testing.assert_allclose(built.cdf(built.ppf(u)), u, atol=1e-12)
    x = built.ppf(u)
    area = np.sum(0.5 * (built.pdf(x)[1:] + built.pdf(x)[:-1]) * np.diff(x))
    assert area == pytest.approx(0.999, abs=0.01)
    assert built.mean() == pytest.approx(np.mean(built.ppf((np.arange(200_000) + 0.5) / 200_000)), rel=1e-4)


@pytest.mark.parametrize("family", ["uniform", "log-uniform", "triangular"])
def test_an_interval_of_any_family_is_its_5th_to_95th_percentile(family):
    built = from_quantiles(family, 2.0, 6.0)
    np.testing.assert_allclose(built.ppf(np.array([0.05, 0.95])), [2.0, 6.0])


def test_the_95th_percentile_of_the_standard_normal_is_right():
    assert pytest.approx(scipy.special.ndtri(0.95), abs=1e-15) == Z95


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_bounds_are_a_constant(family):
    if family == "beta":
        return
    built = from_quantiles(family, 0.4, 0.4)
    assert built == Exact(0.4)
    assert (built.ppf(LEVELS) == 0.4).all()


def test_a_one_sided_interval_puts_half_the_probability_on_its_median():
    low_side = from_quantiles("lognormal", 2.0, 6.0, 2.0)
    assert low_side.atoms == ((pytest.approx(2.0), 0.5),)
    assert (low_side.ppf(np.array([0.01, 0.3, 0.5])) == low_side.atoms[0][0]).all()
    median = np.array([low_side.atoms[0][0]])
    assert low_side.cdf(median) == 0.5
    assert low_side.cdf(median - 0.001) == 0.0
    high_side = from_quantiles("logit-normal", 0.2, 0.6, 0.6)
    assert high_side.cdf(np.array([high_side.atoms[0][0]])) == 1.0
    assert high_side.cdf(np.array([0.599])) == pytest.approx(0.5, abs=0.01)
    assert high_side.ppf(np.array([0.7]))[0] == high_side.atoms[0][0]


def test_moments_come_back():
    for family in ("normal", "lognormal", "beta"):
        built = from_moments(family, 0.4, 0.1)
        draws = built.ppf((np.arange(400_000) + 0.5) / 400_000)
        assert built.mean() == pytest.approx(0.4)
        assert draws.std() == pytest.approx(0.1, rel=1e-3)


def test_mean_3_and_sd_1_are_never_read_as_an_interval():
    assert from_moments("normal", 3.0, 1.0) == Normal(3.0, 1.0, 1.0)
    with pytest.raises(QuantityError) as raised:
        from_quantiles("normal", 3.0, 1.0)
    assert str(raised.value) == (
        "p5 (3) is above p95 (1); quantiles must rise from p5 to p95. Were p5 and p95 swapped?"
    )
    assert raised.value.at == ("p5",)


def test_swapped_quantiles_are_named_with_their_values():
    with pytest.raises(QuantityError) as raised:
        from_quantiles("lognormal", 20_000, 35_000, 38_000)
    assert str(raised.value) == (
        "p50 (38,000) is above p95 (35,000); quantiles must rise from p5 to p95. Were p50 and p95 swapped?"
    )


def test_a_lognormal_of_negative_mean_is_an_error_at_construction():
    with pytest.raises(QuantityError) as raised:
        from_moments("lognormal", -3.0, 0.1)
    assert raised.value.at == ("mean",)
    assert raised.value.message == "mean (-3) of a lognormal is not above 0"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: from_quantiles("lognormal", 0.0, 3.0), "p5 (0) is not above 0"),
        (lambda: from_quantiles("logit-normal", 0.2, 1.2), "p95 (1.2) does not lie between 0 and 1"),
        (lambda: from_quantiles("logit-normal", 0.2, 1.0), "p95 (1) does not lie between 0 and 1"),
        (lambda: from_quantiles("normal", math.nan, 1.0), "p5 (nan) is not a finite number"),
        (lambda: from_quantiles("normal", 0.0, math.inf), "p95 (inf) is not a finite number"),
        (lambda: from_quantiles("lognorm", 1.0, 2.0), "unknown family 'lognorm'"),
        (lambda: from_quantiles("beta", 0.1, 0.2), "beta is not built from quantiles"),
        (lambda: from_quantiles("uniform", 1.0, 3.0, 2.0), "p5 and p95 already fix a uniform distribution"),
        (lambda: from_quantiles("log-uniform", 0.0, 3.0), "p5 (0) is not above 0"),
        (lambda: from_moments("normal", 1.0, 0.0), "sd (0) is not above 0"),
        (lambda: from_moments("uniform", 1.0, 1.0), "uniform is not built from mean and sd"),
        (lambda: from_moments("beta", 0.5, 0.6), "sd (0.6) is impossible for a fraction with this mean"),
        (lambda: from_moments("beta", 1.5, 0.6), "mean (1.5) lies outside 0 to 1"),
        (lambda: from_moments("gauss", 1.5, 0.6), "unknown family 'gauss'"),
        (lambda: from_bounds("uniform", 2.0, 1.0), "low (2) is not below high (1)"),
        (lambda: from_bounds("uniform", 1.0, 2.0, 1.5), "a uniform distribution has no mode"),
        (lambda: from_bounds("triangular", 1.0, 2.0, 3.0), "mode (3) lies outside 1 to 2"),
        (lambda: from_bounds("log-uniform", -1.0, 2.0), "low (-1) is not above 0"),
        (lambda: from_bounds("normal", 1.0, 2.0), "a normal distribution has no bounds"),
        (lambda: from_bounds("square", 1.0, 2.0), "unknown family 'square'"),
        (lambda: from_error("lognormal", 5.0, -0.1), "error (-0.1) is negative"),
        (lambda: from_error("lognormal", -5.0, 0.1), "value (-5) is not above 0"),
        (lambda: from_error("normal", 0.0, 0.1), "a relative error of 0 is 0"),
        (lambda: from_error("uniform", 5.0, 0.1), "uniform is not built from an error"),
        (lambda: from_error("square", 5.0, 0.1), "unknown family 'square'"),
        (lambda: Exact(math.nan), "value (nan) is not a finite number"),
        (lambda: Discrete((0.0, 1.0), (0.3, 0.6)), "the probabilities add up to 0.9"),
        (lambda: Discrete((0.0, 1.0), (1.3, -0.3)), "a probability lies outside 0 to 1"),
        (lambda: Discrete((1.0, 1.0), (0.3, 0.7)), "a value appears twice"),
        (lambda: Discrete((1.0,), (0.3, 0.7)), "1 values have 2 probabilities"),
        (lambda: bernoulli(1.5), "probability (1.5) lies outside 0 to 1"),
        (lambda: Normal(0.0, 0.0, 0.0), "a width is negative or both are 0"),
        (lambda: Beta(0.0, 1.0), "alpha (0) is not above 0"),
    ],
)
def test_an_impossible_distribution_is_refused(build, message):
    with pytest.raises(QuantityError) as raised:
        build()
    assert raised.value.message == message


def test_a_relative_error_is_the_spread_of_the_logarithm():
    assert from_error("lognormal", 700.0, 0.15) == Lognormal(math.log(700.0), 0.15, 0.15)
    assert from_error("lognormal", 700.0, 0.0) == Exact(700.0)
    assert from_error("normal", -4.0, 0.1) == Normal(-4.0, 0.4, 0.4)


def test_the_error_of_a_fraction_stays_within_it():
    built = from_error("logit-normal", 0.9, 0.01)
    u = (np.arange(100_000) + 0.5) / 100_000
    assert built.ppf(np.array([0.5]))[0] == pytest.approx(0.9)
    assert built.ppf(u).std() == pytest.approx(0.009, rel=0.01)
    assert built.ppf(u).max() < 1.0


def test_an_event_happens_with_its_probability():
    event = bernoulli(0.3)
    u = (np.arange(1000) + 0.5) / 1000
    assert event.ppf(u).mean() == pytest.approx(0.3)
    assert event.atoms == ((0.0, 0.7), (1.0, 0.3))
    assert bernoulli(0.0).atoms == ((0.0, 1.0),)
    assert (bernoulli(1.0).ppf(u) == 1.0).all()


def test_a_discrete_distribution_is_read_in_any_order():
    assert Discrete((3.0, 1.0), (0.25, 0.75)) == Discrete((1.0, 3.0), (0.75, 0.25))
    built = Discrete((3.0, 1.0), (0.25, 0.75))
    np.testing.assert_array_equal(built.ppf(np.array([0.1, 0.75, 0.76])), [1.0, 1.0, 3.0])
    np.testing.assert_array_equal(built.cdf(np.array([0.9, 1.0, 2.0, 3.0])), [0.0, 0.75, 0.75, 1.0])
    assert built.mean() == 1.5
    assert built.support == (1.0, 3.0)
    assert (built.pdf(np.array([1.0, 2.0])) == 0.0).all()


def any_distribution():
    spread = st.floats(0.01, 2.0)
    middle = st.floats(-5.0, 5.0)
    bounds = st.tuples(st.floats(-10.0, 10.0), st.floats(0.01, 10.0))
    return st.one_of(
        st.builds(Normal, middle, spread, spread),
        st.builds(Lognormal, middle, spread, spread),
        st.builds(LogitNormal, middle, spread, spread),
        bounds.map(lambda b: Uniform(b[0], b[0] + b[1])),
        bounds.map(lambda b: LogUniform(abs(b[0]) + 0.1, abs(b[0]) + 0.1 + b[1])),
        st.tuples(bounds, st.floats(0.0, 1.0)).map(
            lambda b: Triangular(b[0][0], b[0][0] + b[1] * b[0][1], b[0][0] + b[0][1])
        ),
        # Below about 0.6 the density piles up at 1 beyond what a double can tell from 1.
        st.builds(Beta, st.floats(0.6, 20.0), st.floats(0.6, 20.0)),
        st.builds(Exact, middle),
        st.builds(lambda p: Discrete((0.0, 1.0), (1.0 - p, p)), st.floats(0.0, 1.0)),
    )


levels = st.lists(st.floats(1e-6, 1.0 - 1e-6), min_size=2, max_size=30).map(lambda u: np.sort(np.array(u)))


@given(any_distribution(), levels)
@quick
def test_the_inverse_never_falls(distribution, u):
    assert (np.diff(distribution.ppf(u)) >= 0).all()


@given(any_distribution(), levels)
@quick
def test_the_cdf_undoes_the_inverse(distribution, u):
    if distribution.atoms:
        assert (distribution.cdf(distribution.ppf(u)) >= u - 1e-12).all()
    else:
        np.testing.assert_allclose(distribution.cdf(distribution.ppf(u)), u, atol=1e-9)


@given(st.sampled_from(["normal", "lognormal", "logit-normal"]), st.lists(st.floats(0.001, 0.999), min_size=3))
@quick
def test_any_rising_triple_comes_back_exactly(family, numbers):
    p5, p50, p95 = sorted(numbers)[:3]
    assume(p5 < p95)
    built = from_quantiles(family, p5, p95, p50)
    np.testing.assert_allclose(built.ppf(np.array([0.05, 0.5, 0.95])), [p5, p50, p95], rtol=1e-9)


@given(any_distribution())
@quick
def test_equal_distributions_have_equal_hashes_and_survive_a_pickle(distribution):
    copy = pickle.loads(pickle.dumps(distribution))
    assert copy == distribution
    assert hash(copy) == hash(distribution)


@given(any_distribution(), st.integers(1, 40), st.integers(0, 40))
@quick
def test_a_value_does_not_depend_on_the_draws_beside_it(distribution, start, size):
    u = (np.arange(97) + 0.5) / 97
    np.testing.assert_array_equal(distribution.ppf(u[start : start + size]), distribution.ppf(u)[start : start + size])
