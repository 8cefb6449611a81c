"""Every weight of a model: its name, the part it belongs to, its shape, and how many copies there are.

Shapes are (rows, columns) = (outputs, inputs). Names follow the common checkpoint layout, so that the
patterns of quantised checkpoints can be matched against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from autarky.workloads.architecture import (
    Attention,
    CompressedAttention,
    DeltaNet,
    DenseFeed,
    Feed,
    Index,
    KimiDelta,
    LatentAttention,
    Layer,
    Lightning,
    Mamba,
    Mixer,
    ModelConfig,
)

Part = Literal["embedding", "head", "attention", "dense", "routed", "shared", "router", "other"]


@dataclass(frozen=True)
class Weight:
    """`copies` matrices of one shape, of which one token uses `active`.

    `kept` weights stay in full precision unless a checkpoint names them: norms, biases, routers, embeddings.
    `multiplied` weights take part in a matrix product for every token.
    """

    name: str
    part: Part
    rows: int
    columns: int = 1
    copies: int = 1
    active: int = 1
    kept: bool = False
    multiplied: bool = True

    @property
    def size(self) -> int:
        """Number of parameters in all copies."""
        return self.copies * self.rows * self.columns

    @property
    def active_size(self) -> int:
        """Number of parameters in the copies that one token uses."""
        return self.active * self.rows * self.columns


def _vector(name: str, part: Part, length: int, copies: int = 1, active: int = 1) -> Weight:
    return Weight(name, part, length, 1, copies, active, kept=True, multiplied=False)


def _norm(name: str, part: Part, width: int, biased: bool = False) -> Iterator[Weight]:
    yield _vector(f"{name}.weight", part, width)
    if biased:
        yield _vector(f"{name}.bias", part, width)


def _linear(name: str, part: Part, rows: int, columns: int, biased: bool = False) -> Iterator[Weight]:
    yield Weight(name, part, rows, columns)
    if biased:
        yield _vector(f"{name}.bias", part, rows)


def _index_weights(index: Index, hidden: int) -> Iterator[Weight]:
    if not index.own:
        return
    source = index.query_rank or hidden
    yield Weight("self_attn.indexer.wq_b", "attention", index.heads * index.width, source)
    if index.query_rank and index.block > 1:
        # Pools that overlap their neighbour keep two sets of keys.
        keys = 2 * index.width
        yield Weight("self_attn.indexer.compressor.wkv", "attention", keys, hidden)
        yield Weight("self_attn.indexer.compressor.wgate", "attention", keys, hidden)
        yield _vector("self_attn.indexer.compressor.ape", "attention", index.block * keys)
    else:
        yield Weight("self_attn.indexer.wk", "attention", index.width, hidden)
    yield from _norm("self_attn.indexer.k_norm", "attention", index.width, index.norm_biased)
    if index.query_normed:
        yield from _norm("self_attn.indexer.q_norm", "attention", index.width)
    if index.score_weights:
        yield Weight("self_attn.indexer.weights_proj", "attention", index.heads, hidden, kept=True)


def _attention_weights(mixer: Attention, hidden: int) -> Iterator[Weight]:
    queries, outputs = mixer.heads * mixer.key_width, mixer.heads * mixer.value_width
    keys, values = mixer.key_heads * mixer.key_width, mixer.key_heads * mixer.value_width
    doubled = 2 if mixer.gated == "element" else 1
    stores = not mixer.cache_from_earlier
    yield from _linear("self_attn.q_proj", "attention", doubled * queries, hidden, mixer.biased)
    if stores:
        yield from _linear("self_attn.k_proj", "attention", keys, hidden, mixer.biased)
        if not mixer.values_are_keys:
            yield from _linear("self_attn.v_proj", "attention", values, hidden, mixer.biased)
    yield from _linear("self_attn.o_proj", "attention", hidden, outputs, mixer.output_biased)
    if mixer.gated == "head":
        yield Weight("self_attn.g_proj", "attention", mixer.heads, hidden, kept=True)
    if mixer.normed:
        whole = mixer.normed == "width"
        yield from _norm("self_attn.q_norm", "attention", queries if whole else mixer.key_width)
        if stores:
            yield from _norm("self_attn.k_norm", "attention", keys if whole else mixer.key_width)
    if mixer.sinks:
        yield _vector("self_attn.sinks", "attention", mixer.heads)
    if mixer.index:
        yield from _index_weights(mixer.index, hidden)


def _latent_weights(mixer: LatentAttention, hidden: int) -> Iterator[Weight]:
    key_width = mixer.plain_width + mixer.rotary_width
    if mixer.query_rank is None:
        yield from _linear("self_attn.q_proj", "attention", mixer.heads * key_width, hidden)
    else:
        yield from _linear("self_attn.q_a_proj", "attention", mixer.query_rank, hidden, mixer.biased)
        yield from _norm("self_attn.q_a_layernorm", "attention", mixer.query_rank)
        yield Weight("self_attn.q_b_proj", "attention", mixer.heads * key_width, mixer.query_rank)
    compressed = mixer.key_rank + mixer.rotary_width
    expanded = mixer.heads * (mixer.plain_width + mixer.value_width)
    outputs = mixer.heads * mixer.value_width
    yield from _linear("self_attn.kv_a_proj_with_mqa", "attention", compressed, hidden, mixer.biased)
    yield from _norm("self_attn.kv_a_layernorm", "attention", mixer.key_rank)
    yield Weight("self_attn.kv_b_proj", "attention", expanded, mixer.key_rank)
    yield from _linear("self_attn.o_proj", "attention", hidden, outputs, mixer.biased)
    if mixer.gated:
        yield Weight("self_attn.g_proj", "attention", outputs, hidden)
    if mixer.index:
        yield from _index_weights(mixer.index, hidden)


def _compressed_weights(mixer: CompressedAttention, hidden: int) -> Iterator[Weight]:
    queries = mixer.heads * mixer.width
    inner = mixer.output_groups * mixer.output_rank
    yield Weight("self_attn.wq_a", "attention", mixer.query_rank, hidden)
    yield from _norm("self_attn.q_norm", "attention", mixer.query_rank)
    yield Weight("self_attn.wq_b", "attention", queries, mixer.query_rank)
    yield Weight("self_attn.wkv", "attention", mixer.width, hidden)
    yield from _norm("self_attn.kv_norm", "attention", mixer.width)
    yield Weight("self_attn.wo_a", "attention", inner, queries // mixer.output_groups)
    yield Weight("self_attn.wo_b", "attention", hidden, inner)
    yield _vector("self_attn.attn_sink", "attention", mixer.heads)
    if mixer.ratio:
        # Pools that overlap their neighbour, those of 4 tokens, keep two sets of keys.
        pooled = mixer.width * (2 if mixer.index else 1)
        yield Weight("self_attn.compressor.wkv", "attention", pooled, hidden, kept=True)
        yield Weight("self_attn.compressor.wgate", "attention", pooled, hidden, kept=True)
        yield _vector("self_attn.compressor.ape", "attention", mixer.ratio * pooled)
        yield from _norm("self_attn.compressor.norm", "attention", mixer.width)
    if mixer.index:
        yield from _index_weights(mixer.index, hidden)


def _delta_weights(mixer: DeltaNet, hidden: int) -> Iterator[Weight]:
    keys, values = mixer.key_heads * mixer.key_width, mixer.value_heads * mixer.value_width
    yield Weight("linear_attn.in_proj_qkv", "attention", 2 * keys + values, hidden)
    yield Weight("linear_attn.in_proj_z", "attention", values, hidden)
    yield Weight("linear_attn.in_proj_b", "attention", mixer.value_heads, hidden, kept=True)
    yield Weight("linear_attn.in_proj_a", "attention", mixer.value_heads, hidden, kept=True)
    yield Weight("linear_attn.conv1d", "attention", 2 * keys + values, mixer.kernel, kept=True)
    yield _vector("linear_attn.dt_bias", "attention", mixer.value_heads)
    yield _vector("linear_attn.A_log", "attention", mixer.value_heads)
    yield from _norm("linear_attn.norm", "attention", mixer.value_width)
    yield Weight("linear_attn.out_proj", "attention", hidden, values)


def _kimi_weights(mixer: KimiDelta, hidden: int) -> Iterator[Weight]:
    inner = mixer.heads * mixer.width
    for name in ("q", "k", "v"):
        yield Weight(f"self_attn.{name}_proj", "attention", inner, hidden)
        yield Weight(f"self_attn.{name}_conv1d", "attention", inner, mixer.kernel, kept=True)
    yield Weight("self_attn.b_proj", "attention", mixer.heads, hidden, kept=True)
    yield Weight("self_attn.f_a_proj", "attention", mixer.width, hidden)
    yield Weight("self_attn.f_b_proj", "attention", inner, mixer.width)
    if mixer.full_gate:
        yield Weight("self_attn.g_proj", "attention", inner, hidden)
    else:
        yield Weight("self_attn.g_a_proj", "attention", mixer.width, hidden)
        yield Weight("self_attn.g_b_proj", "attention", inner, mixer.width)
    yield _vector("self_attn.dt_bias", "attention", inner)
    yield _vector("self_attn.A_log", "attention", mixer.heads)
    yield from _norm("self_attn.o_norm", "attention", mixer.width)
    yield Weight("self_attn.o_proj", "attention", hidden, inner)


def _mamba_weights(mixer: Mamba, hidden: int) -> Iterator[Weight]:
    inner, maps = mixer.heads * mixer.width, 2 * mixer.groups * mixer.state
    yield from _linear("mixer.in_proj", "attention", 2 * inner + maps + mixer.heads, hidden, mixer.biased)
    yield Weight("mixer.conv1d", "attention", inner + maps, mixer.kernel, kept=True)
    if mixer.kernel_biased:
        yield _vector("mixer.conv1d.bias", "attention", inner + maps)
    for name in ("dt_bias", "A_log", "D"):
        yield _vector(f"mixer.{name}", "attention", mixer.heads)
    yield from _norm("mixer.norm", "attention", inner)
    yield from _linear("mixer.out_proj", "attention", hidden, inner, mixer.biased)


def _lightning_weights(mixer: Lightning, hidden: int) -> Iterator[Weight]:
    inner = mixer.heads * mixer.width
    yield Weight("self_attn.qkv_proj", "attention", 3 * inner, hidden)
    yield Weight("self_attn.output_gate", "attention", inner, hidden)
    yield from _norm("self_attn.norm", "attention", inner)
    yield Weight("self_attn.out_proj", "attention", hidden, inner)


def mixer_weights(mixer: Mixer | None, hidden: int) -> Iterator[Weight]:
    """Yield the weights of a mixer in a model of width `hidden`."""
    match mixer:
        case Attention():
            yield from _attention_weights(mixer, hidden)
        case LatentAttention():
            yield from _latent_weights(mixer, hidden)
        case CompressedAttention():
            yield from _compressed_weights(mixer, hidden)
        case DeltaNet():
            yield from _delta_weights(mixer, hidden)
        case KimiDelta():
            yield from _kimi_weights(mixer, hidden)
        case Mamba():
            yield from _mamba_weights(mixer, hidden)
        case Lightning():
            yield from _lightning_weights(mixer, hidden)
        case None:
            return


def feed_weights(feed: Feed, hidden: int) -> Iterator[Weight]:
    """Yield the weights of a feed in a model of width `hidden`."""
    if isinstance(feed, DenseFeed):
        yield from _block("mlp", "dense", feed, hidden)
        return
    # Where a dense block stands beside the experts, checkpoints keep the experts outside of it.
    place = "" if feed.router_scales else "mlp."
    width = feed.latent or hidden
    ups = ("gate_proj", "up_proj") if feed.gated else ("up_proj",)
    for name, rows, columns in (*((up, feed.width, width) for up in ups), ("down_proj", width, feed.width)):
        yield Weight(f"{place}experts.{name}", "routed", rows, columns, feed.experts, feed.active)
        if feed.biased:
            yield _vector(f"{place}experts.{name}.bias", "routed", rows, feed.experts, feed.active)
    if feed.shared_width:
        yield from _block("mlp.shared_experts", "shared", DenseFeed(feed.shared_width, feed.gated), hidden)
    if feed.shared_gate:
        yield Weight("mlp.shared_expert_gate", "shared", 1, hidden, kept=True)
    yield Weight(f"{place}gate", "router", feed.experts, hidden, kept=True)
    if feed.router_biased:
        yield _vector(f"{place}gate.bias", "router", feed.experts)
    if feed.corrected:
        yield _vector(f"{place}gate.e_score_correction_bias", "router", feed.experts)
    if feed.router_scales:
        yield _vector(f"{place}gate.scale", "router", hidden)
        yield _vector(f"{place}gate.per_expert_scale", "router", feed.experts)
    if feed.latent:
        yield Weight("mlp.fc1_latent_proj", "other", feed.latent, hidden)
        yield Weight("mlp.fc2_latent_proj", "other", hidden, feed.latent)
        if feed.latent_normed:
            yield from _norm("mlp.latent_norm", "other", feed.latent)


def _block(name: str, part: Part, feed: DenseFeed, hidden: int) -> Iterator[Weight]:
    for up in ("gate_proj", "up_proj") if feed.gated else ("up_proj",):
        yield from _linear(f"{name}.{up}", part, feed.width, hidden, feed.biased)
    yield from _linear(f"{name}.down_proj", part, hidden, feed.width, feed.biased)


@lru_cache(maxsize=4096)
def layer_weights(layer: Layer, hidden: int, norm_biased: bool = False) -> tuple[Weight, ...]:
    """Return the weights of one layer, norms included."""
    return (
        *mixer_weights(layer.mixer, hidden),
        *(weight for feed in layer.feeds for weight in feed_weights(feed, hidden)),
        *(weight for number in range(layer.norms) for weight in _norm(f"norm_{number}", "other", hidden, norm_biased)),
        *_stream_weights(layer, hidden),
        *([_vector("layer_scalar", "other", layer.scalars)] if layer.scalars else []),
    )


def _stream_weights(layer: Layer, hidden: int) -> Iterator[Weight]:
    """Yield what mixes several residual streams before and after both parts of a layer."""
    if layer.streams == 1:
        return
    rows = layer.streams * (layer.streams + 2)
    for part in ("hc_attn", "hc_ffn"):
        yield Weight(f"{part}_fn", "other", rows, layer.streams * hidden, kept=True)
        yield _vector(f"{part}_base", "other", rows)
        yield _vector(f"{part}_scale", "other", 3)


def outer_weights(config: ModelConfig) -> Iterator[Weight]:
    """Yield the weights outside the layers: embeddings, final norm and output head."""
    width, hidden = config.embedding_width, config.hidden
    yield Weight("embed_tokens", "embedding", config.vocabulary, width, kept=True, multiplied=False)
    if config.positions:
        yield Weight("embed_positions", "embedding", config.positions, hidden, kept=True, multiplied=False)
    if width != hidden:
        yield Weight("project_in", "other", hidden, width)
        yield Weight("project_out", "other", width, hidden)
    if config.embedding_normed:
        yield from _norm("embed_norm", "other", hidden, config.norm_biased)
    if config.layer_input:
        yield from _layer_input_weights(config, *config.layer_input)
    if config.final_normed:
        yield from _norm("norm", "other", hidden, config.norm_biased)
    if config.streams > 1:
        yield Weight("hc_head_fn", "other", config.streams, config.streams * hidden, kept=True)
        yield _vector("hc_head_base", "other", config.streams)
        yield _vector("hc_head_scale", "other", 1)
    if not config.tied:
        yield Weight("lm_head", "head", config.vocabulary, width, kept=True)
    if config.head_biased:
        yield _vector("lm_head.bias", "head", config.vocabulary)


def _layer_input_weights(config: ModelConfig, vocabulary: int, width: int) -> Iterator[Weight]:
    layers, hidden = len(config.layers), config.hidden
    name = "embed_tokens_per_layer"
    yield Weight(name, "embedding", vocabulary, layers * width, kept=True, multiplied=False)
    yield Weight("per_layer_model_projection", "other", layers * width, hidden)
    yield from _norm("per_layer_projection_norm", "other", width)
    yield Weight("per_layer_input_gate", "other", width, hidden, layers, layers)
    yield Weight("per_layer_projection", "other", hidden, width, layers, layers)
    yield _vector("post_per_layer_input_norm", "other", hidden, layers, layers)


def prediction_weights(config: ModelConfig) -> Iterator[tuple[int, Weight]]:
    """Yield the weights of multi-token prediction beside its layers, each with the number of its layer.

    A prediction layer joins the last hidden state and the next embedding, norms both, and norms its output.
    """
    for number, layer in enumerate(config.prediction):
        if layer.mixer is None:
            continue
        yield number, Weight("eh_proj", "other", config.hidden, 2 * config.hidden)
        for name in ("enorm", "hnorm", "shared_head.norm"):
            for weight in _norm(name, "other", config.hidden, config.norm_biased):
                yield number, weight
        if config.streams > 1:
            yield (
                number,
                Weight("hc_head_fn", "other", config.streams, config.streams * config.hidden, kept=True),
            )
