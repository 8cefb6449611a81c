"""Scenarios built on others: what they inherit, what they change, and where each part was written."""

import copy

import pytest

from autarky.errors import ScenarioError
from autarky.quantities.months import parse_month
from autarky.scenario.resolve import ask
from small_catalogue import FOLDER, SCENARIO, small_catalogue


@pytest.fixture
def written(tmp_path):
    """Write scenario files into a folder; ask the last one."""

    def write(*texts, **options):
        for name, text in texts:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(small=SCENARIO), encoding="utf-8")
        return ask(path, catalogue=small_catalogue(), **options)

    return write


def small(**fields):
    return {"extends": str(SCENARIO), **fields}


def asked(scenario, **options):
    return ask(scenario, catalogue=small_catalogue(), **options)


# What a scenario takes from the one that it extends


def test_a_scenario_is_its_parent_where_it_says_nothing():
    parent, child = asked(SCENARIO).scenario, asked(small()).scenario
    assert child.model_copy(update={"name": parent.name}) == parent


def test_fields_are_merged_and_lists_are_replaced():
    child = asked(small(label="Later", horizon={"end": "2027-06"}, chain={"fabs": ["south"]})).scenario
    assert child.label == "Later"
    assert child.horizon.start == parse_month("2023-01")
    assert child.horizon.end == parse_month("2027-06")
    assert child.chain.fabs == ("south",)
    assert child.chain.products == ("card",)


def test_the_name_is_that_of_the_file_and_never_the_parents(written):
    assert asked(SCENARIO).scenario.name == "scenario"
    assert written(("later.yaml", "extends: {small}\n")).scenario.name == "later"
    assert written(("later.yaml", "extends: {small}\nname: my-own\n")).scenario.name == "my-own"
    assert (
        written(("first.yaml", "extends: {small}\nname: my-own\n"), ("b.yaml", "extends: first.yaml")).scenario.name
        == "b"
    )


def test_a_chain_of_scenarios_is_read_to_its_end(written):
    question = written(
        ("one.yaml", "extends: {small}\nlabel: One\nset: {{fabs.north.ai_share: 10%, fabs.south.ramp: 1 month}}\n"),
        ("deep/two.yaml", "extends: ../one.yaml\nset: {{fabs.north.ai_share: 20%}}\n"),
        ("deep/three.yaml", "extends: two.yaml\nregion: US\n"),
    )
    assert (question.scenario.label, question.scenario.region) == ("One", "US")
    assert question.scenario.set == {"fabs.north.ai_share": "20%", "fabs.south.ramp": "1 month"}
    assert "extends" not in question.plain


def test_a_parent_in_the_library_is_named_without_a_path():
    question = ask({"extends": "china-ai-chips", "label": "A small change"})
    assert question.scenario.label == "A small change"
    assert question.scenario.chain.products == ask("china-ai-chips").scenario.chain.products


def test_a_file_with_the_name_of_a_library_scenario_is_meant_by_its_ending(written):
    question = written(("china-ai-chips.yaml", "extends: {small}\n"), ("mine.yaml", "extends: ./china-ai-chips.yaml\n"))
    assert question.scenario.chain.products == ("card",)


def test_records_of_parent_and_child_are_merged_field_by_field(written):
    question = written(
        (
            "one.yaml",
            "extends: {small}\nfacts:\n  fabs:\n    west: {{label: West, operator: W, country: CN, ramp: 1 month}}\n",
        ),
        ("two.yaml", "extends: one.yaml\nfacts:\n  fabs:\n    west: {{ramp: 2 month}}\n"),
    )
    west = question.catalogue.collections["fabs"]["west"]
    assert (west.label, west.ramp.pooled.mean()) == ("West", 2.0)


# Overrides


def test_an_override_wins_over_the_scenarios_own_setting():
    question = asked(small(set={"fabs.north.ai_share": "10%"}), overrides={"fabs.north.ai_share": "30%"})
    assert question.catalogue.collections["fabs"]["north"].ai_share.pooled.mean() == 0.3


def test_an_override_leaves_the_other_settings():
    question = asked(small(set={"fabs.north.ai_share": "10%"}), overrides={"fabs.south.ramp": "1 month"})
    assert question.scenario.set == {"fabs.north.ai_share": "10%", "fabs.south.ramp": "1 month"}


def test_settings_are_applied_in_their_order():
    whole, part = {"2024-01": "1k wafer/month", "2025-01": "2k wafer/month"}, "3k wafer/month"
    question = asked(small(set={"fabs.north.capacity": whole, "fabs.north.capacity.2025-01": part}))
    knots = question.catalogue.collections["fabs"]["north"].capacity.knots
    assert [quantity.pooled.mean() for _, quantity in knots] == [1000.0, 3000.0]


def test_an_entry_of_a_list_is_set_by_its_index():
    question = asked(small(set={"die_banks.bank.deliveries.0.amount": "7 die"}))
    (delivery,) = question.catalogue.collections["die_banks"]["bank"].deliveries
    assert delivery.amount.pooled.mean() == 7.0


def test_a_field_that_is_no_quantity_can_be_set():
    question = asked(small(set={"products.card.priority": 3, "chips.card.vendor": "other"}))
    assert question.catalogue.collections["products"]["card"].priority == 3
    assert question.catalogue.collections["chips"]["card"].vendor == "other"


def test_the_as_of_option_wins_over_the_scenarios_own():
    assert asked(small(as_of="2024-12")).as_of.isoformat() == "2024-12-31"
    assert asked(small(as_of="2024-12"), as_of="2025").as_of.isoformat() == "2025-12-31"
    assert asked(small()).as_of is None


def test_what_is_asked_is_enough_to_ask_it_again():
    question = asked(
        small(set={"fabs.north.ai_share": "10%"}), overrides={"fabs.south.ramp": "1 month"}, as_of="2025-06"
    )
    again = asked(copy.deepcopy(question.plain))
    assert again.scenario == question.scenario
    assert again.catalogue.digest == question.catalogue.digest
    assert again.as_of == question.as_of


def test_plain_data_given_as_a_scenario_is_left_as_it_was():
    scenario = small(set={"fabs.north.ai_share": "10%"}, facts={"fabs": {}})
    before = copy.deepcopy(scenario)
    asked(scenario, overrides={"fabs.south.ramp": "1 month"}, as_of="2025-06")
    assert scenario == before


# Where it was written


PARENT = """\
extends: {small}
set:
  fabs.north.ai_share: 10%
facts:
  fabs:
    west: {{label: West, operator: W, country: CN, ramp: 1 month}}
"""
CHILD = """\
extends: parent.yaml
chain:
  fabs: [north, west]
facts:
  fabs:
    west: {{ramp: 2 month}}
    east: {{label: East, operator: E, country: CN}}
set: {{fabs.south.ramp: 3 month}}
"""


@pytest.mark.parametrize(
    ("at", "place"),
    [
        (("extends",), "child.yaml:1:1"),
        (("chain", "fabs", 1), "child.yaml:3:17"),
        (("chain", "products", 0), "scenario.yaml:9:14"),
        (("horizon", "end"), "scenario.yaml:3:27"),
        (("facts", "fabs", "west", "ramp"), "child.yaml:6:12"),
        (("facts", "fabs", "west", "label"), "parent.yaml:6:12"),
        (("facts", "fabs", "east", "label"), "child.yaml:7:12"),
        (("set", "fabs.north.ai_share"), "parent.yaml:3:3"),
        (("set", "fabs.south.ramp"), "child.yaml:8:7"),
        (("set", "fabs.north.utilisation"), "--set fabs.north.utilisation"),
        (("as_of",), "--as-of"),
        (("nothing",), "child.yaml:1:1"),
    ],
)
def test_a_place_is_found_in_whichever_file_it_was_written(written, tmp_path, at, place):
    overrides = {"fabs.north.utilisation": "90%"}
    question = written(("parent.yaml", PARENT), ("child.yaml", CHILD), overrides=overrides, as_of="2025-06")
    assert question.place(at).replace(f"{tmp_path}/", "").replace(f"{FOLDER}/", "") == place


@pytest.mark.parametrize(
    ("parent", "child", "place"),
    [
        ("set: {{fabs.north.ai_share: 110%}}", "label: L", "parent.yaml:2:7"),
        ("label: L", "set: {{fabs.north.ai_share: {{p5: 10%, p95: 110%}}}}", "child.yaml:2:38"),
        ("facts: {{fabs: {{north: {{ai_share: 110%}}}}}}", "label: L", "parent.yaml:2:24"),
    ],
)
def test_an_error_names_the_file_that_it_is_in(written, tmp_path, parent, child, place):
    with pytest.raises(ScenarioError) as caught:
        written(("parent.yaml", f"extends: {{small}}\n{parent}\n"), ("child.yaml", f"extends: parent.yaml\n{child}\n"))
    assert place in {problem.place.replace(f"{tmp_path}/", "") for problem in caught.value.problems}


def test_a_fault_in_a_record_set_twice_is_placed_at_the_setting_that_made_it():
    settings = {"fabs.north.ai_share": "10%", "fabs.north.utilisation": "110%"}
    with pytest.raises(ScenarioError) as caught:
        asked(small(set={"fabs.north.ai_share": "10%"}), overrides=settings)
    assert [problem.place for problem in caught.value.problems] == ["--set fabs.north.utilisation"]


def test_a_fault_of_a_new_record_that_is_also_set_is_placed_where_it_was_written(written, tmp_path):
    text = """\
extends: {small}
facts:
  fabs:
    west: {{label: West, operator: W, country: CN, ai_share: 110%}}
set:
  fabs.west.ramp: 3 month
"""
    with pytest.raises(ScenarioError) as caught:
        written(("one.yaml", text))
    (problem,) = caught.value.problems
    assert problem.place == f"{tmp_path}/one.yaml:4:51"
    assert problem.field == "fabs.west.ai_share"
