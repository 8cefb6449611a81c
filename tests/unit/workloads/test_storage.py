import json

import pytest

from autarky.errors import InputError
from autarky.workloads.config import read_config
from autarky.workloads.formats import FORMATS, Matcher
from autarky.workloads.parameters import parameters
from autarky.workloads.reference import reference_model
from autarky.workloads.storage import named_weights, stored_weights

EXPERTS = {
    "model_type": "qwen3_moe",
    "num_hidden_layers": 2,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 128,
    "vocab_size": 1000,
}


def formats_of(packing):
    model = read_config({**EXPERTS, "quantization_config": packing})
    return stored_weights(model).by_format


def test_unpacked_weights_take_two_bytes_each_and_a_cell_each():
    model = read_config(EXPERTS)
    stored = stored_weights(model)
    assert stored.total == 2 * parameters(model).total
    assert stored.cells == parameters(model).total
    assert stored.scales == 0


def test_single_precision_checkpoints_take_four_bytes():
    model = read_config({**EXPERTS, "torch_dtype": "float32"})
    assert stored_weights(model).total == 4 * parameters(model).total


def test_block_scales_are_counted_per_started_block():
    form = FORMATS["fp8-block"]
    assert form.scales(128, 128) == 1
    assert form.scales(129, 128) == 2
    assert form.scales(576, 7168) == 5 * 56


@pytest.mark.parametrize(
    ("name", "bits"),
    [("mxfp4", 4.25), ("nvfp4", 4.5), ("mxfp8", 8.25), ("nf4", 4.5), ("bf16", 16), ("int4", 4.125)],
)
def test_a_packed_format_costs_its_bits_and_its_share_of_a_scale(name, bits):
    form = FORMATS[name]
    elements = 256 * 256
    assert (elements * form.bits + form.scales(256, 256) * form.scale_bits) / elements == bits


def test_a_part_can_be_priced_in_another_format():
    model = read_config(EXPERTS)
    routed = parameters(model).routed
    stored = stored_weights(model, {"routed": "mxfp4"}, rest="fp8-channel")
    assert stored.by_part["routed"] == routed * 4.25 / 8
    with pytest.raises(InputError, match=r"formats: 'mxfp5' is not a known number format; did you mean mxfp"):
        stored_weights(model, {"routed": "mxfp5"})


@pytest.mark.parametrize(
    ("patterns", "names", "others"),
    [
        (("lm_head",), ("lm_head",), ("layers.0.lm_head_norm",)),
        (("self_attn",), ("layers.0.self_attn.q_proj",), ("layers.0.self_attn_norm",)),
        (("model.layers.1.*",), ("layers.1.mlp.gate",), ("layers.10.mlp.gate",)),
        (("model.layers.1.mlp*",), ("layers.1.mlp.gate",), ("layers.1.self_attn.q_proj",)),
        (("model.layers.*.self_attn",), ("layers.7.self_attn.o_proj",), ("layers.7.mlp.up_proj",)),
        (("re:.*shared_experts.*",), ("layers.3.mlp.shared_experts.up_proj",), ("layers.3.mlp.experts.up_proj",)),
        (("gate",), ("layers.3.mlp.gate",), ("layers.3.mlp.gate_proj",)),
    ],
)
def test_patterns_match_whole_parts_of_a_name(patterns, names, others):
    matcher = Matcher(patterns)
    assert all(matcher.any([name]) for name in names)
    assert not any(matcher.any([name]) for name in others)


@pytest.mark.parametrize(
    ("packing", "expected"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, {"fp8-block", "16 bit"}),
        ({"quant_method": "fp8"}, {"fp8", "16 bit"}),
        ({"quant_method": "awq", "bits": 4, "group_size": 64}, {"int4", "16 bit"}),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, {"int8", "16 bit"}),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, {"nf4", "16 bit"}),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"]}, {"nvfp4", "16 bit"}),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {
                    "group_0": {
                        "targets": ["Linear"],
                        "weights": {"num_bits": 4, "type": "int", "group_size": 32},
                    }
                },
            },
            {"int4", "16 bit"},
        ),
        (
            {
                "quant_method": "modelopt",
                "quant_algo": "MIXED_PRECISION",
                "quantized_layers": {
                    "model.layers.0.mlp.experts": {"quant_algo": "NVFP4"},
                    "model.layers.0.self_attn.q_proj": {"quant_algo": "FP8"},
                },
            },
            {"nvfp4", "fp8", "16 bit"},
        ),
    ],
)
def test_every_public_way_of_packing_is_read(packing, expected):
    assert set(formats_of(packing)) == expected


def test_embeddings_routers_and_norms_stay_whole_unless_named():
    stored = stored_weights(read_config({**EXPERTS, "quantization_config": {"quant_method": "fp8"}}))
    assert stored.by_part["embedding"] == 2 * 1000 * 256
    assert stored.by_part["router"] == 2 * 2 * 4 * 256


def test_a_packing_file_beside_the_config_is_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(EXPERTS))
    packing = {"quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}}
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(packing))
    assert "nvfp4" in stored_weights(read_config(tmp_path)).by_format


def test_names_cover_every_parameter_once():
    model = reference_model("deepseek-v3").config
    assert sum(weight.size for _, weight in named_weights(model)) == parameters(model).total
    extra = sum(weight.size for _, weight in named_weights(model, prediction=True))
    assert extra - parameters(model).total == parameters(model).prediction_stored
