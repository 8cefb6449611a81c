"""The rule map: processing performance against performance density, with the lines of the law and the chips."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from autarky.facts.design_records import DesignSpace
from autarky.facts.records import Chip
from autarky.facts.rule_records import Entry, Rule
from autarky.report.charts import BLUE, INK, SEGMENTS, Size, regions, with_data
from autarky.report.figures import Fans, Figure, Mark, Section, Table, letter
from autarky.report.self_sufficiency import known_day
from autarky.report.words import amount, listed
from autarky.rules.active import RuleSet
from autarky.rules.catalogue_chip import specified_chip
from autarky.rules.lines import CLASSES, class_codes, thresholds
from autarky.rules.metrics import Array, measures

TPP, DENSITY = "tpp", "performance_density"
MAP_SIZES = (("wide", Size(960, 480, 15)), ("narrow", Size(320, 360)))
ROOM = 1.4
"""Factor between the outermost chip or line and the end of an axis."""
NEAR = (0.03, 0.04)
"""Letters closer than this, as a share of each axis, are written as one."""
CAPITALS = {"3A090.a": "A", "3A090.b": "B"}
SMALL, LARGE = 24, 60
"""Area of a dot in square pixels, without and with a letter."""
FILLS = {"3A090.a": SEGMENTS[1], "3A090.b": SEGMENTS[4]}
HEADING = "Processing performance and performance density"


@dataclass(frozen=True)
class Placed:
    """A chip on the map, at the middle of what sources say."""

    id: str
    label: str
    tpp: float
    area: float
    data_centre: bool
    at_home: bool
    class_name: str
    sources: tuple[str, ...]

    @property
    def density(self) -> float:
        """Performance density, 1/mm**2."""
        return self.tpp / self.area


@dataclass(frozen=True)
class Plane:
    """The map's axes, cut at every line: edges of TPP and of density, and the class of each cell for data centres."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    codes: Any
    """(x cell, y cell)."""


def rule_map_section(fans: Fans) -> Section | None:
    """Return the section with the map, or None without a market or before the first rule."""
    result, known = fans.bands.result, known_day(fans)
    rules = RuleSet(fans.bands.catalogue.all("rules", Rule))
    past = [turning for turning in rules.turning_days if known is not None and turning <= known]
    if not result.members.get("sales") or not past:
        return None
    day = past[-1]
    named = [(name, entry) for name, entry in rules.entries(day) if entry.subject == "chip"]
    entries = [entry for _, entry in named]
    if not thresholds(entries, TPP):
        return None
    chips = placed(fans, rules, entries)
    if not chips:
        return None
    plane = cut(entries, chips)
    figure = _figure(fans, chips, plane, _lane_lines(rules, day), day)
    for name in dict.fromkeys(name for name, _ in named):
        for source in rules.rules[name].source:
            fans.names.cite(source)
    return Section("rules", "Rule map", tuple(_text(fans, rules, named, chips, day)), (figure,))


def placed(fans: Fans, rules: RuleSet, entries: Sequence[Entry]) -> tuple[Placed, ...]:
    """Return the chips of the catalogue whose rates and applicable die area are known, by rising TPP."""
    region = str(fans.bands.result.settings.scenario.get("region") or "")
    found = []
    for name, chip in fans.bands.catalogue.all("chips", Chip).items():
        if not chip.dense or not (chip.logic_area is not None or chip.dies):
            continue
        specified = specified_chip(name, chip, fans.bands.catalogue)
        measured = measures(specified.spec, rules.formats)
        bounds = measured.area
        area = _middle(measured.samples.get("area"), bounds.low if bounds is not None and bounds.exact else math.nan)
        tpp = _middle(measured.samples.get(TPP), measured.tpp.low if measured.tpp.exact else math.nan)
        if not (measured.governing and 0 < area < math.inf and 0 < tpp < math.inf):
            continue
        centre = specified.spec.data_centre is not False
        found.append(
            Placed(
                id=name,
                label=chip.label,
                tpp=tpp,
                area=area,
                data_centre=centre,
                at_home=chip.designed_in == region,
                class_name=CLASSES[int(_codes(entries, np.array([tpp]), np.array([tpp / area]), centre)[0])],
                sources=specified.sources,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.tpp, one.density, one.id)))


def _middle(samples: Array | None, exact: float) -> float:
    return exact if samples is None else float(np.quantile(samples, 0.5, method="lower"))


def _codes(entries: Sequence[Entry], tpp: Array, density: Array, data_centre: bool) -> Any:
    """Return class codes; a limit on anything else counts as met, for the map has no axis for it."""
    values = {TPP: tpp, DENSITY: density, **{other: np.full(tpp.shape, np.inf) for other in _off_map(entries)}}
    return class_codes(entries, values, np.full(tpp.shape, data_centre))


def _off_map(entries: Sequence[Entry]) -> set[str]:
    """Return the measures with limits that the map has no axis for."""
    limits = (limit for entry in entries for test in entry.tests for limit in test.all)
    return {str(limit.measure) for limit in limits} - {TPP, DENSITY}


def cut(entries: Sequence[Entry], chips: Sequence[Placed]) -> Plane:
    """Return the plane around the chips, cut at every threshold of the law."""
    edges = []
    for measure, values in ((TPP, [c.tpp for c in chips]), (DENSITY, [c.density for c in chips])):
        lines = thresholds(entries, measure)
        low, high = min([*values, *lines]) / ROOM, max([*values, *lines]) * ROOM
        edges.append((low, *lines, high))
    x, y = edges
    middles = [np.array([math.sqrt(a * b) for a, b in itertools.pairwise(edge)]) for edge in (x, y)]
    tpp, density = np.meshgrid(*middles, indexing="ij")
    return Plane(x, y, _codes(entries, tpp, density, True))


def areas(plane: Plane) -> list[dict[str, Any]]:
    """Return the cells in which a data-centre chip has a class."""
    found = []
    for row, codes in enumerate(plane.codes.T):
        column = 0
        # Neighbours of one class are drawn as one: between two, a seam would show.
        for code, run in itertools.groupby(codes):
            end = column + len(list(run))
            if code:
                across = {"x": plane.x[column], "x2": plane.x[end]}
                found.append({**_cell(plane, column, row), **across, "fill": FILLS.get(CLASSES[code], SEGMENTS[-1])})
            column = end
    return found


def _cell(plane: Plane, column: int, row: int) -> dict[str, float]:
    x, y = plane.x, plane.y
    return {"x": x[column], "x2": x[column + 1], "y": y[row], "y2": y[row + 1]}


def lines(plane: Plane) -> list[dict[str, float]]:
    """Return the edges between cells of different classes."""
    found = []
    columns, rows = plane.codes.shape
    for column, row in itertools.product(range(columns), range(rows)):
        cell = _cell(plane, column, row)
        if column + 1 < columns and plane.codes[column, row] != plane.codes[column + 1, row]:
            found.append({**cell, "x": cell["x2"]})
        if row + 1 < rows and plane.codes[column, row] != plane.codes[column, row + 1]:
            found.append({**cell, "y": cell["y2"]})
    return found


def _words(plane: Plane) -> list[dict[str, Any]]:
    """Return the name of each class, in its largest cell."""
    largest: dict[int, tuple[float, dict[str, float]]] = {}
    for (column, row), code in np.ndenumerate(plane.codes):
        cell = _cell(plane, column, row)
        size = math.log(cell["x2"] / cell["x"]) * math.log(cell["y2"] / cell["y"])
        if code and size > largest.get(int(code), (0.0, cell))[0]:
            largest[int(code)] = size, cell
    return [
        {
            "x": math.sqrt(cell["x"] * cell["x2"]),
            "y": cell["y2"] / (cell["y2"] / cell["y"]) ** 0.1,
            "text": CAPITALS.get(CLASSES[code], CLASSES[code]),
        }
        for code, (_, cell) in largest.items()
    ]


def _lane_lines(rules: RuleSet, day: date) -> list[tuple[str, float]]:
    """Return (name of the lane, its limit of TPP) of the review lanes of a day."""
    return [(lane.name, one.threshold) for _, lane in rules.lanes(day) for one in lane.all if one.measure == TPP]


def labelled(fans: Fans, chips: Sequence[Placed]) -> list[Placed]:
    """Return the chips that get a letter: those of the scenario, and those that designs are compared with."""
    tags = fans.bands.result.tags.by_entity["sales"]
    named = {tag["chip"] for tag in tags.values()}
    for space in fans.bands.catalogue.all("design_spaces", DesignSpace).values():
        named |= {*space.compared, space.reference}
    return [chip for chip in chips if chip.id in named]


def _letters(chips: Sequence[Placed], plane: Plane) -> list[dict[str, Any]]:
    """Return letters at their chips; those that would touch are written as one."""
    spans = (math.log(plane.x[-1] / plane.x[0]), math.log(plane.y[-1] / plane.y[0]))
    groups: list[tuple[float, float, list[str]]] = []
    for index, chip in enumerate(chips):
        for x, y, texts in groups:
            apart = abs(math.log(chip.tpp / x)) / spans[0], abs(math.log(chip.density / y)) / spans[1]
            if apart[0] < NEAR[0] and apart[1] < NEAR[1]:
                texts.append(letter(index))
                break
        else:
            groups.append((chip.tpp, chip.density, [letter(index)]))
    return [{"x": x, "y": y, "text": "".join(texts)} for x, y, texts in groups]


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Return 1, 2 and 5 times the powers of ten between two numbers."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return tuple(tick for power in powers for step in (1, 2, 5) if low <= (tick := step * 10.0**power) <= high)


def _figure(fans: Fans, chips: Sequence[Placed], plane: Plane, lanes: Sequence[tuple[str, float]], day: date) -> Figure:
    chosen = labelled(fans, chips)
    inside = [(name, limit) for name, limit in lanes if plane.x[0] < limit < plane.x[-1]]
    across = {"y": plane.y[0], "y2": plane.y[-1]}
    data = {
        "areas": areas(plane),
        "lines": lines(plane),
        "dashed": [{"x": limit, "x2": limit, **across} for _, limit in inside],
        "words": _words(plane),
        "points": [
            {
                "x": c.tpp,
                "y": c.density,
                "fill": BLUE if c.at_home else INK,
                "size": LARGE if c in chosen else SMALL,
            }
            for c in chips
        ],
        "letters": _letters(chosen, plane),
    }
    classes = tuple(
        Mark(CAPITALS[name], f"{name}, for chips made for data centres", fill=FILLS[name], on_fill="#000000")
        for name in CAPITALS
        if (plane.codes == CLASSES.index(name)).any()
    )
    marks = tuple(
        Mark(
            letter(index),
            f"{chip.label}: TPP {amount(chip.tpp, 4)}, {amount(chip.density)} per mm², {class_words(chip.class_name)}",
            tuple(fans.names.cite(source) for source in chip.sources),
        )
        for index, chip in enumerate(chosen)
    )
    rows = tuple(
        (chip.label, amount(chip.tpp, 4), amount(chip.area), amount(chip.density), class_words(chip.class_name))
        for chip in chips
    )
    table = Table(
        f"Chips by total processing performance, under the rules of {day}",
        ("Chip", "TPP", "Applicable die area, mm²", "Per mm²", "Class"),
        rows,
    )
    dashes = tuple(f"The dashed line is the limit of the {name}: {amount(limit, 5)}." for name, limit in inside)
    counts = {name: sum(chip.class_name == name for chip in chips) for name in CLASSES}
    counted = "; ".join(f"{class_words(name)}: {count}" for name, count in counts.items() if count)
    description = " ".join(
        [
            f"{len(chips)} chips by total processing performance and performance density, with the classes of {day}.",
            f"Chips by class: {counted}.",
            f"Thresholds: TPP {_listed(plane.x)}; performance density {_listed(plane.y)} per mm².",
            *dashes,
            *(f"{mark.letter}: {mark.text}." for mark in marks),
        ]
    )
    x_ticks, y_ticks = _ticks(plane.x[0], plane.x[-1]), _ticks(plane.y[0], plane.y[-1])
    ends = (plane.x[0], plane.x[-1], plane.y[0], plane.y[-1])
    drawings = tuple(
        fans.studio.draw(
            with_data(regions(x_ticks, y_ticks, ends, size), **data), f"rule-map-{kind}", HEADING, description, kind
        )
        for kind, size in MAP_SIZES
    )
    unit = "across: total processing performance (TPP); up: performance density, TPP per mm²; both axes logarithmic"
    return Figure("rule-map", HEADING, unit, drawings, table, (*classes, *marks), dashes, full=True)


def class_words(name: str) -> str:
    """Return a class in words."""
    return "no class" if name == "none" else name


def _listed(edges: Sequence[float]) -> str:
    return ", ".join(amount(edge, 5) for edge in edges[1:-1]) or "none"


def _text(
    fans: Fans, rules: RuleSet, named: Sequence[tuple[str, Entry]], chips: Sequence[Placed], day: date
) -> list[str]:
    held = [rules.rules[name] for name in dict.fromkeys(name for name, _ in named)]
    labels = "; ".join(", ".join(part for part in (rule.label, rule.citation) if part) for rule in held)
    region = str(fans.bands.result.settings.scenario.get("region") or "")
    text = [
        f"The law of the United States on {day} ({labels}) puts a chip made for data centres in a class by where it "
        "lies on this map. A chip stands at the middle of what sources say of its rates and its die area. Blue dots "
        f"are chips designed in {fans.names.label('countries', of=region)}. The class decides neither the "
        "licence nor its review; company letters and findings stand beside it."
    ]
    for _, entry in named:
        for note in entry.exclusions:
            limits = [limit for limit in note.all if limit.measure == TPP]
            if note.data_centre is False and limits:
                below = amount(limits[0].threshold, 5)
                text.append(f"{note.id} takes out chips not made for data centres below {below}, wherever they lie.")
    if other := sorted(_off_map([entry for _, entry in named])):
        words = listed([name.replace("_", " ") for name in other])
        text.append(
            f"The law of that day also has a limit on {words}, which is taken as met: the class could be freer."
        )
    left = len(fans.bands.catalogue.all("chips", Chip)) - len(chips)
    text.append(f"{left} chips of the catalogue are not on the map: their rates or die areas are not known.")
    return text
