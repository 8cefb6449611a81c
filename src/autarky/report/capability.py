"""What the chips in service can do: training, prompts and answers in a day, power, and what a token costs."""

from __future__ import annotations

from autarky.equivalents import MODELLED
from autarky.measures import ENERGY, POWER, capability
from autarky.report.bands import YEAR
from autarky.report.figures import Fans, Section, Table
from autarky.report.sections import EQUIVALENT_WORDS
from autarky.report.self_sufficiency import matrix_years
from autarky.report.words import amount, listed
from autarky.result import LEVELS
from autarky.tokens import ALL, Spread, TokenFigures, token_figures

LEADING = 12
"""Chips in a table: those of which most are in service; the JSON has all."""
MEDIAN = list(LEVELS).index("p50")
DIGITS = 2
"""Significant digits in the tables of chips."""
PANELS = (
    (capability("training"), "Training that all in service could do in a day"),
    (capability("prefill"), "Or prompts that it could read in a day"),
    (capability("decode"), "Or answers that it could give in a day"),
    (POWER, "Rated power of all in service, with cooling"),
    (ENERGY, "Electricity that it uses"),
)
TEXT = (
    "A chip is worth what it does in its usual system with the software that there is. Each is taken through the "
    "reference workloads below by a model of the time that their operations take, with the best plan or layout that "
    "a search finds, and counts for the share of that which its software reaches. Each capability is what the base "
    "would give if it did nothing else all day. Another workload gives other ratios between chips."
)
POWER_TEXT = (
    "Power is what the systems are rated for, networks, hosts and cooling included. Electricity is that at their mean "
    "load. Costs are what was paid for a chip over its life, and electricity; buildings, people and idle time beyond "
    "the share of life in use are not in them."
)


def capability_section(fans: Fans) -> Section | None:
    """Return the section on what the base can do, or None where nothing of it is known."""
    result = fans.bands.result
    figures = tuple(
        figure
        for name, heading in PANELS
        if name in result.measures
        and (figure := fans.figure(name.replace(".", "-"), heading, name, step=fans.bands.step)) is not None
    )
    if not figures:
        return None
    workloads = [f"{task}: {words}." for task, words in result.capability.workloads.items()]
    tables: tuple[Table, ...] = ()
    years = matrix_years(fans)
    if result.capability.speed and years:
        rows = token_figures(result, years[-1])
        known = [task for task in MODELLED if task in result.capability.speed]
        tables = (_equivalents(fans, known), *(_table(task, years[-1], rows, fans) for task in known))
    text = (TEXT, POWER_TEXT, *_assumed(fans))
    return Section("capability", "What it can do", text, figures, tuple(workloads), tables)


def _assumed(fans: Fans) -> tuple[str, ...]:
    """Return the sentence that names chips of which something is assumed."""
    held = {tags["chip"] for tags in fans.bands.result.tags.by_entity["installed"].values()}
    chips = [chip for chip in fans.bands.result.capability.assumed if chip in held]
    if not chips:
        return ()
    named = listed([fans.names.label("chips", of=chip) for chip in chips])
    return (
        f"For what is not published of {named}, the catalogue's assumptions stand in (its deployments and products).",
    )


def _equivalents(fans: Fans, tasks: list[str]) -> Table:
    """Return H100-equivalents made, imported and in service by reference workload, medians by year."""
    result = fans.bands.result
    kinds = (("production", "made"), ("imports", "imported under the rules"), ("installed", "in service at the end"))
    body, labels = [], tuple(result.years)
    for task in tasks:
        for kind, words in kinds:
            if f"{kind}.chips" in result.measures:
                by_year = fans.bands.band(f"{kind}.h100e.{task}", None, YEAR)
                body.append((f"By {EQUIVALENT_WORDS[task]}, {words}", *map(amount, by_year.quantiles[MEDIAN])))
    return Table("H100-equivalents by reference workload, medians", ("", *labels), tuple(body))


def _table(task: str, year: str, rows: tuple[TokenFigures, ...], fans: Fans) -> Table:
    """Return what each chip does on one workload at the end of a year."""
    header = ("Chip", "In service", "Tokens per second", "Joules per token", "USD per million tokens")
    body = tuple(
        (
            "All that is in service, each" if row.name == ALL else fans.names.label("chips", of=row.name),
            amount(row.in_service[1], DIGITS),
            _spread(row.speed[task]),
            _spread(row.energy[task]),
            _spread(row.cost[task]),
        )
        for row in (*[row for row in rows if row.name != ALL][:LEADING], *[row for row in rows if row.name == ALL])
    )
    return Table(f"One chip in {task} at the end of {year}: median, and 5th to 95th percentile", header, body)


def _spread(values: Spread | None) -> str:
    if values is None:
        return "not known"
    low, middle, high = (amount(value, DIGITS) for value in values)
    return middle if low == high else f"{middle} ({low} to {high})"
