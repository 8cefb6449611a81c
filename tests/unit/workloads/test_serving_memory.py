"""Memory of a server against hand calculations."""

import numpy as np
import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.reference import reference_model
from autarky.workloads.serving_memory import cache_per_sequence, fits, memory_by_part, most_sequences
from autarky.workloads.serving_setting import ServingJob, setting_of


def setting(model, system, recipe, software="vllm", **more):
    catalogue = autarky.load_catalogue()
    return setting_of(
        catalogue, ServingJob(reference_model(model).config, build(catalogue, system), recipe, software, **more)
    )


def test_the_cache_of_deepseek_v3_is_576_elements_a_layer_and_token():
    found = setting("deepseek-v3", "hgx-h200", "fp8", cache="bf16")
    assert cache_per_sequence(layouts(tensor=[1, 8]), found, 1000) == pytest.approx(np.full(2, 61 * 576 * 2 * 1000))


def test_key_heads_are_divided_and_then_copied():
    # Llama 3 70B: 80 layers, 8 key heads of 128 + 128 elements.
    found = setting("llama-3-70b", "hgx-h200", "bf16", cache="bf16")
    each = cache_per_sequence(layouts(tensor=[1, 8, 16]), found, 1)
    assert each.tolist() == [80 * 8 * 256 * 2, 80 * 256 * 2, 80 * 256 * 2]


def test_devices_together_hold_the_checkpoint():
    # 671 billion parameters in 8 bits, embeddings and head in 16: about 673 GB, and as many experts on each device.
    found = setting("deepseek-v3", "hgx-h200", "fp8")
    held = memory_by_part(layouts(tensor=8, expert=8), found, 1, 1000)
    assert 8 * (held["weights"] + held["experts"])[0] == pytest.approx(673e9, rel=0.01)


def test_spare_slots_hold_copies():
    # 256 experts on 72 devices: four on each, an eighth more than there are.
    found = setting("deepseek-v3", "hgx-h100", "fp8", "sglang-wide")
    wide = memory_by_part(layouts(data=72, expert=72), found, 1, 1000)["experts"] * 72
    whole = memory_by_part(layouts(), found, 1, 1000)["experts"]
    assert wide[0] == pytest.approx(whole[0] * 4 * 72 / 256)


def test_stages_divide_layers():
    found = setting("llama-3-70b", "hgx-h200", "fp8")
    one, two = memory_by_part(layouts(pipeline=[1, 2]), found, 4, 1000)["weights"]
    assert two == pytest.approx(one / 2)


def test_the_most_sequences_fit_and_one_more_does_not():
    found = setting("llama-3-70b", "hgx-h200", "fp8")
    plan = layouts(tensor=[1, 2, 8])
    most = most_sequences(plan, found, 8000)
    assert np.all(most > 0)
    assert np.all(fits(plan, found, most, 8000))
    assert not np.any(fits(plan, found, most + 1, 8000))
    total = sum(memory_by_part(plan, found, most, 8000).values())
    assert np.all(total <= found.usable)


def test_a_model_larger_than_memory_holds_no_sequence():
    found = setting("deepseek-v3", "hgx-h100", "fp8")
    assert most_sequences(layouts(tensor=8), found, 1000).tolist() == [0.0]
