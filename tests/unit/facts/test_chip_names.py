"""Chips found by the names that people, drivers and tables use."""

import pytest

from autarky.errors import UnknownKeyError
from autarky.facts.chip_names import Named, chip_or_memory, meant
from autarky.facts.loader import load_catalogue
from autarky.facts.records import Chip, MemoryType

NAMES = {
    "H20": "h20",
    "H20-96G": "h20",
    "NVIDIA H20": "h20",
    "H20 141 GB": "h20-141",
    "H20-3e": "h20-141",
    "H200": "h200-sxm",
    "H200 NVL": "h200-nvl",
    "GB200": "gb200",
    "B200": "b200-sxm",
    "NVIDIA H100 SXM5 80GB": "h100-sxm",
    "NVIDIA H100 80GB HBM3": "h100-sxm",
    "H100 NVL": "h100-nvl",
    "H100 PCIe": "h100-pcie",
    "NVIDIA A100-SXM4-80GB": "a100-80gb-sxm",
    "Ascend 910C": "ascend-910c",
    "910C": "ascend-910c",
    "Huawei Ascend 910B": "ascend-910b",
    "RTX 4090": "rtx-4090",
    "NVIDIA GeForce RTX 4090 D": "rtx-4090d",
    "RTX5090D V2": "rtx-5090d-v2",
    "AMD Instinct MI300X": "mi300x",
    "MI308": "mi308x",
    "Intel Gaudi 3": "gaudi-3",
    "Moore Threads MTT S4000": "moore-threads-s4000",
    "Biren BR100": "biren-br100",
    "HBM3E": "hbm3e",
    "chips.h20": "h20",
    "memory_types.hbm3": "hbm3",
}


@pytest.mark.parametrize(("name", "key"), NAMES.items())
def test_a_chip_is_found_by_a_name_in_use(name, key):
    assert chip_or_memory(name, load_catalogue())[1] == key


def test_every_record_is_found_by_its_id_its_label_and_its_aliases():
    catalogue = load_catalogue()
    for key, record in catalogue.all("chips", Chip).items():
        assert {chip_or_memory(name, catalogue)[1] for name in (key, record.label, *record.aliases)} == {key}
    for key in catalogue.all("memory_types", MemoryType):
        assert chip_or_memory(key, catalogue) == ("memory_types", key)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("H100", "'H100' can be 4 chips; say which: h100-96gb-500w, h100-sxm, h100-pcie, h100-nvl"),
        ("A100", "'A100' can be 2 chips; say which: a100-40gb-sxm, a100-80gb-sxm"),
        ("H100 94GB", "no chip is called 'H100 94GB'; did you mean h100-"),
        ("Huawei H100", "no chip is called 'Huawei H100'"),
        ("H2O", "did you mean h20"),
        ("V100", "no chip is called 'V100'"),
        ("80GB", "`autarky facts list chips` names all; or give a YAML or JSON file"),
        ("nvidia", "no chip is called 'nvidia'"),
    ],
)
def test_what_is_unknown_or_could_be_several_is_never_guessed(name, message):
    """Tools that fall back to some chip report half or twice the true efficiency (nanoGPT, OLMo-core, VeOmni)."""
    with pytest.raises(UnknownKeyError) as caught:
        chip_or_memory(name, load_catalogue())
    assert message in str(caught.value)


def test_a_piece_of_a_word_is_no_name():
    records = [Named("gb200", "GB200"), Named("h200-sxm", "H200 SXM"), Named("bi-v100", "BI-V100")]
    for name in ("B200", "H20", "V100", "SXM", "200"):
        with pytest.raises(UnknownKeyError):
            meant(name, records)
    assert meant("H200", records) == "h200-sxm"
    assert meant("b200", [*records, Named("b200-sxm", "B200 SXM", vendor="nvidia")]) == "b200-sxm"
