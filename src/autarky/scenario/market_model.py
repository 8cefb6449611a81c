"""The named inputs of a scenario's market: who buys, what is on sale, what is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from autarky.errors import Problem, ScenarioError, nearest
from autarky.facts.fields import Part, Series
from autarky.facts.market_records import (
    BuyerGroup,
    Demand,
    GreyChannel,
    Import,
    Price,
    ReferenceStock,
    Rental,
    SoftwareReadiness,
    Vendor,
)
from autarky.facts.records import Chip, DieCount, Product, TimeSeries
from autarky.facts.supply_records import DieBank, Fab
from autarky.scenario.resolve import Question

PartT = TypeVar("PartT", bound=Part)
Known = Callable[[str, tuple[str, ...], type[PartT]], dict[str, PartT]]
"""Gives the records of a collection by id, without those that the as-of date cannot know."""

FOREIGN_DIES = "foreign-dies"
GREY = "grey"


@dataclass(frozen=True)
class Member:
    """One kind of chip on the market: the same chip from another place or through another channel is another one."""

    chip: str
    vendor: str
    designed_in: str
    made_at_home: bool
    origin: Literal["domestic", "import", "grey"]
    segment: str
    product: str | None = None
    """For a domestic chip, the product of the chain that it is."""


@dataclass(frozen=True)
class MarketModel:
    """Everything that the market half of the chain needs. Ids are the catalogue's."""

    region: str
    demand_name: str
    demand: Demand
    buyers: Mapping[str, BuyerGroup]
    imports: Mapping[str, Import]
    recorded: Mapping[str, TimeSeries]
    """Series on record of each import that has one."""
    model_from: Mapping[str, int]
    """Import -> first month from which the model replaces its record."""
    grey_channels: Mapping[str, GreyChannel]
    rentals: Mapping[str, Rental]
    references: Mapping[str, ReferenceStock]
    vendors: Mapping[str, Vendor]
    readiness: Mapping[str, tuple[str, SoftwareReadiness]]
    """Vendor -> (id, record) of its software."""
    prices: Mapping[str, tuple[str, Series]]
    """Chip -> (dotted key, price in USD)."""
    chips: Mapping[str, Chip]
    """Every chip on the market by id, those of the chain first."""
    members: Mapping[str, Member]

    @property
    def sellers(self) -> tuple[str, ...]:
        """Return the vendors of the imports, in order."""
        return tuple(dict.fromkeys(self.chips[record.chip].vendor for record in self.imports.values()))


def market_of(
    question: Question,
    known: Known[Part],
    products: Mapping[str, Product],
    fabs: Mapping[str, Fab],
    banks: Mapping[str, DieBank],
    packages: Mapping[str, tuple[DieCount, ...]],
    left_out: dict[str, str],
) -> MarketModel | None:
    """Return the market of a question, or None where it has none; adds to `left_out` what could not be known yet."""
    market = question.scenario.market
    if market is None:
        return None
    catalogue, region = question.catalogue, question.scenario.region
    demand = _typed(known("demand", (market.demand,), Demand), Demand)
    buyers = _typed(known("buyer_groups", market.buyers, BuyerGroup), BuyerGroup)
    imports = _typed(known("imports", market.imports, Import), Import)
    imports = {
        name: record for name, record in imports.items() if _sold(question, f"imports.{name}", [record.chip], left_out)
    }
    grey = _typed(known("grey_channels", _one(market.grey_channel), GreyChannel), GreyChannel)
    grey = {name: c for name, c in grey.items() if _sold(question, f"grey_channels.{name}", list(c.chips), left_out)}
    rentals = _typed(known("rentals", _one(market.rental), Rental), Rental)
    references = _typed(known("reference_stocks", market.compared_with, ReferenceStock), ReferenceStock)
    if not demand or not buyers:
        raise ScenarioError(
            Problem(
                f"neither demand nor buyers were known by {question.as_of}",
                question.place(("market",)),
                "market",
                "give a later as-of date, or leave the market out",
            )
        )
    on_sale = [*products, *(record.chip for record in imports.values())]
    on_sale += [chip for channel in grey.values() for chip in channel.chips]
    chips = {name: catalogue.get("chips", name, Chip) for name in dict.fromkeys(on_sale)}
    members = {
        **_domestic(products, chips, fabs, banks, packages, region),
        **{
            name: Member(record.chip, chips[record.chip].vendor, chips[record.chip].designed_in, False, "import",
                         record.segment)
            for name, record in imports.items()
        },
        **{
            f"{GREY}-{chip}": Member(chip, chips[chip].vendor, chips[chip].designed_in, False, "grey", "data-centre")
            for channel in grey.values()
            for chip in channel.chips
        },
    }  # fmt: skip
    every_vendor = dict.fromkeys(chip.vendor for chip in chips.values())
    _check_model_from(question)
    _check(question, [*demand.values(), *buyers.values(), *imports.values(), *grey.values(), *rentals.values()])
    return MarketModel(
        region=region,
        demand_name=market.demand,
        demand=demand[market.demand],
        buyers=buyers,
        imports=imports,
        recorded={
            name: catalogue.get("series", record.recorded, TimeSeries)
            for name, record in imports.items()
            if record.recorded is not None
        },
        model_from=market.model_from,
        grey_channels=grey,
        rentals=rentals,
        references=references,
        vendors={name: _vendor(question, name) for name in every_vendor},
        readiness={name: _readiness(question, name) for name in every_vendor},
        prices={name: _price(question, name, chip) for name, chip in chips.items()},
        chips=chips,
        members=members,
    )


def _sold(question: Question, key: str, chips: list[str], left_out: dict[str, str]) -> bool:
    """Return whether buyers could know of each chip, by the as-of date, what it does and what it costs."""
    day = question.as_of
    if day is None:
        return True
    for name in chips:
        chip = question.catalogue.get("chips", name, Chip)
        price_key, price = _price(question, name, chip)
        facts: dict[str, Series | None] = {
            price_key: price,
            f"chips.{name}.dense": next(iter(chip.dense.values()), None),
        }
        if chip.memory is not None:
            facts[f"chips.{name}.memory.bandwidth"] = chip.memory.bandwidth
        for fact, quantity in facts.items():
            if quantity is not None and quantity.known_by(day) is None:
                left_out[key] = f"{key}, because {fact} has no estimate known by {day}"
                return False
    return True


def _typed(records: Mapping[str, Part], kind: type[PartT]) -> dict[str, PartT]:
    return {name: record for name, record in records.items() if isinstance(record, kind)}


def _one(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _domestic(
    products: Mapping[str, Product],
    chips: Mapping[str, Chip],
    fabs: Mapping[str, Fab],
    banks: Mapping[str, DieBank],
    packages: Mapping[str, tuple[DieCount, ...]],
    region: str,
) -> dict[str, Member]:
    """Return the products of the chain, once for dies made at home and once for foreign ones where both can be."""
    at_home = {die for fab in fabs.values() if fab.country == region for die in fab.dies}
    abroad = {die for fab in fabs.values() if fab.country != region for die in fab.dies}
    abroad |= {bank.die for bank in banks.values()}
    members: dict[str, Member] = {}
    for name in products:
        dies = {part.die for part in packages[name]}
        chip = chips[name]
        for made_at_home, possible in ((True, dies <= at_home), (False, bool(dies & abroad) or not dies <= at_home)):
            if possible:
                key = name if made_at_home or not dies <= at_home else f"{name}-{FOREIGN_DIES}"
                origin: Literal["domestic"] = "domestic"
                members[key] = Member(name, chip.vendor, chip.designed_in, made_at_home, origin, "data-centre", name)
    return members


def _check(question: Question, records: list[Part]) -> None:
    """Raise where a record of the market belongs to another region."""
    region = question.scenario.region or "nowhere"
    problems = [
        Problem(
            f"{record.label!r} is about {record.region}, and the scenario about {region}",
            question.place(("market",)),
            "market",
            "give the scenario that `region`, or name records of its region",
        )
        for record in records
        if isinstance(record, Demand | BuyerGroup | Import | GreyChannel | Rental)
        and record.region != question.scenario.region
    ]
    if problems:
        raise ScenarioError(problems)


def _check_model_from(question: Question) -> None:
    """Raise where `model_from` names what the market does not import."""
    market = question.scenario.market
    problems = [
        Problem(
            f"the market imports no {name!r}",
            question.place(("market", "model_from", name)),
            f"market.model_from.{name}",
            nearest(name, market.imports) or f"it imports {', '.join(market.imports)}",
        )
        for name in (market.model_from if market is not None else ())
        if market is not None and name not in market.imports
    ]
    if problems:
        raise ScenarioError(problems)


def _vendor(question: Question, vendor: str) -> Vendor:
    known = question.catalogue.all("vendors", Vendor)
    if vendor not in known:
        hint = nearest(vendor, known) or "add it to vendors"
        raise ScenarioError(Problem(f"no vendors record is called {vendor!r}", question.place(("market",)), hint=hint))
    return known[vendor]


def _readiness(question: Question, vendor: str) -> tuple[str, SoftwareReadiness]:
    for name, record in question.catalogue.all("software_readiness", SoftwareReadiness).items():
        if vendor in record.vendors:
            return name, record
    message = f"no software_readiness record speaks of the vendor {vendor!r}"
    raise ScenarioError(Problem(message, question.place(("market",)), hint="add it to `vendors` of one"))


def _price(question: Question, name: str, chip: Chip) -> tuple[str, Series]:
    price = question.catalogue.all("prices", Price).get(name)
    if price is not None and price.region == question.scenario.region:
        return f"prices.{name}.usd", price.usd
    if chip.price_usd is not None:
        return f"chips.{name}.price_usd", chip.price_usd
    message = f"chips.{name} has no price in {question.scenario.region}"
    raise ScenarioError(Problem(message, question.place(("market",)), hint=f"add prices.{name}"))
