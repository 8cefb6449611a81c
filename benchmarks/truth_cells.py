"""Cells of the truth tables: numbers, bounds and ranges as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, str]
_NUMBER = re.compile(r"\d[\d,]*\.?\d*(?:[eE]-?\d+)?")


@dataclass(frozen=True)
class Reading:
    """What a cell says: a number, a bound or a range."""

    low: float
    high: float

    def error(self, predicted: float) -> tuple[float, float]:
        """Return (what it is compared with, predicted over that less one)."""
        nearest = min(max(predicted, self.low), self.high)
        if self.low == self.high or nearest != predicted:
            return nearest, predicted / nearest - 1.0
        return self.low if self.low > 0 else self.high, 0.0


def numbers(text: str) -> list[float]:
    """Return all numbers in a text."""
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def reading(text: str) -> Reading | None:
    """Return what a cell says, None where it says several things or nothing."""
    found = numbers(text)
    if not found or "->" in text or "/" in text or "+" in text:
        return None
    if len(found) == 2 and re.search(r"\d\s*(?:-|to)\s*\d", text):
        return Reading(min(found), max(found))
    if len(found) > 1:
        return None
    if text.lstrip().startswith(("<", "≤")):
        return Reading(0.0, found[0])
    if text.lstrip().startswith((">", "≥")):
        return Reading(found[0], float("inf"))
    return Reading(found[0], found[0])


def cell(row: Row, column: str) -> float | None:
    """Return a cell as an input: its number, the one it calls the mean, or the middle of several."""
    text = row.get(column) or ""
    found = numbers(text)
    if not found or "->" in text:
        return None
    mean = re.search(r"([\d.,]+)\s*mean", text)
    if mean:
        return float(mean[1].replace(",", ""))
    return sum(found) / len(found)
