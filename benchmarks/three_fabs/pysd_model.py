"""The Vensim file three_fabs.mdl run by PySD: one run per draw. `--draws` is the number of runs.

The draws are the first of the NumPy loop's, so both can be compared draw by draw.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pysd
from model import draw_inputs, quantiles, question, simulate
from program import answer, arguments


def load() -> pysd.py_backend.model.Model:
    """The translated model; PySD writes the translation beside the file it reads, hence a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copied = shutil.copy(Path(__file__).with_name("three_fabs.mdl"), folder)
        return pysd.read_vensim(copied)


def main() -> None:
    options = arguments()
    asked = question()
    inputs = draw_inputs(asked, options.draws, options.seed)
    start = time.perf_counter()
    model = load()
    loaded = time.perf_counter()
    fixed = {"stacks per chip": asked.stacks_per_chip, "carried over": asked.carried_over}
    chips, stock = [], []
    for draw in range(options.draws):
        values = {name.replace("_", " "): column[draw] for name, column in inputs.items()}
        table = model.run(params=fixed | values, return_columns=["chips", "stock"])
        chips.append(table["chips"].to_numpy()[:-1])
        # Vensim's stock at time m + 1 is the stock at the end of month m.
        stock.append(table["stock"].to_numpy()[1:])
    run = time.perf_counter()
    made, held = np.array(chips).T, np.array(stock).T
    expected_chips, expected_stock = simulate(inputs, asked)
    pairs = ((made, expected_chips), (held, expected_stock))
    difference = max(np.abs(own - expected).max() / expected.max() for own, expected in pairs)
    answer(
        run - start,
        quantiles(made)[asked.chips_month],
        quantiles(held)[asked.stock_month],
        load_seconds=loaded - start,
        draw_seconds=(run - loaded) / options.draws,
        difference=float(difference),
    )


if __name__ == "__main__":
    main()
