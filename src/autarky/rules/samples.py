"""Draws of the uncertain numbers of a chip, one at the middle of each equal share of probability."""

from __future__ import annotations

import numpy as np

from autarky.quantities.draws import Streams
from autarky.quantities.estimates import Quantity
from autarky.rules.metrics import Array

DRAWS = 4096
SEED = 1


def amount(key: str, quantity: Quantity) -> float | Array:
    """Return the number of a quantity that is exact, else its draws `(draw,)`, in its own unit.

    Quantities with one key move together; with different keys they are independent. Each of the 4,096 equal shares of
    probability has one draw, so the share of a class among them is off by much less than with free draws.
    """
    atoms = quantity.pooled.atoms
    if len(atoms) == 1 and atoms[0][1] == 1.0:
        return float(atoms[0][0])
    ranks = np.argsort(np.argsort(Streams(SEED, ()).uniform(key, 0, DRAWS)))
    return quantity.pooled.ppf((ranks + 0.5) / DRAWS)
