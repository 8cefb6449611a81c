"""The shape of a language model: layers, mixers and feed-forward parts, as frozen records.

A mixer moves information between tokens (attention in its several forms, or a recurrence). A feed is what
follows it inside a token (a dense block or experts). Widths are numbers of elements. Nothing here is read
from a file and nothing is counted: see `config`, `weights`, `parameters`, `cache` and `operations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from autarky.workloads.formats import Quantisation


@dataclass(frozen=True)
class Index:
    """A small attention that picks the tokens (or blocks of tokens) which the real one then reads."""

    heads: int
    width: int
    top: int
    block: int = 1
    own: bool = True
    query_rank: int | None = None
    score_weights: bool = True
    norm_biased: bool = True
    query_normed: bool = False


@dataclass(frozen=True)
class Attention:
    """Softmax attention with `heads` queries over `key_heads` stored keys and values.

    `reach` is how far back a token sees: everything, a sliding window of `span` tokens, or its own chunk
    of `span` tokens.
    """

    heads: int
    key_heads: int
    key_width: int
    value_width: int
    reach: Literal["full", "window", "chunk"] = "full"
    span: int | None = None
    biased: bool = False
    output_biased: bool = False
    normed: Literal["", "head", "width"] = ""
    norm_biased: bool = False
    gated: Literal["", "element", "head"] = ""
    sinks: bool = False
    values_are_keys: bool = False
    cache_from_earlier: bool = False
    index: Index | None = None


@dataclass(frozen=True)
class LatentAttention:
    """Multi-head latent attention: one compressed vector a token stands for all keys and values."""

    heads: int
    query_rank: int | None
    key_rank: int
    plain_width: int
    rotary_width: int
    value_width: int
    biased: bool = False
    gated: bool = False
    index: Index | None = None


@dataclass(frozen=True)
class CompressedAttention:
    """Attention over a sliding window and over keys pooled from every `ratio` tokens (0: window alone)."""

    heads: int
    width: int
    query_rank: int
    output_rank: int
    output_groups: int
    rotary_width: int
    span: int
    ratio: int
    index: Index | None = None


@dataclass(frozen=True)
class DeltaNet:
    """Gated delta rule: a matrix of key by value width per value head is carried along."""

    key_heads: int
    value_heads: int
    key_width: int
    value_width: int
    kernel: int


@dataclass(frozen=True)
class KimiDelta:
    """Delta rule with a gate per channel, its gates made through a narrow layer unless `full_gate`."""

    heads: int
    width: int
    kernel: int
    full_gate: bool = False


@dataclass(frozen=True)
class Mamba:
    """Second-generation state-space mixer with grouped input and output maps."""

    heads: int
    width: int
    state: int
    groups: int
    kernel: int
    biased: bool = False
    kernel_biased: bool = True


@dataclass(frozen=True)
class Lightning:
    """Linear attention with a fixed decay per head and an output gate."""

    heads: int
    width: int


Mixer = Attention | LatentAttention | CompressedAttention | DeltaNet | KimiDelta | Mamba | Lightning


@dataclass(frozen=True)
class DenseFeed:
    """Feed-forward block that every token passes; `gated` blocks have three matrices, others two."""

    width: int
    gated: bool = True
    biased: bool = False


@dataclass(frozen=True)
class ExpertFeed:
    """`experts` feed-forward blocks of which a token passes `active`, beside one always-on shared block.

    `shared_width` is the total width of all shared experts, 0 without. With `latent`, experts work on a
    vector of that width instead of the hidden state.
    """

    experts: int
    active: int
    width: int
    gated: bool = True
    biased: bool = False
    shared_width: int = 0
    shared_gate: bool = False
    router_biased: bool = False
    corrected: bool = False
    router_scales: bool = False
    latent: int | None = None
    latent_normed: bool = False


Feed = DenseFeed | ExpertFeed


class KeepsHash(ABC):
    """Something made of many parts whose hash is asked for often: it is computed once.

    It is not pickled: the hash of a text differs from process to process.
    """

    @abstractmethod
    def parts(self) -> tuple[object, ...]:
        """Return what tells one from another well enough."""

    @cached_property
    def kept_hash(self) -> int:
        """The hash."""
        return hash(self.parts())

    def __getstate__(self) -> dict[str, object]:
        """Return everything but the hash."""
        return {name: value for name, value in self.__dict__.items() if name != "kept_hash"}


@dataclass(frozen=True)
class Layer(KeepsHash):
    """One residual layer: at most one mixer, then no, one or two feeds, and norms as wide as the model."""

    mixer: Mixer | None
    feeds: tuple[Feed, ...]
    norms: int
    streams: int = 1
    scalars: int = 0

    def parts(self) -> tuple[object, ...]:
        """Return mixer, feeds and numbers."""
        return self.mixer, self.feeds, self.norms, self.streams, self.scalars

    def __hash__(self) -> int:
        """Return the hash of the parts."""
        return self.kept_hash

    @property
    def experts(self) -> ExpertFeed | None:
        """The expert part of the layer, or None where the layer is dense."""
        return next((feed for feed in self.feeds if isinstance(feed, ExpertFeed)), None)


@dataclass(frozen=True)
class ModelConfig(KeepsHash):
    """Everything about a model that decides its size, its cache and its arithmetic.

    `unread` lists keys of the file that were not understood and might change a count; `notes` says what the
    counts leave out (a vision tower, say).
    """

    name: str
    family: str
    hidden: int
    vocabulary: int
    layers: tuple[Layer, ...]
    tied: bool
    embedding_width: int
    positions: int = 0
    norm_biased: bool = False
    head_biased: bool = False
    embedding_normed: bool = False
    final_normed: bool = True
    prediction: tuple[Layer, ...] = ()
    prediction_copies: bool = False
    streams: int = 1
    layer_input: tuple[int, int] | None = None
    context: int | None = None
    element_bits: int = 16
    quantisation: Quantisation = field(default_factory=Quantisation)
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def parts(self) -> tuple[object, ...]:
        """Return name, width and layers."""
        return self.name, self.hidden, self.vocabulary, self.layers, self.prediction

    def __hash__(self) -> int:
        """Return the hash of the parts."""
        return self.kept_hash

    @property
    def attention_layers(self) -> int:
        """Number of layers whose cache grows with the tokens in view."""
        growing = (Attention, LatentAttention, CompressedAttention)
        return sum(isinstance(layer.mixer, growing) for layer in self.layers)

    @property
    def expert_layers(self) -> int:
        """Number of layers that hold experts."""
        return sum(layer.experts is not None for layer in self.layers)
