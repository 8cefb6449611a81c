"""Which mixer and which feed each layer has, from whichever of the public forms a config uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from autarky.workloads.families import Family
from autarky.workloads.fields import Fields

Reach = Literal["full", "window", "chunk", "linear"]

_REACH: dict[str, Reach] = {
    "full_attention": "full",
    "attention": "full",
    "global_attention": "full",
    "global": "full",
    "full": "full",
    "deepseek_sparse_attention": "full",
    "sliding_attention": "window",
    "sliding_window": "window",
    "local_attention": "window",
    "local": "window",
    "chunked_attention": "chunk",
    "linear_attention": "linear",
    "lightning_attention": "linear",
    "linear": "linear",
    "mamba": "linear",
}
_BLOCKS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}


def reaches(fields: Fields, family: Family, layers: int) -> list[Reach]:
    """Return how far back the mixer of each layer sees; "linear" is a recurrence without a growing cache."""
    interval = fields.count("full_attention_interval")
    alternation = fields.count("sliding_window_pattern")
    pattern = fields.entries("hybrid_layer_pattern", layers)
    softmax = fields.entries("attn_type_list", layers)
    linear = fields.group("linear_attn_config")
    stated = fields.entries("layer_types", layers)
    if stated is not None:
        unknown = sorted({str(kind) for kind in stated} - _REACH.keys())
        if unknown:
            fields.problem("layer_types", f"names kinds of layer that are not known: {', '.join(unknown)}")
            return ["full"] * layers
        return [_REACH[kind] for kind in stated]
    if pattern is not None:
        # A chunk length beside such a pattern repeats the window's.
        fields.pass_over("attention_chunk_size")
        return ["window" if local else "full" for local in pattern]
    if softmax is not None:
        return ["full" if full else "linear" for full in softmax]
    if linear is not None:
        return _numbered(fields, linear, layers)
    if family.linear and interval:
        return _every(layers, interval, "linear")
    if family.linear and family.linear != "mamba":
        fields.problem(
            "layer_types",
            "is missing: which layers are full attention is not said",
            "or full_attention_interval",
        )
        return ["full"] * layers
    if local := _local(fields, family):
        return _every(layers, alternation or family.period, local)
    return _one_window(fields, family, layers)


def _local(fields: Fields, family: Family) -> Reach | None:
    """Return the reach of a family's local layers, None where the config switches them off."""
    if not family.period:
        return None
    present = fields.find("attention_chunk_size" if family.local == "chunk" else "span")[1]
    return family.local if present else None


def _every(layers: int, period: int, other: Reach) -> list[Reach]:
    return ["full" if (layer + 1) % period == 0 else other for layer in range(layers)]


def _numbered(fields: Fields, linear: Mapping[str, Any], layers: int) -> list[Reach]:
    """Return reaches from lists of layer numbers that begin at one."""
    full = linear.get("full_attn_layers")
    if not isinstance(full, Sequence) or not all(isinstance(layer, int) for layer in full):
        fields.problem("linear_attn_config", "lacks full_attn_layers, the numbers of the full attention layers")
        return ["full"] * layers
    if any(not 1 <= layer <= layers for layer in full):
        fields.problem("linear_attn_config", f"numbers layers outside 1 to {layers}")
    return ["full" if layer + 1 in set(full) else "linear" for layer in range(layers)]


def _one_window(fields: Fields, family: Family, layers: int) -> list[Reach]:
    """Return full attention in all layers, or a window in all or the upper ones."""
    flagged = fields.flag("use_sliding_window")
    from_layer = fields.count("max_window_layers", default=0) or 0
    span = fields.find("span")[1]
    chosen = flagged if flagged is not None else family.windows == "all"
    if not span or not chosen or family.windows == "never":
        return ["full"] * layers
    first = from_layer if family.windows == "flagged" else 0
    return ["window" if layer >= first else "full" for layer in range(layers)]


def expert_layers(fields: Fields, layers: int) -> list[bool]:
    """Return whether each layer holds experts."""
    experts = fields.count("experts")
    placed = _placed(fields, layers)
    if fields.flag("enable_moe_block") is False:
        return [False] * layers
    if not experts:
        if not fields.stated("experts") and fields.count("active"):
            fields.need("experts", "though tokens choose experts")
        return [False] * layers
    if not any(placed):
        fields.problem(fields.find("experts")[0], f"is {experts}, though no layer is left for them")
    return placed


def _placed(fields: Fields, layers: int) -> list[bool]:
    """Return which layers hold experts in a model that has any."""
    kinds = fields.entries("mlp_layer_types", layers)
    listed = fields.find("moe_layers")[1]
    frequency = fields.find("moe_layer_freq")[1]
    step = fields.count("interleave_moe_layer_step", least=1)
    sparse = fields.count("decoder_sparse_step", least=1)
    interval = fields.count("moe_layer_interval", least=1)
    dense_only = fields.find("mlp_only_layers")[1] or []
    if not isinstance(dense_only, list):
        fields.problem("mlp_only_layers", f"must be a list of layer numbers, not {dense_only!r}")
        dense_only = []
    first = fields.count("first_dense", default=0) or 0
    last = fields.count("moe_layer_end_index", least=-1)
    if kinds is not None:
        return [kind not in ("dense", 0) for kind in kinds]
    if isinstance(listed, list):
        return [layer in listed for layer in range(layers)]
    if isinstance(frequency, (list, str)):
        return [bool(int(entry)) for entry in fields.entries("moe_layer_freq", layers) or [1] * layers]
    if step:
        return [(layer + 1) % step == 0 for layer in range(layers)]
    every = fields.count("moe_layer_freq", default=1, least=1) or 1
    upper = layers if last is None or last < 0 else last + 1
    return [
        first <= layer < upper
        and layer not in dense_only
        and layer % every == 0
        and (layer + 1) % (sparse or interval or 1) == 0
        for layer in range(layers)
    ]


def blocks(fields: Fields, layers: int | None, name: str, written: str) -> list[str] | None:
    """Return kinds of single-part blocks, from a list under `name` or a string of signs under `written`."""
    listed = fields.entries(name, layers)
    key, signs = fields.find(written)
    if listed is not None:
        unknown = sorted({str(kind) for kind in listed} - set(_BLOCKS.values()))
        if unknown:
            fields.problem(name, f"names kinds of block that are not known: {', '.join(unknown)}")
            return None
        return listed
    if signs is None:
        return None
    if not isinstance(signs, str) or set(signs) - _BLOCKS.keys():
        fields.problem(key, f"must use only the signs {' '.join(_BLOCKS)}, not {signs!r}")
        return None
    if layers is not None and len(signs) != layers:
        fields.problem(key, f"has {len(signs)} entries for {layers} layers")
        return None
    return [_BLOCKS[sign] for sign in signs]
