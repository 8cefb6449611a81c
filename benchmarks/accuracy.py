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

from autarky_model import autarky_variant
from model import Question, draw_inputs, question, simulate

Medians = Callable[[int, int], tuple[float, float]]


def plain(draws: int, seed: int) -> tuple[float, float]:
    """Medians of both outputs from pseudo-random draws and the NumPy loop."""
    asked = question()
    chips, stock = simulate(draw_inputs(asked, draws, seed), asked)
    return float(np.median(chips[asked.chips_month])), float(np.median(stock[asked.stock_month]))


def by_autarky(draws: int, seed: int) -> tuple[float, float]:
    """Medians of both outputs from autarky's own draws."""
    _, chips, stock = autarky_variant(draws, seed)
    return float(chips[1]), float(stock[1])


def relative_errors(medians: Medians, draws: int, replicates: int) -> np.ndarray:
    """Standard error of the median of each output, in per cent."""
    found = np.array([medians(draws, seed) for seed in range(replicates)])
    return 100 * found.std(axis=0, ddof=1) / found.mean(axis=0)


def outputs(asked: Question) -> tuple[str, str]:
    """What the two medians are of, in words."""
    first = int(asked.first_month[:4]) * 12 + int(asked.first_month[5:]) - 1

    def label(month: int) -> str:
        return f"{(first + month) // 12}-{(first + month) % 12 + 1:02d}"

    return f"chips made in {label(asked.chips_month)}", f"stock at the end of {label(asked.stock_month)}"


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
