"""What one chip does on the reference workloads: tokens per second, and how that follows its rates.

H100e by `training`, `prefill` and `decode` are these speeds over the reference chip's. The speed at the mean of every
rate comes from the time model and the best plan or layout that it finds; around it, a speed follows the chip's dense
rates and memory bandwidth as powers whose exponents come from two more searches, with either a little higher
(log-linear, so that a rate which is drawn or set moves the speed at no cost; good for changes up to about two times).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.performance_records import Efficiency, ReferenceWorkload
from autarky.facts.records import Chip
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.shapes import Exact
from autarky.systems.deployment import Deployed, deployed
from autarky.systems.system import build
from autarky.workloads.reference import reference_model
from autarky.workloads.speeds import Speed, Speeds
from autarky.workloads.speeds_cache import Fingerprints, SpeedCache
from autarky.workloads.stack import FORMATS
from autarky.workloads.worth_serving import best_decode, best_prefill
from autarky.workloads.worth_tasks import Reached, Task, best_training

STEP = 0.1
"""Relative change of a rate by which exponents are measured."""
TASKS = {"training": best_training, "prefill": best_prefill, "decode": best_decode}


def speeds(catalogue: Catalogue, chips: Iterable[str]) -> Speeds:
    """Return the speeds of chips on every reference workload; those of which too little is known are listed.

    What was computed before is read from the disk, keyed by every number and setting that a speed depends on.
    """
    workloads = catalogue.all("reference_workloads", ReferenceWorkload)
    by_task: dict[str, dict[str, Speed]] = {task: {} for task in workloads}
    lacking: dict[str, str] = {}
    assumed: dict[str, tuple[str, ...]] = {}
    if not workloads:
        return Speeds(by_task, lacking, assumed)
    prints = Fingerprints()
    with SpeedCache.opened() as cache:
        for name in chips:
            try:
                whole = deployed(catalogue, name)
            except InputError as error:
                lacking[name] = error.problems[0].message
                continue
            assumed[name] = whole.assumed
            for task, workload in workloads.items():
                key = prints.of(whole, name, workload)
                known = cache.get(key)
                if known is None:
                    known = _found(whole, name, workload)
                    cache.put(key, known)
                if isinstance(known, str):
                    lacking.setdefault(name, known)
                else:
                    by_task[task][name] = known
    return Speeds(by_task, lacking, assumed)


def _found(whole: Deployed, chip: str, workload: ReferenceWorkload) -> Speed | str:
    try:
        return speed_of(whole, chip, workload)
    except InputError as error:
        return error.problems[0].message


def speed_of(whole: Deployed, chip: str, workload: ReferenceWorkload) -> Speed:
    """Return the speed of a chip in its usual system; where it cannot do the work, an error says why."""
    recipe, form = recipe_of(whole, chip, workload)
    task = TASKS[workload.task]

    def reached(compute: float, memory: float) -> Reached:
        catalogue = with_rates(whole.catalogue, chip, compute, memory)
        system = build(catalogue, whole.system, workload.chips)
        if system.network.scale_out is None and system.chips > system.network.domain:
            raise InputError(Problem(f"what joins the domains of {whole.system} is not known", field="scale_out"))
        return task(Task(catalogue, system, reference_model(workload.model).config, workload, recipe))

    best = reached(1.0, 1.0)
    exponents = [
        math.log(reached(*change).tokens / best.tokens) / math.log1p(STEP)
        for change in ((1.0 + STEP, 1.0), (1.0, 1.0 + STEP))
    ]
    return Speed(best.tokens, exponents[0], exponents[1], recipe, form, best.plan)


def recipe_of(whole: Deployed, chip: str, workload: ReferenceWorkload) -> tuple[str, str]:
    """Return the first recipe that a chip has a format for, and its family an efficiency, with that format."""
    formats = [str(form) for form in whole.catalogue.get("chips", chip, Chip).dense]
    reached = {str(name) for name in whole.catalogue.get("efficiencies", whole.family, Efficiency).products}
    for recipe in workload.recipes:
        form = next((form for form in FORMATS[recipe] if form in formats), None)
        if form is not None and (recipe in reached or FORMATS[recipe][-1] in reached):
            return recipe, form
    wanted, known = " or ".join(workload.recipes), ", ".join(formats)
    raise InputError(Problem(f"{chip} has no {wanted}", field="dense", hint=f"it has {known}"))


def with_rates(catalogue: Catalogue, chip: str, compute: float, memory: float) -> Catalogue:
    """Return the catalogue with all dense rates of a chip, and its memory bandwidth, changed by factors."""
    record = catalogue.get("chips", chip, Chip)
    dense = {form: _scaled(rate, compute) for form, rate in record.dense.items()}
    held = record.memory
    if held is not None and held.bandwidth is not None:
        held = held.model_copy(update={"bandwidth": _scaled(held.bandwidth, memory)})
    changed = record.model_copy(update={"dense": dense, "memory": held})
    collections = {**catalogue.collections, "chips": {**catalogue.collections["chips"], chip: changed}}
    return Catalogue(collections, catalogue.plain, catalogue.digest)


def _scaled(quantity: Quantity, factor: float) -> Quantity:
    return Quantity(quantity.unit, (Estimate(Exact(factor * value_of(quantity))),))
