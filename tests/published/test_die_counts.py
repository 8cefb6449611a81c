"""Die counts and yields that others have printed, from their own inputs."""

import math

import pytest

from autarky.supply.dies import (
    area_minus_edge,
    area_over_area,
    exact_placement,
    reduced_diameter,
    stepped_placement,
)
from autarky.supply.memory import stacks_from_wafers
from autarky.supply.yields import (
    defect_density_from_yield,
    exp_of_minus_sqrt_x,
    negative_binomial,
    one_over_one_plus_x,
    poisson,
)


def wafer(edge_exclusion, width, height, street, notch_keepout=0.0):
    return {
        "wafer_diameter": 300.0,
        "edge_exclusion": edge_exclusion,
        "die_width": width,
        "die_height": height,
        "street_x": street,
        "street_y": street,
        "notch_keepout": notch_keepout,
    }


# Silicon Edge's calculator, as quoted in the tests of SemiAnalysis' die yield calculator
# (github.com/Semianalysis/die-yield-calculator-wp, src/utils/optimization.test.ts, 2026).
SILICON_EDGE = [
    (wafer(3.0, 9.2, 9.6, 0.1, notch_keepout=5.0), 697, 698, 684),
    (wafer(3.0, 10.0, 10.0, 0.1, notch_keepout=5.0), 612, 616, 601),
    (wafer(3.0, 12.0, 12.0, 0.0, notch_keepout=5.0), 432, 432, 417),
    (wafer(3.0, 8.0, 16.0, 0.0, notch_keepout=5.0), 481, 482, 473),
    (wafer(5.0, 15.0, 15.0, 1.0, notch_keepout=10.0), 229, 229, 218),
]


@pytest.mark.parametrize(("sizes", "published", "best", "formula"), SILICON_EDGE)
def test_silicon_edge_counts_come_from_a_search_over_twenty_steps(sizes, published, best, formula):
    assert stepped_placement(**sizes, steps=20) == published


@pytest.mark.parametrize(("sizes", "published", "best", "formula"), SILICON_EDGE)
def test_the_exact_optimum_is_never_below_silicon_edge(sizes, published, best, formula):
    assert exact_placement(**sizes) == best
    assert best >= published


@pytest.mark.parametrize(("sizes", "published", "best", "formula"), SILICON_EDGE)
def test_area_minus_edge_is_a_few_percent_low(sizes, published, best, formula):
    count = area_minus_edge(
        300.0 - 2 * sizes["edge_exclusion"],
        sizes["die_width"] + sizes["street_x"],
        sizes["die_height"] + sizes["street_y"],
    )
    assert round(float(count)) == formula
    assert 0.94 < count / published < 0.985


def test_the_first_silicon_edge_count_needs_its_notch_zone():
    assert stepped_placement(**wafer(3.0, 9.2, 9.6, 0.1), steps=20) == 698


def test_616_dies_of_10_mm_can_be_counted_by_hand():
    # Streets cross at the centre. In a quadrant, column i ends at 0.05 + 10.1 i + 10 mm; rows likewise.
    ends = [10.05 + 10.1 * index for index in range(15)]
    quadrant = sum(math.hypot(x, y) <= 147.0 for x in ends for y in ends)
    assert 4 * quadrant == 616
    assert exact_placement(**wafer(3.0, 10.0, 10.0, 0.1)) == 616


@pytest.mark.parametrize(("sizes", "lowest"), [
    (wafer(3.0, 9.2, 9.6, 0.0), 712),
    (wafer(3.0, 10.0, 10.0, 0.0), 625),
    (wafer(3.0, 12.0, 12.0, 0.0), 432),
    (wafer(3.0, 8.0, 16.0, 0.0), 481),
    (wafer(3.0, 15.0, 15.0, 0.2, notch_keepout=5.0), 261),
])  # fmt: skip
def test_an_older_set_of_silicon_edge_counts_is_reached_within_half_a_percent(sizes, lowest):
    assert lowest <= exact_placement(**sizes) <= 1.005 * lowest


def test_calculator_academy_added_its_street_once():
    # https://calculator.academy/die-per-wafer-calculator/: 583 dies, "0.1 mm per side".
    assert math.floor(area_minus_edge(290.0, 10.1, 10.1)) == 583
    assert round(float(area_minus_edge(290.0, 10.2, 10.2))) == 572
    assert exact_placement(**wafer(5.0, 10.0, 10.0, 0.1)) == 600


@pytest.mark.parametrize(("area", "dies", "good_share"), [(2.3, 130, 0.10), (1.0, 314, 0.37)])
def test_textbook_wafer_of_21_cm(area, dies, good_share):
    # progettoatena.it, computer architecture manual, page 89; one defect per cm**2.
    side = 10 * math.sqrt(area)
    assert round(float(reduced_diameter(210.0, side, side))) == dies
    assert poisson(area, 1.0) == pytest.approx(good_share, abs=0.005)


def test_homework_that_forgets_the_edge_underrates_the_cost_by_a_fifth():
    # github.com/kartiksrinivas007/CS2323-CArch, Assignments/A1: 18 cm wafer, 11 x 12 mm, 0.04 / cm**2, 200.
    good_share = negative_binomial(1.32, 0.04, 2.0)
    assert good_share == pytest.approx(0.949, abs=5e-4)
    without_edge = 200 / (math.floor(area_over_area(180.0, 11.0, 12.0)) * good_share)
    with_edge = 200 / (area_minus_edge(180.0, 11.0, 12.0) * good_share)
    assert math.floor(area_over_area(180.0, 11.0, 12.0)) == 192
    assert round(float(area_minus_edge(180.0, 11.0, 12.0))) == 158
    assert without_edge == pytest.approx(1.097, abs=5e-4)
    assert with_edge == pytest.approx(1.334, abs=5e-4)


@pytest.mark.parametrize(("x", "reciprocal", "root"), [(0.081, 0.925, 0.752), (0.814, 0.551, 0.406)])
def test_two_formulas_are_called_seeds_in_print(x, reciprocal, root):
    # legitlads.com yield calculator and SemiAnalysis' code; 814 mm**2 at 0.1 / cm**2, and a tenth of it.
    assert one_over_one_plus_x(x, 1.0) == pytest.approx(reciprocal, abs=5e-4)
    assert exp_of_minus_sqrt_x(x, 1.0) == pytest.approx(root, abs=5e-4)


# Die sizes as measured (910B and 910) or usual (A100, H100, Kirin 9000S); 3 mm edge, 0.1 mm street.
@pytest.mark.parametrize(
    ("width", "height", "whole_wafer", "inside_edge", "placed"),
    [
        (21.32, 31.22, 80.4, 76.7, 85),
        (14.6, 31.25, 123.7, 118.2, 123),
        (26.0, 31.8, 62.4, 59.5, 66),
        (26.0, 31.3, 63.5, 60.5, 67),
        (10.34, 10.34, 597, 572, 573),
    ],
)
def test_three_counts_of_accelerator_dies(width, height, whole_wafer, inside_edge, placed):
    assert area_minus_edge(300.0, width, height) == pytest.approx(whole_wafer, rel=2e-3)
    assert area_minus_edge(294.0, width, height) == pytest.approx(inside_edge, rel=2e-3)
    assert exact_placement(**wafer(3.0, width, height, 0.1)) == placed


def test_morgan_stanley_910b_count_lies_between_the_methods():
    # 78 dies, or 39 pairs for the 910C, per wafer (Morgan Stanley, September 2025, as relayed).
    published = 78
    assert published == 2 * 39
    assert area_minus_edge(294.0, 21.32, 31.22) < published < area_minus_edge(300.0, 21.32, 31.22)
    assert area_minus_edge(300.0, 21.32, 31.22) == pytest.approx(published, rel=0.04)
    assert exact_placement(**wafer(3.0, 21.32, 31.22, 0.1)) / published == pytest.approx(1.09, abs=0.005)


@pytest.mark.parametrize(
    ("good_share", "independent", "clustered", "phone_independent", "phone_clustered"),
    [
        (0.20, 0.242, 0.320, 0.77, 0.72),
        (0.30, 0.181, 0.223, 0.82, 0.80),
        (0.40, 0.138, 0.161, 0.86, 0.85),
        (0.50, 0.104, 0.117, 0.90, 0.88),
    ],
)
def test_reported_910b_yields_as_defect_density(good_share, independent, clustered, phone_independent, phone_clustered):
    # A 665.61 mm**2 die with every defect fatal, and what the same line would give on a 107 mm**2 phone chip.
    big, phone = 6.6561, 1.07
    one, other = defect_density_from_yield(good_share, big), defect_density_from_yield(good_share, big, 3.0)
    assert one == pytest.approx(independent, abs=6e-4)
    assert other == pytest.approx(clustered, abs=6e-4)
    assert poisson(phone, one) == pytest.approx(phone_independent, abs=0.006)
    assert negative_binomial(phone, other, 3.0) == pytest.approx(phone_clustered, abs=0.006)


@pytest.mark.parametrize(("wafers", "stacks"), [(17_500, 2.9e6), (30_000, 5.0e6)])
def test_cxmt_wafers_as_stacks_in_a_year(wafers, stacks):
    # SemiAnalysis, July 2026, as relayed: HBM3 8-high, 35 % before stacking and 70 % after.
    assert 12 * stacks_from_wafers(wafers, 450.0, 0.35, 8, 0.70) == pytest.approx(stacks, rel=0.01)
