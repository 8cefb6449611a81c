"""The example of one training run on three kinds of chips: it runs, its figures hang together, its order is right."""

import importlib.util
import sys
from pathlib import Path

import pytest

import autarky

FOLDER = Path(__file__).parents[2] / "examples" / "failed-run"
DRAWS = 512


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("failed_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["failed_run"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["failed_run"]


@pytest.fixture(scope="module")
def answer(example):
    return example.cases(DRAWS)


@pytest.fixture(scope="module")
def same_count(answer):
    return {row["name"]: row for row in answer["same number of chips"]}


@pytest.fixture(scope="module")
def same_peak(answer):
    return {row["name"]: row for row in answer["same peak compute"]}


def test_sizes_are_what_the_tables_say(example, same_count, same_peak):
    assert {row["chips"] for row in same_count.values()} == {example.CHIPS}
    peaks = [row["peak_pflops"] for row in same_peak.values()]
    assert max(peaks) / min(peaks) < 1.06
    assert same_peak["H20"]["chips"] > 6 * same_peak["H800"]["chips"]


def test_the_plan_alone_orders_the_chips_by_what_they_can_compute(same_count):
    # 1,979 TFLOPS in 8 bits, 989 and about 760 in 16 bits, 296 in 8 bits.
    days = [same_count[name]["planned_days"] for name in ("H800", "H800, 16 bits", "H20")]
    assert days == sorted(days)
    assert same_count["H800"]["planned_days"] < same_count["910C"]["planned_days"] < same_count["H20"]["planned_days"]


def test_software_and_failures_cost_the_910c_more_than_the_others(same_count):
    def lost(name):
        return same_count[name]["wall_days"]["p50"] / same_count[name]["planned_days"]

    assert lost("910C") > lost("910C, failures as claimed") > max(lost("H800"), lost("H20"))
    assert same_count["910C"]["goodput"]["p50"] < same_count["H800"]["goodput"]["p50"]
    spread = {name: row["wall_days"]["p95"] / row["wall_days"]["p5"] for name, row in same_count.items()}
    assert spread["910C"] > 1.5 * spread["H800"]


def test_at_the_same_peak_the_910c_is_the_least_likely_to_be_in_time(same_peak):
    chances = {name: row["finish_probability"] for name, row in same_peak.items()}
    assert min(chances, key=chances.get) == "910C"
    assert chances["910C, failures as claimed"] > chances["910C"]


def test_stops_follow_chips_and_days(same_count, same_peak):
    for row in (*same_count.values(), *same_peak.values()):
        expected = row["wall_days"]["p50"] * 24 / row["hours_between_interruptions"]["p50"]
        assert row["interruptions"]["p50"] == pytest.approx(expected, rel=0.35)
        assert row["planned_days"] <= row["undisturbed_days"] <= row["wall_days"]["p50"] * 1.02


def test_the_chips_that_are_said_to_be_needed_fit_the_probability(same_count):
    for row in same_count.values():
        if row["finish_probability"] > 0.95:
            assert row["chips_needed"] <= row["chips"]
        elif row["finish_probability"] < 0.85:
            assert row["chips_needed"] is None or row["chips_needed"] > row["chips"]


def test_the_published_run_on_h800_lies_within_its_band(same_count):
    # arXiv:2412.19437: 14.8T tokens in 2.664M chip-hours, so 54.2 days on 2,048 chips.
    days = same_count["H800"]["wall_days"]
    assert days["p5"] < 2.664e6 / 2048 / 24 < days["p95"]


def test_the_report_has_dated_sources_in_the_catalogue(example, capsys):
    example.print_report()
    said = capsys.readouterr().out
    assert "2025-08-14" in said
    assert "Financial Times" in said


def test_the_command_lines_ask_the_same(example, same_count, monkeypatch, capsys):
    import json

    from autarky.cli import main

    setup = example.SETUPS[3]
    words = example.command(setup, example.CHIPS).split()
    monkeypatch.setattr(sys, "argv", [*words, "--draws", str(DRAWS), "--keep", "1", "--json"])
    main()
    run = json.loads(capsys.readouterr().out)["run"]
    assert run["wall_days"] == pytest.approx(same_count[setup.name]["wall_days"])
    assert run["finish_probability"] == same_count[setup.name]["finish_probability"]


def test_the_tables_print_every_case(example, answer, capsys):
    example.print_cases(answer)
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if "%" in line and "in time" not in line]) == 2 * len(example.SETUPS)


def test_the_model_is_of_the_class_that_was_reported():
    from autarky.plan_inputs import model_named
    from autarky.workloads.parameters import parameters

    counted = parameters(model_named("deepseek-v3"))
    assert counted.total / 1e9 == pytest.approx(671, abs=1)
    assert autarky.load_catalogue().plain["events"]["2025-08-r2-training-on-ascend"]["date"] == "2025-08-14"
