"""A chip written out by a user, as plain data: read into a `ChipSpec`, with every fault named.

    name: My chip
    dies: [{area: 814, planar: false, count: 1}]  # mm**2
    dense: {fp8: 1979, bf16: 989.4}               # TOPS or TFLOPS
    memory_bandwidth: 3350                        # GB/s
    interconnect: 900                             # GB/s, all inputs and outputs, both ways
    data_centre: true

A number is exact; or [low, high], which are hard bounds; or uncertain, such as `1900 to 2000 TFLOPS` or
`{p5: 1900 TFLOPS, p95: 2000 TFLOPS}`, which gives a probability per class. Rates under `sparse` need `sparse_ratio`. A
memory stack by itself has `hbm`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from autarky.errors import InputError
from autarky.facts.faults import Place, validation_problems
from autarky.facts.fields import read_series
from autarky.quantities.estimates import Quantity
from autarky.quantities.parse import Spec
from autarky.rules.metrics import Amount, ChipSpec, Die, HbmStack
from autarky.rules.samples import amount


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{value!r} is not a number above zero")
    return float(value)


def _bounded(value: object, unit: str) -> float | tuple[float, float] | Quantity:
    if isinstance(value, str | Mapping):
        read = read_series(value, Spec(unit))
        if isinstance(read, Quantity):
            return read
        raise ValueError("a number that changes over months cannot be classified")
    if not isinstance(value, list | tuple):
        return _number(value)
    if len(value) != 2 or _number(value[0]) > _number(value[1]):
        raise ValueError(f"{value!r} is neither a number nor [low, high]")
    return _number(value[0]), _number(value[1])


def _ratio(value: object) -> float | dict[str, float] | None:
    if isinstance(value, dict):
        return {str(name).casefold(): _number(ratio) for name, ratio in value.items()}
    return None if value is None else _number(value)


Number: TypeAlias = float | tuple[float, float] | Quantity
Rate: TypeAlias = Annotated[Number, PlainValidator(partial(_bounded, unit="TFLOPS"))]
Area: TypeAlias = Annotated[Number, PlainValidator(partial(_bounded, unit="mm**2"))]
Bandwidth: TypeAlias = Annotated[Number, PlainValidator(partial(_bounded, unit="GB/s"))]
Ratio: TypeAlias = Annotated[float | dict[str, float] | None, PlainValidator(_ratio)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _DieForm(_Part):
    area: Area | None = None
    planar: bool | None = False
    node: str | float | None = None
    """For the reader: what counts is whether the transistors are planar."""
    count: int = Field(default=1, ge=1)
    role: Literal["logic", "hbm-base", "memory", "interposer"] = "logic"


class _StackForm(_Part):
    bandwidth: Bandwidth
    area: Area
    with_processor: bool = False


class _ChipForm(_Part):
    name: str
    dies: tuple[_DieForm, ...] = ()
    dense: dict[str, Rate] = Field(default_factory=dict)
    sparse: dict[str, Rate] = Field(default_factory=dict)
    sparse_ratio: Ratio = None
    memory_bandwidth: Bandwidth | None = None
    interconnect: Bandwidth | None = None
    dram: str = ""
    data_centre: bool | None = None
    hbm: _StackForm | None = None
    maker: str | None = None
    designer_headquarters: str | None = None
    us_available: bool | None = None

    @model_validator(mode="after")
    def _rates_are_stated(self) -> _ChipForm:
        if not self.dense and not self.sparse and self.hbm is None:
            raise ValueError("no rates: give them under `dense`, or under `sparse` with `sparse_ratio`")
        return self


def nowhere(_: Sequence[str | int]) -> str:
    """Return the place of what stands in no file."""
    return ""


def chip_from_plain(raw: Mapping[str, object], place: Place = nowhere) -> ChipSpec:
    """Return the chip in `raw`; `place` gives where in its file a field stands."""
    try:
        form = _ChipForm.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(validation_problems(error, _ChipForm, "", place))) from None
    stack = form.hbm
    return ChipSpec(
        name=form.name,
        dies=tuple(
            Die(_optional(f"dies.{index}", die.area), die.planar, die.count, die.role)
            for index, die in enumerate(form.dies)
        ),
        # One key for all rates: the formats of a chip share its clock.
        dense={name.casefold(): _amount("dense", rate) for name, rate in form.dense.items()},
        sparse={name.casefold(): _amount("dense", rate) for name, rate in form.sparse.items()},
        sparse_ratio=form.sparse_ratio,
        memory_bandwidth_gb_s=_optional("memory_bandwidth", form.memory_bandwidth),
        interconnect_gb_s=_optional("interconnect", form.interconnect),
        dram=form.dram,
        data_centre=form.data_centre,
        hbm=HbmStack(_amount("hbm.bandwidth", stack.bandwidth), _amount("hbm.area", stack.area), stack.with_processor)
        if stack is not None
        else None,
        maker=form.maker,
        designer_headquarters=form.designer_headquarters,
        us_available=form.us_available,
    )


def _optional(key: str, number: Number | None) -> Amount | None:
    return None if number is None else _amount(key, number)


def _amount(key: str, number: Number) -> Amount:
    return amount(f"chip_file.{key}", number) if isinstance(number, Quantity) else number
