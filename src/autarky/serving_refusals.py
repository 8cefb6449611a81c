"""Why no serving plan is possible, by how much, and what would do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue
from autarky.systems.system import MOST_CHIPS
from autarky.workloads.serving_given import Given
from autarky.workloads.serving_memory import memory_by_part
from autarky.workloads.serving_question import Question
from autarky.workloads.serving_search import Found
from autarky.workloads.serving_setting import STORED, setting_of, stored_bytes
from autarky.workloads.serving_space import MOST_DEVICES, NO_ROOM, every_layout, space

GIGA, MILLI = 1e9, 1e-3


def nothing_found(facts: Catalogue, question: Question, given: Given, found: Found) -> Problem:
    """Return why no plan is possible: against the rules, too large by how much, or too slow, and what would do."""
    job = question.setting.job
    empty = next((side for side in found.spaces.counted if not len(side.layouts)), None)
    if empty is None:
        return _too_slow(question, given, found)
    broken = {rule: count for rule, count in empty.broken.items() if rule != NO_ROOM}
    if NO_ROOM not in empty.broken:
        rule = max(broken, key=lambda name: broken[name]) if broken else "no way to use the chips was found"
        return Problem(
            f"no server is possible on {job.system.chips:,} chips: {rule}",
            field="plan",
            hint="change the chips, or what the plan fixes",
        )
    room = question.setting.usable * question.setting.devices / GIGA
    return Problem(
        f"the leanest server needs {_leanest(question, given):,.1f} GB a chip, and a job can fill {room:,.1f} of its "
        f"{job.system.memory / GIGA:,.0f} GB",
        field="memory",
        hint=_what_fits(facts, question, given),
    )


def _leanest(question: Question, given: Given) -> float:
    """Return the GB a chip of the leanest layout with one sequence, of those that a plan leaves free."""
    layouts = every_layout(question.setting, question.chips, given.then.fixed)
    held = memory_by_part(layouts, question.setting, 1.0, question.context)
    return float(np.asarray(sum(held.values())).min()) * question.setting.devices / GIGA


def _what_fits(facts: Catalogue, question: Question, given: Given) -> str:
    """Return what would make room: another layout, more chips, or narrower weights."""
    if given.then.fixed or given.first.fixed:
        free = space(question.setting, question.chips, question.context, {})
        if len(free.layouts):
            shown = ",".join(f"{key}={value}" for key, value in free.layouts.describe(0).items())
            return f"--plan {shown} fits"
    ways = [*_more_chips(question), *_narrower(facts, question)]
    return f"{' or '.join(ways)} would do" if ways else "use a system with more memory, or shorter requests"


def _more_chips(question: Question) -> Iterator[str]:
    chips = 2 * question.chips
    while chips <= min(MOST_CHIPS, MOST_DEVICES):
        if len(space(question.setting, chips, question.context, {}).layouts):
            yield f"{chips:,} chips"
            return
        chips *= 2


def _narrower(facts: Catalogue, question: Question) -> Iterator[str]:
    """Yield the widest recipe of narrower weights that the chip can run and that fits."""
    job = question.setting.job
    widths = {recipe: stored_bytes(recipe) for recipe in STORED}
    for recipe in sorted(widths, key=lambda name: -widths[name]):
        if widths[recipe] < question.setting.routed_bytes:
            with contextlib.suppress(InputError):
                setting = setting_of(facts, replace(job, recipe=recipe))
                if len(space(setting, question.chips, question.context, {}).layouts):
                    yield f"--precision {recipe}"
                    return


def _too_slow(question: Question, given: Given, found: Found) -> Problem:
    """Return which limit cannot be met, and how near a plan comes."""
    job, (ttft, tpot) = question.setting.job, found.least
    if not np.isfinite(tpot):
        return Problem(
            f"no servers in these numbers fit on {job.system.chips:,} chips", field="plan", hint="give fewer of them"
        )
    misses = []
    if ttft > question.ttft:
        misses.append(f"the first token takes {ttft:.3g} s at least, and the limit is {question.ttft:.3g} s")
    if tpot > question.tpot:
        misses.append(f"a token takes {tpot / MILLI:.3g} ms at least, and the limit is {question.tpot / MILLI:.3g} ms")
    if not misses:
        misses.append(
            f"no plan keeps {question.ttft:.3g} s to the first token and {question.tpot / MILLI:.3g} ms a token at once"
        )
    return Problem(
        "; ".join(misses), field="limits", hint="raise --ttft or --tpot, or choose other chips or fewer tokens"
    )
