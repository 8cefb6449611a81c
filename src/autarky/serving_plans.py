"""Plans to serve a model on a system: the fastest deployments, why others lost, and what each costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autarky.errors import InputError, Problem
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.records import Chip
from autarky.limits import check_count
from autarky.plan_inputs import MOST_PLANS, MOST_TOKENS, Costs, check_length, costs_of, model_named, within
from autarky.quantities.estimates import Quantity
from autarky.serving_figures import figures, short_figures
from autarky.serving_refusals import nothing_found
from autarky.systems.system import build
from autarky.workloads.serving_given import Given, parse_given
from autarky.workloads.serving_question import Question
from autarky.workloads.serving_search import Found, Spaces, search
from autarky.workloads.serving_setting import ServingJob, ServingSetting, Speculation, setting_of
from autarky.workloads.serving_space import space

GIGA, MILLI = 1e9, 1e-3
LONGEST = 86400.0
"""Seconds; who waits longer for a token does not wait."""
MOST_GUESSES = 64


@dataclass(frozen=True)
class ServingPlan:
    """What a search for serving plans found, with the running costs that price it.

    `given` is the text of what was asked to stay as it is; `taken` says what stands in for options that were not given.
    """

    question: Question
    found: Found
    costs: Costs
    given: str
    taken: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data; units stand in the names."""
        question, found = self.question, self.found
        setting, job = question.setting, question.setting.job
        guesses = job.speculation
        rows = figures(question, self.costs, found.best)
        return {
            "model": job.config.name,
            "system": job.system.name,
            "chips": job.system.chips,
            "prompt_tokens": question.prompt,
            "answer_tokens": question.answer,
            "reused_tokens": question.reused,
            "ttft_limit_s": _finite(question.ttft),
            "tpot_limit_ms": _finite(question.tpot / MILLI),
            "precision": job.recipe,
            "cache_bits": setting.form.bits,
            "software": job.software,
            "speculation": None if guesses is None else {"guesses": guesses.drafts, "tokens_a_step": guesses.tokens},
            "given": self.given,
            "taken": list(self.taken),
            "notes": list(setting.notes),
            "pue": self.costs.pue,
            "layouts_tried": sum(side.tried for side in found.spaces.counted),
            "layouts_fitting": sum(len(side.layouts) for side in found.spaces.counted),
            "pairs_tried": found.pairs,
            "ruled_out": _ruled_out(found),
            "too_slow": dict(found.slow),
            "best": [{**row, "slower_by": _lost(row, rows[0])} for row in rows],
            "front": short_figures(question, self.costs, found.front),
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _ruled_out(found: Found) -> dict[str, int]:
    """Return how many layouts each rule ruled out."""
    counts: Counter[str] = Counter()
    for side in found.spaces.counted:
        counts.update(side.broken)
    return dict(counts)


def _lost(row: Mapping[str, Any], best: Mapping[str, Any]) -> dict[str, float]:
    """Return where a plan spends more chip time on a token than the best, in ms, largest first, at most three."""
    parts, least = row["chip_ms_per_token"], best["chip_ms_per_token"]
    more = {part: value - least.get(part, 0.0) for part, value in parts.items()}
    largest = sorted(more, key=lambda part: -more[part])[:3]
    return {part: more[part] for part in largest if more[part] > 0}


def plan_serving(
    model: str | Path,
    system: str,
    *,
    prompt: int | None = None,
    answer: int | None = None,
    chips: int | None = None,
    plan: str = "",
    ttft: float | None = None,
    tpot: float | None = None,
    precision: str | None = None,
    software: str | None = None,
    reuse: float = 0.0,
    speculate: int | None = None,
    acceptance: float | None = None,
    pue: float | None = None,
    keep: int = 5,
    catalogue: Catalogue | None = None,
) -> ServingPlan:
    """Return the fastest deployments that serve a model on a system within limits.

    Parameters
    ----------
    model, system, chips
        A config.json or a bundled model; a system of the catalogue; packages, by default one whole system.
    prompt, answer
        Tokens of each request, by default those of the reference workload. Of the prompt the share `reuse` is cached
        already.
    plan
        What is fixed: `tp=8,dp=4,ep=32` for servers that do everything, with `prefill.` and `decode.` before the
        fields for separate servers; `servers=2` and `concurrency=64` fix how many, and the requests in flight.
    ttft, tpot
        Longest time to the first token in s, waiting included, and for each token after it in ms; by default those
        of the reference workloads.
    precision, software
        How products are computed and by which serving stack; by default as in the reference workloads.
    speculate, acceptance
        Tokens guessed ahead in each step, and the share of guesses that is right where those before it are.
    """
    facts = catalogue or load_catalogue()
    taken: list[str] = []
    reading = facts.get("reference_workloads", "prefill", ReferenceWorkload)
    usual = facts.get("reference_workloads", "decode", ReferenceWorkload)
    tokens = _tokens("prompt", prompt, usual.prompt, taken), _tokens("answer", answer, usual.answer, taken)
    check_count("keep", keep, MOST_PLANS)
    if not 0 <= reuse < 1:
        hint = "give a share of 0 or more, below 1"
        raise InputError(Problem(f"{reuse:g} is out of range", field="reuse", hint=hint))
    given = parse_given(plan)
    config = model_named(model)
    check_length("prompt and answer", sum(tokens), config)
    built = build(facts, system, chips)
    job = ServingJob(
        config,
        built,
        recipe=precision or "",
        software=_taken("software", usual.software, taken) if software is None else software,
        speculation=_speculation(speculate, acceptance),
    )
    setting = _first_setting(facts, job, usual.recipes, taken) if precision is None else setting_of(facts, job)
    # A given load is priced whatever it takes, unless a limit is asked for.
    priced = given.concurrency is not None
    question = Question(
        setting=setting,
        prompt=float(tokens[0]),
        answer=float(tokens[1]),
        reused=min(float(int(reuse * tokens[0])), tokens[0] - 1.0),
        ttft=_limit("ttft", ttft, 1.0, None if priced else reading.longest_wait, "s", taken),
        tpot=_limit("tpot", tpot, MILLI, None if priced else usual.longest_token, "ms", taken),
        bandwidth=_bandwidth(facts, setting),
    )
    costs = costs_of(facts, built, pue)
    found = search(question, _spaces(question, given), keep=keep)
    if not found.best:
        raise InputError(nothing_found(facts, question, given, found))
    return ServingPlan(question, found, costs, plan, tuple(taken))


def _taken(option: str, value: str, taken: list[str]) -> str:
    taken.append(f"--{option} {value}")
    return value


def _tokens(option: str, value: int | None, usual: Quantity | None, taken: list[str]) -> int:
    """Return a number of tokens of an option or of the reference workload."""
    if value is None and usual is not None:
        return int(_taken(option, f"{value_of(usual):.0f}", taken))
    check_count(option, value, MOST_TOKENS)
    return int(value or 0)


def _limit(option: str, value: float | None, unit: float, usual: Quantity | None, name: str, taken: list[str]) -> float:
    """Return a limit in s, of an option in units of `unit` s, or else a reference workload's, or else none."""
    if value is not None:
        if not 0 < value <= LONGEST / unit:
            hint = f"give a number above 0 and up to {LONGEST / unit:,.0f} {name}"
            raise InputError(Problem(f"{value:g} is out of range", field=option, hint=hint))
        return value * unit
    if usual is None:
        return float("inf")
    seconds = value_of(usual)
    _taken(option, f"{seconds / unit:g}", taken)
    return seconds


def _speculation(guesses: int | None, acceptance: float | None) -> Speculation | None:
    if guesses is None and acceptance is None:
        return None
    if guesses is None or acceptance is None:
        lacking, other = ("speculate", "acceptance") if guesses is None else ("acceptance", "speculate")
        raise InputError(Problem(f"is missing beside --{other}", field=lacking, hint="give both or neither"))
    check_count("speculate", guesses, MOST_GUESSES)
    within("acceptance", acceptance, 0.0, 1.0)
    return Speculation.accepted(guesses, acceptance)


def _first_setting(facts: Catalogue, job: ServingJob, recipes: Iterable[str], taken: list[str]) -> ServingSetting:
    """Return the setting in the first recipe that the chip can run; where it runs none, the last error."""
    problem: InputError | None = None
    for recipe in recipes:
        try:
            setting = setting_of(facts, replace(job, recipe=recipe))
        except InputError as error:
            problem = error
            continue
        _taken("precision", recipe, taken)
        return setting
    raise problem or InputError(Problem("is missing", field="precision"))


def _bandwidth(facts: Catalogue, setting: ServingSetting) -> float:
    """Return the nominal bytes/s of the memory of one device; `setting_of` has checked that it is known."""
    memory = facts.get("chips", setting.job.system.chip, Chip).memory
    nominal = memory.bandwidth if memory is not None else None
    return 0.0 if nominal is None else value_of(nominal) * GIGA / setting.devices


def _spaces(question: Question, given: Given) -> Spaces:
    """Return what is searched, within what is given."""
    setting, chips = question.setting, question.chips
    alike = apart = None
    if given.apart is not True:
        alike = space(setting, chips, question.context, given.then.fixed)
    if given.apart is not False:
        reading = space(setting, chips, question.prompt, given.first.fixed)
        writing = alike if alike is not None else space(setting, chips, question.context, given.then.fixed)
        apart = reading, writing
    numbers = (given.first.servers, given.then.servers, given.then.servers if given.apart is False else None)
    return Spaces(alike, apart, numbers, given.concurrency)
