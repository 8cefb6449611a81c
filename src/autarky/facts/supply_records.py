"""Record types for supply: fabs, die banks, memory, packaging lines. Field units are canonical."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Month, Of, Part, Record, Series
from autarky.quantities.estimates import Quantity
from autarky.quantities.months import month_label

FractionPath: TypeAlias = Annotated[Series, Of("1", "fraction", path=True)]
Share: TypeAlias = Annotated[Series, Of("1", "nonnegative", path=True)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]


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
    past_the_rules: bool = False
    """Whether it comes by a way that no event which bars the supply reaches."""

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
