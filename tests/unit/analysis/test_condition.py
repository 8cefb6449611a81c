"""Conditioning against closed forms: a lognormal prior with reports whose errors are lognormal."""

import math
from datetime import date

import numpy as np
import pytest
from scipy.stats import norm

from autarky.analysis.condition import condition, likelihoods, reports_of
from autarky.errors import QuantityError
from autarky.facts.loader import read_record, weighed
from autarky.quantities.draws import Streams
from autarky.quantities.summary import weighted_mean, weighted_quantiles
from small_catalogue import small_catalogue

DRAWS = 16 * 4096
PRIOR_MEDIAN, PRIOR_SD = 500e3, 0.5
"""Of the amount, and of its logarithm."""
RANGE = 30.0
"""A wrong report lies anywhere within this factor (`pooling.yaml` of the small catalogue)."""


def pooling(none_right):
    raw = {**small_catalogue().plain["pooling"]["default"], "none_right": none_right}
    return read_record("pooling", "default", raw, lambda at: "", [])


def observed(estimates=None, at_most=None):
    """Return an observation of chips with these reports; one without a weight weighs 1."""
    fields = {"label": "Chips", "measure": "production.chips", "period": 2024, "unit": "chip", "source": "maker-2023"}
    stated = {"estimates": estimates, "at_most": at_most}
    raw = {**fields, **{name: value for name, value in stated.items() if value is not None}}
    problems = []
    observation = read_record("observations", "chips", raw, lambda at: "", problems)
    assert problems == []
    return observation


def prior(seed=3, draws=DRAWS):
    u = Streams(seed, ("amount",)).uniform("amount", 0, draws)
    return PRIOR_MEDIAN * np.exp(PRIOR_SD * norm.ppf(u))


def fitted(observation, values=None, none_right=0, **options):
    values = prior() if values is None else values
    return condition({"chips": (observation, values)}, pooling(none_right), **options)


def log_moments(values, weights):
    logs = np.log(values)
    mean = float(weighted_mean(logs, weights))
    return mean, math.sqrt(float(weighted_mean((logs - mean) ** 2, weights)))


def precision_weighted(*pairs):
    """Return mean and standard deviation of the product of normal densities (mean, sd)."""
    total = sum(sd**-2 for _, sd in pairs)
    return sum(mean / sd**2 for mean, sd in pairs) / total, total**-0.5


def assert_posterior(fit, values, mean, sd):
    """Median, and mean and sd of the logarithm, within about four standard errors of the closed form."""
    found_mean, found_sd = log_moments(values, fit.weights)
    median = float(weighted_quantiles(values, [0.5], fit.weights)[0])
    error = 4.0 * sd / math.sqrt(fit.effective_draws)
    assert abs(found_mean - mean) < error
    assert abs(math.log(median) - mean) < 1.3 * error
    assert abs(found_sd - sd) < error


@pytest.mark.parametrize("error", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("reported", [200e3, 500e3, 900e3])
def test_one_report_gives_the_precision_weighted_mean(reported, error):
    fit = fitted(observed({"value": f"{reported} chip", "error": f"{error:.0%}"}))
    expected = precision_weighted((math.log(PRIOR_MEDIAN), PRIOR_SD), (math.log(reported), error_of(error)))
    assert_posterior(fit, prior(), *expected)


def error_of(relative):
    """Return the standard deviation of the logarithm that a relative error stands for."""
    (estimate,) = observed({"value": "1 chip", "error": f"{relative:.0%}"}).estimates.estimates
    low, high = estimate.distribution.ppf(norm.cdf([-1.0, 1.0]))
    return math.log(high / low) / 2.0


def test_a_relative_error_is_one_standard_deviation():
    assert error_of(0.2) == pytest.approx(math.sqrt(math.log(1.04)), rel=0.1)


def test_the_check_itself_can_fail():
    values = prior()
    fit = fitted(observed({"value": "200k chip", "error": "20%"}))
    right = precision_weighted((math.log(PRIOR_MEDIAN), PRIOR_SD), (math.log(200e3), error_of(0.2)))
    assert_posterior(fit, values, *right)
    for wrong in (
        precision_weighted((math.log(PRIOR_MEDIAN), PRIOR_SD), (math.log(200e3), 1.2 * error_of(0.2))),
        # The density of the amount itself, without the step to the logarithm, moves the mean by one variance.
        (right[0] - right[1] ** 2, right[1]),
        (right[0], 1.1 * right[1]),
    ):
        with pytest.raises(AssertionError):
            assert_posterior(fit, values, *wrong)


def test_independent_observations_multiply():
    values = prior()
    one, other = (observed({"value": f"{value} chip", "error": "20%"}) for value in (300e3, 450e3))
    fit = condition({"one": (one, values), "other": (other, values)}, pooling(0))
    sd = error_of(0.2)
    pairs = (math.log(PRIOR_MEDIAN), PRIOR_SD), (math.log(300e3), sd), (math.log(450e3), sd)
    assert_posterior(fit, values, *precision_weighted(*pairs))


def evidence_of(reported, sd):
    """Return the probability density of a report per unit of the logarithm, relative to a wrong one's."""
    marginal = norm.pdf(math.log(reported), math.log(PRIOR_MEDIAN), math.hypot(PRIOR_SD, sd))
    return marginal * math.log(RANGE)


def test_the_probability_that_a_report_is_wrong_follows_from_the_evidence():
    for reported in (100e3, 500e3, 3e6):
        fit = fitted(observed({"value": f"{reported} chip", "error": "20%"}), none_right="10%")
        right = 0.9 * evidence_of(reported, error_of(0.2))
        assert fit.checks[0].none_right == pytest.approx(0.1 / (0.1 + right), rel=0.03)
        assert fit.checks[0].reports[0].posterior == pytest.approx(right / (0.1 + right), rel=0.03)


def test_a_report_far_off_changes_little():
    values = prior()
    fit = fitted(observed({"value": "50M chip", "error": "10%"}), none_right="5%")
    assert fit.checks[0].none_right > 0.99
    mean, sd = log_moments(values, fit.weights)
    assert mean == pytest.approx(math.log(PRIOR_MEDIAN), abs=0.02)
    assert sd == pytest.approx(PRIOR_SD, rel=0.02)


CONTRADICTORY = [
    {"value": "200k chip", "error": "10%", "weight": 1, "source": "maker-2023"},
    {"value": "812k chip", "error": "10%", "weight": 3, "source": "rival-2025"},
]


def test_contradictory_reports_are_alternatives_and_not_averaged():
    fit = fitted(observed(CONTRADICTORY), none_right="5%")
    sd = error_of(0.1)
    shares = [0.95 * 0.25 * evidence_of(200e3, sd), 0.95 * 0.75 * evidence_of(812e3, sd), 0.05]
    expected = np.array(shares) / sum(shares)
    (check,) = fit.checks
    assert [report.posterior for report in check.reports] == pytest.approx(expected[:2], rel=0.03)
    assert check.none_right == pytest.approx(expected[2], rel=0.03)
    assert [report.prior for report in check.reports] == [0.25, 0.75]
    assert [report.value for report in check.reports] == pytest.approx([200e3, 812e3])
    # Two humps: little probability lies at the middle between the reports.
    between = np.abs(np.log(prior() / 403e3)) < 0.15
    assert float(weighted_mean(between.astype(float), fit.weights)) < 0.03


def test_three_reports_of_one_event_weigh_no_more_than_one():
    once, thrice = (
        fitted(observed([{"value": "800k chip", "error": "20%", "source": "rival-2025"}] * count), none_right="5%")
        for count in (1, 3)
    )
    np.testing.assert_allclose(once.weights, thrice.weights, rtol=1e-12)


def test_an_upper_bound_cuts_off_what_lies_above_it():
    bound, sd = 300e3, error_of(0.1)
    fit = fitted(observed(at_most={"value": f"{bound} chip", "error": "10%"}))
    spread = math.hypot(PRIOR_SD, sd)
    z = (math.log(bound) - math.log(PRIOR_MEDIAN)) / spread
    hazard = norm.pdf(z) / norm.cdf(z)
    mean = math.log(PRIOR_MEDIAN) - PRIOR_SD**2 / spread * hazard
    variance = PRIOR_SD**2 - PRIOR_SD**4 / spread**2 * hazard * (z + hazard)
    found = log_moments(prior(), fit.weights)
    assert found == pytest.approx((mean, math.sqrt(variance)), rel=0.01)
    (report,) = fit.checks[0].reports
    assert (report.bound, report.value) == (True, pytest.approx(bound))


def test_a_bound_and_a_figure_can_contradict_each_other():
    observation = observed(
        {"value": "812k chip", "error": "10%", "weight": 1, "source": "rival-2025"},
        {"value": "200k chip", "error": "10%", "weight": 1, "source": "maker-2023"},
    )
    figure, bound = fitted(observation, none_right="5%").checks[0].reports
    assert (figure.bound, bound.bound) == (False, True)
    assert figure.prior == bound.prior == 0.5
    assert figure.posterior > 0.8
    assert bound.posterior < 0.1


def test_an_observation_shows_the_amount_before_and_after():
    fit = fitted(observed({"value": "200k chip", "error": "10%"}))
    (check,) = fit.checks
    assert check.before[1] == pytest.approx(PRIOR_MEDIAN, rel=0.01)
    assert check.after[1] < 230e3
    assert check.after[0] < check.after[1] < check.after[2]
    assert (check.name, check.unit) == ("chips", "chip")


def test_weights_are_positive_and_average_one():
    fit = fitted(observed(CONTRADICTORY), none_right="5%")
    assert fit.weights.mean() == pytest.approx(1.0)
    assert (fit.weights > 0).all()
    assert 1.0 < fit.effective_draws < DRAWS


def test_a_draw_weighs_the_same_whatever_is_drawn_beside_it():
    observation = observed(CONTRADICTORY)
    values = prior()
    parts = [likelihoods(part, reports_of(observation, None), pooling("5%")) for part in np.split(values, 4)]
    whole = likelihoods(values, reports_of(observation, None), pooling("5%"))
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_a_posterior_that_no_draw_comes_near_is_called_unusable():
    fit = fitted(observed({"value": "4M chip", "error": "5%"}), values=prior(draws=4096))
    assert not fit.usable
    assert fit.effective_draws < 200 or fit.pareto_k > 0.7


def test_a_posterior_near_the_prior_is_usable():
    fit = fitted(observed({"value": "500k chip", "error": "30%"}), none_right="5%", values=prior(draws=4096))
    assert fit.usable
    assert fit.pareto_k < 0.5


def test_evidence_that_is_impossible_in_every_draw_is_an_error():
    observation = observed({"p5": "1 chip", "p95": "2 chip", "family": "uniform"})
    with pytest.raises(QuantityError, match=r"^the evidence is impossible in every draw; let pooling\.default"):
        fitted(observation)


def test_draws_that_the_evidence_excludes_have_no_weight_and_no_say():
    observation = observed({"p5": "400k chip", "p95": "600k chip", "family": "uniform"})
    fit = fitted(observation)
    low, high = observation.estimates.pooled.support
    np.testing.assert_array_equal(fit.weights > 0, (prior() > low) & (prior() < high))
    assert fit.checks[0].reports[0].posterior == pytest.approx(1.0)


def test_what_nobody_knew_by_the_day_says_nothing():
    catalogue = small_catalogue()
    raw = {**catalogue.plain["observations"]["cards-2024"]}
    observation = read_record("observations", "cards-2024", raw, lambda at: "", [])
    collections = {**catalogue.collections, "observations": {"cards-2024": observation}}
    dated = weighed(type(catalogue)(collections, catalogue.plain, "")).collections["observations"]["cards-2024"]
    assert fitted(dated, as_of=date(2024, 1, 1)) is None
    counts = [len(fitted(dated, as_of=day).checks[0].reports) for day in (date(2024, 6, 30), date(2025, 6, 30))]
    assert counts == [1, 2]
    assert condition({}, pooling(0)) is None


def test_an_amount_of_nothing_is_possible_where_reports_may_be_wrong():
    values = np.where(np.arange(4096) % 2 == 0, 0.0, prior(draws=4096))
    fit = fitted(observed({"value": "500k chip", "error": "20%"}), values=values, none_right="5%")
    assert np.isfinite(fit.weights).all()
    assert fit.weights[0] == fit.weights[2] > 0
