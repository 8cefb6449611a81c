"""A scenario file and the facts it changes, turned into one named, checked question."""

from __future__ import annotations

import copy
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autarky.errors import Problem, ScenarioError, UnknownKeyError, nearest
from autarky.facts.catalogue import SCENARIO, Catalogue
from autarky.facts.faults import Place, shown, validation_problems
from autarky.facts.fields import last_day
from autarky.facts.loader import Change, load_catalogue, with_changes
from autarky.facts.yaml_tree import Document, parse_document, read_document
from autarky.quantities.figures import FIGURE_KEYS
from autarky.scenario.schema import Scenario


@dataclass(frozen=True)
class Question:
    """A scenario with the catalogue as it sees it."""

    scenario: Scenario
    catalogue: Catalogue
    as_of: date | None
    plain: Mapping[str, Any]
    """The merged plain data, overrides included: enough to ask the same question again."""
    place: Place


def library() -> dict[str, Path]:
    """Return the scenarios that come with autarky, by name."""
    folder = Path(str(resources.files("autarky.scenario") / "library"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def ask(
    scenario: str | Path | Mapping[str, Any],
    *,
    overrides: Mapping[str, Any] | None = None,
    as_of: str | date | None = None,
    catalogue: Catalogue | None = None,
) -> Question:
    """Return the question in a scenario: a library name, a path, or the plain data of one.

    `overrides` maps dotted keys to values and wins over the scenario's own `set:`.
    """
    documents = _documents(scenario)
    plain = _merged(documents)
    if overrides and isinstance(plain.setdefault("set", {}), dict):
        plain["set"] = {**plain["set"], **overrides}
    if as_of is not None:
        plain["as_of"] = str(as_of)
    places = _Places(documents, overrides or {}, as_of is not None)
    problems: list[Problem] = []
    parsed = _parsed(plain, places, problems)
    base = catalogue or load_catalogue()
    changed = _changed(plain, base, places, problems)
    known_by = last_day(parsed.as_of) if parsed is not None and parsed.as_of else None
    if known_by is not None and known_by < base.first_source():
        message = f"{known_by} is before the first source"
        problems.append(Problem(message, places(("as_of",)), "as_of", f"give {base.first_source()} or later"))
    problems += _unknown_names(plain, changed, places)
    problems += _unknown_events(documents, changed)
    if parsed is None or problems:
        raise ScenarioError(problems)
    return Question(parsed, changed, known_by, plain, places)


def _parsed(plain: Mapping[str, Any], places: Place, problems: list[Problem]) -> Scenario | None:
    try:
        return Scenario.model_validate(plain)
    except ValidationError as error:
        problems += validation_problems(error, Scenario, "", places)
        return None


@dataclass(frozen=True)
class _Places:
    """Finds where a key path of the merged scenario was written."""

    documents: Sequence[Document]
    overrides: Mapping[str, Any]
    as_of: bool
    """True where the as-of date was given beside the scenario."""

    def __call__(self, at: Sequence[str | int]) -> str:
        if len(at) >= 2 and at[0] == "set" and at[1] in self.overrides:
            return f"--set {at[1]}"
        if self.as_of and at and at[0] == "as_of":
            return "--as-of"
        holders = [(document, document.data) for document in self.documents]
        for key in at:
            inner = [(document, data[key]) for document, data in holders if isinstance(data, dict) and key in data]
            if not inner:
                break
            # Mappings are merged with those below them; anything else hides what is below.
            merged = list(itertools.takewhile(lambda holder: isinstance(holder[1], dict), inner))
            holders = merged or inner[:1]
        return holders[0][0].place(at)


def _documents(scenario: str | Path | Mapping[str, Any]) -> list[Document]:
    """Return the scenario's document, then those that it extends, nearest first."""
    if isinstance(scenario, Mapping):
        documents, paths = [Document("scenario", copy.deepcopy(dict(scenario)), None)], [Path("scenario")]
    else:
        path, name = _located(str(scenario))
        documents, paths = [read_document(path, name)], [path.resolve()]
    while True:
        document = documents[-1]
        if not isinstance(document.data, dict):
            message = f"expected a scenario, found {shown(document.data)}"
            raise ScenarioError(Problem(message, document.name, hint="write its fields, for example `label: ...`"))
        parent = document.data.get("extends")
        if parent is None:
            return documents
        path, name = _located(parent, document)
        if path.resolve() in paths:
            message = "scenarios extend each other in a circle" if len(paths) > 1 else "a scenario cannot extend itself"
            hint = "name the scenario that this one differs from, or leave it out"
            raise ScenarioError(Problem(message, document.place(("extends",)), "extends", hint))
        documents.append(read_document(path, name))
        paths.append(path.resolve())


def _located(scenario: Any, child: Document | None = None) -> tuple[Path, str]:
    """Return the path of a scenario and what errors call it; `child` is the scenario that extends it."""
    place, field = (child.place(("extends",)), "extends") if child else ("", "")
    if not isinstance(scenario, str):
        raise ScenarioError(Problem(f"expected one scenario, found {shown(scenario)}", place, field, "name one"))
    known = library()
    if scenario in known:
        return known[scenario], f"{scenario}.yaml"
    path = Path(os.path.normpath(scenario if child is None else Path(child.name).parent / scenario))
    if path.exists():
        return path, str(path)
    if path.suffix in (".yaml", ".yml"):
        raise UnknownKeyError(Problem(f"no file is called {str(path)!r}", place, field, _nearest_file(path)))
    hint = nearest(scenario, known) or f"the library has {', '.join(known)}; or give a path to a YAML file"
    raise UnknownKeyError(Problem(f"no scenario is called {scenario!r}", place, field, hint))


def _nearest_file(path: Path) -> str:
    files = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    return nearest(path.name, files) or "check the path"


def _merged(documents: Sequence[Document]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for document in reversed(documents):
        merged = {**_overlaid(merged, document.data), **_merged_events(merged, document.data)}
    merged.pop("extends", None)
    merged.setdefault("name", Path(documents[0].name).stem)
    if documents[0].data.get("name") is None:
        merged["name"] = Path(documents[0].name).stem
    return merged


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _overlaid(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


EVENT_LISTS = ("draw", "on", "off", "move")
MARKET_FIELDS = {
    "demand": "demand",
    "buyers": "buyer_groups",
    "imports": "imports",
    "grey_channel": "grey_channels",
    "rental": "rentals",
    "compared_with": "reference_stocks",
}
"""Fields of a scenario's market that name records, and their collections."""


def _merged_events(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `events:` of a scenario on top of those of the one below; a list is what the report draws.

    What either draws is drawn. Of `on` and `off`, the scenario on top has the last word on an event.
    """
    stated, lower = (
        {"draw": events} if isinstance(events := data.get("events"), list) else events for data in (above, below)
    )
    if not isinstance(stated, dict) or not isinstance(lower, dict):
        return {}
    merged = _overlaid(lower, stated)
    drawn = _items(lower.get("draw", []))
    merged["draw"] = [*drawn, *(name for name in _items(stated.get("draw", [])) if name not in drawn)]
    on, off = (_items(stated.get(name, [])) for name in ("on", "off"))
    for name, kept in (("on", on), ("off", off)):
        merged[name] = [*(event for event in _items(lower.get(name, [])) if event not in (*on, *off)), *kept]
    if isinstance(merged.get("move"), dict):
        again = _mapping(stated.get("move"))
        merged["move"] = {name: to for name, to in merged["move"].items() if name in again or name not in off}
    return {"events": merged}


def _changed(plain: Mapping[str, Any], base: Catalogue, places: Place, problems: list[Problem]) -> Catalogue:
    """Return the catalogue with the scenario's own records and numbers; add to `problems` those that cannot stand."""
    changes: dict[tuple[str, str], Change] = {}
    for collection, records in _mapping(plain.get("facts")).items():
        if collection not in base.collections:
            hint = nearest(collection, base.collections) or f"known: {', '.join(base.collections)}"
            problems.append(Problem("unknown collection", places(("facts", collection)), f"facts.{collection}", hint))
            continue
        for name, raw in _mapping(records).items():
            start = ("facts", collection, name)
            changes[collection, name] = Change(raw, partial(_below, places, start), frozenset({""}))
    for name, raw in _mapping(_mapping(plain.get("events")).get("add")).items():
        changes["events", name] = Change(raw, partial(_below, places, ("events", "add", name)), frozenset({""}))
    for key, value in _mapping(plain.get("set")).items():
        problem = _apply(key, value, base, changes, places)
        problems += [problem] if problem else []
    try:
        return with_changes(base, changes)
    except ScenarioError as error:
        problems += error.problems
    # What could not be read is still a name that the rest of the scenario may use.
    known = {collection: dict(records) for collection, records in base.plain.items()}
    for (collection, name), change in changes.items():
        known[collection][name] = change.raw
    return replace(base, plain=known)


def _mapping(value: Any) -> Mapping[str, Any]:
    return {key: item for key, item in value.items() if isinstance(key, str)} if isinstance(value, Mapping) else {}


def _below(places: Place, start: tuple[str | int, ...], at: Sequence[str | int]) -> str:
    return places((*start, *at))


def _apply(
    key: str, value: Any, catalogue: Catalogue, changes: dict[tuple[str, str], Change], places: Place
) -> Problem | None:
    """Set one dotted key in `changes`; return what is wrong with the key, if anything."""
    collection, _, rest = key.partition(".")
    name, _, field = rest.partition(".")
    earlier = changes.get((collection, name))
    raw = earlier.raw if earlier else catalogue.plain.get(collection, {}).get(name)
    place = places(("set", key))
    if not isinstance(raw, dict) or not field:
        known = [known_key for known_key, _ in catalogue.quantities()]
        hint = nearest(key, known) or "write collection.id.field, for example fabs.smic-7nm.capacity"
        return Problem("nothing in the catalogue has this key", place, key, hint)
    changed = copy.deepcopy(raw)
    inner: Any = changed
    *parents, last = field.split(".")
    for depth, parent in enumerate(parents):
        if isinstance(inner, list) and not _is_index(parent, inner):
            return Problem(f"there is no entry {parent}", place, key, f"entries run from 0 to {len(inner) - 1}")
        inner = inner[int(parent)] if isinstance(inner, list) else inner.setdefault(parent, {})
        if not isinstance(inner, dict | list):
            whole = ".".join([collection, name, *parents[: depth + 1]])
            return Problem(f"{parent} is one value, with nothing below it", place, key, f"set {whole} as a whole")
    if isinstance(inner, list):
        if not _is_index(last, inner):
            return Problem(f"there is no entry {last}", place, key, f"entries run from 0 to {len(inner) - 1}")
        figure = isinstance(value, dict) and not value.keys().isdisjoint(FIGURE_KEYS)
        inner[int(last)] = {"source": SCENARIO, **value} if figure else value
    else:
        inner[last] = value
        if last in FIGURE_KEYS:
            # The figure is no longer what its source says.
            inner["source"] = SCENARIO
    own = earlier.keys if earlier else frozenset()
    at = partial(_place_of_set, places, key, tuple(field.split(".")), earlier.place if earlier else None)
    changes[collection, name] = Change(changed, at, own | {field})
    return None


def _is_index(text: str, entries: Sequence[Any]) -> bool:
    return text.isdecimal() and int(text) < len(entries)


def _place_of_set(
    places: Place, key: str, field: tuple[str, ...], earlier: Place | None, at: Sequence[str | int]
) -> str:
    """Return the place of a record's key path: below the `set:` key if that set it, else where the rest is from."""
    if tuple(map(str, at[: len(field)])) == field:
        return places(("set", key, *at[len(field) :]))
    return earlier(at) if earlier is not None else places(("set", key))


def parse_value(text: str, key: str) -> Any:
    """Return the plain value of a `--set KEY=VALUE` option; VALUE is YAML."""
    return parse_document(text, f"--set {key}").data


def _unknown_names(plain: Mapping[str, Any], catalogue: Catalogue, places: Place) -> Iterator[Problem]:
    """Yield a problem for each name of a record in the scenario that nothing carries."""
    chain = _mapping(plain.get("chain"))
    named: list[tuple[tuple[str | int, ...], str, Any]] = [
        (("chain", kind), kind, chain.get(kind)) for kind in ("fabs", "die_banks", "memory_supplies", "products")
    ]
    market = _mapping(plain.get("market"))
    named += [(("market", field), collection, market.get(field)) for field, collection in MARKET_FIELDS.items()]
    named += [(("evidence",), "observations", plain.get("evidence"))]
    named += [(("reference_chip",), "chips", plain.get("reference_chip"))]
    for field in ("targets", "correlations"):
        for index, item in enumerate(_items(plain.get(field))):
            named.append(((field, index, "source"), "sources", _mapping(item).get("source")))
    for at, collection, names in named:
        known = catalogue.plain.get(collection, {})
        for index, name in enumerate(_items(names)):
            if isinstance(name, str) and name not in known:
                where = at if isinstance(names, str) else (*at, index)
                hint = nearest(name, known) or f"add it under `facts: {{{collection}: ...}}`"
                message = f"no {collection} record is called {name!r}"
                yield Problem(message, places(where), ".".join(map(str, where)), hint)


def _unknown_events(documents: Sequence[Document], catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a problem for each event that a document names and nothing carries: lists of several are merged."""
    known = catalogue.plain.get("events", {})
    for document in documents:
        stated = document.data.get("events")
        lists = {(field,): list(stated.get(field) or ()) for field in EVENT_LISTS} if isinstance(stated, dict) else {}
        for at, names in lists.items() or [((), _items(stated))]:
            for index, name in enumerate(names):
                if isinstance(name, str) and name not in known:
                    where = ("events", *at, index)
                    hint = nearest(name, known) or "add it under `events: {add: ...}`"
                    message = f"no events record is called {name!r}"
                    yield Problem(message, document.place(where), ".".join(map(str, where)), hint)


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
