"""A server under requests that are always in flight: Little's law, limits, and bounds."""

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.layouts import layouts
from autarky.workloads.reference import reference_model
from autarky.workloads.serving import decode
from autarky.workloads.serving_load import Load, apart, together, under_limits
from autarky.workloads.serving_setting import ServingJob, setting_of

COUNTS = np.array([1.0, 4, 16, 64, 256])


def setting(model="llama-3-70b", system="hgx-h200", recipe="fp8", software="vllm", **more):
    catalogue = autarky.load_catalogue()
    return setting_of(
        catalogue, ServingJob(reference_model(model).config, build(catalogue, system), recipe, software, **more)
    )


def test_requests_in_flight_are_the_rate_times_how_long_each_takes():
    # Little 1961.
    found = together(layouts(tensor=np.full(5, 8)), setting(), Load(COUNTS, 1024, 512))
    assert found.rate * (found.ttft + 511 * found.tpot) == pytest.approx(COUNTS, rel=1e-6)
    split = apart(layouts(tensor=np.full(5, 4)), layouts(tensor=np.full(5, 8)), setting(), Load(COUNTS, 1024, 512))
    assert split.rate * (split.ttft + 511 * split.tpot) == pytest.approx(COUNTS, rel=1e-6)


def test_no_server_does_more_than_its_time_holds():
    # In a cycle every request in flight has its prompt worked on once, and generation takes its steps; the rounds in
    # which rates and numbers at work are computed from each other leave a few thousandths.
    plan = layouts(tensor=np.full(5, 8))
    found = together(plan, setting(), Load(COUNTS, 8192, 128))
    prompts = found.rate * found.first.time / (found.first.tokens / 8192)
    steps = found.rate * 127 * found.step.time / np.maximum(found.running, 1.0)
    assert np.all(prompts + steps <= 1.02)


def test_one_request_alone_waits_for_nobody():
    found = setting()
    alone = together(layouts(tensor=8), found, Load(1, 1024, 512))
    step = decode(layouts(tensor=8), found, 1, 1024 + 256)
    assert alone.tpot[0] == pytest.approx(step.time[0], rel=1e-6)


def test_more_requests_raise_the_rate_and_both_times():
    found = together(layouts(tensor=np.full(5, 8)), setting(), Load(COUNTS, 1024, 512))
    assert np.all(np.diff(found.output_rate) > 0)
    assert np.all(np.diff(found.tpot) > 0)
    assert np.all(np.diff(found.ttft) > 0)


def test_prompts_of_others_hold_up_generation_only_where_they_share_the_chips():
    load = Load(64, 8192, 512)
    shared = together(layouts(tensor=8), setting(), load)
    split = apart(layouts(tensor=8), layouts(tensor=8), setting(), load, prefill_workers=8)
    assert split.tpot[0] < shared.tpot[0]
    assert split.chips[0] == 8 * 8 + 8


def test_servers_for_prompts_that_do_not_keep_up_set_the_rate():
    load = Load(512, 8192, 128)
    few = apart(layouts(tensor=1), layouts(tensor=8), setting(), load)
    more = apart(layouts(tensor=1), layouts(tensor=8), setting(), load, prefill_workers=4)
    assert more.rate[0] > 2 * few.rate[0]
    assert few.running[0] < more.running[0]


def test_requests_beyond_memory_wait():
    # 80 GB of weights on 141 GB leave room for few sequences of 100,000 tokens.
    found = together(layouts(tensor=[1, 1]), setting(), Load([8, 64], 100_000, 256))
    assert found.running[1] == pytest.approx(found.running[0], rel=1e-6)
    assert found.ttft[1] > 5 * found.ttft[0]


def test_limits_are_kept_and_one_part_in_fifty_more_breaks_them():
    plan = layouts(tensor=[4, 8])
    most, served = under_limits(plan, setting(), 1024, 512, ttft=2.0, tpot=0.02)
    assert np.all(most >= 1)
    assert np.all(served.tpot <= 0.02)
    assert np.all(served.ttft <= 2.0)
    beyond = together(plan, setting(), Load(np.ceil(most * 1.02) + 1, 1024, 512))
    assert np.all((beyond.tpot > 0.02) | (beyond.ttft > 2.0))


def test_limits_that_not_even_one_request_keeps_give_none():
    most, served = under_limits(layouts(tensor=8), setting(), 1024, 512, ttft=2.0, tpot=1e-5)
    assert most.tolist() == [0.0]
    assert served.tpot[0] > 1e-5


@pytest.mark.parametrize("load", [Load(0, 100, 10), Load(1, 0, 10), Load(1, 100, 0), Load(1, 100, 10, reused=-1)])
def test_loads_that_cannot_be_are_refused(load):
    with pytest.raises(InputError):
        together(layouts(), setting(), load)
