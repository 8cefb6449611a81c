"""Commands about export-control rules: `classify`, `timeline`, `design`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autarky.command_options import Json, Switches, print_json

if TYPE_CHECKING:
    from autarky.facts.catalogue import Catalogue


LawOf = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Events and law as this scenario, or file, has them."),
]


def law_read(scenario: str | None) -> Catalogue:
    """Return the facts, with the law as a scenario has it where one is named."""
    if scenario is not None:
        from autarky.engine import law

        return law(scenario)
    from autarky.facts.loader import load_catalogue

    return load_catalogue()


def classify(
    chips: Annotated[
        list[str],
        typer.Argument(metavar="CHIP...", help="Chips of the catalogue by id or name, or YAML or JSON files."),
    ],
    to: Annotated[str, typer.Option(metavar="COUNTRY", help="Destination, by ISO code or name.")],
    date: Annotated[str, typer.Option(metavar="DATE", help="Day on which the law is read, YYYY-MM-DD.")],
    headquarters: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="Of the recipient or its ultimate parent; default: --to.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="COUNTRY", help="Where the shipment starts.")] = "US",
    switches: Switches = None,
    activity: Annotated[str, typer.Option(help="shipment, remote-access or deemed-export.")] = "shipment",
    recipient: Annotated[str | None, typer.Option(help="A recipient that a rule lists by name, such as g42.")] = None,
    scenario: LawOf = None,
    as_json: Json = False,
) -> None:
    """Print class, licence status and review of chips, what decided and what would change it.

    A file holds one chip or a list of them, for example {name: Mine, dense: {fp8: 1979, bf16: 989.4}, dies: [{area:
    814}], memory_bandwidth: 3350, interconnect: 900, data_centre: true}: dense TFLOPS or TOPS, mm2, GB/s of memory, and
    GB/s of all links both ways. A number may be [low, high], or an interval such as `1900 to 2000 TFLOPS`; what is
    unknown is left out.
    """
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
        catalogue=law_read(scenario),
    )
    if as_json:
        plain = [answer.to_json() for answer in found]
        print_json(plain[0] if len(plain) == 1 else plain)
        return
    from autarky.terminal_rules import print_answer

    for answer in found:
        print_answer(answer)


def timeline(
    actor: Annotated[
        str | None, typer.Option(metavar="ACTOR", help="An actor, or how its id begins: US, CN, nvidia.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, month or year.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, month or year.")] = None,
    scenario: LawOf = None,
    as_json: Json = False,
) -> None:
    """Print the events: what happened, what is only proposed, and what each changes."""
    from autarky.rules.timeline import timeline_of

    rows = timeline_of(law_read(scenario), actor=actor, start=start, end=end)
    if as_json:
        print_json(rows)
        return
    from autarky.terminal_rules import print_timeline

    print_timeline(rows)


def design(
    to: Annotated[str, typer.Option(metavar="COUNTRY", help="Destination, by ISO code or name.")],
    date: Annotated[str, typer.Option(metavar="DATE", help="Day on which the law is read, YYYY-MM-DD.")],
    workload: Annotated[
        str,
        typer.Option(
            metavar="W",
            help="decode, prefill or training, by the time model; decode-weights and so on, or balanced, or "
            "compute=0.2,memory=0.6,link=0.2, by shares of time.",
        ),
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
