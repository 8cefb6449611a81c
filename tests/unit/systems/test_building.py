"""Systems built from the catalogue."""

import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.comparison import amounts, compare
from autarky.systems.system import build


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


def test_a_node_repeats_to_any_number_of_chips(catalogue):
    node, many = build(catalogue, "hgx-h100"), build(catalogue, "hgx-h100", 1024)
    assert (node.chips, many.chips) == (8, 1024)
    assert many.network == node.network
    assert many.watts == node.watts


def test_a_mesh_limits_what_one_pair_can_send(catalogue):
    plane = build(catalogue, "mi300x-platform").network.scale_up
    assert plane.pair_bandwidth() < plane.bandwidth / 5


@pytest.mark.parametrize("chips", [0, -8, 10**7])
def test_impossible_numbers_of_chips_are_refused(catalogue, chips):
    with pytest.raises(InputError, match="1 to 1,000,000 chips"):
        build(catalogue, "hgx-h100", chips)


def test_a_system_without_a_known_chip_is_refused(catalogue):
    with pytest.raises(InputError, match="chips are not named"):
        build(catalogue, "scalex640")


def test_each_convention_of_a_rate_keeps_its_name(catalogue):
    compute = amounts(catalogue, "cloudmatrix-384")["chip compute bf16"]
    assert len(compute.conventions) == 4
    assert compute.under("semianalysis").value == 780
    with pytest.raises(InputError, match="known are"):
        compute.under("nobody")


def test_a_range_of_ratios_spans_all_conventions(catalogue):
    ratio = next(r for r in compare(catalogue, "cloudmatrix-384", "gb200-nvl72") if r.name == "power per compute bf16")
    assert ratio.low < 2.31 < ratio.high


def test_a_system_is_not_compared_with_itself(catalogue):
    with pytest.raises(InputError, match="the same"):
        compare(catalogue, "hgx-h100", "hgx-h100")
