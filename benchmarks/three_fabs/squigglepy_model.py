"""The model in squigglepy as its users write one: a function that samples and runs once per draw."""

from __future__ import annotations

import time
from math import exp, log

import numpy as np
import squigglepy as sq
from model import FABS, quantiles, question
from program import answer, arguments

ASKED = question()


def distribution(interval: dict) -> tuple:
    """The squigglepy distribution of an input, and what turns a sample of it into the input."""
    low, high = interval["p5"], interval["p95"]
    match interval["family"]:
        case "normal":
            return sq.norm(low, high), float
        case "lognormal":
            return sq.lognorm(low, high), float
        case "logit-normal":
            return sq.norm(log(low / (1 - low)), log(high / (1 - high))), lambda x: 1 / (1 + exp(-x))


INPUTS = {name: distribution(interval) for name, interval in ASKED.inputs.items()}


def three_fabs() -> list[float]:
    """One draw: the chips of each month, then the stock at the end of each."""
    x = {name: finish(~sampled) for name, (sampled, finish) in INPUTS.items()}
    made, held = [], []
    dies = stacks = stock = 0.0
    for month in range(ASKED.months):
        wafers = sum(
            x[f"fab_{fab}_wafers"] * min(max((month - x[f"fab_{fab}_start"]) / x[f"fab_{fab}_ramp"], 0), 1)
            for fab in FABS
        )
        risen = 1 / (1 + exp(-(month - x["yield_midpoint"]) / x["yield_scale"]))
        good = x["yield_floor"] + x["yield_rise"] * risen
        dies = dies * ASKED.carried_over + wafers * x["dies_per_wafer"] * good
        stacks = stacks * ASKED.carried_over + x["stacks"] * exp(x["stacks_growth"] * month)
        chips = min(dies, stacks / ASKED.stacks_per_chip)
        dies -= chips
        stacks -= chips * ASKED.stacks_per_chip
        stock = stock * (1 - x["attrition"]) + chips
        made.append(chips)
        held.append(stock)
    return made + held


def main() -> None:
    options = arguments()
    sq.set_seed(options.seed)
    start = time.perf_counter()
    draws = np.asarray(sq.sample(three_fabs, n=options.draws))
    by_month = quantiles(draws.T)
    seconds = time.perf_counter() - start
    answer(seconds, by_month[ASKED.chips_month], by_month[ASKED.months + ASKED.stock_month])


if __name__ == "__main__":
    main()
