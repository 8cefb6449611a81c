"""A classification as plain data, for JSON."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from autarky.rules.classification import Classification


def as_plain(answer: Classification) -> dict[str, Any]:
    """Return a classification as dictionaries, lists, numbers and text; days in ISO form, the class as `class`."""
    plain: dict[str, Any] = {field.name: getattr(answer, field.name) for field in fields(answer)}
    plain["date"] = answer.date.isoformat()
    plain["distances"] = [asdict(distance) for distance in answer.distances]
    plain["break_points"] = [asdict(point) for point in answer.break_points]
    plain["readings"] = [_with_class(asdict(reading)) for reading in answer.readings]
    if answer.next_change is not None:
        plain["next_change"] = {
            "date": answer.next_change.date.isoformat(),
            "changes": {
                "class" if name == "class_name" else name: {"before": before, "after": after}
                for name, (before, after) in answer.next_change.changes.items()
            },
            "rules": list(answer.next_change.rules),
        }
    return {name: _listed(value) for name, value in _with_class(plain).items()}


def _with_class(plain: dict[str, Any]) -> dict[str, Any]:
    return {"class" if name == "class_name" else name: value for name, value in plain.items()}


def _listed(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    if isinstance(value, dict):
        return {name: _listed(item) for name, item in value.items()}
    return value
