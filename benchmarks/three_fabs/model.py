"""The three-fab model as a careful NumPy user writes it: one loop over months, arrays written in place.

The other programs in this folder carry out the same equations. One die makes one chip.

    wafers = sum over fabs of plateau * clip((m - start) / ramp, 0, 1)
    yield  = floor + rise / (1 + exp(-(m - midpoint) / scale))
    dies   = dies left * carried_over + wafers * dies_per_wafer * yield
    stacks = stacks left * carried_over + stacks * exp(growth * m)
    chips  = min(dies, stacks / stacks_per_chip); both lose what the chips take, and the rest is left
    stock  = (1 - attrition) * stock of the month before + chips
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import yaml

INPUTS = Path(__file__).with_name("inputs.yaml")
PROBABILITIES = (0.05, 0.5, 0.95)
FABS = ("a", "b", "c")
_Z95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Question:
    """What inputs.yaml asks."""

    first_month: str
    months: int
    stacks_per_chip: int
    carried_over: float
    chips_month: int
    stock_month: int
    inputs: dict[str, dict]


def question() -> Question:
    """What every program of the benchmark is asked."""
    return Question(**yaml.safe_load(INPUTS.read_text(encoding="utf-8")))


def _logit(share: float) -> float:
    return np.log(share / (1 - share))


def _sigmoid(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-score))


# Family: to the scale on which it is normal, and back.
SCALES: dict[str, tuple[Callable, Callable]] = {
    "normal": (float, np.asarray),
    "lognormal": (np.log, np.exp),
    "logit-normal": (_logit, _sigmoid),
}


def inputs_from_scores(scores: np.ndarray, asked: Question) -> dict[str, np.ndarray]:
    """Draws of every input from standard normal scores, shape (input, draw), in inputs.yaml's order."""
    draws = {}
    for score, (name, interval) in zip(scores, asked.inputs.items(), strict=True):
        link, unlink = SCALES[interval["family"]]
        low, high = float(link(interval["p5"])), float(link(interval["p95"]))
        draws[name] = unlink(score * ((high - low) / (2 * _Z95)) + (high + low) / 2)
    return draws


def draw_inputs(asked: Question, draws: int, seed: int, dtype: type = np.float64) -> dict[str, np.ndarray]:
    """Pseudo-random draws of every input."""
    scores = np.random.default_rng(seed).standard_normal((len(asked.inputs), draws), dtype=dtype)
    return inputs_from_scores(scores, asked)


def simulate(inputs: dict[str, np.ndarray], asked: Question) -> tuple[np.ndarray, np.ndarray]:
    """Chips made in each month and the stock at its end, both (month, draw), in the inputs' own precision."""
    dtype, draws = inputs["attrition"].dtype, inputs["attrition"].size
    chips = np.empty((asked.months, draws), dtype)
    stock = np.empty((asked.months, draws), dtype)
    kept = 1 - inputs["attrition"]
    growth = np.exp(inputs["stacks_growth"])
    # Memory is counted in the chips that it is enough for.
    arriving = inputs["stacks"] / asked.stacks_per_chip
    dies, memory = np.zeros(draws, dtype), np.zeros(draws, dtype)
    yield_slope = 1 / inputs["yield_scale"]
    slopes = [1 / inputs[f"fab_{fab}_ramp"] for fab in FABS]
    wafers, work = np.empty(draws, dtype), np.empty(draws, dtype)
    for month in range(asked.months):
        wafers[:] = 0
        for fab, slope in zip(FABS, slopes, strict=True):
            np.subtract(month, inputs[f"fab_{fab}_start"], out=work)
            work *= slope
            np.clip(work, 0, 1, out=work)
            work *= inputs[f"fab_{fab}_wafers"]
            wafers += work
        np.subtract(inputs["yield_midpoint"], month, out=work)
        work *= yield_slope
        np.exp(work, out=work)
        work += 1
        np.divide(inputs["yield_rise"], work, out=work)
        work += inputs["yield_floor"]
        wafers *= work
        wafers *= inputs["dies_per_wafer"]
        if asked.carried_over != 1:
            dies *= asked.carried_over
            memory *= asked.carried_over
        dies += wafers
        memory += arriving
        arriving *= growth
        made = np.minimum(dies, memory, out=chips[month])
        dies -= made
        memory -= made
        if month:
            np.multiply(stock[month - 1], kept, out=stock[month])
            stock[month] += made
        else:
            stock[0] = made
    return chips, stock


def quantiles(values: np.ndarray) -> np.ndarray:
    """The 5th, 50th and 95th percentile of each month, shape (month, 3)."""
    return np.quantile(values, PROBABILITIES, axis=1).T
