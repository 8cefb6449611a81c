"""Memory that a training plan takes on the fullest chip, in bytes by part, for many plans at once.

Both ends of the pipeline are looked at: the first stage keeps the activations of most micro-batches, the last
one the logits. The fuller of the two counts.
"""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array
from autarky.workloads.architecture import Attention, LatentAttention, Layer
from autarky.workloads.layer_time import Setting
from autarky.workloads.offload import STATES, on_chip
from autarky.workloads.parameters import layer_counts
from autarky.workloads.plans import SELECTIVE, Plans
from autarky.workloads.sharding import layer_elements
from autarky.workloads.training import all_layers, weights_held

WEIGHT = 2.0
"""Bytes per weight in mixed precision: a 16-bit copy, beside `STATES` of the optimiser.
Gradients are kept in the format in which the software sums them."""
HEAD_GRADIENT = 4.0
"""Bytes of the passing gradient of a head weight before it is added to the sum."""
SCORES = 5.0
"""Bytes per pair of tokens that unfused attention keeps: softmax, dropout mask, and what it lets through."""


def memory_by_part(
    plans: Plans, setting: Setting, batch: Array, *, prediction: bool = False, context_bytes: float = 0.0
) -> dict[str, Array]:
    """Return the bytes by part on the fullest chip under each plan; `context_bytes` is what software holds."""
    config = setting.config
    layers = all_layers(config, prediction)
    held = weights_held(layers, config, plans, prediction=prediction)
    replicas = plans.data * plans.context
    expert_replicas = np.maximum(plans.tensor * replicas / plans.expert, 1.0)
    weights = gradients = optimiser = np.zeros(len(plans))
    for amount, among in ((held.common, replicas), (held.experts, expert_replicas)):
        weights = weights + WEIGHT * amount / np.where(plans.sharded >= 3, among, 1.0)
        gradients = gradients + setting.stack.gradient * amount / np.where(plans.sharded >= 2, among, 1.0)
        optimiser = optimiser + STATES * amount / np.where(plans.sharded >= 1, among, 1.0)
    depth = np.ceil(len(layers) / plans.pipeline)
    # With everything divided, two layers are whole at a time: the one at work and the next.
    whole = np.where(plans.sharded >= 3, (held.common + held.experts) / depth * (2.0 * WEIGHT + WEIGHT), 0.0)
    kept, transient = _per_layer(layers, plans, setting)
    chunk = np.minimum(batch / (plans.data * plans.micro_batch), plans.pipeline)
    # Interleaving starts more micro-batches before the first comes back.
    more = np.where(plans.interleave > 1, 1.0 + (plans.pipeline - 1) / (plans.pipeline * plans.interleave), 1.0)
    tokens = plans.micro_batch * setting.tokens / plans.context
    logits = tokens * config.vocabulary / plans.tensor * setting.stack.logit
    logits = logits + HEAD_GRADIENT * config.vocabulary * config.embedding_width / plans.tensor
    first = depth * kept * chunk * more
    last = depth * kept + logits
    activations = np.where(plans.pipeline > 1, np.where(first >= last, first, depth * kept), depth * kept)
    return {
        "weights": weights + whole,
        "gradients": gradients,
        "optimiser": on_chip(optimiser, depth, plans.offload),
        "activations": activations + transient,
        "logits": np.where((plans.pipeline > 1) & (first >= last), 0.0, logits),
        "software": np.full(len(plans), context_bytes),
    }


def _per_layer(layers: tuple[Layer, ...], plans: Plans, setting: Setting) -> tuple[Array, Array]:
    """Return the bytes that a mean layer keeps for a micro-batch, and what the layer at work needs on top."""
    kept = np.zeros(len(plans))
    largest = np.zeros(len(plans))
    for layer, times in layer_counts(layers):
        everything = _all_kept(layer, plans, setting)
        share = np.clip(plans.recompute - SELECTIVE, 0.0, 1.0)
        own = share * _input_only(layer, plans, setting) + (1.0 - share) * everything
        kept = kept + times / len(layers) * own
        largest = np.maximum(largest, everything)
    return kept, np.where(plans.recompute > SELECTIVE, largest, 0.0)


def _tokens(plans: Plans, setting: Setting) -> tuple[Array, Array]:
    tokens = plans.micro_batch * setting.tokens / plans.context
    return tokens, np.where(plans.sequence > 0, tokens / plans.tensor, tokens)


def _input_only(layer: Layer, plans: Plans, setting: Setting) -> Array:
    return 2.0 * setting.config.hidden * layer.streams * _tokens(plans, setting)[1]


def _all_kept(layer: Layer, plans: Plans, setting: Setting) -> Array:
    """Return the bytes that one layer keeps from forward to backward for a micro-batch.

    Inputs of products are kept in the format of the products, everything else in 16 bits.
    """
    tokens, divided = _tokens(plans, setting)
    hidden = setting.config.hidden
    elements = layer_elements(layer, hidden)
    element = min(setting.element, 2.0) if setting.element >= 1.0 else 1.0
    cheap = (plans.recompute >= SELECTIVE) & setting.stack.fused
    sums = (layer.mixer is not None) + bool(layer.feeds)
    across = 2.0 * hidden * sums * layer.streams + np.where(cheap, 0.0, element * hidden * sums)
    inner = elements.inner + elements.routed * elements.expert_inner
    wide = elements.wide + elements.routed * elements.expert_wide
    inside = 2.0 * (elements.queries + elements.keys + elements.outputs + wide) + np.where(cheap, 0.0, element * inner)
    inside = inside + elements.routed * element * elements.sent
    kept = divided * across + tokens / plans.tensor * inside
    mixer = layer.mixer
    if isinstance(mixer, LatentAttention):
        ranks = (mixer.query_rank or 0) + mixer.key_rank
        kept = kept + divided * (2.0 + element) * ranks
        expanded = 2.0 * tokens / plans.tensor * (elements.queries + elements.keys)
        kept = kept - np.where(cheap, expanded, 0.0)
    if isinstance(mixer, Attention) and not setting.stack.fused:
        scores = SCORES * tokens * setting.tokens * mixer.heads / plans.tensor
        kept = kept + np.where(plans.recompute >= SELECTIVE, 0.0, scores)
    return np.asarray(kept, float)
