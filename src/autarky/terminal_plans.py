"""Text for a terminal: training plans, and two systems side by side."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from autarky.planning import TrainingPlan
from autarky.terminal_text import console, figure

NOTABLY_LESS = 0.85
"""The front is printed in steps of this much memory; `--json` has all of it."""


def print_training_plan(answer: TrainingPlan) -> None:
    """Print the fastest plans, what the fastest spends its time and memory on, and the front."""
    data, out = answer.to_json(), console()
    out.print(
        f"{data['model']} on {counted(data['chips'], 'chip')} of {data['system']}: "
        f"{counted(data['batch_sequences'], 'sequence')} of {data['sequence_tokens']:,} tokens, {data['precision']}, "
        f"{data['software']}"
    )
    out.print(f"{counted(data['plans_tried'], 'plan')} tried, {data['plans_fitting']:,} fit in memory")
    out.print(_plans(data["best"]))
    for number, row in enumerate(data["best"], 1):
        out.print(f"{number}: {plan_text(row['plan'])}{_loss(row['slower_by'])}")
    first = data["best"][0]
    out.print("time of the fastest: " + parts_text(first["time_by_part_s"], "s"))
    out.print("memory of the fastest: " + parts_text(first["memory_by_part_gb"], "GB"))
    if first["host_memory_gb"]:
        out.print(f"optimiser states wait with the host: {figure(first['host_memory_gb'])} GB a chip")
    whole, half = first["mfu"]["whole"], first["mfu"]["half"]
    out.print(f"MFU {half:.1%} with the used half of attention counted, {whole:.1%} with all pairs")
    if len(data["front"]) > 1:
        out.print("less memory costs time:")
        out.print(_front(data["front"]))
    print_ruled_out(data["ruled_out"], "plan", out)


def counted(count: float, one: str, several: str = "") -> str:
    """Return a whole number of things in words."""
    return f"{count:,.0f} {one if count == 1 else several or f'{one}s'}"


def plan_text(plan: dict[str, Any]) -> str:
    """Return a plan without what it leaves out."""
    shown = {
        key: value for key, value in plan.items() if key in ("tp", "pp", "dp", "mbs") or value not in (0, 1, "none")
    }
    return " ".join(f"{key}={value}" for key, value in shown.items())


def print_ruled_out(counts: dict[str, int], what: str, out: Console) -> None:
    """Print how many plans, or what they are called, each rule ruled out."""
    for rule, count in counts.items():
        out.print(f"ruled out: {counted(count, what)}, {rule}")


def _loss(parts: dict[str, float]) -> str:
    if not parts:
        return ""
    return "; loses " + ", ".join(f"{value:.2g} s in {part}" for part, value in parts.items())


def _plans(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("", "step s", "tokens/s/chip", "MFU", "GB a chip", "J/token", "USD/M tokens"):
        table.add_column(name, justify="right")
    for number, row in enumerate(rows, 1):
        table.add_row(
            str(number),
            f"{row['step_time_s']:,.3f}",
            figure(row["tokens_per_s_per_chip"]),
            f"{row['mfu']['half']:.1%}",
            f"{row['memory_gb']:.1f}",
            or_dash(row["energy_j_per_token"]),
            or_dash(row["cost_usd_per_million_tokens"]),
        )
    return table


def _front(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("GB a chip", "step s", "plan"):
        table.add_column(name, justify="left" if name == "plan" else "right")
    least = float("inf")
    for row in rows:
        if row["memory_gb"] < NOTABLY_LESS * least:
            least = row["memory_gb"]
            table.add_row(f"{least:.1f}", f"{row['step_time_s']:,.3f}", plan_text(row["plan"]))
    return table


def or_dash(value: float | None) -> str:
    """Return a number with three digits, a dash where it is not known."""
    return "-" if value is None else figure(value)


def parts_text(parts: dict[str, float], unit: str) -> str:
    """Return parts with their names, largest first."""
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {value:.3g} {unit}" for name, value in ordered)


def print_comparison(answer: dict[str, Any]) -> None:
    """Print two systems side by side; where a figure has several conventions, its range."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("")
    for name in (answer["left"], answer["right"], "ratio"):
        table.add_column(name, justify="right")
    for row in answer["rows"]:
        table.add_row(
            f"{row['quantity']}, {row['unit']}",
            _range([side["value"] for side in row["left"]]),
            _range([side["value"] for side in row["right"]]),
            _range([row["ratio_low"], row["ratio_high"]]),
        )
    console().print(table)


def _range(values: list[float]) -> str:
    low, high = figure(min(values)), figure(max(values))
    return low if low == high else f"{low} to {high}"
