"""Groups of quantities that a scenario draws together, checked against the catalogue and made ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from autarky.errors import Problem, QuantityError, ScenarioError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.quantities.correlation import mixing_matrix
from autarky.quantities.estimates import Quantity
from autarky.quantities.sampler import Correlation, Worlds
from autarky.scenario.resolve import Question


def stream_quantities(catalogue: Catalogue) -> dict[str, Quantity]:
    """Return every key with a random stream of its own, and the quantity that the stream drives."""
    return {
        f"{key}.{part}" if part else key: quantity
        for key, series in catalogue.quantities()
        for part, quantity in series.parts().items()
    }


def correlations_of(question: Question) -> Sequence[Correlation]:
    """Return the scenario's correlation groups; an unknown key or an infeasible matrix is an error."""
    if not question.scenario.correlations:
        return ()
    known = stream_quantities(question.catalogue)
    groups: list[Correlation] = []
    problems: list[Problem] = []
    for index, group in enumerate(question.scenario.correlations):
        field = f"correlations.{index}"
        unknown = [key for key in group.keys if key not in known]
        problems.extend(
            Problem(
                f"nothing is drawn under {key!r}", question.place(("correlations", index)), field, nearest(key, known)
            )
            for key in unknown
        )
        if unknown:
            continue
        ppfs = [_known_by(known[key], question.as_of).pooled.ppf for key in group.keys]
        try:
            groups.append(Correlation(group.keys, mixing_matrix(np.array(group.matrix), group.kind, ppfs, group.keys)))
        except QuantityError as error:
            place = question.place(("correlations", index, "matrix"))
            problems.append(Problem(error.message, place, f"{field}.matrix", error.hint))
    if problems:
        raise ScenarioError(problems)
    return groups


def _known_by(quantity: Quantity, day: date | None) -> Quantity:
    return quantity if day is None else quantity.known_by(day) or quantity


def worlds_of(question: Question) -> Mapping[str, Worlds]:
    """Return the scenario's world groups; an unknown key, or a publisher no estimate names, is an error."""
    if not question.scenario.worlds:
        return {}
    known = dict(question.catalogue.quantities())
    problems: list[Problem] = []
    for name, group in question.scenario.worlds.items():
        field = f"worlds.{name}"
        problems.extend(
            Problem(f"no quantity has the key {key!r}", question.place(("worlds", name)), field, nearest(key, known))
            for key in group.keys
            if key not in known
        )
        spoken = {world for key in group.keys if key in known for world in known[key].worlds}
        problems.extend(
            Problem(
                f"no estimate of these keys names the world {world!r}",
                question.place(("worlds", name, "weights")),
                f"{field}.weights",
                nearest(world, spoken) or f"they name {', '.join(sorted(spoken))}",
            )
            for world in group.weights
            if world not in spoken
        )
    if problems:
        raise ScenarioError(problems)
    return {name: Worlds(frozenset(group.keys), group.weights) for name, group in question.scenario.worlds.items()}
