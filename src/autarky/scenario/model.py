"""The named inputs of a question: the records that take part in the chain, ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from autarky.errors import Problem, ScenarioError
from autarky.facts.event_records import Event, Kind
from autarky.facts.fields import Part, quantities_of
from autarky.facts.records import Chip, Die, DieCount, MemoryType, Process, Product
from autarky.facts.supply_records import DieBank, Fab, MemorySupply, PackagingLine
from autarky.quantities.estimates import Quantity
from autarky.rules.levers import planned_starts
from autarky.scenario.capability_model import CapabilityModel, capability_of
from autarky.scenario.events import acting_events, past_events
from autarky.scenario.market_model import MarketModel, market_of
from autarky.scenario.resolve import Question
from autarky.scenario.shut import WayT, open_ways


@dataclass(frozen=True)
class Model:
    """Everything that one run of the chain needs. Ids are the catalogue's."""

    months: NDArray[np.int64]
    fabs: Mapping[str, Fab]
    processes: Mapping[str, Process]
    dies: Mapping[str, Die]
    die_banks: Mapping[str, DieBank]
    memory_types: Mapping[str, MemoryType]
    memory_supplies: Mapping[str, MemorySupply]
    lines: Mapping[str, PackagingLine]
    products: Mapping[str, Product]
    chips: Mapping[str, Chip]
    packages: Mapping[str, tuple[DieCount, ...]]
    """Compute dies of each product: as its chip's record has them, else as its product assumes."""
    reference_chip: Chip | None = None
    reference_name: str = ""
    market: MarketModel | None = None
    region: str = ""
    events: Mapping[str, Event] = field(default_factory=dict)
    """Those that act."""
    past: Mapping[str, Event] = field(default_factory=dict)
    """Those that happened, on their own days, whatever the scenario makes of them."""
    planned_starts: Mapping[str, tuple[str, Quantity]] = field(default_factory=dict)
    """Fab -> (key, month of its first wafers at the latest), where an event names one."""
    capability: CapabilityModel = field(default_factory=CapabilityModel)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Records of the scenario that were not yet known on its as-of date, with the reason."""

    @property
    def valued(self) -> Mapping[str, Chip]:
        """Return every chip that is counted in H100-equivalents: those of the chain, then the others on the market."""
        return {**self.chips, **(self.market.chips if self.market is not None else {})}


def model_of(question: Question) -> Model:
    """Return the inputs of a question; what its as-of date cannot know yet is left out and listed."""
    scenario, catalogue = question.scenario, question.catalogue
    left_out: dict[str, str] = {}

    def known(collection: str, names: tuple[str, ...], kind: type[Part]) -> dict[str, Part]:
        kept: dict[str, Part] = {}
        for name in names:
            record = catalogue.get(collection, name, kind)
            reason = _unknown_by(record, f"{collection}.{name}", question.as_of)
            if reason:
                left_out[f"{collection}.{name}"] = reason
            else:
                kept[name] = record
        return kept

    chain = scenario.chain
    products = {name: p for name, p in known("products", chain.products, Product).items() if isinstance(p, Product)}
    chips = {name: catalogue.get("chips", name, Chip) for name in products}
    events = acting_events(question)

    def ways(collection: str, names: tuple[str, ...], kind: type[WayT], lever: Kind, dimension: str) -> dict[str, WayT]:
        records = {name: catalogue.get(collection, name, kind) for name in names}
        opened = open_ways(records, lever, dimension, events, scenario.horizon)
        return {name: way for name, way in known(collection, tuple(opened), kind).items() if isinstance(way, kind)}

    fabs = ways("fabs", chain.fabs, Fab, "foundry_access", "fab")
    banks = ways("die_banks", chain.die_banks, DieBank, "foundry_access", "bank")
    supplies = ways("memory_supplies", chain.memory_supplies, MemorySupply, "memory_supply", "supply")
    if not products:
        raise ScenarioError(
            Problem(
                f"none of the scenario's products was known by {question.as_of}",
                question.place(("as_of",)),
                "as_of",
                "give a later as-of date",
            )
        )
    packages = {name: chips[name].dies or product.dies for name, product in products.items()}
    die_names = [part.die for parts in packages.values() for part in parts]
    die_names += [die for fab in fabs.values() for die in fab.dies] + [bank.die for bank in banks.values()]
    dies = {name: catalogue.get("dies", name, Die) for name in dict.fromkeys(die_names)}
    process_names = [*(fab.process for fab in fabs.values()), *(die.process for die in dies.values())]
    processes = {name: catalogue.get("processes", name, Process) for name in dict.fromkeys(process_names) if name}
    lines = dict.fromkeys(product.line for product in products.values())
    memory = [t for product in products.values() for t in product.memory_types]
    memory += [kind for supply in supplies.values() for kind in (supply.memory_type, *supply.split) if kind]
    reference = scenario.reference_chip
    model = Model(
        months=np.arange(scenario.horizon.start, scenario.horizon.end + 1),
        fabs=fabs,
        processes=processes,
        dies=dies,
        die_banks=banks,
        memory_types={name: catalogue.get("memory_types", name, MemoryType) for name in dict.fromkeys(memory)},
        memory_supplies=supplies,
        lines={name: catalogue.get("packaging_lines", name, PackagingLine) for name in lines},
        products=products,
        chips=chips,
        packages=packages,
        reference_chip=catalogue.get("chips", reference, Chip) if reference else None,
        reference_name=reference or "",
        market=market_of(question, known, products, fabs, banks, packages, left_out),
        region=scenario.region,
        events=events,
        past=past_events(question),
        planned_starts=planned_starts(events),
        left_out=left_out,
    )
    if model.reference_chip is None:
        return model
    counted = {**model.valued, model.reference_name: model.reference_chip}
    return replace(model, capability=_capability(question, model, counted))


def _capability(question: Question, model: Model, chips: Mapping[str, Chip]) -> CapabilityModel:
    references = model.market.references if model.market is not None else ()
    return capability_of(question.catalogue, chips, model.region, references, question.as_of)


def _unknown_by(record: Part, key: str, as_of: date | None) -> str:
    if as_of is None:
        return ""
    for inner, quantity in quantities_of(record, key):
        if quantity.known_by(as_of) is None:
            return f"{inner} has no estimate known by {as_of}"
    return ""
