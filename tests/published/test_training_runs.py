"""Step times of published training runs, none of which was fitted.

Korthikanti et al. 2022, table 5: the four models of Megatron-LM on A100, with everything recomputed and with
attention alone. MegaScale 2024, table 2. DeepSeek-V3 at ISCA 2025, table 4.
"""

import numpy as np
import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.plans import plans
from autarky.workloads.reference import reference_model
from autarky.workloads.train import Job, price

KORTHIKANTI = [
    # model, chips, pipeline, interleave, micro-batch, batch, s with all recomputed, s with attention recomputed
    ("megatron-22b", 8, 1, 1, 4, 4, 1.42, 1.10),
    ("megatron-175b", 64, 8, 3, 1, 64, 18.13, 13.75),
    ("megatron-530b", 280, 35, 3, 1, 280, 49.05, 37.83),
    ("megatron-1t", 512, 64, 1, 1, 512, 94.42, 71.49),
]


def step(name, system, chips, tokens, batch, recipe, software, prediction=False, **plan):
    catalogue = autarky.load_catalogue()
    job = Job(reference_model(name).config, build(catalogue, system, chips), tokens, batch, recipe, software, prediction)
    return float(price(catalogue, job, plans(**plan)).steps.time[0])


def korthikanti_errors():
    errors = []
    for name, chips, pipeline, interleave, micro, batch, full, selective in KORTHIKANTI:
        plan = {"tensor": 8, "pipeline": pipeline, "interleave": interleave, "micro_batch": micro, "sharded": 0}
        for measured, recompute, sequence in ((full, 2, 0), (selective, 1, 1)):
            found = step(
                name, "hgx-a100", chips, 2048, batch, "bf16", "megatron-lm-2022", **plan, recompute=recompute, sequence=sequence
            )
            errors.append(found / measured - 1)
    return np.array(errors)


def test_the_eight_runs_of_korthikanti_are_within_four_percent_on_average():
    errors = korthikanti_errors()
    assert np.abs(errors).mean() < 0.04
    assert np.abs(errors).max() < 0.08


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
