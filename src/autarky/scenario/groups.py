"""Groups of quantities that a scenario draws together, checked against the catalogue and made ready."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np

from autarky.errors import Problem, QuantityError, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue
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


def correlations_of(question: Question, problems: list[Problem]) -> Sequence[Correlation]:
    """Return the scenario's correlation groups; an unknown key or an infeasible matrix is added to `problems`."""
    if not question.scenario.correlations:
        return ()
    known = stream_quantities(question.catalogue)
    groups: list[Correlation] = []
    taken: dict[str, str] = {}
    for index, group in enumerate(question.scenario.correlations):
        at: tuple[str | int, ...] = ("correlations", index)
        faults = _key_problems(question, at, group.keys, known, taken)
        problems += faults
        if faults:
            continue
        ppfs = [_known_by(known[key], question.as_of).pooled.ppf for key in group.keys]
        try:
            groups.append(Correlation(group.keys, mixing_matrix(np.array(group.matrix), group.kind, ppfs, group.keys)))
        except QuantityError as error:
            place, field = question.place((*at, "matrix")), f"correlations.{index}.matrix"
            problems.append(Problem(error.message, place, field, error.hint))
    return groups


def _key_problems(
    question: Question,
    at: tuple[str | int, ...],
    keys: Sequence[str],
    known: Collection[str],
    taken: dict[str, str],
) -> list[Problem]:
    """Return what is wrong with the keys of a group; `taken` maps the keys of the groups so far to their group."""
    problems: list[Problem] = []
    group = ".".join(map(str, at))
    for position, key in enumerate(keys):
        where, field = question.place((*at, "keys", position)), f"{group}.keys.{position}"
        if key not in known:
            problems.append(Problem(f"no quantity has the key {key!r}", where, field, nearest(key, known)))
        elif key in taken:
            hint = "a key stands once, in one group with all that it moves with"
            problems.append(Problem(f"{key} already stands in {taken[key]}", where, field, hint))
        taken.setdefault(key, group)
    return problems


def _known_by(quantity: Quantity, day: date | None) -> Quantity:
    return quantity if day is None else quantity.known_by(day) or quantity


def worlds_of(question: Question, problems: list[Problem]) -> Mapping[str, Worlds]:
    """Return the scenario's world groups; an unknown key, or a publisher no estimate names, is added to `problems`."""
    if not question.scenario.worlds:
        return {}
    known = dict(question.catalogue.quantities())
    taken: dict[str, str] = {}
    for name, group in question.scenario.worlds.items():
        faults = _key_problems(question, ("worlds", name), group.keys, known, taken)
        spoken = {world for key in group.keys if key in known for world in known[key].worlds}
        # A key that the scenario sets speaks for no publisher any more; the others may then be silent.
        replaced = any(SCENARIO in e.sources for key in group.keys if key in known for e in known[key].estimates)
        for world in group.weights if not (faults or replaced) else ():
            if world not in spoken:
                hint = nearest(world, spoken) or f"they name {', '.join(sorted(spoken)) or 'none'}"
                message, at = f"no estimate of these keys names the world {world!r}", ("worlds", name, "weights", world)
                faults.append(Problem(message, question.place(at), ".".join(at), hint))
        problems += faults
    return {name: Worlds(frozenset(group.keys), group.weights) for name, group in question.scenario.worlds.items()}
