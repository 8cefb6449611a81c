"""How well a design serves a workload: by weights, or by the time model on a reference workload.

By weights,

    speed = 1 / (compute / c + memory / m + link / l)

with the shares of time that the workload spends on each on a reference chip, and c, m, l the chip's rates over the
reference's: times add up and nothing overlaps.

By the time model, a design is the budget's chip with other rates, in that chip's usual system and with the
efficiencies of its family: each format runs at what the silicon gives, and at most at the TPP of the design over its
bit length; memory comes in stacks of the budget's; links scale with the design's. Its speed is what the best plan or
layout for the workload reaches, in tokens per s and chip over the reference chip's. Searching for a plan takes too long
for every design, so all are ranked by a table over compute, memory and links, interpolated in logarithms, and the
first of them are then searched for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.analysis.design_law import Points
from autarky.analysis.designs import Point
from autarky.errors import InputError
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.records import Chip, Link, System
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.shapes import Exact
from autarky.rules.metrics import Array
from autarky.systems.deployment import Deployed, deployed
from autarky.systems.system import build
from autarky.workloads.reference import reference_model
from autarky.workloads.worth import TASKS, recipe_of
from autarky.workloads.worth_tasks import Task

TABLE = (4, 4, 3)
"""Values of compute, memory and links in the table."""
SHORT = 8
"""Designs that are searched for themselves."""
NEVER = 1e-12
"""Stands in the table for a design that cannot do the work."""


@dataclass(frozen=True)
class Weighted:
    """Speed by weights: shares of time on the reference chip, which lies at `reference`."""

    weights: Mapping[str, float]
    reference: Point

    def rough(self, points: Points | Point) -> Array:
        """Return how fast designs serve, (point,)."""
        time = self.weights["compute"] * self.reference.tpp / np.asarray(points.tpp)
        time = time + self.weights["memory"] * self.reference.memory / np.asarray(points.memory)
        time = time + self.weights["link"] * self.reference.link / np.asarray(points.link)
        return np.asarray(1.0 / time)

    def chosen(self, points: Points, index: npt.NDArray[np.int64], rough: Array) -> tuple[npt.NDArray[np.int64], Array]:
        """Return designs among which the best of those at an index is, and their speeds: here all."""
        return index, rough[index]

    def chip(self, name: str, point: Point) -> float | None:
        """Return how fast a chip serves: by its point alone."""
        return float(self.rough(point))


@dataclass(frozen=True)
class Modelled:
    """Speed by the time model on a reference workload.

    facts       the catalogue; `whole` is the budget's chip, `name`, in its usual system
    own         where the budget's chip lies; `rates` are its TFLOPS by format
    bits        bit length of each format
    form        the format in which designs work
    reference   tokens per s of the reference chip
    """

    facts: Catalogue
    workload: ReferenceWorkload
    whole: Deployed
    name: str
    own: Point
    rates: Mapping[str, float]
    bits: Mapping[str, int]
    form: str
    reference: float

    def rough(self, points: Points) -> Array:
        """Return about how fast designs serve, (point,)."""
        axes = [
            self._factor(points, self.form),
            np.asarray(points.memory / self.own.memory),
            np.asarray(points.link / self.own.link),
        ]
        grids = [np.unique(np.geomspace(axis.min(), axis.max(), n)) for axis, n in zip(axes, TABLE, strict=True)]
        table = np.empty([len(grid) for grid in grids])
        for place in np.ndindex(*table.shape):
            compute, memory, link = (float(grid[i]) for grid, i in zip(grids, place, strict=True))
            table[place] = max(self._speed(dict.fromkeys(self.rates, compute), memory, link), NEVER)
        return np.exp(between(np.log(table), [np.log(grid) for grid in grids], [np.log(axis) for axis in axes]))

    def chosen(self, points: Points, index: npt.NDArray[np.int64], rough: Array) -> tuple[npt.NDArray[np.int64], Array]:
        """Return the first designs of those at an index, searched for themselves, and their speeds.

        Of designs that differ in silicon which does not work, the smallest stands for all.
        """
        order = index[np.lexsort((points.area[index], -rough[index]))]
        alike = np.stack([self._factor(points, self.form), points.tpp, points.memory, points.link], axis=1)[order]
        first = np.sort(np.unique(np.round(np.log(alike), 9), axis=0, return_index=True)[1])
        kept = order[first][:SHORT]
        return kept, np.array([self.speed(points[int(place)]) for place in kept])

    def speed(self, point: Point) -> float:
        """Return how fast one design serves, its plan searched; 0 where it cannot do the work."""
        factors = {form: float(self._factor(point, form)) for form in self.rates}
        return self._speed(factors, point.memory / self.own.memory, point.link / self.own.link)

    def chip(self, name: str, point: Point) -> float | None:
        """Return how fast a chip serves in its own usual system with its own efficiencies, None if not known."""
        try:
            return reached(deployed(self.facts, name), name, self.workload) / self.reference
        except InputError:
            return None

    def _factor(self, points: Points | Point, form: str) -> Array:
        """Return the rate in a format over that of the budget's chip: what silicon gives and the TPP leaves."""
        ours = np.asarray(points.tpp) / (self.bits[form] * self.rates[form])
        area = self.own.area
        return np.asarray(ours if area is None else np.minimum(ours, np.asarray(points.area, float) / area))

    def _speed(self, compute: Mapping[str, float], memory: float, link: float) -> float:
        """Return the speed of the budget's chip with rates by format, memory and links changed by factors."""
        try:
            changed = with_factors(self.whole, self.name, compute, memory, link)
            return reached(changed, self.name, self.workload) / self.reference
        except InputError:
            return 0.0


Scored: TypeAlias = Weighted | Modelled
"""A way to tell how well designs serve, over the reference chip."""


def modelled(
    facts: Catalogue, workload: ReferenceWorkload, name: str, own: Point, reference: str, bits: Mapping[str, int]
) -> Modelled:
    """Return the time model for designs made like a chip of the catalogue, over the reference chip."""
    whole = deployed(facts, name)
    record = whole.catalogue.get("chips", name, Chip)
    rates = {str(form): value_of(rate) for form, rate in record.dense.items() if str(form) in bits}
    _, form = recipe_of(whole, name, workload)
    return Modelled(
        facts=facts,
        workload=workload,
        whole=whole,
        name=name,
        own=own,
        rates=rates,
        bits=bits,
        form=form,
        reference=reached(deployed(facts, reference), reference, workload),
    )


def reached(whole: Deployed, name: str, workload: ReferenceWorkload) -> float:
    """Return the tokens per s and chip that a chip reaches on a reference workload in its usual system."""
    recipe, _ = recipe_of(whole, name, workload)
    system = build(whole.catalogue, whole.system, workload.chips)
    config = reference_model(workload.model).config
    return TASKS[workload.task](Task(whole.catalogue, system, config, workload, recipe)).tokens


def with_factors(whole: Deployed, name: str, compute: Mapping[str, float], memory: float, link: float) -> Deployed:
    """Return a chip in its system with rates by format, memory of more or fewer stacks, and links by factors."""
    record = whole.catalogue.get("chips", name, Chip)
    system = whole.catalogue.get("systems", whole.system, System)
    held, up = record.memory, system.scale_up_per_chip
    chip = record.model_copy(
        update={
            "dense": {form: _times(rate, compute[str(form)]) for form, rate in record.dense.items() if form in compute},
            "memory": None
            if held is None
            else held.model_copy(
                update={
                    "capacity": _times(held.usable_capacity or held.capacity, memory),
                    "usable_capacity": None,
                    "bandwidth": _times(held.bandwidth, memory),
                }
            ),
        }
    )
    wired = system.model_copy(
        update={
            "scale_up_per_chip": None if up is None else Link(one_way=_times(up.one_way, link)),
            "peer_one_way": _times(system.peer_one_way, link),
        }
    )
    collections = {
        **whole.catalogue.collections,
        "chips": {**whole.catalogue.collections["chips"], name: chip},
        "systems": {**whole.catalogue.collections["systems"], whole.system: wired},
    }
    catalogue = Catalogue(collections, whole.catalogue.plain, whole.catalogue.digest)
    return Deployed(catalogue, whole.system, whole.family, whole.assumed)


def _times(quantity: Quantity | None, factor: float) -> Quantity | None:
    return None if quantity is None else Quantity(quantity.unit, (Estimate(Exact(factor * value_of(quantity))),))


def between(table: Array, grids: list[Array], places: list[Array]) -> Array:
    """Return a table of any number of axes at some places, straight between its values, (point,).

    Every place lies within its axis; an axis of one value holds everywhere.
    """
    below, share = [], []
    for grid, place in zip(grids, places, strict=True):
        low = np.clip(np.searchsorted(grid, place, side="right") - 1, 0, max(len(grid) - 2, 0))
        step = np.diff(grid)[low] if len(grid) > 1 else np.ones(len(place))
        below.append(low)
        share.append(np.clip((place - grid[low]) / step, 0.0, 1.0) if len(grid) > 1 else np.zeros(len(place)))
    found = np.zeros(len(places[0]))
    for corner in np.ndindex(*(2 if len(grid) > 1 else 1 for grid in grids)):
        weight = np.prod([part if up else 1.0 - part for part, up in zip(share, corner, strict=True)], axis=0)
        found = found + weight * table[tuple(low + up for low, up in zip(below, corner, strict=True))]
    return found
