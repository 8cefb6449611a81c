"""Bytes that a model keeps for the tokens in view: keys and values, latent vectors, recurrent states.

How much a window layer keeps is the engine's choice, so the cache policy is an input: all layers in unified
full pages, window layers capped at their window, or capped at the window plus the cells of a batch in
flight. Only layers, key heads, widths and the number format enter; never the number of query heads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
from autarky.workloads.parameters import layer_counts

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class CachePolicy:
    """How an engine keeps the layers that do not see all tokens.

    `kind` "full-pages" gives every layer a page for every token; "window" keeps the window alone; with
    `batch_cells` above 0 a window layer keeps that many more. `page` tokens are allocated at a time.
    """

    kind: Literal["full-pages", "window"] = "full-pages"
    batch_cells: int = 0
    page: int = 1


FULL_PAGES = CachePolicy("full-pages")
WINDOW = CachePolicy("window")


def window_and_batch(cells: int) -> CachePolicy:
    """Return the policy that keeps a window and the `cells` of a batch in flight."""
    return CachePolicy("window", batch_cells=cells)


@dataclass(frozen=True)
class CacheFormat:
    """Bits of one cached element, of one element of an index, and of one element of a recurrent state.

    `extra_bytes` are kept per token and layer beside the elements (scales of a packed cache).
    """

    bits: float = 16
    index_bits: float = 16
    state_bits: float = 32
    convolution_bits: float = 16
    extra_bytes: int = 0


@dataclass(frozen=True)
class Cache:
    """Cache of some sequences, in bytes: tokens seen by all layers, by windows, index keys and states."""

    full: Counts
    windowed: Counts
    index: Counts
    state: Counts

    @property
    def total(self) -> Counts:
        """All of it, in bytes."""
        return self.full + self.windowed + self.index + self.state


def cache_bytes_per_token(
    config: ModelConfig,
    *,
    policy: CachePolicy = FULL_PAGES,
    form: CacheFormat | None = None,
    tensor: int = 1,
) -> float:
    """Return the bytes by which the cache of one sequence grows with each further token, far into it.

    Under full pages every attention layer grows; under a window policy only the layers that see everything.
    Constant states of recurrences do not grow and are not in it.
    """
    # Two lengths past every window, a whole number of pooled blocks apart.
    step = 4096
    far = 2**26
    small = cache_bytes(config, far, policy=policy, form=form, tensor=tensor)
    large = cache_bytes(config, far + step, policy=policy, form=form, tensor=tensor)
    return float(large - small) / step


def cache_bytes(
    config: ModelConfig,
    tokens: ArrayLike,
    sequences: ArrayLike = 1,
    *,
    policy: CachePolicy = FULL_PAGES,
    form: CacheFormat | None = None,
    tensor: int = 1,
) -> Counts:
    """Return the cache of `sequences` sequences of `tokens` tokens each, in bytes.

    `tensor` chips share one model: the result is what one of them keeps. Key heads are split among them and
    copied once there are fewer heads than chips; a latent vector is never split. `tokens` and `sequences`
    broadcast.
    """
    return cache_parts(config, tokens, sequences, policy=policy, form=form, tensor=tensor).total


def cache_parts(
    config: ModelConfig,
    tokens: ArrayLike,
    sequences: ArrayLike = 1,
    *,
    policy: CachePolicy = FULL_PAGES,
    form: CacheFormat | None = None,
    tensor: int = 1,
) -> Cache:
    """Return the cache of some sequences by part, in bytes, as in `cache_bytes`."""
    if tensor < 1:
        raise InputError(Problem(f"must be at least 1, not {tensor}", field="tensor"))
    length = np.asarray(tokens, dtype=np.float64)
    count = np.asarray(sequences, dtype=np.float64)
    if np.any(length < 0) or np.any(count < 0):
        raise InputError(Problem("cannot be negative", field="tokens or sequences"))
    form = form or CacheFormat()
    whole = _paged(length, policy.page)
    zero = np.zeros(np.broadcast_shapes(length.shape, count.shape))
    parts = Cache(zero, zero, zero, zero)
    for layer, times in layer_counts(config.layers):
        kept = _layer_cache(layer.mixer, length, whole, policy, form, tensor)
        parts = Cache(*(sum_ + times * count * part for sum_, part in zip(_tuple(parts), _tuple(kept), strict=True)))
    return parts


def _tuple(cache: Cache) -> tuple[Counts, Counts, Counts, Counts]:
    return cache.full, cache.windowed, cache.index, cache.state


def _paged(length: Counts, page: int) -> Counts:
    return np.ceil(length / page) * page


def _layer_cache(
    mixer: Mixer | None, length: Counts, whole: Counts, policy: CachePolicy, form: CacheFormat, tensor: int
) -> Cache:
    """Return what one layer keeps of one sequence, in bytes."""
    none = np.zeros_like(length)
    empty = Cache(none, none, none, none)
    match mixer:
        case Attention():
            return _attention_cache(mixer, length, whole, policy, form, tensor, empty)
        case LatentAttention():
            cell = (mixer.key_rank + mixer.rotary_width) * form.bits / 8 + form.extra_bytes
            return replace(empty, full=whole * cell, index=_index_cache(mixer.index, whole, form))
        case CompressedAttention():
            cell = mixer.width * form.bits / 8 + form.extra_bytes
            pooled = np.floor(length / mixer.ratio) if mixer.ratio else none
            keys = none if mixer.index is None else pooled * mixer.index.width * form.index_bits / 8
            kept = _windowed(mixer.span, length, whole, policy)
            return replace(empty, full=pooled * cell, windowed=kept * cell, index=keys)
        case None:
            return empty
        case _:
            return replace(empty, state=none + _state_bytes(mixer, form) / tensor)


def _windowed(span: int, length: Counts, whole: Counts, policy: CachePolicy) -> Counts:
    if policy.kind == "full-pages":
        return whole
    return _paged(np.minimum(length, float(span + policy.batch_cells)), policy.page)


def _attention_cache(
    mixer: Attention,
    length: Counts,
    whole: Counts,
    policy: CachePolicy,
    form: CacheFormat,
    tensor: int,
    empty: Cache,
) -> Cache:
    if mixer.cache_from_earlier:
        return empty
    heads = -(-mixer.key_heads // tensor)
    cell = heads * (mixer.key_width + mixer.value_width) * form.bits / 8 + form.extra_bytes
    index = _index_cache(mixer.index, whole, form)
    if mixer.reach == "full" or mixer.span is None:
        return replace(empty, full=whole * cell, index=index)
    # A chunk is kept whole until the next one begins, as long as a window.
    return replace(empty, windowed=_windowed(mixer.span, length, whole, policy) * cell, index=index)


def _index_cache(index: Index | None, whole: Counts, form: CacheFormat) -> Counts:
    """Return the bytes of index keys; layers that borrow an index keep none."""
    if index is None or not index.own:
        return np.zeros_like(whole)
    return whole * index.width * form.index_bits / 8


def _state_bytes(mixer: Mixer, form: CacheFormat) -> float:
    """Return the constant state of a recurrence for one sequence, in bytes."""
    match mixer:
        case DeltaNet():
            channels = 2 * mixer.key_heads * mixer.key_width + mixer.value_heads * mixer.value_width
            matrix, kernel = mixer.value_heads * mixer.key_width * mixer.value_width, mixer.kernel
        case KimiDelta():
            channels = 3 * mixer.heads * mixer.width
            matrix, kernel = mixer.heads * mixer.width**2, mixer.kernel
        case Mamba():
            channels = mixer.heads * mixer.width + 2 * mixer.groups * mixer.state
            matrix, kernel = mixer.heads * mixer.width * mixer.state, mixer.kernel
        case Lightning():
            channels, matrix, kernel = 0, mixer.heads * mixer.width**2, 1
        case _:
            return 0.0
    return matrix * form.state_bits / 8 + channels * (kernel - 1) * form.convolution_bits / 8


def tokens_that_fit(budget: ArrayLike, bytes_per_token: ArrayLike) -> Counts:
    """Return how many whole tokens a cache budget in bytes holds."""
    size = np.asarray(bytes_per_token, dtype=np.float64)
    if np.any(size <= 0):
        raise InputError(Problem("must be positive", field="bytes_per_token"))
    return np.floor(np.asarray(budget, dtype=np.float64) / size)


def check_cache_budget(budget: float, tokens: float, bytes_per_token: float, tolerance: float = 0.01) -> None:
    """Raise if budget, number of tokens and size of a token do not fit each other.

    Their product must hold within the relative `tolerance`; a report that breaks it has a wrong part.
    """
    expected = tokens * bytes_per_token
    if abs(expected - budget) > tolerance * budget:
        raise InputError(
            Problem(
                f"{tokens:,.0f} tokens of {bytes_per_token:,.0f} bytes make {expected / 2**30:,.2f} GiB, "
                f"not {budget / 2**30:,.2f} GiB",
                field="cache",
                hint=f"the budget holds {budget / bytes_per_token:,.0f} such tokens, "
                f"or {budget / tokens:,.0f} bytes for each",
            )
        )
