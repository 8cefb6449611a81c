"""Records by the names that people use: a vendor's spelling, a driver's, a forum's.

Case, blanks, hyphens and the vendor's own name do not count, and "96G" is "96GB". A name means the record whose id,
label or alias it is; else the one record with all of its words, the first of the record's own among them. Only whole
words count: "H20" is not found in "H200", nor "B200" in "GB200", nor "V100" in "BI-V100". What no record has is an
error: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from autarky.errors import Problem, UnknownKeyError, nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.records import Chip, MemoryType

SHOWN = 6
_SIZE = re.compile(r"\b(\d+) ?gi?b?\b")
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"\(.*?\)")


@dataclass(frozen=True)
class Named:
    """What a record is called."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()
    vendor: str = ""

    def tiers(self) -> tuple[set[str], ...]:
        """Return its names without blanks, in sets: the id; label and aliases; the label without what is in brackets.

        An earlier set is the stronger claim to a name.
        """
        own = ("", *_words(self.vendor))
        sets = ((self.id,), (self.label, *self.aliases), (_BRACKETS.sub("", self.label),))
        return tuple({_joined(_without(_words(name), own)) for name in names} for names in sets)

    def words(self) -> frozenset[str]:
        """Return the words of its id and of its label, but for what stands there in brackets."""
        return frozenset(word for name in self._own() for word in name)

    def first_words(self) -> frozenset[str]:
        """Return the word that its id begins with, and that its label begins with."""
        return frozenset(name[0] for name in self._own() if name)

    def _own(self) -> tuple[tuple[str, ...], ...]:
        vendor = _words(self.vendor)
        return tuple(_without(_words(name), vendor) for name in (self.id, _BRACKETS.sub("", self.label)))


def chip_or_memory(name: str, catalogue: Catalogue) -> tuple[str, str]:
    """Return (collection, id) of the chip or the memory type that a name means."""
    found = {
        "chips": [Named(key, r.label, r.aliases, r.vendor) for key, r in catalogue.all("chips", Chip).items()],
        "memory_types": [Named(key, r.label) for key, r in catalogue.all("memory_types", MemoryType).items()],
    }
    for collection, records in found.items():
        if name.startswith(f"{collection}."):
            return collection, meant(name.removeprefix(f"{collection}."), records)
    names = {key.id: collection for collection, records in found.items() for key in records}
    key = meant(name, [record for records in found.values() for record in records])
    return names[key], key


def meant(name: str, records: Iterable[Named]) -> str:
    """Return the id of the record that a name means; a name of several records, or of none, is an error."""
    records = list(records)
    asked = _words(name)
    for tier in range(3):
        found = [r.id for r in records if _joined(_without(asked, _words(r.vendor))) in r.tiers()[tier] - {""}]
        if found:
            return _only(found, name)
    found = [r.id for r in records if _fits(set(_without(asked, _words(r.vendor))), r)]
    if found:
        return _only(found, name)
    raise UnknownKeyError(Problem(f"no chip is called {name!r}", field="CHIP", hint=_hint(name, asked, records)))


def _fits(asked: set[str], record: Named) -> bool:
    return asked <= record.words() and not asked.isdisjoint(record.first_words())


def _only(found: list[str], name: str) -> str:
    if len(found) > 1:
        names = ", ".join(found[:SHOWN])
        raise UnknownKeyError(Problem(f"{name!r} can be {len(found)} chips", field="CHIP", hint=f"say which: {names}"))
    return found[0]


def _hint(name: str, asked: tuple[str, ...], records: list[Named]) -> str:
    """Return the records with a word of the name that holds a digit, else those whose names look like it."""
    models = {word for word in asked if not word.isalpha() and not word.isdigit() and not _SIZE.fullmatch(word)}
    alike = [record.id for record in records if models & record.words()]
    if alike:
        return f"did you mean {' or '.join(alike[:SHOWN])}?"
    return nearest("-".join(asked), [record.id for record in records]) or _WAY_OUT


_WAY_OUT = "`autarky facts list chips` names all; or give a YAML or JSON file"


def _words(name: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_SIZE.sub(r"\1gb", re.sub(r"[-_/]", " ", name.casefold()))))


def _without(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in others)


def _joined(words: Iterable[str]) -> str:
    return "".join(words)
