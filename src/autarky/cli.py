"""The command line: parses, calls the Python API, prints. Errors go to standard error; bad input exits with 2."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autarky.command_options import AsOf, Draws, Json, Out, Prior, ScenarioName, Seed, Set, parse_overrides, print_json
from autarky.compare_commands import compare, debate, what_if_of
from autarky.errors import AutarkyError, InputError, MissingExtraError
from autarky.fact_commands import facts_app
from autarky.plan_commands import compare_systems, plan_app
from autarky.rule_commands import classify, design, timeline

if TYPE_CHECKING:
    from autarky.report.what_if import WhatIf
    from autarky.result import Result

app = typer.Typer(
    name="autarky",
    help="How much usable AI compute can a region field, by when, from whose chips, and how sure can we be?",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended; what typer returns in place of the interrupt."""


def main() -> None:
    """Run the command line."""
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        if status == INTERRUPTED:
            raise KeyboardInterrupt
    except InputError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    except AutarkyError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except typer.TyperException as error:
        print(f"error: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except OSError as error:
        print(f"error: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)


def _version(value: bool) -> None:
    if value:
        import autarky

        print(f"autarky {autarky.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    scenario: ScenarioName = "china-ai-chips",
    draws: Draws = None,
    seed: Seed = 1,
    as_of: AsOf = None,
    overrides: Set = None,
    out: Out = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="SCENARIO",
            help="With --out: show in the report what this scenario would change; repeatable, `library` for all.",
        ),
    ] = None,
    save_draws: Annotated[bool, typer.Option("--save-draws", help="With --out: keep every draw, as netCDF.")] = False,
    prior: Prior = False,
    as_json: Json = False,
) -> None:
    """Answer a scenario: probabilities of its targets, what binds, how well the past fits."""
    from autarky.engine import DEFAULT_DRAWS
    from autarky.engine import run as run_scenario
    from autarky.terminal import progress_bar

    count = DEFAULT_DRAWS if draws is None else draws
    with progress_bar("drawing", quiet=as_json) as progress:
        result = run_scenario(
            scenario,
            draws=count,
            seed=seed,
            overrides=parse_overrides(overrides),
            as_of=as_of,
            prior=prior,
            progress=progress,
        )
        what_if = what_if_of(result, others, parse_overrides(overrides), progress) if others and out else None
    written = write_outputs(result, out, save_draws=save_draws, what_if=what_if) if out is not None else []
    if as_json:
        print_json(result.to_json())
        return
    from autarky.terminal import print_summary

    print_summary(result)
    for path in written:
        print(path)


def write_outputs(result: Result, folder: Path, *, save_draws: bool, what_if: WhatIf | None = None) -> list[Path]:
    """Write report, tables and, if wanted, all draws into a folder; return their paths."""
    from autarky.export import write_csv, write_excel
    from autarky.report.page import write_report
    from autarky.scenario.events import law_of
    from autarky.scenario.resolve import ask
    from autarky.storage import save

    folder.mkdir(parents=True, exist_ok=True)
    catalogue = law_of(ask(result.settings.scenario))
    report = write_report(result, catalogue, folder / "report.html", what_if)
    written = [report, write_csv(result, folder / "result.csv")]
    if save_draws:
        written.append(save(result, folder / "result.nc"))
    try:
        written.append(write_excel(result, folder / "result.xlsx"))
    except MissingExtraError as error:
        print(f"note: {error}", file=sys.stderr)
    return written


@app.command()
def validate(scenario: ScenarioName, overrides: Set = None, as_json: Json = False) -> None:
    """Check a scenario without running it."""
    from autarky.engine import check

    question = check(scenario, parse_overrides(overrides))
    if as_json:
        print_json({"scenario": question.scenario.name, "valid": True})
    else:
        chain = question.scenario.chain
        print(
            f"{question.scenario.name}: valid ({len(chain.products)} products, {len(chain.fabs)} fabs, "
            f"{len(question.scenario.targets)} targets, {len(question.scenario.evidence)} observations as evidence)"
        )


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from autarky.scenario.schema import Scenario

    print_json(Scenario.model_json_schema())


for command in (compare, debate, classify, timeline, design):
    app.command()(command)
app.command("compare-systems")(compare_systems)
app.add_typer(plan_app, name="plan")
app.add_typer(facts_app, name="facts")
