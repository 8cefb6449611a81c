"""Speeds on the reference workloads kept on the disk, keyed by all that they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import autarky
from autarky.atomic import whole_file
from autarky.errors import ResultError
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.fields import Part, Series, map_quantities
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.performance_references import STACKS
from autarky.quantities.estimates import Estimate, Quantity
from autarky.quantities.shapes import Exact
from autarky.systems.deployment import Deployed
from autarky.workloads.offload import host_link
from autarky.workloads.speeds import Speed

Known = Speed | str
"""A speed, or why there is none."""
MOST = 5_000
"""Entries kept: about a megabyte."""


@lru_cache(maxsize=1)
def _code() -> str:
    """Return a digest of the time model: what it would compute anew when it changes."""
    here = Path(__file__).parent
    content = hashlib.sha256(autarky.__version__.encode())
    models = here.parent / "facts" / "data" / "models"
    for path in sorted([*here.glob("*.py"), *(here.parent / "systems").glob("*.py"), *models.glob("*.json")]):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()


def _mean(key: str, quantity: Series) -> Series:
    # Prices may be paths; no speed depends on how they move.
    if not isinstance(quantity, Quantity):
        return Quantity(quantity.unit, ())
    return Quantity(quantity.unit, (Estimate(Exact(value_of(quantity))),))


@dataclass
class Fingerprints:
    """Digests of what speeds depend on; each record is put into words once."""

    words: dict[int, tuple[Part, bytes]] = field(default_factory=dict)
    """By the identity of a record, which is kept so that no other takes its place."""

    def of(self, whole: Deployed, chip: str, workload: ReferenceWorkload) -> str:
        """Return a digest of every record that the speed of a chip in its usual system depends on."""
        content = hashlib.sha256(repr(host_link(whole.catalogue, chip)).encode())
        for collection, name in (
            ("chips", chip),
            ("systems", whole.system),
            ("efficiencies", whole.family),
            (STACKS[workload.task], workload.software),
            ("reference_workloads", workload.task),
        ):
            content.update(self._record(whole.catalogue, collection, name))
        return content.hexdigest()

    def _record(self, catalogue: Catalogue, collection: str, name: str) -> bytes:
        record = catalogue.get(collection, name, Part)
        if id(record) not in self.words:
            self.words[id(record)] = record, repr(map_quantities(record, _mean)).encode()
        return self.words[id(record)][1]


@dataclass
class SpeedCache:
    """Entries by fingerprint; what is new is written when the cache is closed."""

    path: Path
    entries: dict[str, Known]
    changed: bool = False

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[SpeedCache]:
        """Yield the cache of this version of the time model."""
        from platformdirs import user_cache_path

        path = user_cache_path("autarky") / f"speeds-{_code()[:24]}.json"
        cache = cls(path, _read(path))
        yield cache
        if cache.changed:
            cache.write()

    def get(self, key: str) -> Known | None:
        """Return an entry, or None."""
        return self.entries.get(key)

    def put(self, key: str, value: Known) -> None:
        """Keep an entry."""
        self.entries[key] = value
        self.changed = True

    def write(self) -> None:
        """Write all entries, with those that another run has written meanwhile; the newest are kept."""
        merged = {**_read(self.path), **self.entries}
        kept = dict(list(merged.items())[-MOST:])
        # A folder that cannot be written only costs time at the next start.
        with contextlib.suppress(OSError, ResultError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for old in self.path.parent.glob("speeds-*.json"):
                if old != self.path:
                    old.unlink(missing_ok=True)
            with whole_file(self.path) as part:
                plain = {key: value if isinstance(value, str) else asdict(value) for key, value in kept.items()}
                part.write_text(json.dumps(plain), encoding="utf-8")


def _read(path: Path) -> dict[str, Known]:
    # A copy that is missing, cut short or damaged is computed again.
    try:
        found: dict[str, dict[str, Any] | str] = json.loads(path.read_text(encoding="utf-8"))
        return {key: value if isinstance(value, str) else Speed(**value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
