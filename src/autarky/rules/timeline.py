"""Events in order of time, as plain data."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from autarky.errors import InputError, Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.event_records import Event, Lever, first_day_of
from autarky.facts.fields import PartialDate, last_day
from autarky.facts.rule_records import Rule


def timeline_of(
    catalogue: Catalogue,
    *,
    actor: str | None = None,
    start: PartialDate | None = None,
    end: PartialDate | None = None,
) -> list[dict[str, Any]]:
    """Return the catalogue's events as plain data in order of time.

    `actor` is an actor's id or how it begins ("US", "CN"); `start` and `end` are dates, both inclusive.
    """
    events = catalogue.all("events", Event)
    chosen = sorted(events.items(), key=lambda item: (first_day_of(item[1].date), item[0]))
    if actor is not None:
        known = sorted({event.actor for event in events.values()})
        wanted = {name for name in known if f"{name}-".lower().startswith(f"{actor.lower()}-")}
        if not wanted:
            hint = nearest(actor, known) or f"known: {', '.join(known)}"
            raise UnknownKeyError(Problem(f"no event has the actor {actor!r}", field="actor", hint=hint))
        chosen = [item for item in chosen if item[1].actor in wanted]
    if start is not None:
        first = first_day_of(_date(start, "from"))
        chosen = [item for item in chosen if last_day(item[1].date) >= first]
    if end is not None:
        last = last_day(_date(end, "to"))
        chosen = [item for item in chosen if first_day_of(item[1].date) <= last]
    return [event_as_plain(name, event, catalogue) for name, event in chosen]


def _date(text: str, field: str) -> PartialDate:
    try:
        last_day(text)
    except ValueError:
        hint = "write YYYY, YYYY-MM or YYYY-MM-DD"
        raise InputError(Problem(f"{text!r} is not a date", field=field, hint=hint)) from None
    return text


DAYS = ("published", "effective", "compliance", "superseded")


def event_as_plain(name: str, event: Event, catalogue: Catalogue) -> dict[str, Any]:
    """Return an event as plain data: its days, levers, and every wording that it or a rule of its had."""
    rules = catalogue.all("rules", Rule)
    named = dict.fromkeys([*event.rules, *event.about])
    states = [*event.states, *(state for rule in event.rules if rule in rules for state in rules[rule].states)]
    return {
        "id": name,
        "date": event.date,
        "announced": event.date,
        **{day: getattr(event, day) for day in DAYS},
        "actor": event.actor,
        "label": event.label,
        "instrument": event.instrument,
        "status": event.status,
        "enacted": event.enacted,
        "confidence": event.confidence,
        "affects": event.affects,
        "rules": list(named),
        "brought": list(event.rules),
        "requires": list(event.requires),
        "levers": [_lever_as_plain(lever, event) for lever in event.levers],
        "states": [
            {"from": _iso(state.start), "until": _iso(state.until), "state": state.state, "text": state.text}
            for state in states
        ],
        "note": event.note,
        "sources": list(event.source),
    }


def _lever_as_plain(lever: Lever, event: Event) -> dict[str, Any]:
    p5, p50, p95 = (float(value) for value in lever.value.pooled.ppf(np.array([0.05, 0.5, 0.95])))
    return {
        "kind": lever.kind,
        "unit": lever.value.unit,
        "p5": p5,
        "p50": p50,
        "p95": p95,
        "scope": {dimension: list(names) for dimension, names in lever.scope.items()},
        "from": lever.start or event.begins,
        "until": lever.until,
        "note": "; ".join(estimate.note for estimate in lever.value.estimates if estimate.note),
        "sources": list(dict.fromkeys(source for e in lever.value.estimates for source in e.sources)),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
