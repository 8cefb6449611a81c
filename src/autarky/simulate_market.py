"""The market half of the chain: what is made and let in meets what is asked for.

demand by group -> imports let in -> choice -> sales -> revenue, fees, write-downs -> installed base
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from autarky.errors import QuantityError
from autarky.facts.event_records import KINDS, Event, Kind, Lever
from autarky.facts.market_records import Import
from autarky.facts.records import TimeSeries
from autarky.market.choice import appeal, sales
from autarky.market.demand import demand_by_group, left_to_buy, shares_of
from autarky.market.grey import by_chip, grey_imports, rented_abroad
from autarky.market.imports import admitted_share, let_in, quotas, recorded_flow, within_cap
from autarky.market.installed_base import installed_base
from autarky.market.origin import share_leaving
from autarky.market.revenue import fees, revenue, write_downs
from autarky.market.sums import added_up
from autarky.measures import ACCESS, chip_worth, months_in
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.quantities.paths import Path
from autarky.quantities.sampler import Sampler
from autarky.rules.timeline import lever_path
from autarky.scenario.market_model import MarketModel
from autarky.scenario.model import Model


@dataclass(frozen=True)
class MarketFlows:
    """What one block of draws gives in the market; arrays are (month, draw), by the id of a member."""

    sales: dict[str, Array]
    """Chips brought into service, chip/month: domestic, imported, and through the grey channel."""
    revenue: dict[str, Array]
    """What buyers pay for them, USD/month."""
    installed: dict[str, Array]
    """Chips in service, chip."""
    unsold: dict[str, Array]
    """Domestic chips in stock, by product, chip."""
    demand: dict[str, Array]
    """Demand of each group, in the unit of the demand, per month."""
    unmet: dict[str, Array]
    """What of it was not met."""
    fees: dict[str, Array]
    """Shares of a vendor's revenue that a government takes, USD/month, by vendor."""
    duties: dict[str, Array]
    """Import duties on a vendor's chips, USD/month, by vendor."""
    write_downs: dict[str, Array]
    """Charges for chips that a closed market strands, USD/month, by vendor."""
    releases: dict[str, Array]
    """What of them is earned back, USD/month, by vendor."""
    access: dict[str, Array]
    """Imports by stage (ACCESS), chip/month."""
    rented: dict[str, Array]
    """Compute rented abroad, h100e."""
    reference: dict[str, Array]
    """Installed compute elsewhere, h100e, by reference stock."""


NOTHING = np.zeros((1, 1))
MARKET_FLOWS = tuple(field.name for field in fields(MarketFlows))


def market_flow_members(model: Model) -> dict[str, tuple[str, ...]]:
    """Return the members of each flow of the market in order; nothing where the scenario has none."""
    market = model.market
    if market is None:
        return {}
    members = tuple(market.members)
    return {
        "sales": members,
        "revenue": members,
        "installed": members,
        "unsold": tuple(model.products),
        "demand": tuple(market.buyers),
        "unmet": tuple(market.buyers),
        "fees": market.sellers,
        "duties": market.sellers,
        "write_downs": market.sellers,
        "releases": market.sellers,
        "access": ACCESS if market.imports else (),
        "rented": tuple(market.rentals),
        "reference": tuple(market.references),
    }


def sell(
    model: Model, market: MarketModel, production: Mapping[str, Array], home: Mapping[str, Array], sampler: Sampler
) -> MarketFlows:
    """Return the flows of the market of one block of draws.

    Parameters
    ----------
    production : packages finished, by product, chip/month (month, draw)
    home : those of them with dies made in the region
    """
    wanted = demand_of(market, model, sampler)
    prices = {chip: _by_month(sampler.draw(key, price), model) for chip, (key, price) in market.prices.items()}
    worth = Worth.of(model, market, sampler)
    shares = shares_of(wanted)
    incoming = {
        name: incoming_of(name, record, shares, model, market, sampler) for name, record in market.imports.items()
    }
    need = need_of(market, prices, worth, wanted)
    bought = sum(
        (flow.recorded * need[market.imports[name].chip] for name, flow in incoming.items()), np.zeros(wanted[0].shape)
    )
    demand = left_to_buy(wanted, bought)
    sold, unsold, unmet = chosen(model, market, production, incoming, shares, demand, need, prices, worth, sampler)
    by_member = _by_member(market, production, home, sold, unsold, incoming)
    by_member |= through_grey_channels(market, model, sampler)
    paid = {name: revenue(flow, prices[market.members[name].chip]) for name, flow in by_member.items()}
    return MarketFlows(
        sales=by_member,
        revenue=paid,
        installed={name: in_service(name, flow, model, market, sampler) for name, flow in by_member.items()},
        unsold=unsold,
        demand=dict(zip(market.buyers, wanted, strict=True)),
        unmet=dict(zip(market.buyers, unmet, strict=True)),
        fees=_levied("fee", paid, market, model, sampler),
        duties=_levied("tariff", paid, market, model, sampler),
        **stranded(incoming, by_member, market, model, sampler),
        access=_access(incoming),
        rented={
            name: rented_abroad(
                _by_month(sampler.draw(f"rentals.{name}.wanted", record.wanted), model),
                sampler.draw(f"rentals.{name}.open_share", record.open_share),
            )
            for name, record in market.rentals.items()
        },
        reference={
            name: _by_month(sampler.draw(f"reference_stocks.{name}.stock", record.stock), model)
            for name, record in market.references.items()
        },
    )


def _by_month(values: Array, model: Model) -> Array:
    return values if values.ndim == 2 else np.broadcast_to(values, (model.months.size, values.size))


# Demand


def demand_of(market: MarketModel, model: Model, sampler: Sampler) -> Array:
    """Return the demand of each group, (group, month, draw), in the unit of the demand, per month."""
    key, record = f"demand.{market.demand_name}", market.demand
    for field, series in (("spending", record.spending), ("chips", record.chips), ("compute", record.compute)):
        if series is not None:
            total = _by_month(sampler.draw(f"{key}.{field}", series), model)
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
        reference = chip_worth(model.reference_name, model.reference_chip, None, sampler)
        found: dict[str, dict[str, Array]] = {}
        for name, chip in market.chips.items():
            own = chip_worth(name, chip, model.products.get(name), sampler)
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


# Imports


@dataclass(frozen=True)
class Incoming:
    """What is on record of one import, and what may come in where nothing is; chip/month (month, draw)."""

    recorded: Array
    on_record: NDArray[np.bool_]
    """(month,)"""
    record_ends: int | None
    """Position of the first month after its record, whatever part of that a scenario models; None without one."""
    gates: list[Array]
    """By group, share that its own rules let in, (month, draw) or (month, 1)."""
    offered: Array
    licensed: Array
    """What the exporting side alone would let through."""
    admitted: Array
    """What the buying side alone would let in."""
    open: Array
    """What both let in, under the cap."""

    @property
    def modelled(self) -> Array:
        """Return what may come in in months that are not on record, chip/month (month, draw)."""
        return np.where(self.on_record[:, np.newaxis], 0.0, self.open)


def incoming_of(
    name: str, record: Import, shares: Array, model: Model, market: MarketModel, sampler: Sampler
) -> Incoming:
    """Return what comes in of one import: the record up to its last month, then what is offered and let through."""
    recorded, on_record = shipments_on_record(name, record, model, market, sampler)
    scope = {"chip": record.chip, "vendor": market.chips[record.chip].vendor}
    offered = _by_month(sampler.draw(f"imports.{name}.offered", record.offered), model)
    offered = offered * lever(market, "vendor_production", scope, model, sampler)
    licence = lever(market, "licence_status", scope, model, sampler)
    gates = [lever(market, "import_gate", {**scope, "buyer": buyer}, model, sampler) for buyer in market.buyers]
    admitted = admitted_share(gates, shares)
    return Incoming(
        recorded=recorded,
        on_record=on_record,
        record_ends=_record_end(name, record, model, market, sampler),
        gates=gates,
        offered=offered,
        licensed=offered * licence,
        admitted=offered * admitted,
        open=within_cap(let_in(offered, licence, admitted), lever(market, "cap", scope, model, sampler)),
    )


def shipments_on_record(
    name: str, record: Import, model: Model, market: MarketModel, sampler: Sampler
) -> tuple[Array, NDArray[np.bool_]]:
    """Return shipments on record, chip/month (month, draw), and which months are on record."""
    months, draws = model.months, sampler.stop - sampler.start
    series, end = market.recorded.get(name), int(months[-1]) + 1
    spans = [] if series is None else periods_on_record(series, sampler)
    # A period that the end of the record cuts in two is modelled as a whole.
    stop = min(record.recorded_until or end, market.model_from.get(name, end))
    stop = min((first for first, last, _ in spans if first < stop < last), default=stop)
    spans = [span for span in spans if span[1] <= stop]
    if not spans:
        return np.zeros((months.size, draws)), np.zeros(months.size, dtype=bool)
    # One level for the whole series: two knots with the same amount hold it flat over the period.
    knots = [(month, observed) for first, last, observed in spans for month in sorted({first, last - 1})]
    level = sampler.draw(f"imports.{name}.recorded", Path("chip", tuple(knots)))
    inside = [(first, last) for first, last, _ in spans if first <= months[-1] and last > months[0]]
    amounts = [(first, last, level[max(first - int(months[0]), 0)]) for first, last in inside]
    flow, on_record = recorded_flow(amounts, months, draws)
    if record.recorded_until is not None:
        on_record = on_record | (months >= min(first for first, _, _ in spans)) & (months < stop)
    return flow, on_record


def _record_end(name: str, record: Import, model: Model, market: MarketModel, sampler: Sampler) -> int | None:
    series = market.recorded.get(name)
    ends = [last for _, last, _ in periods_on_record(series, sampler)] if series is not None else []
    if not ends:
        return None
    return int(np.clip((record.recorded_until or max(ends)) - model.months[0], 0, model.months.size))


def periods_on_record(series: TimeSeries, sampler: Sampler) -> list[tuple[int, int, Quantity]]:
    """Return (first month, month after the last, amount) of each whole period that was known."""
    spans = []
    for period, observed in series.values.items():
        first, length = months_in(period)
        known = observed.value if sampler.as_of is None else observed.value.known_by(sampler.as_of)
        if known is not None and not observed.incomplete:
            spans.append((first, first + length, known))
    return spans


def lever(market: MarketModel, kind: Kind, scope: Mapping[str, str], model: Model, sampler: Sampler) -> Array:
    """Return what the acting events say of a scope, (month, draw) or (month, 1); their default where none speaks."""
    speaking: dict[str, Event] = {
        name: event for name, event in market.events.items() if any(_speaks(own, kind, scope) for own in event.levers)
    }
    if not speaking:
        return np.array([[KINDS[kind].default]])
    return lever_path(speaking, kind, scope, model.months, sampler.draw)


def _speaks(lever: Lever, kind: Kind, scope: Mapping[str, str]) -> bool:
    return lever.kind == kind and all(scope.get(dimension) in names for dimension, names in lever.scope.items())


# Choice


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
            _by_month(sampler.draw(f"buyer_groups.{name}.favour", group.favour), model)[late] ** sharp
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
    ready = _by_month(sampler.draw(f"software_readiness.{software}.share", record.share), model)
    return appeal(worth.performance(chip), ready[months], prices[chip][months], sharp)


def _by_member(
    market: MarketModel,
    production: Mapping[str, Array],
    home: Mapping[str, Array],
    sold: Mapping[str, Array],
    unsold: Mapping[str, Array],
    incoming: Mapping[str, Incoming],
) -> dict[str, Array]:
    """Return chips brought into service by member, chip/month: domestic ones by where their dies were made."""
    flows: dict[str, Array] = {}
    shares: dict[str, Array] = {}
    for name, member in market.members.items():
        if member.origin == "import":
            flows[name] = incoming[name].recorded + sold[name]
        elif member.product is not None:
            product = member.product
            if product not in shares:
                shares[product] = share_leaving(home[product], production[product], unsold[product])
            share = shares[product]
            flows[name] = sold[product] * (share if member.made_at_home else 1.0 - share)
    return flows


# The grey channel


def through_grey_channels(market: MarketModel, model: Model, sampler: Sampler) -> dict[str, Array]:
    """Return chips of the grey channels by member, chip/month (month, draw)."""
    flows: dict[str, Array] = {}
    for name, channel in market.grey_channels.items():
        key = f"grey_channels.{name}"
        attempted = _by_month(sampler.draw(f"{key}.flow", channel.flow), model)
        weights = {chip: sampler.draw(f"{key}.chips.{chip}", weight) for chip, weight in channel.chips.items()}
        located = sampler.draw(f"{key}.located", channel.located)
        evaded = sampler.draw(f"{key}.evaded", channel.evaded)
        for chip, flow in by_chip(attempted, {chip: weights[chip] for chip in weights}).items():
            scope = {"chip": chip, "vendor": market.chips[chip].vendor}
            multiple = lever(market, "grey_channel", scope, model, sampler)
            member = f"grey-{chip}"
            came = grey_imports(flow, multiple, located, evaded)
            flows[member] = flows[member] + came if member in flows else came
    return flows


# Money, and what is in service


def _levied(
    kind: Kind, paid: Mapping[str, Array], market: MarketModel, model: Model, sampler: Sampler
) -> dict[str, Array]:
    """Return what governments take of the revenue from imports, USD/month, by vendor."""
    taken: dict[str, Array] = {}
    for name, record in market.imports.items():
        vendor = market.chips[record.chip].vendor
        share = lever(market, kind, {"chip": record.chip, "vendor": vendor}, model, sampler)
        own = fees(paid[name], share)
        taken[vendor] = taken[vendor] + own if vendor in taken else own
    return taken


def stranded(
    incoming: Mapping[str, Incoming],
    sold: Mapping[str, Array],
    market: MarketModel,
    model: Model,
    sampler: Sampler,
) -> dict[str, dict[str, Array]]:
    """Return write-downs and their releases, USD/month, by vendor."""
    shape = (model.months.size, sampler.stop - sampler.start)
    charged = {vendor: np.zeros(shape) for vendor in market.sellers}
    released = {vendor: np.zeros(shape) for vendor in market.sellers}
    for name, record in market.imports.items():
        if record.under_way is None or record.unit_cost is None:
            continue
        flow, vendor = incoming[name], market.chips[record.chip].vendor
        access = np.divide(flow.open, flow.offered, out=np.zeros(shape), where=flow.offered > 0)
        months = sampler.draw(f"imports.{name}.under_way", record.under_way)
        written = write_downs(
            access, flow.offered * months, sampler.draw(f"imports.{name}.unit_cost", record.unit_cost), sold[name]
        )
        charged[vendor] += written.charged
        released[vendor] += written.released
    return {"write_downs": charged, "releases": released}


def _access(incoming: Mapping[str, Incoming]) -> dict[str, Array]:
    if not incoming:
        return {}
    flows = list(incoming.values())
    return {
        stage: added_up(np.broadcast_to(getattr(flow, stage), flow.recorded.shape) for flow in flows)
        for stage in ACCESS
    }


def in_service(name: str, flow: Array, model: Model, market: MarketModel, sampler: Sampler) -> Array:
    """Return chips of a member in service at the end of each month, chip (month, draw)."""
    member, key = market.members[name], f"demand.{market.demand_name}"
    product = model.products[member.product] if member.product is not None else None
    if product is not None and product.failure is not None:
        failure = sampler.draw(f"products.{member.product}.failure", product.failure)
    else:
        failure = sampler.draw(f"{key}.failure", market.demand.failure)
    # Whole months: nobody knows the life of a chip to the week.
    return installed_base(flow, failure, np.rint(sampler.draw(f"{key}.service_life", market.demand.service_life)))
