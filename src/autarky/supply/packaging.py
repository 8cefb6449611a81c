"""Chips started in one month when several products want the same dies, memory stacks and packaging lines.

`use[product]` names the resources that one chip of the product takes and how much: {resource: amount}, the
resource an index into `available`, the amount a number or (draw,). Only element-wise arithmetic is used,
so the result of a draw does not depend on which draws are computed with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autarky.quantities.arrays import Array

Use = Sequence[Mapping[int, Array | float]]
Limiting = NDArray[np.int8]

# A resource with less than this share of its amount left is spent; what remains is rounding.
_SPENT = 1e-12


def pro_rata(requests: Array, use: Use, available: Array) -> tuple[Array, Limiting]:
    """Return chips started, chip/month (product, draw), and the resource that limits each product.

    Each product asks for its request. A resource that cannot serve all of them serves the same fraction of
    each, and a product gets the smallest fraction among its resources. What products held back elsewhere
    leave over is shared again in the same way among those that can still grow. Every pass uses up one more
    resource or meets every request that is left, so as many passes as resources suffice: in the end no
    resource is idle that a waiting product could still use.

    The limiting resource, (product, draw), is the index of the one that stopped the product, -1 when its
    whole request is met.

    Parameters
    ----------
    requests
        (product, draw), chip/month, at least 0 and finite.
    use
        per product: resource -> amount per chip, above 0 where it matters; see the module.
    available
        (resource, draw), units of each resource this month; infinite where there is no limit.
    """
    return _served(requests, _users(use), available)


def by_priority(requests: Array, use: Use, available: Array, priorities: Sequence[int]) -> tuple[Array, Limiting]:
    """Return the same as `pro_rata` with classes served one after another, the lowest number first.

    `priorities` gives the class of each product. Within a class products share pro rata; the next class
    gets what is left.
    """
    return Sharing.of(use, priorities).serve(requests, available)


@dataclass(frozen=True)
class _Taker:
    """A product that takes `amount` of a resource per chip, in the draws where that is above 0."""

    product: int
    amount: Array | float
    takes: NDArray[np.bool_]


Users = Mapping[int, Sequence[_Taker]]
"""Resource -> the products that take it."""


@dataclass(frozen=True)
class Sharing:
    """Who takes what, and in which order, worked out once for many months."""

    classes: tuple[tuple[tuple[int, ...], Users], ...]

    @classmethod
    def of(cls, use: Use, priorities: Sequence[int]) -> Sharing:
        """Return the sharing of products with these needs and classes."""
        members = {
            level: tuple(product for product, own in enumerate(priorities) if own == level)
            for level in sorted(set(priorities))
        }
        return cls(tuple((part, _users([use[product] for product in part])) for part in members.values()))

    def serve(self, requests: Array, available: Array) -> tuple[Array, Limiting]:
        """Return chips started and what limits them, as `by_priority` does."""
        if len(self.classes) == 1:
            return _served(requests, self.classes[0][1], available)
        started = np.zeros_like(requests)
        limiting = np.full(requests.shape, -1, dtype=np.int8)
        left = np.array(available)
        threshold = _rounding(left)
        for members, users in self.classes:
            rows = list(members)
            begun, limit = _served(requests[rows], users, left)
            started[rows], limiting[rows] = begun, limit
            for resource, takers in users.items():
                rest = left[resource] - _taken(takers, begun)
                left[resource] = np.where(rest > threshold[resource], rest, 0.0)
        return started, limiting


def _served(requests: Array, users: Users, available: Array) -> tuple[Array, Limiting]:
    if requests.shape[0] == 1:
        return _served_alone(requests, users, available)
    started = np.zeros_like(requests)
    limiting = np.full(requests.shape, -1, dtype=np.int8)
    left = np.array(available)
    threshold = _rounding(left)
    growing = requests > 0
    for _ in range(len(users) + 1):
        for resource, takers in users.items():
            spent = left[resource] <= threshold[resource]
            if not spent.any():
                continue
            for taker in takers:
                stopped = growing[taker.product] & spent & taker.takes
                np.copyto(limiting[taker.product], resource, where=stopped)
                growing[taker.product] &= ~stopped
        if not growing.any():
            break
        wanted = (requests - started) * growing
        fraction = np.ones_like(requests)
        for resource, takers in users.items():
            asked = _taken(takers, wanted)
            short = asked > left[resource]
            if not short.any():
                continue
            served = np.divide(left[resource], asked, out=np.ones_like(asked), where=short)
            for taker in takers:
                np.minimum(fraction[taker.product], served, out=fraction[taker.product], where=taker.takes)
        met = growing & (fraction == 1.0)
        growing &= ~met
        wanted *= fraction
        started += wanted
        np.copyto(started, requests, where=met)
        for resource, takers in users.items():
            left[resource] = np.maximum(left[resource] - _taken(takers, wanted), 0.0)
    return started, limiting


def _served_alone(requests: Array, users: Users, available: Array) -> tuple[Array, Limiting]:
    """Return the same for a single product, which shares with nobody: the least of its request and its resources."""
    started = requests.copy()
    limiting = np.full(requests.shape, -1, dtype=np.int8)
    for resource, (taker,) in users.items():
        possible = np.divide(available[resource], taker.amount, out=np.full_like(started[0], np.inf), where=taker.takes)
        lower = possible < started[0]
        np.copyto(started[0], possible, where=lower)
        np.copyto(limiting[0], resource, where=lower)
    return started, limiting


def _rounding(available: Array) -> Array:
    """Return the amount of each resource that counts as none."""
    return np.where(np.isfinite(available), _SPENT * available, 0.0)


def _users(use: Use) -> Users:
    """Return the takers of each resource."""
    users: dict[int, list[_Taker]] = {}
    for product, needs in enumerate(use):
        for resource, amount in needs.items():
            takes = np.asarray(amount) > 0
            if takes.any():
                users.setdefault(resource, []).append(_Taker(product, amount, np.asarray(takes)))
    return users


def _taken(takers: Sequence[_Taker], chips: Array) -> Array:
    """Return the units of one resource that these chips take, (draw,)."""
    total: Array = chips[takers[0].product] * takers[0].amount
    for taker in takers[1:]:
        total += chips[taker.product] * taker.amount
    return total
