"""Vega-Lite specifications of the charts, built once with Altair; the data come in by name.

Colours are those of Okabe and Ito (2008), which stay apart for colour-blind readers. Ink, muted ink, grid and the blue
of bands are restyled by the page's style sheet in dark mode, so no other mark may use these four values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

INK, MUTED, GRID = "#1b1b1b", "#5c5c5c", "#d9d9d9"
BLUE, VERMILLION = "#0072b2", "#d55e00"
SEGMENTS = ("#0071b1", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
"""Fill of the segments of a stack, in order; black letters can be read on all but the first."""
ON_SEGMENT = ("#ffffff", *("#000000",) * 7)
Rows = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """Width and height of the plot in pixels, before it scales with the page."""

    width: int
    height: int
    font: int = 13


PANEL = Size(330, 170)
NARROW = Size(330, 230)
WIDE = Size(960, 340, 15)


def with_data(spec: Spec, **datasets: Rows) -> Spec:
    """Return a specification with rows for its named data."""
    return {**spec, "datasets": {name: list(rows) for name, rows in datasets.items()}}


def time_domain(start: float, end: float) -> tuple[float, float]:
    """Return the ends of the time axis: whole years around the horizon."""
    return float(int(start)), float(-int(-end // 1))


@lru_cache(maxsize=32)
def fan(start: float, end: float, size: Size, share: bool = False) -> Spec:
    """Return a fan chart over years; of shares, from 0 to 100 %.

    Data: `years` (x), `band` and `stems` (x, p5, p25, p50, p75, p95; stems mark single periods), `reports` (x, low,
    high, value, bound, letter) and `targets` (x, from, to, low, middle, high, text).
    """
    return _finished(_fan_layers(start, end, size, share), size)


@lru_cache(maxsize=32)
def fan_with_events(start: float, end: float, size: Size, lanes: int) -> Spec:
    """Return a fan chart under a strip of numbered events; data as for `fan`, and `events` (x, lane, number)."""
    import altair as alt

    x, bare = _time_axis(start, end), _time_axis(start, end, labels=False)
    events = alt.NamedData("events")
    lane = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[-0.5, lanes - 0.5]))
    dots = alt.Chart(events).mark_circle(size=DOT**2, color=VERMILLION, opacity=1).encode(x=bare, y=lane)
    numbers = alt.Chart(events).mark_text(fontSize=13, fontWeight="bold", color="#000000")
    numbers = numbers.encode(x=bare, y=lane, text=alt.Text("number:N"))
    strip = _finished(alt.layer(dots, numbers).properties(width=size.width, height=(DOT + 2) * lanes), size)
    rules = _finished(alt.Chart(events).mark_rule(color=VERMILLION, strokeDash=[2, 3], opacity=0.8).encode(x=x), size)
    below = fan(start, end, size)
    # Put together as plain data: Altair copies every part several times when it joins charts, for half a second.
    whole = ("$schema", "config")
    parts = [{key: value for key, value in part.items() if key not in whole} for part in (strip, rules, below)]
    parts[2]["layer"] = [parts[1], *parts[2]["layer"]]
    top = {key: below[key] for key in whole}
    return {**top, "vconcat": [parts[0], parts[2]], "spacing": 2, "bounds": "flush"}


@lru_cache(maxsize=32)
def stacked_shares(start: float, end: float, size: Size) -> Spec:
    """Return stacked shares by year; data: `shares` (x, x2, low, high, fill) and `letters` (x, y, letter, fill)."""
    import altair as alt

    x = _time_axis(start, end)
    share = alt.Y("low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    bars = (
        alt.Chart(alt.NamedData("shares"))
        .mark_rect(stroke="#ffffff", strokeWidth=1)
        .encode(x=x, x2=alt.X2("x2:Q"), y=share, y2=alt.Y2("high:Q"), fill=alt.Fill("fill:N", scale=None))
    )
    letters = (
        alt.Chart(alt.NamedData("letters"))
        .mark_text(fontSize=size.font, fontWeight="bold")
        .encode(x=x, y=alt.Y("y:Q"), text=alt.Text("letter:N"), color=alt.Color("fill:N", scale=None))
    )
    return _finished(alt.layer(bars, letters).properties(width=size.width, height=size.height), size)


@lru_cache(maxsize=32)
def changes(start: float, end: float, size: Size, share: bool = False) -> Spec:
    """Return differences by year about a line at zero; of shares, in percentage points.

    Data: `years` (x) and `stems` (x, p5, p25, p50, p75, p95).
    """
    import altair as alt

    x, label = _time_axis(start, end), POINTS if share else SHORT
    stems = alt.Chart(alt.NamedData("stems"))

    def y(field: str) -> alt.Y:
        axis = alt.Axis(labelExpr=label, tickCount=5)
        return alt.Y(f"{field}:Q", title=None, axis=axis, scale=alt.Scale(zero=True, nice=True))

    layers = [
        alt.Chart(alt.NamedData("years")).mark_rule(color=GRID).encode(x=x),
        alt.Chart(alt.NamedData("years")).mark_rule(color=INK, strokeWidth=1).encode(y=alt.datum(0)),
        stems.mark_rule(color=BLUE, opacity=0.45, strokeWidth=4).encode(x=x, y=y("p5"), y2=alt.Y2("p95:Q")),
        stems.mark_rule(color=BLUE, opacity=0.7, strokeWidth=8).encode(x=x, y=y("p25"), y2=alt.Y2("p75:Q")),
        stems.mark_circle(color=VERMILLION, size=40, opacity=1).encode(x=x, y=y("p50")),
    ]
    return _finished(alt.layer(*layers).properties(width=size.width, height=size.height), size)


@lru_cache(maxsize=32)
def intervals(rows: int, size: Size) -> Spec:
    """Return labelled intervals; data: `rows` (label, low, middle, high, fill, bound, note)."""
    import altair as alt

    data = alt.NamedData("rows")
    names = alt.Axis(labelLimit=LABEL, minExtent=LABEL, ticks=False, domain=False, labelPadding=8, labelColor=INK)
    y = alt.Y("label:N", title=None, sort=None, axis=names)
    amounts = alt.Axis(labelExpr=SHORT, tickCount=3, labelOverlap=True, labelSeparation=10)
    x = alt.X("low:Q", title=None, scale=alt.Scale(zero=True, nice=True), axis=amounts)
    fill = alt.Color("fill:N", scale=None)
    bars = alt.Chart(data).mark_rule(strokeWidth=5, opacity=0.55).encode(x=x, x2=alt.X2("high:Q"), y=y, color=fill)
    middle = alt.X("middle:Q")
    points = alt.Chart(data).transform_filter("!datum.bound").mark_circle(size=70, opacity=1)
    bounds = alt.Chart(data).transform_filter("datum.bound").mark_point(shape="triangle-left", size=70, filled=True)
    notes = alt.Chart(data).mark_text(align="left", dx=8, dy=-9, fontSize=size.font, color=INK)
    layers = [
        bars,
        points.encode(x=middle, y=y, color=fill),
        bounds.encode(x=middle, y=y, color=fill),
        notes.encode(x=middle, y=y, text=alt.Text("note:N")),
    ]
    return _finished(alt.layer(*layers).properties(width=size.width - LABEL, height=34 * rows), size)


@lru_cache(maxsize=32)
def regions(x_ticks: tuple[float, ...], y_ticks: tuple[float, ...], ends: tuple[float, ...], size: Size) -> Spec:
    """Return points over regions of a plane with two logarithmic axes; `ends` are those of x, then of y.

    Data: `areas` (x, x2, y, y2, fill), `lines` and `dashed` (x, x2, y, y2), `words` (x, y, text), `points` (x, y,
    fill, size) and `letters` (x, y, text).
    """
    import altair as alt

    def axis(values: tuple[float, ...]) -> alt.Axis:
        return alt.Axis(values=list(values), labelExpr=SHORT, labelOverlap=True, grid=True)

    def scale(low: float, high: float) -> alt.Scale:
        return alt.Scale(type="log", domain=[low, high], nice=False)

    x = alt.X("x:Q", title=None, axis=axis(x_ticks), scale=scale(*ends[:2]))
    y = alt.Y("y:Q", title=None, axis=axis(y_ticks), scale=scale(*ends[2:]))
    fill = alt.Color("fill:N", scale=None)

    def chart(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name))

    layers = [
        chart("areas").mark_rect(opacity=0.3).encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), color=fill),
        chart("lines").mark_rule(color=INK, strokeWidth=1.5).encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q")),
        chart("dashed").mark_rule(color=INK, strokeDash=[5, 4]).encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q")),
        chart("words")
        .mark_text(color=MUTED, fontSize=size.font, fontWeight="bold")
        .encode(x=x, y=y, text=alt.Text("text:N")),
        chart("points")
        .mark_circle(opacity=0.85)
        .encode(x=x, y=y, color=fill, size=alt.Size("size:Q", scale=None, legend=None)),
        chart("letters")
        .mark_text(color=INK, dy=-11, fontSize=size.font, fontWeight="bold")
        .encode(x=x, y=y, text=alt.Text("text:N")),
    ]
    return _finished(alt.layer(*layers).properties(width=size.width, height=size.height), size)


DOT = 22
"""Width of a numbered event, in pixels."""
LABEL = 140
"""Room for the labels of intervals, in pixels."""
SHORT = "replace(format(datum.value, '.3~s'), 'G', 'bn')"
"""Label of an amount on an axis: 1.5M, 200k."""
POINTS = "format(100 * datum.value, '.3~g')"
"""Label of a difference between shares on an axis, in percentage points."""


def _fan_layers(start: float, end: float, size: Size, share: bool) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    band, reports, targets = alt.NamedData("band"), alt.NamedData("reports"), alt.NamedData("targets")
    x = _time_axis(start, end)
    y_axis = alt.Axis(format="%", tickCount=5) if share else alt.Axis(labelExpr=SHORT, tickCount=5)
    y_scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=True, nice=True)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=None, axis=y_axis, scale=y_scale)

    areas, stems = alt.Chart(band), alt.Chart(alt.NamedData("stems"))
    circles = alt.Chart(reports).transform_filter("!datum.bound").mark_circle(size=34, opacity=1, color=INK)
    triangles = alt.Chart(reports).transform_filter("datum.bound")
    layers = [
        alt.Chart(alt.NamedData("years")).mark_rule(color=GRID).encode(x=x),
        areas.mark_area(color=BLUE, opacity=0.2).encode(x=x, y=y("p5"), y2=alt.Y2("p95:Q")),
        areas.mark_area(color=BLUE, opacity=0.3).encode(x=x, y=y("p25"), y2=alt.Y2("p75:Q")),
        stems.mark_rule(color=BLUE, opacity=0.45).encode(x=x, y=y("p5"), y2=alt.Y2("p95:Q")),
        areas.mark_line(color=BLUE, strokeWidth=2).encode(x=x, y=y("p50")),
        stems.mark_circle(color=BLUE, size=24, opacity=1).encode(x=x, y=y("p50")),
        alt.Chart(targets).mark_rule(color=VERMILLION, strokeWidth=1.5).encode(x=x, y=y("low"), y2=alt.Y2("high:Q")),
        alt.Chart(targets)
        .mark_rule(color=VERMILLION, strokeWidth=3)
        .encode(x=alt.X("from:Q"), x2=alt.X2("to:Q"), y=y("middle")),
        alt.Chart(targets)
        .mark_text(color=INK, dy=-8, fontSize=size.font, fontWeight="bold")
        .encode(x=x, y=y("high"), text=alt.Text("text:N")),
        alt.Chart(reports).mark_rule(color=INK, strokeWidth=1).encode(x=x, y=y("low"), y2=alt.Y2("high:Q")),
        circles.encode(x=x, y=y("value")),
        triangles.mark_point(shape="triangle-down", size=40, filled=True, color=INK).encode(x=x, y=y("value")),
        alt.Chart(reports)
        .mark_text(color=INK, dy=-7, fontSize=size.font)
        .encode(x=x, y=y("high"), text=alt.Text("letter:N")),
    ]
    return alt.layer(*layers).properties(width=size.width, height=size.height)


def _time_axis(start: float, end: float, labels: bool = True) -> alt.X:
    import altair as alt

    middles = [year + 0.5 for year in range(int(start), int(end))]
    axis = alt.Axis(
        values=middles,
        labelExpr="format(floor(datum.value), 'd')",
        ticks=False,
        grid=False,
        labelOverlap=True,
        labelFlush=False,
    )
    scale = alt.Scale(domain=[start, end], nice=False, zero=False)
    return alt.X("x:Q", title=None, scale=scale, axis=axis if labels else None)


def _finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart, size: Size) -> Spec:
    # Altair has checked every part as it was made; checking the whole again takes longer than drawing it.
    spec: Spec = chart.to_dict(validate=False)
    colours = {"labelColor": MUTED, "domainColor": MUTED, "tickColor": MUTED, "gridColor": GRID}
    spec["config"] = {
        "background": "transparent",
        "padding": {"left": 6, "right": 8, "top": 6, "bottom": 4},
        "view": {"stroke": None},
        "axis": {"labelFontSize": size.font, **colours},
        "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
        "axisX": {"labelPadding": 6},
    }
    return spec
