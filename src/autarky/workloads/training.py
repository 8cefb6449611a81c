"""Step time of a training run by part, for many parallel plans at once.

A step is the pipeline's steady state (every micro-batch passes the slowest stage), its bubble, what of the
transfers between replicas finds nothing to hide behind, and the update of the weights.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from autarky.quantities.arrays import Array
from autarky.systems.collectives import all_gather, all_reduce, point_to_point
from autarky.systems.network import group
from autarky.workloads.architecture import Layer, ModelConfig
from autarky.workloads.kernels import product, streamed
from autarky.workloads.layer_time import Parts, Setting, expansion, layer_time
from autarky.workloads.offload import shown_transfer
from autarky.workloads.parameters import layer_counts
from autarky.workloads.plans import SELECTIVE, Plans
from autarky.workloads.sharding import layer_sizes
from autarky.workloads.weights import outer_weights, prediction_weights

UPDATE_TRAFFIC = 30.0
"""Bytes moved per weight in an update of Adam: gradient, master copy and two moments read in 32 bits, the last
three written back, and the 16-bit weight."""
MOST_FEWER = 6
"""Layers by which a last stage is shortened at most; a head is never worth more."""
HOST_AGAIN = 4.0 / 3.0
"""Operations issued with a second forward pass, relative to those without."""
HEAD_TRAFFIC = 12.0
"""Bytes moved per logit: written in 16 bits, read, widened and turned into a gradient by a fused loss."""


@dataclass(frozen=True)
class Steps:
    """Step times of many plans: `parts` in s by part, and what stands behind them. Shapes (plan,).

    micro_batches   that each replica works through
    tokens          of a step; `fused` tells whether attention kept its scores out of memory
    """

    plans: Plans
    parts: Parts
    micro_batches: Array
    tokens: Array
    fused: bool

    @property
    def time(self) -> Array:
        """Seconds a step."""
        return np.asarray(sum(self.parts.values()), float)

    @property
    def tokens_per_second_per_chip(self) -> Array:
        """Tokens per s and chip."""
        return self.tokens / self.time / self.plans.chips


def all_layers(config: ModelConfig, prediction: bool) -> tuple[Layer, ...]:
    """Return the layers that a run trains, those of multi-token prediction included where asked."""
    return config.layers + (config.prediction if prediction else ())


def step_time(plans: Plans, setting: Setting, batch: Array, *, prediction: bool = False) -> Steps:
    """Return the time of a step over `batch` sequences, shape (plan,), in s by part."""
    config, stack, network = setting.config, setting.stack, setting.network
    layers = all_layers(config, prediction)
    micro_batches = batch / (plans.data * plans.micro_batch)
    forward, backward = _mean_layer(layers, plans, setting)
    again = _recomputed(layers, forward, plans, setting)
    head = _head(plans, setting, len(layers) - len(config.layers) + 1)
    busy = np.asarray(sum(forward.values()) + sum(backward.values()) + again, float)
    issued = np.where(plans.recompute > SELECTIVE, HOST_AGAIN, 1.0)
    waiting = np.maximum(_host(layers, setting) * issued - busy, 0.0) + stack.host_wait * _share_with_experts(layers)
    each = busy + waiting
    depth, slowest = _slowest_stage(len(layers), each, head, plans, free=stack.free_layout)
    parts: Parts = defaultdict(lambda: np.zeros(len(plans)))
    share = micro_batches * depth
    for pass_parts in (forward, backward):
        for name, value in pass_parts.items():
            parts[name] = parts[name] + value * share
    parts["recompute"] = again * share
    parts["host"] = waiting * share
    parts["head"] = micro_batches * (slowest - depth * each)
    mean = len(layers) / plans.pipeline * each + head / plans.pipeline
    parts["bubble"] = (plans.pipeline - 1) / plans.interleave * mean
    parts["pipeline"] = _stage_transfers(plans, setting, micro_batches)
    data, within = _replica_transfers(layers, plans, setting, micro_batches, mean)
    parts["data"] = data + within
    owned = owned_weights(layers, plans, config)
    parts["update"] = streamed(UPDATE_TRAFFIC * owned, setting.rates, operations=1.0)
    if setting.host_link is not None and np.any(plans.offload):
        last = depth * (np.asarray(sum(backward.values()), float) + again)
        parts["offload"] = shown_transfer(owned, last, plans.offload, setting.host_link, stack.data_overlap)
    # Stages hand work on when it is done; replicas wait for the slowest among them.
    domains = np.maximum(plans.chips / plans.pipeline / network.domain, 1.0)
    parts["sag"] = setting.sag * np.log2(domains) * np.asarray(sum(parts.values()))
    return Steps(plans, dict(parts), micro_batches, batch * setting.tokens, stack.fused)


def _slowest_stage(layers: int, each: Array, head: Array, plans: Plans, *, free: bool) -> tuple[Array, Array]:
    """Return the layers on the slowest stage, and its s for one micro-batch.

    Where the layers do not fill all stages, the last stage takes fewer of them beside the head. A free layout
    gives it as many fewer as makes the slowest stage fastest.
    """
    full = np.ceil(layers / plans.pipeline)
    spare = np.minimum(full * plans.pipeline - layers, 1.0)
    depth, slowest = full - spare, np.maximum((full - spare) * each + head, full * each)
    if free:
        for fewer in range(1, MOST_FEWER):
            last = np.maximum(full - fewer, 0.0)
            others = np.ceil((layers - last) / np.maximum(plans.pipeline - 1, 1.0))
            time = np.maximum(last * each + head, others * each)
            better = (plans.pipeline > 1) & (time < slowest)
            depth, slowest = np.where(better, others, depth), np.where(better, time, slowest)
    # What the slowest stage spends beyond whole layers is the head's.
    return np.minimum(depth, np.floor(slowest / each)).astype(np.float64), slowest


def _mean_layer(layers: tuple[Layer, ...], plans: Plans, setting: Setting) -> tuple[Parts, Parts]:
    """Return the time of a mean layer: kinds of layer are taken to be spread evenly over the stages."""
    forward: Parts = defaultdict(lambda: np.zeros(len(plans)))
    backward: Parts = defaultdict(lambda: np.zeros(len(plans)))
    for layer, times in layer_counts(layers):
        weight = times / len(layers)
        for total, own in zip((forward, backward), layer_time(layer, plans, setting), strict=True):
            for name, value in own.items():
                total[name] = total[name] + weight * value
    return forward, backward


def _recomputed(layers: tuple[Layer, ...], forward: Parts, plans: Plans, setting: Setting) -> Array:
    """Return the s a mean layer spends on computing again what its forward pass did not keep.

    What is cheap is attention where its scores were written to memory; else the element-wise work, and making queries,
    keys and values out of latent vectors.
    """
    cheap = forward["attention"]
    if setting.stack.fused:
        cheap = forward["elementwise"]
        for layer, times in layer_counts(layers):
            cheap = cheap + times / len(layers) * expansion(layer, plans, setting)
    whole = np.asarray(sum(forward.values()), float)
    share: Array = np.clip(plans.recompute - SELECTIVE, 0.0, 1.0)
    return np.asarray(share * whole + np.where(plans.recompute >= SELECTIVE, 1.0 - share, 0.0) * cheap, float)


def _host(layers: tuple[Layer, ...], setting: Setting) -> float:
    """Return the s in which the host issues the operations of a mean layer, forward and backward."""
    experts = _share_with_experts(layers)
    return setting.stack.host * (1.0 - experts) + setting.stack.expert_host * experts


def _share_with_experts(layers: tuple[Layer, ...]) -> float:
    return sum(layer.experts is not None for layer in layers) / len(layers)


def _head(plans: Plans, setting: Setting, uses: int) -> Array:
    """Return the s of output head and loss for one micro-batch, forward and backward."""
    config, rates = setting.config, setting.rates
    rows = plans.micro_batch * setting.tokens / plans.context
    columns = config.vocabulary / plans.tensor
    inner = np.full_like(rows, config.embedding_width)
    passes = product(rows, inner, columns, rates) + product(rows, columns, inner, rates)
    passes = passes + product(inner, rows, columns, rates)
    # The head stays in 16 bits whatever the layers run in.
    passes = passes * rates.peak * rates.product_share / (rates.attention_peak * setting.head_share)
    return uses * (passes + streamed(HEAD_TRAFFIC * rows * columns * setting.stack.passes, rates, operations=4.0))


def _stage_transfers(plans: Plans, setting: Setting, micro_batches: Array) -> Array:
    """Return the s in which stages wait for one another's activations and gradients."""
    # Members of a tensor group hold the same activations: each sends its part, and the rest is gathered behind; or
    # each sends all of them.
    sent = 2.0 * plans.micro_batch * setting.tokens / plans.context * setting.config.hidden
    sent = sent / plans.tensor if setting.stack.parted else sent
    once = point_to_point(sent, plans.tensor * plans.context * plans.data, setting.network)
    times = 2.0 * plans.interleave * micro_batches * (1.0 - setting.stack.pipeline_overlap)
    # While the pipeline fills and drains, nothing hides a transfer.
    times = times + 2.0 * (plans.pipeline - 1)
    return np.where(plans.pipeline > 1, once * times, 0.0)


@dataclass(frozen=True)
class Held:
    """Weights that one chip holds, shape (plan,): common to all replicas, and of experts."""

    common: Array
    experts: Array


def weights_held(layers: tuple[Layer, ...], config: ModelConfig, plans: Plans, *, prediction: bool) -> Held:
    """Return the weights on a chip of the fullest stage: its layers and the larger of embedding and head."""
    depth = np.ceil(len(layers) / plans.pipeline)
    divided = repeated = routed = 0.0
    for layer, times in layer_counts(layers):
        sizes = layer_sizes(layer, config.hidden, config.norm_biased)
        divided, repeated, routed = (
            total + times * size for total, size in zip((divided, repeated, routed), sizes, strict=True)
        )
    if prediction:
        repeated += sum(weight.size for _, weight in prediction_weights(config))
    share = depth / len(layers)
    outer = {"embedding": 0.0, "head": 0.0, "other": 0.0}
    for weight in outer_weights(config):
        outer[weight.part] = outer.get(weight.part, 0.0) + weight.size
    ends = np.where(plans.pipeline > 1, max(outer["embedding"], outer["head"]), outer["embedding"] + outer["head"])
    if config.tied:
        ends = np.full_like(plans.tensor, outer["embedding"])
    common = share * (divided / plans.tensor + repeated) + ends / plans.tensor + outer["other"]
    # Dense layers come first, so that some stages hold nothing but layers with experts.
    expert_layers = max(sum(layer.experts is not None for layer in layers), 1)
    return Held(common, np.minimum(depth / expert_layers, 1.0) * routed / plans.expert)


def _replica_transfers(
    layers: tuple[Layer, ...], plans: Plans, setting: Setting, micro_batches: Array, stage: Array
) -> tuple[Array, Array]:
    """Return the s of shown transfers between replicas: once a step, and for every micro-batch.

    Gradients are summed and weights gathered once a step; with everything divided, weights are gathered for
    each pass of each micro-batch and gradients scattered after each.
    """
    config, stack, network = setting.config, setting.stack, setting.network
    held = weights_held(layers, config, plans, prediction=False)
    once = np.zeros(len(plans))
    often = np.zeros(len(plans))
    expert_replicas = plans.tensor * plans.context * plans.data / plans.expert
    for weights, replicas, stride in (
        (held.common, plans.data * plans.context, plans.tensor),
        (held.experts, np.maximum(expert_replicas, 1.0), plans.expert),
    ):
        if not np.any(weights > 0):
            continue
        among = group(replicas, stride, network)
        gather = all_gather(2.0 * weights, among, network) / stack.data_speed
        scatter = all_gather(stack.gradient * weights, among, network) / stack.data_speed
        summed = all_reduce(stack.gradient * weights, among, network) / stack.data_speed
        each_step = np.where(plans.sharded == 0, summed, scatter + gather)
        several = replicas > 1
        once = once + np.where(several & (plans.sharded < 3), each_step, 0.0)
        often = often + np.where(several & (plans.sharded == 3), 2.0 * gather + scatter, 0.0)
    hidden = stack.data_overlap * stage
    # The chunks of an interleaved stage finish one after another while as many micro-batches as stages drain; a
    # chunk has half of that on average.
    drained = np.where(plans.interleave > 1, (1.0 + np.minimum(plans.pipeline, micro_batches)) / 2.0, 1.0)
    shown_once = np.maximum(once - hidden * drained, once * (1.0 - stack.data_overlap))
    shown_often = np.maximum(often - hidden, often * (1.0 - stack.data_overlap))
    return shown_once, micro_batches * shown_often


def owned_weights(layers: tuple[Layer, ...], plans: Plans, config: ModelConfig) -> Array:
    """Return the weights that a chip updates, shape (plan,)."""
    held = weights_held(layers, config, plans, prediction=False)
    replicas = plans.data * plans.context
    expert_replicas = np.maximum(plans.tensor * replicas / plans.expert, 1.0)
    divided = held.common / replicas + held.experts / expert_replicas
    return np.where(plans.sharded > 0, divided, held.common + held.experts)
