"""What the levers that events move say in each month, and when two of them contradict each other.

Levers are read one kind at a time. Of those whose scope holds what is asked, the one that began last decides; of two
that began on the same day, the narrower one. A lever without an end is ended by the next one. Two that say different
things of the same scope, where neither of these rules parts them, contradict each other: that is an error.

Caps are set on both sides of a border: each side's last cap stands, and the lowest binds. A side is what an actor's
id begins with (US-BIS and US-CONGRESS are one). An order needs the leave of every authority that has a say: what a
statute denies, no licence of an agency brings back.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.errors import InputError, Problem
from autarky.facts.event_records import DIMENSIONS, KINDS, Event, Kind, Lever, Meaning
from autarky.quantities.estimates import Quantity
from autarky.quantities.shapes import Exact

Array: TypeAlias = npt.NDArray[np.float64]
Draw: TypeAlias = Callable[[str, Quantity], Array]
"""Gives the draws `(draw,)` of a quantity by its dotted key."""
Months: TypeAlias = Sequence[int] | npt.NDArray[np.int64]
Events: TypeAlias = Mapping[str, Event]


@dataclass(frozen=True)
class _Claim:
    """One lever of an event, with its days and the key of its value."""

    event: str
    actor: str
    lever: Lever
    start: date
    until: date
    key: str

    @property
    def speaker(self) -> str:
        """Return whose earlier word a lever replaces: its actor's, its side's, or everybody's."""
        name = KINDS[self.lever.kind].lowest_of
        return {"actor": self.actor, "side": self.actor.partition("-")[0], None: ""}[name]

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
                found.append(_Claim(name, event.actor, lever, start, until, key))
    return sorted(found, key=lambda claim: (claim.start, len(claim.lever.scope)))


def lever_path(events: Events, kind: Kind, scope: Mapping[str, str], months: Months, draw: Draw) -> Array:
    """Return what a kind of lever says of `scope` in each month, `(month, draw)`, in the unit of its kind.

    Shares, multiples, fees and duties are the mean over the days of the month; a cap is what holds on its last day.
    Where no lever speaks, the default of the kind stands (`KINDS`); where all that speak are certain, or none ever
    does, the result is `(month, 1)`, which broadcasts.

    Parameters
    ----------
    events
        The events that act, by id.
    kind
        Which lever.
    scope
        What is asked about, each by id: `chip`, `vendor`, `buyer`, `region` and the like (`DIMENSIONS`). A lever that
        is narrowed in a dimension not given here does not speak of it, so give the vendor along with the chip.
    months
        Month indices, rising.
    draw
        Gives the draws of a quantity by its key, such as `Sampler.draw`.
    """
    claims = [claim for claim in _claims(events, kind) if claim.covers(scope)]
    problems = list(_contradictions(claims))
    if problems:
        raise InputError(problems)
    values = {claim.key: _drawn(claim, draw) for claim in claims}
    width = max((value.size for value in values.values()), default=1)
    speakers = dict.fromkeys(claim.speaker for claim in claims)
    paths = [
        _path([claim for claim in claims if claim.speaker == speaker], values, months, KINDS[kind], width)
        for speaker in speakers
    ]
    return np.minimum.reduce(paths) if paths else np.full((len(months), width), KINDS[kind].default)


def _drawn(claim: _Claim, draw: Draw) -> Array:
    """Return the draws of a lever's value, (draw,); one number, (1,), where it is certain."""
    drawn, certain = draw(claim.key, claim.lever.value), isinstance(claim.lever.value.pooled, Exact)
    return drawn[:1] if certain else drawn


def _path(claims: Sequence[_Claim], values: Mapping[str, Array], months: Months, meaning: Meaning, width: int) -> Array:
    path = np.full((len(months), width), meaning.default)
    turns = {12 * day.year + day.month - 1 for claim in claims for day in (claim.start, claim.until)}
    for row, month in enumerate(months):
        if row and not turns & {int(months[row - 1]), int(month)}:
            path[row] = path[row - 1]
            continue
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
        if one.speaker != other.speaker:
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


def planned_starts(events: Events) -> dict[str, tuple[str, Quantity]]:
    """Return (key, month of first wafers at the latest) of each fab that an event names; the latest event decides."""
    return {fab: (claim.key, claim.lever.value) for claim in _claims(events, "fab_start") for fab in claim.lever.fabs}


def shut_for_good(events: Events, kind: Kind, scope: Mapping[str, str], months: Months) -> bool:
    """Return whether the levers of a kind hold a scope at nothing, without any doubt, in every one of the months."""
    claims = [claim for claim in _claims(events, kind) if claim.covers(scope)]
    nothing = Exact(0.0)
    return any(
        all(
            claim is not None and claim.lever.value.pooled == nothing
            for month in months
            for claim, _ in _month_parts(own, int(month), by_day=KINDS[kind].by_day)
        )
        for speaker in dict.fromkeys(claim.speaker for claim in claims)
        if (own := [claim for claim in claims if claim.speaker == speaker])
    )
