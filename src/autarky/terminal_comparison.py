"""Text for a terminal: two scenarios side by side."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autarky.market.self_sufficiency import PREFIX
from autarky.terminal import SHARES, console, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autarky.analysis.compare import Comparison
    from autarky.analysis.debate import Answer, Answered
    from autarky.result import Settings

SHOWN_YEARS = 3
DETAIL = (
    *(".chip.", ".fab.", ".h100e.tpp", ".h100e.dense_16bit", ".h100e.prefill"),
    *("relative.tpp.", "relative.dense_16bit.", "relative.memory_bandwidth.", "relative.prefill."),
)
"""Measures of single chips and fabs, and of compute by measures like others, stand in the JSON, not on the screen."""


def print_comparison(comparison: Comparison) -> None:
    """Print targets with both probabilities, then each measure that changes: the difference by year."""
    out = console()
    a, b = comparison.a.settings, comparison.b.settings
    out.print(Text(f"{b.label}, against {a.label}", style="bold"))
    as_of = f"as of {a.as_of}" if a.as_of else "all facts"
    out.print(f"a = {a.name}, b = {b.name}, {as_of}, {a.draws:,} draws, seed {a.seed}, the same draws on both sides")
    for note in comparison.notes:
        out.print(Text(f"note: {note}"))
    if comparison.targets:
        _print_targets(out, comparison)
    _print_differences(out, comparison)


def _print_targets(out: Console, comparison: Comparison) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="How likely", title_justify="left", pad_edge=False)
    table.add_column("target", max_width=56)
    for side in ("a", "b", "b - a"):
        table.add_column(side, justify="right", no_wrap=True)
    for pair in comparison.targets:
        table.add_row(
            Text(pair.definition), _percent(pair.a), _percent(pair.b), _points(pair.difference, pair.standard_error)
        )
    out.print(table)


def print_answers(answers: Sequence[Answer], settings: Settings) -> None:
    """Print each question of the debate with the figures that answer it, by year."""
    out = console()
    as_of = f"as of {settings.as_of}" if settings.as_of else "all facts"
    out.print(f"{settings.name} and its counterfactuals, {as_of}, {settings.draws:,} draws: median (5 to 95 %)")
    for answer in answers:
        title = answer.ask
        for years, figures in itertools.groupby(answer.figures, lambda found: tuple(found.by_year)):
            table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
            table.add_column("", min_width=30)
            for year in years:
                table.add_column(year, justify="right", no_wrap=True)
            for found in figures:
                unit = f", {found.unit}" if found.kind in ("amount", "change") else ""
                table.add_row(Text(f"{found.say}{unit}"), *(_answered(found, year) for year in years))
            out.print(table)
            title = ""


def _answered(found: Answered, year: str) -> str:
    value = found.by_year[year]
    if value is None:
        return "not defined"
    if isinstance(value, float):
        return f"{100 * value:.0f} %"
    if found.kind in ("share", "change of share"):
        sign = "+" if found.kind == "change of share" else ""
        low, middle, high = (f"{100 * part:{sign}.1f}" for part in value)
        unit = " points" if sign else " %"
        return f"{middle}{unit}\n{low} to {high}"
    low, middle, high = (_signed(part) if found.kind == "change" else figure(part) for part in value)
    return f"{middle}\n{low} to {high}"


def _percent(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.1f} %"


def _points(difference: float | None, error: float | None) -> str:
    if difference is None or error is None:
        return ""
    return "0" if difference == 0 and error == 0 else f"{100 * difference:+.1f} ± {100 * error:.1f}"


def _print_differences(out: Console, comparison: Comparison) -> None:
    names = [name for name in comparison.changed if _on_screen(name)]
    if not names:
        out.print("No measure differs in any draw.")
        return
    shown = _shown_years(comparison, names)
    title = "b - a: mean over draws, and 5th to 95th percentile below it"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("", min_width=26, overflow="fold")
    for year in shown:
        table.add_column(year, justify="right", no_wrap=True)
    for name in names:
        by_year = comparison.differences[name]
        cells = [
            "0"
            if not any(by_year[year].values())
            else f"{_signed(by_year[year]['mean'])}\n{_signed(by_year[year]['p5'])} to {_signed(by_year[year]['p95'])}"
            for year in shown
        ]
        table.add_row(Text(f"{name}, {comparison.a.yearly[name].definition.unit}"), *cells)
    out.print(table)
    same = len(comparison.both) - len(comparison.changed)
    out.print(f"{same} of {len(comparison.both)} measures do not differ in any draw.")


def _on_screen(name: str) -> bool:
    return name in SHARES or not (name.startswith(PREFIX) or any(part in name for part in DETAIL))


def _shown_years(comparison: Comparison, names: list[str]) -> list[str]:
    """Return the years from the first that a target asks about, less one, in which something moves."""
    asked = min((target.period for target, _ in comparison.a.met.values()), default="")[:4]
    moving = [
        year
        for year in comparison.differences[names[0]]
        if any(any(comparison.differences[name].get(year, {}).values()) for name in names)
    ]
    later = [year for year in moving if not asked or int(year) >= int(asked) - 1]
    return (later or moving)[:SHOWN_YEARS]


def _signed(value: float | None) -> str:
    if value is None:
        return "not defined"
    return f"+{figure(value)}" if value > 0 else figure(value)
