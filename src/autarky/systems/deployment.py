"""How a chip is put to work: its usual system and efficiencies, with what stands in where nothing is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import Part
from autarky.facts.performance_records import Deployment, Efficiency
from autarky.facts.records import Chip, ChipCount, Link, Links, Memory, Product, System
from autarky.quantities.estimates import Quantity

DEFAULT = "default"
T = TypeVar("T")


@dataclass(frozen=True)
class Deployed:
    """A chip in its usual system.

    catalogue  the catalogue with the chip's record, system and efficiencies made whole, and no other record changed
    system     id of the system in it
    family     id of the efficiencies in it
    assumed    what stands in for what neither the chip's record nor its system's says, in words
    """

    catalogue: Catalogue
    system: str
    family: str
    assumed: tuple[str, ...]


@dataclass
class _Filling:
    """Takes the first of several records that says something, and keeps in words what was not the first."""

    assumed: list[str]

    def first(self, what: str, *choices: tuple[str, T | None]) -> T | None:
        """Return the first choice that is not None; `choices` are (where it stands, value), the proper place first."""
        for place, value in choices:
            if value is not None:
                if place:
                    self.assumed.append(f"{what} from {place}")
                return value
        return None


def deployed(catalogue: Catalogue, name: str) -> Deployed:
    """Return a chip in its usual system; where too little is known, an error says what is missing."""
    chip = catalogue.get("chips", name, Chip)
    deployments = catalogue.all("deployments", Deployment)
    default = catalogue.get("deployments", DEFAULT, Deployment)
    own = deployments.get(name, Deployment(label=chip.label))
    filling = _Filling([])
    chip = _whole_chip(name, chip, own, catalogue, filling)
    system_name, system = _system(name, chip, own, default, catalogue, filling)
    family, efficiency = _family(name, own, catalogue, filling)
    changed: dict[str, dict[str, Part]] = {
        "chips": {name: chip},
        "systems": {system_name: system},
        "efficiencies": {family: efficiency},
    }
    return Deployed(_with(catalogue, changed), system_name, family, tuple(filling.assumed))


def _with(catalogue: Catalogue, changed: Mapping[str, Mapping[str, Part]]) -> Catalogue:
    collections = {
        collection: {**records, **changed.get(collection, {})} for collection, records in catalogue.collections.items()
    }
    return Catalogue(collections, catalogue.plain, catalogue.digest)


def _whole_chip(name: str, chip: Chip, own: Deployment, catalogue: Catalogue, filling: _Filling) -> Chip:
    """Return a chip with rates, memory and bandwidth: its own, else its product's, else its deployment's."""
    product = catalogue.all("products", Product).get(name)
    place, here = f"products.{name}", f"deployments.{name}"
    dense = dict(chip.dense)
    for form, rate in (product.dense if product is not None else {}).items():
        if form not in dense:
            dense[form] = rate
            filling.assumed.append(f"{form} rate from {place}")
    memory = chip.memory or Memory()
    capacity = memory.usable_capacity or filling.first("memory", ("", memory.capacity), (here, own.capacity))
    bandwidth = filling.first(
        "memory bandwidth",
        ("", memory.bandwidth),
        (place, product.bandwidth if product is not None else None),
        (here, own.bandwidth),
    )
    for field, known in (("dense", dense), ("memory.capacity", capacity), ("memory.bandwidth", bandwidth)):
        if not known:
            raise InputError(Problem(f"chips.{name} has no {field}", field="chips", hint=f"add it, or to {here}"))
    filled = memory.model_copy(update={"capacity": capacity, "bandwidth": bandwidth})
    return chip.model_copy(update={"dense": dense, "memory": filled})


def usual_system(catalogue: Catalogue, name: str) -> str | None:
    """Return the id of the system in which a chip is usually sold: as its deployment says, else the first of it."""
    own = catalogue.all("deployments", Deployment).get(name)
    if own is not None and own.system is not None:
        return own.system
    for system, record in catalogue.all("systems", System).items():
        if [part.chip for part in record.chips] == [name]:
            return system
    return None


def _system(
    name: str, chip: Chip, own: Deployment, default: Deployment, catalogue: Catalogue, filling: _Filling
) -> tuple[str, System]:
    """Return (id, record) of the usual system of a chip, holding that chip and with both network planes."""
    links = chip.links or Links()
    usual = usual_system(catalogue, name)
    here, everywhere = f"deployments.{name}", f"deployments.{DEFAULT}"
    if usual is None:
        node = filling.first("node size", (here, own.node), (everywhere, default.node)) or 1
        known = System(label=f"{node} x {chip.label}", vendor=chip.vendor, chips=(ChipCount(chip=name, count=node),))
    else:
        known = catalogue.get("systems", usual, System)
        if known.chips[0].chip != name:
            filling.assumed.append(f"system as {usual}, made with {known.chips[0].chip}")
            known = known.model_copy(
                update={"chips": (ChipCount(chip=name, count=known.chips[0].count),), "power": None, "price_usd": None}
            )
    up = filling.first(
        "scale-up bandwidth",
        ("", _one_way(known.scale_up_per_chip)),
        ("", _one_way(links.scale_up)),
        (here, own.scale_up),
        (everywhere, default.scale_up),
    )
    out = filling.first(
        "scale-out bandwidth",
        ("", known.scale_out_per_chip),
        ("", _one_way(links.scale_out)),
        (here, own.scale_out),
        (everywhere, default.scale_out),
    )
    whole = known.model_copy(update={"scale_up_per_chip": Link(one_way=up), "scale_out_per_chip": out})
    return usual or f"{name}-node", whole


def _one_way(link: Link | None) -> Quantity | None:
    return None if link is None else link.one_way


def _family(name: str, own: Deployment, catalogue: Catalogue, filling: _Filling) -> tuple[str, Efficiency]:
    families = catalogue.all("efficiencies", Efficiency)
    for family, record in families.items():
        if name in record.chips:
            return family, record
    if own.family is None:
        raise InputError(
            Problem(
                f"nothing is known about what {name} reaches of its rates",
                field="efficiencies",
                hint=f"add it to a family, or name one in deployments.{name}",
            )
        )
    filling.assumed.append(f"efficiencies of {own.family}")
    record = families[own.family]
    return own.family, record.model_copy(update={"chips": (*record.chips, name)})


def rated_power(catalogue: Catalogue, name: str) -> tuple[tuple[str, Quantity, float], ...]:
    """Return what multiplies to the rated W of one chip, its share of the system included, without cooling.

    Each factor is (dotted key, quantity, divisor): the power of the usual system over its chips, or the chip's own
    power and the overhead of systems. Nothing where no power is known.
    """
    usual = usual_system(catalogue, name)
    if usual is not None:
        system = catalogue.get("systems", usual, System)
        if system.power is not None and [part.chip for part in system.chips] == [name]:
            return ((f"systems.{usual}.power", system.power, float(system.chips[0].count)),)
    chip = catalogue.get("chips", name, Chip)
    own = catalogue.all("deployments", Deployment).get(name)
    default = catalogue.get("deployments", DEFAULT, Deployment)
    assumed = None if own is None else own.power
    power = (f"chips.{name}.power", chip.power) if chip.power is not None else (f"deployments.{name}.power", assumed)
    key, quantity = power
    if quantity is None or default.overhead is None:
        return ()
    return ((key, quantity, 1.0), (f"deployments.{DEFAULT}.overhead", default.overhead, 1.0))
