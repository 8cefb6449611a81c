"""One training run on Ascend 910C, H20 and H800, and the probability that it would have been done in time.

    python examples/failed-run/run.py [--draws N] [--seed S] [--json]

In the spirit of the training run that the press reported as given up in August 2025. Every number about chips,
software and failures comes from the catalogue; what is assumed stands at the top of this file and in README.md.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

import autarky
from autarky.command_options import print_json
from autarky.facts.catalogue import value_of
from autarky.facts.event_records import Event
from autarky.facts.records import Chip
from autarky.facts.records import System as SystemRecord

EVENT = "2025-08-r2-training-on-ascend"
MODEL, TOKENS = "deepseek-v3", "14.8T"
BATCH, SEQUENCE = 15_360, 4_096
START, DEADLINE = date(2025, 2, 1), date(2025, 5, 31)
CHIPS = 2_048
REFERENCE = "hgx-h800"
ROUND = 256
"""Chips of a case are a multiple of this, over which the experts of the model divide."""


@dataclass(frozen=True)
class Setup:
    """How a system is used: number format, training stack, and the reliabilities record in place of its family's."""

    name: str
    system: str
    precision: str
    software: str
    reliability: str | None = None


SETUPS = (
    Setup("H800", "hgx-h800", "fp8", "dualpipe"),
    Setup("H800, 16 bits", "hgx-h800", "bf16", "dualpipe"),
    Setup("H20", "hgx-h20", "fp8", "dualpipe"),
    Setup("910C", "cloudmatrix-384", "bf16", "mindspeed"),
    Setup("910C, failures as claimed", "cloudmatrix-384", "bf16", "mindspeed", "ascend-910c-claim"),
)


def peak(system: str) -> float:
    """Return the dense 16-bit peak of one chip of a system in TFLOPS, published conventions averaged."""
    facts = autarky.load_catalogue()
    chip = facts.get("systems", system, SystemRecord).chips[0].chip
    return value_of(facts.get("chips", chip, Chip).dense["bf16"])


def chips_of_equal_peak(system: str) -> int:
    """Return the chips of a system that have the peak of `CHIPS` chips of the reference, rounded."""
    return max(round(CHIPS * peak(REFERENCE) / peak(system) / ROUND), 1) * ROUND


def case(setup: Setup, chips: int, draws: int, seed: int) -> dict[str, Any]:
    """Return what comes of the run with one setup on so many chips."""
    plan = autarky.plan_training(
        MODEL,
        setup.system,
        chips=chips,
        sequence=SEQUENCE,
        batch=BATCH,
        precision=setup.precision,
        software=setup.software,
        prediction=True,
        flexible=True,
    )
    run = autarky.plan_run(
        plan, TOKENS, start=START, by=DEADLINE, reliability=setup.reliability, draws=draws, seed=seed
    )
    calm = run.summary()["planned_days"] * np.median(run.conditions.stretch)
    return {
        "name": setup.name,
        "system": setup.system,
        "precision": setup.precision,
        "peak_pflops": chips * peak(setup.system) / 1000.0,
        "undisturbed_days": float(calm),
        **run.summary(),
    }


def cases(draws: int, seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Return all cases: with the same number of chips, and with the same peak compute."""
    return {
        "same number of chips": [case(setup, CHIPS, draws, seed) for setup in SETUPS],
        "same peak compute": [case(setup, chips_of_equal_peak(setup.system), draws, seed) for setup in SETUPS],
    }


def command(setup: Setup, chips: int) -> str:
    """Return the command line that asks the same."""
    named = f" --reliability {setup.reliability}" if setup.reliability else ""
    return (
        f"autarky plan train --model {MODEL} --system {setup.system} --chips {chips} --batch {BATCH} --flexible "
        f"--prediction --precision {setup.precision} --software {setup.software} --tokens {TOKENS} "
        f"--start {START} --by {DEADLINE}{named}"
    )


def print_report() -> None:
    """Print what the press reported, with who said so and when."""
    facts = autarky.load_catalogue()
    event = facts.get("events", EVENT, Event)
    print(f"Reported {event.date}: {event.label}.")
    print(f"  {event.note}")
    for name in event.source:
        source = facts.sources[name]
        print(f"  {source.publisher}, {source.published}: {source.title}")


def print_cases(answer: dict[str, list[dict[str, Any]]]) -> None:
    """Print a table for each way of sizing."""
    head = (
        f"{'':26s}{'chips':>7s} {'format':>6s} {'PFLOPS':>7s} {'plan':>6s} {'calm':>6s}   {'p5':>5s} {'p50':>5s} "
        f"{'p95':>6s} {'goodput':>8s} {'stops':>6s} {'in time':>8s} {'90 %':>8s} {'GWh':>6s} {'M USD':>6s}"
    )
    for sizing, rows in answer.items():
        print(f"\n{sizing}\n{head}")
        for row in rows:
            days = " ".join(
                f"{row['wall_days'][name]:{width}.0f}" for name, width in (("p5", 5), ("p50", 5), ("p95", 6))
            )
            needed = "none" if row["chips_needed"] is None else f"{row['chips_needed']:,}"
            cost = "-" if row["cost_musd"] is None else f"{row['cost_musd']['p50']:.1f}"
            energy = "-" if row["energy_gwh"] is None else f"{row['energy_gwh']['p50']:.1f}"
            print(
                f"{row['name']:26s}{row['chips']:7,d} {row['precision']:>6s} {row['peak_pflops']:7,.0f} "
                f"{row['planned_days']:6.0f} {row['undisturbed_days']:6.0f}   {days} {row['goodput']['p50']:8.1%} "
                f"{row['interruptions']['p50']:6,.0f} {row['finish_probability']:8.1%} {needed:>8s} "
                f"{energy:>6s} {cost:>6s}"
            )


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=2048, help="runs drawn for each case")
    parser.add_argument("--seed", type=int, default=1, help="names the random streams")
    parser.add_argument("--json", action="store_true", help="print machine-readable JSON")
    arguments = parser.parse_args()
    answer = cases(arguments.draws, arguments.seed)
    if arguments.json:
        print_json(answer)
        return
    print_report()
    print(f"\n{MODEL}, {TOKENS} tokens, from {START}, to be done by {DEADLINE}: {(DEADLINE - START).days + 1} days.")
    print("plan: days by the step time alone; calm: with software and slow members; p5 to p95: with all disturbances.")
    print("in time: probability; 90 %: chips that are in time with that probability; energy and cost are medians.")
    print_cases(answer)
    print("\nThe same from the command line:")
    for setup in SETUPS:
        print(f"  {command(setup, CHIPS)}")


if __name__ == "__main__":
    main()
