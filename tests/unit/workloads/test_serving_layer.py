"""The parts of a pass through a layer against hand calculations."""

from dataclasses import replace

import numpy as np
import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.reference import reference_model
from autarky.workloads.serving_attention import mean_reach, over_cache, reach
from autarky.workloads.serving_layer import expert_load, multiplied, shared_apart
from autarky.workloads.serving_setting import ServingJob, Speculation, setting_of, stored_bytes
from autarky.workloads.serving_transfers import gathered, summed, to_experts
from autarky.workloads.sharding import Product


def setting(model="deepseek-v3", system="hgx-h200", recipe="fp8", software="vllm", **more):
    catalogue = autarky.load_catalogue()
    return setting_of(
        catalogue, ServingJob(reference_model(model).config, build(catalogue, system), recipe, software, **more)
    )


def column(*values):
    return np.array(values, float)


def test_a_product_of_one_row_takes_as_long_as_its_weights_take_to_read():
    found = setting()
    rows, inner, columns = column(1.0), column(7168.0), column(4096.0)
    time = multiplied(rows, inner, columns, found.dense, 1.0, 3e12, found)
    written = 2 * (7168 + 4096) / found.dense.stream
    assert time[0] == pytest.approx(7168 * 4096 / 3e12 + written + found.dense.launch)


def test_a_product_of_many_rows_takes_as_long_as_its_arithmetic():
    found = setting()
    side = column(65536.0)
    time = multiplied(side, side, side, found.dense, 1.0, 3e12, found)
    spread = 1 + found.few_rows / 65536 + 2 * found.dense.half_size / 65536
    ideal = 2 * 65536.0**3 / (found.dense.peak * found.dense.product_share)
    assert time[0] == pytest.approx(ideal * spread + found.dense.launch)


def test_stored_weights_count_their_scales():
    # nvfp4: 4 bits and an 8-bit scale for 16 elements; int4: 4 bits and 16 bits for 128.
    assert stored_bytes("nvfp4") == pytest.approx((4 + 8 / 16) / 8)
    assert stored_bytes("int4") == pytest.approx((4 + 16 / 128) / 8)
    assert stored_bytes("fp8") == pytest.approx((8 + 32 / 128**2) / 8)


def test_no_token_is_lost_between_devices_that_share_experts_evenly():
    found = replace(setting(), balance=1.0)
    product = Product(7168, 4096, "columns", experts=256, active=8)
    plan = layouts(data=[8, 16, 72], expert=[8, 16, 72])
    touched, rows = expert_load(product, column(4.0, 64.0, 256.0), plan, found)
    copies = column(4 * 8, 64 * 16, 256 * 72) * 8
    assert touched * rows * plan.expert == pytest.approx(copies)


def test_few_tokens_touch_the_number_of_experts_that_chance_gives():
    # 4 tokens choose 8 of 256: 256 * (1 - (1 - 8/256)**4) = 30.5 of them.
    found = replace(setting(), balance=1.0)
    product = Product(7168, 4096, "columns", experts=256, active=8)
    touched, _ = expert_load(product, column(4.0), layouts(), found)
    assert touched[0] == pytest.approx(256 * (1 - (1 - 8 / 256) ** 4))


def test_the_busiest_device_never_has_less_than_the_mean_nor_more_than_all():
    found = setting(software="sglang")
    product = Product(7168, 4096, "columns", experts=256, active=8)
    tokens = np.geomspace(1, 1e5, 40)
    plan = layouts(data=np.full(40, 16), expert=16)
    touched, rows = expert_load(product, tokens, plan, found)
    assert np.all(touched * rows >= tokens * 16 * 8 / 16 * (1 - 1e-12))
    assert np.all(touched * rows <= tokens * 16 * 8 * (1 + 1e-12))


def test_a_shared_expert_apart_is_one_more_that_each_token_takes():
    # CloudMatrix-Infer: 256 routed experts and 32 copies of the shared one on 320 devices.
    layer = reference_model("deepseek-v3").config.layers[-1]
    feed = shared_apart(layer).experts
    assert (feed.experts, feed.active, feed.shared_width) == (288, 9, 0)


def test_a_token_of_a_window_layer_sees_no_further_than_the_window():
    mixer = next(
        layer.mixer for layer in reference_model("gpt-oss-120b").config.layers if layer.mixer.reach == "window"
    )
    assert reach(mixer, column(50.0, 5000.0)).tolist() == [50.0, 128.0]


def test_an_index_lets_no_more_tokens_through_than_it_picks():
    mixer = reference_model("deepseek-v3.2").config.layers[0].mixer
    assert reach(mixer, column(1000.0, 60000.0)).tolist() == [1000.0, 2048.0]


def test_prompt_tokens_see_half_of_their_prompt_on_average():
    mixer = reference_model("llama-3-8b").config.layers[0].mixer
    assert mean_reach(mixer, column(0.0, 1000.0), column(1000.0, 2000.0)) == pytest.approx([500.0, 1500.0])


def test_attention_over_a_cache_reads_the_latent_vectors_once():
    # DeepSeek-V3: 576 elements of 2 bytes a token; few queries, so that reading sets the time.
    found = setting(cache="bf16")
    layer = reference_model("deepseek-v3").config.layers[0]
    time = over_cache(layer, column(32.0), column(4096.0), layouts(tensor=16), found)
    read = 32 * 4096 * 576 * 2 / found.cache_stream
    assert time[0] == pytest.approx(read + found.wide.launch)


def test_attention_of_many_heads_is_limited_by_arithmetic():
    # 128 heads, two queries each: 2 * 128 * (2 * 512 + 64) operations a query and token in view.
    found = setting(cache="bf16", speculation=Speculation(1, 1.8))
    layer = reference_model("deepseek-v3").config.layers[0]
    time = over_cache(layer, column(32.0), column(4096.0), layouts(), found)
    work = 32 * 4096 * 2 * 2 * 128 * (2 * 512 + 64) / found.cache_rate
    assert time[0] == pytest.approx(work + found.wide.launch)


def test_little_data_is_summed_in_one_exchange_and_much_in_two_rounds():
    found = setting()
    near = found.network.scale_up.bandwidth
    assert summed(column(8.0), column(8.0), found)[0] == pytest.approx(found.signal, rel=1e-3)
    large = 1e9
    rounds = 2 * (found.signal + large * 7 / 8 / near)
    assert summed(column(large), column(8.0), found)[0] == pytest.approx(rounds)
    assert summed(column(large), column(1.0), found)[0] == 0.0


def test_a_gather_moves_what_the_others_hold():
    found = setting()
    time = gathered(column(1e9), column(8.0), found)[0]
    assert time == pytest.approx(found.signal + 1e9 * 7 / 8 / found.network.scale_up.bandwidth)


def test_tokens_of_prompts_cross_between_domains_once():
    found = setting(system="hgx-h100", software="sglang-wide")
    plan = layouts(data=32, expert=32)
    once = to_experts(column(16384.0), 8, 7168.0, plan, found, prompts=True)
    each = to_experts(column(16384.0), 8, 7168.0, plan, found, prompts=False)
    assert once[0] < each[0]
    # Of three other domains a token with 8 targets reaches 3 * (1 - (3/4)**8) on average.
    crossing = 16384 * 7168 * 3 * (1 - 0.75**8) / found.network.scale_out.pair
    assert once[0] >= crossing
