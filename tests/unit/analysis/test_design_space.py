"""The best chip that the law leaves open: just inside a line or at the end of the budget, and nothing beats it."""

import numpy as np
import pytest

import autarky
from autarky.analysis.design_law import BARRED, CASE_BY_CASE, EXCEPTED, FREE, STANDINGS, Law, Points
from autarky.analysis.design_space import design
from autarky.errors import InputError, UnknownKeyError
from autarky.facts.loader import load_catalogue


def best(standing=FREE, **about):
    about = {"to": "CN", "date": "2024-06-01", "workload": "decode-weights", "margin": 0.01, **about}
    return design(**about).best[standing]


def test_under_the_rule_of_2023_the_hopper_silicon_gives_the_h20():
    """2,376 of 2,400 on 743 mm2 or more, with all memory and links: the H20 has 2,368 on 814."""
    found = design(to="CN", date="2024-06-01", workload="training-weights", budget="h200-sxm", margin=0.01)
    free = found.best[FREE]
    assert free.point.tpp == pytest.approx(2376)
    assert free.point.tpp / free.point.area < 3.2 * 0.99 + 1e-6
    assert (free.point.memory, free.point.link) == (4800, 1028)
    assert free.bound_by == {"tpp": "3A090.b.1", "memory": "budget", "link": "budget"}
    h20 = next(chip for chip in found.chips if chip.id == "h20")
    assert h20.standing == FREE
    assert 0.98 < h20.share_of_best < 1


def test_more_silicon_buys_compute_by_lowering_the_density():
    point = best(area=2400.0).point
    assert point.tpp == pytest.approx(1.6 * 2400 * 0.99)
    assert best(area=700.0).point.tpp == pytest.approx(3.2 * 700 * 0.99)


def test_the_letters_trade_memory_against_links():
    free = best(date="2025-06-01")
    assert free.point.memory + free.point.link == pytest.approx(1700 * 0.99)
    assert set(free.bound_by.values()) == {"3A090.b.1", "2025-04-letters"}
    only_memory = best(date="2025-06-01", workload="compute=0,memory=1,link=0").point
    assert only_memory.memory == pytest.approx(1400 * 0.99)


def test_the_lane_of_january_2026_is_another_best_with_conditions():
    lane = best(CASE_BY_CASE, date="2026-02-01")
    assert (lane.point.tpp, lane.point.memory) == (pytest.approx(20790), pytest.approx(6435))
    assert lane.bound_by == {"tpp": "2026-01-case-by-case", "memory": "2026-01-case-by-case", "link": "budget"}
    assert any("50 %" in condition for condition in lane.conditions)


def test_the_first_rule_left_a_choice_between_compute_and_links():
    found = design(to="CN", date="2023-03-01", workload="training-weights", margin=0.01)
    ends = {(round(point.tpp), round(point.link)) for point in found.frontier}
    assert ends == {(4752, 2056), (56000, 594)}


def test_where_no_licence_is_needed_the_budget_alone_binds():
    free = best(to="DE")
    assert set(free.bound_by.values()) == {"budget"}
    assert free.class_name == "3A090.a"


@pytest.mark.parametrize("day", ["2023-03-01", "2024-06-01", "2025-06-01", "2026-02-01"])
@pytest.mark.parametrize("workload", ["decode-weights", "training-weights"])
def test_no_random_design_beats_the_best_and_the_best_may_go(day, workload):
    found = design(to="CN", date=day, workload=workload, margin=0)
    law = Law("CN", found.date, None, "US", (), load_catalogue())
    random = np.random.default_rng(1)
    area = random.uniform(50, found.budget.area, 200_000)
    points = Points(
        area * found.budget.density * random.uniform(0.001, 1, area.size),
        area,
        found.budget.memory * random.uniform(0.01, 1, area.size),
        found.budget.link * random.uniform(0.01, 1, area.size),
    )
    standings = law.standings(points)
    reference = {"compute": 15832.0, "memory": 3350.0, "link": 1028.0}
    own = {"compute": points.tpp, "memory": points.memory, "link": points.link}
    speed = 1 / sum(found.weights[axis] * reference[axis] / own[axis] for axis in own)
    for name, one in found.best.items():
        assert speed[standings == STANDINGS.index(name)].max() <= one.speed * (1 + 1e-9)
        assert law.standings(Points(*(np.array([v]) for v in vars(one.point).values())))[0] == STANDINGS.index(name)


def test_arrays_and_single_answers_agree_on_every_standing():
    found = design(to="CN", date="2026-02-01", workload="decode-weights")
    law = Law("CN", found.date, None, "US", (), load_catalogue())
    random = np.random.default_rng(2)
    points = Points(*(random.uniform(low, high, 60) for low, high in ((500, 30e3), (100, 1700), (200, 8e3), (60, 2e3))))
    named = {FREE: "not required", EXCEPTED: "exception", CASE_BY_CASE: "required", BARRED: "required"}
    for index, standing in enumerate(law.standings(points)):
        assert law.ask(points[index]).licence == named[STANDINGS[standing]]


def test_real_chips_stand_beside_it_and_the_frontier_is_not_beaten():
    found = design(to="CN", date="2026-02-01", workload="decode-weights")
    standings = {chip.id: chip.standing for chip in found.chips}
    assert standings == {"h20": BARRED, "b30a": BARRED, "h200-sxm": CASE_BY_CASE, "ascend-910c": CASE_BY_CASE}
    rows = np.array([[point.tpp, point.memory, point.link] for point in found.frontier])
    for row in rows:
        assert not (np.all(rows >= row, axis=1) & np.any(rows > row, axis=1)).any()


def test_switches_change_the_space():
    barred = best(date="2026-02-01", switches=["-2025-04-letters"]).point
    assert barred.memory == 7700
    switches = ["safe-chips-act", "-2025-04-letters"]
    act = autarky.design(to="CN", date="2026-02-01", workload="decode-weights", switches=switches)
    point = act.best[FREE].point
    assert point.memory + point.link == pytest.approx(5000 * 0.99)
    assert CASE_BY_CASE not in act.best


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"workload": "decoding"}, "did you mean decode"),
        ({"workload": "compute=0.5,memory=0.6"}, "the weights are compute=0.5, memory=0.6, link=0"),
        ({"workload": "compute=1.5,memory=-0.5"}, "none is below 0"),
        ({"workload": "compute=x,memory=1"}, "'x' is not a number"),
        ({"workload": "computing=1"}, "did you mean compute"),
        ({"budget": "h201"}, "did you mean"),
        ({"budget": "rtx-4090"}, "has no area or no stacks"),
        ({"budget": "mi309"}, "has no rates and no memory bandwidth and no links"),
        ({"area": -5.0}, "-5 is not above zero"),
        ({"margin": 1.5}, "1.5 is no share of a line"),
        ({"to": "Atlantis"}, "no country is called 'Atlantis'"),
        ({"date": "2020-01-01"}, "no rule holds yet"),
    ],
)
def test_bad_input_is_refused(about, said):
    with pytest.raises((InputError, UnknownKeyError), match=said):
        design(**{"to": "CN", "date": "2024-06-01", "workload": "decode-weights", **about})
