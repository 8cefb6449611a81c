"""Questions that people have asked in public about chips and export control, with the answers that stand."""

import pytest

from autarky.errors import QuantityError
from autarky.rules import ChipSpec, Die, HbmStack


def chip(name, dense=None, area=None, dram=None, io=None, centre=True, **more):
    return ChipSpec(
        name=name,
        dies=(Die(area),) if area is not None else (),
        dense=dense or {},
        memory_bandwidth_gb_s=dram,
        interconnect_gb_s=io,
        data_centre=centre,
        **more,
    )


def test_a_sparse_rate_is_refused_or_halved_with_a_warning(law):
    """Games press, December 2023: one RTX 4090 with a TPP of 5,286 and of 10,570."""
    dense = law(chip("RTX 4090", {"fp8": 660.6}, 608, 1008, centre=False), "2023-12-01")
    assert dense.tpp == pytest.approx(5284.8)
    assert (dense.class_name, dense.paragraph) == ("3A090.a", "3A090.a.1")
    assert (dense.licence, dense.exception) == ("exception", "NAC")
    printed = chip("RTX 4090", area=608, dram=1008, centre=False, sparse={"fp8": 1321.2})
    with pytest.raises(QuantityError, match="only a sparse rate is given for fp8"):
        law(printed, "2023-12-01")
    halved = chip("RTX 4090", area=608, dram=1008, centre=False, sparse={"fp8": 1321.2}, sparse_ratio=2)
    answer = law(halved, "2023-12-01")
    assert answer.tpp == pytest.approx(5284.8)
    assert any("divided by 2" in warning for warning in answer.warnings)


def test_a_ratio_other_than_two_is_taken_as_given(law):
    """B300 at FP4: 18,000 with sparsity against 14,000 without."""
    subject = chip("B300", {"fp8": 4500}, 1628, 7700, 1800, sparse={"fp4": 18000}, sparse_ratio={"fp4": 9 / 7})
    assert law(subject, "2026-02-01").tpp == pytest.approx(56000)


def test_weighted_teraflops_are_no_test_of_a_chip(law):
    """April 2024: 70 WT of computers in 64-bit arithmetic was read as a limit on graphics cards."""
    without = {"fp8": 588}
    rtx_4090d = law(chip("RTX 4090 D", {**without, "fp32": 73.5}, 608.5, 1008, 64, False), "2024-04-04")
    assert rtx_4090d.class_name == law(chip("-", without, 608.5, 1008, 64, False), "2024-04-03").class_name == "none"
    h20 = law(chip("H20", {"fp8": 296, "fp32": 44, "tf32": 74}, 814, 4000, 900), "2024-04-04")
    assert (h20.class_name, h20.tpp) == ("none", 2368)
    assert not [d for d in h20.distances if d.threshold == 70]


@pytest.mark.parametrize(
    ("name", "rate", "area", "dram", "tpp", "density", "class_name", "paragraph"),
    [
        ("L20", 239, 609, 864, 1912, 3.14, "none", None),
        ("L2", 193, 294.5, 300, 1544, 5.24, "none", None),
        ("L40", 362, 608, 864, 2896, 4.76, "3A090.b", "3A090.b.1"),
        ("L4", 242, 294, 300, 1936, 6.59, "3A090.a", "3A090.a.2"),
    ],
)
def test_a_table_at_the_boundary(law, name, rate, area, dram, tpp, density, class_name, paragraph):
    answer = law(chip(name, {"int8": rate}, area, dram, 64), "2024-02-01")
    assert (answer.tpp, answer.class_name, answer.paragraph) == (tpp, class_name, paragraph)
    assert answer.performance_density == pytest.approx(density, abs=0.011)


def test_l20_would_flip_on_a_slightly_smaller_die(law):
    answer = law(chip("L20", {"int8": 239}, 608.5, 864, 64), "2024-02-01")
    flips = [point for point in answer.break_points if point.measure == "area"]
    assert [(round(p.value, 1), p.below, p.above) for p in flips] == [
        (323.0, "3A090.a", "3A090.b"),
        (597.5, "3A090.b", "none"),
    ]
    assert any("lies within 2%" in warning for warning in answer.warnings)


def test_b30a_is_over_the_line_by_fp4_and_its_inputs_are_an_estimate(law):
    both = chip("B30A", {"fp4": 7000, "fp8": 2250}, 814, 4000, 900)
    answer = law(both, "2026-02-01")
    assert (answer.tpp, answer.case_by_case_box, answer.review) == (28000, "out", "presumption of denial")
    alone = law(chip("B30A", {"fp8": 2250}, 814, 4000, 900), "2026-02-01")
    assert (alone.tpp, alone.case_by_case_box) == (18000, "in")
    as_printed = law(chip("B30A", {"fp8": 2250}, 814, 7700, 900), "2026-02-01")
    assert as_printed.case_by_case_box == "out"
    # The two printed bandwidths contradict one another; given as bounds, the answer says it is open.
    bounds = law(chip("B30A", {"fp8": 2250}, 814, (4000.0, 7700.0), 900), "2026-02-01")
    assert (bounds.case_by_case_box, bounds.review) == ("undetermined", "undetermined")


@pytest.mark.parametrize(
    ("name", "rate", "area", "dram", "io", "tpp", "box"),
    [
        ("H100", 1979, 814, 3350, 900, 15832, "in"),
        ("H200", 1979, 814, 4800, 900, 15832, "in"),
        ("MI325X", 2614.9, None, 6000, 896, 20919.2, "in"),
        ("B200", 4500, None, 7700, 1800, 36000, "out"),
    ],
)
def test_which_chips_moved_from_denial_to_case_by_case(law, name, rate, area, dram, io, tpp, box):
    subject = chip(name, {"fp8": rate}, area, dram, io)
    assert law(subject, "2026-01-14").review == "presumption of denial"
    answer = law(subject, "2026-02-01")
    assert answer.tpp == pytest.approx(tpp)
    assert (answer.class_name, answer.licence) == ("3A090.a", "required")
    assert answer.case_by_case_box == box
    assert answer.review == {"in": "case-by-case", "out": "presumption of denial"}[box]
    conditions = " ".join(answer.conditions)
    if box == "in":
        assert all(word in conditions for word in ("laboratory", "supply", "50 %"))
    else:
        assert "laboratory" not in conditions


def test_mi325x_clears_the_line_by_eighty_one(law):
    answer = law(chip("MI325X", {"fp8": 2614.9}, None, 6000, 896), "2026-02-01")
    (apart,) = [d for d in answer.distances if d.line == "2026-01-case-by-case" and d.measure == "tpp"]
    assert apart.distance == pytest.approx(-80.8)


def test_route_and_headquarters_decide(law):
    h200 = chip("H200", {"fp8": 1979}, 814, 4800, 900)
    from_taiwan = law(h200, "2026-02-01", route="TW")
    assert (from_taiwan.licence, from_taiwan.review) == ("required", "presumption of denial")
    assert from_taiwan.case_by_case_box == "not applicable"
    chinese_unit = law(h200, "2026-02-01", to="SG", headquarters="CN")
    assert (chinese_unit.licence, chinese_unit.review) == ("required", "presumption of denial")
    assert any("headquarter" in reason for reason in chinese_unit.reasons)
    own_unit = law(h200, "2026-02-01", to="SG", headquarters="SG")
    assert (own_unit.licence, own_unit.review) == ("not required", "not applicable")
    # The requirement dates from 2023-11-17, the notice to Nvidia from 10-23; before it the unit abroad was free.
    assert law(h200, "2023-11-17", to="SG", headquarters="CN").licence == "required"
    assert law(h200, "2023-10-22", to="SG", headquarters="CN").licence == "not required"


@pytest.mark.parametrize(
    ("name", "rate", "io", "day", "class_name", "letter", "licence"),
    [
        ("A800", 624, 400, "2023-03-01", "none", False, "not required"),
        ("A800", 624, 400, "2023-11-01", "none", True, "required"),
        ("A800", 624, 400, "2023-11-20", "3A090.a", False, "required"),
        ("H800", 1979, 400, "2023-03-01", "none", False, "not required"),
    ],
)
def test_the_legal_window_of_a800_and_h800(law, name, rate, io, day, class_name, letter, licence):
    """On 2023-11-01 the text still let the A800 out, and a notice to its maker already held it back."""
    answer = law(chip(name, {"int8": rate}, 826, 2039, io, maker="nvidia"), day)
    assert (answer.class_name, answer.letter, answer.licence) == (class_name, letter, licence)


def test_both_readings_of_tf32_are_shown_and_the_one_taken_is_named(law):
    """Trainium1: TF32 as 19 bits gives 3,610, as 32 bits 6,080, which alone crosses 4,800."""
    trainium = chip("Trainium1", {"bf16": 190, "tf32": 190, "int8": 420}, None, 820)
    answer = law(trainium, "2024-01-01")
    assert [(r.name, r.bits, r.tpp, r.class_name, r.taken) for r in answer.readings] == [
        ("multiplier-input", 19, 3610, "undetermined", True),
        ("register", 32, 6080, "3A090.a", False),
    ]
    assert (answer.tpp, answer.class_name) == (3610, "undetermined")
    assert any("tf32 decides and is unsettled" in warning for warning in answer.warnings)
    flips = {(p.measure, round(p.value, 1), p.below, p.above) for p in answer.break_points if p.measure == "area"}
    assert flips == {("area", 609.8, "3A090.a", "3A090.b"), ("area", 2256.2, "3A090.b", "none")}
    switched = law(trainium, "2024-01-01", switches=["tf32-register"])
    assert (switched.tpp, switched.class_name) == (6080, "3A090.a")
    assert [r.taken for r in switched.readings] == [False, True]
    without = chip("Trainium1", {"bf16": 190, "int8": 420}, None, 820)
    assert (law(without, "2024-01-01").tpp, law(without, "2024-01-01").readings) == (3360, ())


@pytest.mark.parametrize(
    ("name", "bandwidth", "area", "density", "licence"),
    [
        ("HBM1", 128, 5.48 * 7.29, 3.20, "exception"),
        ("HBM2 at 2.0", 256, 7.75 * 11.87, 2.78, "exception"),
        ("HBM2 at 2.4", 307, 7.75 * 11.87, 3.34, "required"),
        ("HBM2E", 460.8, 110, 4.19, "required"),
        ("HBM3", 819, 110, 7.45, "required"),
    ],
)
def test_listed_above_two_and_excepted_below_three_point_three(law, name, bandwidth, area, density, licence):
    answer = law(ChipSpec(name=name, hbm=HbmStack(bandwidth, area)), "2025-01-15")
    apart = {d.line: d.value for d in answer.distances}
    assert apart["3A090.c"] == pytest.approx(density, abs=0.005)
    assert (answer.class_name, answer.paragraph, answer.licence) == ("3A090.c", "3A090.c", licence)
    assert (answer.exception == "HBM") == (licence == "exception")
    assert bool(answer.conditions) == (licence == "exception")


def test_two_wordings_of_the_guidance_on_ascend_and_no_class_of_its_own(law):
    """Using an Ascend chip in Malaysia: first called a violation, then a risk; presumed, rebuttable."""
    states = law.rules["2025-05-ascend-guidance"].states
    on = {
        day: [state for state in states if state.holds(type(states[0].start).fromisoformat(day))]
        for day in ("2025-05-12", "2025-05-13", "2025-06-01")
    }
    assert on["2025-05-12"] == []
    (first,), (second,) = on["2025-05-13"], on["2025-06-01"]
    assert "anywhere in the world violates" in first.text
    assert (second.state, "risk" in second.text) == ("presumed, rebuttable", True)
    ascend = chip("Ascend 910C", {"bf16": 752, "int8": 1504}, 1331, 3200, 784, designer_headquarters="CN")
    answer = law(ascend, "2025-06-01", to="MY")
    assert (answer.class_name, answer.licence) == ("3A090.a", "not required")
    assert any("presumed, rebuttable" in warning for warning in answer.warnings)
    assert answer.class_name == law(ascend, "2025-05-12", to="MY").class_name
    assert not law(ascend, "2025-05-12", to="MY").warnings


def test_announced_rescission_is_another_state_than_repeal(law):
    diffusion = law.rules["2025-01-ai-diffusion"]
    (today,) = [state for state in diffusion.states if state.until is None]
    assert (diffusion.status, today.state, diffusion.dates.superseded) == ("not enforced", "not enforced", None)
    h100 = chip("H100", {"fp8": 1979}, 814, 3350, 900)
    assert law(h100, "2025-06-01", to="IN").licence == "not required"
    switched = law(h100, "2025-06-01", to="IN", switches=["2025-01-ai-diffusion"])
    assert (switched.licence, switched.review) == ("required", "presumption of approval")


def test_renting_by_the_hour_is_no_export_and_selling_the_cards_is(law):
    """H100 hours in Japan for a laboratory headquartered in China, and the same cards shipped to it."""
    h100 = chip("H100", {"fp8": 1979}, 814, 3350, 900)
    hired = law(h100, "2025-06-01", to="JP", headquarters="CN", activity="remote-access")
    assert (hired.class_name, hired.licence) == ("3A090.a", "not required")
    assert any("red flag" in reason for reason in hired.reasons)
    shipped = law(h100, "2025-06-01", to="JP", headquarters="CN")
    assert (shipped.licence, shipped.review) == ("required", "presumption of denial")
    own = law(h100, "2025-06-01", to="JP")
    assert own.licence == "not required"
    bill = law(
        h100,
        "2026-06-01",
        to="JP",
        headquarters="CN",
        activity="remote-access",
        switches=["remote-access-security-act"],
    )
    assert bill.licence == "required"
    assert law.rules["2024-01-iaas-identity"].status == "proposed"


def test_common_misstatements_do_not_reproduce(law):
    a100 = chip("A100", {"int8": 624}, 826, 2039, 600)
    answer = law(a100, "2024-01-01")
    assert answer.tpp == 4992
    assert not [d for d in answer.distances if d.measure == "interconnect"]
    assert [d.threshold for d in law(a100, "2023-01-01").distances if d.measure == "interconnect"] == [600]
    consumer = law(chip("-", {"fp8": 601}, 600, 1000, 64, centre=False), "2024-01-01")
    assert (consumer.class_name, consumer.paragraph) == ("3A090.a", "3A090.a.1")
