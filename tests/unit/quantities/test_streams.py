import numpy as np
import pytest
from scipy.stats import qmc

from autarky.errors import QuantityError
from autarky.quantities.draws import BLOCK, MAXIMUM_DRAWS, Streams

KEYS = ("fabs.a.capacity", "fabs.b.capacity", "memory.c.stacks")
PINNED_SOBOL = [0.439974976121448, 0.939974976121448, 0.689974976121448]
PINNED_PHILOX = [0.4411262331180196, 0.5285172270340645, 0.08838784936301425]


def test_a_column_is_the_sobol_sequence_under_a_digital_shift():
    streams = Streams(11, KEYS)
    points = qmc.Sobol(3, scramble=False, bits=32).random(BLOCK)
    for place, key in enumerate(KEYS):
        ours = (streams.uniform(key, 0, BLOCK) * 2.0**32 - 0.5).astype(np.uint64)
        theirs = (points[:, place] * 2.0**32).astype(np.uint64)
        assert np.unique(ours ^ theirs).size == 1


def test_each_block_fills_every_stratum_once():
    levels = Streams(11, KEYS).uniform(KEYS[1], BLOCK, 2 * BLOCK)
    assert np.unique((levels * BLOCK).astype(int)).size == BLOCK


def test_blocks_are_shifted_independently():
    levels = Streams(11, KEYS).uniform(KEYS[0], 0, 2 * BLOCK)
    first, second = levels[:BLOCK], levels[BLOCK:]
    shift = (first * 2.0**32).astype(np.uint64) ^ (second * 2.0**32).astype(np.uint64)
    assert np.unique(shift).size == 1
    assert shift[0] != 0


def test_the_first_levels_of_a_seed_never_change():
    streams = Streams(2026, KEYS)
    np.testing.assert_allclose(streams.uniform(KEYS[0], 0, 3), PINNED_SOBOL, rtol=0, atol=1e-15)
    np.testing.assert_allclose(streams.uniform("other.key", 0, 3), PINNED_PHILOX, rtol=0, atol=1e-15)


@pytest.mark.parametrize("key", [KEYS[0], "other.key"])
@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (7, 3), (-1, 4), (0, MAXIMUM_DRAWS + 1)])
def test_ranges_that_hold_no_draw_or_too_many_are_refused(key, start, stop):
    with pytest.raises(QuantityError, match=r"^draws .* cannot be made; there must be at least one draw"):
        Streams(1, KEYS).uniform(key, start, stop)


def test_the_last_draw_that_is_allowed_can_be_made():
    for key in (KEYS[0], "other.key"):
        levels = Streams(1, KEYS).uniform(key, MAXIMUM_DRAWS - 2, MAXIMUM_DRAWS)
        assert ((levels > 0) & (levels < 1)).all()


def test_a_key_listed_twice_is_refused():
    with pytest.raises(QuantityError, match=r"fabs\.a\.capacity is listed twice among the dimensions"):
        Streams(1, (*KEYS, KEYS[0]))


def test_no_dimensions_at_all_is_allowed():
    assert Streams(1, ()).uniform("other.key", 0, 4).shape == (4,)
