"""One scenario against several others: what each of them changes, draw by draw.

The sides are run one after another, and of each comparison only its summaries need be kept, so that any number of
counterfactuals fits into the memory of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from autarky.analysis.compare import Comparison, Side, Summary, TargetPair, Yearly, bare
from autarky.engine import DEFAULT_DRAWS, run
from autarky.measures import Definition, define
from autarky.result import Result
from autarky.sufficiency import every_share

Asked: TypeAlias = tuple[str, Mapping[str, str]]
"""A measure and its scope."""
Scenario: TypeAlias = str | Path | Mapping[str, Any]


def measure_name(measure: str, scope: Mapping[str, str]) -> str:
    """Return what a measure of a scope is called, such as `revenue.vendor.nvidia`."""
    return ".".join([measure, *(f"{tag}.{value}" for tag, value in scope.items())])


def side(result: Result, asked: Iterable[Asked] | None = None, *, besides: Iterable[Asked] = ()) -> Side:
    """Return what is kept of a run: every measure of its breakdown or only those asked for, and those besides.

    A measure that the run does not have, or a scope that is empty in it, is left out.
    """
    kept = Side.of(result) if asked is None else Side(bare(result), {}, _met(result))
    yearly = dict(kept.yearly)
    shares = {name for name, _, _ in result.shares}
    wanted = [*(asked or ()), *besides]
    for measure, scope in wanted:
        name = measure_name(measure, scope)
        if name not in yearly and name not in shares and _has(result, measure, scope):
            yearly[name] = Yearly(define(measure), scope, result.by_years(measure, scope))
    names = {measure_name(*one) for one in wanted} & shares - yearly.keys()
    yearly |= {name: Yearly(define(measure), scope, {}) for name, measure, scope in result.shares if name in names}
    for name, year, share in every_share(result, lambda name, _: name in names):
        yearly[name].draws[year], yearly[name].defined[year] = share.values, share.defined
    return replace(kept, yearly=yearly)


def _met(result: Result) -> dict[str, Any]:
    return {target.name: (target, result.target_draws(target)) for target in result.targets}


def _has(result: Result, measure: str, scope: Mapping[str, str]) -> bool:
    if measure not in {*result.measures, *(known for _, known, _ in result.breakdown())}:
        return False
    definition = define(measure)
    rows = result.tags.by_entity.get(definition.entity)
    if rows is None:
        return not scope
    return any(all(tags.get(tag) == value for tag, value in scope.items()) for tags in rows.values())


def against(
    a: Side,
    others: Sequence[Scenario],
    *,
    asked: Iterable[Asked] | None = None,
    besides: Iterable[Asked] = (),
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    overrides: Mapping[str, Any] | None = None,
    as_of: str | date | None = None,
    prior: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Comparison]:
    """Yield the comparison of each of the others with `a`, which was run from the same draws.

    Parameters
    ----------
    asked, besides : as for `side`
    draws, seed, overrides, as_of, prior, workers, progress : as for `autarky.run`, and as `a` was run
    """
    listed = None if asked is None else list(asked)
    for scenario in others:
        result = run(
            scenario,
            draws=draws,
            seed=seed,
            overrides=overrides,
            as_of=as_of,
            prior=prior,
            workers=workers,
            progress=progress,
        )
        yield Comparison(a, side(result, listed, besides=besides))


@dataclass(frozen=True)
class Effect:
    """What remains of a comparison without its draws: the difference that one counterfactual makes."""

    name: str
    label: str
    description: str
    declared: tuple[str, ...]
    """Dotted paths in which the scenarios say different things."""
    notes: tuple[str, ...]
    definitions: Mapping[str, Definition]
    differences: Mapping[str, Mapping[str, Summary]]
    """Measure -> year -> summary of b - a."""
    changed: tuple[str, ...]
    targets: tuple[TargetPair, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> Effect:
        """Return the effect that a comparison shows."""
        settings = comparison.b.settings
        return cls(
            name=settings.name,
            label=settings.label,
            description=str(settings.scenario.get("description") or ""),
            declared=comparison.declared,
            notes=comparison.notes,
            definitions={name: comparison.a.yearly[name].definition for name in comparison.both},
            differences=comparison.differences,
            changed=comparison.changed,
            targets=comparison.targets,
        )
