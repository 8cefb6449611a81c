import json
import sys

import pytest

from autarky.cli import main

KEYS = {
    "chip",
    "to",
    "date",
    "class",
    "paragraph",
    "tpp",
    "performance_density",
    "letter",
    "licence",
    "review",
    "case_by_case_box",
    "tariff_band",
    "decided_by",
    "distances",
    "next_change",
    "sources",
}


@pytest.fixture
def classify(monkeypatch, capsys):
    """Run `autarky classify ...`; return (exit status, output, errors)."""

    def run(*arguments, to="CN", date="2026-02-01"):
        monkeypatch.setattr(sys, "argv", ["autarky", "classify", *map(str, arguments), "--to", to, "--date", date])
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def answer(run, *arguments, **about):
    status, out, err = run(*arguments, "--json", **about)
    assert (status, err) == (0, "")
    return json.loads(out)


def test_json_has_every_key_of_the_contract(classify):
    found = answer(classify, "h200-sxm")
    assert set(found) >= KEYS
    assert (found["chip"], found["to"], found["date"]) == ("h200-sxm", "CN", "2026-02-01")
    assert (found["class"], found["paragraph"], found["tpp"]) == ("3A090.a", "3A090.a.1", 15832)
    assert (found["licence"], found["review"], found["letter"]) == ("required", "case-by-case", True)
    assert (found["case_by_case_box"], found["tariff_band"]) == ("in", "band 1")
    assert found["performance_density"] == pytest.approx(19.45, abs=0.01)
    assert "bis-2026-01-licence-review-policy" in found["sources"]
    line = next(d for d in found["distances"] if d["line"] == "3A090.a.1")
    assert (line["threshold"], line["distance"]) == (4800, 15832 - 4800)


def test_what_changes_next(classify):
    change = answer(classify, "h20", date="2025-02-01")["next_change"]
    assert change["date"] == "2025-04-09"
    assert change["changes"]["licence"] == {"before": "not required", "after": "required"}
    assert answer(classify, "a800-sxm", date="2023-03-01")["next_change"]["date"] == "2023-10-23"


def test_several_chips_give_a_list(classify):
    found = answer(classify, "h20", "l4")
    assert [one["chip"] for one in found] == ["h20", "l4"]


def test_route_headquarters_and_switches_are_inputs(classify):
    assert answer(classify, "h200-sxm", "--route", "TW")["review"] == "presumption of denial"
    unit = answer(classify, "h200-sxm", "--headquarters", "China", to="Singapore")
    assert (unit["licence"], unit["review"]) == ("required", "presumption of denial")
    assert answer(classify, "h200-sxm", to="SG")["licence"] == "not required"
    barred = answer(classify, "h200-sxm", "--switch", "safe-chips-act")
    assert barred["review"] == "denial by statute"
    free = answer(classify, "h20", "--switch", "-2025-04-letters")
    assert free["licence"] == "not required"


def test_renting_is_no_export_and_selling_is(classify):
    rented = answer(classify, "h100-sxm", "--headquarters", "CN", "--activity", "remote-access", to="JP")
    sold = answer(classify, "h100-sxm", "--headquarters", "CN", to="JP")
    assert (rented["licence"], sold["licence"]) == ("not required", "required")
    listed = answer(classify, "h100-sxm", "--recipient", "g42", to="AE", date="2026-08-01")
    assert listed["licence"] == "not required"


def test_text_says_what_decided_how_far_and_what_next(classify):
    status, out, err = classify("h20", "mi308x", date="2025-02-01")
    assert (status, err) == (0, "")
    for words in (
        "H20 96GB (h20): US to CN, 2025-02-01",
        "not required",
        "TPP 2,368 is below 4,800",
        "How far from each line",
        "next change: 2025-04-09 (2025-04-letters)",
        "licence: not required -> required",
        "TPP 2,368 lies within 2% of 2,400",
        "sources: ",
        "probability",
        "on record: sold to China",
    ):
        assert words in out


FORMS = {
    "mine.yaml": "name: Mine\ndies: [{area: 814, node: 4}]\ndense: {fp8: 296, bf16: 148}\nmemory_bandwidth: 4000\n"
    "interconnect: 900\ndata_centre: true\n",
    "mine.json": '{"name": "Mine", "dies": [{"area": 814}],\n\t"dense": {"fp8": 296}, "memory_bandwidth": "4 TB/s",'
    ' "interconnect": "900 GB/s", "data_centre": true}',
    "as-in-the-catalogue.yaml": "label: Mine\nvendor: nvidia\ndesigned_in: US\nstatus: announced\n"
    "dies: [{die: gh100, count: 1}]\ndense: {fp8: 296 TFLOPS}\nmemory: {bandwidth: 4000 GB/s}\n"
    "links: {scale_up: {both_ways: 900 GB/s}, host: PCIe Gen5 x16}\n",
    "sparse.yaml": "name: Mine\ndies: [{area: 814}]\nsparse: {fp8: 592}\nsparse_ratio: 2\nmemory_bandwidth: 4000\n"
    "interconnect: 900\ndata_centre: true\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_chip_file_is_read_in_every_form(classify, tmp_path, name):
    path = tmp_path / name
    path.write_text(FORMS[name])
    found = answer(classify, path, date="2025-02-01")
    assert (found["class"], found["tpp"], found["chip"]) == ("none", 2368, "Mine")
    assert found["performance_density"] == pytest.approx(2.909, abs=0.001)


def test_a_file_may_hold_several_chips(classify, tmp_path):
    path = tmp_path / "chips.yaml"
    path.write_text("- {name: One, dense: {fp8: 100}}\n- {name: Two, dense: {fp8: 700}}\n")
    assert [one["class"] for one in answer(classify, path)] == ["none", "3A090.a"]


def test_a_name_in_use_is_understood_and_said(classify):
    found = answer(classify, "NVIDIA H100 80GB HBM3", "Ascend 910C", "H20-96G")
    assert [one["chip"] for one in found] == ["h100-sxm", "ascend-910c", "h20"]
    assert "'H20-96G' is read as h20" in found[2]["notes"]


def test_each_row_of_a_table_says_itself_whether_it_is_sparse(classify, tmp_path):
    """One tool halved an A100 rate that was dense already, another kept sparse ones for two rows only."""
    rows = [
        "- {name: A100, dense: {fp16: 312}, dies: [{area: 826}], data_centre: true}\n",
        "- {name: H100, sparse: {fp16: 1979}, sparse_ratio: 2, dies: [{area: 814}], data_centre: true}\n",
        "- {name: H800, sparse: {fp16: 1979}, dies: [{area: 814}], data_centre: true}\n",
    ]
    path = tmp_path / "table.yaml"
    path.write_text("".join(rows[:2]))
    assert [one["tpp"] for one in answer(classify, path)] == [4992, 15832]
    path.write_text("".join(rows))
    status, out, err = classify(path)
    assert (status, out) == (2, "")
    assert "table.yaml:3:25  sparse.fp16: H800: only a sparse rate is given for fp16" in err


def test_an_error_says_which_chip_of_a_json_file(classify, tmp_path):
    path = tmp_path / "chips.json"
    path.write_text('[{"name": "One", "dense": {"fp8": 1}}, {"name": "Two", "dense": {"fp8": 0}}]')
    assert "chips.json, chip 2  dense.fp8: 0 is not a number above zero" in classify(path)[2]


def test_an_uncertain_chip_gives_a_probability_per_class(classify, tmp_path):
    path = tmp_path / "uncertain.yaml"
    path.write_text(
        "name: Uncertain\ndies: [{area: 1200}]\ndense: {fp8: 250 to 350 TFLOPS}\ndata_centre: true\n"
        "memory_bandwidth: 1000\ninterconnect: 500\n"
    )
    found = answer(classify, path, date="2024-06-01")
    assert found["class"] == "undetermined"
    # TPP 2,000 to 2,800 lognormal: 2,400 lies a little above its median of 2,366.
    assert found["probabilities"] == {
        "none": pytest.approx(0.555, abs=0.002),
        "3A090.b": pytest.approx(0.445, abs=0.002),
    }
    assert (found["tpp"], found["licence"]) == (pytest.approx(2366, rel=0.001), "undetermined")


def test_hard_bounds_give_break_points(classify, tmp_path):
    path = tmp_path / "bounds.yaml"
    path.write_text("name: Bounds\ndies: [{area: 1000}]\ndense: {fp8: [290, 310]}\ndata_centre: true\n")
    found = answer(classify, path, date="2024-06-01")
    assert (found["class"], found["tpp"]) == ("undetermined", [2320, 2480])
    assert any(point["measure"] == "tpp" and point["value"] == 2400 for point in found["break_points"])


BAD_FILES = {
    "no-rates.yaml": ("name: Mine\n", "no rates: give them under `dense`, or under `sparse` with `sparse_ratio`"),
    "sparse-only.yaml": ("name: Mine\nsparse: {fp8: 592}\n", "only a sparse rate is given for fp8"),
    "no-rates-in-the-catalogue-form.yaml": ("label: M\nvendor: v\ndesigned_in: US\nstatus: rumoured\n", "no rates"),
    "wrong-unit.yaml": ("name: Mine\ndense: {fp8: 592 GB/s}\n", "GB/s cannot be converted to TFLOPS"),
    "unknown-format.yaml": ("name: Mine\ndense: {fp9: 592}\n", "no number format is called 'fp9'"),
    "unknown-field.yaml": ("name: Mine\ndense: {fp8: 592}\nmemory_bandwith: 3\n", "did you mean memory_bandwidth?"),
    "text.yaml": ("just text\n", "expected a chip, found 'just text'"),
    "broken.json": ('{"name": ', "broken JSON"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_faulty_chip_file_is_one_line_and_status_2(classify, tmp_path, name):
    content, said = BAD_FILES[name]
    path = tmp_path / name
    path.write_text(content)
    status, out, err = classify(path)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert name in err
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "about", "said"),
    [
        (("h20", "h21"), {}, "no chip is called 'h21'; did you mean h20"),
        (("h20",), {"to": "Chna"}, "did you mean"),
        (("h20", "--headquarters", "Atlantis"), {}, "headquarters: "),
        (("h20", "--route", "Atlantis"), {}, "route: "),
        (("h20", "--switch", "safe-chip-act"), {}, "did you mean safe-chips-act"),
        (("h20", "--activity", "gift"), {}, "no activity is called 'gift'"),
        (("h20", "--recipient", "nobody"), {"to": "AE"}, "no listed recipient is called 'nobody'"),
        (("h20",), {"date": "2022-01-01"}, "no rule holds yet on 2022-01-01; the first holds from 2022-08-26"),
        (("h20",), {"date": "soon"}, "'soon' is not a day; write YYYY-MM-DD"),
        (("h20",), {"date": "2025-02-30"}, "'2025-02-30' is not a day"),
        (("nowhere.yaml",), {}, "no such file"),
        (("gddr6",), {}, "gddr6 has no bandwidth or no outline"),
    ],
)
def test_bad_input_is_one_line_and_status_2(classify, arguments, about, said):
    status, out, err = classify(*arguments, **about)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("error: ")
    assert said in err
