"""How much of a chip a server uses: operations over the peak, bytes over the bandwidth, by named conventions.

Only useful work counts: no padding, no guess that proves wrong, no expert that no token chose. More than all there is
is an error.
"""

from __future__ import annotations

import numpy as np

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.layouts import Layouts
from autarky.workloads.operations import Convention, decode_work, sequence_work, utilisation_of_rate
from autarky.workloads.parameters import layer_counts
from autarky.workloads.serving import Pass
from autarky.workloads.serving_attention import cache_of_layer
from autarky.workloads.serving_memory import memory_by_part
from autarky.workloads.serving_question import Question
from autarky.workloads.stack import ELEMENT

CONVENTIONS: tuple[Convention, Convention] = ("half", "whole")


def prompt_work(question: Question, convention: Convention) -> float:
    """Return the FLOP of the prompt of one request; one token of it needs the output head."""
    config = question.setting.config

    def of(tokens: float) -> float:
        work = sequence_work(config, round(tokens), convention)
        return tokens * (work.forward - work.head)

    cached = of(question.reused) if question.reused else 0.0
    return of(question.prompt) - cached + sequence_work(config, 1, convention).head


def prompt_utilisation(question: Question, first: Pass) -> dict[str, float]:
    """Return the share of the peak in a full pass over prompts, attention counted by each convention."""
    new = question.prompt - question.reused
    rate = float((first.tokens_per_second_per_chip / new)[0])
    return {
        name: utilisation_of_rate(rate * prompt_work(question, name), _peak(question), name) for name in CONVENTIONS
    }


def step_utilisation(question: Question, step: Pass) -> dict[str, float]:
    """Return the share of the peak in a step of generation; every cached token counts, as nothing of it is masked."""
    work = decode_work(question.setting.config, round(question.context)).forward
    rate = float(step.tokens_per_second_per_chip[0])
    return {"whole": utilisation_of_rate(rate * work, _peak(question), "whole")}


def _peak(question: Question) -> float:
    setting = question.setting
    return setting.routed.peak * setting.devices


def bandwidth_utilisation(question: Question, layouts: Layouts, step: Pass, sequences: Array) -> dict[str, float]:
    """Return the share of nominal memory bandwidth in a step of generation with `sequences` a group.

    Convention "touched": every weight that a token of the step uses is read once, in each stage for each part of the
    batch, and so is what is cached.
    """
    setting, config = question.setting, question.setting.config
    held = memory_by_part(layouts, setting, sequences, question.context)
    embedding = 0.0 if config.tied else ELEMENT["bf16"] * config.vocabulary * config.embedding_width
    tokens = sequences * (1.0 + setting.drafts) / layouts.pipeline * layouts.data
    most = next((layer.experts for layer in config.layers if layer.experts), None)
    touched = 1.0 if most is None else 1.0 - (1.0 - most.active / most.experts) ** tokens
    weights = held["weights"] - embedding / layouts.tensor / layouts.pipeline + touched * held["experts"]
    cached = np.zeros(len(layouts))
    for layer, times in layer_counts(config.layers):
        cached = cached + times * cache_of_layer(layer, np.full(len(layouts), question.context), layouts, setting)[0]
    read = layouts.pipeline * weights + sequences * cached / layouts.pipeline
    share = float((read / step.time / question.bandwidth)[0])
    if share > 1.0:
        raise InputError(
            Problem(
                f"is {share:.0%} of the bandwidth with touched weights counted once, which cannot be",
                field="bandwidth",
                hint="an efficiency or a bandwidth of the system is wrong",
            )
        )
    return {"touched": share}
