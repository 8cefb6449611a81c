"""Training rows of the truth table, predicted: from a row to a job, its parallel plans, and what was measured.

A row states most of a plan. What it leaves open is taken as its authors would: of the plans that agree with the
row and fit in memory, the fastest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from autarky.errors import AutarkyError
from autarky.facts.catalogue import Catalogue
from autarky.systems.system import build
from autarky.workloads.architecture import (
    Attention,
    DenseFeed,
    ExpertFeed,
    LatentAttention,
    Layer,
    ModelConfig,
)
from autarky.workloads.layer_time import Setting
from autarky.workloads.operations import sequence_work
from autarky.workloads.parameters import parameters
from autarky.workloads.plans import RECOMPUTE, Plans, plans
from autarky.workloads.reference import reference_model
from autarky.workloads.train import Job, Priced, price, setting_of

Row = Mapping[str, str]

SYSTEMS = {
    "A100-80GB-SXM": "hgx-a100",
    "A100-80GB (paper: NVIDIA Ampere)": "hgx-a100",
    "A100-40GB-SXM": "hgx-a100-40gb",
    "A800-80GB-SXM": "hgx-a800",
    "H100-80GB-SXM": "hgx-h100",
    "H100-80GB-SXM-700W": "hgx-h100",
    "H100-96GB-SXM HBM2e 2.4TB/s 500W cap": "hgx-h100-96gb-500w",
    "H200-141GB-SXM": "hgx-h200",
    "H800-80GB-SXM": "hgx-h800",
    "Hopper (H800)": "hgx-h800",
    "B200-SXM": "hgx-b200",
    "B200-SXM (preview)": "hgx-b200",
    "B300-SXM": "hgx-b300",
    "GB200-NVL72": "gb200-nvl72",
    "GB300-NVL72": "gb300-nvl72",
    "Ascend 910B (paper: Ascend NPU)": "atlas-800-a2",
    "Ascend 910C": "cloudmatrix-384",
    "H20": "hgx-h20",
    "MI300X": "mi300x-platform",
    "MI355X": "mi355x-platform",
    "Gaudi2": "gaudi-2-node",
    "TPUv5e": "tpu-v5e-pod",
    "TPUv5p": "tpu-v5p-pod",
    "TPUv6e": "tpu-v6e-pod",
}
MODELS = {
    r"^deepseek-?v3$": "deepseek-v3",
    r"^deepseekv3 \(": "deepseek-v3",
    r"^deepseekv2": "deepseek-v2",
    r"^deepseekv4 flash": "deepseek-v4-flash",
    r"^gpt oss 120b": "gpt-oss-120b",
    r"^kimi_k2": "kimi-k2",
    r"^qwen3_30b": "qwen3-30b-a3b",
    r"^qwen3[_-]235b": "qwen3-235b-a22b",
    r"^nemotron_3_nano": "nemotron-3-nano-30b-a3b",
    r"^nemotron_3_super": "nemotron-3-super-120b-a12b",
    r"^mixtral-8x22b": "mixtral-8x22b",
    r"^mixtral-8x7b": "mixtral-8x7b",
    r"^pangu-ultra-moe": "pangu-ultra-moe-718b",
}
"""Models whose layers a row does not describe in full; the bundled configuration does."""
STACKS = (
    ("megascale", "megascale"),
    ("megatron-lm 2021", "megatron-lm"),
    ("megatron-lm 2022", "megatron-lm-2022"),
    ("megatron-lm ptd-p", "megatron-lm"),
    ("deepspeed zero-3", "deepspeed"),
    ("deepspeed+megatron", "megatron-lm"),
    ("llm-foundry", "fsdp"),
    ("torchtitan", "torchtitan"),
    ("maxtext", "maxtext"),
    ("hai-llm", "dualpipe"),
    ("mindspeed", "mindspeed"),
    ("megatron-lm @", "megatron-core"),
    ("megatron-lm", "megatron-lm-flash"),
    ("megatron", "megatron-core"),
    ("nemo", "megatron-core"),
    ("meta internal", "megatron-core"),
)
RECIPES = (
    ("nvfp4", "nvfp4"),
    ("mxfp8", "mxfp8"),
    ("fp8-mx", "mxfp8"),
    ("fp8", "fp8"),
    ("int8", "int8"),
    ("bf16", "bf16"),
    ("fp16", "bf16"),
)
MICRO_BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0)
MICRO_BATCHES_A_STAGE = 4.0
INTERLEAVES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)


class UnansweredError(Exception):
    """A row that cannot be predicted, with the reason."""


@dataclass(frozen=True)
class Case:
    """A row as a job with its plans, and the reader of what it measured."""

    row: Row
    job: Job
    plans: Plans


def number(row: Row, field: str) -> float | None:
    """Return a number of a row, None where it states none."""
    try:
        return float(row[field])
    except (KeyError, ValueError):
        return None


def model_of(row: Row) -> tuple[ModelConfig, bool]:
    """Return the model of a row, and whether layers of multi-token prediction are trained."""
    name = row["model"].lower()
    known = next((model for pattern, model in MODELS.items() if re.search(pattern, name)), None)
    layers = number(row, "layers")
    if known is not None:
        config = reference_model(known).config
        if layers is not None and layers < len(config.layers):
            dense = [layer for layer in config.layers if layer.experts is None][:1]
            experts = [layer for layer in config.layers if layer.experts is not None]
            config = replace(config, layers=(*dense, *experts[: int(layers) - len(dense)]), prediction=())
        return config, _predicts(row, config)
    if layers is None or number(row, "hidden") is None:
        raise UnansweredError("the dimensions of the model are not stated")
    return _built(row, int(layers)), False


def _predicts(row: Row, config: ModelConfig) -> bool:
    """Return whether a run trains layers of multi-token prediction: as stated, or as its count of work tells."""
    if not config.prediction or row["mtp_layers"]:
        return bool(config.prediction) and bool(number(row, "mtp_layers"))
    rate, speed, tokens = (number(row, field) for field in ("tflops_per_chip", "tokens_per_s_per_chip", "seq_len"))
    if not rate or not speed or not tokens:
        return False
    counted = rate * 1e12 / speed
    off = [
        abs(sequence_work(config, int(tokens), "half", prediction=trained).training - counted)
        for trained in (False, True)
    ]
    return off[1] < off[0]


def _built(row: Row, layers: int) -> ModelConfig:
    hidden, heads = int(number(row, "hidden") or 0), int(number(row, "heads") or 0)
    if not heads:
        raise UnansweredError("the attention heads of the model are not stated")
    width = int(number(row, "head_dim") or hidden // heads)
    mixer: Attention | LatentAttention = Attention(heads, int(number(row, "kv_heads") or heads), width, width)
    vocabulary = int(number(row, "vocab") or 0)
    if not vocabulary:
        raise UnansweredError("the vocabulary of the model is not stated")
    experts = int(number(row, "experts") or 0)
    wide = int(number(row, "moe_ffn_hidden" if experts else "ffn_hidden") or 4 * hidden)

    def config(gated: bool) -> ModelConfig:
        feed: DenseFeed | ExpertFeed = DenseFeed(wide, gated)
        if experts:
            shared = int(number(row, "shared_experts") or 0) * wide
            feed = ExpertFeed(experts, int(number(row, "topk") or 1), wide, gated, shared_width=shared)
        layer = Layer(mixer, (feed,), norms=2)
        return ModelConfig(row["model"], "table", hidden, vocabulary, (layer,) * layers, False, hidden)

    stated = number(row, "params_total_b")
    plain, gated = config(False), config(True)
    if stated is None:
        return gated if wide != 4 * hidden else plain
    off = [abs(parameters(item).total / 1e9 - stated) for item in (plain, gated)]
    return plain if off[0] <= off[1] else gated


def recipe_of(row: Row) -> str:
    """Return the recipe of a row's products."""
    text = row["precision"].lower()
    if "see notes" in text:
        return "fp8" if "H100" in row["chip"] or "LLAMA" in row["model"] else "mxfp8"
    found = next((recipe for sign, recipe in RECIPES if sign in text), None)
    if found is None:
        raise UnansweredError(f"the precision {row['precision']!r} is not known")
    return found


def stack_of(row: Row) -> str:
    """Return the training stack of a row."""
    text = row["software"].lower()
    if row["source_key"].startswith("mlperf") and text.startswith("nemo"):
        return "nemo-mlperf"
    if "bridge" in text and row["model"].startswith("Nemotron"):
        # Its recipes came with the later kernels; its speed hardly changes from release to release.
        return "megatron-bridge-2026"
    if "bridge" in text:
        return "megatron-bridge-2026" if row["date"] >= "2026-06" else "megatron-bridge-2025"
    found = next((name for sign, name in STACKS if sign in text), None)
    if found is None:
        raise UnansweredError("the training software is not stated")
    if (
        found == "torchtitan"
        and row["recompute"] == "selective op"
        and not row["overlap"]
        and "8b" in row["model"].lower()
    ):
        return "torchtitan-eager"
    return found


def _sharded(row: Row, stack: str) -> float:
    text = row["zero_or_fsdp"].lower()
    for sign, value in (("zero-2", 2), ("zero3", 3), ("zero2", 2), ("distributed", 1), ("none", 0), ("zero1", 1)):
        if sign in text:
            return value
    if "fsdp" in text:
        # With a pipeline, weights stay whole between micro-batches.
        return 2 if number(row, "pp") not in (None, 1.0) else 3
    return 0 if stack.startswith("megatron-lm") else 1


def case_of(row: Row, catalogue: Catalogue) -> Case:
    """Return a row as a job and the plans that agree with it."""
    system_name = next((SYSTEMS[name] for name in sorted(SYSTEMS, key=len, reverse=True) if name in row["chip"]), None)
    if system_name is None:
        raise UnansweredError(f"no system with the chip {row['chip']!r} is in the catalogue")
    if "LoRA" in row["notes"]:
        raise UnansweredError("trains adapters only, which the model does not cover")
    config, prediction = model_of(row)
    chips, batch, tokens = number(row, "chips"), number(row, "global_batch_seqs"), number(row, "seq_len")
    if chips is None or tokens is None:
        raise UnansweredError("chips or sequence length are not stated")
    stack = stack_of(row)
    if not row["pp"] and "fsdp" not in row["zero_or_fsdp"]:
        raise UnansweredError("the parallel layout is not stated")
    if batch is None:
        if number(row, "micro_batch") is None:
            raise UnansweredError("neither the batch nor the micro-batch is stated")
        batch = _usual_batch(row, chips)
    try:
        system = build(catalogue, system_name, int(chips))
    except AutarkyError as error:
        raise UnansweredError(str(error)) from error
    job = Job(config, system, int(tokens), batch, recipe_of(row), stack, prediction)
    return Case(row, job, _plans(row, job, stack))


def _usual_batch(row: Row, chips: float) -> float:
    """Return a batch where none is stated: several micro-batches for each stage, so that the bubble stays small."""
    sizes = {name: number(row, name) or 1.0 for name in ("tp", "pp", "cp", "micro_batch")}
    replicas = max(chips / (sizes["tp"] * sizes["pp"] * sizes["cp"]), 1.0)
    return MICRO_BATCHES_A_STAGE * sizes["pp"] * replicas * sizes["micro_batch"]


def _plans(row: Row, job: Job, stack: str) -> Plans:
    tensor, pipeline = number(row, "tp") or 1.0, number(row, "pp") or 1.0
    context, expert = number(row, "cp") or 1.0, number(row, "ep") or 1.0
    data = job.system.chips / (tensor * pipeline * context)
    if data != int(data):
        data = max(number(row, "dp") or data, 1.0)
    micro = number(row, "micro_batch")
    interleave = number(row, "vpp")
    if interleave is None and "DualPipe" in row["vpp"]:
        interleave = 2.0
    several = "DeepSpeed" not in row["software"] and pipeline > 1 and interleave is None
    depth = len(job.config.layers) / pipeline
    interleaves = [interleave or 1.0] if not several else [v for v in INTERLEAVES if v <= depth]
    sizes = [micro] if micro else [m for m in MICRO_BATCHES if job.batch % (data * m) == 0] or [1.0]
    text = row["recompute"].lower()
    stated = next((value for name, value in RECOMPUTE.items() if text.startswith(name)), None)
    again = [0.0, 1.0, 1.125, 1.25, 1.375, 1.5, 1.75, 2.0] if not text else [1.0 if stated is None else stated]
    sequence = float(tensor > 1 and row["sequence_parallel"] != "no")
    if stack.startswith("megatron-lm") and not stack.endswith("flash") and row["sequence_parallel"] != "yes":
        sequence = 0.0
    grid = np.array(np.meshgrid(interleaves or [1.0], sizes, again, indexing="ij")).reshape(3, -1)
    return plans(
        tensor=tensor,
        pipeline=pipeline,
        interleave=grid[0],
        data=data,
        context=context,
        expert=expert,
        micro_batch=grid[1],
        recompute=grid[2],
        sharded=_sharded(row, stack),
        sequence=sequence,
    )


def chosen(priced: Priced) -> int:
    """Return the fastest plan that fits, or the leanest where none does."""
    fits = priced.peak_memory <= priced.usable
    if not np.any(fits):
        return int(np.argmin(priced.peak_memory))
    return int(np.argmin(np.where(fits, priced.steps.time, np.inf)))


@dataclass(frozen=True)
class Answer:
    """One predicted quantity of a row; `measured_speed` is what was measured as tokens per s and chip."""

    quantity: str
    predicted: float
    measured: float
    measured_speed: float = 0.0


def measured_speed(row: Row, job: Job, chip_peak: float) -> tuple[str, float, Callable[[float], float]] | None:
    """Return (quantity, measured, how it follows from tokens per s and chip) of a row's speed."""
    if step := number(row, "step_time_s"):
        tokens = job.batch * job.tokens / job.system.chips
        return "step_time", step, lambda speed: tokens / speed
    if speed := number(row, "tokens_per_s_per_chip"):
        return "tokens_per_second_per_chip", speed, lambda predicted: predicted
    causal = "causal;" in row["flops_convention"] or "causal attention" in row["flops_convention"]
    convention = "half" if causal and "non-causal" not in row["flops_convention"] else "whole"
    work = sequence_work(job.config, job.tokens, convention, prediction=job.prediction).training
    if rate := number(row, "tflops_per_chip"):
        return "tflops_per_chip", rate, lambda predicted: predicted * work / 1e12
    if share := number(row, "mfu_pct"):
        return "mfu", share / 100, lambda predicted: predicted * work / chip_peak
    return _logged_speed(row)


def _logged_speed(row: Row) -> tuple[str, float, Callable[[float], float]] | None:
    match = re.search(r"TTT-average ([\d.]+) tok/s/chip", row["other_measured"])
    if match is None:
        return None
    return "tokens_per_second_per_chip", float(match[1]), lambda predicted: predicted


def answers(case: Case, catalogue: Catalogue, setting: Setting | None = None) -> list[Answer]:
    """Return every quantity of a row that was measured, with its prediction."""
    try:
        priced = price(catalogue, case.job, case.plans, setting=setting or setting_of(catalogue, case.job))
        index = chosen(priced)
        priced.utilisation("half")
    except AutarkyError as error:
        raise UnansweredError(str(error)) from error
    plain = replace(case.job, recipe="bf16")
    peak = priced.peak if case.job.recipe == "bf16" else setting_of(catalogue, plain).rates.peak
    speed = float(priced.steps.tokens_per_second_per_chip[index])
    found: list[Answer] = []
    reading = measured_speed(case.row, case.job, peak)
    if reading is not None:
        quantity, measured, predict = reading
        predicted = predict(speed)
        ratio = predicted / measured if quantity == "step_time" else measured / predicted
        found.append(Answer(quantity, predicted, measured, speed * ratio))
    if memory := number(case.row, "peak_mem_gib_per_chip"):
        found.append(Answer("peak_memory", float(priced.peak_memory[index]) / 2**30, memory))
    if not found:
        raise UnansweredError("the row measures nothing that the model predicts")
    return found
