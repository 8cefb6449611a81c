"""What one chip is worth by each named measure of H100-equivalents, in the measure's own unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autarky.facts.catalogue import value_of
from autarky.facts.records import Chip, Product
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.quantities.sampler import Sampler
from autarky.workloads.speeds import Speed, Speeds

BITS = {"fp64": 64, "fp32": 32, "tf32": 19, "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8, "fp6": 6, "fp4": 4, "int4": 4}
"""Bit length of each number format; TF32 stores 19 bits."""
NOMINAL = ("tpp", "dense_8bit", "dense_16bit", "memory_bandwidth")
"""Measures that need nothing but a chip's rates."""
MODELLED = ("training", "prefill", "decode")
"""Measures that count tokens on the reference workload of that name; software readiness multiplies them."""
EQUIVALENTS = (*NOMINAL, *MODELLED)
"""Every named measure of one chip in H100-equivalents."""


def dense_rate(rates: Mapping[str, Array], bits: int) -> Array | None:
    """Return the best dense rate, TFLOPS, among formats of a bit length; None where there is none."""
    fitting = [rate for form, rate in rates.items() if BITS[form] == bits]
    return np.maximum.reduce(fitting) if fitting else None


def chip_worth(
    name: str, chip: Chip, product: Product | None, sampler: Sampler, speeds: Speeds | None = None
) -> dict[str, Array]:
    """Return what one chip is worth by each measure of EQUIVALENTS, in its own unit, (draw,).

    What the product assumes stands in for a format or bandwidth that the chip's record lacks. 8-bit work on a chip
    without an 8-bit format runs at its 16-bit rate. Measures of MODELLED are tokens per s by `speeds`, before software
    readiness; there are none without `speeds`.
    """
    rates: dict[str, tuple[Array, Quantity]] = {
        form: (sampler.draw(f"chips.{name}.dense.{form}", rate), rate)
        for form, rate in chip.dense.items()
        if sampler.knows(rate)
    }
    for form, rate in (product.dense if product is not None else {}).items():
        if form not in rates and sampler.knows(rate):
            rates[form] = sampler.draw(f"products.{name}.dense.{form}", rate), rate
    bandwidth = _bandwidth(name, chip, product, sampler)
    worth = _by_rates({form: drawn for form, (drawn, _) in rates.items()})
    if bandwidth is not None:
        worth["memory_bandwidth"] = bandwidth[0]
    for task, known in (speeds.by_task if speeds is not None else {}).items():
        speed = known.get(name)
        followed = None if speed is None else _rate_like(speed.form, rates)
        if speed is not None and followed is not None and bandwidth is not None:
            worth[task] = _moved(speed, followed, bandwidth)
    return worth


def _rate_like(form: str, rates: Mapping[str, tuple[Array, Quantity]]) -> tuple[Array, Quantity] | None:
    """Return the rate of a format, or of another of its length where the as-of date knows only that."""
    if form in rates:
        return rates[form]
    return next((rate for other, rate in rates.items() if BITS[other] == BITS[form]), None)


def _by_rates(rates: Mapping[str, Array]) -> dict[str, Array]:
    worth: dict[str, Array] = {}
    if rates:
        worth["tpp"] = np.maximum.reduce([rate * BITS[form] for form, rate in rates.items()])
        sixteen, eight = dense_rate(rates, 16), dense_rate(rates, 8)
        if sixteen is not None:
            worth["dense_16bit"] = sixteen
        best = sixteen if eight is None else eight
        if best is not None:
            worth["dense_8bit"] = best
    return worth


def _bandwidth(name: str, chip: Chip, product: Product | None, sampler: Sampler) -> tuple[Array, Quantity] | None:
    """Return (draws, quantity) of a chip's memory bandwidth, GB/s; None where nothing is known."""
    if chip.memory is not None and chip.memory.bandwidth is not None and sampler.knows(chip.memory.bandwidth):
        known = chip.memory.bandwidth
        return sampler.draw(f"chips.{name}.memory.bandwidth", known), known
    if product is not None and product.bandwidth is not None:
        return sampler.draw(f"products.{name}.bandwidth", product.bandwidth), product.bandwidth
    return None


def _moved(speed: Speed, rate: tuple[Array, Quantity], bandwidth: tuple[Array, Quantity]) -> Array:
    """Return tokens per s, (draw,): the speed at the mean, moved with the rate and the bandwidth as drawn."""
    moved = np.full(rate[0].shape, speed.tokens)
    for (drawn, quantity), exponent in ((rate, speed.compute), (bandwidth, speed.memory)):
        moved *= (drawn / value_of(quantity)) ** exponent
    return moved
