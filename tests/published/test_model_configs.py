"""Questions about the size of language models that were asked in public, and their right answers.

Each test names the place where the question was asked. Counts are recomputed from the maker's config; the
tolerance is that of the answer.
"""

import pytest

from autarky.errors import InputError
from autarky.workloads.cache import (
    WINDOW,
    cache_bytes,
    cache_bytes_per_token,
    check_cache_budget,
    window_and_batch,
)
from autarky.workloads.config import read_config
from autarky.workloads.operations import utilisation_of_rate
from autarky.workloads.parameters import parameters
from autarky.workloads.reference import reference_model
from autarky.workloads.storage import stored_weights

GIB = 2**30


def config(name):
    return reference_model(name).config


def test_deepseek_v3_counts_its_dense_layers_its_shared_expert_and_its_low_rank_attention():
    # github.com/deepseek-ai/DeepSeek-V3/issues/231: how 671B and 37B come about.
    counts = parameters(config("deepseek-v3"))
    assert counts.total == 671_026_419_200
    assert counts.active == pytest.approx(37_552_282_624, rel=5e-4)
    assert counts.active_without_input == pytest.approx(36.63e9, abs=0.01e9)


def test_the_hub_count_of_deepseek_v3_adds_the_prediction_layer_with_its_own_embeddings():
    # The same thread: the hub shows 685B, the paper says 671B.
    counts = parameters(config("deepseek-v3"))
    assert counts.total + counts.prediction_stored == pytest.approx(684.5e9, abs=0.1e9)
    assert stored_weights(config("deepseek-v3"), prediction=True).cells == pytest.approx(685e9, abs=0.5e9)


def test_deepseek_v3_in_block_scaled_fp8_does_not_fit_eight_chips_of_80_gb():
    stored = stored_weights(config("deepseek-v3"))
    assert stored.total == pytest.approx(671e9, rel=0.01)
    assert stored.total > 8 * 80e9


def test_qwen3_32b_uses_the_stated_head_width():
    # github.com/LMCache/LMCache/issues/688 and 2248.
    model = config("qwen3-32b")
    assert parameters(model).total == 32_762_123_264
    assert cache_bytes_per_token(model) == 262_144


def test_the_shortcut_of_hidden_width_over_heads_is_refused_for_qwen3():
    # It would give 30,497,192,960 parameters and 163,840 bytes a token, both wrong.
    stated = {
        "model_type": "qwen3",
        "num_hidden_layers": 64,
        "hidden_size": 5120,
        "intermediate_size": 25600,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "vocab_size": 151936,
        "tie_word_embeddings": False,
    }
    with pytest.raises(InputError, match=r"^head_dim: is missing; hidden_size / heads is not a rule"):
        read_config(stated)


def test_gpt_oss_120b_parameters_and_packed_bytes():
    # github.com/alvarobartt/hf-mem/issues/60, 61 and pull request 70.
    model = config("gpt-oss-120b")
    counts = parameters(model)
    assert counts.total == 116_829_156_672
    assert counts.active_without_input == 5_132_849_472
    assert stored_weights(model).total == 65_248_815_744
    assert cache_bytes_per_token(model) == 73_728


def test_gpt_oss_20b_cache_has_two_right_answers_by_engine():
    model = config("gpt-oss-20b")
    assert cache_bytes(model, 8192, 32) == 12.0 * GIB
    assert cache_bytes(model, 8192, 32, policy=WINDOW) == 6.09375 * GIB


def test_mixtral_memory_takes_all_experts_and_compute_the_active_ones():
    # github.com/jranaraki/vllm-fit/issues/27: "8x7B" is neither 13B of memory nor 56B.
    counts = parameters(config("mixtral-8x7b"))
    assert counts.total == 46_702_792_704
    assert counts.active == 12_879_925_248


def test_deepseek_v4_pro_stores_two_fp4_parameters_in_a_cell():
    # A weight-file header suggests about 862B where the maker says 1.6T (openclawradar.com, 2026-04-24).
    model = config("deepseek-v4-pro")
    routed = parameters(model).routed
    assert routed == 1_547_396_186_112
    assert routed / 2 == pytest.approx(773.7e9, abs=0.05e9)
    assert routed / 32 == pytest.approx(48.4e9, abs=0.05e9)
    stored = stored_weights(model, prediction=True)
    assert stored.cells == pytest.approx(0.87e12, abs=0.01e12)
    assert stored.cells < 0.6 * parameters(model).total


def test_a_pruned_model_is_read_block_by_block():
    # Llama-3.3-Nemotron-Super-49B: null feed width, 49 of 80 layers with attention.
    model = config("llama-3.3-nemotron-super-49b")
    assert parameters(model).total == pytest.approx(49_867_137_024, rel=5e-4)
    assert cache_bytes_per_token(model) == 200_704


def test_llama_4_holds_experts_on_every_second_layer_or_on_every_layer():
    # github.com/ggml-org/llama.cpp/issues/12774.
    maverick, scout = (parameters(config(name)) for name in ("llama-4-maverick", "llama-4-scout"))
    assert maverick.total == 400_711_848_960
    assert maverick.active == 17_184_691_200
    assert scout.total == 107_769_861_120


@pytest.mark.parametrize(
    ("tokens", "window", "with_batch"),
    [(4096, 0.294, 0.40), (8192, 0.377, 0.48), (32768, 0.881, 0.99), (131072, 2.894, 3.00)],
)
def test_gemma_4_window_layers_keep_a_window_and_the_batch(tokens, window, with_batch):
    # github.com/ollama/ollama/pull/16958: 1.76 to 56.37 GB before, 0.40 to 3.00 GB after.
    model = config("gemma-4-26b-a4b")
    assert cache_bytes(model, tokens, policy=WINDOW) / 1e9 == pytest.approx(window, rel=2e-3)
    batch = cache_bytes(model, tokens, policy=window_and_batch(512)) / 1e9
    assert batch == pytest.approx(with_batch, abs=0.006)


def test_the_text_part_wins_over_the_vision_tower_at_the_top():
    # github.com/jranaraki/vllm-fit/issues/31 and others: a top-level hit is the wrong model.
    text = {
        "model_type": "qwen3",
        "num_hidden_layers": 40,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 151936,
    }
    for part in ("text_config", "language_config", "llm_config"):
        model = read_config({"model_type": "some_vl", "num_hidden_layers": 33, part: text})
        assert len(model.layers) == 40
    del text["num_hidden_layers"]
    with pytest.raises(InputError, match=r"^text_config.num_hidden_layers: is missing"):
        read_config({"model_type": "some_vl", "num_hidden_layers": 33, "text_config": text})


def test_cache_of_grouped_heads_depends_on_layers_key_heads_width_and_bytes_alone():
    # Six tools with one slip each, among them github.com/rasbt/LLMs-from-scratch/issues/922.
    assert cache_bytes_per_token(config("llama-3-8b")) == 131_072
    qwen = config("qwen3-8b")
    assert cache_bytes(qwen, 32_768) == 4.5 * GIB
    assert cache_bytes(qwen, 262_144) == 36 * GIB


def test_a_cache_budget_must_equal_tokens_times_size():
    # github.com/redhat-performance/configiq/issues/112: 74.95 GiB, 972,134 tokens, "880 KiB a token".
    with pytest.raises(InputError, match=r"972,134 tokens of 901,120 bytes make 815.85 GiB, not 74.95 GiB"):
        check_cache_budget(74.95 * GIB, 972_134, 880 * 1024)
    check_cache_budget(74.95 * GIB, 972_134, 80.84 * 1024)
    check_cache_budget(64.68 * GIB, 626_949, 108.2 * 1024)


def test_a_utilisation_past_the_peak_is_refused():
    # github.com/NVIDIA/Megatron-LM/issues/831: 189 TFLOP/s under half counting of 312, doubled for whole.
    assert utilisation_of_rate(189e12, 312e12, "half") == pytest.approx(0.606, abs=1e-3)
    with pytest.raises(InputError, match=r"mfu: is 121% of the peak with attention counted whole"):
        utilisation_of_rate(378e12, 312e12, "whole")


def test_a_training_log_agrees_with_its_own_utilisation():
    # mosaicml/examples pull request 262: 152.59 TFLOP/s on a peak of 312 prints 0.489.
    assert utilisation_of_rate(152.59e12, 312e12, "half") == pytest.approx(0.489, abs=5e-4)


def test_key_heads_are_copied_once_there_are_more_chips_than_heads():
    # github.com/vllm-project/vllm-ascend/issues/5020 and 5137: an 80B hybrid with two key heads.
    model = config("qwen3-next-80b-a3b")
    growth = [cache_bytes_per_token(model, tensor=chips) for chips in (1, 2, 4, 8)]
    assert growth[0] == 2 * growth[1]
    assert growth[1] == growth[2] == growth[3]
    weights = stored_weights(model).total
    assert weights == pytest.approx(159e9, abs=0.5e9)
    assert 4 * 32e9 < weights < 4 * 64e9


def test_deepseek_v4_flash_experts_by_format():
    # github.com/vllm-project/vllm-ascend/issues/8746: 147 GB at 4.25 bit, 277 GB at 8 bit.
    model = config("deepseek-v4-flash")
    assert parameters(model).routed == pytest.approx(277.0e9, abs=0.05e9)
    packed = stored_weights(model, {"routed": "mxfp4"}).by_part["routed"]
    whole = stored_weights(model, {"routed": "int8"}).by_part["routed"]
    assert packed == pytest.approx(147e9, abs=0.5e9)
    assert whole == pytest.approx(277e9, abs=0.5e9)
