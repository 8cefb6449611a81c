"""Asks a question: draws the inputs, runs the chain block by block, weighs the draws by the evidence."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autarky
from autarky.analysis.condition import Fit, condition
from autarky.capability import POWER, Capability, empty_capability, fill, unknown
from autarky.elsewhere import Elsewhere, empty_elsewhere, fill_elsewhere
from autarky.equivalents import EQUIVALENTS, NOMINAL, chip_worth
from autarky.errors import Problem, QuantityError, ScenarioError
from autarky.facts.catalogue import Catalogue
from autarky.facts.dimensions import sobol_dimensions
from autarky.facts.fields import Series
from autarky.facts.records import Observation
from autarky.limits import check_count, check_memory
from autarky.measures import Tags
from autarky.quantities.arrays import Array
from autarky.quantities.draws import BLOCK, MAXIMUM_DRAWS, Streams
from autarky.quantities.months import month_label
from autarky.quantities.paths import Path as QuantityPath
from autarky.quantities.sampler import Correlation, Sampler, Worlds
from autarky.questions import Known, question_problems, unanswerable
from autarky.result import InputUsed, Result, Settings
from autarky.scenario.events import drawn_events, event_problems, law_of
from autarky.scenario.groups import correlations_of, worlds_of
from autarky.scenario.model import Model, model_of
from autarky.scenario.resolve import Question, ask
from autarky.simulate import constraints, simulate
from autarky.simulate_market import MARKET_FLOWS, market_flow_members

DEFAULT_DRAWS = 4 * BLOCK
BLOCK_BYTES = 192 * 2**20
"""Most that the flows of one block may take. Smaller blocks leave threads waiting for each other's short steps:
on the flagship with its report, 10,000 draws take 12.6 s and 1.6 GiB, with a third more 12.8 s and 1.8 GiB."""
Progress = Callable[[int, int], None]
"""Called with (draws done, draws in all)."""

ENTITIES = (
    "production",
    "installed",
    "capacity",
    "wafers",
    "good_dies",
    "bank_dies",
    "stacks",
    "die_stock",
    "stack_stock",
    *(name for name in MARKET_FLOWS if name != "installed"),
)
"""Flows that a run can keep; those of the market where the scenario has one."""


def run(
    scenario: str | Path | Mapping[str, Any] = "china-ai-chips",
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    overrides: Mapping[str, Any] | None = None,
    as_of: str | date | None = None,
    prior: bool = False,
    workers: int | None = None,
    block: int | None = None,
    keep: Sequence[str] = ENTITIES,
    progress: Progress | None = None,
) -> Result:
    """Return the result of a scenario: a library name, a path, or plain data.

    Parameters
    ----------
    draws : joint samples of all uncertain inputs, 1 to 2**31
    seed : names the random streams; the same seed gives the same bits whatever `workers` and `block` are
    overrides : dotted key -> value, over the scenario's own
    as_of : keep only what was published by this day
    prior : leave the draws unweighted; how well the evidence fits is still reported
    workers : threads; all cores by default
    block : draws computed at a time; chosen so that a thread's arrays stay in fast memory by default
    keep : flows kept with the result, by name; fewer need less memory, and measures of the others are then unknown
    """
    check_count("draws", draws, MAXIMUM_DRAWS, f"the default is {DEFAULT_DRAWS:,}")
    for name, count in (("workers", workers), ("block", block)):
        if count is not None:
            check_count(name, count, MAXIMUM_DRAWS)
    started = time.perf_counter()
    engine = _Engine.of(ask(scenario, overrides=overrides, as_of=as_of), seed, tuple(keep))
    resolved = time.perf_counter()
    check_memory(draws, engine.bytes_per_draw())
    try:
        collected = engine.collect(draws, workers or os.cpu_count() or 1, block, progress)
        simulated = time.perf_counter()
        result = engine.result(collected, draws, prior)
    except QuantityError as error:
        # What only fails when it is drawn was not known by the day that the scenario asks about.
        place = engine.question.place(("as_of",) if engine.question.as_of else ())
        raise ScenarioError(Problem(error.message, place, ".".join(map(str, error.at)), error.hint)) from None
    timings = {"read": resolved - started, "simulate": simulated - resolved, "weigh": time.perf_counter() - simulated}
    return replace(result, timings=timings)


def check(scenario: str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Question:
    """Return the question of a scenario after every check that does not need a run."""
    return _Engine.of(ask(scenario, overrides=overrides), seed=1).question


def law(scenario: str | Path | Mapping[str, Any]) -> Catalogue:
    """Return the catalogue with events, rules and country groups as a scenario has them, to classify chips under.

    `classify("h20", to="CN", date="2025-06-01", catalogue=law("h20-never-stopped"))`
    """
    return law_of(check(scenario))


@dataclass
class _Collected:
    """Flows of all blocks, (member, month, draw) in single precision, and what was drawn beside them."""

    flows: dict[str, NDArray[np.float32]]
    binding: NDArray[np.float32]
    worth: dict[str, Array]
    capability: Capability
    elsewhere: Elsewhere
    worlds: dict[str, NDArray[np.int64]]
    used: dict[str, Series]


@dataclass(frozen=True)
class _Engine:
    question: Question
    model: Model
    seed: int
    streams: Streams
    correlations: Sequence[Correlation]
    worlds: Mapping[str, Worlds]
    keep: tuple[str, ...]

    @classmethod
    def of(cls, question: Question, seed: int, keep: tuple[str, ...] = ENTITIES) -> _Engine:
        """Return the engine of a question, its groups checked."""
        model = model_of(question)
        problems = [*question_problems(question, model, keep), *event_problems(question)]
        correlations, worlds = correlations_of(question, problems), worlds_of(question, problems)
        if problems:
            raise ScenarioError(problems)
        return cls(question, model, seed, Streams(seed, sobol_dimensions()), correlations, worlds, keep)

    def sampler(self, start: int, stop: int) -> Sampler:
        """Return the sampler of a range of draws."""
        return Sampler(
            self.streams,
            self.model.months,
            start,
            stop,
            correlations=self.correlations,
            worlds=self.worlds,
            as_of=self.question.as_of,
        )

    def bytes_per_draw(self) -> int:
        """Return the bytes of all that is kept of one draw."""
        months, years = self.model.months.size, len(np.unique(self.model.months // 12))
        single = sum(map(len, self.members().values())) * months + len(constraints(self.model)) * years
        capability = empty_capability(self.model, self.lacking, 1)
        single += sum(shares.size for shares in capability.readiness.values())
        elsewhere = empty_elsewhere(self.model, self.measured(), 1, self.sampler(0, 1))
        double = len(self.model.valued) * len(self.measured()) + len(self.worlds)
        double += capability.columns + sum(worth.size for worth in elsewhere.worth.values())
        return single * np.dtype(np.float32).itemsize + double * np.dtype(float).itemsize

    def block_size(self, draws: int, workers: int) -> int:
        """Return how many draws to compute at a time: enough for every thread, few enough for fast memory."""
        members = len(self.model.products) + len(self.model.fabs) + len(self.model.dies) + len(self.model.memory_types)
        members += sum(map(len, market_flow_members(self.model).values()))
        per_draw = members * self.model.months.size * np.dtype(float).itemsize
        most = min(int(np.clip(BLOCK_BYTES // per_draw, 1024, 2 * BLOCK)), max(-(-draws // workers), 1))
        return -(-draws // -(-draws // most))

    def collect(self, draws: int, workers: int, block: int | None, progress: Progress | None) -> _Collected:
        """Return all draws, computed block by block on several threads."""
        months = self.model.months.size
        sizes = {name: len(members) for name, members in self.members().items()}
        years = int(self.model.months[-1] // 12 - self.model.months[0] // 12) + 1
        collected = _Collected(
            flows={name: np.empty((size, months, draws), dtype=np.float32) for name, size in sizes.items()},
            binding=np.empty((years, len(constraints(self.model)), draws), dtype=np.float32),
            worth={name: np.empty((len(self.model.valued), draws)) for name in self.measured()},
            capability=empty_capability(self.model, self.lacking, draws),
            elsewhere=empty_elsewhere(self.model, self.measured(), draws, self.sampler(0, 1)),
            worlds={name: np.empty(draws, dtype=np.int64) for name in self.question.scenario.worlds},
            used={},
        )
        size = block or self.block_size(draws, workers)
        ranges = [(start, min(start + size, draws)) for start in range(0, draws, size)]
        done = 0
        with ThreadPoolExecutor(max_workers=workers) as pool:
            for (start, stop), used in zip(
                ranges, pool.map(lambda span: self.fill(collected, *span), ranges), strict=True
            ):
                collected.used.update(used)
                done += stop - start
                if progress is not None:
                    progress(done, draws)
        return collected

    def fill(self, collected: _Collected, start: int, stop: int) -> dict[str, Series]:
        """Compute draws `start` to `stop` into the collected arrays; return the inputs that were used."""
        sampler = self.sampler(start, stop)
        flows = simulate(self.model, sampler)
        for name, members in self.members().items():
            arrays = flows.of(name)
            for row, member in enumerate(members):
                collected.flows[name][row, :, start:stop] = arrays.get(member, 0.0)
        collected.binding[:, :, start:stop] = flows.binding
        self.fill_worth(collected, sampler, start, stop)
        for group, index in collected.worlds.items():
            index[start:stop] = sampler.world(group)
        return sampler.used

    def fill_worth(self, collected: _Collected, sampler: Sampler, start: int, stop: int) -> None:
        """Compute what each chip is worth against the reference chip, and what it can do."""
        worth = self.worth(sampler)
        if not worth:
            return
        reference = worth[self.model.reference_name]
        for row, name in enumerate(self.model.valued):
            for measure, array in collected.worth.items():
                array[row, start:stop] = worth[name][measure] / reference[measure]
        fill(collected.capability, self.model, reference, sampler)
        fill_elsewhere(collected.elsewhere, self.model, reference, sampler)

    def worth(self, sampler: Sampler) -> dict[str, dict[str, Array]]:
        """Return what each chip and the reference chip are worth by each measure, (draw,); nothing without the last."""
        model = self.model
        if model.reference_chip is None:
            return {}
        chips = {model.reference_name: model.reference_chip, **model.valued}
        return {
            name: chip_worth(name, chip, model.products.get(name), sampler, model.capability.speeds)
            for name, chip in chips.items()
        }

    def measured(self) -> list[str]:
        """Return the H100-equivalents that every chip and the reference chip have numbers for."""
        worth, lacking = self.worth(self.sampler(0, 1)), self.lacking
        known = [name for name in EQUIVALENTS if all(name in one for one in worth.values())] if worth else []
        return [name for name in known if name in NOMINAL or name not in lacking]

    @cached_property
    def lacking(self) -> dict[str, str]:
        """Return why a modelled measure, or the power of the chips, cannot be had."""
        sampler = self.sampler(0, 1)
        return unknown(self.model, self.worth(sampler), sampler)

    def members(self) -> dict[str, tuple[str, ...]]:
        """Return the members of every flow in order."""
        model = self.model
        by_entity = {
            "production": model.products,
            "installed": model.products,
            "capacity": model.fabs,
            "wafers": model.fabs,
            "good_dies": model.dies,
            "bank_dies": model.dies,
            "stacks": model.memory_types,
            "die_stock": model.dies,
            "stack_stock": model.memory_types,
            **market_flow_members(model),
        }
        return {name: tuple(by_entity[name]) for name in ENTITIES if name in self.keep and name in by_entity}

    def result(self, collected: _Collected, draws: int, prior: bool) -> Result:
        """Return the labelled result with its weights."""
        scenario, catalogue = self.question.scenario, self.question.catalogue
        by_then = f" by {self.question.as_of}" if self.question.as_of else ""
        known = Known(tuple(collected.worth), POWER not in self.lacking, collected.elsewhere.counts_by, by_then)
        unknown = unanswerable(scenario.targets, known)
        result = Result(
            settings=Settings(
                scenario=self.question.plain,
                name=scenario.name,
                label=scenario.label,
                as_of=str(self.question.as_of) if self.question.as_of else "",
                draws=draws,
                seed=self.seed,
                prior=prior,
                version=autarky.__version__,
                catalogue=catalogue.digest,
            ),
            months=self.model.months,
            flows=collected.flows,
            members=self.members(),
            tags=Tags.of(self.model),
            die_counts={name: sum(part.count for part in parts) for name, parts in self.model.packages.items()},
            worth=collected.worth,
            valued=() if self.model.market is None else tuple(self.model.valued),
            constraints=constraints(self.model),
            binding=collected.binding,
            worlds={name: (tuple(scenario.worlds[name].weights), index) for name, index in collected.worlds.items()},
            targets=tuple(target for target in scenario.targets if target.name not in unknown),
            inputs=tuple(input_used(key, series) for key, series in sorted(collected.used.items())),
            events=tuple(drawn_events(self.question)),
            notes=self.notes(unknown.values()),
            capability=collected.capability,
            elsewhere=collected.elsewhere,
        )
        return replace(result, fit=self.fit(result))

    def notes(self, targets: Iterable[str]) -> tuple[str, ...]:
        """Return what was left out, each with the reason."""
        measures = [
            f"{'measures of power' if name == POWER else f'H100e by {name}'}, because {reason}"
            for name, reason in self.lacking.items()
            # Where the catalogue rates no chip at all, nobody expects power.
            if name != POWER or self.model.capability.rated
        ]
        return tuple(f"left out: {reason}" for reason in [*self.model.left_out.values(), *targets, *measures])

    def fit(self, result: Result) -> Fit | None:
        """Return the weights that the scenario's evidence gives the draws."""
        catalogue = self.question.catalogue
        observed: dict[str, tuple[Observation, Array]] = {}
        for name in self.question.scenario.evidence:
            observation = catalogue.get("observations", name, Observation)
            values = result.by_period(observation.measure, observation.period, observation.scope)
            observed[name] = (observation, values)
        return condition(observed, catalogue.pooling, self.question.as_of)


def input_used(key: str, series: Series) -> InputUsed:
    """Return an input's quantiles, for a path at its last month that two or more sources speak of, else its last."""
    month = ""
    quantity = next(iter(series.parts().values()))
    if isinstance(series, QuantityPath):
        pooled = [knot for knot in series.knots if len(knot[1].estimates) > 1] or series.knots[-1:]
        month, quantity = month_label(pooled[-1][0]), pooled[-1][1]
    p5, p50, p95 = quantity.pooled.ppf(np.array([0.05, 0.5, 0.95]))
    estimates = series.estimates
    return InputUsed(
        key=key,
        unit=series.unit,
        p5=float(p5),
        p50=float(p50),
        p95=float(p95),
        month=month,
        estimates=len(estimates),
        sources=tuple(dict.fromkeys(source for estimate in estimates for source in estimate.sources)),
        notes=tuple(dict.fromkeys(estimate.note for estimate in estimates if estimate.note)),
    )
