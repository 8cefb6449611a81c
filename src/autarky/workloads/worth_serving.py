"""The best that a system does on a serving workload: prompts read, or answers given, within a time limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.layouts import Layouts, joined, layouts, why_not
from autarky.workloads.search import divisors
from autarky.workloads.serving import Pass, decode, prefill
from autarky.workloads.serving_memory import most_sequences
from autarky.workloads.serving_setting import ServingJob, ServingSetting, setting_of
from autarky.workloads.worth_tasks import Reached, Task, given, in_words

Run = Callable[[Layouts, Array], Pass]
"""One pass of some layouts under some loads."""
MOST_LOAD = 4096.0
"""Sequences of an attention group, or prompts of a pass, at most."""
HALVINGS = 14
"""Steps in which the largest load within a time limit is found: to less than a thousandth."""
MOST_TENSOR = 16
"""Devices that divide the attention of a layer, at most: beyond a node they only wait for one another."""


def best_prefill(task: Task) -> Reached:
    """Return the layout that reads most prompt tokens within the longest wait."""
    setting, work = _setting(task), task.workload
    prompt = given(work.prompt)
    space = candidates(task, setting)
    space = space.take(most_sequences(space, setting, prompt) >= 1)
    return _best(
        task,
        lambda layouts, load: prefill(layouts, setting, load * prompt, prompt),
        space,
        np.full(len(space), MOST_LOAD),
        given(work.longest_wait),
    )


def best_decode(task: Task) -> Reached:
    """Return the layout that gives most answer tokens within the longest time of each, users that fit at once."""
    setting, work = _setting(task), task.workload
    prompt, answer = given(work.prompt), given(work.answer)
    space = candidates(task, setting)
    room = most_sequences(space, setting, prompt + answer)
    return _best(
        task,
        lambda layouts, load: decode(layouts, setting, load, prompt + answer / 2.0),
        space.take(room >= 1),
        np.minimum(room[room >= 1], MOST_LOAD),
        given(work.longest_token),
    )


def _setting(task: Task) -> ServingSetting:
    return setting_of(task.catalogue, ServingJob(task.config, task.system, task.recipe, task.workload.software))


def candidates(task: Task, setting: ServingSetting) -> Layouts:
    """Return the layouts of servers that use some or all of the chips of a workload."""
    most = task.system.chips * setting.devices
    found: list[Layouts] = []
    for devices in divisors(most):
        for tensor in divisors(devices, MOST_TENSOR):
            experts = np.array(divisors(devices), float)
            found.append(layouts(tensor=tensor, data=devices // tensor, expert=experts))
    space = joined(found)
    broken = np.any(list(why_not(space, task.config).values()), axis=0)
    return space.take(~broken)


def _best(task: Task, run: Run, space: Layouts, room: Array, longest: float) -> Reached:
    """Return the fastest of the layouts, each under the largest load that fits and keeps the limit.

    A larger load takes longer and gives more tokens per s, so the largest is the best.
    """
    if not len(space):
        raise InputError(Problem(f"{task.system.chip} cannot hold {task.config.name}", field="memory"))
    low, high = np.zeros(len(space)), np.log2(room)
    kept = run(space, np.exp2(low)).time <= longest
    if not kept.any():
        raise InputError(Problem(f"{task.system.chip} does not keep the limit of {longest:g} s", field="chips"))
    low = np.where(run(space, np.exp2(high)).time <= longest, high, low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        within = run(space, np.exp2(middle)).time <= longest
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    speed = np.where(kept, run(space, np.exp2(low)).tokens_per_second_per_chip, 0.0)
    first = int(np.argmax(speed))
    return Reached(float(speed[first]), in_words(dict(space.describe(first))))
