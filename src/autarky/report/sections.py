"""The sections of fan charts, in the order of the chain: packages, who makes them, dies, compute, capacity."""

from __future__ import annotations

from collections.abc import Iterable

from autarky.equivalents import NOMINAL
from autarky.report.bands import QUARTER
from autarky.report.figures import Fans, Figure, Section
from autarky.report.words import from_id

PACKAGES = "production.chips"
READING = (
    "The line is the median. Half of the draws lie in the dark band (25th to 75th percentile), nine in ten in the "
    "light one (5th to 95th)."
)
MARKED = (
    "Points with letters are published figures with the error that the catalogue gives them; a triangle is an upper "
    "bound. The lists below the charts name their sources."
)
EQUIVALENT_WORDS = {
    "tpp": "total processing performance (TPP)",
    "dense_8bit": "dense 8-bit rate",
    "dense_16bit": "dense 16-bit rate",
    "memory_bandwidth": "memory bandwidth",
    "training": "training",
    "prefill": "prompts read (prefill)",
    "decode": "answers given (decode)",
}
DIE_PANELS = (
    ("good_dies", "Good dies from the fabs"),
    ("bank_dies", "Dies from die banks"),
    ("stock.dies", "Good dies waiting for memory or packaging"),
    ("stacks", "Memory stacks that reach the packaging lines"),
    ("stock.stacks", "Memory stacks waiting"),
)


def sections(fans: Fans) -> list[Section]:
    """Return every section of fan charts that has something to show."""
    made = [production(fans), vendors(fans), products(fans), dies(fans), equivalents(fans), capacity(fans)]
    return [section for section in made if section.figures]


def _section(name: str, heading: str, figures: Iterable[Figure | None], *text: str) -> Section:
    return Section(name, heading, text, tuple(figure for figure in figures if figure is not None))


def _has(fans: Fans, measure: str) -> bool:
    return measure in fans.bands.result.measures


def production(fans: Fans) -> Section:
    """Return the packages of all chips together."""
    figures = []
    if _has(fans, PACKAGES):
        figures.append(fans.figure("packages", "Packages of all chips", PACKAGES, full=True))
    if _has(fans, "wafers") and not figures:
        figures.append(fans.figure("wafers", "Wafers finished for AI dies", "wafers", full=True))
    return _section("production", "What is made", figures, READING, *([MARKED] if fans.bands.checks() else []))


def vendors(fans: Fans) -> Section:
    """Return the packages of each vendor, where there are several."""
    chips = fans.bands.result.tags.by_entity["production"]
    by_vendor: dict[str, list[str]] = {}
    for chip, tags in chips.items():
        by_vendor.setdefault(tags["vendor"], []).append(chip)
    figures = [
        fans.figure(f"vendor-{number}", fans.names.vendor(vendor, made), PACKAGES, {"vendor": vendor})
        for number, (vendor, made) in enumerate(by_vendor.items())
        if len(by_vendor) > 1
    ]
    return _section("vendors", "By vendor", figures)


def products(fans: Fans) -> Section:
    """Return the packages of each chip, and of each group of chips that something was published about."""
    chips = fans.bands.result.tags.by_entity["production"]
    if len(chips) < 2:
        return _section("products", "By product", ())
    figures = [
        fans.figure(f"product-{number}", fans.names.member("production", chip), PACKAGES, {"chip": chip})
        for number, chip in enumerate(chips)
    ]
    figures += [
        fans.figure(f"group-{number}", f"{', '.join(map(from_id, scope.values()))}, all kinds", PACKAGES, scope)
        for number, scope in enumerate(_observed_groups(fans))
    ]
    return _section("products", "By product", figures)


def _observed_groups(fans: Fans) -> list[dict[str, str]]:
    """Return the scopes of observations that are neither one chip, one vendor nor everything."""
    tags = fans.bands.result.tags
    rows = tags.by_entity["production"]
    shown: list[list[int]] = [tags.members("production", {})]
    shown += [tags.members("production", {key: row[key]}) for row in rows.values() for key in ("chip", "vendor")]
    groups: list[dict[str, str]] = []
    for _, observation in fans.bands.checks():
        if observation.measure != PACKAGES:
            continue
        members = tags.members("production", observation.scope)
        if members not in shown:
            shown.append(members)
            groups.append(dict(observation.scope))
    return groups


def dies(fans: Fans) -> Section:
    """Return dies and memory on their way to the packages."""
    figures = [
        fans.figure(name.replace("_", "-").replace(".", "-"), heading, name)
        for name, heading in DIE_PANELS
        if _has(fans, name)
    ]
    return _section("dies", "Dies and memory", figures)


def equivalents(fans: Fans) -> Section:
    """Return H100-equivalents made and in service, by every measure that takes nothing but the rates of a chip."""
    reference = str(fans.bands.result.settings.scenario.get("reference_chip") or "")
    label = fans.names.label("chips", of=reference) if reference else ""
    figures = [
        fans.figure(
            f"{kind}-{measure.replace('_', '-')}",
            f"{words}, by {EQUIVALENT_WORDS.get(measure, from_id(measure).lower())}",
            f"{kind}.h100e.{measure}",
        )
        for kind, words in (("production", "Made"), ("installed", "In service"))
        for measure in NOMINAL
        if _has(fans, f"{kind}.h100e.{measure}")
    ]
    text = (
        f"Each package counts as its own rate over that of one {label}, by the measure named. The measures differ, so "
        "no single number says what a package is worth. Networks and software are not in these; those of training, "
        "prefill and decode, which have them, stand under what the base can do."
    )
    return _section("equivalents", "In H100-equivalents", figures, text)


def capacity(fans: Fans) -> Section:
    """Return the capacity of each fab, and of fabs that are dedicated to one company together."""
    rows = fans.bands.result.tags.by_entity["capacity"]
    groups: dict[str, list[str]] = {}
    for fab, tags in rows.items():
        if tags["dedicated_to"]:
            groups.setdefault(tags["dedicated_to"], []).append(fab)
    chips = fans.bands.result.tags.by_entity["production"]
    step = min(QUARTER, fans.bands.step)
    figures = [
        fans.figure(f"fab-{number}", fans.names.member("capacity", fab), "capacity", {"fab": fab}, step=step)
        for number, fab in enumerate(rows)
    ]
    for number, (company, fabs) in enumerate(groups.items()):
        if len(fabs) > 1:
            owner = fans.names.vendor(company, [chip for chip, tags in chips.items() if tags["vendor"] == company])
            heading = f"The {len(fabs)} fabs dedicated to {owner}, together"
            figure = fans.figure(f"fabs-of-{number}", heading, "capacity", {"dedicated_to": company}, step=step)
            figures.append(figure)
    text = "Installed capacity in wafers a month, all products, whether or not the wafers carry AI dies."
    return _section("capacity", "Capacity of the fabs", figures, text)
