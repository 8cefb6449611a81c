"""What binds when: the share of draws in which dies, memory or packaging decided the number of packages."""

from __future__ import annotations

from autarky.report.bands import Bands
from autarky.report.charts import ON_SEGMENT, SEGMENTS, stacked_shares, time_domain, with_data
from autarky.report.figures import SIZES, Figure, Mark, Section, Table
from autarky.report.names import Names
from autarky.report.svg import Studio
from autarky.report.words import listed, whole_percent
from autarky.targets import by_kind

OTHERS = "All others"
SMALLEST_LETTERED = 0.06
"""A share below this is too low for its letter."""
HALF_BAR = 0.42
NOTHING = "nothing made"
KINDS = {"dies": "the number of dies", "memory": "memory", "packaging": "packaging", NOTHING: "nothing was made"}


def binding_section(bands: Bands, names: Names, studio: Studio) -> Section | None:
    """Return the section on what binds, or None where nothing is packaged."""
    by_year = bands.result.bottleneck()
    if not by_year or not any(by_year.values()) or all(set(shares) == {NOTHING} for shares in by_year.values()):
        return None
    labelled = labelled_shares(by_year, names)
    labels = list(labelled)
    years = list(by_year)
    fills = {label: SEGMENTS[index % len(SEGMENTS)] for index, label in enumerate(labels)}
    on_fills = {label: ON_SEGMENT[index % len(SEGMENTS)] for index, label in enumerate(labels)}
    letters = {label: chr(ord("A") + index) for index, label in enumerate(labels)}
    shares, texts = [], []
    for column, year in enumerate(years):
        low = 0.0
        for label in labels:
            share = labelled[label][column]
            middle = int(year) + 0.5
            if share > 0:
                ends = {"x": middle - HALF_BAR, "x2": middle + HALF_BAR, "low": low, "high": low + share}
                shares.append({**ends, "fill": fills[label]})
            if share >= SMALLEST_LETTERED:
                texts.append({"x": middle, "y": low + share / 2, "letter": letters[label], "fill": on_fills[label]})
            low += share
    domain = time_domain(*bands.domain)
    table = Table(
        "Share of draws in which each constraint decided most packages",
        ("Constraint", *years),
        tuple((f"{letters[label]} {label}", *map(whole_percent, labelled[label])) for label in labels),
    )
    heading = "What decides the number of packages"
    words = tuple(binding_words(year, by_year[year]) for year in years)
    drawings = tuple(
        studio.draw(
            with_data(stacked_shares(*domain, size), shares=shares, letters=texts),
            f"binding-{kind}",
            heading,
            " ".join(words),
            kind,
        )
        for kind, size in SIZES
    )
    marks = tuple(Mark(letters[label], label, fill=fills[label], on_fill=on_fills[label]) for label in labels)
    figure = Figure("binding-chart", heading, "share of draws by year", drawings, table, marks, full=True)
    text = (
        "In each draw and month, one constraint decides how many packages of a chip are begun. A draw counts for the "
        "constraint that decided most packages of its year. “Dies” means that every die in stock found memory and "
        "packaging, so that more dies would have made more packages."
    )
    return Section("binding", "What binds when", (text,), (figure,), words)


def labelled_shares(by_year: dict[str, dict[str, float]], names: Names) -> dict[str, list[float]]:
    """Return shares by year for each constraint, by label; the smallest go together where there are too many."""
    constraints = list(dict.fromkeys(name for shares in by_year.values() for name in shares))
    totals = {name: sum(shares.get(name, 0.0) for shares in by_year.values()) for name in constraints}
    room = len(SEGMENTS) if len(constraints) <= len(SEGMENTS) else len(SEGMENTS) - 1
    kept = set(sorted(constraints, key=lambda name: -totals[name])[:room])
    labelled: dict[str, list[float]] = {}
    for name in sorted(constraints, key=lambda name: (name not in kept, _order(name))):
        label = names.constraint(name) if name in kept else OTHERS
        row = [shares.get(name, 0.0) for shares in by_year.values()]
        labelled[label] = [a + b for a, b in zip(labelled.get(label, [0.0] * len(row)), row, strict=True)]
    return labelled


def _order(name: str) -> int:
    kind = name.partition(":")[0]
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def binding_words(year: str, shares: dict[str, float]) -> str:
    """Return what binds in a year, in one sentence."""
    shown = {kind: share for kind, share in by_kind(shares).items() if share >= 0.005}
    parts = [f"{KINDS.get(kind, kind)} in {whole_percent(share)}" for kind, share in shown.items()]
    return f"{year}: {listed(parts)} of the draws."
