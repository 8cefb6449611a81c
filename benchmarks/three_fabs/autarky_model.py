"""The same question put to autarky: scenario.yaml, run by the ordinary engine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from model import PROBABILITIES, Question, question
from program import answer, arguments

if TYPE_CHECKING:
    import numpy as np

    import autarky

KEPT = ("production", "installed")
"""What the other programs keep as well: chips and stock, every draw in every month."""
SCENARIO = Path(__file__).with_name("scenario.yaml")


def autarky_variant(draws: int, seed: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Seconds of one run after import, and the quantiles of chips and stock in the months compared."""
    import autarky

    asked = question()
    # autarky imports when it first needs something; the other programs' imports are not timed either.
    autarky.run(str(SCENARIO), draws=16, seed=seed, keep=KEPT)
    start = time.perf_counter()
    result = autarky.run(str(SCENARIO), draws=draws, seed=seed, keep=KEPT)
    chips, stock = read_quantiles(result, asked)
    return time.perf_counter() - start, chips, stock


def read_quantiles(result: autarky.Result, asked: Question) -> tuple[np.ndarray, np.ndarray]:
    """The quantiles compared; those of every month are computed, as in the other programs."""
    chips = result.quantiles(result.monthly("production.chips"), PROBABILITIES)
    stock = result.quantiles(result.monthly("installed.chips"), PROBABILITIES)
    return chips[:, asked.chips_month], stock[:, asked.stock_month]


def main() -> None:
    options = arguments()
    answer(*autarky_variant(options.draws, options.seed))


if __name__ == "__main__":
    main()
