"""Time of one layer for one micro-batch on one chip, forward and backward, by part, for many plans at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from autarky.quantities.arrays import Array
from autarky.systems.collectives import all_gather, dispatch
from autarky.systems.network import Network, group
from autarky.workloads.architecture import Attention, LatentAttention, Layer, ModelConfig
from autarky.workloads.kernels import Rates, attention, product, streamed, unfused_attention
from autarky.workloads.operations import TokenWork, sequence_work
from autarky.workloads.plans import Plans
from autarky.workloads.sharding import Product, feed_products, head_width, layer_elements, mixer_products
from autarky.workloads.stack import Stack

Parts = dict[str, Array]
"""Seconds by part: products, experts, attention, elementwise (norms, sums, activations, casts), routing (tokens sorted
by expert and back), recurrence (convolutions, states and gates in memory); tensor, expert and context transfers."""
WORK = ("products", "experts", "attention", "elementwise", "routing", "recurrence")
"""What a chip computes, beside which transfers can run."""


@dataclass(frozen=True)
class Setting:
    """What is the same for every plan of a search: model, sequence, chip, network, software."""

    config: ModelConfig
    tokens: int
    rates: Rates
    network: Network
    stack: Stack
    element: float
    """Bytes of an element of the inputs of products."""
    cast: float
    """Bytes moved to bring one element of an input into that format, 0 where it already is."""
    head_share: float
    """Share of the 16-bit peak that the product with the output head reaches."""
    usable_memory: float
    """Share of memory that a job can fill."""
    sag: float
    """Relative slowing for each doubling of the scale-up domains that run the same stage in step."""
    host_link: float | None = None
    """Bytes/s one way between a chip and its host, None where it is not known."""


def layer_time(layer: Layer, plans: Plans, setting: Setting) -> tuple[Parts, Parts]:
    """Return the s of a forward and of a backward pass of one micro-batch through a layer, by part."""
    forward: Parts = defaultdict(lambda: np.zeros(len(plans)))
    backward: Parts = defaultdict(lambda: np.zeros(len(plans)))
    hidden = setting.config.hidden
    tokens = plans.micro_batch * setting.tokens / plans.context
    divided = np.where(plans.sequence > 0, tokens / plans.tensor, tokens)
    for part in (*mixer_products(layer, hidden), *feed_products(layer, hidden)):
        _add_product(part, tokens, divided, plans, setting, forward, backward)
    _add_attention(layer, tokens, plans, setting, forward, backward)
    _add_elementwise(layer, tokens, divided, plans, setting, forward, backward)
    _add_transfers(layer, tokens, plans, setting, forward, backward)
    return forward, backward


def _add_product(
    part: Product, tokens: Array, divided: Array, plans: Plans, setting: Setting, forward: Parts, backward: Parts
) -> None:
    rates, element = setting.rates, setting.element
    inner, columns = np.full_like(tokens, part.inner), np.full_like(tokens, part.columns)
    groups = np.ones_like(tokens)
    rows, name = tokens, "products"
    if part.experts:
        groups = np.maximum(part.experts / plans.expert, 1.0)
        rows = np.maximum(tokens / plans.tensor * part.active / part.experts * plans.expert, 1.0)
        name = "experts"
    elif part.split == "columns":
        columns = columns / plans.tensor
    elif part.split == "inner":
        inner = inner / plans.tensor
    else:
        rows = divided
    forward[name] += product(rows, inner, columns, rates, element=element, groups=groups)
    backward[name] += product(rows, columns, inner, rates, element=element, groups=groups)
    # Gradients of weights are added to what earlier micro-batches left: read and written.
    summed = 2.0 * setting.stack.gradient
    backward[name] += product(inner, rows, columns, rates, element=element, output=summed, groups=groups)
    if setting.cast:
        forward["elementwise"] += streamed(setting.cast * rows * groups * inner, rates)
        backward["elementwise"] += streamed(setting.cast * rows * groups * columns, rates)


@lru_cache(maxsize=4096)
def _work(config: ModelConfig, layer: Layer, tokens: int) -> TokenWork:
    return sequence_work(replace(config, layers=(layer,), prediction=()), tokens, "half")


def _add_attention(
    layer: Layer, tokens: Array, plans: Plans, setting: Setting, forward: Parts, backward: Parts
) -> None:
    work, rates, length = _work(setting.config, layer, setting.tokens), setting.rates, setting.tokens
    mixer = layer.mixer
    if setting.stack.fused or not isinstance(mixer, Attention):
        scores = tokens * (work.attention + work.index) / plans.tensor
        if not setting.stack.balanced:
            # The chip with the last part of a sequence sees all of it, and the others wait.
            scores = scores * (2.0 - 1.0 / plans.context)
        if work.attention:
            reach = np.full_like(tokens, length)
            if isinstance(mixer, Attention) and mixer.span is not None:
                reach = np.minimum(reach, mixer.span)
            width = head_width(mixer)
            forward["attention"] += attention(scores, rates, sequence=reach, width=width)
            backward["attention"] += attention(scores, rates, sequence=reach, width=width, backward=True)
        if work.recurrence:
            # Computed in chunks about as long as the state is wide, which doubles the work of single steps.
            carried = 2.0 * tokens * work.recurrence / plans.tensor
            whole, width = np.full_like(tokens, length), head_width(mixer)
            forward["attention"] += attention(carried, rates, sequence=whole, width=width)
            backward["attention"] += attention(carried, rates, sequence=whole, width=width, backward=True)
        return
    heads, width = mixer.heads / plans.tensor, mixer.key_width + mixer.value_width
    keys = np.full_like(tokens, length)
    forward["attention"] += unfused_attention(tokens, keys, heads, width, rates)
    backward["attention"] += unfused_attention(tokens, keys, heads, width, rates, backward=True)


def _add_elementwise(
    layer: Layer, tokens: Array, divided: Array, plans: Plans, setting: Setting, forward: Parts, backward: Parts
) -> None:
    """Add norms, residual sums, rotations, activations and the sorting of tokens by expert, in 16 bits.

    A backward pass moves twice what the forward pass does.
    """
    hidden, stack = setting.config.hidden, setting.stack
    copies = tokens / plans.tensor
    elements = layer_elements(layer, hidden)
    sums = (layer.mixer is not None) + bool(layer.feeds)
    across = hidden * (4.0 * elements.norms + 6.0 * sums) * layer.streams
    inside = 4.0 * (elements.queries + elements.keys / 2) + 2.0 * (elements.wide + elements.inner)
    traffic = (divided * across + copies * inside) * stack.passes
    operations = elements.norms + sums + 2.0
    once: Parts = {}
    if elements.routed:
        sent = copies * elements.routed
        traffic = traffic + 2.0 * sent * (elements.expert_wide + elements.expert_inner) * stack.expert_passes
        operations += 2.0
        sorted_ = streamed(8.0 * sent * elements.sent * stack.expert_passes, setting.rates, operations=4.0)
        once["routing"] = sorted_ + sent * stack.routing
    if _work(setting.config, layer, setting.tokens).recurrence:
        # Convolution (read, write), scan (read, write), its state once a chunk in 32 bits (twice read and written),
        # and the gated norm.
        carried = 6.0 * (elements.queries + elements.keys) + 24.0 * elements.outputs
        once["recurrence"] = streamed(copies * carried * stack.recurrent_passes, setting.rates, operations=5.0)
    once["elementwise"] = streamed(traffic, setting.rates, operations=operations)
    for name, value in once.items():
        forward[name] += value
        backward[name] += 2.0 * value
    if layer.experts is not None and layer.experts.biased:
        # Each expert has a bias of its own, which grouped products leave to a pass over their outputs (read and
        # written) and to one over the gradients of those (read).
        outputs = copies * elements.routed * (elements.expert_wide + elements.sent)
        forward["elementwise"] += streamed(4.0 * outputs, setting.rates, operations=2.0)
        backward["elementwise"] += streamed(2.0 * outputs, setting.rates, operations=2.0)


def expansion(layer: Layer, plans: Plans, setting: Setting) -> Array:
    """Return the s in which one micro-batch's latent vectors become queries, keys and values, 0 without any."""
    mixer = layer.mixer
    if not isinstance(mixer, LatentAttention):
        return np.zeros(len(plans))
    tokens = plans.micro_batch * setting.tokens / plans.context
    width, rates, element = mixer.plain_width + mixer.rotary_width, setting.rates, setting.element
    heads = mixer.heads / plans.tensor
    keys = product(
        tokens,
        np.full_like(tokens, mixer.key_rank),
        heads * (mixer.plain_width + mixer.value_width),
        rates,
        element=element,
    )
    if mixer.query_rank is None:
        return keys
    return keys + product(tokens, np.full_like(tokens, mixer.query_rank), heads * width, rates, element=element)


def _add_transfers(
    layer: Layer, tokens: Array, plans: Plans, setting: Setting, forward: Parts, backward: Parts
) -> None:
    network, stack, hidden = setting.network, setting.stack, setting.config.hidden
    elements = layer_elements(layer, hidden)
    one = np.ones_like(tokens)
    if np.any(plans.tensor > 1):
        pairs = (layer.mixer is not None) + (elements.wide > 0)
        among = group(plans.tensor, one, network)
        whole = 2.0 * all_gather(2.0 * tokens * hidden, among, network)
        shown = np.where(plans.tensor > 1, pairs * whole * (1.0 - stack.tensor_overlap), 0.0)
        forward["tensor"] += shown
        backward["tensor"] += shown
    if elements.routed and np.any(plans.expert > 1):
        among = group(plans.expert, one, network)
        sent = 2.0 * tokens / plans.tensor * elements.routed * elements.sent
        both = 2.0 * dispatch(sent, elements.routed, among, network, once=stack.once)
        for parts in (forward, backward):
            # What hides runs beside the work of another micro-batch, which is as much as this one's.
            work = np.asarray(sum(parts[name] for name in WORK), float)
            shown = both - np.minimum(stack.expert_overlap * both, work)
            parts["expert"] += np.where(plans.expert > 1, shown, 0.0)
    if elements.keys and np.any(plans.context > 1):
        among = group(plans.context, plans.tensor, network)
        whole = all_gather(2.0 * tokens * plans.context * elements.keys / plans.tensor, among, network)
        for parts, times in ((forward, 1.0), (backward, 2.0)):
            shown = np.maximum(times * whole - stack.context_overlap * parts["attention"], 0.0)
            parts["context"] += np.where(plans.context > 1, shown, 0.0)
