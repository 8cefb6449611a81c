"""The reader of tables of measured reliability, on rows as such a table writes them."""

import math
from pathlib import Path

import pytest

import autarky

COLUMNS = (
    "row_id", "source_key", "system_or_run", "chip", "chips", "chips_per_node", "period_days",
    "interruptions_total", "interruptions_unexpected", "interruptions_planned", "job_mtbf_h",
    "failures_per_1000_node_days", "chip_days_per_failure", "effective_time_pct", "metric_definition", "detect_s",
    "restart_or_recovery_s", "checkpoint_write_s", "checkpoint_interval_s", "value", "value_unit", "what",
    "derived", "source_title", "notes",
)  # fmt: skip


@pytest.fixture
def table(monkeypatch):
    """Return a function from rows to their lines by (row, quantity)."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    from truth_reliability import predictions

    def read(*rows):
        whole = [
            dict.fromkeys(COLUMNS, "") | {"row_id": str(place), "source_key": "run"} | row
            for place, row in enumerate(rows)
        ]
        lines = list(predictions(whole, autarky.load_catalogue()))
        assert {line.row["row_id"] for line in lines} == {row["row_id"] for row in whole}
        assert all(line.error is not None or line.reason for line in lines)
        return {(int(line.row["row_id"]), line.quantity): line for line in lines}

    return read


META = {"source_title": "Revisiting", "chip": "A100-80GB", "chips_per_node": "8"}


@pytest.mark.parametrize(("chips", "stated", "hours"), [("16384", "1.8", 1.803), ("131072", "0.23", 0.2254)])
@pytest.mark.parametrize("how", ["of its publication", "in its own words"])
def test_mean_times_are_projected_from_the_rate_of_a_node(table, chips, stated, hours, how):
    # 8 x 24,000 / (6.50 x chips): arXiv:2410.21680 rounds it to 1.8 and 0.23 h.
    words = {"derived": "1/(N*6.5e-3/day)"} if how == "in its own words" else {}
    node = {**META, "source_key": "meta_rsc1", "failures_per_1000_node_days": "6.5"}
    job = {**META, "source_key": "meta_mttf", "chips": chips, "job_mtbf_h": stated, **words}
    rows = (job,) if words else (job, node)
    line = table(*rows)[0, "job_mtbf_h"]
    assert line.predicted == pytest.approx(hours, rel=1e-3)
    digits = len(stated.partition(".")[2])
    assert round(line.predicted, digits) == float(stated)


def test_counts_become_every_rate_that_a_row_states(table):
    # 419 of 466 interruptions in 54 days on 16,384 chips (arXiv:2407.21783).
    row = {
        "source_key": "llama3", "chip": "H100-80GB", "chips": "16384", "chips_per_node": "8", "period_days": "54",
        "interruptions_total": "466", "interruptions_unexpected": "419", "interruptions_planned": "47",
        "job_mtbf_h": "3.09", "failures_per_1000_node_days": "3.79", "chip_days_per_failure": "2112",
        "effective_time_pct": ">90",
    }  # fmt: skip
    lines = table(row)
    for quantity in ("job_mtbf_h", "failures_per_1000_node_days", "chip_days_per_failure"):
        assert abs(lines[0, quantity].error) < 2e-3
    assert lines[0, "interruptions_unexpected"].error == 0
    assert lines[0, "effective_time_pct"].predicted > 90
    assert lines[0, "effective_time_pct"].error == 0


def test_without_a_count_one_rate_follows_from_another(table):
    # 50,000 h for one chip make half an hour for 100,000 (epoch.ai, hardware failures).
    row = {"chips": "100000", "chips_per_node": "8", "chip_days_per_failure": "2083.3", "job_mtbf_h": "0.5"}
    lines = table(row)
    assert lines[0, "job_mtbf_h"].predicted == pytest.approx(0.5, rel=1e-4)
    assert lines[0, "chip_days_per_failure"].predicted == pytest.approx(2083.3, rel=1e-4)
    spoken = {"value": "3", "value_unit": "min", "what": "one failure per 3 min at 1M GPUs", "chips": "100000"}
    spoken["chip_days_per_failure"] = "2083.3"
    assert table(spoken)[0, "value"].predicted == pytest.approx(3.0, rel=1e-4)


def test_shares_of_a_count_are_counted_again(table):
    # Of 419: 35 from the network are 8.4 %; the printed 30.1 % of 148 faulty GPUs is really 35.3 %.
    network = {"interruptions_unexpected": "35", "value": "8.4", "value_unit": "% of 419"}
    faulty = {"interruptions_unexpected": "148", "value": "30.1", "value_unit": "% of 419"}
    lines = table(network, faulty)
    assert round(lines[0, "value"].predicted, 1) == 8.4
    assert lines[1, "value"].predicted == pytest.approx(35.3, abs=0.03)
    assert lines[1, "value"].error > 0.17


def test_worked_examples_have_intervals_and_useful_time(table):
    # By hand for C = 10 s, M = 3.09 h, R = 600 s: 471.7 s by Young, 464.8 s by Daly, 90.8 % of the time.
    row = {
        "job_mtbf_h": "3.09", "restart_or_recovery_s": "600", "checkpoint_write_s": "10",
        "checkpoint_interval_s": "465", "effective_time_pct": "90.8", "what": "Young 472 s, Daly 465 s",
    }  # fmt: skip
    lines = table(row)
    small = math.sqrt(10 / (2 * 3.09 * 3600))
    young = math.sqrt(2 * 10 * 3.09 * 3600)
    assert lines[0, "young_interval_s"].predicted == pytest.approx(young)
    assert lines[0, "daly_interval_s"].predicted == pytest.approx(young * (1 + small / 3 + small**2 / 9) - 10)
    assert lines[0, "checkpoint_interval_s"].predicted == lines[0, "daly_interval_s"].predicted
    assert abs(lines[0, "effective_time_pct"].error) < 1e-3


def test_meta_s_formula_takes_the_time_between_failures_that_it_measured(table):
    # E[ETTR] = (1 - r (u + d/2)) / (1 + w/d) with u = 0.1 h, d = 1 h, w = 36 s at 7.9 h: 0.924 / 1.01.
    measured = {**META, "source_key": "meta_mttf", "chips": "1024", "job_mtbf_h": "7.9"}
    asked = {
        **META, "source_key": "meta_ettr", "chips": "1024", "effective_time_pct": "~90", "what": "E[ETTR]=...",
        "detect_s": "0", "restart_or_recovery_s": "360", "checkpoint_write_s": "36", "checkpoint_interval_s": "3600",
    }  # fmt: skip
    line = table(measured, asked)[1, "effective_time_pct"]
    assert line.predicted == pytest.approx(100 * (1 - 0.6 / 7.9) / 1.01)


def test_days_of_work_over_days_of_the_calendar(table):
    # OPT-175B chronicles: 33 ideal days in about 56.
    row = {"effective_time_pct": "59", "metric_definition": "33 ideal days (on 1024 GPUs) / ~56 calendar days"}
    assert table(row)[0, "effective_time_pct"].predicted == pytest.approx(58.9, abs=0.05)


@pytest.mark.parametrize(
    ("key", "chips", "stated", "within"),
    [
        ("byterobust_dense", "9600", "97", 0.02),
        ("byterobust_moe", "9600", "91", 0.06),
        ("megascale", "12288", ">90", 0.02),
    ],
)
def test_runs_that_print_only_their_chips_take_the_rest_from_the_catalogue(table, key, chips, stated, within):
    # arXiv:2509.16293 and arXiv:2402.15627.
    chip = "A100-80GB" if key == "megascale" else "Hopper"
    line = table({"source_key": key, "chip": chip, "chips": chips, "effective_time_pct": stated})[
        0, "effective_time_pct"
    ]
    assert abs(line.error) < within


@pytest.mark.parametrize(
    ("cell", "predicted", "measured", "error"),
    [
        (">90", 95.0, 90.0, 0.0),
        (">90", 81.0, 90.0, -0.1),
        ("<600", 300.0, 600.0, 0.0),
        ("<600", 660.0, 600.0, 0.1),
        ("2000-5000", 3000.0, 2000.0, 0.0),
        ("2000-5000", 6000.0, 5000.0, 0.2),
        ("~90", 99.0, 90.0, 0.1),
        ("49,212", 49212.0, 49212.0, 0.0),
    ],
)
def test_bounds_and_ranges_are_missed_only_outside(table, cell, predicted, measured, error):
    from truth_cells import reading

    assert reading(cell).error(predicted) == pytest.approx((measured, error))


@pytest.mark.parametrize("cell", ["31.19 -> 1.16", "96 / 95.05", "43,264 explicit + 5,948 implicit", "", "n/a"])
def test_cells_that_say_several_things_are_no_reading(table, cell):
    from truth_cells import reading

    assert reading(cell) is None


def test_rows_with_nothing_to_work_with_say_so(table):
    lines = table(
        {"effective_time_pct": "93", "chip": "TPUv5p"},
        {"value": "31.19 -> 1.16", "value_unit": "% time lost to errors"},
        {"system_or_run": "formula", "what": "Young: tau_opt = sqrt(2*C*M)"},
        {"job_mtbf_h": ">24", "chips": "384", "chip": "Ascend 910C", "source_key": "huawei_mtbf"},
        {"checkpoint_write_s": "216", "checkpoint_interval_s": "900", "job_mtbf_h": "2.5"},
        {"value": "0.08", "value_unit": "%/day", "what": "host availability", "chip": "TPUv4"},
    )
    assert all(line.error is None and line.reason for line in lines.values())
    assert "chosen" in lines[4, "checkpoint_interval_s"].reason


def test_parts_of_a_count_add_up(table):
    row = {"interruptions_total": "49212", "value": "43,264 explicit + 5,948 implicit over 778,135 jobs"}
    assert table(row)[0, "interruptions_total"].predicted == 43_264 + 5_948
