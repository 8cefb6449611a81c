import json
import subprocess
import sys

import pytest

import autarky

HEAVY = ("pandas", "matplotlib", "scipy.stats", "pint", "xarray", "altair", "pydantic", "yaml")


def loaded_after(code):
    """Return which of the heavy packages a fresh Python has loaded after running some code."""
    report = f"import json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout.strip().splitlines()[-1]))


def test_the_exported_names_are_the_importable_ones():
    assert autarky.__all__ == sorted(autarky.__all__)
    assert set(dir(autarky)) == {*autarky.__all__, "__version__"}
    namespace = {}
    exec("from autarky import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(autarky.__all__)
    for name in autarky.__all__:
        assert getattr(autarky, name).__module__.startswith("autarky.")


def test_the_names_stand_for_what_their_modules_define():
    from autarky.engine import run
    from autarky.facts.loader import load_catalogue
    from autarky.result import Result

    assert (autarky.run, autarky.load_catalogue, autarky.Result) == (run, load_catalogue, Result)


def test_every_exported_name_is_documented():
    for name in autarky.__all__:
        assert getattr(autarky, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'autarky' has no attribute 'simulate_everything'$"):
        _ = autarky.simulate_everything


def test_the_version_is_a_number_of_three_parts():
    assert [part.isdecimal() for part in autarky.__version__.split(".")] == [True] * 3


def test_importing_autarky_loads_nothing_heavy():
    assert loaded_after("import autarky; autarky.__version__; dir(autarky)") == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["facts", "--help"]])
def test_asking_the_command_line_for_help_loads_nothing_heavy(arguments):
    code = f"""
import sys
sys.argv = ["autarky", *{arguments!r}]
from autarky.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
"""
    # Typer brings pydantic where it checks values with it.
    assert loaded_after(code) <= {"pydantic"}


def test_reading_the_catalogue_loads_neither_tables_nor_charts_nor_statistics():
    loaded = loaded_after("import autarky; autarky.load_catalogue()")
    assert not loaded & {"pandas", "matplotlib", "scipy.stats", "xarray", "altair"}


def test_a_run_loads_neither_tables_nor_charts():
    loaded = loaded_after("import autarky; autarky.run(draws=64, workers=1)")
    assert not loaded & {"pandas", "matplotlib", "xarray", "altair"}
