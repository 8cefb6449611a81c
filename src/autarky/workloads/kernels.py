"""Times of single operations on one chip, in seconds; the parts from which every time model is built.

All functions take arrays of one shape, (plan,) or any other, and return times of that shape. A `Rates` says
how fast a chip is at each kind of work; its shares come from the catalogue's `efficiencies`. Transfers
between chips are in `autarky.systems.collectives`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autarky.quantities.arrays import Array
from autarky.workloads.inputs import floats


@dataclass(frozen=True)
class Rates:
    """How fast one chip works.

    peak                FLOP/s, dense, of the format in which matrix products run
    product_share       share of `peak` that a very large product reaches
    half_size           size of all three sides at which a product reaches a quarter of that: see `product`
    attention_peak      FLOP/s, dense, of the format in which attention runs
    attention_share     share of `attention_peak` that fused attention reaches on long sequences, forward
    backward_share      the same, backward
    attention_half      tokens of a sequence at which it reaches half of that
    attention_width     elements of key and value together at which it does: narrow heads leave more softmax per
                        operation
    stream              bytes/s that a large memory-bound operation moves
    launch              s that an operation takes besides its work
    """

    peak: float
    product_share: float
    half_size: float
    attention_peak: float
    attention_share: float
    backward_share: float
    attention_half: float
    attention_width: float
    stream: float
    launch: float


def product(
    rows: ArrayLike,
    inner: ArrayLike,
    columns: ArrayLike,
    rates: Rates,
    *,
    element: float = 2.0,
    output: float = 2.0,
    groups: ArrayLike = 1,
) -> Array:
    """Return the s of `groups` matrix products of (rows x inner) with (inner x columns), launched together.

    The slower of arithmetic and memory traffic. Arithmetic runs at

        peak * share / (1 + half * (1 / rows + 1 / inner + 1 / columns))

    which is what tiles of fixed size and a fixed start-up cost amount to: a product with few rows takes as
    long as one with `half` rows. `element` and `output` are the bytes moved per element of inputs and output.
    """
    rows, inner, columns = floats(rows), floats(inner), floats(columns)
    flop = 2.0 * rows * inner * columns
    spread = 1.0 + rates.half_size * (1.0 / rows + 1.0 / inner + 1.0 / columns)
    work = flop * spread / (rates.peak * rates.product_share)
    traffic = (element * (rows * inner + inner * columns) + output * rows * columns) / rates.stream
    return floats(floats(groups) * np.maximum(work, traffic) + rates.launch)


def streamed(traffic: ArrayLike, rates: Rates, *, operations: float = 1.0) -> Array:
    """Return the s of `operations` memory-bound operations that move `traffic` bytes in all."""
    return floats(floats(traffic) / rates.stream + operations * rates.launch)


def attention(flop: ArrayLike, rates: Rates, *, sequence: ArrayLike, width: float, backward: bool = False) -> Array:
    """Return the s of fused attention over whole sequences: training, or prefill.

    `flop` counts both products of the forward pass over the pairs that are used (half of them where attention is
    causal, see `operations.mean_reach`). `sequence` is the length over which blocks are shared; short sequences
    fill a chip badly. `width` counts key and value of a head. Backward takes 2.5 times the operations: it computes
    the scores anew, then four gradients (Dao 2023).
    """
    share = rates.backward_share if backward else rates.attention_share
    spread = (1.0 + rates.attention_half / floats(sequence)) * (1.0 + rates.attention_width / width)
    work = (2.5 if backward else 1.0) * floats(flop) * spread
    return floats(work / (rates.attention_peak * share) + rates.launch)


def unfused_attention(
    queries: ArrayLike, keys: ArrayLike, heads: ArrayLike, width: ArrayLike, rates: Rates, *, backward: bool = False
) -> Array:
    """Return the s of attention that writes its scores to memory, as before fused kernels.

    `queries` tokens of all sequences together attend to `keys` tokens each; `width` counts key and value.
    Two batched products over all pairs, masked ones included, and passes over the scores in 16 bits: out of
    the product, through softmax (read and write), dropout (read, write, mask) and into the second product.
    Backward has four products and passes over the scores and their gradients.
    """
    keys = floats(keys)
    pairs = floats(queries) * keys * floats(heads)
    each = product(keys, width, keys, rates, groups=pairs / np.square(keys))
    products, passes = (2.0, 18.0) if backward else (1.0, 11.0)
    return floats(products * each + streamed(passes * pairs, rates, operations=3.0))


def cached_attention(
    sequences: ArrayLike, flop: ArrayLike, cache: ArrayLike, rates: Rates, *, compute_share: float | None = None
) -> Array:
    """Return the s in which `sequences` new tokens each attend to what is cached: decode.

    `flop` and `cache` are operations and cached bytes read per sequence; the slower of the two counts.
    `compute_share` is the share of peak that the kernel reaches, by default that of fused attention.
    """
    share = rates.attention_share if compute_share is None else compute_share
    work = floats(flop) / (rates.attention_peak * share)
    return floats(floats(sequences) * np.maximum(work, floats(cache) / rates.stream) + rates.launch)
