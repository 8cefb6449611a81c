import subprocess
import sys

import autarky.quantities


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_quantities_pulls_in_no_heavy_package():
    code = "import sys, autarky.quantities; print([m for m in ('pint', 'scipy', 'pandas') if m in sys.modules])"
    assert run(code) == "[]"


def test_reading_a_number_in_its_own_unit_needs_no_unit_package():
    code = (
        "import sys; from autarky.quantities import Spec, parse_quantity;"
        "parse_quantity('20k to 30k wafer/month', Spec('wafer/month'));"
        "parse_quantity({'value': '20% to 45%', 'source': 'a'}, Spec('1', 'fraction'));"
        "print([m for m in ('pint', 'scipy', 'pandas') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_the_exported_names_are_the_importable_ones():
    names = autarky.quantities.__all__
    assert names == sorted(names)
    for name in names:
        assert getattr(autarky.quantities, name) is not None
