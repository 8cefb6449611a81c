"""Which events act in a scenario: all that happened or were decided, less those off, plus those on, moved or added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from autarky.errors import Problem
from autarky.facts.event_records import Event, Lever
from autarky.facts.fields import last_day
from autarky.rules.timeline import contradictions, moved
from autarky.scenario.resolve import Question


def acting_events(question: Question) -> dict[str, Event]:
    """Return the events that act, by id.

    What was announced after the as-of date is left out, save where the scenario itself switches it on, moves or adds
    it; so are levers whose value nobody had published by then.
    """
    choice = question.scenario.events
    own = {*choice.on, *choice.move, *choice.add}
    acting: dict[str, Event] = {}
    for name, event in question.catalogue.all("events", Event).items():
        if name in choice.off or not (event.enacted or name in own):
            continue
        if name not in own and question.as_of is not None and last_day(event.date) > question.as_of:
            continue
        to = choice.move.get(name)
        kept = event.model_copy(update={"levers": tuple(_known(event.levers, question))})
        acting[name] = moved(kept, to) if to is not None else kept
    return acting


def _known(levers: Iterable[Lever], question: Question) -> Iterable[Lever]:
    return (lever for lever in levers if question.as_of is None or lever.value.known_by(question.as_of) is not None)


def event_problems(question: Question) -> list[Problem]:
    """Return a problem for every two acting events that contradict each other; it names both."""
    place = question.place(("events",))
    return [replace(problem, place=place) for problem in contradictions(acting_events(question))]


def drawn_events(question: Question) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return (date, label, actor, sources) of the events that the scenario names: those to draw on the time axis."""
    choice = question.scenario.events
    events: Mapping[str, Event] = acting_events(question)
    named = dict.fromkeys([*choice.draw, *choice.on, *choice.move, *choice.add])
    known = question.catalogue.all("events", Event)
    chosen = [events.get(name, known[name]) for name in named if name not in choice.off]
    return [(event.date, event.label, event.actor, event.source) for event in chosen]
