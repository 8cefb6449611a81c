"""A catalogue of invented facts and a scenario on it, small enough to know by heart: `small/*.yaml`."""

import functools
from pathlib import Path

from autarky.facts.loader import read_catalogue

FOLDER = Path(__file__).parent / "small"
SCENARIO = FOLDER / "scenario.yaml"
FILES = {path.name: path for path in sorted(FOLDER.glob("*.yaml")) if path != SCENARIO}


@functools.cache
def small_catalogue():
    """Return the catalogue, read once."""
    return read_catalogue(FILES, "small")
