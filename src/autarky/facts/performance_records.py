"""Record types for how fast chips and software are at language models."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from autarky.facts.fields import Of, Record
from autarky.quantities.estimates import Quantity

Share: TypeAlias = Annotated[Quantity, Of("1", "fraction")]
Recipe: TypeAlias = Literal["bf16", "fp16", "fp8", "fp8-rowwise", "mxfp8", "nvfp4", "int8", "int4"]
"""How the matrix products of a run are computed: a number format with its way of scaling."""


Graphs: TypeAlias = Literal["none", "part", "whole"]
"""How much of a layer the host issues as one recorded graph: nothing, all but the experts, everything."""


class Efficiency(Record):
    """What a family of chips reaches of its nominal rates."""

    chips: tuple[str, ...]
    products: dict[Recipe, Share]
    half_size: Annotated[Quantity, Of("1")]
    attention: Share
    attention_backward: Share
    attention_half: Annotated[Quantity, Of("1", "nonnegative")]
    attention_width: Annotated[Quantity, Of("1", "nonnegative")]
    memory: Share
    scale_up: Share
    scale_out: Share
    point_to_point: Share
    """Share of nominal scale-out bandwidth that a transfer between two chips reaches."""
    usable_memory: Share
    """Share of memory that a job can fill: the rest holds libraries, buffers of transfers, and gaps."""
    launch: Annotated[Quantity, Of("us", "nonnegative")]
    scale_up_latency: Annotated[Quantity, Of("us", "nonnegative")]
    scale_out_latency: Annotated[Quantity, Of("us", "nonnegative")]
    sag: Annotated[Quantity, Of("1", "nonnegative")]
    """Relative slowing for each doubling of the scale-up domains that run the same stage in step."""
    decode_memory: dict[Recipe, Share]
    """Share of nominal bandwidth at which products of few rows read weights stored in a format."""
    few_rows: Annotated[Quantity, Of("1")]
    """Rows that the matrix units take at a time when a product has few of them."""
    cache_memory: Share
    """Share of nominal bandwidth at which attention over a cache reads it."""
    cache_compute: Share
    """Share of the peak that attention over a cache reaches where arithmetic limits it."""
    cache_rows: Annotated[Quantity, Of("1")]
    """Rows of queries that share a cached key, or as many as attention over a cache works on at least."""
    replay: Annotated[Quantity, Of("us", "nonnegative")]
    """Time that an operation takes besides its work when a recorded sequence of them is replayed."""
    signal: Annotated[Quantity, Of("us", "nonnegative")]
    """Time of a direct exchange of little data between the packages of a domain."""
    signal_out: Annotated[Quantity, Of("us", "nonnegative")]
    """The same between domains."""
    dispatch: Annotated[Quantity, Of("us", "nonnegative")]
    """Time of sending tokens to experts, or back, besides the bytes that move."""
    devices: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Devices that software sees in one package of a chip, where that is not one."""


class RunningCost(Record):
    """What it takes to run a system beside its own power and price."""

    region: str | None = None
    """Where it holds; everywhere else where none is given."""
    pue: Annotated[Quantity, Of("1")]
    load: Share
    """Mean draw of a system in service over what it is rated to draw."""
    electricity: Annotated[Quantity, Of("USD/kWh")]
    lifetime: Annotated[Quantity, Of("month")]
    in_use: Share
    """Share of its life that a system works."""


class Software(Record):
    """What a training stack can do; shares are of the time beside which a transfer could run."""

    attention: Literal["fused", "unfused"]
    attention_speed: Annotated[Quantity, Of("1")]
    """Speed of its attention kernels relative to the best fused ones."""
    passes: Annotated[Quantity, Of("1")]
    """Memory traffic of element-wise work relative to fully fused kernels."""
    expert_passes: Annotated[Quantity, Of("1")]
    """The same for sorting tokens by expert and for activations inside experts."""
    routing: Annotated[Quantity, Of("us", "nonnegative")]
    """Time that each copy of a token on its way to an expert costs besides the bytes it moves, forward."""
    recurrent_passes: Annotated[Quantity, Of("1")]
    """The same for the convolutions, states and gates of recurrent layers."""
    host: Annotated[Quantity, Of("us", "nonnegative")]
    """Time in which the host issues a layer without experts, forward and backward."""
    expert_host: Annotated[Quantity, Of("us", "nonnegative")]
    """The same for a layer with experts."""
    graph_host: Annotated[Quantity, Of("us", "nonnegative")] | None = None
    """The same where all but the experts is recorded and issued as one graph; none where it cannot."""
    host_wait: Annotated[Quantity, Of("us", "nonnegative")] | None = None
    """Time that a layer with experts stands still until the host knows how many tokens go where, forward and
    backward."""
    exchange_wait: Annotated[Quantity, Of("us", "nonnegative")] | None = None
    """The same where a library's all-to-all is told those numbers by the host too."""
    gradient: Annotated[Quantity, Of("1")]
    """Bytes of a gradient element when it is summed over replicas."""
    logit: Annotated[Quantity, Of("1")]
    """Bytes kept per logit while the loss runs."""
    data_overlap: Share
    data_speed: Annotated[Quantity, Of("1")]
    """Speed of its transfers between replicas relative to a good library."""
    tensor_overlap: Share
    pipeline_overlap: Share
    expert_overlap: Share
    paired_overlap: Share | None = None
    """The same where two micro-batches pass a layer side by side; none where they cannot."""
    context_overlap: Share
    free_layout: bool = False
    """Whether stages may hold different numbers of layers to make room for the head."""
    context_balance: bool = True
    """Whether chips that divide a sequence share its causal attention evenly."""
    stage_parts: bool = True
    """Whether members of a tensor group each send a part of their common activations to the next stage, or all."""
    graphs: Graphs = "none"
    """How much of a layer it records as a graph unless a run says otherwise."""
    paired: bool = False
    """Whether two micro-batches pass a layer side by side unless a run says otherwise."""
    dispatch: Literal["each", "once"]
    """Whether a token is sent once for each expert, or once to each domain that holds any."""
    sharded: Literal[0, 1, 2, 3] = 1
    """Which ZeRO stage it uses unless a run says otherwise."""


Task: TypeAlias = Literal["training", "prefill", "decode"]
Chips: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
TASK_FIELDS: dict[Task, tuple[str, ...]] = {
    "training": ("sequence", "batch"),
    "prefill": ("prompt", "longest_wait"),
    "decode": ("prompt", "answer", "longest_token"),
}
"""What a reference workload of each task must say."""


class ReferenceWorkload(Record):
    """A workload on which chips are held against each other; the id is its task and the measure that it gives."""

    task: Task
    model: str
    """A bundled reference model."""
    chips: Chips
    """Chips that work on it together."""
    recipes: tuple[Recipe, ...] = Field(min_length=1)
    """How products are computed: the first for which a chip has a format, and its family an efficiency."""
    software: str
    sequence: Annotated[Quantity, Of("token")] | None = None
    batch: Annotated[Quantity, Of("1")] | None = None
    """Sequences of a step for each chip, at most."""
    prompt: Annotated[Quantity, Of("token")] | None = None
    answer: Annotated[Quantity, Of("token")] | None = None
    longest_wait: Annotated[Quantity, Of("s")] | None = None
    """In which the prompts of a pass are worked off."""
    longest_token: Annotated[Quantity, Of("s")] | None = None
    """In which each token of an answer comes."""

    @model_validator(mode="after")
    def _says_what_its_task_needs(self) -> Self:
        for field in TASK_FIELDS[self.task]:
            if getattr(self, field) is None:
                raise PydanticCustomError(
                    "workload",
                    "a workload of {task} says `{field}`",
                    {"task": self.task, "field": field, "hint": f"add `{field}:`", "at": (field,)},
                )
        return self


class Deployment(Record):
    """How a chip is usually put to work; the id is the chip's, or `default` for what stands in everywhere else.

    What the chip's own record or its system's says comes first; only what both leave open is taken from here.
    """

    system: str | None = None
    """The system in which it is usually sold, where the catalogue has several."""
    family: str | None = None
    """The efficiencies that stand in for a chip of which no run is known."""
    capacity: Annotated[Quantity, Of("GB")] | None = None
    bandwidth: Annotated[Quantity, Of("GB/s")] | None = None
    scale_up: Annotated[Quantity, Of("GB/s")] | None = None
    scale_out: Annotated[Quantity, Of("GB/s")] | None = None
    node: Chips | None = None
    """Chips that reach one another at scale-up speed."""
    power: Annotated[Quantity, Of("W")] | None = None
    overhead: Annotated[Quantity, Of("1")] | None = None
    """Rated power of whole systems and their network over that of their chips."""


class ServingSoftware(Record):
    """What a serving stack can do, and how it runs unless told otherwise."""

    fusion: Annotated[Quantity, Of("1")]
    """Operations between the products of a layer, relative to one for each norm, sum, rotation and activation."""
    passes: Annotated[Quantity, Of("1")]
    """Memory traffic of element-wise work relative to fully fused kernels."""
    expert_speed: Annotated[Quantity, Of("1")]
    """Speed of its grouped products of experts relative to plain ones of that size."""
    attention_speed: Annotated[Quantity, Of("1")]
    """Speed of its attention among the tokens of prompts relative to the best kernels."""
    cache_speed: Annotated[Quantity, Of("1")]
    """Speed of its attention over a cache relative to the best kernels."""
    eager: Annotated[Quantity, Of("us", "nonnegative")]
    """Time in which the host issues an operation of a pass that is not replayed from a recording."""
    index: Annotated[Quantity, Of("us", "nonnegative")]
    """Time that a layer whose index picks tokens takes for that besides scoring them."""
    step: Annotated[Quantity, Of("us", "nonnegative")]
    """Time of the host between two passes that nothing hides."""
    sequence: Annotated[Quantity, Of("us", "nonnegative")]
    """The same for each sequence in a pass."""
    admit: Annotated[Quantity, Of("us", "nonnegative")]
    """Time from the arrival of a request to its first pass when nothing else waits, and back from its last."""
    exchange: Literal["gather", "dispatch"]
    """How tokens of several attention groups reach experts: all go everywhere, or each to its own."""
    send: Literal["each", "once"]
    """Whether a token of a prompt is sent once for each expert, or once to each domain that holds any."""
    overlap: Share
    """Share of an exchange of tokens that runs beside the other half of a batch."""
    halves: Literal["never", "between", "always"] = "never"
    """Whether it works on a batch in two halves so that exchange and computation overlap; `between`: where tokens
    leave a domain, since an exchange inside it takes the units that compute."""
    balance: Share
    """Load of the mean device over that of the busiest one, experts spread as it does."""
    chunk: Annotated[Quantity, Of("1")]
    """Tokens of prompts that an attention group takes in one pass."""
    cache: Literal["bf16", "fp8", "int8"]
    """Format of the cache unless a run says otherwise."""
