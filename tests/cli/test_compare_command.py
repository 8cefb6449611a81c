import json
import subprocess
import sys

import pytest

FLAGSHIP = "china-ai-chips"
DRAWS = ["--draws", "64"]


def compared(*arguments):
    command = [sys.executable, "-c", "from autarky.cli import main; main()", "compare", *arguments, *DRAWS]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((FLAGSHIP, "china-ai-chip"), "did you mean china-ai-chips"),
        ((FLAGSHIP, FLAGSHIP, "--set-b", "fabs.smic-7nm.capcity=3"), "did you mean capacity?"),
        ((FLAGSHIP, FLAGSHIP, "--set-b", "nonsense"), "is not KEY=VALUE"),
        ((FLAGSHIP, FLAGSHIP, "--as-of", "1999-01-01"), "before the first source"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, said):
    done = compared(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
