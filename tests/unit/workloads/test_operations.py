import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.operations import (
    decode_work,
    mean_reach,
    model_flops_utilisation,
    sequence_work,
    utilisation_of_rate,
)
from autarky.workloads.parameters import parameters
from autarky.workloads.reference import reference_model, reference_names


def config(name):
    return reference_model(name).config


def test_backward_is_twice_forward():
    work = sequence_work(config("llama-3-8b"), 8192)
    assert work.backward == 2 * work.forward
    assert work.training == 3 * work.forward


def test_half_counts_half_of_the_pairs():
    whole, half = (sequence_work(config("llama-3-8b"), 8192, kind) for kind in ("whole", "half"))
    assert half.attention == whole.attention / 2
    assert half.matrices == whole.matrices


def test_attention_of_a_dense_model_by_hand():
    work = sequence_work(config("llama-3-8b"), 8192, "whole")
    assert work.attention == 32 * 2 * 32 * (128 + 128) * 8192
    assert work.head == 2 * 128_256 * 4096


@pytest.mark.parametrize("name", reference_names())
def test_short_sequences_cost_two_operations_a_multiplied_parameter(name):
    work = sequence_work(config(name), 1, "half")
    active = parameters(config(name)).active_without_input
    assert work.matrices + work.head == pytest.approx(2 * active, rel=2e-3)


@pytest.mark.parametrize("span", [None, 16, 100])
def test_mean_reach_approaches_the_count_of_causal_pairs(span):
    tokens = 1000
    seen = np.minimum(np.arange(1, tokens + 1), span or tokens)
    assert mean_reach(tokens, span, "half") == pytest.approx(seen.mean(), rel=0.04)


def test_chunks_see_half_a_chunk_on_average():
    assert mean_reach(8192 * 4, 8192, "half", chunked=True) == 4096
    assert mean_reach(8192 + 4096, 8192, "half", chunked=True) == pytest.approx((8192**2 + 4096**2) / 24_576)


def test_a_window_bounds_the_work_of_long_contexts():
    model = config("gpt-oss-120b")
    near, far = (decode_work(model, context) for context in (10_000, 20_000))
    full = 18 * 2 * 64 * 128 * 10_000
    assert far.attention - near.attention == full


def test_a_sparse_index_bounds_attention_and_costs_its_own_scores():
    dense, sparse = (decode_work(config(name), 100_000) for name in ("deepseek-v3", "deepseek-v3.2"))
    assert sparse.attention == pytest.approx(dense.attention * 2048 / 100_000)
    assert sparse.index == 61 * 2 * 64 * 128 * 100_000
    assert dense.index == 0


def test_decoding_works_on_latent_vectors():
    work = decode_work(config("deepseek-v3"), 1000)
    assert work.attention == 61 * 2 * 128 * (2 * 512 + 64) * 1000


def test_a_recurrence_costs_the_same_at_every_length():
    model = config("minimax-text-01")
    assert decode_work(model, 10).recurrence == decode_work(model, 10**6).recurrence > 0


def test_prediction_layers_add_their_work_and_their_use_of_the_head():
    model = config("deepseek-v3")
    bare, more = (sequence_work(model, 4096, prediction=kind) for kind in (False, True))
    assert more.head == 2 * bare.head
    assert 1.02 < more.forward / bare.forward < 1.06


def test_utilisation_needs_a_peak_and_a_rate():
    assert model_flops_utilisation(1000.0, 1e9, 1e13, "half") == 0.1
    with pytest.raises(InputError, match="peak: must be positive"):
        utilisation_of_rate(1.0, 0.0, "half")
    with pytest.raises(InputError, match="rate: cannot be negative"):
        utilisation_of_rate(-1.0, 1.0, "half")


def test_an_unnamed_convention_is_refused():
    with pytest.raises(InputError, match="convention: 'third' is not a convention; say whole or half"):
        sequence_work(config("llama-3-8b"), 128, "third")
    with pytest.raises(InputError, match="tokens: must be at least 1, not 0"):
        sequence_work(config("llama-3-8b"), 0)
