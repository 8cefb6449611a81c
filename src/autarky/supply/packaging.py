"""Chips started in one month when several products want the same memory stacks and packaging lines.

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
Needs = Mapping[int, Array]
"""Resource -> units that the whole request of a bundle takes, (draw,)."""

MET = -1
"""Stands for the limiting resource of a product whose whole request is met."""

# A resource with less than this share of its amount left is spent; what remains is rounding.
_SPENT = 1e-12


@dataclass(frozen=True)
class Served:
    """Chips started, chip/month (product, draw), what stopped each product, and what is left of each resource.

    `limiting` is (product, draw): the index of a resource, or MET.
    """

    started: Array
    limiting: Limiting
    left: Array


@dataclass(frozen=True)
class _Bundle:
    """Products that take the same resources: in pro-rata sharing all get the same share of their requests."""

    products: tuple[int, ...]
    amounts: tuple[Mapping[int, Array | float], ...]
    """By product, resource -> units per chip; not nothing in every draw."""

    @property
    def resources(self) -> frozenset[int]:
        """The resources that they take."""
        return frozenset(self.amounts[0])

    def needs(self, requests: Array) -> Needs:
        """Return what all their requests take of each resource, (draw,) each."""
        needs: dict[int, Array] = {}
        for product, amounts in zip(self.products, self.amounts, strict=True):
            for resource, amount in amounts.items():
                need = requests[product] * amount
                needs[resource] = np.add(needs[resource], need, out=need) if resource in needs else need
        return needs


@dataclass(frozen=True)
class Sharing:
    """Who takes what, and in which order, worked out once for many months.

    `classes` holds the products of one priority each, parted into contests: bundles in different contests have no
    resource in common.
    """

    classes: tuple[tuple[tuple[_Bundle, ...], ...], ...]

    @classmethod
    def of(cls, use: Use, priorities: Sequence[int]) -> Sharing:
        """Return the sharing of products with these needs and priorities, the lowest served first."""
        members = [
            [product for product, own in enumerate(priorities) if own == level] for level in sorted(set(priorities))
        ]
        return cls(tuple(_contests(_bundles(use, products)) for products in members))

    def serve(self, requests: Array, available: Array) -> Served:
        """Return what is started of one month's requests.

        Classes are served one after another and get what is left. Within a class, a resource that cannot serve all
        serves the same fraction of each, and a product gets the smallest fraction among its resources. What
        products held back elsewhere leave over is shared again in the same way among those that can still grow:
        in the end no resource is idle that a waiting product could still use.

        Parameters
        ----------
        requests
            (product, draw), chip/month, at least 0 and finite.
        available
            (resource, draw), units of each resource this month; infinite where there is no limit.
        """
        started = np.zeros_like(requests)
        limiting = np.full(requests.shape, MET, dtype=np.int8)
        left = available.copy()
        threshold = np.where(np.isfinite(available), _SPENT * available, 0.0)
        asking = [bool(request.any()) for request in requests]
        for contest in (contest for contests in self.classes for contest in contests):
            if not any(asking[product] for bundle in contest for product in bundle.products):
                continue
            needs = [bundle.needs(requests) for bundle in contest]
            shares = _shared(needs, left, threshold) if len(contest) > 1 else [_alone(needs[0], left)]
            for bundle, (share, limit) in zip(contest, shares, strict=True):
                stopped = bool((limit != MET).any())
                for product in bundle.products:
                    np.multiply(requests[product], share, out=started[product])
                    if stopped:
                        np.copyto(limiting[product], limit, where=requests[product] > 0)
            for need, (share, _) in zip(needs, shares, strict=True):
                for resource, amount in need.items():
                    left[resource] -= amount * share
            for resource in frozenset().union(*needs):
                left[resource] = np.where(left[resource] > threshold[resource], left[resource], 0.0)
        return Served(started, limiting, left)


def _bundles(use: Use, products: Sequence[int]) -> list[_Bundle]:
    """Return products in bundles; one whose amount is nothing in some draws only stands alone."""
    found: dict[tuple[frozenset[int], int | None], list[int]] = {}
    takes: dict[int, dict[int, Array | float]] = {}
    for product in products:
        takes[product] = {resource: amount for resource, amount in use[product].items() if np.any(amount)}
        always = all(np.all(amount) for amount in takes[product].values())
        found.setdefault((frozenset(takes[product]), None if always else product), []).append(product)
    return [_Bundle(tuple(members), tuple(takes[product] for product in members)) for members in found.values()]


def _contests(bundles: Sequence[_Bundle]) -> tuple[tuple[_Bundle, ...], ...]:
    """Return the bundles parted so that no resource is wanted in two parts."""
    parts: list[list[_Bundle]] = []
    for bundle in bundles:
        rivals = [part for part in parts if any(bundle.resources & other.resources for other in part)]
        parts = [part for part in parts if part not in rivals]
        parts.append([*(other for part in rivals for other in part), bundle])
    return tuple(tuple(part) for part in parts)


def _alone(needs: Needs, available: Array) -> tuple[Array, Limiting]:
    """Return the share of its requests that a bundle without rivals gets, (draw,), and what limits it."""
    share = np.ones(available.shape[-1])
    limit = np.full(available.shape[-1], MET, dtype=np.int8)
    for resource, need in needs.items():
        # Where all of it fits, and so where nothing is needed, the share is 1 and there is nothing to divide.
        short = need > available[resource]
        if not short.any():
            continue
        possible = np.divide(available[resource], need, out=np.ones_like(share), where=short)
        np.copyto(limit, resource, where=possible < share)
        np.minimum(share, possible, out=share)
    return share, limit


def _shared(bundles: Sequence[Needs], available: Array, threshold: Array) -> list[tuple[Array, Limiting]]:
    """Return the share of its requests that each of several bundles gets, (draw,), and what limits it.

    Every pass uses up one more resource or meets every request that is left: as many passes as resources suffice.
    """
    draws = available.shape[-1]
    resources = list(dict.fromkeys(resource for needs in bundles for resource in needs))
    left = {resource: available[resource] for resource in resources}
    share, limit = np.zeros((len(bundles), draws)), np.full((len(bundles), draws), MET, dtype=np.int8)
    takers = {
        resource: [
            (row, needs[resource], needs[resource] > 0) for row, needs in enumerate(bundles) if resource in needs
        ]
        for resource in resources
    }
    growing = np.ones(share.shape, dtype=bool)
    for _ in range(len(resources) + 1):
        for resource in resources:
            spent = left[resource] <= threshold[resource]
            if not spent.any():
                continue
            for row, _, takes in takers[resource]:
                stopped = growing[row] & spent & takes
                np.copyto(limit[row], resource, where=stopped)
                growing[row] &= ~stopped
        if not growing.any():
            break
        wanted = (1.0 - share) * growing
        fraction = np.ones_like(share)
        for resource in resources:
            asked = _taken(takers[resource], wanted)
            short = asked > left[resource]
            if not short.any():
                continue
            served = np.divide(left[resource], asked, out=np.ones_like(asked), where=short)
            for row, _, takes in takers[resource]:
                np.minimum(fraction[row], served, out=fraction[row], where=takes)
        met = growing & (fraction == 1.0)
        growing &= ~met
        wanted *= fraction
        share += wanted
        share[met] = 1.0
        for resource in resources:
            left[resource] = np.maximum(left[resource] - _taken(takers[resource], wanted), 0.0)
    return list(zip(share, limit, strict=True))


def _taken(takers: Sequence[tuple[int, Array, NDArray[np.bool_]]], shares: Array) -> Array:
    """Return the units of one resource that these shares of the requests take, (draw,)."""
    row, need, _ = takers[0]
    total: Array = shares[row] * need
    for row, need, _ in takers[1:]:
        total += shares[row] * need
    return total
