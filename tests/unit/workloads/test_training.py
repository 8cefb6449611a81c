"""Step times and memory of training plans: limits, directions, and what must add up."""

from dataclasses import replace

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.kernels import product
from autarky.workloads.plans import joined, parse_plan, plans
from autarky.workloads.reference import reference_model
from autarky.workloads.train import Job, price, setting_of, why_not
from autarky.workloads.training import _slowest_stage


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


@pytest.fixture(scope="module")
def job(catalogue):
    return Job(
        reference_model("gpt-3-175b").config, build(catalogue, "hgx-h100", 1024), 2048, 1024, "bf16", "megatron-core"
    )


def time_of(catalogue, job, **plan):
    priced = price(catalogue, job, plans(**plan))
    return float(priced.steps.time[0])


BASE = {"tensor": 8, "pipeline": 8, "data": 16, "sequence": 1}


def test_parts_add_up_to_the_step(catalogue, job):
    priced = price(catalogue, job, plans(**BASE))
    assert priced.steps.time == pytest.approx(sum(priced.steps.parts.values()))
    assert priced.peak_memory == pytest.approx(sum(priced.memory.values()))


def test_plans_are_priced_together_as_they_are_apart(catalogue, job):
    several = [plans(**BASE), plans(**{**BASE, "pipeline": 16, "data": 8}), plans(**{**BASE, "recompute": 2})]
    together = price(catalogue, job, joined(several)).steps.time
    apart = [price(catalogue, job, each).steps.time[0] for each in several]
    assert together == pytest.approx(apart)


def test_one_stage_has_no_bubble_and_interleaving_divides_it(catalogue, job):
    def bubble(**changes):
        return price(catalogue, job, plans(**{**BASE, **changes})).steps.parts["bubble"][0]

    assert bubble(pipeline=1, data=128) == 0
    assert bubble(interleave=4) == pytest.approx(bubble() / 4)


def test_recomputation_trades_time_for_memory(catalogue, job):
    levels = plans(**BASE, recompute=np.array([0.0, 1.0, 1.5, 2.0]))
    priced = price(catalogue, job, levels)
    assert np.all(np.diff(priced.steps.time) > 0)
    assert np.all(np.diff(priced.memory["activations"]) < 0)


def test_latent_attention_makes_queries_keys_and_values_again_from_what_it_keeps(catalogue):
    """By hand for the dense layers of DeepSeek-V3 in 16 bits, a token and layer.

    Dropped are the inputs of both halves (7,168 each), the inner width (18,432), and 128 heads of queries (192), keys
    (192) and values (128). Made again they take two products out of ranks 1,536 and 512.
    """
    config = reference_model("deepseek-v3").config
    config = replace(config, layers=config.layers[:3], prediction=())
    short = Job(config, build(catalogue, "hgx-h100", 8), 4096, 16, "bf16", "megatron-core")
    setting = setting_of(catalogue, short)
    none, some = (price(catalogue, short, plans(data=8, recompute=level), setting=setting) for level in (0, 1))
    dropped = 2 * (2 * 7168 + 18_432 + 128 * (192 + 192 + 128))
    saved = none.memory["activations"][0] - some.memory["activations"][0]
    assert saved == pytest.approx(3 * 4096 * dropped)
    again = product(4096, 512, 128 * 256, setting.rates) + product(4096, 1536, 128 * 192, setting.rates)
    forward = none.steps.parts["elementwise"][0] / 3
    assert some.steps.parts["recompute"][0] == pytest.approx(forward + 2 * 3 * again)


def test_dividing_states_saves_memory_stage_by_stage(catalogue, job):
    priced = price(catalogue, job, plans(**BASE, sharded=np.arange(4.0)))
    states = priced.memory["weights"] + priced.memory["gradients"] + priced.memory["optimiser"]
    assert np.all(np.diff(states) < 0)


def test_a_faster_network_never_makes_a_step_slower(catalogue, job):
    setting = setting_of(catalogue, job)
    out = replace(setting.network.scale_out, bandwidth=2 * setting.network.scale_out.bandwidth)
    faster = replace(setting, network=replace(setting.network, scale_out=out))
    layouts = plans(tensor=8.0, pipeline=[1, 8, 16], data=[128, 16, 8], sequence=1.0)
    quick = price(catalogue, job, layouts, setting=faster).steps.time
    assert np.all(quick <= price(catalogue, job, layouts, setting=setting).steps.time)


def test_twice_the_batch_takes_less_than_twice_the_time(catalogue, job):
    once = time_of(catalogue, job, **BASE, micro_batch=1)
    twice = time_of(catalogue, replace(job, batch=2048), **BASE, micro_batch=1)
    assert once < twice < 2 * once


def test_utilisation_counts_attention_by_its_convention(catalogue, job):
    priced = price(catalogue, job, plans(**BASE))
    assert 0.2 < priced.utilisation("half")[0] < priced.utilisation("whole")[0] < 0.8
    full = price(catalogue, job, plans(**BASE, recompute=2))
    assert full.hardware_utilisation("half")[0] == pytest.approx(full.utilisation("half")[0] * 4 / 3, rel=0.02)


def test_utilisation_above_one_is_an_error(catalogue, job):
    priced = price(catalogue, job, plans(**BASE))
    with pytest.raises(InputError, match="cannot be"):
        priced.utilisation("half", peak=1e12)


def test_a_format_that_the_chip_lacks_is_refused(catalogue, job):
    ascend = replace(job, system=build(catalogue, "cloudmatrix-384"), recipe="fp8")
    with pytest.raises(InputError, match="fp8"):
        price(catalogue, ascend, plans(**BASE))


def test_a_free_layout_never_makes_the_slowest_stage_slower():
    layouts = plans(pipeline=[1, 2, 4, 8, 16])
    each, head = np.full(5, 1.0), np.full(5, 2.5)
    fixed = _slowest_stage(62, each, head, layouts, free=False)[1]
    free = _slowest_stage(62, each, head, layouts, free=True)[1]
    assert np.all(free <= fixed)
    assert np.all(free >= (62 + 2.5) / layouts.pipeline - 1e-9)


def test_broken_rules_are_named(job):
    broken = why_not(plans(tensor=8, pipeline=128, data=1, expert=3), job)
    assert broken["more stages than layers"][0]
    assert broken["more expert parts than experts"][0]


def test_a_plan_is_read_from_its_text():
    assert parse_plan("tp=8, pp=4,recompute=full") == {"tensor": 8, "pipeline": 4, "recompute": 2}
    assert parse_plan("recompute=0.5") == {"recompute": 1.5}


@pytest.mark.parametrize("text", ["tp", "tp=0", "zp=1", "recompute=some", "zero=4", "tp=8.5"])
def test_a_wrong_plan_is_an_error(text):
    with pytest.raises(InputError, match="--plan"):
        parse_plan(text)
