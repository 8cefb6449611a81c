"""Events moved to other days, and the law that goes with them."""

from datetime import date

import numpy as np
import pytest

from autarky.facts.event_records import Event, first_day_of
from autarky.facts.loader import load_catalogue
from autarky.facts.rule_records import Country, Rule
from autarky.quantities.months import parse_month
from autarky.rules.moves import law_as_moved, moved


def event(day, *levers, **about):
    record = {"label": "an event", "date": day, "actor": "US-BIS", "confidence": "B", "levers": list(levers), **about}
    return Event.model_validate(record)


def lever(kind, value, **about):
    return {"kind": kind, "value": value, **about}


def test_a_moved_event_takes_all_its_days_along_save_the_one_on_which_it_is_replaced():
    rule = event(
        "2023-10-17",
        lever("licence_status", 0),
        lever("grey_channel", 2, **{"from": "2023-12-17", "until": "2024-01-17"}),
        published="2023-10-25",
        effective="2023-11-17",
        superseded="2026-01-01",
    )
    later = moved(rule, "2024-11-17")
    assert (later.date, later.published, later.effective) == ("2024-10-17", "2024-10-25", "2024-11-17")
    assert later.superseded == "2026-01-01"
    assert later.span(later.levers[0])[0] == date(2024, 11, 17)
    assert (later.levers[1].start, later.levers[1].until) == ("2024-12-17", "2025-01-17")


@pytest.mark.parametrize(
    "value",
    [
        "2026-01",
        {"p5": "2025-11", "p95": "2026-06", "family": "normal"},
        {"p5": "2026-01", "p95": "2026-12", "family": "uniform"},
    ],
)
def test_a_plan_that_comes_later_starts_its_fabs_as_much_later(value):
    plan = event("2025-08-27", lever("fab_start", value, fabs="one"), lever("grey_channel", 0.5))
    later = moved(plan, "2026-10-27")
    levels = np.array([0.05, 0.5, 0.95])
    shift = later.levers[0].value.pooled.ppf(levels) - plan.levers[0].value.pooled.ppf(levels)
    assert shift == pytest.approx([14.0] * 3)
    month = parse_month("2026-04")
    assert later.levers[0].value.pooled.cdf(month + 14.0) == pytest.approx(plan.levers[0].value.pooled.cdf(month + 0.0))
    assert later.levers[1].value == plan.levers[1].value


def records():
    catalogue = load_catalogue()
    return catalogue.all("rules", Rule), catalogue.all("countries", Country), catalogue.all("events", Event)


def acting(events):
    return {name: e for name, e in events.items() if e.enacted}


def test_the_law_of_events_on_their_own_days_is_the_law():
    rules, countries, events = records()
    assert law_as_moved(rules, countries, events, acting(events)) == (rules, countries)


def test_what_replaces_a_rule_takes_effect_on_the_day_on_which_that_rule_ends():
    rules, _, _ = records()
    ended = {name: rule for name, rule in rules.items() if rule.dates.superseded}
    assert all(rule.superseded_by for rule in ended.values())
    for rule in ended.values():
        assert rule.dates.superseded == rules[rule.superseded_by].dates.effective
    for rule in rules.values():
        for exception in rule.exceptions:
            assert (exception.superseded_by is None) == (exception.until is None)
            if exception.superseded_by:
                assert exception.until == rules[exception.superseded_by].dates.effective


def test_every_rule_with_a_day_is_brought_by_one_event_that_binds_on_its_day():
    rules, _, events = records()
    brought = [rule for e in events.values() for rule in e.rules]
    assert sorted(brought) == sorted(name for name, rule in rules.items() if rule.begins)
    for e in events.values():
        for rule in e.rules:
            if e.enacted:
                assert first_day_of(e.begins) == rules[rule].begins, rule


def test_a_country_changes_its_groups_on_the_day_on_which_its_event_binds():
    _, countries, events = records()
    changing = {name: e for name, e in events.items() if e.countries}
    assert len(changing) == 4
    for e in changing.values():
        for country in e.countries:
            days = {day for member in countries[country].groups for day in (member.start, member.until)}
            assert date.fromisoformat(e.begins) in days


def test_parts_of_a_moved_rule_move_with_it():
    rules, countries, events = records()
    now = acting(events)
    now["2025-01-foundry-rule"] = moved(now["2025-01-foundry-rule"], "2025-03-02")
    found, _ = law_as_moved(rules, countries, events, now)
    before, after = (law["2025-01-foundry"] for law in (rules, found))
    assert (after.dates.effective - before.dates.effective).days == 30
    assert (after.foundry.authorized[0].until - before.foundry.authorized[0].until).days == 30
    assert after.foundry.limits == before.foundry.limits
    assert {name for name, rule in found.items() if rule != rules[name]} == {"2025-01-foundry"}
