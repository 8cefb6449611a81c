import numpy as np
import pytest
from arviz_stats.base import array_stats

from autarky.analysis.psis import pareto_k

RANDOM = np.random.default_rng(20260101)
# Where 3 sqrt(S) is whole, the two tails hold the same draws: ArviZ rounds down and the paper up.
SIZES = (100, 225, 4096, 16384)


def tails(size):
    uniform = RANDOM.random(size)
    return {
        "normal": RANDOM.normal(size=size),
        "narrow": 0.05 * RANDOM.normal(size=size),
        "wide": 8.0 * RANDOM.normal(size=size),
        "student": RANDOM.standard_t(3, size=size),
        "bounded": np.log(uniform),
        "square": -0.5 * RANDOM.normal(size=size) ** 2,
        **{f"pareto {k}": -k * np.log(uniform) for k in (0.1, 0.3, 0.5, 0.7, 1.0, 1.5)},
    }


CASES = [(size, name, values) for size in SIZES for name, values in tails(size).items()]


@pytest.mark.parametrize(("size", "name", "log_weights"), CASES, ids=[f"{size} {name}" for size, name, _ in CASES])
def test_k_is_that_of_arviz(size, name, log_weights):
    # ArviZ takes the negative of the log weights, as log likelihoods of leave-one-out.
    _, theirs = array_stats.psislw(-log_weights)
    assert pareto_k(log_weights) == pytest.approx(float(theirs), abs=1e-9)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.7, 1.0])
def test_k_of_a_pareto_tail_is_its_shape(k):
    found = [pareto_k(-k * np.log(np.random.default_rng(seed).random(16384))) for seed in range(20)]
    assert np.mean(found) == pytest.approx(k, abs=0.04)


def test_k_does_not_depend_on_the_scale_of_the_weights_or_their_order():
    log_weights = RANDOM.normal(size=4096)
    k = pareto_k(log_weights)
    assert pareto_k(log_weights + 700.0) == pytest.approx(k, abs=1e-9)
    assert pareto_k(log_weights[::-1]) == k


@pytest.mark.parametrize("draws", [1, 2, 3, 5, 10, 4096])
def test_equal_weights_have_no_tail(draws):
    assert pareto_k(np.zeros(draws)) == 0.0


def test_a_single_draw_that_counts_is_no_sample():
    log_weights = np.full(4096, -1e6)
    log_weights[7] = 0.0
    assert pareto_k(log_weights) == np.inf


def test_impossible_draws_do_not_make_a_tail():
    log_weights = RANDOM.normal(size=4096)
    half = np.where(np.arange(4096) % 2 == 0, -np.inf, log_weights)
    assert np.isfinite(pareto_k(half))


@pytest.mark.parametrize("draws", [2, 3, 10, 20])
def test_few_draws_give_an_answer_or_none(draws):
    k = pareto_k(RANDOM.normal(size=draws))
    assert k == np.inf or np.isfinite(k)
