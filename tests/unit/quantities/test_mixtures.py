import pickle
import time

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
from autarky.quantities.mixtures import Mixture

quick = settings(deadline=None, max_examples=60)
GRID = np.linspace(1e-6, 1.0 - 1e-6, 20_001)

PARTS = st.one_of(
    st.builds(Lognormal, st.floats(-2.0, 2.0), st.just(0.4), st.just(0.4)),
    st.builds(lambda m, s: Normal(m, s, 2 * s), st.floats(-3.0, 3.0), st.floats(0.001, 1.0)),
    st.builds(lambda m, s: LogitNormal(m, s, s), st.floats(-1.0, 1.0), st.floats(0.01, 2.0)),
    st.builds(lambda a, w: Uniform(a, a + w), st.floats(-3.0, 3.0), st.floats(0.001, 3.0)),
    st.builds(lambda a: LogUniform(a, 3 * a), st.floats(0.1, 3.0)),
    st.builds(lambda a, w: Triangular(a, a + w, a + 3 * w), st.floats(-3.0, 3.0), st.floats(0.01, 3.0)),
    st.builds(Beta, st.floats(0.5, 5.0), st.floats(0.5, 5.0)),
    st.builds(Exact, st.floats(-3.0, 3.0, allow_subnormal=False)),
    st.builds(lambda p: Discrete((0.0, 1.0), (1.0 - p, p)), st.floats(0.0, 1.0)),
    st.just(from_quantiles("lognormal", 1.0, 4.0, 1.0)),
    st.just(from_quantiles("normal", 1.0, 4.0, 4.0)),
)
MIXTURES = st.lists(st.tuples(PARTS, st.floats(0.01, 1.0)), min_size=1, max_size=5).map(
    lambda pairs: Mixture(tuple(part for part, _ in pairs), tuple(weight for _, weight in pairs))
)


@given(MIXTURES)
@quick
def test_the_inverse_never_falls(mixture):
    assert (np.diff(mixture.ppf(GRID)) >= 0).all()


@given(MIXTURES)
@quick
def test_the_pooled_cdf_is_the_weighted_sum(mixture):
    x = np.linspace(-5.0, 12.0, 301)
    expected = sum(w * c.cdf(x) for c, w in zip(mixture.components, mixture.weights, strict=True))
    np.testing.assert_allclose(mixture.cdf(x), expected, atol=1e-15)
    assert sum(mixture.weights) == pytest.approx(1.0)


@given(MIXTURES)
@quick
def test_the_inverse_is_right_to_one_in_ten_thousand(mixture):
    x = mixture.ppf(GRID)
    jumps = dict(mixture.atoms)
    at = mixture.cdf(x)
    before = at - np.array([jumps.get(value, 0.0) for value in x.tolist()])
    assert (at >= GRID - 1e-4).all()
    assert (before <= GRID + 1e-4).all()


@given(MIXTURES)
@quick
def test_every_atom_is_hit_exactly_and_as_often_as_it_should_be(mixture):
    x = mixture.ppf(GRID)
    for value, probability in mixture.atoms:
        assert np.mean(x == value) == pytest.approx(probability, abs=3e-4)


@given(MIXTURES)
@quick
def test_responsibilities_add_up_to_one_and_average_to_the_weights(mixture):
    shares = mixture.responsibilities(mixture.ppf(GRID))
    assert shares.shape == (len(mixture.components), GRID.size)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert (shares >= 0).all()


def test_responsibilities_average_to_the_weights():
    mixture = Mixture((Lognormal(0.0, 0.4, 0.4), Exact(1.5), Uniform(1.0, 4.0)), (0.5, 0.2, 0.3))
    np.testing.assert_allclose(mixture.responsibilities(mixture.ppf(GRID)).mean(axis=1), mixture.weights, atol=2e-3)


def test_at_an_atom_only_the_components_that_hold_it_are_possible():
    mixture = Mixture((Lognormal(0.0, 0.4, 0.4), Exact(1.5), Exact(1.5)), (0.6, 0.3, 0.1))
    np.testing.assert_allclose(mixture.responsibilities(np.array([1.5]))[:, 0], [0.0, 0.75, 0.25])
    np.testing.assert_allclose(mixture.responsibilities(np.array([1.6]))[:, 0], [1.0, 0.0, 0.0])


def test_where_no_component_can_reach_the_weights_stand():
    mixture = Mixture((Exact(1.0), Exact(2.0)), (1.0, 3.0))
    np.testing.assert_allclose(mixture.responsibilities(np.array([1.5]))[:, 0], [0.25, 0.75])


def test_two_sources_that_disagree_keep_the_gap_between_them():
    mixture = Mixture((Exact(752.0), Exact(780.0)), (1.0, 1.0))
    assert set(mixture.ppf(GRID).tolist()) == {752.0, 780.0}
    assert mixture.mean() == 766.0
    assert mixture.support == (752.0, 780.0)


def test_a_component_of_weight_zero_is_never_drawn():
    mixture = Mixture((Exact(1.0), Exact(2.0), Uniform(5.0, 6.0)), (1.0, 0.0, 0.0))
    assert (mixture.ppf(GRID) == 1.0).all()
    assert mixture.atoms == ((1.0, 1.0),)
    assert mixture.support == (1.0, 1.0)


def test_mixtures_of_mixtures_pool_all_the_way_down():
    inner = Mixture((Exact(1.0), Lognormal(0.0, 0.5, 0.5)), (1.0, 1.0))
    outer = Mixture((inner, Exact(1.0)), (1.0, 1.0))
    assert outer.atoms == ((1.0, pytest.approx(0.75)),)
    assert np.mean(outer.ppf(GRID) == 1.0) == pytest.approx(0.75, abs=1e-3)


def test_a_value_does_not_depend_on_the_draws_beside_it():
    mixture = Mixture((Lognormal(0.0, 0.4, 0.4), Exact(1.5)), (0.7, 0.3))
    whole = mixture.ppf(GRID)
    for start, stop in ((0, 1), (1, 4096), (4096, 4099), (4099, GRID.size)):
        np.testing.assert_array_equal(mixture.ppf(GRID[start:stop]), whole[start:stop])


def test_the_far_tails_stay_within_reach():
    mixture = Mixture((Lognormal(0.0, 0.4, 0.4), Normal(3.0, 1.0, 1.0)), (0.5, 0.5))
    ends = mixture.ppf(np.array([2.0**-33, 1.0 - 2.0**-33]))
    assert np.isfinite(ends).all()
    np.testing.assert_allclose(mixture.cdf(ends), [0.0, 1.0], atol=1e-9)


def test_a_used_mixture_pickles_like_a_fresh_one():
    mixture = Mixture((Lognormal(0.0, 0.4, 0.4), Exact(1.5)), (0.7, 0.3))
    fresh = pickle.dumps(mixture)
    mixture.ppf(GRID)
    assert pickle.dumps(mixture) == fresh
    copy = pickle.loads(fresh)
    assert copy == mixture
    assert hash(copy) == hash(mixture)
    np.testing.assert_array_equal(copy.ppf(GRID), mixture.ppf(GRID))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((0.0, 0.0), "all weights are 0; at least one estimate must count"),
        ((1.0, -1.0), "a weight is negative or not finite; weights are 0 or above"),
        ((1.0,), "a mixture needs one weight for each component"),
    ],
)
def test_weights_that_cannot_be_shares_are_refused(weights, message):
    with pytest.raises(QuantityError) as raised:
        Mixture((Exact(1.0), Exact(2.0)), weights)
    assert str(raised.value) == message


def test_ten_thousand_draws_cost_a_few_times_one_lognormal():
    lognormal = Lognormal(0.0, 0.4, 0.4)
    mixture = Mixture((lognormal, Normal(3.0, 1.0, 1.0), Exact(1.5), Uniform(0.0, 9.0)), (4.0, 3.0, 2.0, 1.0))
    u = np.random.default_rng(1).uniform(1e-9, 1.0 - 1e-9, 10_000)
    mixture.ppf(u)

    def fastest(draw):
        times = []
        for _ in range(20):
            start = time.perf_counter()
            draw(u)
            times.append(time.perf_counter() - start)
        return min(times)

    assert fastest(mixture.ppf) < 40 * fastest(lognormal.ppf)
