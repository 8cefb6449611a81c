"""Bytes of the stored weights of a model, by format, block scales included.

The number of stored cells is counted too: in packed formats it is smaller than the number of parameters, so
a hub that adds up tensor elements reports neither.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from autarky.errors import InputError, Problem, nearest
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.formats import FORMATS, Format, Matcher, Quantisation
from autarky.workloads.weights import Part, Weight, layer_weights, outer_weights, prediction_weights

# The same module under the names that other families give it; patterns may use any of them.
_OTHER_NAMES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"\bself_attn\b"), ("attn", "attention", "mixer")),
    (
        re.compile(r"\bmlp\.experts\b"),
        (
            "mlp.experts.0",
            "ffn.experts",
            "block_sparse_moe.experts.0",
            "feed_forward.experts",
            "mixer.experts.0",
        ),
    ),
    (
        re.compile(r"\bmlp\.shared_experts\b"),
        (
            "mlp.shared_expert",
            "ffn.shared_experts",
            "block_sparse_moe.shared_experts",
            "feed_forward.shared_expert",
            "mixer.shared_experts",
        ),
    ),
    (
        re.compile(r"\bmlp\.gate$"),
        ("mlp.router", "router", "block_sparse_moe.gate", "feed_forward.router", "mixer.gate", "ffn.gate"),
    ),
    (re.compile(r"\bmlp\b"), ("feed_forward", "ffn", "mixer")),
    (re.compile(r"\blm_head\b"), ("head", "output")),
    (re.compile(r"\bembed_tokens\b"), ("embed", "embeddings")),
)
_SHORT_NAMES = {"gate_proj": "w1", "down_proj": "w2", "up_proj": "w3"}


@dataclass(frozen=True)
class Stored:
    """Stored size of weights: bytes with and without scales, stored cells, and bytes by format."""

    total: int
    scales: int
    cells: int
    by_format: dict[str, int]
    by_part: dict[str, int]

    @property
    def gib(self) -> float:
        """Stored size in GiB (2**30 bytes)."""
        return self.total / 2**30


def named_weights(config: ModelConfig, prediction: bool = False) -> Iterator[tuple[str, Weight]]:
    """Yield every weight with its full name; those of prediction layers follow on request."""
    for number, layer in enumerate(config.layers):
        for weight in layer_weights(layer, config.hidden, config.norm_biased):
            yield f"layers.{number}.{weight.name}", weight
    for weight in outer_weights(config):
        yield weight.name, weight
    if not prediction:
        return
    first = len(config.layers)
    for number, layer in enumerate(config.prediction):
        for weight in layer_weights(layer, config.hidden, config.norm_biased):
            yield f"mtp.layers.{first + number}.{weight.name}", weight
    for number, weight in prediction_weights(config):
        yield f"mtp.layers.{first + number}.{weight.name}", weight
    if config.prediction_copies:
        for number in range(len(config.prediction)):
            rows, columns = config.vocabulary, config.embedding_width
            for copy in (
                Weight("embed_tokens", "embedding", rows, columns, kept=True),
                Weight("shared_head.head", "head", rows, columns, kept=True),
            ):
                yield f"mtp.layers.{first + number}.{copy.name}", copy


def stored_weights(
    config: ModelConfig,
    formats: Mapping[Part | str, str] | None = None,
    *,
    rest: str | None = None,
    prediction: bool = False,
) -> Stored:
    """Return the stored size of a model's weights, in bytes.

    Without `formats` the checkpoint's own quantisation is used. `formats` sets the format of whole parts
    (`routed`, `attention`, `dense`, `shared`, `router`, `embedding`, `head`), `rest` that of all other
    matrices; norms and biases keep the precision of the checkpoint. Shape of the result: one model.
    """
    chosen = {part: _known(name) for part, name in (formats or {}).items()}
    plain = Format("", config.element_bits)
    other = _known(rest) if rest else None
    own = _Choice(config.quantisation)
    sizes: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    scale_bytes = cells = 0
    for name, weight in named_weights(config, prediction):
        if formats is None and rest is None:
            form = own.format(name, weight)
        else:
            form = chosen.get(weight.part, other) if weight.columns > 1 else None
        stored, scales, held = _size(weight, form or plain)
        sizes[(form or plain).name or f"{config.element_bits} bit"] += stored + scales
        parts[weight.part] += stored + scales
        scale_bytes += scales
        cells += held
    return Stored(sum(sizes.values()), scale_bytes, cells, dict(sizes), dict(parts))


def _known(name: str) -> Format:
    if name not in FORMATS:
        hint = nearest(name, FORMATS) or f"known are {', '.join(FORMATS)}"
        raise InputError(Problem(f"{name!r} is not a known number format", field="formats", hint=hint))
    return FORMATS[name]


@lru_cache(maxsize=8192)
def _size(weight: Weight, form: Format) -> tuple[int, int, int]:
    """Return bytes of the elements, bytes of the scales, and the number of stored cells of both."""
    scales = weight.copies * form.scales(weight.rows, weight.columns)
    elements = -(-int(weight.size * form.bits) // 8)
    return elements, -(-scales * form.scale_bits // 8), -(-weight.size // form.cell) + scales


class _Choice:
    """Chooses the format of each weight by the rules of a checkpoint."""

    def __init__(self, quantisation: Quantisation) -> None:
        self.quantisation = quantisation
        self.ignored = Matcher(quantisation.ignored)
        by_format: dict[Format, list[str]] = {}
        for rule in quantisation.rules:
            by_format.setdefault(rule.format, []).append(rule.pattern)
        self.rules = [(form, Matcher(tuple(patterns))) for form, patterns in by_format.items()]

    def format(self, name: str, weight: Weight) -> Format | None:
        """Return the packed format of a weight, None where it is stored in full precision."""
        if weight.columns == 1 or not (self.rules or self.quantisation.default):
            return None
        names = _all_names(name)
        if self.ignored.any(names):
            return None
        for form, matcher in self.rules:
            if matcher.any(names):
                return form
        default = self.quantisation.default
        if self.quantisation.experts_only:
            return default if weight.part == "routed" else None
        return None if weight.kept else default


@lru_cache(maxsize=65536)
def _all_names(name: str) -> tuple[str, ...]:
    names = [name]
    for pattern, others in _OTHER_NAMES:
        if pattern.search(name):
            names += [pattern.sub(other, name, count=1) for other in others]
    last = name.rpartition(".")[2]
    if last in _SHORT_NAMES:
        names += [other.replace(last, _SHORT_NAMES[last]) for other in tuple(names)]
    return tuple(names)
