"""Floating-point operations of a model per token, forward and backward, and utilisation from them.

Matrix products count 2 operations a weight and token. Attention counts both of its products over the tokens
in reach; whether the causal half that is masked counts is a convention and has a name: "whole" counts every
pair of tokens, "half" only those that are used. Recomputation is not model work and is never counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autarky.errors import InputError, Problem
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
    ModelConfig,
)
from autarky.workloads.parameters import layer_counts, parameters
from autarky.workloads.weights import layer_weights, outer_weights, prediction_weights

Convention = Literal["whole", "half"]


@dataclass(frozen=True)
class TokenWork:
    """Operations per token of one forward pass by part, in FLOP, with the convention that counted them.

    `backward` is twice the forward pass: one product for the gradient of the input, one for that of the
    weight.
    """

    matrices: float
    head: float
    attention: float
    recurrence: float
    index: float
    convention: Convention

    @property
    def forward(self) -> float:
        """FLOP per token of a forward pass."""
        return self.matrices + self.head + self.attention + self.recurrence + self.index

    @property
    def backward(self) -> float:
        """FLOP per token of a backward pass."""
        return 2 * self.forward

    @property
    def training(self) -> float:
        """FLOP per token of a forward and a backward pass."""
        return 3 * self.forward


def sequence_work(
    config: ModelConfig, tokens: int, convention: Convention = "half", *, prediction: bool = False
) -> TokenWork:
    """Return the mean work per token of a pass over whole sequences of `tokens` tokens, in FLOP.

    With `prediction` the multi-token prediction layers count too, each with its own use of the head.
    """
    return _work(config, tokens, convention, prediction, each=False)


def decode_work(config: ModelConfig, context: int, *, prediction: bool = False) -> TokenWork:
    """Return the work of one token that sees `context` tokens before it, in FLOP.

    Latent attention is counted in its absorbed form, which works on the latent vectors themselves.
    """
    return _work(config, context, "whole", prediction, each=True)


def _work(config: ModelConfig, tokens: int, convention: Convention, prediction: bool, each: bool) -> TokenWork:
    if tokens < 1:
        raise InputError(Problem(f"must be at least 1, not {tokens}", field="tokens"))
    if convention not in ("whole", "half"):
        raise InputError(Problem(f"{convention!r} is not a convention", field="convention", hint="say whole or half"))
    layers = config.layers + (config.prediction if prediction else ())
    matrices = attention = recurrence = index = 0.0
    for layer, times in layer_counts(layers):
        weights = layer_weights(layer, config.hidden, config.norm_biased)
        matrices += times * 2 * sum(weight.active_size for weight in weights if weight.multiplied)
        attention += times * _attention(layer.mixer, tokens, convention, each)
        recurrence += times * _recurrence(layer.mixer)
        index += times * _index(layer.mixer, tokens, convention)
    for weight in outer_weights(config):
        if weight.multiplied and weight.part != "head":
            matrices += 2 * weight.active_size
    uses = 1
    if prediction:
        uses += sum(layer.mixer is not None for layer in config.prediction)
        matrices += 2 * sum(weight.active_size for _, weight in prediction_weights(config) if weight.multiplied)
    head = uses * 2.0 * config.vocabulary * config.embedding_width
    return TokenWork(matrices, head, attention, recurrence, index, convention)


def mean_reach(tokens: int, span: int | None, convention: Convention, chunked: bool = False) -> float:
    """Return the mean number of tokens that a token of a sequence of `tokens` attends to.

    `span` limits the reach to a window, or to a chunk. "half" counts s / 2 for full attention and
    w - w**2 / (2 s) for a window of w, the mean over the sequence with the first tokens seeing less.
    """
    if span is None or span >= tokens:
        return tokens / 2 if convention == "half" else float(tokens)
    if convention == "whole":
        return float(span)
    if chunked:
        chunks, rest = divmod(tokens, span)
        return (chunks * span**2 + rest**2) / (2 * tokens)
    return span - span**2 / (2 * tokens)


def _attention(mixer: Mixer | None, tokens: int, convention: Convention, each: bool) -> float:
    """Return the operations of both attention products per token."""
    match mixer:
        case Attention():
            span = None if mixer.reach == "full" else mixer.span
            reach = mean_reach(tokens, span, convention, chunked=mixer.reach == "chunk" and not each)
            reach = min(reach, _chosen(mixer.index))
            return 2 * mixer.heads * (mixer.key_width + mixer.value_width) * reach
        case LatentAttention():
            reach = min(mean_reach(tokens, None, convention), _chosen(mixer.index))
            if each:
                return 2 * mixer.heads * (2 * mixer.key_rank + mixer.rotary_width) * reach
            width = mixer.plain_width + mixer.rotary_width + mixer.value_width
            return 2 * mixer.heads * width * reach
        case CompressedAttention():
            reach = mean_reach(tokens, mixer.span, convention)
            if mixer.ratio:
                pooled = mean_reach(tokens, None, convention) / mixer.ratio
                reach += min(pooled, mixer.index.top) if mixer.index else pooled
            return 2 * mixer.heads * 2 * mixer.width * reach
        case _:
            return 0.0


def _chosen(index: Index | None) -> float:
    """Return how many tokens an index lets through at most."""
    return float("inf") if index is None else float(index.top * index.block)


def _recurrence(mixer: Mixer | None) -> float:
    """Return the operations per token on a carried state, in its step-by-step form.

    The delta rule reads the state with the key, adds an outer product and reads it with the query: three
    products. The others add and read: two.
    """
    match mixer:
        case DeltaNet():
            return 6.0 * mixer.value_heads * mixer.key_width * mixer.value_width
        case KimiDelta():
            return 6.0 * mixer.heads * mixer.width**2
        case Mamba():
            return 4.0 * mixer.heads * mixer.width * mixer.state
        case Lightning():
            return 4.0 * mixer.heads * mixer.width**2
        case _:
            return 0.0


def _index(mixer: Mixer | None, tokens: int, convention: Convention) -> float:
    """Return the operations per token of scoring candidates with an index."""
    if not isinstance(mixer, (Attention, LatentAttention, CompressedAttention)):
        return 0.0
    index = mixer.index
    if index is None or not index.own:
        return 0.0
    candidates = mean_reach(tokens, None, convention)
    if isinstance(mixer, CompressedAttention):
        candidates /= mixer.ratio
    return 2.0 * index.heads * index.width * candidates


def six_n(config: ModelConfig, reading: Literal["all", "without input", "without embeddings"]) -> float:
    """Return 6 N, the usual estimate of training FLOP per token, N being the active parameters as read.

    It leaves attention over the context out; the exact count is `sequence_work(...).training`.
    """
    counts = parameters(config)
    number = {
        "all": counts.active,
        "without input": counts.active_without_input,
        "without embeddings": counts.active_without_embeddings,
    }[reading]
    return 6.0 * number


def model_flops_utilisation(
    tokens_per_second: float, flop_per_token: float, peak: float, convention: Convention
) -> float:
    """Return the share of peak that useful model work takes, from tokens per second and chip.

    `peak` is in FLOP/s and dense. More than the peak is an error: rate, peak or convention is wrong.
    """
    return utilisation_of_rate(tokens_per_second * flop_per_token, peak, convention)


def utilisation_of_rate(rate: float, peak: float, convention: Convention) -> float:
    """Return the share of peak that a rate of model work takes; both in FLOP/s, `peak` dense."""
    if peak <= 0:
        raise InputError(Problem(f"must be positive, not {peak}", field="peak"))
    if rate < 0:
        raise InputError(Problem(f"cannot be negative, is {rate}", field="rate"))
    share = rate / peak
    if share > 1:
        raise InputError(
            Problem(
                f"is {share:.0%} of the peak with attention counted {convention}, which cannot be",
                field="mfu",
                hint="the rate may count attention the other way, or the peak may belong to another format",
            )
        )
    return share
