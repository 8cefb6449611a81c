"""Which events act in a scenario: all that happened or were decided, less those off, plus those on, moved or added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from autarky.errors import Problem
from autarky.facts.catalogue import Catalogue
from autarky.facts.event_records import Event, first_day_of
from autarky.facts.fields import Part, last_day
from autarky.facts.rule_records import Country, Rule
from autarky.rules.levers import contradictions
from autarky.rules.moves import law_as_moved, moved
from autarky.scenario.resolve import Question


def acting_events(question: Question) -> dict[str, Event]:
    """Return the events that act, by id, on the days to which the scenario moves them.

    What was announced after the as-of date is left out, save where the scenario itself switches it on, moves or adds
    it; so are levers whose value nobody had published by then, and events that mean nothing without one that does not
    act, or not yet.
    """
    choice = question.scenario.events
    own = {*choice.on, *choice.move, *choice.add}
    chosen: dict[str, Event] = {}
    for name, event in question.catalogue.all("events", Event).items():
        if name in choice.off or not (event.enacted or name in own):
            continue
        if name not in own and question.as_of is not None and last_day(event.date) > question.as_of:
            continue
        to = choice.move.get(name)
        kept = _as_known(event, question)
        chosen[name] = moved(kept, to) if to is not None else kept
    acting = {name: event for name, event in chosen.items() if not any(_lacking(event, chosen))}
    while len(acting) < len(chosen):
        chosen = acting
        acting = {name: event for name, event in chosen.items() if not any(_lacking(event, chosen))}
    return acting


def past_events(question: Question) -> dict[str, Event]:
    """Return the events that happened or were decided, by id, on their own days: what the scenario makes of them aside.

    What is on record was recorded under these.
    """
    own, as_of = question.scenario.events.add, question.as_of
    return {
        name: _as_known(event, question)
        for name, event in question.catalogue.all("events", Event).items()
        if event.enacted and name not in own and (as_of is None or last_day(event.date) <= as_of)
    }


def _as_known(event: Event, question: Question) -> Event:
    """Return an event without the levers whose value nobody had published by the as-of date."""
    day = question.as_of
    if day is None:
        return event
    return event.model_copy(update={"levers": tuple(lever for lever in event.levers if lever.value.known_by(day))})


def _lacking(event: Event, events: Mapping[str, Event]) -> Iterator[str]:
    """Yield the events that an event means nothing without and that do not act by the day on which it begins."""
    for name in event.requires:
        if name not in events or first_day_of(events[name].begins) > first_day_of(event.begins):
            yield name


def event_problems(question: Question) -> list[Problem]:
    """Return a problem for every two acting events that contradict each other, and for every choice without effect."""
    choice, acting = question.scenario.events, acting_events(question)
    place = question.place(("events",))
    problems = [replace(problem, place=place) for problem in contradictions(acting)]
    known = question.catalogue.all("events", Event)
    named: list[tuple[str, tuple[str, ...]]]
    named = [(name, ("events", "on")) for name in choice.on]
    named += [(name, ("events", field, name)) for field in ("move", "add") for name in getattr(choice, field)]
    for name, at in named:
        if name in choice.off and at[1] != "add":
            message, hint = f"{name} is switched off as well", "take it out of one of them"
        elif name not in choice.off and name not in acting:
            wanted = " and ".join(known[name].requires)
            message, hint = f"{name} means nothing without {wanted}", "let that act first, or leave this one alone"
        else:
            continue
        problems.append(Problem(message, question.place(at), ".".join(at), hint))
    return problems


def law_of(question: Question) -> Catalogue:
    """Return the catalogue with the events that act, on their days, and with the law as they make it."""
    choice, catalogue = question.scenario.events, question.catalogue
    acting = acting_events(question)
    rules, countries = law_as_moved(
        catalogue.all("rules", Rule),
        catalogue.all("countries", Country),
        catalogue.all("events", Event),
        acting,
        switched_on=(*choice.on, *choice.move),
        added=tuple(choice.add),
    )
    changed: dict[str, Mapping[str, Part]] = {"events": acting, "rules": rules, "countries": countries}
    return replace(catalogue, collections={**catalogue.collections, **changed})


def drawn_events(question: Question) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return (date, label, actor, sources) of the events that the scenario names: those to draw on the time axis."""
    choice = question.scenario.events
    events: Mapping[str, Event] = acting_events(question)
    named = dict.fromkeys([*choice.draw, *choice.on, *choice.move, *choice.add])
    known = question.catalogue.all("events", Event)
    chosen = [events.get(name, known[name]) for name in named if name not in choice.off]
    return [(event.date, event.label, event.actor, event.source) for event in chosen]
