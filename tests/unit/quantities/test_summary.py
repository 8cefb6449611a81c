import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autarky.errors import QuantityError
from autarky.quantities.summary import (
    batch_standard_error,
    ess,
    probability,
    weighted_mean,
    weighted_quantiles,
)

PROBABILITIES = [0.0, 0.05, 0.25, 0.5, 0.9, 0.95, 1.0]
VALUES = np.random.default_rng(3).normal(size=(4, 3, 501))
draws = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6))


def test_quantiles_agree_with_numpy_and_keep_the_shape():
    ours = weighted_quantiles(VALUES, PROBABILITIES)
    assert ours.shape == (7, 4, 3)
    np.testing.assert_array_equal(ours, np.quantile(VALUES, PROBABILITIES, axis=-1, method="inverted_cdf"))


def test_equal_weights_change_nothing():
    weights = np.full(501, 0.3)
    np.testing.assert_array_equal(
        weighted_quantiles(VALUES, PROBABILITIES, weights), weighted_quantiles(VALUES, PROBABILITIES)
    )
    np.testing.assert_allclose(weighted_mean(VALUES, weights), weighted_mean(VALUES))
    assert ess(weights) == pytest.approx(501)


@given(draws, st.data())
@settings(deadline=None, max_examples=100)
def test_integer_weights_are_repeats(values, data):
    counts = data.draw(hnp.arrays(np.int64, values.size, elements=st.integers(0, 5)))
    counts[data.draw(st.integers(0, values.size - 1))] += 1
    repeated = np.repeat(values, counts)
    np.testing.assert_array_equal(
        weighted_quantiles(values, PROBABILITIES, counts.astype(float)),
        weighted_quantiles(repeated, PROBABILITIES),
    )
    assert weighted_mean(values, counts.astype(float)) == pytest.approx(repeated.mean(), rel=1e-9, abs=1e-6)


@given(draws, st.floats(1e-6, 1e6))
@settings(deadline=None, max_examples=60)
def test_only_the_ratio_of_weights_counts(values, scale):
    weights = np.arange(1.0, values.size + 1.0)
    np.testing.assert_array_equal(
        weighted_quantiles(values, [0.05, 0.5, 0.95], weights),
        weighted_quantiles(values, [0.05, 0.5, 0.95], weights * scale),
    )
    assert ess(weights * scale) == pytest.approx(ess(weights))


@given(draws)
@settings(deadline=None, max_examples=60)
def test_a_quantile_is_one_of_the_draws_and_rises_with_probability(values):
    found = weighted_quantiles(values, PROBABILITIES, np.linspace(0.1, 1.0, values.size))
    assert np.isin(found, values).all()
    assert (np.diff(found) >= 0).all()


def test_a_draw_of_weight_zero_is_never_a_quantile():
    values = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(weighted_quantiles(values, [0.0, 1.0], np.array([0.0, 1.0, 0.0])), [2.0, 2.0])


def test_probabilities_that_miss_a_whole_number_by_rounding_do_not_skip_a_draw():
    values = np.arange(1.0, 101.0)
    np.testing.assert_array_equal(weighted_quantiles(values, [0.07, 0.29, 0.57]), [7.0, 29.0, 57.0])
    np.testing.assert_array_equal(weighted_quantiles(values, [0.07, 0.29, 0.57], np.ones(100)), [7.0, 29.0, 57.0])


@pytest.mark.parametrize("weights", [None, np.ones(4)])
def test_an_undefined_draw_makes_the_quantile_undefined_and_no_other(weights):
    values = np.array([[1.0, np.nan, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
    found = weighted_quantiles(values, [0.5], weights)
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 2.0


def test_narrow_floats_stay_narrow():
    assert weighted_quantiles(VALUES.astype(np.float32), [0.5]).dtype == np.float32


def test_the_probability_of_an_event_takes_weights():
    event = np.array([[True, False, True, True], [False, False, False, True]])
    np.testing.assert_allclose(probability(event), [0.75, 0.25])
    np.testing.assert_allclose(probability(event, np.array([1.0, 1.0, 0.0, 2.0])), [0.75, 0.5])


def test_one_heavy_draw_is_worth_one_draw():
    assert ess(np.array([1.0, 0.0, 0.0])) == 1.0
    assert ess(np.array([1e-300, 1e-300])) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "weights",
    [np.array([1.0, -1.0, 1.0]), np.zeros(3), np.array([1.0, np.nan, 1.0]), np.ones(2), np.ones((3, 1))],
)
def test_weights_that_cannot_weigh_are_refused(weights):
    for summary in (weighted_mean, lambda v, w: weighted_quantiles(v, [0.5], w)):
        with pytest.raises(QuantityError, match="weights"):
            summary(np.arange(3.0), weights)


@pytest.mark.parametrize("wanted", [[1.5], [-0.1], [float("nan")], [[0.5]]])
def test_what_is_no_probability_is_refused(wanted):
    with pytest.raises(QuantityError, match="not probabilities"):
        weighted_quantiles(VALUES, wanted)


def test_the_standard_error_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(5).normal(size=(200, 6400))
    errors = batch_standard_error(weighted_mean, values)
    assert errors.shape == (200,)
    assert np.mean(errors) == pytest.approx(1 / 80, rel=0.05)


def test_a_standard_error_takes_weights():
    values = np.random.default_rng(5).normal(size=6400)
    weights = np.random.default_rng(6).uniform(size=6400)
    error = batch_standard_error(lambda v, w: weighted_quantiles(v, [0.5], w), values, weights)
    assert error.shape == (1,)
    assert 0.005 < error[0] < 0.05


def test_too_few_draws_for_the_batches_is_an_error():
    with pytest.raises(QuantityError, match="10 draws cannot be cut into 16 batches"):
        batch_standard_error(weighted_mean, np.arange(10.0))
