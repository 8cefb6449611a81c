"""The catalogue's record types: one class per collection. Field units are canonical."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from autarky.facts.design_records import DESIGN_COLLECTIONS
from autarky.facts.event_records import Event as Event
from autarky.facts.fields import (
    Grade,
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
from autarky.facts.performance_records import (
    Deployment,
    Efficiency,
    ReferenceWorkload,
    RunningCost,
    ServingSoftware,
    Software,
)
from autarky.facts.reliability_records import RELIABILITY_COLLECTIONS
from autarky.facts.rule_records import Country, Finding, Names, Rule
from autarky.facts.supply_records import Count, DieBank, Fab, FractionPath, MemorySupply, PackagingLine, Share
from autarky.quantities.estimates import Quantity

Fraction: TypeAlias = Annotated[Quantity, Of("1", "fraction")]


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
    reached: Annotated[Quantity, Of("1", "fraction")]
    """Share of it that long copies reach."""


class Links(Part):
    """The links of one package."""

    scale_up: Link | None = None
    scale_out: Link | None = None
    host: str = ""


Format: TypeAlias = Literal["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "fp4", "int4"]


class Chip(Record):
    """A packaged accelerator; dense rates only. `aliases`: what else it is called, by its driver for instance."""

    aliases: Names = ()
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
    "serving_software": ServingSoftware,
    "running_costs": RunningCost,
    "reference_workloads": ReferenceWorkload,
    "deployments": Deployment,
    "events": Event,
    "rules": Rule,
    "countries": Country,
    **MARKET_COLLECTIONS,
    **DESIGN_COLLECTIONS,
    **RELIABILITY_COLLECTIONS,
}
