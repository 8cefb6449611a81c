"""Units of measure, and numbers written as text.

Every count of a physical thing is its own dimension, so dies never pass for chips. Information is a
dimension (1 byte = 8 bit), and so is each currency: no exchange rate is ever implied. A month is a twelfth
of 365.25 days.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from autarky.errors import QuantityError, nearest

if TYPE_CHECKING:
    import pint

JOULES_A_KWH = 3.6e6

UNITS: tuple[str, ...] = (
    "1", "wafer", "wafer/month", "die", "die/month", "die/wafer", "stack", "stack/month", "stack/chip",
    "chip", "chip/month", "chip/system", "card", "node", "system", "system/month", "rack", "transistor",
    "nm", "um", "mm", "mm**2", "m", "km", "1/cm**2", "bit", "byte", "GB", "GB/s", "Gb/s", "TB", "TB/s",
    "FLOP", "TFLOPS", "TOPS", "TPP", "TPP/mm**2", "GHz", "us", "ms", "s", "h", "day", "month", "year",
    "1/month", "W", "kW", "MW", "GW", "J", "kWh", "USD", "CNY", "USD/month", "USD/wafer", "USD/chip",
    "USD/kWh", "USD/GB", "token", "token/s", "J/token", "h100e", "h100e/month",
)  # fmt: skip
"""Spellings used in schemas; any product of known units converts, listed here or not."""

_DEFINITIONS = """
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = u- = µ- = μ-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
zetta- = 1e21 = Z-
kibi- = 2**10 = Ki-
mebi- = 2**20 = Mi-
gibi- = 2**30 = Gi-
tebi- = 2**40 = Ti-
percent = 0.01
second = [time] = s = sec
minute = 60 * second = min
hour = 3600 * second = h
day = 86400 * second
week = 7 * day
year = 365.25 * day
quarter = year / 4
month = year / 12
hertz = 1 / second = Hz
metre = [length] = m = meter
inch = 0.0254 * metre
watt = [power] = W
joule = watt * second = J
watt_hour = watt * hour = Wh
gram = [mass] = g
bit = [information] = b
byte = 8 * bit = B
operation = [operation] = FLOP = OP = op
operation_per_second = operation / second = FLOPS = OPS = ops
TPP = 1e12 * operation_per_second * bit
wafer = [wafer]
wafer12 = wafer
wafer8 = wafer / 2.25
wafer_per_month = wafer / month = wpm
kwpm = 1000 * wafer / month
die = [die]
chip = [chip] = _ = package
stack = [stack]
card = [card]
node = [node]
rack = [rack]
system = [system]
transistor = [transistor] = Tr
token = [token]
h100e = [h100e] = _ = H100e
USD = [currency_usd]
CNY = [currency_cny] = _ = RMB = yuan
EUR = [currency_eur]
TWD = [currency_twd]
KRW = [currency_krw]
JPY = [currency_jpy]
"""

_PLURALS = (
    "wafer", "die", "chip", "package", "stack", "card", "node", "rack", "system", "transistor", "token",
    "month", "week", "day", "year", "hour", "minute", "second", "quarter", "bit", "byte",
)  # fmt: skip

_MAGNITUDES = {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?"
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})(?: ?(?P<magnitude>k|M|bn|tn)(?![A-Za-z0-9]))? ?(?P<unit>.*)")
_DIGITS = re.compile(r"[+-]?[\d.,]*\d")
_PLAIN = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?")
_MULTIPLIER = re.compile(r"B\b(?! ?/)|(?:million|billion|thousand|trillion|mn|mio)\b")
_NAME = re.compile(r"[^\W\d]\w*")
_FACTOR = r"[^\W\d]\w*(?:\*\*-?\d)?"
_UNIT = re.compile(rf"(?:1|{_FACTOR})(?:[/*]{_FACTOR})*")
_DASHED = re.compile(r"[^*\d]*[-–—] ?\d")
_TYPOGRAPHY = str.maketrans({"\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})


@functools.cache
def _registry() -> pint.UnitRegistry[float]:
    """Return the unit registry, with only the units above: no unit can be meant by accident."""
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None)
    for line in filter(None, _DEFINITIONS.splitlines()):
        registry.define(line)
    for name in _PLURALS:
        registry.define(f"@alias {name} = {name}s")
    return registry


@functools.lru_cache(maxsize=4096)
def _in_base_units(unit: str) -> tuple[float, str]:
    """Return the unit's size in base units, and its dimensions as text ("dimensionless" for a number)."""
    text = unit.replace("%", "percent").replace("²", "**2").replace("³", "**3").replace("^", "**")
    text = re.sub(r"\s+per\s+|\s*/\s*", "/", text.replace("·", "*").strip())
    text = re.sub(r"\b([mc]?m)([23])\b", r"\1**\2", f"1{text}" if text.startswith("/") else text)
    if not _UNIT.fullmatch(text):
        raise QuantityError(f"{unit!r} is not a unit", "write e.g. `wafer/month` or `USD/kWh`")
    registry = _registry()
    for name in _NAME.findall(text):
        if name not in registry:
            hint = nearest(name, _known_names()) or "units are written e.g. wafer/month, GB/s or USD"
            raise QuantityError(f"unknown unit {name!r}", hint)
    base = registry.Quantity(1.0, registry.parse_units(text)).to_base_units()
    return float(base.magnitude), str(base.dimensionality)


@functools.lru_cache(maxsize=4096)
def unit_factor(unit: str, target: str) -> float:
    """Return the number of `target` in one `unit`; the two must measure the same thing."""
    if unit == target:
        return 1.0
    if (unit, target) == ("%", "1"):
        # So common that it should not cost the import of the unit package.
        return 0.01
    (size, dimensions), (target_size, target_dimensions) = _in_base_units(unit), _in_base_units(target)
    if dimensions != target_dimensions:
        money = "currency" in dimensions and "currency" in target_dimensions
        reason = "; no exchange rate is implied" if money else ""
        raise QuantityError(_mismatch(unit, target), f"give it in {_shown(target)}{reason}")
    # Powers of ten arrive through chains of divisions; 15 digits remove what the chain adds.
    return float(f"{size / target_size:.15g}")


def is_dimensionless(unit: str) -> bool:
    """Return whether numbers in this unit may be written without one."""
    return unit == "1" or _in_base_units(unit)[1] == "dimensionless"


def _known_names() -> Iterator[str]:
    """Names that a misspelt unit may have been meant for."""
    yield from {name for unit in UNITS for name in _NAME.findall(unit)}
    yield from ("kwpm", "wpm", "wafer8", "package", "PFLOPS", "MWh", "TWh", "week", "percent")


def _shown(unit: str) -> str:
    return "a plain number or %" if unit == "1" else unit


def _mismatch(unit: str, target: str) -> str:
    if unit.strip() in ("%", "1", ""):
        return f"{unit.strip() or 'a plain number'} has no unit, but this is measured in {_shown(target)}"
    if target == "1":
        return f"{unit} is not a plain number"
    return f"{unit} cannot be converted to {target}"


def format_number(value: float) -> str:
    """Text of a number with thousands separated, e.g. 38,000."""
    return f"{value:,.10g}"


def parse_number(text: str, unit: str = "1", *, bare: bool = False) -> list[float]:
    """Return the number in the text, or the two of an interval `A to B`, converted to `unit`.

    Suffixes k, M, bn and tn multiply by 1e3, 1e6, 1e9 and 1e12; a comma groups thousands and a point marks
    decimals. In an interval the unit may be written once, at the end. `bare` lets a plain number stand for
    `unit`.
    """
    clean = " ".join(text.translate(_TYPOGRAPHY).split())
    parts = clean.split(" to ")
    if len(parts) > 2:
        raise QuantityError(f"{text!r} has more than two ends", "an interval is `low to high`")
    amounts = [_amount(part, text) for part in parts]
    units = [amount[2] for amount in amounts]
    if len(amounts) == 2:
        if amounts[1][1] and not amounts[0][1] and amounts[0][0] != 0:
            raise QuantityError(
                f"{text!r} leaves open whether {amounts[1][1]} holds for both ends",
                f"write it at both, e.g. `20{amounts[1][1]} to 30{amounts[1][1]}`",
            )
        units[0] = units[0] or units[1]
    return [
        _scaled(number * _MAGNITUDES[magnitude], _factor_for(given, unit, clean, bare=bare))
        for (number, magnitude, _), given in zip(amounts, units, strict=True)
    ]


def _scaled(number: float, factor: float) -> float:
    """Return the product to 15 digits, so that 35 % is 0.35 and not its neighbour."""
    return number if factor == 1.0 else float(f"{number * factor:.15g}")


def _amount(part: str, text: str) -> tuple[float, str, str]:
    """Return number, magnitude suffix and unit of one end, e.g. (20.0, "k", "wafer/month")."""
    digits = _DIGITS.match(part)
    if digits is not None and not _PLAIN.fullmatch(digits[0]):
        raise _foreign_style(digits[0])
    match = _AMOUNT.fullmatch(part.strip())
    if match is None or not any(digit.isdigit() for digit in match["number"]):
        if part.strip().lower() in ("nan", "inf", "-inf", ".nan", ".inf", "-.inf"):
            raise QuantityError(f"{part.strip()} is not a finite number", "give a number")
        raise QuantityError(f"{text!r} is not a number", "write e.g. `20k wafer/month` or `20% to 45%`")
    if _DASHED.match(match["unit"]):
        raise QuantityError(f"{text!r} is not a number", "an interval is written `low to high`")
    unit = match["unit"].strip()
    if _MULTIPLIER.match(unit) and not match["magnitude"]:
        raise QuantityError(f"{text!r} has an unknown multiplier", "the multipliers are k, M, bn and tn")
    number = float(match["number"].replace(",", ""))
    if not math.isfinite(number):
        raise QuantityError(f"{part} is too large for a number", "check the exponent")
    return number, match["magnitude"] or "", unit


def _foreign_style(written: str) -> QuantityError:
    """Error for a number with decimal comma or grouping points, with what was probably meant."""
    meant = written.replace(".", "").replace(",", ".")
    if written.count(",") > 1 or not re.fullmatch(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", written):
        return QuantityError(f"{written} is not a number", "a comma groups thousands, a point marks decimals")
    return QuantityError(
        f"{written} is written in the German or French style",
        f"a comma groups thousands and a point marks decimals: write {meant}",
    )


def _factor_for(given: str, unit: str, text: str, *, bare: bool) -> float:
    """Return the factor from the given unit text to `unit`."""
    if given:
        return unit_factor(given, unit)
    if bare or is_dimensionless(unit):
        return 1.0
    raise QuantityError(f"{text} has no unit", f"write e.g. `{text} {unit}`")
