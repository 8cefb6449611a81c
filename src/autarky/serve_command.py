"""The command `plan serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from autarky.command_options import Json, print_json


def plan_serve(
    model: Annotated[str, typer.Option(metavar="CONFIG.json", help="A model's config, or the id of a bundled one.")],
    system: Annotated[str, typer.Option(help="A system of the catalogue.")],
    prompt: Annotated[int | None, typer.Option(metavar="TOKENS", help="Tokens of a prompt.")] = None,
    answer: Annotated[int | None, typer.Option(metavar="TOKENS", help="Tokens of an answer.")] = None,
    chips: Annotated[int | None, typer.Option(help="Chips to use; default: one whole system.")] = None,
    ttft: Annotated[
        float | None,
        typer.Option(metavar="S", help="Longest time to the first token, waiting included."),
    ] = None,
    tpot: Annotated[float | None, typer.Option(metavar="MS", help="Longest time for each token after it.")] = None,
    precision: Annotated[str | None, typer.Option(help="bf16, fp16, fp8, mxfp8, nvfp4, int8 or int4.")] = None,
    software: Annotated[str | None, typer.Option(help="A serving stack of the catalogue.")] = None,
    plan: Annotated[
        str,
        typer.Option(
            metavar="tp=8,dp=4,...",
            help="Fix servers that do everything: tp dp pp mtp ep servers; or separate ones: prefill.tp, decode.tp "
            "and so on. With concurrency, price that many requests in flight.",
        ),
    ] = "",
    reuse: Annotated[float, typer.Option(metavar="SHARE", help="Share of a prompt that is cached already.")] = 0.0,
    speculate: Annotated[int | None, typer.Option(metavar="N", help="Tokens guessed ahead in each step.")] = None,
    acceptance: Annotated[
        float | None, typer.Option(metavar="P", help="Share of guesses that is right where those before it are.")
    ] = None,
    pue: Annotated[float | None, typer.Option(help="Total power over that of the system.")] = None,
    keep: Annotated[int, typer.Option(help="Plans to show.")] = 5,
    as_json: Json = False,
) -> None:
    """Search the ways to serve a model on a system, or price one given way.

    Tokens, limits, precision and software are those of the reference workloads where they are not given.
    """
    from autarky.serving_plans import plan_serving

    answered = plan_serving(
        model,
        system,
        prompt=prompt,
        answer=answer,
        chips=chips,
        plan=plan,
        ttft=ttft,
        tpot=tpot,
        precision=precision,
        software=software,
        reuse=reuse,
        speculate=speculate,
        acceptance=acceptance,
        pue=pue,
        keep=keep,
    )
    if as_json:
        print_json(answered.to_json())
        return
    from autarky.terminal_serving import print_serving_plan

    print_serving_plan(answered)
