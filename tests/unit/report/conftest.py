"""Results small enough to run in a moment, for the tests of the report."""

import pytest
import yaml

import autarky
from autarky.facts.loader import load_catalogue
from autarky.scenario.resolve import library

DRAWS = 512
ONE_OBSERVATION = "huawei-ascend-units-2024"


@pytest.fixture(scope="session")
def catalogue():
    return load_catalogue()


@pytest.fixture(scope="session")
def flagship_plain():
    return yaml.safe_load(library()["china-ai-chips"].read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def flagship():
    """The flagship with so few draws that its evidence cannot weigh them."""
    return autarky.run(draws=DRAWS)


@pytest.fixture(scope="session")
def weighed(flagship_plain):
    """The flagship with a single observation, which leaves enough draws to weigh."""
    return autarky.run({**flagship_plain, "name": "one-observation", "evidence": [ONE_OBSERVATION]}, draws=4 * DRAWS)


@pytest.fixture(scope="session")
def tiny():
    """One chip from one fab, without targets or evidence."""
    return {
        "name": "tiny",
        "label": "A tiny chain",
        "horizon": {"start": "2025-01", "end": "2026-12"},
        "chain": {
            "fabs": ["smic-7nm"],
            "die_banks": ["tsmc-via-sophgo"],
            "memory_supplies": ["samsung-hbm2e"],
            "products": ["ascend-910b"],
        },
    }
