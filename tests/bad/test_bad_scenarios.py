import pytest

from autarky.engine import check, run
from autarky.errors import InputError
from bad_files import expected_lines, files_in

EXPECTED = expected_lines("scenarios")


@pytest.mark.parametrize("name", files_in("scenarios"))
def test_a_mistake_in_a_scenario_gives_its_exact_line(bad, name):
    before = files_in("scenarios")
    with pytest.raises(InputError) as caught:
        run(f"scenarios/{name}", draws=64)
    assert str(caught.value).split("\n") == EXPECTED[name]
    assert files_in("scenarios") == before


@pytest.mark.parametrize("name", files_in("scenarios"))
def test_the_check_before_a_run_finds_the_same(bad, name):
    with pytest.raises(InputError) as caught:
        check(f"scenarios/{name}")
    assert str(caught.value).split("\n") == EXPECTED[name]


def test_every_line_has_its_file():
    assert sorted(EXPECTED) == files_in("scenarios")


@pytest.mark.parametrize("name", files_in("scenarios"))
def test_a_line_says_where_and_holds_no_phrase_of_the_validator(name):
    for line in EXPECTED[name]:
        assert ".yaml" in line.split("  ")[0]
        assert "Input should" not in line
        assert "valid" not in line
