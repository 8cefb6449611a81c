"""What the chips of a result can do: speeds, readiness of software, power, and the cost of running them, as drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autarky.facts.catalogue import value_of
from autarky.facts.performance_records import ReferenceWorkload
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.quantities.sampler import Sampler
from autarky.scenario.capability_model import RUNNING
from autarky.scenario.model import Model
from autarky.simulate_fabs import by_month

Draws = NDArray[np.float32]
POWER = "power"


@dataclass(frozen=True)
class Capability:
    """What one chip of each kind can do, by draw."""

    speed: Mapping[str, Array] = field(default_factory=dict)
    """Reference workload -> tokens per s of one reference chip, (draw,)."""
    readiness: Mapping[str, Draws] = field(default_factory=dict)
    """Vendor -> share of what its chips could do that software makes of them, (month, draw)."""
    rated: Mapping[str, Array] = field(default_factory=dict)
    """Chip -> W that one is rated with its share of a system, without cooling, (draw,)."""
    running: Mapping[str, Array] = field(default_factory=dict)
    """Field of running costs -> (draw,)."""
    workloads: Mapping[str, str] = field(default_factory=dict)
    """Reference workload -> what it is, in words."""
    work: Mapping[str, float] = field(default_factory=dict)
    """Reference workload -> what a token of it counts for in `capability` measures: FLOP, or 1."""
    assumed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Chip -> what stands in for what is not published of it."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Measure -> why it cannot be had."""

    @property
    def columns(self) -> int:
        """Numbers kept of each draw beside the shares of readiness."""
        return len(self.speed) + len(self.rated) + len(self.running)


def unknown(model: Model, worth: Mapping[str, Mapping[str, Array]], sampler: Sampler) -> dict[str, str]:
    """Return why measures cannot be had, by name: of MODELLED, or `power` for all that takes the power of chips.

    `worth` is what each chip is worth (see `chip_worth`) by what the sampler's as-of date knows.
    """
    inputs, found = model.capability, dict[str, str]()
    vendors = {chip.vendor for chip in model.valued.values()}
    silent = [v for v in vendors if v not in inputs.readiness or not sampler.knows(inputs.readiness[v][1].share)]
    for task in inputs.workloads:
        lacking = [name for name, known in worth.items() if task not in known]
        if lacking:
            why = inputs.speeds.lacking.get(lacking[0], "its rates were not known by then")
            found[task] = f"{lacking[0]} has no speed in {task}: {why}"
        elif silent:
            found[task] = f"how ready the software of {sorted(silent)[0]} is was not known"
    unrated = [name for name in model.valued if not _known(inputs.rated.get(name, ()), sampler)]
    if unrated:
        found[POWER] = f"the power of {unrated[0]} is not known"
    elif inputs.running is None or not all(sampler.knows(getattr(inputs.running[1], name)) for name in RUNNING):
        found[POWER] = "what runs the systems was not known"
    return found


def _known(factors: Sequence[tuple[str, Quantity, float]], sampler: Sampler) -> bool:
    return bool(factors) and all(sampler.knows(quantity) for _, quantity, _ in factors)


def empty_capability(model: Model, lacking: Mapping[str, str], draws: int) -> Capability:
    """Return a capability with room for all draws, without what `lacking` says cannot be had."""
    inputs, months = model.capability, model.months.size
    tasks = [task for task in inputs.workloads if task not in lacking]
    every = {**model.valued, **inputs.elsewhere}
    ready = [chip.vendor for chip in every.values() if chip.vendor in inputs.readiness]
    vendors = dict.fromkeys(ready) if tasks else {}
    return Capability(
        speed={task: np.empty(draws) for task in tasks},
        readiness={vendor: np.empty((months, draws), dtype=np.float32) for vendor in vendors},
        rated={name: np.empty(draws) for name in (() if POWER in lacking else model.valued)},
        running={name: np.empty(draws) for name in (() if POWER in lacking else RUNNING)},
        workloads={task: in_words(inputs.workloads[task]) for task in tasks},
        work={task: _work(inputs.workloads[task]) for task in tasks},
        assumed={name: words for name, words in inputs.speeds.assumed.items() if words},
        lacking=lacking,
    )


def in_words(workload: ReferenceWorkload) -> str:
    """Return a reference workload in one line: model, lengths, limits, chips, recipes and software."""
    lengths = {
        "sequences": workload.sequence,
        "prompts": workload.prompt,
        "answers": workload.answer,
    }
    parts = [f"{name} of {value_of(tokens):,.0f} tokens" for name, tokens in lengths.items() if tokens is not None]
    for text, limit in (("read in", workload.longest_wait), ("each token in", workload.longest_token)):
        if limit is not None:
            parts.append(f"{text} at most {value_of(limit):g} s")
    recipes = " or ".join(workload.recipes)
    return f"{workload.model}, {', '.join(parts)}, on {workload.chips:,} chips in {recipes}, with {workload.software}"


def _work(workload: ReferenceWorkload) -> float:
    """Return what a token counts for: the FLOP of training it, attention counted half, or 1."""
    if workload.task != "training" or workload.sequence is None:
        return 1.0
    from autarky.workloads.operations import sequence_work
    from autarky.workloads.reference import reference_model

    config = reference_model(workload.model).config
    return float(sequence_work(config, round(value_of(workload.sequence)), "half").training)


def fill(kept: Capability, model: Model, speed: Mapping[str, Array], sampler: Sampler) -> None:
    """Draw a capability for the sampler's draws; `speed` is tokens per s of the reference chip by task, (draw,)."""
    inputs, here = model.capability, slice(sampler.start, sampler.stop)
    for task, values in kept.speed.items():
        values[here] = speed[task]
    for vendor, shares in kept.readiness.items():
        name, record = inputs.readiness[vendor]
        shares[:, here] = by_month(sampler.draw(f"software_readiness.{name}.share", record.share), model)
    for chip, watts in kept.rated.items():
        watts[here] = 1.0
        for key, quantity, divisor in inputs.rated[chip]:
            watts[here] *= sampler.draw(key, quantity) / divisor
    if inputs.running is not None:
        name, costs = inputs.running
        for field_name, values in kept.running.items():
            values[here] = sampler.draw(f"running_costs.{name}.{field_name}", getattr(costs, field_name))
