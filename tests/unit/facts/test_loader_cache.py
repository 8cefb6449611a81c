import os
import pickle
import shutil

import platformdirs
import pytest

from autarky.facts import loader
from autarky.facts.catalogue import Catalogue
from small_catalogue import FILES


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """Stand in for the packaged files and the cache folder; count how often the files are read."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, path in FILES.items():
        shutil.copy(path, folder / name)
    reads = []

    def files():
        return {path.name: path for path in sorted(folder.glob("*.yaml"))}

    def reading(files, digest, original=loader.read_catalogue):
        reads.append(digest)
        return original(files, digest)

    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(loader, "data_files", files)
    monkeypatch.setattr(loader, "read_catalogue", reading)
    return folder, reads


def load():
    loader.load_catalogue.cache_clear()
    try:
        return loader.load_catalogue()
    finally:
        loader.load_catalogue.cache_clear()


def copies(tmp_path):
    return sorted((tmp_path / "cache" / "autarky").glob("*"))


def test_the_second_start_reads_the_copy(packaged):
    _, reads = packaged
    first, second = load(), load()
    assert len(reads) == 1
    assert second.digest == first.digest
    assert dict(second.quantities()) == dict(first.quantities())
    assert second.collections == first.collections


def test_a_changed_file_is_read_anew_and_the_old_copy_goes(packaged, tmp_path):
    folder, reads = packaged
    before = load()
    path = folder / "events.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    after = load()
    assert len(reads) == 2
    assert after.digest != before.digest
    assert len(copies(tmp_path)) == 1


def test_the_name_of_a_file_counts_as_content(packaged):
    folder, reads = packaged
    before = load()
    (folder / "events.yaml").rename(folder / "events-of-2024.yaml")
    assert load().digest != before.digest
    assert len(reads) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:500] + bytes(byte ^ 255 for byte in content[500:600]) + content[600:],
        lambda content: b"\x80\x04garbage that is no pickle",
        lambda content: pickle.dumps({"not": "a catalogue"}),
    ],
    ids=["empty", "checksum only", "half", "one short", "one long", "flipped", "garbage", "foreign"],
)
def test_a_damaged_copy_is_read_again_from_the_files_and_replaced(packaged, tmp_path, damage):
    _, reads = packaged
    expected = load()
    (copy,) = copies(tmp_path)
    copy.write_bytes(damage(copy.read_bytes()))
    loaded = load()
    assert isinstance(loaded, Catalogue)
    assert dict(loaded.quantities()) == dict(expected.quantities())
    assert len(reads) == 2
    load()
    assert len(reads) == 2


def test_a_copy_of_other_content_under_the_same_name_is_not_believed(packaged, tmp_path, monkeypatch):
    _, reads = packaged
    catalogue = load()
    (copy,) = copies(tmp_path)
    loader._write_cache(copy, Catalogue(catalogue.collections, catalogue.plain, "other"))
    assert load().digest == catalogue.digest
    assert len(reads) == 2


def test_a_cache_folder_that_cannot_be_made_only_costs_time(packaged, tmp_path, monkeypatch):
    _, reads = packaged
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "file" / name)
    assert load().digest == load().digest
    assert len(reads) == 2


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(packaged, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    load()
    assert copies(tmp_path) == []


def test_facts_with_a_mistake_leave_no_copy(packaged, tmp_path):
    folder, _ = packaged
    (folder / "fabs.yaml").write_text("north: 3\n", encoding="utf-8")
    with pytest.raises(loader.CatalogueError):
        load()
    assert copies(tmp_path) == []
