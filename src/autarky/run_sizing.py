"""How many chips a training run needs to be done in time: its plan with more or fewer replicas."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue
from autarky.planning import TrainingPlan
from autarky.quantities.summary import weighted_quantiles
from autarky.run_conditions import Conditions
from autarky.workloads.plans import KEYS
from autarky.workloads.runs import SECONDS_AN_HOUR, chips_needed, expected_wall_time, finish_probability
from autarky.workloads.search import search
from autarky.workloads.train import Priced

MOST_TIMES = 64
"""More chips than so many times those of the plan are not tried."""
FASTER_WHEN_FEWER = 1.5
"""On fewer chips one is not so many times as fast; where the search begins rests on it, not what it finds."""
GRAIN = 2
"""Experts are divided over replicas: a run grows by this part of the replicas that hold each expert once."""


def fastest(training: TrainingPlan) -> Priced:
    """Return the plans that a search found, the fastest first; a search that found none is an error."""
    if training.found.best is None:
        raise InputError(Problem("no plan fits, so that there is nothing to run", field="plan"))
    return training.found.best


def planned_hours(training: TrainingPlan, tokens: float) -> float:
    """Return the hours that the fastest plan alone takes for so many tokens."""
    speed = float(fastest(training).steps.tokens_per_second_per_chip[0]) * training.job.system.chips
    return tokens / speed / SECONDS_AN_HOUR


@dataclass(frozen=True)
class Sizing:
    """A run of `tokens` under drawn conditions on any number of chips; `node` chips go down together."""

    facts: Catalogue
    training: TrainingPlan
    tokens: float
    conditions: Conditions
    node: int
    confidence: float

    @property
    def fixed(self) -> dict[str, float]:
        """What a plan keeps on any number of chips: how one replica is divided, and what was asked for."""
        plan = fastest(self.training).plans
        asked = {KEYS[key] for key in self.training.fixed if key != "dp"}
        return {name: float(getattr(plan, name)[0]) for name in asked | {"tensor", "pipeline", "context"}}

    @property
    def step(self) -> int:
        """Chips by which a run grows: whole replicas on whole nodes, over which experts divide well."""
        plan, fixed = fastest(self.training).plans, self.fixed
        tensor, pipeline, context = (int(fixed[name]) for name in ("tensor", "pipeline", "context"))
        expert = int(plan.expert[0])
        replicas = max(expert // math.gcd(expert, tensor * context) // GRAIN, 1)
        return math.lcm(tensor * pipeline * context * replicas, self.node)

    def hours(self, chips: int) -> float:
        """Return the hours that the best such plan alone takes; infinite where none fits."""
        training = self.training
        job = replace(training.job, system=replace(training.job.system, chips=chips), flexible=True)
        best = search(self.facts, job, self.fixed, keep=1).best
        if best is None:
            return math.inf
        return self.tokens / (float(best.steps.tokens_per_second_per_chip[0]) * chips) / SECONDS_AN_HOUR

    def chance(self, chips: int, available: float) -> float:
        """Return the probability to be done within `available` hours on so many chips, luck averaged out."""
        hours = self.hours(chips)
        if not hours < math.inf:
            return 0.0
        run = self.conditions.run(chips, hours, self.conditions.spares(chips))
        return float(finish_probability(expected_wall_time(run), available))

    def needed(self, available: float) -> int | str:
        """Return the fewest chips that are done in time with the confidence asked for, or why none are."""
        step, chips = self.step, self.training.job.system.chips
        stretch = float(weighted_quantiles(self.conditions.stretch, [self.confidence])[0])
        bound = chips * planned_hours(self.training, self.tokens) * stretch / available / FASTER_WHEN_FEWER
        most = max(step, MOST_TIMES * chips)
        if bound > most:
            return f"more than {most:,} would be needed"
        try:
            return chips_needed(
                lambda count: self.chance(count, available),
                self.confidence,
                least=max(step, int(bound)),
                most=most,
                step=step,
            )
        except InputError as error:
            return error.problems[0].message + "; " + error.problems[0].hint
