"""Answers to the questions of the public debate, from runs of the same draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autarky.analysis.compare import Side
from autarky.analysis.counterfactuals import measure_name
from autarky.market.self_sufficiency import Share
from autarky.quantities.arrays import Array
from autarky.quantities.summary import probability
from autarky.scenario.debate import DebateQuestion, Figure
from autarky.sufficiency import summary

Kind: TypeAlias = Literal["amount", "change", "share", "change of share", "chance"]
Spread: TypeAlias = tuple[float, float, float]
"""5th, 50th and 95th percentile."""


@dataclass(frozen=True)
class Answered:
    """One figure of an answer by year; None where it is not defined in any draw, or the year is not run."""

    say: str
    kind: Kind
    unit: str
    by_year: Mapping[str, Spread | float | None]
    """A spread, or for a chance one number."""


@dataclass(frozen=True)
class Answer:
    """A question with the figures that answer it."""

    id: str
    ask: str
    figures: tuple[Answered, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data; a spread by the names of its percentiles."""
        figures = [
            {**vars(figure), "by_year": {year: _plain(found) for year, found in figure.by_year.items()}}
            for figure in self.figures
        ]
        return {"id": self.id, "ask": self.ask, "figures": figures}


def _plain(found: Spread | float | None) -> dict[str, float] | float | None:
    return dict(zip(("p5", "p50", "p95"), found, strict=True)) if isinstance(found, tuple) else found


def answers(questions: Mapping[str, DebateQuestion], sides: Mapping[str, Side], first: Side) -> list[Answer]:
    """Return the answer to each question all of whose figures are at hand; draws are weighed as on the first side."""
    return [
        Answer(name, question.ask, tuple(_answered(figure, sides, first) for figure in question.figures))
        for name, question in questions.items()
        if all(_at_hand(figure, sides) for figure in question.figures)
    ]


def scenarios_of(questions: Iterable[DebateQuestion]) -> list[str]:
    """Return every scenario that the questions need, in the order in which they ask for it."""
    return list(dict.fromkeys(name for q in questions for figure in q.figures for name in figure.scenarios))


def asked_of(questions: Iterable[DebateQuestion]) -> list[tuple[str, dict[str, str]]]:
    """Return every measure and scope that the questions need."""
    return [asked for question in questions for figure in question.figures for asked in figure.asked]


def _at_hand(figure: Figure, sides: Mapping[str, Side]) -> bool:
    names = {measure_name(*asked) for asked in figure.asked}
    return all(name in sides and names <= sides[name].yearly.keys() for name in figure.scenarios)


def _answered(figure: Figure, sides: Mapping[str, Side], first: Side) -> Answered:
    within = sides[figure.within]
    unit = within.yearly[measure_name(figure.measure, figure.scope)].definition.unit
    known = within.yearly[measure_name(figure.measure, figure.scope)].draws
    years = [str(year) for year in figure.years]
    return Answered(
        figure.say,
        _kind(figure),
        unit,
        {year: _figure(figure, sides, first, year) if year in known else None for year in years},
    )


def _kind(figure: Figure) -> Kind:
    if figure.below is not None:
        return "chance"
    if figure.of is not None:
        return "share" if figure.against is None else "change of share"
    return "amount" if figure.against is None else "change"


def _figure(figure: Figure, sides: Mapping[str, Side], first: Side, year: str) -> Spread | float | None:
    values, defined = _values(figure, sides[figure.within], year)
    weights = first.result.weights
    if figure.below is not None:
        return float(probability(values, weights))
    if figure.against is not None:
        other, also = _values(figure, sides[figure.against], year)
        values, defined = values - other, defined & also
    found = summary(Share(values, defined), weights)
    low, middle, high = (found[level] for level in ("p5", "p50", "p95"))
    return None if low is None or middle is None or high is None else (low, middle, high)


def _values(figure: Figure, side: Side, year: str) -> tuple[Array, NDArray[np.bool_]]:
    """Return the draws of a figure on one side, and in which of them it is defined."""
    values = side.yearly[measure_name(figure.measure, figure.scope)].draws[year]
    everywhere = np.ones(values.shape, dtype=bool)
    if figure.below is not None:
        other = side.yearly[measure_name(figure.measure, figure.below)].draws[year]
        return (values < other).astype(float), everywhere
    if figure.of is None:
        return values, everywhere
    whole = side.yearly[measure_name(figure.measure, figure.of)].draws[year]
    there = whole > 0
    return np.divide(values, whole, out=np.zeros_like(values), where=there), there
