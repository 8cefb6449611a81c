"""Runs of a training plan: what must hold between their inputs and what comes out."""

import copy
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import autarky
from autarky.errors import AutarkyError, InputError
from autarky.facts.loader import Change, with_changes
from autarky.run_plans import plan_run, token_count
from autarky.run_sizing import Sizing, planned_hours
from autarky.workloads.runs import expected_wall_time

PLAN = "tp=4,pp=4,vpp=5,cp=1,ep=1,mbs=1,recompute=none,zero=1,sp=1"
TOKENS = 30e9
START = date(2025, 4, 1)
DRAWS = 512


@pytest.fixture(scope="module")
def training():
    return autarky.plan_training("llama-3-70b", "hgx-h100", chips=128, batch=256, plan=PLAN)


def asked(training, **options):
    return plan_run(training, TOKENS, **{"start": START, "draws": DRAWS, **options})


def test_a_plan_alone_takes_tokens_over_speed(training):
    best = training.to_json()["best"][0]
    days = TOKENS / best["tokens_per_s"] / 86400
    assert asked(training).summary()["planned_days"] == pytest.approx(days)


def test_a_run_takes_at_least_its_undisturbed_time_and_goodput_is_the_rest(training):
    run = asked(training)
    calm = planned_hours(training, TOKENS) * run.conditions.stretch
    assert np.all(run.simulated.wall >= calm * (1 - 1e-9))
    summary = run.summary()
    assert 0 < summary["goodput"]["p5"] <= summary["goodput"]["p50"] <= summary["goodput"]["p95"] <= 1
    assert summary["wall_days"]["p5"] <= summary["wall_days"]["p50"] <= summary["wall_days"]["p95"]


def test_drawn_runs_agree_with_the_closed_form_on_average(training):
    run = asked(training, draws=4096)
    surplus = run.simulated.wall / expected_wall_time(run.run) - 1
    assert abs(surplus.mean()) < 4 * surplus.std() / 64


def test_equal_seeds_give_equal_bits_and_others_do_not(training):
    one, same, other = asked(training), asked(training), asked(training, seed=2)
    np.testing.assert_array_equal(one.simulated.wall, same.simulated.wall)
    assert not np.array_equal(one.simulated.wall, other.simulated.wall)


def test_the_draws_of_an_input_do_not_depend_on_how_many_there_are(training):
    few, many = asked(training, draws=64), asked(training, draws=128)
    for key, drawn in few.inputs.items():
        np.testing.assert_array_equal(drawn.values, many.inputs[key].values[:64])


def test_more_tokens_and_earlier_deadlines_are_less_likely_in_time(training):
    chances = [asked(training, days=days).probability for days in (1.0, 3.0, 5.0, 30.0)]
    assert chances == sorted(chances)
    assert chances[0] == 0.0
    assert chances[-1] == 1.0
    twice = plan_run(training, 2 * TOKENS, start=START, draws=DRAWS)
    assert np.all(twice.simulated.wall > asked(training).simulated.wall)


def test_a_day_to_be_done_by_is_as_many_days(training):
    until, within = asked(training, by="2025-04-10"), asked(training, days=10)
    assert until.available == within.available == 240.0
    assert until.probability == within.probability


def test_the_days_of_a_confidence_are_those_that_have_its_probability(training):
    run = asked(training, confidence="80%")
    days = run.summary()["days_at_confidence"]
    assert asked(training, days=days).probability == pytest.approx(0.8, abs=1 / DRAWS)


def test_no_spares_cost_time_and_more_spares_none(training):
    none, some, many = (np.median(asked(training, spares=count).simulated.wall) for count in (0, 2, 20))
    assert none > some >= many


def test_spares_are_kept_for_the_share_of_failures_that_the_record_names(training):
    from autarky.workloads.spares import shortage_probability

    run = asked(training)
    nodes = run.conditions.nodes(run.chips)
    short = [np.mean(shortage_probability(nodes, run.conditions.repair, run.spares - less)) for less in (0, 1)]
    assert short[0] <= 1 - run.conditions.spare_confidence < short[1]


def test_energy_and_cost_are_chips_times_hours(training):
    run, costs = asked(training, spares=3), training.costs
    kilowatts = 128 * costs.watts * costs.pue / 1000
    np.testing.assert_allclose(run.energy, kilowatts * run.simulated.wall)
    held = (128 + 3 * 8) * costs.chip_hour * run.simulated.wall
    np.testing.assert_allclose(run.cost, held + run.energy * costs.electricity)


def test_energy_says_whether_it_counts_more_than_the_chips(training):
    assert asked(training).summary()["energy_counts"] == "whole systems"
    bare = autarky.plan_training("llama-3-8b", "hgx-h20", batch=64)
    assert plan_run(bare, 1e9, start=START, draws=64).summary()["energy_counts"] == "chips alone"


def test_chips_needed_suffice_and_one_growth_less_does_not(training):
    run = asked(training, days=2.0)
    facts = autarky.load_catalogue()
    sizing = Sizing(facts, training, TOKENS, run.conditions, run.chips_per_node, run.confidence)
    needed = run.summary()["chips_needed"]
    assert needed % sizing.step == 0
    assert sizing.chance(needed, 48.0) >= 0.9 > sizing.chance(needed - sizing.step, 48.0)


def test_what_no_number_of_chips_can_do_has_a_reason(training):
    summary = asked(training, days=0.01).summary()
    assert summary["chips_needed"] is None
    assert "would be needed" in summary["chips_needed_reason"]


def test_chips_for_a_run_keep_what_was_asked_of_the_plan(training):
    run = asked(training)
    sizing = Sizing(autarky.load_catalogue(), training, TOKENS, run.conditions, 8, 0.9)
    assert sizing.fixed == {
        "tensor": 4, "pipeline": 4, "interleave": 5, "context": 1, "expert": 1, "micro_batch": 1, "recompute": 0,
        "sharded": 1, "sequence": 1,
    }  # fmt: skip
    assert sizing.hours(128) == pytest.approx(planned_hours(training, TOKENS))


def changed(collection, name, **values):
    """Return the catalogue with other numbers in one record."""
    facts = autarky.load_catalogue()
    raw = copy.deepcopy(facts.plain[collection][name])
    for key, value in values.items():
        *groups, last = key.split(".")
        inner = raw
        for group in groups:
            inner = inner[group]
        inner[last] = value
    change = Change(raw, lambda _: "test", frozenset(values))
    return with_changes(facts, {(collection, name): change})


@pytest.mark.parametrize(
    "worse",
    [
        {"software_failures": 10},
        {"chip_days": "200 day"},
        {"link_days": "200 day"},
        {"restart": "3 h"},
        {"detection": "3 h"},
        {"checkpoint": "600 s"},
        {"slowing": "30%"},
        {"spikes.between": "0.2 day"},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_every_disturbance_makes_a_run_longer(training, worse):
    # Wall times of the same draws, without luck.
    usual = expected_wall_time(asked(training, spares=20).run)
    harder = expected_wall_time(asked(training, spares=20, catalogue=changed("reliabilities", "hopper", **worse)).run)
    assert np.median(harder) > np.median(usual)


def test_software_that_reaches_half_the_speed_takes_twice_as_long(training):
    facts = changed("software_readiness", "cuda", share="50%")
    slow, fast = asked(training, catalogue=facts), asked(training)
    np.testing.assert_allclose(slow.conditions.stretch, 2 * fast.conditions.stretch)


def test_software_is_as_ready_as_on_the_day_that_the_run_starts():
    training = autarky.plan_training("llama-3-70b", "cloudmatrix-384", chips=128, batch=256, software="mindspeed")
    early, late = (asked(training, start=day) for day in ("2023-01-01", "2028-01-01"))
    assert early.software == "cann"
    assert np.median(early.conditions.efficiency) < np.median(late.conditions.efficiency)
    assert np.median(early.simulated.wall) > np.median(late.simulated.wall)


def test_every_input_that_was_drawn_names_its_sources(training):
    inputs = asked(training).summary()["inputs"]
    sources = autarky.load_catalogue().sources
    assert "reliabilities.hopper.chip_days" in inputs
    assert "software_readiness.cuda.share" in inputs
    assert inputs["reliabilities.hopper.detection"]["unit"] == "s"
    assert all(drawn["sources"] and set(drawn["sources"]) <= set(sources) for drawn in inputs.values())


def test_a_record_can_be_named_in_place_of_that_of_the_family(training):
    run = asked(training, reliability="llama-3")
    assert run.reliability == "llama-3"
    assert run.run.rate.mean() == pytest.approx(128 / 16_384 * 419 / (54 * 24), rel=1e-3)


def test_a_very_short_run_is_done(training):
    run = plan_run(training, 1, start=START, draws=64)
    assert run.simulated.finished.all()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("14.8T", 14.8e12), ("14.8 tn", 14.8e12), ("300B", 3e11), ("300 bn tokens", 3e11), ("2,000,000", 2e6), (5.0, 5.0)],
)
def test_tokens_are_counted_as_people_write_them(text, tokens):
    assert token_count(text) == pytest.approx(tokens)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tokens": -1.0}, "tokens: must be positive, is -1"),
        ({"tokens": "-3T"}, "tokens: must be positive"),
        ({"tokens": "many"}, "is not a number of tokens"),
        ({"tokens": "1T to 2T"}, "is not a number of tokens"),
        ({"tokens": math.inf}, "tokens: must be at most 1e\\+18, is inf"),
        ({"tokens": math.nan}, "tokens: must be positive, is nan"),
        ({"confidence": 1.2}, "confidence: must lie between 0 and 1, is 1.2"),
        ({"confidence": "120%"}, "confidence: must lie between 0 and 1, is 1.2"),
        ({"confidence": "sure"}, "'sure' is not a probability"),
        ({"reliability": "h100"}, "no reliabilities record is called 'h100'"),
        ({"by": "2025-03-31"}, "2025-03-31 is before the start on 2025-04-01"),
        ({"by": "soon"}, "by: 'soon' is not a day"),
        ({"start": "2025-13-01"}, "start: '2025-13-01' is not a day"),
        ({"by": "2025-05-01", "days": 3.0}, "give one of them"),
        ({"days": 0.0}, "days: must be positive, is 0"),
        ({"days": math.nan}, "days: must be positive, is nan"),
        ({"days": math.inf}, "days: must be at most"),
        ({"spares": -1}, "spares: must be a whole number of at least 0, is -1"),
        ({"draws": 0}, "draws: 0 is too low"),
        ({"draws": 10**12}, "draws: 1,000,000,000,000 is too high"),
    ],
)
def test_what_cannot_be_asked_is_an_error(training, options, said):
    with pytest.raises(AutarkyError, match=said):
        plan_run(training, options.pop("tokens", TOKENS), **{"start": START, **options})


def test_a_chip_of_which_no_record_speaks_needs_one_named(training):
    system = replace(training.job.system, chip="tpu-v5e")
    other = replace(training, job=replace(training.job, system=system))
    with pytest.raises(InputError, match="reliability: no record speaks of tpu-v5e; name one of"):
        asked(other)
    assert asked(other, reliability="hopper").reliability == "hopper"
