"""The Excel workbook of one or more results: numbers as numbers, text always as text, sources beside the inputs."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autarky.errors import MissingExtraError
from autarky.export import STATISTICS, entity_name, run_name, statistics
from autarky.facts.catalogue import SCENARIO
from autarky.facts.loader import load_catalogue
from autarky.measures import define
from autarky.quantities.months import first_day
from autarky.result import InputUsed, Result
from autarky.storage import plain

SHEETS = ("summary", "targets", "measures", "bottleneck", "inputs", "sources", "settings")
HEADLINE = "production.chips"
RESERVED = "history"
"""Excel keeps this sheet name for itself."""
LONGEST_NAME = 31
"""UTF-16 units of a sheet name, by Excel's rules."""
LONGEST_TEXT = 32_000
"""UTF-16 units of a cell; Excel's limit is 32,767."""
LONGEST_LINK = 2_000
"""Characters of a link; Excel's limit is 2,079."""
UNDEFINED = "not defined"
FIRST_DATE = 12 * 1900
LAST_DATE = 12 * 10000
"""Months between these are dates: no duration is as long, and Excel's calendar holds no others."""
FORMATS = {
    "heading": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "bold": {"bold": True},
    "text": {},
    "count": {"num_format": "0"},
    "share": {"num_format": "0.0%"},
    "month": {"num_format": "yyyy-mm", "align": "left"},
    "whole": {"num_format": "#,##0"},
    "small": {"num_format": "0.00"},
    "tiny": {"num_format": "0.0000"},
}
Source = tuple[str, str, str, str, str]
"""Title, publisher, date of publication, grade and link."""


def workbook_bytes(results: Sequence[Result]) -> bytes:
    """Return the workbook as the bytes of an .xlsx file; each result beside the first adds a sheet of measures."""
    try:
        import xlsxwriter
    except ImportError:
        raise MissingExtraError("XlsxWriter", "tables", "an Excel file") from None
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as workbook:
        formats = {name: workbook.add_format(properties) for name, properties in FORMATS.items()}
        several = len(results) > 1
        fixed = [name for name in SHEETS if name != "measures"]
        measures = sheet_names([one.settings.name for one in results], fixed) if several else ["measures"]
        names = [part for name in SHEETS for part in (measures if name == "measures" else [name])]
        sheets = {name: Sheet(workbook.add_worksheet(name), formats) for name in names}
        bibliography = sources_of(results)
        write_summary(sheets["summary"], results, measures)
        write_targets(sheets["targets"], results)
        for name, result in zip(measures, results, strict=True):
            write_measures(sheets[name], result)
        write_bottleneck(sheets["bottleneck"], results)
        write_inputs(sheets["inputs"], results, bibliography)
        write_sources(sheets["sources"], bibliography)
        write_settings(sheets["settings"], results)
    return stream.getvalue()


@dataclass
class Sheet:
    """Writes a sheet row by row."""

    sheet: Any
    formats: Mapping[str, Any]
    row: int = field(default=0, init=False)

    def heading(self, titles: Sequence[str], widths: Sequence[float]) -> None:
        """Write the titles of the sheet's table, set its columns and keep the titles in view."""
        self.write(titles, text="heading")
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.freeze_panes(self.row, 0)

    def write(self, values: Iterable[str | float | None] = (), *, text: str = "text", number: str = "") -> None:
        """Write one row, leaving out what is None; `text` and `number` name the formats of its cells."""
        for column, value in enumerate(values):
            if value is not None:
                self.cell(column, value, text=text, number=number)
        self.row += 1

    def cell(self, column: int, value: str | float, *, text: str = "text", number: str = "") -> None:
        """Write one value into the current row; a number that is none is said in words."""
        if isinstance(value, str):
            self.sheet.write_string(self.row, column, cell_text(value), self.formats[text])
        elif not math.isfinite(value):
            self.sheet.write_string(self.row, column, UNDEFINED, self.formats[text])
        else:
            style = "count" if isinstance(value, int) else number or style_of(value)
            self.sheet.write_number(self.row, column, value, self.formats[style])

    def month(self, column: int, value: float) -> None:
        """Write a month index as a date."""
        self.sheet.write_datetime(self.row, column, first_day(int(value)), self.formats["month"])

    def link(self, column: int, address: str) -> None:
        """Write a web address as a link, anything else as text."""
        if re.fullmatch(r"https?://[!-~]+", address) and len(address) <= LONGEST_LINK:
            self.sheet.write_url(self.row, column, address)
        else:
            self.cell(column, address)

    def comment(self, column: int, text: str) -> None:
        """Put a comment on a cell of the current row."""
        lines = sum(1 + len(line) // 60 for line in text.splitlines())
        size = {"width": 420, "height": 20 + 16 * min(lines, 30)}
        self.sheet.write_comment(self.row, column, cell_text(text, keep_controls=False), size)


# Sheets


def write_summary(sheet: Sheet, results: Sequence[Result], measures: Sequence[str]) -> None:
    """Write what was asked, how much is made in each year, and what was left out."""
    titles = ("scenario", "question", "weights", "as of", "draws", "run", "measures in sheet")
    sheet.heading(titles, (44, 60, 40, 14, 14, 26, 34))
    for result, name in zip(results, measures, strict=True):
        asked, as_of = result.settings, result.settings.as_of or "all that is known"
        sheet.write((asked.name, asked.label, weighing(result), as_of, asked.draws, run_name(asked), name))
    sheet.write()
    sheet.write(("scenario", define(HEADLINE).text, "year", "p5", "p50", "p95"), text="heading")
    for result in (one for one in results if HEADLINE in one.measures):
        for year, values in zip(result.years, statistics(result, HEADLINE, {}, result.years).T, strict=True):
            shown = [float(values[STATISTICS.index(name)]) for name in ("p5", "p50", "p95")]
            sheet.write((result.settings.name, None, int(year), *shown))
    sheet.write()
    for result in results:
        for note in result.notes:
            sheet.write((result.settings.name, note))
    sheet.write((f"{UNDEFINED}: a draw gives no number, or too few draws carry weight",))


def weighing(result: Result) -> str:
    """Return how the draws are weighed, in words."""
    if result.settings.prior or result.fit is None:
        return "alike: the chain alone"
    if result.weights is None:
        return "alike: the evidence fits the chain too badly to weigh them"
    return f"by the evidence: worth {result.effective_draws:,.0f} equal draws"


def write_targets(sheet: Sheet, results: Sequence[Result]) -> None:
    """Write the probability of every target."""
    sheet.heading(("scenario", "target", "definition", "probability", "standard error"), (30, 32, 90, 12, 12))
    for result in results:
        for target in result.target_results:
            row = (result.settings.name, target.name, target.definition, target.probability, target.standard_error)
            sheet.write(row, number="share")


def write_measures(sheet: Sheet, result: Result) -> None:
    """Write every measure by year, one column for each statistic."""
    sheet.write((result.settings.name,), text="bold")
    titles = ("variable", "entity", "definition", "unit", "year", *STATISTICS)
    sheet.heading(titles, (34, 34, 60, 14, 8, *[14] * len(STATISTICS)))
    for _, measure, scope in result.breakdown():
        definition, entity = define(measure), entity_name(result, scope)
        for year, values in zip(result.years, statistics(result, measure, scope, result.years).T, strict=True):
            numbers = [float(value) for value in values]
            sheet.write((measure, entity, definition.text, definition.unit, int(year), *numbers))


def write_bottleneck(sheet: Sheet, results: Sequence[Result]) -> None:
    """Write in which share of draws each constraint decided most of a year's packages."""
    sheet.heading(("scenario", "year", "constraint", "share of draws"), (30, 8, 60, 14))
    for result in results:
        for year, shares in result.bottleneck().items():
            for constraint, share in shares.items():
                sheet.write((result.settings.name, int(year), constraint, share), number="share")


def write_inputs(sheet: Sheet, results: Sequence[Result], bibliography: Mapping[str, Source]) -> None:
    """Write every uncertain input; its sources stand in a comment on the median."""
    titles = ("scenario", "input", "unit", "p5", "p50", "p95", "at", "estimates", "sources", "notes")
    sheet.heading(titles, (30, 56, 14, 14, 14, 14, 10, 10, 60, 60))
    for result in results:
        for used in result.inputs:
            values = (used.p5, used.p50, used.p95)
            sheet.comment(4, comment_text(used, bibliography))
            dated = used.unit == "month" and all(FIRST_DATE <= value < LAST_DATE for value in values)
            if dated:
                for column, value in enumerate(values, start=3):
                    sheet.month(column, value)
            numbers = (None, None, None) if dated else values
            texts = (", ".join(used.sources), "; ".join(used.notes))
            sheet.write((result.settings.name, used.key, used.unit, *numbers, used.month, used.estimates, *texts))


def comment_text(used: InputUsed, bibliography: Mapping[str, Source]) -> str:
    """Return the sources and notes of an input, one a line."""
    lines = [cited(name, bibliography) for name in used.sources] or ["no source"]
    return "\n".join([*lines, *used.notes])


def cited(name: str, bibliography: Mapping[str, Source]) -> str:
    """Return a source as a line of text."""
    if name == SCENARIO:
        return "set by the scenario"
    title, publisher, published, grade, link = bibliography.get(name, ("", "", "", "", ""))
    return f"{title} ({publisher}, {published}; grade {grade}) {link}".strip() if title else name


def write_sources(sheet: Sheet, bibliography: Mapping[str, Source]) -> None:
    """Write the bibliography of everything that the results cite."""
    sheet.heading(("source", "title", "publisher", "published", "grade", "link"), (44, 80, 30, 12, 8, 80))
    for name, (*texts, link) in bibliography.items():
        for column, text in enumerate((name, *texts)):
            sheet.cell(column, text)
        sheet.link(5, link)
        sheet.row += 1


def sources_of(results: Sequence[Result]) -> dict[str, Source]:
    """Return every source that the results cite: as the catalogue has it, else as the scenario does."""
    known = load_catalogue().sources
    found: dict[str, Source] = {}
    for result in results:
        cited_by_parts = [part.sources for part in result.inputs] + [target.source for target in result.targets]
        cited_by_parts += [sources for _, _, _, sources in result.events]
        if result.fit is not None:
            cited_by_parts += [report.sources for check in result.fit.checks for report in check.reports]
        own = result.settings.scenario.get("facts", {}).get("sources", {})
        for name in (name for names in cited_by_parts for name in names if name not in (SCENARIO, *found)):
            if name in own:
                texts = [str(own[name].get(key, "")) for key in ("title", "publisher", "published", "grade", "url")]
                found[name] = (texts[0], texts[1], texts[2], texts[3], texts[4])
            elif name in known:
                one = known[name]
                found[name] = (one.title, one.publisher, one.published, one.grade, one.url)
            else:
                found[name] = ("", "", "", "", "")
    return dict(sorted(found.items()))


def write_settings(sheet: Sheet, results: Sequence[Result]) -> None:
    """Write what made each run; with these, the same version gives the same bits."""
    sheet.heading(("scenario", "setting", "value"), (30, 20, 120))
    for result in results:
        values = plain(vars(result.settings))
        question = json.dumps(values.pop("scenario"), ensure_ascii=False)
        for name, value in {"run": run_name(result.settings), **values}.items():
            sheet.write((result.settings.name, name, str(value)))
        # A cell cannot hold a long scenario: its parts follow each other down the column.
        for start in range(0, len(question), LONGEST_TEXT // 2):
            sheet.write((result.settings.name, "scenario (JSON)", question[start : start + LONGEST_TEXT // 2]))


# Text and numbers


def sheet_names(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a valid sheet name for each title, all different; long titles lose their middle."""
    used = {RESERVED, *(name.casefold() for name in taken)}
    names: list[str] = []
    for title in titles:
        spaced = re.sub("[\\[\\]:*?/\\\\\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", " ", title)
        clean = " ".join(spaced.split()).strip(" '") or "scenario"
        name, count = shortened(clean, LONGEST_NAME), 1
        while name.casefold() in used:
            count += 1
            ending = f" ({count})"
            name = shortened(clean, LONGEST_NAME - len(ending)) + ending
        used.add(name.casefold())
        names.append(name)
    return names


def shortened(text: str, limit: int) -> str:
    """Return text of at most `limit` UTF-16 units, its middle left out: the ends tell similar names apart."""
    excess = units(text) - limit
    if excess <= 0:
        return text
    half = len(text) // 2
    start, end = list(text[:half]), list(reversed(text[half:]))
    # One unit more, for the mark of what is left out.
    while excess > -1:
        excess -= units((end if len(end) > len(start) else start).pop())
    return "".join((*start, "…", *reversed(end)))


def units(text: str) -> int:
    """Return the length of text in UTF-16 units, as Excel counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cell_text(text: str, *, keep_controls: bool = True) -> str:
    """Return text as a cell can hold it: valid Unicode, not too long, never read as markup."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    if not keep_controls:
        text = re.sub("[\0-\x08\x0b-\x1f\ufffe\uffff]", " ", text)
    if len(text) > LONGEST_TEXT // 2 and units(text) > LONGEST_TEXT:
        text = shortened(text, LONGEST_TEXT)
    # XlsxWriter would copy such text into the file as markup.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def style_of(value: float) -> str:
    """Return the name of the number format that shows a value's leading digits."""
    size = abs(value)
    return "whole" if size >= 100 or float(value).is_integer() else "small" if size >= 1 else "tiny"
