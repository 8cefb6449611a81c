"""Events moved to other days, and the law as it then stands.

Where a scenario moves an event, its days, those of its levers and those of the rules that it brought move by as many
days; where it switches one off, its rules never come. What an instrument replaced lasts until its successor takes
effect, and goes on where that never comes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from autarky.facts.event_records import Event, Lever, first_day_of
from autarky.facts.fields import PartialDate
from autarky.facts.rule_records import Countries, Country, Dates, FoundryPresumption, Rule, Rules, Span
from autarky.quantities.months import parse_moment
from autarky.quantities.shifts import shifted

SpanT = TypeVar("SpanT", bound=Span)
Events = Mapping[str, Event]

LISTS = ("entries", "licences", "exceptions", "reviews", "listed_recipients", "states")
"""Fields of a rule that list dated parts of it."""
PARTS = ("letter", "lane", "tariff")
"""Fields of a rule that are one dated part."""


def moved(event: Event, to: PartialDate) -> Event:
    """Return an event that binds from another day: all its own days move along, save the one on which it is replaced.

    `to` takes the place of the day on which it begins to bind. Days of levers move by as many days, and so does the
    month by which a fab is to start.
    """
    first, then = first_day_of(event.begins), first_day_of(to)
    shift, months = then - first, parse_moment(then) - parse_moment(first)
    days = {
        name: _later(day, shift)
        for name in ("date", "published", "effective", "compliance")
        if (day := getattr(event, name)) is not None
    }
    levers = tuple(_moved_lever(lever, shift, months) for lever in event.levers)
    return event.model_copy(update={**days, "levers": levers})


def _moved_lever(lever: Lever, shift: timedelta, months: float) -> Lever:
    days = {"start": _later(lever.start, shift) if lever.start else None}
    days["until"] = _later(lever.until, shift) if lever.until else None
    value = shifted(lever.value, months) if lever.kind == "fab_start" else lever.value
    return lever.model_copy(update={**days, "value": value})


def _later(day: PartialDate, shift: timedelta) -> PartialDate:
    return (first_day_of(day) + shift).isoformat()


def law_as_moved(
    rules: Rules,
    countries: Countries,
    events: Events,
    acting: Events,
    *,
    switched_on: Collection[str] = (),
    added: Collection[str] = (),
) -> tuple[dict[str, Rule], dict[str, Country]]:
    """Return rules and countries as the acting events make them.

    Parameters
    ----------
    rules, countries
        The records of the catalogue.
    events
        Every event on its own days.
    acting
        Those that act, on the days to which they were moved.
    switched_on
        Those that were chosen by name: the rules that they brought have an effect even if they are only proposed.
    added
        Those that are a scenario's own: a rule that one of them brings begins on its day.
    """
    revised, grouped = dict(rules), dict(countries)
    for name, event in events.items():
        now = acting.get(name)
        first = first_day_of(event.begins)
        shift = None if now is None else first_day_of(now.begins) - first
        for rule in event.rules:
            if now is None:
                if event.enacted:
                    revised.pop(rule, None)
            elif name in added:
                begun = first_day_of(now.begins) - (rules[rule].begins or first)
                revised[rule] = _in_force(_moved_rule(rules[rule], begun))
            else:
                on = _in_force if name in switched_on else _as_it_is
                revised[rule] = on(_moved_rule(rules[rule], shift or timedelta(0)))
        for country in event.countries if shift or (now is None and event.enacted) else ():
            grouped[country] = _regrouped(grouped[country], first, shift)
    return {name: _succeeded(rule, revised) for name, rule in revised.items()}, grouped


def _as_it_is(rule: Rule) -> Rule:
    return rule


def _in_force(rule: Rule) -> Rule:
    return rule.model_copy(update={"status": "in force"}) if rule.switched else rule


def _moved_rule(rule: Rule, shift: timedelta) -> Rule:
    if not shift:
        return rule
    changes: dict[str, Any] = {name: tuple(_moved_part(part, shift) for part in getattr(rule, name)) for name in LISTS}
    changes |= {name: _moved_part(part, shift) for name in PARTS if (part := getattr(rule, name)) is not None}
    if rule.foundry is not None:
        changes["foundry"] = _moved_presumption(rule.foundry, shift)
    days = {
        name: day + shift
        for name in Dates.model_fields
        if name != "superseded" and (day := getattr(rule.dates, name)) is not None
    }
    return rule.model_copy(update={**changes, "dates": rule.dates.model_copy(update=days)})


def _moved_presumption(presumption: FoundryPresumption, shift: timedelta) -> FoundryPresumption:
    authorized = tuple(_moved_part(terms, shift) for terms in presumption.authorized)
    return _moved_part(presumption, shift).model_copy(update={"authorized": authorized})


def _moved_part(part: SpanT, shift: timedelta) -> SpanT:
    return part.model_copy(
        update={"start": part.start and part.start + shift, "until": part.until and part.until + shift}
    )


def _succeeded(rule: Rule, rules: Rules) -> Rule:
    """Return a rule that ends, as do its parts, where what replaces it begins."""
    changes: dict[str, Any] = {}
    if rule.superseded_by is not None:
        end = _effect(rule.superseded_by, rules)
        changes["dates"] = rule.dates.model_copy(update={"superseded": end})
    if any(exception.superseded_by for exception in rule.exceptions):
        changes["exceptions"] = tuple(
            exception.model_copy(update={"until": _effect(exception.superseded_by, rules)})
            if exception.superseded_by
            else exception
            for exception in rule.exceptions
        )
    return rule.model_copy(update=changes) if changes else rule


def _effect(name: str, rules: Rules) -> date | None:
    return rules[name].dates.effective if name in rules else None


def _regrouped(country: Country, day: date, shift: timedelta | None) -> Country:
    """Return a country whose groups change `shift` later than on `day`; None is never."""

    def then(end: date | None) -> date | None:
        if end != day or end is None:
            return end
        return None if shift is None else end + shift

    groups = tuple(
        member.model_copy(update={"start": then(member.start), "until": then(member.until)})
        for member in country.groups
        if shift is not None or member.start != day
    )
    return country.model_copy(update={"groups": groups})
