"""A system of the catalogue as plain numbers: chips, network, power and price, repeated to any size."""

from __future__ import annotations

from dataclasses import dataclass

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.records import Chip, Link
from autarky.facts.records import System as SystemRecord
from autarky.quantities.estimates import Quantity
from autarky.quantities.paths import Path
from autarky.systems.network import Network, Plane

GIGA, MICRO = 1e9, 1e-6
MOST_CHIPS = 1_000_000
"""More chips in one run than any power grid feeds; a typing error."""


@dataclass(frozen=True)
class System:
    """A cluster made of whole systems of one kind.

    chips    packages in it
    unit     packages in one system as it is sold
    watts    W a package, its share of everything in the system included, without cooling
    memory   bytes a package
    price    USD a package, its share of the system included; None where nothing is known
    """

    name: str
    label: str
    chip: str
    chips: int
    unit: int
    network: Network
    memory: float
    watts: float | None
    price: float | None


def build(catalogue: Catalogue, name: str, chips: int | None = None) -> System:
    """Return a system of the catalogue, repeated or cut down to `chips` packages."""
    record = catalogue.get("systems", name, SystemRecord)
    if len(record.chips) != 1:
        raise InputError(
            Problem("its chips are not named in the catalogue", name, "chips", "choose a system of one known chip")
        )
    part = record.chips[0]
    chip = catalogue.get("chips", part.chip, Chip)
    count = part.count if chips is None else chips
    if not 1 <= count <= MOST_CHIPS:
        raise InputError(Problem(f"is {count:,}", name, "chips", f"1 to {MOST_CHIPS:,} chips can run one job"))
    if chip.memory is None or chip.memory.capacity is None:
        raise InputError(Problem(f"the memory of {part.chip} is not known", name, "chips"))
    capacity = chip.memory.usable_capacity or chip.memory.capacity
    return System(
        name=name,
        label=record.label,
        chip=part.chip,
        chips=count,
        unit=part.count,
        network=_network(name, record, chip, part.count),
        memory=value_of(capacity) * GIGA,
        watts=_watts(record, chip, part.count),
        price=_price(record, chip, part.count),
    )


def _one_way(link: Link | None) -> Quantity | None:
    if link is None:
        return None
    return link.one_way


def _network(name: str, record: SystemRecord, chip: Chip, count: int) -> Network:
    links = chip.links
    up = _one_way(record.scale_up_per_chip) or (_one_way(links.scale_up) if links else None)
    if up is None:
        raise InputError(Problem("its scale-up bandwidth is not known", name, "scale_up_per_chip"))
    domain = round(value_of(record.scale_up_domain)) if record.scale_up_domain is not None else count
    latency = value_of(record.latency) * MICRO if record.latency is not None else 0.0
    plane = Plane(
        bandwidth=value_of(up) * GIGA,
        latency=latency,
        shape=record.network_shape,
        peer=None if record.peer_one_way is None else value_of(record.peer_one_way) * GIGA,
        axes=record.network_axes,
    )
    out = record.scale_out_per_chip or (_one_way(links.scale_out) if links else None)
    return Network(plane, domain, None if out is None else Plane(value_of(out) * GIGA, 0.0))


def _watts(record: SystemRecord, chip: Chip, count: int) -> float | None:
    if record.power is not None:
        return value_of(record.power) / count
    return None if chip.power is None else value_of(chip.power)


def _price(record: SystemRecord, chip: Chip, count: int) -> float | None:
    if record.price_usd is not None:
        return value_of(record.price_usd) / count
    series = chip.price_usd
    if isinstance(series, Quantity):
        return value_of(series)
    if isinstance(series, Path) and series.knots:
        return value_of(series.knots[-1][1])
    return None
