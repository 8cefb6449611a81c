"""What every simulation relies on when it draws."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.quantities.distributions import Lognormal
from autarky.quantities.draws import BLOCK, Streams

LISTED = tuple(f"fabs.f{number}.capacity" for number in range(40))
UNLISTED = ("chips.x.price", "chips.y.price", "chips.z.price")
MANY = 20_000


@pytest.mark.parametrize("key", [LISTED[0], LISTED[17], UNLISTED[0]])
def test_equal_seeds_give_equal_bits(key):
    np.testing.assert_array_equal(
        Streams(5, LISTED).uniform(key, 0, MANY), Streams(5, list(LISTED)).uniform(key, 0, MANY)
    )


@pytest.mark.parametrize("key", [LISTED[0], LISTED[17], UNLISTED[0]])
def test_another_seed_gives_other_draws(key):
    assert (Streams(5, LISTED).uniform(key, 0, 100) != Streams(6, LISTED).uniform(key, 0, 100)).all()


@given(
    key=st.sampled_from((*LISTED, *UNLISTED)),
    start=st.integers(0, 3 * BLOCK),
    cuts=st.lists(st.integers(1, 2 * BLOCK), min_size=1, max_size=6),
)
@settings(deadline=None, max_examples=100)
def test_chunks_make_no_difference(key, start, cuts):
    streams = Streams(5, LISTED)
    edges = np.concatenate(([start], start + np.cumsum(cuts))).tolist()
    whole = streams.uniform(key, start, edges[-1])
    pieces = [streams.uniform(key, first, last) for first, last in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@given(key=st.sampled_from((*LISTED, *UNLISTED)), index=st.integers(0, 2**31 - 1))
@settings(deadline=None, max_examples=100)
def test_any_single_draw_can_be_made_alone(key, index):
    streams = Streams(5, LISTED)
    alone = streams.uniform(key, index, index + 1)
    start = max(0, index - 7)
    assert alone[0] == streams.uniform(key, start, index + 1)[-1]
    assert 0.0 < alone[0] < 1.0


def test_appending_a_key_moves_no_other():
    before, after = Streams(5, LISTED[:10]), Streams(5, LISTED)
    for key in (*LISTED[:10], *UNLISTED):
        np.testing.assert_array_equal(before.uniform(key, 0, MANY), after.uniform(key, 0, MANY))


def test_the_order_of_asking_moves_nothing():
    one, other = Streams(5, LISTED), Streams(5, LISTED)
    keys = (*LISTED[:3], *UNLISTED)
    first = {key: one.uniform(key, 0, 100) for key in keys}
    second = {key: other.uniform(key, 0, 100) for key in reversed(keys)}
    for key in keys:
        np.testing.assert_array_equal(first[key], second[key])


def test_two_inputs_of_one_seed_do_not_move_together():
    streams = Streams(5, LISTED)
    for keys in (LISTED, UNLISTED):
        levels = np.stack([streams.uniform(key, 0, MANY) for key in keys])
        assert np.abs(np.corrcoef(levels) - np.eye(len(keys))).max() < 0.02


def test_listed_and_unlisted_inputs_correlate_no_more_than_chance():
    streams = Streams(5, LISTED)
    levels = np.stack([streams.uniform(key, 0, MANY) for key in (*LISTED, *UNLISTED)])
    between = np.corrcoef(levels)[: len(LISTED), len(LISTED) :]
    # The largest of 120 chance correlations passes four standard errors once in 130 seeds.
    assert np.abs(between).max() < 4.0 / math.sqrt(MANY)


def test_even_at_200_dimensions_few_pairs_are_related_and_none_much():
    keys = [f"input.{number}" for number in range(200)]
    streams = Streams(5, keys)
    levels = np.stack([streams.uniform(key, 0, BLOCK) for key in keys])
    related = np.abs(np.corrcoef(levels) - np.eye(len(keys)))
    # High Sobol dimensions have rare unlucky pairs that more draws do not mend.
    assert related.max() < 0.05
    assert np.mean(related > 0.02) < 0.002


def test_keys_never_share_a_dimension():
    streams = Streams(5, LISTED)
    # Two shifts of one column differ by the same bits in every draw; two columns do not.
    levels = [(streams.uniform(key, 0, BLOCK) * 2.0**32).astype(np.uint64) for key in LISTED]
    for place, one in enumerate(levels):
        for other in levels[:place]:
            assert np.unique(one ^ other).size > 1


def test_a_quantity_less_itself_is_nothing_in_every_draw():
    streams = Streams(5, LISTED)
    capacity = Lognormal(math.log(20_000.0), 0.3, 0.3)
    first = capacity.ppf(streams.uniform(LISTED[0], 0, MANY))
    again = capacity.ppf(streams.uniform(LISTED[0], 0, MANY))
    independent = capacity.ppf(streams.uniform(LISTED[1], 0, MANY))
    assert (first - again == 0.0).all()
    assert (first / again == 1.0).all()
    assert (first != independent).mean() > 0.999


@given(key=st.sampled_from((*LISTED[:4], *UNLISTED)), seed=st.integers(0, 2**63))
@settings(deadline=None, max_examples=50)
def test_levels_are_uniform_for_any_seed(key, seed):
    levels = np.sort(Streams(seed, LISTED).uniform(key, 0, BLOCK))
    assert levels[0] > 0.0
    assert levels[-1] < 1.0
    distance = np.abs(levels - (np.arange(BLOCK) + 0.5) / BLOCK).max()
    # Sobol levels miss by at most one stratum; the others pass this Kolmogorov distance once in 10^6.
    assert distance < (1.0 / BLOCK if key in LISTED else 2.7 / math.sqrt(BLOCK))
