"""Odd questions to `plan train` and `compare-systems`: each is answered in one line that says what would be right."""

import json
import re

import pytest

MODEL = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
}
EXPERTS = {
    **MODEL,
    "model_type": "qwen3_moe",
    "architectures": ["Qwen3MoeForCausalLM"],
    "head_dim": 128,
    "num_experts": 64,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 1024,
}


@pytest.fixture
def autarky(command_line):
    """Run the command line in this process; return (exit status, standard output, lines of standard error)."""

    def call(*arguments):
        status, out, error = command_line(*arguments)
        return status, out, error.splitlines()

    return call


@pytest.fixture
def refusal(autarky):
    """Return the one line in which a command is refused, without `error: `."""

    def call(*arguments):
        status, out, lines = autarky(*arguments)
        assert (status, out) == (2, "")
        (line,) = lines
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    return call


@pytest.fixture
def plan(refusal):
    """Return the refusal of a plan to train a model of 70 billion parameters on 64 chips, with options of its own."""
    usual = {"--model": "llama-3-70b", "--system": "hgx-h100", "--chips": "64", "--batch": "128"}

    def call(options):
        return refusal("plan", "train", *(word for pair in (usual | options).items() for word in pair))

    return call


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"--chips": "0"}, "hgx-h100  chips: is 0; 1 to 1,000,000 chips can run one job"),
        ({"--chips": "-5"}, "hgx-h100  chips: is -5; 1 to 1,000,000 chips can run one job"),
        ({"--chips": "10000000"}, "hgx-h100  chips: is 10,000,000; 1 to 1,000,000 chips can run one job"),
        ({"--chips": "many"}, "Invalid value for '--chips'"),
        ({"--batch": "0"}, "batch: 0 is too low; give 1 or more"),
        ({"--batch": "-1"}, "batch: -1 is too low; give 1 or more"),
        ({"--batch": "1" + 30 * "0"}, "is too high; give 10,000,000 or less"),
        ({"--sequence": "0"}, "sequence: 0 is too low; give 1 or more"),
        (
            {"--sequence": "100000000"},
            "sequence: 100,000,000 tokens are far beyond the model's 8,192; give at most 524,288",
        ),
        ({"--keep": "0"}, "keep: 0 is too low; give 1 or more"),
        ({"--keep": "1" + 20 * "0"}, "is too high; give 10,000 or less"),
        ({"--pue": "0.9"}, "pue: 0.9 is out of range; give a number from 1 to 10"),
        ({"--pue": "-1"}, "pue: -1 is out of range; give a number from 1 to 10"),
        ({"--pue": "nan"}, "pue: nan is out of range; give a number from 1 to 10"),
        ({"--pue": "inf"}, "pue: inf is out of range; give a number from 1 to 10"),
        ({"--precision": ""}, "precision: '' is not known; say bf16"),
        ({"--precision": "nvfp4"}, "precision: h100-sxm has no fp4; it has "),
        ({"--software": "megatron"}, "did you mean megatron-lm"),
        ({"--system": ""}, "no systems record is called ''"),
        ({"--model": ""}, "model: no file and no bundled model is called ''; give the path of a config.json"),
        ({"--model": "llama-3-71b"}, "no bundled model is called 'llama-3-71b'; did you mean llama-3-70b"),
        ({"--model": "absent.json"}, "absent.json  no such file"),
        ({"--model": "/"}, "/config.json  no such file"),
    ],
)
def test_an_option_that_cannot_be_is_refused(plan, options, said):
    assert said in plan(options)


@pytest.mark.parametrize(
    ("fixed", "said"),
    [
        ("tp=0", "--plan  tp: is '0'; a whole number from 1 to 10,000,000"),
        ("tp=-1", "--plan  tp: is '-1'; a whole number from 1 to 10,000,000"),
        ("tp=", "--plan  tp: is ''; a whole number from 1 to 10,000,000"),
        ("tp=1e1", "--plan  tp: is '1e1'"),
        ("tp=\u0668", "--plan  tp: is '\u0668'"),
        ("=8", "--plan  '=8' is not a field of a plan"),
        ("tq=8", "--plan  'tq=8' is not a field of a plan; known are tp, pp, vpp"),
        ("tp=8,tp=4", "--plan  tp: is given twice; keep one"),
        ("tp=8;pp=8", "--plan  tp: is '8;pp=8'"),
        ("zero=4", "--plan  zero: is '4'; a whole number from 0 to 3"),
        ("offload=2", "--plan  offload: is '2'; a whole number from 0 to 1"),
        ("recompute=2", "--plan  recompute: is '2'; say none, selective, full"),
        ("recompute=nan", "--plan  recompute: is 'nan'; say none, selective, full"),
        ("tp=8,pp=8,dp=8", "no plan is possible on 64 chips with a batch of 128: does not use the chips"),
        ("ep=8", "no plan is possible on 64 chips with a batch of 128: more expert parts than experts"),
        ("mbs=3", "no plan is possible on 64 chips with a batch of 128: the batch does not divide"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan, fixed, said):
    assert said in plan({"--plan": fixed})


def test_a_model_that_fits_no_plan_says_by_how_much_and_what_would(plan):
    line = plan({"--chips": "1"})
    found = re.fullmatch(
        r"memory: the leanest plan needs ([\d.,]+) GB a chip, and a job can fill 76\.0 of its 80 GB; "
        r"([\d,]+) chips would do(, with optimiser states in the memory of the host)?",
        line,
    )
    # 70.6 billion weights of 16 bits, and gradients in 32 bits; the states of Adam wait with the host.
    assert float(found[1]) > 70.55 * (2 + 4)
    assert int(found[2]) * 76 > 70.55 * (2 + 4)


def test_a_given_plan_that_does_not_fit_names_one_that_does(plan):
    line = plan({"--plan": "tp=8,pp=1,zero=0,recompute=none"})
    assert "; --plan tp=8,pp=1," in line
    assert line.endswith(" fits")


def test_what_joins_domains_must_be_known(refusal):
    line = refusal("plan", "train", "--model", "llama-3-8b", "--system", "atlas-650e", "--chips", "16")
    assert line == (
        "atlas-650e  scale_out_per_chip: 16 chips lie in several domains of 8, and what joins these is unknown; "
        "use at most 8 chips"
    )


def test_states_wait_only_with_a_host_that_is_known(refusal):
    job = ("--model", "llama-3-8b", "--system", "tpu-v6e-pod", "--chips", "64", "--plan", "offload=1")
    assert "what joins tpu-v6e to its host is not known" in refusal("plan", "train", *job)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "config.json  is not JSON: Expecting value"),
        ("[]", "config.json  must hold a group of fields; as a model's config.json does"),
        ("{}", "config.json  model_type: is missing; it says which architecture the fields belong to"),
        (40_000 * "[", "config.json  is nested too deeply to be a config"),
        (
            json.dumps(MODEL)[:-1] + ', "hidden_size": 8192}',
            "config.json  hidden_size: stands twice in the file; keep one",
        ),
        (json.dumps(MODEL).replace("4096", 5000 * "9"), "config.json  is not JSON: Exceeds the limit"),
        (json.dumps(MODEL).replace("4096", "NaN"), "hidden_size: must be a whole number, not nan"),
    ],
)
def test_a_file_that_is_no_config_is_refused(refusal, tmp_path, content, said):
    path = tmp_path / "config.json"
    path.write_text(content)
    assert said in refusal("plan", "train", "--model", path, "--system", "hgx-h100")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "lama"}, "model_type: 'lama' is not a known architecture; did you mean llama"),
        (
            {"architectures": ["DeepseekV3ForCausalLM"]},
            "architectures: contradicts the model_type 'llama'; DeepseekV3ForCausalLM belongs to deepseek_v3",
        ),
        ({"hidden_size": None}, "hidden_size: is null"),
        ({"num_attention_heads": 33}, "num_attention_heads: 33 does not divide the width of 4096"),
        ({"num_key_value_heads": 64}, "num_key_value_heads: 64 does not divide the 32 heads"),
        ({"n_layer": 31}, "n_layer: is 31 but num_hidden_layers is 32; both name the same number"),
        ({"max_position_embeddings": 0}, "max_position_embeddings: must be between 1 and"),
        (
            {"num_experts_per_tok": 8},
            "n_routed_experts: is missing, though tokens choose experts; other spellings read: num_local_experts",
        ),
        (
            {"quantization_config": {"quant_method": "gptq", "bits": "4"}},
            "quantization_config.bits: must be a whole number from 1 to 64, not '4'",
        ),
    ],
)
def test_a_config_that_lacks_or_contradicts_is_refused(refusal, tmp_path, change, said):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(MODEL | change))
    assert said in refusal("plan", "train", "--model", path, "--system", "hgx-h100")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first_k_dense_replace": 32}, "num_experts: is 64, though no layer is left for them"),
        ({"num_experts_per_tok": 65}, "num_experts_per_tok: 65 is more than the 64 experts"),
        ({"moe_intermediate_size": None}, "moe_intermediate_size: is null, though layers hold experts"),
    ],
)
def test_experts_that_contradict_are_refused(refusal, tmp_path, change, said):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(EXPERTS | change))
    assert said in refusal("plan", "train", "--model", path, "--system", "hgx-h100")


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        (("hgx-h100", "hgx-h100"), "systems: are the same; name two different ones"),
        (("hgx-h100", ""), "no systems record is called ''"),
        (("hgx-h1000", "hgx-h100"), "did you mean hgx-h100"),
        (("scalex640", "hgx-h100"), "scalex640  chips: its chips are not named in the catalogue"),
        (("hgx-h100",), "Missing argument 'SYSTEM_B'"),
    ],
)
def test_systems_that_cannot_be_compared_are_refused(refusal, systems, said):
    assert said in refusal("compare-systems", *systems)


def test_a_command_that_is_left_out_is_asked_for(refusal):
    assert refusal("plan").startswith("Missing command")
