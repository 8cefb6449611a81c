"""Answers to the questions of the debate: by hand on known draws, and from the questions that come with autarky."""

from dataclasses import replace

import numpy as np
import pytest

import autarky
from autarky.analysis.compare import Side, Yearly
from autarky.analysis.counterfactuals import side
from autarky.analysis.debate import answers, asked_of, scenarios_of
from autarky.errors import ScenarioError
from autarky.measures import define
from autarky.scenario import debate as debate_file
from autarky.scenario.debate import DebateQuestion, debate
from autarky.scenario.resolve import library
from small_market import market

CHIPS, YEAR = "sales.chips", 2025
FIGURE = {"say": "it", "measure": CHIPS, "in": "with", "years": [YEAR]}


@pytest.fixture(scope="module")
def result():
    return autarky.run(market(), draws=64, prior=True)


def made(result, **draws):
    """Return a side that has these draws of chips sold, by the vendor's name, `all` for everybody."""
    yearly = {}
    for name, values in draws.items():
        scope = {} if name == "all" else {"vendor": name}
        key = CHIPS if name == "all" else f"{CHIPS}.vendor.{name}"
        yearly[key] = Yearly(define(CHIPS), scope, {str(YEAR): np.resize(np.array(values, dtype=float), 64)})
    return Side(replace(result, flows={}), yearly, {})


def asked(result, sides, **figure):
    question = DebateQuestion.model_validate({"ask": "What?", "figures": [{**FIGURE, **figure}]})
    found = answers({"one": question}, sides, next(iter(sides.values())))
    return found[0].figures[0] if found else None


def test_an_amount_a_change_a_share_and_a_chance(result):
    sides = {"with": made(result, all=[10, 20, 30], a=[5, 15, 30], b=[6]), "without": made(result, all=[4], a=[1])}
    amount = asked(result, sides)
    assert (amount.kind, amount.unit, amount.by_year["2025"]) == ("amount", "chip", (10, 20, 30))
    change = asked(result, sides, against="without")
    assert (change.kind, change.by_year["2025"]) == ("change", (6, 16, 26))
    share = asked(result, sides, scope={"vendor": "a"}, of={})
    assert (share.kind, share.by_year["2025"]) == ("share", (0.5, 0.75, 1.0))
    moved = asked(result, sides, scope={"vendor": "a"}, of={}, against="without")
    assert (moved.kind, moved.by_year["2025"]) == ("change of share", (0.25, 0.5, 0.75))
    chance = asked(result, sides, scope={"vendor": "a"}, below={"vendor": "b"})
    assert (chance.kind, chance.by_year["2025"]) == ("chance", 22 / 64)


def test_a_share_of_nothing_is_not_defined_and_a_year_that_is_not_run_neither(result):
    sides = {"with": made(result, all=[0], a=[0])}
    share = asked(result, sides, scope={"vendor": "a"}, of={}, years=[YEAR, 2040])
    assert share.by_year == {"2025": None, "2040": None}


def test_a_question_is_answered_only_with_all_its_figures(result):
    sides = {"with": made(result, all=[1])}
    assert asked(result, sides, against="without") is None
    assert asked(result, sides, scope={"vendor": "a"}) is None


def test_the_questions_that_come_along_are_about_scenarios_and_measures_that_exist():
    questions = debate()
    assert len(questions) == 4
    assert set(scenarios_of(questions.values())) <= set(library())
    for measure, _ in asked_of(questions.values()):
        assert define(measure).unit


def test_every_figure_about_the_flagship_alone_is_found_in_it():
    questions = debate()
    flagship = side(autarky.run("china-ai-chips", draws=64, prior=True), asked_of(questions.values()))
    (gates,) = answers(questions, {"china-ai-chips": flagship}, flagship)
    assert gates.id == "which-gate-binds"
    plain = gates.to_json()
    assert plain["figures"][0]["by_year"]["2025"]["p5"] > 0
    assert 0 <= plain["figures"][-1]["by_year"]["2026"] <= 1


def test_a_faulty_question_is_named(monkeypatch, tmp_path):
    (tmp_path / "debate.yaml").write_text("one:\n  ask: What?\n  figures: [{say: it, measure: fees, years: [2025]}]\n")
    monkeypatch.setattr(debate_file.resources, "files", lambda _: tmp_path)
    with pytest.raises(ScenarioError, match=r"debate\.yaml:3:13  one\.figures\.0\.in: this field is missing"):
        debate()
