"""Who buys what: demand by group, what a chip is worth to a buyer, and the choice among what is on sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from autarky.equivalents import chip_worth
from autarky.errors import QuantityError
from autarky.market.choice import appeal, sales
from autarky.market.demand import demand_by_group, left_to_buy
from autarky.market.imports import quotas
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.market_model import MarketModel
from autarky.scenario.model import Model
from autarky.simulate_fabs import by_month
from autarky.simulate_imports import Incoming

NOTHING = np.zeros((1, 1))


def demand_of(market: MarketModel, model: Model, sampler: Sampler) -> Array:
    """Return the demand of each group, (group, month, draw), in the unit of the demand, per month."""
    key, record = f"demand.{market.demand_name}", market.demand
    for field, series in (("spending", record.spending), ("chips", record.chips), ("compute", record.compute)):
        if series is not None:
            total = by_month(sampler.draw(f"{key}.{field}", series), model)
            weights = [sampler.draw(f"buyer_groups.{name}.share", group.share) for name, group in market.buyers.items()]
            return demand_by_group(total, weights)
    raise QuantityError(f"{key} asks for nothing", "give it `spending`, `chips` or `compute`")


@dataclass(frozen=True)
class Worth:
    """What one chip does, over the reference chip, (draw,)."""

    by_measure: Mapping[str, Mapping[str, Array]]
    """Chip -> measure -> worth."""

    @classmethod
    def of(cls, model: Model, market: MarketModel, sampler: Sampler) -> Worth:
        """Return the worth of every chip on the market by the measures that buyers look at."""
        if model.reference_chip is None:
            raise QuantityError("the market compares chips with a reference chip", "add `reference_chip:`")
        reference = chip_worth(model.reference_name, model.reference_chip, None, sampler, model.capability.speeds)
        found: dict[str, dict[str, Array]] = {}
        for name, chip in market.chips.items():
            own = chip_worth(name, chip, model.products.get(name), sampler, model.capability.speeds)
            lacking = [m for m in market.demand.performance if m not in own or m not in reference]
            if lacking:
                raise QuantityError(f"chips.{name} has no {lacking[0]}", "buyers cannot compare it")
            found[name] = {measure: own[measure] / reference[measure] for measure in market.demand.performance}
        return cls(found)

    def performance(self, chip: str) -> Array:
        """Return the geometric mean over the measures, (draw,)."""
        values = list(self.by_measure[chip].values())
        product: Array = reduce(np.multiply, values)
        return product if len(values) == 1 else product ** (1.0 / len(values))


def need_of(market: MarketModel, prices: Mapping[str, Array], worth: Worth, wanted: Array) -> dict[str, Array]:
    """Return the demand that one chip meets, by chip, (month, draw): its price, 1, or its compute."""
    shape = wanted[0].shape
    if market.demand.spending is not None:
        return dict(prices)
    if market.demand.chips is not None:
        return {chip: np.ones(shape) for chip in market.chips}
    measure = market.demand.performance[0]
    return {chip: np.broadcast_to(worth.by_measure[chip][measure], shape) for chip in market.chips}


def chosen(
    model: Model,
    market: MarketModel,
    production: Mapping[str, Array],
    incoming: Mapping[str, Incoming],
    shares: Array,
    demand: Array,
    need: Mapping[str, Array],
    prices: Mapping[str, Array],
    worth: Worth,
    sampler: Sampler,
) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """Return chips sold by product and import, domestic chips unsold, and demand unmet by group, per month.

    Until the first record of an import ends, sellers rule: buyers take all that is made and let in, as they did. From
    then on they choose.
    """
    start = _first_choice(incoming)
    shape = demand.shape[1:]
    sold = {name: np.zeros(shape) for name in (*production, *incoming)}
    unsold = {name: np.zeros(shape) for name in production}
    unmet = np.empty(demand.shape)
    modelled = {name: flow.modelled for name, flow in incoming.items()}
    chip_of = {name: name for name in production} | {name: market.imports[name].chip for name in incoming}
    taken = np.zeros((start, shape[1]))
    for name, flow in (*production.items(), *modelled.items()):
        sold[name][:start] = flow[:start]
        taken += flow[:start] * need[chip_of[name]][:start]
    unmet[:, :start] = left_to_buy(demand[:, :start], taken)
    late = slice(start, None)
    on_sale = [name for name in sold if (production.get(name, modelled.get(name, NOTHING))[late] > 0).any()]
    if start < model.months.size:
        sharp = sampler.draw(f"demand.{market.demand_name}.sensitivity", market.demand.sensitivity)
        favours = [
            by_month(sampler.draw(f"buyer_groups.{name}.favour", group.favour), model)[late] ** sharp
            for name, group in market.buyers.items()
        ]
        result = sales(
            demand[:, late],
            [(production[name] if name in production else modelled[name])[late] for name in on_sale],
            [need[chip_of[name]][late] for name in on_sale],
            [_appeal(chip_of[name], late, market, model, prices, worth, sharp, sampler) for name in on_sale],
            [None if name in production else _quotas(incoming[name], modelled[name], shares, late) for name in on_sale],
            favours,
            favoured=[market.chips[chip_of[name]].designed_in == market.region for name in on_sale],
            kept=[name in production for name in on_sale],
        )
        for row, name in enumerate(on_sale):
            sold[name][late] = result.chips[row]
            if name in unsold:
                unsold[name][late] = result.unsold[row]
        unmet[:, late] = result.unmet
    return sold, unsold, unmet


def _quotas(coming: Incoming, modelled: Array, shares: Array, months: slice) -> Array:
    """Return what each group may buy of an import in some of the months, chip/month (group, month, draw)."""
    gates = [gate[months] if len(gate) > 1 else gate for gate in coming.gates]
    return quotas(modelled[months], gates, shares[:, months])


def _first_choice(incoming: Mapping[str, Incoming]) -> int:
    """Return the position of the first month after the end of any record; the first of all where there is none."""
    return min((flow.record_ends for flow in incoming.values() if flow.record_ends is not None), default=0)


def _appeal(
    chip: str,
    months: slice,
    market: MarketModel,
    model: Model,
    prices: Mapping[str, Array],
    worth: Worth,
    sharp: Array,
    sampler: Sampler,
) -> Array:
    software, record = market.readiness[market.chips[chip].vendor]
    ready = by_month(sampler.draw(f"software_readiness.{software}.share", record.share), model)
    return appeal(worth.performance(chip), ready[months], prices[chip][months], sharp)
