"""What chips do at work and what they draw, against what others have published."""

import numpy as np
import pytest

import autarky
from autarky.facts.catalogue import value_of
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.records import Chip, TimeSeries
from autarky.systems.deployment import deployed
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.reference import reference_model
from autarky.workloads.serving import decode, prefill
from autarky.workloads.serving_setting import ServingJob, setting_of
from autarky.workloads.worth import speed_of

EPOCH_CHIPS = {
    "a100": "a100-80gb-sxm",
    "a800": "a800-sxm",
    "h800": "h800-sxm",
    "h20-96": "h20",
    "mi308x": "mi308x",
    "siyuan-590": "cambricon-mlu590",
    "ascend-910b": "ascend-910b",
    "ascend-910c": "ascend-910c",
}
"""Chips in the quarterly table of Epoch's owners -> ours."""


def series(name):
    return load_catalogue().get("series", name, TimeSeries)


def median(observed):
    return float(observed.value.pooled.ppf(np.array([0.5]))[0])


def relative(chip, task):
    catalogue = load_catalogue()
    work = catalogue.get("reference_workloads", task, ReferenceWorkload)
    own, reference = (speed_of(deployed(catalogue, name), name, work).tokens for name in (chip, "h100-sxm"))
    return own / reference


def one_chip(chip):
    """Return the setting of a small dense model in 16 bits on one chip."""
    catalogue = load_catalogue()
    whole = deployed(catalogue, chip)
    system = build(whole.catalogue, whole.system, 1)
    return setting_of(whole.catalogue, ServingJob(reference_model("llama-2-7b").config, system, "bf16", "sglang"))


# Architects' Tech Alliance, "Performance analysis of NVIDIA H20 and L20 AI inference chips" (besthub.dev): Llama 2 13B
# in FP16 on one GPU, 16 sequences at once. The H20 reads prompts more slowly than the H100 and then gives tokens
# faster, 1.1 times as fast over all. Llama 2 7B stands in for the 13B here.


def test_sixteen_users_get_answers_about_as_fast_from_an_h20_as_from_an_h100():
    own, reference = (
        decode(layouts(), one_chip(name), 16.0, 1024.0).tokens_per_second_per_chip[0] for name in ("h20", "h100-sxm")
    )
    # Published: faster, at most by the ratio of their bandwidths. The model charges few rows as many, and is lower.
    assert 0.85 < own / reference < 4.0 / 3.35 + 0.05


def test_an_h20_reads_prompts_far_more_slowly_than_an_h100():
    own, reference = (
        prefill(layouts(), one_chip(name), 16 * 1024.0, 1024.0).tokens_per_second_per_chip[0]
        for name in ("h20", "h100-sxm")
    )
    # 148 over 989 TFLOPS, nearer to the peak.
    assert 0.15 < own / reference < 0.35


def test_an_h20_is_worth_most_in_decode_and_least_in_training():
    assert relative("h20", "decode") > 1.5 * relative("h20", "prefill")
    assert relative("h20", "prefill") > relative("h20", "training")


def test_an_h200_gains_in_decode_what_its_memory_gives_and_little_in_training():
    # The H200 is an H100 with 1.43 times the bandwidth and 1.76 times the memory.
    assert relative("h200-sxm", "training") == pytest.approx(1.0, abs=0.1)
    assert relative("h200-sxm", "decode") > 1.4


def test_chips_of_china_draw_what_epoch_counts():
    # Epoch AI, "Data on AI Chip Owners" (2026-07-20): chips alone, end of 2025, medians; smuggled chips apart.
    ours = 0.0
    for name, chip in EPOCH_CHIPS.items():
        quarters = series(f"epoch-china-{name}-units").values
        count = sum(median(observed) for quarter, observed in quarters.items() if quarter[:4] <= "2025")
        ours += count * value_of(load_catalogue().get("chips", chip, Chip).power) / 1e6
    epoch = sum(
        median(series(f"epoch-stock-china-{designer}-power").values["2025Q4"])
        for designer in ("amd", "cambricon", "huawei", "nvidia")
    )
    assert ours == pytest.approx(epoch, rel=0.05)


@pytest.fixture(scope="module")
def china():
    return autarky.run("china-ai-chips", draws=512, prior=True)


def test_accelerators_use_a_part_of_the_electricity_of_all_data_centres_of_china(china):
    # Caixin, May 2025: 140 TWh in 2024 for all data centres; a compilation has 150 TWh in 2023.
    every = median(series("china-data-centre-electricity").values["2024"]) / 1e9
    low, high = np.quantile(china.by_period("installed.energy", "2024"), [0.05, 0.95])
    assert 0.02 * every < low < high < 0.25 * every


def test_accelerators_draw_a_part_of_the_power_of_all_data_centres_of_china(china):
    # Watchboard, May 2026: 32 GW installed.
    every = median(series("china-data-centre-power").values["2026-05"])
    every *= {"GW": 1e3, "MW": 1.0}[series("china-data-centre-power").unit]
    low, high = np.quantile(china.by_period("installed.power", "2026-05"), [0.05, 0.95])
    assert 0.1 * every < low < high < 0.6 * every


def test_power_of_an_h100_equivalent_is_epochs_with_systems_and_cooling():
    # Epoch counts 13.4 GW of chips alone for 20.9M H100e at the end of 2025.
    alone = median(series("world-stock-power").values["2025"]) / 20.926
    result = autarky.run("foreign-ai-chips", draws=256, prior=True)
    power, compute = (
        np.median(result.by_period(name, "2025")) for name in ("installed.power", "installed.h100e.dense_8bit")
    )
    # 1.1 to 1.45 for cooling, 1.4 to 1.9 for hosts, networks and supplies.
    assert 1.1 * 1.4 < power / compute * 1e6 / alone < 1.45 * 1.9
