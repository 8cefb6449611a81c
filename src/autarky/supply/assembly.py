"""Packages started month by month from dies, memory stacks and packaging capacity; the rest stays in stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autarky.quantities.arrays import Array
from autarky.supply.packaging import Limiting, Sharing


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
    arriving = [*dies, *stacks]
    stock = np.zeros((stored + len(capacity), draws))
    started = np.zeros((len(recipes), months, draws))
    left = np.empty((stored, months, draws))
    sets = memory_sets(recipes)
    binding = np.zeros((max(year_of_month) + 1, 1 + len(sets) + len(capacity), draws))
    claims = _claims(recipes, kinds, months, draws)
    levels = _levels(recipes, kinds, stored)
    for month in range(months):
        for resource, flow in enumerate(arriving):
            stock[resource] += flow[month]
        for line, able in enumerate(capacity):
            stock[stored + line] = able[month]
        asked = _asked(recipes, claims, stock, month)
        waiting, limit = asked.copy(), np.full(asked.shape, -1, dtype=np.int8)
        for level in levels:
            begun, limit[level.chips] = level.sharing.serve(waiting[level.chips], stock)
            for row, chip in enumerate(level.chips):
                for resource, amount in level.needs[row].items():
                    # Dividing and multiplying back can leave minus one part in 10^16 of what there was.
                    np.maximum(stock[resource] - begun[row] * amount, 0.0, out=stock[resource])
                started[chip, month] += begun[row]
            waiting[level.chips] -= begun
        ability = [able[month] for able in capacity]
        _note_binding(binding[year_of_month[month]], recipes, sets, asked, limit, ability, kinds, stored)
        left[:, month] = stock[:stored]
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
    """The chips with a memory type at one level of preference, what each takes, and how they share it."""

    chips: list[int]
    needs: list[dict[int, Array | float]]
    sharing: Sharing


def _levels(recipes: Sequence[Recipe], kinds: int, stored: int) -> list[_Level]:
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
            need: dict[int, Array | float] = {**recipe.dies, stored + recipe.line: recipe.line_use}
            if recipe.memory:
                need[kinds + recipe.memory[rank]] = recipe.stacks
            needs.append(need)
        levels.append(_Level(chips, needs, Sharing.of(needs, [recipes[chip].priority for chip in chips])))
    return levels


def _asked(recipes: Sequence[Recipe], claims: Sequence[dict[int, Array]], stock: Array, month: int) -> Array:
    """Return the packages that each chip's share of the dies in stock would make, (chip, draw)."""
    asked = np.full((len(recipes), stock.shape[-1]), np.inf)
    for row, recipe, claim in zip(asked, recipes, claims, strict=True):
        for kind, count in recipe.dies.items():
            possible = stock[kind] / count
            if kind in claim:
                possible *= claim[kind][month]
            np.minimum(row, possible, out=row)
    return asked


def _note_binding(
    binding: Array,
    recipes: Sequence[Recipe],
    sets: Sequence[tuple[int, ...]],
    asked: Array,
    limit: Limiting,
    capacity: Sequence[Array],
    kinds: int,
    stored: int,
) -> None:
    """Add each chip's packages to the constraint that decided their number: the dies where all of it was met.

    What the chips of one line ask for counts up to what the line can start, shared as they ask.
    """
    load = [np.zeros(asked.shape[-1]) for _ in capacity]
    for index, recipe in enumerate(recipes):
        load[recipe.line] += asked[index] * recipe.line_use
    share = [
        np.minimum(1.0, np.divide(able, used, out=np.ones_like(used), where=used > 0))
        for able, used in zip(capacity, load, strict=True)
    ]
    for index, recipe in enumerate(recipes):
        wished = asked[index] * share[recipe.line]
        by_line, by_memory = limit[index] >= stored, (limit[index] >= kinds) & (limit[index] < stored)
        binding[0] += np.where(by_line | by_memory, 0.0, wished)
        if by_line.any():
            binding[1 + len(sets) + recipe.line] += np.where(by_line, wished, 0.0)
        if by_memory.any():
            binding[1 + sets.index(recipe.memory)] += np.where(by_memory, wished, 0.0)


def memory_sets(recipes: Sequence[Recipe]) -> list[tuple[int, ...]]:
    """Return the distinct sets of memory types that chips accept: one constraint each."""
    return list(dict.fromkeys(recipe.memory for recipe in recipes if recipe.memory))
