"""Record types for how fast chips and software are at language models."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from autarky.facts.fields import Of, Record
from autarky.quantities.estimates import Quantity

Share: TypeAlias = Annotated[Quantity, Of("1", "fraction")]
Recipe: TypeAlias = Literal["bf16", "fp16", "fp8", "mxfp8", "nvfp4", "int8", "int4"]
"""How the matrix products of a run are computed: a number format with its way of scaling."""


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
    """Relative slowing for each doubling of the scale-up domains that run in step."""


class RunningCost(Record):
    """What it takes to run a system beside its own power and price."""

    pue: Annotated[Quantity, Of("1")]
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
    gradient: Annotated[Quantity, Of("1")]
    """Bytes of a gradient element when it is summed over replicas."""
    data_overlap: Share
    data_speed: Annotated[Quantity, Of("1")]
    """Speed of its transfers between replicas relative to a good library."""
    tensor_overlap: Share
    pipeline_overlap: Share
    expert_overlap: Share
    context_overlap: Share
    free_layout: bool = False
    """Whether stages may hold different numbers of layers to make room for the head."""
    context_balance: bool = True
    """Whether chips that divide a sequence share its causal attention evenly."""
    dispatch: Literal["each", "once"]
    """Whether a token is sent once for each expert, or once to each domain that holds any."""
    sharded: Literal[0, 1, 2, 3] = 1
    """Which ZeRO stage it uses unless a run says otherwise."""
