"""Comparing measures with the limits of the law: over arrays, and over bounds with an answer of "unknown"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.facts.rule_records import Entry, Limit
from autarky.rules.metrics import Array, Measures, Range

Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int8]

CLASSES = ("none", "3A090.a", "3A090.b", "3A090.c", "undetermined")
"""Class names; a code is an index into this tuple."""
UNDETERMINED = CLASSES.index("undetermined")

UNITS = {
    "tpp": "1",
    "performance_density": "1/mm**2",
    "interconnect": "GB/s",
    "memory_bandwidth": "GB/s",
    "bandwidth_sum": "GB/s",
    "memory_bandwidth_density": "GB/s/mm**2",
}
"""Unit of each measure. TPP has none: operations per picosecond times bits."""


def holds(limit: Limit, values: Array) -> Flags:
    """Return where `values` meet one limit; NaN never does."""
    threshold = limit.threshold
    match limit.sign:
        case "at_least":
            return values >= threshold
        case "above":
            return values > threshold
        case "below":
            return values < threshold
        case _:
            return values <= threshold


def all_hold(limits: Iterable[Limit], values: Mapping[str, Array], shape: tuple[int, ...]) -> Flags:
    """Return where every limit is met; a measure that is absent meets none."""
    met = np.ones(shape, dtype=np.bool_)
    for limit in limits:
        if limit.measure not in values:
            return np.zeros(shape, dtype=np.bool_)
        met &= holds(limit, values[limit.measure])
    return met


def class_codes(entries: Iterable[Entry], values: Mapping[str, Array], data_centre: Flags) -> Codes:
    """Return the class code of each point where every measure is known.

    `values`: measure -> array; all of the shape of `data_centre`. Exclusions come first, then the paragraphs in order.
    """
    shape = data_centre.shape
    codes = np.zeros(shape, dtype=np.int8)
    undecided = np.ones(shape, dtype=np.bool_)
    for entry in entries:
        open_here = undecided.copy()
        for exclusion in entry.exclusions:
            open_here &= ~((data_centre == exclusion.data_centre) & all_hold(exclusion.all, values, shape))
        for paragraph in entry.paragraphs:
            met = open_here & all_hold(paragraph.all, values, shape)
            codes[met] = CLASSES.index(paragraph.name)
            open_here &= ~met
            undecided &= ~met
    return codes


def thresholds(entries: Iterable[Entry], measure: str) -> list[float]:
    """Return the thresholds that entries set for one measure, rising."""
    limits = (limit for entry in entries for test in entry.tests for limit in test.all)
    return sorted({limit.threshold for limit in limits if limit.measure == measure})


def truth(limit: Limit, bounds: Range) -> bool | None:
    """Return whether a number within `bounds` meets a limit: always, never, or None where it depends."""
    low, high = holds(limit, np.array(bounds, dtype=np.float64))
    return bool(low) if low == high else None


def all_true(answers: Iterable[bool | None]) -> bool | None:
    """Return the conjunction: False where any is, None where any is unknown, else True."""
    known = list(answers)
    if any(answer is False for answer in known):
        return False
    return None if any(answer is None for answer in known) else True


def any_true(answers: Iterable[bool | None]) -> bool | None:
    """Return the disjunction: True where any is, None where any is unknown, else False."""
    known = list(answers)
    if any(answer is True for answer in known):
        return True
    return None if any(answer is None for answer in known) else False


def meets_all(limits: Iterable[Limit], chip: Measures) -> bool | None:
    """Return whether a chip meets every limit: True, False, or None where its bounds leave it open.

    A measure that does not exist on the chip, such as the density of a chip without non-planar dies, meets no limit.
    Each limit is judged by itself; where two limits on TPP and density depend on one another the answer may be None
    although a finer look would settle it, and never the other way round.
    """
    answers: list[bool | None] = []
    for limit in limits:
        bounds = bounds_of(chip, limit.measure)
        answers.append(False if bounds is None else truth(limit, bounds))
    return all_true(answers)


def meets_any(alternatives: Iterable[tuple[Limit, ...]], chip: Measures) -> bool | None:
    """Return whether a chip meets all limits of at least one alternative, or None where that is open."""
    return any_true(meets_all(limits, chip) for limits in alternatives)


def bounds_of(chip: Measures, measure: str) -> Range | None:
    """Return the bounds of a measure of the chip, or None where it has none."""
    bounds: Range | None = getattr(chip, measure)
    return bounds


def number(value: float, digits: int = 6) -> str:
    """Return a number for people: thousands apart, no trailing zeros."""
    if math.isinf(value):
        return "unbounded"
    text = f"{value:,.{max(0, digits - 1 - int(math.log10(abs(value))) if value else 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
