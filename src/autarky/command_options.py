"""What commands share: their common options, and how they print JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a quantity by its dotted key; repeatable."),
]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was published by this day.")]
Draws = Annotated[int | None, typer.Option(help="Joint samples of all uncertain inputs.")]
Seed = Annotated[int, typer.Option(help="Names the random streams.")]
Prior = Annotated[bool, typer.Option("--prior", help="Leave the draws unweighted by the evidence.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Write the page and its tables here.")]
Switches = Annotated[
    list[str] | None,
    typer.Option(
        "--switch", metavar="ID", help="A proposed rule to turn on, or -ID to turn one off, or a reading; repeatable."
    ),
]
ScenarioName = Annotated[str, typer.Argument(help="A scenario of the library, or a path to a YAML file.")]


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
