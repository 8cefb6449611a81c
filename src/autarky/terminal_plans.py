"""Text for a terminal: training plans, and two systems side by side."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table

from autarky.planning import TrainingPlan
from autarky.terminal import console, figure

NOTABLY_LESS = 0.85
"""The front is printed in steps of this much memory; `--json` has all of it."""


def print_training_plan(answer: TrainingPlan) -> None:
    """Print the fastest plans, what the fastest spends its time and memory on, and the front."""
    data, out = answer.to_json(), console()
    out.print(
        f"{data['model']} on {data['chips']:,} chips of {data['system']}: {data['batch_sequences']:,.0f} sequences of "
        f"{data['sequence_tokens']:,} tokens, {data['precision']}, {data['software']}"
    )
    out.print(f"{data['plans_tried']:,} plans tried, {data['plans_fitting']:,} fit in memory")
    out.print(_plans(data["best"]))
    first = data["best"][0]
    out.print("time of the fastest: " + _parts(first["time_by_part_s"], "s"))
    out.print("memory of the fastest: " + _parts(first["memory_by_part_gb"], "GB"))
    whole, half = first["mfu"]["whole"], first["mfu"]["half"]
    out.print(f"MFU {half:.1%} with the used half of attention counted, {whole:.1%} with all pairs")
    if len(data["front"]) > 1:
        out.print("less memory costs time:")
        out.print(_front(data["front"]))
    for rule, count in data["ruled_out"].items():
        out.print(f"ruled out: {count:,} plans, {rule}")


def _plan_text(plan: dict[str, Any]) -> str:
    shown = {
        key: value for key, value in plan.items() if key in ("tp", "pp", "dp", "mbs") or value not in (0, 1, "none")
    }
    return " ".join(f"{key}={value}" for key, value in shown.items())


def _plans(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    columns = ("plan", "step s", "tokens/s/chip", "MFU", "GB", "J/token", "USD/M tokens", "slower by")
    for name in columns:
        table.add_column(name, justify="left" if name in ("plan", "slower by") else "right")
    for row in rows:
        table.add_row(
            _plan_text(row["plan"]),
            f"{row['step_time_s']:.3f}",
            figure(row["tokens_per_s_per_chip"]),
            f"{row['mfu']['half']:.1%}",
            f"{row['memory_gb']:.1f}",
            _or_dash(row["energy_j_per_token"]),
            _or_dash(row["cost_usd_per_million_tokens"]),
            ", ".join(f"{part} {value:.2g} s" for part, value in row["slower_by"].items()),
        )
    return table


def _front(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE)
    for name in ("plan", "step s", "GB"):
        table.add_column(name, justify="left" if name == "plan" else "right")
    least = float("inf")
    for row in rows:
        if row["memory_gb"] < NOTABLY_LESS * least:
            least = row["memory_gb"]
            table.add_row(_plan_text(row["plan"]), f"{row['step_time_s']:.3f}", f"{least:.1f}")
    return table


def _or_dash(value: float | None) -> str:
    return "-" if value is None else figure(value)


def _parts(parts: dict[str, float], unit: str) -> str:
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {value:.3g} {unit}" for name, value in ordered)


def print_comparison(answer: dict[str, Any]) -> None:
    """Print two systems side by side; where a figure has several conventions, its range."""
    table = Table(box=box.SIMPLE)
    for name in ("quantity", "unit", answer["left"], answer["right"], "ratio"):
        table.add_column(name, justify="left" if name in ("quantity", "unit") else "right")
    for row in answer["rows"]:
        table.add_row(
            row["quantity"],
            row["unit"],
            _range([side["value"] for side in row["left"]]),
            _range([side["value"] for side in row["right"]]),
            _range([row["ratio_low"], row["ratio_high"]]),
        )
    console().print(table)


def _range(values: list[float]) -> str:
    low, high = figure(min(values)), figure(max(values))
    return low if low == high else f"{low} to {high}"
