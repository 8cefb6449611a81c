"""A result as labelled arrays, and as a netCDF file that gives it back without loss.

The arrays carry labels and units for any reader of netCDF. What is not an array (settings, targets, inputs, fit)
stands in two attributes as JSON: `scenario`, which is enough to ask the same question again, and `record`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from autarky.analysis.condition import Check, Fit
from autarky.atomic import whole_file
from autarky.errors import Problem, ResultError
from autarky.measures import DEFINITIONS, Tags, define
from autarky.quantities.months import first_day
from autarky.result import InputUsed, Result, Settings
from autarky.scenario.schema import Target
from autarky.storage_capability import (
    CapabilityRecord,
    capability_from,
    elsewhere_from,
    labels_of,
    record_of,
    variables_of,
)

if TYPE_CHECKING:
    import xarray

FORMAT = 2
"""Version of the layout of the file; raised whenever an older autarky could misread it."""
CHIP = "chip"
"""Dimension of what is known of each chip."""
VALUED = "valued_chip"
"""Dimension of what chips are worth, where the market has more of them than the chain."""
INTEGER_BITS = 63
"""Bits of the largest integer that HDF5 holds, without its sign."""
DAMAGED = "the file is damaged: run its scenario again"


class Record(BaseModel):
    """What a result holds beside its arrays."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    settings: Settings
    members: dict[str, tuple[str, ...]]
    tags: Tags
    die_counts: dict[str, int]
    equivalents: tuple[str, ...]
    valued: tuple[str, ...] = ()
    constraints: tuple[str, ...]
    worlds: dict[str, tuple[str, ...]]
    targets: tuple[Target, ...]
    inputs: tuple[InputUsed, ...]
    events: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    capability: CapabilityRecord
    fit: dict[str, float] | None
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    timings: dict[str, float]


def dataset(result: Result) -> xarray.Dataset:
    """Return the result as an xarray Dataset: flows (member, month, draw) with unit, long name and labels.

    A flow without members, say of a scenario without fabs, has no variable. `weight` is what the summaries
    count each draw with, `evidence_weight` what the evidence alone gives, whether it is used or not.
    """
    import xarray

    variables: dict[str, Any] = {}
    dimensions = _dimensions(result)
    for entity, dimension in dimensions.items():
        variables[entity] = ((dimension, "month", "draw"), result.flows[entity], _about(*_unit_and_text(entity)))
    variables["binding"] = (
        ("year", "constraint", "draw"),
        result.binding,
        _about("chip", "packages asked for in the year whose number each constraint decided"),
    )
    counts = np.array(list(result.die_counts.values()), dtype=np.int64)
    variables["dies_per_package"] = ((CHIP,), counts, _about("die/chip", "compute dies in a package"))
    if result.worth:
        text = "one chip in units of the reference chip, by each measure of equivalence"
        chips = VALUED if result.valued else CHIP
        variables["worth"] = (("equivalent", chips, "draw"), np.stack(list(result.worth.values())), _about("1", text))
    variables |= variables_of(result)
    if result.worlds:
        index = np.stack([index for _, index in result.worlds.values()])
        publishers = json.dumps({group: names for group, (names, _) in result.worlds.items()})
        text = "which publisher's world each draw follows, as a position in `publishers`"
        variables["world"] = (("world_group", "draw"), index, {**_about("1", text), "publishers": publishers})
    if targets := _answered(result):
        met = np.stack([result.target_draws(target) for target in targets]).astype(np.int8)
        variables["target_met"] = (("target", "draw"), met, _about("1", "1 in the draws that meet the target, else 0"))
    draws = result.settings.draws
    weights = np.ones(draws) if result.weights is None else result.weights
    variables["weight"] = (("draw",), weights, _about("1", "weight of the draw in every summary"))
    if result.fit is not None:
        text = "weight that the evidence gives the draw"
        variables["evidence_weight"] = (("draw",), result.fit.weights, _about("1", text))
    return xarray.Dataset(variables, _coordinates(result, dimensions), _attributes(result))


def save(result: Result, path: str | Path, *, compress: bool = False) -> Path:
    """Write the result to a netCDF4 file, whole or not at all, and return its path.

    Compressed, the flagship's file is half the size and takes three times as long to write.
    """
    arrays = dataset(result)
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in arrays.variables.items():
        if variable.dtype.kind == "f":
            # Without a fill value, NaN stays NaN for every reader and no bit changes.
            encoding[str(name)] = {"_FillValue": None}
        if compress and variable.ndim > 1 and variable.dtype.kind == "f":
            encoding[str(name)].update(zlib=True, complevel=1, shuffle=True)
    encoding["month"] = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int64"}
    with whole_file(path) as part:
        arrays.to_netcdf(part, engine="h5netcdf", encoding=encoding)
    return Path(path)


def load(path: str | Path) -> Result:
    """Return the result that `save` wrote, every bit as it was."""
    attributes, arrays = _read(path)
    try:
        raw = json.loads(attributes["record"])
        raw["settings"]["scenario"] = json.loads(attributes["scenario"])
        return _result(Record.model_validate(raw), arrays)
    except KeyError as error:
        raise _refusal(path, f"lacks {error}", DAMAGED) from None
    except ValidationError as error:
        at = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise _refusal(path, f"cannot be understood (record, {at})", DAMAGED) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise _refusal(path, f"cannot be understood ({error})", DAMAGED) from None


def plain(value: Any, at: tuple[str, ...] = ()) -> Any:
    """Return data as JSON can hold it: keys and dates as text, tuples and arrays as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner, (*at, str(key))) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, (*at, str(index))) for index, inner in enumerate(value)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    message = f"a {type(value).__name__} cannot be kept in a file"
    raise ResultError(Problem(message, field=".".join(at), hint="write it as a scenario file would"))


# Labels


def _about(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}


def _unit_and_text(entity: str) -> tuple[str, str]:
    """Return the unit and the description of a flow, from the measure that adds it up."""
    definition = next(definition for definition in DEFINITIONS.values() if definition.entity == entity)
    return f"{definition.unit}/month" if definition.kind == "flow" else definition.unit, definition.text


def _dimensions(result: Result) -> dict[str, str]:
    """Return the dimension of each flow that has members: the first thing that a scope can name of them."""
    dimensions: dict[str, str] = {}
    members_of: dict[str, tuple[str, ...]] = {CHIP: tuple(result.die_counts)}
    for entity, members in result.members.items():
        if members:
            name = next(iter(result.tags.by_entity[entity][members[0]]))
            same = members_of.setdefault(name, members) == members
            dimensions[entity] = name if same else f"{entity}_{name}"
    return dimensions


def _coordinates(result: Result, dimensions: Mapping[str, str]) -> dict[str, Any]:
    months = result.months
    days = np.array([first_day(int(month)) for month in months], dtype="datetime64[s]")
    coordinates: dict[str, Any] = {
        "draw": ("draw", np.arange(result.settings.draws), _about("1", "joint sample of all uncertain inputs")),
        "month": ("month", days, {"long_name": "first day of the month"}),
        "month_index": ("month", months, _about("month", "month as year * 12 + month - 1")),
        "year": ("year", np.unique(months // 12), _about("year", "calendar year")),
        CHIP: _labels(CHIP, tuple(result.die_counts), "id of the chip"),
        "constraint": _labels("constraint", result.constraints, "what can limit the packages started"),
    }
    for entity, dimension in dimensions.items():
        members = result.members[entity]
        coordinates[dimension] = _labels(dimension, members, f"id of the {dimension.replace('_', ' ')}")
        tags = [result.tags.by_entity[entity][member] for member in members]
        for tag in list(tags[0])[1:]:
            texts = [row[tag] for row in tags]
            coordinates[f"{dimension}_{tag}"] = _labels(dimension, texts, tag.replace("_", " "))
    if result.worth:
        text = "measure of equivalence"
        coordinates["equivalent"] = _labels("equivalent", tuple(result.worth), text)
        if result.valued:
            coordinates[VALUED] = _labels(VALUED, result.valued, "id of the chip")
    for dimension, names in labels_of(result).items():
        coordinates[dimension] = _labels(dimension, names, dimension.replace("_", " "))
    if result.worlds:
        text = "quantities drawn together, as one publisher sees them"
        coordinates["world_group"] = _labels("world_group", tuple(result.worlds), text)
    if targets := _answered(result):
        coordinates["target"] = _labels("target", [target.name for target in targets], "name of the target")
        definitions = [target.definition for target in targets]
        coordinates["target_definition"] = _labels("target", definitions, "what the target says")
    return coordinates


def _answered(result: Result) -> list[Target]:
    """Return the targets about flows that the result keeps."""
    return [
        target
        for target in result.targets
        if all(
            define(measure).entity in result.flows
            for measure in (target.measure, target.times and target.times.measure)
            if measure
        )
    ]


def _labels(dimension: str, texts: Sequence[str], long_name: str) -> tuple[str, NDArray[np.object_], dict[str, str]]:
    return dimension, np.array([_storable(text) for text in texts], dtype=object), _about("1", long_name)


def _storable(text: str) -> str:
    """Return text as HDF5 can hold it; the record keeps the original."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)


def _attributes(result: Result) -> dict[str, Any]:
    settings = result.settings
    record = Record(
        settings=settings,
        members=dict(result.members),
        tags=result.tags,
        die_counts=dict(result.die_counts),
        equivalents=tuple(result.worth),
        valued=result.valued,
        constraints=result.constraints,
        worlds={group: names for group, (names, _) in result.worlds.items()},
        targets=result.targets,
        inputs=result.inputs,
        events=result.events,
        capability=record_of(result),
        fit=_numbers(result.fit),
        checks=result.fit.checks if result.fit is not None else (),
        notes=result.notes,
        timings=dict(result.timings),
    )
    return {
        "title": _storable(settings.label),
        "name": _storable(settings.name),
        "scenario": json.dumps(plain(settings.scenario)),
        "as_of": settings.as_of,
        "draws": settings.draws,
        "seed": settings.seed if settings.seed.bit_length() <= INTEGER_BITS else str(settings.seed),
        "prior": int(settings.prior),
        "version": settings.version,
        "catalogue": settings.catalogue,
        "autarky_format": FORMAT,
        "record": json.dumps(record.model_dump(exclude={"settings": {"scenario"}})),
    }


def _numbers(fit: Fit | None) -> dict[str, float] | None:
    return None if fit is None else {"effective_draws": fit.effective_draws, "pareto_k": fit.pareto_k}


# Reading


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the attributes and the numeric arrays of a saved result."""
    import h5netcdf

    try:
        with h5netcdf.File(path, "r") as file:
            attributes = dict(file.attrs)
            _check_layout(path, attributes)
            numeric = {name: variable for name, variable in file.variables.items() if variable.dtype != str}
            return attributes, {name: np.asarray(variable[...]) for name, variable in numeric.items()}
    except FileNotFoundError:
        raise _refusal(path, "no such file") from None
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        # HDF5 reports damage as any of these, and its own text is a trace of many lines.
        message = f"cannot be read as netCDF ({type(error).__name__})"
        raise _refusal(path, message, "it is damaged, or was never a saved result") from None


def _check_layout(path: str | Path, attributes: Mapping[str, Any]) -> None:
    if not {"autarky_format", "scenario", "record", "version"} <= set(attributes):
        raise _refusal(path, "is no saved result of autarky", "`autarky.save_result` writes one")
    layout = attributes["autarky_format"]
    if layout != FORMAT:
        message = f"has layout {layout}, of autarky {attributes['version']}; only layout {FORMAT} is known here"
        raise _refusal(path, message, "read it with the version that wrote it, or run its scenario again")


def _result(record: Record, arrays: Mapping[str, NDArray[Any]]) -> Result:
    months, draws = arrays["month_index"], record.settings.draws
    shape = (months.size, draws)
    chips = len(record.valued or record.die_counts)
    flows = {
        entity: _of_shape(arrays, entity, (len(members), *shape))
        if members
        else np.zeros((0, *shape), dtype=np.float32)
        for entity, members in record.members.items()
    }
    of_shape = partial(_of_shape, arrays)
    worth = _of_shape(arrays, "worth", (len(record.equivalents), chips, draws)) if record.equivalents else ()
    index = _of_shape(arrays, "world", (len(record.worlds), draws)) if record.worlds else ()
    fit = None
    if record.fit is not None:
        fit = Fit(_of_shape(arrays, "evidence_weight", (draws,)), **record.fit, checks=record.checks)
    return Result(
        settings=record.settings,
        months=months,
        flows=flows,
        members=record.members,
        tags=record.tags,
        die_counts=record.die_counts,
        worth=dict(zip(record.equivalents, worth, strict=True)),
        valued=record.valued,
        capability=capability_from(record.capability, of_shape, months.size, draws),
        elsewhere=elsewhere_from(record.capability, of_shape, months.size, draws),
        constraints=record.constraints,
        binding=_of_shape(arrays, "binding", (np.unique(months // 12).size, len(record.constraints), draws)),
        worlds={group: (names, row) for (group, names), row in zip(record.worlds.items(), index, strict=True)},
        targets=record.targets,
        inputs=record.inputs,
        events=record.events,
        fit=fit,
        notes=record.notes,
        timings=record.timings,
    )


def _of_shape(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = arrays[name]
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape} and not {shape}")
    return array


def _refusal(path: str | Path, message: str, hint: str = "") -> ResultError:
    return ResultError(Problem(message, place=str(path), hint=hint))
