"""Text for a terminal: serving plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table

from autarky.serving_plans import ServingPlan
from autarky.terminal_plans import counted, or_dash, parts_text, plan_text, print_ruled_out
from autarky.terminal_text import console, figure

NOTABLY_FASTER = 1.25
"""The front is printed in steps of this much speed for each user; `--json` has all of it."""
COLUMNS = ("tokens/s\na chip", "tokens/s\na user", "first\ntoken s", "in\nflight", "GB\na chip", "J", "USD/M")
"""Of answer tokens, all of them; energy and cost too."""
WORDS = {"expert": "to and from experts", "tensor": "sums over devices", "pipeline": "stage to stage"}
"""What transfers are called."""


def print_serving_plan(answer: ServingPlan) -> None:
    """Print the fastest deployments, what the fastest spends its time and memory on, and the front."""
    data, out = answer.to_json(), console()
    for line in _head(data):
        out.print(line)
    out.print(_table(data["best"], numbered=True))
    for number, row in enumerate(data["best"], 1):
        out.print(f"{number}: {_servers(row)}{_loss(row['slower_by'])}")
    for line in _of_the_fastest(data["best"][0], data):
        out.print(line)
    shown = _notable(data["front"])
    if len(shown) > 1:
        out.print("faster for each user, slower in all (not all within the limit for each token):")
        out.print(_table(shown, numbered=False))
    print_ruled_out(data["ruled_out"], "layout", out)
    for reason, count in data["too_slow"].items():
        out.print(f"of servers that do everything: {counted(count, 'layout')}, {reason}")


def _head(data: Mapping[str, Any]) -> list[str]:
    reused = f", {data['reused_tokens']:,.0f} of them cached" if data["reused_tokens"] else ""
    guesses = data["speculation"]
    lines = [
        f"{data['model']} on {counted(data['chips'], 'chip')} of {data['system']}: prompts of "
        f"{counted(data['prompt_tokens'], 'token')}{reused}, answers of {data['answer_tokens']:,.0f}",
        f"{data['precision']}, {data['cache_bits']:g}-bit cache, {data['software']}"
        + (
            f", {counted(guesses['guesses'], 'guess', 'guesses')} a step for {guesses['tokens_a_step']:.3g} tokens"
            if guesses
            else ""
        ),
    ]
    limits = [
        text
        for limit, text in (
            (data["ttft_limit_s"], f"{data['ttft_limit_s']} s to the first token"),
            (data["tpot_limit_ms"], f"{_or_none(data['tpot_limit_ms'])} ms for each after it"),
        )
        if limit is not None
    ]
    if limits:
        lines.append(f"limits: {', '.join(limits)}")
    if data["taken"]:
        lines.append(f"taken from the reference workloads: {' '.join(data['taken'])}")
    lines += [f"note: {note}" for note in data["notes"]]
    pairs = f", {counted(data['pairs_tried'], 'pair')} of servers" if data["pairs_tried"] else ""
    layouts = counted(data["layouts_tried"], "layout")
    lines.append(f"{layouts} of a server tried{pairs}; {data['layouts_fitting']:,} of the layouts fit")
    return lines


def _or_none(value: float | None) -> str:
    return "no" if value is None else f"{value:g}"


def _of_the_fastest(row: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    use, energy, cost = row["compute_utilisation"], row["energy_j_per_token"], row["cost_usd_per_million_tokens"]
    lines = [
        f"of the fastest: {row['concurrency']:,.0f} requests in flight, {figure(row['requests_per_s'])} a second, "
        f"{figure(row['tokens_per_s'])} tokens/s; {row['chips_at_work']:,.0f} of {data['chips']:,} chips at work",
        f"step of {row['step_ms']:.3g} ms: {_times(row['step_by_part_ms'])}",
        f"pass over prompts of {row['prompt_pass_ms']:.3g} ms: {_times(row['prompt_pass_by_part_ms'])}",
        f"memory a chip: {parts_text(row['memory_by_part_gb'], 'GB')}",
    ]
    if row["prefill_memory_by_part_gb"]:
        lines.append(f"of servers for prompts: {parts_text(row['prefill_memory_by_part_gb'], 'GB')}")
    lines.append(
        f"use of the peak: {use['prompts']['half']:.1%} over prompts with the used half of attention counted "
        f"({use['prompts']['whole']:.1%} with all pairs), {use['generation']['whole']:.1%} in generation; of the "
        f"bandwidth {row['bandwidth_utilisation']['generation']['touched']:.1%}, touched weights counted once"
    )
    if energy["prompt"] is not None:
        prompt, answer = figure(energy["prompt"]), figure(energy["answer"])
        lines.append(f"energy at rated power, cooling included: {prompt} J a prompt token, {answer} J an answer token")
    if cost["prompt"] is not None:
        prompt, answer = figure(cost["prompt"]), figure(cost["answer"])
        lines.append(f"cost: {prompt} USD a million prompt tokens, {answer} USD a million answer tokens")
    return lines


def _servers(row: Mapping[str, Any]) -> str:
    """Return the servers of a plan in words."""
    plan: Mapping[str, Any] = row["plan"]
    if row["mode"] == "together":
        return _some(plan, "")
    return f"prompts {_some(plan, 'prefill.')}; answers {_some(plan, 'decode.')}"


def _some(plan: Mapping[str, Any], side: str) -> str:
    layout = {key.removeprefix(side): value for key, value in plan.items() if key.startswith(side)}
    count = layout.pop("servers")
    # Where nothing is divided further than its devices, what each expert is divided by says nothing new.
    layout.pop("mtp")
    return f"{count:,} x ({plan_text({'tp': layout.pop('tp'), **layout})})"


def _times(parts: Mapping[str, float]) -> str:
    return parts_text({WORDS.get(part, part): value for part, value in parts.items()}, "ms")


def _loss(parts: Mapping[str, float]) -> str:
    if not parts:
        return ""
    return (
        "; loses "
        + ", ".join(f"{value:.2g} ms in {WORDS.get(part, part)}" for part, value in parts.items())
        + " a token and chip"
    )


def _notable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for row in rows:
        if not kept or row["tokens_per_s_per_user"] > NOTABLY_FASTER * kept[-1]["tokens_per_s_per_user"]:
            kept.append(row)
    return kept


def _table(rows: list[dict[str, Any]], *, numbered: bool) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in (*(("",) if numbered else ()), *COLUMNS, *(() if numbered else ("servers",))):
        table.add_column(name, justify="left" if name == "servers" else "right")
    for number, row in enumerate(rows, 1):
        cells = [
            figure(row["tokens_per_s_per_chip"]),
            figure(row["tokens_per_s_per_user"]),
            figure(row["ttft_s"]),
            f"{row['concurrency']:,.0f}",
            f"{row['memory_gb']:.1f}",
            or_dash(row["energy_j_per_token"]["answer"]),
            or_dash(row["cost_usd_per_million_tokens"]["answer"]),
        ]
        table.add_row(*([str(number)] if numbered else []), *cells, *([] if numbered else [row["mode"]]))
    return table
