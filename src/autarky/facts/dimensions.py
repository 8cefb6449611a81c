"""Which quantities have a dimension of the Sobol sequence to themselves."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def sobol_dimensions() -> tuple[str, ...]:
    """Return the keys with a dimension of their own, in order. The list may only be appended to."""
    text = (resources.files("autarky.facts") / "data" / "dimensions.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)
