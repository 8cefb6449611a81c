"""Layouts of one server: how its devices share attention, experts, layers and requests.

A `Layouts` holds many of them as arrays of shape (plan,), so that a whole space is priced at once. Devices are
what software sees: a package of two dies can be two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.architecture import (
    Attention,
    CompressedAttention,
    DeltaNet,
    KimiDelta,
    LatentAttention,
    Lightning,
    Mamba,
    Mixer,
    ModelConfig,
)
from autarky.workloads.plan_text import given_fields

Mask = NDArray[np.bool_]
KEYS: dict[str, str] = {
    "tp": "tensor",
    "dp": "data",
    "pp": "pipeline",
    "mtp": "moe_tensor",
    "ep": "expert",
}
"""What `--plan` calls the fields of a layout."""
_MOST = 1_000_000


@dataclass(frozen=True)
class Layouts:
    """Layouts of one server, shape (plan,) each.

    tensor      devices that divide the attention and the dense feeds of a layer
    data        groups of them, each with sequences of its own
    pipeline    stages that divide the layers
    moe_tensor  devices that divide each expert
    expert      devices that divide the experts; moe_tensor * expert = tensor * data
    """

    tensor: Array
    data: Array
    pipeline: Array
    moe_tensor: Array
    expert: Array

    @property
    def devices(self) -> Array:
        """Devices of the server."""
        return self.tensor * self.data * self.pipeline

    @property
    def stage(self) -> Array:
        """Devices of one stage."""
        return self.tensor * self.data

    def __len__(self) -> int:
        return len(self.tensor)

    def take(self, which: Array | NDArray[np.bool_ | np.int64]) -> Layouts:
        """Return the layouts at an index array or where a mask is true."""
        return Layouts(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def describe(self, index: int) -> dict[str, int]:
        """Return one layout under the short names of `--plan`."""
        return {key: int(getattr(self, name)[index]) for key, name in KEYS.items()}


def layouts(
    *,
    tensor: ArrayLike = 1.0,
    data: ArrayLike = 1.0,
    pipeline: ArrayLike = 1.0,
    expert: ArrayLike = 1.0,
    moe_tensor: ArrayLike | None = None,
) -> Layouts:
    """Return layouts from columns that broadcast; without `moe_tensor` each expert is divided as far as is left."""
    columns = [np.atleast_1d(np.asarray(value, float)) for value in (tensor, data, pipeline, expert)]
    rest = columns[0] * columns[1] / columns[3] if moe_tensor is None else np.atleast_1d(np.asarray(moe_tensor, float))
    one, groups, stages, experts, parts = (np.ascontiguousarray(a) for a in np.broadcast_arrays(*columns, rest))
    return Layouts(one, groups, stages, parts, experts)


def joined(parts: Sequence[Layouts]) -> Layouts:
    """Return several sets of layouts as one."""
    return Layouts(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Layouts)}
    )


def parse_layout(text: str) -> dict[str, float]:
    """Return the fields that a text such as `tp=8,dp=4,ep=32` fixes, by field of `Layouts`."""
    fixed: dict[str, float] = {}
    problems: list[Problem] = []
    for key, value in given_fields(text, KEYS, "a layout", problems).items():
        if not value.isdecimal() or not 1 <= int(value) <= _MOST:
            problems.append(Problem(f"is {value!r}", "--plan", key, f"a whole number from 1 to {_MOST:,}"))
        else:
            fixed[KEYS[key]] = float(value)
    if problems:
        raise InputError(problems)
    return fixed


def why_not(items: Layouts, config: ModelConfig, devices: float | Array | None = None) -> dict[str, Mask]:
    """Return for each rule of a layout where it is broken, shape (plan,)."""
    experts = max((layer.experts.experts for layer in config.layers if layer.experts), default=1)
    heads = sorted({count for layer in config.layers if (count := query_heads(layer.mixer))})
    divided = [
        items.tensor % np.minimum(items.tensor, count) + count % np.minimum(items.tensor, count) for count in heads
    ]
    rules = {
        "more stages than layers": items.pipeline > len(config.layers),
        "the heads of attention do not divide": np.any([odd != 0 for odd in divided], axis=0)
        if divided
        else np.zeros(len(items), bool),
        "experts do not divide the devices": items.moe_tensor * items.expert != items.stage,
        # Twice as many devices as experts still hold a copy each; more would stand idle.
        "more expert parts than experts": items.expert > 2 * experts,
    }
    if devices is not None:
        rules["does not use the devices"] = items.devices != devices
    return rules


def query_heads(mixer: Mixer | None) -> int:
    """Return how many heads of a mixer tensor parallelism can divide, 0 without a mixer."""
    match mixer:
        case DeltaNet():
            return mixer.value_heads
        case Attention() | LatentAttention() | CompressedAttention() | KimiDelta() | Lightning() | Mamba():
            return mixer.heads
        case None:
            return 0
