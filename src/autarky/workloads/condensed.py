"""Per-layer lists that a file states in short instead of writing out.

Configs that people retype often shorten a list of sixty entries to words and counts. These forms are read:

    alternating sliding_attention, full_attention; 18 of each
    25 sliding_attention, 5 full_attention (every sixth is full)
    62 entries: 128, 128, then 4, 128 repeated 29 times, then 4, 0

What the words say must add up; anything else is refused. Where only counts are given the kinds are spread
evenly, which changes no count and no size.
"""

from __future__ import annotations

import re

from autarky.errors import QuantityError

_FORMS = 'write a list, or e.g. "alternating a, b; 18 of each", "25 a, 5 b", "62 entries: 128, then 4, 0"'
_COUNTED = re.compile(r"(\d+)\s*x?\s+([A-Za-z][\w-]*)")


def written_list(text: str) -> list[str]:
    """Return the entries that `text` describes, as strings, in order."""
    bare = re.sub(r"\(.*?\)", "", text).strip().rstrip(".")
    if match := re.fullmatch(r"alternating\s+(.+?)\s*;\s*(\d+)\s+of\s+each", bare):
        return [kind.strip() for kind in match[1].split(",")] * int(match[2])
    if match := re.fullmatch(r"(\d+)\s+entries\s*:\s*(.+)", bare):
        return _numbers(int(match[1]), match[2])
    pairs = [_COUNTED.fullmatch(piece.strip()) for piece in bare.split(",")]
    if pairs and all(pairs):
        return _spread([(pair[2], int(pair[1])) for pair in pairs if pair])
    raise QuantityError(f"cannot read the list described as {text!r}", _FORMS)


def _numbers(count: int, text: str) -> list[str]:
    entries: list[str] = []
    for run in re.split(r",?\s*then\s+", text):
        body, _, rest = run.partition("repeated")
        times = re.fullmatch(r"\s*(\d+)\s*times\s*,?\s*", rest) if rest else None
        if rest and times is None:
            raise QuantityError(f"cannot read {run.strip()!r} in a list", _FORMS)
        values = [value.strip() for value in body.split(",") if value.strip()]
        if not values or any(not re.fullmatch(r"-?\d+", value) for value in values):
            raise QuantityError(f"cannot read {run.strip()!r} in a list", _FORMS)
        entries += values * (int(times[1]) if times else 1)
    if len(entries) != count:
        raise QuantityError(f"the list says {count} entries and spells out {len(entries)}")
    return entries


def _spread(counts: list[tuple[str, int]]) -> list[str]:
    """Return the kinds in even proportion throughout, the most frequent one first."""
    total = sum(count for _, count in counts)
    placed = dict.fromkeys((kind for kind, _ in counts), 0)
    if len(placed) != len(counts):
        raise QuantityError("a kind of layer is counted twice", _FORMS)
    entries = []
    for step in range(1, total + 1):
        behind = max(counts, key=lambda pair: (pair[1] * step / total - placed[pair[0]], pair[1]))
        placed[behind[0]] += 1
        entries.append(behind[0])
    return entries
