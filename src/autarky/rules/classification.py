"""Class, licence status and review of one chip on one day, with what decided and what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from autarky.facts.rule_records import Countries, Entry, Finding, Limit, Rules
from autarky.rules.active import RuleSet
from autarky.rules.explanation import Distance, deciding_words, distances, edge_warnings
from autarky.rules.geography import Geography
from autarky.rules.licence import UNDETERMINED, Item, Situation, Standing, caught_by_letters, standing
from autarky.rules.lines import meets_all
from autarky.rules.many import sampled_classes
from autarky.rules.metrics import Array, ChipSpec, Measures, Range
from autarky.rules.readings import Reading, measured, plain, reading_warnings, readings
from autarky.rules.regions import BreakPoint, break_points, possible_classes


@dataclass(frozen=True)
class NextChange:
    """The next day on which the answer changes: each changed field with its value before and after."""

    date: date
    changes: Mapping[str, tuple[Any, Any]]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Classification:
    """What the law says of one chip. The class, the licence and the review are separate things.

    `class_name` is "undetermined" where the chip's numbers leave it open; `possible_classes` then lists what it can
    be and `break_points` where it flips. `letter` says whether a company letter catches the chip on the day; None is
    open. `tpp` and `performance_density` are a number: exact, or the median of samples; or (low, high) where only
    bounds are known. Their `_range` is the lowest and highest. Density is None where no die counts or no area is known.
    """

    chip: str
    to: str
    date: date
    headquarters: str
    route: str
    class_name: str
    paragraph: str | None
    tpp: float | tuple[float, float] | None
    tpp_range: tuple[float, float] | None
    performance_density: float | tuple[float, float] | None
    performance_density_range: tuple[float, float] | None
    letter: bool | None
    licence: str
    exception: str | None
    review: str
    case_by_case_box: str
    tariff_band: str | None
    decided_by: str
    reasons: tuple[str, ...]
    conditions: tuple[str, ...]
    programmes: tuple[str, ...]
    distances: tuple[Distance, ...]
    possible_classes: tuple[str, ...]
    probabilities: Mapping[str, float] | None
    break_points: tuple[BreakPoint, ...]
    readings: tuple[Reading, ...]
    next_change: NextChange | None
    warnings: tuple[str, ...]
    rules: tuple[str, ...]
    sources: tuple[str, ...]


TURNING_FIELDS = (
    "class_name",
    "paragraph",
    "letter",
    "licence",
    "exception",
    "review",
    "case_by_case_box",
    "tariff_band",
    "programmes",
)


def classify(
    chip: ChipSpec,
    *,
    to: str,
    date: date,
    rules: Rules,
    countries: Countries,
    headquarters: str | None = None,
    route: str = "US",
    switches: Iterable[str] = (),
    activity: str = "shipment",
    recipient: str | None = None,
) -> Classification:
    """Return class, licence status and review of `chip` on a day.

    The item is taken to be subject to the regulations wherever it starts from; whom the Entity List or an end-use
    rule names is not looked at.

    Parameters
    ----------
    chip
        The chip, or a memory stack by itself.
    to
        Destination, by ISO code or name.
    date
        Day on which the law is read.
    rules, countries
        The records of the catalogue.
    headquarters
        Where the recipient, or its ultimate parent, is headquartered; the destination if not given.
    route
        Where the shipment starts. Re-exports and exports from abroad start elsewhere than in the United States.
    switches
        Proposed or unenforced rules to turn on, `-` and a rule's id to turn one off, or a reading by name.
    activity
        "shipment", "remote-access" or "deemed-export".
    recipient
        A recipient that a rule lists by name, such as "g42".
    """
    chosen = RuleSet(rules, frozenset(switches))
    geography = Geography(countries, chosen.scopes)
    destination = geography.code(to)
    situation = Situation(
        day=date,
        to=destination,
        headquarters=geography.code(headquarters, "headquarters") if headquarters else destination,
        route=geography.code(route, "route"),
        activity=activity,
        recipient=recipient,
        geography=geography,
        rules=chosen,
    )
    chosen.require_known_day(date)
    answer = _answer(chip, situation)
    return replace(answer, next_change=_next_change(chip, situation, answer))


def _next_change(chip: ChipSpec, situation: Situation, answer: Classification) -> NextChange | None:
    days = sorted({*situation.rules.turning_days, *situation.geography.turning_days})
    for day in days:
        if day <= situation.day:
            continue
        later = _answer(chip, replace(situation, day=day))
        changes = {
            name: (getattr(answer, name), getattr(later, name))
            for name in TURNING_FIELDS
            if getattr(answer, name) != getattr(later, name)
        }
        if changes:
            return NextChange(day, changes, tuple(name for name in later.rules if name not in answer.rules))
    return None


def _answer(chip: ChipSpec, situation: Situation) -> Classification:
    rules, day = situation.rules, situation.day
    values = measured(chip, rules)
    entries = [(name, entry) for name, entry in rules.entries(day) if entry.subject == values.subject]
    texts = [entry for _, entry in entries]
    class_name, options, probabilities = _class(texts, values, chip.data_centre)
    by_numbers = deciding_words(texts, values, chip.data_centre, class_name, options)
    found = _finding(chip, day, options)
    if found is not None:
        options = tuple(name for name in options if name in found.classes)
        class_name = options[0] if len(options) == 1 else UNDETERMINED
    item = Item(values, chip.data_centre, chip.maker, chip.us_available)
    caught = caught_by_letters(item, situation)
    merged = _merged({name: standing(name, item, situation, caught) for name in options})
    if found is not None and found.licence is not None and merged.licence == UNDETERMINED:
        merged = replace(merged, licence=found.licence)
    band, tariff_rules = _tariff_band(rules, day, values)
    density = _density(values)
    used = dict.fromkeys([*(name for name, _ in entries), *merged.used, *tariff_rules])
    read = readings(chip, rules, lambda other: _class(texts, other, chip.data_centre)[0])
    warnings = [*values.warnings, *caught.warnings, *reading_warnings(read)]
    warnings += edge_warnings(texts, values, rules.edge_share, class_name)
    warnings += _guidance_warnings(chip, situation, options)
    return Classification(
        chip=chip.name,
        to=situation.to,
        date=day,
        headquarters=situation.headquarters,
        route=situation.route,
        class_name=class_name,
        paragraph=_paragraph(texts, values, class_name),
        tpp=_middle(values.tpp, values.samples.get("tpp")) if values.governing else None,
        tpp_range=_range(values.tpp) if values.governing else None,
        performance_density=_middle(density, _density_samples(values)) if density else None,
        performance_density_range=_range(density),
        letter=caught.answer,
        licence=merged.licence,
        exception=merged.exception,
        review=merged.review,
        case_by_case_box=merged.box,
        tariff_band=band,
        decided_by=f"on record: {found.text} (from the figures alone: {by_numbers})" if found else by_numbers,
        reasons=merged.reasons,
        conditions=merged.conditions,
        programmes=merged.programmes,
        distances=_distances(rules, day, entries, values),
        possible_classes=options,
        probabilities=probabilities,
        break_points=break_points(texts, values, chip.data_centre),
        readings=read,
        next_change=None,
        warnings=tuple(dict.fromkeys(warnings)),
        rules=tuple(used),
        sources=tuple(
            dict.fromkeys(
                [*(source for name in used for source in rules.rules[name].source), *(found.source if found else ())]
            )
        ),
    )


def _class(
    texts: list[Entry], chip: Measures, data_centre: bool | None
) -> tuple[str, tuple[str, ...], dict[str, float] | None]:
    """Return (class, every class it can be, share of each among the samples if there are any)."""
    shares = None
    options = possible_classes(texts, chip, data_centre)
    if chip.samples.keys() & {"tpp", "area", "interconnect", "memory_bandwidth_density"}:
        shares = sampled_classes(texts, chip, data_centre).probabilities()
        if UNDETERMINED not in shares:
            options = tuple(shares)
    return (options[0] if len(options) == 1 else UNDETERMINED), options, shares


def _finding(chip: ChipSpec, day: date, options: tuple[str, ...]) -> Finding | None:
    """Return the finding of the day that narrows what the chip can be, or None."""
    for found in chip.findings if len(options) > 1 else ():
        if found.holds(day) and set(options) & set(found.classes):
            return found
    return None


def _merged(standings: Mapping[str, Standing]) -> Standing:
    """Return the standing that all possible classes share; what differs between them is undetermined."""
    each = list(standings.values())
    first = each[0]
    if len(each) == 1:
        return first

    def agreed(values: list[str]) -> str:
        return values[0] if len(set(values)) == 1 else UNDETERMINED

    reasons = [f"if {name}: {reason}" for name, one in standings.items() for reason in one.reasons]
    shared = set(first.conditions).intersection(*(one.conditions for one in each))
    return Standing(
        licence=agreed([one.licence for one in each]),
        exception=first.exception if len({one.exception for one in each}) == 1 else None,
        review=agreed([one.review for one in each]),
        box=agreed([one.box for one in each]),
        reasons=tuple(reasons),
        conditions=tuple(condition for condition in first.conditions if condition in shared),
        programmes=tuple(dict.fromkeys(name for one in each for name in one.programmes)),
        used=tuple(dict.fromkeys(name for one in each for name in one.used)),
    )


def _paragraph(texts: list[Entry], measured: Measures, class_name: str) -> str | None:
    """Return the first paragraph of the class that is certainly met; None for the other classes."""
    for entry in texts:
        for paragraph in entry.paragraphs:
            if paragraph.name == class_name and meets_all(paragraph.all, measured):
                return paragraph.id
    return None


def _tariff_band(rules: RuleSet, day: date, chip: Measures) -> tuple[str | None, list[str]]:
    for name, tariff in rules.tariffs(day) if chip.subject == "chip" else ():
        answers = {band.name: meets_all(band.all, chip) for band in tariff.bands}
        inside = next((band for band, answer in answers.items() if answer), None)
        if inside is not None:
            return inside, [name]
        if None in answers.values():
            return UNDETERMINED, [name]
    return None, []


def lines_of(rules: RuleSet, day: date, entries: Iterable[tuple[str, Entry]]) -> list[tuple[str, Limit]]:
    """Return every line of the day with its name: of the entries' paragraphs, exceptions, letters, lane and tariff."""
    lines = [(test.id, limit) for _, entry in entries for test in entry.tests for limit in test.all]
    for _, exception in rules.exceptions(day):
        lines += [(f"exception {exception.name}", limit) for item in exception.items for limit in item.all]
    for name, letter in rules.letters(day):
        lines += [(name, limit) for limits in letter.any for limit in limits]
    for name, lane in rules.lanes(day):
        lines += [(name, limit) for limit in lane.all]
    for name, tariff in rules.tariffs(day):
        lines += [(f"{name}, {band.name}", limit) for band in tariff.bands for limit in band.all]
    return lines


def _distances(rules: RuleSet, day: date, entries: Iterable[tuple[str, Entry]], chip: Measures) -> tuple[Distance, ...]:
    """Return the distance of a chip to each line, by what the line counts as interconnect."""
    bare = {name for name, letter in rules.letters(day) if not letter.host_link}
    return tuple(
        found
        for line in lines_of(rules, day, entries)
        for found in distances([line], chip.without_host() if line[0] in bare else chip)
    )


def _guidance_warnings(chip: ChipSpec, situation: Situation, options: tuple[str, ...]) -> list[str]:
    if chip.designer_headquarters is None or not any(name.startswith("3A090") for name in options):
        return []
    designer = situation.geography.code(chip.designer_headquarters, "designer_headquarters")
    return [
        f"{name}: {state.state}: {state.text}"
        for name, rule in situation.rules.active(situation.day)
        if rule.designers_in is not None and situation.geography.within(designer, rule.designers_in, situation.day)
        for state in rule.states
        if state.holds(situation.day)
    ]


def _middle(bounds: Range, samples: Array | None) -> float | tuple[float, float]:
    """Return the median of the samples where there are any, else one number where bounds meet, else (low, high)."""
    return plain(bounds) if samples is None or bounds.exact else float(np.quantile(samples, 0.5, method="lower"))


def _range(bounds: Range | None) -> tuple[float, float] | None:
    return (bounds.low, bounds.high) if bounds is not None else None


def _density_samples(chip: Measures) -> Array | None:
    area = chip.area
    if not chip.samples.keys() & {"tpp", "area"} or area is None:
        return None
    if not (chip.tpp.exact or "tpp" in chip.samples) or not (area.exact or "area" in chip.samples):
        return None
    tpp, areas = chip.samples.get("tpp", chip.tpp.low), chip.samples.get("area", area.low)
    density: Array = np.asarray(tpp) / np.asarray(areas)
    return density


def _density(chip: Measures) -> Range | None:
    density = chip.performance_density
    if density is None or chip.governing is None or math.isinf(density.high):
        return None
    if (samples := _density_samples(chip)) is not None:
        return Range(float(np.min(samples)), float(np.max(samples)))
    return density
