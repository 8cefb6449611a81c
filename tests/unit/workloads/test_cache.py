import numpy as np
import pytest

from autarky.errors import InputError
from autarky.workloads.cache import (
    WINDOW,
    CacheFormat,
    CachePolicy,
    cache_bytes,
    cache_bytes_per_token,
    cache_parts,
    tokens_that_fit,
    window_and_batch,
)
from autarky.workloads.reference import reference_model


def config(name):
    return reference_model(name).config


def test_full_pages_grow_in_proportion_to_tokens_and_sequences():
    model = config("llama-3-8b")
    tokens = np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(cache_bytes(model, tokens, 3), 3 * tokens * 131_072)


def test_a_window_layer_stops_growing_at_its_window():
    model = config("gpt-oss-20b")
    short, long = (cache_parts(model, tokens, policy=WINDOW) for tokens in (128, 8192))
    assert short.windowed == long.windowed
    assert long.full == 64 * short.full


def test_policies_agree_below_the_window_and_order_above_it():
    model = config("gemma-3-27b")
    policies = (WINDOW, window_and_batch(512), CachePolicy())
    at_window = [float(cache_bytes(model, 1024, policy=policy)) for policy in policies]
    assert len(set(at_window)) == 1
    far = [float(cache_bytes(model, 65_536, policy=policy)) for policy in policies]
    assert far == sorted(far)
    assert len(set(far)) == 3


def test_pages_round_up():
    model = config("llama-3-8b")
    paged = CachePolicy(page=16)
    assert cache_bytes(model, 17, policy=paged) == 32 * 131_072
    assert cache_bytes(model, 0, policy=paged) == 0


def test_a_latent_vector_stands_for_all_heads_and_is_never_split():
    model = config("deepseek-v3")
    assert cache_bytes_per_token(model) == 61 * (512 + 64) * 2
    assert cache_bytes_per_token(model, tensor=8) == cache_bytes_per_token(model)


def test_index_keys_are_kept_beside_the_latent_vectors():
    model = config("deepseek-v3.2")
    form = CacheFormat(bits=8, index_bits=8, extra_bytes=16)
    parts = cache_parts(model, 1000, form=form)
    assert parts.index == 1000 * 61 * 128
    assert parts.full == 1000 * 61 * (576 + 16)


def test_pooled_keys_grow_by_one_every_ratio_tokens():
    model = config("deepseek-v4-pro")
    parts = cache_parts(model, 2**20, policy=WINDOW)
    layers_of_4, layers_of_128 = 30, 31
    assert parts.full == 2**20 * 512 * 2 * (layers_of_4 / 4 + layers_of_128 / 128)
    assert parts.index == 2**20 * 128 * 2 * layers_of_4 / 4
    assert parts.windowed == 61 * 128 * 512 * 2


def test_a_recurrence_keeps_a_constant_state():
    model = config("qwen3-next-80b-a3b")
    one, many = cache_parts(model, 1), cache_parts(model, 100_000)
    assert one.state == many.state == 36 * (32 * 128 * 128 * 4 + 8192 * 3 * 2)
    assert cache_parts(model, 1, tensor=4).state * 4 == one.state


def test_an_eight_bit_cache_is_half_as_large():
    model = config("qwen3-32b")
    half = cache_bytes_per_token(model, form=CacheFormat(bits=8))
    assert half == cache_bytes_per_token(model) / 2


def test_tokens_that_fit_are_whole():
    assert tokens_that_fit(1000.0, 300.0) == 3
    with pytest.raises(InputError, match="bytes_per_token: must be positive"):
        tokens_that_fit(1000.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tokens": -1}, "tokens or sequences: cannot be negative"),
        ({"tokens": 1, "tensor": 0}, "tensor: must be at least 1"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        cache_bytes(config("llama-3-8b"), **arguments)
