"""Commands about the catalogue: `facts list`, `show`, `check`, `sources`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autarky.command_options import Json, print_json

facts_app = typer.Typer(
    help="The catalogue: every number with its unit, uncertainty, date and source.", no_args_is_help=True
)


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
