"""Parallel plans of a training run: how its chips share the model, the batch and the sequence.

A `Plans` holds many of them as arrays of shape (plan,), so that a whole space is priced at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from autarky.errors import InputError, Problem
from autarky.quantities.arrays import Array
from autarky.workloads.plan_text import given_fields

NO_RECOMPUTE, SELECTIVE, FULL = 0.0, 1.0, 2.0
RECOMPUTE = {"none": NO_RECOMPUTE, "selective": SELECTIVE, "full": FULL}

KEYS: dict[str, str] = {
    "tp": "tensor",
    "pp": "pipeline",
    "vpp": "interleave",
    "dp": "data",
    "cp": "context",
    "ep": "expert",
    "mbs": "micro_batch",
    "recompute": "recompute",
    "zero": "sharded",
    "sp": "sequence",
    "offload": "offload",
}
"""What `--plan` calls the fields of a plan."""


@dataclass(frozen=True)
class Plans:
    """Parallel plans, shape (plan,) each.

    tensor       chips that divide each product of a layer
    pipeline     stages that divide the layers
    interleave   chunks of layers on each stage (1: no interleaving)
    data         replicas that divide the batch
    context      chips that divide each sequence
    expert       chips that divide the experts, out of tensor x context x data
    micro_batch  sequences that pass a stage together
    recompute    what is computed again in the backward pass: 0 nothing, 1 what is cheap, 2 everything;
                 between 1 and 2 everything in that share of the layers, what is cheap in the others
    sharded      what replicas divide: 0 nothing, 1 optimiser states, 2 gradients too, 3 weights too
    sequence     1 where the tensor group also divides the sequence between its products, else 0
    offload      1 where the optimiser states wait in the memory of the host, else 0
    """

    tensor: Array
    pipeline: Array
    interleave: Array
    data: Array
    context: Array
    expert: Array
    micro_batch: Array
    recompute: Array
    sharded: Array
    sequence: Array
    offload: Array

    @property
    def chips(self) -> Array:
        """Chips that each plan takes."""
        return self.tensor * self.pipeline * self.data * self.context

    def __len__(self) -> int:
        return len(self.tensor)

    def take(self, which: Array | np.ndarray[tuple[int, ...], np.dtype[np.bool_ | np.int64]]) -> Plans:
        """Return the plans at an index array or where a mask is true."""
        return Plans(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def describe(self, index: int) -> dict[str, int | str]:
        """Return one plan under the short names of `--plan`."""
        names = {value: key for key, value in RECOMPUTE.items()}
        plain = {key: int(getattr(self, name)[index]) for key, name in KEYS.items() if key != "recompute"}
        again = float(self.recompute[index])
        return {**plain, "recompute": names.get(again, f"{again - SELECTIVE:g}")}


def plans(**columns: Sequence[float] | Array | float) -> Plans:
    """Return plans from columns that broadcast against one another; what is left out is 1, or 0 for choices."""
    defaults = {field.name: 1.0 for field in fields(Plans)} | {"recompute": 0.0, "sharded": 1.0, "offload": 0.0}
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (defaults | columns).values()))
    return Plans(**dict(zip(defaults | columns, (np.ascontiguousarray(array) for array in arrays), strict=True)))


def joined(parts: Sequence[Plans]) -> Plans:
    """Return several sets of plans as one."""
    return Plans(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Plans)}
    )


def parse_plan(text: str) -> dict[str, float]:
    """Return the fields that a text such as `tp=8,pp=8,recompute=full` fixes, by field of `Plans`."""
    fixed: dict[str, float] = {}
    problems: list[Problem] = []
    for key, value in given_fields(text, KEYS, "a plan", problems).items():
        if key != "recompute":
            _whole_number(key, value, fixed, problems)
        elif (again := RECOMPUTE.get(value, _share(value))) is None:
            hint = f"say {', '.join(RECOMPUTE)}, or the share of layers that is computed again whole"
            problems.append(Problem(f"is {value!r}", "--plan", key, hint))
        else:
            fixed["recompute"] = again
    if problems:
        raise InputError(problems)
    return fixed


def _share(text: str) -> float | None:
    """Return the recomputation of a share of the layers between 0 and 1, None for any other text."""
    try:
        share = float(text)
    except ValueError:
        return None
    return SELECTIVE + share if 0 < share < 1 else None


_LIMITS: Mapping[str, tuple[int, int]] = {"zero": (0, 3), "sp": (0, 1), "offload": (0, 1)}
_MOST = 10_000_000


def _whole_number(key: str, value: str, fixed: dict[str, float], problems: list[Problem]) -> None:
    low, high = _LIMITS.get(key, (1, _MOST))
    if not (value.isascii() and value.isdecimal()) or not low <= int(value) <= high:
        problems.append(Problem(f"is {value!r}", "--plan", key, f"a whole number from {low} to {high:,}"))
    else:
        fixed[KEYS[key]] = float(value)
