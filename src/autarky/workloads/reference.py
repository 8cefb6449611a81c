"""Reference models that come with the package: configs as facts, each with its maker's published counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.workloads.architecture import ModelConfig
from autarky.workloads.config import read_config
from autarky.workloads.parameters import parameters
from autarky.workloads.storage import stored_weights

_SUFFIXES = {"M": 10**6, "B": 10**9, "T": 10**12}


@dataclass(frozen=True)
class ReferenceModel:
    """A known model: its config, where it was published, and the counts that its maker published.

    `published` maps a reading (see `reading`) to the maker's figure as printed. `outside` holds parameters
    of parts that the config of the language model does not describe, such as a vision tower.
    `unverified`: the printed figures are known, but were not read again at their source.
    """

    id: str
    label: str
    maker: str
    source: dict[str, str]
    published: dict[str, str]
    outside: dict[str, int]
    config: ModelConfig
    note: str = ""
    unverified: bool = False

    def reading(self, name: str) -> int:
        """Return our count for one way of counting, such as `total` or `active_without_input`."""
        counts = parameters(self.config)
        embedding = self.config.vocabulary * self.config.embedding_width
        without_input = counts.total - (0 if self.config.tied else embedding)
        bare = counts.total - counts.by_part["embedding"] - counts.by_part.get("head", 0)
        readings = {
            "total": counts.total,
            "total_with_outside": counts.total + sum(self.outside.values()),
            "total_without_input": without_input,
            "total_without_embeddings": bare,
            "with_prediction_without_embeddings": bare + counts.prediction,
            "active": counts.active,
            "active_without_input": counts.active_without_input,
            "active_without_embeddings": counts.active_without_embeddings,
        }
        if name == "stored":
            return stored_weights(self.config, prediction=True).cells
        return readings[name]


def printed_count(text: str) -> tuple[float, float]:
    """Return a printed parameter count and the value of one unit of its last significant digit."""
    digits, factor = text[:-1], _SUFFIXES[text[-1]]
    decimals, zeros = len(digits.partition(".")[2]), len(digits) - len(digits.rstrip("0"))
    unit = 10.0 ** (-decimals if decimals else zeros)
    return float(digits) * factor, unit * factor


def reference_names() -> tuple[str, ...]:
    """Return the ids of all reference models, sorted."""
    return tuple(sorted(_contents()))


@lru_cache(maxsize=1)
def _contents() -> dict[str, str]:
    folder = files("autarky") / "facts" / "data" / "models"
    return {
        entry.name.removesuffix(".json"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    }


@lru_cache(maxsize=256)
def reference_model(name: str) -> ReferenceModel:
    """Return the reference model of that id."""
    contents = _contents()
    if name not in contents:
        raise UnknownKeyError(Problem("no such reference model", field=name, hint=nearest(name, contents)))
    record: dict[str, Any] = json.loads(contents[name])
    return ReferenceModel(
        id=name,
        label=record["label"],
        maker=record["maker"],
        source=record["source"],
        published=record["published"],
        outside=record.get("outside", {}),
        config=read_config(record["config"], name=name),
        note=record.get("note", ""),
        unverified=record.get("unverified", False),
    )
