"""Designs told apart by the time model: limits, directions, and that the first of a ranking is the best."""

from functools import cache

import numpy as np
import pytest

from autarky.analysis.design_law import FREE, STANDINGS, Law, Points
from autarky.analysis.design_space import design
from autarky.analysis.design_speed import between, modelled, reached, with_factors
from autarky.analysis.designs import Point
from autarky.facts.loader import load_catalogue
from autarky.facts.performance_records import ReferenceWorkload
from autarky.facts.rule_records import Rule
from autarky.rules.active import RuleSet
from autarky.systems.deployment import deployed

H200 = Point(15_832.0, 814.0, 4800.0, 1028.0)


@cache
def told(task, name="h200-sxm", own=H200):
    facts = load_catalogue()
    bits = RuleSet(facts.all("rules", Rule)).formats.bits
    return modelled(facts, facts.get("reference_workloads", task, ReferenceWorkload), name, own, "h100-sxm", bits)


def points(*rows):
    return Points(*np.array(rows, float).T)


@pytest.mark.parametrize("task", ["training", "prefill", "decode"])
def test_a_design_like_a_real_chip_serves_as_that_chip(task):
    scored = told(task)
    assert scored.speed(H200) == pytest.approx(scored.chip("h200-sxm", H200))


@pytest.mark.parametrize("task", ["training", "prefill", "decode"])
def test_more_of_any_rate_never_serves_notably_worse(task):
    scored = told(task)
    base = Point(8000.0, 814.0, 3000.0, 600.0)
    for more in (
        Point(12_000.0, 814.0, 3000.0, 600.0),
        Point(8000.0, 814.0, 4500.0, 600.0),
        Point(8000.0, 814.0, 3000.0, 1000.0),
    ):
        assert scored.speed(more) >= scored.speed(base) * 0.999


def test_a_limit_on_tpp_binds_every_format_and_silicon_beyond_it_is_idle():
    scored = told("prefill")
    assert scored.speed(Point(2400.0, 814.0, 4800.0, 1028.0)) == scored.speed(Point(2400.0, 700.0, 4800.0, 1028.0))
    # The H20 is Hopper silicon held to 2,368; so slow, it reaches more of its rate than the family at full speed.
    like_h20 = scored.speed(Point(2368.0, 814.0, 4000.0, 1028.0))
    assert 0.6 < like_h20 / scored.chip("h20", H200) < 1


def test_compute_sets_prefill_and_memory_sets_decode():
    half = {"compute": Point(7916.0, 814.0, 4800.0, 1028.0), "memory": Point(15_832.0, 814.0, 2400.0, 1028.0)}
    lost = {
        task: {axis: 1 - told(task).speed(point) / told(task).speed(H200) for axis, point in half.items()}
        for task in ("prefill", "decode")
    }
    assert lost["prefill"]["compute"] > lost["prefill"]["memory"]
    assert lost["decode"]["memory"] > 2 * lost["decode"]["compute"]


def test_a_design_that_cannot_hold_the_model_has_no_speed():
    assert told("training").speed(Point(15_832.0, 814.0, 4800.0 / 64, 1028.0)) == 0


def test_factors_change_what_they_name_and_nothing_else():
    facts = load_catalogue()
    whole = deployed(facts, "h200-sxm")
    same = with_factors(whole, "h200-sxm", dict.fromkeys(told("decode").rates, 1.0), 1.0, 1.0)
    workload = facts.get("reference_workloads", "decode", ReferenceWorkload)
    assert reached(same, "h200-sxm", workload) == pytest.approx(reached(whole, "h200-sxm", workload))


def test_between_is_exact_for_straight_tables_and_flat_axes():
    grids = [np.array([0.0, 1.0, 3.0]), np.array([2.0]), np.array([0.0, 5.0])]
    table = 2.0 * grids[0][:, None, None] - grids[2][None, None, :] + grids[1][None, :, None]
    places = [np.array([0.5, 3.0, 2.0]), np.full(3, 2.0), np.array([0.0, 5.0, 2.5])]
    assert between(table, grids, places) == pytest.approx(2.0 * places[0] - places[2] + 2.0)


def test_the_table_ranks_designs_as_their_own_searches_do():
    scored = told("decode")
    random = np.random.default_rng(3)
    some = points(*np.exp(random.uniform(np.log([1000, 813, 800, 100]), np.log([15_800, 814, 4800, 1000]), (12, 4))))
    exact = np.array([scored.speed(some[i]) for i in range(12)])
    rough = scored.rough(some)
    assert np.corrcoef(np.argsort(np.argsort(rough)), np.argsort(np.argsort(exact)))[0, 1] > 0.9
    assert rough == pytest.approx(exact, rel=0.35)


def test_no_random_design_serves_notably_better_than_the_best():
    found = design(to="CN", date="2024-06-01", workload="decode", budget="h200-sxm", margin=0)
    law = Law("CN", found.date, None, "US", (), load_catalogue())
    random = np.random.default_rng(1)
    area = np.full(400, found.budget.area)
    share = random.uniform(0.02, 1, (3, 400))
    some = Points(
        area * found.budget.density * share[0], area, found.budget.memory * share[1], found.budget.link * share[2]
    )
    free = np.flatnonzero(law.standings(some) == STANDINGS.index(FREE))[:25]
    scored = told("decode")
    assert len(free) > 10
    assert max(scored.speed(some[int(i)]) for i in free) <= found.best[FREE].speed * 1.01


def test_under_the_rule_of_2023_hopper_silicon_serves_decode_as_the_h20_does():
    """All memory and links, and compute just under the line: the H20 is close to the best design."""
    found = design(to="CN", date="2024-06-01", workload="decode", budget="h200-sxm", margin=0.01)
    free = found.best[FREE]
    assert free.point.tpp == pytest.approx(2376)
    assert free.point.memory == 4800
    assert found.scored.startswith("time model")
