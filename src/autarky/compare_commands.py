"""Commands that set scenarios beside each other: `compare`, `debate`, and what `run --with` adds to a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autarky.command_options import AsOf, Draws, Json, Out, Prior, Seed, Set, parse_overrides, print_json

if TYPE_CHECKING:
    from autarky.analysis.compare import Comparison, Side
    from autarky.report.what_if import WhatIf
    from autarky.result import Result

PAGE, TABLE = "comparison.html", "differences.csv"


def compare(
    scenario_a: Annotated[str, typer.Argument(help="What to compare with: a scenario of the library, or a path.")],
    scenarios_b: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO_B...",
            help="What changes: scenarios of the library, or paths; `library` for every counterfactual there.",
        ),
    ],
    draws: Draws = None,
    seed: Seed = 1,
    as_of: AsOf = None,
    overrides: Set = None,
    overrides_b: Annotated[
        list[str] | None,
        typer.Option("--set-b", metavar="KEY=VALUE", help="Override a quantity of the other scenarios; repeatable."),
    ] = None,
    prior: Prior = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Print what changes from one scenario to others, draw by draw; with --out, write a page and a table of it."""
    from autarky.analysis.counterfactuals import Effect, against, side
    from autarky.engine import run
    from autarky.export import DIFFERENCES, difference_rows, write_rows
    from autarky.scenario.counterfactuals import expanded
    from autarky.terminal import progress_bar
    from autarky.terminal_comparison import print_comparison

    same, both = _same(draws, seed, as_of, prior), parse_overrides(overrides)
    of_b, others = {**both, **parse_overrides(overrides_b)}, expanded(scenarios_b, scenario_a)
    plain: list[dict[str, Any]] = []
    effects: list[Effect] = []
    rows: list[Sequence[Any]] = []
    sides: dict[str, Side] = {}
    with progress_bar("drawing", quiet=as_json) as progress:
        asked = _asked() if out is not None else []
        a = side(run(scenario_a, overrides=both, progress=progress, **same), besides=asked)
        sides[a.settings.name] = a.only(_asked_names())
        for one in against(a, others, besides=asked, overrides=of_b, progress=progress, **same):
            if out is not None:
                effects.append(Effect.of(one))
                rows += difference_rows(one)
                sides[one.b.settings.name] = one.b.only(_asked_names())
            if as_json:
                plain.append(one.to_json())
            else:
                print_comparison(one)
    if out is not None:
        words = ["autarky", "compare", scenario_a, *others, *_options(same, overrides, overrides_b)]
        what_if = _what_if(a, effects, sides if of_b == both else {})
        written = [_write_page(a, what_if, out, words), write_rows(DIFFERENCES, rows, out / TABLE)]
        if not as_json:
            print(*written, sep="\n")
    if as_json:
        print_json(plain[0] if len(plain) == 1 else plain)


def debate(
    draws: Draws = None,
    seed: Seed = 1,
    as_of: AsOf = None,
    prior: Prior = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Answer the questions of the public debate: what the stop cost, what a fee brings, which gate binds."""
    from autarky.analysis.counterfactuals import against, side
    from autarky.analysis.debate import scenarios_of
    from autarky.engine import run
    from autarky.report.what_if import wanted
    from autarky.scenario.debate import debate as questions
    from autarky.terminal import progress_bar
    from autarky.terminal_comparison import print_answers

    same = _same(draws, seed, as_of, prior)
    first, *others = scenarios_of(questions().values())
    with progress_bar("drawing", quiet=as_json) as progress:
        result = run(first, progress=progress, **same)
        asked = [*wanted(result), *_asked()]
        a = side(result, asked)
        what_if = _gathered(a, against(a, others, asked=asked, progress=progress, **same))
    path = None
    if out is not None:
        path = _write_page(a, what_if, out, ["autarky", "debate", *_options(same, None, None)])
    if as_json:
        print_json([answer.to_json() for answer in what_if.answers])
        return
    print_answers(what_if.answers, a.settings)
    if path is not None:
        print(path)


def what_if_of(result: Result, others: Sequence[str], overrides: Mapping[str, Any], progress: Any) -> WhatIf:
    """Return what other scenarios change against a result, each run from the same draws."""
    from autarky.analysis.counterfactuals import against, side
    from autarky.report.what_if import wanted
    from autarky.scenario.counterfactuals import expanded

    settings, asked = result.settings, [*wanted(result), *_asked()]
    same = _same(settings.draws, settings.seed, settings.as_of or None, settings.prior)
    a = side(result, asked)
    names = expanded(others, settings.name)
    return _gathered(a, against(a, names, asked=asked, overrides=overrides, progress=progress, **same))


def _same(draws: int | None, seed: int, as_of: str | None, prior: bool) -> dict[str, Any]:
    """Return what every side shares, as arguments of `autarky.run`."""
    from autarky.engine import DEFAULT_DRAWS

    return {"draws": DEFAULT_DRAWS if draws is None else draws, "seed": seed, "as_of": as_of, "prior": prior}


def _asked() -> list[tuple[str, dict[str, str]]]:
    from autarky.analysis.debate import asked_of
    from autarky.scenario.debate import debate as questions

    return asked_of(questions().values())


def _asked_names() -> frozenset[str]:
    from autarky.analysis.counterfactuals import measure_name

    return frozenset(measure_name(*one) for one in _asked())


def _gathered(a: Side, comparisons: Iterable[Comparison]) -> WhatIf:
    """Return what comparisons with `a` show, of which one at a time is in memory."""
    from autarky.analysis.counterfactuals import Effect

    effects: list[Effect] = []
    sides = {a.settings.name: a.only(_asked_names())}
    for one in comparisons:
        effects.append(Effect.of(one))
        sides[one.b.settings.name] = one.b.only(_asked_names())
    return _what_if(a, effects, sides)


def _what_if(a: Side, effects: Sequence[Any], sides: Mapping[str, Side]) -> WhatIf:
    from autarky.analysis.debate import answers
    from autarky.report.what_if import WhatIf
    from autarky.scenario.debate import debate as questions

    return WhatIf(tuple(effects), tuple(answers(questions(), sides, a)))


def _write_page(a: Side, what_if: WhatIf, folder: Path, command: Sequence[str]) -> Path:
    from autarky.report.comparison_page import write_comparison
    from autarky.scenario.resolve import ask

    catalogue = ask(a.settings.scenario).catalogue
    return write_comparison(a, what_if, catalogue, folder / PAGE, [*command, "--out", str(folder)])


def _options(same: Mapping[str, Any], overrides: list[str] | None, overrides_b: list[str] | None) -> Iterator[str]:
    """Yield the options that give the same runs again."""
    yield from ("--draws", str(same["draws"]), "--seed", str(same["seed"]))
    if same["as_of"]:
        yield from ("--as-of", str(same["as_of"]))
    if same["prior"]:
        yield "--prior"
    for name, values in (("--set", overrides), ("--set-b", overrides_b)):
        for value in values or ():
            yield from (name, value)
