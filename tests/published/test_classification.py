"""Chips whose treatment is on record in filings, rules and agency statements, classified from their figures alone.

Figures are dense TOPS or TFLOPS by format, applicable area in mm**2, DRAM and interconnect in GB/s (all inputs and
outputs, both ways), data-centre purpose. Areas are from teardowns and vendor statements.
"""

import math

import pytest

from autarky.rules import ChipSpec, Die, HbmStack


def chip(name, dense, area, dram=None, io=None, centre=True, **more):
    dies = (Die(area),) if area is not None else ()
    return ChipSpec(
        name=name,
        dies=dies,
        dense=dense,
        memory_bandwidth_gb_s=dram,
        interconnect_gb_s=io,
        data_centre=centre,
        **more,
    )


A100 = chip("A100 80GB SXM", {"int8": 624, "fp16": 312, "bf16": 312, "tf32": 156}, 826, 2039, 600)
A800 = chip("A800", {"int8": 624, "fp16": 312}, 826, 2039, 400)
A30 = chip("A30", {"int8": 330, "fp16": 165}, 826, 933, 200)
H100 = chip("H100 SXM", {"fp8": 1979, "int8": 1979, "bf16": 989.4, "tf32": 494.7}, 814, 3350, 900)
H100_PCIE = chip("H100 PCIe", {"fp8": 1513}, 814, 2000, 600)
H800 = chip("H800", {"fp8": 1979, "bf16": 989.4}, 814, 3350, 400)
H200 = chip("H200", {"fp8": 1979, "bf16": 989.5}, 814, 4800, 900)
H20 = chip("H20 96GB", {"fp8": 296, "int8": 296, "bf16": 148, "tf32": 74, "fp32": 44}, 814, 4000, 900)
L4 = chip("L4", {"fp8": 242, "int8": 242, "fp16": 121}, 294.5, 300, 64)
L2 = chip("L2", {"fp8": 193, "fp16": 96.5}, 294.5, 300, 64)
L20 = chip("L20", {"fp8": 239, "fp16": 119.5}, 608.5, 864, 64)
L40 = chip("L40", {"int8": 362, "fp16": 181}, 608.5, 864, 64)
L40S = chip("L40S", {"fp8": 733, "bf16": 362}, 608.5, 864, 64)
RTX_6000_ADA = chip("RTX 6000 Ada", {"fp8": 728.5}, 608.5, 960, 64, centre=False)
RTX_4090 = chip("RTX 4090", {"fp8": 660.6, "int8": 660.6, "fp16": 330.3, "fp32": 82.6}, 608.5, 1008, 64, False)
RTX_4090D = chip("RTX 4090 D", {"fp8": 588, "fp16": 294, "fp32": 73.5}, 608.5, 1008, 64, False)
RTX_5090 = chip("RTX 5090", {"fp4": 1676, "fp8": 838}, 750, 1792, 128, False)
RTX_5090D = chip("RTX 5090 D", {"fp4": 1187.5, "fp8": 593.75}, 750, 1792, 128, False)
RTX_5090D_V2 = chip("RTX 5090 D V2", {"fp4": 1187.5}, 750, 1344, 128, False)
B100 = chip("B100", {"fp4": 7000, "fp8": 3500}, 1600, 8000, 1800)
B200 = chip("B200", {"fp4": 9000, "fp8": 4500}, 1600, 8000, 1800)
GB200 = chip("GB200, one package", {"fp4": 10000, "fp8": 5000}, 1600, 8000, 1800)
B300 = chip("B300", {"fp4": 15000, "fp8": 4500}, 1600, 8000, 1800)
MI250 = chip("MI250", {"fp16": 362.1, "fp64": 90.5}, 1448, 3277, 800)
MI250X = chip("MI250X", {"fp16": 383, "fp64": 95.7}, 1448, 3277, 800)
MI300X = chip("MI300X", {"fp8": 2614.9, "fp16": 1307.4, "fp64": 163.4}, 2400, 5300, 1024)
MI325X = chip("MI325X", {"fp8": 2614.9, "fp16": 1307.4}, 2400, 6000, 1024)
GAUDI_2 = chip("Gaudi 2", {"fp8": 865, "bf16": 432}, 826, 2450, 664)
GAUDI_2_CHINA = chip("Gaudi 2, 21 ports", {"fp8": 865}, 826, 2450, 589)
GAUDI_3 = chip("Gaudi 3", {"fp8": 1835, "bf16": 1835}, None, 3700, 1328)
ASCEND_910B = chip("Ascend 910B", {"fp16": 320}, 665.6, 1600, 392)
ASCEND_910C = chip("Ascend 910C", {"bf16": 752, "int8": 1504}, 1331, 3200, 784)
ASCEND_950PR = chip("Ascend 950PR card", {"mxfp4": 1561, "fp8": 804, "fp16": 425}, None, 1400, None)

OCT_2022, OCT_2023, APR_2024, LETTERS, JAN_2026 = (
    "2023-03-01",
    "2023-12-01",
    "2024-06-01",
    "2025-06-01",
    "2026-02-01",
)

# chip, TPP, density, class in 2022, class and paragraph since 2023, letter of 2025, box of 2026, tariff band
TABLE = [
    (A100, 4992, 6.04, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (A800, 4992, 6.04, "none", "3A090.a", "3A090.a.1", True, "in", None),
    (A30, 2640, 3.20, "none", "3A090.b", "3A090.b.1", False, "in", None),
    (H100, 15832, 19.45, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (H100_PCIE, 12104, 14.87, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (H800, 15832, 19.45, "none", "3A090.a", "3A090.a.1", True, "in", None),
    (H200, 15832, 19.45, "3A090.a", "3A090.a", "3A090.a.1", True, "in", "band 1"),
    (H20, 2368, 2.91, "none", "none", None, True, "not applicable", None),
    (L4, 1936, 6.57, "none", "3A090.a", "3A090.a.2", False, "in", None),
    (L2, 1544, 5.24, "none", "none", None, False, "not applicable", None),
    (L20, 1912, 3.14, "none", "none", None, False, "not applicable", None),
    (L40, 2896, 4.76, "none", "3A090.b", "3A090.b.1", False, "in", None),
    (L40S, 5864, 9.64, "none", "3A090.a", "3A090.a.1", False, "in", None),
    (RTX_6000_ADA, 5828, 9.58, "none", "3A090.a", "3A090.a.1", False, "in", None),
    (RTX_4090, 5284.8, 8.68, "none", "3A090.a", "3A090.a.1", False, "in", None),
    (RTX_4090D, 4704, 7.73, "none", "none", None, False, "not applicable", None),
    (RTX_5090, 6704, 8.94, "none", "3A090.a", "3A090.a.1", True, "in", None),
    (RTX_5090D, 4750, 6.33, "none", "none", None, True, "not applicable", None),
    (RTX_5090D_V2, 4750, 6.33, "none", "none", None, False, "not applicable", None),
    (B200, 36000, 22.5, "3A090.a", "3A090.a", "3A090.a.1", True, "out", None),
    (B300, 60000, 37.5, "3A090.a", "3A090.a", "3A090.a.1", True, "out", None),
    (MI250, 5793.6, 4.00, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (MI250X, 6128, 4.23, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (MI300X, 20919.2, 8.72, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (MI325X, 20919.2, 8.72, "3A090.a", "3A090.a", "3A090.a.1", True, "in", "band 2"),
    (GAUDI_2, 6920, 8.38, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (GAUDI_2_CHINA, 6920, 8.38, "none", "3A090.a", "3A090.a.1", True, "in", None),
    (GAUDI_3, 29360, None, "3A090.a", "3A090.a", "3A090.a.1", True, "out", None),
    (ASCEND_910B, 5120, 7.69, "none", "3A090.a", "3A090.a.1", True, "in", None),
    (ASCEND_910C, 12032, 9.04, "3A090.a", "3A090.a", "3A090.a.1", True, "in", None),
    (ASCEND_950PR, 6800, None, "undetermined", "3A090.a", "3A090.a.1", True, "in", None),
]


@pytest.fixture(params=TABLE, ids=lambda row: row[0].name)
def row(request):
    return request.param


def test_metrics_are_those_of_the_datasheet(law, row):
    subject, tpp, density, *_ = row
    answer = law(subject, OCT_2023)
    assert answer.tpp == pytest.approx(tpp)
    if density is None:
        assert answer.performance_density is None
    else:
        assert answer.performance_density == pytest.approx(density, abs=0.006)


def test_class_under_the_first_rule(law, row):
    subject, *_, class_2022, _, _, _, _, _ = row
    answer = law(subject, OCT_2022)
    assert answer.class_name == class_2022
    if class_2022 == "3A090.a":
        assert (answer.licence, answer.review) == ("required", "presumption of denial")
    if class_2022 == "none":
        assert (answer.licence, answer.review) == ("not required", "not applicable")


@pytest.mark.parametrize("day", [OCT_2023, APR_2024, LETTERS, JAN_2026])
def test_class_since_2023(law, row, day):
    subject, *_, class_2023, paragraph, _, _, _ = row
    answer = law(subject, day)
    assert (answer.class_name, answer.paragraph) == (class_2023, paragraph)


def test_licence_status_before_the_letters(law, row):
    subject, *_, class_2023, _, _, _, _ = row
    answer = law(subject, APR_2024)
    free_by_exception = class_2023 == "3A090.b" or (class_2023 == "3A090.a" and subject.data_centre is False)
    if class_2023 == "none":
        expected = ("not required", None, "not applicable")
    elif free_by_exception:
        expected = ("exception", "NAC", "case-by-case")
    else:
        expected = ("required", None, "presumption of denial")
    assert (answer.licence, answer.exception, answer.review) == expected
    assert answer.letter is False


def test_letters_of_april_2025(law, row):
    subject, *_, class_2023, _, letter, _, _ = row
    assert law(subject, "2025-04-08").letter is False
    answer = law(subject, "2025-04-09")
    assert answer.letter is letter
    if letter:
        assert (answer.licence, answer.exception) == ("required", None)
    elif class_2023 == "none":
        assert answer.licence == "not required"


def test_case_by_case_box_and_tariff_of_january_2026(law, row):
    subject, *_, class_2023, _, _, box, band = row
    before, answer = law(subject, "2026-01-14"), law(subject, "2026-01-15")
    assert (before.case_by_case_box, before.tariff_band) == ("not applicable", None)
    assert (answer.case_by_case_box, answer.tariff_band) == (box, band)
    if class_2023 != "none":
        assert answer.review == {"in": "case-by-case", "out": "presumption of denial"}[box]
    assert answer.class_name == before.class_name


@pytest.mark.parametrize(
    ("figures", "class_2022", "class_2023", "paragraph"),
    [
        # TPP, area, GB/s, for data centres -> class of 2022, class of 2023
        ((4800.0, 1e5, 600.0, True), "3A090.a", "3A090.a", "3A090.a.1"),
        ((4799.9, 1e5, 600.0, True), "none", "none", None),
        ((4800.1, 1e5, 599.9, True), "none", "3A090.a", "3A090.a.1"),
        ((4800.0, 1e5, 600.1, False), "3A090.a", "3A090.a", "3A090.a.1"),
        ((4799.9, 600.0, 900.0, False), "none", "none", None),
        ((4736.0, 800.0, 0.1, True), "none", "3A090.a", "3A090.a.2"),  # 5.92
        ((4735.9, 800.0, 0.1, True), "none", "3A090.b", "3A090.b.1"),  # 5.9199
        ((4736.1, 800.0, 0.1, True), "none", "3A090.a", "3A090.a.2"),
        ((2400.0, 1500.0, 0.1, True), "none", "3A090.b", "3A090.b.1"),  # 1.6
        ((2400.0, 1500.1, 0.1, True), "none", "none", None),
        ((2399.9, 1400.0, 0.1, True), "none", "none", None),
        ((2400.1, 1500.0, 0.1, True), "none", "3A090.b", "3A090.b.1"),
        ((1600.0, 500.0, 0.1, True), "none", "3A090.b", "3A090.b.2"),  # 3.2
        ((1600.0, 500.1, 0.1, True), "none", "none", None),
        ((1599.9, 400.0, 0.1, True), "none", "none", None),
        ((1599.9, 100.0, 0.1, True), "none", "none", None),
        ((1600.0, 270.0, 0.1, True), "none", "3A090.a", "3A090.a.2"),
    ],
)
def test_one_unit_on_each_side_of_every_line_of_the_entry(law, figures, class_2022, class_2023, paragraph):
    tpp, area, transfer, centre = figures
    # A rate in fp8 of TPP / 8 gives the TPP back exactly: the factor is a power of two.
    subject = chip("boundary", {"fp8": tpp / 8}, area, 100, transfer, centre)
    assert law(subject, OCT_2022).class_name == class_2022
    answer = law(subject, OCT_2023)
    assert answer.tpp == tpp
    assert (answer.class_name, answer.paragraph) == (class_2023, paragraph)


@pytest.mark.parametrize(
    ("tpp", "dram", "box"),
    [
        (20999.9, 6499.9, "in"),
        (21000.0, 6499.9, "out"),
        (21000.1, 100.0, "out"),
        (20999.9, 6500.0, "out"),
        (20999.9, 6500.1, "out"),
    ],
)
def test_the_box_is_open_at_both_lines(law, tpp, dram, box):
    answer = law(chip("boundary", {"fp8": tpp / 8}, 800, dram, 900), JAN_2026)
    assert answer.case_by_case_box == box
    assert answer.review == {"in": "case-by-case", "out": "presumption of denial"}[box]


@pytest.mark.parametrize(
    ("dram", "transfer", "letter"),
    [
        (1400.0, 0.1, True),
        (1399.9, 0.1, False),
        (1400.1, 0.1, True),
        (100.0, 1100.0, True),
        (100.0, 1099.9, False),
        (100.0, 1100.1, True),
        (1000.0, 700.0, True),
        (1000.0, 699.9, False),
        (1000.0, 700.1, True),
    ],
)
def test_the_lines_of_the_letters_are_inclusive(law, dram, transfer, letter):
    answer = law(chip("boundary", {"fp8": 100}, 800, dram, transfer), LETTERS)
    assert answer.class_name == "none"
    assert answer.letter is letter
    assert answer.licence == ("required" if letter else "not required")


@pytest.mark.parametrize(
    ("tpp", "dram", "band"),
    [
        (14000.0, 4700.0, None),
        (14000.1, 4700.0, "band 1"),
        (17499.9, 4700.0, "band 1"),
        (17500.0, 4700.0, None),
        (15832.0, 4500.0, None),
        (15832.0, 4500.1, "band 1"),
        (15832.0, 5000.0, None),
        (20800.0, 6000.0, None),
        (20800.1, 6000.0, "band 2"),
        (21099.9, 6199.9, "band 2"),
        (21100.0, 6000.0, None),
        (20919.2, 5800.0, None),
        (20919.2, 6200.0, None),
    ],
)
def test_tariff_bands_are_open_at_every_end(law, tpp, dram, band):
    assert law(chip("boundary", {"fp8": tpp / 8}, 800, dram, 900), JAN_2026).tariff_band == band


@pytest.mark.parametrize(
    ("density", "class_name", "licence"),
    [
        (2.0, "none", "not required"),
        (2.0001, "3A090.c", "exception"),
        (3.2999, "3A090.c", "exception"),
        (3.3, "3A090.c", "required"),
        (3.3001, "3A090.c", "required"),
    ],
)
def test_lines_of_high_bandwidth_memory(law, density, class_name, licence):
    stack = ChipSpec(name="stack", hbm=HbmStack(density * 64, 64.0))
    answer = law(stack, "2025-01-01")
    assert (answer.class_name, answer.licence) == (class_name, licence)


def test_the_volume_cap_is_half_and_inclusive_in_words(law):
    lane = law.rules["2026-01-case-by-case"].lane
    assert lane.volume_share == 0.5
    assert any("at most 50 %" in text for text in lane.conditions)


def test_nvidia_list_of_october_2023(law):
    """8-K of 2023-10-17: A100, A800, H100, H800, L40, L40S and RTX 4090 fall under the new rule."""
    for subject in (A100, A800, H100, H800, L40, L40S, RTX_4090):
        assert law(subject, "2023-11-17").class_name in ("3A090.a", "3A090.b")
    for subject in (L2, L20, H20, RTX_4090D):
        assert law(subject, "2023-11-17").class_name == "none"


def test_nvidia_list_of_paragraph_a_in_2025(law):
    """10-Q for 2025-04-27: the products under 3A090.a; L40 is not among them, being under .b."""
    listed = (A100, A800, H100, H200, H800, B100, B200, GB200, L4, L40S, RTX_6000_ADA)
    assert {law(subject, "2025-04-27").class_name for subject in listed} == {"3A090.a"}
    assert law(L40, "2025-04-27").class_name == "3A090.b"


def test_nvidia_products_told_to_stop_early(law):
    """Told on 2023-10-23, in force at once: A100, A800, H100, H800, L40S; the RTX 4090 was not named."""
    for subject in (A100, A800, H100, H800, L40S):
        assert law(subject, "2023-10-23").letter is True
        assert law(subject, "2023-10-22").letter is False
    for subject in (L40, L4, RTX_4090, H20):
        assert law(subject, "2023-11-01").letter is False


def test_letters_of_august_2022_named_a100_h100_and_mi250(law):
    for subject in (A100, H100, MI250, MI250X):
        before_entry = law(subject, "2022-09-01")
        assert (before_entry.class_name, before_entry.letter, before_entry.licence) == ("none", True, "required")
        assert law(subject, "2022-10-21").class_name == "3A090.a"
    assert law(A800, "2022-09-01").letter is False


def test_mi308_is_bounded_by_what_was_sold(law):
    """No figures published: sold freely until the letters, so outside 3A090; 5.3 TB/s brought it under them."""
    bounds = chip("MI308", {"fp8": (1.0, 688.0)}, (1900.0, 2400.0), 5300, None)
    free = law(bounds, APR_2024)
    assert free.class_name == "undetermined"
    assert {"none", "3A090.a", "3A090.b"} == set(free.possible_classes)
    assert any(p.measure == "tpp" and p.value == 4800 for p in free.break_points)
    caught = law(bounds, LETTERS)
    assert (caught.letter, caught.licence) == (True, "required")
    within = chip("MI308 as sold", {"fp8": (1.0, 295.0)}, (1900.0, 2400.0), 5300, None)
    assert law(within, APR_2024).class_name == "none"
    assert law(within, APR_2024).licence == "not required"


def test_mi309_without_any_figure_is_not_called_free(law):
    answer = law(chip("MI309", {}, None), "2024-03-05")
    assert answer.class_name == "undetermined"
    assert answer.licence == "undetermined"
    assert answer.tpp is None


def test_gaudi_for_china_was_caught_by_its_memory(law):
    bounds = chip("HL-328", {"bf16": (1.0, 149.0)}, (1000.0, 1600.0), 3700, None)
    assert law(bounds, APR_2024).class_name == "none"
    answer = law(bounds, LETTERS)
    assert (answer.class_name, answer.letter, answer.licence) == ("none", True, "required")


def test_rtx_6000d_was_built_to_be_out(law):
    bounds = chip("RTX 6000D", {"fp8": (1.0, 599.9)}, 750, 1398, 128, False)
    answer = law(bounds, "2025-09-15")
    assert (answer.class_name, answer.letter, answer.licence) == ("none", False, "not required")


def test_half_a_b300_is_out_by_its_fp4_rate_alone(law):
    with_fp4 = chip("B30A", {"fp4": 7500, "fp8": 2500}, 800, 4000, 900)
    without = chip("B30A, fp8 alone", {"fp8": 2500}, 800, 4000, 900)
    assert law(with_fp4, JAN_2026).case_by_case_box == "out"
    assert law(without, JAN_2026).case_by_case_box == "in"


def test_the_highest_format_counts_not_the_shortest(law):
    """Gaudi 3 runs BF16 as fast as FP8, so 16 bits count double."""
    assert law(GAUDI_3, JAN_2026).tpp == 29360
    assert law(GAUDI_3, JAN_2026).case_by_case_box == "out"
    at_fp8 = chip("Gaudi 3, fp8 alone", {"fp8": 1835}, None, 3700, 1328)
    assert (law(at_fp8, JAN_2026).tpp, law(at_fp8, JAN_2026).case_by_case_box) == (14680, "in")


def test_h20_memory_and_link_stay_just_outside_the_proposed_act(law):
    switched = law(H20, JAN_2026, switches=["safe-chips-act", "-2025-04-letters"])
    assert (switched.letter, switched.licence) == (False, "not required")
    more = chip("H20 with 4.1 TB/s", {"fp8": 296}, 814, 4100, 900)
    answer = law(more, JAN_2026, switches=["safe-chips-act", "-2025-04-letters"])
    assert (answer.class_name, answer.licence, answer.review) == ("none", "required", "denial by statute")
    assert math.isclose(answer.tpp, 2368)
