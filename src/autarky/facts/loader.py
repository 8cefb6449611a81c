"""Reads the YAML facts into a checked catalogue; keeps a copy on disk keyed by their content."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import autarky
from autarky.atomic import whole_file
from autarky.errors import CatalogueError, InputError, Problem, ResultError, ScenarioError, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue, Weigh
from autarky.facts.faults import Place, shown, validation_problems
from autarky.facts.fields import Part, Series, map_quantities
from autarky.facts.records import COLLECTIONS
from autarky.facts.references import reference_problems
from autarky.facts.yaml_tree import Document, read_document
from autarky.quantities.estimates import Quantity
from autarky.quantities.months import month_label
from autarky.quantities.paths import Path as QuantityPath


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
    # A copy holds objects of these modules' classes: it is stale when they change.
    rooms = Path(__file__).parent, Path(__file__).parent.parent / "quantities"
    for module in sorted(path for room in rooms for path in room.glob("*.py")):
        content.update(module.read_bytes())
    digest = content.hexdigest()
    cached = _cache_file(digest)
    loaded = _read_cache(cached)
    if loaded is not None and loaded.digest == digest:
        return loaded
    catalogue = read_catalogue(files, digest)
    _write_cache(cached, catalogue)
    return catalogue


RECORDS = "write `id: {label: ..., ...}` for each record"
_CHECKSUM = hashlib.sha256().digest_size
"""Bytes at the head of a copy that tell whether the rest is whole."""


def _cache_file(digest: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("autarky") / f"catalogue-{digest[:24]}.pickle"


def _read_cache(path: Path) -> Catalogue | None:
    # A copy that is missing, cut short, damaged or written by another Python is read from the files again.
    try:
        content = path.read_bytes()
        checksum, pickled = content[:_CHECKSUM], content[_CHECKSUM:]
        if hashlib.sha256(pickled).digest() != checksum:
            return None
        loaded = pickle.loads(pickled)
    except (OSError, pickle.UnpicklingError, AttributeError, ImportError, TypeError):
        return None
    return loaded if isinstance(loaded, Catalogue) else None


def _write_cache(path: Path, catalogue: Catalogue) -> None:
    pickled = pickle.dumps(catalogue, protocol=pickle.HIGHEST_PROTOCOL)
    # A folder that cannot be written only costs time at the next start.
    with contextlib.suppress(OSError, ResultError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("catalogue-*.pickle"):
            old.unlink(missing_ok=True)
        with whole_file(path) as part:
            part.write_bytes(hashlib.sha256(pickled).digest() + pickled)


def read_catalogue(files: Mapping[str, Path], digest: str) -> Catalogue:
    """Return the catalogue in `files`; every problem in every file is reported at once."""
    plain: dict[str, dict[str, Any]] = {name: {} for name in COLLECTIONS}
    places: dict[tuple[str, str], Place] = {}
    problems: list[Problem] = []
    for name, path in files.items():
        collection = collection_of(name)
        if collection is None:
            hint = nearest(name.partition(".")[0], COLLECTIONS) or f"begin it with one of {', '.join(COLLECTIONS)}"
            problems.append(Problem("the name of this file does not say which collection it is", name, hint=hint))
            continue
        try:
            document = read_document(path, name)
        except InputError as error:
            problems.extend(replace(p, field=f"{collection}.{p.field}") if p.field else p for p in error.problems)
            continue
        _gather(document, collection, plain, places, problems)
    whole = not problems
    records: dict[str, dict[str, Part]] = {
        collection: {
            name: record
            for name, raw in entries.items()
            if (record := read_record(collection, name, raw, places[collection, name], problems)) is not None
        }
        for collection, entries in plain.items()
    }
    catalogue = Catalogue(records, plain, digest)
    if whole:
        # Without all files, every id in a broken one would seem to be missing.
        problems += reference_problems(catalogue, lambda collection, name, at: places[collection, name](at))
    if problems:
        raise CatalogueError(problems)
    return weighed(catalogue)


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
        problems.append(Problem(f"expected records, found {shown(document.data)}", document.name, hint=RECORDS))
        return
    for name, raw in document.data.items():
        place, key = document.place((name,)), f"{collection}.{name}"
        if name in plain[collection]:
            problems.append(Problem(f"already stands in {places[collection, name](())}", place, key, "keep one"))
            continue
        if "." in name:
            problems.append(Problem("an id cannot contain a dot", place, key, "dots separate the parts of a key"))
        plain[collection][name] = raw
        places[collection, name] = partial(_place_in, document, name)


def _place_in(document: Document, name: str, at: Sequence[str | int]) -> str:
    return document.place((name, *at))


def read_record(
    collection: str,
    name: str,
    raw: Any,
    place: Place,
    problems: list[Problem],
    set_keys: Collection[str] = (),
) -> Part | None:
    """Return one record with its numbers sourced, or None after adding to `problems`.

    A number without a source of its own takes the record's. One that a scenario sets takes the scenario: `set_keys`
    are the keys below the record that it set, an empty one where it wrote the whole record.
    """
    model = COLLECTIONS[collection]
    try:
        record = model.model_validate(raw)
    except ValidationError as error:
        problems.extend(validation_problems(error, model, f"{collection}.{name}", place))
        return None
    own = getattr(record, "source", ())

    default = own or ((SCENARIO,) if "" in set_keys else ())
    result: Part = map_quantities(record, partial(_sourced, default=default, set_keys=set_keys))
    return result


def _sourced(key: str, quantity: Series, *, default: tuple[str, ...], set_keys: Collection[str]) -> Series:
    """Return a quantity with `default` for numbers without a source, the scenario for those that it set."""
    if any(f"{key}.".startswith(f"{name}.") for name in set_keys):
        return quantity.with_sources((SCENARIO,))
    # A single figure that was set inside an estimate has already taken the place of the estimate's source.
    below = {name[len(key) + 1 :] for name in set_keys if name.startswith(f"{key}.")}
    if isinstance(quantity, QuantityPath):
        knots = (
            (month, knot.with_sources((SCENARIO,) if month_label(month) in below else default))
            for month, knot in quantity.knots
        )
        return replace(quantity, knots=tuple(knots))
    return quantity.with_sources((SCENARIO,) if below and not isinstance(quantity, Quantity) else default)


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
    changed = Catalogue(collections, plain, content.hexdigest())
    # A product takes its dies from the chip of its name, so a changed chip can leave it without any.
    products = {("products", name): change for (collection, name), change in changes.items() if collection == "chips"}
    touched = {**{key: change for key, change in products.items() if key[1] in plain["products"]}, **changes}

    def place_of(collection: str, name: str, at: tuple[str | int, ...]) -> str:
        return touched[collection, name].place(at if (collection, name) in changes else ())

    problems += reference_problems(changed, place_of, only=set(touched))
    if problems:
        raise ScenarioError(problems)
    return _weighed_again(changed, catalogue, set(changes))


def _weighed_again(changed: Catalogue, base: Catalogue, names: set[tuple[str, str]]) -> Catalogue:
    """Return the changed catalogue with its new records weighed; all of them where the weights themselves changed."""
    if not any(collection in ("pooling", "sources") and name in base.plain[collection] for collection, name in names):
        weigh = Weigh(changed.sources, changed.pooling)
        collections = {collection: dict(records) for collection, records in changed.collections.items()}
        for collection, name in names:
            collections[collection][name] = map_quantities(
                changed.collections[collection][name], lambda _, quantity: quantity.weighed(weigh)
            )
        return Catalogue(collections, changed.plain, changed.digest)
    # A record that was weighed keeps its weights, so the others are read anew.
    collections = {
        collection: {
            name: record
            for name, raw in records.items()
            if (record := _again(collection, name, raw, changed, names)) is not None
        }
        for collection, records in changed.plain.items()
    }
    return weighed(Catalogue(collections, changed.plain, changed.digest))


def _again(collection: str, name: str, raw: Any, changed: Catalogue, names: set[tuple[str, str]]) -> Part | None:
    if (collection, name) in names:
        return changed.collections[collection][name]
    return read_record(collection, name, raw, lambda _: "", [])
