"""Which classes a chip can have when its numbers are known only within bounds, and where the class flips.

The class is constant between the lines TPP = threshold and TPP = density threshold x area. So it is enough to
look at the ends of the bounds, at each crossing, and once between neighbours: every region is then seen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autarky.facts.rule_records import Entry
from autarky.rules.lines import CLASSES, UNITS, class_codes, thresholds
from autarky.rules.metrics import Array, Measures, Range


@dataclass(frozen=True)
class BreakPoint:
    """A value at which the class changes while everything else stays: its class `below` it and `above` it."""

    measure: str
    value: float
    unit: str
    below: str
    above: str
    at: str = ""


def possible_classes(entries: Sequence[Entry], chip: Measures, data_centre: bool | None) -> tuple[str, ...]:
    """Return every class that the chip can have within its bounds."""
    found: dict[str, None] = {}
    for area in chip.areas:
        points = _points(entries, chip, area)
        count = len(next(iter(points.values())))
        for for_centres in (True, False) if data_centre is None else (data_centre,):
            codes = class_codes(entries, points, np.full(count, for_centres))
            found |= dict.fromkeys(CLASSES[code] for code in np.unique(codes))
    return tuple(found)


def break_points(entries: Sequence[Entry], chip: Measures, data_centre: bool | None) -> tuple[BreakPoint, ...]:
    """Return where the class flips along one number while the others stay at the ends of their bounds."""
    for_centres = data_centre is not False
    if chip.memory_bandwidth_density is not None:
        limits = thresholds(entries, "memory_bandwidth_density")
        return tuple(_flips(entries, "memory_bandwidth_density", limits, for_centres, {}, ""))
    densities = thresholds(entries, "performance_density")
    areas = [end for area in chip.areas if area is not None for end in _ends(area)]
    found: list[BreakPoint] = []
    # NaN stands for an unknown TPP: along the other axes nothing then flips.
    for tpp, area, transfer in itertools.product(
        _ends(chip.tpp) or [math.nan], areas or [math.inf], _ends(chip.interconnect) or [0.0]
    ):
        fixed = {"tpp": tpp, "area": area, "interconnect": transfer}
        at_tpp = f"TPP {tpp:g}"
        at_area = f"{area:g} mm**2" if math.isfinite(area) else ""
        axes = (
            ("area", [tpp / density for density in densities], at_tpp),
            ("interconnect", thresholds(entries, "interconnect"), at_tpp),
            ("tpp", [*thresholds(entries, "tpp"), *(density * area for density in densities)], at_area),
        )
        for axis, crossings, at in axes:
            found += _flips(entries, axis, crossings, for_centres, fixed, at)
    return tuple(dict.fromkeys(found))


_AXIS_UNITS = {**UNITS, "area": "mm**2"}


def _flips(
    entries: Sequence[Entry],
    axis: str,
    crossings: Sequence[float],
    for_centres: bool,
    fixed: Mapping[str, float],
    at: str,
) -> list[BreakPoint]:
    marks = sorted({crossing for crossing in crossings if math.isfinite(crossing)})
    if not marks:
        return []
    between = [low + (high - low) / 2 for low, high in itertools.pairwise((0.0, *marks))]
    places = np.array([*between, 2 * marks[-1]])
    values = {name: np.full(len(places), value) for name, value in fixed.items()} | {axis: places}
    codes = class_codes(entries, _with_density(values), np.full(len(places), for_centres))
    return [
        BreakPoint(axis, mark, _AXIS_UNITS[axis], CLASSES[below], CLASSES[above], at)
        for mark, (below, above) in zip(marks, itertools.pairwise(codes), strict=True)
        if below != above
    ]


def _with_density(values: dict[str, Array]) -> dict[str, Array]:
    measured = {name: array for name, array in values.items() if name != "area"}
    if "area" in values:
        measured["performance_density"] = values["tpp"] / values["area"]
    return measured


def _points(entries: Sequence[Entry], chip: Measures, area: Range | None) -> dict[str, Array]:
    if chip.memory_bandwidth_density is not None:
        limits = thresholds(entries, "memory_bandwidth_density")
        return {"memory_bandwidth_density": np.array(_candidates(chip.memory_bandwidth_density, limits))}
    densities = thresholds(entries, "performance_density") if area is not None else []
    on_area = [d * end for d in densities for end in area or () if 0 < end < math.inf]
    tpps = _candidates(chip.tpp, [*thresholds(entries, "tpp"), *on_area])
    interconnects = _candidates(chip.interconnect, thresholds(entries, "interconnect"))
    rows: list[tuple[float, float, float]] = []
    for tpp in tpps:
        places = _candidates(area, [tpp / d for d in densities]) if area is not None else [math.nan]
        rows.extend((tpp, place, interconnect) for place in places for interconnect in interconnects)
    tpp_column, area_column, interconnect_column = np.array(rows).T
    points = {"tpp": tpp_column, "interconnect": interconnect_column}
    if area is not None:
        points["performance_density"] = tpp_column / area_column
    return points


def _ends(bounds: Range) -> list[float]:
    return sorted({end for end in bounds if math.isfinite(end) and end > 0})


def _candidates(bounds: Range, crossings: Sequence[float]) -> list[float]:
    """Return the ends of the bounds, the crossings inside, and one value between each two neighbours."""
    low, high = bounds
    inside = [c for c in crossings if low <= c <= high]
    top = high if math.isfinite(high) else 2 * max([low, *crossings, 1.0])
    # Nothing in the law turns at zero; a hair above it stands for "as small as you like".
    bottom = low if low > 0 else min([*inside, top]) / 2
    marks = sorted({bottom, *inside, top})
    return sorted({*marks, *(a + (b - a) / 2 for a, b in itertools.pairwise(marks))})
