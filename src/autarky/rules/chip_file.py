"""A chip written out by a user, as plain data: read into a `ChipSpec`, with every fault named.

    name: My chip
    dies: [{area: 814, planar: false, count: 1}]  # mm**2
    dense: {fp8: 1979, bf16: 989.4}               # TOPS or TFLOPS
    memory_bandwidth: 3350                        # GB/s
    interconnect: 900                             # GB/s, all inputs and outputs, both ways
    data_centre: true

A number is exact or [low, high]. Rates under `sparse` need `sparse_ratio`. A memory stack by itself has `hbm`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from autarky.errors import InputError, Problem, nearest
from autarky.rules.metrics import ChipSpec, Die, HbmStack


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{value!r} is not a number above zero")
    return float(value)


def _bounded(value: object) -> float | tuple[float, float]:
    if not isinstance(value, list | tuple):
        return _number(value)
    if len(value) != 2 or _number(value[0]) > _number(value[1]):
        raise ValueError(f"{value!r} is neither a number nor [low, high]")
    return _number(value[0]), _number(value[1])


def _ratio(value: object) -> float | dict[str, float] | None:
    if isinstance(value, dict):
        return {str(name): _number(ratio) for name, ratio in value.items()}
    return None if value is None else _number(value)


Bounded: TypeAlias = Annotated[float | tuple[float, float], PlainValidator(_bounded)]
Ratio: TypeAlias = Annotated[float | dict[str, float] | None, PlainValidator(_ratio)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _DieForm(_Part):
    area: Bounded | None = None
    planar: bool | None = False
    count: int = Field(default=1, ge=1)
    role: Literal["logic", "hbm-base", "memory", "interposer"] = "logic"


class _StackForm(_Part):
    bandwidth: Bounded
    area: Bounded
    with_processor: bool = False


class _ChipForm(_Part):
    name: str
    dies: tuple[_DieForm, ...] = ()
    dense: dict[str, Bounded] = Field(default_factory=dict)
    sparse: dict[str, Bounded] = Field(default_factory=dict)
    sparse_ratio: Ratio = None
    memory_bandwidth: Bounded | None = None
    interconnect: Bounded | None = None
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


def chip_from_plain(raw: Mapping[str, object], place: str = "") -> ChipSpec:
    """Return the chip in `raw`; `place` is what errors call the file."""
    try:
        form = _ChipForm.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(_problems(error, place))) from None
    stack = form.hbm
    return ChipSpec(
        name=form.name,
        dies=tuple(Die(die.area, die.planar, die.count, die.role) for die in form.dies),
        dense=form.dense,
        sparse=form.sparse,
        sparse_ratio=form.sparse_ratio,
        memory_bandwidth_gb_s=form.memory_bandwidth,
        interconnect_gb_s=form.interconnect,
        dram=form.dram,
        data_centre=form.data_centre,
        hbm=HbmStack(stack.bandwidth, stack.area, stack.with_processor) if stack is not None else None,
        maker=form.maker,
        designer_headquarters=form.designer_headquarters,
        us_available=form.us_available,
    )


def _problems(error: ValidationError, place: str) -> list[Problem]:
    problems: list[Problem] = []
    for fault in error.errors(include_url=False):
        at = ".".join(map(str, fault["loc"]))
        message, hint = fault["msg"].removeprefix("Value error, "), ""
        if fault["type"] == "extra_forbidden":
            known = _ChipForm.model_fields
            message, hint = "unknown field", nearest(at, known) or f"known: {', '.join(known)}"
        elif fault["type"] == "missing":
            message = "this field is missing"
        problems.append(Problem(message, place, at, hint))
    return problems
