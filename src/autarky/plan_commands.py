"""Commands about systems and what they do: `plan train`, `compare-systems`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]

plan_app = typer.Typer(help="The fastest way to run a model on a system.", no_args_is_help=True)


@plan_app.command("train")
def plan_train(
    model: Annotated[str, typer.Option(metavar="CONFIG.json", help="A model's config, or the id of a bundled one.")],
    system: Annotated[str, typer.Option(help="A system of the catalogue.")],
    chips: Annotated[int | None, typer.Option(help="Chips to use; default: one whole system.")] = None,
    plan: Annotated[
        str,
        typer.Option(metavar="tp=8,pp=8,...", help="Fix parts of the plan: tp pp vpp dp cp ep mbs recompute zero sp."),
    ] = "",
    sequence: Annotated[int, typer.Option(help="Tokens of a sequence.")] = 4096,
    batch: Annotated[int, typer.Option(help="Sequences of a step.")] = 1024,
    precision: Annotated[str, typer.Option(help="bf16, fp16, fp8, mxfp8, nvfp4 or int8.")] = "bf16",
    software: Annotated[str, typer.Option(help="A training stack of the catalogue.")] = "megatron-core",
    pue: Annotated[float | None, typer.Option(help="Total power over that of the system.")] = None,
    prediction: Annotated[bool, typer.Option("--prediction", help="Train multi-token prediction too.")] = False,
    flexible: Annotated[
        bool, typer.Option("--flexible", help="Let --batch be the most, where it cannot be met.")
    ] = False,
    keep: Annotated[int, typer.Option(help="Plans to show.")] = 5,
    as_json: Json = False,
) -> None:
    """Search the parallel plans to train a model on a system, or price one given plan."""
    from autarky.planning import plan_training

    answer = plan_training(
        model,
        system,
        chips=chips,
        plan=plan,
        sequence=sequence,
        batch=batch,
        precision=precision,
        software=software,
        pue=pue,
        prediction=prediction,
        flexible=flexible,
        keep=keep,
    )
    if as_json:
        _print_json(answer.to_json())
        return
    from autarky.terminal_plans import print_training_plan

    print_training_plan(answer)


def compare_systems(
    left: Annotated[str, typer.Argument(metavar="SYSTEM_A", help="A system of the catalogue.")],
    right: Annotated[str, typer.Argument(metavar="SYSTEM_B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """Set two systems side by side: compute, memory, bandwidths, power and price, with ratios as ranges."""
    from autarky.planning import compare_systems as compare_two

    answer = compare_two(left, right)
    if as_json:
        _print_json(answer)
        return
    from autarky.terminal_plans import print_comparison

    print_comparison(answer)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
