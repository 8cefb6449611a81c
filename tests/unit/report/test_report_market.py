"""The sections of the report on the market: what is bought, self-sufficiency, and the rule map."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

import autarky
from autarky.facts.records import TimeSeries
from autarky.facts.rule_records import Rule
from autarky.quantities.estimates import Quantity
from autarky.report import rule_map
from autarky.report.bands import Bands
from autarky.report.figures import Fans
from autarky.report.names import Names
from autarky.report.page import render
from autarky.report.purchases import purchases_section
from autarky.report.rule_map import rule_map_section
from autarky.report.self_sufficiency import PUBLISHED, self_sufficiency_section
from autarky.report.svg import Studio
from autarky.report.words import UNDEFINED, amount, percent, whole_percent
from autarky.rules.active import RuleSet
from autarky.rules.lines import CLASSES, thresholds
from autarky.rules.many import classify_many

LEVELS = ("p5", "p25", "p50", "p75", "p95")
ATTACK = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def studio():
    with Studio() as studio:
        yield studio


def fans_of(result, catalogue, studio):
    return Fans(Bands(result, catalogue), Names(catalogue), studio)


@pytest.fixture(scope="module")
def fans(flagship, catalogue, studio):
    return fans_of(flagship, catalogue, studio)


@pytest.fixture(scope="module")
def bought(fans):
    return {figure.id: figure for figure in purchases_section(fans).figures}


@pytest.fixture(scope="module")
def shares(fans):
    return self_sufficiency_section(fans)


@pytest.fixture(scope="module")
def law(fans):
    return rule_map_section(fans)


@pytest.mark.parametrize(
    ("figure", "measure", "scope"),
    [
        ("bought-imports", "imports.chips", {}),
        ("bought-imports-compute", "imports.h100e.tpp", {}),
        ("bought-grey", "grey.chips", {}),
        ("bought-domestic", "sales.chips", {"origin": "domestic"}),
        ("bought-all", "sales.chips", {}),
    ],
)
def test_what_is_bought_is_what_the_result_has(flagship, bought, figure, measure, scope):
    by_year = flagship.by_year(measure, scope)
    assert bought[figure].table.rows == tuple(
        (year, *(amount(summary[level]) for level in LEVELS)) for year, summary in by_year.items()
    )


def test_the_fans_of_self_sufficiency_are_those_of_the_result(flagship, shares):
    tables = [figure.table.rows for figure in shares.figures]
    for definition in PUBLISHED:
        by_year = flagship.share_by_year(definition)
        assert tuple((year, *(percent(row[level]) for level in LEVELS)) for year, row in by_year.items()) in tables


def test_the_matrix_has_every_definition_and_the_numbers_of_the_result(flagship, shares):
    (table,) = shares.tables
    assert table.header == ("Definition", "2025", "2025, all", "2026", "2026, all", "2027", "2027, all")
    names = [name for name, _, _ in flagship.shares if name.startswith("self_sufficiency.")]
    assert len(table.rows) * 2 == len(names) == 108
    rows = {row[0]: row[1:] for row in table.rows}
    row = rows["Chips by value in service at the end of the year, made at home"]
    expected = [
        flagship.share_by_year(f"self_sufficiency.value.stock.made.{grey}")[year]
        for year, grey in itertools.product(("2025", "2026", "2027"), ("without_grey", "with_grey"))
    ]
    for cell, summary in zip(row, expected, strict=True):
        assert cell.startswith(whole_percent(summary["p50"]))
        assert cell.endswith(f"to {whole_percent(summary['p95'])})")


def test_published_shares_are_lettered_with_their_sources(catalogue, shares):
    marks = [mark for figure in shares.figures for mark in figure.marks]
    for series in itertools.chain.from_iterable(PUBLISHED.values()):
        record = catalogue.get("series", series, TimeSeries)
        for period, observed in record.values.items():
            value = float(observed.value.pooled.ppf(np.array([0.5]))[0])
            found = [mark for mark in marks if mark.text.startswith(f"{period}: {percent(value)}, {record.label}")]
            assert len(found) == 1
            assert {cited.id for cited in found[0].citations} == set(observed.value.estimates[0].sources)


def test_what_is_asked_for_is_what_the_target_says(flagship, shares):
    target = next(target for target in flagship.targets if target.measure.startswith("self_sufficiency."))
    asked = f"Asked for in {target.period}: at least {whole_percent(target.at_least)}."
    assert any(asked in figure.text for figure in shares.figures)
    drawn = [drawing.__html__() for figure in shares.figures for drawing in figure.drawings]
    assert any(f"{whole_percent(target.at_least)}, target {target.period}" in svg for svg in drawn)


def test_a_share_of_nothing_is_not_defined(flagship, catalogue, studio):
    nothing = {name: np.zeros_like(flagship.flows[name]) for name in ("sales", "revenue", "installed")}
    empty = replace(flagship, flows={**flagship.flows, **nothing})
    section = self_sufficiency_section(fans_of(empty, catalogue, studio))
    assert section.figures == ()
    assert {cell for row in section.tables[0].rows for cell in row[1:]} == {UNDEFINED}
    assert purchases_section(fans_of(empty, catalogue, studio)) is None


def test_a_share_that_few_draws_define_says_so(flagship, catalogue, studio):
    flows = {name: flagship.flows[name].copy() for name in ("sales", "revenue")}
    for flow in flows.values():
        flow[:, :, ::2] = 0.0
    half = replace(flagship, flows={**flagship.flows, **flows})
    section = self_sufficiency_section(fans_of(half, catalogue, studio))
    assert section.tables[0].rows[0][1].endswith(f"defined in {whole_percent(0.5)}")


def test_a_share_published_after_the_as_of_date_is_not_shown(flagship, catalogue, studio):
    early = replace(flagship, settings=replace(flagship.settings, as_of="2025-08-31"))
    section = self_sufficiency_section(fans_of(early, catalogue, studio))
    cited = {cited.published for figure in section.figures for mark in figure.marks for cited in mark.citations}
    assert cited
    assert max(cited) < "2025-09"


def test_the_map_classes_each_chip_as_the_law_does(catalogue, fans, law):
    rules = RuleSet(catalogue.all("rules", Rule))
    (figure,) = law.figures
    day = next(day for day in rules.turning_days if f"{day}" in figure.table.caption)
    chips = rule_map.placed(fans, rules, [e for _, e in rules.entries(day) if e.subject == "chip"])
    codes = classify_many(
        [chip.tpp for chip in chips],
        [chip.area for chip in chips],
        date=day,
        rules=rules.rules,
        data_centre=[chip.data_centre for chip in chips],
    ).codes
    assert [chip.class_name for chip in chips] == [CLASSES[code] for code in codes]
    assert len(figure.table.rows) == len(chips) > 40
    row = next(row for row in figure.table.rows if row[0].startswith("H20 "))
    assert row[1] == "2,368"
    assert row[-1] == "no class"


def test_the_lines_of_the_map_are_the_thresholds_of_the_law(catalogue, fans, law):
    rules = RuleSet(catalogue.all("rules", Rule))
    day = next(day for day in rules.turning_days if f"{day}" in law.figures[0].table.caption)
    entries = [entry for _, entry in rules.entries(day) if entry.subject == "chip"]
    plane = rule_map.cut(entries, rule_map.placed(fans, rules, entries))
    assert list(plane.x[1:-1]) == thresholds(entries, "tpp")
    assert list(plane.y[1:-1]) == thresholds(entries, "performance_density")
    for line in rule_map.lines(plane):
        edges = thresholds(entries, "tpp") if line["x"] == line["x2"] else thresholds(entries, "performance_density")
        assert (line["x"] if line["x"] == line["x2"] else line["y"]) in edges


def test_a_moved_threshold_moves_its_line(catalogue, flagship, studio):
    collections = {name: dict(records) for name, records in catalogue.collections.items()}
    name = "2023-10-performance-density"
    text = collections["rules"][name].model_dump_json(by_alias=True).replace("5.92", "7.77")
    collections["rules"][name] = Rule.model_validate_json(text)
    section = rule_map_section(fans_of(flagship, replace(catalogue, collections=collections), studio))
    svg = section.figures[0].drawings[0].__html__()
    assert "7.77 per mm²" in svg
    assert "5.92 per mm²" not in svg


def test_an_early_day_is_read_by_its_own_law(flagship, catalogue, studio):
    early = replace(flagship, settings=replace(flagship.settings, as_of="2023-03-31"))
    section = rule_map_section(fans_of(early, catalogue, studio))
    assert "limit on interconnect" in " ".join(section.text)
    assert "2023-01-17" in section.figures[0].table.caption


def test_every_figure_reads_out_its_numbers(bought, shares, law):
    for figure in (*bought.values(), *shares.figures, *law.figures):
        for drawing in figure.drawings:
            description = re.search(r"<desc[^>]*>(.*?)</desc>", drawing.__html__())[1]
            assert len(re.findall(r"\d", description)) > 20
        assert figure.table.rows


def test_a_chain_without_a_market_has_none_of_these_sections(tiny, catalogue):
    text = render(autarky.run(tiny, draws=16), catalogue)
    for name in ("bought", "self-sufficiency", "rules"):
        assert f'<section id="{name}"' not in text
    assert "Demand is not modelled." in text
    assert "Imports are not counted." in text


def test_the_limits_of_a_market_are_its_own(flagship, catalogue):
    text = render(flagship, catalogue)
    assert "Imports are not counted" not in text
    assert "Governments do not react." in text
    assert "changes nothing yet" not in text


def test_no_label_is_taken_for_html(flagship, catalogue):
    collections = {name: dict(records) for name, records in catalogue.collections.items()}
    series = collections["series"]
    for name in itertools.chain.from_iterable(PUBLISHED.values()):
        values = {
            period: observed.model_copy(update={"value": _noted(observed.value)})
            for period, observed in series[name].values.items()
        }
        series[name] = series[name].model_copy(update={"label": ATTACK, "values": values})
    for kind in ("chips", "rules", "countries"):
        for name, record in collections[kind].items():
            # The published shares stay with the region by its name.
            if name != "CN":
                collections[kind][name] = record.model_copy(update={"label": ATTACK})
    text = render(flagship, replace(catalogue, collections=collections))
    assert text.count("alert(1)") > 80
    assert ATTACK not in text


def _noted(quantity):
    return Quantity(quantity.unit, tuple(replace(estimate, note=ATTACK) for estimate in quantity.estimates))
