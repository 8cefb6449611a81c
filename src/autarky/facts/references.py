"""What must hold between records: one small function for each rule, each yielding what breaks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import date

from autarky.errors import Problem, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue
from autarky.facts.design_records import DesignSpace
from autarky.facts.event_records import DIMENSIONS
from autarky.facts.fields import Part, quantities_of
from autarky.facts.market_references import market_names_what_exists
from autarky.facts.performance_references import performance_names_what_exists
from autarky.facts.records import Chip, Die, Event, Link, Observation, Product, Source, System
from autarky.facts.reliability_records import Reliability
from autarky.facts.rule_records import Rule
from autarky.facts.supply_records import DieBank, Fab, MemorySupply, PackagingLine
from autarky.quantities.estimates import Quantity
from autarky.supply.dies import FORMULAS
from autarky.supply.yields import MODELS

Fault = tuple[tuple[str | int, ...], str, str]
"""(key path below the record, what is wrong, hint)."""
PlaceOf = Callable[[str, str, tuple[str | int, ...]], str]


def reference_problems(catalogue: Catalogue, place: PlaceOf, only: set[tuple[str, str]] | None = None) -> list[Problem]:
    """Return every broken rule; `only` limits the search to some (collection, id)."""
    problems = [
        Problem(message, place(collection, name, at), ".".join([collection, name, *map(str, at)]), hint)
        for collection, records in catalogue.collections.items()
        for name, record in records.items()
        if only is None or (collection, name) in only
        for rule in RULES
        for at, message, hint in rule(catalogue, name, record)
    ]
    return problems if only is not None else problems + list(_repeated_sources(catalogue, place))


def numbers_have_sources(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """Every estimate cites at least one source, and every source cited exists."""
    sources = catalogue.plain.get("sources", {})
    for key, quantity in quantities_of(record):
        at = tuple(key.split("."))
        for estimate in quantity.estimates:
            if not estimate.sources:
                yield at, "this number has no source", "add `source:` to it or to its record"
            for source in estimate.sources:
                if source not in sources and source != SCENARIO:
                    yield (*at, "source"), f"no source is called {source!r}", nearest(source, sources)
    for source in getattr(record, "source", ()):
        if source not in sources and source != SCENARIO:
            yield ("source",), f"no source is called {source!r}", nearest(source, sources)


def sources_can_be_found(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A source has an address, or says why it has none."""
    if isinstance(record, Source) and not record.url and not record.no_url:
        yield ("url",), "a source needs `url`, or `no_url` with the reason", ""


def references_exist(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """Every id that a record names stands in its collection."""
    for at, collection, wanted in _references(name, record):
        # Also those that stand in a file but could not be read: their own faults are reported where they stand.
        known = {**catalogue.collections.get(collection, {}), **catalogue.plain.get(collection, {})}
        if wanted not in known:
            hint = nearest(wanted, known) or f"add it to {collection}"
            yield at, f"no {collection} record is called {wanted!r}", hint


def _references(name: str, record: Part) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(record, Die):
        if record.process is not None:
            yield ("process",), "processes", record.process
        for index, process in enumerate(record.also_made_on):
            yield ("also_made_on", index), "processes", process
    elif isinstance(record, Chip):
        for field, parts in (("dies", record.dies), ("io_dies", record.io_dies)):
            for index, part in enumerate(parts):
                yield (field, index, "die"), "dies", part.die
        if record.memory is not None and record.memory.type is not None:
            yield ("memory", "type"), "memory_types", record.memory.type
    elif isinstance(record, System):
        for index, count in enumerate(record.chips):
            yield ("chips", index, "chip"), "chips", count.chip
    elif isinstance(record, Fab):
        if record.process is not None:
            yield ("process",), "processes", record.process
        if record.part_of is not None:
            yield ("part_of",), "fabs", record.part_of
        for die in record.dies:
            yield ("dies", die), "dies", die
    elif isinstance(record, DesignSpace):
        yield ("reference",), "chips", record.reference
        yield ("budget",), "chips", record.budget
        for index, chip in enumerate(record.compared):
            yield ("compared", index), "chips", chip
    elif isinstance(record, DieBank):
        yield ("die",), "dies", record.die
    elif isinstance(record, MemorySupply):
        if record.memory_type is not None:
            yield ("memory_type",), "memory_types", record.memory_type
        for kind in record.split:
            yield ("split", kind), "memory_types", kind
    elif isinstance(record, Reliability):
        yield ("software",), "software_readiness", record.software
        for index, chip in enumerate(record.chips):
            yield ("chips", index), "chips", chip
    elif isinstance(record, Product):
        yield (), "chips", name
        for index, part in enumerate(record.dies):
            yield ("dies", index, "die"), "dies", part.die
        yield ("line",), "packaging_lines", record.line
        for index, memory_type in enumerate(record.memory_types):
            yield ("memory_types", index), "memory_types", memory_type


EVENT_NAMES = {
    "rules": ("rules", "rule"),
    "about": ("rules", "rule"),
    "countries": ("countries", "country"),
    "requires": ("events", "event"),
    "regions": ("countries", "country"),
    "chips": ("chips", "chip"),
    "vendors": ("", "vendor"),
    "buyers": ("buyer_groups", "buyer"),
    "fabs": ("fabs", "fab"),
    "banks": ("die_banks", "die bank"),
    "supplies": ("memory_supplies", "memory supply"),
}
"""Fields of an event and its levers that name records: their collection, and what one of them is called."""


def events_name_what_exists(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """An event names rules, countries and events, and its levers name chips, fabs and so on, that the catalogue has."""
    if not isinstance(record, Event):
        return
    known: dict[str, Collection[str]] = {
        field: catalogue.plain.get(collection, {}) for field, (collection, _) in EVENT_NAMES.items()
    }
    known["vendors"] = {chip.vendor for chip in catalogue.all("chips", Chip).values()}
    named: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        ((field,), getattr(record, field)) for field in ("rules", "about", "countries", "requires")
    ]
    for place, lever in enumerate(record.levers):
        named += [(("levers", place, field), lever.members(name)) for name, field in DIMENSIONS.items()]
    for at, names in named:
        field = str(at[-1])
        for index, item in enumerate(names):
            if item not in known[field]:
                yield (*at, index), f"no {EVENT_NAMES[field][1]} is called {item!r}", nearest(item, known[field])


def rules_name_what_replaces_them(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A rule, and a licence exception, that another rule replaces ends on the day on which that one takes effect."""
    if not isinstance(record, Rule):
        return
    ends: list[tuple[tuple[str | int, ...], str | None, date | None]]
    ends = [(("superseded_by",), record.superseded_by, record.dates.superseded)]
    ends += [
        (("exceptions", index, "superseded_by"), exception.superseded_by, exception.until)
        for index, exception in enumerate(record.exceptions)
    ]
    for at, successor, end in ends:
        if successor is None:
            continue
        rule = catalogue.collections.get("rules", {}).get(successor)
        if successor not in catalogue.plain.get("rules", {}):
            yield at, f"no rule is called {successor!r}", nearest(successor, catalogue.plain.get("rules", {}))
        elif isinstance(rule, Rule) and rule.dates.effective != end:
            yield at, f"{successor} takes effect on {rule.dates.effective}, not on {end}", "correct one of the days"


def findings_have_sources(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """What became of a chip under the law is sourced."""
    for index, finding in enumerate(record.findings if isinstance(record, Chip) else ()):
        for source in finding.source:
            if source not in catalogue.plain.get("sources", {}) and source != SCENARIO:
                yield ("findings", index, "source"), f"no source is called {source!r}", ""


def links_add_up(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A link carries both ways together between one and two times what it carries one way."""
    links: list[tuple[tuple[str, ...], Link | None]] = []
    if isinstance(record, Chip) and record.links is not None:
        links += [(("links", "scale_up"), record.links.scale_up), (("links", "scale_out"), record.links.scale_out)]
    if isinstance(record, System):
        links += [(("scale_up_per_chip",), record.scale_up_per_chip)]
    for at, link in links:
        if link is None or link.one_way is None or link.both_ways is None:
            continue
        one_way, both_ways = link.one_way.pooled.mean(), link.both_ways.pooled.mean()
        if not one_way < both_ways <= 2.05 * one_way:
            message = f"{both_ways:g} GB/s both ways does not fit {one_way:g} GB/s one way"
            yield (*at, "both_ways"), message, "both ways is twice one way"


def products_can_be_made(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A product has dies, by its chip's record or by assumption, and a line that its use of can be counted."""
    if not isinstance(record, Product):
        return
    chip = catalogue.collections.get("chips", {}).get(name)
    if isinstance(chip, Chip) and not (chip.dies or record.dies):
        yield ("dies",), f"neither chips.{name} nor its product says which dies it takes", "add `dies:`"
    line = catalogue.collections.get("packaging_lines", {}).get(record.line)
    if isinstance(line, PackagingLine) and line.wafers is not None and record.packages_per_wafer is None:
        yield ("packages_per_wafer",), f"line {record.line} counts wafers", "say how many packages one wafer gives"


def sizes_are_known(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A die made in a fab has a published count per wafer, an area, or sides; and a named placement."""
    if isinstance(record, Fab):
        for die_name in record.dies:
            die = catalogue.collections.get("dies", {}).get(die_name)
            if isinstance(die, Die) and not (die.gross_dies or _area(die) or (die.width and die.height)):
                yield ("dies", die_name), f"dies.{die_name} has no size", "give it `gross_dies` or `area`"
    if isinstance(record, Die) and record.placement != "exact" and record.placement not in FORMULAS:
        known = ("exact", *FORMULAS)
        hint = nearest(record.placement, known) or f"known: {', '.join(known)}"
        yield ("placement",), f"no formula is called {record.placement!r}", hint
    if isinstance(record, Die) and record.placement in FORMULAS and not (record.gross_dies or _area(record)):
        yield ("placement",), f"{record.placement} counts dies from their area", "give `area`"


def _area(die: Die) -> Quantity | None:
    return die.area or die.area_assumption


def yields_are_known(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A die has a yield, its own or the fab's, or the fab a defect density and a model that has all it needs."""
    if not isinstance(record, Fab):
        return
    for die_name, line in record.dies.items():
        die = catalogue.collections.get("dies", {}).get(die_name)
        if line.good is not None or (isinstance(die, Die) and die.good is not None):
            continue
        if record.defects is None:
            yield ("dies", die_name), "no yield is given", "add `yield:`, or `defects:` to the fab"
        elif isinstance(die, Die) and not _area(die):
            yield ("dies", die_name), f"dies.{die_name} has no area for the defects", "give it `area`, or add `yield:`"
    if record.defects is None:
        return
    model = record.defects.model
    if model not in MODELS:
        hint = nearest(model, MODELS) or f"known: {', '.join(MODELS)}"
        yield ("defects", "model"), f"no yield model is called {model!r}", hint
    for needing, field in (("bose_einstein", "layers"), ("negative_binomial", "clustering")):
        if model == needing and getattr(record.defects, field) is None:
            yield ("defects", "model"), f"{model} needs {field}", f"add `{field}:`"


def observations_state_errors(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A report used as evidence says how far it may be off."""
    if isinstance(record, Observation):
        for field, quantity in (("estimates", record.estimates), ("at_most", record.at_most)):
            for estimate in quantity.estimates if quantity is not None else ():
                for value, _ in estimate.distribution.atoms[:1]:
                    yield (field,), f"{value:,.10g} is given without an error", "add `error:`, or an interval"


RULES = (
    numbers_have_sources,
    sources_can_be_found,
    references_exist,
    market_names_what_exists,
    performance_names_what_exists,
    events_name_what_exists,
    rules_name_what_replaces_them,
    findings_have_sources,
    links_add_up,
    products_can_be_made,
    sizes_are_known,
    yields_are_known,
    observations_state_errors,
)


def _repeated_sources(catalogue: Catalogue, place: PlaceOf) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for name, source in catalogue.sources.items():
        seen[source.title, source.publisher, source.published, source.url].append(name)
    for names in seen.values():
        for name in names[1:]:
            yield Problem(
                f"the same publication as {names[0]}", place("sources", name, ()), f"sources.{name}", "keep one"
            )
