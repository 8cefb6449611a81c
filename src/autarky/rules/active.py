"""Which rules hold on a day: their parts, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from autarky.errors import InputError, Problem, UnknownKeyError, nearest
from autarky.facts.rule_records import (
    Activity,
    Entry,
    Formats,
    Lane,
    Letter,
    LicenceException,
    LicenceRequirement,
    ListedRecipient,
    Review,
    Rule,
    Rules,
    Scope,
    Span,
    Tariff,
)

SpanT = TypeVar("SpanT", bound=Span)


@dataclass(frozen=True)
class RuleSet:
    """The rules under one choice of switches.

    A switch is the id of a proposed or unenforced rule (turned on), an id with a leading minus (turned off), or one
    of the options that the definitions name.
    """

    rules: Rules
    switches: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a switch that nothing carries."""
        known = {*self.options, *(f"-{name}" for name, rule in self.rules.items() if rule.formats is None)}
        known |= {name for name, rule in self.rules.items() if rule.switched}
        for switch in sorted(self.switches):
            if switch not in known:
                hint = nearest(switch, known) or f"known: {', '.join(sorted(known))}"
                raise UnknownKeyError(Problem(f"no switch is called {switch!r}", field="switches", hint=hint))

    @cached_property
    def in_order(self) -> tuple[tuple[str, Rule], ...]:
        """Return the rules that can have an effect: proposals first, then the undated, then the most recent."""
        chosen = [
            (name, rule)
            for name, rule in self.rules.items()
            if f"-{name}" not in self.switches and (not rule.switched or name in self.switches)
        ]
        return tuple(sorted(chosen, key=lambda item: _reading_order(item[1])))

    def part_span(self, rule: Rule, part: Span, duty: bool = False) -> Span:
        """Return the days of a part; what it leaves open it takes from its rule (`duty`: from the compliance day)."""
        begins = (rule.dates.compliance if duty else None) or rule.dates.effective or rule.dates.announced
        return Span.model_construct(start=part.start or begins, until=part.until or rule.dates.superseded)

    def holding(
        self, day: date, parts: Iterable[tuple[str, Rule, SpanT]], duty: bool = False
    ) -> Iterator[tuple[str, SpanT]]:
        """Yield (rule id, part) of the parts that hold on a day."""
        for name, rule, part in parts:
            if self.part_span(rule, part, duty).holds(day):
                yield name, part

    def entries(self, day: date) -> tuple[tuple[str, Entry], ...]:
        """Return the control-list texts of a day."""
        return tuple(self.holding(day, ((n, r, p) for n, r in self.in_order for p in r.entries)))

    def licences(self, day: date) -> tuple[tuple[str, LicenceRequirement], ...]:
        """Return the licence requirements of a day; they begin on the compliance day."""
        return tuple(self.holding(day, ((n, r, p) for n, r in self.in_order for p in r.licences), duty=True))

    def exceptions(self, day: date) -> tuple[tuple[str, LicenceException], ...]:
        """Return the licence exceptions of a day."""
        return tuple(self.holding(day, ((n, r, p) for n, r in self.in_order for p in r.exceptions)))

    def reviews(self, day: date) -> tuple[tuple[str, Review], ...]:
        """Return the review policies of a day in reading order."""
        return tuple(self.holding(day, ((n, r, p) for n, r in self.in_order for p in r.reviews), duty=True))

    def letters(self, day: date) -> tuple[tuple[str, Letter], ...]:
        """Return the company letters of a day."""
        return tuple(self.holding(day, ((n, r, r.letter) for n, r in self.in_order if r.letter)))

    def lanes(self, day: date) -> tuple[tuple[str, Lane], ...]:
        """Return the review lanes of a day."""
        return tuple(self.holding(day, ((n, r, r.lane) for n, r in self.in_order if r.lane)))

    def tariffs(self, day: date) -> tuple[tuple[str, Tariff], ...]:
        """Return the tariffs of a day."""
        return tuple(self.holding(day, ((n, r, r.tariff) for n, r in self.in_order if r.tariff)))

    def listed_recipients(self, day: date) -> tuple[tuple[str, ListedRecipient], ...]:
        """Return the listed recipients of a day."""
        return tuple(self.holding(day, ((n, r, p) for n, r in self.in_order for p in r.listed_recipients)))

    def active(self, day: date) -> tuple[tuple[str, Rule], ...]:
        """Return the rules whose own dates hold on a day."""
        whole = Span()
        return tuple((n, r) for n, r in self.in_order if self.part_span(r, whole).holds(day))

    @cached_property
    def first_day(self) -> date:
        """Return the first day on which any dated rule holds."""
        return min(r.dates.effective for r in self.rules.values() if r.dates.effective and not r.switched)

    @cached_property
    def turning_days(self) -> tuple[date, ...]:
        """Return every day on which some rule or part of one begins or ends, rising."""
        days: set[date] = set()
        for _, rule in self.in_order:
            dates = rule.dates
            days |= {d for d in (dates.effective or dates.announced, dates.compliance, dates.superseded) if d}
            spans = [*rule.entries, *rule.licences, *rule.exceptions, *rule.reviews, *rule.listed_recipients]
            days |= {d for span in spans for d in (span.start, span.until) if d}
        return tuple(sorted(days))

    @cached_property
    def formats(self) -> Formats:
        """Return the bit lengths of formats."""
        return next(rule.formats for rule in self.rules.values() if rule.formats is not None)

    @cached_property
    def scopes(self) -> dict[str, Scope]:
        """Return the named sets of countries."""
        return {name: scope for rule in self.rules.values() for name, scope in rule.scopes.items()}

    @cached_property
    def options(self) -> dict[str, str]:
        """Return the readings that can be switched, with what each does."""
        return {name: text for rule in self.rules.values() for name, text in rule.options.items()}

    @cached_property
    def home(self) -> str:
        """Return the country whose law this is."""
        return next(rule.home for rule in self.rules.values() if rule.home)

    @cached_property
    def edge_share(self) -> float:
        """Return the share of a threshold within which a value is said to lie at the edge."""
        return next(rule.edge_share for rule in self.rules.values() if rule.edge_share is not None)

    def activity(self, name: str, day: date) -> Activity:
        """Return what an activity means; a switched-on proposal may change it."""
        known = {activity for _, rule in self.in_order for activity in rule.activities}
        for _, rule in self.active(day):
            if name in rule.activities:
                return rule.activities[name]
        hint = nearest(name, known) or f"known: {', '.join(sorted(known))}"
        raise UnknownKeyError(Problem(f"no activity is called {name!r}", field="activity", hint=hint))

    def reading(self) -> dict[str, str]:
        """Return the readings of formats that were switched on: format -> reading."""
        return {
            name: reading
            for name, choices in self.formats.readings.items()
            for reading in choices.bits
            if f"{name}-{reading}" in self.switches
        }

    def require_known_day(self, day: date) -> None:
        """Refuse a day before the first rule."""
        if day < self.first_day:
            raise InputError(
                Problem(f"no rule holds yet on {day}", field="date", hint=f"the first holds from {self.first_day}")
            )


def _reading_order(rule: Rule) -> tuple[int, int]:
    day = rule.dates.effective or rule.dates.announced
    if rule.status == "proposed":
        return 0, 0
    return (1, 0) if day is None else (2, -day.toordinal())
