"""Two scenarios side by side, on the small catalogue of invented facts."""

import copy

import numpy as np
import pytest
import yaml

import autarky.engine
from autarky.analysis.compare import compare
from autarky.scenario.resolve import ask
from small_catalogue import SCENARIO, small_catalogue

DRAWS = 512


@pytest.fixture(autouse=True)
def _invented_facts(monkeypatch):
    def asked(scenario, **about):
        return ask(scenario, catalogue=small_catalogue(), **about)

    monkeypatch.setattr(autarky.engine, "ask", asked)


@pytest.fixture
def plain():
    return yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))


def changed(plain, **keys):
    return {**copy.deepcopy(plain), "set": keys}


def test_a_scenario_does_not_differ_from_itself(plain):
    same = compare(plain, plain, draws=DRAWS)
    assert same.changed == ()
    assert same.declared == ()
    for by_year in same.differences.values():
        assert by_year
        assert all(value == 0 for summary in by_year.values() for value in summary.values())
    for pair in same.targets:
        assert (pair.difference, pair.standard_error) == (0, 0)
        assert pair.a == pair.b
    assert not any("no measure" in note for note in same.notes)


def test_only_what_depends_on_the_change_differs(plain):
    stacks = changed(plain, **{"memory_supplies.maker.output": "20k stack/month"})
    comparison = compare(plain, stacks, draws=DRAWS)
    assert "stacks" in comparison.changed
    assert "production.chips" in comparison.changed
    for upstream in ("wafers", "good_dies", "bank_dies", "capacity.fab.north"):
        assert upstream not in comparison.changed
        assert all(value == 0 for s in comparison.differences[upstream].values() for value in s.values())


def test_the_difference_is_that_of_the_same_draws(plain):
    stacks = changed(plain, **{"memory_supplies.maker.output": "20k stack/month"})
    comparison = compare(plain, stacks, draws=DRAWS, prior=True)
    with_less, whole = (autarky.engine.run(s, draws=DRAWS, prior=True) for s in (stacks, plain))
    less = with_less.by_period("production.chips", "2026") - whole.by_period("production.chips", "2026")
    np.testing.assert_array_equal(comparison.difference_draws("production.chips")["2026"], less)
    assert (less <= 0).all()
    summary = comparison.differences["production.chips"]["2026"]
    assert summary["p5"] <= summary["p50"] <= summary["p95"] <= 0
    assert summary["mean"] == pytest.approx(less.mean())


def test_targets_carry_both_probabilities_and_the_error_of_their_difference(plain):
    more = changed(plain, **{"fabs.north.capacity": {"2023-06": "8k wafer/month", "2026-12": "60k wafer/month"}})
    (pair,) = compare(plain, more, draws=DRAWS, prior=True).targets
    assert pair.name == "doubling"
    assert 0 <= pair.a <= 1
    assert 0 <= pair.b <= 1
    assert pair.difference == pytest.approx(pair.b - pair.a)
    assert pair.standard_error >= 0


def test_a_target_of_one_side_alone_has_no_difference(plain):
    without = {**copy.deepcopy(plain), "targets": []}
    (pair,) = compare(plain, without, draws=64).targets
    assert pair.a is not None
    assert (pair.b, pair.difference, pair.standard_error) == (None, None, None)


def test_a_declared_change_without_effect_is_pointed_out(plain):
    plain["chain"]["fabs"] = ["north"]
    useless = changed(plain, **{"fabs.south.capacity": "50k wafer/month"})
    comparison = compare(plain, useless, draws=64)
    assert comparison.changed == ()
    assert comparison.declared == ("set.fabs.south.capacity",)
    assert any("set.fabs.south.capacity" in note and "no measure" in note for note in comparison.notes)


def test_a_new_name_or_label_is_no_change(plain):
    renamed = {**copy.deepcopy(plain), "name": "other", "label": "Other words", "description": "More of them"}
    comparison = compare(plain, renamed, draws=64)
    assert comparison.declared == ()
    assert not any("no measure" in note for note in comparison.notes)


def test_both_sides_are_weighed_by_the_evidence_of_the_first(plain):
    # Halving the yield makes the record of 2024 unlikely; the record was not made in that world.
    worse = changed(plain, **{"fabs.north.dies.big-die.yield": "5% to 15%"})
    comparison = compare(plain, worse, draws=4096)
    weights = comparison.a.result.weights
    assert weights is not None
    values = comparison.b.yearly["production.chips"].draws["2025"]
    mean = comparison.levels(comparison.b, "production.chips")["2025"]["mean"]
    assert mean == pytest.approx(float(values @ weights / weights.sum()))
    assert "both sides are weighed by the evidence of the first" in comparison.notes


def test_overrides_of_both_sides_cancel(plain):
    keys = {"memory_supplies.maker.output": "20k stack/month"}
    comparison = compare(plain, plain, draws=64, overrides=keys)
    assert comparison.changed == ()
    assert comparison.a.settings.scenario["set"] == keys


def test_measures_of_one_side_alone_are_named(plain):
    plain["chain"]["fabs"] = ["north"]
    both = copy.deepcopy(plain)
    both["chain"]["fabs"] = ["north", "south"]
    both["name"] = "with-south"
    comparison = compare(plain, both, draws=64)
    assert "only with-south has capacity.fab.south" in comparison.notes
    assert "capacity.fab.south" not in comparison.differences


def test_plain_data_has_both_sides_the_differences_and_the_targets(plain):
    less = changed(plain, **{"memory_supplies.maker.output": "20k stack/month"})
    data = compare(plain, less, draws=64).to_json()
    assert {"a", "b", "difference", "targets"} <= data.keys()
    summary = data["difference"]["production.chips"]["by_year"]["2026"]
    assert summary.keys() == {"p5", "p25", "p50", "p75", "p95", "mean", "standard_error"}
    assert data["difference"]["production.chips"]["unit"] == "chip"
    for side in ("a", "b"):
        assert data[side]["measures"]["production.chips"]["by_year"]["2026"]["p50"] >= 0
    assert data["targets"][0].keys() == {"name", "definition", "a", "b", "difference", "standard_error"}
