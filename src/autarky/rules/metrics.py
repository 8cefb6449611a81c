"""What the law measures on a chip: total processing performance, applicable die area, bandwidths.

    TPP = max over formats of (dense rate in TOPS or TFLOPS) x (bit length of the format)
    performance density = TPP / applicable die area

The applicable area is that of all logic dies made on a process with non-planar transistors. Memory stacks and planar
dies do not count. Source: 15 CFR 774 Supplement 1, Technical Note 2 to 3A090.a and 3A090.b.

Adjusted peak performance in weighted teraflops is another measure, of computers in 64-bit arithmetic (4A003): no rate
given here is ever compared with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.errors import QuantityError, nearest
from autarky.facts.rule_records import Finding, Formats

Array: TypeAlias = npt.NDArray[np.float64]
Amount: TypeAlias = float | tuple[float, float] | Array
"""An exact number, hard bounds (low, high), or samples `(draw,)` of an uncertain number."""


class Range(NamedTuple):
    """Hard bounds of a number; equal when it is known exactly."""

    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Return whether the number is known exactly."""
        return self.low == self.high


UNKNOWN = Range(0.0, math.inf)


@dataclass(frozen=True)
class Die:
    """Dies of one kind in a package: area of each in mm**2, whether planar, and how many; None is unknown."""

    area_mm2: Amount | None
    planar: bool | None = False
    count: int = 1
    role: Literal["logic", "hbm-base", "memory", "interposer"] = "logic"


@dataclass(frozen=True)
class HbmStack:
    """A memory stack, or the package that holds it: bandwidth in GB/s and area in mm**2."""

    bandwidth_gb_s: Amount
    area_mm2: Amount
    with_processor: bool = False


@dataclass(frozen=True, kw_only=True)
class ChipSpec:
    """One packaged chip as the law sees it. Rates are TOPS or TFLOPS, bandwidths GB/s, areas mm**2.

    `dense` rates only; a `sparse` rate is used for a format without a dense one, divided by the part's own
    `sparse_ratio` (one number, or one for each format), and refused where that is not given. `interconnect_gb_s` is
    the sum over all inputs and outputs, both ways. `data_centre`: designed or marketed for data centres.
    `us_available`: sold in the United States when the lane of January 2026 opened. None is unknown throughout.
    `findings`: what became of the chip under the law; they speak only where its numbers do not settle the class.
    """

    name: str
    dies: tuple[Die, ...] = ()
    dense: Mapping[str, Amount] = field(default_factory=dict)
    sparse: Mapping[str, Amount] = field(default_factory=dict)
    sparse_ratio: float | Mapping[str, float] | None = None
    memory_bandwidth_gb_s: Amount | None = None
    interconnect_gb_s: Amount | None = None
    host_link_gb_s: float = 0.0
    """The part of the interconnect that leads to the host."""
    dram: str = ""
    data_centre: bool | None = None
    hbm: HbmStack | None = None
    maker: str | None = None
    designer_headquarters: str | None = None
    us_available: bool | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Measures:
    """The measures of one chip under one reading of the formats; samples where the chip has any.

    `areas` holds the possible applicable areas: one range, or several where it is unknown which dies are planar;
    None stands for no die with non-planar transistors, where performance density does not exist.
    """

    tpp: Range
    governing: str | None
    bits: int | None
    areas: tuple[Range | None, ...]
    memory_bandwidth: Range
    interconnect: Range
    memory_bandwidth_density: Range | None
    samples: Mapping[str, Array]
    warnings: tuple[str, ...]
    host_link: float = 0.0
    """The part of the interconnect that leads to the host, GB/s."""

    def without_host(self) -> Measures:
        """Return the measures with the link to the host left out of the interconnect."""
        low, high = (end - self.host_link for end in self.interconnect)
        return replace(self, interconnect=Range(max(low, 0.0), high))

    @property
    def subject(self) -> Literal["chip", "memory"]:
        """Return whether this is memory by itself or anything else; memory beside a processor is part of a chip."""
        return "chip" if self.memory_bandwidth_density is None else "memory"

    @property
    def area(self) -> Range | None:
        """Return the bounds of the applicable area in mm**2, or None where no die counts."""
        known = [area for area in self.areas if area is not None]
        return Range(min(a.low for a in known), max(a.high for a in known)) if known else None

    @property
    def performance_density(self) -> Range | None:
        """Return the bounds of TPP / area in 1/mm**2, or None where no die counts."""
        area = self.area
        if area is None:
            return None
        low = 0.0 if math.isinf(area.high) else self.tpp.low / area.high
        return Range(low, math.inf if area.low == 0 else self.tpp.high / area.low)

    @property
    def bandwidth_sum(self) -> Range:
        """Return the bounds of memory bandwidth and interconnect together, in GB/s."""
        return Range(*map(sum, zip(self.memory_bandwidth, self.interconnect, strict=True)))


def measures(
    chip: ChipSpec, formats: Formats, reading: Mapping[str, str] | None = None, count_base_dies: bool = False
) -> Measures:
    """Return the measures of `chip`; `reading` names, by format, a reading other than the default."""
    warnings: list[str] = []
    samples: dict[str, Array] = {}
    lengths = bit_lengths(formats, reading or {})
    rates = dense_rates(chip, lengths, warnings)
    tpps = {name: _scaled(rate, lengths[name]) for name, rate in rates.items()}
    tpp, governing = _highest(tpps, samples)
    areas = _areas(chip.dies, count_base_dies, samples, warnings)
    return Measures(
        tpp=tpp,
        governing=governing,
        bits=lengths[governing] if governing else None,
        areas=areas,
        memory_bandwidth=_bounds("memory_bandwidth", chip.memory_bandwidth_gb_s, samples),
        interconnect=_bounds("interconnect", chip.interconnect_gb_s, samples),
        memory_bandwidth_density=None if rates else _stack_density(chip.hbm, samples),
        samples=_same_length(samples),
        warnings=tuple(warnings),
        host_link=chip.host_link_gb_s,
    )


def bit_lengths(formats: Formats, reading: Mapping[str, str]) -> dict[str, int]:
    """Return the bit length of every format under the default readings, or those named in `reading`."""
    read = {name: choices.bits[reading.get(name, choices.default)] for name, choices in formats.readings.items()}
    return {**formats.bits, **read}


def dense_rates(chip: ChipSpec, known: Iterable[str], warnings: list[str]) -> dict[str, Amount]:
    """Return the dense rate of each format in TOPS, from sparse ones only where their ratio is known."""
    known = tuple(known)
    for name in (*chip.dense, *chip.sparse):
        if name not in known:
            hint = nearest(name, known) or f"known: {', '.join(known)}"
            raise QuantityError(f"no number format is called {name!r}", hint, ("dense", name))
    rates = {name: _checked(rate, ("dense", name)) for name, rate in chip.dense.items()}
    for name, rate in chip.sparse.items():
        if name in rates:
            continue
        ratio = chip.sparse_ratio.get(name) if isinstance(chip.sparse_ratio, Mapping) else chip.sparse_ratio
        if ratio is None:
            raise QuantityError(
                f"{chip.name}: only a sparse rate is given for {name}, and the law counts dense ones",
                "give `dense`, or `sparse_ratio` if the maker states how much sparsity adds",
                ("sparse", name),
            )
        if not ratio >= 1:
            raise QuantityError(f"{ratio:g} is no ratio of sparse to dense", "it is 1 or more", ("sparse_ratio",))
        rates[name] = _scaled(_checked(rate, ("sparse", name)), 1 / ratio)
        warnings.append(f"the sparse {name} rate was divided by {ratio:g}: only dense rates count")
    return rates


def _checked(amount: Amount, at: tuple[str, ...]) -> Amount:
    values = np.atleast_1d(np.asarray(amount, dtype=np.float64))
    if isinstance(amount, tuple) and not (len(amount) == 2 and amount[0] <= amount[1]):
        raise QuantityError(f"bounds must be (low, high), not {amount}", at=at)
    if not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise QuantityError("this must be a finite number above zero", "leave out what is unknown", at)
    return values if isinstance(amount, np.ndarray) else amount


def _scaled(amount: Amount, factor: float) -> Amount:
    if isinstance(amount, tuple):
        return amount[0] * factor, amount[1] * factor
    return amount * factor


def _range(amount: Amount) -> Range:
    if isinstance(amount, tuple):
        return Range(*amount)
    if isinstance(amount, np.ndarray):
        return Range(float(amount.min()), float(amount.max()))
    return Range(float(amount), float(amount))


def _bounds(name: str, amount: Amount | None, samples: dict[str, Array]) -> Range:
    if amount is None:
        return UNKNOWN
    checked = _checked(amount, (f"{name}_gb_s",))
    if isinstance(checked, np.ndarray):
        samples[name] = checked
    return _range(checked)


def _highest(tpps: Mapping[str, Amount], samples: dict[str, Array]) -> tuple[Range, str | None]:
    if not tpps:
        return UNKNOWN, None
    ranges = {name: _range(tpp) for name, tpp in tpps.items()}
    governing = max(ranges, key=lambda name: (ranges[name].high, ranges[name].low))
    if any(isinstance(tpp, np.ndarray) for tpp in tpps.values()):
        if any(isinstance(tpp, tuple) for tpp in tpps.values()):
            raise QuantityError("rates are partly samples and partly bounds", "give samples for all, or bounds for all")
        # A chip's formats share its clock, so the highest is taken draw by draw.
        samples["tpp"] = np.maximum.reduce(np.broadcast_arrays(*map(np.atleast_1d, tpps.values())))
    return Range(max(r.low for r in ranges.values()), max(r.high for r in ranges.values())), governing


def _areas(
    dies: tuple[Die, ...], count_base_dies: bool, samples: dict[str, Array], warnings: list[str]
) -> tuple[Range | None, ...]:
    counted = [die for die in dies if die.role == "logic" or (count_base_dies and die.role == "hbm-base")]
    if not counted:
        return (UNKNOWN,)
    for die in counted:
        if die.count < 1:
            raise QuantityError(f"{die.count} dies", "count from one", ("dies",))
    certain = [die for die in counted if die.planar is False]
    doubtful = [die for die in counted if die.planar is None]
    if doubtful:
        warnings.append("for some dies it is unknown whether the transistors are planar; both cases are looked at")
    sampled = [die for die in certain if isinstance(die.area_mm2, np.ndarray)]
    if sampled and not doubtful and all(die.area_mm2 is not None for die in certain):
        if any(isinstance(die.area_mm2, tuple) for die in certain):
            raise QuantityError("areas are partly samples and partly bounds", "give samples for all, or bounds for all")
        samples["area"] = _total_samples(certain)
    cases = (
        (*certain, *chosen) for size in range(len(doubtful) + 1) for chosen in itertools.combinations(doubtful, size)
    )
    return tuple(_total(case) if case else None for case in cases)


def _total_samples(dies: list[Die]) -> Array:
    parts = [
        np.atleast_1d(np.asarray(_checked(die.area_mm2, ("dies", "area_mm2")))) * die.count
        for die in dies
        if die.area_mm2 is not None
    ]
    total: Array = np.add.reduce(np.broadcast_arrays(*parts))
    return total


def _total(dies: Iterable[Die]) -> Range:
    low = high = 0.0
    for die in dies:
        if die.area_mm2 is None:
            high = math.inf
            continue
        area = _range(_checked(die.area_mm2, ("dies", "area_mm2")))
        low, high = low + die.count * area.low, high + die.count * area.high
    return Range(low, high)


def _stack_density(stack: HbmStack | None, samples: dict[str, Array]) -> Range | None:
    if stack is None or stack.with_processor:
        return None
    bandwidth = _checked(stack.bandwidth_gb_s, ("hbm", "bandwidth_gb_s"))
    area = _checked(stack.area_mm2, ("hbm", "area_mm2"))
    if isinstance(bandwidth, np.ndarray) or isinstance(area, np.ndarray):
        if isinstance(bandwidth, tuple) or isinstance(area, tuple):
            raise QuantityError("a stack is partly samples and partly bounds", "give one or the other", ("hbm",))
        samples["memory_bandwidth_density"] = np.atleast_1d(np.asarray(bandwidth / area, dtype=np.float64))
    return Range(_range(bandwidth).low / _range(area).high, _range(bandwidth).high / _range(area).low)


def _same_length(samples: dict[str, Array]) -> Mapping[str, Array]:
    lengths = {len(values) for values in samples.values()}
    if len(lengths) > 1:
        raise QuantityError(f"samples of different lengths: {', '.join(map(str, sorted(lengths)))}")
    return samples
