"""Checks before a run that every target and every piece of evidence asks for something that will exist."""

from __future__ import annotations

from collections.abc import Iterator

from autarky.errors import InputError, Problem, ScenarioError
from autarky.facts.records import Observation
from autarky.measures import Tags, define, months_of
from autarky.scenario.model import Model
from autarky.scenario.resolve import Question

Asked = tuple[str, dict[str, str], str]
"""(measure, scope, period)."""


def check_questions(question: Question, model: Model) -> None:
    """Raise one error that names every target or observation whose measure, scope or period cannot be had."""
    tags = Tags.of(model)
    problems: list[Problem] = []
    for at, field, asked in (*_targets(question), *_evidence(question)):
        measure, scope, period = asked
        try:
            tags.members(define(measure).entity, scope)
            months_of(period, model.months)
        except InputError as error:
            place = question.place(at)
            problems.extend(Problem(fault.message, place, field, fault.hint) for fault in error.problems)
    if problems:
        raise ScenarioError(problems)


def _targets(question: Question) -> Iterator[tuple[tuple[str | int, ...], str, Asked]]:
    for index, target in enumerate(question.scenario.targets):
        at, field = ("targets", index), f"targets.{target.name}"
        yield at, field, (target.measure, target.scope, target.period)
        if target.times is not None:
            other = target.times
            scope = target.scope if other.scope is None else other.scope
            yield (
                (*at, "times"),
                f"{field}.times",
                (
                    other.measure or target.measure,
                    scope,
                    other.period or target.period,
                ),
            )


def _evidence(question: Question) -> Iterator[tuple[tuple[str | int, ...], str, Asked]]:
    for index, name in enumerate(question.scenario.evidence):
        observation = question.catalogue.get("observations", name, Observation)
        at, field = ("evidence", index), f"evidence.{name}"
        yield at, field, (observation.measure, observation.scope, observation.period)
