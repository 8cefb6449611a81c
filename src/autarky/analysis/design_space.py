"""The chip that serves a workload best within a silicon budget without crossing a line of the law, and the frontier.

A chip is a point: total processing performance, applicable die area, memory bandwidth, link rate. How well it serves
is told by the time model or by weights; see `design_speed`. More of any rate never serves worse, so the best point lies
just inside some line or at the end of the budget. The search looks at all of these and at a grid between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date as Date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.analysis.design_law import STANDINGS, Law, Lines, Points, standing_of
from autarky.analysis.design_speed import Scored, Weighted, modelled
from autarky.analysis.designs import Best, Budget, Design, Placed, Point
from autarky.errors import InputError, Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.design_records import DesignSpace, WorkloadWeights
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.records import Chip
from autarky.facts.rule_records import Rule
from autarky.rules.active import RuleSet
from autarky.rules.answers import answers, day_of
from autarky.rules.catalogue_chip import specified_chip
from autarky.rules.explanation import Distance
from autarky.rules.metrics import Amount, Array, measures

Flags: TypeAlias = npt.NDArray[np.bool_]

AXES = ("compute", "memory", "link")
GRID = 24
"""Values of each axis between the ends of the budget, beside those just inside a line."""
AREAS = 16
REFINEMENTS = 3
INSIDE = 1 - 1e-9
"""Factor that puts a number below a line rather than on it."""


def design(
    *,
    to: str,
    date: str | Date,
    workload: str,
    budget: str | None = None,
    area: float | None = None,
    stacks: float | None = None,
    link: float | None = None,
    margin: float | None = None,
    headquarters: str | None = None,
    route: str = "US",
    switches: Iterable[str] = (),
    catalogue: Catalogue | None = None,
) -> Design:
    """Return the best designs under the rules of a day for a destination.

    Parameters
    ----------
    to, date, headquarters, route, switches
        As for `autarky.classify`.
    workload
        A reference workload, told by the time model ("decode"); a weighting of the catalogue ("decode-weights"); or
        shares of time such as "compute=0.2,memory=0.6,link=0.2".
    budget
        A chip whose silicon, stacks and links may be used; by default that of the design space.
    area, stacks, link
        mm**2, memory stacks, and GB/s both ways, in place of the budget chip's own.
    margin
        How far inside each line a design stays, as a share of the line.
    """
    facts = catalogue or load_catalogue()
    space = facts.get("design_spaces", "default", DesignSpace)
    silicon = _budget(budget or space.budget, facts, area=area, stacks=stacks, link=link)
    inside = value_of(space.margin) if margin is None else margin
    if not 0 <= inside < 1:
        raise InputError(Problem(f"{inside:g} is no share of a line", field="margin", hint="give 0 or more, below 1"))
    law = Law(to, day_of(date), headquarters, route, tuple(switches), facts)
    scored, sources = _scored(workload, budget or space.budget, space, law, facts)
    points = _candidates(silicon, law.lines(), inside, scored)
    standings = law.standings(points.beyond(inside))
    speed = scored.rough(points)
    best = {
        name: _best(name, points, standings, speed, scored, silicon, law)
        for name in STANDINGS[:-1]
        if (standings == STANDINGS.index(name)).any()
    }
    freest = next(iter(best.values()), None)
    chips = tuple(_placed(name, facts, scored, law, freest) for name in space.compared)
    admissible = standings == STANDINGS.index(freest.standing) if freest is not None else np.zeros(0, np.bool_)
    return Design(
        to=law.destination,
        date=law.day,
        workload=workload,
        scored=_in_words(scored),
        weights=scored.weights if isinstance(scored, Weighted) else {},
        reference=space.reference,
        budget=silicon,
        margin=inside,
        best=best,
        frontier=_frontier(points, admissible) if freest is not None else (),
        chips=chips,
        searched=points.tpp.size,
        sources=tuple(dict.fromkeys([*sources, *space.source])),
    )


def _scored(
    workload: str, budget: str, space: DesignSpace, law: Law, facts: Catalogue
) -> tuple[Scored, tuple[str, ...]]:
    """Return how designs are told apart, and the sources of that."""
    reference = _point_of(space.reference, facts)
    real = facts.all("reference_workloads", ReferenceWorkload)
    if workload in real:
        own, bits = _point_of(budget, facts), law.rules.formats.bits
        return modelled(facts, real[workload], budget, own, space.reference, bits), real[workload].source
    known = facts.all("workload_weights", WorkloadWeights)
    if workload in known:
        record = known[workload]
        return Weighted({axis: value_of(getattr(record, axis)) for axis in AXES}, reference), record.source
    if "=" not in workload:
        every = (*real, *known)
        hint = nearest(workload, every) or f"known: {', '.join(every)}; or compute=0.2,memory=0.6,link=0.2"
        raise UnknownKeyError(Problem(f"no workload is called {workload!r}", field="workload", hint=hint))
    return Weighted(_weights(workload), reference), ()


def _in_words(scored: Scored) -> str:
    """Return what the speed of a design is."""
    if isinstance(scored, Weighted):
        return "weights"
    work = scored.workload
    return (
        f"time model: {work.label.lower()} ({work.model}) on {work.chips:,} chips in {scored.form}, with the "
        f"efficiencies of {scored.whole.family} and the network of {scored.whole.system}"
    )


def _weights(workload: str) -> dict[str, float]:
    """Return weights that are written out."""
    weights = dict.fromkeys(AXES, 0.0)
    for part in workload.split(","):
        name, _, number = part.partition("=")
        name = name.strip()
        if name not in weights:
            hint = nearest(name, AXES) or f"the weights are {', '.join(AXES)}"
            raise InputError(Problem(f"no weight is called {name!r}", field="workload", hint=hint))
        try:
            weights[name] = float(number)
        except ValueError:
            raise InputError(Problem(f"{number!r} is not a number", field=f"workload.{name}")) from None
    if min(weights.values()) < 0 or not abs(sum(weights.values()) - 1) < 1e-6:
        total = ", ".join(f"{name}={weight:g}" for name, weight in weights.items())
        hint = "they are shares of time: none is below 0, and they add up to 1"
        raise InputError(Problem(f"the weights are {total}", field="workload", hint=hint))
    return weights


def _middle(amount: Amount | None) -> float | None:
    if amount is None:
        return None
    if isinstance(amount, tuple):
        return sum(amount) / 2
    return float(np.quantile(amount, 0.5, method="lower"))


def _point_of(name: str, facts: Catalogue) -> Point:
    """Return where a chip of the catalogue lies; the middle of what is uncertain."""
    chip = specified_chip(name, facts.get("chips", name, Chip), facts).spec
    rules = RuleSet(facts.all("rules", Rule))
    found = measures(chip, rules.formats)
    tpp = _middle(found.samples.get("tpp", found.tpp.low)) if found.governing else None
    areas = found.samples.get("area", found.area.low if found.area is not None and found.area.exact else None)
    memory, link = _middle(chip.memory_bandwidth_gb_s), _middle(chip.interconnect_gb_s)
    if tpp is None or memory is None or link is None:
        lacking = [n for n, v in (("rates", tpp), ("memory bandwidth", memory), ("links", link)) if v is None]
        raise InputError(Problem(f"{name} has no {' and no '.join(lacking)} in the catalogue", field="chip"))
    return Point(tpp, _middle(areas), memory, link)


def _budget(name: str, facts: Catalogue, *, area: float | None, stacks: float | None, link: float | None) -> Budget:
    point, chip = _point_of(name, facts), facts.get("chips", name, Chip)
    count = value_of(chip.memory.stacks) if chip.memory is not None and chip.memory.stacks is not None else None
    if point.area is None or count is None:
        raise InputError(Problem(f"{name} has no area or no stacks in the catalogue", field="budget"))
    for field, given in (("area", area), ("stacks", stacks), ("link", link)):
        if given is not None and not 0 < given < np.inf:
            raise InputError(Problem(f"{given:g} is not above zero", field=field))
    return Budget(
        label=chip.label,
        area=area or point.area,
        density=point.tpp / point.area,
        stacks=stacks or count,
        per_stack=point.memory / count,
        link=link or point.link,
    )


def _candidates(budget: Budget, lines: Lines, margin: float, scored: Scored) -> Points:
    """Return every combination of grid values and of values just inside a line, within the budget.

    On a line of memory and links together, the best split by weights is where both take as much more time for one
    GB/s less; for the time model the splits of the grid stand.
    """
    keep = (1 - margin) * INSIDE
    areas = np.linspace(budget.area / AREAS, budget.area, AREAS)
    highest = budget.area * budget.density
    densities = [limit * keep * area for limit in lines.get("performance_density", ()) for area in areas]
    tpps = _axis(highest, [*(limit * keep for limit in lines.get("tpp", ())), *densities])
    splits: list[float] = []
    if isinstance(scored, Weighted):
        pull = {axis: np.sqrt(scored.weights[axis] * getattr(scored.reference, axis)) for axis in ("memory", "link")}
        memory_share = float(pull["memory"] / (sum(pull.values()) or 1.0))
        splits = [limit * keep * memory_share for limit in lines.get("bandwidth_sum", ())]
    memories = _axis(budget.memory, [*(limit * keep for limit in lines.get("memory_bandwidth", ())), *splits])
    sums = [limit * keep - memory for limit in lines.get("bandwidth_sum", ()) for memory in memories]
    links = _axis(budget.link, [*(limit * keep for limit in lines.get("interconnect", ())), *sums])
    tpp, area, memory, link = (
        column.ravel() for column in np.meshgrid(tpps, areas, memories, links, indexing="ij", copy=False)
    )
    possible = tpp <= area * budget.density * (1 + 1e-12)
    return Points(tpp[possible], area[possible], memory[possible], link[possible])


def _axis(highest: float, inside: Iterable[float]) -> Array:
    grid = np.geomspace(highest / 64, highest, GRID)
    marks = [mark for mark in inside if 0 < mark < highest]
    return np.unique(np.concatenate([grid, marks]))


def _best(
    name: str,
    points: Points,
    standings: npt.NDArray[np.int64],
    rough: Array,
    scored: Scored,
    budget: Budget,
    law: Law,
) -> Best:
    index, speed = scored.chosen(points, np.flatnonzero(standings == STANDINGS.index(name)), rough)
    top = speed.max()
    # Of designs that serve alike, the one with the least silicon.
    alike = index[speed >= top * (1 - 1e-9)]
    point = points[int(alike[np.argmin(points.area[alike])])]
    ends = {"tpp": budget.area * budget.density, "memory": budget.memory, "link": budget.link}
    bounds = {axis: _bound(name, point, axis, end, law) for axis, end in ends.items()}
    answer = law.ask(point)
    return Best(name, point, float(top), answer.class_name, bounds, answer.conditions)


def _bound(name: str, point: Point, axis: str, end: float, law: Law) -> str:
    """Return what stops a design from having more of one rate: the lines that it would cross, or the budget."""
    low, high = getattr(point, axis), end
    for _ in range(REFINEMENTS):
        steps = np.linspace(low, high, GRID**2)
        less_free = law.standings(_along(point, axis, steps)) > STANDINGS.index(name)
        if not less_free.any():
            return "budget"
        first = int(np.argmax(less_free))
        low, high = float(steps[max(first - 1, 0)]), float(steps[first])
    before, after = (law.ask(replace(point, **{axis: value})) for value in (low, high))
    crossed = [
        other.line for line, other in zip(before.distances, after.distances, strict=True) if _met(line) != _met(other)
    ]
    return ", ".join(dict.fromkeys(crossed)) or after.decided_by


def _along(point: Point, axis: str, steps: Array) -> Points:
    columns = {name: np.full(steps.shape, getattr(point, name)) for name in ("tpp", "area", "memory", "link")}
    return Points(**{**columns, axis: steps})


def _met(line: Distance) -> bool:
    apart = line.distance if isinstance(line.distance, float) else 0.0
    return {"at_least": apart >= 0, "above": apart > 0, "below": apart < 0, "at_most": apart <= 0}[line.sign]


def _frontier(points: Points, admissible: Flags) -> tuple[Point, ...]:
    """Return the designs that no other admissible one beats on TPP, memory and links at once, by memory and link."""
    index = np.flatnonzero(admissible)
    columns = np.stack([points.memory[index], points.link[index], points.tpp[index], -points.area[index]], axis=1)
    index = index[np.lexsort(columns.T[::-1])[::-1]]
    # The first of each memory and link is the one with most TPP on least area.
    pairs = np.stack([points.memory[index], points.link[index]], axis=1)
    first = np.concatenate([[True], (np.diff(pairs, axis=0) != 0).any(axis=1)])
    index = index[first]
    rows = np.stack([points.tpp[index], points.memory[index], points.link[index]], axis=1)
    beaten = np.array([(np.all(rows >= row, axis=1) & np.any(rows > row, axis=1)).any() for row in rows])
    return tuple(points[int(place)] for place in index[~beaten])


def _placed(
    name: str,
    facts: Catalogue,
    scored: Scored,
    law: Law,
    freest: Best | None,
) -> Placed:
    point = _point_of(name, facts)
    (answer,) = answers(
        [name],
        to=law.to,
        date=law.day,
        headquarters=law.headquarters,
        route=law.route,
        switches=law.switches,
        catalogue=facts,
    )
    speed = scored.chip(name, point)
    found = answer.classification
    return Placed(
        id=name,
        label=found.chip,
        point=point,
        speed=speed,
        standing=standing_of(found),
        review=found.review,
        share_of_best=speed / freest.speed if freest is not None and speed is not None and freest.speed else None,
    )
