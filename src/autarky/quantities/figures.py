"""One source's figure, from plain Python data to an estimate.

    700 W                                a number
    20% to 45%                           an interval: 5th to 95th percentile
    {value: 700 W, error: 15%}           a number with a relative standard error
    {p5: 20%, p50: 30%, p95: 45%}        quantiles (p50 may be left out)
    {mean: 3 month, sd: 1 month}         moments; names only, never two numbers in a row
    {mean: 12%, p95: 43%}                a skewed figure by its mean and what one in twenty passes
    {low: 1, mode: 2, high: 4, family: triangular}
    {discrete: {values: [0, 1], probabilities: [0.3, 0.7]}}

A mapping may also carry family, source, note, world, weight and unverified.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any

from autarky.errors import QuantityError, nearest
from autarky.quantities.distributions import (
    Beta,
    Discrete,
    Distribution,
    Exact,
    Normal,
    from_bounds,
    from_error,
    from_moments,
    from_quantiles,
)
from autarky.quantities.estimates import Estimate
from autarky.quantities.months import parse_moment
from autarky.quantities.supports import Spec, family_for, within_support
from autarky.quantities.tails import from_mean_and_p95
from autarky.quantities.units import format_number, is_dimensionless, parse_number

ABOUT = ("source", "note", "world", "weight", "unverified", "family")
"""Keys that say where a figure is from and how to read it."""
_FORMS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("value",), ("error",)),
    (("p5", "p95"), ("p50",)),
    (("mean", "sd"), ()),
    (("alpha", "beta"), ()),
    (("low", "high"), ("mode",)),
    (("discrete",), ()),
)
"""Required and optional keys of each way to state a figure."""
_NO_FAMILY = (Exact.kind, Discrete.kind)
FIGURE_KEYS = tuple(key for required, optional in _FORMS for key in (*required, *optional))
"""Keys that state the figure itself."""


def read_estimate(raw: object, spec: Spec, about: Mapping[str, Any]) -> Estimate:
    """Return one estimate; `about` holds what is said once for several figures."""
    own = {key: raw[key] for key in ABOUT if key in raw} if isinstance(raw, Mapping) else {}
    merged = {**about, **own}
    distribution = _distribution(raw, spec, merged.get("family"))
    if not merged:
        return Estimate(distribution)
    if "family" in own and isinstance(raw, Mapping) and "p5" not in raw and distribution.kind in _NO_FAMILY:
        raise QuantityError("an exact value has no family", "leave it out, or give an interval", at=("family",))
    return Estimate(
        distribution,
        sources=_sources(merged.get("source")),
        weight=_weight(merged.get("weight")),
        world=_text(merged, "world") or None,
        note=_text(merged, "note"),
        unverified=_flag(merged, "unverified"),
    )


def _distribution(raw: object, spec: Spec, family: object) -> Distribution:
    """Return the distribution that a figure states."""
    if family is not None and not isinstance(family, str):
        raise QuantityError(f"family {family!r} is not a name", at=("family",))
    if not isinstance(raw, Mapping):
        try:
            return within_support(_plain(raw, spec, family), spec)
        except QuantityError as error:
            raise QuantityError(error.message, error.hint) from None
    form = _form(raw)
    try:
        return within_support(_READERS[form](raw, spec, family), spec)
    except QuantityError as error:
        # A fault in one end of an interval text belongs to the key that holds the text.
        at = error.at if error.at and error.at[0] in raw else (form,)
        raise QuantityError(error.message, error.hint, at) from None


def _form(raw: Mapping[Any, Any]) -> str:
    """Return the first key of the one form that a mapping has."""
    for key in raw:
        if key not in FIGURE_KEYS and key not in ABOUT:
            known = (*FIGURE_KEYS, *ABOUT)
            raise QuantityError(
                f"unknown key {key!r}",
                nearest(str(key), known) or f"known: {', '.join(known)}",
                at=(str(key),),
            )
    given = [key for key in raw if key in FIGURE_KEYS]
    if set(given) == {"mean", "p95"}:
        return "mean and p95"
    for required, optional in _FORMS:
        if any(key in given for key in (*required, *optional)):
            strangers = [key for key in given if key not in (*required, *optional)]
            if strangers:
                known = next(key for key in given if key not in strangers)
                raise QuantityError(f"{known} and {strangers[0]} exclude each other", at=(strangers[0],))
            missing = [key for key in required if key not in given]
            if missing:
                raise QuantityError(f"{given[0]} stands without {missing[0]}", f"add {missing[0]}", at=(given[0],))
            return required[0]
    raise QuantityError("no number is given", "write `value`, `p5` and `p95`, or `mean` and `sd`")


def _plain(raw: object, spec: Spec, family: str | None) -> Distribution:
    """Return an exact value, or the distribution of an interval text."""
    if raw is None or raw == "":
        raise QuantityError("no value is given", f"write e.g. `20 to 30 {spec.unit}`")
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | datetime.date):
        raise QuantityError(f"{raw!r} is not a number", "write a number with its unit, or an interval")
    numbers = _numbers(raw, spec)
    if len(numbers) == 1:
        return Exact(numbers[0])
    return from_quantiles(family_for(spec, family), numbers[0], numbers[1])


def _numbers(raw: object, spec: Spec) -> list[float]:
    """Return the number or the two ends in plain data, in the unit of the field."""
    if spec.support == "date":
        ends = raw.split(" to ") if isinstance(raw, str) else [raw]
        if len(ends) > 2:
            raise QuantityError(f"{raw!r} has more than two ends", "an interval is `first to last`")
        return [parse_moment(end) for end in ends]
    if isinstance(raw, str):
        return parse_number(raw, spec.unit, bare=spec.bare)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise QuantityError(f"{raw!r} is not a number", "write a number with its unit")
    if not math.isfinite(raw):
        raise QuantityError(f"{raw} is not a finite number", "give a number")
    if not spec.bare and not is_dimensionless(spec.unit):
        raise QuantityError(f"{format_number(raw)} has no unit", f"write e.g. `{raw} {spec.unit}`")
    return [float(raw)]


def _number(raw: Mapping[str, Any], key: str, spec: Spec) -> float:
    """Return the one number under a key."""
    try:
        numbers = _numbers(raw[key], spec)
    except QuantityError as error:
        raise QuantityError(error.message, error.hint, at=(key,)) from None
    if len(numbers) != 1:
        raise QuantityError(f"{key} is one number, not an interval", at=(key,))
    return numbers[0]


def _optional(raw: Mapping[str, Any], key: str, spec: Spec) -> float | None:
    return _number(raw, key, spec) if key in raw else None


def _value(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    """Return an exact value, one with an error, or an interval text with its source."""
    if "error" not in raw:
        return _plain(raw["value"], spec, family)
    value = _number(raw, "value", spec)
    relative, absolute = _error(raw["error"], spec)
    if absolute is not None:
        if family_for(spec, family) != Normal.kind:
            raise QuantityError("an error in the unit is normal", "write family: normal", at=("family",))
        return Normal(value, absolute, absolute) if absolute else Exact(value)
    return from_error(family_for(spec, family), value, relative)


def _error(raw: object, spec: Spec) -> tuple[float, float | None]:
    """Return a relative error, or instead of it (second) an absolute one, which has a unit."""
    text = str(raw).strip()
    absolute = any(character.isalpha() for character in text) and spec.unit != "1"
    if absolute and spec.support in ("real", "date"):
        size = _number({"error": text}, "error", Spec(spec.unit, "real"))
        if size < 0:
            raise QuantityError(f"error ({format_number(size)}) is negative", at=("error",))
        return 0.0, size
    if spec.support == "date":
        raise QuantityError("the error of a date has a unit", "write e.g. `error: 2 month`", at=("error",))
    try:
        return _number({"error": raw}, "error", Spec("1", "real")), None
    except QuantityError:
        hint = "write e.g. `error: 15%`, or give p5 and p95"
        raise QuantityError(f"error {raw!r} is not a share of the value", hint, at=("error",)) from None


def _quantiles(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    p5, p95 = _number(raw, "p5", spec), _number(raw, "p95", spec)
    return from_quantiles(family_for(spec, family), p5, p95, _optional(raw, "p50", spec))


def _moments(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    width = Spec(spec.unit, "real", bare=spec.bare) if spec.support == "date" else spec
    return from_moments(family_for(spec, family), _number(raw, "mean", spec), _number(raw, "sd", width))


def _tail(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    return from_mean_and_p95(family_for(spec, family), _number(raw, "mean", spec), _number(raw, "p95", spec))


def _shape_parameters(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    if family != Beta.kind:
        raise QuantityError("alpha and beta are those of the beta family", "write family: beta", at=("alpha",))
    plain = Spec("1")
    return Beta(_number(raw, "alpha", plain), _number(raw, "beta", plain))


def _bounds(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    if family is None:
        raise QuantityError("low and high need a family", "write family: uniform, log-uniform or triangular")
    low, high = _number(raw, "low", spec), _number(raw, "high", spec)
    return from_bounds(family_for(spec, family), low, high, _optional(raw, "mode", spec))


def _discrete(raw: Mapping[str, Any], spec: Spec, family: str | None) -> Distribution:
    table = raw["discrete"]
    if not isinstance(table, Mapping) or set(table) != {"values", "probabilities"}:
        raise QuantityError("discrete holds `values` and `probabilities`", at=("discrete",))
    columns: list[tuple[float, ...]] = []
    for name, column_spec in (("values", spec), ("probabilities", Spec("1"))):
        column = table[name]
        if not isinstance(column, Sequence) or isinstance(column, str):
            raise QuantityError(f"{name} is not a list", at=("discrete", name))
        columns.append(tuple(_number({name: item}, name, column_spec) for item in column))
    try:
        return Discrete(*columns)
    except QuantityError as error:
        raise QuantityError(error.message, error.hint, at=("discrete", *error.at)) from None


_READERS = {
    "value": _value,
    "p5": _quantiles,
    "mean": _moments,
    "mean and p95": _tail,
    "alpha": _shape_parameters,
    "low": _bounds,
    "discrete": _discrete,
}


def _sources(raw: object) -> tuple[str, ...]:
    if raw is None:
        return ()
    names = (raw,) if isinstance(raw, str) else raw
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise QuantityError(f"source {raw!r} is not a source id or a list of them", at=("source",))
    return tuple(names)


def _weight(raw: object) -> float | None:
    if raw is None:
        return None
    weight = _number({"weight": raw}, "weight", Spec("1"))
    if weight < 0:
        raise QuantityError(f"weight ({format_number(weight)}) is negative", "weights are 0 or above", at=("weight",))
    return weight


def _text(about: Mapping[str, Any], key: str) -> str:
    value = about.get(key, "")
    if not isinstance(value, str):
        raise QuantityError(f"{key} {value!r} is not text", "put it in quotes", at=(key,))
    return value


def _flag(about: Mapping[str, Any], key: str) -> bool:
    value = about.get(key, False)
    if not isinstance(value, bool):
        raise QuantityError(f"{key} {value!r} is not true or false", at=(key,))
    return value
