"""Search of the serving space: servers that do everything, and separate ones for prompts and for generation.

Every layout that fits is served under loads from one request to the most that memory holds; pairs of layouts are
served in the order of what they reach at most, until no other can be better. What keeps both limits is ranked by
tokens per second and chip of the whole system, chips without work included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from autarky.quantities.arrays import Array
from autarky.workloads.search import front
from autarky.workloads.serving_deployments import Apart, Deployments, Together, as_one
from autarky.workloads.serving_pairs import Index, Pairs, Readers, Writers, gathered, pairs, readers, writers
from autarky.workloads.serving_points import Points, joined, points, served
from autarky.workloads.serving_question import Question
from autarky.workloads.serving_space import Space

BLOCK = 96
"""Pairs served at once."""
MOST_BLOCKS = 24
"""Where waiting for the first token holds every pair far below its bound, the search ends after so many."""
TARGETS = 8
"""Times per token, from the shortest possible to twice the limit, at which pairs are looked for beside it."""
NOTABLE = 1.02
"""Factor by which a point of the front is faster for each user than the one before."""


@dataclass(frozen=True)
class Chosen:
    """One deployment under one load: `deployments` holds it alone; times in s, `rate` in requests/s of the system."""

    deployments: Deployments
    concurrency: float
    ttft: float
    tpot: float
    rate: float


@dataclass(frozen=True)
class Spaces:
    """What is searched: servers that do everything, and pairs of servers; None where a kind is not wanted.

    numbers       servers for prompts, for generation, and that do everything; None where as many as fit
    concurrency   requests in flight of the whole system, None where the most within the limits
    """

    alike: Space | None
    apart: tuple[Space, Space] | None
    numbers: tuple[float | None, float | None, float | None] = (None, None, None)
    concurrency: float | None = None

    @property
    def counted(self) -> tuple[Space, ...]:
        """The spaces that counts speak of: servers of a pair are the others as well where both are searched."""
        return (self.apart or ()) if self.alike is None else (self.alike,)


@dataclass(frozen=True)
class Found:
    """What a search found.

    pairs       pairs of servers, in some number each, that fill the system
    best        fastest deployments that keep both limits, one of each kind, fastest first
    front       deployments that no other beats in tokens per s and chip and per user together; these keep the limit
                of the first token, and not all keep that of the others
    slow        how many layouts of servers that do everything keep neither limit, or miss one, under any load
    least       shortest time to a first token and between tokens of any deployment, s
    """

    spaces: Spaces
    pairs: int
    best: tuple[Chosen, ...]
    front: tuple[Chosen, ...]
    slow: Mapping[str, int]
    least: tuple[float, float]


@dataclass(frozen=True)
class _Explored:
    """Deployments of one kind, and the points at which they were served."""

    deployments: Deployments
    points: Points

    def speed(self) -> Array:
        """Return requests/s of the system at each point."""
        return self.points.rate * self.deployments.times()[self.points.which]

    def chosen(self, index: int) -> Chosen:
        """Return one point."""
        which = self.points.which[[index]]
        return Chosen(
            self.deployments.take(which),
            float((self.points.concurrency[index] * self.deployments.times()[which])[0]),
            float(self.points.ttft[index]),
            float(self.points.tpot[index]),
            float(self.speed()[index]),
        )


def search(question: Question, spaces: Spaces, *, keep: int = 5) -> Found:
    """Return the fastest deployments of a question, `keep` of them, and the front."""
    explored: list[_Explored] = []
    slow: dict[str, int] = {}
    count = 0
    if spaces.alike is not None and len(spaces.alike.layouts):
        alike = _alike(question, spaces.alike, spaces.numbers[2])
        if len(alike.then):
            explored.append(_served(question, alike, spaces.concurrency))
            slow = _slow(question, explored[0].points, len(alike.then))
    if spaces.apart is not None and all(len(side.layouts) for side in spaces.apart):
        first, then = readers(question, spaces.apart[0].layouts), writers(question, spaces.apart[1].layouts)
        separate, count = _separate(question, first, then, spaces)
        explored += separate
        if spaces.concurrency is None:
            explored += _closer(question, _best(question, explored, keep))
    return Found(
        spaces=spaces,
        pairs=count,
        best=_best(question, explored, keep),
        front=_front(question, explored),
        slow=slow,
        least=_least(explored),
    )


def _alike(question: Question, found: Space, servers: float | None) -> Together:
    """Return servers that do everything, as many as are wanted or as the system holds."""
    devices = question.chips * question.setting.devices
    most = np.floor(devices / found.layouts.devices)
    kept = most >= (servers or 1.0)
    count = most[kept] if servers is None else np.full(np.count_nonzero(kept), servers)
    return Together(question, found.layouts.take(kept), count)


def _served(
    question: Question, deployments: Deployments, concurrency: float | None, *, refinements: int = 2
) -> _Explored:
    if concurrency is None:
        high = deployments.most_requests()
        found = points(deployments.run, high, question.ttft, question.tpot, refinements=refinements)
    else:
        which = np.arange(len(deployments.then), dtype=np.int64)
        found = served(deployments.run, which, concurrency / deployments.times())
    return _Explored(deployments, found)


def _separate(question: Question, first: Readers, then: Writers, spaces: Spaces) -> tuple[list[_Explored], int]:
    """Return pairs of servers that were served, and how many there are.

    Those for the limit come in the order of their bounds, the best of every kind before, until no other can be better
    or `MOST_BLOCKS` are done; then, for the front, a few at shorter and longer times per token.
    """
    found = pairs(question, first, then, question.tpot, spaces.numbers)
    explored: list[_Explored] = []
    best = 0.0
    for block in islice(_blocks(found, then), MOST_BLOCKS):
        if block.bound.max() <= best:
            break
        explored.append(_served(question, _deployed(question, first, then, block), spaces.concurrency, refinements=1))
        good = explored[-1].points.within(question.ttft, question.tpot)
        best = max(best, float(explored[-1].speed()[good].max(initial=0.0)))
    if spaces.concurrency is None:
        shortest, longest = float(then.tpot.min()), 2.0 * max(question.tpot, float(then.tpot.min()))
        targets = np.geomspace(shortest * NOTABLE, longest, TARGETS)
        other = [pairs(question, first, then, float(target), spaces.numbers) for target in targets]
        wide = gathered([part.take(_of_each_kind(part, then)[: BLOCK // TARGETS]) for part in other])
        if len(wide):
            explored.append(_served(question, _deployed(question, first, then, wide), None, refinements=0))
    return explored, len(found)


def _closer(question: Question, chosen: tuple[Chosen, ...]) -> list[_Explored]:
    """Return pairs of servers served again, so that those met at a few loads only are known as well as the others."""
    apart = [each.deployments for each in chosen if isinstance(each.deployments, Apart)]
    return [_served(question, as_one(apart), None)] if apart else []


def _deployed(question: Question, first: Readers, then: Writers, block: Pairs) -> Apart:
    return Apart(question, then.layouts.take(block.then), first.layouts.take(block.first), block.prompts, block.answers)


def _blocks(found: Pairs, then: Writers) -> Iterator[Pairs]:
    """Yield pairs in blocks of falling bounds; the first has the best pairs of every kind as well."""
    ahead = _of_each_kind(found, then)[:BLOCK]
    order = np.concatenate([ahead, np.setdiff1d(np.arange(len(found)), ahead)])
    first = order[:BLOCK]
    if len(first):
        yield found.take(first)
    for start in range(BLOCK, len(order), BLOCK):
        yield found.take(order[start : start + BLOCK])


def _of_each_kind(found: Pairs, then: Writers) -> Index:
    """Return the index of the pair with the highest bound of every pair of layouts' kinds, highest first."""
    kind = np.stack([then.packages[found.then], then.layouts.tensor[found.then], found.first], axis=1)
    return np.asarray(np.sort(np.unique(kind, axis=0, return_index=True)[1]), np.int64)


@dataclass(frozen=True)
class _Every:
    """All points of several explorations, shapes (point,): where each stands, its speed in requests/s, its times."""

    part: Index
    index: Index
    speed: Array
    ttft: Array
    tpot: Array

    @classmethod
    def of(cls, explored: list[_Explored]) -> _Every:
        """Return the points of at least one exploration."""
        return cls(
            np.concatenate([np.full(len(each.points), number) for number, each in enumerate(explored)]),
            np.concatenate([np.arange(len(each.points)) for each in explored]),
            np.concatenate([each.speed() for each in explored]),
            np.concatenate([each.points.ttft for each in explored]),
            np.concatenate([each.points.tpot for each in explored]),
        )


def _best(question: Question, explored: list[_Explored], keep: int) -> tuple[Chosen, ...]:
    """Return the fastest points within both limits, one of each kind of deployment."""
    if not explored:
        return ()
    every = _Every.of(explored)
    good = np.flatnonzero((every.ttft <= question.ttft) & (every.tpot <= question.tpot))
    kept: dict[tuple[object, ...], Chosen] = {}
    for row in good[np.argsort(-every.speed[good], kind="stable")]:
        part, index = explored[int(every.part[row])], int(every.index[row])
        kind = part.deployments.kind(int(part.points.which[index]))
        if kind not in kept:
            kept[kind] = part.chosen(index)
        if len(kept) == keep:
            break
    return tuple(kept.values())


def _front(question: Question, explored: list[_Explored]) -> tuple[Chosen, ...]:
    """Return the points that none beats in speed of the system and for each user, by rising speed for each user."""
    if not explored:
        return ()
    every = _Every.of(explored)
    good = np.flatnonzero(every.ttft <= question.ttft)
    kept: list[Chosen] = []
    for row in good[front(-every.speed[good], every.tpot[good])] if len(good) else ():
        if not kept or kept[-1].tpot > NOTABLE * every.tpot[row]:
            kept.append(explored[int(every.part[row])].chosen(int(every.index[row])))
    return tuple(kept)


def _slow(question: Question, found: Points, layouts: int) -> dict[str, int]:
    """Return how many layouts miss a limit under every load, by which."""
    both, first, later = (np.zeros(layouts, bool) for _ in range(3))
    both[found.which[found.within(question.ttft, question.tpot)]] = True
    first[found.which[found.within(question.ttft, np.inf)]] = True
    later[found.which[found.within(np.inf, question.tpot)]] = True
    counts = {
        "first token too late under any load": ~first & later,
        "tokens too slow under any load": first & ~later,
        "both too slow under any load": ~both & (first == later),
    }
    return {reason: int(np.count_nonzero(mask)) for reason, mask in counts.items() if mask.any()}


def _least(explored: list[_Explored]) -> tuple[float, float]:
    if not explored:
        return float("inf"), float("inf")
    found = joined([part.points for part in explored])
    return float(found.ttft.min()), float(found.tpot.min())
