"""Memory that a server takes on its fullest device, in bytes by part, and how many sequences fit, for many layouts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.layouts import Layouts, Mask
from autarky.workloads.parameters import layer_counts
from autarky.workloads.serving_attention import cache_of_layer
from autarky.workloads.serving_layer import WIDE, experts_held
from autarky.workloads.serving_setting import STORED, ServingSetting
from autarky.workloads.sharding import layer_elements
from autarky.workloads.storage import stored_weights


@lru_cache(maxsize=256)
def _stored(config: ModelConfig, routed: str, dense: str, guesses: bool) -> tuple[float, float]:
    """Return the bytes of all weights but routed experts, and of those, prediction layers included on request."""
    narrow = dict.fromkeys(("attention", "dense", "shared"), dense)
    found = stored_weights(config, {"routed": routed, **narrow}, rest="bf16", prediction=guesses)
    experts = float(found.by_part.get("routed", 0))
    return found.total - experts, experts


def memory_by_part(
    layouts: Layouts,
    setting: ServingSetting,
    sequences: ArrayLike,
    context: ArrayLike,
    tokens: ArrayLike | None = None,
) -> dict[str, Array]:
    """Return the bytes by part on the fullest device with `sequences` sequences of `context` tokens a group.

    `tokens` are in a pass at once: by default the software's chunk of prompts.
    """
    config, job = setting.config, setting.job
    recipes = STORED[job.recipe], STORED[job.dense or job.recipe]
    common, experts = _stored(config, *recipes, setting.drafts > 0)
    layers = len(config.layers)
    stages = np.ceil(layers / layouts.pipeline) / layers
    most = max((layer.experts.experts for layer in config.layers if layer.experts), default=1)
    share = experts_held(most, layouts.expert) / most
    passing = np.full(len(layouts), setting.software.chunk) if tokens is None else np.asarray(tokens, float)
    count = np.broadcast_to(np.asarray(sequences, float), (len(layouts),))
    return {
        "weights": common * stages / layouts.tensor,
        "experts": experts * stages * share / layouts.moe_tensor,
        "cache": count * cache_per_sequence(layouts, setting, context) * stages,
        "activations": passing * _widest(layouts, setting),
    }


def cache_per_sequence(layouts: Layouts, setting: ServingSetting, context: ArrayLike) -> Array:
    """Return the bytes that a device of a one-stage server keeps of a sequence, prediction layers included."""
    length = np.ascontiguousarray(np.broadcast_to(np.asarray(context, float), (len(layouts),)))
    config = setting.config
    kept = np.zeros(len(layouts))
    for layer, times in layer_counts(config.layers + (config.prediction if setting.drafts else ())):
        kept = kept + times * cache_of_layer(layer, length, layouts, setting)[1]
    return kept


def _widest(layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the bytes per token in flight of the widest layer: residuals, and inputs and outputs of its products."""
    hidden = setting.config.hidden
    widest = np.zeros(len(layouts))
    for layer, _ in layer_counts(setting.config.layers):
        elements = layer_elements(layer, hidden)
        inside = elements.queries + elements.keys + elements.wide + elements.inner
        routed = elements.routed * (elements.sent + elements.expert_wide + elements.expert_inner)
        spread = layouts.data / layouts.expert / layouts.moe_tensor
        widest = np.maximum(widest, WIDE * (4.0 * hidden + inside / layouts.tensor + routed * spread))
    return widest


def most_sequences(layouts: Layouts, setting: ServingSetting, context: ArrayLike) -> Array:
    """Return how many sequences of `context` tokens each attention group can hold, 0 where the weights do not fit."""
    taken = memory_by_part(layouts, setting, 1.0, context)
    each = taken.pop("cache")
    spare = setting.usable - np.asarray(sum(taken.values()), float)
    return np.maximum(np.floor(spare / np.maximum(each, 1.0)), 0.0)


def fits(layouts: Layouts, setting: ServingSetting, sequences: ArrayLike, context: ArrayLike) -> Mask:
    """Return where the sequences fit beside the weights."""
    return np.asarray(most_sequences(layouts, setting, context) >= np.asarray(sequences, float), bool)
