import json
import subprocess
import sys

import pytest

DRAWS = ["--draws", "256"]


def autarky(*arguments, cwd=None):
    command = [sys.executable, "-c", "from autarky.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120)


@pytest.fixture(scope="module")
def flagship():
    done = autarky("run", *DRAWS, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_run_alone_is_the_flagship_and_prints_one_object(flagship):
    assert flagship["scenario"] == "china-ai-chips"
    assert {"as_of", "draws", "seed", "version", "targets", "measures", "bottleneck"} <= flagship.keys()
    assert flagship["draws"] == 256


def test_every_target_has_a_name_a_definition_a_probability_and_its_error(flagship):
    for target in flagship["targets"]:
        assert target.keys() == {"name", "definition", "probability", "standard_error"}
        assert 0 <= target["probability"] <= 1


def test_measures_carry_unit_definition_and_rising_quantiles_by_year(flagship):
    for name, measure in flagship["measures"].items():
        assert measure["unit"], name
        assert measure["definition"], name
        for year, row in measure["by_year"].items():
            assert 2022 <= int(year) <= 2029
            assert row["p5"] <= row["p25"] <= row["p50"] <= row["p75"] <= row["p95"]
            assert row["p5"] <= row["mean"] or row["p5"] == pytest.approx(row["mean"])


def test_bottleneck_shares_add_up_to_one_in_every_year(flagship):
    for shares in flagship["bottleneck"].values():
        assert sum(shares.values()) == pytest.approx(1.0)


def test_vendors_add_up_to_all_packages(flagship):
    measures = flagship["measures"]
    vendors = [m for name, m in measures.items() if name.startswith("production.chips.vendor.")]
    total = measures["production.chips"]["by_year"]["2026"]["mean"]
    assert sum(v["by_year"]["2026"]["mean"] for v in vendors) == pytest.approx(total, rel=1e-5)


def test_the_same_seed_prints_the_same_bytes():
    assert autarky("run", *DRAWS, "--json").stdout == autarky("run", *DRAWS, "--json").stdout


def test_text_output_names_targets_years_constraints_and_the_fit():
    done = autarky("run", *DRAWS)
    assert done.returncode == 0
    for words in ("How likely", "packages made", "memory", "effective draws", "does not fit"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "china-ai-chip"), "did you mean china-ai-chips"),
        (("run", "--draws", "0"), "draws"),
        (("run", "--set", "fabs.smic-7nm.capcity=3"), "did you mean capacity?"),
        (("run", "--set", "nonsense"), "is not KEY=VALUE"),
        (("run", "--set", "fabs.smic-7nm.capacity=20"), "has no unit"),
        (("run", "--as-of", "1999-01-01"), "before the first source"),
        (("run", "--as-of", "yesterday"), "not a date"),
        (("facts", "show", "ascend-910d"), "did you mean"),
        (("facts", "list", "chip"), "did you mean chips?"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error_and_exit_2(arguments, said):
    done = autarky(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_failed_run_writes_nothing(tmp_path):
    done = autarky("run", "--set", "fabs.smic-7nm.capacity=20", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


def test_facts_show_prints_every_estimate_with_its_source():
    text = autarky("facts", "show", "ascend-910c").stdout
    for value in ("707.8 TFLOPS", "752 TFLOPS", "780 TFLOPS", "800 TFLOPS"):
        assert value in text
    assert "SemiAnalysis" in text


def test_facts_check_counts_what_it_checked():
    done = autarky("facts", "check", "--json")
    counts = json.loads(done.stdout)["counts"]
    assert counts["chips"] >= 70
    assert counts["systems"] >= 20
    assert counts["sources"] >= 200


def test_schema_is_json_schema_of_a_scenario():
    schema = json.loads(autarky("schema").stdout)
    assert "targets" in schema["properties"]
