"""A scenario file and the facts it changes, turned into one named, checked question."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autarky.errors import Problem, ScenarioError, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import last_day
from autarky.facts.faults import shown, validation_problems
from autarky.facts.loader import Change, load_catalogue, with_changes
from autarky.facts.yaml_tree import Document, parse_document, read_document
from autarky.scenario.schema import Scenario


@dataclass(frozen=True)
class Question:
    """A scenario with the catalogue as it sees it."""

    scenario: Scenario
    catalogue: Catalogue
    as_of: date | None
    plain: Mapping[str, Any]
    """The merged plain data, overrides included: enough to ask the same question again."""
    place: Callable[[Sequence[str | int]], str]
    """Gives `file:line:column` of a key path of the scenario."""


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
    if overrides:
        plain["set"] = {**plain.get("set", {}), **overrides}
    if as_of is not None:
        plain["as_of"] = str(as_of)
    places = _Places(documents, overrides or {})
    try:
        parsed = Scenario.model_validate(plain)
    except ValidationError as error:
        raise ScenarioError(validation_problems(error, Scenario, "", places)) from None
    base = catalogue or load_catalogue()
    known_by = last_day(parsed.as_of) if parsed.as_of else None
    if known_by is not None and known_by < base.first_source():
        raise ScenarioError(
            Problem(
                f"as-of date {known_by} is before the first source ({base.first_source()})",
                places(("as_of",)),
                "as_of",
                f"give {base.first_source()} or later",
            )
        )
    changed = with_changes(base, _changes(parsed, base, places))
    _check_chain(parsed, changed, places)
    return Question(parsed, changed, known_by, plain, places)


@dataclass(frozen=True)
class _Places:
    """Finds where a key path of the merged scenario was written."""

    documents: Sequence[Document]
    overrides: Mapping[str, Any]

    def __call__(self, at: Sequence[str | int]) -> str:
        if len(at) >= 2 and at[0] == "set" and at[1] in self.overrides:
            return f"--set {at[1]}"
        if at and at[0] == "as_of" and not any("as_of" in document.data for document in self.documents):
            return "--as-of"
        for document in self.documents:
            if at and isinstance(document.data, dict) and at[0] in document.data:
                inner = document.data[at[0]]
                if len(at) < 2 or not isinstance(inner, dict) or str(at[1]) in inner:
                    return document.place(at)
        return self.documents[0].place(at)


def _documents(scenario: str | Path | Mapping[str, Any]) -> list[Document]:
    """Return the scenario's document, then those that it extends, nearest first."""
    if isinstance(scenario, Mapping):
        documents = [Document("scenario", copy.deepcopy(dict(scenario)), None)]
    else:
        documents = [_read(str(scenario))]
    while True:
        document = documents[-1]
        if not isinstance(document.data, dict):
            raise ScenarioError(Problem("a scenario maps fields to values", place=document.name))
        parent = document.data.get("extends")
        if parent is None:
            return documents
        if len(documents) > 20:
            place = document.place(("extends",))
            raise ScenarioError(Problem("scenarios extend each other in a circle", place, "extends"))
        documents.append(_read(str(parent), document))


def _read(name: str, child: Document | None = None) -> Document:
    known = library()
    if name in known:
        return read_document(known[name], f"{name}.yaml")
    path = Path(name)
    if child is not None and not path.is_absolute():
        path = Path(child.name).parent / path
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_document(path)
    problem = Problem(
        f"no scenario is called {name!r}",
        place=child.place(("extends",)) if child else "",
        hint=nearest(name, known) or f"the library has {', '.join(known)}; or give a path to a YAML file",
    )
    raise UnknownKeyError(problem)


def _merged(documents: Sequence[Document]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for document in reversed(documents):
        merged = _overlaid(merged, document.data)
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


def _changes(scenario: Scenario, catalogue: Catalogue, places: _Places) -> dict[tuple[str, str], Change]:
    changes: dict[tuple[str, str], Change] = {}
    for collection, records in scenario.facts.items():
        for name, raw in records.items():
            at: tuple[str | int, ...] = ("facts", collection, name)
            changes[collection, name] = Change(raw, _below(places, at), frozenset({""}))
    problems: list[Problem] = []
    for key, value in scenario.set.items():
        problem = _apply(key, value, catalogue, changes, places)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise UnknownKeyError(problems)
    return changes


def _below(places: _Places, start: tuple[str | int, ...]) -> Any:
    return lambda at: places((*start, *at))


def _apply(
    key: str,
    value: Any,
    catalogue: Catalogue,
    changes: dict[tuple[str, str], Change],
    places: _Places,
) -> Problem | None:
    """Set one dotted key in `changes`; return what is wrong with the key, if anything."""
    collection, _, rest = key.partition(".")
    name, _, field = rest.partition(".")
    earlier = changes.get((collection, name))
    raw = earlier.raw if earlier else catalogue.plain.get(collection, {}).get(name)
    if raw is None or not field:
        known = [known_key for known_key, _ in catalogue.quantities()]
        hint = nearest(key, known) or "write collection.id.field, for example fabs.smic-n2.capacity"
        return Problem("nothing in the catalogue has this key", places(("set", key)), key, hint)
    changed = copy.deepcopy(raw)
    inner: Any = changed
    *parents, last = field.split(".")
    for parent in parents:
        child = inner[int(parent)] if isinstance(inner, list) and parent.isdigit() else None
        inner = child if child is not None else inner.setdefault(parent, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict | list):
            return Problem(f"{parent!r} has no fields below it", places(("set", key)), key)
    if isinstance(inner, list):
        if not last.isdigit() or int(last) >= len(inner):
            return Problem(f"{last!r} is not an index into this list", places(("set", key)), key)
        inner[int(last)] = value
    else:
        inner[last] = value
    own = earlier.keys if earlier else frozenset()
    changes[collection, name] = Change(changed, lambda _: places(("set", key)), own | {field})
    return None


def parse_value(text: str, key: str) -> Any:
    """Return the plain value of a `--set KEY=VALUE` option; VALUE is YAML."""
    return parse_document(text, f"--set {key}").data


def _check_chain(scenario: Scenario, catalogue: Catalogue, places: _Places) -> None:
    problems: list[Problem] = []
    named = {
        "fabs": scenario.chain.fabs,
        "die_banks": scenario.chain.die_banks,
        "memory_supplies": scenario.chain.memory_supplies,
        "products": scenario.chain.products,
    }
    for collection, names in named.items():
        known = catalogue.collections.get(collection, {})
        for index, name in enumerate(names):
            if name not in known:
                at = ("chain", collection, index)
                problems.append(
                    Problem(f"no {collection} record is called {name!r}", places(at), "chain", nearest(name, known))
                )
    for collection, names in (("observations", scenario.evidence), ("events", scenario.events)):
        field = "evidence" if collection == "observations" else "events"
        known = catalogue.collections.get(collection, {})
        problems.extend(
            Problem(f"no {collection} record is called {name!r}", places((field, i)), field, nearest(name, known))
            for i, name in enumerate(names)
            if name not in known
        )
    if problems:
        raise ScenarioError(problems)
