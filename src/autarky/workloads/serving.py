"""Time of one pass through a server by part: a step of generation, or a pass over prompts, for many layouts.

A server is one instance of a model: attention groups that each hold sequences of their own, and experts that all of
them share. Times are those of the busiest device.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.architecture import Layer
from autarky.workloads.inputs import not_negative, positive
from autarky.workloads.layouts import Layouts, Mask
from autarky.workloads.parameters import layer_counts
from autarky.workloads.serving_layer import Parts, Work, layer_pass, multiplied, operations_of, shared_apart
from autarky.workloads.serving_setting import ServingSetting
from autarky.workloads.stack import ELEMENT

HIDDEN_PARTS = ("products", "experts", "attention", "elementwise")
"""Parts beside which the exchange of tokens of the other half of a batch can run."""


@dataclass(frozen=True)
class Pass:
    """One pass of a whole server. All arrays have shape (plan,).

    parts     s by part; they sum to `time`
    tokens    that the server gains: new tokens of prompts, or generated ones with those guessed right
    packages  that it takes
    """

    layouts: Layouts
    parts: Parts
    tokens: Array
    packages: Array

    @property
    def time(self) -> Array:
        """Seconds of the pass."""
        return np.asarray(sum(self.parts.values()), float)

    @property
    def tokens_per_second_per_chip(self) -> Array:
        """Tokens per s and package."""
        return self.tokens / self.time / self.packages


def decode(layouts: Layouts, setting: ServingSetting, sequences: ArrayLike, context: ArrayLike) -> Pass:
    """Return a step in which each of `sequences` sequences of every attention group gains its next tokens.

    `context` tokens are cached for each. With speculation all guesses are checked in the same pass, and made by the
    model's own prediction layers before it.
    """
    positive("sequences", sequences)
    not_negative("context", context)
    count, cached = _shaped(sequences, layouts), _shaped(context, layouts)
    stage = count / layouts.pipeline
    work = Work(stage * (1.0 + setting.drafts), stage, cached, cached, prompts=False)
    parts = _through(work, layouts, setting)
    _add_guesses(stage, cached, layouts, setting, parts)
    parts["head"] = _head(work.tokens, layouts, setting)
    parts["pipeline"] = _stages(work.tokens, layouts, setting)
    busy = np.asarray(sum(parts.values()), float)
    parts["host"] = setting.software.step + np.maximum(setting.software.sequence * count - busy, 0.0)
    speculation = setting.job.speculation
    gained = count * layouts.data * (1.0 if speculation is None else speculation.tokens)
    return Pass(layouts, dict(parts), gained, layouts.devices / setting.devices)


def prefill(
    layouts: Layouts, setting: ServingSetting, tokens: ArrayLike, prompt: ArrayLike, reused: ArrayLike = 0.0
) -> Pass:
    """Return a pass over `tokens` new tokens of prompts in every attention group.

    The prompts are `prompt` tokens long, of which the first `reused` are cached already.
    """
    positive("tokens", tokens)
    not_negative("reused", reused)
    new, length, cached = (_shaped(value, layouts) for value in (tokens, prompt, reused))
    if np.any(cached >= length):
        raise InputError(Problem("is at least the whole prompt", field="reused", hint="leave one token to compute"))
    count = new / (length - cached)
    work = Work(new / layouts.pipeline, count / layouts.pipeline, cached, length, prompts=True)
    parts = _through(work, layouts, setting)
    busy = np.asarray(sum(parts.values()), float)
    layers = layer_counts(setting.config.layers)
    issued = setting.software.eager * sum(times * operations_of(layer, setting) for layer, times in layers)
    parts["host"] = np.maximum(issued - busy, 0.0) + setting.software.step + setting.software.sequence * count
    parts["head"] = _head(np.maximum(work.sequences, 1.0), layouts, setting)
    parts["pipeline"] = _stages(work.tokens, layouts, setting)
    return Pass(layouts, dict(parts), new * layouts.data, layouts.devices / setting.devices)


def _shaped(value: ArrayLike, layouts: Layouts) -> Array:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, float), (len(layouts),)))


def _through(work: Work, layouts: Layouts, setting: ServingSetting) -> Parts:
    """Return the s of a pass through all layers, in halves where the software works so and it is faster."""
    whole = _layers(work, layouts, setting)
    used = halved(layouts, setting)
    if not np.any(used):
        return whole
    half = _layers(work.divided(0.5), layouts, setting)
    twice: Parts = defaultdict(lambda: np.zeros(len(layouts)), {name: 2.0 * value for name, value in half.items()})
    beside = np.asarray(sum(twice[name] for name in HIDDEN_PARTS), float)
    twice["expert"] = np.maximum(twice["expert"] - setting.software.overlap * beside, 0.0)
    faster = used & (np.asarray(sum(twice.values())) < np.asarray(sum(whole.values())))
    return defaultdict(
        lambda: np.zeros(len(layouts)),
        {name: np.where(faster, twice[name], whole[name]) for name in {*whole, *twice}},
    )


def halved(layouts: Layouts, setting: ServingSetting) -> Mask:
    """Return where a batch can be worked on in halves: several attention groups, and an exchange worth hiding."""
    several = layouts.data > 1
    if setting.software.halves == "between":
        return several & (layouts.stage > setting.network.domain)
    return several & (setting.software.halves == "always")


def _layers(work: Work, layouts: Layouts, setting: ServingSetting) -> Parts:
    parts: Parts = defaultdict(lambda: np.zeros(len(layouts)))
    for layer, times in layer_counts(setting.config.layers):
        for name, value in _layer(layer, work, layouts, setting).items():
            parts[name] = parts[name] + times * value
    return parts


def _layer(layer: Layer, work: Work, layouts: Layouts, setting: ServingSetting) -> Parts:
    """Return the s of a pass through a layer; with more devices than experts, shared ones have devices of their own."""
    here = layer_pass(layer, work, layouts, setting)
    spare = layouts.expert > (layer.experts.experts if layer.experts else np.inf)
    if not np.any(spare):
        return here
    there = layer_pass(shared_apart(layer), work, layouts, setting)
    return {name: np.where(spare, there[name], here[name]) for name in {*here, *there}}


def _add_guesses(sequences: Array, context: Array, layouts: Layouts, setting: ServingSetting, parts: Parts) -> None:
    """Add the passes of the prediction layer that guess, one after another, each with a product with the head."""
    if not setting.drafts:
        return
    config = setting.config
    if not config.prediction:
        raise InputError(
            Problem(f"{config.name} has no prediction layers to guess with", field="speculation", hint="leave it out")
        )
    work = Work(sequences, sequences, context, context, prompts=False)
    for number in range(setting.drafts):
        layer = config.prediction[min(number, len(config.prediction) - 1)]
        guess = np.asarray(sum(layer_pass(layer, work, layouts, setting).values()), float)
        joined = multiplied(
            sequences,
            np.full_like(sequences, 2.0 * config.hidden),
            np.full_like(sequences, float(config.hidden)),
            setting.dense,
            setting.dense_bytes,
            setting.dense_stream,
            setting,
        )
        parts["guesses"] = parts["guesses"] + guess + joined + _head(sequences, layouts, setting)


def _head(rows: Array, layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the s of the product with the output head, in 16 bits, divided over an attention group."""
    config = setting.config
    inner = np.full_like(rows, float(config.embedding_width))
    columns = config.vocabulary / layouts.tensor
    return multiplied(rows, inner, columns, setting.wide, ELEMENT["bf16"], setting.wide_stream, setting)


def _stages(tokens: Array, layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the s of handing tokens from stage to stage."""
    network = setting.network
    plane = network.scale_up if network.scale_out is None else network.scale_out
    far = layouts.stage >= network.domain
    bandwidth = np.where(far, plane.pair_bandwidth(), network.scale_up.pair_bandwidth())
    latency = np.where(far, setting.signal_out, setting.signal)
    hop = latency + 2.0 * tokens * setting.config.hidden / layouts.tensor / bandwidth
    return np.where(layouts.pipeline > 1, layouts.pipeline * hop, 0.0)
