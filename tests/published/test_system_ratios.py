"""Ratios of CloudMatrix 384 to GB200 NVL72 as published in April 2025, each under its own convention.

SemiAnalysis, Huawei AI CloudMatrix 384, first version of 16 April 2025. The tolerance is one unit in the last
printed digit.
"""

import pytest

import autarky
from autarky.systems.comparison import compare

FIRST = "first version"
ALL_IN = "all-in"
PRINTED = "semianalysis"


@pytest.fixture(scope="module")
def ratios():
    found = compare(autarky.load_catalogue(), "cloudmatrix-384", "gb200-nvl72")
    return {ratio.name: ratio for ratio in found}


@pytest.mark.parametrize(
    ("name", "left", "right", "printed"),
    [
        ("compute bf16", PRINTED, "sparse", 1.7),
        ("memory", PRINTED, "192 GB", 3.6),
        ("memory bandwidth", PRINTED, "", 2.1),
        ("scale-up one way", PRINTED, "", 2.1),
        ("scale-up both ways", PRINTED, "", 2.1),
        ("scale-up domain", "", "", 5.3),
        ("scale-out one way", "", "", 5.3),
        ("power", FIRST, ALL_IN, 3.9),
    ],
)
def test_totals(ratios, name, left, right, printed):
    assert ratios[name].under(left, right) == pytest.approx(printed, abs=0.1)


@pytest.mark.parametrize(
    ("name", "over", "printed"),
    [
        ("power per compute bf16", "compute bf16", 2.3),
        ("power per memory bandwidth", "memory bandwidth", 1.8),
        ("power per memory", "memory", 1.1),
    ],
)
def test_power_for_each_unit(ratios, name, over, printed):
    ours = ratios["power"].left.under(FIRST).value / ratios[over].left.under(PRINTED).value
    theirs = ratios["power"].right.under(ALL_IN).value / ratios[over].right.conventions[0].value
    assert ours / theirs == pytest.approx(printed, abs=0.1)
    assert ratios[name].low <= ours / theirs <= ratios[name].high


@pytest.mark.parametrize(
    ("name", "left", "printed"),
    [("chip compute bf16", PRINTED, 0.31), ("chip scale-up one way", PRINTED, 0.39)],
)
def test_single_chips(ratios, name, left, printed):
    ratio = ratios[name]
    assert ratio.left.under(left).value / ratio.right.conventions[0].value == pytest.approx(printed, abs=0.01)


def test_other_conventions_of_the_same_silicon_change_the_ratio(ratios):
    compute = ratios["compute bf16"]
    sheet = compute.right.conventions[0].value
    assert compute.left.under("Cube + Vector").value / sheet == pytest.approx(1.60, abs=0.01)
    assert compute.left.under("pure Cube").value / sheet == pytest.approx(1.51, abs=0.01)


def test_eight_bits_across_formats(ratios):
    assert ratios["compute 8 bit"].under("", "") == pytest.approx(1.60, abs=0.01)


def test_the_range_of_power_per_compute_holds_the_defensible_extremes(ratios):
    ratio = ratios["power per compute bf16"]
    assert ratio.low == pytest.approx(2.26, abs=0.01)
    assert ratio.high == pytest.approx(3.31, abs=0.01)
