"""Two systems side by side: compute, memory, bandwidths, power and price, and their ratios.

What a system has is often published under several conventions (with or without vector units, optical or
electrical lanes, load or supply). Each is kept under its own name, so that a ratio comes out as a range and a
published ratio can be found again under its own convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue
from autarky.facts.records import Chip, System
from autarky.quantities.estimates import Quantity


@dataclass(frozen=True)
class Convention:
    """One way in which an amount is published: the value, who says so, and what was counted."""

    value: float
    sources: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Amount:
    """An amount of a system under every convention."""

    name: str
    unit: str
    conventions: tuple[Convention, ...]

    def under(self, text: str) -> Convention:
        """Return the convention whose source or note contains `text`."""
        for convention in self.conventions:
            if text in convention.note or any(text in source for source in convention.sources):
                return convention
        raise InputError(
            Problem(
                f"is not published under {text!r}",
                field=self.name,
                hint="known are " + "; ".join(_title(convention) for convention in self.conventions),
            )
        )


@dataclass(frozen=True)
class Ratio:
    """How many times as much the first system has as the second, over all pairs of conventions."""

    name: str
    unit: str
    left: Amount
    right: Amount

    @property
    def low(self) -> float:
        """Smallest ratio of any pair of conventions."""
        return _values(self.left)[0] / _values(self.right)[-1]

    @property
    def high(self) -> float:
        """Largest ratio of any pair of conventions."""
        return _values(self.left)[-1] / _values(self.right)[0]

    def under(self, left: str, right: str) -> float:
        """Return the ratio under one convention for each side, named by a part of its source or note."""
        return self.left.under(left).value / self.right.under(right).value


def _values(amount: Amount) -> list[float]:
    return sorted(convention.value for convention in amount.conventions)


def _title(convention: Convention) -> str:
    return convention.note or ", ".join(convention.sources)


def _conventions(quantity: Quantity, factor: float, note: str) -> Iterator[Convention]:
    for estimate in quantity.estimates:
        said = "; ".join(filter(None, (estimate.note, note)))
        yield Convention(float(estimate.distribution.mean()) * factor, estimate.sources, said)


def amounts(catalogue: Catalogue, name: str) -> dict[str, Amount]:
    """Return what a system has, by name: compute by format, memory, bandwidths, power, price, per chip and in all."""
    record = catalogue.get("systems", name, System)
    if len(record.chips) != 1:
        raise InputError(
            Problem("its chips are not named in the catalogue", name, "chips", "choose a system of one known chip")
        )
    chip, count = catalogue.get("chips", record.chips[0].chip, Chip), record.chips[0].count
    found: dict[str, tuple[str, tuple[Convention, ...]]] = {}

    def add(key: str, *groups: tuple[Quantity | None, float, str]) -> None:
        """Add an amount in the unit of its fields, which all are in the same."""
        known = [(quantity, factor, note) for quantity, factor, note in groups if quantity is not None]
        if known:
            kept = tuple(item for group in known for item in _conventions(*group))
            found[key] = (known[0][0].unit, kept)

    printed, memory = record.published, chip.memory
    for kind, rate in chip.dense.items():
        total = getattr(printed, kind, None) if printed is not None else None
        add(f"compute {kind}", (total, 1, ""), (rate, count, "per chip"))
        add(f"chip compute {kind}", (rate, 1, ""))
    if memory is not None:
        add("memory", (printed.memory if printed else None, 1, ""), (memory.capacity, count, "per chip"))
        total = printed.memory_bandwidth if printed else None
        add("memory bandwidth", (total, 1, ""), (memory.bandwidth, count, "per chip"))
    link = record.scale_up_per_chip or (chip.links.scale_up if chip.links else None)
    if link is not None:
        add("scale-up one way", (link.one_way, count, ""))
        add("chip scale-up one way", (link.one_way, 1, ""))
    add("scale-up both ways", (printed.scale_up_both_ways if printed else None, 1, ""))
    add("scale-up domain", (record.scale_up_domain, 1, ""))
    add("scale-out one way", (record.scale_out_per_chip, count, ""))
    add("power", (record.power, 1, ""))
    add("price", (record.price_usd, 1, ""))
    found["chips"] = ("chip", (Convention(float(count), record.source),))
    return {key: Amount(key, unit, kept) for key, (unit, kept) in _with_quotients(found).items()}


QUOTIENTS = (
    ("power per compute bf16", "W/TFLOPS", "power", "compute bf16", 1.0),
    ("power per compute fp8", "W/TFLOPS", "power", "compute fp8", 1.0),
    ("power per compute int8", "W/TFLOPS", "power", "compute int8", 1.0),
    ("power per memory", "W/GB", "power", "memory", 1.0),
    ("power per memory bandwidth", "W/(GB/s)", "power", "memory bandwidth", 1.0),
    ("price per compute bf16", "USD/TFLOPS", "price", "compute bf16", 1.0),
)


def _with_quotients(
    found: dict[str, tuple[str, tuple[Convention, ...]]],
) -> dict[str, tuple[str, tuple[Convention, ...]]]:
    """Return the amounts with one divided by another, each pair of conventions a convention of its own."""
    result = dict(found)
    for key, unit, over, under, factor in QUOTIENTS:
        if over in found and under in found:
            pairs = tuple(
                Convention(
                    factor * top.value / bottom.value,
                    (*top.sources, *bottom.sources),
                    f"{_title(top)} / {_title(bottom)}",
                )
                for top in found[over][1]
                for bottom in found[under][1]
            )
            result[key] = (unit, pairs)
    return result


def compare(catalogue: Catalogue, left: str, right: str) -> list[Ratio]:
    """Return how two systems compare in everything that both publish, and in 8 bits across formats."""
    if left == right:
        raise InputError(Problem("are the same", field="systems", hint="name two different ones"))
    ours, theirs = amounts(catalogue, left), amounts(catalogue, right)
    ratios = [Ratio(key, ours[key].unit, ours[key], theirs[key]) for key in ours if key in theirs]
    for name, kinds in (("compute 8 bit", ("fp8", "int8")),):
        first, second = _best(ours, kinds), _best(theirs, kinds)
        if first is not None and second is not None:
            ratios.append(Ratio(name, first.unit, first, second))
    return ratios


def _best(found: dict[str, Amount], kinds: Sequence[str]) -> Amount | None:
    """Return the compute in the first of several formats that a system has."""
    return next((found[f"compute {kind}"] for kind in kinds if f"compute {kind}" in found), None)
