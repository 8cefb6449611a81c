"""Quantiles of a result by calendar period, and the marks that go with them: reports and targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autarky.analysis.condition import Check, Report, reports_of
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import last_day
from autarky.facts.records import Observation
from autarky.measures import define, months_of
from autarky.quantities.arrays import Array
from autarky.quantities.months import month_label
from autarky.result import LEVELS, Result
from autarky.scenario.schema import Target

YEAR, QUARTER, MONTH = 12, 3, 1
MARKS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Band:
    """Quantiles of a measure over successive periods of one length."""

    unit: str
    kind: str
    step: int
    """Length of a period in months."""
    labels: tuple[str, ...]
    positions: Array
    """Middle of each period for a flow, its end for a stock, in years."""
    quantiles: Array
    """(level of LEVELS, period)."""

    @property
    def empty(self) -> bool:
        """True where no draw has anything."""
        return self.quantiles.size == 0 or not bool(self.quantiles[-1].any())

    def row(self, label: str) -> dict[str, float]:
        """Return the quantiles of one period."""
        column = self.labels.index(label)
        return {name: float(values[column]) for name, values in zip(LEVELS, self.quantiles, strict=True)}


@dataclass(frozen=True)
class ReportMark:
    """A published figure at its place on the time axis."""

    position: float
    label: str
    period: str
    value: float
    low: float
    high: float
    bound: bool
    sources: tuple[str, ...]


@dataclass(frozen=True)
class TargetMark:
    """What a target asks for, at its place on the time axis: p5, p50 and p95 of the amount needed."""

    position: float
    text: str
    needed: tuple[float, float, float]


@dataclass(frozen=True)
class TargetFigures:
    """What the draws have of a target's measure, and how often that is of what it is compared with."""

    value: tuple[float, float, float]
    times: tuple[float, float, float] | None


class Bands:
    """Summaries of one result by period."""

    def __init__(self, result: Result, catalogue: Catalogue) -> None:
        self.result = result
        self.catalogue = catalogue
        self.observations = catalogue.all("observations", Observation)
        self.as_of = last_day(result.settings.as_of) if result.settings.as_of else None
        self._periods: dict[tuple[str, str, tuple[tuple[str, str], ...]], Array] = {}
        self.step = YEAR if result.years else MONTH

    @property
    def domain(self) -> tuple[float, float]:
        """Years at which the horizon starts and ends."""
        months = self.result.months
        return float(months[0]) / 12, float(months[-1] + 1) / 12

    def band(self, measure: str, scope: Mapping[str, str] | None = None, step: int = YEAR) -> Band:
        """Return the quantiles of a measure for every whole period of `step` months in the horizon."""
        definition = define(measure)
        months = self.result.months
        first = -int(months[0]) % step
        count = (months.size - first) // step
        steps = np.arange(first, first + count * step).reshape(count, step)
        values = self.result.over_each(measure, list(steps), scope)
        starts = months[first : first + count * step : step]
        return Band(
            unit=definition.unit,
            kind=definition.kind,
            step=step,
            labels=tuple(period_label(int(start), step) for start in starts),
            positions=(starts + (step / 2 if definition.kind == "flow" else step)) / 12,
            quantiles=self.result.quantiles(values) if count else np.empty((len(LEVELS), 0)),
        )

    def same(self, measure: str, scope: Mapping[str, str], other: str, other_scope: Mapping[str, str]) -> bool:
        """Return whether two measures with their scopes count the same things."""
        if measure != other:
            return False
        entity = define(measure).entity
        return self.result.tags.members(entity, scope) == self.result.tags.members(entity, other_scope)

    def checks(self) -> list[tuple[Check, Observation]]:
        """Return the observations that the fit used, with their records."""
        fit = self.result.fit
        checks = fit.checks if fit is not None else ()
        return [(check, self.observations[check.name]) for check in checks if check.name in self.observations]

    def reports(self, measure: str, scope: Mapping[str, str], step: int) -> list[ReportMark]:
        """Return the published figures of a measure and scope whose periods have this length."""
        marks: list[ReportMark] = []
        for check, observation in self.checks():
            period = observation.period
            months = self.result.months
            inside = months_of(period, months)
            if inside.size == step and self.same(measure, scope, observation.measure, observation.scope):
                marks += self._marks(check, observation, float(months[inside[0]]) / 12, step / 12)
        return marks

    def _marks(self, check: Check, observation: Observation, start: float, length: float) -> list[ReportMark]:
        """Return an observation's reports, side by side within its period."""
        order = np.argsort([report.value for report in check.reports], kind="stable")
        marks = []
        for place, index in enumerate(order):
            report = check.reports[index]
            low, high = self.range_of(check, report)
            shift = length * (0.12 + 0.76 * (place + 0.5) / len(order))
            marks.append(
                ReportMark(
                    position=start + shift,
                    label=check.label,
                    period=observation.period,
                    value=report.value,
                    low=low,
                    high=high,
                    bound=report.bound,
                    sources=report.sources,
                )
            )
        return marks

    def range_of(self, check: Check, report: Report) -> tuple[float, float]:
        """Return the 5th and 95th percentile of a report, or its value twice where the catalogue has it no more."""
        observation = self.observations.get(check.name)
        for estimate, bound in reports_of(observation, self.as_of) if observation is not None else ():
            if estimate.sources == report.sources and bound == report.bound:
                low, high = estimate.distribution.ppf(np.array([MARKS[0], MARKS[-1]]))
                return float(low), float(high)
        return report.value, report.value

    def targets(self, measure: str, scope: Mapping[str, str], step: int) -> list[TargetMark]:
        """Return what the targets on a measure and scope ask for, where their period fits a band of this step."""
        marks = []
        months = self.result.months
        for target in self.result.targets:
            if not self.same(measure, scope, target.measure, target.scope):
                continue
            inside = months_of(target.period, months)
            stock = define(measure).kind == "stock"
            if not stock and inside.size != step:
                continue
            end = float(months[inside[-1]] + 1) / 12
            position = end if stock else end - inside.size / 24
            if target.times is None:
                needed: tuple[float, float, float] = (target.at_least,) * 3
                text = f"target {target.period}"
            else:
                needed = self._marks_of(target.at_least * self.base(target))
                own = target.times.measure is None and target.times.scope is None and target.times.period
                text = f"{target.at_least:g} × {target.times.period}" if own else f"target {target.period}"
            marks.append(TargetMark(position, text, needed))
        return marks

    def base(self, target: Target) -> Array:
        """Return what a target is compared with, (draw,)."""
        other = target.times
        if other is None:
            return np.ones(self.result.settings.draws)
        scope = target.scope if other.scope is None else other.scope
        return self.by_period(other.measure or target.measure, other.period or target.period, scope)

    def by_period(self, measure: str, period: str, scope: Mapping[str, str]) -> Array:
        """Return a measure over a period, (draw,); asked for again, the same array."""
        key = (measure, period, tuple(sorted(scope.items())))
        if key not in self._periods:
            self._periods[key] = self.result.by_period(measure, period, scope)
        return self._periods[key]

    def figures(self, target: Target) -> TargetFigures:
        """Return what the draws have for a target."""
        value = self.by_period(target.measure, target.period, target.scope)
        if target.times is None:
            return TargetFigures(self._marks_of(value), None)
        base = self.base(target)
        times = np.divide(value, base, out=np.zeros_like(value), where=base > 0)
        return TargetFigures(self._marks_of(value), self._marks_of(times))

    def _marks_of(self, values: Array) -> tuple[float, float, float]:
        low, middle, high = self.result.quantiles(values, MARKS)
        return float(low), float(middle), float(high)


def period_label(start: int, step: int) -> str:
    """Return 2026, 2026Q1 or 2026-03 for a period of 12, 3 or 1 months."""
    year, month = divmod(start, 12)
    if step == YEAR:
        return f"{year}"
    return f"{year}Q{month // 3 + 1}" if step == QUARTER else month_label(start)
