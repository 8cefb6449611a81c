"""The chain, month by month: the only file that knows the order of the stages.

wafers -> good dies -> packaged chips (with memory) -> installed base
                                                  `-> market (simulate_market.py), where the scenario has one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autarky.errors import QuantityError
from autarky.facts.catalogue import value_of
from autarky.facts.fields import Series
from autarky.facts.records import Die, DieDelivery, Fab, MemorySupply, PackagingLine, Product, StackDelivery
from autarky.market.installed_base import installed_stock
from autarky.market.origin import share_leaving
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import Model
from autarky.simulate_market import MARKET_FLOWS, MarketFlows, sell
from autarky.supply.assembly import Assembled, Recipe, assemble
from autarky.supply.dies import FORMULAS, exact_placement
from autarky.supply.memory import stacks_from_wafers
from autarky.supply.wafers import delayed, ramp, wafer_starts
from autarky.supply.yields import MODELS, salvaged

MM2_PER_CM2 = 100.0
WAFER_DIAMETER = 300.0
"""mm; the unit wafer is a 300 mm wafer, so this is what a process without a diameter of its own uses."""
AREA_FORMULA = "reduced_diameter"
"""Counts dies whose sides are not published, from their area alone."""
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
        name: installed_stock(production[name], _optional(sampler, f"products.{name}.failure", product.failure, 0.0))
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


def _optional(sampler: Sampler, key: str, quantity: Series | None, default: float) -> Array | float:
    return default if quantity is None else sampler.draw(key, quantity)


# 1. wafers


def fab_capacity(name: str, fab: Fab, model: Model, sampler: Sampler) -> Array:
    """Return installed capacity, wafer/month (month, draw): the plateau times what has ramped so far."""
    key = f"fabs.{name}"
    if fab.capacity is None:
        return np.zeros((model.months.size, sampler.stop - sampler.start))
    capacity = _by_month(sampler.draw(f"{key}.capacity", fab.capacity), model)
    if fab.start is not None:
        ramp_months = _optional(sampler, f"{key}.ramp", fab.ramp, 0.0)
        capacity = capacity * ramp(model.months, sampler.draw(f"{key}.start", fab.start), ramp_months)
    if fab.built is not None:
        capacity = capacity * sampler.draw(f"{key}.built", fab.built)
    return capacity


def finished_wafers(name: str, fab: Fab, capacity: Array, model: Model, sampler: Sampler) -> Array:
    """Return AI wafers finished, wafer/month (month, draw): the starts, one cycle time later."""
    key = f"fabs.{name}"
    starts = capacity
    if fab.utilisation is not None or fab.ai_share is not None:
        starts = wafer_starts(
            capacity,
            _optional(sampler, f"{key}.utilisation", fab.utilisation, 1.0),
            _optional(sampler, f"{key}.ai_share", fab.ai_share, 1.0),
        )
    process = model.processes.get(fab.process or "")
    if process is None or process.cycle_time is None:
        return starts
    return delayed(starts, sampler.draw(f"processes.{fab.process}.cycle_time", process.cycle_time))


def _by_month(values: Array, model: Model) -> Array:
    return values if values.ndim == 2 else np.broadcast_to(values, (model.months.size, values.size))


# 2. dies


def dies_from_fabs(wafers: dict[str, Array], model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return good dies by type, die/month. Mix and yield are read in the month the wafers come out."""
    shared: dict[str, Array] = {}
    good: dict[str, Array] = {}
    for name, fab in model.fabs.items():
        for die, part in wafers_by_die(name, fab, wafers[name], sampler).items():
            if fab.dies[die].good is None and model.dies[die].good is not None:
                # Fabs with the same yield: their wafers are added first.
                shared[die] = shared[die] + part if die in shared else part
            else:
                gross = gross_dies_of(die, fab.process, model, sampler)
                made = part * (gross * yield_of(die, name, fab, model, sampler))
                good[die] = good[die] + made if die in good else made
    for die, part in shared.items():
        record = model.dies[die]
        share = sampler.draw(f"dies.{die}.yield", record.good) if record.good is not None else 1.0
        made = part * (gross_dies_of(die, record.process, model, sampler) * share)
        good[die] = good[die] + made if die in good else made
    return good


def wafers_by_die(name: str, fab: Fab, wafers: Array, sampler: Sampler) -> dict[str, Array]:
    """Return a fab's finished wafers by die, wafer/month: its mix, normalised."""
    if len(fab.dies) == 1:
        return dict.fromkeys(fab.dies, wafers)
    mix = {die: sampler.draw(f"fabs.{name}.dies.{die}.mix", line.mix) for die, line in fab.dies.items()}
    return {die: wafers * share for die, share in normalised(mix, f"fabs.{name}.dies").items()}


def normalised(weights: dict[str, Array], key: str) -> dict[str, Array]:
    """Return weights as shares that add up to 1; weights that are all zero at once are an error."""
    total: Array = np.add.reduce(list(weights.values()))
    if not (total > 0).all():
        raise QuantityError(
            f"the weights under {key} are all zero in some month", "give one of them a value above zero"
        )
    return {name: weight / total for name, weight in weights.items()}


def gross_dies_of(die_name: str, process_name: str | None, model: Model, sampler: Sampler) -> Array | float:
    """Return gross dies per wafer: published counts (draw,), or a count from the die's size."""
    die = model.dies[die_name]
    if die.gross_dies is not None:
        return sampler.draw(f"dies.{die_name}.gross_dies", die.gross_dies)
    process = model.processes[process_name] if process_name else None
    scribe = value_of(process.scribe) if process and process.scribe else 0.0
    edge = value_of(process.edge_exclusion) if process and process.edge_exclusion else 0.0
    diameter = value_of(process.wafer_diameter) if process and process.wafer_diameter else WAFER_DIAMETER
    if die.width is not None and die.height is not None and die.placement == "exact":
        count = exact_placement(
            wafer_diameter=diameter,
            edge_exclusion=edge,
            die_width=value_of(die.width),
            die_height=value_of(die.height),
            street_x=scribe,
            street_y=scribe,
        )
        return float(count)
    side = np.sqrt(die_area(die_name, die, sampler) * MM2_PER_CM2) + scribe
    formula = FORMULAS[AREA_FORMULA if die.placement == "exact" else die.placement]
    return formula(diameter - 2 * edge, side, side)


def yield_of(die_name: str, fab_name: str, fab: Fab, model: Model, sampler: Sampler) -> Array:
    """Return the share of gross dies that can be sold, 0 to 1: reported, or from defect density."""
    line, die, defects = fab.dies[die_name], model.dies[die_name], fab.defects
    if line.good is not None:
        return sampler.draw(f"fabs.{fab_name}.dies.{die_name}.yield", line.good)
    if defects is None:
        raise QuantityError(
            f"fabs.{fab_name} gives no yield for {die_name}",
            f"set fabs.{fab_name}.dies.{die_name}.yield, or fabs.{fab_name}.defects",
        )
    area = die_area(die_name, die, sampler)
    density = sampler.draw(f"fabs.{fab_name}.defects.density", defects.density)
    shape = _optional(sampler, f"fabs.{fab_name}.defects.clustering", defects.clustering, np.inf)
    if die.salvage is not None:
        salvage = die.salvage
        return salvaged(
            area,
            density,
            cores=salvage.cores,
            good_cores=salvage.good_cores,
            core_area_share=sampler.draw(f"dies.{die_name}.salvage.core_area_share", salvage.core_area_share),
            clustering=shape,
        )
    if defects.model == "negative_binomial":
        return MODELS[defects.model](area, density, shape)
    if defects.model == "bose_einstein":
        return MODELS[defects.model](area, density, defects.layers)
    return MODELS[defects.model](area, density)


def die_area(name: str, die: Die, sampler: Sampler) -> Array:
    """Return the area of a die, cm**2 (draw,)."""
    for field, quantity in (("area", die.area), ("area_assumption", die.area_assumption)):
        if quantity is not None:
            return sampler.draw(f"dies.{name}.{field}", quantity) / MM2_PER_CM2
    raise QuantityError(f"dies.{name} has no area", f"set dies.{name}.area, or its yield in the fab")


def dies_from_banks(model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return dies that arrive from die banks by type, die/month (month, draw)."""
    arriving: dict[str, Array] = {}
    for name, bank in model.die_banks.items():
        flow = deliveries(f"die_banks.{name}", bank.deliveries, model, sampler)
        arriving[bank.die] = arriving[bank.die] + flow if bank.die in arriving else flow
    return arriving


def deliveries(key: str, records: Sequence[DieDelivery | StackDelivery], model: Model, sampler: Sampler) -> Array:
    """Return what arrives each month (month, draw); what came before the horizon arrives in its first month."""
    flow = np.zeros((model.months.size, sampler.stop - sampler.start))
    for index, record in enumerate(records):
        amount = sampler.draw(f"{key}.deliveries.{index}.amount", record.amount)
        span = np.arange(record.start, record.until)
        inside = span[span <= model.months[-1]]
        rows = np.maximum(inside - model.months[0], 0)
        np.add.at(flow, rows, amount / span.size)
    return flow


# 3. memory


def stacks_for_accelerators(model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return memory stacks by type that reach the products, stack/month (month, draw)."""
    arriving: dict[str, Array] = {}
    for name, supply in model.memory_supplies.items():
        key = f"memory_supplies.{name}"
        flow = deliveries(key, supply.deliveries, model, sampler) + made_stacks(key, supply, model, sampler)
        kept = 1.0 - _optional(sampler, f"{key}.other_buyers_share", supply.other_buyers_share, 0.0)
        kept = kept * (1.0 - _optional(sampler, f"{key}.loss_share", supply.loss_share, 0.0))
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
        made = _by_month(sampler.draw(f"{key}.output", supply.output), model)
    if supply.wafers is not None:
        wafers = supply.wafers
        made = made + stacks_from_wafers(
            _by_month(sampler.draw(f"{key}.wafers.capacity", wafers.capacity), model),
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
        return _by_month(sampler.draw(f"packaging_lines.{name}.capacity", line.capacity), model)
    if line.wafers is not None:
        return _by_month(sampler.draw(f"packaging_lines.{name}.wafers", line.wafers), model)
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
