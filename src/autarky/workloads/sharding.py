"""The matrix products and the memory traffic of a layer, and how tensor parallelism splits them.

Products that read the same input run as one, as every training and serving stack does: queries with keys
and values, gate with up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from autarky.workloads.architecture import (
    Attention,
    CompressedAttention,
    DeltaNet,
    DenseFeed,
    ExpertFeed,
    KimiDelta,
    LatentAttention,
    Layer,
    Lightning,
    Mamba,
    Mixer,
)
from autarky.workloads.weights import Weight, feed_weights, layer_weights, mixer_weights

Split = Literal["columns", "inner", "none"]

_INNER = ("o_proj", "down_proj", "out_proj", "wo_b")
_WHOLE = (
    "q_a_proj",
    "kv_a_proj_with_mqa",
    "wq_a",
    "wkv",
    "wgate",
    "weights_proj",
    "wk",
    "gate",
    "f_a_proj",
    "g_a_proj",
)
_WHOLE_PARTS = ("router", "other")


@dataclass(frozen=True)
class Product:
    """A product of tokens with an (inner x columns) weight; `experts` above 0 for one weight per expert."""

    inner: int
    columns: int
    split: Split
    experts: int = 0
    active: int = 1

    @property
    def size(self) -> int:
        """Number of weights, all experts together."""
        return self.inner * self.columns * max(self.experts, 1)


def split_of(weight: Weight) -> Split:
    """Return which side of a weight tensor parallelism divides; small weights are kept whole by all."""
    name = weight.name.rpartition(".")[2]
    if name in _INNER:
        return "inner"
    if name in _WHOLE or weight.part in _WHOLE_PARTS:
        return "none"
    return "columns"


def _products(weights: tuple[Weight, ...]) -> tuple[Product, ...]:
    merged: dict[tuple[str, int, Split, int, int], int] = {}
    for weight in weights:
        if not weight.multiplied or weight.name.endswith("conv1d"):
            continue
        experts = weight.copies if weight.part == "routed" else 0
        # What is kept whole is small; only products that start from one input are merged.
        key = (weight.part, weight.columns, split_of(weight), experts, weight.active)
        merged[key] = merged.get(key, 0) + weight.rows
    return tuple(
        Product(inner, columns, split, experts, active)
        for (_, inner, split, experts, active), columns in merged.items()
    )


@lru_cache(maxsize=4096)
def mixer_products(layer: Layer, hidden: int) -> tuple[Product, ...]:
    """Return the products of a layer's mixer."""
    return _products(tuple(mixer_weights(layer.mixer, hidden)))


@lru_cache(maxsize=4096)
def feed_products(layer: Layer, hidden: int) -> tuple[Product, ...]:
    """Return the products of a layer's feeds."""
    return _products(tuple(weight for feed in layer.feeds for weight in feed_weights(feed, hidden)))


@lru_cache(maxsize=4096)
def layer_sizes(layer: Layer, hidden: int, norm_biased: bool) -> tuple[int, int, int]:
    """Return the parameters of a layer that tensor parallelism divides, that it repeats, and of its experts."""
    divided = repeated = routed = 0
    for weight in layer_weights(layer, hidden, norm_biased):
        if weight.part == "routed":
            routed += weight.size
        elif weight.multiplied and split_of(weight) != "none":
            divided += weight.size
        else:
            repeated += weight.size
    return divided, repeated, routed


@dataclass(frozen=True)
class Elements:
    """Elements per token that a layer holds between its operations, by how they are divided.

    hidden      as wide as the model: divided by tensor parallelism only where the sequence is
    queries     wide as all query heads; keys: as all keys and values together
    wide        outputs of the first product of a dense or shared feed, gate included
    inner       inputs of its last product
    expert_wide, expert_inner   the same for one expert; routed: copies of a token that experts take, of
                                `sent` elements each
    """

    queries: int
    outputs: int
    keys: int
    wide: int
    inner: int
    expert_wide: int
    expert_inner: int
    routed: int
    sent: int
    norms: int


def head_width(mixer: Mixer | None) -> float:
    """Return the elements of key and value of one head together, of a recurrent mixer those of its state's sides."""
    match mixer:
        case Attention() | DeltaNet():
            return float(mixer.key_width + mixer.value_width)
        case LatentAttention():
            return float(mixer.plain_width + mixer.rotary_width + mixer.value_width)
        case CompressedAttention() | KimiDelta() | Lightning():
            return 2.0 * mixer.width
        case Mamba():
            return float(mixer.width + mixer.state)
        case None:
            return 1.0


@lru_cache(maxsize=4096)
def layer_elements(layer: Layer, hidden: int) -> Elements:
    """Return the elements per token between the operations of a layer."""
    queries = outputs = keys = 0
    mixer = layer.mixer
    match mixer:
        case Attention():
            queries, outputs = mixer.heads * mixer.key_width, mixer.heads * mixer.value_width
            keys = mixer.key_heads * (mixer.key_width + mixer.value_width)
        case LatentAttention():
            width = mixer.plain_width + mixer.rotary_width
            queries, outputs = mixer.heads * width, mixer.heads * mixer.value_width
            keys = mixer.heads * (width + mixer.value_width)
        case CompressedAttention():
            queries = outputs = mixer.heads * mixer.width
            keys = 2 * mixer.width
        case KimiDelta() | Lightning():
            queries = outputs = mixer.heads * mixer.width
            keys = 2 * queries
        case Mamba():
            outputs = mixer.heads * mixer.width
            queries, keys = outputs, outputs + 2 * mixer.groups * mixer.state
        case None:
            pass
        case _:
            queries = mixer.key_heads * mixer.key_width
            outputs = mixer.value_heads * mixer.value_width
            keys = queries + 2 * outputs
    wide = inner = expert_wide = expert_inner = routed = sent = 0
    for feed in layer.feeds:
        match feed:
            case DenseFeed():
                wide += feed.width * (2 if feed.gated else 1)
                inner += feed.width
            case ExpertFeed():
                times = 2 if feed.gated else 1
                wide += feed.shared_width * times
                inner += feed.shared_width
                expert_wide, expert_inner, routed = feed.width * times, feed.width, feed.active
                sent = feed.latent or hidden
    return Elements(queries, outputs, keys, wide, inner, expert_wide, expert_inner, routed, sent, layer.norms)
