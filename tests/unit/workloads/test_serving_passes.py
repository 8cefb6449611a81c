"""Passes through a server: laws that hold whatever the figures are."""

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.operations import decode_work, sequence_work
from autarky.workloads.reference import reference_model
from autarky.workloads.serving import decode, prefill
from autarky.workloads.serving_memory import cache_per_sequence, memory_by_part
from autarky.workloads.serving_setting import ServingJob, Speculation, setting_of

MODELS = [
    "deepseek-v3",
    "llama-3-70b",
    "gpt-oss-120b",
    "qwen3.5-397b-a17b",
    "glm-5",
    "minimax-m2.5",
    "deepseek-v4-flash",
]


def setting(model="deepseek-v3", system="hgx-h200", recipe="fp8", software="vllm", **more):
    catalogue = autarky.load_catalogue()
    return setting_of(
        catalogue, ServingJob(reference_model(model).config, build(catalogue, system), recipe, software, **more)
    )


@pytest.mark.parametrize("model", MODELS)
def test_larger_batches_never_lower_the_tokens_per_second(model):
    counts = np.unique(np.round(np.geomspace(1, 2048, 40)))
    step = decode(layouts(tensor=np.full(len(counts), 8), expert=1), setting(model), counts, 2000)
    rate = step.tokens_per_second_per_chip
    assert np.all(np.diff(rate) > -1e-9 * rate[:-1])
    assert np.all(np.diff(step.time) >= 0)


@pytest.mark.parametrize("model", MODELS)
def test_longer_contexts_never_take_less_time(model):
    context = np.geomspace(16, 120_000, 40)
    step = decode(layouts(tensor=np.full(len(context), 8)), setting(model), 16, context)
    assert np.all(np.diff(step.time) >= -1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_parts_sum_to_the_time_and_none_is_negative(model):
    for found in (
        decode(layouts(tensor=[1, 8]), setting(model), 8, 1000),
        prefill(layouts(tensor=[1, 8]), setting(model), 8192, 4096),
    ):
        assert sum(found.parts.values()) == pytest.approx(found.time)
        assert all(np.all(part >= 0) and np.all(np.isfinite(part)) for part in found.parts.values())


@pytest.mark.parametrize("model", ["deepseek-v3", "llama-3-70b", "qwen3.5-397b-a17b"])
def test_a_step_takes_at_least_as_long_as_everything_in_memory_takes_to_read(model):
    # With enough sequences every weight is read, and all of the cache.
    found = setting(model)
    plan = layouts(tensor=8)
    held = memory_by_part(plan, found, 256, 2000)
    embedding = 2 * found.config.vocabulary * found.config.embedding_width / 8
    nominal = 4.8e12
    least = (held["weights"] + held["experts"] - embedding + 256 * cache_per_sequence(plan, found, 2000)) / nominal
    assert decode(plan, found, 256, 2000).time[0] > least[0]


@pytest.mark.parametrize("model", ["deepseek-v3", "llama-3-70b", "minimax-m2.5"])
def test_neither_phase_does_more_than_the_peak(model):
    found = setting(model, software="trtllm")
    config = found.config
    plan = layouts(tensor=[1, 8])
    first = prefill(plan, found, 65536, 8192)
    work = sequence_work(config, 8192, "half")
    flop = work.matrices + work.attention + work.recurrence
    assert np.all(first.tokens_per_second_per_chip * flop < found.dense.peak)
    step = decode(plan, found, 4096, 1024)
    assert np.all(step.tokens_per_second_per_chip * decode_work(config, 1024).forward < found.dense.peak)


def test_more_devices_shorten_a_step_but_not_in_proportion():
    step = decode(layouts(tensor=[1, 2, 4, 8]), setting("llama-3-70b"), 16, 2000)
    assert np.all(np.diff(step.time) < 0)
    assert np.all(np.diff(step.time * step.layouts.devices) > 0)


def test_guesses_that_are_always_wrong_only_cost():
    plain = decode(layouts(tensor=8), setting(), 16, 2000)
    wrong = decode(layouts(tensor=8), setting(speculation=Speculation(1, 1.0)), 16, 2000)
    right = decode(layouts(tensor=8), setting(speculation=Speculation(1, 2.0)), 16, 2000)
    assert wrong.tokens[0] == plain.tokens[0]
    assert wrong.time[0] > plain.time[0]
    assert right.tokens[0] == 2 * plain.tokens[0]
    assert right.time[0] == wrong.time[0]


def test_acceptance_adds_up_as_a_geometric_series():
    assert Speculation.accepted(3, 0.7).tokens == pytest.approx(1 + 0.7 + 0.49 + 0.343)


@pytest.mark.parametrize(("drafts", "tokens"), [(0, 1.0), (1, 2.1), (2, 0.9)])
def test_guesses_that_cannot_be_are_refused(drafts, tokens):
    with pytest.raises(InputError):
        Speculation(drafts, tokens)


def test_a_model_without_prediction_layers_cannot_guess():
    with pytest.raises(InputError, match="no prediction layers"):
        decode(layouts(), setting("llama-3-8b", speculation=Speculation(1, 1.5)), 1, 100)


def test_reused_tokens_are_attended_to_but_not_computed():
    found = setting("llama-3-70b")
    whole = prefill(layouts(tensor=8), found, 8192, 8192)
    half = prefill(layouts(tensor=8), found, 4096, 8192, 4096)
    start = prefill(layouts(tensor=8), found, 4096, 4096)
    assert start.time[0] < half.time[0] < whole.time[0]
    with pytest.raises(InputError, match="at least the whole prompt"):
        prefill(layouts(tensor=8), found, 4096, 4096, 4096)


def test_stages_keep_the_rate_and_lengthen_the_wait():
    found = setting("llama-3-70b")
    one = decode(layouts(tensor=8), found, 512, 2000)
    two = decode(layouts(tensor=8, pipeline=2), found, 1024, 2000)
    assert two.tokens_per_second_per_chip[0] == pytest.approx(one.tokens_per_second_per_chip[0], rel=0.1)
    assert two.time[0] == pytest.approx(one.time[0], rel=0.15)


def test_a_chip_without_the_format_unpacks_weights_or_refuses():
    assert "unpacked" in setting("gpt-oss-120b", recipe="nvfp4").notes[0]
    with pytest.raises(InputError, match="fp8"):
        setting("llama-3-70b", system="cloudmatrix-384", recipe="fp8")


def test_a_package_of_two_devices_counts_once():
    found = setting(system="cloudmatrix-384", recipe="int8", software="cloudmatrix")
    step = decode(layouts(data=32, expert=32), found, 8, 1000)
    assert found.devices == 2
    assert step.packages[0] == 16
    assert step.tokens[0] == 8 * 32
