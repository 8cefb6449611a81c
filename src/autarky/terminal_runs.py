"""Text for a terminal: a training run of some tokens, its days, its disturbances, and what it takes."""

from __future__ import annotations

import math
from typing import Any

from rich import box
from rich.table import Table

from autarky.run_plans import RunPlan
from autarky.terminal import chance, console, figure

ROWS = (
    ("days from start to finish", "wall_days"),
    ("goodput", "goodput"),
    ("interruptions", "interruptions"),
    ("hours between interruptions", "hours_between_interruptions"),
    ("seconds between checkpoints", "checkpoint_interval_s"),
    ("energy, GWh", "energy_gwh"),
    ("cost, million USD", "cost_musd"),
)


def print_run_plan(answer: RunPlan) -> None:
    """Print what comes of a run: how long it takes, what disturbs it, whether it is in time."""
    data, out = answer.summary(), console()
    out.print(
        f"{_tokens(data['tokens'])} tokens on {data['chips']:,} chips from {data['start']}: {data['planned_days']:.1f} "
        f"days by the plan alone; reliability {data['reliability']}, software {data['software_readiness']}"
    )
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("", "p5", "p50", "p95"):
        table.add_column(name, justify="right" if name else "left")
    for label, key in ROWS:
        if data[key] is not None:
            table.add_row(label, *(_shown(key, data[key][name]) for name in ("p5", "p50", "p95")))
    out.print(table)
    if data["energy_gwh"] is not None:
        out.print(f"energy counts {data['energy_counts']}, and cooling")
    out.print(f"{data['spare_nodes']:,} spare nodes of {data['chips_per_node']} chips")
    if data["finished_share"] < 1:
        out.print(f"{1 - data['finished_share']:.1%} of the draws were given up")
    for line in _deadline(data):
        out.print(line)


def _tokens(count: float) -> str:
    return f"{count / 1e12:.4g}T" if count >= 1e12 else figure(count)


def _shown(key: str, value: float) -> str:
    if not math.isfinite(value):
        return "never"
    return f"{value:.1%}" if key == "goodput" else figure(value)


def _deadline(data: dict[str, Any]) -> list[str]:
    sure, days = f"{data['confidence']:.0%}", data["days_at_confidence"]
    within = f"{days:,.0f} days" if math.isfinite(days) else "no number of days that was tried"
    lines = [f"done within {within} with a probability of {sure}"]
    if data["finish_probability"] is None:
        return lines
    probability = chance(data["finish_probability"], data["finish_probability_error"], data["draws"])
    lines.append(f"done within the {data['days_available']:,.0f} days available: {probability}")
    if data["chips_needed"] is None:
        lines.append(f"chips for {sure}: {data['chips_needed_reason']}")
    else:
        lines.append(f"chips for {sure}: {data['chips_needed']:,}, with as many replicas of the plan as that makes")
    return lines
