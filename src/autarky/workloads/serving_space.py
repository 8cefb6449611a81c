"""The layouts of servers that a system of some chips can run, and why the others cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autarky.workloads.architecture import ModelConfig
from autarky.workloads.layouts import Layouts, Mask, joined, layouts, query_heads, why_not
from autarky.workloads.search import divisors
from autarky.workloads.serving_memory import most_sequences
from autarky.workloads.serving_setting import ServingSetting

MOST_DEVICES = 1024
"""Devices of one server at most; beyond, its devices only wait for one another."""
MOST_STAGES = 16
NO_ROOM = "the weights and one sequence do not fit"


@dataclass(frozen=True)
class Space:
    """Layouts that are possible and fit, and how many each rule ruled out of all that were `tried`."""

    layouts: Layouts
    tried: int
    broken: Mapping[str, int]


def space(setting: ServingSetting, chips: int, context: ArrayLike, fixed: Mapping[str, float]) -> Space:
    """Return the layouts of servers of up to `chips` packages that hold at least one sequence of `context` tokens.

    `fixed` holds fields of `Layouts` that stay as they are.
    """
    devices = chips * setting.devices
    parts = list(_parts(setting.config, devices, fixed))
    found = joined(parts) if parts else layouts().take(np.zeros(1, bool))
    tried, broken = len(found), {}
    legal = np.ones(tried, bool)
    for rule, wrong in _rules(found, setting, chips).items():
        broken[rule] = int(np.count_nonzero(legal & wrong))
        legal &= ~wrong
    found = found.take(legal)
    room = most_sequences(found, setting, context) >= 1 if len(found) else np.zeros(0, bool)
    broken[NO_ROOM] = int(np.count_nonzero(~room))
    return Space(found.take(room), tried, {rule: count for rule, count in broken.items() if count})


def every_layout(setting: ServingSetting, chips: int, fixed: Mapping[str, float]) -> Layouts:
    """Return all possible layouts of servers of up to `chips` packages, whether they fit or not."""
    found = joined(list(_parts(setting.config, chips * setting.devices, fixed)))
    return found.take(~np.any(list(_rules(found, setting, chips).values()), axis=0))


def _rules(found: Layouts, setting: ServingSetting, chips: int) -> dict[str, Mask]:
    """Return for each rule of a layout where it is broken."""
    network = setting.network
    return why_not(found, setting.config) | {
        "more devices than there are": found.devices > chips * setting.devices,
        "spans domains that nothing joins": (found.devices > network.domain) & (network.scale_out is None),
    }


def server_sizes(devices: int) -> list[int]:
    """Return how many devices a server may have: what divides all of them, and powers of two."""
    most = min(devices, MOST_DEVICES)
    doubled = {2**step for step in range(most.bit_length())}
    return sorted({*divisors(devices, most), *(size for size in doubled if size <= most)})


def _parts(config: ModelConfig, devices: int, fixed: Mapping[str, float]) -> Iterator[Layouts]:
    heads = max((query_heads(layer.mixer) for layer in config.layers), default=1)
    experts = max((layer.experts.experts for layer in config.layers if layer.experts), default=1)
    for pipeline, tensor, data in _outer(devices, max(heads, 1), len(config.layers), experts > 1, fixed):
        stage = tensor * data
        if "expert" in fixed:
            expert = [int(fixed["expert"])]
        elif "moe_tensor" in fixed:
            expert = [max(stage // int(fixed["moe_tensor"]), 1)]
        else:
            expert = divisors(stage, 2 * experts if experts > 1 else 1)
        divided = fixed.get("moe_tensor")
        yield layouts(tensor=tensor, data=data, pipeline=pipeline, expert=np.array(expert, float), moe_tensor=divided)


def _outer(
    devices: int, heads: int, layers: int, shared: bool, fixed: Mapping[str, float]
) -> Iterator[tuple[int, int, int]]:
    """Yield pipeline, tensor and data sizes, each once; `shared` tells whether attention groups share experts."""
    sizes = server_sizes(devices)
    seen: set[tuple[int, int, int]] = set()
    stages = sorted({stage for size in sizes for stage in divisors(size, min(MOST_STAGES, layers))})
    for pipeline in [int(fixed["pipeline"])] if "pipeline" in fixed else stages:
        widths = [size // pipeline for size in sizes if size % pipeline == 0]
        tensors = sorted({tensor for width in widths for tensor in divisors(width, heads)}) or [1]
        for tensor in [int(fixed["tensor"])] if "tensor" in fixed else tensors:
            # What is fixed may divide no size of server: then one of its own, for the rules to judge.
            free = [width // tensor for width in widths if width % tensor == 0] or [1]
            # Without experts nothing joins attention groups: each is a server of its own.
            alone = [value for value in free if shared or value == 1]
            for data in [int(fixed["data"])] if "data" in fixed else alone:
                if (pipeline, tensor, data) not in seen:
                    seen.add((pipeline, tensor, data))
                    yield pipeline, tensor, data
