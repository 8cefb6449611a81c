"""Events on the time axis, above the packages made in each quarter."""

from __future__ import annotations

from collections.abc import Sequence

from autarky.facts.fields import last_day
from autarky.quantities.months import days_in_month
from autarky.report.bands import MONTH, QUARTER
from autarky.report.charts import DOT, fan_with_events, with_data
from autarky.report.figures import SIZES, Fans, Figure, Mark, Section, describe, fan_table, unit_of
from autarky.report.sections import PACKAGES


def timeline_section(fans: Fans) -> Section | None:
    """Return the section on events inside the horizon and known on the as-of date, or None without any."""
    bands = fans.bands
    start, end = fans.domain
    known = [event for event in bands.result.events if bands.as_of is None or last_day(event[0]) <= bands.as_of]
    inside = sorted((event for event in known if start <= moment(event[0]) <= end), key=lambda event: moment(event[0]))
    if not inside or PACKAGES not in bands.result.measures:
        return None
    band = bands.band(PACKAGES, step=QUARTER if bands.result.months.size >= QUARTER else MONTH)
    if band.empty:
        return None
    marks = tuple(
        Mark(str(number), f"{date}: {label} ({actor})", tuple(fans.names.cite(source) for source in sources))
        for number, (date, label, actor, sources) in enumerate(inside, start=1)
    )
    heading = "Packages of all chips, with events"
    words = " ".join(f"Event {mark.letter}, {mark.text}." for mark in marks)
    description = f"{describe(heading, band, (), ())} {words}"
    positions = [moment(event[0]) for event in inside]
    data = fans.data(band, (), ())
    drawings = []
    for kind, size in SIZES:
        lanes = lanes_of([(position - start) / (end - start) * size.width for position in positions])
        events = [
            {"x": position, "lane": lane, "number": mark.letter}
            for position, lane, mark in zip(positions, lanes, marks, strict=True)
        ]
        spec = with_data(fan_with_events(start, end, size, max(lanes) + 1), events=events, **data)
        drawings.append(fans.studio.draw(spec, f"timeline-{kind}", heading, description, kind))
    table = fan_table(heading, band)
    figure = Figure("timeline-chart", heading, unit_of(band), tuple(drawings), table, marks, full=True)
    text = (
        "The numbers stand for the events listed below the chart. Events that move a lever, such as a licence, a gate "
        "or the start of a fab, act in the model; the others mark time, and their effects are in the dated inputs."
    )
    return Section("timeline", "What happened when", (text,), (figure,))


def moment(text: str) -> float:
    """Return a date as a point in time in years: the day, or the middle of a month or year that is all it says."""
    year, *rest = (int(part) for part in text.split("-"))
    if not rest:
        return year + 0.5
    days = (rest[1] - 0.5) / days_in_month(12 * year + rest[0] - 1) if len(rest) > 1 else 0.5
    return year + (rest[0] - 1 + days) / 12


def lanes_of(places: Sequence[float]) -> list[int]:
    """Return for each place, in rising order, the lowest lane on which it does not touch an earlier one."""
    ends: list[float] = []
    lanes = []
    for place in places:
        free = next((lane for lane, end in enumerate(ends) if place - end >= DOT), len(ends))
        if free == len(ends):
            ends.append(place)
        ends[free] = place
        lanes.append(free)
    return lanes
