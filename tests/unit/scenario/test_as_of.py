"""What a scenario may know on a day: estimates, records, evidence."""

from datetime import date

import pytest

from autarky.engine import run
from autarky.errors import ScenarioError
from autarky.quantities.months import parse_month
from autarky.scenario import resolve
from autarky.scenario.model import model_of
from autarky.scenario.resolve import ask
from small_catalogue import SCENARIO, small_catalogue


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(resolve, "load_catalogue", small_catalogue)


def small(**fields):
    return {"extends": str(SCENARIO), "targets": [], **fields}


def test_without_a_date_everything_takes_part():
    model = model_of(ask(small()))
    assert list(model.fabs) == ["north", "south"]
    assert model.left_out == {}


def test_a_record_with_a_number_that_nobody_knew_is_left_out_with_the_reason():
    model = model_of(ask(small(as_of="2024-06-30")))
    assert list(model.fabs) == ["north"]
    assert model.left_out["fabs.south"] == "fabs.south.capacity has no estimate known by 2024-06-30"


@pytest.mark.parametrize(("day", "fabs"), [("2025-02-09", ["north"]), ("2025-02-10", ["north", "south"])])
def test_a_source_counts_from_the_day_it_was_published(day, fabs):
    assert list(model_of(ask(small(as_of=day))).fabs) == fabs


def test_of_several_estimates_those_known_are_drawn():
    early = run(small(as_of="2024-06-30", evidence=[]), draws=256, workers=1)
    late = run(small(as_of="2025-06-30", evidence=[]), draws=256, workers=1)
    cited = [{row.key: row.sources for row in result.inputs}["fabs.north.capacity"] for result in (early, late)]
    assert cited == [("analyst-2024",), ("analyst-2024", "rival-2025")]
    assert any("fabs.south" in note for note in early.notes)
    assert late.notes == ()


def test_evidence_counts_from_the_day_it_was_published():
    early = run(small(as_of="2024-06-30"), draws=256, workers=1)
    late = run(small(as_of="2025-06-30"), draws=256, workers=1)
    assert [len(check.reports) for result in (early, late) for check in result.fit.checks] == [1, 2]


def test_evidence_that_nobody_knew_is_no_evidence():
    assert run(small(as_of="2024-01-31", chain={"fabs": []}, facts=EARLY), draws=256, workers=1).fit is None


EARLY = {
    collection: {name: {**small_catalogue().plain[collection][name], "source": "maker-2023"} for name in names}
    for collection, names in {
        "products": ["card"],
        "packaging_lines": ["line"],
        "memory_supplies": ["stockpile"],
        "die_banks": ["bank"],
    }.items()
}


def test_a_scenario_of_which_nothing_was_known_is_an_error():
    with pytest.raises(ScenarioError) as caught:
        run(small(as_of="2023-12-31"), draws=64)
    assert str(caught.value) == (
        "scenario  as_of: none of the scenario's products was known by 2023-12-31; give a later as-of date"
    )


def test_a_number_that_the_scenario_sets_is_known_on_every_day():
    capacity = {"2023-06": "10k wafer/month"}
    question = ask(small(as_of="2023-06-30", set={"fabs.north.capacity": capacity}))
    series = question.catalogue.collections["fabs"]["north"].capacity
    assert series.known_by(date(2023, 6, 30)) == series
    assert series.knots[0][0] == parse_month("2023-06")
