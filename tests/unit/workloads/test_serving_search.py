"""The search of serving plans against serving everything one by one, and what every answer must keep."""

import itertools

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.systems.system import build
from autarky.workloads.layouts import joined, layouts, why_not
from autarky.workloads.reference import reference_model
from autarky.workloads.serving_deployments import Apart, Together
from autarky.workloads.serving_given import parse_given
from autarky.workloads.serving_memory import memory_by_part, most_sequences
from autarky.workloads.serving_pairs import pairs, readers, writers
from autarky.workloads.serving_points import points
from autarky.workloads.serving_question import Question
from autarky.workloads.serving_search import Spaces, search
from autarky.workloads.serving_setting import ServingJob, setting_of
from autarky.workloads.serving_space import every_layout, server_sizes, space

CHIPS = 4
PROMPT, ANSWER = 24_000, 2_000
FREE = (None, None, None)


@pytest.fixture(scope="module")
def catalogue():
    return autarky.load_catalogue()


def question_of(catalogue, model="qwen3-30b-a3b", system="hgx-h100", chips=CHIPS, **limits):
    job = ServingJob(reference_model(model).config, build(catalogue, system, chips), "fp8", "sglang")
    usual = {"prompt": PROMPT, "answer": ANSWER, "reused": 0.0, "ttft": 6.0, "tpot": 0.02, "bandwidth": 3.35e12}
    return Question(setting_of(catalogue, job), **(usual | limits))


@pytest.fixture(scope="module")
def question(catalogue):
    return question_of(catalogue)


def spaces_of(question, **fixed):
    alike = space(question.setting, question.chips, question.context, fixed)
    return Spaces(alike, (space(question.setting, question.chips, question.prompt, {}), alike))


@pytest.fixture(scope="module")
def found(question):
    return search(question, spaces_of(question), keep=8)


def every_server(question):
    """Return all layouts of servers of up to all chips, written down without the search."""
    sizes = [1, 2, 4]
    rows = [
        (tensor, size // tensor // stages, stages, expert)
        for size, stages, tensor, expert in itertools.product(sizes, sizes, sizes, sizes)
        if size % (stages * tensor) == 0 and size // stages % expert == 0
    ]
    tensor, data, pipeline, expert = np.array(sorted(set(rows)), float).T
    return layouts(tensor=tensor, data=data, pipeline=pipeline, expert=expert)


def fastest(question, deployments):
    """Return the most requests per s of deployments within the limits, trying every number of requests in flight."""
    high = deployments.most_requests().astype(int)
    which = np.repeat(np.arange(len(high)), high)
    count = np.concatenate([np.arange(1, most + 1.0) for most in high])
    served = deployments.run(which, count)
    good = (served.ttft <= question.ttft) & (served.tpot <= question.tpot)
    return float((served.rate * deployments.times()[which])[good].max(initial=0.0))


def test_the_space_holds_every_layout_of_these_chips(question):
    mine, theirs = every_server(question), every_layout(question.setting, CHIPS, {})

    def rows(some):
        return {tuple(some.take([i]).describe(0).values()) for i in range(len(some))}

    assert rows(theirs) == rows(mine)


def test_servers_that_do_everything_are_as_fast_as_the_fastest_of_all(question):
    every = every_server(question)
    every = every.take(most_sequences(every, question.setting, question.context) >= 1)
    best = fastest(question, Together(question, every, CHIPS / every.devices))
    alone = search(question, Spaces(spaces_of(question).alike, None))
    assert best > 0
    assert alone.best[0].rate == pytest.approx(best, rel=5e-3)


def test_separate_servers_are_as_fast_as_the_fastest_of_all(question):
    every = every_server(question)
    reading = every.take(most_sequences(every, question.setting, question.prompt) >= 1)
    writing = every.take(most_sequences(every, question.setting, question.context) >= 1)
    rows = [
        (i, j, x, y)
        for i, j in itertools.product(range(len(reading)), range(len(writing)))
        for x, y in itertools.product(range(1, CHIPS), repeat=2)
        if x * reading.devices[i] + y * writing.devices[j] <= CHIPS
    ]
    i, j, x, y = np.array(rows).T
    best = fastest(question, Apart(question, writing.take(j), reading.take(i), x.astype(float), y.astype(float)))
    apart = search(question, Spaces(None, spaces_of(question).apart))
    assert best > 0
    assert apart.best[0].rate == pytest.approx(best, rel=5e-3)


def test_both_kinds_together_are_as_fast_as_the_faster(question, found):
    alike = search(question, Spaces(found.spaces.alike, None)).best[0].rate
    apart = search(question, Spaces(None, found.spaces.apart)).best[0].rate
    assert found.best[0].rate == max(alike, apart)


def test_the_best_come_fastest_first_one_of_each_kind(found):
    rates = [chosen.rate for chosen in found.best]
    kinds = [chosen.deployments.kind(0) for chosen in found.best]
    assert rates == sorted(rates, reverse=True)
    assert len(set(kinds)) == len(kinds) > 1


def test_every_plan_that_is_kept_fits_and_keeps_the_limits(question, found):
    for chosen in found.best:
        deployments = chosen.deployments
        served = deployments.run(np.zeros(1, int), np.array([chosen.concurrency]) / deployments.times())
        servers = deployments.answers if isinstance(deployments, Apart) else 1.0
        sequences = served.running / servers / deployments.then.data
        held = sum(memory_by_part(deployments.then, question.setting, sequences, question.context).values())
        assert held <= question.setting.usable
        assert served.ttft == pytest.approx(chosen.ttft)
        assert chosen.ttft <= question.ttft
        assert served.tpot == pytest.approx(chosen.tpot)
        assert chosen.tpot <= question.tpot
        assert deployments.used() <= CHIPS
        assert not any(broken.any() for broken in why_not(deployments.then, question.setting.config).values())


def test_nothing_on_the_front_is_beaten(question, found):
    speed = np.array([chosen.rate for chosen in found.front])
    tpot = np.array([chosen.tpot for chosen in found.front])
    assert len(found.front) > 3
    assert np.all(np.diff(speed) < 0)
    assert np.all(np.diff(tpot) < 0)
    # What is best within the limits is not beyond the front.
    best = found.best[0]
    assert np.any((speed >= best.rate * (1 - 1e-9)) | (tpot <= best.tpot * (1 - 1e-9)))
    for chosen in found.best:
        assert not np.all((speed < chosen.rate) & (tpot > chosen.tpot))


def test_a_tighter_limit_never_serves_more(catalogue, found):
    for limits in ({"tpot": 0.012}, {"ttft": 3.0}):
        tight = question_of(catalogue, **limits)
        assert search(tight, spaces_of(tight)).best[0].rate <= found.best[0].rate * (1 + 5e-3)


def test_twice_the_chips_serve_at_least_twice_as_much(catalogue, found):
    twice = question_of(catalogue, chips=2 * CHIPS)
    assert search(twice, spaces_of(twice)).best[0].rate >= 2 * found.best[0].rate * (1 - 5e-3)


def test_cached_prompts_never_serve_less(catalogue, found):
    half = question_of(catalogue, reused=PROMPT / 2)
    assert search(half, spaces_of(half)).best[0].rate >= found.best[0].rate


def test_a_limit_that_nothing_keeps_leaves_nothing(catalogue):
    strict = question_of(catalogue, tpot=1e-4)
    nothing = search(strict, spaces_of(strict))
    assert nothing.best == ()
    assert nothing.least[1] > 1e-4
    assert sum(nothing.slow.values()) == len(nothing.spaces.alike.layouts)


def test_no_pair_of_servers_beats_its_bound(question):
    spaces = spaces_of(question)
    first, then = readers(question, spaces.apart[0].layouts), writers(question, spaces.apart[1].layouts)
    bounded = pairs(question, first, then, question.tpot, FREE)
    assert np.all(np.diff(bounded.bound) <= 0)
    deployed = Apart(
        question,
        then.layouts.take(bounded.then),
        first.layouts.take(bounded.first),
        bounded.prompts,
        bounded.answers,
    )
    served = points(deployed.run, deployed.most_requests(), question.ttft, question.tpot, refinements=0)
    good = served.within(question.ttft, question.tpot)
    assert good.any()
    assert np.all(served.rate[good] <= bounded.bound[served.which[good]] * (1 + 1e-6))


def test_what_is_fixed_stays(question):
    kept = space(question.setting, CHIPS, question.context, {"tensor": 2.0, "expert": 2.0}).layouts
    assert len(kept)
    assert set(kept.tensor) == {2.0}
    assert set(kept.expert) == {2.0}


def test_counts_of_ruled_out_layouts_add_up(question):
    narrow = space(question.setting, CHIPS, question.context, {"tensor": 3.0, "data": 1.0})
    assert len(narrow.layouts) + sum(narrow.broken.values()) == narrow.tried


def test_a_dense_model_has_one_attention_group_a_server(catalogue):
    dense = question_of(catalogue, "qwen3-32b")
    assert set(spaces_of(dense).alike.layouts.data) == {1.0}


def test_numbers_of_servers_that_are_given_are_kept(question):
    two = search(question, Spaces(None, spaces_of(question).apart, (2.0, 1.0, None)))
    for chosen in two.best:
        assert (chosen.deployments.prompts, chosen.deployments.answers) == (2.0, 1.0)


def test_a_given_load_is_served_as_it_is(question):
    kept = search(question, Spaces(spaces_of(question).alike, None, FREE, concurrency=8.0))
    assert {chosen.concurrency for chosen in kept.best} == {8.0}


def test_servers_may_leave_a_remainder_of_chips_idle():
    assert server_sizes(12) == [1, 2, 3, 4, 6, 8, 12]
    assert server_sizes(997) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 997]


def test_sets_of_layouts_join(question):
    one = every_server(question)
    assert len(joined([one, one])) == 2 * len(one)


@pytest.mark.parametrize(
    ("text", "apart", "then", "servers", "concurrency"),
    [
        ("", None, {}, None, None),
        ("tp=8,dp=4,ep=32", False, {"tensor": 8.0, "data": 4.0, "expert": 32.0}, None, None),
        ("servers=2", False, {}, 2.0, None),
        ("concurrency=64", None, {}, None, 64.0),
        ("prefill.tp=4,decode.dp=8,decode.servers=3", True, {"data": 8.0}, 3.0, None),
    ],
)
def test_a_plan_is_read(text, apart, then, servers, concurrency):
    given = parse_given(text)
    assert (given.apart, dict(given.then.fixed), given.then.servers, given.concurrency) == (
        apart,
        then,
        servers,
        concurrency,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tp=0", "--plan  tp: is '0'"),
        ("servers=0", "--plan  servers: is '0'; a whole number from 1 to 1,000,000"),
        ("concurrency=1,concurrency=2", "--plan  concurrency: is given twice; keep one"),
        ("tp=8,decode.tp=8", "fixes servers that do everything and separate ones at once"),
        ("first.tp=8", "'first.tp=8' is not a field of a plan"),
        ("prefill.concurrency=8", "'concurrency=8' is not a field of a layout"),
        ("batch=8", "'batch=8' is not a field of a layout"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused(text, said):
    with pytest.raises(InputError) as caught:
        parse_given(text)
    assert said in str(caught.value)
