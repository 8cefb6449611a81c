"""Inputs of the run functions as arrays, and the checks that all of them share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array


def floats(value: ArrayLike) -> Array:
    """Return a number or array of numbers as an array of floats."""
    return np.asarray(value, dtype=np.float64)


def not_negative(name: str, value: ArrayLike) -> None:
    """Raise if any element of a named input is negative or not a number."""
    numbers = floats(value)
    if np.any(np.isnan(numbers)) or np.any(numbers < 0):
        raise InputError(Problem(f"cannot be negative, is {np.min(numbers):g}", field=name))


def positive(name: str, value: ArrayLike) -> None:
    """Raise if any element of a named input is not above zero."""
    numbers = floats(value)
    if not np.all(numbers > 0):
        raise InputError(Problem(f"must be positive, is {np.min(numbers):g}", field=name))


def at_most_one(name: str, value: ArrayLike) -> None:
    """Raise if any element of a named share is above one."""
    largest = np.max(floats(value))
    if largest > 1:
        raise InputError(Problem(f"must be at most 1, is {largest:g}", field=name))


def at_least_one(name: str, value: ArrayLike) -> None:
    """Raise if any element of a named factor is below one."""
    least = np.min(floats(value))
    if least < 1:
        raise InputError(Problem(f"must be at least 1, is {least:g}", field=name))


def share(name: str, value: float) -> None:
    """Raise if a named probability is not strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InputError(Problem(f"must lie between 0 and 1, is {value:g}", field=name))
