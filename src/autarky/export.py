"""The summary of results as one long table, and as CSV, Parquet or Excel files.

A row is one statistic of one measure in one period: run, scenario, entity, variable, unit, period, quantile, value.
Readers of pyam's format take run as the model, entity as the region and period as the time. Totals are summed draw
by draw before any quantile is taken: quantiles themselves do not add up.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autarky.atomic import whole_file
from autarky.errors import MissingExtraError, Problem, ResultError, nearest
from autarky.measures import define, months_of
from autarky.quantities.arrays import Array
from autarky.quantities.summary import weighted_mean
from autarky.result import LEVELS, Result, Settings
from autarky.storage import plain

if TYPE_CHECKING:
    from autarky.analysis.compare import Comparison

STATISTICS = (*LEVELS, "mean")


class Row(NamedTuple):
    """One statistic of one measure in one period."""

    run: str
    scenario: str
    entity: str
    """What the measure counts over: the region for a total, else for example `vendor: huawei`."""
    variable: str
    unit: str
    period: str
    """A year, or a month such as 2026-03: the sum of a flow over it, or the stock at its end."""
    quantile: str
    """One of STATISTICS."""
    value: float


def table(result: Result, *, monthly: bool = True) -> list[Row]:
    """Return the long table: every measure of the breakdown by whole year, and totals by month too if asked."""
    run, scenario = run_name(result.settings), result.settings.name
    rows: list[Row] = []
    for _, measure, scope in result.breakdown():
        periods = result.years + (result.month_labels if monthly and not scope else [])
        unit, entity = define(measure).unit, entity_name(result, scope)
        for period, values in zip(periods, statistics(result, measure, scope, periods).T, strict=True):
            rows.extend(
                Row(run, scenario, entity, measure, unit, period, name, float(value))
                for name, value in zip(STATISTICS, values, strict=True)
            )
    return rows


def statistics(result: Result, measure: str, scope: dict[str, str], periods: Sequence[str]) -> Array:
    """Return STATISTICS of a measure in each period, in its unit, (statistic, period)."""
    if not periods:
        return np.empty((len(STATISTICS), 0))
    draws = result.over_each(measure, [months_of(period, result.months) for period in periods], scope)
    # One period at a time: a product of matrices may round the last digit in another way.
    means = [float(weighted_mean(row, result.weights)) for row in draws]
    return np.vstack([result.quantiles(draws), means])


def run_name(settings: Settings) -> str:
    """Return the version and a short hash of all settings: equal for equal bits."""
    made_by = json.dumps(plain(vars(settings)), sort_keys=True)
    return f"autarky {settings.version} {hashlib.blake2b(made_by.encode(), digest_size=4).hexdigest()}"


def entity_name(result: Result, scope: dict[str, str]) -> str:
    """Return what a scope names, or the region of the scenario for a total."""
    named = ", ".join(f"{tag}: {value}" for tag, value in scope.items())
    return named or str(result.settings.scenario.get("region") or "all")


def write(result: Result, path: str | Path, *, beside: Sequence[Result] = ()) -> Path:
    """Write the file that the name's end asks for, .csv, .parquet or .xlsx, and return its path."""
    suffix = Path(path).suffix.lower()
    if suffix not in WRITERS:
        hint = nearest(suffix, WRITERS) or f"a table ends in {', '.join(WRITERS)}"
        raise ResultError(Problem(f"no table ends in {suffix or 'nothing'}", place=str(path), hint=hint))
    return WRITERS[suffix](result, path, beside)


def write_csv(result: Result, path: str | Path, beside: Sequence[Result] = ()) -> Path:
    """Write the long table as CSV (RFC 4180, UTF-8, decimal points) and return its path.

    A value that is not defined is an empty field. Text stands as it is, so a scenario called =1+1 is a formula to
    a spreadsheet that opens the file; `write_excel` marks text as text.
    """
    return write_rows(Row._fields, _rows(result, beside), path)


def write_rows(header: Sequence[str], rows: Iterable[Sequence[str | float | None]], path: str | Path) -> Path:
    """Write rows as CSV, whole or not at all, and return the path; a number that is not defined is an empty field."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        # Only what is not a number differs from itself.
        writer.writerows(["" if value != value else value for value in row] for row in rows)
    return Path(path)


DIFFERENCES = ("scenario_a", "scenario_b", "variable", "unit", "period", "quantile", "difference")


def difference_rows(comparison: Comparison) -> Iterator[tuple[str | float | None, ...]]:
    """Yield the rows of a table of differences, b - a: every measure by year, its quantiles and its mean."""
    a, b = comparison.a.settings.name, comparison.b.settings.name
    for name, by_year in comparison.differences.items():
        unit = comparison.a.yearly[name].definition.unit
        for year, found in by_year.items():
            yield from ((a, b, name, unit, year, level, found[level]) for level in STATISTICS)


def write_parquet(result: Result, path: str | Path, beside: Sequence[Result] = ()) -> Path:
    """Write the long table as Parquet and return its path; the settings of each run stand in the file's metadata."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "tables", "a Parquet file") from None
    columns = zip(Row._fields, zip(*_rows(result, beside), strict=True), strict=True)
    kinds = {name: pyarrow.float64() if name == "value" else pyarrow.string() for name in Row._fields}
    settings = [{"run": run_name(one.settings), **plain(vars(one.settings))} for one in (result, *beside)]
    schema = pyarrow.schema(kinds.items(), metadata={"autarky": json.dumps(settings)})
    with whole_file(path) as part:
        pyarrow.parquet.write_table(pyarrow.table({name: list(values) for name, values in columns}, schema), part)
    return Path(path)


def write_excel(result: Result, path: str | Path, beside: Sequence[Result] = ()) -> Path:
    """Write a workbook of targets, measures, bottleneck, inputs, sources and settings, and return its path."""
    from autarky.workbook import workbook_bytes

    content = workbook_bytes((result, *beside))
    with whole_file(path) as part:
        part.write_bytes(content)
    return Path(path)


WRITERS: dict[str, Callable[[Result, str | Path, Sequence[Result]], Path]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".xlsx": write_excel,
}


def _rows(result: Result, beside: Sequence[Result]) -> Iterable[Row]:
    return (row for one in (result, *beside) for row in table(one))
