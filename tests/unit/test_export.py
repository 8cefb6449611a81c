import csv
import dataclasses
import re
import sys
import zipfile
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autarky.errors import MissingExtraError, ResultError
from autarky.export import STATISTICS, Row, run_name, table, write, write_csv, write_excel
from autarky.workbook import SHEETS, cell_text, sheet_names, shortened, units

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(0)", "{=1}", "http://a.b", "<r><t>x</t></r>", "_x0041_", "\x01"]
HIGH, LOW = (f"H20 ban lifted / CXMT HBM3 late ({case} case)" for case in ("high", "low"))


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def of(rows, variable, entity, period):
    chosen = (row for row in rows if (row.variable, row.entity, row.period) == (variable, entity, period))
    return {row.quantile: row.value for row in chosen}


def unzipped(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def shared_strings(path):
    """Texts of all cells as Excel reads them: the escapes of control characters undone."""
    root = ElementTree.fromstring(unzipped(path)["xl/sharedStrings.xml"])
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    texts = ["".join(part.text or "" for part in item.iter(f"{space}t")) for item in root]
    return {re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text) for text in texts}


# The long table


def test_a_row_is_one_statistic_of_one_measure_in_one_period(small_result):
    result = small_result()
    rows = table(result)
    assert Row._fields == ("run", "scenario", "entity", "variable", "unit", "period", "quantile", "value")
    keys = [row[:7] for row in rows]
    assert len(set(keys)) == len(keys)
    assert all(all(row[:7]) for row in rows)
    totals = [name for name, _, scope in result.breakdown() if not scope]
    parts = len(result.breakdown()) - len(totals)
    assert len(rows) == len(STATISTICS) * (len(totals) * (2 + 24) + parts * 2)
    assert len(table(result, monthly=False)) == len(STATISTICS) * (len(totals) + parts) * 2


def test_values_are_those_of_the_result(small_result):
    result = small_result()
    rows = table(result)
    for year, expected in result.by_year("production.chips", {"chip": "two"}).items():
        assert of(rows, "production.chips", "chip: two", year) == {name: expected[name] for name in STATISTICS}
    monthly = result.monthly("stock.dies")[3]
    assert of(rows, "stock.dies", "CN", "2025-04")["p95"] == result.quantiles(monthly, [0.95])[0]


def test_totals_are_summed_before_quantiles_are_taken(small_result):
    rows = table(small_result(), monthly=False)
    total = of(rows, "production.chips", "CN", "2026")
    parts = [of(rows, "production.chips", f"chip: {chip}", "2026") for chip in ("one", "two")]
    assert total["mean"] == pytest.approx(sum(part["mean"] for part in parts))
    assert sum(part["p5"] for part in parts) < total["p5"]
    assert sum(part["p95"] for part in parts) > total["p95"]


def test_quantiles_rise(small_result):
    rows = table(small_result())
    by_key = {}
    for row in rows:
        by_key.setdefault((row.entity, row.variable, row.period), []).append(row)
    for found in by_key.values():
        values = [row.value for row in found if row.quantile != "mean"]
        assert all(low <= high for low, high in pairwise(values))


def test_the_run_is_named_by_all_that_made_it(small_result):
    one = small_result().settings
    assert run_name(one) == run_name(small_result().settings)
    assert re.fullmatch("autarky 0.1.0 [0-9a-f]{8}", run_name(one))
    others = [small_result(seed=2), small_result(prior=True), small_result(label="another")]
    assert len({run_name(one), *(run_name(other.settings) for other in others)}) == 4


# Files


def test_csv_gives_back_every_text_and_every_bit(small_result, tmp_path):
    result = small_result(name='=1, "two"\r\nthree; ü', chips=("one", "-two"))
    path = result.export(tmp_path / "table.csv")
    expected = [{**row._asdict(), "value": repr(row.value)} for row in table(result)]
    assert rows_of(path) == expected
    assert path.read_bytes().isascii() is False


@FEW
@given(name=TEXT, chips=st.lists(TEXT, min_size=1, max_size=3, unique=True))
def test_any_text_survives_in_csv_and_parquet(small_result, tmp_path, name, chips):
    result = small_result(name=name, chips=tuple(chips))
    expected = [row._asdict() for row in table(result)]
    text = [{**row, "value": repr(row["value"])} for row in expected]
    assert rows_of(write(result, tmp_path / "table.csv")) == text
    assert pyarrow.parquet.read_table(write(result, tmp_path / "table.parquet")).to_pylist() == expected


def test_a_value_that_is_not_defined_is_empty_in_csv_and_said_in_excel(small_result, tmp_path):
    result = small_result()
    result.flows["production"][0, :12, 0] = np.nan
    rows = rows_of(write_csv(result, tmp_path / "table.csv"))
    assert {row["value"] for row in rows if (row["entity"], row["period"]) == ("chip: one", "2025")} == {""}
    assert "" not in {row["value"] for row in rows if row["entity"] == "chip: two"}
    sheet = openpyxl.load_workbook(write_excel(result, tmp_path / "table.xlsx"))["measures"]
    values = {row[4].value: row[5].value for row in sheet.iter_rows(min_row=3) if row[1].value == "chip: one"}
    assert values[2025] == "not defined"
    assert values[2026] > 0


def test_parquet_carries_the_settings(small_result, tmp_path):
    result = small_result()
    schema = pyarrow.parquet.read_schema(result.export(tmp_path / "table.parquet"))
    assert run_name(result.settings) in schema.metadata[b"autarky"].decode()
    assert schema.names == list(Row._fields)


def test_several_results_stand_in_one_table(small_result, tmp_path):
    one, other = small_result(name="one"), small_result(name="other", prior=True)
    rows = rows_of(write(one, tmp_path / "table.csv", beside=[other]))
    assert {row["scenario"] for row in rows} == {"one", "other"}
    assert len({row["run"] for row in rows}) == 2


# Excel


def test_the_workbook_has_its_sheets_with_numbers_as_numbers(small_result, tmp_path):
    result = small_result()
    book = openpyxl.load_workbook(result.export(tmp_path / "table.xlsx"))
    assert book.sheetnames == list(SHEETS)
    targets = {row[1].value: row[3] for row in book["targets"].iter_rows(min_row=2)}
    expected = {target.name: target.probability for target in result.target_results}
    assert {name: cell.value for name, cell in targets.items()} == pytest.approx(expected)
    assert {cell.number_format for cell in targets.values()} == {"0.0%"}
    header = [cell.value for cell in book["measures"][2]]
    assert header == ["variable", "entity", "definition", "unit", "year", *STATISTICS]
    first = book["measures"][3]
    by_year = result.by_year("production.chips")["2025"]
    assert [cell.value for cell in first[5:]] == pytest.approx([by_year[name] for name in STATISTICS])
    assert first[5].number_format == "#,##0"


def test_inputs_carry_their_sources_in_a_comment_and_dates_as_dates(small_result, tmp_path):
    result = small_result(sources=("ft-2025-02-25", "nowhere-2025-01"), note="assumed")
    own = {"nowhere-2025-01": {"title": "A paper", "publisher": "Nowhere", "published": "2025-01", "grade": "C"}}
    scenario = {**result.settings.scenario, "facts": {"sources": own}}
    result = dataclasses.replace(result, settings=dataclasses.replace(result.settings, scenario=scenario))
    book = openpyxl.load_workbook(result.export(tmp_path / "table.xlsx"))
    capacity, start = book["inputs"][2], book["inputs"][3]
    assert [cell.value for cell in capacity[1:6]] == [
        "fabs.north.capacity",
        "wafer/month",
        1e4,
        pytest.approx(0.3),
        3e4,
    ]
    comment = capacity[4].comment.text.splitlines()
    assert comment[0].startswith("ft-2025-02-25")
    assert comment[1:] == ["A paper (Nowhere, 2025-01; grade C)", "assumed"]
    assert [cell.value.strftime("%Y-%m") for cell in start[3:6]] == ["2025-11", "2026-01", "2026-04"]
    assert start[4].number_format == "yyyy-mm"
    assert start[4].comment.text == "set by the scenario"
    assert [row[0].value for row in book["sources"].iter_rows(min_row=2)] == ["ft-2025-02-25", "nowhere-2025-01"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_is_never_a_formula_a_link_or_markup(small_result, tmp_path, text):
    path = small_result(name=text, label=text, chips=(text,), note=text).export(tmp_path / "table.xlsx")
    parts = unzipped(path)
    sheets = [content for name, content in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(SHEETS)
    assert not any("<f>" in content or "<hyperlink" in content for content in sheets)
    assert "<r>" not in parts["xl/sharedStrings.xml"].replace("&lt;r&gt;", "")
    assert text in {found.removesuffix(" ") for found in shared_strings(path)}


@FEW
@given(text=TEXT)
@example(text="\ufffe\uffff\0\x1f\r\n\t")
@example(text="_x000D_")
def test_any_text_survives_in_excel(small_result, tmp_path, text):
    path = small_result(label=text, chips=(text,), note=text).export(tmp_path / "table.xlsx")
    assert text.replace("\r\n", "\n") in {found.replace("\r\n", "\n") for found in shared_strings(path)} | {""}
    openpyxl.load_workbook(path)


def test_two_scenarios_whose_long_names_are_alike_keep_sheets_of_their_own(small_result, tmp_path):
    results = [small_result(name=name) for name in (HIGH, LOW)]
    book = openpyxl.load_workbook(write(results[0], tmp_path / "table.xlsx", beside=results[1:]))
    names = [name for name in book.sheetnames if name not in SHEETS]
    assert names == sheet_names([HIGH, LOW])
    assert [name[-9:] for name in names] == ["igh case)", "low case)"]
    assert [book[name]["A1"].value for name in names] == [HIGH, LOW]
    listed = [(row[0].value, row[6].value) for row in book["summary"].iter_rows(min_row=2, max_row=3)]
    assert listed == list(zip((HIGH, LOW), names, strict=True))


@given(titles=st.lists(st.text(max_size=80), max_size=6))
@example(titles=[HIGH, LOW])
@example(titles=["History", "", "'", "''a'", "SUMMARY", "a" * 40, "a" * 41, "a" * 40, "😀" * 40, "😀" * 39])
@example(titles=["=1+1", ":\\/?*[]", "ß" * 31, "ss" * 31, "İ" * 31])
def test_sheet_names_are_valid_and_unique(titles):
    names = sheet_names(titles, SHEETS)
    assert len(names) == len(titles)
    assert len({name.casefold() for name in (*names, *SHEETS)}) == len(names) + len(SHEETS)
    for name in names:
        assert 1 <= units(name) <= 31
        assert not re.search(r"[\[\]:*?/\\\0-\x1f]", name)
        assert name == name.strip("' ")
        assert name.casefold() != "history"


@given(text=st.text(), limit=st.integers(1, 40))
def test_shortened_text_keeps_both_ends(text, limit):
    short = shortened(text, limit)
    assert units(short) <= limit
    if short != text:
        start, end = short.split("…")[0], short.split("…")[-1]
        assert text.startswith(start)
        assert text.endswith(end)


def test_text_too_long_for_a_cell_loses_its_middle():
    assert units(cell_text("a" * 40_000)) == 32_000
    assert cell_text("a" * 32_000) == "a" * 32_000
    assert units(cell_text("😀" * 20_000)) <= 32_000


def test_a_long_scenario_is_whole_in_the_settings_sheet(small_result, tmp_path):
    result = small_result()
    scenario = {**result.settings.scenario, "description": "long " * 10_000}
    result = dataclasses.replace(result, settings=dataclasses.replace(result.settings, scenario=scenario))
    sheet = openpyxl.load_workbook(result.export(tmp_path / "table.xlsx"))["settings"]
    parts = [row[2].value for row in sheet.iter_rows(min_row=2) if row[1].value == "scenario (JSON)"]
    assert "long " * 10_000 in "".join(parts)


# What cannot be written


def test_a_missing_extra_is_named_with_its_install_command(small_result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    install = r"pip install 'autarky\[tables\]'"
    with pytest.raises(MissingExtraError, match=f"an Excel file needs XlsxWriter: {install}"):
        write(small_result(), tmp_path / "table.xlsx")
    with pytest.raises(MissingExtraError, match=f"a Parquet file needs pyarrow: {install}"):
        write(small_result(), tmp_path / "table.parquet")
    assert not list(tmp_path.iterdir())


def test_an_unknown_ending_is_refused_with_the_nearest(small_result, tmp_path):
    with pytest.raises(ResultError, match=r"no table ends in \.xls; did you mean \.xlsx\?"):
        write(small_result(), tmp_path / "table.xls")
    with pytest.raises(ResultError, match=r"no table ends in nothing; a table ends in \.csv, \.parquet, \.xlsx"):
        write(small_result(), tmp_path / "table")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_an_interrupted_table_leaves_the_previous_one(small_result, tmp_path, monkeypatch, suffix):
    path = small_result().export(tmp_path / f"table{suffix}")
    before = path.read_bytes()
    broken = small_result()
    broken.flows["stack_stock"] = None
    with pytest.raises(AttributeError):
        broken.export(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
