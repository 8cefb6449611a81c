"""Designs of a chip under the law: points, what they may be built from, the best of them, real chips beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Any


@dataclass(frozen=True)
class Point:
    """One design: TPP, area in mm**2, memory bandwidth and links in GB/s (all inputs and outputs, both ways)."""

    tpp: float
    area: float | None
    memory: float
    link: float

    def to_json(self) -> dict[str, Any]:
        """Return the design as plain data."""
        density = self.tpp / self.area if self.area else None
        return {
            "tpp": self.tpp,
            "area": self.area,
            "performance_density": density,
            "memory_bandwidth": self.memory,
            "interconnect": self.link,
        }


@dataclass(frozen=True)
class Budget:
    """What a maker can build: largest area in mm**2, TPP per mm**2, memory stacks with GB/s each, links in GB/s."""

    label: str
    area: float
    density: float
    stacks: float
    per_stack: float
    link: float

    @property
    def memory(self) -> float:
        """Return the memory bandwidth of all stacks, GB/s."""
        return self.stacks * self.per_stack


@dataclass(frozen=True)
class Placed:
    """A chip on the map: where it lies, how it serves, what the law says, and its share of the best free design.

    How it serves is None where too little is known of it.
    """

    id: str
    label: str
    point: Point
    speed: float | None
    standing: str
    review: str
    share_of_best: float | None


@dataclass(frozen=True)
class Best:
    """The best design of one standing: how it serves, its class, and what binds it along each axis."""

    standing: str
    point: Point
    speed: float
    class_name: str
    bound_by: Mapping[str, str]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """The answer: the best design of each standing that the law knows that day, the frontier, and real chips on it.

    `scored` says what the speed of a design is: "weights", which then stand beside it, or the time model's workload.
    """

    to: str
    date: Date
    workload: str
    scored: str
    weights: Mapping[str, float]
    reference: str
    budget: Budget
    margin: float
    best: Mapping[str, Best]
    frontier: tuple[Point, ...]
    chips: tuple[Placed, ...]
    searched: int
    sources: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "to": self.to,
            "date": self.date.isoformat(),
            "workload": self.workload,
            "scored_by": self.scored,
            "weights": dict(self.weights),
            "reference": self.reference,
            "budget": {
                "chip": self.budget.label,
                "area": self.budget.area,
                "performance_density": self.budget.density,
                "stacks": self.budget.stacks,
                "memory_bandwidth": self.budget.memory,
                "interconnect": self.budget.link,
            },
            "margin": self.margin,
            "searched": self.searched,
            "best": {
                name: {
                    **b.point.to_json(),
                    "speed": b.speed,
                    "class": b.class_name,
                    "bound_by": dict(b.bound_by),
                    "conditions": list(b.conditions),
                }
                for name, b in self.best.items()
            },
            "frontier": [point.to_json() for point in self.frontier],
            "chips": [
                {
                    "chip": placed.id,
                    "label": placed.label,
                    **placed.point.to_json(),
                    "speed": placed.speed,
                    "standing": placed.standing,
                    "review": placed.review,
                    "share_of_best": placed.share_of_best,
                }
                for placed in self.chips
            ],
            "sources": list(self.sources),
        }
