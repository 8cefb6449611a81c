"""How fast chips are on the reference workloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Speed:
    """What one chip does on a reference workload.

    tokens    tokens per s and chip at the mean of every rate
    compute   exponent with which that follows all its dense rates together
    memory    the same for its memory bandwidth
    recipe    how products are computed
    form      the chip's format for it, whose rate stands for all when rates are drawn
    plan      the plan or layout that is best at the mean
    """

    tokens: float
    compute: float
    memory: float
    recipe: str
    form: str
    plan: str


@dataclass(frozen=True)
class Speeds:
    """Speeds of several chips.

    by_task   reference workload -> chip -> speed
    lacking   chip -> what is not known of it, where it has no speed on some workload
    assumed   chip -> what stands in for what is not published of it
    """

    by_task: Mapping[str, Mapping[str, Speed]] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)
    assumed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
