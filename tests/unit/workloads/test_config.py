import json
import math
import pickle

import pytest

from autarky.errors import InputError
from autarky.workloads.architecture import Attention, DeltaNet, KimiDelta, LatentAttention, Lightning, Mamba
from autarky.workloads.config import read_config, text_part
from autarky.workloads.parameters import parameters
from autarky.workloads.pruned import pruned_width
from autarky.workloads.reference import reference_model

LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 4,
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
}
EXPERTS = {
    **LLAMA,
    "model_type": "qwen3_moe",
    "head_dim": 16,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}


def without(config, *keys):
    return {key: value for key, value in config.items() if key not in keys}


def test_a_dense_model_is_counted_by_hand():
    counts = parameters(read_config(LLAMA))
    attention = 64 * 64 * 2 + 64 * 16 * 2
    feed = 3 * 64 * 160
    assert counts.total == 4 * (attention + feed + 2 * 64) + 2 * 1000 * 64 + 64
    assert counts.active == counts.total
    assert counts.active_without_input == counts.total - 64_000
    assert counts.active_without_embeddings == counts.total - 128_000


def test_tied_embeddings_count_once_and_serve_as_the_head():
    counts = parameters(read_config({**LLAMA, "tie_word_embeddings": True}))
    assert counts.active_without_input == counts.active
    assert counts.active_without_embeddings == counts.active - 64_000


def test_a_path_a_folder_and_the_content_read_alike(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    inside = parameters(read_config(LLAMA))
    assert parameters(read_config(path)) == inside
    assert parameters(read_config(str(tmp_path))) == inside


def test_a_file_that_is_not_json_names_itself(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{")
    with pytest.raises(InputError, match=r"config.json +is not JSON"):
        read_config(path)
    with pytest.raises(InputError, match=r"absent.json +no such file"):
        read_config(tmp_path / "absent.json")


def test_all_missing_essentials_are_told_at_once():
    with pytest.raises(InputError) as caught:
        read_config({"model_type": "llama"})
    fields = [problem.field for problem in caught.value.problems]
    assert fields == [
        "hidden_size",
        "vocab_size",
        "num_hidden_layers",
        "intermediate_size",
        "num_attention_heads",
    ]


def test_an_unknown_architecture_is_refused_and_the_nearest_named():
    with pytest.raises(InputError, match=r"'lama' is not a known architecture; did you mean llama"):
        read_config({**LLAMA, "model_type": "lama"})
    with pytest.raises(InputError, match=r"model_type: is missing"):
        read_config(without(LLAMA, "model_type"))


def test_the_class_name_stands_in_for_an_absent_model_type():
    stated = {**without(LLAMA, "model_type"), "architectures": ["LlamaForCausalLM"]}
    assert read_config(stated).family == "llama"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": "64"}, "hidden_size: must be a whole number, not '64'"),
        ({"hidden_size": True}, "hidden_size: must be a whole number, not True"),
        ({"hidden_size": 64.5}, "hidden_size: must be a whole number, not 64.5"),
        ({"hidden_size": math.nan}, "hidden_size: must be a whole number, not nan"),
        ({"num_hidden_layers": 0}, "num_hidden_layers: must be between 1 and 10000, not 0"),
        ({"num_hidden_layers": 10**7}, "num_hidden_layers: must be between 1 and 10000, not 10000000"),
        ({"num_key_value_heads": 3}, "num_key_value_heads: 3 does not divide the 8 heads"),
        ({"num_key_value_heads": None}, "num_key_value_heads: is null and no list per layer says more"),
        ({"num_attention_heads": 7}, "num_attention_heads: 7 does not divide the width of 64"),
        ({"n_embd": 65}, "n_embd: is 65 but hidden_size is 64; both name the same number"),
        ({"layer_types": ["full_attention"] * 3}, "layer_types: has 3 entries for 4 layers"),
        ({"layer_types": ["odd"] * 4}, "layer_types: names kinds of layer that are not known: odd"),
        ({"attention_bias": "no"}, "attention_bias: must be true or false, not 'no'"),
        (
            {"layer_types": ["linear_attention"] * 4},
            "layer_types: names linear attention, which this family does not have",
        ),
        (
            {"layer_types": ["sliding_attention"] * 4},
            "sliding_window: is missing, though layers have a sliding window",
        ),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings: must be true or false, not 'no'"),
        ({"hc_mult": "x"}, "hc_mult: must be a whole number, not 'x'"),
        ({"quantization_config": {"quant_method": "magic"}}, "'magic' is not a known way of packing weights"),
    ],
)
def test_a_wrong_field_is_named(change, message):
    with pytest.raises(InputError) as caught:
        read_config({**LLAMA, **change})
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_experts_per_tok": 9}, "num_experts_per_tok: 9 is more than the 8 experts"),
        ({"num_experts_per_tok": None}, "num_experts_per_tok: is null, though layers hold experts"),
        ({"moe_intermediate_size": None}, "moe_intermediate_size: is null, though layers hold experts"),
        ({"n_routed_experts": 16}, "num_experts: is 8 but n_routed_experts is 16"),
        ({"moe_layer_freq": [1, 1]}, "moe_layer_freq: has 2 entries for 4 layers"),
        ({"mlp_only_layers": 3}, "mlp_only_layers: must be a list of layer numbers, not 3"),
    ],
)
def test_a_wrong_expert_field_is_named(change, message):
    with pytest.raises(InputError) as caught:
        read_config({**EXPERTS, **change})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 4),
        ({"first_k_dense_replace": 1}, 3),
        ({"moe_layer_freq": 2}, 2),
        ({"moe_layer_freq": [0, 1, 1, 0]}, 2),
        ({"decoder_sparse_step": 2}, 2),
        ({"decoder_sparse_step": 1, "mlp_only_layers": [0, 1, 2]}, 1),
        ({"interleave_moe_layer_step": 4}, 1),
        ({"moe_layers": [0, 3]}, 2),
        ({"mlp_layer_types": ["dense", "sparse", "sparse", "sparse"]}, 3),
        ({"moe_layer_start_index": 1, "moe_layer_end_index": 2}, 2),
        ({"num_experts": None}, 0),
    ],
)
def test_expert_layers_are_found_in_every_public_form(change, expected):
    assert read_config({**EXPERTS, **change}).expert_layers == expected


def test_shared_experts_are_a_number_or_a_width_and_null_means_none():
    def shared(**change):
        return read_config({**EXPERTS, **change}).layers[0].experts.shared_width

    assert shared() == shared(n_shared_experts=None) == shared(n_shared_experts=0) == 0
    assert shared(n_shared_experts=2) == 64
    assert shared(shared_expert_intermediate_size=48) == 48


@pytest.mark.parametrize(
    ("change", "reaches"),
    [
        ({"sliding_window": 16}, "full full full full"),
        ({"sliding_window": 16, "use_sliding_window": True}, "window window window window"),
        (
            {"sliding_window": 16, "use_sliding_window": True, "max_window_layers": 3},
            "full full full window",
        ),
        (
            {"sliding_window": 16, "layer_types": "alternating sliding_attention, full_attention; 2 of each"},
            "window full window full",
        ),
        ({"sliding_window": 16, "hybrid_layer_pattern": [0, 1, 1, 0]}, "full window window full"),
    ],
)
def test_windows_apply_where_the_config_says(change, reaches):
    model = read_config({**LLAMA, "model_type": "qwen2", **change})
    assert " ".join(layer.mixer.reach for layer in model.layers) == reaches


def test_a_family_with_a_period_sees_everything_on_every_nth_layer():
    model = reference_model("gemma-3-27b").config
    reaches = [layer.mixer.reach for layer in model.layers]
    assert reaches[:6] == ["window"] * 5 + ["full"]
    chunked = reference_model("llama-4-scout").config
    assert [layer.mixer.reach for layer in chunked.layers[:4]] == ["chunk"] * 3 + ["full"]


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [
        ("qwen3-next-80b-a3b", DeltaNet, 36),
        ("kimi-linear-48b-a3b", KimiDelta, 20),
        ("kimi-linear-48b-a3b", LatentAttention, 7),
        ("minimax-text-01", Lightning, 70),
        ("nemotron-3-nano-30b-a3b", Mamba, 23),
        ("nemotron-3-nano-30b-a3b", Attention, 6),
    ],
)
def test_hybrids_hold_the_published_number_of_each_mixer(name, kind, number):
    assert sum(isinstance(layer.mixer, kind) for layer in reference_model(name).config.layers) == number


def test_per_layer_lists_of_heads_and_widths_are_read():
    model = read_config({**LLAMA, "num_key_value_heads": [1, 2, 4, 8], "intermediate_size": [64, 96, 128, 160]})
    assert [layer.mixer.key_heads for layer in model.layers] == [1, 2, 4, 8]
    assert [layer.feeds[0].width for layer in model.layers] == [64, 96, 128, 160]


def test_a_block_summary_must_add_up_to_the_layers():
    pruned = {
        **LLAMA,
        "model_type": "nemotron-nas",
        "intermediate_size": None,
        "num_key_value_heads": None,
        "block_summary": {
            "attention": {"active_blocks": 3, "n_heads_in_group": 4, "no_op_blocks": 1},
            "ffn_mult_counts": {"5.25": 4},
        },
    }
    model = read_config(pruned)
    assert model.attention_layers == 3
    pruned["block_summary"]["attention"]["no_op_blocks"] = 2
    with pytest.raises(InputError, match="active and no-op blocks do not add up to 4 layers"):
        read_config(pruned)


def test_a_pruned_width_is_two_thirds_of_the_multiple_in_steps_of_256():
    assert pruned_width(5.25, 8192) == 28_672
    assert pruned_width(0.5, 8192) == 2816


def test_queries_without_compression_must_be_said_to_be_so():
    latent = dict(json.loads(json.dumps(_deepseek())))
    assert read_config({**latent, "q_lora_rank": None}).layers[0].mixer.query_rank is None
    del latent["q_lora_rank"]
    with pytest.raises(InputError, match=r"q_lora_rank: is missing; null says that queries are not compressed"):
        read_config(latent)


def _deepseek():
    return {
        "model_type": "deepseek_v3",
        "num_hidden_layers": 4,
        "hidden_size": 64,
        "intermediate_size": 160,
        "num_attention_heads": 8,
        "vocab_size": 1000,
        "kv_lora_rank": 16,
        "q_lora_rank": 24,
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 8,
        "v_head_dim": 16,
    }


def test_a_sparse_index_adds_its_projections_and_a_borrowed_one_adds_nothing():
    index = {"index_n_heads": 4, "index_head_dim": 8, "index_topk": 16}
    bare, own = (parameters(read_config({**_deepseek(), **more})).total for more in ({}, index))
    each = 4 * 8 * 24 + 8 * 64 + 2 * 8 + 4 * 64
    assert own - bare == 4 * each
    half = {**index, "indexer_types": ["full", "shared", "full", "shared"]}
    assert parameters(read_config({**_deepseek(), **half})).total - bare == 2 * each


def test_a_prediction_layer_repeats_a_layer_and_joins_two_vectors():
    model = read_config({**LLAMA, "num_nextn_predict_layers": 1})
    counts = parameters(model)
    layer = (counts.total - 128_000 - 64) // 4
    assert counts.prediction == layer + 2 * 64 * 64 + 3 * 64
    assert counts.total == parameters(read_config(LLAMA)).total


def test_fields_that_may_hide_a_part_are_reported_and_harmless_ones_are_not():
    model = read_config({**LLAMA, "rope_theta": 1e4, "hidden_act": "silu", "num_memory_slots": 4, "tower": None})
    assert model.unread == ("num_memory_slots",)


def test_what_the_counts_leave_out_is_noted():
    outer = {"model_type": "llama", "text_config": LLAMA, "vision_config": {"num_hidden_layers": 2}}
    assert read_config(outer).notes == ("vision_config is not counted",)


def test_parts_may_be_nested_twice():
    prefix, text = text_part({"llm_config": {"text_config": {"a": 1}}})
    assert prefix == "llm_config.text_config."
    assert text == {"a": 1}


def test_the_same_config_gives_one_record_that_can_be_a_key():
    assert read_config(LLAMA) == read_config(LLAMA)
    assert len({read_config(LLAMA), read_config(LLAMA)}) == 1


def test_a_model_keeps_its_hash_and_does_not_pickle_it():
    config = read_config(LLAMA)
    again = pickle.loads(pickle.dumps(config))
    assert hash(config) == config.kept_hash == hash(again)
    assert "kept_hash" not in pickle.loads(pickle.dumps(config)).__dict__
    assert again == config
