"""A chip of the catalogue as the law sees it: its dies, dense rates, memory and links, uncertain where they are.

Conflicting estimates are not averaged: they become draws, and the answer a probability per class. What was assumed on
the way is said in notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.records import Chip, Die, DieCount, HostLink, Link, MemoryType, Process
from autarky.quantities.estimates import Quantity
from autarky.rules.metrics import Amount, Array, ChipSpec, HbmStack
from autarky.rules.metrics import Die as SpecDie
from autarky.rules.samples import amount


@dataclass(frozen=True)
class Specified:
    """A chip as the law sees it, what was assumed to get there, and the sources of its numbers."""

    spec: ChipSpec
    id: str = ""
    """Its id in the catalogue, if it stands there."""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass
class _About:
    """Gathers notes and sources while a chip is read."""

    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def amount(self, key: str, quantity: Quantity) -> float | Array:
        self.sources += [source for estimate in quantity.estimates for source in estimate.sources]
        return amount(key, quantity)

    def of(self, spec: ChipSpec, name: str) -> Specified:
        return Specified(spec, name, tuple(dict.fromkeys(self.notes)), tuple(dict.fromkeys(self.sources)))


def specified_chip(name: str, chip: Chip, catalogue: Catalogue) -> Specified:
    """Return a chip of the catalogue, or a record written like one, as the law sees it.

    Its rates share one level, as its formats share one clock. Areas are those published, else those assumed. The
    interconnect counts, both ways together, the scale-up link, ports of the package's own for scale-out, and the host.
    """
    about = _About()
    key = f"chips.{name}"
    about.sources += chip.source
    dense: dict[str, Amount] = {form: about.amount(f"{key}.dense", rate) for form, rate in chip.dense.items()}
    if any(len(rate.estimates) > 1 for rate in chip.dense.values()):
        about.notes.append("sources differ on its rates: each has its weight")
    memory = chip.memory.bandwidth if chip.memory is not None else None
    return about.of(
        ChipSpec(
            name=chip.label,
            dies=tuple(_dies(chip, key, catalogue, about)),
            dense=dense,
            memory_bandwidth_gb_s=about.amount(f"{key}.memory.bandwidth", memory) if memory is not None else None,
            interconnect_gb_s=_interconnect(chip, key, catalogue, about),
            host_link_gb_s=_host_rate(chip, catalogue),
            dram=(chip.memory.type or "") if chip.memory is not None else "",
            data_centre=_purpose(chip, about),
            maker=chip.vendor,
            designer_headquarters=chip.designed_in,
            findings=chip.findings,
        ),
        name,
    )


def specified_stack(name: str, memory: MemoryType) -> Specified | None:
    """Return a memory stack by itself as the law sees it, or None where its bandwidth or outline is not known."""
    about = _About()
    if memory.bandwidth is None or memory.width is None or memory.height is None:
        return None
    key = f"memory_types.{name}"
    area = about.amount(f"{key}.width", memory.width) * about.amount(f"{key}.height", memory.height)
    return about.of(
        ChipSpec(
            name=memory.label, hbm=HbmStack(about.amount(f"{key}.bandwidth", memory.bandwidth), area), data_centre=True
        ),
        name,
    )


def _purpose(chip: Chip, about: _About) -> bool:
    if chip.marketed_for == "professional":
        about.notes.append("sold for workstations: taken as not designed or marketed for data centres")
    return chip.marketed_for == "data-centre"


def _dies(chip: Chip, key: str, catalogue: Catalogue, about: _About) -> Iterator[SpecDie]:
    if chip.logic_area is not None:
        if len(chip.logic_area.estimates) > 1:
            about.notes.append("sources differ on its die area: each has its weight")
        yield SpecDie(about.amount(f"{key}.logic_area", chip.logic_area), planar=False)
        return
    for part in (*chip.dies, *chip.io_dies):
        yield _die(part, catalogue, about)


def _die(part: DieCount, catalogue: Catalogue, about: _About) -> SpecDie:
    die = catalogue.get("dies", part.die, Die)
    planar = catalogue.get("processes", die.process, Process).planar if die.process is not None else None
    if die.process is None:
        about.notes.append(f"process of {die.label} not known")
    area = die.area
    if area is None and die.area_assumption is not None:
        about.notes.append(f"area of {die.label} not published: assumed")
        area = die.area_assumption
    if area is None:
        about.notes.append(f"area of {die.label} not known")
        return SpecDie(None, planar=planar, count=part.count)
    return SpecDie(about.amount(f"dies.{part.die}.area", area), planar=planar, count=part.count)


def _interconnect(chip: Chip, key: str, catalogue: Catalogue, about: _About) -> Amount | None:
    links = chip.links
    if links is None:
        about.notes.append("links not known")
        return None
    parts: list[float | Array] = []
    unknown = False
    for name, link in (("scale_up", links.scale_up), ("scale_out", links.scale_out)):
        if link is None or (name == "scale_out" and not link.own_ports):
            continue
        rate = _both_ways(link, f"{key}.links.{name}", about)
        unknown |= rate is None
        parts += [rate] if rate is not None else []
    host = _host(chip, catalogue)
    if host is not None:
        parts.append(2 * about.amount(f"host_links.{host.label}", host.one_way))
    else:
        about.notes.append("host link not known and not counted")
    if unknown:
        about.notes.append("one of its links is not published")
    if not parts or unknown:
        return None
    total = np.add.reduce(np.broadcast_arrays(*parts))
    return total if total.ndim else float(total)


def _host(chip: Chip, catalogue: Catalogue) -> HostLink | None:
    named = chip.links.host if chip.links is not None else ""
    return next((link for link in catalogue.all("host_links", HostLink).values() if link.label in named), None)


def _host_rate(chip: Chip, catalogue: Catalogue) -> float:
    """Return the link to the host, both ways together, in GB/s; 0 where it is not known."""
    found = _host(chip, catalogue)
    return 0.0 if found is None else 2 * value_of(found.one_way)


def _both_ways(link: Link, key: str, about: _About) -> float | Array | None:
    if link.both_ways is not None:
        return about.amount(key, link.both_ways)
    return 2 * about.amount(key, link.one_way) if link.one_way is not None else None
