"""What is the same for every layout of a server: model, formats, chip, network and serving software."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import Efficiency, ServingSoftware
from autarky.facts.records import Chip
from autarky.quantities.estimates import Quantity
from autarky.systems.network import Network, Plane
from autarky.systems.system import System
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.cache import CacheFormat
from autarky.workloads.formats import FORMATS
from autarky.workloads.kernels import Rates
from autarky.workloads.stack import MICRO, efficiency_of, rates, reached_network

STORED = {
    "bf16": "bf16",
    "fp16": "fp16",
    "fp8": "fp8-block",
    "mxfp8": "mxfp8",
    "nvfp4": "nvfp4",
    "int8": "int8",
    "int4": "int4",
}
"""The format in which the weights of a recipe are stored."""
UNPACKED = ("nvfp4", "int4")
"""Recipes whose weights a chip without their format unpacks, to multiply in 16 bits."""
CACHE_BITS = {"bf16": 16.0, "fp8": 8.0, "int8": 8.0}
INDEX_BITS = 8.0
"""Bits of an element of an index's keys, which are scored in 8 bits (DeepSeek-V3.2)."""


@dataclass(frozen=True)
class Speculation:
    """Guesses of the next tokens: `drafts` a step, and the `tokens` that a step gains with them on average."""

    drafts: int
    tokens: float

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.drafts < 1:
            raise InputError(Problem(f"is {self.drafts}", field="drafts", hint="at least 1 guess a step"))
        if not 1 <= self.tokens <= self.drafts + 1:
            most = self.drafts + 1
            raise InputError(
                Problem(f"is {self.tokens:g}", field="tokens", hint=f"{self.drafts} guesses gain 1 to {most} tokens")
            )

    @classmethod
    def accepted(cls, drafts: int, share: float) -> Speculation:
        """Return guesses of which each is right with probability `share`, given that those before it were."""
        if not 0 <= share <= 1:
            raise InputError(Problem(f"is {share:g}", field="acceptance", hint="a share from 0 to 1"))
        return cls(drafts, sum(share**number for number in range(drafts + 1)))


@dataclass(frozen=True)
class ServingJob:
    """A model on a system, and how it is computed there.

    recipe       how the products of routed experts are computed, and of everything else unless `dense` says so
    software     a serving stack of the catalogue
    dense        recipe of all other products; the output head is always in 16 bits
    attention    format of attention's own products, 16 bits unless said
    cache        format of the cache, the software's own unless said
    balance      load of the mean device over that of the busiest, the software's own unless said
    """

    config: ModelConfig
    system: System
    recipe: str
    software: str
    dense: str | None = None
    attention: str | None = None
    cache: str | None = None
    speculation: Speculation | None = None
    balance: float | None = None


@dataclass(frozen=True)
class Serving:
    """A serving stack as plain numbers, times in s; see `facts.performance_records.ServingSoftware`."""

    name: str
    fusion: float
    passes: float
    expert_speed: float
    attention_speed: float
    cache_speed: float
    eager: float
    index: float
    step: float
    sequence: float
    admit: float
    gathers: bool
    once: bool
    overlap: float
    halves: str
    chunk: float


@dataclass(frozen=True)
class ServingSetting:
    """What is the same for every layout.

    Rates, bandwidths and memory are those of one device; `devices` of them make a package.

    routed, dense, wide    rates of products: routed experts, everything else, what stays in 16 bits; attention is
                           as `wide` says
    routed_bytes, dense_bytes   bytes of a stored weight of each, scales included
    few_rows               rows that a product of few rows costs at least
    routed_stream, dense_stream, wide_stream   bytes/s at which products of few rows read weights
    cache_stream           bytes/s at which attention over a cache reads it
    cache_rate             FLOP/s that it reaches where arithmetic limits it
    cache_rows             rows of queries that it works on at least
    signal, signal_out     s of a direct exchange of little data, within and between domains
    dispatch               s of sending tokens to experts besides the bytes that move
    usable                 bytes of memory that can be filled
    notes                  fallbacks that were taken
    """

    job: ServingJob
    routed: Rates
    dense: Rates
    wide: Rates
    routed_bytes: float
    dense_bytes: float
    few_rows: float
    routed_stream: float
    dense_stream: float
    wide_stream: float
    cache_stream: float
    cache_rate: float
    cache_rows: float
    signal: float
    signal_out: float
    dispatch: float
    network: Network
    software: Serving
    form: CacheFormat
    balance: float
    devices: int
    usable: float
    notes: tuple[str, ...]

    @property
    def config(self) -> ModelConfig:
        """The model."""
        return self.job.config

    @property
    def drafts(self) -> int:
        """Guessed tokens that a step checks for each sequence."""
        return 0 if self.job.speculation is None else self.job.speculation.drafts


def serving_software(catalogue: Catalogue, name: str) -> tuple[Serving, ServingSoftware]:
    """Return a serving stack of the catalogue as plain numbers, and its record."""
    record = catalogue.get("serving_software", name, ServingSoftware)
    return Serving(
        name=name,
        fusion=value_of(record.fusion),
        passes=value_of(record.passes),
        expert_speed=value_of(record.expert_speed),
        attention_speed=value_of(record.attention_speed),
        cache_speed=value_of(record.cache_speed),
        eager=value_of(record.eager) * MICRO,
        index=value_of(record.index) * MICRO,
        step=value_of(record.step) * MICRO,
        sequence=value_of(record.sequence) * MICRO,
        admit=value_of(record.admit) * MICRO,
        gathers=record.exchange == "gather",
        once=record.send == "once",
        overlap=value_of(record.overlap),
        halves=record.halves,
        chunk=value_of(record.chunk),
    ), record


def setting_of(catalogue: Catalogue, job: ServingJob) -> ServingSetting:
    """Return the setting of a job, from the catalogue."""
    software, record = serving_software(catalogue, job.software)
    found = efficiency_of(catalogue, job.system.chip)
    devices = found.devices.get(job.system.chip, 1)
    notes: list[str] = []
    dense_recipe = job.dense or job.recipe
    routed, dense, wide = (
        _device(_rates(catalogue, job.system.chip, recipe, found, notes), found, devices)
        for recipe in (job.recipe, dense_recipe, "bf16")
    )
    attention = _rates(catalogue, job.system.chip, job.attention or "bf16", found, notes).peak / devices
    wide = replace(wide, attention_peak=attention)
    chip = catalogue.get("chips", job.system.chip, Chip)
    if chip.memory is None or chip.memory.bandwidth is None:
        raise InputError(Problem(f"the memory bandwidth of {job.system.chip} is not known", field="chips"))
    nominal = value_of(chip.memory.bandwidth) * 1e9 / devices
    cache = job.cache or record.cache
    if cache not in CACHE_BITS:
        raise InputError(Problem(f"{cache!r} is not known", field="cache", hint=f"say {', '.join(CACHE_BITS)}"))
    if job.balance is not None and not 0 < job.balance <= 1:
        raise InputError(Problem(f"is {job.balance:g}", field="balance", hint="a share above 0, 1 where all are equal"))
    return ServingSetting(
        job=job,
        routed=routed,
        dense=dense,
        wide=wide,
        routed_bytes=stored_bytes(job.recipe),
        dense_bytes=stored_bytes(dense_recipe),
        few_rows=value_of(found.few_rows),
        routed_stream=nominal * _read_share(found, job.recipe),
        dense_stream=nominal * _read_share(found, dense_recipe),
        wide_stream=nominal * _read_share(found, "bf16"),
        cache_stream=nominal * value_of(found.cache_memory) * software.cache_speed,
        cache_rate=attention * value_of(found.cache_compute) * software.cache_speed,
        cache_rows=value_of(found.cache_rows),
        signal=value_of(found.signal) * MICRO,
        signal_out=value_of(found.signal_out) * MICRO,
        dispatch=value_of(found.dispatch) * MICRO,
        network=_device_network(reached_network(job.system, found), devices),
        software=software,
        form=CacheFormat(bits=CACHE_BITS[cache], index_bits=INDEX_BITS),
        balance=job.balance if job.balance is not None else value_of(record.balance),
        devices=devices,
        usable=job.system.memory * value_of(found.usable_memory) / devices,
        notes=tuple(dict.fromkeys(notes)),
    )


def stored_bytes(recipe: str) -> float:
    """Return the bytes of a stored weight of a recipe, with its share of the scales of a large matrix."""
    form = FORMATS[STORED[recipe]]
    if form.block is None or None in form.block:
        return form.bits / 8
    high, wide = form.block
    return (form.bits + form.scale_bits / ((high or 1) * (wide or 1))) / 8


def _rates(catalogue: Catalogue, chip: str, recipe: str, found: Efficiency, notes: list[str]) -> Rates:
    """Return the rates of a chip in a recipe; packed weights are unpacked where it lacks their format."""
    try:
        return rates(catalogue, chip, recipe, found)
    except InputError:
        if recipe not in UNPACKED:
            raise
    notes.append(f"{chip} does not multiply in {recipe}: weights are unpacked and multiplied in 16 bits")
    return rates(catalogue, chip, "bf16", found)


def _device(whole: Rates, found: Efficiency, devices: int) -> Rates:
    """Return the rates of one device of a package; operations are replayed, not launched one by one."""
    return replace(
        whole,
        peak=whole.peak / devices,
        attention_peak=whole.attention_peak / devices,
        stream=whole.stream / devices,
        launch=_us(found.replay),
    )


def _read_share(found: Efficiency, recipe: str) -> float:
    """Return the share of bandwidth at which weights of a recipe are read; what is not known is read as 16 bits are."""
    known = {str(name): share for name, share in found.decode_memory.items()}
    return value_of(known.get(recipe) or known.get(STORED[recipe].partition("-")[0]) or known["bf16"])


def _us(quantity: Quantity) -> float:
    return value_of(quantity) * MICRO


def _device_network(network: Network, devices: int) -> Network:
    """Return the network as one of the `devices` of a package sees it, links shared evenly."""
    if devices == 1:
        return network
    out = network.scale_out
    return Network(
        _part(network.scale_up, devices), network.domain * devices, None if out is None else _part(out, devices)
    )


def _part(plane: Plane, devices: int) -> Plane:
    return replace(
        plane,
        bandwidth=plane.bandwidth / devices,
        peer=None if plane.peer is None else plane.peer / devices,
        pair=None if plane.pair is None else plane.pair / devices,
    )
