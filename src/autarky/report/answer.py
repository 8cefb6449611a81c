"""The answer in words, made from the result."""

from __future__ import annotations

from autarky.measures import define
from autarky.report.bands import Bands
from autarky.report.binding import KINDS, NOTHING
from autarky.report.history import state
from autarky.report.tables import TargetRow
from autarky.report.words import amount, in_unit, listed, sentence, whole_percent
from autarky.scenario.schema import Target
from autarky.targets import by_kind


def verdict(bands: Bands, rows: tuple[TargetRow, ...]) -> str:
    """Return the first target and its probability, in one sentence."""
    if not rows:
        return ""
    row = rows[0]
    rest = f" ({row.chance})" if row.chance else ""
    return f"{row.words.capitalize()}{rest}: {_inside(bands.result.targets[0].definition)}."


def _inside(definition: str) -> str:
    return definition.strip().removesuffix(".")


def paragraph(bands: Bands, rows: tuple[TargetRow, ...]) -> tuple[str, ...]:
    """Return the sentences of the answer after its verdict."""
    result = bands.result
    sentences: list[str] = []
    if result.targets:
        target = result.targets[0]
        sentences += headline(bands, target)
        sentences += binding(bands, target.period[:4])
        sentences += others(bands, rows)
    sentences.append(state(bands))
    return tuple(sentences)


def headline(bands: Bands, target: Target) -> list[str]:
    """Return what the draws have for the headline target, and how that compares with what it asks for."""
    unit = define(target.measure).unit
    figures = bands.figures(target)
    low, middle, high = figures.value
    said = [
        f"The median for {target.period} is {in_unit(middle, unit)}, and nine draws in ten lie between {amount(low)} "
        f"and {amount(high)}."
    ]
    if figures.times is not None and target.times is not None:
        few, half, many = figures.times
        compared = f"the figure for {target.times.period}" if target.times.period else "what it is compared with"
        said.append(
            f"That is {amount(half, 2)} times {compared} ({amount(few, 2)} to {amount(many, 2)}); the target asks for "
            f"{target.at_least:g} times."
        )
    return said


def binding(bands: Bands, year: str) -> list[str]:
    """Return what decides the number of packages in a year."""
    shares = bands.result.bottleneck().get(year, {})
    deciding = {kind: share for kind, share in by_kind(shares).items() if share >= 0.005 and kind != NOTHING}
    if not deciding:
        return []
    first, *rest = deciding
    also = listed([f"{KINDS.get(kind, kind)} in {whole_percent(deciding[kind])}" for kind in rest])
    most = f"in {whole_percent(deciding[first])} of the draws"
    return [
        sentence(f"{KINDS.get(first, first)} decides {most} how many packages are made in {year}{also and ', '}{also}")
    ]


def others(bands: Bands, rows: tuple[TargetRow, ...]) -> list[str]:
    """Return how the other targets stand."""
    results = bands.result.target_results
    if len(results) < 2:
        return []
    best = max(range(len(results)), key=lambda index: results[index].probability)
    above = sum(1 for met in results if met.probability > 0.5)
    count = "None" if above == 0 else f"{above}"
    verb = "are" if above != 1 else "is"
    return [
        f"{count} of the {len(results)} targets {verb if above else 'is'} more likely than not.",
        f"The likeliest, {rows[best].words} ({rows[best].chance}): {_inside(results[best].definition)}.",
    ]
