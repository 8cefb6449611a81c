"""Models that were pruned block by block, so that each layer has widths of its own or lacks a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autarky.workloads.architecture import Attention, DenseFeed, Layer
from autarky.workloads.fields import Fields


def pruned_layers(fields: Fields, hidden: int, layers: int) -> tuple[Layer, ...] | None:
    """Return the layers of a pruned model of width `hidden`, None for a model that is not pruned."""
    described = pruned_blocks(fields, layers)
    if described is None:
        return None
    heads = fields.need("heads")
    width = fields.count("head_width", least=1) or hidden // heads
    # Both are null in such configs, and each block says its own.
    fields.pass_over("key_heads", "feed_width")
    fields.stop_if_wrong()
    kinds: dict[Layer, Layer] = {}
    built = []
    for layer, block in enumerate(described):
        attention, feed = _part(fields, layer, block, "attention"), _part(fields, layer, block, "ffn")
        if fields.problems:
            break
        mixer = None if attention is None else _attention(fields, layer, attention, heads, width)
        feeds = () if feed is None else (DenseFeed(_width(fields, layer, feed, hidden)),)
        made = Layer(mixer, feeds, norms=(mixer is not None) + len(feeds))
        built.append(kinds.setdefault(made, made))
    return tuple(built)


def _part(fields: Fields, layer: int, block: object, name: str) -> Mapping[str, Any] | None:
    """Return one part of a block, None where it was cut."""
    part = block.get(name) if isinstance(block, Mapping) else None
    if not isinstance(part, Mapping):
        fields.problem("block_configs", f"layer {layer} does not describe its {name}")
        return None
    if part.get("replace_with_linear") or part.get("sparsify"):
        fields.problem("block_configs", f"{name} of layer {layer} is replaced in a way that is not counted")
    return None if part.get("no_op") else part


def _attention(fields: Fields, layer: int, part: Mapping[str, Any], heads: int, width: int) -> Attention:
    group = part.get("n_heads_in_group")
    if not isinstance(group, int) or group < 1 or heads % group:
        fields.problem("block_configs", f"n_heads_in_group of layer {layer} must divide {heads} heads")
        group = 1
    window = part.get("window_length")
    return Attention(heads, heads // group, width, width, "window" if window else "full", window or None)


def _width(fields: Fields, layer: int, part: Mapping[str, Any], hidden: int) -> int:
    width, multiple = part.get("intermediate_size"), part.get("ffn_mult")
    if isinstance(width, int):
        return width
    if isinstance(multiple, (int, float)) and multiple > 0:
        return pruned_width(multiple, hidden)
    fields.problem("block_configs", f"ffn_mult of layer {layer} is missing")
    return 1


def pruned_width(multiple: float, hidden: int) -> int:
    """Return the feed width behind a multiple of the model width, rounded up as pruned models do.

    The multiple refers to an ungated block of equal size, so two thirds of it count; 256 is the step of
    the published pruning tool.
    """
    step = 256
    return -(-int(2 * multiple * hidden / 3) // step) * step


def pruned_blocks(fields: Fields, layers: int) -> list[Mapping[str, Any]] | None:
    """Return one block description a layer of a pruned model, None for a model that is not pruned.

    Read from `block_configs`, or from `block_summary`, which states how many blocks are of which kind.
    """
    listed = fields.entries("block_configs", layers)
    if listed is not None:
        return listed
    summary = fields.group("block_summary")
    if summary is None:
        return None
    attention = summary.get("attention", {})
    counts = summary.get("ffn_mult_counts", {})
    active, absent = attention.get("active_blocks"), attention.get("no_op_blocks", 0)
    if not isinstance(active, int) or not isinstance(absent, int) or active + absent != layers:
        fields.problem("block_summary.attention", f"active and no-op blocks do not add up to {layers} layers")
        return None
    feeds = [float(multiple) for multiple, count in counts.items() for _ in range(count)]
    if len(feeds) > layers:
        fields.problem("block_summary.ffn_mult_counts", f"counts {len(feeds)} blocks for {layers} layers")
        return None
    return [
        {
            "attention": {
                "no_op": layer >= active,
                "n_heads_in_group": attention.get("n_heads_in_group"),
            },
            "ffn": {"no_op": layer >= len(feeds), "ffn_mult": feeds[layer] if layer < len(feeds) else None},
        }
        for layer in range(layers)
    ]
