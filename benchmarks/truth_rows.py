"""The model that a row of a truth table trains, and the numbers of a row."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from autarky.workloads.architecture import (
    Attention,
    DenseFeed,
    ExpertFeed,
    LatentAttention,
    Layer,
    ModelConfig,
)
from autarky.workloads.operations import sequence_work
from autarky.workloads.parameters import parameters
from autarky.workloads.reference import reference_model

Row = Mapping[str, str]

MODELS = {
    r"^deepseek-?v3$": "deepseek-v3",
    r"^deepseekv3 \(": "deepseek-v3",
    r"^deepseekv2": "deepseek-v2",
    r"^deepseekv4 flash": "deepseek-v4-flash",
    r"^gpt oss 120b": "gpt-oss-120b",
    r"^kimi_k2": "kimi-k2",
    r"^qwen3_30b": "qwen3-30b-a3b",
    r"^qwen3[_-]235b": "qwen3-235b-a22b",
    r"^nemotron_3_nano": "nemotron-3-nano-30b-a3b",
    r"^nemotron_3_super": "nemotron-3-super-120b-a12b",
    r"^mixtral-8x22b": "mixtral-8x22b",
    r"^mixtral-8x7b": "mixtral-8x7b",
    r"^pangu-ultra-moe": "pangu-ultra-moe-718b",
}
"""Models whose layers a row does not describe in full; the bundled configuration does."""
SCALED = r"^maxtext-(\d+)b$"
"""MaxText's own models, named after `global_parameter_scale`: three doublings in turn of its base."""
BASE_HIDDEN, BASE_HEADS, HEAD_WIDTH, BASE_FEED, BASE_LAYERS, BASE_VOCABULARY = 2048, 16, 128, 7168, 16, 32_000
MOST = 10_000_000
"""No count of a row is larger."""


class UnansweredError(Exception):
    """A row that cannot be predicted, with the reason."""


def number(row: Row, field: str) -> float | None:
    """Return a positive number of a row, None where it states none."""
    try:
        value = float(row[field])
    except (KeyError, ValueError):
        return None
    return value if 0 < value < math.inf else None


def whole(row: Row, field: str) -> int | None:
    """Return a count of a row, None where it states none."""
    value = number(row, field)
    if value is not None and (value != int(value) or value > MOST):
        raise UnansweredError(f"{field} is {row[field]}, which is no count")
    return None if value is None else int(value)


def model_of(row: Row) -> tuple[ModelConfig, bool]:
    """Return the model of a row, and whether layers of multi-token prediction are trained."""
    known = known_model(row)
    layers, hidden = whole(row, "layers"), whole(row, "hidden")
    if (scale := scale_of(row)) is not None and layers is None:
        return _scaled(row["model"], scale), False
    if known is not None:
        config = reference_model(known).config
        if layers is not None and layers < len(config.layers):
            dense = [layer for layer in config.layers if layer.experts is None][:1]
            experts = [layer for layer in config.layers if layer.experts is not None]
            config = replace(config, layers=(*dense, *experts[: layers - len(dense)]), prediction=())
        return config, _predicts(row, config)
    if layers is None or hidden is None:
        raise UnansweredError("the dimensions of the model are not stated")
    return _built(row, layers, hidden), False


def _predicts(row: Row, config: ModelConfig) -> bool:
    """Return whether a run trains layers of multi-token prediction: as stated, or as its count of work tells."""
    if not config.prediction or row["mtp_layers"]:
        return bool(config.prediction) and bool(number(row, "mtp_layers"))
    rate, speed, tokens = (number(row, field) for field in ("tflops_per_chip", "tokens_per_s_per_chip", "seq_len"))
    if not rate or not speed or not tokens:
        return False
    counted = rate * 1e12 / speed
    off = [
        abs(sequence_work(config, int(tokens), "half", prediction=trained).training - counted)
        for trained in (False, True)
    ]
    return off[1] < off[0]


def scale_of(row: Row) -> int | None:
    """Return the scale of one of MaxText's own models, None for any other."""
    match = re.search(SCALED, row["model"].lower())
    return int(match[1]) if match else None


def _scaled(name: str, scale: int) -> ModelConfig:
    """Return a model of MaxText: heads and feed double first, then the width, then the number of layers."""
    doublings = scale.bit_length() - 1
    if 2**doublings != scale:
        raise UnansweredError(f"{name} is no doubling of MaxText's base")
    cycles, rest = divmod(doublings, 3)
    heads, wide = BASE_HEADS * 2 ** (cycles + (rest > 0)), BASE_FEED * 2 ** (cycles + (rest > 0))
    hidden, layers = BASE_HIDDEN * 2 ** (cycles + (rest > 1)), BASE_LAYERS * 2**cycles
    layer = Layer(Attention(heads, heads, HEAD_WIDTH, HEAD_WIDTH), (DenseFeed(wide),), norms=2)
    return ModelConfig(name, "table", hidden, BASE_VOCABULARY, (layer,) * layers, False, hidden)


def _built(row: Row, layers: int, hidden: int) -> ModelConfig:
    heads, vocabulary, experts = whole(row, "heads"), whole(row, "vocab"), whole(row, "experts")
    if not heads:
        raise UnansweredError("the attention heads of the model are not stated")
    width = whole(row, "head_dim") or hidden // heads
    if not width:
        raise UnansweredError(f"{heads} heads are more than the model is wide")
    mixer: Attention | LatentAttention = Attention(heads, whole(row, "kv_heads") or heads, width, width)
    if not vocabulary:
        raise UnansweredError("the vocabulary of the model is not stated")
    wide = whole(row, "moe_ffn_hidden" if experts else "ffn_hidden") or 4 * hidden

    def config(gated: bool) -> ModelConfig:
        feed: DenseFeed | ExpertFeed = DenseFeed(wide, gated)
        if experts:
            shared = (whole(row, "shared_experts") or 0) * wide
            feed = ExpertFeed(experts, whole(row, "topk") or 1, wide, gated, shared_width=shared)
        layer = Layer(mixer, (feed,), norms=2)
        return ModelConfig(row["model"], "table", hidden, vocabulary, (layer,) * layers, False, hidden)

    stated = number(row, "params_total_b")
    plain, gated = config(False), config(True)
    if stated is None:
        return gated if wide != 4 * hidden else plain
    off = [abs(parameters(item).total / 1e9 - stated) for item in (plain, gated)]
    return plain if off[0] <= off[1] else gated


def known_model(row: Row) -> str | None:
    """Return the bundled model whose name a row's model bears, None where there is none."""
    name = row["model"].lower()
    return next((model for pattern, model in MODELS.items() if re.search(pattern, name)), None)
