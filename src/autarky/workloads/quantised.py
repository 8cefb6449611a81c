"""How a checkpoint says that its weights are packed: the `quantization_config` of a model config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from autarky.workloads.fields import Fields
from autarky.workloads.formats import FORMATS, Format, Quantisation, Rule

_ALGORITHMS = {
    "NVFP4": "nvfp4",
    "W4A16_NVFP4": "nvfp4",
    "W4A8_NVFP4_FP8": "nvfp4",
    "MXFP4": "mxfp4",
    "W4A8_MXFP4_FP8": "mxfp4",
    "MXFP8": "mxfp8",
    "FP8": "fp8",
    "FP8_PER_CHANNEL_PER_TOKEN": "fp8-channel",
    "FP8_PB_WO": "fp8-block",
    "FP8_BLOCK_SCALES": "fp8-block",
    "W8A8_SQ_PER_CHANNEL": "int8",
    "INT8": "int8",
    "W4A16_AWQ": "int4",
}
_IGNORED = (
    "modules_to_not_convert",
    "ignore",
    "exclude_modules",
    "ignored_layers",
    "modules_to_not_quantize",
)


# Smallest and largest of each; -1 stands for one scale a row, and no row is longer than a million.
_COUNTS = {
    **dict.fromkeys(("bits", "w_bit", "num_bits"), (1, 64)),
    **dict.fromkeys(("group_size", "q_group_size"), (-1, 10**6)),
}
_LISTS = (*_IGNORED, "weight_block_size", "targets")
_GROUPS = ("config_groups", "quantized_layers", "weights")


def read_quantisation(stated: object, fields: Fields) -> Quantisation:
    """Return how the checkpoint stores its weights; problems go to `fields`."""
    expert = fields.find("expert_dtype")[1]
    if stated is None:
        return Quantisation(rules=(Rule("experts", FORMATS["mxfp4"]),) if expert == "fp4" else ())
    if not isinstance(stated, Mapping):
        fields.problem("quantization_config", f"must be a group of fields, not {stated!r}")
        return Quantisation()
    if _wrong_kinds(stated, "quantization_config", fields):
        return Quantisation()
    method = str(stated.get("quant_method") or stated.get("quant_algo") or "").lower()
    ignored = tuple(str(name) for key in _IGNORED for name in stated.get(key) or ())
    rules = (*_layer_rules(stated, fields), *_group_rules(stated))
    expert = expert or stated.get("expert_dtype")
    default = _default(method, stated, short_scales=expert == "fp4")
    experts = str(stated.get("moe_quant_algo") or "").upper()
    if experts in _ALGORITHMS:
        rules = (*rules, Rule("experts", FORMATS[_ALGORITHMS[experts]]))
        # What such a checkpoint lists as ignored is left as the original packed it.
        ignored = () if method == "fp8" else ignored
    elif expert == "fp4":
        rules = (*rules, Rule("experts", FORMATS["mxfp4"]))
    if default is None and not rules and method:
        fields.problem("quantization_config.quant_method", f"{method!r} is not a known way of packing weights")
    return Quantisation(method, default, method == "mxfp4", rules, ignored)


def _wrong_kinds(stated: Mapping[str, Any], place: str, fields: Fields) -> bool:
    """Return whether any field holds something of another kind than its name says; each one becomes a problem."""
    wrong = False
    for key, value in stated.items():
        if value is None:
            continue
        low, high = _COUNTS.get(key, (0, 0))
        if key in _COUNTS and not (type(value) is int and low <= value <= high):
            fields.problem(f"{place}.{key}", f"must be a whole number from {low} to {high}, not {value!r}")
        elif key in _LISTS and not isinstance(value, (list, tuple)):
            fields.problem(f"{place}.{key}", f"must be a list, not {value!r}")
        elif key == "weight_block_size" and not all(isinstance(side, int) and side > 0 for side in value):
            fields.problem(f"{place}.{key}", f"must hold whole numbers, not {value!r}")
        elif key in _GROUPS and not isinstance(value, Mapping):
            fields.problem(f"{place}.{key}", f"must be a group of fields, not {value!r}")
        elif key == "config_groups":
            for name, group in value.items():
                if not isinstance(group, Mapping):
                    fields.problem(f"{place}.{key}.{name}", f"must be a group of fields, not {group!r}")
                    wrong = True
                else:
                    wrong |= _wrong_kinds(group, f"{place}.{key}.{name}", fields)
            continue
        elif key == "weights":
            wrong |= _wrong_kinds(value, f"{place}.{key}", fields)
            continue
        else:
            continue
        wrong = True
    return wrong


def _default(method: str, stated: Mapping[str, Any], short_scales: bool) -> Format | None:
    """Return the format of all packed weights that no rule names.

    `short_scales`: block scales are kept as bare exponents, as in checkpoints with FP4 experts.
    """
    if method == "mxfp4":
        return FORMATS["mxfp4"]
    if method in ("fp8", "fbgemm_fp8"):
        return _fp8(stated, short_scales)
    if method in ("gptq", "awq"):
        bits = stated.get("bits") or stated.get("w_bit") or 4
        return _integer(int(bits), stated.get("group_size") or stated.get("q_group_size") or 128)
    if method in ("bitsandbytes", "bnb"):
        return FORMATS["nf4"] if stated.get("load_in_4bit") else FORMATS["int8"]
    algorithm = str(stated.get("quant_algo") or "").upper()
    if algorithm in _ALGORITHMS:
        return FORMATS[_ALGORITHMS[algorithm]]
    groups = stated.get("config_groups")
    if isinstance(groups, Mapping) and groups and algorithm != "MIXED_PRECISION":
        general = [_group(group) for group in groups.values() if _general(group.get("targets"))]
        return general[0] if general else None
    return None


def _fp8(stated: Mapping[str, Any], short_scales: bool) -> Format:
    block = stated.get("weight_block_size")
    if isinstance(block, (list, tuple)) and len(block) == 2:
        base = FORMATS["fp8-block-e8" if short_scales else "fp8-block"]
        return replace(base, block=(int(block[0]), int(block[1])))
    return FORMATS["fp8"]


def _integer(bits: int, group: int) -> Format:
    size = None if group < 1 else group
    return Format(f"int{bits}", bits, (1, size), 16, cell=max(32 // bits, 1) if bits < 8 else 1)


def _general(targets: list[object] | None) -> bool:
    """Return whether a group speaks for all linear layers and not for named ones."""
    return not targets or any(str(target) in ("Linear", "Embedding") for target in targets)


def _group(group: Mapping[str, Any]) -> Format | None:
    """Return the format of one group of a compressed checkpoint, None where it keeps weights whole."""
    weights = group.get("weights")
    if not isinstance(weights, Mapping):
        return None
    bits, size = weights.get("num_bits") or 16, weights.get("group_size")
    if weights.get("type") == "float" and bits == 4:
        return FORMATS["mxfp4" if size == 32 else "nvfp4"]
    if weights.get("type") == "float" and bits == 8:
        if weights.get("block_structure"):
            return FORMATS["fp8-block"]
        return FORMATS["mxfp8"] if size == 32 else FORMATS["fp8"]
    return _integer(bits, int(size or -1)) if bits < 16 else None


def _group_rules(stated: Mapping[str, Any]) -> Iterable[Rule]:
    groups = stated.get("config_groups")
    if not isinstance(groups, Mapping):
        return
    for group in groups.values():
        form = _group(group)
        targets = group.get("targets")
        if form is not None and not _general(targets):
            yield from (Rule(str(target), form) for target in targets)


def _layer_rules(stated: Mapping[str, Any], fields: Fields) -> Iterable[Rule]:
    layers = stated.get("quantized_layers")
    if not isinstance(layers, Mapping):
        return
    for module, how in layers.items():
        algorithm = str(how.get("quant_algo", "")).upper() if isinstance(how, Mapping) else ""
        if algorithm not in _ALGORITHMS:
            fields.problem("quantization_config.quantized_layers", f"{module} has unknown format {algorithm!r}")
            return
        yield Rule(str(module), FORMATS[_ALGORITHMS[algorithm]])
