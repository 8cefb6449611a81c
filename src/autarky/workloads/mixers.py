"""The mixer of one layer, read from a config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autarky.workloads.architecture import (
    Attention,
    CompressedAttention,
    DeltaNet,
    Index,
    KimiDelta,
    LatentAttention,
    Lightning,
    Mamba,
    Mixer,
)
from autarky.workloads.families import Family
from autarky.workloads.fields import Fields
from autarky.workloads.plan import Reach

# Only layers that pool every 4 tokens choose among the pooled keys; those that pool 128 read them all.
_INDEXED_RATIO = 4


@dataclass(frozen=True)
class MixerReader:
    """Reads mixers layer by layer; `hidden` is the model width and `layers` the number of layers."""

    fields: Fields
    family: Family
    hidden: int
    layers: int

    def mixer(self, layer: int, reach: Reach) -> Mixer:
        """Return the mixer of layer number `layer` (from 0)."""
        if reach == "linear":
            return self._recurrence()
        if self.family.attention == "compressed":
            return self._compressed(layer)
        if self.family.attention == "latent":
            return self._latent(layer)
        return self._heads(layer, reach)

    def _listed(self, name: str, layer: int) -> int | None:
        """Return a number that may be stated once or per layer."""
        key, value = self.fields.find(name)
        if isinstance(value, list):
            entries = self.fields.entries(name, self.layers)
            entry = entries[layer] if entries else None
            if not isinstance(entry, int) or isinstance(entry, bool) or entry < 1:
                self.fields.problem(key, f"must hold one positive whole number a layer, not {entry!r}")
                return 1
            return entry
        return self.fields.count(name, least=1)

    def _key_heads(self, layer: int, heads: int) -> int:
        number = self._listed("num_key_value_heads_per_layer", layer) or self._listed("key_heads", layer)
        if number is not None:
            return number
        if self.fields.stated("key_heads"):
            self.fields.problem("num_key_value_heads", "is null and no list per layer says more")
        elif not self.family.one_key_per_head:
            self.fields.problem("num_key_value_heads", "is missing")
        return heads

    def _head_width(self, heads: int) -> int:
        width = self.fields.count("head_width", least=1)
        if width is not None:
            return width
        if self.family.head_width == "stated":
            self.fields.problem("head_dim", "is missing", "hidden_size / heads is not a rule of this family")
            return 1
        if self.hidden % heads and not self.fields.problems:
            self.fields.problem("num_attention_heads", f"{heads} does not divide the width of {self.hidden}")
        return self.hidden // heads

    def _heads(self, layer: int, reach: Reach) -> Attention:
        fields, family = self.fields, self.family
        heads = self._listed("heads", layer) or fields.need("heads")
        key_heads = self._key_heads(layer, heads)
        width = self._head_width(heads)
        value_width = fields.count("value_width", least=1) or width
        keys_serve = bool(fields.flag("attention_k_eq_v")) and reach == "full"
        own = {
            name: fields.count(name, least=1)
            for name in (
                "global_head_dim",
                "num_global_key_value_heads",
                "swa_head_dim",
                "swa_v_head_dim",
                "swa_num_attention_heads",
                "swa_num_key_value_heads",
            )
        }
        if reach == "full":
            width = own["global_head_dim"] or width
            value_width = own["global_head_dim"] or value_width
            key_heads = (own["num_global_key_value_heads"] if keys_serve else None) or key_heads
        else:
            heads = own["swa_num_attention_heads"] or heads
            key_heads = own["swa_num_key_value_heads"] or key_heads
            width = own["swa_head_dim"] or width
            value_width = own["swa_v_head_dim"] or value_width
        if heads % key_heads and not fields.problems:
            fields.problem("num_key_value_heads", f"{key_heads} does not divide the {heads} heads")
        shared = fields.count("num_kv_shared_layers", default=0) or 0
        announced = fields.flag("bias")
        biased = family.biased if announced is None or family.biased else announced
        follows = fields.flag("attention_out_bias", default=family.output_follows and biased)
        return Attention(
            heads=heads,
            key_heads=key_heads,
            key_width=width,
            value_width=value_width,
            reach="full" if reach == "linear" else reach,
            span=self._span(reach),
            biased=biased,
            output_biased=family.output_biased or (bool(follows) and bool(announced)),
            normed=self._normed(),
            gated=self._gated(),
            sinks=self._sinks(reach),
            values_are_keys=keys_serve,
            cache_from_earlier=layer >= self.layers - shared,
            index=self._block_index(layer),
        )

    def _span(self, reach: Reach) -> int | None:
        if reach == "window":
            return self.fields.need("span", "though layers have a sliding window")
        if reach == "chunk":
            return self.fields.need("attention_chunk_size", "though layers attend in chunks")
        return None

    def _normed(self) -> Literal["", "head", "width"]:
        flagged = self.fields.flag("use_qk_norm")
        kind = self.fields.find("qk_norm_type")[1]
        if self.family.norm_plain or flagged is False:
            return ""
        if kind in ("per_layer", "per_head"):
            return "width" if kind == "per_layer" else "head"
        return self.family.normed or ("head" if flagged else "")

    def _gated(self) -> Literal["", "element", "head"]:
        for name in ("attn_output_gate", "attention_output_gate"):
            flagged = self.fields.flag(name)
            if flagged is not None:
                return "element" if flagged else ""
        return self.family.gated_attention

    def _sinks(self, reach: Reach) -> bool:
        local = self.fields.flag("add_swa_attention_sink_bias")
        full = self.fields.flag("add_full_attention_sink_bias")
        stated = full if reach == "full" else local
        if stated is not None:
            return stated
        return self.family.sinks == "all" or (self.family.sinks == "window" and reach != "full")

    def _block_index(self, layer: int) -> Index | None:
        group = self.fields.group("sparse_attention_config")
        if group is None or not group.get("use_sparse_attention", True):
            return None
        frequency = group.get("sparse_attention_freq", [1] * self.layers)
        if not isinstance(frequency, list) or len(frequency) != self.layers:
            self.fields.problem("sparse_attention_config", "sparse_attention_freq has not one entry a layer")
            return None
        if not frequency[layer]:
            return None
        return Index(
            heads=self._inside(group, "sparse_attention_config", "sparse_num_index_heads"),
            width=self._inside(group, "sparse_attention_config", "sparse_index_dim"),
            top=self._inside(group, "sparse_attention_config", "sparse_topk_blocks"),
            block=self._inside(group, "sparse_attention_config", "sparse_block_size"),
            score_weights=False,
            norm_biased=False,
            query_normed=True,
        )

    def _inside(self, group: Mapping[str, Any], key: str, name: str) -> int:
        value = group.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            state = "is missing" if value is None else f"must be a positive whole number, not {value!r}"
            self.fields.problem(f"{key}.{name}", state)
            return 1
        return value

    def _latent(self, layer: int) -> LatentAttention:
        fields = self.fields
        rank = fields.count("query_rank", least=1)
        if rank is None and not fields.stated("query_rank"):
            fields.problem("q_lora_rank", "is missing", "null says that queries are not compressed")
        fields.pass_over("head_width", "key_heads")
        return LatentAttention(
            heads=fields.need("heads"),
            query_rank=rank,
            key_rank=fields.need("key_rank"),
            plain_width=fields.need("plain_width"),
            rotary_width=fields.need("rotary_width"),
            value_width=fields.need("value_width"),
            biased=bool(fields.flag("bias")),
            gated=bool(fields.flag("mla_use_output_gate")),
            index=self._token_index(layer, rank),
        )

    def _token_index(self, layer: int, rank: int | None) -> Index | None:
        fields = self.fields
        if not fields.stated("index_topk"):
            return None
        kinds = fields.entries("indexer_types", self.layers)
        return Index(
            heads=fields.need("index_n_heads"),
            width=fields.need("index_head_dim"),
            top=fields.need("index_topk"),
            own=kinds is None or kinds[layer] == "full",
            query_rank=rank,
        )

    def _compressed(self, layer: int) -> CompressedAttention:
        fields = self.fields
        rank = fields.need("query_rank")
        ratio = self._ratio(layer)
        index = None
        if ratio == _INDEXED_RATIO:
            index = Index(
                heads=fields.need("index_n_heads"),
                width=fields.need("index_head_dim"),
                top=fields.need("index_topk"),
                block=ratio,
                query_rank=rank,
                norm_biased=False,
            )
        fields.pass_over("key_heads")
        return CompressedAttention(
            heads=fields.need("heads"),
            width=fields.need("head_width"),
            query_rank=rank,
            output_rank=fields.need("o_lora_rank"),
            output_groups=fields.need("o_groups"),
            rotary_width=fields.need("rotary_width"),
            span=fields.need("span"),
            ratio=ratio,
            index=index,
        )

    def _ratio(self, layer: int) -> int:
        """Return the pooling of a layer; the list may go on past the last layer, for prediction layers."""
        entries = self.fields.entries("compress_ratios", None)
        if entries is None:
            self.fields.problem("compress_ratios", "is missing")
            return 0
        if len(entries) < self.layers:
            self.fields.problem("compress_ratios", f"has {len(entries)} entries for {self.layers} layers")
            return 0
        return int(entries[layer]) if layer < len(entries) else 0

    def _recurrence(self) -> Mixer:
        fields = self.fields
        kind = self.family.linear
        if kind == "delta":
            return DeltaNet(
                key_heads=fields.need("linear_num_key_heads"),
                value_heads=fields.need("linear_num_value_heads"),
                key_width=fields.need("linear_key_head_dim"),
                value_width=fields.need("linear_value_head_dim"),
                kernel=fields.need("linear_conv_kernel_dim"),
            )
        if kind == "kimi":
            return self._kimi()
        if kind == "mamba":
            return self.mamba()
        if kind == "lightning":
            return Lightning(heads=fields.need("heads"), width=self._head_width(fields.need("heads")))
        fields.problem("layer_types", "names linear attention, which this family does not have")
        return Lightning(heads=1, width=1)

    def _kimi(self) -> KimiDelta:
        group = self.fields.group("linear_attn_config")
        if group is None:
            return KimiDelta(
                heads=self.fields.need("linear_num_heads"),
                width=self.fields.need("linear_head_dim"),
                kernel=self.fields.need("linear_conv_kernel_dim"),
            )
        return KimiDelta(
            heads=self._inside(group, "linear_attn_config", "num_heads"),
            width=self._inside(group, "linear_attn_config", "head_dim"),
            kernel=self._inside(group, "linear_attn_config", "short_conv_kernel_size"),
            full_gate=bool(group.get("use_full_rank_gate", False)),
        )

    def mamba(self) -> Mamba:
        """Return the state-space mixer that the config describes."""
        fields = self.fields
        return Mamba(
            heads=fields.need("mamba_num_heads"),
            width=fields.need("mamba_head_dim"),
            state=fields.need("ssm_state_size"),
            groups=fields.need("n_groups"),
            kernel=fields.need("conv_kernel"),
            biased=bool(fields.flag("mamba_proj_bias")),
            kernel_biased=bool(fields.flag("use_conv_bias", default=True)),
        )
