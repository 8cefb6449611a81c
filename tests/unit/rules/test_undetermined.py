"""What is not known is never called free: "undetermined", with the values at which the class flips."""

import time
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.rules import ChipSpec, Die, RuleSet, classify_many
from autarky.rules.lines import class_codes

DAYS = ("2023-01-01", "2024-01-01")


def spec(tpp, area, transfer=None, centre=True):
    return ChipSpec(
        name="chip",
        dies=(Die(area),) if area is not None else (),
        dense={"fp8": tpp / 8 if not isinstance(tpp, tuple) else (tpp[0] / 8, tpp[1] / 8)},
        memory_bandwidth_gb_s=100,
        interconnect_gb_s=transfer,
        data_centre=centre,
    )


@pytest.mark.parametrize(
    ("tpp", "possible"),
    [
        (1500, {"none"}),
        (1700, {"none", "3A090.a", "3A090.b"}),
        (3000, {"none", "3A090.a", "3A090.b"}),
        (4800, {"3A090.a"}),
    ],
)
def test_an_unknown_area_leaves_open_what_density_decides(law, tpp, possible):
    answer = law(spec(tpp, None), "2024-01-01")
    assert set(answer.possible_classes) == possible
    assert answer.class_name == (next(iter(possible)) if len(possible) == 1 else "undetermined")
    if len(possible) > 1:
        assert (answer.licence, answer.performance_density) == ("undetermined", None)
        assert "applicable die area is unknown" in answer.decided_by
        assert {p.value for p in answer.break_points if p.measure == "area"} == (
            {tpp / 5.92, tpp / 3.2} if tpp < 2400 else {tpp / 5.92, tpp / 1.6}
        )


def test_break_points_of_an_uncertain_rate(law):
    answer = law(spec((2300.0, 2500.0), 1000), "2024-01-01")
    assert answer.possible_classes == ("none", "3A090.b")
    flips = {(p.measure, p.value, p.below, p.above) for p in answer.break_points if p.measure == "tpp"}
    assert ("tpp", 2400.0, "none", "3A090.b") in flips


def test_bounds_that_stay_on_one_side_decide(law):
    assert law(spec((4800.0, 9000.0), (100.0, 5000.0)), "2024-01-01").class_name == "3A090.a"
    # Either over 4,800 or dense enough: two paragraphs, one class.
    answer = law(spec((4000.0, 6000.0), 600), "2024-01-01")
    assert (answer.class_name, answer.paragraph) == ("3A090.a", "3A090.a.2")


def test_an_unknown_link_leaves_the_first_rule_open(law):
    answer = law(spec(5000, 800), "2023-01-01")
    assert answer.class_name == "undetermined"
    assert [(p.value, p.below, p.above) for p in answer.break_points if p.measure == "interconnect"] == [
        (600, "none", "3A090.a")
    ]
    assert law(spec(4799, 800), "2023-01-01").class_name == "none"


def test_an_unknown_purpose_matters_only_below_the_line(law):
    assert law(spec(3000, 1000, centre=None), "2024-01-01").possible_classes == ("3A090.b", "none")
    certain = law(spec(5000, 1000, centre=None), "2024-01-01")
    assert (certain.class_name, certain.licence, certain.review) == ("3A090.a", "required", "undetermined")
    assert any("depends on whether it is for data centres" in reason for reason in certain.reasons)


def test_planar_dies_are_caught_by_total_performance_alone(law):
    def planar(tpp):
        return ChipSpec(name="planar", dies=(Die(100, True),), dense={"fp8": tpp / 8}, data_centre=True)

    assert law(planar(4799), "2024-01-01").class_name == "none"
    assert law(planar(4800), "2024-01-01").class_name == "3A090.a"
    assert law(planar(4799), "2024-01-01").performance_density is None
    doubtful = ChipSpec(name="doubtful", dies=(Die(100, None),), dense={"fp8": 500}, data_centre=True)
    assert set(law(doubtful, "2024-01-01").possible_classes) == {"none", "3A090.a"}


def test_a_letter_can_settle_the_licence_of_an_unsettled_class(law):
    subject = ChipSpec(name="x", dense={"fp8": 300}, memory_bandwidth_gb_s=4000, data_centre=True)
    answer = law(subject, "2025-05-01")
    assert (answer.class_name, answer.letter, answer.licence) == ("undetermined", True, "required")


def test_an_unknown_bandwidth_leaves_letter_box_and_tariff_open(law):
    subject = ChipSpec(name="x", dies=(Die(814),), dense={"fp8": 1979}, data_centre=True)
    answer = law(subject, "2026-02-01")
    assert answer.letter is None
    assert (answer.licence, answer.case_by_case_box, answer.review) == ("required", "undetermined", "undetermined")
    assert answer.tariff_band == "undetermined"
    over = ChipSpec(name="x", dense={"fp8": 4500}, data_centre=True)
    assert (law(over, "2026-02-01").case_by_case_box, law(over, "2026-02-01").tariff_band) == ("out", None)


def test_samples_give_a_probability_per_class(law):
    rates = np.linspace(250, 349.9, 1000)
    subject = ChipSpec(name="x", dies=(Die(1000),), dense={"fp8": rates}, data_centre=True)
    answer = law(subject, "2024-01-01")
    assert answer.class_name == "undetermined"
    assert answer.probabilities == {"none": pytest.approx(0.5, abs=0.002), "3A090.b": pytest.approx(0.5, abs=0.002)}
    sure = ChipSpec(name="x", dies=(Die(1000),), dense={"fp8": rates + 400}, data_centre=True)
    assert law(sure, "2024-01-01").probabilities == {"3A090.a": 1.0}
    assert law(sure, "2024-01-01").class_name == "3A090.a"


def test_samples_beside_an_unknown_area_keep_an_undetermined_share(law):
    rates = np.concatenate([np.full(300, 100.0), np.full(700, 300.0)])
    subject = ChipSpec(name="x", dense={"fp8": rates}, data_centre=True)
    answer = law(subject, "2024-01-01")
    assert answer.probabilities == {"none": 0.3, "undetermined": 0.7}
    bounded = ChipSpec(name="x", dies=(Die((1600, 1700)),), dense={"fp8": rates}, data_centre=True)
    assert law(bounded, "2024-01-01").probabilities == {"none": 1.0}


tpps = st.floats(1, 40_000) | st.sampled_from([1600.0, 2400.0, 4800.0])
areas = st.floats(1, 4_000) | st.sampled_from([250.0, 500.0, 1000.0, 1500.0])
transfers = st.floats(1, 2_000) | st.sampled_from([600.0])


@settings(max_examples=150, deadline=None)
@given(tpp=tpps, area=areas, transfer=transfers, centre=st.booleans(), day=st.sampled_from(DAYS))
def test_one_chip_and_many_agree(law, tpp, area, transfer, centre, day):
    alone = law(spec(tpp, area, transfer, centre), day)
    many = law.many([tpp] * 2, area, day=day, data_centre=centre, interconnect=transfer)
    assert [many.names[code] for code in many.codes] == [alone.class_name] * 2


@settings(max_examples=60, deadline=None)
@given(tpp=tpps, centre=st.booleans(), day=st.sampled_from(DAYS), known=st.sampled_from(["area", "transfer", ""]))
def test_one_chip_and_many_agree_on_what_is_unknown(law, tpp, centre, day, known):
    area, transfer = (700 if known == "area" else None), (600 if known == "transfer" else None)
    alone = law(spec(tpp, area, transfer, centre), day)
    many = law.many(
        tpp,
        np.nan if area is None else area,
        day=day,
        data_centre=centre,
        interconnect=np.nan if transfer is None else transfer,
    )
    assert many.names[int(many.codes)] == alone.class_name


@settings(max_examples=60, deadline=None)
@given(
    tpp=st.tuples(tpps, tpps).map(sorted).map(tuple),
    area=st.tuples(areas, areas).map(sorted).map(tuple),
    day=st.sampled_from(DAYS),
)
def test_possible_classes_are_exactly_those_found_inside_the_bounds(law, tpp, area, day):
    answer = law(spec(tpp, area, 600), day)
    grid_tpp, grid_area = np.meshgrid(np.linspace(*tpp, 41), np.linspace(*area, 41))
    rules = RuleSet(law.rules)
    values = {
        "tpp": grid_tpp,
        "performance_density": grid_tpp / grid_area,
        "interconnect": np.full_like(grid_tpp, 600),
    }
    entries = [entry for _, entry in rules.entries(date.fromisoformat(day)) if entry.subject == "chip"]
    seen = set(np.unique(class_codes(entries, values, np.ones(grid_tpp.shape, bool))))
    names = classify_many(1, date=date(2024, 1, 1), rules=law.rules).names
    assert {names[code] for code in seen} <= set(answer.possible_classes)
    if len(seen) > 1:
        assert answer.class_name == "undetermined"


def test_an_unknown_rate_and_no_dies_stay_open_in_bulk(law):
    many = law.many([np.nan, np.nan, 3000, 5000], [800, np.nan, 0, 0], day="2024-01-01")
    assert [many.names[code] for code in many.codes] == ["undetermined", "undetermined", "none", "3A090.a"]
    assert many.probabilities() == {"none": 0.25, "3A090.a": 0.25, "undetermined": 0.5}
    assert many.probabilities(np.array([0, 0, 1, 3.0])) == {"none": 0.25, "3A090.a": 0.75}


def test_a_hundred_thousand_variants_take_less_than_a_second(law):
    """Two orders of magnitude to spare on one slow core."""
    draws = np.random.default_rng(1)
    tpp, area = draws.uniform(100, 40_000, 100_000), draws.uniform(50, 2_000, 100_000)
    begin = time.perf_counter()
    many = law.many(tpp, area, day="2024-01-01")
    assert time.perf_counter() - begin < 1
    assert set(many.probabilities()) == {"none", "3A090.a", "3A090.b"}
