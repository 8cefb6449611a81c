"""Whether the draws that are asked for can be made: whole numbers in range, arrays that fit into memory."""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path

from autarky.errors import Problem, ScenarioError

BESIDE = 1.3
"""Memory of a run over that of its arrays, for blocks and summaries; measured on the flagship at 60,000 draws."""
_GIB = 2.0**30
_CONTAINER = Path("/sys/fs/cgroup")
_MACHINE = Path("/proc/meminfo")


def check_count(name: str, value: object, highest: int, hint: str = "") -> None:
    """Raise unless an option is a whole number from 1 to `highest`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ScenarioError(Problem(f"expected a whole number, found {value!r}", field=name, hint=hint))
    count = int(value)
    if not 1 <= count <= highest:
        message, right = ("low", "1 or more") if count < 1 else ("high", f"{highest:,} or less")
        hint = "; ".join(filter(None, (f"give {right}", hint)))
        raise ScenarioError(Problem(f"{count:,} is too {message}", field=name, hint=hint))


def check_memory(draws: int, bytes_per_draw: int) -> None:
    """Raise when a result of so many draws, `bytes_per_draw` each, cannot be held in the memory that is free."""
    free = free_memory()
    needed = draws * bytes_per_draw * BESIDE
    if free is not None and needed > free:
        most = int(free / (bytes_per_draw * BESIDE))
        raise ScenarioError(
            Problem(
                f"{draws:,} draws need about {needed / _GIB:,.1f} GiB of memory, and {free / _GIB:,.1f} GiB are free",
                field="draws",
                hint=f"give at most {most:,}, or a shorter horizon",
            )
        )


def free_memory() -> int | None:
    """Return the bytes of memory that this process can still take: of its container, else of the machine.

    None where the system does not say.
    """
    left = [value for value in (_free_in_container(), _free_on_machine()) if value is not None]
    return min(left, default=None)


def _free_in_container() -> int | None:
    try:
        limit = (_CONTAINER / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CONTAINER / "memory.current").read_text(encoding="ascii"))
        # Files that the system keeps in memory count as used, and give way.
        lines = (_CONTAINER / "memory.stat").read_text(encoding="ascii").splitlines()
        files = dict(line.split() for line in lines).get("inactive_file", "0")
    except (OSError, ValueError):
        return None
    return int(limit) - used + int(files) if limit.isdecimal() else None


def _free_on_machine() -> int | None:
    try:
        lines = _MACHINE.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
