"""Checks before a run that every target and every piece of evidence asks for something that will exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from autarky.errors import InputError, Problem, ScenarioError
from autarky.facts.records import Observation
from autarky.measures import ENERGY, POWER, RELATIVE, Tags, define, equivalent_of, flows_of, months_of
from autarky.scenario.model import Model
from autarky.scenario.resolve import Question
from autarky.scenario.schema import Target

At = tuple[str | int, ...]
Asked = tuple[At, str, str, dict[str, str], str]
"""(where it is asked, what errors call it, measure, scope, period)."""


def question_problems(question: Question, model: Model, keep: Collection[str]) -> list[Problem]:
    """Return a problem for each target, observation or measure that asks for something that cannot be had.

    `keep` names the flows that the run keeps.
    """
    tags = Tags.of(model)
    problems: list[Problem] = []

    def had(at: At, field: str, get: Callable[[], object]) -> bool:
        try:
            get()
        except InputError as error:
            place = question.place(at)
            problems.extend(Problem(fault.message, place, field, fault.hint) for fault in error.problems)
            return False
        return True

    for index, name in enumerate(question.scenario.measures):
        had(("measures", index), f"measures.{index}", partial(define, name))
    for at, field, measure, scope, period in (*_targets(question), *_evidence(question)):
        if had((*at, "measure"), f"{field}.measure", partial(define, measure)):
            had((*at, "scope"), f"{field}.scope", partial(tags.members, define(measure).entity, scope))
            had((*at, "measure"), f"{field}.measure", partial(_kept, measure, keep))
        had((*at, "period"), f"{field}.period", partial(months_of, period, model.months))
    return problems


def _kept(measure: str, keep: Collection[str]) -> None:
    for flow in flows_of(measure):
        if flow not in keep:
            raise ScenarioError(Problem(f"needs the flow {flow!r}, which is not kept", hint=f"add {flow!r} to `keep`"))


def _targets(question: Question) -> Iterator[Asked]:
    for index, target in enumerate(question.scenario.targets):
        at, field = ("targets", index), f"targets.{target.name}"
        yield at, field, target.measure, target.scope, target.period
        if target.times is not None:
            other = target.times
            scope = target.scope if other.scope is None else other.scope
            asked = other.measure or target.measure, scope, other.period or target.period
            yield (*at, "times"), f"{field}.times", *asked


def _evidence(question: Question) -> Iterator[Asked]:
    for index, name in enumerate(question.scenario.evidence):
        observation = question.catalogue.get("observations", name, Observation)
        yield ("evidence", index), f"evidence.{name}", observation.measure, observation.scope, observation.period


@dataclass(frozen=True)
class Known:
    """What a run knows of its chips.

    equivalents  measures of H100-equivalents that every chip has numbers for
    power        whether the power of all of them is known
    counts_by    whether the stock of a holder elsewhere, by name, can be counted by a measure
    by_then      the as-of date in words, empty without one
    """

    equivalents: tuple[str, ...]
    power: bool
    counts_by: Callable[[str, str], bool]
    by_then: str


def unanswerable(targets: Iterable[Target], known: Known) -> dict[str, str]:
    """Return the targets, by name, on a measure that takes numbers which some chip lacks, each with the reason."""
    found = {target.name: _lacking(target, known) for target in targets}
    return {name: f"target {name}, because {reason}{known.by_then}" for name, reason in found.items() if reason}


def _lacking(target: Target, known: Known) -> str:
    for measure in (target.measure, target.times.measure if target.times is not None else None):
        if measure is None:
            continue
        equivalent, holder = equivalent_of(measure), target.scope.get("holder")
        if equivalent is not None and equivalent not in known.equivalents:
            return f"{equivalent} is not known for every chip"
        if measure in (POWER, ENERGY) and not known.power:
            return "the power of every chip is not known"
        if measure.startswith(RELATIVE) and equivalent and holder and not known.counts_by(holder, equivalent):
            return f"the stock of {holder} cannot be counted by {equivalent}"
    return ""
