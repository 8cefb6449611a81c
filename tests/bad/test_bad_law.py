"""Mistakes in questions about rules, events and the market: one line each, and status 2."""

import pytest

CHIP = "name: x\ndies: [{area: 800, planar: false}]\n"
BASE = "extends: china-ai-chips\nlabel: a question\n"


@pytest.fixture
def autarky(command_line, monkeypatch, tmp_path):
    """Run the command line in a folder of its own; return (exit status, standard output, lines of standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status, out, error = command_line(*arguments)
        return status, out, error.splitlines()

    return call


@pytest.mark.parametrize(
    ("chip", "options", "line"),
    [
        ("h20", {"--to": "Chima"}, "to: no country is called 'Chima'; did you mean China or Czechia or Chad?"),
        ("h20", {"--headquarters": "XX"}, "headquarters: no country is called 'XX'; give an ISO code such as CN"),
        ("h21", {}, "CHIP: no chip is called 'h21'; did you mean h20 or h20-141 or hbm2?"),
        ("h20", {"--date": "2020-01-01"}, "date: no rule holds yet on 2020-01-01; the first holds from 2022-08-26"),
        ("h20", {"--date": "soon"}, "date: 'soon' is not a day; write YYYY-MM-DD"),
        (
            "h20",
            {"--switch": "safe-chips"},
            "switches: no switch is called 'safe-chips'; did you mean safe-chips-act or -safe-chips-act?",
        ),
        ("h20", {"--scenario": "h20-ban"}, "no scenario is called 'h20-ban'; did you mean h20-ban-stays?"),
        (
            "unstated.yaml",
            {},
            "unstated.yaml:1:1  no rates: give them under `dense`, or under `sparse` with `sparse_ratio`",
        ),
        (
            "sparse.yaml",
            {},
            "sparse.yaml:3:10  sparse.fp8: x: only a sparse rate is given for fp8, and the law counts dense ones; give "
            "`dense`, or `sparse_ratio` if the maker states how much sparsity adds",
        ),
    ],
)
def test_a_question_that_no_rule_can_answer(autarky, tmp_path, chip, options, line):
    (tmp_path / "unstated.yaml").write_text(CHIP)
    (tmp_path / "sparse.yaml").write_text(f"{CHIP}sparse: {{fp8: 2000}}\n")
    asked = {"--to": "CN", "--date": "2025-06-01", **options}
    arguments = [part for option in asked.items() for part in option]
    assert autarky("classify", chip, *arguments) == (2, "", [f"error: {line}"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "events: {off: [2025-04-h20-leters]}",
            "a.yaml:3:16  events.off.0: no events record is called '2025-04-h20-leters'; did you mean "
            "2025-04-h20-letters or 2025-04-h20-orders or 2025-08-h20-licences?",
        ),
        (
            "events: {add: {own: {label: A, date: 2027-01-01, actor: US-BIS, confidence: C, rules: safe-chip-act}}}",
            "a.yaml:3:80  events.own.rules.0: no rule is called 'safe-chip-act'; did you mean safe-chips-act or "
            "match-act or ai-overwatch-act?",
        ),
        (
            "set: {demand.china-accelerators.spending: -5bn USD/year}",
            "a.yaml:3:7  demand.china-accelerators.spending: value (-416,666,666.7) is below 0; this quantity "
            "cannot be negative",
        ),
        (
            "set: {events.2025-08-fifteen-percent.levers.0.value: 120%}",
            "a.yaml:3:7  events.2025-08-fifteen-percent.levers.0.value: value (1.2) is above 1; a fraction lies "
            "between 0 and 1 (0% and 100%)",
        ),
        (
            "events:\n  on: [2025-08-fifteen-percent]\n  add:\n    twenty: {label: A, date: 2025-08-11, actor: US-BIS, "
            "confidence: C, levers: [{kind: fee, chips: [h20, h200-sxm], value: 20%}]}",
            "a.yaml:3:1  events: twenty and 2025-08-fifteen-percent contradict each other on fee from 2025-08-11; "
            "switch one of them off, move it, or end the first before the second begins",
        ),
        (
            "events: {on: [2025-08-fifteen-percent], off: [2025-04-h20-letters]}",
            "a.yaml:3:10  events.on: 2025-08-fifteen-percent means nothing without 2025-08-h20-licences; let that act "
            "first, or leave this one alone",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "validate", "compare"])
def test_a_world_that_cannot_be(autarky, tmp_path, command, text, line):
    (tmp_path / "a.yaml").write_text(f"{BASE}{text}\n")
    scenarios = ("china-ai-chips", "a.yaml") if command == "compare" else ("a.yaml",)
    draws = () if command == "validate" else ("--draws", "8")
    status, out, errors = autarky(command, *scenarios, *draws)
    assert (status, out, errors[-1]) == (2, "", f"error: {line}")


def test_without_demand_a_share_is_not_defined_where_nothing_is_bought_and_the_rest_stands(autarky, tmp_path):
    (tmp_path / "a.yaml").write_text(f"{BASE}set: {{demand.china-accelerators.spending: 0 USD/year}}\n")
    status, out, errors = autarky("run", "a.yaml", "--draws", "8", "--prior")
    assert (status, errors) == (0, [])
    (line,) = (line for line in out.splitlines() if "chips brought into service, by number," in line)
    # The record runs into 2026; from 2027 on nobody buys.
    assert line.rstrip().endswith("not defined")
    assert line.count("not defined") == 1
    assert "nan" not in out.lower().split()
