"""Pairs of servers, one kind for prompts and one for generation, in numbers that fill a system: which may be best.

A pair serves at most what its servers for prompts read and what those for generation give, whichever is less. Both
come from single passes, far cheaper than serving a load, and no pair does better: so pairs are served in the order of
this bound, and those whose bound lies below what is found already need not be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.arrays import Array
from autarky.workloads.layouts import Layouts
from autarky.workloads.serving import decode, prefill
from autarky.workloads.serving_load import transfer
from autarky.workloads.serving_memory import most_sequences
from autarky.workloads.serving_question import Question

Index = NDArray[np.int64]
LOADS, BUNDLES = 64, 12
"""Numbers of sequences that a server is tried with, and of prompts in a pass."""
AROUND = np.arange(-2.0, 4.0)
"""Numbers of servers that are tried, around that at which both kinds are as fast."""


@dataclass(frozen=True)
class Readers:
    """Servers for prompts: packages of each, and the most prompts per s that come in time. Shapes (layout,)."""

    layouts: Layouts
    packages: Array
    most: Array


@dataclass(frozen=True)
class Writers:
    """Servers for generation: packages of each, then time per token and answers per s by load, (layout, load)."""

    layouts: Layouts
    packages: Array
    tpot: Array
    rate: Array

    def most(self, tpot: float) -> Array:
        """Return an upper bound of the answers per s within `tpot` s a token, shape (layout,); 0 where none is."""
        good = self.tpot <= tpot
        # More sequences give more answers, so the first load that is too slow bounds all that are not.
        last = np.minimum(good.sum(axis=1), LOADS - 1)
        return np.where(good[:, 0], self.rate[np.arange(len(last)), last], 0.0)


def readers(question: Question, layouts: Layouts) -> Readers:
    """Return the servers for prompts that keep the limit of the first token, without those that others beat."""
    setting, new = question.setting, question.prompt - question.reused
    if not len(layouts):
        return Readers(layouts, np.zeros(0), np.zeros(0))
    bundle = np.geomspace(1.0, max(np.floor(setting.software.chunk / new), 1.0), BUNDLES)
    which = np.repeat(np.arange(len(layouts)), BUNDLES)
    many = layouts.take(which)
    each = np.tile(bundle, len(layouts))
    time = prefill(many, setting, new * each, question.prompt, question.reused).time
    alone = setting.software.admit + time + transfer(many, setting, np.full(len(many), question.prompt))
    speed = np.where(alone <= question.ttft, many.data * each / time, 0.0).reshape(-1, BUNDLES).max(axis=1)
    fastest = alone.reshape(-1, BUNDLES).min(axis=1)
    packages = layouts.devices / setting.devices
    kept = (speed > 0) & ~_beaten(packages, -speed, fastest)
    return Readers(layouts.take(kept), packages[kept], speed[kept])


def writers(question: Question, layouts: Layouts) -> Writers:
    """Return what servers for generation do under loads from one sequence to the most that fit."""
    setting, context = question.setting, question.context
    most = np.maximum(most_sequences(layouts, setting, context) * layouts.data, 1.0)
    counts = most[:, None] ** np.linspace(0.0, 1.0, LOADS)
    many = layouts.take(np.repeat(np.arange(len(layouts)), LOADS))
    flat = counts.ravel()
    step = decode(many, setting, flat / many.data, context)
    tpot = (step.time * flat / step.tokens).reshape(counts.shape)
    return Writers(layouts, layouts.devices / setting.devices, tpot, counts / (question.after * tpot))


def _beaten(*least: Array) -> NDArray[np.bool_]:
    """Return which rows another row beats or equals in all columns, where less is better; of equals one stays."""
    rows = np.stack(least, axis=1)
    beaten = np.ones(len(rows), bool)
    kept = np.empty_like(rows)
    count = 0
    # In this order no row beats one before it.
    for index in np.lexsort(rows.T[::-1]):
        if not np.any(np.all(kept[:count] <= rows[index], axis=1)):
            beaten[index] = False
            kept[count] = rows[index]
            count += 1
    return beaten


@dataclass(frozen=True)
class Pairs:
    """Pairs of servers. All arrays have shape (pair,).

    first, then   index of the servers for prompts and for generation
    prompts, answers   how many of each
    bound         requests per s that they serve at most
    """

    first: Index
    then: Index
    prompts: Array
    answers: Array
    bound: Array

    def __len__(self) -> int:
        return len(self.bound)

    def take(self, index: Index | NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


Numbers = tuple[float | None, float | None, float | None]
"""Servers for prompts, for generation, and that do everything, where a number is fixed."""


def pairs(question: Question, first: Readers, then: Writers, tpot: float, numbers: Numbers) -> Pairs:
    """Return pairs that fill the system and keep `tpot` s a token, highest bound first."""
    most = then.most(tpot)
    kept = np.flatnonzero(most > 0)
    kept = kept[~_beaten(then.packages[kept], -most[kept], then.tpot[kept, 0])]
    every, each = (side.ravel() for side in np.meshgrid(np.arange(len(first.most)), kept, indexing="ij"))
    chips = float(question.chips)
    possible = first.packages[every] * (numbers[0] or 1.0) + then.packages[each] * (numbers[1] or 1.0) <= chips
    one, other = every[possible], each[possible]
    small, large = first.packages[one][:, None], then.packages[other][:, None]
    speed, answers = first.most[one][:, None], most[other][:, None]
    if numbers[1] is not None:
        count = np.full_like(small, numbers[1])
    elif numbers[0] is not None:
        count = np.floor((chips - numbers[0] * small) / large)
    else:
        count = _even(chips, small, large, speed, answers) + AROUND
    reading = np.floor((chips - count * large) / small) if numbers[0] is None else np.full_like(count, numbers[0])
    inside = (count >= 1) & (reading >= 1)
    bound = np.minimum(reading * speed, count * answers)
    row = np.nonzero(inside)[0]
    found = Pairs(one[row], other[row], reading[inside], count[inside], bound[inside])
    return found.take(np.argsort(-found.bound, kind="stable"))


def gathered(parts: list[Pairs]) -> Pairs:
    """Return several sets of pairs as one."""
    return Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in Pairs.__dataclass_fields__))


def _even(chips: float, small: Array, large: Array, speed: Array, answers: Array) -> Array:
    """Return the most servers for generation that those for prompts keep busy, at least 1, by halving the range."""
    high = np.floor((chips - small) / large)
    low = np.ones_like(high)
    while np.any(high > low):
        middle = np.ceil((low + high) / 2.0)
        busy = middle * answers <= np.floor((chips - middle * large) / small) * speed
        low, high = np.where(busy, middle, low), np.where(busy, high, middle - 1.0)
    return low
