"""What must hold between reference workloads, deployments and the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from autarky.errors import nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import Part
from autarky.facts.performance_records import Deployment, ReferenceWorkload

STACKS = {"training": "software", "prefill": "serving_software", "decode": "serving_software"}
"""The collection that names the software of each task."""
DEFAULT = "default"


@lru_cache(maxsize=1)
def bundled_models() -> tuple[str, ...]:
    """Return the ids of the models that come with the package, sorted."""
    folder = files("autarky") / "facts" / "data" / "models"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def performance_names_what_exists(
    catalogue: Catalogue, name: str, record: Part
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """A reference workload names a bundled model and software, a deployment a chip, its system and its family."""
    named: list[tuple[tuple[str | int, ...], str, str]] = []
    if isinstance(record, ReferenceWorkload):
        if name != record.task:
            yield ("task",), f"the workload {name!r} has the task {record.task!r}", "its id is its task"
        if record.model not in bundled_models():
            hint = nearest(record.model, bundled_models())
            yield ("model",), f"no bundled model is called {record.model!r}", hint
        named.append((("software",), STACKS[record.task], record.software))
    elif isinstance(record, Deployment):
        if name != DEFAULT:
            named.append(((), "chips", name))
        for field, collection in (("system", "systems"), ("family", "efficiencies")):
            if (wanted := getattr(record, field)) is not None:
                named.append(((field,), collection, wanted))
    for at, collection, wanted in named:
        known = {**catalogue.collections.get(collection, {}), **catalogue.plain.get(collection, {})}
        if wanted not in known:
            hint = nearest(wanted, known) or f"add it to {collection}"
            yield at, f"no {collection} record is called {wanted!r}", hint
