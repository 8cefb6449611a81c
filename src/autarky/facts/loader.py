"""Reads the YAML facts into a checked catalogue; keeps a copy on disk keyed by their content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import re
import tempfile
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

import autarky
from autarky.errors import CatalogueError, InputError, Problem, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue, Weigh
from autarky.facts.fields import Part, Series, map_quantities
from autarky.facts.records import COLLECTIONS
from autarky.facts.references import reference_problems
from autarky.facts.yaml_tree import Document, read_document

Place = Callable[[tuple[str | int, ...]], str]
"""Gives `file:line:column` for a key path below a record."""


def data_files() -> dict[str, Path]:
    """Return the packaged YAML files by name."""
    folder = Path(str(resources.files("autarky.facts") / "data"))
    return {path.name: path for path in sorted(folder.glob("*.yaml"))}


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Return the packaged catalogue, from the disk cache when the files have not changed."""
    files = data_files()
    content = hashlib.sha256(autarky.__version__.encode())
    for name, path in files.items():
        content.update(name.encode())
        content.update(path.read_bytes())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        content.update(module.read_bytes())
    digest = content.hexdigest()
    cached = _cache_file(digest)
    if cached.is_file():
        # A cache written by another Python or an interrupted run is not worth an error: read again.
        with contextlib.suppress(pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError):
            loaded = pickle.loads(cached.read_bytes())
            if isinstance(loaded, Catalogue) and loaded.digest == digest:
                return loaded
    catalogue = read_catalogue(files, digest)
    _write_cache(cached, catalogue)
    return catalogue


def _cache_file(digest: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("autarky") / f"catalogue-{digest[:24]}.pickle"


def _write_cache(path: Path, catalogue: Catalogue) -> None:
    # A folder that cannot be written only costs time at the next start.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("catalogue-*.pickle"):
            old.unlink(missing_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            pickle.dump(catalogue, stream, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(name, path)


def read_catalogue(files: Mapping[str, Path], digest: str) -> Catalogue:
    """Return the catalogue in `files`; every problem in every file is reported at once."""
    plain: dict[str, dict[str, Any]] = {name: {} for name in COLLECTIONS}
    places: dict[tuple[str, str], Place] = {}
    problems: list[Problem] = []
    for name, path in files.items():
        collection = collection_of(name)
        if collection is None:
            problems.append(Problem("no collection has this name", place=name, hint=", ".join(COLLECTIONS)))
            continue
        try:
            document = read_document(path, name)
        except InputError as error:
            problems.extend(error.problems)
            continue
        _gather(document, collection, plain, places, problems)
    if problems:
        raise CatalogueError(problems)
    records: dict[str, dict[str, Part]] = {
        collection: {
            name: record
            for name, raw in entries.items()
            if (record := read_record(collection, name, raw, places[collection, name], problems)) is not None
        }
        for collection, entries in plain.items()
    }
    if problems:
        raise CatalogueError(problems)
    catalogue = weighed(Catalogue(records, plain, digest))
    found = reference_problems(catalogue, lambda collection, name, at: places[collection, name](at))
    if found:
        raise CatalogueError(found)
    return catalogue


def collection_of(file_name: str) -> str | None:
    """Return the collection that a data file belongs to: the name that its own name begins with."""
    stem = file_name.removesuffix(".yaml").replace("-", "_")
    matches = [name for name in COLLECTIONS if stem == name or stem.startswith(f"{name}_")]
    return max(matches, key=len, default=None)


def _gather(
    document: Document,
    collection: str,
    plain: dict[str, dict[str, Any]],
    places: dict[tuple[str, str], Place],
    problems: list[Problem],
) -> None:
    if not isinstance(document.data, dict):
        problems.append(Problem("a data file maps ids to records", place=document.name))
        return
    for name, raw in document.data.items():
        if name in plain[collection]:
            problems.append(Problem(f"{collection}.{name} stands in two files", place=document.place((name,))))
            continue
        plain[collection][name] = raw
        places[collection, name] = partial(_place_in, document, name)


def _place_in(document: Document, name: str, at: tuple[str | int, ...]) -> str:
    return document.place((name, *at))


def read_record(
    collection: str,
    name: str,
    raw: Any,
    place: Place,
    problems: list[Problem],
    set_by_scenario: Collection[str] | None = None,
) -> Part | None:
    """Return one record with its numbers sourced, or None after adding to `problems`.

    A number without a source of its own takes the record's; one that the scenario sets (its key, or a
    parent of it, is in `set_by_scenario`; an empty key is the whole record) takes the scenario.
    """
    model = COLLECTIONS[collection]
    try:
        record = model.model_validate(raw)
    except ValidationError as error:
        problems.extend(validation_problems(error, model, f"{collection}.{name}", place))
        return None
    own = getattr(record, "source", ())

    def sourced(key: str, quantity: Series) -> Series:
        parents = {key[: match.start()] for match in re.finditer(r"\.", key)} | {"", key}
        changed = bool(set_by_scenario) and not parents.isdisjoint(set_by_scenario or ())
        return quantity.with_sources((SCENARIO,) if changed and (key or not own) else own)

    result: Part = map_quantities(record, sourced)
    return result


def validation_problems(error: ValidationError, model: type[BaseModel], key: str, place: Place) -> Iterable[Problem]:
    """Yield one problem for each fault that pydantic found in a record."""
    for fault in error.errors(include_url=False):
        context = fault.get("ctx", {})
        at = (*(part for part in fault["loc"] if part != "[key]"), *context.get("at", ()))
        field = ".".join([*([key] if key else []), *map(str, at)])
        message, hint = fault["msg"], context.get("hint", "")
        if fault["type"] == "extra_forbidden":
            known = fields_at(model, fault["loc"][:-1])
            message = "unknown field"
            hint = nearest(str(fault["loc"][-1]), known) or f"known: {', '.join(sorted(known))}"
        elif fault["type"] == "missing":
            message = "this field is missing"
        yield Problem(message.removeprefix("Value error, "), place(at), field, hint)


def fields_at(model: type[BaseModel], at: tuple[str | int, ...]) -> list[str]:
    """Return the field names that a record allows at a key path."""
    current: Any = model
    for key in at:
        inner = _models_in(current)
        field = next((f for m in inner for n, f in m.model_fields.items() if key in (n, f.alias)), None)
        current = field.annotation if field is not None else current
    return [field.alias or name for m in _models_in(current) for name, field in m.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]


def weighed(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with each estimate weighed by grade and dated by its sources."""
    weigh = Weigh(catalogue.sources, catalogue.pooling)
    collections = {
        collection: {
            name: map_quantities(record, lambda _, quantity: quantity.weighed(weigh))
            for name, record in records.items()
        }
        for collection, records in catalogue.collections.items()
    }
    return Catalogue(collections, catalogue.plain, catalogue.digest)


@dataclass(frozen=True)
class Change:
    """A record as a scenario wants it: its plain data, where it was written, and which keys it set."""

    raw: Any
    place: Place
    keys: frozenset[str]


def with_changes(catalogue: Catalogue, changes: Mapping[tuple[str, str], Change]) -> Catalogue:
    """Return the catalogue with some records, by (collection, id), replaced or added by a scenario."""
    if not changes:
        return catalogue
    problems: list[Problem] = []
    collections = {collection: dict(records) for collection, records in catalogue.collections.items()}
    plain = {collection: dict(records) for collection, records in catalogue.plain.items()}
    content = hashlib.sha256(catalogue.digest.encode())
    for (collection, name), change in changes.items():
        record = read_record(collection, name, change.raw, change.place, problems, change.keys)
        if record is not None:
            collections[collection][name] = record
        plain[collection][name] = change.raw
        content.update(repr((collection, name, change.raw)).encode())
    if problems:
        raise CatalogueError(problems)
    changed = Catalogue(collections, plain, content.hexdigest())
    weigh = Weigh(changed.sources, changed.pooling)
    for collection, name in changes:
        collections[collection][name] = map_quantities(
            collections[collection][name], lambda _, quantity: quantity.weighed(weigh)
        )

    def place_of(collection: str, name: str, at: tuple[str | int, ...]) -> str:
        return changes[collection, name].place(at)

    found = reference_problems(changed, place_of, only=set(changes))
    if found:
        raise CatalogueError(found)
    return changed
