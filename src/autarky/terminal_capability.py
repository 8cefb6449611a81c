"""What the chips in service can do, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autarky.equivalents import MODELLED
from autarky.measures import CAPABILITIES, ENERGY, POWER, capability, define
from autarky.tokens import ALL, token_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autarky.result import Result

LEADING = 6
"""Chips told one by one: those of which most are in service."""
WORDS = {
    **{f"installed.h100e.{task}": f"in service, by {task}" for task in MODELLED},
    capability("training"): "usable training",
    capability("prefill"): "prompts read",
    capability("decode"): "answers given",
    POWER: "rated power",
    ENERGY: "electricity",
}
SHORT = {unit: unit.replace("1e21 ", "Z").replace("1e12 ", "T") for unit, _ in CAPABILITIES.values()}


def print_capability(out: Console, result: Result, years: Sequence[str], figure: Callable[[float], str]) -> None:
    """Print what the base can do by year, and the chips of which it has most at the end of the last year shown.

    `figure` puts a number into a few characters.
    """
    known = [name for name in WORDS if name in result.measures]
    if not known or not years:
        return
    title = "What it can do: median, and 5th to 95th percentile below it"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("", no_wrap=True)
    for year in years:
        table.add_column(year, justify="right", no_wrap=True)
    for name in known:
        rows, unit = result.by_year(name), define(name).unit
        cells = [f"{figure(rows[y]['p50'])}\n{figure(rows[y]['p5'])} to {figure(rows[y]['p95'])}" for y in years]
        table.add_row(Text(f"{WORDS[name]}, {SHORT.get(unit, unit)}"), *cells)
    out.print(table)
    if result.capability.speed:
        _print_chips(out, result, years[-1], figure)


def _print_chips(out: Console, result: Result, year: str, figure: Callable[[float], str]) -> None:
    tasks = list(result.capability.speed)
    last = tasks[-1]
    title = f"One chip at the end of {year}, with its software: tokens per s; J and USD in {last}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in ("in service", *tasks, "J/token", "USD/M tokens"):
        table.add_column(column, justify="right", no_wrap=True)
    rows = token_figures(result, year)
    for row in [*[row for row in rows if row.name != ALL][:LEADING], *[row for row in rows if row.name == ALL]]:
        cells = [figure(row.in_service[1]), *(figure(row.speed[task][1]) for task in tasks)]
        cells += ["" if each is None else figure(each[1]) for each in (row.energy[last], row.cost[last])]
        table.add_row(Text("all in service" if row.name == ALL else row.name), *cells)
    out.print(table)
    for task, words in result.capability.workloads.items():
        out.print(Text(f"  {task}: {words}"))
