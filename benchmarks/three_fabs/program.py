"""What the benchmark's programs share: their arguments, and the one line of JSON that each ends with."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence


def arguments() -> argparse.Namespace:
    """Draws and seed, as the driver passes them; `rest` holds what only one program takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("rest", nargs="*")
    return parser.parse_args()


def answer(seconds: float, chips: Sequence[float], stock: Sequence[float], **more: object) -> None:
    """Print the time for drawing, simulating and all quantiles, and the three quantiles of each output."""
    quantiles = {"chips": [float(value) for value in chips], "stock": [float(value) for value in stock]}
    print(json.dumps({"seconds": seconds, **quantiles, **more}))
