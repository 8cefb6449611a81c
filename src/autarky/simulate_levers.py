"""What the acting events say in each month of a run, with the values of their levers drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autarky.facts.event_records import KINDS, Event, Kind, Lever
from autarky.quantities.arrays import Array
from autarky.quantities.sampler import Sampler
from autarky.rules.levers import lever_path
from autarky.scenario.model import Model


def lever(
    kind: Kind, scope: Mapping[str, str], model: Model, sampler: Sampler, events: Mapping[str, Event] | None = None
) -> Array:
    """Return what events, or those that act, say of a scope in the model's region, in the unit of the kind.

    (month, draw) or (month, 1), which broadcasts; (1, 1) and the kind's default where none speaks of it.
    """
    asked = {**scope, "region": model.region}
    speaking: dict[str, Event] = {
        name: event
        for name, event in (model.events if events is None else events).items()
        if any(_speaks(own, kind, asked) for own in event.levers)
    }
    if not speaking:
        return np.array([[KINDS[kind].default]])
    return lever_path(speaking, kind, asked, model.months, sampler.draw)


def scaled(flow: Array, multiple: Array) -> Array:
    """Return a flow times what events make of it, (month, draw); the flow itself where none speaks of it."""
    return flow if multiple.size == 1 and multiple.item() == 1.0 else flow * multiple


def _speaks(lever: Lever, kind: Kind, scope: Mapping[str, str]) -> bool:
    return lever.kind == kind and all(scope.get(dimension) in names for dimension, names in lever.scope.items())
