import json
import sys

import pytest

from autarky.cli import main


@pytest.fixture
def design(monkeypatch, capsys):
    """Run `autarky design ...`; return (exit status, output, errors)."""

    def run(*arguments, to="CN", date="2026-02-01", workload="compute=0.2,memory=0.6,link=0.2"):
        arguments = ["--to", to, "--date", date, "--workload", workload, *arguments]
        monkeypatch.setattr(sys, "argv", ["autarky", "design", *arguments])
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_json_has_the_best_the_frontier_and_the_chips(design):
    status, out, err = design("--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert set(found["best"]) == {"no licence", "licence exception", "case-by-case"}
    assert found["weights"] == {"compute": 0.2, "memory": 0.6, "link": 0.2}
    assert [chip["chip"] for chip in found["chips"]] == ["h20", "b30a", "h200-sxm", "ascend-910c"]
    assert found["best"]["case-by-case"]["bound_by"]["tpp"] == "2026-01-case-by-case"
    assert len(found["frontier"]) > 1


def test_text_names_the_budget_what_binds_and_the_chips(design):
    status, out, err = design(workload="decode-weights")
    assert (status, err) == (0, "")
    for words in (
        "Best chip for decode-weights",
        "memory 70 %",
        "budget of B300 SXM",
        "held back by",
        "Frontier",
        "H20 96GB",
        "B30A",
    ):
        assert words in out


def test_a_reference_workload_is_told_by_the_time_model(design):
    status, out, err = design("--json", workload="prefill")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["weights"] == {}
    assert found["scored_by"].startswith("time model: reading prompts")
    assert "efficiencies of blackwell-b300" in found["scored_by"]
    # The reference chip of all speeds is the H100; the H200 has its silicon.
    h200 = next(chip for chip in found["chips"] if chip["chip"] == "h200-sxm")
    assert h200["speed"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(
    ("arguments", "about", "said"),
    [
        ((), {"workload": "decoding"}, "did you mean decode"),
        (("--budget", "h201"), {}, "no chips record is called 'h201'"),
        (("--stacks", "0"), {}, "stacks: 0 is not above zero"),
        ((), {"date": "soon"}, "'soon' is not a day"),
        ((), {"to": "Atlantis"}, "no country is called 'Atlantis'"),
        (("--switch", "nonsense"), {}, "no switch is called 'nonsense'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(design, arguments, about, said):
    status, out, err = design(*arguments, **about)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err
