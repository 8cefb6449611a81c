"""What the chips of a result can do as variables of a netCDF file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from autarky.capability import Capability
from autarky.elsewhere import Elsewhere
from autarky.result import Result

Variable = tuple[tuple[str, ...], NDArray[Any], dict[str, str]]
OfShape = Callable[[str, tuple[int, ...]], NDArray[Any]]
"""Gives an array of the file, which must have that shape."""


class CapabilityRecord(BaseModel):
    """What a capability, and the stocks elsewhere, hold beside their arrays."""

    model_config = ConfigDict(extra="forbid")

    tasks: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    rated: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    workloads: dict[str, str] = {}
    work: dict[str, float] = {}
    assumed: dict[str, tuple[str, ...]] = {}
    lacking: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    elsewhere_measures: tuple[str, ...] = ()
    mixes: tuple[str, ...] = ()
    counted_by: dict[str, str] = {}


def record_of(result: Result) -> CapabilityRecord:
    """Return the names of all rows, and what is no array."""
    kept, others = result.capability, result.elsewhere
    return CapabilityRecord(
        tasks=tuple(kept.speed),
        software=tuple(kept.readiness),
        rated=tuple(kept.rated),
        running=tuple(kept.running),
        workloads=dict(kept.workloads),
        work=dict(kept.work),
        assumed=dict(kept.assumed),
        lacking=dict(kept.lacking),
        elsewhere=dict(others.vendors),
        elsewhere_measures=tuple(others.worth),
        mixes=tuple(others.mixes),
        counted_by=dict(others.measures),
    )


def variables_of(result: Result) -> dict[str, Variable]:
    """Return the arrays as variables with unit and long name; none for what is empty."""
    kept, others = result.capability, result.elsewhere
    rows: tuple[tuple[str, tuple[str, ...], Mapping[str, NDArray[Any]], str, str], ...] = (
        ("reference_speed", ("task", "draw"), kept.speed, "token/s", "what one reference chip does"),
        ("software_ready", ("software", "month", "draw"), kept.readiness, "1", "share that software makes of a chip"),
        ("rated_power", ("rated_chip", "draw"), kept.rated, "W", "rated power of one chip in its system"),
        ("running_cost", ("running", "draw"), kept.running, "1", "PUE, load, USD/kWh, months of life, share in use"),
        ("worth_elsewhere", ("measure", "chip_elsewhere", "draw"), others.worth, "1", "one chip over the reference"),
        ("mix_elsewhere", ("mix", "chip_elsewhere", "month"), others.mixes, "1", "weight of a chip in a stock"),
    )
    return {
        name: (dimensions, np.stack(list(arrays.values())), {"units": unit, "long_name": text})
        for name, dimensions, arrays, unit, text in rows
        if arrays
    }


def labels_of(result: Result) -> dict[str, tuple[str, ...]]:
    """Return the labels of the rows of each dimension that is not the result's own."""
    record = record_of(result)
    rows = {
        "task": record.tasks,
        "software": record.software,
        "rated_chip": record.rated,
        "running": record.running,
        "measure": record.elsewhere_measures,
        "chip_elsewhere": tuple(record.elsewhere),
        "mix": record.mixes,
    }
    return {dimension: names for dimension, names in rows.items() if names}


def capability_from(record: CapabilityRecord, of_shape: OfShape, months: int, draws: int) -> Capability:
    """Return the capability that was saved."""
    return Capability(
        speed=_rows(of_shape, "reference_speed", record.tasks, draws),
        readiness=_rows(of_shape, "software_ready", record.software, months, draws),
        rated=_rows(of_shape, "rated_power", record.rated, draws),
        running=_rows(of_shape, "running_cost", record.running, draws),
        workloads=record.workloads,
        work=record.work,
        assumed=record.assumed,
        lacking=record.lacking,
    )


def elsewhere_from(record: CapabilityRecord, of_shape: OfShape, months: int, draws: int) -> Elsewhere:
    """Return the stocks elsewhere that were saved."""
    chips = len(record.elsewhere)
    return Elsewhere(
        vendors=record.elsewhere,
        worth=_rows(of_shape, "worth_elsewhere", record.elsewhere_measures, chips, draws),
        mixes=_rows(of_shape, "mix_elsewhere", record.mixes, chips, months),
        measures=record.counted_by,
    )


def _rows(of_shape: OfShape, name: str, names: tuple[str, ...], *shape: int) -> dict[str, NDArray[Any]]:
    return dict(zip(names, of_shape(name, (len(names), *shape)), strict=True)) if names else {}
