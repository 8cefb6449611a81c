"""The market half of the chain: what is made and let in meets what is asked for.

demand by group -> imports let in -> choice -> sales -> revenue, fees, write-downs -> installed base
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from autarky.facts.event_records import Kind
from autarky.market.demand import left_to_buy, shares_of
from autarky.market.grey import rented_abroad
from autarky.market.installed_base import installed_base
from autarky.market.origin import share_leaving
from autarky.market.revenue import fees, revenue, write_downs
from autarky.measures import ACCESS
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.scenario.market_model import MarketModel
from autarky.scenario.model import Model
from autarky.simulate_choice import Worth, chosen, demand_of, need_of
from autarky.simulate_fabs import by_month
from autarky.simulate_imports import Incoming, access_by_stage, incoming_of, through_grey_channels
from autarky.simulate_levers import lever, scaled


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
    prices = {chip: by_month(sampler.draw(key, price), model) for chip, (key, price) in market.prices.items()}
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
        access=access_by_stage(incoming),
        rented={
            name: rented_abroad(
                by_month(sampler.draw(f"rentals.{name}.wanted", record.wanted), model),
                scaled(
                    sampler.draw(f"rentals.{name}.open_share", record.open_share),
                    lever("remote_access", {}, model, sampler),
                ),
            )
            for name, record in market.rentals.items()
        },
        reference={
            name: by_month(sampler.draw(f"reference_stocks.{name}.stock", record.stock), model)
            for name, record in market.references.items()
        },
    )


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


# Money, and what is in service


def _levied(
    kind: Kind, paid: Mapping[str, Array], market: MarketModel, model: Model, sampler: Sampler
) -> dict[str, Array]:
    """Return what governments take of the revenue from imports, USD/month, by vendor."""
    taken: dict[str, Array] = {}
    for name, record in market.imports.items():
        vendor = market.chips[record.chip].vendor
        share = lever(kind, {"chip": record.chip, "vendor": vendor}, model, sampler)
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
