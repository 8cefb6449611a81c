"""How far a median from 4,096 draws lies from the truth: plain Monte Carlo beside autarky.

    python benchmarks/accuracy.py [--draws 4096] [--replicates 48] [--json]

Both answer the three-fab question of benchmarks/three_fabs again and again, with seeds 0, 1, 2 ... The
standard error is the standard deviation between the replicates' medians, in per cent of their mean; that of
48 replicates is itself known to about 10 %. `draws matched` is how many plain draws it takes to reach the
error of one of autarky's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "three_fabs"))

from autarky_model import KEPT, SCENARIO
from model import Question, draw_inputs, question, simulate

import autarky
from autarky.quantities.months import month_label, parse_month

Medians = Callable[[int, int], list[float]]


STOCK_MONTHS = ("2030-12", "2032-12")
"""Stock is compared at the ends of these months, beside the chips of the month that the question names."""


def positions(asked: Question) -> list[int]:
    """Positions of STOCK_MONTHS in the horizon."""
    first = parse_month(asked.first_month)
    return [parse_month(label) - first for label in STOCK_MONTHS]


def medians_of(chips: np.ndarray, stock: np.ndarray, asked: Question) -> list[float]:
    """Medians of the outputs compared, from draws by month."""
    return [float(np.median(row)) for row in (chips[asked.chips_month], *(stock[at] for at in positions(asked)))]


def plain(draws: int, seed: int) -> list[float]:
    """Medians from pseudo-random draws and the NumPy loop."""
    asked = question()
    return medians_of(*simulate(draw_inputs(asked, draws, seed), asked), asked)


def by_autarky(draws: int, seed: int) -> list[float]:
    """Medians from autarky's own draws."""
    result = autarky.run(str(SCENARIO), draws=draws, seed=seed, keep=KEPT)
    return medians_of(result.monthly("production.chips"), result.monthly("installed.chips"), question())


def relative_errors(medians: Medians, draws: int, replicates: int) -> np.ndarray:
    """Standard error of the median of each output, in per cent."""
    found = np.array([medians(draws, seed) for seed in range(replicates)])
    return 100 * found.std(axis=0, ddof=1) / found.mean(axis=0)


def outputs(asked: Question) -> list[str]:
    """What the medians are of, in words."""
    month = month_label(parse_month(asked.first_month) + asked.chips_month)
    return [f"chips made in {month}", *(f"stock at the end of {label}" for label in STOCK_MONTHS)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Standard error of medians: plain Monte Carlo and autarky.")
    parser.add_argument("--draws", type=int, default=4096)
    parser.add_argument("--replicates", type=int, default=48)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {
        name: relative_errors(medians, options.draws, options.replicates).tolist()
        for name, medians in (("plain", plain), ("autarky", by_autarky))
    }
    names = outputs(question())
    if options.json:
        setting = {"draws": options.draws, "replicates": options.replicates, "outputs": names}
        print(json.dumps(setting | results))
        return
    print(f"\nStandard error of the median, {options.draws:,} draws, {options.replicates} replicates\n")
    print(f"{'':<28} {'plain':>8} {'autarky':>8} {'draws matched':>14}")
    for output, others, own in zip(names, results["plain"], results["autarky"], strict=True):
        print(f"{output:<28} {others:>6.2f} % {own:>6.2f} % {(others / own) ** 2:>13.1f}x")


if __name__ == "__main__":
    main()
