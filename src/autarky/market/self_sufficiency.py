"""How self-sufficient a region is, under every definition in use. Two definitions can be 40 points apart.

A definition says what is counted (units, money or compute by a named measure), over which amount (what a period brought
in, or what is in service at its end), which chips are the region's own (designed there, made there, or either), and
whether chips of the grey channel count among all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.arrays import Array

AMOUNTS = ("flow", "stock")
OWN = ("designed", "made", "either")
GREY = ("without_grey", "with_grey")
PREFIX = "self_sufficiency"


@dataclass(frozen=True)
class SelfSufficiency:
    """One definition; its name is self_sufficiency.BASIS.AMOUNT.OWN.GREY."""

    basis: str
    """units, value, or a measure of compute."""
    amount: str
    """flow: what a period brought into service; stock: what is in service at its end."""
    own: str
    """Which chips are the region's own: designed there, made there, or either."""
    grey: str
    """Whether chips of the grey channel count among all."""

    @property
    def name(self) -> str:
        """Return the dotted name of the measure."""
        return ".".join((PREFIX, self.basis, self.amount, self.own, self.grey))

    @property
    def text(self) -> str:
        """Return the definition in words."""
        counted = {"units": "chips", "value": "chips at their price"}.get(self.basis, f"compute by {self.basis}")
        over = "brought into service" if self.amount == "flow" else "in service at the end"
        whose = {"designed": "designed", "made": "made", "either": "designed or made"}[self.own]
        grey = "all, the grey channel included" if self.grey == "with_grey" else "all outside the grey channel"
        return f"{counted} {over}: those {whose} in the region over {grey}"


def definitions(measures: Sequence[str]) -> tuple[SelfSufficiency, ...]:
    """Return the whole matrix of definitions; `measures` are the measures of compute that chips have."""
    bases = ("units", "value", *measures)
    return tuple(SelfSufficiency(*cell) for cell in itertools.product(bases, AMOUNTS, OWN, GREY))


@dataclass(frozen=True)
class Share:
    """A share of 0 to 1, and where it is defined: over nothing, it is not."""

    values: Array
    """0 where it is not defined."""
    defined: NDArray[np.bool_]


def share_of(own: Array, whole: Array) -> Share:
    """Return own over whole, without unit, in their shape."""
    defined = whole > 0
    values = np.divide(own, whole, out=np.zeros(np.broadcast(own, whole).shape), where=defined)
    # Sums in another order can differ by rounding.
    return Share(np.minimum(values, 1.0), np.broadcast_to(defined, values.shape))


def own_members(own: str, designed: Sequence[bool], made: Sequence[bool]) -> NDArray[np.bool_]:
    """Return which members are the region's own, (member,)."""
    by_design, by_make = np.asarray(designed, dtype=bool), np.asarray(made, dtype=bool)
    chosen: NDArray[np.bool_] = {"designed": by_design, "made": by_make, "either": by_design | by_make}[own]
    return chosen


def self_sufficiency(
    amounts: Array, designed: Sequence[bool], made: Sequence[bool], grey: Sequence[bool], *, own: str, with_grey: bool
) -> Share:
    """Return the share of the region's own chips, without unit, of the shape of one member's amount.

    A chip of the grey channel is never left in the numerator when the denominator leaves it out.

    Parameters
    ----------
    amounts
        (member, ...), at least 0, in any one unit: chips, money or compute, of a period or of a stock.
    designed, made, grey
        by member: designed in the region, made there, come in through the grey channel.
    own
        designed, made or either.
    with_grey
        whether the grey channel counts among all.
    """
    counted = np.ones(len(amounts), dtype=bool) if with_grey else ~np.asarray(grey, dtype=bool)
    ours = own_members(own, designed, made) & counted
    return share_of(amounts[ours].sum(axis=0), amounts[counted].sum(axis=0))
