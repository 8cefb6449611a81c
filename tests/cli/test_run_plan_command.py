import json

import pytest

PLAN = (
    "plan", "train", "--model", "llama-3-70b", "--system", "hgx-h100", "--chips", "64", "--batch", "128",
    "--plan", "tp=4,pp=4,vpp=5,dp=4,cp=1,ep=1,mbs=1,recompute=none,zero=1,sp=1",
)  # fmt: skip
RUN = (*PLAN, "--tokens", "30bn", "--start", "2025-04-01", "--draws", "256")


@pytest.fixture
def autarky(command_line):
    return command_line


def test_a_run_stands_beside_its_plan(autarky):
    status, out, _ = autarky(*RUN, "--days", "10", "--json")
    answer = json.loads(out)
    assert status == 0
    run = answer["run"]
    assert run["planned_days"] == pytest.approx(30e9 / answer["best"][0]["tokens_per_s"] / 86400)
    assert run["days_available"] == 10
    assert 0 <= run["finish_probability"] <= 1
    assert run["wall_days"]["p5"] <= run["wall_days"]["p50"] <= run["wall_days"]["p95"]
    assert run["reliability"] == "hopper"


def test_without_tokens_there_is_no_run(autarky):
    assert "run" not in json.loads(autarky(*PLAN, "--json")[1])


def test_options_reach_the_run(autarky):
    options = ("--by", "2025-04-20", "--confidence", "50%", "--reliability", "llama-3", "--spares", "7", "--seed", "3")
    run = json.loads(autarky(*RUN, *options, "--json")[1])["run"]
    assert (run["confidence"], run["reliability"], run["spare_nodes"], run["seed"]) == (0.5, "llama-3", 7, 3)
    assert (run["start"], run["days_available"], run["draws"]) == ("2025-04-01", 20, 256)


def test_what_never_ends_is_null_in_json_and_never_in_words(autarky):
    # A failure within the hour, and no spare for a day: what is saved is lost again.
    large = ("--chips", "16384", "--batch", "8192", "--plan", PLAN[-1].replace("dp=4", "dp=1024"))
    hopeless = (*PLAN[:-6], *large, "--tokens", "30T", "--draws", "64", "--reliability", "opt-175b", "--spares", "0")
    run = json.loads(autarky(*hopeless, "--json")[1])["run"]
    assert run["finished_share"] < 1
    assert run["wall_days"]["p95"] is None
    assert "never" in autarky(*hopeless)[1]


def test_the_text_tells_when_and_how_surely(autarky):
    status, out, _ = autarky(*RUN, "--by", "2025-04-20")
    assert status == 0
    for words in ("days from start to finish", "goodput", "spare nodes", "with a probability of 90%", "chips for 90%"):
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tokens", "-1"), "tokens: must be positive, is -1"),
        (("--tokens", "0"), "tokens: must be positive, is 0"),
        (("--tokens", "lots"), "'lots' is not a number of tokens"),
        (("--tokens", "nan"), "is not a number of tokens"),
        (("--tokens", "1e30"), "tokens: must be at most 1e+18"),
        (("--tokens", "1T", "--confidence", "120%"), "confidence: must lie between 0 and 1, is 1.2"),
        (("--tokens", "1T", "--confidence", "high"), "'high' is not a probability"),
        (("--tokens", "1T", "--reliability", "hoper"), "no reliabilities record is called 'hoper'"),
        (("--tokens", "1T", "--start", "2025-04-01", "--by", "2025-03-01"), "2025-03-01 is before the start"),
        (("--tokens", "1T", "--by", "tomorrow"), "by: 'tomorrow' is not a day; write YYYY-MM-DD"),
        (("--tokens", "1T", "--days", "3", "--by", "2027-01-01"), "give one of them"),
        (("--tokens", "1T", "--days", "-3"), "days: must be positive, is -3"),
        (("--tokens", "1T", "--days", "nan"), "days: must be positive, is nan"),
        (("--tokens", "1T", "--draws", "0"), "draws: 0 is too low"),
        (("--tokens", "1T", "--spares", "-1"), "spares: must be a whole number of at least 0"),
        (("--days", "3"), "--days: asks about a run; say how many tokens"),
        (("--reliability", "hopper"), "--reliability: asks about a run; say how many tokens"),
    ],
)
@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_bad_input_is_one_line_and_status_2(autarky, arguments, said, mode):
    status, out, error = autarky(*PLAN, *arguments, *mode)
    assert (status, out) == (2, "")
    assert len(error.splitlines()) == 1
    assert said in error
