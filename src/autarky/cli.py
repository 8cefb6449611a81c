"""The command line: parses, calls the Python API, prints. Errors go to standard error; bad input exits with 2."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autarky.errors import AutarkyError, InputError, MissingExtraError
from autarky.plan_commands import compare_systems, plan_app

if TYPE_CHECKING:
    from autarky.result import Result

app = typer.Typer(
    name="autarky",
    help="How much usable AI compute can a region field, by when, from whose chips, and how sure can we be?",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
facts_app = typer.Typer(
    help="The catalogue: every number with its unit, uncertainty, date and source.", no_args_is_help=True
)
app.add_typer(facts_app, name="facts")
app.add_typer(plan_app, name="plan")
app.command("compare-systems")(compare_systems)

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended; what typer returns in place of the interrupt."""

Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a quantity by its dotted key; repeatable."),
]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was published by this day.")]
Switches = Annotated[
    list[str] | None,
    typer.Option(
        "--switch", metavar="ID", help="A proposed rule to turn on, or -ID to turn one off, or a reading; repeatable."
    ),
]
ScenarioName = Annotated[str, typer.Argument(help="A scenario of the library, or a path to a YAML file.")]


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
    draws: Annotated[int | None, typer.Option(help="Joint samples of all uncertain inputs.")] = None,
    seed: Annotated[int, typer.Option(help="Names the random streams.")] = 1,
    as_of: AsOf = None,
    overrides: Set = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the report, the result and its tables here.")
    ] = None,
    save_draws: Annotated[bool, typer.Option("--save-draws", help="With --out: keep every draw, as netCDF.")] = False,
    prior: Annotated[bool, typer.Option("--prior", help="Leave the draws unweighted by the evidence.")] = False,
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
    written = write_outputs(result, out, save_draws=save_draws) if out is not None else []
    if as_json:
        print_json(result.to_json())
        return
    from autarky.terminal import print_summary

    print_summary(result)
    for path in written:
        print(path)


@app.command()
def compare(
    scenario_a: Annotated[str, typer.Argument(help="What to compare with: a scenario of the library, or a path.")],
    scenario_b: Annotated[str, typer.Argument(help="What changes: a scenario of the library, or a path.")],
    draws: Annotated[int | None, typer.Option(help="Joint samples, the same ones on both sides.")] = None,
    seed: Annotated[int, typer.Option(help="Names the random streams.")] = 1,
    as_of: AsOf = None,
    overrides: Set = None,
    overrides_b: Annotated[
        list[str] | None,
        typer.Option("--set-b", metavar="KEY=VALUE", help="Override a quantity of the second scenario; repeatable."),
    ] = None,
    prior: Annotated[bool, typer.Option("--prior", help="Leave the draws unweighted by the evidence.")] = False,
    as_json: Json = False,
) -> None:
    """Print what changes from one scenario to another, draw by draw."""
    from autarky.analysis.compare import compare as compare_scenarios
    from autarky.engine import DEFAULT_DRAWS
    from autarky.terminal import progress_bar

    with progress_bar("drawing", quiet=as_json) as progress:
        comparison = compare_scenarios(
            scenario_a,
            scenario_b,
            draws=DEFAULT_DRAWS if draws is None else draws,
            seed=seed,
            overrides=parse_overrides(overrides),
            overrides_b=parse_overrides(overrides_b),
            as_of=as_of,
            prior=prior,
            progress=progress,
        )
    if as_json:
        print_json(comparison.to_json())
        return
    from autarky.terminal_comparison import print_comparison

    print_comparison(comparison)


@app.command()
def classify(
    chips: Annotated[list[str], typer.Argument(metavar="CHIP...", help="Ids of the catalogue, or YAML or JSON files.")],
    to: Annotated[str, typer.Option(metavar="COUNTRY", help="Destination, by ISO code or name.")],
    date: Annotated[str, typer.Option(metavar="DATE", help="Day on which the law is read, YYYY-MM-DD.")],
    headquarters: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="Of the recipient or its ultimate parent; default: --to.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="COUNTRY", help="Where the shipment starts.")] = "US",
    switches: Switches = None,
    activity: Annotated[str, typer.Option(help="shipment, remote-access or deemed-export.")] = "shipment",
    recipient: Annotated[str | None, typer.Option(help="A recipient that a rule lists by name, such as g42.")] = None,
    as_json: Json = False,
) -> None:
    """Print class, licence status and review of chips, what decided and what would change it."""
    from autarky.rules.answers import answers

    found = answers(
        chips,
        to=to,
        date=date,
        headquarters=headquarters,
        route=route,
        switches=switches or [],
        activity=activity,
        recipient=recipient,
    )
    if as_json:
        plain = [answer.to_json() for answer in found]
        print_json(plain[0] if len(plain) == 1 else plain)
        return
    from autarky.terminal_rules import print_answer

    for answer in found:
        print_answer(answer)


@app.command()
def timeline(
    actor: Annotated[
        str | None, typer.Option(metavar="ACTOR", help="An actor, or how its id begins: US, CN, nvidia.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, month or year.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, month or year.")] = None,
    as_json: Json = False,
) -> None:
    """Print the events: what happened, what is only proposed, and what each changes."""
    from autarky.facts.loader import load_catalogue
    from autarky.rules.timeline import timeline_of

    rows = timeline_of(load_catalogue(), actor=actor, start=start, end=end)
    if as_json:
        print_json(rows)
        return
    from autarky.terminal_rules import print_timeline

    print_timeline(rows)


@app.command()
def design(
    to: Annotated[str, typer.Option(metavar="COUNTRY", help="Destination, by ISO code or name.")],
    date: Annotated[str, typer.Option(metavar="DATE", help="Day on which the law is read, YYYY-MM-DD.")],
    workload: Annotated[
        str,
        typer.Option(metavar="W", help="decode, prefill, training, balanced, or compute=0.2,memory=0.6,link=0.2."),
    ],
    budget: Annotated[str | None, typer.Option(metavar="CHIP", help="Whose silicon, stacks and links to use.")] = None,
    area: Annotated[float | None, typer.Option(help="Die area in mm2, in place of the budget chip's.")] = None,
    stacks: Annotated[float | None, typer.Option(help="Memory stacks, in place of the budget chip's.")] = None,
    link: Annotated[float | None, typer.Option(help="GB/s both ways, in place of the budget chip's.")] = None,
    margin: Annotated[float | None, typer.Option(help="How far inside each line to stay, as a share of it.")] = None,
    headquarters: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="Of the recipient or its ultimate parent; default: --to.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="COUNTRY", help="Where the shipment starts.")] = "US",
    switches: Switches = None,
    as_json: Json = False,
) -> None:
    """Print the chip that serves a workload best without crossing a line, and real chips beside it."""
    from autarky.analysis.design_space import design as best_design

    found = best_design(
        to=to,
        date=date,
        workload=workload,
        budget=budget,
        area=area,
        stacks=stacks,
        link=link,
        margin=margin,
        headquarters=headquarters,
        route=route,
        switches=switches or [],
    )
    if as_json:
        print_json(found.to_json())
        return
    from autarky.terminal_rules import print_design

    print_design(found)


def write_outputs(result: Result, folder: Path, *, save_draws: bool) -> list[Path]:
    """Write report, tables and, if wanted, all draws into a folder; return their paths."""
    from autarky.export import write_csv, write_excel
    from autarky.report.page import write_report
    from autarky.scenario.resolve import ask
    from autarky.storage import save

    folder.mkdir(parents=True, exist_ok=True)
    catalogue = ask(result.settings.scenario).catalogue
    written = [write_report(result, catalogue, folder / "report.html"), write_csv(result, folder / "result.csv")]
    if save_draws:
        written.append(save(result, folder / "result.nc"))
    try:
        written.append(write_excel(result, folder / "result.xlsx"))
    except MissingExtraError as error:
        print(f"note: {error}", file=sys.stderr)
    return written


def parse_overrides(options: list[str] | None) -> dict[str, Any]:
    """Return `--set KEY=VALUE` options as a mapping; VALUE is YAML."""
    from autarky.errors import Problem, ScenarioError
    from autarky.scenario.resolve import parse_value

    parsed: dict[str, Any] = {}
    for option in options or []:
        key, equals, value = option.partition("=")
        if not equals or not key.strip():
            hint = "for example --set 'fabs.smic-7nm.capacity=20k to 30k wafer/month'"
            raise ScenarioError(Problem(f"{option!r} is not KEY=VALUE", "--set", hint=hint))
        parsed[key.strip()] = parse_value(value.strip(), key.strip())
    return parsed


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


@facts_app.command("list")
def facts_list(
    collection: Annotated[str | None, typer.Argument(help="A collection, for example chips.")] = None,
    as_json: Json = False,
) -> None:
    """List collections, or the records of one."""
    from autarky.facts.listing import collections, records

    rows = collections() if collection is None else records(collection)
    if as_json:
        print_json(rows)
    else:
        from autarky.terminal import print_rows

        print_rows(rows)


@facts_app.command("show")
def facts_show(
    name: Annotated[str, typer.Argument(help="A record, for example ascend-910c, or collection.id.")],
    as_json: Json = False,
) -> None:
    """Print every estimate of a record with its source side by side."""
    from autarky.facts.listing import record

    shown = record(name)
    if as_json:
        print_json(shown)
    else:
        from autarky.terminal import print_record

        print_record(shown)


@facts_app.command("check")
def facts_check(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of catalogue files; default: the packaged ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every fact: sources, units, duplicates, references, possible values."""
    from autarky.facts.listing import check_files

    counts = check_files(folder)
    if as_json:
        print_json({"valid": True, "counts": counts})
    else:
        print("all facts hold: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))


@facts_app.command("sources")
def facts_sources(as_json: Json = False) -> None:
    """List the bibliography."""
    from autarky.facts.listing import bibliography

    rows = bibliography()
    if as_json:
        print_json(rows)
    else:
        from autarky.terminal import print_bibliography

        print_bibliography(rows)


def print_json(value: Any) -> None:
    """Print plain data as JSON; a number that is not finite is null."""
    print(json.dumps(_finite(value), ensure_ascii=False, indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
