import pytest


@pytest.fixture
def autarky(bad, command_line, monkeypatch, tmp_path):
    """Run the command line in this process; return (exit status, standard output, lines of standard error)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(*arguments):
        status, out, error = command_line(*arguments)
        return status, out, error.splitlines()

    return call


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "scenarios/low-above-high.yaml"),
        ("run", "scenarios/not-text.yaml"),
        ("run", "scenarios/several-problems.yaml"),
        ("run", "../small/scenario.yaml", "--draws", "0"),
        ("run", "../small/scenario.yaml", "--draws", "1000000000000"),
        ("run", "../small/scenario.yaml", "--as-of", "2020-01-01"),
        ("run", "../small/scenario.yaml", "--set", "fabs.noth.capacity=20k wafer/month"),
        ("run", "../small/scenario.yaml", "--set", "fabs.north.capacity"),
    ],
)
@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_bad_input_ends_with_status_2_one_line_each_and_nothing_written(autarky, tmp_path, arguments, mode):
    status, out, errors = autarky(*arguments, "--out", str(tmp_path / "out"), *mode)
    assert status == 2
    assert out == ""
    assert errors
    assert all(line.startswith("error: ") for line in errors)
    assert not (tmp_path / "out").exists()


def test_validate_says_what_run_would(autarky):
    status, _, errors = autarky("validate", "scenarios/yield-over-one.yaml")
    assert (status, errors) == (
        2,
        [
            "error: scenarios/yield-over-one.yaml:2:7  fabs.north.dies.big-die.yield: value (1.2) is above 1; "
            "a fraction lies between 0 and 1 (0% and 100%)"
        ],
    )


def test_a_folder_of_facts_with_a_mistake_fails_the_check(autarky, tmp_path):
    (tmp_path / "fabs.yaml").write_text("west: {label: West, operator: W, country: CN, capacity: 1k wafer/month}\n")
    status, _, errors = autarky("facts", "check", str(tmp_path))
    assert status == 2
    assert errors[0] == (
        "error: fabs.yaml:1:47  fabs.west.capacity: this number has no source; add `source:` to it or to its record"
    )
