"""Exact parameter counts of a model: in total, by part, and those that one token uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from autarky.workloads.architecture import Layer, ModelConfig
from autarky.workloads.weights import Weight, layer_weights, outer_weights, prediction_weights


@dataclass(frozen=True)
class Parameters:
    """Parameter counts of the main model; multi-token prediction is counted apart.

    `active` counts the parameters that one token uses. Makers differ in what they include, so all three
    readings are here: with input embedding and output head, without the input embedding, without both. A
    tied matrix counts once in the first, and as output head in the second.
    `prediction` counts the extra layers once; `prediction_stored` adds the copies of embedding and head that
    the family's checkpoints repeat for each of them.
    """

    total: int
    by_part: dict[str, int]
    active: int
    active_without_input: int
    active_without_embeddings: int
    prediction: int
    prediction_stored: int

    @property
    def routed(self) -> int:
        """Parameters in routed experts."""
        return self.by_part.get("routed", 0)


def layer_counts(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, int]]:
    """Yield each kind of layer with the number of times it occurs."""
    yield from Counter(layers).items()


def parameters(config: ModelConfig) -> Parameters:
    """Return the exact parameter counts of a model."""
    by_part: Counter[str] = Counter()
    active: Counter[str] = Counter()

    def add(weight: Weight, times: int) -> None:
        by_part[weight.part] += weight.size * times
        active[weight.part] += weight.active_size * times

    for layer, times in layer_counts(config.layers):
        for weight in layer_weights(layer, config.hidden, config.norm_biased):
            add(weight, times)
    for weight in outer_weights(config):
        add(weight, 1)
    used = sum(active.values())
    lookup = config.vocabulary * config.embedding_width
    inputs = active["embedding"] - (lookup if config.tied else 0)
    extra = sum(
        weight.size for layer in config.prediction for weight in layer_weights(layer, config.hidden, config.norm_biased)
    ) + sum(weight.size for _, weight in prediction_weights(config))
    copies = len(config.prediction) * 2 * lookup if config.prediction_copies else 0
    return Parameters(
        total=sum(by_part.values()),
        by_part={part: count for part, count in by_part.items() if count},
        active=used,
        active_without_input=used - inputs,
        active_without_embeddings=used - active["embedding"] - active["head"],
        prediction=extra,
        prediction_stored=extra + copies,
    )
