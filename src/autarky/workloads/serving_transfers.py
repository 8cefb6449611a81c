"""Times of the transfers of a pass through a server, in s, for messages from a few bytes up."""

from __future__ import annotations

import numpy as np

from autarky.quantities.arrays import Array
from autarky.systems.collectives import dispatch
from autarky.systems.network import Group, group
from autarky.workloads.layouts import Layouts
from autarky.workloads.serving_setting import ServingSetting


def summed(total: Array, members: Array, setting: ServingSetting) -> Array:
    """Return the s until `members` devices hold the sum of `total` bytes that each of them has.

    Within a domain either every member reads the whole from all others at once, or each sums a part and passes
    it on, whichever is faster; between domains the parts cross once each way.
    """
    among = group(members, np.ones_like(members), setting.network)
    near = setting.network.scale_up.group_bandwidth(among.inside)
    once = setting.signal + total * (among.inside - 1.0) / near
    twice = 2.0 * (setting.signal + total * (1.0 - 1.0 / among.inside) / near)
    inside = np.where(among.inside > 1, np.minimum(once, twice), 0.0)
    # Across domains the sum of each takes two rounds: parts out, sums back.
    within = np.where(among.outside > 1, np.where(among.inside > 1, twice, 0.0), inside)
    return np.where(members > 1, within + _across(total / among.inside, among, setting, rounds=2.0), 0.0)


def gathered(total: Array, members: Array, setting: ServingSetting) -> Array:
    """Return the s until `members` devices hold all `total` bytes, of which each began with an equal part."""
    among = group(members, np.ones_like(members), setting.network)
    near = setting.network.scale_up.group_bandwidth(among.inside)
    within = np.where(among.inside > 1, setting.signal + total * (1.0 - 1.0 / among.size) / near, 0.0)
    return np.where(members > 1, within + _across(total / among.inside, among, setting, rounds=1.0), 0.0)


def _across(share: Array, among: Group, setting: ServingSetting, *, rounds: float) -> Array:
    """Return the s of `rounds` exchanges of each device's `share` of the bytes between domains."""
    spans = among.outside > 1
    plane = setting.network.scale_out
    if plane is None:
        return np.where(spans, np.inf, 0.0)
    moved = share * (1.0 - 1.0 / among.outside) / plane.pair_bandwidth()
    return np.where(spans, rounds * (setting.signal_out + moved), 0.0)


def to_experts(
    tokens: Array, copies: int, width: float, layouts: Layouts, setting: ServingSetting, *, prompts: bool
) -> Array:
    """Return the s of sending each of a device's `tokens`, `width` bytes wide, to its `copies` experts: one way.

    Tokens of prompts cross to another domain once where the software can; generated ones go to each expert at once.
    """
    among = group(layouts.stage, np.ones_like(tokens), setting.network)
    moved = dispatch(tokens * copies * width, copies, among, setting.network, once=setting.software.once and prompts)
    return np.where(layouts.stage > 1, np.maximum(moved, 0.0) + setting.dispatch, 0.0)
