"""Every error that autarky raises on purpose.

    AutarkyError
     |- InputError            the user's input is wrong: one line per problem, exit status 2
     |   |- CatalogueError    a fact: unsourced, impossible, duplicate, dead reference
     |   |- ScenarioError     a scenario, an override or an option
     |   |- UnknownKeyError   a name that nothing carries; names the nearest ones
     |   `- ResultError       a saved result that cannot be read
     |- QuantityError         a number, unit or interval, before its place is known
     `- MissingExtraError     an optional dependency is needed; says how to install it

A problem reads `place  field: what is wrong; what would be right`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what would be right."""

    message: str
    place: str = ""
    field: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.field}: {self.message}" if self.field else self.message
        line = " ".join((f"{text}; {self.hint}" if self.hint else text).split())
        return f"{' '.join(self.place.split())}  {line}" if self.place else line


class AutarkyError(Exception):
    """Base of every error raised on purpose."""


class InputError(AutarkyError):
    """The user's input is wrong. All problems found are kept and printed, one line each."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CatalogueError(InputError):
    """A fact that cannot stand: unsourced, impossible, duplicate, or pointing nowhere."""


class ScenarioError(InputError):
    """A scenario, an override or an option that cannot be run."""


class UnknownKeyError(InputError):
    """A name that nothing carries."""


class ResultError(InputError):
    """A saved result that cannot be read back."""


class QuantityError(AutarkyError):
    """A number, unit or interval that cannot stand; its place in a file is added by the reader of the file.

    `at` holds the keys below the quantity that lead to the fault, outermost first.
    """

    def __init__(self, message: str, hint: str = "", at: Sequence[str | int] = ()) -> None:
        self.message = message
        self.hint = hint
        self.at = tuple(at)
        super().__init__(f"{message}; {hint}" if hint else message)


class MissingExtraError(AutarkyError):
    """An optional dependency is needed for what was asked."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'autarky[{extra}]'")


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Hint that names the known words closest to `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=count, cutoff=0.55)
    return f"did you mean {' or '.join(close)}?" if close else ""
