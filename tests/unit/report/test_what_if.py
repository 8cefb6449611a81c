"""Sections and the page on what counterfactuals change, on the small market of invented facts."""

import re

import pytest

import autarky
from autarky.analysis.counterfactuals import Effect, against, side
from autarky.analysis.debate import Answer, Answered
from autarky.facts.loader import load_catalogue
from autarky.report.comparison_page import write_comparison
from autarky.report.page import render
from autarky.report.what_if import DRAWN, FEW, WhatIf, signed, wanted
from small_market import event, lever, market

SAME = {"draws": 64, "prior": True}
ATTACK = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def result():
    return autarky.run(market(demand__demand={"spending": "1M to 3M USD/month"}), **SAME)


@pytest.fixture(scope="module")
def first(result):
    return side(result, wanted(result))


@pytest.fixture(scope="module")
def effect(result, first):
    shut = market(
        demand__demand={"spending": "1M to 3M USD/month"},
        events=[event(lever("import_gate", 0, chips=["foreign"]))],
    )
    shut |= {"label": f"Gate shut {ATTACK}", "description": "Nothing comes in."}
    (comparison,) = against(first, [shut], asked=wanted(result), **SAME)
    return Effect.of(comparison)


ANSWER = Answer(
    "one",
    "Does it matter?",
    (
        Answered("An amount", "amount", "chip", {"2025": (1e3, 2e3, 3e6)}),
        Answered("A change", "change of share", "chip", {"2025": (-0.02, 0.0, 0.014), "2026": None}),
        Answered("A chance", "chance", "chip", {"2025": 0.2}),
    ),
)


@pytest.fixture(scope="module")
def page(first, effect, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "deep" / "comparison.html"
    what_if = WhatIf((effect,), (ANSWER,))
    command = ["autarky", "compare", "a b", "shut.yaml"]
    return write_comparison(first, what_if, load_catalogue(), path, command).read_text(encoding="utf-8")


def cells(page, row):
    found = re.search(rf"<tr><th scope=\"row\">{re.escape(row)}</th>(.*?)</tr>", page, re.DOTALL)
    return re.findall(r"<td>(.*?)</td>", found[1], re.DOTALL)


def test_numbers_are_those_of_the_comparison(page, effect):
    found = effect.differences["imports.chips"]["2025"]
    low, middle, high = (signed(found[level]) for level in ("p5", "p50", "p95"))
    assert cells(page, "Chips imported under the rules, packages in the year") == [f"{middle}\n{low} to {high}"]
    assert found["p95"] < 0


def test_the_debate_is_answered_in_plain_words(page):
    assert cells(page, "An amount, packages") == ["2,000\n1,000 to 3\u00a0million", ""]
    assert cells(page, "A change, points") == ["0\n−2 to +1.4", "not defined"]
    assert cells(page, "A chance") == ["20\u00a0%", ""]


def test_the_page_stands_alone_and_is_safe(page):
    assert page.count("<h1>") == 1
    assert ATTACK not in page
    assert "Gate shut &lt;script&gt;" in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    linked = re.findall(r'href="#([^"]+)"', page)
    assert set(linked) <= set(ids)
    assert "autarky compare &#39;a b&#39; shut.yaml" in page


def test_what_differs_is_drawn_and_what_does_not_is_said(page, effect):
    charts = re.findall(r'<figure id="([^"]+)"', page)
    assert len(charts) == len([name for name in DRAWN if name in effect.changed])
    assert {"imports.chips", "revenue"} <= set(effect.changed)
    assert "No draw differs in any year in packages made" in page
    assert "percentage points" in page


def test_the_report_has_the_same_sections_on_request(result, effect):
    catalogue = load_catalogue()
    plain, asked = render(result, catalogue), render(result, catalogue, WhatIf((effect,), (ANSWER,)))
    assert 'id="counterfactuals"' not in plain
    for name in ("debate", "counterfactuals", f"if-0-{effect.name}"):
        assert f'<section id="{name}"' in asked
        assert f'<a href="#{name}">' in asked
    assert "--with" in asked
    many = render(result, catalogue, WhatIf((effect,) * (FEW + 1)))
    assert len(re.findall(r'<figure id="if-0', many)) < len(re.findall(r'<figure id="if-0', asked))


@pytest.mark.parametrize(
    ("value", "share", "text"),
    [
        (0.0, False, "0"),
        (1234567.0, False, "+1.23\u00a0million"),
        (-1234.0, False, "−1,230"),
        (-0.0004, True, "0"),
        (-0.0312, True, "−3.1"),
        (0.02, True, "+2"),
    ],
)
def test_differences_have_their_sign(value, share, text):
    assert signed(value, share=share) == text
