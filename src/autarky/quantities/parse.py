"""Quantities from plain Python data: one figure, several pooled, or a path over months.

    20k to 30k wafer/month                                       one figure (see `figures`)
    [{value: 752 TFLOPS, source: a}, {value: 780 TFLOPS, source: b}]         several sources, pooled
    {2024-12: 20k wafer/month, 2025-12: 22k to 50k wafer/month}  path with knots, linear between
    [{2024-12: ..., 2025-12: ..., source: a}, {2025-12: ..., source: b}]     sources pooled knot by knot
    {logistic: {floor: 10%, rise: 50%, midpoint: 2025-06, scale: 6 month}}
    {growth: {at: 2025-01, level: 5k stack/month, rate: 3%/month}}

What is said beside months or a formula (source, note, world, weight, unverified, family) holds for every
figure below that does not say otherwise.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from autarky.errors import QuantityError, nearest
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.figures import ABOUT, read_estimate
from autarky.quantities.months import month_label, parse_month
from autarky.quantities.paths import GrowthPath, LogisticPath, Path
from autarky.quantities.supports import Spec, Support

__all__ = ["AnyQuantity", "Spec", "Support", "parse_quantity"]

AnyQuantity: TypeAlias = Quantity | Path | LogisticPath | GrowthPath

_PERIOD = re.compile(r"\d{4}($|[^\d.,])")
_Reader: TypeAlias = Callable[[Mapping[Any, Any], Spec, Mapping[str, Any]], LogisticPath | GrowthPath]
_LEVELS = {"shared": True, "independent": False}


def parse_quantity(raw: object, spec: Spec) -> AnyQuantity:
    """Return the quantity or path that plain data states, in the unit of `spec`."""
    if isinstance(raw, list | tuple):
        return _pooled(raw, spec)
    if isinstance(raw, Mapping):
        for name, read in (("logistic", _logistic), ("growth", _growth)):
            if name in raw:
                return _formula(raw, name, read, spec)
        if _is_path(raw):
            return _path_of([_knots(raw, spec, {}, ())], spec, shared=_levels(raw))
    return Quantity(spec.unit, (read_estimate(raw, spec, {}),))


def _single(raw: object, spec: Spec, about: Mapping[str, Any]) -> Quantity:
    """Return a quantity that does not change over months."""
    if isinstance(raw, list | tuple):
        return Quantity(spec.unit, _pool(raw, spec, about))
    if isinstance(raw, Mapping) and (_is_path(raw) or "logistic" in raw or "growth" in raw):
        raise QuantityError("a path cannot stand here", "give one number or interval")
    return Quantity(spec.unit, (read_estimate(raw, spec, about),))


def _below(error: QuantityError, *keys: str | int) -> QuantityError:
    """Return the same error, placed below these keys."""
    return QuantityError(error.message, error.hint, at=(*keys, *error.at))


# Several estimates


def _pooled(raw: list[Any] | tuple[Any, ...], spec: Spec) -> Quantity | Path:
    """Return the pool of a list of estimates; if they are paths, pooled knot by knot."""
    if not any(isinstance(item, Mapping) and _is_path(item) for item in raw):
        return Quantity(spec.unit, _pool(raw, spec, {}))
    stated = []
    for index, item in enumerate(raw):
        if not (isinstance(item, Mapping) and _is_path(item)):
            raise QuantityError(
                "one estimate gives months and another does not", "give the months of each", at=(index,)
            )
        stated.append(_knots(item, spec, {}, (index,)))
    return _path_of(stated, spec, shared=True)


def _pool(raw: list[Any] | tuple[Any, ...], spec: Spec, about: Mapping[str, Any]) -> tuple[Estimate, ...]:
    """Return the estimates in a list."""
    if not raw:
        raise QuantityError("the list of estimates is empty", "give at least one estimate")
    estimates = []
    for index, item in enumerate(raw):
        if not isinstance(item, Mapping):
            raise QuantityError(
                f"{item!r} in a list of estimates does not say whose it is",
                "a list pools sources, e.g. [{value: 700 W, source: a}, {value: 310 W, source: b}]; "
                "an interval is `low to high`",
                at=(index,),
            )
        try:
            estimates.append(read_estimate(item, spec, about))
        except QuantityError as error:
            raise _below(error, index) from None
    return tuple(estimates)


# Paths with knots


def _is_period(key: object) -> bool:
    """Return whether a key is meant as a time, well written or not."""
    if isinstance(key, str):
        return bool(_PERIOD.match(key))
    return isinstance(key, datetime.date | int) and not isinstance(key, bool)


def _is_path(raw: Mapping[Any, Any]) -> bool:
    """Return whether a mapping has months as keys, or under `value`."""
    inner = raw.get("value")
    return any(map(_is_period, raw)) or (isinstance(inner, Mapping) and any(map(_is_period, inner)))


def _levels(raw: Mapping[Any, Any]) -> bool:
    """Return whether the knots share one level."""
    levels = raw.get("levels", "shared")
    if levels not in _LEVELS:
        raise QuantityError(f"unknown levels {levels!r}", "levels are shared or independent", at=("levels",))
    return _LEVELS[levels]


def _knots(
    raw: Mapping[Any, Any], spec: Spec, about: Mapping[str, Any], place: tuple[str | int, ...]
) -> dict[int, tuple[Estimate, ...]]:
    """Return the estimates at each month of one path."""
    if not spec.path:
        raise QuantityError("this does not change over months", "give one number or interval", at=place)
    said = {key: value for key, value in raw.items() if not _is_period(key)}
    months = {key: value for key, value in raw.items() if _is_period(key)}
    if not months:
        months, place = said.pop("value"), (*place, "value")
    for key in said:
        if key not in ABOUT and not (key == "levels" and not place):
            hint = nearest(str(key), ABOUT) or f"beside months stand {', '.join(ABOUT)}"
            raise QuantityError(f"unknown key {key!r} beside months", hint, at=(*place, str(key)))
    about = {**about, **{key: said[key] for key in ABOUT if key in said}}
    knots: dict[int, tuple[Estimate, ...]] = {}
    for key, value in months.items():
        try:
            month = parse_month(key)
            if month in knots:
                raise QuantityError(f"{month_label(month)} appears twice", "give each month once")
            knots[month] = _single(value, Spec(spec.unit, spec.support, bare=spec.bare), about).estimates
        except QuantityError as error:
            raise _below(error, *place, str(key)) from None
    return knots


def _path_of(stated: list[dict[int, tuple[Estimate, ...]]], spec: Spec, *, shared: bool) -> Path:
    """Return the path whose knots pool what every stated path has at that month."""
    months = sorted({month for knots in stated for month in knots})
    return Path(
        spec.unit,
        tuple(
            (month, Quantity(spec.unit, tuple(e for knots in stated for e in knots.get(month, ())))) for month in months
        ),
        shared,
    )


# Paths by formula


def _formula(raw: Mapping[Any, Any], name: str, read: _Reader, spec: Spec) -> LogisticPath | GrowthPath:
    """Return the path of a formula, after checking what stands beside it."""
    if not spec.path:
        raise QuantityError("this does not change over months", "give one number or interval", at=(name,))
    for key in raw:
        if key != name and key not in ABOUT:
            raise QuantityError(f"unknown key {key!r} beside {name}", nearest(str(key), ABOUT), at=(str(key),))
    if not isinstance(raw[name], Mapping):
        raise QuantityError(f"{name} is not a mapping of its parts", at=(name,))
    about = {key: raw[key] for key in ABOUT if key in raw}
    try:
        return read(raw[name], spec, about)
    except QuantityError as error:
        raise _below(error, name) from None


def _parts(raw: Mapping[Any, Any], specs: Mapping[str, Spec], about: Mapping[str, Any]) -> dict[str, Quantity]:
    """Return the quantities of a formula by name; all must be there and no others."""
    for name in specs:
        if name not in raw:
            raise QuantityError(f"{name} is missing", f"the parts are {', '.join(specs)}")
    parts = {}
    for key, value in raw.items():
        if key not in specs:
            hint = nearest(str(key), specs) or f"the parts are {', '.join(specs)}"
            raise QuantityError(f"unknown key {key!r}", hint, at=(str(key),))
        try:
            parts[str(key)] = _single(value, specs[key], about)
        except QuantityError as error:
            raise _below(error, str(key)) from None
    return parts


def _ceiling(spec: Spec) -> float:
    return 1.0 if spec.support in ("fraction", "probability") else math.inf


def _logistic(raw: Mapping[Any, Any], spec: Spec, about: Mapping[str, Any]) -> LogisticPath:
    level = Spec(spec.unit, spec.support, bare=spec.bare)
    specs = {"floor": level, "rise": level, "midpoint": Spec("month", "date"), "scale": Spec("month")}
    return LogisticPath(**_parts(raw, specs, about), ceiling=_ceiling(spec))


def _growth(raw: Mapping[Any, Any], spec: Spec, about: Mapping[str, Any]) -> GrowthPath:
    if "at" not in raw:
        raise QuantityError("at is missing", "name the month at which the level holds, e.g. at: 2025-01")
    try:
        at = parse_month(raw["at"])
    except QuantityError as error:
        raise _below(error, "at") from None
    specs = {"level": Spec(spec.unit, spec.support, bare=spec.bare), "rate": Spec("1/month", "real")}
    parts = _parts({key: value for key, value in raw.items() if key != "at"}, specs, about)
    return GrowthPath(at, parts["level"], parts["rate"], ceiling=_ceiling(spec))
