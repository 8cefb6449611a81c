"""What counterfactuals change: their differences by year in charts and tables, and the questions of the debate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autarky.analysis.compare import Summary, TargetPair
from autarky.analysis.counterfactuals import Effect
from autarky.analysis.debate import Answer, Answered
from autarky.market.self_sufficiency import PREFIX
from autarky.measures import Definition
from autarky.report.charts import PANEL, changes, with_data
from autarky.report.figures import Figure, Section, Table, year_rows
from autarky.report.names import Names
from autarky.report.svg import Studio
from autarky.report.words import UNDEFINED, amount, from_id, listed, sentence, unit_words, whole_percent
from autarky.result import LEVELS, Result

SHARES = {
    f"{PREFIX}.units.flow.designed.without_grey": "Domestic share of the chips brought into service",
    f"{PREFIX}.value.flow.designed.without_grey": "Domestic share of their value",
    f"{PREFIX}.dense_8bit.stock.designed.with_grey": "Domestic share of the compute in service, by dense 8-bit rate",
}
"""Definitions of self-sufficiency whose differences are shown."""
REVENUE = "revenue.vendor."
ROWS = {
    "production.chips": "Packages made",
    "imports.chips": "Chips imported under the rules",
    "grey.chips": "Chips that came in past the rules",
    "sales.chips": "All chips brought into service",
    "sales.h100e.tpp": "Compute brought into service, by total processing performance",
    "installed.h100e.tpp": "Compute in service, by total processing performance",
    "installed.h100e.memory_bandwidth": "Compute in service, by memory bandwidth",
    **SHARES,
    "revenue": "Revenue of all vendors",
    "fees": "Fees on revenue",
    "duties": "Duties on chips",
    "write_downs": "Write-downs of vendors",
}
"""Measures whose differences are shown, in this order; the revenue of each vendor follows that of all."""
DRAWN = (
    "production.chips",
    "imports.chips",
    "installed.h100e.tpp",
    f"{PREFIX}.units.flow.designed.without_grey",
    "revenue",
    "fees",
    "duties",
)
"""Those that are drawn as well, where they differ."""
GLANCE = ("imports.chips", "installed.h100e.tpp", f"{PREFIX}.units.flow.designed.without_grey")
"""Those by which several counterfactuals are set beside each other."""
GLANCE_YEARS = 4
FEW = 5
"""So many counterfactuals have all of their charts; more have those of the first glance, to keep the page small."""
TEXT = (
    "Every scenario here was run from the same draws as the first, so a difference is that of one and the same world "
    "with and without the change; what does not depend on it differs by exactly nothing. Numbers are the other "
    "scenario less the first: the median over the draws, and below it the 5th to 95th percentile of the difference. "
    "They are not the difference of the medians."
)
DEBATE_TEXT = "Each figure is the median over the draws, with the 5th to 95th percentile below it."


@dataclass(frozen=True)
class WhatIf:
    """What other scenarios change against the first, and what that says about the questions of the debate."""

    effects: tuple[Effect, ...]
    answers: tuple[Answer, ...] = ()


def wanted(result: Result) -> list[tuple[str, dict[str, str]]]:
    """Return the measures and scopes that the sections show."""
    vendors = dict.fromkeys(tags["vendor"] for tags in result.tags.by_entity.get("revenue", {}).values())
    return [*((name, {}) for name in ROWS), *(("revenue", {"vendor": vendor}) for vendor in vendors)]


def what_if_sections(what_if: WhatIf, names: Names, studio: Studio, domain: tuple[float, float]) -> list[Section]:
    """Return the sections: the questions of the debate, all counterfactuals at a glance, and each by itself."""
    drawn = DRAWN if len(what_if.effects) <= FEW else GLANCE
    return [
        *([_debate(what_if.answers)] if what_if.answers else ()),
        *([_glance(what_if.effects)] if what_if.effects else ()),
        *(_effect(number, effect, names, studio, domain, drawn) for number, effect in enumerate(what_if.effects)),
    ]


def _debate(answers: Sequence[Answer]) -> Section:
    tables = tuple(
        Table(
            answer.ask,
            ("", *(years := list(dict.fromkeys(year for figure in answer.figures for year in figure.by_year)))),
            tuple(
                (_said(figure), *(_answered(figure, year) if year in figure.by_year else "" for year in years))
                for figure in answer.figures
            ),
        )
        for answer in answers
    )
    return Section("debate", "Questions of the debate", (DEBATE_TEXT,), (), tables=tables)


def _said(figure: Answered) -> str:
    units = {"amount": unit_words(figure.unit), "change": unit_words(figure.unit), "change of share": "points"}
    return f"{figure.say}, {units[figure.kind]}" if figure.kind in units else figure.say


def _answered(figure: Answered, year: str) -> str:
    found = figure.by_year[year]
    if found is None:
        return UNDEFINED
    if isinstance(found, float):
        return whole_percent(found)
    low, middle, high = found
    if figure.kind == "amount":
        return _stacked(amount(middle), amount(low), amount(high))
    if figure.kind == "share":
        return _stacked(whole_percent(middle), whole_percent(low), whole_percent(high))
    share = figure.kind == "change of share"
    return _stacked(*(signed(value, share=share) for value in (middle, low, high)))


def _stacked(middle: str, low: str, high: str) -> str:
    """Return a median with its band in the line below."""
    return f"{middle}\n{low} to {high}"


def _glance(effects: Sequence[Effect]) -> Section:
    tables = [table for name in GLANCE if (table := _beside(name, effects)) is not None]
    return Section("counterfactuals", "Counterfactuals", (TEXT,), (), tables=(*tables, _chances(effects)))


def _beside(name: str, effects: Sequence[Effect]) -> Table | None:
    """Return one measure of all counterfactuals by year."""
    having = [effect for effect in effects if name in effect.differences]
    if not having:
        return None
    years = _moving([effect.differences[name] for effect in having])[:GLANCE_YEARS]
    rows = tuple(
        (effect.label, *(_cell(effect.differences[name].get(year), share=name in SHARES) for year in years))
        for effect in having
    )
    return Table(f"{ROWS[name]}: difference in {_unit(name, having[0].definitions[name])}", ("If", *years), rows)


def _chances(effects: Sequence[Effect]) -> Table:
    """Return the probability of each target in the first scenario and in every other."""
    pairs = list({pair.name: pair for effect in effects for pair in effect.targets}.values())
    of = [{pair.name: pair for pair in effect.targets} for effect in effects]
    rows = tuple(
        (
            sentence(pair.definition),
            UNDEFINED if pair.a is None else whole_percent(pair.a),
            *(_chance(found.get(pair.name)) for found in of),
        )
        for pair in pairs
    )
    header = ("Target", "As it is", *(effect.label for effect in effects))
    return Table("Probability of each target", header, rows)


def _chance(pair: TargetPair | None) -> str:
    return "" if pair is None or pair.b is None else whole_percent(pair.b)


def _effect(
    number: int, effect: Effect, names: Names, studio: Studio, domain: tuple[float, float], drawn: Sequence[str]
) -> Section:
    """Return what one counterfactual changes."""
    shown = _shown(effect)
    changed = [name for name in shown if name in effect.changed]
    text = [effect.description] if effect.description else []
    same = [_words(name, names).lower() for name in shown if name not in effect.changed]
    if same and changed:
        text.append(sentence(f"No draw differs in any year in {listed(same)}"))
    if not changed:
        text.append("None of the measures shown here differs in any draw.")
    text += [sentence(note) for note in effect.notes]
    id_ = f"if-{number}-{effect.name}"
    figures = [_drawing(f"{id_}-{place}", name, effect, studio, domain) for place, name in enumerate(drawn)]
    return Section(
        id_,
        f"If: {effect.label}",
        tuple(text),
        tuple(figure for figure in figures if figure is not None),
        tables=(_table(effect, changed, names),) if changed else (),
    )


def _shown(effect: Effect) -> list[str]:
    found: list[str] = []
    for name in ROWS:
        found += [name] if name in effect.differences else []
        if name == "revenue":
            found += [one for one in effect.differences if one.startswith(REVENUE)]
    return found


def _words(name: str, names: Names) -> str:
    if name.startswith(REVENUE):
        return f"Revenue of {names.vendor(name.removeprefix(REVENUE), ())}"
    return ROWS.get(name) or from_id(name)


def _unit(name: str, definition: Definition) -> str:
    if name in SHARES:
        return "percentage points"
    end = " at the end of the year" if definition.kind == "stock" else " in the year"
    return unit_words(definition.unit) + end


def _table(effect: Effect, changed: Sequence[str], names: Names) -> Table:
    years = _moving([effect.differences[name] for name in changed])
    rows = tuple(
        (
            f"{_words(name, names)}, {_unit(name, effect.definitions[name])}",
            *(_cell(effect.differences[name].get(year), share=name in SHARES) for year in years),
        )
        for name in changed
    )
    return Table(f"Difference that “{effect.label}” makes", ("Difference in", *years), rows)


def _drawing(id_: str, name: str, effect: Effect, studio: Studio, domain: tuple[float, float]) -> Figure | None:
    if name not in effect.changed:
        return None
    share, definition, by_year = name in SHARES, effect.definitions[name], effect.differences[name]
    heading, unit = ROWS[name], f"difference in {_unit(name, definition)}"
    place = 1.0 if definition.kind == "stock" or (share and ".stock." in name) else 0.5
    stems = [
        {"x": int(year) + place, **{level: found[level] for level in LEVELS}}
        for year, found in by_year.items()
        if all(found[level] is not None for level in LEVELS)
    ]
    rows = tuple((year, *(_number(found[level], share=share) for level in LEVELS)) for year, found in by_year.items())
    table = Table(f"{heading}, {unit}", ("Year", *(f"{level[1:]} %" for level in LEVELS)), rows)
    spoken = "; ".join(f"{year}: {_cell(found, share=share)}".replace("\n", ", ") for year, found in by_year.items())
    description = f"{heading}, {unit}, if {effect.label}. Median with 5th to 95th percentile. {spoken}."
    spec = with_data(changes(*domain, PANEL, share=share), years=year_rows(domain), stems=stems)
    return Figure(id_, heading, unit, (studio.draw(spec, id_, heading, description),), table)


def _moving(differences: Sequence[Mapping[str, Summary]]) -> list[str]:
    """Return the years in which something moves, all where nothing does."""
    every = list(dict.fromkeys(year for by_year in differences for year in by_year))
    moving = [year for year in every if any(any((by_year.get(year) or {}).values()) for by_year in differences)]
    return moving or every


def _cell(found: Summary | None, *, share: bool) -> str:
    if found is None:
        return ""
    if not any(found.values()):
        return "0"
    low, middle, high = (_number(found[level], share=share) for level in ("p5", "p50", "p95"))
    return middle if UNDEFINED in (low, middle, high) else _stacked(middle, low, high)


def _number(value: float | None, *, share: bool) -> str:
    return UNDEFINED if value is None else signed(value, share=share)


def signed(value: float, *, share: bool = False) -> str:
    """Return a difference with its sign; one of shares in percentage points."""
    text = f"{abs(100 * value):.1f}".removesuffix(".0") if share else amount(abs(value))
    if text == "0":
        return text
    return f"{'+' if value > 0 else '−'}{text}"
