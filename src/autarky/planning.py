"""Plans for a model on a system: the fastest parallel plans, why others lost, and what each costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import RunningCost
from autarky.facts.records import System as SystemRecord
from autarky.quantities.months import days_in_month
from autarky.systems.comparison import compare
from autarky.systems.system import MOST_CHIPS, System, build
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.config import read_config
from autarky.workloads.plans import KEYS, parse_plan
from autarky.workloads.reference import reference_model, reference_names
from autarky.workloads.search import Found, search
from autarky.workloads.train import CONVENTIONS, Job, Priced

GIGA = 1e9
JOULES_A_KWH = 3.6e6
MEAN_MONTH = float(np.mean([days_in_month(12 * 2023 + month) for month in range(48)])) * 86400.0
"""Seconds."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a search for training plans found, with the running costs that price it.

    `fixed` is what was asked to stay as it is, by short name; `note` says what was taken because it was not asked.
    """

    job: Job
    found: Found
    pue: float
    electricity: float
    chip_hour: float | None
    fixed: dict[str, int | str]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data; units stand in the names."""
        best, edge = self.found.best, self.found.front
        return {
            "model": self.job.config.name,
            "system": self.job.system.name,
            "chips": self.job.system.chips,
            "sequence_tokens": self.job.tokens,
            "batch_sequences": self.job.batch,
            "precision": self.job.recipe,
            "software": self.job.software,
            "fixed": self.fixed,
            "pue": self.pue,
            "plans_tried": self.found.tried,
            "plans_fitting": self.found.fitting,
            "ruled_out": {rule: count for rule, count in self.found.broken.items() if count},
            "best": [] if best is None else [self._one(best, index) for index in range(len(best.plans))],
            "front": [] if edge is None else [self._short(edge, index) for index in range(len(edge.plans))],
        }

    def _short(self, priced: Priced, index: int) -> dict[str, Any]:
        speed = float(priced.steps.tokens_per_second_per_chip[index])
        return {
            "plan": priced.plans.describe(index),
            "batch_sequences": float(priced.steps.tokens[index]) / self.job.tokens,
            "step_time_s": float(priced.steps.time[index]),
            "memory_gb": float(priced.peak_memory[index]) / GIGA,
            "energy_j_per_token": self.energy(speed),
            "cost_usd_per_million_tokens": self.cost(speed),
        }

    def _one(self, priced: Priced, index: int) -> dict[str, Any]:
        speed = float(priced.steps.tokens_per_second_per_chip[index])
        return {
            **self._short(priced, index),
            "tokens_per_s_per_chip": speed,
            "tokens_per_s": speed * self.job.system.chips,
            "mfu": {name: float(priced.utilisation(name)[index]) for name in CONVENTIONS},
            "hfu": {name: float(priced.hardware_utilisation(name)[index]) for name in CONVENTIONS},
            "time_by_part_s": {
                part: float(value[index]) for part, value in priced.steps.parts.items() if value[index] > 0
            },
            "memory_by_part_gb": {
                part: float(value[index]) / GIGA for part, value in priced.memory.items() if value[index] > 0
            },
            "slower_by": self._lost(priced, index),
        }

    def _lost(self, priced: Priced, index: int) -> dict[str, float]:
        """Return the parts in which a plan spends more than the fastest, in s, largest first, at most three."""
        if not index:
            return {}
        parts = {part: float(value[index] - value[0]) for part, value in priced.steps.parts.items()}
        largest = sorted(parts, key=lambda part: -parts[part])[:3]
        return {part: parts[part] for part in largest if parts[part] > 0}

    def energy(self, speed: float) -> float | None:
        """Return J per token at `speed` tokens per s and chip, cooling included."""
        watts = self.job.system.watts
        return None if watts is None else watts * self.pue / speed

    def cost(self, speed: float) -> float | None:
        """Return USD per million tokens: the chip's price over its life, and electricity."""
        energy = self.energy(speed)
        if self.chip_hour is None or energy is None:
            return None
        return 1e6 * (self.chip_hour / 3600.0 / speed + energy / JOULES_A_KWH * self.electricity)


REFERENCE_MODEL = "llama-3.1-405b"
"""The model whose training stands for energy per token where two systems are compared."""
SEQUENCES_A_CHIP = 16


def compare_systems(left: str, right: str, *, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return two systems side by side as plain data: amounts under every convention, ratios as ranges.

    Energy per token is that of training `REFERENCE_MODEL` in 16 bits by the fastest plan on each.
    """
    facts = catalogue or load_catalogue()
    rows: list[dict[str, Any]] = [
        {
            "quantity": ratio.name,
            "unit": ratio.unit,
            "left": [asdict(convention) for convention in ratio.left.conventions],
            "right": [asdict(convention) for convention in ratio.right.conventions],
            "ratio_low": ratio.low,
            "ratio_high": ratio.high,
        }
        for ratio in compare(facts, left, right)
    ]
    energies = [_reference_energy(facts, name) for name in (left, right)]
    if all(energies):
        ours, theirs = (float(energy or 0) for energy in energies)
        note = f"training of {REFERENCE_MODEL} in 16 bits, modelled, cooling included"
        sides = [[{"value": value, "sources": (), "note": note}] for value in (ours, theirs)]
        rows.append(
            {
                "quantity": "energy per token",
                "unit": "J/token",
                "left": sides[0],
                "right": sides[1],
                "ratio_low": ours / theirs,
                "ratio_high": ours / theirs,
            }
        )
    return {"left": left, "right": right, "rows": rows}


def _reference_energy(facts: Catalogue, name: str) -> float | None:
    """Return J per token of training the reference model on one system, None where it cannot be told."""
    record = facts.get("systems", name, SystemRecord)
    try:
        count = sum(part.count for part in record.chips)
        answer = plan_training(REFERENCE_MODEL, name, batch=SEQUENCES_A_CHIP * count, keep=1, catalogue=facts)
    except InputError:
        # A system that cannot train it, or of which too little is known, has no such figure.
        return None
    best = answer.to_json()["best"][0]
    energy: float | None = best["energy_j_per_token"]
    return energy


def model_named(model: str | Path) -> ModelConfig:
    """Return a model by the path of its config.json, or by the id of a bundled one."""
    if str(model) in reference_names() and not Path(model).exists():
        return reference_model(str(model)).config
    return read_config(model)


def plan_training(
    model: str | Path,
    system: str,
    *,
    chips: int | None = None,
    plan: str = "",
    sequence: int = 4096,
    batch: int = 1024,
    precision: str = "bf16",
    software: str = "megatron-core",
    pue: float | None = None,
    prediction: bool = False,
    flexible: bool = False,
    keep: int = 5,
    catalogue: Catalogue | None = None,
) -> TrainingPlan:
    """Return the fastest plans to train a model on a system; `plan` fixes fields, such as `tp=8,pp=8`.

    With `flexible`, a step has at most `batch` sequences: as many as the replicas of a plan divide.

    A job that fits no plan is an error that says by how much, and what would fit.
    """
    facts = catalogue or load_catalogue()
    for name, value in (("sequence", sequence), ("batch", batch), ("keep", keep)):
        if value < 1:
            raise InputError(Problem(f"must be at least 1, not {value}", field=name))
    config = model_named(model)
    if config.context and sequence > config.context * 64:
        raise InputError(
            Problem(f"is {sequence:,} tokens, far beyond the model's {config.context:,}", field="sequence")
        )
    job = Job(config, build(facts, system, chips), sequence, float(batch), precision, software, prediction, flexible)
    fixed = parse_plan(plan)
    found = search(facts, job, fixed, keep=keep)
    if found.best is None:
        raise InputError(_nothing_fits(facts, job, fixed, found))
    costs = facts.get("running_costs", "default", RunningCost)
    hours = value_of(costs.lifetime) * MEAN_MONTH / 3600.0 * value_of(costs.in_use)
    price = job.system.price
    if pue is not None and pue < 1:
        raise InputError(Problem(f"must be at least 1, not {pue:g}", field="pue"))
    return TrainingPlan(
        job=job,
        found=found,
        pue=value_of(costs.pue) if pue is None else pue,
        electricity=value_of(costs.electricity),
        chip_hour=None if price is None else price / hours,
        fixed=_shown(fixed),
    )


def _shown(fixed: dict[str, float]) -> dict[str, int | str]:
    short = {name: key for key, name in KEYS.items()}
    return {short[name]: int(value) if name != "recompute" else f"{value:g}" for name, value in fixed.items()}


def _nothing_fits(facts: Catalogue, job: Job, fixed: dict[str, float], found: Found) -> Problem:
    """Return why no plan is possible: against the rules, or too large by how much, and what would fit."""
    if found.leanest is None:
        counts = {rule: count for rule, count in found.broken.items() if count}
        rule = max(counts, key=lambda name: counts[name]) if counts else "no way to divide the batch was found"
        return Problem(
            f"no plan is possible on {job.system.chips:,} chips with a batch of {job.batch:,.0f}: {rule}",
            field="plan",
            hint="change the chips, the batch, or what the plan fixes",
        )
    needed = found.leanest[0] / GIGA
    room = job.system.memory / GIGA
    return Problem(
        f"needs {needed:,.0f} GB a chip in its leanest plan, and a job can fill part of {room:,.0f} GB",
        field="memory",
        hint=_what_fits(facts, job, fixed),
    )


def _what_fits(facts: Catalogue, job: Job, fixed: dict[str, float]) -> str:
    if fixed:
        free = search(facts, job, keep=1)
        if free.best is not None:
            shown = ",".join(f"{key}={value}" for key, value in free.best.plans.describe(0).items())
            return f"--plan {shown} fits"
    chips = 2 * job.system.chips
    while chips <= min(MOST_CHIPS, 64 * job.system.chips):
        more = replace(job, system=_with_chips(job.system, chips))
        if search(facts, more, keep=1).fitting:
            return f"{chips:,} chips would do"
        chips *= 2
    return "use a system with more memory, or a shorter sequence"


def _with_chips(system: System, chips: int) -> System:
    return replace(system, chips=chips)
