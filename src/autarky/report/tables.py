"""The tables of the report: targets, publishers' worlds, inputs and the bibliography."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autarky.measures import define
from autarky.quantities.summary import probability
from autarky.report.bands import Bands
from autarky.report.figures import Table
from autarky.report.names import Citation, Names
from autarky.report.words import (
    NO_BREAK,
    amount,
    bare,
    chance,
    counted,
    from_id,
    likelihood,
    sentence,
    spread,
    whole_percent,
)
from autarky.result import InputUsed
from autarky.scenario.schema import Target

SMALLEST_SHOWN = 0.001
"""A target that is less likely than this in every world is left out of the table of worlds."""
OWN_PUBLISHER = "autarky"
"""Publisher of the authors' own judgement in the bibliography."""


SHARE, WEIGHT = "Share of the draws", "Weight after the evidence"


@dataclass(frozen=True)
class TargetRow:
    """One target: what it says, how likely it is, and what the draws have."""

    name: str
    """The target's id."""
    definition: str
    words: str
    chance: str
    counted: str
    has: str
    asks: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class InputRow:
    """One uncertain input."""

    key: str
    label: str
    unit: str
    p5: str
    p50: str
    p95: str
    month: str
    estimates: int
    citations: tuple[Citation, ...]
    notes: tuple[str, ...]


def target_rows(bands: Bands, names: Names) -> tuple[TargetRow, ...]:
    """Return the targets in the order of the scenario."""
    result = bands.result
    draws = result.effective_draws
    rows = []
    for target, met in zip(result.targets, result.target_results, strict=True):
        has, asks = has_and_asks(bands, target)
        rows.append(
            TargetRow(
                name=target.name,
                definition=sentence(target.definition),
                words=likelihood(met.probability),
                chance=chance(met.probability, met.standard_error, draws),
                counted=counted(met.probability, draws),
                has=has,
                asks=asks,
                citations=tuple(names.cite(source) for source in target.source),
            )
        )
    return tuple(rows)


def has_and_asks(bands: Bands, target: Target) -> tuple[str, str]:
    """Return what the draws have of a target's measure and what it asks for, in the same terms."""
    unit = define(target.measure).unit
    figures = bands.figures(target)
    if figures.times is None:
        return spread(*figures.value, unit), f"at least {amount(target.at_least)}"
    low, middle, high = (amount(value, 2) for value in figures.times)
    asks = "at least as much" if target.at_least == 1 else f"at least {target.at_least:g}{NO_BREAK}times"
    return f"{middle} times ({low} to {high})", asks


def world_tables(bands: Bands) -> list[tuple[str, tuple[str, ...], dict[str, dict[str, float]]]]:
    """Return (group, publishers, target definition -> publisher -> probability) of every world group."""
    result = bands.result
    tables = []
    for group, (publishers, _) in result.worlds.items():
        rows = {target.definition: result.by_world(target).get(group, {}) for target in result.targets}
        tables.append((group, publishers, rows))
    return tables


def worlds(bands: Bands, names: Names) -> tuple[Table, ...]:
    """Return for each world group the probability of every target if one publisher is right about it."""
    result = bands.result
    tables = []
    for group, publishers, rows in world_tables(bands):
        index = result.worlds[group][1]
        inside = [(index == position).astype(float) for position in range(len(publishers))]
        before = [whole_percent(float(probability(one))) for one in inside]
        body = [(SHARE, *before)]
        if result.weights is not None:
            after = [whole_percent(float(probability(one, result.weights))) for one in inside]
            body.append((WEIGHT, *after))
        for definition, chances in rows.items():
            if max(chances.values(), default=0.0) < SMALLEST_SHOWN:
                continue
            cells = [whole_percent(chances[name]) if name in chances else "no draws" for name in publishers]
            body.append((sentence(definition), *cells))
        header = ("If right", *(names.publisher(name) for name in publishers))
        caption = f"Probability of each target in the world of each publisher ({from_id(group).lower()})"
        if all(row[0] in (SHARE, WEIGHT) for row in body):
            continue
        tables.append(Table(caption, header, tuple(body)))
    return tuple(tables)


def input_rows(inputs: Sequence[InputUsed], names: Names) -> tuple[InputRow, ...]:
    """Return the uncertain inputs in the order of their keys."""
    rows = []
    for used in inputs:
        collection, _, rest = used.key.partition(".")
        rows.append(
            InputRow(
                key=used.key,
                label=names.label(collection, of=rest.partition(".")[0]),
                unit="" if used.unit == "1" else used.unit,
                p5=bare(used.p5, used.unit),
                p50=bare(used.p50, used.unit),
                p95=bare(used.p95, used.unit),
                month=used.month,
                estimates=used.estimates,
                citations=tuple(names.cite(source) for source in used.sources),
                notes=used.notes,
            )
        )
    return tuple(rows)


def own_judgement(rows: Sequence[InputRow]) -> int:
    """Return how many inputs rest on the authors' judgement alone."""
    return sum(1 for row in rows if row.citations and all(cited.publisher == OWN_PUBLISHER for cited in row.citations))
