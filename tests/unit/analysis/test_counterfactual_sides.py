"""Several counterfactuals against one scenario, on the small market of invented facts."""

import numpy as np
import pytest

import autarky
from autarky.analysis.compare import compare
from autarky.analysis.counterfactuals import Effect, against, measure_name, side
from autarky.errors import UnknownKeyError
from autarky.scenario.counterfactuals import counterfactuals_of, expanded
from autarky.scenario.resolve import library
from small_market import event, lever, market

DRAWS = 64
SAME = {"draws": DRAWS, "prior": True}


@pytest.fixture(scope="module")
def worlds():
    open_gate = market(demand__demand={"spending": "1M to 3M USD/month"})
    shut = market(
        demand__demand={"spending": "1M to 3M USD/month"},
        events=[event(lever("import_gate", 0, chips=["foreign"]))],
    )
    return open_gate, shut


@pytest.fixture(scope="module")
def first(worlds):
    return autarky.run(worlds[0], **SAME)


def test_each_comparison_is_that_of_the_two_alone(worlds, first):
    same, other = against(side(first), worlds, **SAME)
    assert same.changed == ()
    alone = compare(*worlds, **SAME)
    assert other.differences == alone.differences
    assert other.changed == alone.changed
    assert "imports.chips" in other.changed


def test_what_is_asked_for_is_all_that_is_kept_and_is_the_same(first):
    asked = [
        ("imports.chips", {}),
        ("sales.chips", {"vendor": "own-vendor"}),
        ("self_sufficiency.units.flow.made.with_grey", {}),
    ]
    slim, whole = side(first, asked), side(first, besides=asked)
    assert set(slim.yearly) == {measure_name(*one) for one in asked}
    for name, yearly in slim.yearly.items():
        for year, values in yearly.draws.items():
            np.testing.assert_array_equal(values, whole.yearly[name].draws[year])
    bought = first.by_years("sales.chips", {"vendor": "own-vendor"})
    np.testing.assert_array_equal(slim.yearly["sales.chips.vendor.own-vendor"].draws["2025"], bought["2025"])
    assert set(whole.only({"imports.chips"}).yearly) == {"imports.chips"}


def test_what_a_run_does_not_have_is_left_out(first):
    asked = [("sales.chips", {"chip": "nowhere"}), ("nothing.of.the.kind", {}), ("imports.chips", {})]
    assert set(side(first, asked).yearly) == {"imports.chips"}


def test_an_effect_keeps_the_summaries_and_no_draws(worlds, first):
    (comparison,) = against(side(first), worlds[1:], **SAME)
    effect = Effect.of(comparison)
    assert effect.differences == comparison.differences
    assert effect.changed == comparison.changed
    assert any(path.startswith("events.add") for path in effect.declared)


def test_the_library_names_its_own_counterfactuals():
    every = counterfactuals_of("china-ai-chips")
    assert set(every) == set(library()) - {"china-ai-chips", "foreign-ai-chips"}
    # A counterfactual of a counterfactual is one of the first as well.
    assert "h20-for-20-percent" in counterfactuals_of("h20-for-15-percent")
    assert expanded(["mine.yaml", "library"], "h200-as-gated") == ["mine.yaml", "h200-without-gate"]
    with pytest.raises(UnknownKeyError, match="the library has no counterfactuals of foreign-ai-chips"):
        expanded(["library"], "foreign-ai-chips")
