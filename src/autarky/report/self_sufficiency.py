"""How self-sufficient the region is: fans of the definitions in use, and the whole matrix of definitions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from autarky.facts.records import TimeSeries
from autarky.market.self_sufficiency import PREFIX, Share
from autarky.report.bands import ReportMark, TargetMark
from autarky.report.charts import fan, with_data
from autarky.report.figures import MANY, ONE_SIZE, PERCENTILES, SIZES, Fans, Figure, Mark, Section, Table, year_rows
from autarky.report.figures import letter as letter_of
from autarky.report.sections import EQUIVALENT_WORDS
from autarky.report.words import NO_BREAK, UNDEFINED, from_id, percent, whole_percent
from autarky.sufficiency import LEVELS, ShareSummary, every_share, summary

PUBLISHED = {
    f"{PREFIX}.units.flow.designed.without_grey": ("idc-domestic-share", "trendforce-local-share-2025-12"),
    f"{PREFIX}.value.flow.designed.without_grey": (
        "localisation-bernstein-2025-07",
        "localisation-bernstein-2025-12",
        "localisation-morgan-stanley",
    ),
    f"{PREFIX}.dense_8bit.stock.designed.with_grey": ("localisation-epoch-stock",),
}
"""Definition -> the series in the catalogue that use it."""
MATRIX_YEARS = 3
OWN_WORDS = {"designed": "designed", "made": "made", "either": "designed or made"}
AMOUNT_WORDS = {"flow": "brought into service", "stock": "in service at the end of the year"}
TEXT = (
    "A share says little without its definition: what is counted, over what a year brings in or over all that is in "
    "service, whose chips count as domestic, and whether the grey channel counts among all. Chips are domestic by "
    "design where their vendor is, and by make where their dies are."
)
MARKED = (
    "The bar across is what a target of the scenario asks for. Points with letters are published shares; each "
    "publisher counts in its own way, so none of them has to agree with another, or with the definition that it is "
    "closest to."
)
Summaries = Mapping[str, Mapping[str, ShareSummary]]
"""Definition -> year -> summary of the share."""


def self_sufficiency_section(fans: Fans) -> Section | None:
    """Return the section on self-sufficiency, or None where the result has no market."""
    result = fans.bands.result
    known = [name for name, _, _ in result.shares if name.startswith(PREFIX)]
    if not known or not result.years:
        return None
    aimed_at = {target.measure for target in result.targets if not target.scope}
    main = [name for name in known if name in PUBLISHED or name in aimed_at]
    years = matrix_years(fans)
    found: dict[str, dict[str, ShareSummary]] = {name: {} for name in known}

    def wanted(name: str, year: str) -> bool:
        return name in found and (name in main or year in years)

    share: Share
    for name, year, share in every_share(result, wanted):
        found[name][year] = summary(share, result.weights)
    figures = [_figure(f"share-{number}", name, found[name], fans) for number, name in enumerate(main)]
    # Those that take the whole width come first: between others they would leave gaps.
    shown = tuple(sorted((figure for figure in figures if figure is not None), key=lambda one: not one.full))
    return Section("self-sufficiency", "Self-sufficiency", (TEXT, MARKED), shown, tables=(matrix(found, years),))


def matrix_years(fans: Fans) -> list[str]:
    """Return the years of the matrix: those around the day of the report, else the last of the horizon."""
    years, day = fans.bands.result.years, known_day(fans)
    around = [year for year in years if day is not None and abs(int(year) - day.year) <= MATRIX_YEARS // 2]
    return around or years[-MATRIX_YEARS:]


def known_day(fans: Fans) -> date | None:
    """Return the as-of day, or the last on which a source of the catalogue was published."""
    bands = fans.bands
    if bands.as_of is not None:
        return bands.as_of
    return max((source.known for source in bands.catalogue.sources.values()), default=None)


def matrix(found: Summaries, years: list[str]) -> Table:
    """Return every definition by year, the grey channel left out and included."""
    rows: dict[str, dict[tuple[str, str], str]] = {}
    for name, by_year in found.items():
        _, basis, amount, own, grey = name.split(".")
        label = f"{_counted(basis)} {AMOUNT_WORDS[amount]}, {OWN_WORDS[own]} at home"
        cells = rows.setdefault(label, {})
        cells |= {(year, grey): _cell(by_year[year]) for year in years}
    columns = [(year, grey) for year in years for grey in ("without_grey", "with_grey")]
    header = [f"{year}, all" if grey == "with_grey" else year for year, grey in columns]
    body = tuple((label, *(cells.get(column, "") for column in columns)) for label, cells in rows.items())
    caption = (
        "Domestic share under every definition: median, and 5th to 95th percentile. Columns marked “all” count the "
        "grey channel among all chips, the others leave it out."
    )
    return Table(caption, ("Definition", *header), body)


def _counted(basis: str) -> str:
    words = {"units": "Chips", "value": "Chips by value"}
    return words.get(basis) or f"Compute by {EQUIVALENT_WORDS.get(basis, from_id(basis).lower())}"


def _cell(share: ShareSummary) -> str:
    low, middle, high = (share[level] for level in ("p5", "p50", "p95"))
    if low is None or middle is None or high is None:
        return UNDEFINED
    text = f"{whole_percent(middle)} ({whole_percent(low)} to {whole_percent(high)})".replace(f"{NO_BREAK}% to", " to")
    defined = share["defined"] or 0.0
    return text if defined > 1 - 1e-9 else f"{text}, defined in {whole_percent(defined)}"


def _figure(id_: str, name: str, by_year: Mapping[str, ShareSummary], fans: Fans) -> Figure | None:
    _, basis, amount, own, grey = name.split(".")
    rows = _rows(by_year, stock=amount == "stock")
    if not rows:
        return None
    heading = f"{_counted(basis)} {AMOUNT_WORDS[amount]}: {OWN_WORDS[own]} at home"
    unit = f"share of all, the grey channel {'included' if grey == 'with_grey' else 'left out'}"
    published = [(mark, note) for mark, note in _published(name, amount == "stock", fans) if _inside(mark, fans)]
    reports = [mark for mark, _ in published]
    targets = fans.bands.targets(name, {}, fans.bands.step)
    marks = tuple(
        Mark(
            letter_of(index),
            f"{report.period}: {percent(report.value)}, {report.label}{note and f' ({note})'}",
            tuple(fans.names.cite(source) for source in report.sources),
        )
        for index, (report, note) in enumerate(published)
    )
    table = Table(f"{heading}, {unit}", ("Year", *PERCENTILES.values()), tuple(_table_rows(by_year)))
    asks = tuple(f"Asked for in {target.text.removeprefix('target ')}: {_asked(target)}." for target in targets)
    medians = "; ".join(f"{row[0]}: {row[3]} ({row[1]} to {row[5]})" for row in table.rows if row[1] != UNDEFINED)
    words = [f"{heading}, {unit}. Median with 5th to 95th percentile. {medians}.", *asks]
    if marks:
        words.append(f"Published figures: {'; '.join(mark.text for mark in marks)}.")
    full = len(reports) >= MANY
    data = _data(rows, reports, targets, fans)
    drawings = tuple(
        fans.studio.draw(
            with_data(fan(*fans.domain, size, share=True), **data),
            f"{id_}{kind and '-'}{kind}",
            heading,
            " ".join(words),
            kind,
        )
        for kind, size in (SIZES if full else ONE_SIZE)
    )
    return Figure(id_, heading, unit, drawings, table, marks, asks, full)


def _rows(by_year: Mapping[str, ShareSummary], *, stock: bool) -> list[dict[str, float]]:
    """Return the years in which a share is defined as rows of a chart."""
    shown: list[dict[str, float]] = []
    for year, share in by_year.items():
        values = {level: value for level in LEVELS if (value := share[level]) is not None}
        if len(values) == len(LEVELS):
            shown.append({"x": int(year) + (1.0 if stock else 0.5), **values})
    return shown


def _table_rows(by_year: Mapping[str, ShareSummary]) -> list[tuple[str, ...]]:
    return [
        (year, *(UNDEFINED if (value := share[level]) is None else percent(value) for level in LEVELS))
        for year, share in by_year.items()
    ]


def _asked(target: TargetMark) -> str:
    return f"at least {whole_percent(target.needed[1])}"


def _inside(mark: ReportMark, fans: Fans) -> bool:
    start, end = fans.domain
    return start <= mark.position <= end


def _published(name: str, stock: bool, fans: Fans) -> list[tuple[ReportMark, str]]:
    """Return the published shares of a definition in the region, with their notes, in the order of their years."""
    bands = fans.bands
    region = str(bands.result.settings.scenario.get("region") or "")
    market = fans.names.label("countries", of=region)
    records = bands.catalogue.all("series", TimeSeries)
    found: list[tuple[str, float, str, str, tuple[str, ...]]] = []
    for series in PUBLISHED.get(name, ()):
        record = records.get(series)
        if record is None or record.scope.get("market") != market:
            continue
        for period, observed in record.values.items():
            known = observed.value if bands.as_of is None else observed.value.known_by(bands.as_of)
            for estimate in known.estimates if known is not None and period.isdigit() else ():
                value = float(estimate.distribution.ppf(np.array([0.5]))[0])
                found.append((period, value, record.label, estimate.note, estimate.sources))
    found.sort(key=lambda row: row[:2])
    marks = []
    for period, value, label, note, sources in found:
        alike = [row for row in found if row[0] == period]
        place = alike.index((period, value, label, note, sources))
        shift = 1.0 - 0.1 * (len(alike) - 1 - place) if stock else 0.12 + 0.76 * (place + 0.5) / len(alike)
        marks.append((ReportMark(int(period) + shift, label, period, value, value, value, False, sources), note))
    return marks


def _data(
    rows: list[dict[str, float]], reports: list[ReportMark], targets: list[TargetMark], fans: Fans
) -> dict[str, Any]:
    start, end = fans.domain
    return {
        "years": year_rows(fans.domain),
        "band": rows,
        "stems": rows,
        "reports": [
            {
                "x": report.position,
                "low": report.low,
                "high": report.high,
                "value": report.value,
                "bound": False,
                "letter": letter_of(index),
            }
            for index, report in enumerate(reports)
        ],
        "targets": [
            {
                "x": (start + end) / 2 if target.position > end - 1 else target.position,
                "from": start,
                "to": end,
                "low": target.needed[0],
                "middle": target.needed[1],
                "high": target.needed[2],
                "text": f"{whole_percent(target.needed[1])}, {target.text}",
            }
            for target in targets
        ],
    }
