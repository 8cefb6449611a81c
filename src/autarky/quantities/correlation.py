"""Gaussian copula: levels that move together as a matrix of rank or linear correlations says.

Levels u become normal scores z = ndtri(u), y = L z mixes them with L L^T = R, and ndtr(y) are the correlated
levels. R is the matrix of normal correlations that gives what was stated:

    rank (Spearman)    2 sin(pi rho / 6)                                  (Pearson 1907)
    linear (Pearson)   solved for each pair of distributions, see `linear_correlation`

L is lower triangular, so the first key keeps its levels. A matrix that no joint distribution can have is an
error; nothing is repaired.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from autarky.errors import QuantityError
from autarky.quantities.arrays import Array
from autarky.quantities.linear_correlation import Inverse, normal_for_linear

Kind: TypeAlias = Literal["rank", "linear"]
_TOLERANCE = 1e-9


def correlate(
    u: Array,
    matrix: ArrayLike,
    kind: Kind | str = "rank",
    ppfs: Sequence[Inverse] | None = None,
    names: Sequence[str] | None = None,
) -> Array:
    """Return the levels correlated as the matrix says, shape (key, draw) like `u`.

    Linear correlation depends on the distributions, so it needs their inverse CDFs.
    """
    return mix(u, mixing_matrix(matrix, kind, ppfs, names))


def mix(u: Array, lower: Array) -> Array:
    """Return ndtr(L ndtri(u)), shape (key, draw); keys that only follow themselves keep their levels."""
    from scipy.special import ndtr, ndtri

    scores = ndtri(u)
    mixed = np.array(u, dtype=np.float64)
    for row, weights in enumerate(lower):
        if weights[row] == 1.0 and not weights[:row].any():
            continue
        # Sums in a fixed order, one key at a time: the same bits for any number of draws.
        total = weights[0] * scores[0]
        for column in range(1, row + 1):
            total += weights[column] * scores[column]
        mixed[row] = ndtr(total)
    edge = 2.0**-53
    np.clip(mixed, edge, 1.0 - edge, out=mixed)
    return mixed


def mixing_matrix(
    matrix: ArrayLike,
    kind: Kind | str = "rank",
    ppfs: Sequence[Inverse] | None = None,
    names: Sequence[str] | None = None,
) -> Array:
    """Return the lower triangular L of normal scores for the stated correlations, shape (key, key)."""
    stated = np.array(matrix, dtype=np.float64)
    if stated.ndim != 2 or stated.shape[0] != stated.shape[1]:
        raise QuantityError(f"a correlation matrix is square, not {stated.shape}", at=("matrix",))
    labels = [f"number {i + 1}" for i in range(len(stated))] if names is None else list(names)
    if len(labels) != len(stated):
        raise QuantityError(f"{len(labels)} keys have a matrix of {len(stated)} rows", at=("matrix",))
    _check_entries(stated, labels)
    _check_feasible(stated, labels)
    if kind == "rank":
        # Rounding would turn "always together" into "almost always".
        normal = np.where(np.abs(stated) == 1.0, stated, 2.0 * np.sin(math.pi * stated / 6.0))
    elif kind == "linear":
        if ppfs is None or len(ppfs) != len(stated):
            raise QuantityError("a linear correlation needs the distribution of each key", "state kind: rank")
        normal = normal_for_linear(stated, ppfs, labels)
    else:
        raise QuantityError(f"unknown kind of correlation {kind!r}", "kinds are rank and linear", at=("kind",))
    _check_feasible(normal, labels, " of their normal scores")
    return _cholesky(normal)


def _check_entries(matrix: Array, labels: Sequence[str]) -> None:
    """Raise unless the matrix is finite, symmetric, within -1 and 1, with ones on the diagonal."""
    if not np.isfinite(matrix).all():
        raise QuantityError("a correlation is not a finite number", at=("matrix",))
    for i, label in enumerate(labels):
        if matrix[i, i] != 1.0:
            raise QuantityError(f"{label} has a correlation of {matrix[i, i]:g} with itself", "write 1", at=("matrix",))
        for j, other in enumerate(labels[:i]):
            if matrix[i, j] != matrix[j, i]:
                raise QuantityError(
                    f"{other} and {label} have two correlations, {matrix[j, i]:g} and {matrix[i, j]:g}",
                    "the matrix must be symmetric",
                    at=("matrix",),
                )
            if abs(matrix[i, j]) > 1.0:
                raise QuantityError(
                    f"the correlation of {other} and {label} is {matrix[i, j]:g}",
                    "correlations lie between -1 and 1",
                    at=("matrix",),
                )


def _check_feasible(matrix: Array, labels: Sequence[str], where: str = "") -> None:
    """Raise when the matrix has a negative eigenvalue; names the pair whose change alone would mend most."""
    smallest = _smallest_eigenvalue(matrix)
    if smallest >= -_TOLERANCE:
        return
    pairs = [(i, j) for i in range(len(matrix)) for j in range(i)]
    i, j = max(pairs, key=lambda pair: _best_with_other_entry(matrix, *pair))
    raise QuantityError(
        f"these correlations cannot hold together: the smallest eigenvalue{where} is {smallest:.3g}",
        f"the correlation of {labels[j]} and {labels[i]} ({matrix[i, j]:.3g}) fits the others least",
        at=("matrix",),
    )


def _smallest_eigenvalue(matrix: Array) -> float:
    """Return the smallest eigenvalue of a symmetric matrix."""
    return float(np.linalg.eigvalsh(matrix)[0])


def _best_with_other_entry(matrix: Array, i: int, j: int) -> float:
    """Return the largest smallest eigenvalue that any one correlation of i and j could give.

    It is a concave function of that correlation, so thirds of the range can be discarded.
    """
    changed = matrix.copy()

    def smallest(correlation: float) -> float:
        changed[i, j] = changed[j, i] = correlation
        return _smallest_eigenvalue(changed)

    low, high = -1.0, 1.0
    for _ in range(30):
        left, right = (2.0 * low + high) / 3.0, (low + 2.0 * high) / 3.0
        low, high = (left, high) if smallest(left) < smallest(right) else (low, right)
    return smallest(0.5 * (low + high))


def _cholesky(matrix: Array) -> Array:
    """Return L with L L^T = matrix; a semidefinite matrix (a correlation of 1, say) is allowed."""
    size = len(matrix)
    lower = np.zeros_like(matrix)
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i, j] - lower[i, :j] @ lower[j, :j]
            if i == j:
                lower[i, i] = math.sqrt(max(rest, 0.0))
            elif lower[j, j] > math.sqrt(_TOLERANCE):
                lower[i, j] = rest / lower[j, j]
    return lower
