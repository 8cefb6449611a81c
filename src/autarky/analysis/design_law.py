"""What the law says of many designs at once: those on the same side of every line stand alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autarky.analysis.designs import Point
from autarky.facts.catalogue import Catalogue
from autarky.facts.rule_records import Rule
from autarky.rules.active import RuleSet
from autarky.rules.answers import answers
from autarky.rules.classification import Classification, lines_of
from autarky.rules.lines import all_hold
from autarky.rules.many import classify_many
from autarky.rules.metrics import Array, ChipSpec, Die

FREE, EXCEPTED, CASE_BY_CASE, BARRED = "no licence", "licence exception", "case-by-case", "licence required"
STANDINGS = (FREE, EXCEPTED, CASE_BY_CASE, BARRED)
"""What the law says of a design, from the freest down."""

Lines: TypeAlias = Mapping[str, Sequence[float]]
"""Thresholds by measure."""


@dataclass(frozen=True)
class Points:
    """Designs in columns `(point,)`."""

    tpp: Array
    area: Array
    memory: Array
    link: Array

    def __getitem__(self, index: int) -> Point:
        return Point(*(float(column[index]) for column in (self.tpp, self.area, self.memory, self.link)))

    def beyond(self, margin: float) -> Points:
        """Return the designs with every rate higher by the margin: where these may go, the designs themselves may."""
        keep = 1 - margin
        return Points(self.tpp / keep, self.area, self.memory / keep, self.link / keep)

    def values(self) -> dict[str, Array]:
        """Return what the law compares with its lines, by measure."""
        return {
            "tpp": self.tpp,
            "performance_density": self.tpp / self.area,
            "memory_bandwidth": self.memory,
            "interconnect": self.link,
            "bandwidth_sum": self.memory + self.link,
        }


@dataclass(frozen=True)
class Law:
    """The law of a day for one transaction."""

    to: str
    day: Date
    headquarters: str | None
    route: str
    switches: tuple[str, ...]
    facts: Catalogue

    @property
    def rules(self) -> RuleSet:
        """Return the rules under the switches."""
        return RuleSet(self.facts.all("rules", Rule), frozenset(self.switches))

    def ask(self, point: Point) -> Classification:
        """Return what the law says of one design for data centres."""
        chip = ChipSpec(
            name="a design",
            dies=(Die(point.area),),
            dense={"fp8": point.tpp / self.rules.formats.bits["fp8"]},
            memory_bandwidth_gb_s=point.memory,
            interconnect_gb_s=point.link,
            data_centre=True,
            us_available=True,
        )
        (only,) = answers(
            [chip],
            to=self.to,
            date=self.day,
            headquarters=self.headquarters,
            route=self.route,
            switches=self.switches,
            catalogue=self.facts,
        )
        return only.classification

    @property
    def destination(self) -> str:
        """Return the destination's code."""
        return self.ask(Point(1.0, 1.0, 1.0, 1.0)).to

    def lines(self) -> Lines:
        """Return the thresholds of the day by measure, rising."""
        found: dict[str, set[float]] = {}
        rules = self.rules
        entries = [(name, entry) for name, entry in rules.entries(self.day) if entry.subject == "chip"]
        for _, limit in lines_of(rules, self.day, entries):
            found.setdefault(limit.measure, set()).add(limit.threshold)
        return {measure: sorted(limits) for measure, limits in found.items()}

    def standings(self, points: Points) -> npt.NDArray[np.int64]:
        """Return an index into STANDINGS for each design.

        Designs of one class, on one side of every letter and of the lane, stand alike: the law is asked once for each.
        """
        rules, day = self.rules, self.day
        values = points.values()
        shape = points.tpp.shape
        kinds = classify_many(
            points.tpp,
            points.area,
            date=day,
            rules=rules.rules,
            interconnect=points.link,
            switches=self.switches,
        ).codes.astype(np.int64)
        for _, letter in rules.letters(day):
            caught = np.any([all_hold(limits, values, shape) for limits in letter.any], axis=0)
            kinds = 2 * kinds + caught
        for _, lane in rules.lanes(day):
            kinds = 2 * kinds + all_hold(lane.all, values, shape)
        standings = np.empty(shape, dtype=np.int64)
        for kind in np.unique(kinds):
            alike = kinds == kind
            standings[alike] = STANDINGS.index(standing_of(self.ask(points[int(np.argmax(alike))])))
        return standings


def standing_of(answer: Classification) -> str:
    """Return which of STANDINGS an answer is."""
    if answer.licence == "not required":
        return FREE
    if answer.licence == "exception":
        return EXCEPTED
    return CASE_BY_CASE if answer.review in ("case-by-case", "presumption of approval") else BARRED
