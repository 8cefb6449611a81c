"""Which events act in a scenario, and what a scenario that extends another makes of its choice."""

import json
from datetime import date

import pytest

import autarky
from autarky.errors import ScenarioError
from autarky.facts.event_records import Event
from autarky.facts.rule_records import Rule
from autarky.quantities.months import parse_month
from autarky.scenario.events import acting_events, drawn_events, law_of
from autarky.scenario.model import model_of
from autarky.scenario.resolve import ask

BASE = {"label": "a question", "extends": "china-ai-chips"}
LETTERS, BILL, RULE = "2025-04-h20-letters", "2025-12-safe-chips-bill", "2023-10-tpp-pd-rule"
LICENCES, FEE, NOTICE = "2025-08-h20-licences", "2025-08-fifteen-percent", "2023-10-early-start-nvidia"
CONTROL = "2024-12-hbm-control"
ADDED = {
    "label": "A fee",
    "date": "2027-01-01",
    "actor": "US-CONGRESS",
    "confidence": "C",
    "levers": [{"kind": "fee", "value": "20%", "chips": ["h20"]}],
}


def asked(events=None, **about):
    return ask({**BASE, **({} if events is None else {"events": events})}, **about)


def test_what_happened_acts_and_what_is_only_proposed_does_not():
    acting = acting_events(asked())
    assert LETTERS in acting
    assert BILL not in acting
    assert all(event.enacted for event in acting.values())


def test_a_plain_list_only_says_what_is_drawn():
    listed = asked([BILL, LETTERS])
    assert acting_events(listed) == acting_events(asked())
    below = [label for _, label, _, _ in drawn_events(asked())]
    assert [label for _, label, _, _ in drawn_events(listed)] == [
        *below,
        "SAFE Chips Act introduced",
        "Letters require a licence for H20, MI308 and Gaudi",
    ]


def test_events_are_switched_moved_and_added():
    question = asked({"on": [BILL], "off": [LETTERS], "move": {RULE: "2024-06-01"}, "add": {"fee": ADDED}})
    acting = acting_events(question)
    assert BILL in acting
    assert LETTERS not in acting
    assert acting[RULE].effective == "2024-06-01"
    assert acting["fee"].levers[0].value.estimates[0].sources == ("scenario",)
    drawn = {label for _, label, _, _ in drawn_events(question)}
    assert {"SAFE Chips Act introduced", "A fee", acting[RULE].label} <= drawn


def test_a_child_changes_the_choice_of_its_parent(tmp_path):
    root = tmp_path / "root.yaml"
    plain = {key: value for key, value in ask("china-ai-chips").plain.items() if key not in ("events", "name")}
    root.write_text(json.dumps(plain))
    (tmp_path / "parent.yaml").write_text(
        "extends: root.yaml\nlabel: parent\n"
        f"events: {{on: [{BILL}], off: [{LETTERS}], draw: [{RULE}], move: {{{CONTROL}: 2025-06-30}}}}\n"
    )
    child = tmp_path / "child.yaml"

    def choice(events):
        child.write_text(f"extends: parent.yaml\nlabel: child\nevents: {events}\n")
        return ask(child).scenario.events

    found = choice(f"{{on: [{LETTERS}], off: [{RULE}, {CONTROL}]}}")
    assert (found.on, found.off, found.draw) == ((BILL, LETTERS), (RULE, CONTROL), (RULE,))
    assert found.move == {}
    found = choice(f"[{LETTERS}, {RULE}]")
    assert (found.on, found.off, found.draw) == ((BILL,), (LETTERS,), (RULE, LETTERS))
    assert found.move == {CONTROL: "2025-06-30"}


def test_a_counterfactual_draws_what_its_base_draws_and_its_own():
    base, own = (drawn_events(ask(name)) for name in ("china-ai-chips", "location-verification"))
    assert own[: len(base)] == base
    assert [label for _, label, _, _ in own[len(base) :]] == [
        "Chip Security Act introduced: location verification before export"
    ]


def test_a_question_is_asked_again_from_its_own_plain_data():
    question = asked({"on": [BILL], "add": {"fee": ADDED}})
    again = ask(question.plain)
    assert acting_events(again).keys() == acting_events(question).keys()


def test_an_as_of_date_leaves_out_what_was_announced_later():
    acting = acting_events(asked(as_of="2025-05-31"))
    assert LETTERS in acting
    assert "2025-07-h20-reversal" not in acting
    own = acting_events(asked({"on": [BILL]}, as_of="2025-05-31"))
    assert BILL in own


def test_a_licence_means_nothing_without_what_it_is_a_licence_under():
    assert LICENCES in acting_events(asked())
    assert LICENCES not in acting_events(asked({"off": [LETTERS]}))
    late = acting_events(asked({"move": {LETTERS: "2026-03-01"}}))
    assert LETTERS in late
    assert LICENCES not in late
    with pytest.raises(ScenarioError, match=f"events.on: {FEE} means nothing without {LICENCES}"):
        autarky.law({**BASE, "events": {"on": [FEE], "off": [LETTERS]}})


@pytest.mark.parametrize("choice", [{"on": [BILL], "off": [BILL]}, {"move": {LETTERS: "2025-06-01"}, "off": [LETTERS]}])
def test_an_event_cannot_be_off_and_act(choice):
    with pytest.raises(ScenarioError, match="is switched off as well"):
        autarky.law({**BASE, "events": choice})


def test_a_plan_that_is_switched_on_names_the_latest_start_of_its_fabs():
    plan = "2025-08-three-fab-plan"
    before, after = model_of(asked()), model_of(asked({"on": [plan]}))
    assert before.planned_starts == {}
    assert before.fabs == after.fabs
    starts = {fab: latest.pooled for fab, (_, latest) in after.planned_starts.items()}
    assert float(starts["huawei-fab-1"].mean()) == parse_month("2025-12")
    low, high = starts["huawei-fab-2"].support
    assert parse_month("2026-01") - 1 < low < high < parse_month("2027-01") + 1


def test_a_plan_that_comes_a_year_later_starts_its_fabs_a_year_later():
    plan = "2025-08-three-fab-plan"
    on_time, late = (
        model_of(asked(choice)).planned_starts for choice in ({"on": [plan]}, {"move": {plan: "2026-08-27"}})
    )
    for fab, (key, latest) in on_time.items():
        assert late[fab][0] == key
        assert float(late[fab][1].pooled.mean()) == pytest.approx(float(latest.pooled.mean()) + 12)


def test_a_way_that_is_barred_takes_part_only_where_it_is_not():
    as_it_was = model_of(asked())
    assert "hbm-still-sold" not in as_it_was.memory_supplies
    assert list(as_it_was.die_banks) == ["tsmc-via-sophgo"]
    assert as_it_was.left_out == {}
    assert "hbm-still-sold" in model_of(asked({"off": [CONTROL]})).memory_supplies
    assert "hbm-still-sold" in model_of(asked({"move": {CONTROL: "2025-02-28"}})).memory_supplies
    assert "foreign-dies-t-head" in model_of(asked({"off": ["2024-11-tsmc-stop"]})).die_banks
    every = ["2024-10-tsmc-dies-found", "2024-11-tsmc-stop", "2025-01-foundry-rule", "2025-01-sophgo-zhipu-listed"]
    assert (
        "tsmc-via-sophgo-later" not in model_of(asked({"off": every[:-1], "move": {every[-1]: "2024-11-01"}})).die_banks
    )
    assert "tsmc-via-sophgo-later" in model_of(asked({"off": every})).die_banks


def law(events, **about):
    return law_of(asked(events, **about))


def licence(chip, day, events=None):
    return autarky.classify(chip, to="CN", date=day, catalogue=law(events)).licence


def test_the_law_of_a_scenario_without_a_choice_is_the_catalogues():
    question = asked()
    found = law_of(question)
    for collection in ("rules", "countries"):
        assert found.collections[collection] == question.catalogue.collections[collection]
    assert {name for name, event in question.catalogue.all("events", Event).items() if event.enacted} == set(
        found.all("events", Event)
    )


def test_a_moved_event_moves_the_law_that_it_brought_and_what_that_replaces():
    """In June 2024 the A800 is free if the rule of October 2023 comes in November 2024, by 367 days."""
    later = {"move": {RULE: "2024-11-18"}, "off": [NOTICE]}
    rules = law(later).all("rules", Rule)
    assert str(rules["2023-10-performance-density"].dates.announced) == "2024-10-18"
    assert str(rules["2022-10-advanced-computing"].dates.superseded) == "2024-11-18"
    assert (licence("a800-sxm", "2024-06-01"), licence("a800-sxm", "2024-06-01", later)) == ("required", "not required")
    assert licence("a800-sxm", "2024-11-18", later) == "required"
    # The first rule goes on until then: the A100 needs a licence all along.
    assert licence("a100-80gb-sxm", "2024-06-01", later) == "required"


def test_without_an_event_its_law_never_comes_and_what_it_would_replace_goes_on():
    never = {"off": [RULE, NOTICE]}
    assert licence("a800-sxm", "2025-03-01", never) == "not required"
    assert licence("a800-sxm", "2025-05-01", never) == "required"  # by the letters of April 2025
    assert licence("h100-sxm", "2026-06-01", never) == "required"
    assert licence("h20", "2025-06-01", {"off": [LETTERS]}) == "not required"


def test_a_bill_that_is_moved_is_law_from_that_day():
    enacted = {"move": {BILL: "2027-03-01"}}
    before, after = (
        autarky.classify("h200-sxm", to="CN", date=day, catalogue=law(enacted)).review
        for day in ("2027-02-28", "2027-03-01")
    )
    assert (before, after) == ("case-by-case", "denial by statute")


def test_an_own_event_can_bring_a_bill_on_its_own_day():
    own = {"label": "The bill passes", "date": "2027-03-01", "actor": "US-CONGRESS", "confidence": "C"}
    found = law({"add": {"passed": {**own, "rules": "safe-chips-act"}}})
    dates = found.get("rules", "safe-chips-act", Rule).dates
    assert str(dates.announced) == "2027-03-01"
    assert autarky.classify("h200-sxm", to="CN", date="2027-02-28", catalogue=found).review == "case-by-case"
    assert autarky.classify("h200-sxm", to="CN", date="2027-03-01", catalogue=found).review == "denial by statute"


def test_a_country_changes_its_groups_when_the_event_says():
    moved, never = ({"move": {"2026-07-uae-regrouped": "2027-07-10"}}, {"off": ["2026-07-uae-regrouped"]})
    day = date.fromisoformat("2026-08-01")
    assert "A:5" in asked().catalogue.collections["countries"]["AE"].groups_on(day)
    for choice in (moved, never):
        assert law(choice).collections["countries"]["AE"].groups_on(day) == {"D:3", "D:4"}
    assert "A:5" in law(moved).collections["countries"]["AE"].groups_on(date.fromisoformat("2027-07-10"))
    assert law(never).collections["countries"]["AE"].groups_on(date.fromisoformat("2030-01-01")) == {"D:3", "D:4"}


@pytest.mark.parametrize("form", [{"draw": [LETTERS]}, [LETTERS], {}])
def test_both_forms_are_read(form):
    assert asked(form).scenario.events.on == ()
