"""Number formats of stored weights, and which weights a checkpoint keeps in which.

A format has `bits` per element and one scale of `scale_bits` for every block of `block` elements (rows by
columns; None spans the whole dimension). `packed` elements share one stored cell, so a count of stored cells
is not a count of parameters.

Sources: OCP Microscaling Formats v1.0 (mxfp4, mxfp8: 32 elements share an 8-bit exponent), the published
descriptions of nvfp4 (16 elements share an 8-bit scale) and of the block-scaled FP8 of DeepSeek-V3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A stored number format; `cell` counts the elements that one stored cell holds."""

    name: str
    bits: float
    block: tuple[int | None, int | None] | None = None
    scale_bits: int = 0
    cell: int = 1

    def scales(self, rows: int, columns: int) -> int:
        """Return the number of block scales of one matrix."""
        if self.block is None:
            return 0
        high, wide = self.block
        return -(-rows // (high or rows)) * -(-columns // (wide or columns))


FORMATS = {
    item.name: item
    for item in (
        Format("fp32", 32),
        Format("bf16", 16),
        Format("fp16", 16),
        Format("fp8", 8, (None, None), 32),
        Format("fp8-channel", 8, (1, None), 32),
        Format("fp8-block", 8, (128, 128), 32),
        Format("fp8-block-e8", 8, (128, 128), 8),
        Format("int8", 8, (1, None), 32),
        Format("mxfp8", 8, (1, 32), 8),
        Format("mxfp4", 4, (1, 32), 8, cell=2),
        Format("nvfp4", 4, (1, 16), 8, cell=2),
        Format("int4", 4, (1, 128), 16, cell=8),
        Format("nf4", 4, (1, 64), 32, cell=2),
    )
}


@dataclass(frozen=True)
class Rule:
    """Weights whose module name matches `pattern` are stored in `format`."""

    pattern: str
    format: Format


@dataclass(frozen=True)
class Quantisation:
    """How a checkpoint stores its weights: first a matching rule, then the default unless ignored.

    `experts_only` keeps the default for routed experts. `default` None means that nothing else is packed.
    """

    method: str = ""
    default: Format | None = None
    experts_only: bool = False
    rules: tuple[Rule, ...] = ()
    ignored: tuple[str, ...] = ()


# Checkpoints prefix module names by wrapper and by family; patterns are compared below these prefixes.
_WRAPPERS = re.compile(r"^(?:(?:model|language_model|backbone|transformer|decoder|text_model)\.)+")


def module_pattern(pattern: str) -> str:
    """Return the regular expression of a module pattern, a glob or a `re:` expression.

    A glob matches whole dotted components wherever they stand, and all below them.
    """
    if _is_regular(pattern):
        return rf"(?:{pattern[3:]})"
    glob = "".join(".*" if sign == "*" else re.escape(sign) for sign in pattern)
    return rf"(?:^|.*\.){glob}(?:\..*)?$"


class Matcher:
    """Tells whether a module name matches any of many patterns; whole names are looked up, not searched."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        bare = [pattern if _is_regular(pattern) else _WRAPPERS.sub("", pattern) for pattern in patterns]
        opened = {pattern for pattern in bare if pattern.endswith("*") and "*" not in pattern[:-1]}
        opened -= {pattern for pattern in bare if _is_regular(pattern)}
        expressions = [
            module_pattern(pattern)
            for pattern in bare
            if _is_regular(pattern) or ("*" in pattern and pattern not in opened)
        ]
        self.plain = frozenset(pattern for pattern in bare if "*" not in pattern and not _is_regular(pattern))
        self.starts = tuple(pattern[:-1] for pattern in opened)
        self.expression = re.compile("|".join(expressions)) if expressions else None

    def any(self, names: Iterable[str]) -> bool:
        """Return whether any of the names matches any pattern."""
        return any(self._matches(name) for name in names)

    def _matches(self, name: str) -> bool:
        if self.expression is not None and self.expression.search(name):
            return True
        pieces = name.split(".")
        if self.starts and any(".".join(pieces[first:]).startswith(self.starts) for first in range(len(pieces))):
            return True
        return bool(self.plain) and any(
            ".".join(pieces[first:last]) in self.plain
            for first in range(len(pieces))
            for last in range(first + 1, len(pieces) + 1)
        )


def _is_regular(pattern: str) -> bool:
    return pattern.startswith("re:")
