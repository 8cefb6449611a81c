"""Attention of a pass through a server: over what is cached, and of prompts among themselves, in s."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from autarky.quantities.arrays import Array
from autarky.workloads.architecture import (
    Attention,
    CompressedAttention,
    Index,
    LatentAttention,
    Layer,
    Mixer,
    ModelConfig,
)
from autarky.workloads.cache import WINDOW, cache_parts
from autarky.workloads.kernels import attention
from autarky.workloads.layouts import Layouts, query_heads
from autarky.workloads.operations import TokenWork, decode_work, sequence_work
from autarky.workloads.serving_setting import ServingSetting
from autarky.workloads.sharding import head_width


def alone(config: ModelConfig, layer: Layer) -> ModelConfig:
    """Return a model of this one layer."""
    return replace(config, layers=(layer,), prediction=())


@lru_cache(maxsize=4096)
def _each(config: ModelConfig, layer: Layer, absorbed: bool) -> TokenWork:
    """Return the operations of a token of a layer for each token that it attends to."""
    single = alone(config, layer)
    work = decode_work(single, 1) if absorbed else sequence_work(single, 1, "whole")
    seen = float(reach(layer.mixer, np.ones(1))[0])
    return replace(work, attention=work.attention / seen if seen else 0.0)


def reach(mixer: Mixer | None, context: Array) -> Array:
    """Return how many cached tokens a token with `context` before it attends to."""
    match mixer:
        case Attention():
            seen = context if mixer.span is None or mixer.reach == "full" else np.minimum(context, float(mixer.span))
            return _chosen(seen, mixer.index)
        case LatentAttention():
            return _chosen(context, mixer.index)
        case CompressedAttention():
            near = np.minimum(context, float(mixer.span))
            if not mixer.ratio:
                return near
            pooled = context / mixer.ratio
            return near + (pooled if mixer.index is None else np.minimum(pooled, float(mixer.index.top)))
        case _:
            return np.zeros_like(context)


def _chosen(seen: Array, index: Index | None) -> Array:
    return seen if index is None else np.minimum(seen, float(index.top * index.block))


def mean_reach(mixer: Mixer | None, start: Array, end: Array) -> Array:
    """Return the mean reach of the tokens from `start` to `end` of a prompt: a tenth of them stands for all."""
    steps = (np.arange(10) + 0.5) / 10.0
    return np.asarray(np.mean([reach(mixer, start + share * (end - start)) for share in steps], axis=0), float)


def tensor_copies(mixer: Mixer | None, tensor: Array) -> Array:
    """Return the share of all queries that one of `tensor` devices works on; spare devices repeat whole heads."""
    heads = query_heads(mixer)
    return 1.0 / np.minimum(tensor, float(heads)) if heads else np.ones_like(tensor)


def key_groups(mixer: Mixer | None, tensor: Array) -> Array:
    """Return how many groups of queries, each with keys of its own, one of `tensor` devices works on."""
    if isinstance(mixer, Attention):
        return np.ceil(mixer.key_heads / tensor)
    return np.ones_like(tensor)


def cache_of_layer(layer: Layer, context: Array, layouts: Layouts, setting: ServingSetting) -> tuple[Array, Array]:
    """Return the bytes of a layer's cache of one sequence that a token reads on one device, and what is kept."""
    read, kept = np.zeros(len(layouts)), np.zeros(len(layouts))
    single = alone(setting.config, layer)
    for tensor in np.unique(layouts.tensor):
        here = layouts.tensor == tensor
        parts = cache_parts(single, context[here], policy=WINDOW, form=setting.form, tensor=int(tensor))
        full = parts.full
        if isinstance(layer.mixer, (Attention, LatentAttention)) and layer.mixer.index is not None:
            full = full * reach(layer.mixer, context[here]) / np.maximum(context[here], 1.0)
        if isinstance(layer.mixer, CompressedAttention) and layer.mixer.index is not None and layer.mixer.ratio:
            pooled = np.maximum(context[here] / layer.mixer.ratio, 1.0)
            full = full * np.minimum(pooled, float(layer.mixer.index.top)) / pooled
        # A state is read, and written back.
        read[here] = full + parts.windowed + parts.index + 2.0 * parts.state
        kept[here] = parts.total
    return read, kept


def over_cache(layer: Layer, sequences: Array, context: Array, layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the s in which `sequences` sequences attend to their caches, guessed tokens at once.

    The slower of operations and bytes. Queries that share a key are worked on in blocks of `cache_rows`.
    """
    work = _each(setting.config, layer, True)
    queries = 1.0 + setting.drafts
    mixer = layer.mixer
    if not (work.attention or work.recurrence):
        return np.zeros_like(sequences)
    share = tensor_copies(mixer, layouts.tensor)
    rows = query_heads(mixer) * share / key_groups(mixer, layouts.tensor) * queries
    padded = np.maximum(rows, setting.cache_rows) / rows if work.attention else np.ones_like(rows)
    flop = work.attention * reach(mixer, context) * padded + work.index * context + work.recurrence
    read, _ = cache_of_layer(layer, context, layouts, setting)
    once = sequences * np.maximum(flop * queries * share / setting.cache_rate, read / setting.cache_stream)
    operations = 1.0 + 2.0 * bool(work.index)
    return np.asarray(once + operations * setting.wide.launch, float)


def among_prompts(
    layer: Layer, tokens: Array, start: Array, end: Array, layouts: Layouts, setting: ServingSetting
) -> Array:
    """Return the s of the attention of `tokens` new tokens, at places `start` to `end` of their prompts."""
    mixer, rates = layer.mixer, setting.wide
    # Where an index picks tokens one by one, their latent vectors are used as they are.
    absorbed = isinstance(mixer, LatentAttention) and mixer.index is not None
    work = _each(setting.config, layer, absorbed)
    share = tensor_copies(mixer, layouts.tensor)
    width = head_width(mixer)
    spent = np.zeros_like(tokens)
    if work.attention:
        seen = np.maximum(mean_reach(mixer, start, end), 1.0)
        flop = tokens * share * (work.attention * seen + work.index * (start + end) / 2.0)
        spent = spent + attention(flop, rates, sequence=2.0 * seen, width=width)
    if work.recurrence:
        # Computed in chunks about as long as the state is wide, which doubles the work of single steps.
        flop = 2.0 * tokens * share * work.recurrence
        spent = spent + attention(flop, rates, sequence=end, width=width)
    return np.asarray(spent / setting.software.attention_speed, float)
