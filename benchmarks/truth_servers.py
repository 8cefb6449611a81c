"""Rows of the table of measured servers as cases that the serving model can price."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autarky.errors import AutarkyError
from autarky.facts.catalogue import Catalogue
from autarky.systems.system import build
from autarky.workloads.layouts import Layouts, layouts, why_not
from autarky.workloads.reference import reference_model
from autarky.workloads.serving_setting import ServingJob, Speculation
from truth_deployments import Deployment, deployment_of, guesses_of, published_setup
from truth_training import UnansweredError, number

Row = Mapping[str, str]

SYSTEMS = {
    "H100-80GB-SXM": "hgx-h100",
    "H200-141GB-SXM": "hgx-h200",
    "H800-80GB-SXM": "hgx-h800",
    "H20-96GB": "hgx-h20",
    "H20-141GB": "hgx-h20-141",
    "B200-SXM": "hgx-b200",
    "B300-SXM": "hgx-b300",
    "GB200-NVL72": "gb200-nvl72",
    "GB300-NVL72": "gb300-nvl72",
    "A100-80GB-SXM": "hgx-a100",
    "A800-80GB-SXM": "hgx-a800",
    "Ascend 910C": "cloudmatrix-384",
    "Ascend 800I A2 (910B)": "atlas-800-a2",
    "MI300X": "mi300x-platform",
    "MI355X": "mi355x-platform",
}
MODELS = (
    (r"deepseek-(r1|v3)", "deepseek-v3"),
    (r"llama-3\.1-8b|llama-3-8b", "llama-3-8b"),
    (r"llama-3\.[13]-70b|llama-3-70b", "llama-3-70b"),
    (r"llama-2-70b", "llama-2-70b"),
    (r"llama-3\.1-405b", "llama-3.1-405b"),
    (r"qwen3-32b", "qwen3-32b"),
    (r"qwen3-8b", "qwen3-8b"),
    (r"qwen3-30b-a3b", "qwen3-30b-a3b"),
    (r"qwen3-235b-a22b", "qwen3-235b-a22b"),
    (r"qwen3\.5-397b-a17b", "qwen3.5-397b-a17b"),
    (r"gpt-oss-120b", "gpt-oss-120b"),
    (r"gpt-oss-20b", "gpt-oss-20b"),
    (r"minimax-m2(\.5)?$|minimax-m2\.5", "minimax-m2.5"),
    # Its text layers are those of the model before it.
    (r"kimi-k2(\.5)?", "kimi-k2"),
    (r"glm-5(?![\d.])", "glm-5"),
    (r"pangu-pro-moe", "pangu-pro-moe-72b"),
)
SOFTWARE = (
    ("trtllm", "trtllm"),
    ("tensorrt-llm", "trtllm"),
    ("cloudmatrix-infer", "cloudmatrix"),
    ("xdeepserve", "cloudmatrix"),
    ("deepseek internal", "deepseek"),
    ("mindie", "mindie"),
    ("sglang", "sglang"),
    ("vllm", "vllm"),
)
BLACKWELL = ("B200", "B300", "GB200", "GB300")
AGED = {"trtllm": [1, 1], "vllm": [0, 14], "sglang": [0, 5, 7]}
"""The first versions of stacks as they were in 2026."""
WIDE_EXPERT = 16
"""Expert-parallel devices from which the published rows run what SGLang calls large-scale expert parallelism."""
ACCEPTED = {1: 1.85, 2: 2.55, 3: 3.1}
"""Tokens a step with 1, 2 and 3 guesses of DeepSeek's prediction layer: middles of the ranges that Ant Group printed
(Together with SGLang, 2025-09-26), for rows that state the guesses and not what they gain."""
BENCHMARK_ACCEPTED = {1: 1.79, 2: 2.27, 3: 2.49}
"""The same on InferenceX: what it measured for DeepSeek's prediction layer and prescribes for its runs
(golden_al_distribution/dsv4_mtp.yaml, thinking on)."""


@dataclass(frozen=True)
class Case:
    """A row, its job, and its layouts: of one server, or of one for prompts and one for generation."""

    row: Row
    job: ServingJob
    kind: str
    layouts: Layouts
    then: Layouts | None = None
    prefill_workers: float = 1.0
    decode_workers: float = 1.0
    chips_known: bool = True


def first_match(text: str, patterns: Iterable[tuple[str, str]], what: str) -> str:
    """Return what the first pattern that is found in a text stands for."""
    found = next((name for pattern, name in patterns if re.search(pattern, text.lower())), None)
    if found is None:
        raise UnansweredError(f"the {what} {text!r} is not known" if text else f"the {what} is not stated")
    return found


def formats_of(row: Row, routed: bool) -> dict[str, str]:
    """Return the recipes of products, and the formats of attention and cache, that a row's precision stands for."""
    text = row["precision"].lower()
    four = "nvfp4" in text or "fp4" in text
    if "int8" in text or "w8a8" in text:
        return {"recipe": "int8"}
    if "int4" in text:
        return {"recipe": "int4", "dense": "bf16"}
    wide: dict[str, str] = {}
    if "fp8 mla" in text or "fp8 attention" in text:
        wide = {"attention": "fp8", "cache": "fp8"}
    if four:
        dense = "fp8" if "fp8" in text else ("bf16" if routed else "nvfp4")
        return {"recipe": "nvfp4", "dense": dense, **wide}
    if "gpt-oss" in row["model"].lower():
        # Its experts are stored in four bits whatever a run calls its own format.
        return {"recipe": "nvfp4", "dense": "bf16", **wide}
    if "fp8" in text:
        return {"recipe": "fp8", **wide}
    if text in ("", "bf16", "fp16"):
        return {"recipe": "bf16"}
    raise UnansweredError(f"the precision {row['precision']!r} is not known")


def speculation_of(row: Row, drafts: int) -> Speculation | None:
    """Return the guesses that a row states, or else the `drafts` that its published deployment makes."""
    text = row["spec_decode"]
    if text:
        stated = re.search(r"MTP\s*(\d)", text)
        drafts = int(stated[1]) if stated else 1
    if not drafts:
        return None
    if share := re.search(r"(\d+)\s*% accept", text):
        return Speculation.accepted(drafts, int(share[1]) / 100)
    gained = BENCHMARK_ACCEPTED if "inferencex" in row["source_key"] else ACCEPTED
    if drafts not in gained:
        raise UnansweredError(f"what {drafts} guesses a step gain is not stated")
    return Speculation(drafts, gained[drafts])


def job_of(row: Row, catalogue: Catalogue, drafts: int) -> ServingJob:
    """Return the job of a row."""
    name = next((SYSTEMS[label] for label in sorted(SYSTEMS, key=len, reverse=True) if label in row["chip"]), None)
    if name is None:
        raise UnansweredError(f"no system with the chip {row['chip']!r} is in the catalogue")
    config = reference_model(first_match(row["model"], MODELS, "model")).config
    software = first_match(row["software"], SOFTWARE, "software")
    wide = max(number(row, "moe_ep") or 0, number(row, "attn_dp") or 0)
    if software == "sglang" and "inferencex" not in row["source_key"] and wide >= WIDE_EXPERT:
        software = "sglang-wide"
    software = _of_age(software, row)
    even = "perfect" in row["measured_is"]
    formats = formats_of(row, bool(config.expert_layers))
    if _narrow_cache(row, software):
        formats["cache"] = "fp8"
        if row["chip"].startswith(BLACKWELL):
            # Its attention kernels multiply in the cache's own format.
            formats["attention"] = "fp8"
    try:
        return ServingJob(
            config,
            build(catalogue, name),
            formats["recipe"],
            software,
            dense=formats.get("dense"),
            attention=formats.get("attention"),
            cache=formats.get("cache"),
            speculation=speculation_of(row, drafts),
            balance=1.0 if even else None,
        )
    except AutarkyError as error:
        raise UnansweredError(str(error)) from error


def _of_age(software: str, row: Row) -> str:
    """Return the stack as it was in 2025, where a row states such a version, or none and is of that year.

    InferenceX ran its stacks of 2025 with the switches that later became usual (asynchronous scheduling, fused sums).
    """
    version = row["software_version"]
    if software in AGED and not version and "inferencex" not in row["source_key"]:
        return f"{software}-2025" if row["date"] < "2026" else software
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    oldest = AGED.get(software)
    if oldest is None or len(numbers) < 2 or "." not in version:
        return software
    if software == "trtllm" and numbers[0] == 0:
        # Versions of the server around it, Dynamo.
        return software
    return f"{software}-2025" if numbers < oldest else software


def _narrow_cache(row: Row, software: str) -> bool:
    """Return whether InferenceX's scripts keep the cache in 8 bits: on Blackwell, and with all but SGLang on Hopper."""
    if "inferencex" not in row["source_key"] or row["precision"] not in ("fp8", "fp4"):
        return False
    if row["serving_mode"] == "agg" and not row["attn_dp"]:
        return False
    return not (software.startswith("sglang") and row["chip"].startswith("H"))


def layout_of(row: Row, prefix: str = "", devices: float = 1.0) -> Layouts:
    """Return the layout that columns of a row state; a tensor width that counts all devices is divided by groups."""
    fields = ("tp", "pp", "attn_dp", "moe_tp", "moe_ep")
    tensor, pipeline, data, moe_tensor, expert = (number(row, prefix + field) or 1.0 for field in fields)
    if (width := _counted_twice(row)) and not prefix:
        groups = 1.0 if data in (1.0, tensor) else width
        return layouts(tensor=width / groups, data=groups, expert=width)
    chips = number(row, "chips") if not prefix else None
    if chips is not None and not number(row, "tp") and data == 1.0 and expert > 1.0:
        # Prompts of published large servers are divided over all devices.
        data = chips * devices
    if chips is not None and tensor * data * pipeline > chips * devices and tensor % data == 0:
        tensor = tensor / data
    if not row[prefix + "attn_dp"] and moe_tensor * expert > tensor and moe_tensor * expert % tensor == 0:
        # Experts on more devices than attention's: that many groups share them.
        data = moe_tensor * expert / tensor
    if expert * moe_tensor != tensor * data:
        moe_tensor = tensor * data / expert
    return layouts(tensor=tensor, data=data, pipeline=pipeline, moe_tensor=moe_tensor, expert=expert)


def _counted_twice(row: Row) -> float | None:
    """Return the devices of a server whose expert groups a row counts beside the attention groups that they overlap."""
    if "inferencex" not in row["source_key"] or not row["attn_dp"]:
        return None
    tensor, data, moe_tensor, expert = (number(row, name) or 1.0 for name in ("tp", "attn_dp", "moe_tp", "moe_ep"))
    if expert > 1 and moe_tensor == expert and tensor * data == expert**2:
        return expert
    if expert > 1 and tensor == data and expert == tensor * data:
        return tensor
    return None


def _checked(found: Layouts, job: ServingJob) -> Layouts:
    broken = [rule for rule, where in why_not(found, job.config).items() if where[0]]
    if broken:
        stated = ", ".join(f"{key}={value}" for key, value in found.describe(0).items())
        raise UnansweredError(f"as the row states its layout ({stated}) {broken[0]}")
    return found


def case_of(row: Row, catalogue: Catalogue) -> Case:
    """Return a row as a case."""
    split = row["serving_mode"] == "disagg" and row["phase"] == "end-to-end"
    deployed = deployment_of(row) if split else None
    drafts = guesses_of(row) if deployed is None else deployed.drafts
    job = job_of(row, catalogue, drafts)
    if split:
        return _split_case(row, job, deployed)
    devices = 2.0 if job.system.chip == "ascend-910c" else 1.0
    if row["phase"] in ("prefill", "decode"):
        return _phase_case(row, job, devices)
    if number(row, "isl") is None or number(row, "osl") is None or number(row, "concurrency") is None:
        raise UnansweredError("lengths of prompts and answers, or the requests in flight, are not stated")
    if not row["tp"]:
        raise UnansweredError("the layout is not stated")
    return Case(row, job, "together", _checked(layout_of(row), job))


def _phase_case(row: Row, job: ServingJob, devices: float) -> Case:
    row = {**row, **{name: value for name, value in published_setup(row).items() if not row[name]}}
    if "production" in row["measured_is"] and row["phase"] == "prefill":
        raise UnansweredError("an average over a day whose load is not stated")
    if number(row, "chips") is None:
        raise UnansweredError("the number of chips and the layout are not stated")
    if row["phase"] == "prefill" and number(row, "isl") is None:
        raise UnansweredError("the length of the prompts is not stated")
    if row["phase"] == "decode" and not (number(row, "kv_len") or number(row, "isl")):
        raise UnansweredError("the length of the contexts is not stated")
    return Case(row, job, row["phase"], _checked(layout_of(row, devices=devices), job))


def _split_case(row: Row, job: ServingJob, deployed: Deployment | None) -> Case:
    if deployed is not None:
        return Case(
            row,
            job,
            "apart",
            _checked(deployed.prompts, job),
            _checked(deployed.generation, job),
            deployed.prefill_workers,
            deployed.decode_workers,
        )
    workers = number(row, "p_workers"), number(row, "d_workers")
    if None in workers:
        raise UnansweredError("the numbers of servers for prompts and for generation are not stated")
    first, then = (_checked(layout_of(row, prefix), job) for prefix in ("p_", "d_"))
    return Case(row, job, "apart", first, then, workers[0] or 1.0, workers[1] or 1.0)
