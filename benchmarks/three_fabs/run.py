"""Runs the three-fab model in every program, one after the other, and prints what each takes and answers.

    python benchmarks/three_fabs/run.py [--draws 10000 100000] [--json]

Every program runs in a fresh process on this machine. `seconds` is drawing, simulating and the three
quantiles of every month, without start-up; `process` is the whole process. Quick programs run three times and
the fastest counts. PySD runs the model once per draw: 20 draws are timed and the rest extrapolated, which `~`
marks.

Seeds are fixed, so the answers of one version are the same each time. A program agrees when none of its six
quantiles lies further than four standard errors from the NumPy loop's or, for PySD, when its draws are the
loop's own to nine digits. The exit status is 1 when a program disagrees.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from peers import PEERS, AbsentError, installed, last_line

HERE = Path(__file__).parent
REFERENCE = "NumPy loop, float64"
AUTARKY = "autarky"
QUICK_SECONDS = 5.0
PROGRAM_SECONDS = 900
STANDARD_ERRORS = 4.0
SAME_DRAWS = 1e-9


@dataclass(frozen=True)
class Program:
    """One line of the table: what is run, with which seed, and in whose environment."""

    name: str
    script: str
    seed: int
    peer: str = ""
    arguments: tuple[str, ...] = ()
    runs: int = 0
    """Draws that are run, where the time of the rest is extrapolated; 0 runs them all."""

    def command(self, draws: int) -> list[str]:
        """The command line; installs the peer first where that is needed."""
        python = installed(PEERS[self.peer]) if self.peer else [sys.executable]
        options = ["--draws", str(self.runs or draws), "--seed", str(self.seed)]
        return [*python, str(HERE / self.script), *options, *self.arguments]


PROGRAMS = (
    Program(REFERENCE, "numpy_loop.py", 1, arguments=("float64",)),
    Program("NumPy loop, float32", "numpy_loop.py", 2, arguments=("float32",)),
    Program(AUTARKY, "autarky_model.py", 3),
    Program("Squiggle 0.10", "squiggle.mjs", 4, "squiggle", (str(PEERS["squiggle"].folder),)),
    Program("squigglepy 0.30", "squigglepy_model.py", 5, "squigglepy"),
    Program("PySD 3.14", "pysd_model.py", 1, "pysd", runs=20),
)


def measured(program: Program, draws: int) -> dict[str, Any]:
    """What a program says and what its process took, of the fastest run."""
    command = program.command(draws)
    best = run_once(command)
    if best["process"] < QUICK_SECONDS:
        best = min(best, run_once(command), run_once(command), key=lambda run: run["seconds"])
    if program.runs:
        spared = best["draw_seconds"] * (draws - program.runs)
        best["seconds"] += spared
        best["process"] += spared
    return {"program": program.name, "draws": draws, "extrapolated": bool(program.runs), **best}


def run_once(command: list[str]) -> dict[str, Any]:
    """One fresh process: its answer, wall time in seconds and peak memory in MiB."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen(["timeout", str(PROGRAM_SECONDS), *command], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
        # The process is already waited for; without this, Popen would look for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode == 124:
            raise AbsentError(f"it took more than {PROGRAM_SECONDS} s")
        if process.returncode:
            raise AbsentError(f"it stopped: {last_line(err.read())}")
        answer = json.loads(last_line(out.read()))
    return {**answer, "process": elapsed, "memory": usage.ru_maxrss / 1024}


def note_agreement(row: dict[str, Any], reference: dict[str, Any]) -> None:
    """Add whether a row agrees with the NumPy loop, and how that was seen."""
    if "difference" in row:
        row["agrees"] = row["difference"] < SAME_DRAWS
        row["agreement"] = f"draw by draw to {row['difference']:.0e}"
        return
    gaps = zip(row["chips"] + row["stock"], reference["chips"] + reference["stock"], strict=True)
    errors = [abs(a - b) / (2**0.5 * error) for (a, b), error in zip(gaps, reference["errors"], strict=True)]
    row["agrees"] = max(errors) < STANDARD_ERRORS
    row["agreement"] = "reference" if row is reference else f"within {max(errors):.1f} standard errors"


def compared(draws: int) -> list[dict[str, Any]]:
    """One row per program; an absent one says why."""
    rows: list[dict[str, Any]] = []
    for program in PROGRAMS:
        print(f"{program.name}, {draws:,} draws ...", file=sys.stderr)
        try:
            rows.append(measured(program, draws))
        except AbsentError as reason:
            rows.append({"program": program.name, "draws": draws, "absent": str(reason)})
    present = [row for row in rows if "absent" not in row]
    own = next((row["seconds"] for row in present if row["program"] == AUTARKY), None)
    for row in present:
        note_agreement(row, rows[0])
        row["times_autarky"] = row["seconds"] / own if own else None
    return rows


def printed(rows: list[dict[str, Any]]) -> str:
    """The table of one number of draws."""
    head = f"{'program':<20} {'seconds':>9} {'draws/s':>9} {'x autarky':>9} {'process s':>9} {'MiB':>6}"
    head += f"  {'chips in a month, thousand':<26}  {'stock, million':<22}  agreement"
    second = f"{'':<67}  {'p5 / p50 / p95':<26}  p5 / p50 / p95"
    lines = [head, second]
    for row in rows:
        if "absent" in row:
            lines.append(f"{row['program']:<20} absent: {row['absent']}")
            continue
        about = "~" if row["extrapolated"] else ""
        ratio = f"{row['times_autarky']:,.1f}" if row["times_autarky"] else "-"
        chips = " / ".join(f"{value / 1e3:,.1f}" for value in row["chips"])
        stock = " / ".join(f"{value / 1e6:,.2f}" for value in row["stock"])
        if row["extrapolated"]:
            # Quantiles of twenty draws say nothing; the comparison draw by draw does.
            chips = stock = "-"
        verdict = "" if row["agrees"] else "DISAGREES: "
        lines.append(
            f"{row['program']:<20} {about + format(row['seconds'], ',.2f'):>9}"
            f" {row['draws'] / row['seconds']:>9,.0f} {ratio:>9}"
            f" {about + format(row['process'], ',.2f'):>9} {row['memory']:>6,.0f}"
            f"  {chips:<26}  {stock:<22}  {verdict}{row['agreement']}"
        )
        if row["extrapolated"]:
            each, load = row["draw_seconds"] * 1e3, row["load_seconds"]
            lines.append(f"{'':<20} {each:.2f} ms a draw, {load:.2f} s to load")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="The three-fab model in autarky and in its peers.")
    parser.add_argument("--draws", type=int, nargs="+", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--json", action="store_true", help="print everything measured as JSON")
    options = parser.parse_args()
    tables = [compared(draws) for draws in options.draws]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if options.json:
        print(json.dumps({"machine": machine, "rows": [row for rows in tables for row in rows]}, indent=1))
    else:
        for draws, rows in zip(options.draws, tables, strict=True):
            print(f"\nThree fabs, 96 months, {draws:,} draws ({machine})\n\n{printed(rows)}")
    sys.exit(any(row.get("agrees") is False for rows in tables for row in rows))


if __name__ == "__main__":
    main()
