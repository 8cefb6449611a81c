"""Times of collective operations on a network of two levels, in seconds.

Each function takes the bytes and the `Group` that shares them, arrays of one shape (plan,). A collective
runs on both planes at once: within each domain over scale-up, between domains over the scale-out links of
all members there. The slower plane sets the time. Without a scale-out plane a group that spans domains
takes forever.

Bandwidth terms are the optimal ones of ring algorithms (Thakur, Rabenseifner and Gropp 2005); the share of
the wire that a library reaches is part of `Plane.bandwidth`.
"""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array
from autarky.systems.network import Group, Network


def all_gather(total: Array, among: Group, network: Network) -> Array:
    """Return the s until every member holds all `total` bytes, of which each began with an equal part."""
    within = total * (1.0 - 1.0 / among.size) / network.scale_up.group_bandwidth(among.inside)
    within = np.where(among.inside > 1, within, 0.0)
    steps = _steps(among.inside) * network.scale_up.latency
    return _with_scale_out(within, steps, total * (1.0 - 1.0 / among.outside) / among.inside, among, network)


def reduce_scatter(total: Array, among: Group, network: Network) -> Array:
    """Return the s until each member holds the sum of its part of `total` bytes that all hold."""
    return all_gather(total, among, network)


def all_reduce(total: Array, among: Group, network: Network) -> Array:
    """Return the s until every member holds the sum of `total` bytes: a reduce-scatter, then an all-gather."""
    return 2.0 * all_gather(total, among, network)


def all_to_all(sent: Array, among: Group, network: Network) -> Array:
    """Return the s in which every member sends `sent` bytes in equal parts to all members, itself included.

    In a mesh each part has a link of its own; in a torus every byte loads as many links as it crosses.
    """
    plane = network.scale_up
    per_peer = sent / among.size
    within = per_peer * (among.inside - 1) * plane.hops(among.inside) / plane.group_bandwidth(among.inside)
    outside = per_peer * (among.size - among.inside)
    return _with_scale_out(within, np.where(among.inside > 1, plane.latency, 0.0), outside, among, network, direct=True)


def dispatch(sent: Array, copies: int, among: Group, network: Network, *, once: bool) -> Array:
    """Return the s in which every member sends each of its tokens to `copies` random members, `sent` bytes in all.

    With `once`, a token crosses between two domains a single time however many of its targets lie there, and
    is copied behind: of O domains it then reaches O * (1 - (1 - 1 / O)**copies) on average.
    """
    plane = network.scale_up
    size, inside, domains = among.size, among.inside, among.outside
    within = sent * (inside - 1) / size * plane.hops(inside) / plane.group_bandwidth(inside)
    apart = sent * (size - inside) / size
    if once:
        reached = (domains - 1) * (1.0 - (1.0 - 1.0 / domains) ** copies)
        apart = np.where(domains > 1, sent / copies * reached, 0.0)
        # What arrives from other domains is passed on inside.
        within = sent * (1.0 - 1.0 / size) * plane.hops(inside) / plane.group_bandwidth(inside)
        within = np.where(inside > 1, within, 0.0)
    return _with_scale_out(within, np.where(size > 1, plane.latency, 0.0), apart, among, network, direct=True)


def point_to_point(sent: Array, stride: Array, network: Network) -> Array:
    """Return the s to send `sent` bytes to the package `stride` ranks away."""
    near = sent / network.scale_up.pair_bandwidth() + network.scale_up.latency
    if network.scale_out is None:
        return np.where(stride < network.domain, near, np.inf)
    far = sent / network.scale_out.pair_bandwidth() + network.scale_out.latency
    return np.where(stride < network.domain, near, far)


def _steps(members: Array) -> Array:
    """Return how many messages follow one another; libraries turn to trees where rings would be long."""
    return np.ceil(np.log2(np.maximum(members, 1.0)))


def _with_scale_out(
    within: Array, latency: Array, outside: Array, among: Group, network: Network, *, direct: bool = False
) -> Array:
    """Return the s of both planes together; `direct` transfers go from sender to receiver, not around a ring."""
    spans = among.outside > 1
    if network.scale_out is None:
        return np.where(spans, np.inf, within + latency)
    plane = network.scale_out
    reached = plane.pair_bandwidth() if direct else plane.bandwidth
    between = outside / reached * plane.hops(among.outside)
    waits = latency + np.where(spans, _steps(among.outside) * plane.latency, 0.0)
    return np.maximum(within, between) + waits
