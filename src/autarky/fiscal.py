"""Money of a vendor by its own fiscal quarters: revenue, fees, duties, write-downs and their releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autarky.market.revenue import by_fiscal_quarter
from autarky.measures import define
from autarky.quantities.arrays import Array
from autarky.quantities.summary import weighted_mean, weighted_quantiles

if TYPE_CHECKING:
    from autarky.result import Result

MONEY = ("revenue", "fees", "duties", "write_downs", "releases")
LEVELS = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
Quarters = dict[str, dict[str, float]]
"""Fiscal quarter such as FY2026Q1 -> quantiles and mean, USD."""


def quarters_of(result: Result, measure: str, vendor: str) -> dict[str, Array]:
    """Return a flow of money of one vendor by its fiscal quarters that lie wholly in the horizon, USD (draw,) each."""
    definition = define(measure)
    rows = result.tags.members(definition.entity, {**definition.within, "vendor": vendor})
    member = result.members[definition.entity][rows[0]]
    starts = int(result.tags.by_entity[definition.entity][member]["fiscal_year_starts"])
    return by_fiscal_quarter(result.monthly(measure, {"vendor": vendor}), result.months, starts)


def fiscal_quarters(result: Result) -> dict[str, dict[str, Quarters]]:
    """Return vendor -> measure of MONEY -> fiscal quarter -> summary; nothing for a result without a market."""
    found: dict[str, dict[str, Quarters]] = {}
    for measure in (name for name in MONEY if name in result.measures):
        definition = define(measure)
        tags = result.tags.by_entity[definition.entity]
        rows = result.tags.members(definition.entity, definition.within)
        for vendor in dict.fromkeys(tags[result.members[definition.entity][row]]["vendor"] for row in rows):
            found.setdefault(vendor, {})[measure] = {
                quarter: _summary(values, result.weights)
                for quarter, values in quarters_of(result, measure, vendor).items()
            }
    return found


def _summary(values: Array, weights: Array | None) -> dict[str, float]:
    quantiles = weighted_quantiles(values, list(LEVELS.values()), weights)
    return {**dict(zip(LEVELS, map(float, quantiles), strict=True)), "mean": float(weighted_mean(values, weights))}
