"""The chain, month by month: the only file that knows the order of the stages.

wafers -> good dies -> packaged chips (with memory) -> installed base
                                                  `-> market (simulate_market.py), where the scenario has one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autarky.facts.records import Product
from autarky.facts.supply_records import DieDelivery, MemorySupply, PackagingLine, StackDelivery
from autarky.market.installed_base import installed_stock
from autarky.market.origin import share_leaving
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import Model
from autarky.simulate_fabs import by_month, dies_from_fabs, fab_capacity, finished_wafers, normalised, optional
from autarky.simulate_levers import lever, scaled
from autarky.simulate_market import MARKET_FLOWS, MarketFlows, sell
from autarky.supply.assembly import Assembled, Recipe, assemble
from autarky.supply.memory import stacks_from_wafers
from autarky.supply.wafers import delayed

NOTHING = np.zeros(())
LOGIC = "dies"
"""Name of the constraint that binds when every die in stock finds its memory and its packaging."""


@dataclass(frozen=True)
class Flows:
    """What one block of draws gives, stage by stage; arrays are (month, draw) unless noted."""

    capacity: dict[str, Array]
    """Installed wafer capacity of each fab, wafer/month."""
    wafers: dict[str, Array]
    """AI wafers that each fab finishes, wafer/month."""
    good_dies: dict[str, Array]
    """Good dies of each type from the fabs, die/month."""
    bank_dies: dict[str, Array]
    """Dies of each type delivered from die banks, die/month."""
    stacks: dict[str, Array]
    """Memory stacks of each type that reach the region's accelerators, stack/month."""
    die_stock: dict[str, Array]
    """Dies of each type left at the end of the month, die."""
    stack_stock: dict[str, Array]
    """Stacks of each type left at the end of the month, stack."""
    started: dict[str, Array]
    """Packages of each chip started, chip/month."""
    production: dict[str, Array]
    """Good packages of each chip finished, chip/month."""
    installed: dict[str, Array]
    """Packages of each chip made so far and still working, chip."""
    binding: Array
    """(year, constraint, draw): packages asked for whose number each constraint decided."""
    market: MarketFlows | None = None

    def of(self, name: str) -> Mapping[str, Array]:
        """Return a flow by its name; with a market, what is in service is what the market brought there."""
        flow: Mapping[str, Array] = getattr(self.market if self.market and name in MARKET_FLOWS else self, name)
        return flow


def simulate(model: Model, sampler: Sampler) -> Flows:
    """Return the flows of one block of draws."""
    capacity = {name: fab_capacity(name, fab, model, sampler) for name, fab in model.fabs.items()}
    wafers = {name: finished_wafers(name, fab, capacity[name], model, sampler) for name, fab in model.fabs.items()}
    good_dies = dies_from_fabs(wafers, model, sampler)
    bank_dies = dies_from_banks(model, sampler)
    stacks = stacks_for_accelerators(model, sampler)
    assembled = package(_summed(good_dies, bank_dies), stacks, model, sampler)
    started = dict(zip(model.products, assembled.started, strict=True))
    production = {name: finished_packages(name, started[name], model, sampler) for name in model.products}
    installed = {
        name: installed_stock(production[name], optional(sampler, f"products.{name}.failure", product.failure, 0.0))
        for name, product in model.products.items()
    }
    market = None
    if model.market is not None:
        home = made_at_home(model.market.region, wafers, good_dies, bank_dies, production, assembled, model, sampler)
        market = sell(model, model.market, production, home, sampler)
    return Flows(
        capacity=capacity,
        wafers=wafers,
        good_dies=good_dies,
        bank_dies=bank_dies,
        stacks=stacks,
        die_stock=dict(zip(model.dies, assembled.die_stock, strict=True)),
        stack_stock=dict(zip(model.memory_types, assembled.stack_stock, strict=True)),
        started=started,
        production=production,
        installed=installed,
        binding=assembled.binding,
        market=market,
    )


def _summed(one: dict[str, Array], other: dict[str, Array]) -> dict[str, Array]:
    shared = {name: one[name] + other[name] for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


# 1 and 2, from wafers to good dies, stand in simulate_fabs


def dies_from_banks(model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return dies that arrive from die banks by type, die/month (month, draw)."""
    arriving: dict[str, Array] = {}
    for name, bank in model.die_banks.items():
        access = lever("foundry_access", {"bank": name}, model, sampler)
        flow = deliveries(f"die_banks.{name}", bank.deliveries, access, model, sampler)
        arriving[bank.die] = arriving[bank.die] + flow if bank.die in arriving else flow
    return arriving


def deliveries(
    key: str, records: Sequence[DieDelivery | StackDelivery], access: Array, model: Model, sampler: Sampler
) -> Array:
    """Return what arrives each month (month, draw); what came before the horizon arrives in its first month.

    `access` is what events let through of it, (month, draw) or less; what comes past the rules comes all the same.
    """
    flow = np.zeros((model.months.size, sampler.stop - sampler.start))
    for index, record in enumerate(records):
        amount = sampler.draw(f"{key}.deliveries.{index}.amount", record.amount)
        span = np.arange(record.start, record.until)
        inside = span[span <= model.months[-1]]
        rows = np.maximum(inside - model.months[0], 0)
        arriving = np.broadcast_to(amount / span.size, (inside.size, amount.size))
        if not record.past_the_rules:
            let_through = access if len(access) == 1 else access[rows]
            # What came before the horizon came under the law of its own time.
            arriving = arriving * np.where(inside[:, np.newaxis] < model.months[0], 1.0, let_through)
        np.add.at(flow, rows, arriving)
    return flow


# 3. memory


def stacks_for_accelerators(model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return memory stacks by type that reach the products, stack/month (month, draw)."""
    arriving: dict[str, Array] = {}
    for name, supply in model.memory_supplies.items():
        key = f"memory_supplies.{name}"
        access = lever("memory_supply", {"supply": name}, model, sampler)
        flow = deliveries(key, supply.deliveries, access, model, sampler)
        flow = flow + scaled(np.asarray(made_stacks(key, supply, model, sampler)), access)
        kept = 1.0 - optional(sampler, f"{key}.other_buyers_share", supply.other_buyers_share, 0.0)
        kept = kept * (1.0 - optional(sampler, f"{key}.loss_share", supply.loss_share, 0.0))
        for kind, part in split_flow(key, supply, flow * kept, sampler).items():
            arriving[kind] = arriving[kind] + part if kind in arriving else part
    return arriving


def split_flow(key: str, supply: MemorySupply, flow: Array, sampler: Sampler) -> dict[str, Array]:
    """Return the part of a flow that goes to each holder, by normalised weight."""
    if supply.memory_type is not None:
        return {supply.memory_type: flow}
    weights = {kind: sampler.draw(f"{key}.split.{kind}", weight) for kind, weight in supply.split.items()}
    return {kind: flow * share for kind, share in normalised(weights, f"{key}.split").items()}


def made_stacks(key: str, supply: MemorySupply, model: Model, sampler: Sampler) -> Array | float:
    """Return stacks made, stack/month: a reported output, or DRAM wafers through both yields."""
    made: Array | float = 0.0
    if supply.output is not None:
        made = by_month(sampler.draw(f"{key}.output", supply.output), model)
    if supply.wafers is not None:
        wafers = supply.wafers
        made = made + stacks_from_wafers(
            by_month(sampler.draw(f"{key}.wafers.capacity", wafers.capacity), model),
            sampler.draw(f"{key}.wafers.dies_per_wafer", wafers.dies_per_wafer),
            sampler.draw(f"{key}.wafers.front_end_yield", wafers.front_end_yield),
            wafers.layers,
            sampler.draw(f"{key}.wafers.back_end_yield", wafers.back_end_yield),
        )
    if supply.lag is not None and isinstance(made, np.ndarray):
        made = delayed(made, sampler.draw(f"{key}.lag", supply.lag))
    return made


# 4. packaging


def constraints(model: Model) -> tuple[str, ...]:
    """Return the names of what can bind: the dies, each set of memory types that a chip accepts, each line."""
    sets = dict.fromkeys(product.memory_types for product in model.products.values() if product.memory_types)
    return (LOGIC, *(f"memory: {' or '.join(kinds)}" for kinds in sets), *(f"packaging: {n}" for n in model.lines))


def package(dies: dict[str, Array], stacks: dict[str, Array], model: Model, sampler: Sampler) -> Assembled:
    """Return packages started month by month from what arrives; what is not used stays in stock."""
    shape = (model.months.size, sampler.stop - sampler.start)
    lines = [_line_capacity(name, line, model, sampler) for name, line in model.lines.items()]
    recipes = [recipe_of(name, product, model, sampler) for name, product in model.products.items()]
    return assemble(
        [np.broadcast_to(dies.get(name, NOTHING), shape) for name in model.dies],
        [np.broadcast_to(stacks.get(name, NOTHING), shape) for name in model.memory_types],
        [np.broadcast_to(line, shape) for line in lines],
        recipes,
        (model.months // 12 - model.months[0] // 12).tolist(),
    )


def _line_capacity(name: str, line: PackagingLine, model: Model, sampler: Sampler) -> Array:
    """Return what a line can start in a month: packages, or interposer wafers where it counts those."""
    if line.capacity is not None:
        return by_month(sampler.draw(f"packaging_lines.{name}.capacity", line.capacity), model)
    if line.wafers is not None:
        return by_month(sampler.draw(f"packaging_lines.{name}.wafers", line.wafers), model)
    return np.array(np.inf)


def recipe_of(name: str, product: Product, model: Model, sampler: Sampler) -> Recipe:
    """Return what one package of a chip takes."""
    key = f"products.{name}"
    chip = model.chips[name]
    stacks: Array | float = 0.0
    if product.memory_types:
        if product.stacks is not None:
            stacks = sampler.draw(f"{key}.stacks", product.stacks)
        elif chip.memory is not None and chip.memory.stacks is not None:
            stacks = sampler.draw(f"chips.{name}.memory.stacks", chip.memory.stacks)
    share = None if product.die_share is None else sampler.draw(f"{key}.die_share", product.die_share)
    line_use: Array | float = 1.0
    if product.packages_per_wafer is not None and model.lines[product.line].wafers is not None:
        line_use = 1.0 / sampler.draw(f"{key}.packages_per_wafer", product.packages_per_wafer)
    types = list(model.memory_types)
    return Recipe(
        dies={list(model.dies).index(part.die): float(part.count) for part in model.packages[name]},
        memory=tuple(types.index(memory_type) for memory_type in product.memory_types),
        stacks=stacks,
        line=list(model.lines).index(product.line),
        line_use=line_use,
        priority=product.priority,
        die_share=share,
    )


def finished_packages(name: str, started: Array, model: Model, sampler: Sampler) -> Array:
    """Return good packages finished, chip/month (month, draw): one assembly and test lag after their start."""
    product = model.products[name]
    good = started
    if product.package_yield is not None:
        good = started * sampler.draw(f"products.{name}.package_yield", product.package_yield)
    lag = model.lines[product.line].lag
    return good if lag is None else delayed(good, sampler.draw(f"packaging_lines.{product.line}.lag", lag))


# 5. where the dies were made


def made_at_home(
    region: str,
    wafers: dict[str, Array],
    good_dies: dict[str, Array],
    bank_dies: dict[str, Array],
    production: dict[str, Array],
    assembled: Assembled,
    model: Model,
    sampler: Sampler,
) -> dict[str, Array]:
    """Return packages finished with dies made in a region, by product, chip/month (month, draw)."""
    local = {name: fab for name, fab in model.fabs.items() if fab.country == region}
    own = good_dies
    if len(local) < len(model.fabs):
        own = dies_from_fabs(wafers, replace(model, fabs=local), sampler) if local else {}
    shares: dict[str, Array | float] = {}
    for row, name in enumerate(model.dies):
        if name not in own:
            shares[name] = 0.0
        elif name not in bank_dies and own is good_dies:
            shares[name] = 1.0
        else:
            arriving = good_dies[name] + bank_dies.get(name, NOTHING)
            shares[name] = share_leaving(own[name], arriving, assembled.die_stock[row])
    home: dict[str, Array] = {}
    for row, name in enumerate(model.products):
        parts = [shares[part.die] for part in model.packages[name]]
        if all(isinstance(share, float) for share in parts):
            home[name] = production[name] * min(parts)
        else:
            started = assembled.started[row] * np.minimum.reduce(np.broadcast_arrays(*parts))
            home[name] = finished_packages(name, started, model, sampler)
    return home
