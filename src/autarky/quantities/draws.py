"""Random levels that depend on (seed, key, draw index) and nothing else.

A key with a dimension of its own takes that column of the Sobol sequence in blocks of 4,096 draws, each block
from the start of the sequence and under a digital shift of its own. Any other key takes a Philox stream. Both
are keyed by a hash of seed and key, so adding, removing or reordering other keys moves nothing, and any range
of draws can be made alone.

The low 20 bits of a Sobol level come from the shift alone: within a block the levels lie one in each interval
of width 1/4096, all at the same place within it. Among 200 dimensions about one pair in a thousand has a
correlation above 0.02, none above 0.05; the first 32 stay below 0.002.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array

BLOCK = 4096
"""Draws in one Sobol block, and so in one independent replicate."""
MAXIMUM_DRAWS = 2**31

_BITS = 32


@functools.lru_cache(maxsize=8)
def _sobol_block(dimensions: int) -> NDArray[np.uint32]:
    """Return the first 4,096 unscrambled Sobol points as integers, shape (dimension, draw)."""
    from scipy.stats import qmc

    points = qmc.Sobol(dimensions, scramble=False, bits=_BITS).random(BLOCK)
    block = np.ascontiguousarray((points.T * 2.0**_BITS).astype(np.uint32))
    block.flags.writeable = False
    return block


class Streams:
    """Levels in (0, 1) for every key, from one seed.

    `dimensions` lists the keys with a Sobol dimension, the most important first. The list may only be
    appended to: a key's dimension is its place.
    """

    def __init__(self, seed: int, dimensions: Sequence[str]) -> None:
        self.seed = int(seed)
        self.dimensions = tuple(dimensions)
        self._place = {key: place for place, key in enumerate(self.dimensions)}
        if len(self._place) < len(self.dimensions):
            twice = next(key for place, key in enumerate(self.dimensions) if self._place[key] != place)
            raise QuantityError(
                f"{twice} is listed twice among the dimensions", "each key has one dimension of its own"
            )

    def uniform(self, key: str, start: int, stop: int) -> Array:
        """Return the levels of draws `start` until `stop`, each in (0, 1), shape (stop - start,)."""
        if not 0 <= start < stop <= MAXIMUM_DRAWS:
            raise QuantityError(
                f"draws {start:,} until {stop:,} cannot be made",
                f"there must be at least one draw, and at most {MAXIMUM_DRAWS:,}",
            )
        place = self._place.get(key)
        return self._pseudorandom(key, start, stop) if place is None else self._sobol(place, key, start, stop)

    def _digest(self, key: str, purpose: str, size: int) -> bytes:
        """Return a hash of seed, key and purpose."""
        return hashlib.blake2b(f"{self.seed}\0{key}\0{purpose}".encode(), digest_size=size).digest()

    def _sobol(self, place: int, key: str, start: int, stop: int) -> Array:
        """Return the key's Sobol column, shifted block by block."""
        column = _sobol_block(len(self.dimensions))[place]
        levels = np.empty(stop - start)
        for block in range(start // BLOCK, (stop - 1) // BLOCK + 1):
            first, last = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
            shift = np.frombuffer(self._digest(key, f"block {block}", 4), dtype="<u4")[0]
            points = column[first - block * BLOCK : last - block * BLOCK]
            levels[first - start : last - start] = points ^ shift
        # The middle of each of the 2^32 cells, so that 0 and 1 never occur.
        levels += 0.5
        levels *= 2.0**-_BITS
        return levels

    def _pseudorandom(self, key: str, start: int, stop: int) -> Array:
        """Return the key's Philox stream; its counter gives four numbers at each step."""
        words = np.frombuffer(self._digest(key, "stream", 16), dtype="<u8")
        generator = np.random.Philox(counter=[start // 4, 0, 0, 0], key=words)
        skipped = start % 4
        raw = generator.random_raw(stop - start + skipped)[skipped:]
        # 52 bits and a half: one bit more would round up to 1.
        raw >>= np.uint64(12)
        levels: Array = raw.astype(np.float64)
        levels += 0.5
        levels *= 2.0**-52
        return levels
