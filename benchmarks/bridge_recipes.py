"""What Megatron-Bridge switched on in its published runs, which its tables of results do not say.

The figures are in bridge_recipes.csv, one line per model, chip, precision, layout and first release with it, read from
`scripts/performance/configs` of github.com/NVIDIA-NeMo/Megatron-Bridge at the tags of its releases (0.2.0 stands for
25.09 and 25.11, 0.3.0 for 26.02, 0.3.1 for 26.02.01, 0.4.0 for 26.04, 0.4.2 for 26.04.01, 0.5.0 for 26.06, 0.5.1 for
26.06.01 and later; DeepSeek-V4 from `perf_recipes` at 0.6.0).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from autarky.facts.performance_records import Graphs
from autarky.workloads.stack import Exchange, Features

TABLE = Path(__file__).with_name("bridge_recipes.csv")
LAYOUT = ("tp", "pp", "vpp", "ep", "micro_batch", "global_batch_seqs")


@dataclass(frozen=True)
class Recipe:
    """A line of the table; `layout` is (tensor, pipeline, interleave, expert, micro-batch, batch)."""

    model: str
    chip: str
    precision: str
    since: str
    layout: tuple[float, ...]
    features: Features
    recomputes: bool


@lru_cache(maxsize=1)
def recipes() -> tuple[Recipe, ...]:
    """Return the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Recipe(
                model=row["model"],
                chip=row["chip"],
                precision=row["precision"],
                since=row["since"],
                layout=tuple(float(row[field]) for field in LAYOUT),
                features=Features(
                    graphs=cast(Graphs, row["graphs"]),
                    paired=row["paired"] == "yes",
                    exchange=cast(Exchange, row["exchange"]),
                ),
                recomputes=row["recompute"] != "none",
            )
            for row in csv.DictReader(file)
        )


WHOLE_SINCE = "26.06"
"""The release whose recipes began to record whole steps and to pair micro-batches, for most models."""


def usual_features(release: str) -> Features:
    """Return what most recipes of a release switch on, for a model that has none of its own."""
    late = release >= WHOLE_SINCE
    return Features("whole" if late else "part", paired=late, exchange="fused")


def recipe_of_run(model: str, chip: str, precision: str, layout: Sequence[float | None], release: str) -> Recipe | None:
    """Return the newest recipe up to a release for a model on a chip, of the same layout and batch if there is one.

    Of several the one with the largest batch.
    """
    stated = tuple(size or 1.0 for size in layout)
    same = [item for item in recipes() if (item.model, item.chip, item.precision) == (model, chip, precision)]
    same = same or [item for item in recipes() if (item.model, item.chip) == (model, chip)]
    alike = [item for item in same if item.layout == stated]
    alike = alike or [item for item in same if item.layout[:-1] == stated[:-1]] or same
    known = [item for item in alike if item.since <= release] or alike[:1]
    return max(known, key=lambda item: (item.since, item.layout[-1]), default=None)
