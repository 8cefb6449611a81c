"""Search of the parallel space of a training job: every plan is priced, what fits is kept, the best are told.

The space is built in blocks of some ten thousand plans and each block is priced at once, memory first, so that a
plan that does not fit costs little. Blocks run side by side in threads; the arithmetic releases the interpreter.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from autarky.facts.catalogue import Catalogue
from autarky.quantities.arrays import Array
from autarky.workloads.layer_time import Setting
from autarky.workloads.offload import check_host_link
from autarky.workloads.plans import Plans, joined, plans
from autarky.workloads.train import Job, Priced, price, setting_of, why_not
from autarky.workloads.training import all_layers, step_time
from autarky.workloads.training_memory import memory_by_part

BLOCK = 20_000
"""Plans priced at once: enough to drown the cost of a call, few enough to stay in the cache."""
MICRO_BATCHES = (1, 2, 4, 8, 16)
RECOMPUTE_LEVELS = (0.0, 1.0, 1.25, 1.5, 1.75, 2.0)


@dataclass(frozen=True)
class Found:
    """What a search found.

    tried       plans priced; `fitting` of them fit in memory
    best        the fastest plans, fastest first
    front       plans that no other beats in time and memory together, fastest first
    broken      how many plans each rule ruled out before
    leanest     bytes that the leanest plan needs, and that plan, where none fits
    room        bytes of a chip that a job can fill
    """

    tried: int
    fitting: int
    broken: Mapping[str, int]
    best: Priced | None
    front: Priced | None
    leanest: tuple[float, Plans] | None
    room: float


@dataclass
class _Tally:
    """What blocks add up to: plans kept with their time and memory, and counts."""

    tried: int = 0
    fitting: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    fastest: list[Plans] = field(default_factory=list)
    front: list[Plans] = field(default_factory=list)
    leanest: tuple[float, Plans] | None = None

    def add(self, other: _Tally) -> None:
        self.tried += other.tried
        self.fitting += other.fitting
        self.broken.update(other.broken)
        self.fastest += other.fastest
        self.front += other.front
        if other.leanest is not None and (self.leanest is None or other.leanest[0] < self.leanest[0]):
            self.leanest = other.leanest


def divisors(number: int, most: int | None = None) -> list[int]:
    """Return the divisors of a number in rising order, up to `most`."""
    low = [i for i in range(1, int(number**0.5) + 1) if number % i == 0]
    every = sorted({*low, *(number // i for i in low)})
    return [value for value in every if most is None or value <= most]


def space(job: Job, fixed: Mapping[str, float]) -> Iterator[Plans]:
    """Yield all plans of a job that agree with `fixed` (fields of `Plans`), in blocks."""
    waiting: list[Plans] = []
    size = 0
    for part in _parts(job, fixed):
        waiting.append(part)
        size += len(part)
        if size >= BLOCK:
            yield joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield joined(waiting)


def _choices(fixed: Mapping[str, float], name: str, values: list[int]) -> list[int]:
    return [int(fixed[name])] if name in fixed else values


def _parts(job: Job, fixed: Mapping[str, float]) -> Iterator[Plans]:
    chips, network = job.system.chips, job.system.network
    layers = len(all_layers(job.config, job.prediction))
    experts = max((layer.experts.experts for layer in job.config.layers if layer.experts), default=1)
    longest = job.tokens
    for tensor in _choices(fixed, "tensor", divisors(chips, min(network.domain, job.config.hidden))):
        for pipeline in _choices(fixed, "pipeline", divisors(max(chips // tensor, 1), layers)):
            rest = chips // (tensor * pipeline)
            contexts = [value for value in divisors(max(rest, 1)) if value & (value - 1) == 0 and value <= longest]
            for context in _choices(fixed, "context", contexts):
                data = int(fixed.get("data", max(rest // context, 1)))
                yield from _part(job, fixed, (tensor, pipeline, context, data), layers, experts)


def _part(
    job: Job, fixed: Mapping[str, float], outer: tuple[int, int, int, int], layers: int, experts: int
) -> Iterator[Plans]:
    tensor, pipeline, context, data = outer
    parts = divisors(experts)
    expert = [value for value in parts if (tensor * context * data) % value == 0]
    depth = -(-layers // pipeline)
    interleave = [1] if pipeline == 1 else divisors(depth)
    micro = [
        size for size in MICRO_BATCHES if (job.batch >= data * size if job.flexible else job.batch % (data * size) == 0)
    ]
    axes = {
        "interleave": _choices(fixed, "interleave", interleave),
        "expert": _choices(fixed, "expert", expert),
        "micro_batch": _choices(fixed, "micro_batch", micro),
        "sharded": _choices(fixed, "sharded", [1] if data * context == 1 else [0, 1, 2, 3]),
        "sequence": _choices(fixed, "sequence", [0] if tensor == 1 else [0, 1]),
        "recompute": [fixed["recompute"]] if "recompute" in fixed else list(RECOMPUTE_LEVELS),
    }
    grid = np.array(np.meshgrid(*axes.values(), indexing="ij"), dtype=float).reshape(len(axes), -1)
    if grid.shape[1]:
        columns: dict[str, Array | float] = dict(zip(axes, grid, strict=True))
        offload = fixed.get("offload", 0.0)
        yield plans(**columns, tensor=tensor, pipeline=pipeline, context=context, data=data, offload=offload)


def front(time: Array, memory: Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the indices of plans that none beats in both time and memory, fastest first."""
    order = np.lexsort((memory, time))
    least = np.minimum.accumulate(memory[order])
    kept = np.concatenate([[True], least[1:] < least[:-1]])
    return np.asarray(order[kept], np.int64)


def _fastest(block: Plans, time: Array, keep: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the indices of the fastest plan of each tensor and pipeline size, fastest first, at most `keep`.

    Plans that differ in less are mostly as fast as one another and would hide all others.
    """
    order = np.argsort(time, kind="stable")
    kind = block.tensor[order] * 2.0**32 + block.pipeline[order]
    first = np.sort(np.unique(kind, return_index=True)[1])
    return np.asarray(order[first][:keep], np.int64)


def _tally(job: Job, setting: Setting, block: Plans, keep: int) -> _Tally:
    """Return what one block holds: plans against a rule are counted out, memory is priced, then time."""
    tally = _Tally(tried=len(block))
    legal = np.ones(len(block), bool)
    for rule, broken in why_not(block, job).items():
        tally.broken[rule] += int(np.count_nonzero(legal & broken))
        legal &= ~broken
    block = block.take(legal)
    if not len(block):
        return tally
    parts = memory_by_part(block, setting, job.batches(block), prediction=job.prediction)
    memory = np.asarray(sum(parts.values()), float)
    fits = memory <= setting.usable_memory * job.system.memory
    tally.fitting = int(np.count_nonzero(fits))
    if not tally.fitting:
        leanest = int(np.argmin(memory))
        tally.leanest = float(memory[leanest]), block.take(np.array([leanest]))
        return tally
    block, memory = block.take(fits), memory[fits]
    batch = job.batches(block)
    time = step_time(block, setting, batch, prediction=job.prediction).time / batch
    tally.fastest = [block.take(_fastest(block, time, keep))]
    tally.front = [block.take(front(time, memory))]
    return tally


def _tallied(job: Job, setting: Setting, source: Iterator[Plans], keep: int, threads: int) -> _Tally:
    """Return what all blocks of a space hold together."""
    total = _Tally()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        # Only a few blocks wait at a time, so that a large space does not fill the memory.
        waiting: deque[Future[_Tally]] = deque()
        for block in source:
            waiting.append(pool.submit(_tally, job, setting, block, keep))
            if len(waiting) > 2 * threads:
                total.add(waiting.popleft().result())
        while waiting:
            total.add(waiting.popleft().result())
    return total


def search(
    catalogue: Catalogue,
    job: Job,
    fixed: Mapping[str, float] | None = None,
    *,
    keep: int = 10,
    threads: int = 2,
    blocks: Iterator[Plans] | None = None,
) -> Found:
    """Return the fastest plans of a job that fit, one for each tensor and pipeline size and `keep` in all.

    Beside them stands the front of time per token against memory; energy and cost follow the time. `fixed` holds
    fields of `Plans`; everything else is searched, but that optimiser states wait with the host only where `fixed`
    says so, or where it says nothing and no plan fits otherwise. `blocks` takes the place of the job's own space.
    """
    setting = setting_of(catalogue, job)
    chosen = dict(fixed or {})
    if chosen.get("offload"):
        check_host_link(catalogue, job.system.chip)
    total = _tallied(job, setting, blocks if blocks is not None else space(job, chosen), keep, threads)
    if not (total.fitting or chosen or blocks) and setting.host_link is not None:
        total.add(_tallied(job, setting, space(job, {"offload": 1.0}), keep, threads))
    best = edge = None
    if total.fastest:
        kept = price(catalogue, job, joined(total.fastest), setting=setting)
        order = _fastest(kept.plans, kept.steps.time / kept.steps.tokens, keep)
        best = price(catalogue, job, kept.plans.take(order), setting=setting)
        best.utilisation("half")
        sides = price(catalogue, job, joined(total.front), setting=setting)
        edge = price(
            catalogue,
            job,
            sides.plans.take(front(sides.steps.time / sides.steps.tokens, sides.peak_memory)),
            setting=setting,
        )
    return Found(
        tried=total.tried,
        fitting=total.fitting,
        broken=dict(total.broken),
        best=best,
        front=edge,
        leanest=None if best else total.leanest,
        room=setting.usable_memory * job.system.memory,
    )
