"""Time of one layer for one pass through a server, by part, for many layouts at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from autarky.quantities.arrays import Array
from autarky.workloads.architecture import Layer
from autarky.workloads.kernels import Rates, streamed
from autarky.workloads.layouts import Layouts
from autarky.workloads.serving_attention import among_prompts, over_cache
from autarky.workloads.serving_setting import ServingSetting
from autarky.workloads.serving_transfers import gathered, summed, to_experts
from autarky.workloads.sharding import Product, feed_products, layer_elements, mixer_products

Parts = dict[str, Array]
"""Seconds by part: products, experts, attention, elementwise, tensor and expert transfers, head, host, overlap."""
WIDE = 2.0
"""Bytes of an element between products."""


@dataclass(frozen=True)
class Work:
    """What one attention group does in a pass, shape (plan,) each.

    tokens       new tokens; `sequences` of them belong together, at `start` to `end` of their prompts
    context      tokens cached before them, where they are generated; `prompts` tells prompts from generation
    """

    tokens: Array
    sequences: Array
    start: Array
    end: Array
    prompts: bool

    def divided(self, share: Array | float) -> Work:
        """Return a part of the work."""
        return Work(self.tokens * share, self.sequences * share, self.start, self.end, self.prompts)


def layer_pass(layer: Layer, work: Work, layouts: Layouts, setting: ServingSetting) -> Parts:
    """Return the s of a pass through a layer, by part, on the busiest device."""
    parts: Parts = defaultdict(lambda: np.zeros(len(layouts)))
    hidden = setting.config.hidden
    for product in (*mixer_products(layer, hidden), *feed_products(layer, hidden)):
        if product.experts:
            parts["experts"] += expert_product(product, work, layouts, setting)
        else:
            parts["products"] += plain_product(product, work.tokens, layouts.tensor, setting)
    if layer.mixer is not None:
        if work.prompts:
            parts["attention"] += among_prompts(layer, work.tokens, work.start, work.end, layouts, setting)
        else:
            parts["attention"] += over_cache(layer, work.sequences, work.start, layouts, setting)
    _add_elementwise(layer, work, layouts, setting, parts)
    _add_transfers(layer, work, layouts, setting, parts)
    return parts


def shared_apart(layer: Layer) -> Layer:
    """Return a layer whose shared block is one more expert that each token goes to, copied as often as it is chosen.

    So placed in CloudMatrix-Infer (Zuo et al. 2025): 256 experts and 32 copies of the shared one, of 9 that a token
    takes, beside spare copies.
    """
    feed = layer.experts
    if feed is None or not feed.shared_width:
        return layer
    more = feed.experts // feed.active
    wide = replace(feed, experts=feed.experts + more, active=feed.active + 1, shared_width=0, shared_gate=False)
    return replace(layer, feeds=tuple(wide if item is feed else item for item in layer.feeds))


def plain_product(product: Product, tokens: Array, tensor: Array, setting: ServingSetting) -> Array:
    """Return the s of a product of `tokens` rows, divided over `tensor` devices as its weights are."""
    inner, columns = np.full_like(tokens, product.inner), np.full_like(tokens, product.columns)
    if product.split == "columns":
        columns = np.maximum(columns / tensor, 1.0)
    elif product.split == "inner":
        inner = np.maximum(inner / tensor, 1.0)
    return multiplied(tokens, inner, columns, setting.dense, setting.dense_bytes, setting.dense_stream, setting)


def multiplied(
    rows: Array,
    inner: Array,
    columns: Array,
    rates: Rates,
    weight: float,
    stream: float,
    setting: ServingSetting,
    *,
    groups: Array | float = 1.0,
) -> Array:
    """Return the s of `groups` products of (rows x inner) with weights (inner x columns) of `weight` bytes each.

    Weights are read at `stream` bytes/s, everything else as by any operation.

    The slower of arithmetic and traffic. Arithmetic of few rows costs as much as that of `few_rows`, smoothly; its
    fall at small inner sides and few columns is that of `kernels.product`.
    """
    spread = 1.0 + setting.few_rows / rows + rates.half_size * (1.0 / inner + 1.0 / columns)
    arithmetic = 2.0 * rows * inner * columns * spread / (rates.peak * rates.product_share)
    traffic = weight * inner * columns / stream + WIDE * rows * (inner + columns) / rates.stream
    return np.asarray(groups * np.maximum(arithmetic, traffic) + rates.launch, float)


def experts_held(experts: int, expert: Array) -> Array:
    """Return the experts on one of `expert` devices; where they do not divide, some stand on several devices."""
    return np.ceil(experts / expert)


def expert_load(product: Product, tokens: Array, layouts: Layouts, setting: ServingSetting) -> tuple[Array, Array]:
    """Return how many experts the busiest device works on, and the tokens of each, of `tokens` a group.

    Tokens choose experts independently: those that at least one of n tokens chooses are E * (1 - (1 - k / E)**n) of E
    on average. The busiest of several devices has more to do than the mean: by the lasting preference for some experts
    that `balance` states, and by chance, about the standard deviation times sqrt(2 ln devices). A balance of 1 leaves
    chance out too.
    """
    held = experts_held(product.experts, layouts.expert)
    copies = tokens * layouts.data * product.active
    mean = load = copies / layouts.expert
    if setting.balance < 1.0:
        chance = np.sqrt(2.0 * np.log(layouts.expert) * mean * (1.0 - 1.0 / layouts.expert))
        load = np.minimum(np.where(layouts.expert > 1, mean / setting.balance, mean) + chance, copies)
    share = load / mean
    missed = (1.0 - np.minimum(product.active / product.experts * share, 1.0)) ** (tokens * layouts.data)
    # Spare slots hold copies, so an expert's tokens divide over them.
    slots = held * layouts.expert / product.experts
    touched = np.maximum(held * (1.0 - np.minimum(missed ** (1.0 / slots), 1.0)), np.minimum(load, 1.0))
    return touched, load / touched


def expert_product(product: Product, work: Work, layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the s of the grouped products of a layer's experts on the busiest device."""
    touched, rows = expert_load(product, work.tokens, layouts, setting)
    inner, columns = np.full_like(rows, product.inner), np.full_like(rows, product.columns)
    if product.split == "inner":
        inner = inner / layouts.moe_tensor
    else:
        columns = columns / layouts.moe_tensor
    plain = multiplied(
        rows, inner, columns, setting.routed, setting.routed_bytes, setting.routed_stream, setting, groups=touched
    )
    return np.asarray(plain / setting.software.expert_speed, float)


def _add_elementwise(layer: Layer, work: Work, layouts: Layouts, setting: ServingSetting, parts: Parts) -> None:
    """Add norms, residual sums, rotations, activations, and the sorting of tokens by expert, in 16 bits."""
    hidden, software = setting.config.hidden, setting.software
    elements = layer_elements(layer, hidden)
    sums = (layer.mixer is not None) + bool(layer.feeds)
    across = hidden * (4.0 * elements.norms + 6.0 * sums) * layer.streams
    inside = 4.0 * (elements.queries + elements.keys / 2) + 2.0 * (elements.wide + elements.inner)
    traffic = work.tokens * (across + inside / layouts.tensor)
    if elements.routed:
        activation = 2.0 * (elements.expert_wide + elements.expert_inner) / layouts.moe_tensor
        # Kernels gather their own rows; what each expert returns is summed.
        sorting = 4.0 * elements.sent
        copies = work.tokens * layouts.data * elements.routed / layouts.expert
        traffic = traffic + copies * (activation + sorting)
    operations = between(layer, hidden) * software.fusion
    parts["elementwise"] += streamed(traffic * software.passes, setting.wide, operations=operations)
    if picks(layer):
        parts["elementwise"] += software.index


def between(layer: Layer, hidden: int) -> float:
    """Return how many operations stand between the products and the attention of a layer, before any are fused."""
    elements = layer_elements(layer, hidden)
    sums = (layer.mixer is not None) + bool(layer.feeds)
    return elements.norms + sums + 2.0 + (6.0 if elements.routed else 0.0)


def picks(layer: Layer) -> bool:
    """Return whether an index of the layer's own picks the tokens that its attention reads."""
    index = getattr(layer.mixer, "index", None)
    return index is not None and index.own


def operations_of(layer: Layer, setting: ServingSetting) -> float:
    """Return how many operations the host issues for a layer: products, attention, and what stands between."""
    hidden = setting.config.hidden
    products = len(mixer_products(layer, hidden)) + len(feed_products(layer, hidden))
    return products + (layer.mixer is not None) + between(layer, hidden) * setting.software.fusion


def _add_transfers(layer: Layer, work: Work, layouts: Layouts, setting: ServingSetting, parts: Parts) -> None:
    """Add sums over the devices that divide products, and what carries tokens to experts and back."""
    hidden, tokens = setting.config.hidden, work.tokens
    elements = layer_elements(layer, hidden)
    whole = summed(WIDE * tokens * hidden, layouts.tensor, setting)
    if layer.mixer is not None:
        parts["tensor"] += whole
    if elements.routed:
        out_width = setting.dense_bytes if setting.dense_bytes <= 1.0 else WIDE
        parts["expert"] += np.where(
            layouts.data > 1,
            _exchanged(work, elements.routed, elements.sent, out_width, layouts, setting),
            whole,
        )
    elif layer.feeds:
        parts["tensor"] += whole


def _exchanged(work: Work, copies: int, elements: int, out: float, layouts: Layouts, setting: ServingSetting) -> Array:
    """Return the s of bringing tokens of several attention groups to experts, in `out` bytes, and back in 16 bits."""
    if setting.software.gathers:
        total = work.tokens * layouts.data * elements
        return gathered(out * total, layouts.stage, setting) + gathered(WIDE * total, layouts.stage, setting)
    # The devices of a group hold the same tokens; each sends its part.
    each = work.tokens / layouts.tensor
    both = [to_experts(each, copies, width * elements, layouts, setting, prompts=work.prompts) for width in (out, WIDE)]
    return np.asarray(sum(both), float)
