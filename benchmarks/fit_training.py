"""Fits the efficiencies of facts/data/efficiencies.yaml and software.yaml to a named minority of training runs.

    python benchmarks/fit_training.py --training FILE [--write]

Prints the fitted figures (with --write they replace those of the two files), and how far each fitted row is off.
`FITTED` names the rows and says why those: for each chip and precision one or two dense runs that state their whole
layout, at sizes far apart so that the efficiency of large products and its fall at small sizes can be told apart; for
long sequences one run each for attention; and for each release family of a stack two or three runs with experts.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

import autarky
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.fields import Part
from autarky.quantities.distributions import Exact
from autarky.quantities.estimates import Estimate, Quantity
from truth_training import Case, UnansweredError, answers, case_of

FITTED: dict[str, str] = {
    # A100
    "T0007": "a large model with full recomputation, pipeline and tensor parallel",
    "T0020": "the largest model without much replication: products alone",
    "T0051": "a mid-sized batch on the baseline of MegaScale",
    "T0060": "MegaScale itself at the same size",
    "T0535": "one node, short sequences, nothing recomputed",
    "T0521": "one node, 30B with full recomputation: large products without a pipeline",
    "T0532": "one node, long sequences: attention",
    "T0544": "one node, small model, very short sequences: small products",
    "T0554": "small micro-batches over 8 nodes: transfers",
    "T0561": "four nodes, large micro-batches",
    # H100
    "T0034": "16B, tensor parallel in 16 bits",
    "T0039": "314B at 3,072 chips in 16 bits",
    "T0407": "8B on one node in 8 bits",
    "T0408": "70B in 8 bits with pipeline",
    "T0409": "405B at 1,024 chips in 8 bits",
    "T0467": "7B over 16 nodes, weights divided",
    "T0483": "13B, long sequences: attention",
    "T0515": "1B, short sequences: small products",
    "T0459": "30B over 64 nodes: transfers",
    "T0653": "175B in 8 bits as submitted to a benchmark",
    "T0325": "many small experts, small micro-batches: the host",
    "T0395": "many experts over several nodes",
    "T0230": "few experts in 16 bits",
    "T0012": "weights divided over 96 nodes, no pipeline: the middle of three such runs",
    # TPU
    "T0649": "175B in 8 bits on 1,536 chips",
    "T0598": "v5p, 16 bits, one slice",
    "T0614": "v5e, 16 bits, one slice: the smallest model",
    "T0617": "v5e, 16 bits, one slice: the largest model",
    # H100 limited to 500 W
    "T0104": "one node, compiled",
    "T0106": "16 nodes, not compiled",
    "T0108": "16 nodes in 8 bits",
    "T0113": "70B, tensor parallel in 8 bits",
    "T0125": "the same with a scale for each row",
    # B200
    "T0414": "16 bits, 70B layers",
    "T0446": "16 bits, 405B layers",
    "T0453": "16 bits, long sequences: attention",
    "T0427": "16 bits, many experts on one node",
    "T0402": "8B in 8 bits",
    "T0385": "405B in 8 bits",
    "T0404": "many experts with block scales",
    "T0405": "small experts, small micro-batches: the host",
    "T0361": "the same with the library's all-to-all: waiting for the host",
    "T0275": "few experts in 16 bits",
    # GB200
    "T0304": "70B in 8 bits",
    "T0302": "70B with block scales",
    "T0347": "405B in 8 bits",
    "T0300": "70B in 4 bits",
    "T0172": "405B in 4 bits",
    "T0359": "small experts, until May 2026",
    "T0364": "many experts, until May 2026",
    "T0354": "few experts in 16 bits, until May 2026",
    "T0176": "many experts, from June 2026",
    "T0179": "few experts, from June 2026",
    "T0182": "small experts, from June 2026",
    # B300
    "T0270": "many experts",
    "T0279": "small experts, until May 2026",
    "T0183": "small experts, from June 2026",
    # GB300
    "T0303": "70B in 8 bits",
    "T0337": "70B with block scales",
    "T0335": "70B in 4 bits",
    "T0346": "405B in 8 bits",
    "T0353": "few experts in 16 bits",
    "T0371": "many experts in 16 bits",
    "T0174": "many experts, from June 2026",
    "T0181": "small experts, from June 2026",
    "T0192": "recurrent layers and many experts",
    "T0330": "recurrent layers and experts",
}
"""The rows that are fitted, and why each."""


@dataclass(frozen=True)
class Knob:
    """A figure that is fitted: records that share it, its field, and the range that it may take."""

    records: tuple[str, ...]
    field: str
    low: float
    high: float

    @property
    def name(self) -> str:
        return f"{self.records[0]}.{self.field}"


HOPPER, B200, GB200, B300, GB300 = "hopper", "blackwell-b200", "blackwell-gb200", "blackwell-b300", "blackwell-gb300"
BLACKWELL = (B200, GB200, B300, GB300)
BRIDGE = "megatron-bridge"

KNOBS = (
    Knob(("ampere",), "products.bf16", 0.5, 0.95),
    Knob((HOPPER,), "products.bf16", 0.4, 0.9),
    Knob((HOPPER,), "products.fp8", 0.3, 0.85),
    Knob(("hopper-500w",), "products.bf16", 0.3, 0.85),
    Knob(("hopper-500w",), "products.fp8", 0.25, 0.8),
    Knob(("hopper-500w",), "products.fp8-rowwise", 0.2, 0.8),
    Knob((B200,), "products.bf16", 0.3, 0.9),
    Knob((GB200, B300, GB300), "products.bf16", 0.3, 0.9),
    Knob((B200,), "products.fp8", 0.3, 0.85),
    Knob((B200,), "products.mxfp8", 0.3, 0.85),
    Knob((GB200,), "products.fp8", 0.3, 0.85),
    Knob((GB200,), "products.mxfp8", 0.3, 0.85),
    Knob((GB200,), "products.nvfp4", 0.2, 0.8),
    Knob((B300,), "products.mxfp8", 0.3, 0.85),
    Knob((GB300,), "products.fp8", 0.3, 0.9),
    Knob((GB300,), "products.mxfp8", 0.3, 0.9),
    Knob((GB300,), "products.nvfp4", 0.2, 0.8),
    Knob(("ampere",), "half_size", 50, 250),
    Knob((HOPPER, "hopper-500w"), "half_size", 50, 600),
    Knob(BLACKWELL, "half_size", 50, 600),
    Knob(("ampere",), "attention", 0.7, 0.95),
    Knob((HOPPER, "hopper-500w"), "attention", 0.5, 0.9),
    Knob(BLACKWELL, "attention", 0.3, 0.9),
    Knob(("ampere",), "scale_out", 0.3, 0.95),
    Knob((HOPPER, "hopper-500w", *BLACKWELL), "scale_out", 0.3, 0.95),
    Knob(("ampere", HOPPER, "hopper-500w", *BLACKWELL), "sag", 0.0005, 0.02),
    Knob(("megatron-lm", "deepspeed", "megatron-deepspeed"), "passes", 0.3, 1.5),
    Knob(("megatron-lm-flash",), "passes", 0.3, 1.5),
    Knob(("fsdp",), "passes", 0.7, 4.0),
    Knob(("fsdp",), "attention_speed", 0.2, 1.0),
    Knob(("fsdp",), "data_overlap", 0.02, 0.98),
    Knob(("fsdp",), "data_speed", 0.1, 1.0),
    Knob(("megascale",), "passes", 0.3, 2.0),
    Knob(("megatron-core", "megatron-lm-2022", "nemo-mlperf", BRIDGE), "passes", 0.6, 2.5),
    Knob(("torchtitan-eager",), "passes", 1.0, 4.0),
    Knob((BRIDGE, "megatron-core"), "recurrent_passes", 0.7, 15.0),
    Knob(("deepspeed",), "data_speed", 0.1, 1.0),
    Knob(("tpu",), "products.int8", 0.2, 0.9),
    Knob(("tpu",), "products.bf16", 0.4, 0.95),
    Knob(("tpu-v5e",), "products.bf16", 0.4, 0.99),
    Knob((BRIDGE, "megatron-core"), "expert_passes", 0.6, 4.0),
    Knob((BRIDGE, "megatron-core"), "routing", 0.0001, 0.05),
    Knob((BRIDGE, "megatron-core"), "expert_host", 500.0, 25000.0),
    Knob((BRIDGE, "megatron-core"), "graph_host", 200.0, 15000.0),
    Knob((BRIDGE, "megatron-core"), "host_wait", 100.0, 15000.0),
    Knob((BRIDGE, "megatron-core"), "exchange_wait", 200.0, 15000.0),
    Knob((BRIDGE, "megatron-core"), "expert_overlap", 0.02, 0.95),
    Knob((BRIDGE, "megatron-core"), "paired_overlap", 0.05, 0.98),
)
PAIRS = {"attention": "attention_backward"}
BACKWARD_RATIO = 0.8
"""Backward attention is a little further from its peak; runs cannot tell the two apart."""


def exact(value: float, like: Quantity) -> Quantity:
    """Return a quantity without uncertainty."""
    return Quantity(like.unit, (Estimate(Exact(value), ("fit",)),))


def changed(catalogue: Catalogue, values: Sequence[float]) -> Catalogue:
    """Return the catalogue with every knob at its value."""
    rooms: dict[str, dict[str, Part]] = {
        name: dict(catalogue.collections[name]) for name in ("efficiencies", "software")
    }
    for knob, value in zip(KNOBS, values, strict=True):
        for name in knob.records:
            room = rooms["software" if name in rooms["software"] else "efficiencies"]
            record = room[name]
            field, _, key = knob.field.partition(".")
            if key:
                old = dict(record.products)
                for twin in ("bf16", "fp16") if key == "bf16" else (key,):
                    if twin in old:
                        old[twin] = exact(value, old[twin])
                record = record.model_copy(update={"products": old})
            else:
                update = {field: exact(value, getattr(record, field))}
                if field in PAIRS:
                    update[PAIRS[field]] = exact(value * BACKWARD_RATIO, getattr(record, PAIRS[field]))
                record = record.model_copy(update=update)
            room[name] = record
    return Catalogue({**catalogue.collections, **rooms}, catalogue.plain, catalogue.digest)


def start(catalogue: Catalogue) -> np.ndarray:
    """Return the present values of the knobs."""
    values = []
    for knob in KNOBS:
        name = knob.records[0]
        room = catalogue.collections["software" if name in catalogue.collections["software"] else "efficiencies"]
        field, _, key = knob.field.partition(".")
        quantity = room[name].products[key] if key else getattr(room[name], field)
        values.append(float(np.clip(value_of(quantity), knob.low * 1.01, knob.high * 0.99)))
    return np.array(values)


def residuals(catalogue: Catalogue, cases: Sequence[Case]) -> np.ndarray:
    """Return the log error of each case's speed."""
    errors = []
    for case in cases:
        found = next(answer for answer in answers(case, catalogue) if answer.quantity != "peak_memory")
        errors.append(np.log(found.predicted / found.measured))
    return np.array(errors)


def fit(catalogue: Catalogue, cases: Sequence[Case], *, rounds: int, spread: float) -> np.ndarray:
    """Return the knobs that fit best; a weak pull (`spread`, in log) towards where they start keeps them sane."""
    from scipy.optimize import least_squares

    low, high = np.array([knob.low for knob in KNOBS]), np.array([knob.high for knob in KNOBS])
    begin = start(catalogue)

    def misfit(values: np.ndarray) -> np.ndarray:
        pull = (values - np.log(begin)) / spread * 0.05
        return np.concatenate([residuals(changed(catalogue, np.exp(values)), cases), pull])

    found = least_squares(
        misfit,
        np.log(begin),
        bounds=(np.log(low), np.log(high)),
        loss="soft_l1",
        f_scale=0.06,
        diff_step=0.01,
        max_nfev=rounds,
    )
    return np.exp(found.x)


def write(
    values: Sequence[float], knobs: Sequence[Knob], files: Sequence[str], written: Callable[[str, Knob, float], str]
) -> None:
    """Put the knobs into the catalogue's files, where each stands on a line of its own record; `written` changes it."""
    for file in files:
        path = Path(str(resources.files("autarky.facts"))) / "data" / file
        lines, record = path.read_text(encoding="utf-8").splitlines(), ""
        for number, line in enumerate(lines):
            if re.match(r"[a-z0-9-]+:$", line):
                record = line[:-1]
            for knob, value in zip(knobs, values, strict=True):
                if record in knob.records:
                    lines[number] = line = written(line, knob, value)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _written(line: str, knob: Knob, value: float) -> str:
    field, _, key = knob.field.partition(".")
    text = f"{value:.3g}"
    if key:
        if not line.startswith(f"  {field}:"):
            return line
        for twin in ("bf16", "fp16") if key == "bf16" else (key,):
            line = re.sub(rf"(?<![a-z]){twin}: [\d.e-]+", f"{twin}: {text}", line)
        return line
    if line.startswith(f"  {PAIRS.get(field, '?')}:"):
        text, field = f"{value * BACKWARD_RATIO:.3g}", PAIRS[field]
    return re.sub(rf"^(  {field}: )[\d.e+-]+( us)?$", rf"\g<1>{text}\g<2>", line)


def main() -> None:
    """Fit, and print the knobs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if not arguments.training.is_file():
        sys.exit(f"fit_training: {arguments.training} is not there")
    catalogue = autarky.load_catalogue()
    with arguments.training.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["row_id"] in FITTED]
    cases = []
    for row in rows:
        try:
            cases.append(case_of(row, catalogue))
        except UnansweredError as reason:
            print(f"{row['row_id']} is left out: {reason}", file=sys.stderr)
    values = fit(catalogue, cases, rounds=arguments.rounds, spread=0.7)
    for knob, value in zip(KNOBS, values, strict=True):
        print(f"{knob.name:45s} {value:10.4g}   ({', '.join(knob.records)})")
    if arguments.write:
        write(values, KNOBS, ("efficiencies.yaml", "software.yaml"), _written)
    for case, error in zip(cases, residuals(changed(catalogue, values), cases), strict=True):
        print(f"{case.row['row_id']} {case.row['model']:24s} {case.row['chip']:16s} {np.expm1(error):+.1%}")


if __name__ == "__main__":
    main()
