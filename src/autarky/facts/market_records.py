"""Record types of the market: who asks for chips, what may come in, at which price, past which rules."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from autarky.facts.fields import Month, Of, Part, Record, Series
from autarky.quantities.estimates import Quantity

Fraction: TypeAlias = Annotated[Quantity, Of("1", "fraction")]
FractionPath: TypeAlias = Annotated[Series, Of("1", "fraction", path=True)]
Weight: TypeAlias = Annotated[Series, Of("1", "nonnegative", path=True)]
Factor: TypeAlias = Annotated[Series, Of("1", path=True)]
ChipFlow: TypeAlias = Annotated[Series, Of("chip/month", "nonnegative", path=True)]
Compute: TypeAlias = Annotated[Series, Of("h100e", "nonnegative", path=True)]
Months: TypeAlias = Annotated[Quantity, Of("month")]
Segment: TypeAlias = Literal["data-centre", "workstation"]


class Demand(Record):
    """What the buyers of a region want to acquire, in one unit of demand, and how they choose and keep chips."""

    region: str
    spending: Annotated[Series, Of("USD/month", "nonnegative", path=True)] | None = None
    chips: ChipFlow | None = None
    compute: Annotated[Series, Of("h100e/month", "nonnegative", path=True)] | None = None
    """Counted by the first measure of `performance`."""
    performance: tuple[str, ...]
    """Measures of one chip whose geometric mean is what buyers look at."""
    sensitivity: Annotated[Quantity, Of("1", "nonnegative")]
    """How sharply they follow performance per price: exponent of the logit choice."""
    failure: Annotated[Quantity, Of("1/month", "nonnegative")]
    """Of chips without a rate of their own."""
    service_life: Months

    @model_validator(mode="after")
    def _has_one_unit(self) -> Demand:
        given = [name for name in ("spending", "chips", "compute") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a demand has exactly one of `spending`, `chips` and `compute`")
        return self


class BuyerGroup(Record):
    """Buyers that choose alike."""

    region: str
    share: Weight
    """Weight of its demand among the groups."""
    favour: Factor
    """How much more performance per price of a chip designed in the region counts with it."""


class Import(Record):
    """A chip as it reaches a region from abroad: shipments on record, and what its maker would ship unhindered."""

    chip: str
    region: str
    segment: Segment = "data-centre"
    recorded: str | None = None
    """Series of shipments on record, in chips."""
    recorded_until: Month | None = None
    """First month that is not on record any more; until it, what the series does not name did not come."""
    offered: ChipFlow
    under_way: Months | None = None
    """Stock, work in progress and orders for this market, as months of what is offered."""
    unit_cost: Annotated[Quantity, Of("USD")] | None = None


class GreyChannel(Record):
    """Chips that come in past the rules."""

    region: str
    flow: ChipFlow
    chips: dict[str, Weight] = Field(min_length=1)
    """Chip -> weight in the flow."""
    located: FractionPath
    """Share of the flow whose chips report where they are once the rules demand it."""
    evaded: Fraction
    """Share of those that come in all the same."""


class Rental(Record):
    """Compute abroad that buyers of a region rent."""

    region: str
    measure: str
    wanted: Compute
    open_share: FractionPath


class SoftwareReadiness(Record):
    """Share of a vendor's nominal performance that its buyers count on, for what software makes of it."""

    vendors: tuple[str, ...] = Field(min_length=1)
    share: FractionPath


class Price(Record):
    """What buyers of a region pay for one chip; the id is the chip's."""

    region: str
    usd: Annotated[Series, Of("USD", path=True)]


class Vendor(Record):
    """A seller of chips."""

    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)]
    """Calendar month; a fiscal year is named for the calendar year in which it ends."""


class ReferenceStock(Record):
    """Installed compute elsewhere that a region's is compared with."""

    holder: str
    measure: str
    stock: Compute


class ReferenceMix(Record):
    """Which chips a reference stock is made of; the id is the stock's."""

    chips: dict[str, Weight] = Field(min_length=1)
    """Chip -> weight of it in the stock, counted by the stock's own measure."""


MARKET_COLLECTIONS: dict[str, type[Part]] = {
    "demand": Demand,
    "buyer_groups": BuyerGroup,
    "imports": Import,
    "grey_channels": GreyChannel,
    "rentals": Rental,
    "software_readiness": SoftwareReadiness,
    "prices": Price,
    "vendors": Vendor,
    "reference_stocks": ReferenceStock,
    "reference_mixes": ReferenceMix,
}
