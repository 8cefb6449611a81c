"""The search of training plans against exhaustive pricing, and its speed."""

import time

import numpy as np
import pytest

import autarky
from autarky.systems.system import build
from autarky.workloads.plans import joined
from autarky.workloads.reference import reference_model
from autarky.workloads.search import divisors, front, search, space
from autarky.workloads.train import Job, price, why_not


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


@pytest.fixture(scope="module")
def job(catalogue):
    system = build(catalogue, "gb200-nvl72", 144)
    return Job(reference_model("llama-3-70b").config, system, 8192, 288, "bf16", "megatron-core")


def test_divisors_rise():
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(12, most=4) == [1, 2, 3, 4]


def test_the_front_holds_what_nothing_beats():
    times, memory = np.array([1.0, 2.0, 3.0, 4.0]), np.array([9.0, 9.0, 5.0, 6.0])
    assert list(front(times, memory)) == [0, 2]


def test_the_fastest_plan_is_the_fastest_of_all(catalogue, job):
    everything = joined(list(space(job, {})))
    broken = np.any(list(why_not(everything, job).values()), axis=0)
    priced = price(catalogue, job, everything.take(~broken))
    fits = priced.peak_memory <= priced.usable
    found = search(catalogue, job)
    assert found.tried == len(everything)
    assert found.fitting == np.count_nonzero(fits)
    assert found.best.steps.time[0] == pytest.approx(priced.steps.time[fits].min())
    assert found.front.peak_memory.min() == pytest.approx(priced.peak_memory.min())


def test_the_front_trades_time_for_memory(catalogue, job):
    edge = search(catalogue, job).front
    assert np.all(np.diff(edge.steps.time) >= 0)
    assert np.all(np.diff(edge.peak_memory) < 0)


def test_what_is_fixed_stays(catalogue, job):
    found = search(catalogue, job, {"tensor": 4.0, "recompute": 2.0})
    assert set(found.best.plans.tensor) == {4.0}
    assert set(found.best.plans.recompute) == {2.0}


def test_threads_do_not_change_the_answer(catalogue, job):
    one, two = search(catalogue, job, threads=1), search(catalogue, job, threads=2)
    assert one.best.steps.time == pytest.approx(two.best.steps.time)


def test_a_job_that_fits_nowhere_tells_its_leanest_plan(catalogue):
    job = Job(reference_model("llama-3.1-405b").config, build(catalogue, "hgx-h100"), 4096, 64, "bf16", "megatron-core")
    found = search(catalogue, job)
    assert found.best is None
    assert found.leanest[0] > job.system.memory


def test_tens_of_thousands_of_plans_are_priced_in_a_second(catalogue):
    system = build(catalogue, "hgx-h100", 1024)
    job = Job(reference_model("gpt-3-175b").config, system, 2048, 1024, "bf16", "megatron-core")
    begin = time.process_time()
    found = search(catalogue, job, threads=1)
    rate = found.tried / (time.process_time() - begin)
    assert rate > 50_000
