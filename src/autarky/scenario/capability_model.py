"""The named inputs of what a base can do: speeds of its chips, how ready their software is, and what runs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from autarky.facts.catalogue import Catalogue
from autarky.facts.market_records import ReferenceMix, SoftwareReadiness
from autarky.facts.performance_records import Deployment, ReferenceWorkload, RunningCost
from autarky.facts.records import Chip
from autarky.quantities.estimates import Quantity
from autarky.systems.deployment import DEFAULT, rated_power
from autarky.workloads.speeds import Speeds

RUNNING = ("pue", "load", "electricity", "lifetime", "in_use")
"""Fields of running costs that are drawn."""


@dataclass(frozen=True)
class CapabilityModel:
    """Everything that it takes to say what a base can do. Ids are the catalogue's."""

    workloads: Mapping[str, ReferenceWorkload] = field(default_factory=dict)
    speeds: Speeds = field(default_factory=Speeds)
    readiness: Mapping[str, tuple[str, SoftwareReadiness]] = field(default_factory=dict)
    """Vendor -> (id, record) of its software."""
    rated: Mapping[str, tuple[tuple[str, Quantity, float], ...]] = field(default_factory=dict)
    """Chip -> factors of the W that one is rated in its system, each (dotted key, quantity, divisor)."""
    running: tuple[str, RunningCost] | None = None
    mixes: Mapping[str, ReferenceMix] = field(default_factory=dict)
    """Reference stock -> which chips it is made of."""
    elsewhere: Mapping[str, Chip] = field(default_factory=dict)
    """The chips of all mixes by id."""


def capability_of(
    catalogue: Catalogue, chips: Mapping[str, Chip], region: str, references: Iterable[str], as_of: date | None
) -> CapabilityModel:
    """Return the inputs for some chips in a region, as far as the catalogue has them.

    `references` are the stocks elsewhere that it is held against; a mix that was not known on the as-of date is left
    out.
    """
    workloads = catalogue.all("reference_workloads", ReferenceWorkload)
    records = catalogue.all("reference_mixes", ReferenceMix)
    mixes = {name: records[name] for name in references if name in records and _known(records[name], as_of)}
    elsewhere = {name: catalogue.get("chips", name, Chip) for mix in mixes.values() for name in mix.chips}
    every = {**chips, **elsewhere}
    return CapabilityModel(
        workloads=workloads,
        speeds=_speeds(catalogue, every) if workloads else Speeds(),
        readiness=readiness_of(catalogue, dict.fromkeys(chip.vendor for chip in every.values())),
        rated=_rated(catalogue, chips),
        running=running_cost(catalogue, region),
        mixes=mixes,
        elsewhere=elsewhere,
    )


def _known(mix: ReferenceMix, as_of: date | None) -> bool:
    return as_of is None or all(weight.known_by(as_of) is not None for weight in mix.chips.values())


def _speeds(catalogue: Catalogue, chips: Iterable[str]) -> Speeds:
    # Late: only a run that counts in these measures needs the time model.
    from autarky.workloads.worth import speeds

    return speeds(catalogue, chips)


def _rated(catalogue: Catalogue, chips: Iterable[str]) -> dict[str, tuple[tuple[str, Quantity, float], ...]]:
    if DEFAULT not in catalogue.all("deployments", Deployment):
        return {}
    found = {name: rated_power(catalogue, name) for name in chips}
    return {name: factors for name, factors in found.items() if factors}


def readiness_of(catalogue: Catalogue, vendors: Iterable[str]) -> dict[str, tuple[str, SoftwareReadiness]]:
    """Return (id, record) of the software of each vendor that the catalogue speaks of."""
    records = catalogue.all("software_readiness", SoftwareReadiness)
    found: dict[str, tuple[str, SoftwareReadiness]] = {}
    for name, record in records.items():
        for vendor in record.vendors:
            found.setdefault(vendor, (name, record))
    return {vendor: found[vendor] for vendor in vendors if vendor in found}


def running_cost(catalogue: Catalogue, region: str) -> tuple[str, RunningCost] | None:
    """Return (id, record) of the running costs of a region, else of those that hold everywhere else."""
    records = catalogue.all("running_costs", RunningCost)
    elsewhere = [(name, record) for name, record in records.items() if record.region is None]
    own = [(name, record) for name, record in records.items() if record.region == region]
    return next(iter(own or elsewhere), None)
