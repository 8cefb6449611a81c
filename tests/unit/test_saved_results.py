import dataclasses
import json
import subprocess
import sys
from datetime import date

import h5py
import numpy as np
import pytest
import xarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autarky
from autarky.errors import ResultError
from autarky.storage import FORMAT, dataset, load, plain, save

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SLOW_DISK = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def assert_same_bits(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()


def assert_same_arrays(one, other):
    """Every array in the maps of two records is equal to the bit, and all else is equal."""
    for field in dataclasses.fields(one):
        kept, again = getattr(one, field.name), getattr(other, field.name)
        assert kept.keys() == again.keys(), field.name
        for name, value in kept.items():
            if isinstance(value, np.ndarray):
                assert_same_bits(value, again[name])
            else:
                assert value == again[name], (field.name, name)


def assert_same(one, other):
    """Every field of two results is equal, every array to the bit."""
    assert one.flows.keys() == other.flows.keys()
    for name, flow in one.flows.items():
        assert_same_bits(flow, other.flows[name])
    assert one.worth.keys() == other.worth.keys()
    for name, worth in one.worth.items():
        assert_same_bits(worth, other.worth[name])
    assert_same_bits(one.binding, other.binding)
    assert_same_bits(one.months, other.months)
    assert one.worlds.keys() == other.worlds.keys()
    for name, (publishers, index) in one.worlds.items():
        assert publishers == other.worlds[name][0]
        assert_same_bits(index, other.worlds[name][1])
    assert (one.fit is None) == (other.fit is None)
    if one.fit is not None:
        assert_same_bits(one.fit.weights, other.fit.weights)
        plain_fit = dataclasses.replace(one.fit, weights=other.fit.weights)
        assert plain_fit == other.fit
    assert_same_arrays(one.capability, other.capability)
    assert_same_arrays(one.elsewhere, other.elsewhere)
    arrays = {"flows", "worth", "binding", "months", "worlds", "fit", "capability", "elsewhere"}
    for field in dataclasses.fields(one):
        if field.name not in arrays:
            assert getattr(one, field.name) == getattr(other, field.name), field.name


@pytest.fixture(scope="session")
def flagship():
    overrides = {"fabs.smic-7nm.ai_share": "40% to 60%"}
    return autarky.run("china-ai-chips", draws=96, seed=7, overrides=overrides, as_of="2026-03-01")


@pytest.mark.parametrize("compress", [False, True])
def test_a_result_comes_back_from_its_file_to_the_bit(flagship, tmp_path, compress):
    saved = flagship.save(tmp_path / "result.nc", compress=compress)
    again = autarky.load_result(saved)
    assert_same(flagship, again)
    assert again.to_json() == flagship.to_json()


def test_a_loaded_results_settings_give_the_same_bits_when_run_again(flagship, tmp_path):
    kept = load(save(flagship, tmp_path / "result.nc")).settings
    again = autarky.run(kept.scenario, draws=kept.draws, seed=kept.seed, prior=kept.prior, workers=2, block=40)
    assert_same(dataclasses.replace(flagship, timings={}), dataclasses.replace(again, timings={}))


def test_a_loaded_scenario_written_as_a_file_gives_the_same_bits_too(flagship, tmp_path):
    kept = load(save(flagship, tmp_path / "result.nc")).settings
    path = tmp_path / "again.yaml"
    path.write_text(json.dumps(kept.scenario, ensure_ascii=False), encoding="utf-8")
    again = autarky.run(path, draws=kept.draws, seed=kept.seed)
    assert_same(dataclasses.replace(flagship, timings={}), dataclasses.replace(again, timings={}))


@SLOW_DISK
@given(text=TEXT, chips=st.lists(TEXT, min_size=1, max_size=4, unique=True), seed=st.integers(-(2**70), 2**70))
def test_any_text_and_any_seed_survives(small_result, tmp_path, text, chips, seed):
    result = small_result(name=text, label=text, chips=tuple(chips), note=text, seed=seed, sources=(text,))
    assert_same(result, load(save(result, tmp_path / "result.nc")))


@pytest.mark.parametrize("choice", [{"evidence": False}, {"prior": True}, {"fabs": ()}])
def test_a_result_without_some_part_comes_back_without_it(small_result, tmp_path, choice):
    result = small_result(**choice)
    assert_same(result, load(save(result, tmp_path / "result.nc")))


def test_a_result_that_kept_some_flows_comes_back_with_those(tmp_path):
    kept = {"production", "good_dies", "capacity", "sales", "revenue", "installed"}
    result = autarky.run("china-ai-chips", draws=16, keep=sorted(kept))
    assert set(result.flows) == kept
    assert_same(result, load(save(result, tmp_path / "result.nc")))
    assert set(result.dataset().target.values) == {t.name for t in result.targets}


def test_numbers_that_are_none_come_back_as_they_were(small_result, tmp_path):
    result = small_result()
    result.flows["production"][0, 0, :3] = [np.nan, np.inf, -0.0]
    fit = dataclasses.replace(result.fit, pareto_k=float("inf"))
    result = dataclasses.replace(result, fit=fit, worlds={}, targets=(), worth={})
    assert_same(result, load(save(result, tmp_path / "result.nc")))


def test_every_variable_has_a_unit_and_a_name(flagship, tmp_path):
    for variable in dataset(flagship).variables.values():
        assert variable.attrs["long_name"]
    with xarray.open_dataset(save(flagship, tmp_path / "result.nc"), decode_times=False) as kept:
        for variable in kept.variables.values():
            assert variable.attrs["units"]
            assert variable.attrs["long_name"]


def test_labels_choose_chips_and_months(flagship):
    arrays = flagship.dataset()
    chosen = arrays.production.sel(chip="ascend-910c", month="2026")
    place = flagship.members["production"].index("ascend-910c")
    inside = flagship.months // 12 == 2026
    np.testing.assert_array_equal(chosen.to_numpy(), flagship.flows["production"][place][inside])
    huawei = arrays.production.isel(chip=np.flatnonzero(arrays.chip_vendor == "huawei"))
    total = huawei.sum("chip", dtype=float).to_numpy()
    np.testing.assert_allclose(total, flagship.monthly("production.chips", {"vendor": "huawei"}), rtol=1e-6)


def test_target_probabilities_can_be_read_without_autarky(small_result, tmp_path):
    result = small_result()
    with xarray.open_dataset(save(result, tmp_path / "result.nc")) as kept:
        met = kept.target_met.weighted(kept.weight).mean("draw")
        expected = {target.name: target.probability for target in result.target_results}
        assert dict(zip(kept.target.values, met.values, strict=True)) == pytest.approx(expected)
        assert json.loads(kept.attrs["scenario"]) == result.settings.scenario
        assert kept.attrs["draws"] == result.settings.draws


@pytest.mark.parametrize(("choice", "weighted"), [({}, True), ({"prior": True}, False), ({"evidence": False}, False)])
def test_draws_weigh_in_the_file_what_they_weigh_in_a_summary(small_result, choice, weighted):
    result = small_result(**choice)
    weight = dataset(result).weight.to_numpy()
    np.testing.assert_array_equal(weight, result.fit.weights if weighted else np.ones(weight.size))


def test_chips_of_two_flows_that_differ_have_dimensions_of_their_own(small_result):
    result = small_result()
    members = {**result.members, "installed": ("one",)}
    flows = {**result.flows, "installed": result.flows["installed"][:1]}
    arrays = dataset(dataclasses.replace(result, members=members, flows=flows))
    assert arrays.production.dims == ("chip", "month", "draw")
    assert arrays.installed.dims == ("installed_chip", "month", "draw")


def test_python_values_of_a_scenario_are_kept_as_a_file_would_write_them():
    kept = plain({"day": date(2025, 4, 9), "both": (1, 2.5), 2025: np.float64(0.5), "many": np.arange(2)})
    assert kept == {"day": "2025-04-09", "both": [1, 2.5], "2025": 0.5, "many": [0, 1]}
    with pytest.raises(ResultError, match=r"set\.a: a complex cannot be kept in a file; write it as a scenario file"):
        plain({"set": {"a": 1j}})


# Files that are no results


def refusal(path):
    with pytest.raises(ResultError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    assert str(problem).startswith(f"{path}  ")
    return str(problem).removeprefix(f"{path}  ")


def test_a_file_that_is_missing_or_no_netcdf_is_refused_in_one_line(tmp_path):
    assert refusal(tmp_path / "missing.nc") == "no such file"
    damaged = "; it is damaged, or was never a saved result"
    assert refusal(tmp_path) == f"cannot be read as netCDF (IsADirectoryError){damaged}"
    for content in (b"", b"production,2025\n", b"\x89HDF\r\n\x1a\n" + bytes(100)):
        (tmp_path / "text.nc").write_bytes(content)
        assert refusal(tmp_path / "text.nc") == f"cannot be read as netCDF (OSError){damaged}"


def test_another_programs_netcdf_is_refused(tmp_path):
    xarray.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    assert refusal(tmp_path / "other.nc") == "is no saved result of autarky; `autarky.save_result` writes one"


def test_a_file_cut_short_anywhere_is_refused(small_result, tmp_path):
    whole = save(small_result(), tmp_path / "result.nc").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        (tmp_path / "cut.nc").write_bytes(whole[: int(share * len(whole))])
        assert refusal(tmp_path / "cut.nc").startswith("cannot be read as netCDF")


def test_another_layout_is_refused_with_the_version_that_wrote_it(small_result, tmp_path):
    path = save(small_result(), tmp_path / "result.nc")
    with h5py.File(path, "r+") as file:
        file.attrs["autarky_format"] = FORMAT + 1
    expected = f"has layout {FORMAT + 1}, of autarky 0.1.0; only layout {FORMAT} is known here"
    assert refusal(path).startswith(expected)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{", "cannot be understood (Expecting property name"),
        ("[]", "cannot be understood (list indices"),
        ("{}", "lacks 'settings'"),
        ('{"settings": {}}', "cannot be understood (record, settings.name)"),
        ("[" * 100_000, "cannot be understood ("),
    ],
)
def test_a_damaged_record_is_refused(small_result, tmp_path, record, message):
    path = save(small_result(), tmp_path / "result.nc")
    with h5py.File(path, "r+") as file:
        file.attrs["record"] = np.array(record, dtype=h5py.string_dtype())
    assert refusal(path).startswith(message)


def test_a_file_that_lacks_an_array_or_has_one_of_another_shape_is_refused(small_result, tmp_path):
    path = save(small_result(), tmp_path / "result.nc")
    again = "; the file is damaged: run its scenario again"
    with h5py.File(path, "r+") as file:
        del file["binding"]
    assert refusal(path) == f"lacks 'binding'{again}"
    short = dataset(small_result()).isel(constraint=[0])
    short.to_netcdf(tmp_path / "short.nc", engine="h5netcdf")
    expected = f"cannot be understood (binding has the shape (2, 1, 300) and not (2, 2, 300)){again}"
    assert refusal(tmp_path / "short.nc") == expected


# Writing


def test_an_interrupted_write_leaves_the_previous_file_and_nothing_else(small_result, tmp_path, monkeypatch):
    path = save(small_result(), tmp_path / "result.nc")
    before = path.read_bytes()

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(small_result(label="another"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_one_line(small_result, tmp_path):
    with pytest.raises(ResultError, match=r"cannot be written \(No such file or directory\); there is no folder"):
        save(small_result(), tmp_path / "nowhere" / "result.nc")
    with pytest.raises(ResultError, match="cannot be written: it is not a file; give a file's name"):
        save(small_result(), tmp_path)


def test_a_link_keeps_pointing_to_the_file_that_is_written(small_result, tmp_path):
    target, link = tmp_path / "target.nc", tmp_path / "link.nc"
    target.write_bytes(b"old")
    link.symlink_to(target)
    save(small_result(), link)
    assert link.is_symlink()
    assert load(target).settings.name == "small"


def test_importing_autarky_pulls_in_no_table_package():
    heavy = ("pandas", "xarray", "h5netcdf", "h5py", "pyarrow", "xlsxwriter")
    code = f"import sys, autarky, autarky.storage, autarky.export; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
