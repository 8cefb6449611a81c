"""The planes of a network: what one package can send, to whom, and how long the first byte takes.

A scale-up plane joins the packages of a domain (a node, a rack, a pod), a scale-out plane joins domains.
All bandwidths are one way and per package, in bytes per second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from autarky.quantities.arrays import Array

Shape = Literal["switch", "mesh", "torus"]
"""switch: any peer at full rate; mesh: one link to each peer; torus: links to neighbours along each axis."""


@dataclass(frozen=True)
class Plane:
    """One network plane as a package sees it.

    bandwidth   bytes/s one way out of a package, over all its links
    latency     s from the first byte sent to the first byte received
    shape       how packages are joined
    peer        bytes/s one way between two packages where that is less than `bandwidth`
    axes        number of axes of a torus
    pair        bytes/s one way that a transfer between two packages alone reaches, where collectives reach less
    """

    bandwidth: float
    latency: float
    shape: Shape = "switch"
    peer: float | None = None
    axes: int = 1
    pair: float | None = None

    def group_bandwidth(self, members: Array) -> Array:
        """Return the bytes/s one way that a package can use towards the `members` of its group, itself included.

        In a mesh only the links to members of the group help. A torus carries a ring over all its axes.
        """
        if self.shape == "mesh" and self.peer is not None:
            return np.minimum(self.bandwidth, self.peer * np.maximum(members - 1, 1))
        return np.full_like(members, self.bandwidth)

    def pair_bandwidth(self) -> float:
        """Return the bytes/s one way between two packages."""
        if self.pair is not None:
            return self.pair
        if self.shape == "torus" and self.peer is None:
            return self.bandwidth / (2 * self.axes)
        return self.bandwidth if self.peer is None else min(self.bandwidth, self.peer)

    def hops(self, members: Array) -> Array:
        """Return how many links a byte crosses on its way to a random member, which is 1 but in a torus.

        A ring of k packages has a mean distance of k / 4; a torus adds the distances of its axes.
        """
        if self.shape != "torus":
            return np.ones_like(members)
        side = members ** (1.0 / self.axes)
        return np.maximum(self.axes * side / 4.0, 1.0)


@dataclass(frozen=True)
class Network:
    """A scale-up plane over domains of `domain` packages, and a scale-out plane between domains, if any."""

    scale_up: Plane
    domain: int
    scale_out: Plane | None = None


@dataclass(frozen=True)
class Group:
    """Packages that communicate: `size` in all, `inside` of them in the domain of each. Shapes (plan,)."""

    size: Array
    inside: Array

    @property
    def outside(self) -> Array:
        """Number of domains that the group spans."""
        return self.size / self.inside


def group(size: Array, stride: Array, network: Network) -> Group:
    """Return a group of `size` packages whose ranks lie `stride` apart, placed on the domains of a network.

    Ranks fill domains in order. Where a domain holds no whole number of members, the group is spread evenly.
    """
    within = np.floor(network.domain / stride)
    inside = np.clip(np.minimum(within, size), 1.0, None)
    # A group cannot lie over its domains unevenly and still be as fast: take the largest even share.
    inside = np.where(size % inside == 0, inside, size / np.ceil(size / inside))
    return Group(size, inside)
