"""Packages started month by month from dies, memory stacks and packaging capacity; the rest stays in stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autarky.quantities.arrays import Array
from autarky.supply.packaging import MET, Limiting, Sharing


@dataclass(frozen=True)
class Recipe:
    """What one package of a chip takes. Indices point into the arrays given to `assemble`."""

    dies: dict[int, float]
    """Die type -> dies per package."""
    memory: tuple[int, ...]
    """Memory types that fit, the preferred one first; empty for a chip that needs none."""
    stacks: Array | float
    """Memory stacks per package, a number or (draw,)."""
    line: int
    line_use: Array | float = 1.0
    """Units of the line's capacity per package, a number or (draw,)."""
    priority: int = 1
    """Lower numbers are served first; equal ones share in proportion to what they ask for."""
    die_share: Array | None = None
    """Weight of this chip's claim on the stock of its dies, (draw,) or (month, draw)."""


@dataclass(frozen=True)
class Assembled:
    """Packages started (chip, month, draw), stock left each month, and what decided the number.

    `binding` is (year, constraint, draw): packages whose number each constraint decided, with the constraints
    in the order of `constraints`. The chips of a line count with the packages that their dies would make, together
    at most what the line could start, so that a pile of old dies does not outweigh the rest.
    """

    started: Array
    die_stock: Array
    stack_stock: Array
    binding: Array


def assemble(
    dies: Sequence[Array],
    stacks: Sequence[Array],
    capacity: Sequence[Array],
    recipes: Sequence[Recipe],
    year_of_month: Sequence[int],
) -> Assembled:
    """Return packages started, chip/month, from what arrives each month.

    Parameters
    ----------
    dies : by die type (month, draw), good dies that arrive, die/month
    stacks : by memory type (month, draw), memory stacks that arrive, stack/month
    capacity : by line (month, draw), what a line can do in a month, in its own unit; infinite where unlimited
    recipes : what each chip takes
    year_of_month : index of the year that each month belongs to, from 0
    """
    kinds, stored = len(dies), len(dies) + len(stacks)
    months, draws = capacity[0].shape
    die_stock = np.zeros((kinds, draws))
    # Memory stacks in stock, then what each line can still start in the month.
    able = np.zeros((len(stacks) + len(capacity), draws))
    started = np.zeros((len(recipes), months, draws))
    left = np.empty((stored, months, draws))
    sets = memory_sets(recipes)
    binding = np.zeros((max(year_of_month) + 1, 1 + len(sets) + len(capacity), draws))
    claims = _claims(recipes, kinds, months, draws)
    levels = _levels(recipes, len(stacks))
    for month in range(months):
        for stock, flow in zip(die_stock, dies, strict=True):
            stock += flow[month]
        for stock, flow in zip(able, stacks, strict=False):
            stock += flow[month]
        for line, limit in enumerate(capacity, len(stacks)):
            able[line] = limit[month]
        asked = _asked(recipes, claims, die_stock, month)
        waiting, limiting = asked.copy(), np.full(asked.shape, MET, dtype=np.int8)
        for level in levels:
            served = level.sharing.serve(waiting[level.chips], able)
            able = served.left
            limiting[level.chips] = served.limiting
            for chip, begun in zip(level.chips, served.started, strict=True):
                started[chip, month] += begun
                waiting[chip] -= begun
        for chip, recipe in enumerate(recipes):
            if not started[chip, month].any():
                continue
            for kind, count in recipe.dies.items():
                # Dividing and multiplying back can leave minus one part in 10^16 of what there was.
                np.maximum(die_stock[kind] - started[chip, month] * count, 0.0, out=die_stock[kind])
        _note_binding(
            binding[year_of_month[month]],
            recipes,
            sets,
            asked,
            limiting,
            [line[month] for line in capacity],
            len(stacks),
        )
        left[:kinds, month] = die_stock
        left[kinds:, month] = able[: len(stacks)]
    return Assembled(started, left[:kinds], left[kinds:], binding)


def _claims(recipes: Sequence[Recipe], kinds: int, months: int, draws: int) -> list[dict[int, Array]]:
    """Return each chip's share of each die type that others use too, (month, draw)."""
    claims: list[dict[int, Array]] = [{} for _ in recipes]
    for kind in range(kinds):
        users = [index for index, recipe in enumerate(recipes) if kind in recipe.dies]
        if len(users) < 2:
            continue
        weights = [
            np.broadcast_to(1.0 if share is None else share, (months, draws))
            for share in (recipes[index].die_share for index in users)
        ]
        total = np.maximum(sum(weights), np.finfo(float).tiny)
        for index, weight in zip(users, weights, strict=True):
            claims[index][kind] = weight / total
    return claims


@dataclass(frozen=True)
class _Level:
    """The chips with a memory type at one level of preference, and how they share memory and lines.

    Dies are no matter of sharing: each chip has its own part of them from the first, and asks for no more.
    """

    chips: list[int]
    sharing: Sharing


def _levels(recipes: Sequence[Recipe], memory_types: int) -> list[_Level]:
    """Return the levels of memory preference, the first one with the chips that need no memory."""
    count = max((len(recipe.memory) for recipe in recipes), default=0) or 1
    levels: list[_Level] = []
    for rank in range(count):
        chips = [
            i for i, recipe in enumerate(recipes) if rank < len(recipe.memory) or (rank == 0 and not recipe.memory)
        ]
        needs: list[dict[int, Array | float]] = []
        for chip in chips:
            recipe = recipes[chip]
            need: dict[int, Array | float] = {memory_types + recipe.line: recipe.line_use}
            if recipe.memory:
                need[recipe.memory[rank]] = recipe.stacks
            needs.append(need)
        levels.append(_Level(chips, Sharing.of(needs, [recipes[chip].priority for chip in chips])))
    return levels


def _asked(recipes: Sequence[Recipe], claims: Sequence[dict[int, Array]], die_stock: Array, month: int) -> Array:
    """Return the packages that each chip's share of the dies in stock would make, (chip, draw)."""
    asked = np.full((len(recipes), die_stock.shape[-1]), np.inf)
    for row, recipe, claim in zip(asked, recipes, claims, strict=True):
        for kind, count in recipe.dies.items():
            possible = die_stock[kind] / count
            if kind in claim:
                possible *= claim[kind][month]
            np.minimum(row, possible, out=row)
    return asked


def _note_binding(
    binding: Array,
    recipes: Sequence[Recipe],
    sets: Sequence[tuple[int, ...]],
    asked: Array,
    limiting: Limiting,
    capacity: Sequence[Array],
    memory_types: int,
) -> None:
    """Add each chip's packages to the constraint that decided their number: the dies where all of it was met.

    What the chips of one line ask for counts up to what the line can start, shared as they ask.
    """
    for line, able in enumerate(capacity):
        chips = [chip for chip, recipe in enumerate(recipes) if recipe.line == line]
        load = sum((asked[chip] * recipes[chip].line_use for chip in chips), np.zeros(asked.shape[-1]))
        share = np.divide(able, load, out=np.ones_like(load), where=load > able)
        for chip in chips:
            wished, limit, memory = asked[chip] * share, limiting[chip], recipes[chip].memory
            binding[0] += wished * (limit == MET)
            by_line = limit >= memory_types
            if by_line.any():
                binding[1 + len(sets) + line] += wished * by_line
            by_memory = (limit != MET) & ~by_line
            if by_memory.any():
                binding[1 + sets.index(memory)] += wished * by_memory


def memory_sets(recipes: Sequence[Recipe]) -> list[tuple[int, ...]]:
    """Return the distinct sets of memory types that chips accept: one constraint each."""
    return list(dict.fromkeys(recipe.memory for recipe in recipes if recipe.memory))
