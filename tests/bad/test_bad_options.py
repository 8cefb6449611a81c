import pytest

from autarky import limits
from autarky.engine import run
from autarky.errors import InputError, ScenarioError
from autarky.facts.yaml_tree import read_document
from autarky.scenario.resolve import ask, parse_value
from small_catalogue import SCENARIO

SMALL = "../small/scenario.yaml"


def lines_of(caught):
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("draws", "line"),
    [
        (0, "draws: 0 is too low; give 1 or more; the default is 16,384"),
        (-1, "draws: -1 is too low; give 1 or more; the default is 16,384"),
        (10**12, "draws: 1,000,000,000,000 is too high; give 2,147,483,648 or less; the default is 16,384"),
        (2.5, "draws: expected a whole number, found 2.5; the default is 16,384"),
        (True, "draws: expected a whole number, found True; the default is 16,384"),
    ],
)
def test_a_number_of_draws_that_cannot_be_made_is_refused(bad, draws, line):
    with pytest.raises(ScenarioError) as caught:
        run(SMALL, draws=draws)
    assert lines_of(caught) == [line]


@pytest.mark.parametrize("draws", [1, 2, 5])
def test_even_one_draw_gives_a_result_that_says_how_little_it_tells(bad, draws):
    result = run(SMALL, draws=draws)
    assert not result.fit.usable
    (target,) = result.target_results
    assert target.standard_error >= 0
    assert result.to_json()["draws"] == draws


@pytest.mark.parametrize("option", ["workers", "block"])
@pytest.mark.parametrize("value", [0, -3])
def test_a_run_needs_at_least_one_worker_and_one_draw_a_block(bad, option, value):
    with pytest.raises(ScenarioError) as caught:
        run(SMALL, draws=64, **{option: value})
    assert lines_of(caught) == [f"{option}: {value} is too low; give 1 or more"]


def test_draws_that_do_not_fit_into_memory_are_refused_before_any_is_made(bad, monkeypatch):
    monkeypatch.setattr(limits, "free_memory", lambda: 3 * 2**30)
    with pytest.raises(ScenarioError) as caught:
        run(SMALL, draws=2**31, progress=lambda done, total: pytest.fail("a block was drawn"))
    (line,) = lines_of(caught)
    assert line.startswith("draws: 2,147,483,648 draws need about ")
    assert " GiB of memory, and 3.0 GiB are free; give at most " in line
    most = int(line.rsplit("give at most ", 1)[1].split(", or")[0].replace(",", ""))
    assert 100_000 < most < 2**31


def test_where_the_free_memory_is_unknown_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "free_memory", lambda: None)
    limits.check_memory(2**31, 10**6)


def test_the_free_memory_of_this_machine_is_plausible():
    free = limits.free_memory()
    assert free is None or 2**20 < free < 2**50


def container(folder, limit, used, files):
    (folder / "memory.max").write_text(limit)
    (folder / "memory.current").write_text(used)
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {files}\n")


def test_a_container_may_have_less_memory_than_its_machine(tmp_path, monkeypatch):
    container(tmp_path, "1000000", "700000", "50000")
    monkeypatch.setattr(limits, "_CONTAINER", tmp_path)
    assert limits.free_memory() == 350_000


def test_a_container_without_a_limit_has_what_its_machine_has(tmp_path, monkeypatch):
    container(tmp_path, "max", "700000", "0")
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable: 600 kB\n")
    monkeypatch.setattr(limits, "_CONTAINER", tmp_path)
    monkeypatch.setattr(limits, "_MACHINE", tmp_path / "meminfo")
    assert limits.free_memory() == 600 * 1024


def test_an_as_of_date_before_any_source_names_the_option(bad):
    with pytest.raises(ScenarioError) as caught:
        run(SMALL, draws=64, as_of="2020-01-01")
    assert lines_of(caught) == ["--as-of  as_of: 2020-01-01 is before the first source; give 2022-12-31 or later"]


def test_an_as_of_date_that_is_none_names_the_option(bad):
    with pytest.raises(ScenarioError) as caught:
        run(SMALL, draws=64, as_of="soon")
    assert lines_of(caught) == ["--as-of  as_of: soon is not a date; write YYYY, YYYY-MM or YYYY-MM-DD"]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "fabs.noth.capacity",
            "20k wafer/month",
            "fabs.noth.capacity: nothing in the catalogue has this key; "
            "did you mean fabs.north.capacity or fabs.south.capacity or fabs.south.ramp?",
        ),
        (
            "growth",
            "20k wafer/month",
            "growth: nothing in the catalogue has this key; "
            "write collection.id.field, for example fabs.smic-7nm.capacity",
        ),
        (
            "fabs.north.capacity",
            "20k die/month",
            "fabs.north.capacity: die/month cannot be converted to wafer/month; give it in wafer/month",
        ),
        (
            "fabs.north.capacity",
            20000,
            "fabs.north.capacity: 20,000 has no unit; write e.g. `20000 wafer/month`",
        ),
        ("fabs.north.capacity", None, None),
        (
            "fabs.north.dies.big-die.yield",
            "0% to 40%",
            "fabs.north.dies.big-die.yield: p5 (0) does not lie between 0 and 1; "
            "an interval of a fraction lies above 0 and below 1",
        ),
        (
            "chips.card.status",
            "shiped",
            "chips.card.status: unknown value 'shiped'; did you mean shipped?",
        ),
    ],
)
def test_an_override_that_cannot_stand_is_named_by_its_key(bad, key, value, line):
    if line is None:
        assert ask(SMALL, overrides={key: value}).catalogue.collections["fabs"]["north"].capacity is None
        return
    with pytest.raises(ScenarioError) as caught:
        ask(SMALL, overrides={key: value})
    assert lines_of(caught) == [f"--set {key}  {line}"]


def test_the_value_of_an_override_is_read_as_yaml():
    assert parse_value("{p5: 1, p95: 2}", "a.b.c") == {"p5": 1, "p95": 2}
    with pytest.raises(InputError) as caught:
        parse_value("{p5: 1", "a.b.c")
    (line,) = lines_of(caught)
    assert line.startswith("--set a.b.c:1:1  broken YAML: while parsing a flow mapping, ")


def test_an_override_beside_a_set_block_that_is_none_is_reported_with_it(bad):
    with pytest.raises(ScenarioError) as caught:
        ask({"extends": SMALL, "set": [1]}, overrides={"fabs.north.capacity": "1k wafer/month"})
    assert lines_of(caught) == ["scenario  set: expected fields, found a list; write `name: value`"]


def test_a_scenario_given_as_plain_data_has_no_lines_but_the_same_words(bad):
    targets = [{"name": "a", "definition": "b", "measure": "wafers", "period": 2026, "at_least": float("nan")}]
    with pytest.raises(ScenarioError) as caught:
        ask({"extends": SMALL, "targets": targets})
    (line,) = lines_of(caught)
    assert line == "scenario  targets.0.at_least: expected a finite number, found the number nan"


def test_keys_of_plain_data_that_are_not_text_are_reported(bad):
    with pytest.raises(ScenarioError) as caught:
        ask({"extends": SMALL, "set": {1: 2}})
    assert lines_of(caught) == ["scenario  set.1: expected text, found the number 1; put it in quotes"]


def test_what_was_not_known_by_the_day_is_said_when_it_is_drawn(bad):
    late = {"label": "Seven", "foundry": "F", "node_class": "7 nm", "cycle_time": "3 month", "source": "rival-2025"}
    scenario = {"extends": SMALL, "facts": {"processes": {"seven": late}}, "targets": [], "evidence": []}
    with pytest.raises(ScenarioError) as caught:
        run(scenario, draws=64, as_of="2024-06-30")
    (line,) = lines_of(caught)
    assert line.startswith("--as-of  processes.seven.cycle_time has no estimate known by 2024-06-30; ")
    assert "the first one is of 2025-02-10" in line


def test_a_file_of_endless_length_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("autarky.facts.yaml_tree.LARGEST", 1000)
    path = tmp_path / "long.yaml"
    path.write_text("a" * 1001)
    with pytest.raises(InputError, match=r"long\.yaml  longer than 0 MiB; is this the right file\?$"):
        read_document(path)


@pytest.mark.parametrize(
    ("scenario", "line"),
    [
        ("china-ai-chip", "no scenario is called 'china-ai-chip'; did you mean china-ai-chips"),
        ("nowhere.yaml", "no file is called 'nowhere.yaml'; check the path"),
        (str(SCENARIO.with_name("scenaro.yaml")), "did you mean scenario.yaml or "),
        ("scenarios", "scenarios  cannot be read (Is a directory)"),
    ],
)
def test_a_scenario_that_is_not_there_is_an_error(bad, scenario, line):
    with pytest.raises(InputError) as caught:
        run(scenario, draws=64)
    assert line in str(caught.value)
