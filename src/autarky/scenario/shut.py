"""Ways in which dies and memory would come and, as the acting events have it, never do.

The catalogue knows what would flow if a control were not there. While the control is, such a way takes no part in the
chain at all, so that it costs nothing and shows nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from autarky.facts.event_records import Event, Kind
from autarky.facts.fields import Series
from autarky.facts.supply_records import DieBank, Fab, MemorySupply
from autarky.quantities.paths import Path
from autarky.quantities.shapes import Exact
from autarky.rules.levers import shut_for_good
from autarky.scenario.schema import Horizon

WayT = TypeVar("WayT", Fab, DieBank, MemorySupply)
Events = Mapping[str, Event]


def open_ways(
    ways: Mapping[str, WayT], kind: Kind, dimension: str, events: Events, horizon: Horizon
) -> dict[str, WayT]:
    """Return the fabs, banks or supplies through which something can come within the horizon."""
    return {
        name: way
        for name, way in ways.items()
        if _comes_anyway(way, horizon) or not shut_for_good(events, kind, {dimension: name}, _months(way, horizon))
    }


def _comes_anyway(way: Fab | DieBank | MemorySupply, horizon: Horizon) -> bool:
    """Return whether something came before the horizon, under the law of its time, or comes past the rules."""
    deliveries = () if isinstance(way, Fab) else way.deliveries
    return any(delivery.past_the_rules or delivery.start < horizon.start for delivery in deliveries)


def _months(way: Fab | DieBank | MemorySupply, horizon: Horizon) -> range:
    """Return the months in which something could come if no event forbade it; one at least."""
    first = min(_starts(way), default=horizon.start)
    return range(min(max(first, horizon.start), horizon.end), horizon.end + 1)


def _starts(way: Fab | DieBank | MemorySupply) -> Iterable[int]:
    for delivery in () if isinstance(way, Fab) else way.deliveries:
        yield delivery.start
    series: list[Series | None] = []
    if isinstance(way, Fab):
        series = [way.capacity]
    elif isinstance(way, MemorySupply):
        series = [way.output, way.wafers.capacity if way.wafers is not None else None]
    for flow in series:
        if isinstance(flow, Path):
            yield _first_above_nothing(flow)
        elif flow is not None:
            # Held flat, or a curve: from the beginning.
            yield 0


def _first_above_nothing(path: Path) -> int:
    """Return the first month in which a path is above 0 for certain or by chance: it rises from its last knot at 0."""
    months = [month for month, _ in path.knots]
    nothing = [quantity.pooled == Exact(0.0) for _, quantity in path.knots]
    above = nothing.index(False) if False in nothing else len(nothing)
    if above == 0:
        return 0
    return months[above - 1] + 1
