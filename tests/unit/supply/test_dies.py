import math

import numpy as np
import pytest

from autarky.errors import QuantityError
from autarky.supply.dies import FORMULAS, area_over_area, exact_placement, stepped_placement

WAFER = {"wafer_diameter": 300.0, "edge_exclusion": 3.0}


def placed(diameter, width, height, **more):
    sizes = {"wafer_diameter": diameter, "edge_exclusion": 0.0, "die_width": width, "die_height": height}
    return exact_placement(**{**sizes, **more})


def counted_at(x, y, radius, width, height, pitch_x, pitch_y):
    """Full dies, corner by corner, when a die's lower left corner is at (x, y)."""
    reach = int(radius / min(pitch_x, pitch_y)) + 2
    columns, rows = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    left, low = x + columns * pitch_x, y + rows * pitch_y
    corners = [np.hypot(left + dx, low + dy) for dx in (0, width) for dy in (0, height)]
    return int((np.max(corners, axis=0) <= radius).sum())


def test_a_die_as_long_as_the_diameter_fits_once():
    assert placed(5.0, 3.0, 4.0) == 1


def test_a_die_longer_than_the_diameter_does_not_fit():
    assert placed(4.999, 3.0, 4.0) == 0


# The far corners of a single die, a pair, a block of four, a plus sign and a block of nine.
@pytest.mark.parametrize(("dies", "square_of_radius"), [(1, 0.5), (2, 1.25), (4, 2.0), (5, 2.5), (9, 4.5)])
def test_unit_squares_fit_a_small_circle_as_counted_by_hand(dies, square_of_radius):
    diameter = 2 * math.sqrt(square_of_radius)
    assert placed(diameter, 1.0, 1.0) == dies
    assert placed(diameter - 1e-6, 1.0, 1.0) < dies


def test_a_street_widens_the_pitch_and_not_the_die():
    radius = 1.1 * math.sqrt(2)
    assert placed(2 * radius, 1.0, 1.0, street_x=0.2, street_y=0.2) == 4
    assert placed(2 * radius - 1e-6, 1.0, 1.0, street_x=0.2, street_y=0.2) < 4


def test_a_notch_zone_below_the_dies_costs_nothing():
    assert placed(5.0, 3.0, 4.0, notch_keepout=0.5) == 1


def test_a_notch_zone_that_the_only_die_needs_costs_it():
    assert placed(5.0, 3.0, 4.0, notch_keepout=0.501) == 0


def test_a_notch_inside_the_excluded_rim_costs_nothing():
    with_notch = exact_placement(**WAFER, die_width=12.0, die_height=12.0, notch_keepout=3.0)
    assert with_notch == exact_placement(**WAFER, die_width=12.0, die_height=12.0)


def test_turning_the_wafer_by_a_quarter_changes_nothing_without_a_notch():
    one = exact_placement(**WAFER, die_width=8.0, die_height=16.0, street_x=0.1, street_y=0.3)
    other = exact_placement(**WAFER, die_width=16.0, die_height=8.0, street_x=0.3, street_y=0.1)
    assert one == other


@pytest.mark.parametrize(("width", "height", "street"), [(21.0, 33.0, 0.1), (13.7, 40.1, 0.0), (25.0, 25.0, 1.0)])
def test_no_offset_of_a_fine_mesh_beats_the_exact_placement_and_some_reach_it(width, height, street):
    pitch_x, pitch_y = width + street, height + street
    best = max(
        counted_at(x * pitch_x / 80, y * pitch_y / 80, 147.0, width, height, pitch_x, pitch_y)
        for x in range(80)
        for y in range(80)
    )
    assert best == exact_placement(**WAFER, die_width=width, die_height=height, street_x=street, street_y=street)


def test_finer_steps_come_closer_to_the_exact_placement():
    die = {**WAFER, "die_width": 8.0, "die_height": 16.0}
    counts = [stepped_placement(**die, steps=steps) for steps in (1, 4, 16, 32)]
    assert counts == sorted(counts)
    assert counts[-1] == exact_placement(**die)


def test_one_step_puts_a_die_corner_on_the_centre():
    assert (
        stepped_placement(wafer_diameter=2 * math.sqrt(2), edge_exclusion=0.0, die_width=1.0, die_height=1.0, steps=1)
        == 4
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"die_width": 0.0}, "die_width of 0 mm cannot be; give more than 0 mm"),
        ({"die_height": math.nan}, "die_height of nan mm cannot be; give more than 0 mm"),
        ({"street_x": -0.1}, "street_x of -0.1 mm cannot be; give 0 mm or more"),
        ({"edge_exclusion": -1.0}, "edge_exclusion of -1 mm cannot be; give 0 mm or more"),
        ({"notch_keepout": math.inf}, "notch_keepout of inf mm cannot be; give 0 mm or more"),
        ({"wafer_diameter": 0.0}, "wafer_diameter of 0 mm cannot be"),
        (
            {"edge_exclusion": 150.0},
            "an edge exclusion of 150 mm leaves nothing of a 300 mm wafer; it is the width of the rim on one side",
        ),
        (
            {"die_width": 0.5, "die_height": 0.5},
            "a die of 0.5 x 0.5 mm gives too many sites to place one by one; "
            "choose a closed formula, which is close for small dies",
        ),
    ],
)
def test_an_impossible_size_is_named(changed, message):
    with pytest.raises(QuantityError) as caught:
        exact_placement(**{**WAFER, "die_width": 10.0, "die_height": 10.0, **changed})
    assert str(caught.value) == message
    assert caught.value.at == (next(iter(changed)),)


def test_no_steps_are_refused():
    with pytest.raises(QuantityError, match=r"^0 steps cannot be searched; give one or more$"):
        stepped_placement(**WAFER, die_width=10.0, die_height=10.0, steps=0)


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("area_over_area", 0.04, 0.29),
        ("area_minus_edge", -0.13, -0.01),
        ("reduced_diameter", -0.04, 0.06),
        ("reduced_radius", -0.23, -0.02),
        ("ferris_prabhu1989", -0.03, 0.07),
        ("ferris_prabhu1989_longer_side", -0.07, 0.05),
    ],
)
def test_closed_formulas_err_as_their_docstrings_say(name, lowest, highest):
    for area in np.geomspace(26.0, 855.0, 9):
        for aspect in (1.0, 1.3, 1.9):
            width, height = math.sqrt(area / aspect), math.sqrt(area * aspect)
            exact = exact_placement(**WAFER, die_width=width, die_height=height, street_x=0.1, street_y=0.1)
            error = FORMULAS[name](294.0, width + 0.1, height + 0.1) / exact - 1
            assert lowest - 0.005 <= error <= highest + 0.005


@pytest.mark.parametrize("name", FORMULAS)
def test_closed_formulas_broadcast_and_never_fall_below_nothing(name):
    diameters, pitches = np.array([[200.0], [294.0]]), np.array([1.0, 30.0, 290.0])
    counts = FORMULAS[name](diameters, pitches, pitches)
    assert counts.shape == (2, 3)
    assert (counts >= 0).all()
    assert (np.diff(counts, axis=1) < 0).all() or counts[0, -1] == 0


@pytest.mark.parametrize("name", FORMULAS)
def test_the_edge_stops_mattering_for_tiny_dies(name):
    assert FORMULAS[name](294.0, 0.01, 0.01) == pytest.approx(area_over_area(294.0, 0.01, 0.01), rel=2e-4)
