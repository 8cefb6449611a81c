import json
import sys

import pytest

from autarky.cli import main


@pytest.fixture
def timeline(monkeypatch, capsys):
    """Run `autarky timeline ...`; return (exit status, output, errors)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autarky", "timeline", *arguments])
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_events_as_json(timeline):
    status, out, err = timeline("--actor", "US-BIS", "--from", "2025-04", "--to", "2025-05", "--json")
    assert (status, err) == (0, "")
    rows = json.loads(out)
    assert [row["id"] for row in rows] == [
        "2025-04-h20-letters",
        "2025-05-ascend-guidance",
        "2025-05-diffusion-not-enforced",
    ]
    letters = rows[0]
    assert letters["levers"][0]["kind"] == "licence_status"
    assert letters["levers"][0]["p50"] == 0
    assert "h20" in letters["levers"][0]["scope"]["chip"]
    assert (letters["confidence"], letters["enacted"], letters["status"]) == ("A", True, "company letter")


def test_text_shows_days_levers_wordings_and_what_is_only_proposed(timeline):
    status, out, err = timeline("--from", "2025-05", "--to", "2025-12-31")
    assert (status, err) == (0, "")
    for words in (
        "2025-05-13  US-BIS",
        "presumed, rebuttable",
        "first wording",
        "SAFE Chips Act introduced  [not enacted]",
        "import gate 0.05 to 0.4 for h20, h20-141, internet-platforms to CN, from 2025-08-15",
        "fab start by 2025-12 for huawei-fab-1",
        "only with: 2025-04-h20-letters",
        "events",
    ):
        assert words in out


def test_a_scenario_prints_the_events_that_act_in_it_on_their_days(timeline, tmp_path):
    question = tmp_path / "question.yaml"
    question.write_text(
        "extends: china-ai-chips\nlabel: a question\n"
        "events: {off: [2024-11-tsmc-stop], move: {2024-12-hbm-control: 2025-03-31}}\n"
    )
    status, out, err = timeline("--from", "2024-10", "--to", "2025-03", "--scenario", str(question), "--json")
    assert (status, err) == (0, "")
    rows = {row["id"]: row for row in json.loads(out)}
    assert "2024-11-tsmc-stop" not in rows
    assert rows["2024-12-hbm-control"]["compliance"] == "2025-03-31"
    assert rows["2024-12-hbm-control"]["levers"][0]["from"] == "2025-04-01"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "hbm-tighten"), "did you mean hbm-tightened"),
        (("--actor", "nvidai"), "did you mean nvidia"),
        (("--from", "soon"), "from: 'soon' is not a date"),
        (("--to", "2025-13"), "to: '2025-13' is not a date"),
    ],
)
def test_bad_input_is_one_line_and_status_2(timeline, arguments, said):
    status, out, err = timeline(*arguments)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err
