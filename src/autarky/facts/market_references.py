"""What must hold between the records of the market and the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from autarky.errors import nearest
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import Part
from autarky.facts.market_records import GreyChannel, Import, Price, ReferenceMix
from autarky.facts.records import TimeSeries


def market_names_what_exists(
    catalogue: Catalogue, name: str, record: Part
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What names chips names those that the catalogue has, and an import on record a series of chips."""
    named: list[tuple[tuple[str | int, ...], str, str]] = []
    if isinstance(record, Import):
        named.append((("chip",), "chips", record.chip))
        if record.recorded is not None:
            named.append((("recorded",), "series", record.recorded))
    elif isinstance(record, GreyChannel):
        named += [(("chips", chip), "chips", chip) for chip in record.chips]
    elif isinstance(record, ReferenceMix):
        named.append(((), "reference_stocks", name))
        named += [(("chips", chip), "chips", chip) for chip in record.chips]
    elif isinstance(record, Price):
        named.append(((), "chips", name))
    for at, collection, wanted in named:
        known = {**catalogue.collections.get(collection, {}), **catalogue.plain.get(collection, {})}
        if wanted not in known:
            hint = nearest(wanted, known) or f"add it to {collection}"
            yield at, f"no {collection} record is called {wanted!r}", hint
    if isinstance(record, Import) and record.recorded is not None:
        series = catalogue.collections.get("series", {}).get(record.recorded)
        if isinstance(series, TimeSeries) and (series.unit, series.kind) != ("chip", "flow"):
            message = f"series.{record.recorded} is a {series.kind} in {series.unit}"
            yield ("recorded",), message, "shipments on record are a flow in chips"
