"""Which events act in a scenario, and what a scenario that extends another makes of its choice."""

import pytest

from autarky.quantities.months import parse_month
from autarky.scenario.events import acting_events, drawn_events
from autarky.scenario.model import model_of
from autarky.scenario.resolve import ask

BASE = {"label": "a question", "extends": "china-ai-chips"}
LETTERS, BILL, RULE = "2025-04-h20-letters", "2025-12-safe-chips-bill", "2023-10-tpp-pd-rule"
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
    assert [label for _, label, _, _ in drawn_events(listed)] == [
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
    (tmp_path / "parent.yaml").write_text(
        f"extends: china-ai-chips\nlabel: parent\nevents: {{on: [{BILL}], off: [{LETTERS}], draw: [{RULE}]}}\n"
    )
    child = tmp_path / "child.yaml"
    child.write_text(f"extends: parent.yaml\nlabel: child\nevents: {{on: [{LETTERS}], off: [{RULE}]}}\n")
    choice = ask(child).scenario.events
    assert (choice.on, choice.off, choice.draw) == ((BILL, LETTERS), (RULE,), (RULE,))
    child.write_text(f"extends: parent.yaml\nlabel: child\nevents: [{LETTERS}]\n")
    choice = ask(child).scenario.events
    assert (choice.on, choice.off, choice.draw) == ((BILL,), (LETTERS,), (LETTERS,))


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


def test_a_plan_that_is_switched_on_sets_the_start_of_its_fabs():
    plan = "2025-08-three-fab-plan"
    before, after = model_of(asked()), model_of(asked({"on": [plan]}))
    assert before.fabs["huawei-fab-1"].start.pooled.cdf(parse_month("2026-01")) < 1
    assert float(after.fabs["huawei-fab-1"].start.pooled.mean()) == parse_month("2025-12")
    low, high = after.fabs["huawei-fab-2"].start.pooled.support
    assert parse_month("2026-01") - 1 < low < high < parse_month("2027-01") + 1
    assert before.fabs["smic-7nm"] == after.fabs["smic-7nm"]


@pytest.mark.parametrize("form", [{"draw": [LETTERS]}, [LETTERS], {}])
def test_both_forms_are_read(form):
    assert asked(form).scenario.events.on == ()
