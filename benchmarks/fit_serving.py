"""Fits what serving needs of efficiencies.yaml, and serving-software.yaml, to a fifth of the InferenceX rows.

    python benchmarks/fit_serving.py --serving FILE [--write]

Prints the fitted figures (with --write they replace those of the two files), and how far fitted and other rows are off.
The fitted rows are those of InferenceX whose number is a multiple of five: a fifth that no look at any answer chose,
spread over all chips, models and stacks since rows are numbered by them. No row of a published large server is fitted.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import autarky
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.fields import Part
from autarky.quantities.estimates import Quantity
from fit_training import Knob, exact, write
from truth_servers import Case, case_of
from truth_serving import answers
from truth_training import UnansweredError

Row = Mapping[str, str]
EVERY = 5
HOPPER = ("hopper",)
BLACKWELL = ("blackwell-b200", "blackwell-gb200", "blackwell-b300", "blackwell-gb300")
STACKS = ("trtllm", "sglang", "vllm", "trtllm-2025", "sglang-2025", "vllm-2025")
INDEXED = ("sglang",)
FIRST_TOKEN = 0.08
"""Weight of an error of the time to the first token beside one of the time per token."""
PULL = 0.12
"""Weight of moving a figure by a factor of e from where it starts, beside an error of that factor."""
SOFT = 0.1
"""Errors beyond this weigh less than their square."""

KNOBS = (
    *(
        knob
        for family in (HOPPER, BLACKWELL)
        for knob in (
            Knob(family, "decode_memory.bf16", 0.4, 0.92),
            Knob(family, "decode_memory.fp8", 0.4, 0.92),
            Knob(family, "decode_memory.nvfp4", 0.2, 0.92),
            Knob(family, "decode_memory.int4", 0.2, 0.92),
            Knob(family, "few_rows", 8, 160),
            Knob(family, "cache_memory", 0.5, 0.95),
            Knob(family, "replay", 0.5, 6),
            Knob(family, "signal", 2, 25),
        )
    ),
    Knob(HOPPER, "signal_out", 5, 80),
    Knob(BLACKWELL, "cache_compute", 0.3, 0.9),
    *(
        knob
        for name in STACKS
        for knob in (
            Knob((name,), "fusion", 0.5, 2.5),
            Knob((name,), "passes", 0.4, 3.0),
            Knob((name,), "expert_speed", 0.4, 1.3),
            Knob((name,), "attention_speed", 0.4, 1.2),
            Knob((name,), "cache_speed", 0.4, 1.2),
            Knob((name,), "eager", 2, 200),
            Knob((name,), "step", 50, 5000),
            Knob((name,), "sequence", 1, 150),
            Knob((name,), "admit", 1000, 100_000),
            *((Knob((name,), "index", 1, 400),) if name in INDEXED else ()),
        )
    ),
)


def is_fitted(row: Row) -> bool:
    """Return whether a row belongs to those that are fitted."""
    digits = row["row_id"].lstrip("S")
    return "inferencex" in row["source_key"] and digits.isdecimal() and int(digits) % EVERY == 0


def _room(catalogue: Catalogue, record: str) -> str:
    return "efficiencies" if record in catalogue.collections["efficiencies"] else "serving_software"


def _value(part: Part, field: str) -> Quantity:
    name, _, key = field.partition(".")
    found = getattr(part, name)
    return found[key] if key else found


def changed(catalogue: Catalogue, values: Sequence[float]) -> Catalogue:
    """Return the catalogue with every knob at its value."""
    rooms = {name: dict(catalogue.collections[name]) for name in ("efficiencies", "serving_software")}
    for knob, value in zip(KNOBS, values, strict=True):
        for name in knob.records:
            room = rooms[_room(catalogue, name)]
            field, _, key = knob.field.partition(".")
            new: object = exact(value, _value(room[name], knob.field))
            if key:
                new = {**getattr(room[name], field), key: new}
            room[name] = room[name].model_copy(update={field: new})
    return Catalogue({**catalogue.collections, **rooms}, catalogue.plain, catalogue.digest)


def start(catalogue: Catalogue) -> np.ndarray:
    """Return the present values of the knobs."""
    values = []
    for knob in KNOBS:
        part = catalogue.collections[_room(catalogue, knob.records[0])][knob.records[0]]
        values.append(float(np.clip(value_of(_value(part, knob.field)), knob.low * 1.01, knob.high * 0.99)))
    return np.array(values)


def residuals(catalogue: Catalogue, cases: Sequence[Case]) -> np.ndarray:
    """Return the log errors of each case: of its time per token, and weighed down of that to the first."""
    found = answers(cases, catalogue)
    errors = []
    for case in cases:
        answer = found[case.row["row_id"]]
        off = {} if isinstance(answer, str) else {a.quantity: np.log(a.predicted / a.measured) for a in answer}
        errors += [off.get("tpot_ms", 0.0), FIRST_TOKEN * off.get("ttft_ms", 0.0)]
    return np.array(errors)


def fit(catalogue: Catalogue, cases: Sequence[Case], rounds: int) -> np.ndarray:
    """Return the knobs that fit best; a weak pull towards where they start keeps them sane."""
    from scipy.optimize import least_squares

    bounds = np.log([[knob.low, knob.high] for knob in KNOBS]).T
    begin = np.log(start(catalogue))

    def misfit(values: np.ndarray) -> np.ndarray:
        return np.concatenate([residuals(changed(catalogue, np.exp(values)), cases), PULL * (values - begin)])

    found = least_squares(
        misfit, begin, bounds=tuple(bounds), loss="soft_l1", f_scale=SOFT, diff_step=0.02, max_nfev=rounds
    )
    return np.exp(found.x)


def _written(line: str, knob: Knob, value: float) -> str:
    field, _, key = knob.field.partition(".")
    text = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    if key:
        return (
            re.sub(rf"(?<![a-z0-9]){key}: [\d.]+", f"{key}: {text}", line) if line.startswith(f"  {field}:") else line
        )
    return re.sub(rf"^(  {field}: )[\d.]+( us)?$", rf"\g<1>{text}\g<2>", line)


def errors(catalogue: Catalogue, cases: Sequence[Case], quantity: str) -> np.ndarray:
    """Return the relative errors of one quantity over all cases that measure it."""
    found = answers(cases, catalogue).values()
    return np.array(
        [
            a.predicted / a.measured - 1
            for item in found
            if not isinstance(item, str)
            for a in item
            if a.quantity == quantity
        ]
    )


def _cases(rows: Sequence[Row], catalogue: Catalogue) -> list[Case]:
    cases = []
    for row in rows:
        try:
            cases.append(case_of(row, catalogue))
        except UnansweredError as reason:
            print(f"{row['row_id']} is left out: {reason}", file=sys.stderr)
    return cases


def main() -> None:
    """Fit, and print the knobs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--serving", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if not arguments.serving.is_file():
        sys.exit(f"fit_serving: {arguments.serving} is not there")
    catalogue = autarky.load_catalogue()
    with arguments.serving.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "inferencex" in row["source_key"]]
    fitted = _cases([row for row in rows if is_fitted(row)], catalogue)
    others = _cases([row for row in rows if not is_fitted(row)], catalogue)
    begin = start(catalogue)
    values = fit(catalogue, fitted, arguments.rounds) if arguments.rounds else begin
    for knob, before, value in zip(KNOBS, begin, values, strict=True):
        print(f"{knob.name:40s} {before:10.4g} {value:10.4g}   ({', '.join(knob.records)})")
    if arguments.write:
        write(values, KNOBS, ("efficiencies.yaml", "serving-software.yaml"), _written)
    final = changed(catalogue, values)
    for name, cases in (("fitted", fitted), ("others", others)):
        for quantity in ("tpot_ms", "ttft_ms"):
            size = np.abs(errors(final, cases, quantity))
            print(f"{name} {quantity}: {len(size)} rows, median {np.median(size):.1%}, mean {size.mean():.1%}")


if __name__ == "__main__":
    main()
