"""The hand-written NumPy month loop, timed. Takes `float32` or `float64`."""

from __future__ import annotations

import time

import numpy as np
from model import PROBABILITIES, draw_inputs, quantiles, question, simulate
from program import answer, arguments

BATCHES = 20


def batch_errors(values: np.ndarray) -> np.ndarray:
    """Standard errors of the quantiles of one month's draws, from the spread between batches of them."""
    per_batch = np.quantile(values.reshape(BATCHES, -1), PROBABILITIES, axis=1)
    return per_batch.std(axis=1, ddof=1) / BATCHES**0.5


def main() -> None:
    options = arguments()
    dtype = np.dtype(options.rest[0]).type
    start = time.perf_counter()
    asked = question()
    chips, stock = simulate(draw_inputs(asked, options.draws, options.seed, dtype), asked)
    chips_quantiles, stock_quantiles = quantiles(chips), quantiles(stock)
    seconds = time.perf_counter() - start
    equal = options.draws // BATCHES * BATCHES
    errors = [batch_errors(chips[asked.chips_month, :equal]), batch_errors(stock[asked.stock_month, :equal])]
    answer(
        seconds,
        chips_quantiles[asked.chips_month],
        stock_quantiles[asked.stock_month],
        errors=np.concatenate(errors).tolist(),
    )


if __name__ == "__main__":
    main()
