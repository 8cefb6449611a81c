"""What a training stack can do, as plain numbers, and the rates of a chip, both from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import Efficiency, Graphs, Software
from autarky.facts.records import Chip
from autarky.quantities.estimates import Quantity
from autarky.systems.network import Network
from autarky.systems.system import System
from autarky.workloads.kernels import Rates

TERA, GIGA, MICRO = 1e12, 1e9, 1e-6

FORMATS: dict[str, tuple[str, ...]] = {
    "bf16": ("bf16", "fp16"),
    "fp16": ("fp16", "bf16"),
    "fp8": ("fp8",),
    "fp8-rowwise": ("fp8",),
    "mxfp8": ("fp8",),
    "nvfp4": ("fp4",),
    "int8": ("int8",),
    "int4": ("int4",),
}
"""The chip formats that a recipe can run in, first choice first."""

ELEMENT = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8-rowwise": 1.0,
    "mxfp8": 1.0,
    "nvfp4": 0.5,
    "int8": 1.0,
    "int4": 0.5,
}
"""Bytes of an element of an input."""

CAST = {
    "bf16": 0.0,
    "fp16": 0.0,
    "fp8": 4.0,
    "fp8-rowwise": 8.0,
    "mxfp8": 4.0,
    "nvfp4": 5.0,
    "int8": 4.0,
    "int4": 5.0,
}
"""Bytes moved to cast an element in training: read in 16 bits, written straight and transposed; four-bit
formats with two levels of scales read twice; with a scale for each row, of what is straight and of what is
transposed, everything is read once for the scale and once more to be cast."""


Exchange = Literal["all-to-all", "fused"]


@dataclass(frozen=True)
class Features:
    """What a run switches on where its software leaves the choice; None as the software does it by itself.

    graphs      how much of a layer the host issues as one recorded graph: nothing, all but the experts, everything
    paired      whether two micro-batches pass a layer side by side, so that one computes while the other's tokens
                travel to experts
    exchange    how tokens reach experts: by a library's all-to-all, or by kernels that sort, send and count them
    fixed       whether experts take a fixed number of tokens, so that the host need not learn how many go where
                before it issues their products; graphs of everything have that too
    """

    graphs: Graphs | None = None
    paired: bool | None = None
    exchange: Exchange | None = None
    fixed: bool = False


USUAL = Features()
"""As the software does it."""


@dataclass(frozen=True)
class Stack:
    """A training stack with its features; see `facts.performance_records.Software`.

    `host_wait` is what a layer with experts waits for the host beside all issuing, in s.
    """

    name: str
    fused: bool
    attention_speed: float
    passes: float
    expert_passes: float
    routing: float
    recurrent_passes: float
    host: float
    expert_host: float
    host_wait: float
    gradient: float
    logit: float
    data_overlap: float
    data_speed: float
    tensor_overlap: float
    pipeline_overlap: float
    parted: bool
    expert_overlap: float
    context_overlap: float
    free_layout: bool
    balanced: bool
    once: bool
    sharded: int


def stack(catalogue: Catalogue, name: str, features: Features = USUAL) -> Stack:
    """Return a training stack of the catalogue with some of its features on."""
    record = catalogue.get("software", name, Software)
    graphs = features.graphs or record.graphs
    paired = record.paired if features.paired is None else features.paired
    once = record.dispatch == "once" if features.exchange is None else features.exchange == "fused"
    host, expert_host = _issued(record, name, graphs)
    hidden = _known(record.paired_overlap, name, "paired_overlap") if paired else value_of(record.expert_overlap)
    return Stack(
        name=name,
        fused=record.attention == "fused",
        attention_speed=value_of(record.attention_speed),
        passes=value_of(record.passes),
        expert_passes=value_of(record.expert_passes),
        routing=value_of(record.routing) * MICRO,
        recurrent_passes=value_of(record.recurrent_passes),
        host=host * MICRO,
        expert_host=expert_host * MICRO,
        host_wait=0.0 if graphs == "whole" else _waited(record, name, features) * MICRO,
        gradient=value_of(record.gradient),
        logit=value_of(record.logit),
        data_overlap=value_of(record.data_overlap),
        data_speed=value_of(record.data_speed),
        tensor_overlap=value_of(record.tensor_overlap),
        pipeline_overlap=value_of(record.pipeline_overlap),
        parted=record.stage_parts,
        expert_overlap=hidden,
        context_overlap=value_of(record.context_overlap),
        free_layout=record.free_layout,
        balanced=record.context_balance,
        once=once,
        sharded=record.sharded,
    )


def _issued(record: Software, name: str, graphs: Graphs) -> tuple[float, float]:
    """Return the us in which the host issues a layer without and with experts, forward and backward."""
    if graphs == "whole":
        return 0.0, 0.0
    experts = value_of(record.expert_host) if graphs == "none" else _known(record.graph_host, name, "graph_host")
    return value_of(record.host), experts


def _waited(record: Software, name: str, features: Features) -> float:
    """Return the us that a layer with experts waits for counts of tokens, forward and backward."""
    if features.exchange is None or features.fixed:
        return 0.0
    if features.exchange == "all-to-all":
        return _known(record.exchange_wait, name, "exchange_wait")
    return _known(record.host_wait, name, "host_wait")


def _known(quantity: Quantity | None, name: str, field: str) -> float:
    if quantity is None:
        raise InputError(Problem(f"{name} does not have it", field=f"software.{field}", hint="leave the feature out"))
    return value_of(quantity)


def efficiency_of(catalogue: Catalogue, chip: str) -> Efficiency:
    """Return the efficiencies of a chip's family."""
    for record in catalogue.all("efficiencies", Efficiency).values():
        if chip in record.chips:
            return record
    raise InputError(
        Problem(
            f"nothing is known about what {chip} reaches of its rates",
            field="efficiencies",
            hint="add the chip to a family in efficiencies.yaml, or choose another system",
        )
    )


def _peak(chip: Chip, name: str, recipe: str) -> float:
    """Return the FLOP/s, dense, of a chip in the format that a recipe runs in; a chip without any refuses."""
    rates = {str(known): quantity for known, quantity in chip.dense.items()}
    found = next((rates[item] for item in FORMATS[recipe] if item in rates), None)
    if found is None:
        raise InputError(
            Problem(
                f"{name} has no {' or '.join(FORMATS[recipe])}",
                field="precision",
                hint=f"it has {', '.join(rates)}",
            )
        )
    return value_of(found) * TERA


def rates(catalogue: Catalogue, chip_name: str, recipe: str, efficiency: Efficiency | None = None) -> Rates:
    """Return the rates of a chip for matrix products in `recipe`, attention in 16 bits."""
    if recipe not in FORMATS:
        raise InputError(Problem(f"{recipe!r} is not known", field="precision", hint=f"say {', '.join(FORMATS)}"))
    chip = catalogue.get("chips", chip_name, Chip)
    peak = _peak(chip, chip_name, recipe)
    found = efficiency or efficiency_of(catalogue, chip_name)
    products = found.products
    known = {str(name): quantity for name, quantity in products.items()}
    share = known.get(recipe) or known.get(FORMATS[recipe][-1])
    if share is None:
        raise InputError(
            Problem(
                f"what {chip_name} reaches in {recipe} is not known",
                field="precision",
                hint=f"known are {', '.join(products)}",
            )
        )
    if chip.memory is None or chip.memory.bandwidth is None:
        raise InputError(Problem(f"the memory bandwidth of {chip_name} is not known", field="chips"))
    return Rates(
        peak=peak,
        product_share=value_of(share),
        half_size=value_of(found.half_size),
        attention_peak=_peak(chip, chip_name, "bf16"),
        attention_share=value_of(found.attention),
        backward_share=value_of(found.attention_backward),
        attention_width=value_of(found.attention_width),
        attention_half=value_of(found.attention_half),
        stream=value_of(chip.memory.bandwidth) * GIGA * value_of(found.memory),
        launch=value_of(found.launch) * MICRO,
    )


def reached_network(system: System, efficiency: Efficiency) -> Network:
    """Return the network of a system with the bandwidths and latencies that its chips reach in practice."""
    nominal = system.network
    up = replace(
        nominal.scale_up,
        bandwidth=nominal.scale_up.bandwidth * value_of(efficiency.scale_up),
        peer=None if nominal.scale_up.peer is None else nominal.scale_up.peer * value_of(efficiency.scale_up),
        latency=max(nominal.scale_up.latency, value_of(efficiency.scale_up_latency) * MICRO),
    )
    out = nominal.scale_out
    if out is not None:
        out = replace(
            out,
            bandwidth=out.bandwidth * value_of(efficiency.scale_out),
            pair=out.bandwidth * value_of(efficiency.point_to_point),
            latency=max(out.latency, value_of(efficiency.scale_out_latency) * MICRO),
        )
    return Network(up, nominal.domain, out)
