"""The class under each reading of a format whose bit length is disputed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autarky.rules.active import RuleSet
from autarky.rules.lines import number
from autarky.rules.metrics import ChipSpec, Measures, Range, measures


@dataclass(frozen=True)
class Reading:
    """The answer under one reading of a format's bit length; `taken` is the one that the answer rests on."""

    format: str
    name: str
    bits: int
    tpp: float | tuple[float, float]
    class_name: str
    taken: bool


def measured(chip: ChipSpec, rules: RuleSet, reading: Mapping[str, str] | None = None) -> Measures:
    """Return the measures of a chip under the switched readings, or those of `reading`: format -> reading."""
    return measures(
        chip,
        rules.formats,
        {**rules.reading(), **(reading or {})},
        count_base_dies="count-hbm-base-dies" in rules.switches,
    )


def readings(chip: ChipSpec, rules: RuleSet, class_of: Callable[[Measures], str]) -> tuple[Reading, ...]:
    """Return the class under each reading of each disputed format for which the chip has a rate."""
    found: list[Reading] = []
    for name, choices in rules.formats.readings.items():
        if name not in chip.dense and name not in chip.sparse:
            continue
        taken = rules.reading().get(name, choices.default)
        for reading, bits in choices.bits.items():
            chip_read = measured(chip, rules, {name: reading})
            found.append(Reading(name, reading, bits, plain(chip_read.tpp), class_of(chip_read), reading == taken))
    return tuple(found)


def reading_warnings(found: tuple[Reading, ...]) -> list[str]:
    """Return a warning for each format whose readings lead to different classes."""
    warnings: list[str] = []
    for name in dict.fromkeys(reading.format for reading in found):
        mine = [reading for reading in found if reading.format == name]
        if len({reading.class_name for reading in mine}) > 1:
            words = "; ".join(
                f"{r.bits} bits ({r.name}{', taken' if r.taken else ''}): TPP {_words(r.tpp)}, {r.class_name}"
                for r in mine
            )
            warnings.append(f"the bit length of {name} decides and is unsettled: {words}")
    return warnings


def plain(bounds: Range) -> float | tuple[float, float]:
    """Return one number where bounds meet, else (low, high)."""
    return bounds.low if bounds.exact else (bounds.low, bounds.high)


def _words(value: float | tuple[float, float]) -> str:
    return " to ".join(map(number, value)) if isinstance(value, tuple) else number(value)
