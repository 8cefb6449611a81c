"""Plain views of the catalogue for people: what there is, every estimate of a record, the bibliography."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import Part, Series, quantities_of
from autarky.facts.loader import data_files, load_catalogue, read_catalogue
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.months import month_label
from autarky.quantities.paths import Path as QuantityPath
from autarky.quantities.shapes import Exact


def collections() -> list[dict[str, Any]]:
    """Return each collection with how many records it has and what its records are."""
    catalogue = load_catalogue()
    return [
        {"collection": name, "records": len(records), "about": _about(records)}
        for name, records in catalogue.collections.items()
    ]


def _about(records: Any) -> str:
    first = next(iter(records.values()), None)
    return (type(first).__doc__ or "").partition("\n")[0].strip() if first is not None else ""


def records(collection: str) -> list[dict[str, Any]]:
    """Return id and label of each record of a collection."""
    catalogue = load_catalogue()
    name = collection.replace("-", "_")
    if name not in catalogue.collections:
        known = list(catalogue.collections)
        hint = nearest(name, known) or f"known: {', '.join(known)}"
        raise UnknownKeyError(Problem(f"no collection is called {collection!r}", hint=hint))
    return [
        {"id": key, "label": getattr(record, "label", "") or getattr(record, "title", "")}
        for key, record in catalogue.collections[name].items()
    ]


def record(name: str) -> dict[str, Any]:
    """Return a record's plain fields, and every estimate of each of its quantities with its sources."""
    catalogue = load_catalogue()
    collection, found = catalogue.find(name)
    key = name.removeprefix(f"{collection}.")
    return {
        "id": key,
        "collection": collection,
        "label": getattr(found, "label", "") or getattr(found, "title", ""),
        "note": getattr(found, "note", ""),
        "fields": _plain_fields(found),
        "quantities": [
            row
            for inner, series in quantities_of(found)
            for row in _rows(f"{collection}.{key}.{inner}", series, catalogue)
        ],
        "sources": [
            source_row(source, catalogue) for source in getattr(found, "source", ()) if source in catalogue.sources
        ],
    }


def _plain_fields(found: Part) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name in type(found).model_fields:
        value = getattr(found, name)
        if name not in ("label", "title", "note", "source") and isinstance(value, str | int | bool) and value != "":
            fields[name] = str(value)
        elif isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
            fields[name] = ", ".join(value)
        elif name in ("dies", "chips", "io_dies") and isinstance(value, tuple) and value:
            fields[name] = ", ".join(
                f"{part.count} x {getattr(part, 'die', None) or getattr(part, 'chip', '')}" for part in value
            )
    return fields


def _rows(key: str, series: Series, catalogue: Catalogue) -> list[dict[str, Any]]:
    if isinstance(series, Quantity):
        return [_row(key, series.unit, "", estimate, catalogue) for estimate in series.estimates]
    if isinstance(series, QuantityPath):
        return [
            _row(key, series.unit, month_label(month), estimate, catalogue)
            for month, quantity in series.knots
            for estimate in quantity.estimates
        ]
    return [
        _row(f"{key}.{part}", quantity.unit, "", estimate, catalogue)
        for part, quantity in series.parts().items()
        for estimate in quantity.estimates
    ]


def _row(key: str, unit: str, month: str, estimate: Estimate, catalogue: Catalogue) -> dict[str, Any]:
    p5, p50, p95 = (float(value) for value in estimate.distribution.ppf(np.array([0.05, 0.5, 0.95])))
    exact = isinstance(estimate.distribution, Exact)
    return {
        "key": key,
        "unit": unit,
        "month": month,
        "p5": None if exact else p5,
        "p50": p50,
        "p95": None if exact else p95,
        "weight": estimate.weight,
        "world": estimate.world,
        "unverified": estimate.unverified,
        "note": estimate.note,
        "sources": [source_row(source, catalogue) for source in estimate.sources],
    }


def source_row(name: str, catalogue: Catalogue) -> dict[str, Any]:
    """Return one source as plain data."""
    source = catalogue.sources.get(name)
    if source is None:
        return {"id": name, "title": name, "publisher": "", "published": "", "grade": "", "url": ""}
    return {
        "id": name,
        "title": source.title,
        "publisher": source.publisher,
        "published": source.published,
        "grade": source.grade,
        "unverified": source.unverified,
        "url": source.url,
        "relay_of": source.relay_of,
    }


def bibliography() -> list[dict[str, Any]]:
    """Return every source, and in how many numbers it is cited."""
    catalogue = load_catalogue()
    cited: dict[str, int] = dict.fromkeys(catalogue.sources, 0)
    for _, series in catalogue.quantities():
        for estimate in series.estimates:
            for source in estimate.sources:
                cited[source] = cited.get(source, 0) + 1
    return [{**source_row(name, catalogue), "cited": count} for name, count in sorted(cited.items())]


def check_files(folder: Path | None = None) -> dict[str, int]:
    """Return how many records each collection has, after every check on the files of a folder passed."""
    if folder is None:
        files = data_files()
    else:
        files = {path.name: path for path in sorted(folder.glob("*.yaml"))}
        if not files:
            raise UnknownKeyError(Problem("no *.yaml files here", place=str(folder)))
    catalogue = read_catalogue(files, "checked")
    counts = {name: len(records) for name, records in catalogue.collections.items()}
    counts["numbers"] = sum(len(series.estimates) for _, series in catalogue.quantities())
    return counts
