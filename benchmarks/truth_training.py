"""Training rows of the truth table, predicted: from a row to a job, its parallel plans, and what was measured.

A row states most of a plan. What it leaves open is taken as its authors would: of the plans that agree with the
row and fit in memory, the fastest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autarky.errors import AutarkyError
from autarky.facts.catalogue import Catalogue
from autarky.systems.system import build
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.layer_time import Setting
from autarky.workloads.operations import sequence_work
from autarky.workloads.plans import RECOMPUTE, Plans, plans
from autarky.workloads.stack import USUAL
from autarky.workloads.train import Job, Priced, price, setting_of
from bridge_recipes import LAYOUT, Recipe, recipe_of_run, usual_features
from truth_rows import Row, UnansweredError, known_model, model_of, number, scale_of, whole

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
    "A100-80GB": "hgx-a100",
    "A100-40GB": "hgx-a100-40gb",
    "A800-80GB": "hgx-a800",
    "H100-80GB": "hgx-h100",
    "H800-80GB": "hgx-h800",
    "H800": "hgx-h800",
    "H20-96GB": "hgx-h20",
    "GB200": "gb200-nvl72",
    "GB300": "gb300-nvl72",
    "Ascend 910B": "atlas-800-a2",
    "TPUv5e": "tpu-v5e-pod",
    "TPUv5p": "tpu-v5p-pod",
    "TPUv6e": "tpu-v6e-pod",
}
BRIDGE = "megatron-bridge"
STACKS = (
    ("bridge", BRIDGE),
    ("megascale", "megascale"),
    ("megatron-lm 2021", "megatron-lm"),
    ("megatron-lm 2022", "megatron-lm-2022"),
    ("megatron-lm ptd-p", "megatron-lm"),
    ("deepspeed zero-3", "deepspeed"),
    ("deepspeed+megatron", "megatron-deepspeed"),
    ("megatron-deepspeed", "megatron-deepspeed"),
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
EARLY_MEGATRON = ("megatron-lm", "megatron-lm-2022", "megatron-deepspeed")
"""Stacks that divide sequences between products, or states between replicas, only where a run says so."""
RECIPES = (
    ("nvfp4", "nvfp4"),
    ("mxfp8", "mxfp8"),
    ("fp8-mx", "mxfp8"),
    ("rowwise", "fp8-rowwise"),
    ("fp8", "fp8"),
    ("int8", "int8"),
    ("bf16", "bf16"),
    ("fp16", "bf16"),
)
RECIPE_TOKENS = "4096"
"""Sequence length of the recipes in bridge_recipes.csv."""
V5E_SCRIPTS = {16: (6, 1, "full"), 32: (4, 1, "full"), 64: (2, 1, "full"), 128: (16, 16, "full")}
"""Sequences of a replica, its chips, and what is computed again, by scale, in `configs/v5e` of the MaxText repository;
for 128B one sequence a chip, which a tensor group of 16 works on together."""
MICRO_BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0)
MICRO_BATCHES_A_STAGE = 4.0
INTERLEAVES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)


@dataclass(frozen=True)
class Case:
    """A row as a job with its plans, and the reader of what it measured."""

    row: Row
    job: Job
    plans: Plans


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
        # With a pipeline, weights and gradients stay whole between micro-batches.
        return 1 if number(row, "pp") not in (None, 1.0) else 3
    return 0 if stack in (*EARLY_MEGATRON, "megatron-lm-flash") else 1


def system_of(label: str) -> str | None:
    """Return the system whose chip a label names, the longest name first; a name inside another is none."""
    for name in sorted(SYSTEMS, key=len, reverse=True):
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", label) and "PCIe" not in label:
            return SYSTEMS[name]
    return None


def case_of(row: Row, catalogue: Catalogue) -> Case:
    """Return a row as a job and the plans that agree with it."""
    system_name = system_of(row["chip"])
    if system_name is None:
        raise UnansweredError(f"no system with the chip {row['chip']!r} is in the catalogue")
    if "LoRA" in row["notes"]:
        raise UnansweredError("trains adapters only, which the model does not cover")
    config, prediction = model_of(row)
    chips, tokens = whole(row, "chips"), whole(row, "seq_len")
    if chips is None or tokens is None:
        raise UnansweredError("chips or sequence length are not stated")
    try:
        system = build(catalogue, system_name, chips)
    except AutarkyError as error:
        raise UnansweredError(str(error)) from error
    recipe = _bridge_recipe(row, config, system.chip)
    row = _with_recipe(_with_script(row), recipe)
    if not row["pp"] and "fsdp" not in row["zero_or_fsdp"]:
        raise UnansweredError("the parallel layout is not stated")
    batch, stack = number(row, "global_batch_seqs"), stack_of(row)
    if batch is None:
        if number(row, "micro_batch") is None:
            raise UnansweredError("neither the batch nor the micro-batch is stated")
        batch = _usual_batch(row, chips)
    features = recipe.features if recipe else usual_features(_release(row)) if stack == BRIDGE else USUAL
    features = replace(features, fixed="token drop" in row["notes"])
    job = Job(config, system, tokens, batch, recipe_of(row), stack, prediction, features=features)
    return Case(row, job, _plans(row, job, stack))


def _bridge_recipe(row: Row, config: ModelConfig, chip: str) -> Recipe | None:
    """Return the recipe of a run of Megatron-Bridge, or of its core where the row says nothing of the layout."""
    software = row["software"].lower()
    core = "megatron-core" in software and not row["pp"] and row["seq_len"] == RECIPE_TOKENS
    if not config.expert_layers or not ("bridge" in software or core):
        return None
    layout = [number(row, field) for field in LAYOUT]
    return recipe_of_run(known_model(row) or "", chip, recipe_of(row), layout, _release(row))


def _release(row: Row) -> str:
    """Return the release of Megatron-Bridge at the time of a run: its tables' own, else year and month."""
    stated = row["source_key"].rpartition("_")[2]
    return stated if re.fullmatch(r"\d\d\.\d\d(\.\d\d)?", stated) else f"{row['date'][2:4]}.{row['date'][5:7]}"


def _with_recipe(row: Row, recipe: Recipe | None) -> Row:
    """Return a row with what its recipe says where the row is silent."""
    if recipe is None:
        return row
    known = {"recompute": "selective" if recipe.recomputes else "none"}
    fields = ("vpp",) if row["pp"] else LAYOUT
    known |= {field: f"{recipe.layout[LAYOUT.index(field)]:g}" for field in fields}
    return {**row, **{field: row[field] or value for field, value in known.items()}}


def _with_script(row: Row) -> Row:
    """Return a run of MaxText's own models on v5e with what its script says; the table of results leaves it out."""
    script = V5E_SCRIPTS.get(scale_of(row) or 0)
    if script is None or "TPUv5e" not in row["chip"] or row["micro_batch"]:
        return row
    micro, tensor, recompute = script
    chips = number(row, "chips") or 0
    return {
        **row,
        "micro_batch": str(micro),
        "tp": str(tensor),
        "global_batch_seqs": str(micro * chips / tensor),
        "recompute": recompute,
        "zero_or_fsdp": "fsdp",
    }


def _usual_batch(row: Row, chips: float) -> float:
    """Return a batch where none is stated: several micro-batches for each stage, so that the bubble stays small."""
    sizes = {name: number(row, name) or 1.0 for name in ("tp", "pp", "cp", "micro_batch")}
    replicas = max(chips / (sizes["tp"] * sizes["pp"] * sizes["cp"]), 1.0)
    return MICRO_BATCHES_A_STAGE * sizes["pp"] * replicas * sizes["micro_batch"]


def _plans(row: Row, job: Job, stack: str) -> Plans:
    tensor, pipeline, context, expert = (float(whole(row, field) or 1) for field in ("tp", "pp", "cp", "ep"))
    data = job.system.chips / (tensor * pipeline * context)
    if data < 1:
        raise UnansweredError(f"the layout takes {tensor * pipeline * context:,.0f} of {job.system.chips:,} chips")
    if data != int(data):
        data = float(whole(row, "dp") or data)
    micro, interleave = number(row, "micro_batch"), number(row, "vpp")
    if micro and micro * data > job.batch:
        raise UnansweredError(f"{data:g} replicas of {micro:g} sequences are more than a batch of {job.batch:g}")
    # The embedding and the head may stand as parts of their own.
    if pipeline * (interleave or 1.0) > len(job.config.layers) + job.prediction + 2:
        raise UnansweredError(f"{pipeline * (interleave or 1.0):g} parts of a pipeline are more than the layers")
    # DualPipe lays two halves of the model over each stage; torchtitan interleaves two parts unless told otherwise.
    if interleave is None and ("DualPipe" in row["vpp"] or (row["vpp"] and stack.startswith("torchtitan"))):
        interleave = 2.0
    several = "DeepSpeed" not in row["software"] and pipeline > 1 and interleave is None
    depth = len(job.config.layers) / pipeline
    interleaves = [interleave or 1.0] if not several else [v for v in INTERLEAVES if v <= depth]
    fitting = [size for size in MICRO_BATCHES if data * size <= job.batch]
    sizes = [micro] if micro else [size for size in fitting if job.batch % (data * size) == 0] or fitting or [1.0]
    text = row["recompute"].lower()
    stated = next((value for name, value in RECOMPUTE.items() if text.startswith(name)), None)
    if text.startswith("minimal"):
        # What products give is kept, everything else computed again.
        stated = RECOMPUTE["selective"]
    if text == "selective op":
        # Every second product is computed again.
        stated = 0.5 * (RECOMPUTE["selective"] + RECOMPUTE["full"])
    again = [0.0, 1.0, 1.125, 1.25, 1.375, 1.5, 1.75, 2.0] if not text else [1.0 if stated is None else stated]
    sequence = float(tensor > 1 and row["sequence_parallel"] != "no")
    if stack in EARLY_MEGATRON and row["sequence_parallel"] != "yes":
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
    if not 0 < speed < math.inf:
        raise UnansweredError("the layout cannot work: its parts do not fit together")
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
