"""How good the draws are, with stated tolerances."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from autarky.quantities.correlation import correlate
from autarky.quantities.distributions import Discrete, Exact, Lognormal, Normal, from_quantiles
from autarky.quantities.draws import Streams
from autarky.quantities.mixtures import Mixture
from autarky.quantities.parse import Spec, parse_quantity
from autarky.quantities.summary import batch_standard_error, weighted_mean, weighted_quantiles

KEYS = tuple(f"input.{number}" for number in range(8))
DRAWS = 4096
INPUTS = [from_quantiles("lognormal", 1.0, 1.0 + 0.3 * (number + 1)) for number in range(len(KEYS))]


def product(streams, draws):
    """Return the product of eight lognormals, and the parameters of its exact distribution."""
    values = np.ones(draws)
    for key, distribution in zip(KEYS, INPUTS, strict=True):
        values *= distribution.ppf(streams.uniform(key, 0, draws))
    return values


EXACT = Lognormal(
    sum(d.middle for d in INPUTS),
    math.sqrt(sum(d.lower**2 for d in INPUTS)),
    math.sqrt(sum(d.lower**2 for d in INPUTS)),
)
PROBABILITIES = np.array([0.05, 0.5, 0.95])


def relative_errors(dimensions, seeds=150):
    """Return the relative errors of mean, p5, p50 and p95 at 4,096 draws, shape (seed, 4)."""
    truth = np.concatenate(([EXACT.mean()], EXACT.ppf(PROBABILITIES)))
    found = []
    for seed in range(seeds):
        values = product(Streams(seed, dimensions), DRAWS)
        found.append(np.concatenate(([values.mean()], weighted_quantiles(values, PROBABILITIES))))
    return np.array(found) / truth - 1.0


def test_sobol_draws_beat_plain_ones_at_equal_number():
    sobol = np.sqrt(np.mean(relative_errors(KEYS) ** 2, axis=0))
    plain = np.sqrt(np.mean(relative_errors(()) ** 2, axis=0))
    assert sobol[0] < plain[0] / 8.0
    assert (sobol[1:] < plain[1:] / 1.3).all()


def test_sobol_draws_have_no_bias_beyond_three_standard_errors():
    errors = relative_errors(KEYS)
    bias = errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / math.sqrt(len(errors)))
    assert (np.abs(bias) < 3.0).all()


def test_the_reported_standard_error_covers_the_truth_as_often_as_it_says():
    draws = 16 * DRAWS
    truth = EXACT.ppf(PROBABILITIES)
    inside = []
    for seed in range(60):
        values = product(Streams(seed, KEYS), draws)
        error = batch_standard_error(lambda v, w: weighted_quantiles(v, PROBABILITIES, w), values)
        # 2.131: the 97.5th percentile of Student's t with 15 degrees of freedom.
        inside.append(np.abs(weighted_quantiles(values, PROBABILITIES) - truth) < 2.131 * error)
    # 95 % of 180 would be 171; if all were independent, fewer than 160 would come once in 1,000 times.
    assert np.sum(inside) >= 160


@pytest.mark.parametrize(
    ("raw", "spec"),
    [
        ("20k to 30k wafer/month", Spec("wafer/month")),
        ("20% to 45%", Spec("1", "fraction")),
        ({"p5": -4, "p50": 1, "p95": 2}, Spec("1", "real")),
        ({"p5": 1, "p95": 2, "family": "triangular"}, Spec("1")),
        ([{"value": "1 to 2"}, {"value": "5 to 9", "weight": 3}, {"value": 4}], Spec("1")),
    ],
)
def test_nine_draws_of_ten_lie_in_the_90_percent_interval(raw, spec):
    quantity = parse_quantity(raw, spec)
    low, high = quantity.pooled.ppf(np.array([0.05, 0.95]))
    for dimensions, tolerance in ((KEYS, 0.001), ((), 0.01)):
        values = quantity.draw({"": Streams(3, dimensions).uniform(KEYS[0], 0, DRAWS)})
        assert np.mean((values > low) & (values <= high)) == pytest.approx(0.9, abs=tolerance)


def test_a_pool_draws_each_source_by_its_weight():
    quantity = parse_quantity([{"value": 1, "weight": 1}, {"value": "10 to 20", "weight": 3}], Spec("1"))
    values = quantity.draw({"": Streams(3, KEYS).uniform(KEYS[0], 0, DRAWS)})
    assert np.mean(values == 1.0) == pytest.approx(0.25, abs=0.001)
    assert weighted_mean(values) == pytest.approx(quantity.pooled.mean(), rel=1e-3)


STATED = np.array([[1.0, 0.7, -0.4], [0.7, 1.0, 0.1], [-0.4, 0.1, 1.0]])


def levels(draws=8 * DRAWS):
    streams = Streams(9, KEYS)
    return np.stack([streams.uniform(key, 0, draws) for key in KEYS[:3]])


def test_the_copula_gives_the_stated_rank_correlation():
    np.testing.assert_allclose(spearmanr(correlate(levels(), STATED).T).statistic, STATED, atol=0.005)


def test_rank_correlation_does_not_depend_on_the_distributions():
    values = [d.ppf(u) for d, u in zip(INPUTS[:3], correlate(levels(), STATED), strict=True)]
    np.testing.assert_allclose(spearmanr(np.stack(values).T).statistic, STATED, atol=0.005)


POOLED = Mixture((Exact(1.0), Lognormal(0.5, 0.3, 0.3), Normal(4.0, 0.5, 1.5)), (0.2, 0.5, 0.3))
SKEWED = Lognormal(1.0, 0.4, 0.9)
EVENT = Discrete((0.0, 1.0), (0.35, 0.65))


@pytest.mark.parametrize(
    ("distributions", "stated"),
    [
        ((Lognormal(0.0, 0.5, 0.5), Normal(1.0, 2.0, 2.0), Lognormal(0.0, 0.3, 0.3)), STATED),
        ((POOLED, SKEWED, Normal(1.0, 2.0, 2.0)), STATED),
        ((EVENT, Normal(1.0, 2.0, 2.0), SKEWED), 0.5 * (STATED + np.eye(3))),
    ],
    ids=["smooth", "pooled", "event"],
)
def test_the_copula_gives_the_stated_linear_correlation(distributions, stated):
    result = correlate(levels(), stated, "linear", [d.ppf for d in distributions])
    values = np.stack([d.ppf(u) for d, u in zip(distributions, result, strict=True)])
    np.testing.assert_allclose(np.corrcoef(values), stated, atol=0.012)


def test_correlated_levels_are_still_uniform():
    for row in correlate(levels(), STATED):
        distance = np.abs(np.sort(row) - (np.arange(row.size) + 0.5) / row.size).max()
        assert distance < 0.005
