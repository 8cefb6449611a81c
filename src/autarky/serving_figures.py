"""The figures of one deployment under one load: times, rates, memory, use of the chips, energy and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autarky.plan_inputs import Costs
from autarky.quantities.arrays import Array
from autarky.workloads.layouts import Layouts
from autarky.workloads.serving import Pass
from autarky.workloads.serving_deployments import Apart, Together, as_one
from autarky.workloads.serving_load import Served
from autarky.workloads.serving_memory import memory_by_part
from autarky.workloads.serving_question import Question
from autarky.workloads.serving_search import Chosen
from autarky.workloads.serving_use import bandwidth_utilisation, prompt_utilisation, step_utilisation

GIGA, MILLI = 1e9, 1e-3


def short_figures(question: Question, costs: Costs, chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    """Return what rows of a front show, as plain data; units stand in the names."""
    return [_row(question, costs, one, served) for one, served in zip(chosen, _again(chosen), strict=True)]


def figures(question: Question, costs: Costs, chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    """Return everything about deployments as plain data; units stand in the names."""
    return [_whole(question, costs, one, served) for one, served in zip(chosen, _again(chosen), strict=True)]


def _whole(question: Question, costs: Costs, chosen: Chosen, served: Served) -> dict[str, Any]:
    deployments = chosen.deployments
    sequences = _sequences(chosen, served)
    apart = isinstance(deployments, Apart)
    return {
        **_row(question, costs, chosen, served),
        "chips_at_work": float(deployments.used()[0]),
        "sequences_a_group": float(sequences[0]),
        "requests_per_s": chosen.rate,
        "tokens_per_s": chosen.rate * question.answer,
        "step_ms": float(served.step.time[0]) / MILLI,
        "step_by_part_ms": _parts(served.step.parts, MILLI),
        "prompt_pass_ms": float(served.first.time[0]) / MILLI,
        "prompt_pass_by_part_ms": _parts(served.first.parts, MILLI),
        "memory_by_part_gb": _parts(_memory(question, deployments.then, sequences, apart=apart), GIGA),
        "prefill_memory_by_part_gb": (
            _parts(_memory_of_prompts(question, deployments.first, served), GIGA)
            if isinstance(deployments, Apart)
            else None
        ),
        "compute_utilisation": {
            "prompts": prompt_utilisation(question, served.first),
            "generation": step_utilisation(question, served.step),
        },
        "bandwidth_utilisation": {
            "generation": bandwidth_utilisation(question, deployments.then, served.step, sequences)
        },
        "chip_ms_per_token": _chip_time(question, chosen, served),
    }


def _again(chosen: Sequence[Chosen]) -> list[Served]:
    """Return all about each of some deployments, those of a kind served at once; of servers alike, about one."""
    found: dict[int, Served] = {}
    for kind in (Together, Apart):
        places = [place for place, one in enumerate(chosen) if isinstance(one.deployments, kind)]
        if places:
            deployments = as_one([chosen[place].deployments for place in places])
            count = np.array([chosen[place].concurrency for place in places]) / deployments.times()
            served = deployments.run(np.arange(len(places), dtype=np.int64), count)
            found |= {place: _one(served, index) for index, place in enumerate(places)}
    return [found[place] for place in range(len(chosen))]


def _one(served: Served, index: int) -> Served:
    """Return what one of several deployments does."""
    which = np.array([index])
    step, first = (
        Pass(
            part.layouts.take(which),
            {n: v[which] for n, v in part.parts.items()},
            part.tokens[which],
            part.packages[which],
        )
        for part in (served.step, served.first)
    )
    plain = ("ttft", "tpot", "running", "rate", "chips", "prompt", "output")
    return replace(served, step=step, first=first, **{name: getattr(served, name)[which] for name in plain})


def _row(question: Question, costs: Costs, chosen: Chosen, served: Served) -> dict[str, Any]:
    chips = question.chips
    prompts, answers = _shares(question, chosen, served)
    reading, writing = chosen.rate * question.prompt / chips, chosen.rate * question.answer / chips
    apart = isinstance(chosen.deployments, Apart)
    held = _memory(question, chosen.deployments.then, _sequences(chosen, served), apart=apart)
    return {
        "mode": "apart" if apart else "together",
        "plan": chosen.deployments.describe(),
        "concurrency": chosen.concurrency,
        "ttft_s": chosen.ttft,
        "tpot_ms": chosen.tpot / MILLI,
        "tokens_per_s_per_user": 1.0 / chosen.tpot,
        "tokens_per_s_per_chip": writing,
        "prompt_tokens_per_s_per_chip": reading,
        "memory_gb": float(np.asarray(sum(held.values()), float)[0]) / GIGA,
        "energy_j_per_token": {
            "prompt": costs.energy(reading / prompts),
            "answer": costs.energy(writing / answers),
        },
        "cost_usd_per_million_tokens": {
            "prompt": costs.cost(reading / prompts),
            "answer": costs.cost(writing / answers),
        },
    }


def _sequences(chosen: Chosen, served: Served) -> Array:
    """Return the sequences that an attention group generates at a time, shape (1,)."""
    deployments = chosen.deployments
    servers = deployments.answers if isinstance(deployments, Apart) else np.ones(1)
    return np.asarray(served.running / servers / deployments.then.data, float)


def _memory(question: Question, layouts: Layouts, sequences: Array, *, apart: bool) -> dict[str, Array]:
    """Return the bytes by part of a package; servers for generation alone have no chunk of prompts in a pass."""
    tokens = sequences * (1.0 + question.setting.drafts) if apart else None
    held = memory_by_part(layouts, question.setting, sequences, question.context, tokens)
    return {part: value * question.setting.devices for part, value in held.items()}


def _memory_of_prompts(question: Question, layouts: Layouts, served: Served) -> dict[str, Array]:
    new = question.prompt - question.reused
    tokens = served.first.tokens / layouts.data
    held = memory_by_part(layouts, question.setting, tokens / new, question.prompt, tokens)
    return {part: value * question.setting.devices for part, value in held.items()}


def _shares(question: Question, chosen: Chosen, served: Served) -> tuple[float, float]:
    """Return the shares of all chips that prompts and answers are charged with; they sum to 1.

    Separate servers count by their chips. Servers that do both are divided as full passes over prompts and steps of
    generation take their time. Chips without work follow the others.
    """
    deployments = chosen.deployments
    if isinstance(deployments, Apart):
        prompts = float((deployments.prompts * deployments.first.devices)[0])
        answers = float((deployments.answers * deployments.then.devices)[0])
    else:
        prompts = _per_token(served.first) * (question.prompt - question.reused)
        answers = _per_token(served.step) * question.after
    return prompts / (prompts + answers), answers / (prompts + answers)


def _per_token(pass_: Pass) -> float:
    """Return the s of a chip that a token of a full pass takes."""
    return float((pass_.time * pass_.packages / pass_.tokens)[0])


def _chip_time(question: Question, chosen: Chosen, served: Served) -> dict[str, float]:
    """Return the ms of all chips for each generated token by part; what is neither prompt nor step is `waiting`."""
    each = _per_token(served.step) / float(served.step.time[0])
    parts = {name: each * float(value[0]) / MILLI for name, value in served.step.parts.items()}
    prompts = _per_token(served.first) * (question.prompt - question.reused) / question.answer / MILLI
    whole = question.chips / (chosen.rate * question.answer) / MILLI
    return {**parts, "prompts": prompts, "waiting": max(whole - sum(parts.values()) - prompts, 0.0)}


def _parts(parts: Mapping[str, Array], unit: float) -> dict[str, float]:
    return {name: float(value[0]) / unit for name, value in parts.items() if value[0] > 0}
