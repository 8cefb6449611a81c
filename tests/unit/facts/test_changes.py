"""What a scenario changes in the catalogue, and how the changes are marked."""

from datetime import date

import numpy as np
import pytest

from autarky.errors import ScenarioError
from autarky.scenario.resolve import ask
from small_catalogue import SCENARIO, small_catalogue


def asked(**fields):
    return ask({"extends": str(SCENARIO), **fields}, catalogue=small_catalogue()).catalogue


def sources_of(catalogue, key):
    return [estimate.sources for estimate in dict(catalogue.quantities())[key].estimates]


def test_no_change_gives_the_same_catalogue():
    assert asked() is small_catalogue()


def test_a_set_value_is_marked_as_the_scenarios_and_others_keep_their_source():
    changed = asked(set={"fabs.north.ai_share": "50% to 60%"})
    assert sources_of(changed, "fabs.north.ai_share") == [("scenario",)]
    for key in dict(small_catalogue().quantities()):
        if key != "fabs.north.ai_share":
            assert sources_of(changed, key) == sources_of(small_catalogue(), key)


def test_a_set_value_with_a_source_of_its_own_keeps_it():
    changed = asked(set={"fabs.north.ai_share": {"value": "50% to 60%", "source": "rival-2025"}})
    (estimate,) = dict(changed.quantities())["fabs.north.ai_share"].estimates
    assert (estimate.sources, estimate.weight, estimate.published) == (("rival-2025",), 0.25, date(2025, 2, 10))


def test_setting_one_month_of_a_path_marks_that_month():
    changed = asked(set={"fabs.north.capacity.2023-06": "9k wafer/month"})
    assert sources_of(changed, "fabs.north.capacity") == [("scenario",), ("analyst-2024",), ("rival-2025",)]


def test_adding_a_month_to_a_path_marks_that_month():
    changed = asked(set={"fabs.north.capacity.2025-12": "9k wafer/month"})
    marked = [("analyst-2024",), ("analyst-2024",), ("rival-2025",), ("scenario",)]
    assert sources_of(changed, "fabs.north.capacity") == marked


def test_setting_one_figure_of_an_estimate_marks_that_estimate():
    changed = asked(set={"fabs.north.capacity.2024-12.1.p95": "50k wafer/month"})
    assert sources_of(changed, "fabs.north.capacity") == [("analyst-2024",), ("analyst-2024",), ("scenario",)]
    assert sources_of(asked(set={"fabs.south.start.p95": "2027-12"}), "fabs.south.start") == [("scenario",)]


def test_setting_one_estimate_of_several_marks_it_unless_it_names_its_source():
    whole = {"p5": "30k wafer/month", "p95": "50k wafer/month"}
    marked = [("analyst-2024",), ("analyst-2024",), ("scenario",)]
    assert sources_of(asked(set={"fabs.north.capacity.2024-12.1": whole}), "fabs.north.capacity") == marked
    sourced = {**whole, "source": "maker-2023"}
    cited = [("analyst-2024",), ("analyst-2024",), ("maker-2023",)]
    assert sources_of(asked(set={"fabs.north.capacity.2024-12.1": sourced}), "fabs.north.capacity") == cited


def test_setting_a_part_of_a_formula_marks_the_formula():
    formula = {"logistic": {"floor": 0.1, "rise": 0.2, "midpoint": "2025-01", "scale": "6 month"}}
    facts = {"fabs": {"west": {**WEST, "utilisation": formula, "source": "rival-2025"}}}
    assert set(sources_of(asked(facts=facts), "fabs.west.utilisation")) == {("rival-2025",)}
    changed = asked(facts=facts, set={"fabs.west.utilisation.logistic.floor": 0.3})
    assert set(sources_of(changed, "fabs.west.utilisation")) == {("scenario",)}


def test_setting_what_stands_beside_a_figure_leaves_its_source():
    changed = asked(set={"fabs.north.capacity.2024-12.1.weight": 2})
    assert sources_of(changed, "fabs.north.capacity") == [("analyst-2024",), ("analyst-2024",), ("rival-2025",)]
    assert [e.weight for e in dict(changed.quantities())["fabs.north.capacity"].estimates] == [0.5, 0.5, 2.0]


def test_a_scenarios_number_is_known_on_every_day():
    changed = asked(set={"fabs.north.ai_share": "50% to 60%"})
    (estimate,) = dict(changed.quantities())["fabs.north.ai_share"].estimates
    assert estimate.published is None


def test_an_empty_value_takes_a_quantity_away():
    assert "fabs.north.ai_share" not in dict(asked(set={"fabs.north.ai_share": None}).quantities())


WEST = {"label": "West fab", "operator": "W", "country": "CN", "capacity": "1k to 2k wafer/month"}


def test_a_new_record_takes_the_scenario_as_source_or_its_own():
    assert sources_of(asked(facts={"fabs": {"west": WEST}}), "fabs.west.capacity") == [("scenario",)]
    sourced = {**WEST, "source": "rival-2025"}
    assert sources_of(asked(facts={"fabs": {"west": sourced}}), "fabs.west.capacity") == [("rival-2025",)]


def test_a_number_set_in_a_new_record_is_the_scenarios():
    facts = {"fabs": {"west": {**WEST, "ramp": "6 month", "source": "rival-2025"}}}
    changed = asked(facts=facts, set={"fabs.west.capacity": "5k wafer/month"})
    assert sources_of(changed, "fabs.west.capacity") == [("scenario",)]
    assert sources_of(changed, "fabs.west.ramp") == [("rival-2025",)]


def test_a_new_source_can_be_cited_at_once():
    source = {"title": "New", "publisher": "N", "published": "2024-01", "url": "https://example.org/n", "grade": "A"}
    changed = asked(facts={"sources": {"new-2024": source}, "fabs": {"west": {**WEST, "source": "new-2024"}}})
    (estimate,) = dict(changed.quantities())["fabs.west.capacity"].estimates
    assert (estimate.weight, estimate.published) == (1.0, date(2024, 1, 31))


def test_a_record_written_anew_replaces_the_whole_record():
    changed = asked(facts={"fabs": {"south": {**WEST, "source": "rival-2025"}}}, chain={"fabs": ["north"]})
    assert changed.collections["fabs"]["south"].defects is None


def test_a_changed_weight_reaches_every_estimate_of_the_catalogue():
    changed = asked(set={"pooling.default.grade_weights.C": 1})
    before, after = (dict(c.quantities())["fabs.north.capacity"] for c in (small_catalogue(), changed))
    assert [e.weight for e in before.estimates] == [0.5, 0.5, 0.25]
    assert [e.weight for e in after.estimates] == [0.5, 0.5, 1.0]
    assert sources_of(changed, "fabs.north.capacity") == sources_of(small_catalogue(), "fabs.north.capacity")


def test_a_changed_source_is_weighed_and_dated_anew_wherever_it_is_cited():
    changed = asked(set={"sources.rival-2025.grade": "A", "sources.rival-2025.published": "2024-06"})
    estimate = dict(changed.quantities())["fabs.north.capacity"].estimates[-1]
    assert (estimate.weight, estimate.published) == (1.0, date(2024, 6, 30))


def test_changed_weights_and_a_set_value_go_together():
    changed = asked(set={"pooling.default.grade_weights.C": 1, "fabs.north.ai_share": "50% to 60%"})
    assert sources_of(changed, "fabs.north.ai_share") == [("scenario",)]


def test_two_different_changes_have_different_digests():
    digests = [
        asked(set=change).digest
        for change in (
            {},
            {"fabs.north.ai_share": "50%"},
            {"fabs.north.ai_share": "51%"},
            {"fabs.north.ramp": "1 month"},
        )
    ]
    assert len(set(digests)) == 4
    assert asked(set={"fabs.north.ai_share": "50%"}).digest == digests[1]


def test_the_catalogue_that_was_changed_stays_as_it_was():
    before = {key: series.estimates for key, series in small_catalogue().quantities()}
    asked(set={"fabs.north.ai_share": "50%", "chips.card.dense.bf16": "1 TFLOPS"}, facts={"fabs": {"west": WEST}})
    assert {key: series.estimates for key, series in small_catalogue().quantities()} == before
    assert "west" not in small_catalogue().plain["fabs"]


def test_a_set_value_is_what_is_drawn():
    changed = asked(set={"fabs.north.ai_share": "50%"})
    share = dict(changed.quantities())["fabs.north.ai_share"]
    np.testing.assert_array_equal(share.draw({"": np.array([0.1, 0.9])}, np.array([24300])), 0.5)


def test_a_change_that_breaks_another_record_is_an_error():
    with pytest.raises(ScenarioError, match=r"neither chips\.card nor its product says which dies it takes"):
        asked(set={"chips.card.dies": []})
