"""The counterfactuals of the library: scenarios that say how they differ from another."""

from __future__ import annotations

from collections.abc import Sequence

from autarky.errors import Problem, UnknownKeyError
from autarky.facts.yaml_tree import read_document
from autarky.scenario.resolve import library

EVERY = "library"
"""Stands for every counterfactual of the library."""


def counterfactuals_of(scenario: str) -> list[str]:
    """Return the scenarios of the library that differ from a scenario, or from one that differs from it."""
    bases = {name: read_document(path).data.get("extends") for name, path in library().items()}
    found: list[str] = []
    for name in bases:
        base = bases[name]
        while base is not None and base != scenario:
            base = bases.get(base)
        if base is not None:
            found.append(name)
    return found


def expanded(others: Sequence[str], scenario: str) -> list[str]:
    """Return the scenarios named, with every counterfactual of `scenario` in place of `library`."""
    named: list[str] = []
    for name in others:
        if name != EVERY:
            named.append(name)
            continue
        every = counterfactuals_of(scenario)
        if not every:
            hint = "name the scenarios to compare it with"
            raise UnknownKeyError(Problem(f"the library has no counterfactuals of {scenario}", hint=hint))
        named += every
    return named
