"""Text for a terminal: the summary of a result, records of the catalogue, a progress bar."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autarky.analysis.condition import LARGEST_K
from autarky.measures import define
from autarky.report.words import NO_BREAK
from autarky.report.words import chance as chance_in_words
from autarky.targets import by_kind
from autarky.terminal_capability import print_capability
from autarky.terminal_text import console as console
from autarky.terminal_text import figure as figure

if TYPE_CHECKING:
    from autarky.analysis.condition import Check
    from autarky.engine import Progress
    from autarky.result import Result
    from autarky.sufficiency import ShareSummary


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Progress | None]:
    """Give a progress callback that draws a bar on a terminal, or None where there is none."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def chance(probability: float, error: float, draws: float) -> str:
    """Return a probability in percent with its standard error, in the words of the report."""
    return chance_in_words(probability, error, draws).replace(NO_BREAK, " ")


def print_summary(result: Result) -> None:
    """Print the answer: targets, output by year, what binds, how well the past fits."""
    out = console()
    settings = result.settings
    out.print(Text(settings.label, style="bold"))
    as_of = f"as of {settings.as_of}" if settings.as_of else "all facts"
    out.print(f"{settings.name}, {as_of}, {settings.draws:,} draws, seed {settings.seed}, {_state(result)}")
    for note in result.notes:
        out.print(f"note: {note}")
    if result.targets:
        _print_targets(out, result)
    _print_years(out, result)
    if result.shares:
        _print_shares(out, result)
    print_capability(out, result, shown_years(result), figure)
    _print_bottleneck(out, result)
    if result.fit is not None:
        _print_fit(out, result)


def _state(result: Result) -> str:
    if result.fit is None:
        return "no evidence given"
    if result.settings.prior:
        return "the chain alone (--prior)"
    if result.weights is None:
        return "the chain alone: the evidence does not fit it"
    return "weighed by the evidence"


def _print_targets(out: Console, result: Result) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="How likely", title_justify="left", pad_edge=False)
    table.add_column("target", max_width=68)
    table.add_column("probability", justify="right", no_wrap=True)
    for met in result.target_results:
        table.add_row(Text(met.definition), chance(met.probability, met.standard_error, result.effective_draws))
    out.print(table)
    _print_worlds(out, result)


def _print_worlds(out: Console, result: Result) -> None:
    """Print the target on which the publishers' worlds differ most."""
    rows = [(target.definition, w) for target in result.targets for w in result.by_world(target).values() if w]
    if rows:
        definition, worlds = max(rows, key=lambda row: max(row[1].values()) - min(row[1].values()))
        out.print(Text("Where it matters most whose picture of the fabs is right:", style="italic"))
        out.print(Text(f"  {definition}: " + ", ".join(f"{name} {100 * p:.1f} %" for name, p in worlds.items())))


def shown_years(result: Result) -> list[str]:
    """Return the years on the screen: from two before the first that a target asks about."""
    years = result.years
    asked = min((target.period[:4] for target in result.targets), default=years[-1] if years else "")
    first = max(0, years.index(asked) - 2) if asked in years else 0
    return years[first : first + SHOWN_YEARS]


def _print_years(out: Console, result: Result) -> None:
    title = "Median, and 5th to 95th percentile below it"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("", no_wrap=True)
    shown = shown_years(result)
    for year in shown:
        table.add_column(year, justify="right", no_wrap=True)
    last = ("imports.chips", "grey.chips", "revenue")
    for name, measure, scope in sorted(result.breakdown(), key=lambda row: row[0] in last):
        if name not in HEADLINES and not name.startswith("production.chips.vendor."):
            continue
        rows = result.by_year(measure, scope)
        label = HEADLINES.get(name) or f"  of {name.rsplit('.', 1)[-1]}"
        cells = [f"{figure(rows[y]['p50'])}\n{figure(rows[y]['p5'])} to {figure(rows[y]['p95'])}" for y in shown]
        table.add_row(Text(f"{label}, {define(measure).unit}"), *cells)
    out.print(table)


SHOWN_YEARS = 4
HEADLINES = {
    "production.chips": "packages made",
    "production.dies": "dies in them",
    "production.h100e.tpp": "by TPP",
    "production.h100e.memory_bandwidth": "by memory bandwidth",
    "good_dies": "good dies from fabs",
    "imports.chips": "packages imported",
    "grey.chips": "past the rules",
    "revenue": "paid to vendors",
}


def _print_shares(out: Console, result: Result) -> None:
    """Print self-sufficiency under the definitions that published figures use."""
    title = "Self-sufficiency, percent: median, and 5th to 95th percentile below it"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("", max_width=44)
    shown = shown_years(result)
    for year in shown:
        table.add_column(year, justify="right", no_wrap=True)
    for name, words in SHARES.items():
        if name in {share for share, _, _ in result.shares}:
            rows = result.share_by_year(name)
            table.add_row(Text(words), *(_percentages(rows[year]) for year in shown))
    out.print(table)


SHARES = {
    "self_sufficiency.units.flow.designed.without_grey": "chips brought into service, by number, designed there",
    "self_sufficiency.units.flow.made.without_grey": "the same, with dies made there",
    "self_sufficiency.value.flow.designed.without_grey": "by value, designed there",
    "self_sufficiency.dense_8bit.flow.designed.with_grey": "by dense 8-bit compute, with the grey channel",
    "self_sufficiency.dense_8bit.stock.designed.with_grey": "all in service at the year's end, counted the same way",
}
"""Definitions of self-sufficiency on the screen; the JSON has all."""


def _percentages(row: ShareSummary) -> str:
    low, middle, high = row["p5"], row["p50"], row["p95"]
    if low is None or middle is None or high is None:
        return "not defined"
    return f"{100 * middle:.0f}\n{100 * low:.0f} to {100 * high:.0f}"


def _print_bottleneck(out: Console, result: Result) -> None:
    out.print(Text("What decides the number of packages (share of draws)", style="italic"))
    for year, shares in result.bottleneck().items():
        groups = by_kind(shares).items()
        out.print(f"  {year}  " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in groups if share >= 0.005))


def _print_fit(out: Console, result: Result) -> None:
    fit = result.fit
    if fit is None:
        return
    verdict = "usable" if fit.usable else "not usable"
    out.print(
        Text(
            f"The record: {fit.effective_draws:,.0f} effective draws, Pareto k {fit.pareto_k:.2f} ({verdict})", "italic"
        )
    )
    if not fit.usable:
        out.print("  The evidence does not fit the chain well enough; the numbers above are the chain alone.")
        if fit.pareto_k <= LARGEST_K:
            out.print(f"  More draws would help: try --draws {4 * result.settings.draws}.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("observed", max_width=46)
    table.add_column("the chain alone", justify="right", no_wrap=True)
    if fit.usable:
        table.add_column("with the evidence", justify="right", no_wrap=True)
    for check in fit.checks:
        table.add_row(Text(check.label), _interval(check.before), *([_interval(check.after)] if fit.usable else []))
    out.print(table)
    if not fit.usable:
        return
    for check in fit.checks:
        for line in tensions(check):
            out.print(Text(f"  in tension: {line}"))


def _interval(values: tuple[float, float, float]) -> str:
    low, middle, high = values
    return f"{figure(middle)} ({figure(low)} to {figure(high)})"


def tensions(check: Check) -> list[str]:
    """Return a line for each report that the model and the other evidence make much less likely to be right."""
    lines = []
    for report in check.reports:
        if report.in_tension:
            bound = "at most " if report.bound else ""
            lines.append(
                f"{check.label}: {bound}{figure(report.value)} ({', '.join(report.sources)}), "
                f"{100 * report.prior:.0f} % before, {100 * report.posterior:.1f} % after"
            )
    return lines


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print plain rows as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name, justify="right" if isinstance(rows[0][name], int) else "left")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))
    console().print(table)


def print_record(shown: dict[str, Any]) -> None:
    """Print a record: its fields, then every estimate with its sources side by side."""
    out = console()
    out.print(Text(f"{shown['label']}  ({shown['collection']}.{shown['id']})", style="bold"))
    for name, value in shown["fields"].items():
        out.print(Text(f"{name}: {value}"))
    if shown["note"]:
        out.print(Text(shown["note"]))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("quantity")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("source", ratio=1)
    previous = ""
    for row in shown["quantities"]:
        key = f"{row['key'].removeprefix(shown['collection'] + '.' + shown['id'] + '.')} {row['month']}".strip()
        table.add_row(Text("" if key == previous else key), Text(_value(row)), Text(_cited(row)))
        previous = key
    if shown["quantities"]:
        out.print(table)
    elif shown["sources"]:
        out.print(Text("sources: " + "; ".join(_source(source) for source in shown["sources"])))


def _value(row: dict[str, Any]) -> str:
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    if row["key"].endswith((".int8", ".int4")):
        unit = unit.replace("TFLOPS", "TOPS")
    if row["p5"] is None:
        return f"{plain(row['p50'], 6)}{unit}"
    return f"{plain(row['p50'], 4)} ({plain(row['p5'], 4)} to {plain(row['p95'], 4)}){unit}"


def plain(value: float, digits: int) -> str:
    """Return a number with so many significant digits and no exponent."""
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cited(row: dict[str, Any]) -> str:
    parts = [_source(source) for source in row["sources"]]
    if row["unverified"]:
        parts.append("unverified")
    if row["world"]:
        parts.append(f"world {row['world']}")
    text = "; ".join(parts)
    return f"{text} - {row['note']}" if row["note"] else text


def _source(source: dict[str, Any]) -> str:
    if not source["publisher"]:
        return str(source["id"])
    relayed = f" for {source['relay_of']}" if source.get("relay_of") else ""
    return f"{source['publisher']} {source['published']} [{source['grade']}]{relayed}"


def print_bibliography(rows: Sequence[dict[str, Any]]) -> None:
    """Print the bibliography, one source a paragraph."""
    out = console()
    for row in rows:
        mark = ", unverified" if row.get("unverified") else ""
        out.print(Text(f"{row['id']}  [{row['grade']}{mark}]  cited {row['cited']} times", style="bold"))
        out.print(Text(f"  {row['title']}, {row['publisher']}, {row['published']}"))
        if row["url"]:
            out.print(Text(f"  {row['url']}", overflow="fold"))
    out.print(f"{len(rows)} sources")
