"""A server, or separate ones for prompts and generation, under a number of requests that are always in flight.

A request is answered and the next one comes at once, so that `concurrency` requests are at work or waiting. From
that follow the time to the first token, waiting included, the time per token after it, and the rate of requests:

    concurrency = rate * (first + (output - 1) * token)                  (Little 1961)
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.inputs import at_least_one, not_negative, positive
from autarky.workloads.layouts import Layouts, Mask
from autarky.workloads.serving import Pass, decode, prefill
from autarky.workloads.serving_memory import cache_per_sequence, most_sequences
from autarky.workloads.serving_setting import ServingSetting

ROUNDS = 4
"""Times that rates and numbers at work are computed from each other; the third changes nothing that shows."""


@dataclass(frozen=True)
class Load:
    """Requests on a deployment, numbers or arrays (plan,).

    concurrency   requests in flight
    prompt        tokens of a prompt, of which the first `reused` are cached already
    output        tokens of an answer
    bunched       share of the requests that come and end in waves, as in a benchmark that sends all at once
    """

    concurrency: ArrayLike
    prompt: ArrayLike
    output: ArrayLike
    reused: ArrayLike = 0.0
    bunched: ArrayLike = 0.0

    def shaped(self, plans: int) -> tuple[Array, ...]:
        """Return the five as arrays (plan,), checked."""
        positive("concurrency", self.concurrency)
        positive("prompt", self.prompt)
        at_least_one("output", self.output)
        not_negative("reused", self.reused)
        values = (getattr(self, field.name) for field in fields(self))
        return tuple(np.ascontiguousarray(np.broadcast_to(np.asarray(value, float), (plans,))) for value in values)


@dataclass(frozen=True)
class Served:
    """What a deployment does under a load. All arrays have shape (plan,).

    ttft      s to the first token, waiting included
    tpot      s a token after it
    running   sequences that are generated at a time
    rate      requests/s of the deployment
    chips     packages that it takes
    step, first   the passes of generation and of prompts
    """

    ttft: Array
    tpot: Array
    running: Array
    rate: Array
    chips: Array
    prompt: Array
    output: Array
    step: Pass
    first: Pass

    @property
    def output_rate(self) -> Array:
        """Generated tokens per s and chip."""
        return self.rate * self.output / self.chips

    @property
    def input_rate(self) -> Array:
        """Tokens of prompts per s and chip, reused ones included."""
        return self.rate * self.prompt / self.chips

    @property
    def tokens_per_user(self) -> Array:
        """Tokens per s that one request gains once it has begun."""
        return 1.0 / self.tpot


def together(layouts: Layouts, setting: ServingSetting, load: Load) -> Served:
    """Return what servers do that work on prompts and generate in turn.

    From the arrival of a request to the end of its answer every other one has its prompt worked on once: while the
    request waits, or while it is generated, which then stands still. In waves half of the others go before it;
    otherwise it waits for what is under way. Requests beyond what memory holds wait too.
    """
    wanted, prompt, output, reused, bunched = load.shaped(len(layouts))
    context = prompt + output / 2.0
    room = np.maximum(most_sequences(layouts, setting, context), 1.0) * layouts.data
    held = np.minimum(wanted, room)
    after = np.maximum(output - 1.0, 1.0)
    generating, batched = np.maximum(held, 1.0), np.ones_like(held)
    admitted = setting.software.admit
    for _ in range(ROUNDS):
        step = decode(layouts, setting, np.maximum(generating / layouts.data, 1.0 / layouts.data), context)
        gained = step.tokens / np.maximum(generating, 1.0)
        each = step.time / np.maximum(gained, 1e-12)
        first, per_request = _prompts(layouts, setting, batched, prompt, reused)
        others = np.maximum(held - 1.0, 0.0) * per_request
        busy = others / np.maximum(after * each + others, 1e-12)
        waits = bunched * others / 2.0 + (1.0 - bunched) * busy * np.minimum(first.time, others) / 2.0
        # Each other prompt is worked on once in a cycle: what is not waited for holds up generation.
        tpot = each + (others - waits) / after
        ttft = admitted + first.time + step.time / 2.0 + waits
        cycle = ttft + after * tpot
        # Prompts go first, so that all but requests on their way take part in every step.
        generating = np.maximum(held * (1.0 - admitted / cycle), np.minimum(held, 1.0))
        # After each step the answers that ended make room for as many prompts; a wave's come together.
        batched = np.maximum(np.maximum(held / after, bunched * held), 1.0)
    queued = np.maximum(wanted - held, 0.0) * cycle / held
    rate = held / cycle
    return Served(ttft + queued, tpot, generating, rate, step.packages, prompt, output, step, first)


def _prompts(
    layouts: Layouts, setting: ServingSetting, batched: Array, prompt: Array, reused: Array
) -> tuple[Pass, Array]:
    """Return the pass that a prompt takes, whole prompts scaled to it, and the s of the server for each request.

    `batched` requests are ready together: they are spread over the attention groups, and each group takes as many as
    a chunk holds.
    """
    new = prompt - reused
    ready = np.maximum(batched / layouts.data, 1.0)
    in_pass = np.clip(np.floor(setting.software.chunk / new), 1.0, ready)
    found = prefill(layouts, setting, new * in_pass, prompt, reused)
    at_once = np.minimum(np.maximum(batched, 1.0), layouts.data * in_pass)
    return found, found.time / at_once


def apart(
    first: Layouts,
    then: Layouts,
    setting: ServingSetting,
    load: Load,
    *,
    prefill_workers: ArrayLike = 1.0,
    decode_workers: ArrayLike = 1.0,
    prefill_setting: ServingSetting | None = None,
) -> Served:
    """Return what separate servers for prompts and for generation do; arrays of both layouts correspond.

    Prompts wait for a free worker; their caches cross to generation over the scale-out links of the worker. Where the
    workers for prompts do not keep up, they set the rate, and fewer sequences are generated at a time.
    """
    if len(first) != len(then):
        raise InputError(Problem(f"are {len(first)} and {len(then)}", field="layouts", hint="as many of both"))
    wanted, prompt, output, reused, bunched = load.shaped(len(then))
    positive("prefill_workers", prefill_workers)
    positive("decode_workers", decode_workers)
    of_prompts = prefill_setting or setting
    context = prompt + output / 2.0
    workers, generators = (
        np.ascontiguousarray(np.broadcast_to(np.asarray(count, float), (len(then),)))
        for count in (prefill_workers, decode_workers)
    )
    room = np.maximum(most_sequences(then, setting, context), 1.0) * then.data * generators
    after = np.maximum(output - 1.0, 1.0)
    generating, batched = np.minimum(wanted, room), np.ones_like(wanted)
    moved = transfer(first, of_prompts, prompt)
    for _ in range(2 * ROUNDS):
        each_worker = np.maximum(generating / generators, 1.0)
        step = decode(then, setting, np.maximum(each_worker / then.data, 1.0 / then.data), context)
        tpot = step.time / (step.tokens / each_worker)
        pass_, per_request = _prompts(first, of_prompts, batched, prompt, reused)
        capacity = workers / per_request
        alone = setting.software.admit + pass_.time + moved + step.time / 2.0
        free = wanted / (alone + after * tpot)
        rate = np.minimum(np.minimum(free, capacity), room / (after * tpot))
        generating = 0.5 * generating + 0.5 * np.clip(rate * after * tpot, np.minimum(wanted, 1.0), room)
        batched = np.maximum((wanted - generating) / workers, 1.0)
    busy = np.minimum(rate / capacity, 1.0)
    waits = bunched * wanted / workers * per_request / 2.0 + (1.0 - bunched) * busy * pass_.time / 2.0
    closed = wanted / rate - after * tpot
    ttft = np.maximum(alone + waits, closed)
    rate = wanted / (ttft + after * tpot)
    chips = workers * first.devices / of_prompts.devices + generators * then.devices / setting.devices
    return Served(ttft, tpot, generating, rate, chips, prompt, output, step, pass_)


def transfer(first: Layouts, setting: ServingSetting, prompt: Array) -> Array:
    """Return the s in which the cache of a prompt leaves the devices of the group that computed it."""
    network = setting.network
    plane = network.scale_up if network.scale_out is None else network.scale_out
    return cache_per_sequence(first, setting, prompt) / plane.pair_bandwidth() + setting.signal_out


def under_limits(
    layouts: Layouts,
    setting: ServingSetting,
    prompt: ArrayLike,
    output: ArrayLike,
    ttft: float,
    tpot: float,
    reused: ArrayLike = 0.0,
) -> tuple[Array, Served]:
    """Return the most requests in flight with which both limits hold, shape (plan,), and what is served then.

    Limits are in s. Where not even one request keeps them, it is 0, and the answer is that of one request.
    """
    positive("ttft", ttft)
    positive("tpot", tpot)
    context = np.asarray(prompt, float) + np.asarray(output, float) / 2.0
    high = np.maximum(most_sequences(layouts, setting, context), 1.0) * layouts.data

    def holds(count: Array) -> Mask:
        found = together(layouts, setting, Load(count, prompt, output, reused))
        return (found.ttft <= ttft) & (found.tpot <= tpot)

    one = np.ones(len(layouts))
    possible = holds(one) & (most_sequences(layouts, setting, context) >= 1)
    low, top = np.where(holds(high), high, one), high
    while np.any(top - low > np.maximum(1.0, 0.01 * low)):
        middle = np.floor(np.sqrt(low * top))
        middle = np.clip(middle, low + 1.0, np.maximum(top, low + 1.0))
        good = holds(middle) & (middle <= top)
        low, top = np.where(good, middle, low), np.where(good, top, np.minimum(top, np.maximum(middle - 1.0, low)))
    best = np.where(possible, low, 0.0)
    return best, together(layouts, setting, Load(np.maximum(best, 1.0), prompt, output, reused))
