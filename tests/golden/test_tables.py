import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("golden_tables", Path(__file__).parent / "tables.py")
assert _SPEC is not None
assert _SPEC.loader is not None
tables = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tables)

REWRITE = "read the difference, then rewrite with: .venv/bin/python tests/golden/tables.py"


@pytest.mark.parametrize("scenario", tables.scenarios())
def test_answers_move_only_where_somebody_meant_it(scenario):
    stored = {(name, year): values for name, year, *values in tables.read(scenario)}
    now = {(name, year): values for name, year, *values in tables.table(scenario)}
    assert now.keys() == stored.keys(), REWRITE
    moved = [key for key, values in now.items() if values != pytest.approx(stored[key], rel=2e-3, abs=1e-9)]
    assert not moved, f"{len(moved)} rows moved, first {moved[0]}: {stored[moved[0]]} -> {now[moved[0]]}; {REWRITE}"
