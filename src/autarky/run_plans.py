"""Will a training run finish, and when? A training plan made into a run of some tokens, with its disturbances drawn.

The plan gives the step time, the catalogue's `reliabilities` how often such a job stops and what that costs, and
`software_readiness` the share of its speed that the software of the chip's vendor lets it reach at the start.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from autarky.errors import InputError, Problem, QuantityError
from autarky.facts.catalogue import Catalogue
from autarky.facts.dimensions import sobol_dimensions
from autarky.facts.loader import load_catalogue
from autarky.facts.records import System as SystemRecord
from autarky.limits import check_count, check_memory
from autarky.planning import TrainingPlan
from autarky.quantities.arrays import Array
from autarky.quantities.draws import MAXIMUM_DRAWS, Streams
from autarky.quantities.summary import weighted_quantiles
from autarky.quantities.units import parse_number
from autarky.run_conditions import Conditions, Inputs, draw_conditions, reliability_of
from autarky.run_sizing import Sizing, planned_hours
from autarky.workloads.failures import HOURS_A_DAY, mean_time_between
from autarky.workloads.inputs import positive, share
from autarky.workloads.run_draws import SimulatedRuns, simulate_runs
from autarky.workloads.runs import (
    SECONDS_AN_HOUR,
    Run,
    finish_probability,
    goodput,
    hours_until,
    run_cost,
    run_energy,
)

DEFAULT_DRAWS = 4096
GIVE_UP = 8.0
"""A run is given up when it has taken so many times as long as its plan alone would,"""
PATIENCE = 10.0 * HOURS_A_DAY
"""but not before so many hours."""
MOST_TOKENS = 1e18
"""A thousand times what has ever been written; more is a typing error."""
PERCENTILES = {"p5": 0.05, "p50": 0.50, "p95": 0.95}
BYTES_PER_DRAW = 8 * 64
_SUFFIXES = {"T": "tn", "B": "bn", "b": "bn", "K": "k"}


@dataclass(frozen=True)
class RunPlan:
    """A run of `tokens` by a training plan under drawn conditions, and what came of it.

    available    hours from the start until the deadline, None without one
    confidence   probability with which the run shall be done in time
    spares       nodes kept ready
    inputs       what was drawn, by dotted key
    whole        whether the power of the system is known, and not only that of its chips
    """

    training: TrainingPlan
    tokens: float
    start: date
    available: float | None
    confidence: float
    reliability: str
    software: str
    chips_per_node: int
    spares: int
    seed: int
    conditions: Conditions
    run: Run
    simulated: SimulatedRuns
    inputs: Inputs
    whole: bool
    needed: int | str | None

    @property
    def chips(self) -> int:
        """Chips that work; spare ones come on top."""
        return self.training.job.system.chips

    @property
    def days(self) -> Array:
        """Days from start to finish, shape (draw,); infinite where the run was given up."""
        return self.simulated.wall / HOURS_A_DAY

    @property
    def probability(self) -> float | None:
        """Probability to be done by the deadline, None without one."""
        if self.available is None:
            return None
        return float(finish_probability(self.simulated.wall, self.available))

    @property
    def energy(self) -> Array | None:
        """KWh of the chips that work, with their share of the system where `whole`, cooled, shape (draw,)."""
        watts = self.training.costs.watts
        return None if watts is None else run_energy(self.chips, watts, self.training.costs.pue, self.simulated.wall)

    @property
    def cost(self) -> Array | None:
        """USD for chips over their life, spare ones included, and for electricity, shape (draw,)."""
        energy, hour = self.energy, self.training.costs.chip_hour
        if energy is None or hour is None:
            return None
        held = self.chips + self.spares * self.chips_per_node
        return run_cost(held, hour, self.simulated.wall, energy * self.training.costs.electricity)

    def to_json(self) -> dict[str, Any]:
        """Return the plan and its run as plain data; units stand in the names, null is never or not known."""
        return {**self.training.to_json(), "run": self.summary()}

    def summary(self) -> dict[str, Any]:
        """Return the run as plain data."""
        wall, draws = self.simulated.wall, self.simulated.wall.size
        chance = self.probability
        energy, cost = self.energy, self.cost
        return {
            "tokens": self.tokens,
            "chips": self.chips,
            "start": self.start.isoformat(),
            "days_available": None if self.available is None else self.available / HOURS_A_DAY,
            "confidence": self.confidence,
            "reliability": self.reliability,
            "software_readiness": self.software,
            "draws": draws,
            "seed": self.seed,
            "planned_days": planned_hours(self.training, self.tokens) / HOURS_A_DAY,
            "wall_days": _spread(self.days),
            "finished_share": float(self.simulated.finished.mean()),
            "goodput": _spread(goodput(self.run, wall)),
            "finish_probability": chance,
            "finish_probability_error": None if chance is None else math.sqrt(chance * (1.0 - chance) / draws),
            "days_at_confidence": float(weighted_quantiles(self.days, [self.confidence])[0]),
            "chips_needed": self.needed if isinstance(self.needed, int) else None,
            "chips_needed_reason": self.needed if isinstance(self.needed, str) else "",
            "interruptions": _spread(self.simulated.failures),
            "hours_between_interruptions": _spread(mean_time_between(self.run.rate)),
            "checkpoint_interval_s": _spread(self.run.checkpoint_interval * SECONDS_AN_HOUR),
            "spare_nodes": self.spares,
            "chips_per_node": self.chips_per_node,
            "energy_gwh": None if energy is None else _spread(energy / 1e6),
            "energy_counts": "whole systems" if self.whole else "chips alone",
            "cost_musd": None if cost is None else _spread(cost / 1e6),
            "inputs": {
                key: {**_spread(drawn.values), "unit": drawn.unit, "sources": list(drawn.sources)}
                for key, drawn in self.inputs.items()
            },
        }


def plan_run(
    training: TrainingPlan,
    tokens: float | str,
    *,
    start: date | str | None = None,
    by: date | str | None = None,
    days: float | None = None,
    confidence: float | str = 0.9,
    reliability: str | None = None,
    spares: int | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    catalogue: Catalogue | None = None,
) -> RunPlan:
    """Return what comes of training `tokens` by the fastest plan of a search, with its disturbances drawn.

    Parameters
    ----------
    training : what `plan_training` found
    tokens : of the whole run, such as "14.8T"
    start : first day; the day to which the catalogue is kept unless stated
    by, days : last day, or days available, of which one or none is given
    confidence : with which the run shall be done in time; 0.9 or "90%"
    reliability : id of a reliabilities record; that of the chip's family unless stated
    spares : nodes kept ready; as many as the record's operator would keep unless stated
    """
    facts = catalogue or load_catalogue()
    amount, sure = token_count(tokens), _confidence(confidence)
    check_count("draws", draws, MAXIMUM_DRAWS, f"the default is {DEFAULT_DRAWS:,}")
    check_memory(draws, BYTES_PER_DRAW)
    first = _day("start", start) if start is not None else _kept_to(facts)
    available = _available(first, by, days)
    name, record = reliability_of(facts, training.job.system.chip, reliability)
    streams = Streams(seed, sobol_dimensions())
    conditions, inputs = draw_conditions(facts, name, record, first, streams, draws)
    chips, hours = training.job.system.chips, planned_hours(training, amount)
    kept = conditions.spares(chips) if spares is None else spares
    run = conditions.run(chips, hours, kept)
    sizing = Sizing(facts, training, amount, conditions, record.chips_per_node, sure)
    return RunPlan(
        training=training,
        tokens=amount,
        start=first,
        available=available,
        confidence=sure,
        reliability=name,
        software=record.software,
        chips_per_node=record.chips_per_node,
        spares=kept,
        seed=seed,
        conditions=conditions,
        run=run,
        simulated=simulate_runs(
            run,
            streams,
            draws,
            horizon=max(GIVE_UP * hours, PATIENCE, available or 0.0),
            detection_spread=conditions.detection_spread,
        ),
        inputs=inputs,
        whole=facts.get("systems", training.job.system.name, SystemRecord).power is not None,
        needed=None if available is None else sizing.needed(available),
    )


def token_count(text: float | str) -> float:
    """Return a number of tokens: a number, or text such as 14.8T or 300 bn."""
    amount = text
    if isinstance(text, str):
        clean = re.sub(r"\s*tokens?$", "", text.strip())
        for suffix, word in _SUFFIXES.items():
            clean = re.sub(rf"(?<=\d){suffix}$", word, clean)
        try:
            (amount,) = parse_number(clean)
        except (QuantityError, ValueError):
            hint = "write e.g. `14.8T`, `300bn` or `2000000`"
            raise InputError(Problem(f"{text!r} is not a number of tokens", field="tokens", hint=hint)) from None
    positive("tokens", float(amount))
    if float(amount) > MOST_TOKENS:
        raise InputError(Problem(f"must be at most {MOST_TOKENS:g}, is {float(amount):g}", field="tokens"))
    return float(amount)


def _confidence(text: float | str) -> float:
    if isinstance(text, str):
        try:
            (value,) = parse_number(text)
        except (QuantityError, ValueError):
            hint = "write e.g. `90%`"
            raise InputError(Problem(f"{text!r} is not a probability", field="confidence", hint=hint)) from None
    else:
        value = text
    share("confidence", value)
    return value


def _day(field: str, text: date | str) -> date:
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(Problem(f"{text!r} is not a day", field=field, hint="write YYYY-MM-DD")) from None


def _kept_to(facts: Catalogue) -> date:
    """Return the last day on which a source was read."""
    return max(source.known for source in facts.sources.values())


def _available(start: date, by: date | str | None, days: float | None) -> float | None:
    """Return the hours until the deadline, None without one."""
    if by is not None and days is not None:
        raise InputError(Problem("stand beside each other", field="by and days", hint="give one of them"))
    if by is not None:
        return hours_until(start, _day("by", by))
    if days is None:
        return None
    positive("days", days)
    last = (date.max - start) / timedelta(days=1)
    if not days <= last:
        raise InputError(Problem(f"must be at most {last:,.0f}, is {days:g}", field="days"))
    return days * HOURS_A_DAY


def _spread(values: Array) -> dict[str, float]:
    found = weighted_quantiles(np.atleast_1d(values), list(PERCENTILES.values()))
    return dict(zip(PERCENTILES, (float(value) for value in found), strict=True))
