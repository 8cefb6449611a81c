"""Two systems side by side: what each has, and the energy that each takes for a token of the reference workloads."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autarky.errors import InputError
from autarky.facts.catalogue import Catalogue
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import Efficiency, ReferenceWorkload
from autarky.plan_inputs import check_network, costs_of
from autarky.systems.comparison import compare
from autarky.systems.deployment import Deployed
from autarky.systems.system import build
from autarky.workloads.reference import reference_model
from autarky.workloads.worth import TASKS, recipe_of
from autarky.workloads.worth_tasks import Task


def compare_systems(left: str, right: str, *, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return two systems side by side as plain data: amounts under every convention, ratios as ranges.

    Energy per token is that of each reference workload in the best way that the search finds on each system; a
    system that cannot do a workload, or of which too little is known, has no such row.
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
    for name, workload in facts.all("reference_workloads", ReferenceWorkload).items():
        sides = [_energy(facts, system, workload) for system in (left, right)]
        known = [side for side in sides if side is not None]
        if len(known) == 2:
            ours, theirs = (float(side["value"]) for side in known)
            rows.append(
                {
                    "quantity": f"energy per token, {name}",
                    "unit": "J/token",
                    "left": [known[0]],
                    "right": [known[1]],
                    "ratio_low": ours / theirs,
                    "ratio_high": ours / theirs,
                }
            )
    return {"left": left, "right": right, "rows": rows}


def _energy(facts: Catalogue, name: str, workload: ReferenceWorkload) -> dict[str, Any] | None:
    """Return J per token of a reference workload on a system with how it is reached, None where it cannot be told."""
    try:
        system = build(facts, name, workload.chips)
        check_network(system)
        family = next(
            (key for key, known in facts.all("efficiencies", Efficiency).items() if system.chip in known.chips), ""
        )
        recipe, _ = recipe_of(Deployed(facts, name, family, ()), system.chip, workload)
        reached = TASKS[workload.task](Task(facts, system, reference_model(workload.model).config, workload, recipe))
    except InputError:
        return None
    energy = costs_of(facts, system, None).energy(reached.tokens)
    if energy is None:
        return None
    note = f"{workload.model} on {workload.chips:,} chips in {recipe}, {reached.plan}; modelled, cooling included"
    return {"value": energy, "sources": [], "note": note}
