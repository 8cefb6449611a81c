"""Writes the report: one HTML file that holds all it needs and opens without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from autarky.atomic import whole_file
from autarky.facts.catalogue import Catalogue
from autarky.report.answer import paragraph, verdict
from autarky.report.bands import Bands
from autarky.report.binding import binding_section
from autarky.report.capability import capability_section
from autarky.report.figures import Fans
from autarky.report.history import history_section
from autarky.report.names import Names
from autarky.report.purchases import purchases_section
from autarky.report.rule_map import rule_map_section
from autarky.report.sections import sections
from autarky.report.self_sufficiency import self_sufficiency_section
from autarky.report.svg import Studio
from autarky.report.tables import input_rows, own_judgement, target_rows, worlds
from autarky.report.timeline import timeline_section
from autarky.report.what_if import WhatIf, what_if_sections
from autarky.report.words import LIKELIHOODS, whole_percent
from autarky.result import Result
from autarky.scenario.counterfactuals import counterfactuals_of
from autarky.scenario.resolve import library


def write_report(result: Result, catalogue: Catalogue, path: Path, what_if: WhatIf | None = None) -> Path:
    """Write the report of a result and return its path; until it is complete, what stood there stays.

    Parameters
    ----------
    catalogue : gives labels and the bibliography
    what_if : what other scenarios would change, for sections of their own
    """
    return write_page(render(result, catalogue, what_if), path)


def write_page(text: str, path: Path) -> Path:
    """Write a page and return its path; until it is complete, what stood there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def render(result: Result, catalogue: Catalogue, what_if: WhatIf | None = None) -> str:
    """Return the report of a result as HTML."""
    return filled("report.html.j2", lambda studio: context(result, catalogue, studio, what_if))


def filled(template: str, context_of: Callable[[Studio], dict[str, Any]]) -> str:
    """Return a page that holds its own style and script, from what is drawn and written for it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = Path(str(resources.files("autarky.report") / "templates"))
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    with Studio() as studio:
        return environment.get_template(template).render(
            **context_of(studio),
            style=Markup(style),
            script=Markup(script),
            style_hash=_digest(style),
            script_hash=_digest(script),
        )


def _digest(text: str) -> str:
    """Return the hash by which the page's security policy knows its own style and script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def context(result: Result, catalogue: Catalogue, studio: Studio, what_if: WhatIf | None = None) -> dict[str, Any]:
    """Return all that the template shows."""
    bands, names = Bands(result, catalogue), Names(catalogue)
    fans = Fans(bands, names, studio)
    targets = target_rows(bands, names)
    inputs = input_rows(result.inputs, names)
    last = (
        purchases_section(fans),
        self_sufficiency_section(fans),
        capability_section(fans),
        rule_map_section(fans),
        binding_section(bands, names, studio),
        history_section(bands, names, studio),
        timeline_section(fans),
    )
    plain = result.settings.scenario
    asks_what_if = what_if is None and bool(counterfactuals_of(result.settings.name))
    return {
        "settings": result.settings,
        "horizon": (result.month_labels[0], result.month_labels[-1]),
        "description": str(plain.get("description") or ""),
        "latest": max((source.published for source in catalogue.sources.values()), default=""),
        "verdict": verdict(bands, targets),
        "paragraph": paragraph(bands, targets),
        "targets": targets,
        "likelihoods": likelihood_scale(),
        "effective_draws": result.effective_draws,
        "worlds": worlds(bands, names),
        "sections": [
            *sections(fans),
            *(section for section in last if section is not None),
            *(what_if_sections(what_if, names, studio, fans.domain) if what_if is not None else ()),
        ],
        "market": bool(result.members.get("sales")),
        "inputs": inputs,
        "own_judgement": own_judgement(inputs),
        "groups": [names.cite(source) for source in _group_sources(plain)],
        "command": command(result, what_if),
        "what_if_command": f"autarky compare {result.settings.name} library --out out" if asks_what_if else "",
        "scenario": json.dumps(plain, ensure_ascii=False, indent=2, default=str),
        "in_library": result.settings.name in library(),
        "notes": result.notes,
        # Last: by now every source that the report uses has been cited.
        "bibliography": names.bibliography(),
    }


def likelihood_scale() -> str:
    """Return what each word for a probability means."""
    parts, low = [], ""
    for limit, words in LIKELIHOODS:
        high = whole_percent(limit)
        parts.append(f"“{words}” {low} to {high}" if low else f"“{words}” is below {high}")
        low = high
    return f"{', '.join(parts)}, and “very likely” {low} or more"


def _group_sources(plain: Any) -> list[str]:
    """Return the sources of the scenario's correlations."""
    found: list[str] = []
    for group in plain.get("correlations") or ():
        cited = group.get("source") or ()
        found += [cited] if isinstance(cited, str) else [str(source) for source in cited]
    return list(dict.fromkeys(found))


def command(result: Result, what_if: WhatIf | None = None) -> str:
    """Return the command line that gives this report again."""
    settings = result.settings
    name = settings.name if settings.name in library() else f"{settings.name}.yaml"
    words = ["autarky", "run", name, "--draws", str(settings.draws), "--seed", str(settings.seed)]
    if settings.as_of:
        words += ["--as-of", settings.as_of]
    if settings.prior:
        words.append("--prior")
    for key, value in (settings.scenario.get("set") or {}).items():
        words += ["--set", f"{key}={json.dumps(value, ensure_ascii=False, default=str)}"]
    for effect in what_if.effects if what_if is not None else ():
        words += ["--with", effect.name]
    return shlex.join([*words, "--out", "out"])
