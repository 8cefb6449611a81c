"""Rates of published servers, none of which was fitted.

Zuo et al. 2025 (arXiv 2506.12708), tables 4 to 6: DeepSeek-R1 in 8-bit integers on CloudMatrix 384. DeepSeek 2025:
profile data and the overview of the inference system (open-infra-index, day 6) on H800. LMSYS 2025-05-05: 96 H100;
2025-09-25: GB200. Ant Group 2025-09-26: H20.
"""

import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.reference import reference_model
from autarky.workloads.serving import decode, prefill
from autarky.workloads.serving_setting import ServingJob, Speculation, setting_of


def setting(system, recipe, software, **more):
    catalogue = autarky.load_catalogue()
    config = reference_model("deepseek-v3").config
    return setting_of(catalogue, ServingJob(config, build(catalogue, system), recipe, software, **more))


@pytest.mark.parametrize(
    ("batch", "context", "milliseconds"),
    # Batch a package, mean tokens in view (prompt and half of the answer), ms a token: limits of 50, 30 and 15 ms.
    [(128, 1536, 46.8), (112, 2176, 47.4), (96, 4224, 49.4), (24, 4224, 24.6), (8, 4224, 14.9)],
)
def test_cloudmatrix_generates_as_fast_as_published(batch, context, milliseconds):
    found = setting("cloudmatrix-384", "int8", "cloudmatrix", speculation=Speculation.accepted(1, 0.7))
    step = decode(layouts(data=320, expert=320), found, batch / 2, context)
    token = 1e3 * step.time[0] * 160 * batch / step.tokens[0]
    assert token == pytest.approx(milliseconds, rel=0.3)


@pytest.mark.parametrize(("balance", "rate"), [(None, 5655), (1.0, 6688)])
def test_cloudmatrix_reads_prompts_as_fast_as_published(balance, rate):
    found = setting("cloudmatrix-384", "int8", "cloudmatrix", balance=balance)
    first = prefill(layouts(data=32, expert=32), found, 8192, 4096)
    assert first.tokens_per_second_per_chip[0] == pytest.approx(rate, rel=0.2)


def test_deepseek_profiles_are_met_on_h800():
    first = prefill(layouts(data=32, expert=32), setting("hgx-h800", "fp8", "deepseek", balance=1.0), 16384, 4096)
    assert first.tokens_per_second_per_chip[0] == pytest.approx(7839, rel=0.15)


@pytest.mark.parametrize(("prompt", "node"), [(1024, 57_674), (2048, 54_543), (4096, 50_302)])
def test_prompts_on_96_h100(prompt, node):
    found = setting("hgx-h100", "fp8", "sglang-wide")
    first = prefill(layouts(data=32, expert=32), found, 16384, prompt)
    assert 8 * first.tokens_per_second_per_chip[0] == pytest.approx(node, rel=0.2)


def test_generation_on_96_h100():
    step = decode(layouts(data=72, expert=72), setting("hgx-h100", "fp8", "sglang-wide"), 256, 2050)
    assert 8 * step.tokens_per_second_per_chip[0] == pytest.approx(22_282, rel=0.25)


@pytest.mark.parametrize(("batch", "rate", "drafts", "gain"), [(48, 714, 1, 1.85), (32, 554, 3, 3.1)])
def test_generation_on_h20(batch, rate, drafts, gain):
    speculation = Speculation(drafts, gain)
    found = setting("hgx-h20", "fp8", "sglang-wide", attention="fp8", cache="fp8", speculation=speculation)
    step = decode(layouts(data=16, expert=16), found, batch, 4096 + 768)
    assert step.tokens_per_second_per_chip[0] == pytest.approx(rate, rel=0.25)


def test_generation_on_gb200():
    found = setting("gb200-nvl72", "nvfp4", "sglang-wide", dense="fp8", attention="fp8", cache="fp8")
    step = decode(layouts(data=48, expert=48), found, 1408, 2050)
    assert step.tokens_per_second_per_chip[0] == pytest.approx(13_386, rel=0.25)
