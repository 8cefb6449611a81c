"""What the report calls things: labels of the catalogue for ids, and citations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from autarky.facts.catalogue import SCENARIO, Catalogue
from autarky.facts.records import Chip, Source
from autarky.report.words import from_id


@dataclass(frozen=True)
class Citation:
    """A source as the report cites it."""

    id: str
    publisher: str
    published: str
    grade: str
    title: str
    url: str
    """Empty unless it is a web address."""
    no_url: str
    unverified: bool
    relay_of: str
    known: bool
    """False where the catalogue has no such source, as for a number that the scenario sets."""

    @property
    def short(self) -> str:
        """Publisher and date."""
        return " ".join(part for part in (self.publisher, self.published) if part)


def web_address(url: str) -> str:
    """Return an address with scheme http or https and a host, else an empty string."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return parts.geturl() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


class Names:
    """Looks up labels in a catalogue; an id without a record stands for itself."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sources: Mapping[str, Source] = catalogue.sources
        self._cited: dict[str, Citation] = {}

    def label(self, *collections: str, of: str) -> str:
        """Return the label of a record in the first collection that has it."""
        for collection in collections:
            record = self._catalogue.collections.get(collection, {}).get(of)
            if record is not None:
                return str(getattr(record, "label", of))
        return from_id(of)

    def member(self, entity: str, name: str) -> str:
        """Return the label of one member of a flow."""
        collections = {
            "production": ("products", "chips"),
            "installed": ("products", "chips"),
            "capacity": ("fabs",),
            "wafers": ("fabs",),
            "stacks": ("memory_types",),
            "stack_stock": ("memory_types",),
        }
        return self.label(*collections.get(entity, ("dies",)), of=name)

    def vendor(self, vendor: str, chips: Iterable[str]) -> str:
        """Return a vendor's own spelling, read off the label of one of its chips; for one that no label names, that."""
        names = list(chips)
        labels = [self.member("production", name) for name in names]
        records = self._catalogue.all("chips", Chip)
        labels += [chip.label for chip in records.values() if chip.vendor == vendor]
        return _spelling(vendor, labels) or (labels[0] if len(names) == 1 else from_id(vendor))

    def publisher(self, world: str) -> str:
        """Return the spelling of a world's publisher, read off the sources; else its id in words."""
        publishers = [text for source in self._sources.values() for text in (source.publisher, source.relay_of)]
        by_initials = [text for text in publishers if "".join(word[:1] for word in text.split()).lower() == world]
        return _spelling(world, publishers) or next(iter(by_initials), from_id(world))

    def constraint(self, text: str) -> str:
        """Return a constraint such as `memory: a or b` with labels for its ids."""
        kind, colon, rest = text.partition(": ")
        if not colon:
            return "Dies (memory and packaging suffice for all of them)" if kind == "dies" else from_id(kind)
        collection = {"memory": "memory_types", "packaging": "packaging_lines"}.get(kind, "")
        return f"{from_id(kind)}: {' or '.join(self.label(collection, of=name) for name in rest.split(' or '))}"

    def cite(self, name: str) -> Citation:
        """Return the citation of a source id, and keep it for the bibliography."""
        if name not in self._cited:
            self._cited[name] = self._citation(name)
        return self._cited[name]

    def bibliography(self) -> tuple[Citation, ...]:
        """Return every source cited so far, by publisher and date."""
        return tuple(sorted(self._cited.values(), key=lambda c: (c.publisher.casefold(), c.published, c.id)))

    def _citation(self, name: str) -> Citation:
        source = self._sources.get(name)
        if source is None:
            publisher = "set in the scenario" if name == SCENARIO else name
            return Citation(name, publisher, "", "", "", "", "", False, "", False)
        return Citation(
            id=name,
            publisher=source.publisher,
            published=source.published,
            grade=source.grade,
            title=source.title,
            url=web_address(source.url),
            no_url=source.no_url,
            unverified=source.unverified,
            relay_of=source.relay_of,
            known=True,
        )


def _spelling(name: str, texts: Iterable[str]) -> str:
    """Return the leading words of the first text that make up an id, as they are spelled there."""
    for text in texts:
        words = re.split(r"[\s,;(]+", text)
        for count in range(1, min(len(words), name.count("-") + 1) + 1):
            if _slug(" ".join(words[:count])) == name:
                return " ".join(words[:count])
    return ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
