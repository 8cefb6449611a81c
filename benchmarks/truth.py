"""Predictions beside what was measured: training, serving and reliability.

    python benchmarks/truth.py --training FILE --serving FILE --reliability FILE [--json]
    python benchmarks/truth.py --tables FOLDER [--summary]

One line per measured quantity, then a summary per source beside two yardsticks. The null model knows no physics:
it gives every run of a chip, precision and kind (dense or with experts) the mean arithmetic rate of the others.
The noise floor is how far identical configurations differ when they are measured again. Errors are predicted over
measured, less one. A quantity that is not predicted says why.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import autarky
from autarky.workloads.operations import sequence_work
from fit_serving import is_fitted
from fit_training import FITTED
from truth_reliability import predictions
from truth_servers import case_of as serving_case
from truth_serving import answers as serving_answers
from truth_serving import slices_of
from truth_training import Answer, UnansweredError, answers, case_of

Row = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One measured quantity of a row; `predicted` and `error` are None where `reason` says why."""

    table: str
    row_id: str
    source: str
    quantity: str
    predicted: float | None
    measured: float | None
    error: float | None
    reason: str
    fitted: bool
    null_error: float | None = None
    slices: tuple[str, ...] = ()
    null_alone: bool = False


def training(rows: Sequence[Row]) -> list[Line]:
    """Return the training table's lines."""
    catalogue = autarky.load_catalogue()
    lines: list[Line] = []
    rates: dict[tuple[str, str, bool], list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        fitted = row["row_id"] in FITTED
        try:
            case = case_of(row, catalogue)
            found = answers(case, catalogue)
        except UnansweredError as reason:
            lines.append(_unanswered("training", row, _speed_column(row), str(reason), fitted))
            continue
        for answer in found:
            timed = answer.quantity != "peak_memory"
            if timed:
                work = sequence_work(case.job.config, case.job.tokens, "half").training
                group = (case.job.system.chip, case.job.recipe, bool(case.job.config.expert_layers))
                rates[group].append((len(lines), answer.measured_speed * work))
            lines.append(_answered("training", row, answer, fitted and timed))
    return _with_null(lines, rates)


def _with_null(lines: list[Line], rates: Mapping[tuple[str, str, bool], list[tuple[int, float]]]) -> list[Line]:
    """Return the lines with the error of the null model, each row left out of its own mean.

    Where all runs of a kind are one source's, the null model repeats them: near-identical runs give it no error.
    """
    result = list(lines)
    for members in rates.values():
        total = sum(rate for _, rate in members)
        alone = len({source_of(lines[index].source) for index, _ in members}) == 1
        for index, rate in members if len(members) > 1 else ():
            mean = (total - rate) / (len(members) - 1)
            off = rate / mean if lines[index].quantity == "step_time" else mean / rate
            result[index] = replace(result[index], null_error=off - 1, null_alone=alone)
    return result


def _speed_column(row: Row) -> str:
    columns = {
        "step_time_s": "step_time",
        "tokens_per_s_per_chip": "tokens_per_second_per_chip",
        "tflops_per_chip": "tflops_per_chip",
        "mfu_pct": "mfu",
    }
    return next((name for column, name in columns.items() if row.get(column)), "time_to_train")


def serving(rows: Sequence[Row]) -> list[Line]:
    """Return the serving table's lines: what each server was measured at, or why it is not predicted."""
    catalogue = autarky.load_catalogue()
    cases, reasons = [], {}
    for row in rows:
        try:
            cases.append(serving_case(row, catalogue))
        except UnansweredError as reason:
            reasons[row["row_id"]] = str(reason)
    found = serving_answers(cases, catalogue)
    lines: list[Line] = []
    for row in rows:
        answer = found.get(row["row_id"], reasons.get(row["row_id"], ""))
        if isinstance(answer, str) or not answer:
            reason = answer or "the row measures nothing that the model predicts"
            quantities = [column for column in SERVING if row.get(column)][:1] or ["none"]
            lines += [_unanswered("serving", row, name, reason, is_fitted(row)) for name in quantities]
        else:
            lines += [_answered("serving", row, item, is_fitted(row)) for item in answer]
    parts = {row["row_id"]: slices_of(row) for row in rows}
    return [replace(line, slices=parts[line.row_id]) for line in lines]


def reliability(rows: Sequence[Row]) -> list[Line]:
    """Return the reliability table's lines; nothing in it was fitted to."""
    return [
        Line(
            "reliability",
            found.row["row_id"],
            found.row["source_key"],
            found.quantity,
            found.predicted,
            found.measured,
            found.error,
            found.reason,
            fitted=False,
        )
        for found in predictions(rows, autarky.load_catalogue())
    ]


SERVING = ("tpot_ms", "output_tok_s_per_chip", "input_tok_s_per_chip", "total_tok_s", "ttft_ms")
KINDS = {
    "peak_memory": "memory",
    "tpot_ms": "per token",
    "ttft_ms": "first token",
    "output_tok_s_per_chip": "output rate",
    "input_tok_s_per_chip": "input rate",
}
NULL_ALONE = "the null model knows runs of this kind from this source alone, which often measured one of them again"
TABLES: dict[str, Callable[[Sequence[Row]], list[Line]]] = {
    "training": training,
    "serving": serving,
    "reliability": reliability,
}
"""How each table is predicted."""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _answered(table: str, row: Row, answer: Answer, fitted: bool) -> Line:
    error = answer.predicted / answer.measured - 1 if answer.measured else None
    return Line(
        table, row["row_id"], row["source_key"], answer.quantity, answer.predicted, answer.measured, error, "", fitted
    )


def _unanswered(table: str, row: Row, quantity: str, reason: str, fitted: bool) -> Line:
    column = {"step_time": "step_time_s", "tokens_per_second_per_chip": "tokens_per_s_per_chip", "mfu": "mfu_pct"}
    measured = _number(row.get(column.get(quantity, quantity), ""))
    return Line(table, row["row_id"], row["source_key"], quantity, None, measured, None, reason, fitted)


def source_of(key: str) -> str:
    """Return the publication that a source key belongs to: its releases and tables are one source."""
    name = key.partition("_")[0]
    return "_".join(key.split("_")[:2]) if name in ("megascale", "mcore", "mlperf") else name


def summary(lines: Iterable[Line]) -> list[dict[str, object]]:
    """Return the errors per table, source and kind of quantity, fitted rows apart, and over all sources."""
    groups: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        kind = KINDS.get(line.quantity, "runs" if line.table == "reliability" else "speed")
        use = "fitted" if line.fitted else "unfitted"
        for source in (source_of(line.source), *line.slices, "all"):
            groups[line.table, source, f"{kind}, {use}"].append(line)
    return [
        {"table": table, "source": source, "kind": kind, **_errors(members)}
        for (table, source, kind), members in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] == "all"))
    ]


def _errors(members: Sequence[Line]) -> dict[str, object]:
    errors = np.array([line.error for line in members if line.error is not None])
    nulls = np.array([line.null_error for line in members if line.null_error is not None])
    found: dict[str, object] = {"rows": len(members), "answered": len(errors)}
    if len(errors):
        size = np.abs(errors)
        found |= {
            "mean": float(size.mean()),
            "median": float(np.median(size)),
            "p90": float(np.percentile(size, 90)),
            "bias": float(errors.mean()),
            "within_20": float(np.mean(size <= 0.2)),
        }
    if len(nulls):
        found |= {"null_mean": float(np.abs(nulls).mean()), "null_median": float(np.median(np.abs(nulls)))}
        found["null_alone"] = all(line.null_alone for line in members if line.null_error is not None)
    return found


CONFIGURATION = (
    "model", "seq_len", "chip", "chips", "tp", "pp", "vpp", "dp", "cp", "ep", "micro_batch", "global_batch_seqs",
    "precision", "recompute", "layers",
)  # fmt: skip


def noise_floor(rows: Sequence[Row]) -> dict[str, float]:
    """Return how far step times of one configuration lie apart, slowest over fastest less one."""
    times: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in rows:
        step = _number(row.get("step_time_s", ""))
        if step and row.get("micro_batch"):
            times[tuple(row[field] for field in CONFIGURATION)].append(step)
    spreads = [max(same) / min(same) - 1 for same in times.values() if len(same) > 1]
    if not spreads:
        return {"configurations": 0}
    return {"configurations": len(spreads), "median": float(np.median(spreads)), "most": float(max(spreads))}


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table; a file that is not there ends the program with one line."""
    if not path.is_file():
        sys.exit(f"truth: {path} is not there; say where the table of measured runs is")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Predict the tables that are named and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for table in TABLES:
        parser.add_argument(f"--{table}", type=Path, metavar="FILE")
    parser.add_argument("--tables", type=Path, metavar="FOLDER", help="where truth_training.csv and the others lie")
    parser.add_argument("--summary", action="store_true", help="leave the single rows out")
    parser.add_argument("--json", action="store_true", help="print machine-readable JSON")
    arguments = parser.parse_args()
    named = {table: getattr(arguments, table) for table in TABLES if getattr(arguments, table) is not None}
    if arguments.tables is not None:
        named = {table: arguments.tables / f"truth_{table}.csv" for table in TABLES} | named
    if not named:
        sys.exit("truth: name at least one table, for example --training FILE, or a folder with --tables FOLDER")
    tables = {table: read(path) for table, path in named.items()}
    lines = [line for table, rows in tables.items() for line in TABLES[table](rows)]
    found = summary(lines)
    floor = noise_floor(tables.get("training", []))
    if arguments.json:
        inner = ("null_error", "null_alone", "slices")
        rows = [{key: value for key, value in asdict(line).items() if key not in inner} for line in lines]
        about = {"sources": found, "noise_floor": floor, "notes": [NULL_ALONE]}
        print(json.dumps({"rows": rows, "summary": about}, indent=1))
        return
    if not arguments.summary:
        print("\n".join(_text(line) for line in lines), end="\n\n")
    print(
        f"{'source':24s} {'quantity':22s} {'rows':>5s} {'answered':>8s}   mean median    p90   bias <= 20%"
        " | null mean median"
    )
    for group in found:
        print(_summary_text(group))
    if any(group.get("null_alone") for group in found):
        print(f"* {NULL_ALONE}")
    if floor["configurations"]:
        print(
            f"noise floor: {floor['configurations']} configurations were measured again; the slowest lags the "
            f"fastest by {floor['median']:.1%} in the median and {floor['most']:.0%} at most"
        )


def _text(line: Line) -> str:
    head = f"{line.table} {line.row_id} {line.source} {line.quantity}"
    if line.error is None:
        return f"{head}: {line.reason}"
    mark = " (fitted)" if line.fitted else ""
    return f"{head}: predicted {line.predicted:.4g}, measured {line.measured:.4g}, error {line.error:+.1%}{mark}"


def _summary_text(group: Mapping[str, object]) -> str:
    head = f"{group['source']!s:24s} {group['kind']!s:22s} {group['rows']!s:>5s} {group['answered']!s:>8s}"
    shares = [_percent(group.get(key)) for key in ("mean", "median", "p90", "bias", "within_20")]
    nulls = [_percent(group.get(key)) for key in ("null_mean", "null_median")]
    return f"{head} {' '.join(shares)} |    {' '.join(nulls)}{'*' if group.get('null_alone') else ''}"


def _percent(value: object) -> str:
    return f"{value:6.1%}" if isinstance(value, float) else "     -"


if __name__ == "__main__":
    main()
