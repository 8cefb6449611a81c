"""Optimiser states that wait with the host: what moves, what it hides behind, and when a search turns to it."""

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.offload import STATES, host_link, shown_transfer
from autarky.workloads.parameters import parameters
from autarky.workloads.plans import plans
from autarky.workloads.reference import reference_model
from autarky.workloads.search import search
from autarky.workloads.train import Job, price

MODEL = reference_model("llama-3-8b").config
MODEL_LAYERS = len(MODEL.layers)


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


def job_on(catalogue, chips, software="megatron-core"):
    return Job(MODEL, build(catalogue, "hgx-h100", chips), 4096, 256, "bf16", software)


def both(catalogue, job, **plan):
    return price(catalogue, job, plans(**plan)), price(catalogue, job, plans(**plan, offload=1.0))


def test_what_waits_with_the_host_is_what_the_chip_no_longer_holds(catalogue):
    job = job_on(catalogue, 8)
    here, there = both(catalogue, job, data=8.0)
    assert here.waiting == 0
    assert there.waiting == pytest.approx(here.memory["optimiser"])
    # Two of the layers are at work at a time.
    assert there.memory["optimiser"] == pytest.approx(here.memory["optimiser"] * 2 / MODEL_LAYERS)
    others = {"weights", "gradients", "activations", "logits", "software"}
    assert all(there.memory[part] == here.memory[part] for part in others)


def test_all_states_of_a_model_wait_somewhere(catalogue):
    job = job_on(catalogue, 8)
    _, there = both(catalogue, job, data=8.0)
    assert 8 * there.waiting == pytest.approx(12 * parameters(MODEL).total, rel=1e-3)


def test_software_that_hides_nothing_shows_the_whole_transfer(catalogue):
    # DeepSpeed of 2021 hides no transfer: 12 bytes of a weight each way over a PCIe Gen5 x16 link, 64 GB/s nominal.
    job = job_on(catalogue, 1, "deepspeed")
    _, there = both(catalogue, job, sharded=1.0)
    nominal = 12 * parameters(MODEL).total / 64e9
    assert nominal < there.steps.parts["offload"][0] < 1.5 * nominal


def test_a_transfer_hides_beside_the_last_backward_pass_and_no_further():
    one = np.ones(1)
    whole = STATES * 1e9 / 5e10
    assert shown_transfer(1e9 * one, 0.1 * one, one, 5e10, 1.0) == pytest.approx(whole - 0.1)
    assert shown_transfer(1e9 * one, 9.9 * one, one, 5e10, 0.75) == pytest.approx(0.25 * whole)
    assert shown_transfer(1e9 * one, 9.9 * one, one, 5e10, 0.0) == pytest.approx(whole)
    assert shown_transfer(1e9 * one, 0.1 * one, 0.0 * one, 5e10, 1.0) == 0


def test_waiting_states_never_make_a_step_faster(catalogue):
    job = job_on(catalogue, 8)
    for chosen in ({"data": 8.0}, {"tensor": 4.0, "data": 2.0}, {"pipeline": 8.0}):
        here, there = both(catalogue, job, **chosen)
        assert there.steps.time >= here.steps.time


def test_a_search_turns_to_the_host_only_where_nothing_fits(catalogue):
    assert np.all(search(catalogue, job_on(catalogue, 8)).best.plans.offload == 0)
    alone = search(catalogue, job_on(catalogue, 1))
    assert np.all(alone.best.plans.offload == 1)
    assert np.all(search(catalogue, job_on(catalogue, 1), {"tensor": 1.0}).fitting == 0)


def test_what_is_asked_for_is_searched(catalogue):
    found = search(catalogue, job_on(catalogue, 8), {"offload": 1.0})
    assert np.all(found.best.plans.offload == 1)


def test_a_chip_of_an_unknown_host_is_refused(catalogue):
    system = build(catalogue, "tpu-v6e-pod", 64)
    assert host_link(catalogue, system.chip) is None
    job = Job(MODEL, system, 4096, 256, "bf16", "maxtext")
    with pytest.raises(InputError, match="what joins tpu-v6e to its host is not known"):
        search(catalogue, job, {"offload": 1.0})
