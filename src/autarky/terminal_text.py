"""What all text for a terminal shares: the console and how numbers are written."""

from __future__ import annotations

import math
import sys

from rich.console import Console


def console() -> Console:
    """Return a console that prints plain text where there is no terminal."""
    plain = not sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=False, width=100 if plain else None)


def figure(value: float) -> str:
    """Return a number with three significant digits and k, M or bn."""
    if not math.isfinite(value):
        return "not defined"
    for limit, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}" if abs(value) < 999.5 * limit else f"{value / limit:,.0f}{unit}"
    return f"{value:.3g}"
