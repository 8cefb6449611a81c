"""The best that a system does on a training workload, and what all reference workloads share."""

from __future__ import annotations

from dataclasses import dataclass

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import ReferenceWorkload
from autarky.quantities.estimates import Quantity
from autarky.systems.system import System
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.search import search
from autarky.workloads.train import Job

NARROW = {"context": 1.0}
"""What the search for a plan leaves alone: sequences of a reference workload are short enough for one part."""


@dataclass(frozen=True)
class Task:
    """A reference workload on a system of one kind of chip, computed by one recipe."""

    catalogue: Catalogue
    system: System
    config: ModelConfig
    workload: ReferenceWorkload
    recipe: str


@dataclass(frozen=True)
class Reached:
    """What a task reaches: tokens per s and chip, and its plan or layout as `--plan` takes it."""

    tokens: float
    plan: str


def in_words(plan: dict[str, object]) -> str:
    """Return a plan as `--plan` takes it."""
    return ",".join(f"{key}={value}" for key, value in plan.items())


def given(quantity: Quantity | None) -> float:
    """Return a quantity that a workload's own checks say is there."""
    return value_of(quantity) if quantity is not None else 0.0


def job_of(task: Task) -> Job:
    """Return the training job of a reference workload."""
    work = task.workload
    return Job(
        task.config,
        task.system,
        round(given(work.sequence)),
        given(work.batch) * work.chips,
        task.recipe,
        work.software,
        flexible=True,
    )


def best_training(task: Task) -> Reached:
    """Return the fastest training plan."""
    job = job_of(task)
    found = search(task.catalogue, job, NARROW, keep=1, threads=1)
    if found.best is None:
        raise InputError(Problem(f"{job.system.chip} cannot hold {task.config.name}", field="memory"))
    best = found.best
    speed = float(best.steps.tokens_per_second_per_chip[0])
    return Reached(speed, in_words(dict(best.plans.describe(0))))
