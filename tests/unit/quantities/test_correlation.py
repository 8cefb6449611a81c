import math

import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.quantities.correlation import correlate, mix, mixing_matrix
from autarky.quantities.distributions import Discrete, Exact, Lognormal, Normal, Uniform
from autarky.quantities.mixtures import Mixture

U = np.random.default_rng(7).uniform(1e-9, 1 - 1e-9, (3, 5000))
IMPOSSIBLE = [[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]]


def test_three_correlations_that_cannot_hold_together_are_refused():
    with pytest.raises(QuantityError) as raised:
        correlate(U, IMPOSSIBLE, names=["capacity", "yield", "price"])
    assert raised.value.message == "these correlations cannot hold together: the smallest eigenvalue is -0.8"
    assert "fits the others least" in raised.value.hint
    assert raised.value.at == ("matrix",)


def test_the_pair_that_breaks_the_matrix_is_named():
    matrix = np.eye(4)
    matrix[0, 1:] = matrix[1:, 0] = 0.8
    matrix[1, 2] = matrix[2, 1] = 0.7
    matrix[3, 1] = matrix[1, 3] = -0.6
    matrix[3, 2] = matrix[2, 3] = 0.7
    with pytest.raises(QuantityError) as raised:
        mixing_matrix(matrix, names=["a", "b", "c", "d"])
    assert "b and d (-0.6)" in raised.value.hint


def test_the_first_key_keeps_its_levels_to_the_bit():
    result = correlate(U, [[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]])
    np.testing.assert_array_equal(result[0], U[0])
    assert result.shape == U.shape
    assert ((result > 0) & (result < 1)).all()


def test_keys_without_correlation_keep_their_levels_to_the_bit():
    result = correlate(U, [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(result[2], U[2])


def test_a_part_of_the_draws_gives_the_same_bits():
    lower = mixing_matrix([[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]])
    whole = mix(U, lower)
    for start, stop in ((0, 1), (1, 8), (8, 4000), (4000, 5000)):
        np.testing.assert_array_equal(mix(U[:, start:stop], lower), whole[:, start:stop])


def test_a_correlation_of_one_is_the_same_level():
    result = correlate(U[:2], [[1, 1], [1, 1]])
    np.testing.assert_allclose(result[1], result[0], atol=1e-12)
    opposite = correlate(U[:2], [[1, -1], [-1, 1]])
    np.testing.assert_allclose(opposite[1], 1 - opposite[0], atol=1e-12)


def test_the_mixing_matrix_gives_back_the_normal_correlation():
    stated = np.array([[1, 0.6, -0.3], [0.6, 1, 0.1], [-0.3, 0.1, 1]])
    lower = mixing_matrix(stated, "rank")
    expected = 2 * np.sin(math.pi * stated / 6)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(lower @ lower.T, expected, atol=1e-12)
    assert (np.triu(lower, 1) == 0).all()


def test_linear_correlation_of_normals_is_the_normal_correlation():
    lower = mixing_matrix([[1, 0.37], [0.37, 1]], "linear", [Normal(3, 2, 2).ppf, Normal(0, 1, 1).ppf])
    assert lower[1, 0] == pytest.approx(0.37, abs=1e-9)


@pytest.mark.parametrize("stated", [-0.3, 0.2, 0.7])
def test_linear_correlation_of_lognormals_meets_the_closed_form(stated):
    one, two = 0.8, 0.5
    lower = mixing_matrix(
        [[1, stated], [stated, 1]], "linear", [Lognormal(0, one, one).ppf, Lognormal(1, two, two).ppf]
    )
    size = math.sqrt((math.exp(one**2) - 1) * (math.exp(two**2) - 1))
    assert lower[1, 0] == pytest.approx(math.log1p(stated * size) / (one * two), abs=1e-6)


def test_linear_correlation_of_uniforms_meets_the_closed_form():
    lower = mixing_matrix([[1, 0.5], [0.5, 1]], "linear", [Uniform(0, 1).ppf, Uniform(4, 9).ppf])
    assert lower[1, 0] == pytest.approx(2 * math.sin(math.pi * 0.5 / 6), abs=1e-6)


def test_linear_correlation_of_two_even_events_meets_the_closed_form():
    event = Discrete((0.0, 1.0), (0.5, 0.5)).ppf
    lower = mixing_matrix([[1, 0.4], [0.4, 1]], "linear", [event, event])
    assert lower[1, 0] == pytest.approx(math.sin(math.pi * 0.4 / 2), abs=5e-3)


def test_a_linear_correlation_out_of_reach_says_what_is_possible():
    wide, narrow = Lognormal(0, 2, 2), Normal(0, 1, 1)
    with pytest.raises(QuantityError) as raised:
        correlate(U[:2], [[1, 0.9], [0.9, 1]], "linear", [wide.ppf, narrow.ppf], names=["a", "b"])
    assert raised.value.message == "a and b cannot have a linear correlation of 0.9"
    assert raised.value.hint.startswith("their distributions allow -0.273 to 0.273")


def test_linear_correlation_reaches_pooled_distributions():
    pooled = Mixture((Exact(1.0), Lognormal(0.5, 0.3, 0.3)), (0.3, 0.7))
    lower = mixing_matrix([[1, 0.5], [0.5, 1]], "linear", [pooled.ppf, Lognormal(0, 0.5, 0.5).ppf])
    assert 0.5 < lower[1, 0] < 0.7


@pytest.mark.parametrize(
    ("matrix", "kind", "ppfs", "message"),
    [
        ([[1, 0.5, 0], [0.5, 1, 0]], "rank", None, "a correlation matrix is square, not (2, 3)"),
        ([[1, 0.5], [0.4, 1]], "rank", None, "number 1 and number 2 have two correlations, 0.5 and 0.4"),
        ([[0.9, 0.5], [0.5, 1]], "rank", None, "number 1 has a correlation of 0.9 with itself"),
        ([[1, 1.5], [1.5, 1]], "rank", None, "the correlation of number 1 and number 2 is 1.5"),
        ([[1, math.nan], [math.nan, 1]], "rank", None, "a correlation is not a finite number"),
        ([[1, 0.5], [0.5, 1]], "kendall", None, "unknown kind of correlation 'kendall'"),
        ([[1, 0.5], [0.5, 1]], "linear", None, "a linear correlation needs the distribution of each key"),
        ([[1, 0.5], [0.5, 1]], "linear", [Exact(1.0).ppf] * 2, "number 1 has no spread to correlate"),
    ],
)
def test_a_faulty_matrix_is_refused(matrix, kind, ppfs, message):
    with pytest.raises(QuantityError) as raised:
        mixing_matrix(matrix, kind, ppfs)
    assert raised.value.message == message


def test_names_must_match_the_matrix():
    with pytest.raises(QuantityError, match="1 keys have a matrix of 2 rows"):
        mixing_matrix(np.eye(2), names=["a"])
