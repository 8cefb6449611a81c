"""Two scenarios side by side, draw by draw: the difference that a change makes, with its own distribution.

A quantity's draws depend on the seed, its key and the draw's index alone, so both sides see the same world but for what
was changed, and what does not depend on the change differs by exactly zero. Both sides are weighed by the evidence of
the first: the record was made in the world as it was, and the second side asks what else could have come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autarky.capability import Capability
from autarky.elsewhere import Elsewhere
from autarky.engine import DEFAULT_DRAWS, run
from autarky.market.self_sufficiency import Share
from autarky.measures import Definition, define
from autarky.quantities.arrays import Array
from autarky.quantities.summary import probability
from autarky.result import LEVELS, Result, Settings
from autarky.scenario.schema import Target
from autarky.sufficiency import every_share, summary

NAMES = ("name", "label", "description", "extends")
"""What a scenario says about itself: no change of the world."""
Summary = dict[str, float | None]
ZERO = dict.fromkeys((*LEVELS, "mean", "standard_error"), 0.0)
"""Summary of a difference that is 0 in every draw."""


@dataclass(frozen=True)
class Yearly:
    """One measure of one side by calendar year: what it counts, for whom, and its draws (draw,)."""

    definition: Definition
    scope: Mapping[str, str]
    draws: dict[str, Array]
    defined: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """For a share, in which draws it is defined; elsewhere its draws are 0."""


@dataclass(frozen=True)
class Side:
    """What is kept of one run."""

    result: Result
    """Without its flows: settings, weights and targets are all that is asked of it."""
    yearly: Mapping[str, Yearly]
    met: Mapping[str, tuple[Target, NDArray[np.bool_]]]
    """Target -> (what it says, in which draws it is met)."""

    @property
    def settings(self) -> Settings:
        """Return what made the run."""
        return self.result.settings

    def only(self, names: Collection[str]) -> Side:
        """Return the side with these of its measures alone."""
        return replace(self, yearly={name: yearly for name, yearly in self.yearly.items() if name in names})

    @classmethod
    def of(cls, result: Result) -> Side:
        """Return the side of a result."""
        yearly = {
            name: Yearly(define(measure), scope, result.by_years(measure, scope))
            for name, measure, scope in result.breakdown()
        }
        yearly |= {name: Yearly(define(measure), scope, {}) for name, measure, scope in result.shares}
        for name, year, share in every_share(result):
            yearly[name].draws[year], yearly[name].defined[year] = share.values, share.defined
        met = {target.name: (target, result.target_draws(target)) for target in result.targets}
        return cls(bare(result), yearly, met)


def bare(result: Result) -> Result:
    """Return a result without its large arrays: settings, months, weights and targets."""
    return replace(
        result, flows={}, worth={}, capability=Capability(), elsewhere=Elsewhere(), binding=result.binding[..., :0]
    )


@dataclass(frozen=True)
class TargetPair:
    """One target on both sides; None where a side does not have it."""

    name: str
    definition: str
    a: float | None
    b: float | None
    difference: float | None
    """b - a."""
    standard_error: float | None
    """Of the difference: the draws are the same ones, so most of their noise cancels."""


@dataclass(frozen=True)
class Comparison:
    """Two sides and what lies between them; every difference is b - a."""

    a: Side
    b: Side

    @cached_property
    def both(self) -> tuple[str, ...]:
        """Return the measures that both sides have."""
        return tuple(name for name in self.a.yearly if name in self.b.yearly)

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Return the measures that differ in at least one draw of one year."""
        return tuple(
            name for name in self.both if any(self._differs(name, year) for year in self.difference_draws(name))
        )

    def _differs(self, name: str, year: str) -> bool:
        a, b = self.a.yearly[name], self.b.yearly[name]
        if np.any(b.draws[year] != a.draws[year]):
            return True
        return bool(a.defined) and not np.array_equal(a.defined[year], b.defined[year])

    def difference_draws(self, name: str) -> dict[str, Array]:
        """Return b - a of a measure by the years that both have, (draw,) each, in the measure's unit.

        For a share, `both_defined` tells in which draws that means anything.
        """
        a, b = self.a.yearly[name].draws, self.b.yearly[name].draws
        return {year: b[year] - a[year] for year in a if year in b}

    def both_defined(self, name: str, year: str) -> NDArray[np.bool_] | None:
        """Return in which draws a measure is defined on both sides; None where it always is."""
        a, b = self.a.yearly[name].defined, self.b.yearly[name].defined
        return a[year] & b[year] if a else None

    def levels(self, side: Side, name: str) -> dict[str, Summary]:
        """Return the summary of one side's measure by year, with the weights of the first side."""
        if side is self.b and name in self.a.yearly and name not in self.changed:
            return self._levels_of_a[name]
        return self._levels_of_a[name] if side is self.a else self._levels(side, name)

    @cached_property
    def _levels_of_a(self) -> dict[str, dict[str, Summary]]:
        return {name: self._levels(self.a, name) for name in self.a.yearly}

    def _levels(self, side: Side, name: str) -> dict[str, Summary]:
        yearly = side.yearly[name]
        return {year: self._summary(values, yearly.defined.get(year)) for year, values in yearly.draws.items()}

    def _summary(self, values: Array, defined: NDArray[np.bool_] | None) -> Summary:
        result = self.a.result
        if defined is None or defined.all():
            return dict(result.summary(values))
        return {**summary(Share(values, defined), result.weights), "standard_error": None}

    @cached_property
    def differences(self) -> dict[str, dict[str, Summary]]:
        """Return measure -> year -> quantiles, mean and standard error of the difference."""
        found: dict[str, dict[str, Summary]] = {}
        for name in self.both:
            found[name] = {
                year: self._summary(values, self.both_defined(name, year)) if self._differs(name, year) else dict(ZERO)
                for year, values in self.difference_draws(name).items()
            }
        return found

    @cached_property
    def targets(self) -> tuple[TargetPair, ...]:
        """Return the probability of every target on both sides."""
        names = dict.fromkeys([*self.a.met, *self.b.met])
        return tuple(self._pair(name) for name in names)

    def _pair(self, name: str) -> TargetPair:
        result = self.a.result
        one, other = self.a.met.get(name), self.b.met.get(name)
        stated, _ = one or self.b.met[name]
        chances = [None if met is None else float(probability(met[1], result.weights)) for met in (one, other)]
        difference = error = None
        if one is not None and other is not None:
            gained = other[1].astype(float) - one[1].astype(float)
            difference = float(probability(gained, result.weights))
            error = result.standard_error(lambda values, weights: probability(values, weights), gained)
        return TargetPair(name, stated.definition, chances[0], chances[1], difference, error)

    @cached_property
    def declared(self) -> tuple[str, ...]:
        """Return the dotted paths in which the two scenarios say different things about the world."""
        a, b = (
            {key: value for key, value in side.settings.scenario.items() if key not in NAMES}
            for side in (self.a, self.b)
        )
        return tuple(_paths(a, b))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know: a change without effect, weights that are not each side's own."""
        notes: list[str] = []
        moved = self.changed or any(pair.difference for pair in self.targets)
        if self.declared and not moved:
            notes.append(
                f"the scenarios differ in {_listed(self.declared)}, and no measure and no target changes: "
                "check that the change reaches the chain"
            )
        for side, other in ((self.a, self.b), (self.b, self.a)):
            only = [name for name in side.yearly if name not in other.yearly]
            if only:
                notes.append(f"only {side.settings.name} has {_listed(only)}")
        fits = self.a.result.fit, self.b.result.fit
        if self.a.result.weights is not None and fits[0] is not None:
            own = fits[1] is not None and np.array_equal(fits[0].weights, fits[1].weights)
            if not own:
                notes.append("both sides are weighed by the evidence of the first")
        elif fits[0] is not None and not self.a.settings.prior:
            notes.append("the evidence does not fit the first side well enough: the draws are unweighted")
        return tuple(notes)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain data: both sides, the difference by measure and year, targets."""
        difference = {
            name: {
                "unit": self.a.yearly[name].definition.unit,
                "definition": self.a.yearly[name].definition.text,
                "scope": dict(self.a.yearly[name].scope),
                "by_year": by_year,
            }
            for name, by_year in self.differences.items()
        }
        return {
            "a": self._side_json(self.a),
            "b": self._side_json(self.b),
            "difference": difference,
            "targets": [vars(pair) for pair in self.targets],
            "changed": list(self.changed),
            "declared": list(self.declared),
            "notes": list(self.notes),
        }

    def _side_json(self, side: Side) -> dict[str, Any]:
        settings = side.settings
        return {
            "scenario": settings.name,
            "label": settings.label,
            "as_of": settings.as_of,
            "draws": settings.draws,
            "seed": settings.seed,
            "version": settings.version,
            "catalogue": settings.catalogue,
            "weighed_by": self.a.settings.name if self.a.result.weights is not None else None,
            "measures": {
                name: {"unit": side.yearly[name].definition.unit, "by_year": self.levels(side, name)}
                for name in side.yearly
            },
        }


def compare(
    a: str | Path | Mapping[str, Any],
    b: str | Path | Mapping[str, Any],
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    overrides: Mapping[str, Any] | None = None,
    overrides_b: Mapping[str, Any] | None = None,
    as_of: str | date | None = None,
    prior: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Return the paired difference of two scenarios, b - a, from the same draws.

    Parameters
    ----------
    a, b : library names, paths, or plain data
    draws, seed, workers, progress : as for `autarky.run`, the same for both
    overrides : dotted key -> value, over what both scenarios say
    overrides_b : the same for the second one alone
    as_of : keep only what was published by this day, on both sides
    prior : leave the draws unweighted by the evidence of the first
    """
    both = dict(overrides or {})
    sides = [
        Side.of(
            run(
                scenario,
                draws=draws,
                seed=seed,
                overrides=own,
                as_of=as_of,
                prior=prior,
                workers=workers,
                progress=None if progress is None else _stretched(progress, part),
            )
        )
        for part, (scenario, own) in enumerate(((a, both), (b, {**both, **(overrides_b or {})})))
    ]
    return Comparison(*sides)


def _stretched(progress: Callable[[int, int], None], part: int) -> Callable[[int, int], None]:
    """Return a callback that counts one of two runs."""
    return lambda done, total: progress(part * total + done, 2 * total)


def _paths(a: Any, b: Any, at: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted paths at which two pieces of plain data differ."""
    groups = [value for value in (a, b) if value is not None]
    if groups and all(isinstance(value, Mapping) for value in groups):
        for key in dict.fromkeys([*(a or {}), *(b or {})]):
            yield from _paths((a or {}).get(key), (b or {}).get(key), (*at, str(key)))
    elif a != b:
        yield ".".join(at)


def _listed(names: tuple[str, ...] | list[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
