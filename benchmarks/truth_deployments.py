"""How InferenceX deployed the separate servers of a row: what its table of runs leaves out.

The rows of the table name one server of each kind, and neither how many there were nor whether they guessed tokens.
The benchmark's own configuration says both, for each concurrency (inferencex_deployments.csv, taken from
https://github.com/SemiAnalysisAI/InferenceX at 843c6254f, configs/nvidia-master.yaml and configs/deprecated).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autarky.workloads.layouts import Layouts, layouts
from truth_training import UnansweredError, number

Row = Mapping[str, str]
MODELS = (
    ("deepseek-r1", "dsr1"),
    ("kimi-k2.5", "kimik2.5"),
    ("glm-5", "glm5"),
    ("gpt-oss-120b", "gptoss"),
    ("qwen3.5-397b", "qwen3.5"),
    ("minimax-m2.5", "minimaxm2.5"),
)


@dataclass(frozen=True)
class Deployment:
    """Servers for prompts and for generation, how many of each, and the guesses a step."""

    prompts: Layouts
    generation: Layouts
    prefill_workers: float
    decode_workers: float
    drafts: int


@cache
def _published() -> tuple[dict[str, str], ...]:
    path = Path(__file__).with_name("inferencex_deployments.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def deployment_of(row: Row) -> Deployment | None:
    """Return the published deployment that a row ran on, None where there is none.

    Where several have the row's concurrency, the numbers of servers and the widths that the row does state decide;
    where one guesses tokens and another does not, the row cannot be told apart.
    """
    if "inferencex" not in row["source_key"]:
        return None
    model = next((name for label, name in MODELS if label in row["model"].lower()), None)
    chip = row["chip"].split("-")[0].lower()
    same = {
        "model": model,
        "precision": row["precision"],
        "chip": chip,
        "software": row["software"],
        "isl": row["isl"],
        "osl": row["osl"],
        "concurrency": row["concurrency"],
    }
    found = [item for item in _published() if all(item[key] == value for key, value in same.items())]
    found = [item for item in found if _agrees(item, row)]
    if row["p_workers"]:
        # Rows that state their servers were run without guesses, as their columns have no place for them.
        found = [item for item in found if item["drafts"] == "0"]
    kinds = {item["drafts"] != "0" for item in found}
    if len(kinds) > 1:
        raise UnansweredError("published deployments at this concurrency guess tokens or do not, and the row is silent")
    if len({tuple(item.values()) for item in found}) > 1:
        raise UnansweredError("several published deployments have this concurrency")
    if not found:
        return None
    item = found[0]
    return Deployment(
        _layout(item, "p_"),
        _layout(item, "d_"),
        float(item["p_workers"]),
        float(item["d_workers"]),
        int(item["drafts"]),
    )


GUESSING = {("B200-SXM", "1.2.0rc6.post3"): True, ("B200-SXM", "1.2.0rc6.post2"): False}
UNCLEAR = "1.1.0rc2.post2"


def guesses_of(row: Row) -> int:
    """Return the guesses a step of an aggregated server of DeepSeek-R1 on TensorRT-LLM; 0 for every other row.

    The benchmark's change log gives runs with and without guesses images of different versions, except for one
    version, of whose rows it cannot be told. Scripts guess 3 tokens, and 1 where attention groups hold sequences of
    their own (dsr1_fp4_b200_trt_mtp.sh, dsr1_fp8_b200_trt_mtp.sh).
    """
    server = row["software"] == "trtllm" and row["serving_mode"] == "agg" and "deepseek-r1" in row["model"].lower()
    if not server or "inferencex" not in row["source_key"]:
        return 0
    if row["software_version"] == UNCLEAR:
        raise UnansweredError("published runs of this version guess tokens or do not, and the row is silent")
    if not GUESSING.get((row["chip"], row["software_version"]), False):
        return 0
    return 1 if (number(row, "attn_dp") or 1.0) > 1 else 3


PUBLISHED = {
    # Pangu Pro MoE (arXiv:2505.21411): attention over 4 devices in 2 groups, experts over 4 and each over 2, on a
    # server of 8. Of generation neither contexts nor batches are known.
    ("pangu_pro_moe", "800I A2"): {
        "chips": "8",
        "tp": "4",
        "attn_dp": "2",
        "moe_tp": "2",
        "moe_ep": "4",
    },
    # InferSim's README gives its prompts once for the whole table.
    ("infersim_readme", "H20"): {"isl": "4096"},
}


def published_setup(row: Row) -> dict[str, str]:
    """Return what a row's publication says of its runs beside what the row states, by column."""
    return next(
        (setup for (source, chip), setup in PUBLISHED.items() if row["source_key"] == source and chip in row["chip"]),
        {},
    )


def _agrees(item: Mapping[str, str], row: Row) -> bool:
    """Return whether a deployment has the widths and, where stated, the numbers of servers of a row."""
    for kind in ("p_", "d_"):
        devices = (number(row, f"{kind}tp") or 1.0) * (number(row, f"{kind}attn_dp") or 1.0)
        if float(item[f"{kind}tp"]) != devices:
            return False
        if row[f"{kind}workers"] and row[f"{kind}workers"] != item[f"{kind}workers"]:
            return False
        if row[f"{kind}workers"] and (row[f"{kind}attn_dp"] != "1") != (item[f"{kind}groups"] == "yes"):
            return False
    return True


def _layout(item: Mapping[str, str], kind: str) -> Layouts:
    devices, expert = float(item[f"{kind}tp"]), float(item[f"{kind}ep"])
    if item[f"{kind}groups"] == "yes":
        return layouts(tensor=1.0, data=devices, expert=expert)
    return layouts(tensor=devices, expert=expert)
