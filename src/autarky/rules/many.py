"""The class of many chip variants at once, and the share of each class among samples of an uncertain chip."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.facts.rule_records import Entry, Rules
from autarky.rules.active import RuleSet
from autarky.rules.lines import CLASSES, UNDETERMINED, Codes, Flags, class_codes, thresholds
from autarky.rules.metrics import UNKNOWN, Array, Measures, Range


@dataclass(frozen=True)
class ManyClasses:
    """Class codes of many variants; a code is an index into `names`."""

    codes: Codes
    names: tuple[str, ...] = CLASSES

    def probabilities(self, weights: Array | None = None) -> dict[str, float]:
        """Return the share of each class that occurs, weighted where `weights` `(draw,)` are given."""
        counts = np.bincount(self.codes.ravel(), weights=weights, minlength=len(self.names))
        total = float(counts.sum())
        return {name: float(count) / total for name, count in zip(self.names, counts, strict=True) if count > 0}


def classify_many(
    tpp: npt.ArrayLike,
    area: npt.ArrayLike = np.nan,
    *,
    date: date,
    rules: Rules,
    data_centre: npt.ArrayLike = True,
    interconnect: npt.ArrayLike = np.nan,
    switches: Iterable[str] = (),
) -> ManyClasses:
    """Return the class of each chip variant on a day; arrays broadcast, `(draw,)` or any shape.

    Parameters
    ----------
    tpp
        Total processing performance, without unit.
    area
        Applicable die area in mm**2. NaN is unknown, 0 means no die with non-planar transistors.
    date
        Day on which the law is read.
    rules
        The rules of the catalogue.
    data_centre
        Whether designed or marketed for data centres.
    interconnect
        Transfer rate over all inputs and outputs, both ways, in GB/s; NaN is unknown.
    switches
        Rules and readings switched on or off.

    An unknown number gives "undetermined" wherever it decides, and nowhere else.
    """
    chosen = RuleSet(rules, frozenset(switches))
    chosen.require_known_day(date)
    entries = [entry for _, entry in chosen.entries(date) if entry.subject == "chip"]
    tpps, areas, interconnects, centres = np.broadcast_arrays(
        np.asarray(tpp, dtype=np.float64),
        np.asarray(area, dtype=np.float64),
        np.asarray(interconnect, dtype=np.float64),
        np.asarray(data_centre, dtype=np.bool_),
    )
    low, high = np.nan_to_num(tpps, nan=0.0), np.where(np.isnan(tpps), np.inf, tpps)
    area_low, area_high = np.nan_to_num(areas, nan=0.0), np.where(np.isnan(areas), np.inf, areas)
    bounds = {
        "tpp": (low, high),
        "performance_density": _density_bounds(low, high, area_low, area_high),
        "interconnect": (
            np.nan_to_num(interconnects, nan=0.0),
            np.where(np.isnan(interconnects), np.inf, interconnects),
        ),
    }
    return ManyClasses(_codes(entries, bounds, centres, absent=areas == 0))


def sampled_classes(entries: Sequence[Entry], chip: Measures, data_centre: bool | None) -> ManyClasses:
    """Return the class of each draw of a chip whose numbers are samples; what is only bounded stays bounded."""
    count = len(next(iter(chip.samples.values())))
    stack = chip.samples.get("memory_bandwidth_density")
    if stack is not None:
        return ManyClasses(class_codes(entries, {"memory_bandwidth_density": stack}, np.ones(count, np.bool_)))
    low, high = _columns(chip, "tpp", chip.tpp, count)
    bounds = {
        "tpp": (low, high),
        "performance_density": _density_bounds(low, high, *_columns(chip, "area", chip.area or UNKNOWN, count)),
        "interconnect": _columns(chip, "interconnect", chip.interconnect, count),
    }
    answers = [
        _codes(entries, bounds, np.full(count, centres), np.full(count, absent))
        for centres in ((True, False) if data_centre is None else (data_centre,))
        for absent in sorted({area is None for area in chip.areas})
    ]
    return ManyClasses(reduce(_where_agreed, answers))


Bounds: TypeAlias = tuple[Array, Array]


def _columns(chip: Measures, name: str, bounds: Range, count: int) -> Bounds:
    if name in chip.samples:
        return chip.samples[name], chip.samples[name]
    return np.full(count, bounds.low), np.full(count, bounds.high)


def _density_bounds(low: Array, high: Array, area_low: Array, area_high: Array) -> Bounds:
    with np.errstate(divide="ignore", invalid="ignore"):
        # 0/0 and infinity/infinity: nothing is known.
        return np.nan_to_num(low / area_high, nan=0.0), np.nan_to_num(high / area_low, nan=np.inf, posinf=np.inf)


def _codes(entries: Sequence[Entry], bounds: Mapping[str, Bounds], centres: Flags, absent: Flags) -> Codes:
    """Return the class of each variant; undetermined where it differs anywhere within the bounds.

    `absent`: no die with non-planar transistors, so that performance density does not exist.
    """
    choices = [_stops(entries, measure, *bounds[measure]) for measure in bounds]
    answers = []
    for stops in itertools.product(*choices):
        values = dict(zip(bounds, stops, strict=True))
        values["performance_density"] = np.where(absent, np.nan, values["performance_density"])
        answers.append(class_codes(entries, values, centres))
    return reduce(_where_agreed, answers)


def _where_agreed(one: Codes, other: Codes) -> Codes:
    return np.where(one == other, one, np.int8(UNDETERMINED))


def _stops(entries: Sequence[Entry], measure: str, low: Array, high: Array) -> list[Array]:
    """Return the values of a measure at which the class can differ: its ends, and each side of each threshold."""
    if np.array_equal(low, high):
        return [low]
    limits = thresholds(entries, measure)
    turns = [turn for limit in limits for turn in (np.nextafter(limit, -np.inf), limit, np.nextafter(limit, np.inf))]
    return [low, high, *(np.clip(turn, low, high) for turn in turns)]
