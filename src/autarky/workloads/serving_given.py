"""What a text such as `tp=8,dp=4,ep=32` says of a serving plan.

Fields of a layout alone speak of servers that do everything. With `prefill.` or `decode.` before them they speak of
servers for prompts or for generation; `servers` is the number of such servers, `concurrency` the requests in flight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autarky.errors import InputError, Problem
from autarky.workloads.layouts import KEYS, parse_layout

SIDES = ("prefill", "decode")
COUNTS = {"servers": 1_000_000, "concurrency": 100_000_000}
"""The most of each; more is a typing error."""
_COUNTED = ("servers", "concurrency", *(f"{side}.servers" for side in SIDES))


@dataclass(frozen=True)
class Side:
    """Fields of `Layouts` that are fixed, and the number of servers where it is."""

    fixed: Mapping[str, float] = field(default_factory=dict)
    servers: float | None = None


@dataclass(frozen=True)
class Given:
    """What a plan fixes.

    apart         whether prompts and generation have servers of their own; None where nothing is said
    first, then   servers for prompts, and those for generation or for everything
    """

    apart: bool | None = None
    first: Side = Side()
    then: Side = Side()
    concurrency: float | None = None


def parse_given(text: str) -> Given:
    """Return what a text says; every problem in it is an error of its own line."""
    parts: dict[str, list[str]] = {"": [], **{side: [] for side in SIDES}}
    counts: dict[str, float] = {}
    problems: list[Problem] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        side, dot, rest = item.partition(".")
        name, _, value = (part.strip() for part in item.partition("="))
        if dot and side not in SIDES:
            problems.append(Problem(f"{item!r} is not a field of a plan", "--plan", hint=_known()))
        elif name in _COUNTED:
            _count(name, value, counts, problems)
        else:
            parts[side if dot else ""].append(rest if dot else item)
    if problems:
        raise InputError(problems)
    return _given(parts, counts)


def _given(parts: Mapping[str, list[str]], counts: Mapping[str, float]) -> Given:
    split = any(parts[side] or f"{side}.servers" in counts for side in SIDES)
    if split and (parts[""] or "servers" in counts):
        hint = "write prefill.tp=8,decode.tp=8 for separate servers, tp=8 for others"
        raise InputError(Problem("fixes servers that do everything and separate ones at once", "--plan", hint=hint))
    concurrency = counts.get("concurrency")
    if split:
        first, then = (Side(parse_layout(",".join(parts[side])), counts.get(f"{side}.servers")) for side in SIDES)
        return Given(True, first, then, concurrency)
    then = Side(parse_layout(",".join(parts[""])), counts.get("servers"))
    said = bool(parts[""] or "servers" in counts)
    return Given(False if said else None, Side(), then, concurrency)


def _count(name: str, value: str, counts: dict[str, float], problems: list[Problem]) -> None:
    most = COUNTS[name.rpartition(".")[2]]
    if name in counts:
        problems.append(Problem("is given twice", "--plan", name, "keep one"))
    elif not (value.isascii() and value.isdecimal()) or not 1 <= int(value) <= most:
        problems.append(Problem(f"is {value!r}", "--plan", name, f"a whole number from 1 to {most:,}"))
    else:
        counts[name] = float(value)


def _known() -> str:
    return f"known are {', '.join((*KEYS, *COUNTS))}, with prefill. or decode. before them for separate servers"
