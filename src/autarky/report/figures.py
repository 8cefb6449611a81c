"""Fan charts of a result, each with its words, its data table and the published figures drawn on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autarky.report.bands import MONTH, QUARTER, YEAR, Band, Bands, ReportMark, TargetMark
from autarky.report.charts import NARROW, PANEL, WIDE, Size, fan, time_domain, with_data
from autarky.report.names import Citation, Names
from autarky.report.svg import Drawing, Studio
from autarky.report.words import amount, unit_words
from autarky.result import LEVELS

PERIODS = {YEAR: "year", QUARTER: "quarter", MONTH: "month"}
PERCENTILES = {"p5": "5 %", "p25": "25 %", "p50": "50 %", "p75": "75 %", "p95": "95 %"}
SIZES: tuple[tuple[str, Size], ...] = (("wide", WIDE), ("narrow", NARROW))
MANY = 4
"""So many published figures need more room than a panel has."""
ONE_SIZE: tuple[tuple[str, Size], ...] = (("", PANEL),)


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the first cell of a row names the row."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Mark:
    """What a letter or number in a chart stands for."""

    letter: str
    text: str
    citations: tuple[Citation, ...] = ()
    fill: str = ""
    on_fill: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart with its heading, what its marks mean, and its numbers as a table."""

    id: str
    heading: str
    unit: str
    drawings: tuple[Drawing, ...]
    table: Table
    marks: tuple[Mark, ...] = ()
    text: tuple[str, ...] = ()
    full: bool = False
    """Whether it takes the whole width, as one with many marks does."""


@dataclass(frozen=True)
class Section:
    """Figures under one heading."""

    id: str
    heading: str
    text: tuple[str, ...]
    figures: tuple[Figure, ...]
    points: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def letter(index: int) -> str:
    """Return a, b, ... z, aa, ab ... for 0, 1, ..."""
    head = letter(index // 26 - 1) if index >= 26 else ""
    return head + chr(ord("a") + index % 26)


def fan_rows(band: Band) -> list[dict[str, float]]:
    """Return a band as rows of a chart."""
    columns = {"x": band.positions, **dict(zip(LEVELS, band.quantiles, strict=True))}
    return [{name: float(values[i]) for name, values in columns.items()} for i in range(len(band.labels))]


def year_rows(domain: tuple[float, float]) -> list[dict[str, float]]:
    """Return the turns of the years as rows of a chart."""
    return [{"x": float(year)} for year in range(int(domain[0]), int(domain[1]) + 1)]


def fan_table(heading: str, band: Band) -> Table:
    """Return the numbers of a fan chart."""
    rows = tuple(
        (label, *(amount(float(value)) for value in band.quantiles[:, column]))
        for column, label in enumerate(band.labels)
    )
    header = ("End of" if band.kind == "stock" else PERIODS[band.step].capitalize(), *PERCENTILES.values())
    return Table(f"{heading}, {unit_of(band)}", header, rows)


def unit_of(band: Band) -> str:
    """Return what the numbers of a band count, in words."""
    period = PERIODS[band.step]
    words = unit_words(band.unit)
    return f"{words} at the end of each {period}" if band.kind == "stock" else f"{words} per {period}"


def describe(heading: str, band: Band, reports: Sequence[str], targets: Sequence[TargetMark]) -> str:
    """Return what a fan chart shows, with its numbers, for those who cannot see it."""
    column = dict(zip(LEVELS, band.quantiles, strict=True))
    values = "; ".join(
        f"{label}: {amount(column['p50'][i])} ({amount(column['p5'][i])} to {amount(column['p95'][i])})"
        for i, label in enumerate(band.labels)
    )
    parts = [f"{heading}, {unit_of(band)}. Median with 5th to 95th percentile. {values}."]
    if reports:
        parts.append(f"Published figures: {'; '.join(reports)}.")
    parts += [f"Target: {target.text}, that is {amount(target.needed[1])}." for target in targets]
    return " ".join(parts)


class Fans:
    """Draws fan charts of one result."""

    def __init__(self, bands: Bands, names: Names, studio: Studio) -> None:
        self.bands = bands
        self.names = names
        self.studio = studio
        self.domain = time_domain(*bands.domain)

    def figure(
        self,
        name: str,
        heading: str,
        measure: str,
        scope: Mapping[str, str] | None = None,
        *,
        step: int | None = None,
        full: bool = False,
    ) -> Figure | None:
        """Return the fan chart of a measure, or None where no draw has anything to show."""
        step = step or self.bands.step
        band = self.bands.band(measure, scope, step)
        if band.empty:
            return None
        reports = self.bands.reports(measure, scope or {}, step)
        targets = self.bands.targets(measure, scope or {}, step)
        full = full or len(reports) >= MANY
        marks = tuple(self.mark(index, report, band.unit) for index, report in enumerate(reports))
        words = [f"{mark.text} ({', '.join(citation.short for citation in mark.citations)})" for mark in marks]
        description = describe(heading, band, words, targets)
        data = self.data(band, reports, targets)
        drawings = tuple(
            self.studio.draw(
                with_data(fan(*self.domain, size), **data), f"{name}{kind and '-'}{kind}", heading, description, kind
            )
            for kind, size in (SIZES if full else ONE_SIZE)
        )
        text = tuple(target_words(target, band.unit) for target in targets)
        return Figure(name, heading, unit_of(band), drawings, fan_table(heading, band), marks, text, full)

    def data(self, band: Band, reports: Sequence[ReportMark], targets: Sequence[TargetMark]) -> dict[str, Any]:
        """Return the named data of a fan chart."""
        return {
            "years": year_rows(self.domain),
            "band": fan_rows(band),
            "stems": fan_rows(band) if band.step == YEAR or len(band.labels) == 1 else [],
            "reports": [
                {
                    "x": report.position,
                    "low": report.low,
                    "high": report.high,
                    "value": report.value,
                    "bound": report.bound,
                    "letter": letter(index),
                }
                for index, report in enumerate(reports)
            ],
            "targets": [
                {
                    "x": target.position,
                    "from": target.position - 0.4,
                    "to": min(target.position + 0.4, self.domain[1]),
                    "low": target.needed[0],
                    "middle": target.needed[1],
                    "high": target.needed[2],
                    "text": target.text,
                }
                for target in targets
            ],
        }

    def mark(self, index: int, report: ReportMark, unit: str) -> Mark:
        """Return what a letter on the chart stands for."""
        bound = "at most " if report.bound else ""
        cited = tuple(self.names.cite(source) for source in report.sources)
        return Mark(letter(index), f"{report.period}: {bound}{amount(report.value)} {unit_words(unit)}", cited)


def target_words(target: TargetMark, unit: str) -> str:
    """Return what a target's mark stands for."""
    low, middle, high = target.needed
    needed = f"{amount(middle)} {unit_words(unit)}"
    if low != high:
        needed += f" ({amount(low)} to {amount(high)})"
    return f"The bar marked “{target.text}” is what the target asks for: {needed}."
