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

from autarky import targets
from autarky.analysis.condition import Fit
from autarky.capability import Capability
from autarky.counting import Counting, counting
from autarky.elsewhere import Elsewhere
from autarky.market.self_sufficiency import Share
from autarky.market.sums import added_up
from autarky.measures import (
    CAPABILITIES,
    ENERGY,
    MARKET_DEFINITIONS,
    POWER,
    Definition,
    Tags,
    capability,
    define,
    equivalent_of,
    months_of,
)
from autarky.quantities.arrays import Array
from autarky.quantities.months import month_label
from autarky.quantities.summary import batch_standard_error, ess, weighted_mean, weighted_quantiles
from autarky.scenario.schema import Target
from autarky.targets import TargetResult

if TYPE_CHECKING:
    import xarray

    from autarky.sufficiency import ShareSummary

LEVELS = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
LARGE = 500_000
MONTHS_OF_A_YEAR = 12
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
    capability: Capability = field(default_factory=Capability)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    # Measures

    def monthly(self, measure: str, scope: Mapping[str, str] | None = None) -> Array:
        """Return a measure by month, (month, draw), in its unit: a month's flow, or the stock at its end."""
        definition = define(measure)
        rows = self.tags.members(definition.entity, {**definition.within, **(scope or {})})
        flow, counted = self.flows[definition.entity], self._counting(measure)
        return added_up(counted.monthly(flow, row) for row in rows)

    @cached_property
    def _known_countings(self) -> dict[str, Counting]:
        return {}

    def _counting(self, measure: str) -> Counting:
        if measure not in self._known_countings:
            self._known_countings[measure] = counting(self, measure)
        return self._known_countings[measure]

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
        found: Array = self.over_each(measure, [inside], scope)[0]
        return found

    def over_each(
        self, measure: str, spans: Sequence[NDArray[np.int64]], scope: Mapping[str, str] | None = None
    ) -> Array:
        """Return a measure over each of several spans of months, given by position, (span, draw)."""
        definition = define(measure)
        rows = self.tags.members(definition.entity, {**definition.within, **(scope or {})})
        counted, flow = self._counting(measure), definition.kind == "flow"
        found = np.empty((len(spans), self.flows[definition.entity].shape[-1]))
        for place, inside in enumerate(spans):
            months = inside if flow else inside[-1:]
            found[place] = added_up(counted.over(self, definition.entity, row, months) for row in rows)
        return found

    def summed(self, flow: str, row: int, inside: NDArray[np.int64]) -> Array:
        """Return a member of a flow added up over successive months, given by position, (draw,).

        Sums over a year are kept, for many measures count the same chips: not to be changed in place.
        """
        if inside.size == 1:
            alone: Array = self.flows[flow][row, inside[0]].astype(float)
            return alone
        key = (flow, row, int(inside[0]), int(inside[-1]) + 1)
        if key in self._known_sums:
            return self._known_sums[key]
        total: Array = self.flows[flow][row, key[2] : key[3]].sum(axis=0, dtype=float)
        if inside.size == MONTHS_OF_A_YEAR:
            self._known_sums[key] = total
        return total

    @cached_property
    def _known_sums(self) -> dict[tuple[str, int, int, int], Array]:
        return {}

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
        known += [capability(task) for task in CAPABILITIES if task in self.worth]
        known += [POWER, ENERGY] if self.capability.rated else []
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
        return targets.target_draws(self, target)

    @cached_property
    def target_results(self) -> tuple[TargetResult, ...]:
        """The probability of every target."""
        return targets.target_results(self)

    def bottleneck(self) -> dict[str, dict[str, float]]:
        """Return for each year the share of draws in which each constraint decided most of the packages asked for."""
        return targets.bottleneck(self)

    def by_world(self, target: Target) -> dict[str, dict[str, float]]:
        """Return the probability of a target within each publisher's world, by world group."""
        return targets.by_world(self, target)

    def to_json(self) -> dict[str, Any]:
        """Return the result as one plain object: settings, targets, measures by year, bottleneck, fit."""
        from autarky.result_json import to_json

        return to_json(self)

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
