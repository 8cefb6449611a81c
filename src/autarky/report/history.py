"""How well the history fits: what the evidence did to the draws, and which publications are in tension."""

from __future__ import annotations

from autarky.analysis.condition import FEWEST_DRAWS, LARGEST_K, Check, Report
from autarky.report.bands import Bands
from autarky.report.charts import BLUE, INK, MUTED, PANEL, intervals, with_data
from autarky.report.figures import Figure, Mark, Section, Table, letter
from autarky.report.names import Names
from autarky.report.svg import Studio
from autarky.report.words import amount, percent, sentence, spread, unit_words, whole_percent

LONGEST_LABEL = 17


def history_section(bands: Bands, names: Names, studio: Studio) -> Section | None:
    """Return the section on the fit, or None where there is no evidence."""
    fit = bands.result.fit
    if fit is None:
        return None
    figures = tuple(
        _figure(f"history-{number}", check, bands, names, studio) for number, check in enumerate(fit.checks)
    )
    strained = [line for check in fit.checks for line in tensions(check, names)]
    text = [fit_words(bands)]
    text.append(
        "Several reports of one amount are alternatives: at most one is right. Each has a probability of being the "
        "right one, before the model spoke (from its grade) and after (given the chain and all other evidence)."
    )
    text.append("In tension with the chain and the rest:" if strained else "No report is in tension with the rest.")
    return Section("history", "How well the history fits", tuple(text), figures, tuple(strained))


def fit_words(bands: Bands) -> str:
    """Return whether the draws could be weighed by the evidence, with the numbers that decide it."""
    fit, settings = bands.result.fit, bands.result.settings
    if fit is None:
        return "No evidence is named in the scenario: the numbers are the chain alone."
    numbers = (
        f"{fit.effective_draws:,.0f} effective draws of {settings.draws:,} (at least {FEWEST_DRAWS:,} are needed), "
        f"Pareto k {fit.pareto_k:.2f} (at most {LARGEST_K:g})"
    )
    if not fit.usable:
        return (
            f"The evidence leaves too little to weigh the draws with: {numbers}. The numbers of this report are "
            "therefore the chain alone, without the evidence. More draws can help where Pareto k is low."
        )
    if settings.prior:
        return f"The draws are left unweighted, as asked; the evidence would leave {numbers}."
    return f"The draws are weighed by the evidence, and the fit can be trusted: {numbers}."


def tensions(check: Check, names: Names) -> list[str]:
    """Return a sentence for each report that the chain and the other evidence make much less likely to be right."""
    lines = []
    for report in check.reports:
        if report.in_tension:
            publishers = ", ".join(names.cite(source).short for source in report.sources)
            fall = f"falls from {whole_percent(report.prior)} to {_probability(report.posterior)}"
            lines.append(sentence(f"{check.label}: {_value(report, check.unit)} ({publishers}) {fall}"))
    if check.none_right > 0.5:
        lines.append(sentence(f"{check.label}: probably none of the reports is right ({percent(check.none_right)})"))
    return lines


def _value(report: Report, unit: str) -> str:
    return f"{'at most ' if report.bound else ''}{amount(report.value)} {unit_words(unit)}"


def _probability(value: float) -> str:
    return whole_percent(value) if value >= 0.001 else f"below {percent(0.001)}"


def _figure(name: str, check: Check, bands: Bands, names: Names, studio: Studio) -> Figure:
    fit = bands.result.fit
    weighed = fit is not None and fit.usable
    rows = [_row("the chain alone", check.before, MUTED)]
    if weighed:
        rows.append(_row("with the evidence", check.after, BLUE))
    marks, table = [], []
    for index, report in enumerate(check.reports):
        low, high = bands.range_of(check, report)
        cited = tuple(names.cite(source) for source in report.sources)
        label = f"{letter(index)} {cited[0].publisher if cited else ''}"
        short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1].rstrip()}…"
        note = whole_percent(report.posterior) if weighed else ""
        row = {"label": short, "low": low, "middle": report.value, "high": high, "fill": INK}
        rows.append({**row, "bound": report.bound, "note": note})
        chances = (whole_percent(report.prior), _probability(report.posterior))
        words = f"{_value(report, check.unit)}, {chances[0]} before and {chances[1]} after"
        marks.append(Mark(letter(index), words, cited))
        table.append((f"{letter(index)} {_value(report, check.unit)}", *chances))
    table.append(("none of them", "", _probability(check.none_right)))
    marks.append(Mark("–", f"none of them is right: {_probability(check.none_right)} after"))
    before = f"The chain alone: {spread(*check.before, check.unit)}."
    after = f"With the evidence: {spread(*check.after, check.unit)}." if weighed else ""
    said = [before, after, *(f"{mark.letter}: {mark.text}." for mark in marks)]
    description = " ".join(part for part in said if part)
    drawing = studio.draw(with_data(intervals(len(rows), PANEL), rows=rows), name, check.label, description)
    return Figure(
        id=name,
        heading=check.label,
        unit=unit_words(check.unit),
        drawings=(drawing,),
        table=Table(f"Probability of being right: {check.label}", ("Report", "Before", "After"), tuple(table)),
        marks=tuple(marks),
        text=tuple(part for part in (before, after) if part),
    )


def _row(label: str, values: tuple[float, float, float], fill: str) -> dict[str, object]:
    low, middle, high = values
    return {"label": label, "low": low, "middle": middle, "high": high, "fill": fill, "bound": False, "note": ""}


def state(bands: Bands) -> str:
    """Return in one sentence what the numbers of the report rest on."""
    fit = bands.result.fit
    if fit is None:
        return "These numbers are the chain alone; the scenario names no evidence about the past."
    count = "one observation" if len(fit.checks) == 1 else f"{len(fit.checks)} observations"
    are = "is" if len(fit.checks) == 1 else "are"
    if not fit.usable:
        return (
            f"These numbers are the chain alone: {count} of the past {are} at odds with it so often that "
            "too few draws are left to weigh."
        )
    if bands.result.settings.prior:
        return f"These numbers are the chain alone, as asked; {count} of the past {are} shown but not used."
    return f"These numbers are weighed by {count} of the past."
