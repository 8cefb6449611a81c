"""Events in order of time, and what the levers that they move say in each month.

Levers are read one kind at a time. Of those whose scope holds what is asked, the one that began last decides; of two
that began on the same day, the narrower one. A lever without an end is ended by the next one. Two that say different
things of the same scope, where neither of these rules parts them, contradict each other: that is an error.

Caps are set on both sides of a border: each side's last cap stands, and the lowest binds. A side is what an actor's
id begins with (US-BIS and US-CONGRESS are one).
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.errors import InputError, Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.event_records import DIMENSIONS, KINDS, Event, Kind, Lever, Meaning, first_day_of
from autarky.facts.fields import PartialDate, last_day
from autarky.facts.rule_records import Rule
from autarky.quantities.estimates import Quantity

Array: TypeAlias = npt.NDArray[np.float64]
Draw: TypeAlias = Callable[[str, Quantity], Array]
"""Gives the draws `(draw,)` of a quantity by its dotted key."""
Months: TypeAlias = Sequence[int] | npt.NDArray[np.int64]
Events: TypeAlias = Mapping[str, Event]


@dataclass(frozen=True)
class _Claim:
    """One lever of an event, with its days and the key of its value."""

    event: str
    side: str
    lever: Lever
    start: date
    until: date
    key: str

    def holds(self, day: date) -> bool:
        return self.start <= day < self.until

    def covers(self, scope: Mapping[str, str]) -> bool:
        return all(scope.get(dimension) in names for dimension, names in self.lever.scope.items())

    def within(self, other: _Claim) -> bool:
        """Return whether this scope lies inside the other one, or is the same."""
        wider = other.lever.scope
        return all(
            set(self.lever.members(dimension)) <= set(names) and self.lever.members(dimension)
            for dimension, names in wider.items()
        )

    def meets(self, other: _Claim) -> bool:
        """Return whether some chip, vendor, buyer or fab lies in both scopes."""
        return all(
            not (mine := self.lever.members(d)) or not (theirs := other.lever.members(d)) or set(mine) & set(theirs)
            for d in DIMENSIONS
        )


def _claims(events: Events, kind: Kind) -> list[_Claim]:
    found: list[_Claim] = []
    for name, event in events.items():
        for index, lever in enumerate(event.levers):
            start, until = event.span(lever)
            if lever.kind == kind and start < until:
                key = f"events.{name}.levers.{index}.value"
                found.append(_Claim(name, event.actor.partition("-")[0], lever, start, until, key))
    return sorted(found, key=lambda claim: (claim.start, len(claim.lever.scope)))


def lever_path(events: Events, kind: Kind, scope: Mapping[str, str], months: Months, draw: Draw) -> Array:
    """Return what a kind of lever says of `scope` in each month, `(month, draw)`, in the unit of its kind.

    Shares, multiples, fees and duties are the mean over the days of the month; a cap and a fab's start are what holds
    on its last day. Where no lever speaks, the default of the kind stands (`KINDS`); where none ever does, the result
    is `(month, 1)`, which broadcasts.

    Parameters
    ----------
    events
        The events that act, by id.
    kind
        Which lever.
    scope
        What is asked about, each by id: `chip`, `vendor`, `buyer` and `fab`. A lever that is narrowed in a dimension
        not given here does not speak of it, so give the vendor along with the chip.
    months
        Month indices, rising.
    draw
        Gives the draws of a quantity by its key, such as `Sampler.draw`.
    """
    claims = [claim for claim in _claims(events, kind) if claim.covers(scope)]
    problems = list(_contradictions(claims))
    if problems:
        raise InputError(problems)
    values = {claim.key: draw(claim.key, claim.lever.value) for claim in claims}
    width = max((value.size for value in values.values()), default=1)
    path = np.full((len(months), width), KINDS[kind].default)
    if kind == "cap":
        for side in dict.fromkeys(claim.side for claim in claims):
            own = [claim for claim in claims if claim.side == side]
            path = np.minimum(path, _path(own, values, months, KINDS[kind], width))
        return path
    return _path(claims, values, months, KINDS[kind], width)


def _path(claims: Sequence[_Claim], values: Mapping[str, Array], months: Months, meaning: Meaning, width: int) -> Array:
    path = np.full((len(months), width), meaning.default)
    for row, month in enumerate(months):
        parts = _month_parts(claims, int(month), by_day=meaning.by_day)
        if any(claim is not None for claim, _ in parts):
            levels = (meaning.default if claim is None else values[claim.key] for claim, _ in parts)
            path[row] = sum(level * share for level, (_, share) in zip(levels, parts, strict=True))
    return path


def _month_parts(claims: Sequence[_Claim], month: int, *, by_day: bool) -> list[tuple[_Claim | None, float]]:
    """Return who decides in a month, and for which share of its days."""
    year, zero_based = divmod(month, 12)
    days = calendar.monthrange(year, zero_based + 1)[1]
    first = date(year, zero_based + 1, 1)
    following = first + timedelta(days)
    if not by_day:
        return [(_deciding(claims, following - timedelta(1)), 1.0)]
    turns = {day for claim in claims for day in (claim.start, claim.until) if first < day < following}
    return [
        (_deciding(claims, start), (stop - start).days / days)
        for start, stop in itertools.pairwise(sorted({first, following, *turns}))
    ]


def _deciding(claims: Sequence[_Claim], day: date) -> _Claim | None:
    deciding: _Claim | None = None
    for claim in claims:  # in order of their start
        if not claim.holds(day):
            continue
        later = deciding is None or claim.start > deciding.start
        if later or (deciding is not None and (claim.within(deciding) or not deciding.within(claim))):
            deciding = claim
    return deciding


def contradictions(events: Events) -> list[Problem]:
    """Return a problem for every two levers that say different things of the same scope on the same days."""
    return [problem for kind in KINDS for problem in _contradictions(_claims(events, kind))]


def _contradictions(claims: Sequence[_Claim]) -> Iterable[Problem]:
    for one, other in itertools.combinations(claims, 2):
        if other.start >= one.until or one.start >= other.until or one.lever.value == other.lever.value:
            continue
        if one.lever.value.pooled == other.lever.value.pooled or not one.meets(other):
            continue
        if one.lever.kind == "cap" and one.side != other.side:
            continue
        narrower = one.within(other) != other.within(one)
        if one.start == other.start:
            unsettled = not narrower
        else:
            # An end that is written down claims the whole span; one left open ends with the next lever.
            unsettled = one.lever.until is not None and one.within(other) and other.within(one)
        if unsettled:
            yield Problem(
                f"{one.event} and {other.event} contradict each other on {one.lever.kind} from {other.start}",
                field="events",
                hint="switch one of them off, move it, or end the first before the second begins",
            )


def fab_starts(events: Events) -> dict[str, Quantity]:
    """Return the month of first wafers of each fab that an event names; the latest event decides."""
    claims = _claims(events, "fab_start")
    return {fab: claim.lever.value for claim in claims for fab in claim.lever.fabs}


def moved(event: Event, to: PartialDate) -> Event:
    """Return an event that binds from another day: all its own days move along, save the one on which it is replaced.

    `to` takes the place of the day on which it begins to bind. Days of levers move by as many days.
    """
    shift = first_day_of(to) - first_day_of(event.begins)
    days = {
        name: _shifted(day, shift)
        for name in ("date", "published", "effective", "compliance")
        if (day := getattr(event, name)) is not None
    }
    levers = tuple(
        lever.model_copy(
            update={
                "start": _shifted(lever.start, shift) if lever.start else None,
                "until": _shifted(lever.until, shift) if lever.until else None,
            }
        )
        for lever in event.levers
    )
    return event.model_copy(update={**days, "levers": levers})


def _shifted(day: PartialDate, shift: timedelta) -> PartialDate:
    return (first_day_of(day) + shift).isoformat()


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
    states = [*event.states, *(state for rule in event.rules for state in rules[rule].states)]
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
        "rules": list(event.rules),
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
