"""Commands about systems and what they do: `plan train`, `compare-systems`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from autarky.command_options import Json, print_json
from autarky.errors import InputError, Problem
from autarky.serve_command import plan_serve

plan_app = typer.Typer(help="The fastest way to run a model on a system.")
plan_app.command("serve")(plan_serve)


@plan_app.command("train")
def plan_train(
    model: Annotated[str, typer.Option(metavar="CONFIG.json", help="A model's config, or the id of a bundled one.")],
    system: Annotated[str, typer.Option(help="A system of the catalogue.")],
    chips: Annotated[int | None, typer.Option(help="Chips to use; default: one whole system.")] = None,
    plan: Annotated[
        str,
        typer.Option(metavar="tp=8,pp=8,...", help="Fix parts: tp pp vpp dp cp ep mbs recompute zero sp offload."),
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
    tokens: Annotated[
        str | None, typer.Option(metavar="14.8T", help="Tokens of the whole run: asks whether and when it finishes.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day of the run; default: the day of the catalogue.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="DATE", help="Last day of the run.")] = None,
    days: Annotated[float | None, typer.Option(help="Days for the run, in place of --by.")] = None,
    confidence: Annotated[
        str | None, typer.Option(metavar="90%", help="Probability with which the run shall be done in time; 90%.")
    ] = None,
    reliability: Annotated[
        str | None, typer.Option(metavar="ID", help="A reliabilities record; default: that of the chip's family.")
    ] = None,
    spares: Annotated[
        int | None, typer.Option(help="Spare nodes; default: as many as the record's operator keeps.")
    ] = None,
    draws: Annotated[int | None, typer.Option(help="Runs drawn.")] = None,
    seed: Annotated[int | None, typer.Option(help="Names the random streams; 1.")] = None,
    as_json: Json = False,
) -> None:
    """Search the parallel plans to train a model on a system, or price one given plan; tell when a run is done."""
    asked = {
        "start": start,
        "by": by,
        "days": days,
        "confidence": confidence,
        "reliability": reliability,
        "spares": spares,
        "draws": draws,
        "seed": seed,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if given and tokens is None:
        hint = "say how many tokens the run has, e.g. `--tokens 14.8T`"
        raise InputError(Problem("asks about a run", field=f"--{next(iter(given))}", hint=hint))
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
    run = None
    if tokens is not None:
        from autarky.run_plans import plan_run

        run = plan_run(answer, tokens, **given)
    if as_json:
        print_json(answer.to_json() if run is None else run.to_json())
        return
    from autarky.terminal_plans import print_training_plan

    print_training_plan(answer)
    if run is not None:
        from autarky.terminal_runs import print_run_plan

        print_run_plan(run)


def compare_systems(
    left: Annotated[str, typer.Argument(metavar="SYSTEM_A", help="A system of the catalogue.")],
    right: Annotated[str, typer.Argument(metavar="SYSTEM_B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """Set two systems side by side: compute, memory, bandwidths, power, price, energy per token; ratios as ranges."""
    from autarky.system_comparison import compare_systems as compare_two

    answer = compare_two(left, right)
    if as_json:
        print_json(answer)
        return
    from autarky.terminal_plans import print_comparison

    print_comparison(answer)
