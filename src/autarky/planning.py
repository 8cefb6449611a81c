"""Plans for a model on a system: the fastest parallel plans, why others lost, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue
from autarky.facts.loader import load_catalogue
from autarky.limits import check_count
from autarky.plan_inputs import MOST_PLANS, MOST_TOKENS, Costs, check_length, check_network, costs_of, model_named
from autarky.systems.system import MOST_CHIPS, build
from autarky.workloads.offload import host_link
from autarky.workloads.plans import KEYS, parse_plan
from autarky.workloads.search import Found, search
from autarky.workloads.train import CONVENTIONS, Job, Priced

GIGA = 1e9
MOST_SEQUENCES = 10_000_000
"""Sequences of a step: a thousand times the largest batches known; more is a typing error."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a search for training plans found, with the running costs that price it.

    `fixed` is what was asked to stay as it is, by short name; `note` says what was taken because it was not asked.
    """

    job: Job
    found: Found
    costs: Costs
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
            "pue": self.costs.pue,
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
            "energy_j_per_token": self.costs.energy(speed),
            "cost_usd_per_million_tokens": self.costs.cost(speed),
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
            "host_memory_gb": float(priced.waiting[index]) / GIGA,
            "slower_by": self._lost(priced, index),
        }

    def _lost(self, priced: Priced, index: int) -> dict[str, float]:
        """Return the parts in which a plan spends more than the fastest, in s, largest first, at most three."""
        if not index:
            return {}
        parts = {part: float(value[index] - value[0]) for part, value in priced.steps.parts.items()}
        largest = sorted(parts, key=lambda part: -parts[part])[:3]
        return {part: parts[part] for part in largest if parts[part] > 0}


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
    check_count("sequence", sequence, MOST_TOKENS)
    check_count("batch", batch, MOST_SEQUENCES)
    check_count("keep", keep, MOST_PLANS)
    config = model_named(model)
    check_length("sequence", sequence, config)
    built = build(facts, system, chips)
    check_network(built)
    job = Job(config, built, sequence, float(batch), precision, software, prediction, flexible)
    fixed = parse_plan(plan)
    costs = costs_of(facts, built, pue)
    found = search(facts, job, fixed, keep=keep)
    if found.best is None:
        raise InputError(_nothing_fits(facts, job, fixed, found))
    return TrainingPlan(job=job, found=found, costs=costs, fixed=_shown(fixed))


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
    needed, room, whole = found.leanest[0] / GIGA, found.room / GIGA, job.system.memory / GIGA
    return Problem(
        f"the leanest plan needs {needed:,.1f} GB a chip, and a job can fill {room:,.1f} of its {whole:,.0f} GB",
        field="memory",
        hint=_what_fits(facts, job, fixed),
    )


def _what_fits(facts: Catalogue, job: Job, fixed: dict[str, float]) -> str:
    """Return what would make room: other plans, or more chips."""
    host = host_link(facts, job.system.chip) is not None
    tries: list[dict[str, float]] = []
    if fixed:
        tries = [{**fixed, "offload": 1.0}, {}] if host and "offload" not in fixed else [{}]
    for chosen in tries:
        free = search(facts, job, chosen, keep=1)
        if free.best is not None:
            shown = ",".join(f"{key}={value}" for key, value in free.best.plans.describe(0).items())
            return f"--plan {shown} fits"
    network, chips = job.system.network, 2 * job.system.chips
    most = min(64 * job.system.chips, MOST_CHIPS if network.scale_out else network.domain)
    while chips <= most:
        more = search(facts, replace(job, system=replace(job.system, chips=chips)), keep=1)
        if more.best is not None:
            how = ", with optimiser states in the memory of the host" if more.best.plans.offload[0] else ""
            return f"{chips:,} chips would do{how}"
        chips *= 2
    return "use a system with more memory, or a shorter sequence"
