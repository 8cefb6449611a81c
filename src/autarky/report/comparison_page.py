"""The page of a comparison: what other scenarios change against a first one, as one file without a network."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from autarky.analysis.compare import Side
from autarky.facts.catalogue import Catalogue
from autarky.facts.fields import last_day
from autarky.report.charts import time_domain
from autarky.report.names import Names
from autarky.report.page import filled, write_page
from autarky.report.svg import Studio
from autarky.report.what_if import WhatIf, what_if_sections
from autarky.result import Settings


def write_comparison(a: Side, what_if: WhatIf, catalogue: Catalogue, path: Path, command: Sequence[str]) -> Path:
    """Write the page of what other scenarios change against `a`, and return its path.

    Parameters
    ----------
    catalogue : gives labels
    command : the words of the command line that gives this page again
    """
    return write_page(render_comparison(a, what_if, catalogue, command), path)


def render_comparison(a: Side, what_if: WhatIf, catalogue: Catalogue, command: Sequence[str]) -> str:
    """Return the page as HTML."""
    return filled("comparison.html.j2", partial(_context, a, what_if, catalogue, command))


def _context(a: Side, what_if: WhatIf, catalogue: Catalogue, command: Sequence[str], studio: Studio) -> dict[str, Any]:
    settings = a.result.settings
    months = a.result.months
    names, domain = Names(catalogue), time_domain(float(months[0]) / 12, float(months[-1] + 1) / 12)
    return {
        "settings": settings,
        "effects": what_if.effects,
        "title": _title(settings, what_if),
        "latest": _latest(settings, catalogue),
        "horizon": (a.result.month_labels[0], a.result.month_labels[-1]),
        "weighed": a.result.weights is not None,
        "sections": what_if_sections(what_if, names, studio, domain),
        "command": shlex.join(command),
    }


def _title(settings: Settings, what_if: WhatIf) -> str:
    others = what_if.effects
    return f"{others[0].label}, against: {settings.label}" if len(others) == 1 else f"What if? {settings.label}"


def _latest(settings: Settings, catalogue: Catalogue) -> str:
    """Return the last day on which a source was published that could be used."""
    day = last_day(settings.as_of) if settings.as_of else None
    known = [source.known for source in catalogue.sources.values() if day is None or source.known <= day]
    return max(known).isoformat() if known else ""
