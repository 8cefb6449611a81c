"""Numbers and probabilities in plain words, the same wherever the report prints one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autarky.quantities.months import month_label

NO_BREAK = "\u00a0"
UNDEFINED = "not defined"
NOTHING = 1e-6
SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
UNIT_WORDS = {
    "chip": "packages",
    "die": "dies",
    "stack": "stacks",
    "wafer": "wafers",
    "wafer/month": "wafers a month",
    "H100e": "H100-equivalents",
    "1e21 FLOP/day": "ZFLOP a day",
    "1e12 token/day": "trillion tokens a day",
}
LIKELIHOODS = ((0.1, "very unlikely"), (1 / 3, "unlikely"), (2 / 3, "about as likely as not"), (0.9, "likely"))
"""Upper ends of the words for a probability; beyond the last one it is very likely."""
FIRST_YEAR_OF_A_DATE = 1900
"""A number of months above this year's is a date: no duration is that long."""


def amount(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits: 1.13 million, 495,000, 0.35."""
    if not math.isfinite(value):
        return UNDEFINED
    # Counts come in wholes and shares in parts of a thousand: what is far smaller is rounding.
    rounded = 0.0 if abs(value) < NOTHING else significant(value, digits)
    for limit, word in SCALES:
        if abs(rounded) >= limit:
            return f"{_plain(rounded / limit)}{NO_BREAK}{word}"
    return _plain(rounded)


def significant(value: float, digits: int) -> float:
    """Return a number rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


def _plain(value: float) -> str:
    """Return a rounded number without an exponent and without zeros at its end."""
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_unit(value: float, unit: str) -> str:
    """Return a number with its unit in words; a point in time as a month."""
    if unit == "month" and value > 12 * FIRST_YEAR_OF_A_DATE and math.isfinite(value):
        return month_label(int(value))
    if unit == "1":
        return amount(value)
    return f"{amount(value)} {UNIT_WORDS.get(unit, unit)}"


def bare(value: float, unit: str) -> str:
    """Return a number for a column that names the unit itself."""
    return in_unit(value, unit) if unit == "month" and value > 12 * FIRST_YEAR_OF_A_DATE else amount(value)


def unit_words(unit: str) -> str:
    """Return a unit in the plural, in words: packages, wafers a month."""
    return UNIT_WORDS.get(unit, unit)


def percent(share: float) -> str:
    """Return a share of 1 in percent, two significant digits below 1 % and one decimal above."""
    value = 100 * share
    if not math.isfinite(value):
        return UNDEFINED
    if value >= 1 or value == 0:
        text = f"{value:.1f}"
        text = text.removesuffix(".0")
    else:
        text = _plain(significant(value, 2))
    return f"{text}{NO_BREAK}%"


def whole_percent(share: float) -> str:
    """Return a share of 1 in whole percent, where the decimals would say nothing."""
    if 0 < share < 0.005:
        return f"below 1{NO_BREAK}%"
    if 0.995 < share < 1:
        return f"over 99{NO_BREAK}%"
    return f"{100 * share:.0f}{NO_BREAK}%"


def likelihood(probability: float) -> str:
    """Return the words for a probability, 0 to 1."""
    for limit, words in LIKELIHOODS:
        if probability < limit:
            return words
    return "very likely"


def chance(probability: float, error: float, draws: float) -> str:
    """Return a probability in percent with its standard error; where no draw decides, the limit that draws can tell.

    If none of n draws meets a target, its probability is below 3 / n with 95 % confidence; less than one draw's
    worth says no more than none.

    Parameters
    ----------
    probability, error : the estimate and its standard error, 0 to 1
    draws : effective number of draws
    """
    limit = min(1.0, 3.0 / draws)
    if probability * draws < 1.0:
        return f"below {percent(limit)}"
    if (1.0 - probability) * draws < 1.0:
        return f"above {percent(1.0 - limit)}"
    if not (math.isfinite(error) and error > 0):
        return percent(probability)
    # As many decimals as the first digit of the error has.
    decimals = max(0, -math.floor(math.log10(100 * error)))
    return f"{100 * probability:.{decimals}f}{NO_BREAK}% ± {100 * error:.{decimals}f}"


def counted(probability: float, draws: float) -> str:
    """Return what a limit rests on, or an empty string where enough draws decide."""
    if probability * draws < 1.0:
        return f"fewer than 1 of {draws:,.0f} effective draws"
    if (1.0 - probability) * draws < 1.0:
        return f"all of {draws:,.0f} effective draws"
    return ""


def spread(p5: float, p50: float, p95: float, unit: str) -> str:
    """Return a median with its 5th to 95th percentile, in a unit."""
    return f"{in_unit(p50, unit)} ({bare(p5, unit)} to {bare(p95, unit)})"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Return words joined by commas and a final word."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def sentence(text: str) -> str:
    """Return text with a capital first letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}" if text else ""


def from_id(name: str) -> str:
    """Return an id as words: `triple-packages` as Triple packages."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"
