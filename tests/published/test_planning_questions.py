"""Public questions about planning a training run: priors, and what a log says of efficiency."""

import numpy as np
import pytest

from autarky.facts.loader import load_catalogue
from autarky.facts.records import Chip
from autarky.quantities.parse import Spec, parse_quantity

LEVELS = (np.arange(100_000) + 0.5) / 100_000


def test_a_prior_on_checkpoint_overhead_is_skewed_and_not_normal():
    """Notes on a paper of 2021 (read-papers-and-code #151): overhead of 12 % in the mean, 43 % in the worst 5 %.

    A normal distribution through both would have one job in four below zero.
    """
    overhead = parse_quantity({"mean": "12%", "p95": "43%"}, Spec("1", "fraction")).pooled
    low, middle, high = overhead.ppf(np.array([0.05, 0.5, 0.95]))
    assert float(np.mean(overhead.ppf(LEVELS))) == pytest.approx(0.12, abs=1e-4)
    assert high == pytest.approx(0.43)
    assert 0 < low < middle < 0.12 / 1.5
    normal = parse_quantity({"mean": "12%", "p95": "43%", "family": "normal"}, Spec("1", "real")).pooled
    assert float(normal.cdf(np.array([0.0]))[0]) == pytest.approx(0.262, abs=0.001)


def test_hours_between_failures_of_large_jobs_are_an_interval_above_zero():
    """The same notes: 14 to 30 h between failures of large jobs."""
    hours = parse_quantity("14 h to 30 h", Spec("h")).pooled
    assert np.all(hours.ppf(LEVELS) > 0)
    assert float(hours.mean()) > float(hours.ppf(np.array([0.5]))[0])


def test_a_training_log_agrees_with_the_efficiency_printed_beside_it():
    """mosaicml/examples #262: 152.59 TFLOP/s on an A100 whose dense peak is 312 are 48.9 %."""
    peak = load_catalogue().get("chips", "a100-80gb-sxm", Chip).dense["bf16"].pooled.mean()
    assert 152.59 / float(peak) == pytest.approx(0.489, abs=5e-4)
