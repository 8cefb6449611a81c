"""The chips on record, classified by their id in the catalogue, from its dies, rates, memory and links.

Class in 2022, class since November 2023, letter of April 2025, box of January 2026, tariff band.
"""

from datetime import date

import pytest

import autarky
from autarky.facts.loader import load_catalogue
from autarky.facts.records import Chip, Country, Rule
from autarky.rules import RuleSet
from autarky.rules.answers import answers
from autarky.rules.catalogue_chip import specified_chip, specified_stack

A, B, NONE, OPEN = "3A090.a", "3A090.b", "none", "undetermined"
IN, OUT, OUTSIDE = "in", "out", "not applicable"

TABLE = {
    "a100-80gb-sxm": (A, A, True, IN, None),
    "a100-40gb-sxm": (A, A, True, IN, None),
    "a800-sxm": (NONE, A, True, IN, None),
    "a30": (NONE, B, False, IN, None),
    "h100-sxm": (A, A, True, IN, None),
    "h100-pcie": (A, A, True, IN, None),
    "h800-sxm": (NONE, A, True, IN, None),
    "h200-sxm": (A, A, True, IN, "band 1"),
    "h20": (NONE, NONE, True, OUTSIDE, None),
    "h20-141": (NONE, NONE, True, OUTSIDE, None),
    "l2": (NONE, NONE, False, OUTSIDE, None),
    "l4": (NONE, A, False, IN, None),
    "l20": (NONE, NONE, False, OUTSIDE, None),
    "l40": (NONE, B, False, IN, None),
    "l40s": (NONE, A, False, IN, None),
    "rtx-6000-ada": (NONE, A, False, IN, None),
    "rtx-4090": (NONE, A, False, IN, None),
    "rtx-4090d": (NONE, NONE, False, OUTSIDE, None),
    "rtx-5090": (NONE, A, True, IN, None),
    "rtx-5090d": (NONE, NONE, True, OUTSIDE, None),
    "rtx-5090d-v2": (NONE, NONE, False, OUTSIDE, None),
    "rtx-pro-6000d": (NONE, NONE, False, OUTSIDE, None),
    "b100": (A, A, True, OUT, None),
    "b200-sxm": (A, A, True, OUT, None),
    "gb200": (A, A, True, OUT, None),
    "b300-sxm": (A, A, True, OUT, None),
    "b30a": (A, A, True, OUT, None),
    "mi250": (A, A, True, IN, None),
    "mi250x": (A, A, True, IN, None),
    "mi300x": (A, A, True, IN, None),
    "mi325x": (A, A, True, IN, "band 2"),
    "mi308x": (NONE, NONE, True, OUTSIDE, None),
    "gaudi-2": (A, A, True, IN, None),
    "gaudi-2-china": (NONE, A, True, IN, None),
    "gaudi-3": (A, A, True, OUT, None),
    "gaudi-3-hl-328": (NONE, NONE, True, OUTSIDE, None),
    "gaudi-3-hl-388": (NONE, NONE, True, OUTSIDE, None),
    "ascend-910b": (NONE, A, True, IN, None),
    "ascend-910b4": (NONE, A, False, IN, None),
    "ascend-910c": (A, A, True, IN, None),
    "ascend-950pr": (A, A, True, IN, None),
}


@pytest.fixture(scope="module")
def on():
    """Return answers of the whole table on a day, by id."""
    catalogue = load_catalogue()
    found = {}

    def ask(day):
        if day not in found:
            found[day] = {a.id: a.classification for a in answers(TABLE, to="CN", date=day, catalogue=catalogue)}
        return found[day]

    return ask


def test_class_under_the_rule_of_2022(on):
    assert {name: a.class_name for name, a in on("2023-03-01").items()} == {n: row[0] for n, row in TABLE.items()}


@pytest.mark.parametrize("day", ["2023-11-17", "2024-06-01", "2025-06-01", "2026-02-01"])
def test_class_since_the_rule_of_2023(on, day):
    assert {name: a.class_name for name, a in on(day).items()} == {n: row[1] for n, row in TABLE.items()}


def test_licence_before_and_after_the_letters(on):
    before, after = on("2025-04-08"), on("2025-04-09")
    for name, (_, class_name, letter, _, _) in TABLE.items():
        free = class_name == NONE
        assert (before[name].licence == "not required") == free, name
        assert (after[name].licence == "not required") == (free and not letter), name
        assert (before[name].letter, after[name].letter) == (False, letter), name


def test_box_tariff_and_review_of_january_2026(on):
    for name, answer in on("2026-02-01").items():
        _, class_name, _, box, band = TABLE[name]
        assert (answer.case_by_case_box, answer.tariff_band) == (box, band), name
        if class_name != NONE:
            assert answer.review == {IN: "case-by-case", OUT: "presumption of denial"}[box], name


@pytest.mark.parametrize(
    ("name", "tpp", "density"),
    [
        ("h20", 2368, 2.91),
        ("h100-sxm", 15832, 19.45),
        ("a100-80gb-sxm", 4992, 6.04),
        ("l4", 1936, 6.58),
        ("l20", 1912, 3.14),
        ("l40s", 5864, 9.64),
        ("rtx-4090", 5284.8, 8.68),
        ("b200-sxm", 36000, 22.1),
        ("mi325x", 20919.2, None),
        ("ascend-910c", 12032, 9.04),
    ],
)
def test_numbers_are_those_of_the_record(name, tpp, density):
    answer = autarky.classify(name, to="CN", date="2024-01-01")
    assert answer.tpp == pytest.approx(tpp, rel=1e-9)
    if density is not None:
        assert answer.performance_density == pytest.approx(density, abs=0.02)


def test_what_the_makers_filed_follows_from_the_figures_alone(on):
    """Nvidia's 8-K of 2023-10-17 and 10-Q of 2025-04-27 list these; the parts made for China are not among them."""
    filed_2023 = {"a100-80gb-sxm", "a800-sxm", "h100-sxm", "h800-sxm", "l40", "l40s", "rtx-4090"}
    filed_a = {"a100-80gb-sxm", "a800-sxm", "h100-sxm", "h200-sxm", "h800-sxm", "b100", "b200-sxm", "gb200", "l4"}
    filed_a |= {"l40s", "rtx-6000-ada"}
    answers_2023, answers_2025 = on("2023-11-17"), on("2025-04-08")
    assert all(answers_2023[name].class_name in (A, B) for name in filed_2023)
    assert all(answers_2025[name].class_name == A for name in filed_a)
    made_for_china = {"h20", "l20", "l2", "rtx-4090d"}
    assert all(answers_2023[name].licence == "not required" for name in made_for_china)


def test_an_undisclosed_chip_rests_on_what_became_of_it():
    answer = autarky.classify("mi308x", to="CN", date="2024-06-01")
    assert (answer.class_name, answer.licence) == (NONE, "not required")
    assert answer.decided_by.startswith("on record: sold to China without a licence")
    assert answer.probabilities[NONE] > 0.5
    refused = autarky.classify("mi309", to="CN", date="2024-03-05")
    assert (refused.class_name, refused.licence) == (OPEN, "required")
    assert set(refused.possible_classes) == {A, B}
    assert autarky.classify("mi309", to="CN", date="2024-03-01").licence == OPEN


def test_conflicting_sources_become_a_probability_per_class():
    answer = autarky.classify("moore-threads-s4000", to="CN", date="2024-01-01")
    assert answer.class_name == OPEN
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    sure = autarky.classify("b30a", to="CN", date="2026-02-01")
    assert sure.tpp_range == (28000, 30000)
    assert (sure.probabilities, sure.class_name) == ({A: 1.0}, A)


def test_ports_of_the_package_and_its_host_count_in_the_first_rule():
    """Gaudi 2: 525 GB/s between packages, 75 from its three other ports, 64 to the host; 589 for the China part."""
    catalogue = load_catalogue()
    chips = catalogue.all("chips", Chip)
    assert specified_chip("gaudi-2", chips["gaudi-2"], catalogue).spec.interconnect_gb_s == 664
    assert specified_chip("gaudi-2-china", chips["gaudi-2-china"], catalogue).spec.interconnect_gb_s == 589
    assert specified_chip("l4", chips["l4"], catalogue).spec.interconnect_gb_s == 64
    # A network card beside the package is no port of it.
    assert specified_chip("h20", chips["h20"], catalogue).spec.interconnect_gb_s == 1028
    assert specified_chip("gaudi-3-hl-328", chips["gaudi-3-hl-328"], catalogue).spec.interconnect_gb_s is None


def test_the_safe_chips_bill_would_leave_the_h20_just_outside_and_the_h200_in():
    """S. 3374 draws its lines at 4,100, 1,100 and 5,000 GB/s; the H20 has 4,000, 900 between chips, 4,900 together."""
    barred = {}
    for name in ("h20", "h200-sxm", "mi308x", "l40", "l20", "rtx-4090"):
        answer = autarky.classify(name, to="CN", date="2026-06-01", switches=["safe-chips-act"])
        barred[name] = answer.review == "denial by statute"
        if name == "h20":
            apart = {line.measure: line.distance for line in answer.distances if line.line == "safe-chips-act"}
            assert (apart["interconnect"], apart["bandwidth_sum"]) == (-200, -100)
    assert barred == {"h20": False, "h200-sxm": True, "mi308x": True, "l40": True, "l20": False, "rtx-4090": False}


@pytest.mark.parametrize(
    ("name", "class_name", "licence"),
    [("hbm1", "3A090.c", "exception"), ("hbm2e", "3A090.c", "required"), ("hbm3", "3A090.c", "required")],
)
def test_memory_stacks_by_id(name, class_name, licence):
    answer = autarky.classify(name, to="CN", date="2025-01-01")
    assert (answer.class_name, answer.licence) == (class_name, licence)


def test_an_hbm2_stack_is_controlled_and_excepted_only_at_its_slower_speed():
    """2.78 GB/s/mm2 at 256 GB/s, 3.34 at 307: an exception must be shown to apply."""
    answer = autarky.classify("hbm2", to="CN", date="2025-01-01")
    assert (answer.class_name, answer.licence) == ("3A090.c", "required")
    assert any("exception HBM depends on numbers" in reason for reason in answer.reasons)


def test_every_chip_of_the_catalogue_gets_an_answer_on_every_day_that_matters():
    catalogue = load_catalogue()
    rules = catalogue.all("rules", Rule)
    days = [day for day in RuleSet(rules).turning_days if date(2022, 8, 26) <= day <= date(2026, 11, 25)]
    assert len(days) > 15
    assert specified_stack("gddr6", catalogue.collections["memory_types"]["gddr6"]) is None
    for day in (days[0], days[len(days) // 2], days[-1]):
        for answer in answers(catalogue.all("chips", Chip), to="CN", date=day, catalogue=catalogue):
            found = answer.classification
            assert found.class_name in (A, B, "3A090.c", NONE, OPEN)
            assert found.licence in ("required", "not required", "exception", OPEN)
            assert found.decided_by
    assert catalogue.all("countries", Country)
