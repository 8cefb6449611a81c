"""Text for a terminal: what the law says of a chip, the events, and the best designs that the law leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autarky.rules.licence import NOT_APPLICABLE
from autarky.rules.lines import number
from autarky.terminal import console

if TYPE_CHECKING:
    from autarky.analysis.designs import Design, Point
    from autarky.rules.answers import Answer
    from autarky.rules.classification import Classification

UNITLESS = "1"


def print_answer(answer: Answer) -> None:
    """Print class, licence, review and what decided, then the distance to every line and the next change."""
    out = console()
    found = answer.classification
    name = f"{found.chip} ({answer.id})" if answer.id else found.chip
    party = "" if found.headquarters == found.to else f", headquarters in {found.headquarters}"
    out.print(Text(f"{name}: {found.route} to {found.to}{party}, {found.date}", style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for label, text in _rows(found):
        grid.add_row(f"  {label}", Text(text))
    out.print(grid)
    _list(out, "why", found.reasons)
    _list(out, "conditions", found.conditions)
    _print_distances(out, found)
    if found.break_points:
        flips = (
            f"{point.measure.replace('_', ' ')} {number(point.value)}{_unit(point.unit)}: {point.below} below, "
            f"{point.above} above{f', at {point.at}' if point.at else ''}"
            for point in found.break_points
        )
        _list(out, "where the class flips", flips)
    _print_next(out, found)
    _list(out, "note", (*found.warnings, *answer.notes))
    sources = dict.fromkeys([*found.sources, *answer.chip_sources])
    out.print(Text(f"sources: {', '.join(sources)}"))
    out.print()


def _rows(found: Classification) -> Iterable[tuple[str, str]]:
    yield "class", found.class_name
    yield "paragraph", found.paragraph or "none"
    yield "licence", f"{found.licence} ({found.exception})" if found.exception else found.licence
    yield "review", found.review
    yield "company letter", {True: "caught", False: "not caught", None: "undetermined"}[found.letter]
    yield "case-by-case box", found.case_by_case_box
    yield "tariff band", found.tariff_band or "none"
    yield "TPP", _value(found.tpp, found.tpp_range)
    yield "density, per mm2", _value(found.performance_density, found.performance_density_range, digits=4)
    if found.probabilities and len(found.probabilities) > 1:
        yield "probability", ", ".join(f"{name} {100 * share:.1f} %" for name, share in found.probabilities.items())
    yield "decided by", found.decided_by


def _value(value: float | tuple[float, float] | None, bounds: tuple[float, float] | None, digits: int = 6) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return f"between {number(value[0], digits)} and {number(value[1], digits)}"
    if bounds is None or bounds[0] == bounds[1]:
        return number(value, digits)
    return f"{number(value, digits)} ({number(bounds[0], digits)} to {number(bounds[1], digits)})"


def _list(out: Console, heading: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if lines:
        out.print(Text(heading, style="italic"))
        for line in lines:
            _line(out, line)


def _unit(unit: str) -> str:
    return "" if unit == UNITLESS else f" {unit}"


def _print_distances(out: Console, found: Classification) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="How far from each line", title_justify="left", pad_edge=False)
    for heading in ("line", "measure"):
        table.add_column(heading)
    for heading in ("limit", "value", "distance"):
        table.add_column(heading, justify="right", no_wrap=True)
    signs = {"at_least": ">=", "above": ">", "below": "<", "at_most": "<="}
    for line in found.distances:
        measure = line.measure.replace("_", " ")
        limit = f"{signs[line.sign]} {number(line.threshold)}{_unit(line.unit)}"
        table.add_row(Text(line.line), measure, limit, _pair(line.value), _pair(line.distance, sign="+"))
    if found.distances:
        out.print(table)


def _pair(value: float | tuple[float, float] | None, sign: str = "") -> str:
    if value is None:
        return "unknown"
    ends = value if isinstance(value, tuple) else (value,)
    return " to ".join(f"{end:{sign},.4g}" if abs(end) < 1000 else f"{end:{sign},.0f}" for end in ends)


def _print_next(out: Console, found: Classification) -> None:
    change = found.next_change
    if change is None:
        out.print("next change: none that is known")
        return
    by = f" ({', '.join(change.rules)})" if change.rules else ""
    out.print(Text(f"next change: {change.date}{by}"))
    for name, (before, after) in change.changes.items():
        label = "class" if name == "class_name" else name.replace("_", " ")
        out.print(Text(f"  {label}: {_word(before)} -> {_word(after)}"))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "caught" if value else "not caught"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def print_timeline(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print events in order of time: day, actor, label and standing, then what each changes."""
    out = console()
    for row in rows:
        mark = "" if row["enacted"] else "  [not enacted]"
        heading = f"{row['date']}  {row['actor']}  {row['label']}{mark}"
        out.print(Text(_wrapped(out, heading, ""), style="bold"))
        about = [row["status"], f"confidence {row['confidence']}", row["instrument"], _days(row)]
        _line(out, "; ".join(dict.fromkeys(part for part in about if part)))
        if row["affects"]:
            _line(out, f"affects: {row['affects']}")
        for lever in row["levers"]:
            _line(out, _lever(lever))
        if row["requires"]:
            _line(out, f"only with: {', '.join(row['requires'])}")
        for state in row["states"]:
            until = f" until {state['until']}" if state["until"] else ""
            _line(out, f"from {state['from']}{until}, {state['state']}: {state['text']}")
        if row["note"]:
            _line(out, row["note"])
        _line(out, f"{row['id']}: {', '.join(row['sources'])}")
    out.print(f"{len(rows)} events")


def _line(out: Console, text: str) -> None:
    out.print(Text(_wrapped(out, text, "  ")))


def _wrapped(out: Console, text: str, indent: str) -> str:
    """Return text in lines that fit the console, the first indented as said and the others a little further."""
    return fill(
        text,
        out.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _days(row: Mapping[str, Any]) -> str:
    names = ("published", "effective", "compliance", "superseded")
    return ", ".join(f"{name} {row[name]}" for name in names if row[name])


def _lever(lever: Mapping[str, Any]) -> str:
    scope = dict(lever["scope"])
    regions = scope.pop("region", [])
    where = f" to {', '.join(regions)}" if regions else ""
    what = ", ".join(name for names in scope.values() for name in names) or "everything"
    until = f" until {lever['until']}" if lever["until"] else ""
    return f"{lever['kind'].replace('_', ' ')} {_levels(lever)} for {what}{where}, from {lever['from']}{until}"


def _levels(lever: Mapping[str, Any]) -> str:
    low, middle, high = lever["p5"], lever["p50"], lever["p95"]
    if lever["kind"] == "fab_start":
        from autarky.quantities.months import month_label

        ends = [month_label(int(value)) for value in (low, high)]
        return f"by {ends[0]}" if low == high else f"by {ends[0]} to {ends[1]}"
    unit = _unit(lever["unit"])
    return f"{middle:,.4g}{unit}" if low == high else f"{low:,.3g} to {high:,.3g}{unit}"


SHOWN_FRONTIER = 12


def print_design(found: Design) -> None:
    """Print the best design of each standing, the frontier of the freest, and real chips beside them."""
    out = console()
    shares = ", ".join(f"{axis} {100 * share:.0f} %" for axis, share in found.weights.items() if share)
    told = f"time on {found.reference}: {shares}" if shares else found.scored
    out.print(Text(f"Best chip for {found.workload}, to {found.to}, {found.date}", style="bold"))
    out.print(Text(f"{told}; speed is over that of {found.reference}"))
    budget = found.budget
    out.print(
        Text(
            f"budget of {budget.label}: {number(budget.area)} mm2, {number(budget.density, 4)} TPP per mm2, "
            f"{number(budget.stacks)} stacks ({number(budget.memory)} GB/s), links {number(budget.link)} GB/s both "
            f"ways; {100 * found.margin:g} % inside every line"
        )
    )
    if not found.best:
        out.print("no design within the budget escapes a denial")
    table = _design_table("Best", "standing")
    for best in found.best.values():
        table.add_row(best.standing, *_design_cells(best.point), f"{best.speed:.3g}", best.class_name)
    out.print(table)
    for best in found.best.values():
        bounds = "; ".join(f"{axis}: {bound}" for axis, bound in best.bound_by.items())
        _line(out, f"{best.standing}, held back by: {bounds}")
        if best.conditions:
            _line(out, f"{best.standing}, on conditions: {'; '.join(best.conditions)}")
    if len(found.frontier) > 1:
        table = _design_table("Frontier: more of one rate costs another", "")
        for point in found.frontier[:SHOWN_FRONTIER]:
            table.add_row("", *_design_cells(point), "", "")
        out.print(table)
    table = _design_table("Chips beside it", "chip")
    for placed in found.chips:
        known = placed.review in (placed.standing, NOT_APPLICABLE)
        law = placed.standing if known else f"{placed.standing}; review: {placed.review}"
        speed = "unknown" if placed.speed is None else f"{placed.speed:.3g}"
        table.add_row(placed.label, *_design_cells(placed.point), speed, law)
    out.print(table)
    out.print(Text(f"{found.searched:,} designs searched; sources: {', '.join(found.sources) or 'weights as given'}"))


def _design_table(title: str, first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column(first)
    for heading in ("TPP", "mm2", "per mm2", "GB/s memory", "GB/s links", "speed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("the law")
    return table


def _design_cells(point: Point) -> list[str]:
    area = ("unknown", "unknown") if point.area is None else (number(point.area, 4), number(point.tpp / point.area, 3))
    return [number(point.tpp, 5), *area, number(point.memory, 5), number(point.link, 4)]
