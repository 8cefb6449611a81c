"""Step times of published training runs, none of which was fitted.

Korthikanti et al. 2022, table 5: the four models of Megatron-LM on A100, with everything recomputed and with
attention alone. Narayanan et al. 2021, table 2. MegaScale 2024, table 2. The H100 table of Megatron-Core 0.8.
DeepSeek-V3 at ISCA 2025, table 4. MLPerf Training 5.0, Llama 3.1 405B on H100. Performance tables of Megatron-Bridge
26.04.01, with the graphs that its recipes switch on. Pangu Ultra MoE 2025, whose chips and batch are not printed
exactly: 6,144 Ascend 910B and a large batch are assumed.
"""

import numpy as np
import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.plans import plans
from autarky.workloads.reference import reference_model
from autarky.workloads.stack import USUAL, Features
from autarky.workloads.train import Job, price

KORTHIKANTI = [
    # model, chips, pipeline, interleave, micro-batch, batch, s with all recomputed, s with attention recomputed
    ("megatron-22b", 8, 1, 1, 4, 4, 1.42, 1.10),
    ("megatron-175b", 64, 8, 3, 1, 64, 18.13, 13.75),
    ("megatron-530b", 280, 35, 3, 1, 280, 49.05, 37.83),
    ("megatron-1t", 512, 64, 1, 1, 512, 94.42, 71.49),
]


def step(name, system, chips, tokens, batch, recipe, software, prediction=False, features=USUAL, **plan):
    catalogue = autarky.load_catalogue()
    config = reference_model(name).config
    job = Job(config, build(catalogue, system, chips), tokens, batch, recipe, software, prediction, features=features)
    return float(price(catalogue, job, plans(**plan)).steps.time[0])


def korthikanti_errors():
    errors = []
    for name, chips, pipeline, interleave, micro, batch, full, selective in KORTHIKANTI:
        plan = {"tensor": 8, "pipeline": pipeline, "interleave": interleave, "micro_batch": micro, "sharded": 0}
        for measured, recompute, sequence in ((full, 2, 0), (selective, 1, 1)):
            found = step(
                name,
                "hgx-a100",
                chips,
                2048,
                batch,
                "bf16",
                "megatron-lm-2022",
                **plan,
                recompute=recompute,
                sequence=sequence,
            )
            errors.append(found / measured - 1)
    return np.array(errors)


def test_the_eight_runs_of_korthikanti_are_closer_than_calculon_gets_on_average():
    # calculon: 3.65 % in the mean and 8.87 % at most, on the runs that its system file was made for.
    errors = korthikanti_errors()
    assert np.abs(errors).mean() < 0.0365
    assert np.abs(errors).max() < 0.0887


@pytest.mark.parametrize(
    ("name", "chips", "pipeline", "batch", "measured"),
    [
        ("gpt-3-175b", 768, 12, 1536, 39.42),
        ("gpt-3-175b", 1536, 12, 1536, 20.83),
        ("megatron-530b", 2240, 35, 2240, 55.45),
    ],
)
def test_narayanan_at_three_sizes(name, chips, pipeline, batch, measured):
    found = step(
        name, "hgx-a100", chips, 2048, batch, "bf16", "megatron-lm",
        tensor=8, pipeline=pipeline, data=chips / pipeline / 8, recompute=2, sharded=0,
    )  # fmt: skip
    assert found == pytest.approx(measured, rel=0.08)


@pytest.mark.parametrize(
    ("name", "system", "batch", "measured", "plan"),
    [
        ("deepseek-v3", "hgx-b300", 4096, 18.96, {"pipeline": 8, "data": 32, "expert": 8, "recompute": 1}),
        ("qwen3-235b-a22b", "gb300-nvl72", 8192, 18.88, {"pipeline": 4, "interleave": 12, "data": 64, "expert": 32}),
    ],
)
def test_experts_in_block_scaled_eight_bits_with_graphs_around_them(name, system, batch, measured, plan):
    features = Features(graphs="part", paired=False, exchange="fused")
    found = step(name, system, 256, 4096, batch, "mxfp8", "megatron-bridge", features=features, micro_batch=2, **plan)
    assert found == pytest.approx(measured, rel=0.1)


def test_graphs_of_everything_and_passes_side_by_side_are_worth_what_they_were_between_two_releases():
    # Qwen3 30B on 8 GB200: 10.07 s in release 26.04, 6.40 s in 26.06.01, which switched both on.
    plan = {"data": 8, "expert": 8, "micro_batch": 4}
    old, new = (
        step("qwen3-30b-a3b", "gb200-nvl72", 8, 4096, 512, "mxfp8", "megatron-bridge", features=features, **plan)
        for features in (
            Features("part", paired=False, exchange="fused"),
            Features("whole", paired=True, exchange="fused"),
        )
    )
    assert old / new == pytest.approx(10.07 / 6.40, rel=0.12)


@pytest.mark.parametrize(("chips", "batch", "measured"), [(512, 768, 16.5), (6144, 6144, 12.21), (8192, 6144, 9.56)])
def test_megascale_at_three_sizes(chips, batch, measured):
    found = step(
        "megatron-175b", "hgx-a100", chips, 2048, batch, "bf16", "megascale",
        tensor=8, pipeline=8, interleave=6, data=chips / 64, sequence=1, sharded=2, micro_batch=2,
    )  # fmt: skip
    assert found == pytest.approx(measured, rel=0.1)


def test_deepseek_v3_on_2048_h800():
    found = step(
        "deepseek-v3", "hgx-h800", 2048, 4096, 15360, "fp8", "dualpipe",
        prediction=True, pipeline=16, interleave=2, data=128, expert=64, recompute=1,
    )  # fmt: skip
    assert found == pytest.approx(19.93, rel=0.15)


def test_llama_405b_loses_as_much_from_512_to_8192_chips_as_measured():
    rates = []
    for chips, batch, measured in ((512, 1152, 55.13), (8192, 1536, 5.18)):
        found = step(
            "llama-3.1-405b", "hgx-h100", chips, 8192, batch, "fp8", "nemo-mlperf",
            tensor=8, pipeline=8, interleave=8, context=2, data=chips / 128, sequence=1,
        )  # fmt: skip
        rates.append((batch / chips / found, batch / chips / measured))
    (few, few_measured), (many, many_measured) = rates
    assert few == pytest.approx(few_measured, rel=0.05)
    assert many / few == pytest.approx(many_measured / few_measured, abs=0.04)


def test_pangu_ultra_moe_on_ascend_from_judged_efficiencies():
    chips, batch = 6144, 12288
    found = step(
        "pangu-ultra-moe-718b", "atlas-800-a2", chips, 4096, batch, "bf16", "mindspeed",
        prediction=True, tensor=8, pipeline=16, interleave=2, data=48, expert=4, sequence=1, micro_batch=2,
    )  # fmt: skip
    assert batch * 4096 / chips / found == pytest.approx(243.3, rel=0.15)
