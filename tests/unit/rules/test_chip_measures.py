import math

import numpy as np
import pytest

from autarky.errors import InputError, QuantityError
from autarky.facts.rule_records import Formats, Readings
from autarky.rules import ChipSpec, Die, HbmStack, measures
from autarky.rules.chip_file import chip_from_plain
from autarky.rules.metrics import Range

FORMATS = Formats(
    bits={"fp4": 4, "fp8": 8, "int8": 8, "bf16": 16, "fp64": 64},
    readings={"tf32": Readings(default="short", bits={"short": 19, "long": 32})},
)


def spec(**about):
    return ChipSpec(name="chip", **about)


def test_tpp_is_the_highest_product_over_formats():
    measured = measures(spec(dense={"fp8": 100, "bf16": 60, "fp4": 150}), FORMATS)
    assert (measured.tpp, measured.governing, measured.bits) == (Range(960, 960), "bf16", 16)


def test_double_precision_counts_with_its_own_length():
    """The MI210 does 181 in FP16 and 45.3 in FP64: 2,899 against 2,896."""
    measured = measures(spec(dense={"bf16": 181, "fp64": 45.3}), FORMATS)
    assert measured.governing == "fp64"
    assert measured.tpp.low == pytest.approx(2899.2)


def test_the_reading_of_a_disputed_format_can_be_chosen():
    subject = spec(dense={"tf32": 100})
    assert measures(subject, FORMATS).tpp.low == 1900
    assert measures(subject, FORMATS, {"tf32": "long"}).tpp.low == 3200


def test_only_non_planar_logic_counts_towards_the_area():
    dies = (Die(115, False, 8), Die(370, True, 4), Die(110, None, 8, "memory"), Die(900, True, 1, "interposer"))
    assert measures(spec(dies=dies, dense={"fp8": 1}), FORMATS).areas == (Range(920, 920),)


def test_base_dies_of_memory_count_only_when_asked_for():
    dies = (Die(800), Die(100, False, 8, "hbm-base"))
    subject = spec(dies=dies, dense={"fp8": 1})
    assert measures(subject, FORMATS).area == Range(800, 800)
    assert measures(subject, FORMATS, count_base_dies=True).area == Range(1600, 1600)


def test_a_chip_of_planar_dies_has_no_density_rather_than_a_division_by_zero():
    measured = measures(spec(dies=(Die(800, True),), dense={"fp8": 500}), FORMATS)
    assert (measured.areas, measured.performance_density) == ((None,), None)


def test_dies_of_unknown_transistors_are_looked_at_both_ways():
    measured = measures(spec(dies=(Die(500), Die(300, None)), dense={"fp8": 1}), FORMATS)
    assert measured.areas == (Range(500, 500), Range(800, 800))
    alone = measures(spec(dies=(Die(300, None),), dense={"fp8": 1}), FORMATS)
    assert alone.areas == (None, Range(300, 300))


def test_an_unknown_die_area_has_no_upper_bound():
    measured = measures(spec(dies=(Die(500), Die(None)), dense={"fp8": 100}), FORMATS)
    assert measured.area == Range(500, math.inf)
    assert measured.performance_density == Range(0, 1.6)


def test_bounds_and_samples_carry_through():
    bounds = measures(spec(dies=(Die((800, 820)),), dense={"fp8": (90, 100), "bf16": 47}), FORMATS)
    assert bounds.tpp == Range(752, 800)
    draws = np.array([100.0, 200.0, 300.0])
    sampled = measures(spec(dies=(Die(800, count=2),), dense={"fp8": draws, "bf16": draws / 4}), FORMATS)
    assert sampled.samples["tpp"].tolist() == [800, 1600, 2400]
    assert sampled.tpp == Range(800, 2400)


def test_memory_beside_a_processor_is_not_memory_by_itself():
    stack = HbmStack(819, 110)
    assert measures(spec(hbm=stack), FORMATS).subject == "memory"
    assert measures(spec(hbm=stack, dense={"fp8": 100}), FORMATS).subject == "chip"
    assert measures(spec(hbm=HbmStack(819, 110, with_processor=True)), FORMATS).subject == "chip"


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"dense": {"fp9": 100}}, "no number format is called 'fp9'"),
        ({"dense": {"fp8": 0}}, "a finite number above zero"),
        ({"dense": {"fp8": -5}}, "a finite number above zero"),
        ({"dense": {"fp8": math.nan}}, "a finite number above zero"),
        ({"dense": {"fp8": (20, 10)}}, "bounds must be"),
        ({"sparse": {"fp8": 100}}, "only a sparse rate is given for fp8"),
        ({"sparse": {"fp8": 100}, "sparse_ratio": 0.5}, "no ratio of sparse to dense"),
        ({"sparse": {"fp8": 100, "fp4": 100}, "sparse_ratio": {"fp8": 2}}, "given for fp4"),
        ({"dense": {"fp8": 100}, "dies": (Die(0),)}, "a finite number above zero"),
        ({"dense": {"fp8": 100}, "dies": (Die(800, count=0),)}, "0 dies"),
        ({"dense": {"fp8": np.ones(3), "bf16": (1, 2)}}, "partly samples and partly bounds"),
        ({"dense": {"fp8": np.ones(3)}, "dies": (Die(np.ones(4)),)}, "samples of different lengths: 3, 4"),
        ({"memory_bandwidth_gb_s": -1}, "a finite number above zero"),
    ],
)
def test_impossible_figures_are_refused(about, message):
    with pytest.raises(QuantityError, match=message):
        measures(spec(**about), FORMATS)


def test_a_dense_rate_goes_before_a_sparse_one_of_the_same_format():
    measured = measures(spec(dense={"fp8": 100}, sparse={"fp8": 300}), FORMATS)
    assert (measured.tpp.low, measured.warnings) == (800, ())


def test_formats_are_read_in_capitals_and_areas_in_square_millimetres():
    raw = {"name": "mine", "dies": [{"area": "800 mm2"}], "dense": {"FP8": 300}, "sparse": {"INT8": 900}}
    chip = chip_from_plain({**raw, "sparse_ratio": {"INT8": 2}})
    assert (chip.dies, chip.dense) == ((Die(800),), {"fp8": 300})
    assert measures(chip, FORMATS).tpp.low == 3600


def test_a_chip_is_read_from_plain_data():
    raw = {
        "name": "mine",
        "dies": [{"area": 814}, {"area": [100, 120], "planar": True, "count": 4}],
        "dense": {"fp8": 1979, "bf16": [980, 990]},
        "memory_bandwidth": 3350,
        "interconnect": 900,
        "data_centre": True,
    }
    chip = chip_from_plain(raw)
    assert chip.dies == (Die(814), Die((100, 120), True, 4))
    assert chip.dense == {"fp8": 1979, "bf16": (980, 990)}
    assert (chip.memory_bandwidth_gb_s, chip.interconnect_gb_s, chip.data_centre) == (3350, 900, True)
    stack = chip_from_plain({"name": "stack", "hbm": {"bandwidth": 819, "area": 110}})
    assert stack.hbm == HbmStack(819, 110)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"name": "x", "rates": {"fp8": 1}},
            "mine.yaml  rates: unknown field; known: data_centre, dense, designer_headquarters",
        ),
        ({"name": "x"}, "mine.yaml  no rates: give them under `dense`, or under `sparse` with `sparse_ratio`"),
        ({"dense": {"fp8": 1}}, "mine.yaml  name: this field is missing"),
        ({"name": "x", "dense": {"fp8": -1}}, "mine.yaml  dense.fp8: -1 is not a number above zero"),
        ({"name": "x", "dense": {"fp8": [2, 1]}}, "mine.yaml  dense.fp8: [2, 1] is neither a number nor [low, high]"),
        ({"name": "x", "dense": 600}, "mine.yaml  dense: expected fields, found the number 600"),
        ({"name": "x", "dense": {"fp8": 600}, "dies": {"area": 1}}, "mine.yaml  dies: expected a list, found fields"),
        (
            {"name": "x", "dense": {"fp8": 600}, "data_centre": "perhaps"},
            "mine.yaml  data_centre: expected true or false",
        ),
        ({"name": "x", "dense": {"fp8": True}}, "mine.yaml  dense.fp8: True is not a number above zero"),
        ({"name": "x", "dense": {"fp8": 1}, "memory_bandwith": 3}, "did you mean memory_bandwidth?"),
    ],
)
def test_a_faulty_chip_file_says_what_is_wrong(raw, message):
    with pytest.raises(InputError) as caught:
        chip_from_plain(raw, lambda _: "mine.yaml")
    assert message in str(caught.value)
