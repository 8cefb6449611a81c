"""A chip written out by a user, as plain data: read into a `ChipSpec`, with every fault named.

    name: My chip
    dies: [{area: 814, planar: false, count: 1}]     # mm**2
    dense: {fp8: 1979, bf16: 989.4}                  # TOPS or TFLOPS
    memory_bandwidth: 3350                           # GB/s
    interconnect: 900                                # GB/s, all inputs and outputs, both ways
    data_centre: true

A number is exact or [low, high]. Rates under `sparse` need `sparse_ratio`. A memory stack by itself has `hbm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autarky.errors import InputError, Problem, nearest
from autarky.rules.metrics import ChipSpec, Die, HbmStack

Number: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Bounded: TypeAlias = Number | tuple[Number, Number]


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
    sparse_ratio: Number | dict[str, Number] | None = None
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
    problems: dict[Problem, None] = {}
    for fault in error.errors(include_url=False):
        at = ".".join(str(part) for part in fault["loc"] if not _internal(part))
        if fault["type"] == "extra_forbidden":
            hint = nearest(str(fault["loc"][-1]), _ChipForm.model_fields)
            problems[Problem("unknown field", place, at, hint)] = None
        elif fault["type"] == "missing":
            problems[Problem("this field is missing", place, at)] = None
        else:
            problems[Problem(fault["msg"].removeprefix("Value error, "), place, at)] = None
    return list(problems)


def _internal(part: str | int) -> bool:
    """Return whether a step of a fault's path names one of several accepted forms and no field."""
    return isinstance(part, str) and ("[" in part or part in ("float", "constrained-float"))
