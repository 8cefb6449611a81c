"""Record types of export-control law: `rules` (dated, cited, switchable) and `countries` (dated groups)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from autarky.facts.fields import Part, Record, SourceIds

ClassName: TypeAlias = Literal["3A090.a", "3A090.b", "3A090.c"]
Measure: TypeAlias = Literal[
    "tpp",
    "performance_density",
    "interconnect",
    "memory_bandwidth",
    "bandwidth_sum",
    "memory_bandwidth_density",
]
Policy: TypeAlias = Literal[
    "presumption of denial", "case-by-case", "presumption of approval", "denial by statute", "not published"
]
Status: TypeAlias = Literal[
    "in force",
    "superseded",
    "suspended",
    "not enforced",
    "company letter",
    "licence programme",
    "guidance",
    "proposed",
]


Names: TypeAlias = SourceIds
"""One text or a list of texts."""


class Span(Part):
    """Days on which something holds: `from` inclusive, `until` exclusive; an open end is left out."""

    start: date | None = Field(default=None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Span:
        if self.start is not None and self.until is not None and self.until <= self.start:
            raise ValueError(f"`until` ({self.until}) must come after `from` ({self.start})")
        return self

    def holds(self, day: date) -> bool:
        """Return whether `day` lies in the span."""
        return (self.start is None or self.start <= day) and (self.until is None or day < self.until)


class Limit(Part):
    """One comparison of a measure with a threshold; exactly one of the four signs."""

    measure: Measure
    at_least: float | None = None
    above: float | None = None
    below: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_sign(self) -> Limit:
        given = [sign for sign in SIGNS if getattr(self, sign) is not None]
        if len(given) != 1:
            raise ValueError(f"a limit needs exactly one of {', '.join(SIGNS)}")
        return self

    @property
    def sign(self) -> str:
        """Return which of the four comparisons this is."""
        return next(sign for sign in SIGNS if getattr(self, sign) is not None)

    @property
    def threshold(self) -> float:
        """Return the number compared with."""
        return float(getattr(self, self.sign))


SIGNS = ("at_least", "above", "below", "at_most")


class Scope(Part):
    """A set of countries: members of any of `groups` less those in `except_groups`, plus `countries`."""

    groups: Names = ()
    except_groups: Names = ()
    countries: Names = ()
    everywhere: bool = False


class Formats(Part):
    """Bit lengths of number formats, and formats on whose length there are two readings."""

    bits: dict[str, int]
    readings: dict[str, Readings]


class Readings(Part):
    """The readings of one format's bit length by name, and which is taken unless switched."""

    default: str
    bits: dict[str, int]

    @model_validator(mode="after")
    def _default_is_a_reading(self) -> Readings:
        if self.default not in self.bits:
            raise ValueError(f"the default {self.default!r} is none of the readings {', '.join(self.bits)}")
        return self


class LimitTest(Part):
    """A part of a control-list entry by its printed name; an item must meet all limits."""

    id: str
    all: tuple[Limit, ...]


class Paragraph(LimitTest):
    """A paragraph of a control-list entry: an item that meets all limits is of `class`."""

    name: ClassName = Field(alias="class")


class Exclusion(LimitTest):
    """A note that takes items out of an entry before its paragraphs are read."""

    data_centre: bool


class Entry(Span):
    """The text of a control-list entry for chips or for memory."""

    subject: Literal["chip", "memory"]
    exclusions: tuple[Exclusion, ...] = ()
    paragraphs: tuple[Paragraph, ...]

    @property
    def tests(self) -> tuple[LimitTest, ...]:
        """Return every test of the entry in reading order."""
        return (*self.exclusions, *self.paragraphs)


class LicenceRequirement(Span):
    """A licence is needed for these classes to these destinations, or for parties headquartered there."""

    classes: tuple[ClassName, ...] = ()
    any_item: bool = False
    destinations: str | None = None
    headquarters: str | None = None
    basis: str


class ExceptionItem(Part):
    """An item that a licence exception covers."""

    name: ClassName = Field(alias="class")
    data_centre: bool | None = None
    all: tuple[Limit, ...] = ()


class LicenceException(Span):
    """A licence exception: its items, whom it may serve, and what bars it."""

    name: str
    items: tuple[ExceptionItem, ...]
    party_in: str | None = None
    party_outside: str | None = None
    notice_days: int | None = None
    conditions: tuple[str, ...] = ()
    superseded_by: str | None = None
    """Rule whose taking effect ends it, on the day of `until`."""


class Review(Span):
    """How an application is reviewed; the first review whose conditions all hold is used."""

    classes: tuple[ClassName, ...] = ()
    any_item: bool = False
    data_centre: bool | None = None
    destinations: str | None = None
    party_in: str | None = None
    headquarters_outside: str | None = None
    lane: bool = False
    policy: Policy
    basis: str


class Letter(Span):
    """A notice to named firms: items that meet any alternative need a licence to the destinations."""

    addressees: tuple[str, ...]
    reach: Literal["addressees", "equivalents"]
    data_centre: bool | None = None
    any: tuple[tuple[Limit, ...], ...]
    destinations: str
    headquarters: str | None = None
    host_link: bool = True
    """Whether the link to the host counts as interconnect."""
    policy: Policy


class Lane(Span):
    """A review lane that opens only inside a box of limits, on some routes and under conditions."""

    name: str
    classes: tuple[ClassName, ...]
    all: tuple[Limit, ...]
    destinations: str
    routes: tuple[str, ...]
    conditions: tuple[str, ...]
    volume_share: float | None = None


class Band(Part):
    """A tariff band: items that meet all limits."""

    name: str
    all: tuple[Limit, ...]


class Tariff(Span):
    """A tariff on items inside any of its bands."""

    rate: float
    bands: tuple[Band, ...]
    exempt: tuple[str, ...] = ()


class TransistorLimit(Part):
    """A count of transistors in the final package below which the presumption is overcome.

    The years are those in which the export is completed, both inclusive; open ends are left out.
    """

    below: float
    high_bandwidth_memory: bool
    first_year: int | None = None
    last_year: int | None = None
    option: str = ""


class Designers(Span):
    """Whose datasheets are believed without being on the approved list, and on what terms."""

    headquarters: str
    not_from: str
    applied: bool = False
    lapses_after_days: int | None = None


class FoundryPresumption(Span):
    """Advanced logic dies are presumed to be 3A090.a and for data centres until shown otherwise."""

    node_nm: float
    packaged_outside: str
    limits: tuple[TransistorLimit, ...]
    authorized: tuple[Designers, ...]


class State(Span):
    """What held in a period, in words: the standing of an instrument or the wording of a notice."""

    state: str
    text: str


class Activity(Part):
    """What is done with an item, and whether that alone can need a licence for it."""

    needs_licence: bool
    text: str


class ListedRecipient(Span):
    """A recipient that a rule frees from its destination's licence requirement."""

    name: str
    destination: str


class Programme(Span):
    """Licences issued under a requirement: to whom, and on what terms."""

    products: tuple[str, ...]
    vendors: tuple[str, ...]
    revenue_share: float | None = None
    published_as_rule: bool = False
    per_buyer_units: float | None = None
    under: str
    terms: str


class Allocation(Part):
    """A ceiling in total processing performance."""

    name: str
    tpp: float
    per: str
    period: str


class Dates(Part):
    """The days that matter in the life of an instrument."""

    announced: date | None = None
    published: date | None = None
    effective: date | None = None
    compliance: date | None = None
    superseded: date | None = None


class Rule(Record):
    """One instrument of export-control law, or of what stands beside it, with everything it brings.

    A rule that is proposed or not enforced has an effect only where it is switched on by its id.
    """

    status: Status
    citation: str = ""
    dates: Dates = Dates()
    superseded_by: str | None = None
    """Rule whose taking effect ends this one, on the day of `dates.superseded`."""
    formats: Formats | None = None
    scopes: dict[str, Scope] = Field(default_factory=dict)
    options: dict[str, str] = Field(default_factory=dict)
    activities: dict[str, Activity] = Field(default_factory=dict)
    home: str | None = None
    edge_share: float | None = None
    entries: tuple[Entry, ...] = ()
    licences: tuple[LicenceRequirement, ...] = ()
    exceptions: tuple[LicenceException, ...] = ()
    reviews: tuple[Review, ...] = ()
    letter: Letter | None = None
    lane: Lane | None = None
    tariff: Tariff | None = None
    foundry: FoundryPresumption | None = None
    listed_recipients: tuple[ListedRecipient, ...] = ()
    programmes: tuple[Programme, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    states: tuple[State, ...] = ()
    conditions: tuple[str, ...] = ()
    designers_in: str | None = None

    @property
    def begins(self) -> date | None:
        """Return the first day of its duties."""
        return self.dates.compliance or self.dates.effective or self.dates.announced

    @property
    def switched(self) -> bool:
        """Return whether the rule has an effect only where it is switched on."""
        return self.status in ("proposed", "not enforced")


class Membership(Span):
    """A country's place in a group of Supplement 1 to part 740."""

    group: str


def _membership(value: object) -> object:
    return {"group": value} if isinstance(value, str) else value


class Finding(Span):
    """What became of a chip under the law, where its figures alone leave that open: the classes that fit with it."""

    classes: tuple[ClassName | Literal["none"], ...]
    licence: Literal["required", "not required"] | None = None
    text: str
    source: SourceIds


class Country(Record):
    """A destination or seat of headquarters, by ISO 3166-1 code, with its dated country groups."""

    aliases: Names = ()
    treated_as: str | None = None
    groups: tuple[Annotated[Membership, BeforeValidator(_membership)], ...] = ()

    def groups_on(self, day: date) -> frozenset[str]:
        """Return the groups that the country is in on a day."""
        return frozenset(member.group for member in self.groups if member.holds(day))


Rules: TypeAlias = Mapping[str, Rule]
Countries: TypeAlias = Mapping[str, Country]
