"""Reliability rows of the truth table, predicted: rates between their units, intervals, and shares of useful time.

A row's own numbers come first, then those of other rows of the same publication, and last what the catalogue's
record of the run or of its family of chips says about recovery. A row that leaves nothing to work with says so.
Where a row states a bound or a range, the error is the distance to its nearer end: within it, none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autarky.errors import AutarkyError
from autarky.facts.catalogue import Catalogue, value_of
from autarky.facts.reliability_records import Reliability
from autarky.quantities.arrays import Array
from autarky.quantities.estimates import Quantity
from autarky.workloads.checkpoints import daly2006, kokolis2024, useful_share, young1974
from autarky.workloads.failures import (
    failure_rate,
    mean_time_between,
    rate_of_chip_days,
    rate_of_count,
    rate_of_node_days,
)
from autarky.workloads.runs import SECONDS_AN_HOUR, Run, goodput
from truth_cells import Row, cell, numbers, reading

RECORDS = {
    "llama3": "llama-3",
    "meta": "meta-rsc-1",
    "opt175b": "opt-175b",
    "megascale": "megascale",
    "byterobust_dense": "byterobust-dense",
    "byterobust_moe": "byterobust-moe",
    "huawei": "ascend-910c-claim",
}
"""Records of the runs themselves, by the beginning of a row's source key."""
FAMILIES = (
    ("gb200", "blackwell-racks"),
    ("b200", "blackwell-nodes"),
    ("h100", "hopper"),
    ("h800", "hopper"),
    ("h200", "hopper"),
    ("h20", "hopper"),
    ("hopper", "hopper"),
    ("a100", "ampere"),
    ("a800", "ampere"),
    ("ampere", "ampere"),
    ("950", "ascend-950"),
    ("910", "ascend-910"),
    ("mi3", "cdna"),
)
"""Records of families, by what a chip's name contains."""
LEVELS = 1000
NODE = 8.0
"""Chips of a node where a row does not say: every node of the table has so many."""


class UnansweredError(Exception):
    """A quantity that cannot be predicted, with the reason."""


@dataclass(frozen=True)
class Prediction:
    """One quantity of a row; without a prediction, `reason` says why."""

    row: Row
    quantity: str
    predicted: float | None
    measured: float | None
    error: float | None
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """All rows of a table, so that one can use what its publication says elsewhere."""

    rows: Sequence[Row]
    catalogue: Catalogue

    def siblings(self, row: Row, column: str) -> list[Row]:
        """Return the other rows of a row's publication that fill a column."""
        title = row.get("source_title")
        return [
            other for other in self.rows if other is not row and other.get("source_title") == title and other[column]
        ]

    def record(self, row: Row) -> Reliability | None:
        """Return the catalogue's record of a row's run, else of its family of chips."""
        key, chip = row["source_key"], (row.get("chip") or "").lower()
        name = next((record for start, record in RECORDS.items() if key.startswith(start)), None)
        name = name or next((record for sign, record in FAMILIES if sign in chip), None)
        return None if name is None else self.catalogue.get("reliabilities", name, Reliability)


def per_node(row: Row) -> float:
    """Return the chips of a node."""
    return cell(row, "chips_per_node") or NODE


def counted(row: Row) -> float | None:
    """Return the interruptions per hour that a row counted."""
    failures = cell(row, "interruptions_unexpected") or cell(row, "interruptions_total")
    days = cell(row, "period_days")
    return None if not failures or not days else failures / (days * 24.0)


def chip_rate(row: Row, without: str = "") -> float | None:
    """Return interruptions per chip and hour by a row's own numbers; column `without` is not used."""
    chips, rate = cell(row, "chips"), counted(row)
    days, nodes = cell(row, "chip_days_per_failure"), cell(row, "failures_per_1000_node_days")
    hours = cell(row, "job_mtbf_h")
    if rate and chips:
        return float(rate_of_count(rate, chips, 1.0))
    if days and without != "chip_days_per_failure":
        return float(rate_of_chip_days(days))
    if nodes and without != "failures_per_1000_node_days":
        return float(rate_of_node_days(nodes, per_node(row)))
    if hours and chips and without != "job_mtbf_h":
        return 1.0 / (hours * chips)
    return None


def published_rate(table: Table, row: Row) -> float | None:
    """Return interruptions per chip and hour that a row's publication projects from."""
    named = re.search(r"([\d.]+e-\d+)\s*/\s*day", row.get("derived") or "")
    if named:
        return float(rate_of_node_days(1000.0 * float(named[1]), per_node(row)))
    for other in table.siblings(row, "failures_per_1000_node_days"):
        rate = cell(other, "failures_per_1000_node_days")
        if rate and other.get("chip") == row.get("chip"):
            return float(rate_of_node_days(rate, per_node(other)))
    return None


def between_failures(table: Table, row: Row) -> float:
    """Return a job's mean hours between failures without its own cell: counted, converted or projected."""
    chips, rate = cell(row, "chips"), counted(row)
    if rate:
        return float(mean_time_between(rate))
    if chips is None:
        raise UnansweredError("states neither a count nor the chips")
    each = chip_rate(row, without="job_mtbf_h") or published_rate(table, row)
    if each is None:
        record = table.record(row)
        if record is None or row["source_key"].startswith(tuple(RECORDS)):
            raise UnansweredError("states no count that it would follow from")
        return float(mean_time_between(record_rate(record, chips)))
    return float(mean_time_between(failure_rate(chips, each)))


def record_rate(record: Reliability, chips: float) -> float:
    """Return the interruptions per hour of a job on so many chips by a record of the catalogue."""
    links = 0.0 if record.link_days is None else mean_rate(record.link_days)
    each, multiplier = mean_rate(record.chip_days), value_of(record.software_failures)
    return float(failure_rate(chips, each, links=chips, link_rate=links, multiplier=multiplier))


def mean_rate(days: Quantity) -> float:
    """Return the mean interruptions per hour where the days between them are uncertain."""
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    return float(np.mean(rate_of_chip_days(days.pooled.ppf(levels))))


def node_days(table: Table, row: Row) -> float:
    """Return failures per thousand node-days without that cell."""
    rate = chip_rate(row, without="failures_per_1000_node_days")
    if rate is None:
        raise UnansweredError("states nothing that it would follow from")
    return rate * 24.0 * 1000.0 * per_node(row)


def chip_days(table: Table, row: Row) -> float:
    """Return mean chip-days between failures without that cell."""
    rate = chip_rate(row, without="chip_days_per_failure")
    if rate is None:
        raise UnansweredError("states nothing that it would follow from")
    return 1.0 / (rate * 24.0)


def job_hours(table: Table, row: Row) -> float:
    """Return a job's mean hours between failures as an input: its own, its publication's, or projected."""
    own = cell(row, "job_mtbf_h")
    if own:
        return own
    if counted(row):
        return between_failures(table, row)
    stated = [(cell(other, "chips"), cell(other, "job_mtbf_h")) for other in table.siblings(row, "job_mtbf_h")]
    same = [hours for chips, hours in stated if hours and (chips == cell(row, "chips") or len(stated) == 1)]
    if same and cell(row, "chips"):
        return same[0]
    chips, record = cell(row, "chips"), table.record(row)
    each = chip_rate(row) or published_rate(table, row)
    if chips and each:
        return float(mean_time_between(failure_rate(chips, each)))
    if chips and record is not None:
        return float(mean_time_between(record_rate(record, chips)))
    raise UnansweredError("states neither how often it failed nor the chips that would tell")


@dataclass(frozen=True)
class Recovery:
    """Hours that one failure and one checkpoint cost; `interval` None where the best one is meant."""

    write: float
    restart: float
    detection: float
    interval: float | None


def recovery(table: Table, row: Row) -> Recovery:
    """Return what a failure costs: the row's own times, else those of the catalogue's record."""
    record = table.record(row)
    write, restart = cell(row, "checkpoint_write_s"), cell(row, "restart_or_recovery_s")
    detection, interval = cell(row, "detect_s"), cell(row, "checkpoint_interval_s")
    if write is None or restart is None:
        if record is None:
            raise UnansweredError("states neither the time of a checkpoint nor of a restart")
        if interval is None and record.interval is not None:
            interval = value_of(record.interval)
        detection = value_of(record.detection) if detection is None else detection
        write = value_of(record.checkpoint) if write is None else write
        restart = value_of(record.restart) if restart is None else restart
    hours = [None if value is None else value / SECONDS_AN_HOUR for value in (write, restart, detection, interval)]
    return Recovery(hours[0] or 0.0, hours[1] or 0.0, hours[2] or 0.0, hours[3])


def useful_percent(table: Table, row: Row) -> float:
    """Return the percentage of time that is useful: by days of work, by Meta's formula, or by Daly's."""
    days = re.search(r"([\d.]+) ideal days.*?([\d.]+) calendar days", row.get("metric_definition") or "")
    if days:
        run = Run(work=24.0 * float(days[1]), rate=0.0, checkpoint=0.0, restart=0.0, interval=24.0)
        return 100.0 * float(goodput(run, 24.0 * float(days[2])))
    rate, cost = 1.0 / job_hours(table, row), recovery(table, row)
    interval = float(daly2006(cost.write, 1.0 / rate)) if cost.interval is None else cost.interval
    if "E[ETTR]" in row.get("what", ""):
        return 100.0 * float(kokolis2024(interval, cost.write, rate, cost.restart + cost.detection))
    return 100.0 * float(useful_share(interval, cost.write, rate, cost.restart, cost.detection))


def best_interval(row: Row, rule: Callable[[float, float], Array]) -> float:
    """Return the best interval between checkpoints in seconds by a rule."""
    write, hours = cell(row, "checkpoint_write_s"), cell(row, "job_mtbf_h")
    if not write or not hours:
        raise UnansweredError("states no time of a checkpoint or none between failures")
    return float(rule(write / SECONDS_AN_HOUR, hours)) * SECONDS_AN_HOUR


def chosen_interval(table: Table, row: Row) -> float:
    """Return the best interval where the row claims to state it; one that was merely chosen is no prediction."""
    best = best_interval(row, daly2006)
    if not re.search(r"young|daly|optim", _text(row), re.IGNORECASE):
        raise UnansweredError(f"an interval that was chosen; the one that loses least is {best:,.0f} s")
    return best


def _text(row: Row) -> str:
    return " ".join(row.get(column) or "" for column in ("system_or_run", "what", "derived", "value", "notes"))


def stated_value(table: Table, row: Row) -> float:
    """Return the number in the column `value` where the row counts what it is a share of, or the time it names."""
    base = re.match(r"% of ([\d,]+)", row.get("value_unit") or "")
    count = cell(row, "interruptions_unexpected") or cell(row, "interruptions_total")
    if base and count:
        return 100.0 * count / numbers(base[1])[0]
    unit = (row.get("value_unit") or "").lower()
    if unit in ("h", "hour", "hours", "min", "minutes") and re.search(r"fail|interrupt|mtt|mtb", _text(row).lower()):
        named = re.search(r"(?:at|on) ([\d.,]+)\s*([kKM]?)\s*(?:GPU|NPU|chip|card)", _text(row))
        times = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
        asked = row if named is None else {**row, "chips": f"{numbers(named[1])[0] * times[named[2]]:.0f}"}
        return between_failures(table, asked) * (60.0 if unit.startswith("min") else 1.0)
    if "->" in row["value"]:
        raise UnansweredError("before and after a change of which the row gives no inputs")
    raise UnansweredError("the row gives no inputs that it would follow from")


COLUMNS: dict[str, Callable[[Table, Row], float]] = {
    "job_mtbf_h": between_failures,
    "failures_per_1000_node_days": node_days,
    "chip_days_per_failure": chip_days,
    "effective_time_pct": useful_percent,
    "checkpoint_interval_s": chosen_interval,
    "value": stated_value,
}


def predictions(rows: Sequence[Row], catalogue: Catalogue) -> Iterator[Prediction]:
    """Yield at least one line for each row: predicted beside measured, or the reason why not."""
    table = Table(rows, catalogue)
    for row in rows:
        found = [_one(table, row, column) for column in COLUMNS if row.get(column)]
        found += _sums(row) + _named_intervals(row)
        yield from found or [Prediction(row, "row", None, None, None, _nothing(row))]


def _one(table: Table, row: Row, column: str) -> Prediction:
    stated = reading(row[column])
    finite = None if stated is None else (stated.low if stated.low > 0 else stated.high)
    try:
        if column == "value" and row["value"].count("+"):
            raise UnansweredError("several numbers; their sum is compared")
        predicted = COLUMNS[column](table, row)
    except (UnansweredError, AutarkyError) as reason:
        return Prediction(row, column, None, finite, None, str(reason))
    if stated is None:
        return Prediction(row, column, predicted, None, None, f"{row[column]!r} is no single number to compare with")
    measured, error = stated.error(predicted)
    return Prediction(row, column, predicted, measured, error)


def _sums(row: Row) -> list[Prediction]:
    """Return totals that the row also states by parts."""
    total, unexpected, planned = (cell(row, f"interruptions_{part}") for part in ("total", "unexpected", "planned"))
    found: list[Prediction] = []
    if total and unexpected and planned is not None:
        found.append(_compared(row, "interruptions_unexpected", total - planned, unexpected))
    parts = re.match(r"([\d,]+)[^+]*\+\s*([\d,]+)", row.get("value") or "")
    if parts and total:
        found.append(_compared(row, "interruptions_total", sum(numbers(" ".join(parts.groups()))), total))
    return found


def _named_intervals(row: Row) -> list[Prediction]:
    """Return the intervals that a worked example names by their rules."""
    rules: dict[str, Callable[[float, float], Array]] = {"Young": young1974, "Daly": daly2006}
    found: list[Prediction] = []
    for name, rule in rules.items():
        named = re.search(rf"{name} ([\d,.]+) s", _text(row))
        if named and cell(row, "checkpoint_write_s"):
            found.append(_compared(row, f"{name.lower()}_interval_s", best_interval(row, rule), numbers(named[1])[0]))
    return found


def _compared(row: Row, quantity: str, predicted: float, measured: float) -> Prediction:
    return Prediction(row, quantity, predicted, measured, predicted / measured - 1.0)


def _nothing(row: Row) -> str:
    if (row.get("system_or_run") or "") == "formula":
        return "a formula, not a measurement; the functions of that name are tested against hand calculation"
    return "states inputs only, nothing that would follow from them"
