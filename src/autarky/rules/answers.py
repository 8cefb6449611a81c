"""Classifies whatever names a chip: an id of the catalogue, a file, plain data, or a finished `ChipSpec`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from autarky.errors import InputError, Problem, QuantityError
from autarky.facts.catalogue import Catalogue
from autarky.facts.chip_names import chip_or_memory
from autarky.facts.faults import Place, shown, validation_problems
from autarky.facts.loader import load_catalogue
from autarky.facts.records import Chip, MemoryType
from autarky.facts.rule_records import Country, Rule
from autarky.facts.yaml_tree import Document, read_document
from autarky.rules.catalogue_chip import Specified, specified_chip, specified_stack
from autarky.rules.chip_file import chip_from_plain, nowhere
from autarky.rules.classification import Classification
from autarky.rules.classification import classify as classify_spec
from autarky.rules.metrics import ChipSpec
from autarky.rules.plain_form import as_plain

Given: TypeAlias = str | Path | Mapping[str, Any] | ChipSpec
"""An id of the catalogue, a path, the plain data of a chip, or a chip as the law sees it."""


@dataclass(frozen=True)
class Answer:
    """What the law says of a chip, and what was assumed about the chip on the way."""

    classification: Classification
    id: str = ""
    """The chip's id in the catalogue, if it stands there."""
    notes: tuple[str, ...] = ()
    chip_sources: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        plain = as_plain(self.classification)
        label, sources = plain.pop("chip"), list(dict.fromkeys([*plain.pop("sources"), *self.chip_sources]))
        return {"chip": self.id or label, "label": label, **plain, "notes": list(self.notes), "sources": sources}


def classify(
    chip: Given,
    *,
    to: str,
    date: str | Date,
    headquarters: str | None = None,
    route: str = "US",
    switches: Iterable[str] = (),
    activity: str = "shipment",
    recipient: str | None = None,
    catalogue: Catalogue | None = None,
) -> Classification:
    """Return class, licence status and review of a chip on a day.

    Parameters
    ----------
    chip
        A chip of the catalogue by id ("h20"), a path to a YAML or JSON file, the plain data of one, or a `ChipSpec`.
    to
        Destination, by ISO code or name.
    date
        Day on which the law is read, YYYY-MM-DD.
    headquarters
        Where the recipient, or its ultimate parent, is headquartered; the destination if not given.
    route
        Where the shipment starts.
    switches
        Proposed or unenforced rules to turn on, `-` and a rule's id to turn one off, or a reading by name.
    activity
        "shipment", "remote-access" or "deemed-export".
    recipient
        A recipient that a rule lists by name, such as "g42".
    catalogue
        The facts; those that come with autarky if not given.
    """
    (only,) = answers(
        [chip],
        to=to,
        date=date,
        headquarters=headquarters,
        route=route,
        switches=switches,
        activity=activity,
        recipient=recipient,
        catalogue=catalogue,
        single=True,
    )
    return only.classification


def answers(
    chips: Iterable[Given],
    *,
    to: str,
    date: str | Date,
    headquarters: str | None = None,
    route: str = "US",
    switches: Iterable[str] = (),
    activity: str = "shipment",
    recipient: str | None = None,
    catalogue: Catalogue | None = None,
    single: bool = False,
) -> list[Answer]:
    """Return an answer for each chip, as `classify`; a file may hold a list of chips unless `single`."""
    facts = catalogue or load_catalogue()
    day = day_of(date)
    found: list[Answer] = []
    for given in chips:
        specified = list(_specified(given, facts))
        if single and len(specified) != 1:
            raise InputError(Problem(f"{len(specified)} chips", str(given), hint="give one"))
        for place, one in specified:
            try:
                classification = classify_spec(
                    one.spec,
                    to=to,
                    date=day,
                    rules=facts.all("rules", Rule),
                    countries=facts.all("countries", Country),
                    headquarters=headquarters,
                    route=route,
                    switches=switches,
                    activity=activity,
                    recipient=recipient,
                )
            except QuantityError as error:
                raise InputError(_placed(error, place)) from None
            found.append(Answer(classification, one.id, one.notes, one.sources))
    return found


def _placed(error: QuantityError, place: Place) -> Problem:
    return Problem(error.message, place(error.at), ".".join(map(str, error.at)), error.hint)


def day_of(date: str | Date) -> Date:
    """Return a day, given as one or as text."""
    if isinstance(date, Date):
        return date
    try:
        return Date.fromisoformat(date)
    except ValueError:
        raise InputError(Problem(f"{date!r} is not a day", field="date", hint="write YYYY-MM-DD")) from None


def _specified(given: Given, facts: Catalogue) -> Iterator[tuple[Place, Specified]]:
    if isinstance(given, ChipSpec):
        yield nowhere, Specified(given)
    elif isinstance(given, Mapping):
        yield nowhere, _from_plain(given, nowhere, facts)
    elif isinstance(given, Path) or given.endswith((".yaml", ".yml", ".json")) or Path(given).is_file():
        yield from _from_file(Path(given), facts)
    else:
        yield partial(_always, given), _from_catalogue(given, facts)


def _always(name: str, _: Sequence[str | int]) -> str:
    return name


def _from_catalogue(name: str, facts: Catalogue) -> Specified:
    collection, key = chip_or_memory(name, facts)
    if collection == "chips":
        found = specified_chip(key, facts.get("chips", key, Chip), facts)
    else:
        stack = specified_stack(key, facts.get("memory_types", key, MemoryType))
        if stack is None:
            raise InputError(Problem(f"{key} has no bandwidth or no outline in the catalogue", field="CHIP"))
        found = stack
    if name.removeprefix(f"{collection}.").casefold() == key:
        return found
    return replace(found, notes=(f"{name!r} is read as {key}", *found.notes))


def _from_file(path: Path, facts: Catalogue) -> Iterator[tuple[Place, Specified]]:
    document = Document(str(path), _json(path), None) if path.suffix == ".json" else read_document(path)
    several = isinstance(document.data, list)
    for index, raw in enumerate(document.data if several else [document.data]):
        place = partial(_within, document, index if several else None)
        if not isinstance(raw, Mapping):
            hint = "write its fields, for example `name: ...` and `dense: {fp8: ...}`"
            raise InputError(Problem(f"expected a chip, found {shown(raw)}", place(()), hint=hint))
        yield place, _from_plain(raw, place, facts)


def _within(document: Document, index: int | None, at: Sequence[str | int]) -> str:
    """Return where a field of one chip of a file stands; a JSON file says only which chip it is."""
    if index is None:
        return document.place(at)
    return document.place((index, *at)) if document.root is not None else f"{document.name}, chip {index + 1}"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(Problem(f"broken JSON: {error.msg}", place)) from None
    except FileNotFoundError:
        raise InputError(Problem("no such file", str(path))) from None
    except UnicodeDecodeError:
        raise InputError(Problem("this is not text in UTF-8", str(path))) from None


CATALOGUE_FIELDS = ("vendor", "marketed_for", "designed_in")
"""Fields that only a chip written as in the catalogue has."""


def _from_plain(raw: Mapping[str, Any], place: Place, facts: Catalogue) -> Specified:
    if not any(name in raw for name in CATALOGUE_FIELDS):
        return Specified(chip_from_plain(raw, place))
    try:
        chip = Chip.model_validate(dict(raw))
    except ValidationError as error:
        raise InputError(list(validation_problems(error, Chip, "", place))) from None
    if not chip.dense:
        raise InputError(
            Problem("no rates", place(()), "dense", "give dense rates, for example `dense: {fp8: 1979 TFLOPS}`")
        )
    return replace(specified_chip(chip.label, chip, facts), id="")
