"""The speed budgets of the design, measured: start, facts, the flagship by stage, its report and its memory.

    python benchmarks/budgets.py [--draws 10000] [--json]

Each row stands beside its budget. Whole-process rows are the best of three fresh processes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

Row = tuple[str, float, str, float | None]
"""(what, value, unit, budget)."""


def process(arguments: list[str], *, cache: str | None = None) -> tuple[float, float]:
    """Return seconds and peak MiB of the best of three fresh processes."""
    environment = {**os.environ, **({"XDG_CACHE_HOME": cache} if cache else {})}
    best, peak = float("inf"), 0.0
    for _ in range(3):
        start = time.perf_counter()
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            message = f"{' '.join(arguments)} ended with status {status}"
            raise SystemExit(message)
        best, peak = min(best, seconds), max(peak, usage.ru_maxrss / 1024)
    return best, peak


def autarky(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from autarky.cli import main; main()", *arguments]


def facts() -> list[Row]:
    """Time to read the facts: all files checked, and from the cache."""
    from autarky.facts.loader import data_files, load_catalogue, read_catalogue

    load_catalogue()
    load_catalogue.cache_clear()
    start = time.perf_counter()
    load_catalogue()
    cached = time.perf_counter() - start
    start = time.perf_counter()
    read_catalogue(data_files(), "measured")
    cold = time.perf_counter() - start
    return [("facts read and checked", cold, "s", 1.5), ("facts from the cache", cached, "s", 0.3)]


def flagship(draws: int) -> list[Row]:
    """Time of each stage of the flagship in this process, after the imports."""
    from autarky import run
    from autarky.export import write_csv, write_excel
    from autarky.facts.loader import load_catalogue
    from autarky.report.page import write_report

    run(draws=64)
    small = run(draws=4096)
    rows: list[Row] = [("flagship, 4,096 draws: simulate", small.timings["simulate"], "s", 1.0)]
    result = run(draws=draws)
    rows += [(f"flagship, {draws:,} draws: {stage}", seconds, "s", None) for stage, seconds in result.timings.items()]
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (
            ("report", lambda p: write_report(result, load_catalogue(), p)),
            ("csv", lambda p: write_csv(result, p)),
            ("excel", lambda p: write_excel(result, p)),
        ):
            start = time.perf_counter()
            path = write(Path(folder) / f"{name}.out")
            rows.append((f"flagship, {draws:,} draws: {name}", time.perf_counter() - start, "s", None))
            if name == "report":
                rows.append(("report", path.stat().st_size / 1e6, "MB", 1.5))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="autarky's speed budgets, measured.")
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = [("autarky --help", process(autarky("--help"))[0], "s", 0.3), *facts(), *flagship(options.draws)]
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak = process(autarky("run", "--draws", str(options.draws), "--out", folder))
    rows.append((f"flagship, {options.draws:,} draws, whole process with report", seconds, "s", 10.0))
    rows.append((f"flagship, {options.draws:,} draws, peak memory", peak, "MiB", 2048.0))
    compared = autarky("compare", "china-ai-chips", "h20-never-stopped", "--draws", str(options.draws), "--json")
    rows.append((f"two flagships compared, {options.draws:,} draws, whole process", process(compared)[0], "s", 15.0))
    if options.json:
        print(json.dumps([dict(zip(("what", "value", "unit", "budget"), row, strict=True)) for row in rows], indent=2))
        return
    for what, value, unit, budget in rows:
        verdict = "" if budget is None else f"   budget {budget:g}" + ("" if value <= budget else "   over")
        print(f"{what:58s} {value:9.3f} {unit}{verdict}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'this process, peak memory':58s} {own:9.0f} MiB")


if __name__ == "__main__":
    main()
