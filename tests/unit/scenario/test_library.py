"""The scenarios that come with autarky."""

import pytest

from autarky.engine import check
from autarky.scenario.resolve import ask, library


def test_the_flagship_is_in_the_library():
    assert "china-ai-chips" in library()
    assert list(library()) == sorted(library())
    assert all(path.is_file() for path in library().values())


@pytest.mark.parametrize("name", library())
def test_a_scenario_of_the_library_passes_every_check_before_a_run(name):
    scenario = check(name).scenario
    assert scenario.name == name
    assert scenario.label
    assert scenario.description
    assert scenario.targets


@pytest.mark.parametrize("name", library())
def test_a_scenario_of_the_library_can_be_asked_again_from_its_plain_data(name):
    question = ask(name)
    again = ask(question.plain)
    assert again.scenario == question.scenario
    assert again.catalogue.digest == question.catalogue.digest


@pytest.mark.parametrize("name", library())
def test_every_definition_of_a_target_is_a_sentence_of_its_own(name):
    targets = ask(name).scenario.targets
    assert len({target.definition for target in targets}) == len(targets)
    assert all(len(target.definition.split()) > 5 for target in targets)


def test_the_benchmark_scenario_can_be_asked():
    # Its fabs share the yield of their die: no fab states one of its own.
    from pathlib import Path

    from autarky.engine import check

    path = Path(__file__).parents[3] / "benchmarks" / "three_fabs" / "scenario.yaml"
    assert len(check(str(path)).scenario.chain.fabs) == 3
