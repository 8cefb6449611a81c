"""What a training stack leaves to each run: graphs, passes side by side, how tokens reach experts."""

from dataclasses import replace

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.architecture import ExpertFeed
from autarky.workloads.layer_time import WORK
from autarky.workloads.plans import plans
from autarky.workloads.reference import reference_model
from autarky.workloads.stack import Features, stack
from autarky.workloads.train import Job, price, setting_of

LAYERS, MICRO_BATCHES = 48, 16
PLAN = {"data": 8, "expert": 8, "micro_batch": 1}


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


@pytest.fixture(scope="module")
def job(catalogue):
    config = reference_model("qwen3-30b-a3b").config
    batch = 8 * MICRO_BATCHES
    return Job(config, build(catalogue, "hgx-b200", 8), 4096, batch, "mxfp8", "megatron-bridge")


def steps(catalogue, job, **features):
    return price(catalogue, replace(job, features=Features(**features)), plans(**PLAN)).steps


def test_graphs_of_everything_leave_the_host_nothing_to_issue(catalogue, job):
    whole = steps(catalogue, job, graphs="whole", exchange="all-to-all")
    assert whole.parts["host"][0] == 0
    part, none = (steps(catalogue, job, graphs=graphs).parts["host"][0] for graphs in ("part", "none"))
    assert 0 < part < none


def test_waiting_for_counts_adds_once_for_each_layer_and_micro_batch(catalogue, job):
    asked = steps(catalogue, job, graphs="none", exchange="fused")
    known = steps(catalogue, job, graphs="none", exchange="fused", fixed=True)
    wait = stack(catalogue, job.software, Features(graphs="none", exchange="fused")).host_wait
    added = asked.parts["host"][0] - known.parts["host"][0]
    assert added == pytest.approx(LAYERS * MICRO_BATCHES * wait)


def test_passes_side_by_side_hide_the_exchange_of_tokens(catalogue, job):
    tools = [stack(catalogue, job.software, Features(paired=paired)) for paired in (False, True)]
    apart, beside = (steps(catalogue, job, paired=paired).parts["expert"][0] for paired in (False, True))
    shown = [1.0 - tool.expert_overlap for tool in tools]
    assert beside / apart == pytest.approx(shown[1] / shown[0])


def test_no_more_of_an_exchange_hides_than_there_is_work_beside_it(catalogue, job):
    setting = setting_of(catalogue, replace(job, features=Features(paired=True)))
    slow = replace(setting.network.scale_up, bandwidth=setting.network.scale_up.bandwidth / 100)
    setting = replace(setting, network=replace(setting.network, scale_up=slow))
    parts = price(catalogue, job, plans(**PLAN), setting=setting).steps.parts
    exposed = price(
        catalogue, job, plans(**PLAN), setting=replace(setting, stack=replace(setting.stack, expert_overlap=0.0))
    ).steps.parts
    work = sum(parts[name][0] for name in WORK)
    assert parts["expert"][0] == pytest.approx(exposed["expert"][0] - work)


def test_a_stack_runs_as_its_record_says_unless_told_otherwise(catalogue, job):
    usual = steps(catalogue, job)
    told = steps(catalogue, job, graphs="whole", paired=True)
    assert usual.time == pytest.approx(told.time)


@pytest.mark.parametrize("features", [{"graphs": "part"}, {"paired": True}, {"exchange": "all-to-all"}])
def test_a_feature_that_a_stack_lacks_is_refused(catalogue, features):
    with pytest.raises(InputError, match=r"software\.\w+: deepspeed does not have it"):
        stack(catalogue, "deepspeed", Features(**features))


def test_biases_of_experts_cost_passes_over_their_outputs(catalogue, job):
    """By hand: forward reads and writes, backward reads, two bytes each, gate, up and down of every copy of a token."""

    def biased(layer):
        feeds = tuple(replace(feed, biased=True) if isinstance(feed, ExpertFeed) else feed for feed in layer.feeds)
        return replace(layer, feeds=feeds)

    config = replace(job.config, layers=tuple(biased(layer) for layer in job.config.layers))
    plain = steps(catalogue, job).parts["elementwise"][0]
    more = steps(catalogue, replace(job, config=config)).parts["elementwise"][0]
    rates = setting_of(catalogue, job).rates
    elements = 4096 * 8 * (2 * 768 + 2048)
    by_hand = LAYERS * MICRO_BATCHES * ((4 + 2) * elements / rates.stream + 4 * rates.launch)
    assert more - plain == pytest.approx(by_hand, rel=1e-6)


def test_a_scale_for_each_row_costs_a_second_read_of_everything_that_is_cast(catalogue, job):
    llama = replace(job, config=reference_model("llama-3-8b").config, software="torchtitan", recipe="fp8")
    times = [price(catalogue, replace(llama, recipe=recipe), plans(data=8)).steps for recipe in ("fp8", "fp8-rowwise")]
    once, twice = (time.parts["elementwise"][0] for time in times)
    assert once < twice


def test_replicas_slow_one_another_and_stages_do_not(catalogue, job):
    dense = replace(job, config=reference_model("gpt-3-175b").config, software="megatron-core", recipe="bf16", batch=64)

    def sag(chips, **plan):
        system = build(catalogue, "hgx-h100", chips)
        found = price(catalogue, replace(dense, system=system), plans(tensor=8, sequence=1, **plan)).steps
        return float(found.parts["sag"][0] / (found.time[0] - found.parts["sag"][0]))

    assert sag(64, pipeline=8) == 0
    assert sag(128, pipeline=16) == 0
    doubling = sag(128, pipeline=8, data=2)
    assert doubling > 0
    assert np.array([sag(256, pipeline=8, data=4), sag(512, pipeline=8, data=8)]) == pytest.approx(
        [2 * doubling, 3 * doubling]
    )


def test_stages_send_a_part_from_each_chip_of_a_tensor_group_or_everything_from_each(catalogue, job):
    """By hand: 2,048 tokens of 12,288 elements in 16 bits, all at once or an eighth from each of eight chips."""
    dense = replace(job, config=reference_model("gpt-3-175b").config, recipe="bf16", batch=64, tokens=2048)
    dense = replace(dense, system=build(catalogue, "hgx-a100", 64))
    parted, whole = (
        price(catalogue, replace(dense, software=software), plans(tensor=8, pipeline=8)).steps.parts["pipeline"][0]
        for software in ("megatron-lm", "megatron-deepspeed")
    )
    link = setting_of(catalogue, replace(dense, software="megatron-lm")).network.scale_out
    times = 2 * 64 + 2 * 7
    more = 2048 * 12_288 * 2 * 7 / 8 / link.pair_bandwidth()
    assert whole - parted == pytest.approx(times * more)
