"""Why a chip has its class, how far it is from every line, and which values lie at the edge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autarky.facts.rule_records import Entry, Limit, Paragraph
from autarky.rules.lines import UNITS, bounds_of, meets_all, number, thresholds, truth
from autarky.rules.metrics import Measures, Range

WORDS = {
    "tpp": "TPP",
    "performance_density": "performance density",
    "interconnect": "interconnect",
    "memory_bandwidth": "memory bandwidth",
    "bandwidth_sum": "memory bandwidth and interconnect together",
    "memory_bandwidth_density": "memory bandwidth density",
}
SIGN_WORDS = {"at_least": "at least", "above": "above", "below": "below", "at_most": "at most"}
OPPOSITE_WORDS = {"at_least": "below", "above": "not above", "below": "not below", "at_most": "above"}


@dataclass(frozen=True)
class Distance:
    """How far a chip is from one line: its value less the threshold, in the unit of the measure.

    Positive is above the line; (low, high) where the value is known within bounds; None where it is unknown.
    """

    line: str
    measure: str
    sign: str
    threshold: float
    value: float | tuple[float, float] | None
    distance: float | tuple[float, float] | None
    unit: str


def distances(lines: Iterable[tuple[str, Limit]], chip: Measures) -> tuple[Distance, ...]:
    """Return the distance of a chip to each line; lines on measures that the chip has not are left out."""
    found: list[Distance] = []
    for line, limit in lines:
        bounds = bounds_of(chip, limit.measure)
        if bounds is None or (limit.measure in ("tpp", "performance_density") and chip.subject == "memory"):
            continue
        threshold = limit.threshold
        value: float | tuple[float, float] | None = None
        apart: float | tuple[float, float] | None = None
        if bounds.exact:
            value, apart = bounds.low, bounds.low - threshold
        elif math.isfinite(bounds.high):
            value, apart = (bounds.low, bounds.high), (bounds.low - threshold, bounds.high - threshold)
        found.append(Distance(line, limit.measure, limit.sign, threshold, value, apart, UNITS[limit.measure]))
    return tuple(found)


def deciding_words(
    entries: Sequence[Entry],
    chip: Measures,
    data_centre: bool | None,
    class_name: str,
    options: tuple[str, ...],
) -> str:
    """Return which paragraph or note decided, and by which numbers."""
    if not entries:
        return f"no control-list entry on {'memory' if chip.subject == 'memory' else 'chips'} holds yet"
    if class_name == "undetermined":
        return f"{' or '.join(options)}: {'; '.join(_open_numbers(entries, chip, data_centre))}"
    for entry in entries:
        for exclusion in entry.exclusions:
            if data_centre is exclusion.data_centre and meets_all(exclusion.all, chip):
                purpose = "" if exclusion.data_centre else "not "
                met = " and ".join(_met_words(limit, chip) for limit in exclusion.all)
                return f"{exclusion.id}: {purpose}designed or marketed for data centres, and {met}"
        for paragraph in entry.paragraphs:
            if paragraph.name == class_name and meets_all(paragraph.all, chip):
                return f"{paragraph.id}: {' and '.join(_met_words(limit, chip) for limit in paragraph.all)}"
    if class_name != "none":
        return f"{class_name} within all of the bounds given, by one paragraph or another"
    return "; ".join(
        words for entry in entries for paragraph in entry.paragraphs if (words := _failed_words(paragraph, chip))
    )


def _met_words(limit: Limit, chip: Measures) -> str:
    return f"{_value_words(limit, chip)} is {SIGN_WORDS[limit.sign]} {number(limit.threshold)}"


def _failed_words(paragraph: Paragraph, chip: Measures) -> str:
    for limit in paragraph.all:
        bounds = bounds_of(chip, limit.measure)
        if bounds is None:
            return f"not {paragraph.id}: no die with non-planar transistors, so no {WORDS[limit.measure]}"
        if truth(limit, bounds) is False:
            against = f"{OPPOSITE_WORDS[limit.sign]} {number(limit.threshold)}"
            return f"not {paragraph.id}: {_value_words(limit, chip)} is {against}"
    return ""


def _value_words(limit: Limit, chip: Measures) -> str:
    bounds = bounds_of(chip, limit.measure)
    unit = "" if UNITS[limit.measure].startswith("1") else f" {UNITS[limit.measure]}"
    return f"{WORDS[limit.measure]} {_bounds_words(bounds)}{unit}" if bounds else WORDS[limit.measure]


def _bounds_words(bounds: Range) -> str:
    return number(bounds.low) if bounds.exact else f"{number(bounds.low)} to {number(bounds.high)}"


def _open_numbers(entries: Sequence[Entry], chip: Measures, data_centre: bool | None) -> list[str]:
    """Return what is unknown among the numbers that the entries look at."""
    words: list[str] = []
    if data_centre is None:
        words.append("whether it is designed or marketed for data centres is unknown")
    looked_at: dict[str, tuple[str, Range | None]] = {
        "tpp": (WORDS["tpp"], chip.tpp),
        "performance_density": ("applicable die area", chip.area),
        "interconnect": (WORDS["interconnect"], chip.interconnect),
        "memory_bandwidth_density": (WORDS["memory_bandwidth_density"], chip.memory_bandwidth_density),
    }
    for measure, (name, bounds) in looked_at.items():
        if bounds is None or bounds.exact or not thresholds(entries, measure):
            continue
        unknown = bounds.low == 0 and math.isinf(bounds.high)
        words.append(f"{name} is unknown" if unknown else f"{name} lies within {_bounds_words(bounds)}")
    if len(chip.areas) > 1:
        words.append("it is unknown which dies have planar transistors")
    return words


def edge_warnings(entries: Sequence[Entry], chip: Measures, edge_share: float, class_name: str) -> list[str]:
    """Return a warning for each value, or end of its bounds, within `edge_share` of a threshold of the control list."""
    warnings: dict[str, None] = {}
    for entry in entries:
        for test in entry.tests:
            for limit in test.all:
                bounds = bounds_of(chip, limit.measure)
                if bounds is None or not math.isfinite(bounds.high) or class_name == "undetermined":
                    continue
                share = min(abs(end / limit.threshold - 1) for end in bounds)
                if share <= edge_share:
                    words = f"{_value_words(limit, chip)} lies within {edge_share:.0%} of {number(limit.threshold)}"
                    warnings[words] = None
    return list(warnings)
