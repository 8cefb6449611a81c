"""What a region buys: chips imported, and all that is brought into service, by where it came from."""

from __future__ import annotations

from autarky.report.figures import Fans, Section
from autarky.report.sections import EQUIVALENT_WORDS

IMPORTS, GREY, ALL = "imports", "grey", "sales"
COMPUTE = "tpp"
TEXT = (
    "Imports are those on record up to the last date on record; after it, what makers offer and both governments let "
    "through. Chips that come in past the rules are estimated by others and carried forward. Domestic chips are sold "
    "when buyers choose them, not when they are packaged, so these numbers differ from those of what is made."
)


def purchases_section(fans: Fans) -> Section | None:
    """Return the section on what is bought, or None where the result has no market."""
    measures = fans.bands.result.measures
    if f"{ALL}.chips" not in measures:
        return None
    origins = {tags["origin"] for tags in fans.bands.result.tags.by_entity[ALL].values()}
    figures = [
        fans.figure("bought-imports", "Chips imported under the rules", f"{IMPORTS}.chips")
        if f"{IMPORTS}.chips" in measures
        else None,
        fans.figure(
            "bought-imports-compute",
            f"Imported under the rules, by {EQUIVALENT_WORDS[COMPUTE]}",
            f"{IMPORTS}.h100e.{COMPUTE}",
        )
        if f"{IMPORTS}.h100e.{COMPUTE}" in measures
        else None,
        fans.figure("bought-grey", "Chips that came in past the rules", f"{GREY}.chips")
        if f"{GREY}.chips" in measures
        else None,
        fans.figure("bought-domestic", "Domestic chips brought into service", f"{ALL}.chips", {"origin": "domestic"})
        if "domestic" in origins
        else None,
        fans.figure("bought-all", "All chips brought into service", f"{ALL}.chips"),
    ]
    shown = tuple(figure for figure in figures if figure is not None)
    return Section("bought", "What is bought", (TEXT,), shown) if shown else None
