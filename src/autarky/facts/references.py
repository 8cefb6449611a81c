"""What must hold between records: one small function for each rule, each yielding what breaks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from autarky.errors import Problem, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue
from autarky.facts.fields import Part, quantities_of
from autarky.facts.records import (
    Chip,
    Die,
    DieBank,
    Fab,
    MemorySupply,
    Observation,
    PackagingLine,
    Product,
    Source,
    System,
)
from autarky.quantities.shapes import Exact
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
    sources = catalogue.sources
    for key, quantity in quantities_of(record):
        at = tuple(key.split("."))
        for estimate in quantity.estimates:
            if not estimate.sources:
                yield at, "this number has no source", "add `source:` to it or to its record"
            for source in estimate.sources:
                if source not in sources and source != SCENARIO:
                    yield at, f"no source is called {source!r}", nearest(source, sources)
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
        known = catalogue.collections.get(collection, {})
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
    elif isinstance(record, DieBank):
        yield ("die",), "dies", record.die
    elif isinstance(record, MemorySupply):
        if record.memory_type is not None:
            yield ("memory_type",), "memory_types", record.memory_type
        for kind in record.split:
            yield ("split", kind), "memory_types", kind
    elif isinstance(record, Product):
        yield (), "chips", name
        for index, part in enumerate(record.dies):
            yield ("dies", index, "die"), "dies", part.die
        yield ("line",), "packaging_lines", record.line
        for index, memory_type in enumerate(record.memory_types):
            yield ("memory_types", index), "memory_types", memory_type


def links_add_up(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A link carries both ways together between one and two times what it carries one way."""
    if not isinstance(record, Chip) or record.links is None:
        return
    for side, link in (("scale_up", record.links.scale_up), ("scale_out", record.links.scale_out)):
        if link is None or link.one_way is None or link.both_ways is None:
            continue
        one_way, both_ways = link.one_way.pooled.mean(), link.both_ways.pooled.mean()
        if not one_way < both_ways <= 2.05 * one_way:
            yield (
                ("links", side, "both_ways"),
                f"{both_ways:g} GB/s both ways does not fit {one_way:g} GB/s one way",
                "both ways is twice one way",
            )


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
            if isinstance(die, Die) and not (die.gross_dies or die.area or die.area_assumption or die.width):
                yield ("dies", die_name), f"dies.{die_name} has no size", "give it `gross_dies` or `area`"
    if isinstance(record, Die) and record.placement != "exact" and record.placement not in FORMULAS:
        yield ("placement",), f"no formula is called {record.placement!r}", f"known: exact, {', '.join(FORMULAS)}"
    if isinstance(record, Fab) and record.defects is not None and record.defects.model not in MODELS:
        model = record.defects.model
        yield ("defects", "model"), f"no yield model is called {model!r}", f"known: {', '.join(MODELS)}"


def observations_state_errors(catalogue: Catalogue, name: str, record: Part) -> Iterator[Fault]:
    """A report used as evidence says how far it may be off."""
    if isinstance(record, Observation):
        for field, quantity in (("estimates", record.estimates), ("at_most", record.at_most)):
            for estimate in quantity.estimates if quantity is not None else ():
                if isinstance(estimate.distribution, Exact):
                    value = estimate.distribution.value
                    yield (field,), f"{value:,.0f} is given without an error", "add `error:`, or an interval"


RULES = (
    numbers_have_sources,
    sources_can_be_found,
    references_exist,
    links_add_up,
    products_can_be_made,
    sizes_are_known,
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
