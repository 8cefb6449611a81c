"""The quantile tables of the shipped scenarios: what a changed number does to the answers, visible in the diff.

Not a check of truth: the tests under `published/`, `laws/` and `statistics/` are. Rewrite after a change of facts with

    .venv/bin/python tests/golden/tables.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import autarky
from autarky.scenario.resolve import library

FOLDER = Path(__file__).parent
DRAWS, SEED = 4096, 1
LEVELS = ("p5", "p50", "p95")
Row = tuple[str, str, float, float, float]


def table(scenario: str) -> list[Row]:
    """Return measure, year and quantiles of the chain alone, and each target with its probability."""
    result = autarky.run(scenario, draws=DRAWS, seed=SEED, prior=True)
    rows: list[Row] = []
    for name, measure, scope in result.breakdown():
        for year, summary in result.by_year(measure, scope).items():
            rows.append((name, year, *(float(f"{summary[level]:.4g}") for level in LEVELS)))
    for target in result.target_results:
        value = float(f"{target.probability:.4g}")
        rows.append((f"target {target.name}", "", value, value, value))
    return rows


def path(scenario: str) -> Path:
    return FOLDER / f"{scenario}.csv"


def read(scenario: str) -> list[Row]:
    with path(scenario).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return [(name, year, float(p5), float(p50), float(p95)) for name, year, p5, p50, p95 in rows]


def write(scenario: str) -> None:
    with path(scenario).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("measure", "year", *LEVELS))
        writer.writerows((name, year, *(f"{value:.4g}" for value in values)) for name, year, *values in table(scenario))


def scenarios() -> list[str]:
    """Return the scenarios with a table: those that stand on their own; the others are differences from them."""
    return [name for name, path in library().items() if "\nextends:" not in path.read_text(encoding="utf-8")]


if __name__ == "__main__":
    for each in scenarios():
        write(each)
        print(path(each).name)
