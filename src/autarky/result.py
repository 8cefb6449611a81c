"""The labelled result of a run: draws by month, their weights, and all that is needed to make them again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autarky.analysis.condition import Fit
from autarky.market.self_sufficiency import Share
from autarky.measures import MARKET_DEFINITIONS, Definition, Tags, define, equivalent_of, months_of
from autarky.quantities.arrays import Array
from autarky.quantities.months import month_label
from autarky.quantities.summary import batch_standard_error, ess, probability, weighted_mean, weighted_quantiles
from autarky.scenario.schema import Target

if TYPE_CHECKING:
    import xarray

    from autarky.sufficiency import ShareSummary

LEVELS = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
LARGE = 500_000
Draws = NDArray[np.float32]


@dataclass(frozen=True)
class InputUsed:
    """One uncertain input as it was drawn."""

    key: str
    unit: str
    p5: float
    p50: float
    p95: float
    month: str
    """The month of the values, for a path; empty for a single number."""
    estimates: int
    sources: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """What made the result: asking again with these gives the same bits."""

    scenario: Mapping[str, Any]
    name: str
    label: str
    as_of: str
    draws: int
    seed: int
    prior: bool
    version: str
    catalogue: str


@dataclass(frozen=True)
class TargetResult:
    """The probability of a target, with its standard error."""

    name: str
    definition: str
    probability: float
    standard_error: float


@dataclass(frozen=True)
class Result:
    """Draws of every flow, (member, month, draw), with weights (draw,)."""

    settings: Settings
    months: NDArray[np.int64]
    flows: Mapping[str, Draws]
    members: Mapping[str, tuple[str, ...]]
    tags: Tags
    die_counts: Mapping[str, int]
    """Compute dies in a package, by chip."""
    worth: Mapping[str, Array]
    """Measure of EQUIVALENTS -> (chip, draw): one chip over the reference chip, chips in the order of `valued`."""
    constraints: tuple[str, ...]
    binding: Draws
    """(year, constraint, draw): packages asked for whose number each constraint decided."""
    worlds: Mapping[str, tuple[tuple[str, ...], NDArray[np.int64]]]
    """World group -> (publishers, which one each draw follows)."""
    targets: tuple[Target, ...]
    inputs: tuple[InputUsed, ...]
    events: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    """(date, label, actor, sources) of the events to draw on the time axis."""
    fit: Fit | None = None
    valued: tuple[str, ...] = ()
    """Chips that `worth` has; by default those produced."""
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    # Measures

    def monthly(self, measure: str, scope: Mapping[str, str] | None = None) -> Array:
        """Return a measure by month, (month, draw), in its unit: a month's flow, or the stock at its end."""
        definition = define(measure)
        rows = self.tags.members(definition.entity, {**definition.within, **(scope or {})})
        flow = self.flows[definition.entity]
        factors = self._factors(measure, definition)
        parts = (flow[row] if factors is None else flow[row] * factors[row] for row in rows)
        total: Array = next(parts).astype(float)
        for part in parts:
            total += part
        return total

    @cached_property
    def _known_factors(self) -> dict[str, Array | None]:
        return {}

    def _factors(self, measure: str, definition: Definition) -> Array | None:
        """Return what each member of a measure's flow counts for, (member, draw) or (member, 1); None for 1 each."""
        if measure not in self._known_factors:
            self._known_factors[measure] = self._new_factors(measure, definition)
        return self._known_factors[measure]

    def _new_factors(self, measure: str, definition: Definition) -> Array | None:
        if measure == "production.dies":
            counts = [self.die_counts[chip] for chip in self.members["production"]]
            return np.array(counts, dtype=float)[:, np.newaxis]
        equivalent = equivalent_of(measure)
        return None if equivalent is None else self.worth_of(equivalent, definition.entity)

    def worth_of(self, equivalent: str, entity: str) -> Array:
        """Return what one chip of each member of a flow is worth over the reference chip, (member, draw)."""
        valued = self.valued or tuple(self.die_counts)
        tags = self.tags.by_entity[entity]
        rows = [valued.index(tags[member]["chip"]) for member in self.members[entity]]
        worth: Array = self.worth[equivalent][rows]
        return worth

    def by_period(self, measure: str, period: str, scope: Mapping[str, str] | None = None) -> Array:
        """Return a measure over a period, (draw,): the sum of a flow, the stock at the period's end, or a share.

        A share is 0 in draws in which it is not defined; `share` tells which.
        """
        definition = define(measure)
        if definition.kind == "share":
            return self.share(measure, period, scope).values
        return self.over(measure, months_of(period, self.months), scope)

    def over(self, measure: str, inside: NDArray[np.int64], scope: Mapping[str, str] | None = None) -> Array:
        """Return a measure over some months, given by position, (draw,): a flow's sum, or the stock at their end."""
        definition = define(measure)
        rows = self.tags.members(definition.entity, {**definition.within, **(scope or {})})
        flow = self.flows[definition.entity]
        factors = self._factors(measure, definition)
        total = np.zeros(flow.shape[-1])
        for row in rows:
            months = flow[row][inside] if definition.kind == "flow" else flow[row][inside[-1:]]
            part = months.sum(axis=0, dtype=float)
            total += part if factors is None else part * factors[row]
        return total

    def share(self, measure: str, period: str, scope: Mapping[str, str] | None = None) -> Share:
        """Return a share over a period, (draw,), and in which draws it is defined."""
        from autarky.sufficiency import share

        return share(self, measure, period, scope or {})

    @cached_property
    def shares(self) -> tuple[tuple[str, str, dict[str, str]], ...]:
        """Return (name, measure, scope) of every share that this result can give: self-sufficiency by definition."""
        from autarky.sufficiency import shares

        return shares(self)

    def share_by_year(self, measure: str, scope: Mapping[str, str] | None = None) -> dict[str, ShareSummary]:
        """Return the summary of a share for every whole year; None where it is defined in no draw."""
        from autarky.sufficiency import summary

        return {year: summary(self.share(measure, year, scope), self.weights) for year in self.years}

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Measures that this result can give."""
        known = ["production.chips", "production.dies", "installed.chips", "capacity", "wafers", "good_dies"]
        known += ["bank_dies", "stacks", "stock.dies", "stock.stacks"]
        known += [f"{kind}.h100e.{name}" for kind in ("production", "installed") for name in self.worth]
        # Of chips brought into service, two measures of compute say enough; the others can be asked for by name.
        told = [""] + [name for name in ("tpp", "memory_bandwidth") if name in self.worth]
        known += [name for name in MARKET_DEFINITIONS if (equivalent_of(name) or "") in told]
        return tuple(name for name in known if self._has(define(name)))

    def _has(self, definition: Definition) -> bool:
        """Return whether any member of a flow is what a measure counts."""
        tags = self.tags.by_entity.get(definition.entity, {})
        members = self.members.get(definition.entity, ())
        return any(all(tags[name].get(tag) == value for tag, value in definition.within.items()) for name in members)

    @property
    def years(self) -> list[str]:
        """Calendar years that lie wholly inside the horizon."""
        return [str(year) for year in np.unique(self.months // 12) if np.sum(self.months // 12 == year) == 12]

    @property
    def month_labels(self) -> list[str]:
        """ISO labels of the months."""
        return [month_label(int(month)) for month in self.months]

    # Summaries

    @property
    def weights(self) -> Array | None:
        """Weights of the draws, (draw,), or None where all count the same."""
        return self.fit.weights if self.fit is not None and self.fit.usable and not self.settings.prior else None

    @property
    def effective_draws(self) -> float:
        """Number of equally weighted draws that the weighted ones are worth."""
        return float(self.settings.draws) if self.weights is None else ess(self.weights)

    def quantiles(self, values: Array, levels: Sequence[float] = tuple(LEVELS.values())) -> Array:
        """Return weighted quantiles over draws, (level, ...); the rows of a large array are shared among threads."""
        if values.ndim < 2 or values.size < LARGE:
            return weighted_quantiles(values, levels, self.weights)
        parts = np.array_split(values, min(os.cpu_count() or 1, values.shape[0]))
        with ThreadPoolExecutor() as pool:
            found = pool.map(lambda part: weighted_quantiles(part, levels, self.weights), parts)
            return np.concatenate(list(found), axis=1)

    def summary(self, values: Array) -> dict[str, float]:
        """Return p5 to p95, mean and the standard error of the median of draws (draw,)."""
        quantiles = {name: float(value) for name, value in zip(LEVELS, self.quantiles(values), strict=True)}
        error = self.standard_error(lambda v, w: weighted_quantiles(v, [0.5], w)[0], values)
        return {**quantiles, "mean": float(weighted_mean(values, self.weights)), "standard_error": error}

    def standard_error(self, statistic: Any, values: Array) -> float:
        """Return the standard error of a statistic of draws from batches; infinite where batches cannot tell it."""
        batches = 16 if values.size >= 128 else 2
        weights = self.weights
        if values.size < batches or (weights is not None and not _every_batch_counts(weights, batches)):
            return float("inf")
        return float(batch_standard_error(statistic, values, weights, batches))

    def breakdown(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return (name, measure, scope) of every measure worth a table row: totals, then vendors, chips, fabs."""
        parted = {"capacity": "fab", "access": "stage", "reference": "holder"}
        rows: list[tuple[str, str, dict[str, str]]] = [(name, name, {}) for name in self.measures if name not in parted]
        for tag in ("vendor", "chip"):
            rows += self._by_tag("production.chips", tag)
        rows += self._by_tag("revenue", "vendor")
        for measure, tag in parted.items():
            rows += self._by_tag(measure, tag, least=1)
        return rows

    def _by_tag(self, measure: str, tag: str, least: int = 2) -> list[tuple[str, str, dict[str, str]]]:
        """Return a row for each value of a tag, where there are at least so many."""
        if measure not in self.measures:
            return []
        definition = define(measure)
        tags = self.tags.by_entity[definition.entity]
        fitting = self.tags.members(definition.entity, definition.within)
        values = dict.fromkeys(tags[self.members[definition.entity][i]][tag] for i in fitting)
        return [(f"{measure}.{tag}.{v}", measure, {tag: v}) for v in values] if len(values) >= least else []

    def by_years(self, measure: str, scope: Mapping[str, str] | None = None) -> dict[str, Array]:
        """Return a measure for every whole year, (draw,) each, in its unit."""
        kind = define(measure).kind
        if kind == "share":
            return {year: self.by_period(measure, year, scope) for year in self.years}
        return {year: self.over(measure, months_of(year, self.months), scope) for year in self.years}

    def by_year(self, measure: str, scope: Mapping[str, str] | None = None) -> dict[str, dict[str, float]]:
        """Return the summary of a measure for every whole year."""
        return {year: self.summary(values) for year, values in self.by_years(measure, scope).items()}

    def target_draws(self, target: Target) -> NDArray[np.bool_]:
        """Return in which draws a target is met, (draw,). With nothing to compare with, it is not."""
        value = self.by_period(target.measure, target.period, target.scope)
        if target.times is None:
            return value >= target.at_least
        other = target.times
        scope = target.scope if other.scope is None else other.scope
        base = self.by_period(other.measure or target.measure, other.period or target.period, scope)
        return (value >= target.at_least * base) & (base > 0)

    @cached_property
    def target_results(self) -> tuple[TargetResult, ...]:
        """The probability of every target; its standard error is never below what one draw more or less would do."""
        one_draw = 1.0 / self.effective_draws
        return tuple(
            TargetResult(
                target.name,
                target.definition,
                float(probability(met.astype(float), self.weights)),
                max(self.standard_error(lambda v, w: probability(v, w), met.astype(float)), one_draw),
            )
            for target, met in ((target, self.target_draws(target)) for target in self.targets)
        )

    def bottleneck(self) -> dict[str, dict[str, float]]:
        """Return for each year the share of draws in which each constraint decided most of the packages asked for."""
        years = np.unique(self.months // 12)
        result: dict[str, dict[str, float]] = {}
        for row, year in enumerate(years):
            volume = self.binding[row]
            leading = np.where(volume.sum(axis=0) > 0, volume.argmax(axis=0), -1)
            names = {-1: "nothing made", **dict(enumerate(self.constraints))}
            shares = {
                name: float(probability((leading == index).astype(float), self.weights))
                for index, name in names.items()
            }
            result[str(year)] = {name: share for name, share in shares.items() if share > 0}
        return result

    def by_world(self, target: Target) -> dict[str, dict[str, float]]:
        """Return the probability of a target within each publisher's world, by world group."""
        met = self.target_draws(target)
        result: dict[str, dict[str, float]] = {}
        for group, (names, index) in self.worlds.items():
            result[group] = {}
            for position, name in enumerate(names):
                inside = index == position
                weight = None if self.weights is None else self.weights[inside]
                if inside.any() and (weight is None or weight.any()):
                    result[group][name] = float(probability(met[inside].astype(float), weight))
        return result

    def to_json(self) -> dict[str, Any]:
        """Return the result as one plain object: settings, targets, measures by year, bottleneck, fit."""
        from autarky.fiscal import fiscal_quarters
        from autarky.sufficiency import share_json

        measures: dict[str, dict[str, Any]] = {}
        for name, measure, scope in self.breakdown():
            definition = define(measure)
            measures[name] = {
                "unit": definition.unit,
                "definition": definition.text,
                "scope": scope,
                "by_year": self.by_year(measure, scope),
            }
        measures |= share_json(self)
        return {
            "scenario": self.settings.name,
            "as_of": self.settings.as_of,
            "draws": self.settings.draws,
            "seed": self.settings.seed,
            "version": self.settings.version,
            "catalogue": self.settings.catalogue,
            "prior": self.weights is None,
            "targets": [vars(target) for target in self.target_results],
            "measures": measures,
            "bottleneck": self.bottleneck(),
            "fiscal_quarters": fiscal_quarters(self),
            "fit": fit_json(self.fit),
            "notes": list(self.notes),
        }

    # Files

    def dataset(self) -> xarray.Dataset:
        """Return the draws as an xarray Dataset, every variable with unit, long name and labels."""
        from autarky.storage import dataset

        return dataset(self)

    def save(self, path: str | Path, *, compress: bool = False) -> Path:
        """Write a netCDF file that `autarky.load_result` reads back without loss; return its path."""
        from autarky.storage import save

        return save(self, path, compress=compress)

    def export(self, path: str | Path) -> Path:
        """Write the summary as a table, .csv, .parquet or .xlsx; return its path."""
        from autarky.export import write

        return write(self, path)


def _every_batch_counts(weights: Array, batches: int) -> bool:
    edges = np.linspace(0, weights.size, batches + 1).astype(int)
    return all(weights[a:b].any() for a, b in itertools.pairwise(edges))


def fit_json(fit: Fit | None) -> dict[str, Any] | None:
    """Return how well the history fits as plain data."""
    if fit is None:
        return None
    return {
        "usable": fit.usable,
        "effective_draws": fit.effective_draws,
        "pareto_k": fit.pareto_k,
        "observations": {
            check.name: {
                "label": check.label,
                "unit": check.unit,
                "before": list(check.before),
                "after": list(check.after),
                "none_right": check.none_right,
                "reports": [{**vars(report), "sources": list(report.sources)} for report in check.reports],
            }
            for check in fit.checks
        },
    }
