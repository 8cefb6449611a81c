from pathlib import Path

import pytest

from autarky.errors import CatalogueError
from autarky.facts.loader import read_catalogue
from bad_files import expected_lines, files_in
from small_catalogue import FILES

EXPECTED = expected_lines("facts")


@pytest.mark.parametrize("name", files_in("facts"))
def test_a_mistake_in_a_data_file_gives_its_exact_line(bad, name):
    with pytest.raises(CatalogueError) as caught:
        read_catalogue({**FILES, name: Path("facts", name)}, "bad")
    assert str(caught.value).split("\n") == EXPECTED[name]


def test_every_line_has_its_file():
    assert sorted(EXPECTED) == files_in("facts")


def test_the_mistakes_of_all_files_are_reported_at_once(bad):
    names = ["fabs-low-above-high.yaml", "chips-unknown-format.yaml", "products-unknown-names.yaml"]
    with pytest.raises(CatalogueError) as caught:
        read_catalogue({**FILES, **{name: Path("facts", name) for name in names}}, "bad")
    lines = [line for name in names for line in EXPECTED[name]]
    assert sorted(str(caught.value).split("\n")) == sorted(lines)
