"""Skewed quantities stated by their mean and their 95th percentile."""

import math

import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.quantities.parse import Spec, parse_quantity
from autarky.quantities.tails import from_mean_and_p95

LEVELS = (np.arange(400_000) + 0.5) / 400_000


@pytest.mark.parametrize("family", ["normal", "lognormal", "logit-normal"])
@pytest.mark.parametrize(("mean", "p95"), [(0.12, 0.43), (0.30, 0.31), (0.5, 0.9), (0.02, 0.05), (0.9, 0.99)])
def test_mean_and_p95_are_those_stated(family, mean, p95):
    made = from_mean_and_p95(family, mean, p95)
    assert float(np.mean(made.ppf(LEVELS))) == pytest.approx(mean, rel=2e-4)
    assert float(made.ppf(np.array([0.95]))[0]) == pytest.approx(p95, rel=1e-9)


def test_a_lognormal_is_the_one_worked_by_hand():
    # s = z - sqrt(z^2 - 2 ln(43/12)) with z = 1.6449: 1.2532; median 0.43 exp(-z s).
    made = from_mean_and_p95("lognormal", 0.12, 0.43)
    spread = 1.6448536 - math.sqrt(1.6448536**2 - 2 * math.log(43 / 12))
    assert float(made.ppf(np.array([0.5]))[0]) == pytest.approx(0.43 * math.exp(-1.6448536 * spread), rel=1e-6)


@pytest.mark.parametrize(
    ("family", "mean", "p95", "message"),
    [
        ("lognormal", 1.0, 4.0, "p95 .4. is more than 3.87 times the mean"),
        ("logit-normal", 0.001, 0.9, "too far above the mean"),
        ("normal", 2.0, 1.0, "mean .2. is not below p95 .1."),
        ("lognormal", -1.0, 1.0, "mean"),
        ("logit-normal", 0.5, 1.5, "p95"),
        ("uniform", 0.1, 0.4, "uniform is not built from mean and p95"),
        ("normal", math.nan, 1.0, "mean"),
    ],
)
def test_what_no_distribution_has_is_refused(family, mean, p95, message):
    with pytest.raises(QuantityError, match=message):
        from_mean_and_p95(family, mean, p95)


def test_the_family_is_that_of_the_field():
    for support, kind in (("fraction", "logit-normal"), ("positive", "lognormal"), ("real", "normal")):
        quantity = parse_quantity({"mean": "12%", "p95": "43%"}, Spec("1", support))
        assert quantity.estimates[0].distribution.kind == kind
    with pytest.raises(QuantityError, match="exclude each other"):
        parse_quantity({"mean": 0.1, "sd": 0.1, "p95": 0.4}, Spec("1", "fraction"))
