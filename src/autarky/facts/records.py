"""The catalogue's record types: one class per collection. Field units are canonical."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.design_records import DESIGN_COLLECTIONS
from autarky.facts.event_records import Event as Event
from autarky.facts.fields import (
    Grade,
    Month,
    Of,
    Part,
    PartialDate,
    Record,
    Series,
    last_day,
)
from autarky.facts.market_records import MARKET_COLLECTIONS
from autarky.facts.observed_records import Observation as Observation
from autarky.facts.observed_records import TimeSeries as TimeSeries
from autarky.facts.performance_records import Efficiency, RunningCost, Software
from autarky.facts.rule_records import Country, Finding, Rule
from autarky.quantities.estimates import Quantity
from autarky.quantities.months import month_label

Fraction: TypeAlias = Annotated[Quantity, Of("1", "fraction")]
FractionPath: TypeAlias = Annotated[Series, Of("1", "fraction", path=True)]
Share: TypeAlias = Annotated[Series, Of("1", "nonnegative", path=True)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]


class Source(Part):
    """A dated publication."""

    title: str
    publisher: str
    published: PartialDate
    url: str = ""
    no_url: str = ""
    grade: Grade
    unverified: bool = False
    relay_of: str = ""
    retrieved: PartialDate = "2026-11-25"
    note: str = ""

    @property
    def known(self) -> date:
        """Last day on which it can have appeared: the end of its period, at most the day it was read."""
        return min(last_day(self.published), last_day(self.retrieved))


class Process(Record):
    """A manufacturing process of a foundry."""

    foundry: str
    node_class: str
    planar: bool = False
    wafer_diameter: Annotated[Quantity, Of("mm")] | None = None
    edge_exclusion: Annotated[Quantity, Of("mm", "nonnegative")] | None = None
    scribe: Annotated[Quantity, Of("mm", "nonnegative")] | None = None
    cycle_time: Annotated[Quantity, Of("month", "nonnegative")] | None = None
    wafer_price: Annotated[Quantity, Of("USD")] | None = None


class Salvage(Part):
    """How a partly good die is still sold: at least `good_cores` of `cores` work."""

    cores: Count
    good_cores: Count
    core_area_share: Fraction


class Die(Record):
    """A die of an accelerator package; `role` tells compute dies from I/O dies."""

    role: Literal["compute", "io"] = "compute"
    process: str | None = None
    also_made_on: tuple[str, ...] = ()
    transistors: Annotated[Quantity, Of("1")] | None = None
    area: Annotated[Quantity, Of("mm**2")] | None = None
    area_assumption: Annotated[Quantity, Of("mm**2")] | None = None
    width: Annotated[Quantity, Of("mm")] | None = None
    height: Annotated[Quantity, Of("mm")] | None = None
    gross_dies: Annotated[Quantity, Of("die/wafer", bare=True)] | None = None
    placement: str = "exact"
    good: Annotated[Series, Of("1", "fraction", path=True)] | None = Field(default=None, alias="yield")
    """Yield wherever it is made; a fab may state its own."""
    salvage: Salvage | None = None


class DieCount(Part):
    """How many of one die a package holds."""

    die: str
    count: Count


class Memory(Part):
    """Memory in one package."""

    type: str | None = None
    stacks: Annotated[Quantity, Of("1")] | None = None
    capacity: Annotated[Quantity, Of("GB")] | None = None
    usable_capacity: Annotated[Quantity, Of("GB")] | None = None
    bandwidth: Annotated[Quantity, Of("GB/s")] | None = None
    measured_bandwidth: Annotated[Quantity, Of("GB/s")] | None = None


class Link(Part):
    """A network port group of one package."""

    one_way: Annotated[Quantity, Of("GB/s")] | None = None
    both_ways: Annotated[Quantity, Of("GB/s")] | None = None
    technology: str = ""
    own_ports: bool = False
    """The ports are those of the package, not of a network card beside it."""


class HostLink(Record):
    """A link between a package and its host."""

    one_way: Annotated[Quantity, Of("GB/s")]


class Links(Part):
    """The links of one package."""

    scale_up: Link | None = None
    scale_out: Link | None = None
    host: str = ""


Format: TypeAlias = Literal["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "fp4", "int4"]


class Chip(Record):
    """A packaged accelerator; dense rates only."""

    vendor: str
    designed_in: str
    made_in: tuple[str, ...] = ()
    launched: PartialDate | None = None
    status: Literal["shipped", "announced", "rumoured", "cancelled", "roadmap"]
    marketed_for: Literal["data-centre", "consumer", "professional"] = "data-centre"
    dies: tuple[DieCount, ...] = ()
    io_dies: tuple[DieCount, ...] = ()
    logic_area: Annotated[Quantity, Of("mm**2")] | None = None
    transistors: Annotated[Quantity, Of("1")] | None = None
    dense: dict[Format, Annotated[Quantity, Of("TFLOPS")]] = Field(default_factory=dict)
    memory: Memory | None = None
    links: Links | None = None
    power: Annotated[Quantity, Of("W")] | None = None
    price_usd: Annotated[Series, Of("USD", path=True)] | None = None
    price_cny: Annotated[Series, Of("CNY", path=True)] | None = None
    findings: tuple[Finding, ...] = ()


class MemoryType(Record):
    """A kind of memory: what one stack or device of it gives."""

    stacked: bool = True
    capacity: Annotated[Quantity, Of("GB")] | None = None
    bandwidth: Annotated[Quantity, Of("GB/s")] | None = None
    width: Annotated[Quantity, Of("mm")] | None = None
    height: Annotated[Quantity, Of("mm")] | None = None
    price_usd: Annotated[Quantity, Of("USD")] | None = None


class ChipCount(Part):
    """How many of one chip a system holds."""

    chip: str
    count: Count


class Published(Part):
    """Totals of a system as its maker or a report prints them."""

    bf16: Annotated[Quantity, Of("TFLOPS")] | None = None
    fp8: Annotated[Quantity, Of("TFLOPS")] | None = None
    fp4: Annotated[Quantity, Of("TFLOPS")] | None = None
    int8: Annotated[Quantity, Of("TFLOPS")] | None = None
    memory: Annotated[Quantity, Of("GB")] | None = None
    pooled_memory: Annotated[Quantity, Of("GB")] | None = None
    memory_bandwidth: Annotated[Quantity, Of("GB/s")] | None = None
    scale_up_both_ways: Annotated[Quantity, Of("GB/s")] | None = None


class System(Record):
    """Chips wired together and sold as one."""

    vendor: str
    announced: PartialDate | None = None
    available: PartialDate | None = None
    status: str = ""
    chips: tuple[ChipCount, ...] = ()
    chip_count: Annotated[Quantity, Of("chip")] | None = None
    scale_up_domain: Annotated[Quantity, Of("chip")] | None = None
    power: Annotated[Quantity, Of("W")] | None = None
    price_usd: Annotated[Quantity, Of("USD")] | None = None
    price_cny: Annotated[Quantity, Of("CNY")] | None = None
    published: Published | None = None
    scale_up_per_chip: Link | None = None
    scale_out_per_chip: Annotated[Quantity, Of("GB/s")] | None = None
    latency: Annotated[Quantity, Of("us")] | None = None
    topology: str = ""
    network_shape: Literal["switch", "mesh", "torus"] = "switch"
    network_axes: Count = 1
    peer_one_way: Annotated[Quantity, Of("GB/s")] | None = None
    switches: Annotated[Quantity, Of("1", "nonnegative")] | None = None
    optics: Annotated[Quantity, Of("1", "nonnegative")] | None = None


class DieLine(Part):
    """What a fab does with one die: its share of the wafers, and its yield there where that is its own."""

    mix: Share
    good: Annotated[Series, Of("1", "fraction", path=True)] | None = Field(default=None, alias="yield")


class Defects(Part):
    """Yield from defect density by a named model."""

    model: str
    density: Annotated[Series, Of("1/cm**2", path=True)]
    clustering: Annotated[Quantity, Of("1")] | None = None
    layers: int | None = None


class Fab(Record):
    """A wafer fab, or a group of lines reported as one."""

    operator: str
    country: str
    process: str | None = None
    part_of: str | None = None
    dedicated_to: str = ""
    capacity: Annotated[Series, Of("wafer/month", "nonnegative", path=True)] | None = None
    utilisation: FractionPath | None = None
    ai_share: FractionPath | None = None
    built: Annotated[Quantity, Of("1", "probability")] | None = None
    start: Annotated[Quantity, Of("month", "date")] | None = None
    ramp: Annotated[Quantity, Of("month", "nonnegative")] | None = None
    dies: dict[str, DieLine] = Field(default_factory=dict)
    defects: Defects | None = None
    cost: Annotated[Quantity, Of("USD")] | None = None


class Delivery(Part):
    """What arrives evenly over the months from `from` up to, not including, `until`."""

    start: Month = Field(alias="from")
    until: Month

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until <= self.start:
            raise PydanticCustomError(
                "delivery",
                "the delivery ends ({until}) before its first month ({start}) is over",
                {
                    "start": month_label(self.start),
                    "until": month_label(self.until),
                    "hint": "`until` is the first month without it",
                    "at": ("until",),
                },
            )
        return self


class DieDelivery(Delivery):
    """Dies that arrive."""

    amount: Annotated[Quantity, Of("die", "nonnegative")]


class StackDelivery(Delivery):
    """Stacks that arrive."""

    amount: Annotated[Quantity, Of("stack", "nonnegative")]


class DieBank(Record):
    """Finished dies bought abroad and kept."""

    die: str
    foundry: str = ""
    deliveries: tuple[DieDelivery, ...]
    spend: Annotated[Quantity, Of("USD")] | None = None


class MemoryWafers(Part):
    """Stacks made from DRAM wafers."""

    capacity: Annotated[Series, Of("wafer/month", "nonnegative", path=True)]
    dies_per_wafer: Annotated[Quantity, Of("die/wafer")]
    layers: Count
    front_end_yield: FractionPath
    back_end_yield: FractionPath


class MemorySupply(Record):
    """A way in which memory stacks reach the packaging lines of a region.

    They go to one `memory_type`, or are split over several holders by weight (`split`).
    """

    memory_type: str | None = None
    split: dict[str, Share] = Field(default_factory=dict)
    country: str
    deliveries: tuple[StackDelivery, ...] = ()
    wafers: MemoryWafers | None = None
    output: Annotated[Series, Of("stack/month", "nonnegative", path=True)] | None = None
    lag: Annotated[Quantity, Of("month", "nonnegative")] | None = None
    other_buyers_share: FractionPath | None = None
    loss_share: Annotated[Quantity, Of("1", "fraction")] | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> MemorySupply:
        if (self.memory_type is None) == (not self.split):
            raise ValueError("a memory supply names one `memory_type`, or splits over several under `split`")
        return self


class PackagingLine(Record):
    """Assembly and test capacity."""

    country: str
    capacity: Annotated[Series, Of("chip/month", "nonnegative", path=True)] | None = None
    wafers: Annotated[Series, Of("wafer/month", "nonnegative", path=True)] | None = None
    lag: Annotated[Quantity, Of("month", "nonnegative")] | None = None


class Product(Record):
    """How a chip is put together in the model: its memory, line, yield, and claim on shared dies.

    `dies`, `dense` and `bandwidth` are assumptions where the chip's own record publishes nothing.
    """

    line: str
    dies: tuple[DieCount, ...] = ()
    dense: dict[Format, Annotated[Quantity, Of("TFLOPS")]] = Field(default_factory=dict)
    bandwidth: Annotated[Quantity, Of("GB/s")] | None = None
    memory_types: tuple[str, ...] = ()
    stacks: Annotated[Quantity, Of("1")] | None = None
    die_share: Share | None = None
    packages_per_wafer: Annotated[Quantity, Of("chip/wafer")] | None = None
    package_yield: FractionPath | None = None
    priority: int = 1
    failure: Annotated[Quantity, Of("1/month", "nonnegative")] | None = None


class Pooling(Record):
    """How estimates are weighed against each other, and how far a report may be wrong."""

    grade_weights: dict[Grade, Annotated[Quantity, Of("1")]]
    unverified_weight: Annotated[Quantity, Of("1")]
    wrong_report_range: Annotated[Quantity, Of("1")]
    none_right: Fraction


COLLECTIONS: dict[str, type[Part]] = {
    "sources": Source,
    "processes": Process,
    "dies": Die,
    "host_links": HostLink,
    "chips": Chip,
    "memory_types": MemoryType,
    "systems": System,
    "fabs": Fab,
    "die_banks": DieBank,
    "memory_supplies": MemorySupply,
    "packaging_lines": PackagingLine,
    "products": Product,
    "observations": Observation,
    "series": TimeSeries,
    "pooling": Pooling,
    "efficiencies": Efficiency,
    "software": Software,
    "running_costs": RunningCost,
    "events": Event,
    "rules": Rule,
    "countries": Country,
    **MARKET_COLLECTIONS,
    **DESIGN_COLLECTIONS,
}
