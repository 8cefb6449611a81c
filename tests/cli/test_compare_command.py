import csv
import json
import subprocess
import sys

import pytest

FLAGSHIP = "china-ai-chips"
DRAWS = ["--draws", "64"]


def commanded(*arguments):
    command = [sys.executable, "-c", "from autarky.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def compared(*arguments):
    return commanded("compare", *arguments, *DRAWS)


def test_the_flagship_against_itself_is_zero_everywhere():
    done = compared(FLAGSHIP, FLAGSHIP, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["changed"] == []
    assert all(
        value == 0
        for measure in data["difference"].values()
        for summary in measure["by_year"].values()
        for value in summary.values()
    )
    assert all(pair["difference"] == 0 for pair in data["targets"])


def test_text_names_both_sides_the_targets_and_what_moves():
    done = compared(FLAGSHIP, FLAGSHIP, "--set-b", "memory_supplies.hibl.output=300k stack/month")
    assert done.returncode == 0, done.stderr
    for words in ("the same draws on both sides", "How likely", "b - a", "production.chips", "do not differ"):
        assert words in done.stdout


def test_several_counterfactuals_give_a_list_a_page_and_a_table(tmp_path):
    done = compared(FLAGSHIP, "h20-ban-stays", FLAGSHIP, "--json", "--out", str(tmp_path / "deep"))
    assert done.returncode == 0, done.stderr
    banned, same = json.loads(done.stdout)
    assert (banned["b"]["scenario"], same["b"]["scenario"]) == ("h20-ban-stays", FLAGSHIP)
    assert "imports.chips" in banned["changed"]
    assert same["changed"] == []
    with (tmp_path / "deep" / "differences.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (median,) = [
        float(row["difference"])
        for row in rows
        if (row["scenario_b"], row["variable"], row["period"], row["quantile"])
        == ("h20-ban-stays", "imports.chips", "2025", "p50")
    ]
    assert median == banned["difference"]["imports.chips"]["by_year"]["2025"]["p50"]
    assert not any(float(row["difference"]) for row in rows if row["scenario_b"] == FLAGSHIP and row["difference"])
    page = (tmp_path / "deep" / "comparison.html").read_text(encoding="utf-8")
    assert "autarky compare china-ai-chips h20-ban-stays china-ai-chips --draws 64" in page
    assert "The H20 stays banned" in page


def test_a_run_with_counterfactuals_shows_them_in_its_report(tmp_path):
    done = commanded("run", FLAGSHIP, "--with", "h20-ban-stays", *DRAWS, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "If: The H20 stays banned" in page
    assert "Which gate binds now" in page
    assert "--with h20-ban-stays" in page
    assert len(page.encode()) < 1.5e6


def test_the_debate_is_answered_by_question_figure_and_year():
    done = commanded("debate", *DRAWS, "--json")
    assert done.returncode == 0, done.stderr
    found = {answer["id"]: answer for answer in json.loads(done.stdout)}
    assert len(found) == 4
    fees = [figure["by_year"]["2026"]["p50"] for figure in found["what-a-share-of-revenue-brings"]["figures"][:3]]
    assert fees[1] == pytest.approx(fees[0] * 20 / 15, rel=1e-5)
    assert fees[2] == pytest.approx(fees[0] * 25 / 15, rel=1e-5)
    gates = found["which-gate-binds"]["figures"]
    offered, *_, both = (figure["by_year"]["2026"]["p50"] for figure in gates[:-1])
    assert 0 < both < offered
    lost = found["stop-of-april-2025"]["figures"][0]
    assert (lost["kind"], lost["by_year"]["2025"]["p95"] < 0) == ("change", True)


def test_the_debate_in_text_has_every_question():
    done = commanded("debate", *DRAWS)
    assert done.returncode == 0, done.stderr
    for words in ("stop of April 2025", "15, 20 or 25 %", "the H20 and the H200", "Which gate binds now", "points"):
        assert words in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((FLAGSHIP, "china-ai-chip"), "did you mean china-ai-chips"),
        ((FLAGSHIP, FLAGSHIP, "--set-b", "fabs.smic-7nm.capcity=3"), "did you mean capacity?"),
        ((FLAGSHIP, FLAGSHIP, "--set-b", "nonsense"), "is not KEY=VALUE"),
        ((FLAGSHIP, FLAGSHIP, "--as-of", "1999-01-01"), "before the first source"),
        ((FLAGSHIP,), "Missing argument"),
        (("foreign-ai-chips", "library"), "the library has no counterfactuals of foreign-ai-chips"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, said):
    done = compared(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
