import itertools
import json
import os
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import autarky
from autarky.errors import InputError
from autarky.facts.catalogue import Catalogue
from autarky.report.page import command, render, write_report
from autarky.report.words import amount, chance, sentence, whole_percent

HOSTILE = "<script>alert(1)</script>"
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest"}
VOID = {"meta", "br", "rect", "line", "path", "circle", "input"}


class Page(HTMLParser):
    """What a browser would make of the page, as far as the tests ask."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.text = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def words(self):
        return re.sub(r"\s+", " ", "".join(self.text))


@pytest.fixture(scope="module")
def flagship_text(flagship, catalogue):
    return render(flagship, catalogue)


@pytest.fixture(scope="module")
def flagship_page(flagship_text):
    return Page(flagship_text)


@pytest.fixture(scope="module")
def weighed_page(weighed, catalogue):
    return Page(render(weighed, catalogue))


def plain(text):
    return re.sub(r"\s+", " ", text)


def test_the_headline_is_the_probability_of_the_first_target(flagship, flagship_page):
    met = flagship.target_results[0]
    said = plain(chance(met.probability, met.standard_error, flagship.effective_draws))
    assert f"({said}): {met.definition}." in flagship_page.words


@pytest.mark.parametrize("name", ["flagship", "weighed"])
def test_every_target_is_printed_with_the_probability_of_the_result(name, request):
    result, page = request.getfixturevalue(name), request.getfixturevalue(f"{name}_page")
    for met in result.target_results:
        said = plain(chance(met.probability, met.standard_error, result.effective_draws))
        assert re.search(re.escape(sentence(met.definition)) + r".{0,300}?" + re.escape(said), page.words)


@pytest.mark.parametrize("name", ["flagship", "weighed"])
def test_the_table_of_packages_holds_the_quantiles_of_the_result(name, request):
    result, page = request.getfixturevalue(name), request.getfixturevalue(f"{name}_page")
    for year, summary in result.by_year("production.chips").items():
        cells = " ".join(amount(summary[level]) for level in ("p5", "p25", "p50", "p75", "p95"))
        row = plain(cells).replace(" ", "")
        assert year + row in page.words.replace(" ", "")


def test_what_binds_is_the_bottleneck_of_the_result(flagship, flagship_page):
    for year, shares in flagship.bottleneck().items():
        memory = sum(share for name, share in shares.items() if name.startswith("memory"))
        if memory >= 0.005:
            assert re.search(rf"{year}:[^.]*memory in {re.escape(plain(whole_percent(memory)))}", flagship_page.words)


def test_the_page_says_whether_the_evidence_was_used(flagship, weighed, flagship_page, weighed_page):
    assert flagship.weights is None
    assert weighed.weights is not None
    assert "These numbers are the chain alone: 8 observations" in flagship_page.words
    assert "These numbers are weighed by one observation of the past" in weighed_page.words
    assert f"{weighed.effective_draws:,.0f} effective draws of {weighed.settings.draws:,}" in weighed_page.words


def test_the_probability_that_a_report_is_right_is_printed(weighed, weighed_page):
    (check,) = weighed.fit.checks
    for report in check.reports:
        if report.posterior >= 0.001:
            assert f"before and {plain(whole_percent(report.posterior))} after" in weighed_page.words


def test_every_source_that_is_cited_is_in_the_bibliography(flagship, flagship_page):
    listed = {attributes["id"].removeprefix("source-") for attributes in flagship_page.all("li") if "id" in attributes}
    used = {source for row in flagship.inputs for source in row.sources}
    used |= {source for target in flagship.targets for source in target.source}
    used |= {source for event in flagship.events for source in event[3]}
    used |= {source for check in flagship.fit.checks for report in check.reports for source in report.sources}
    assert used <= listed
    inside = [attributes["href"] for attributes in flagship_page.all("a") if attributes["href"].startswith("#")]
    ids = {attributes["id"] for _, attributes in flagship_page.elements if "id" in attributes}
    assert {address.removeprefix("#") for address in inside} <= ids


def test_every_input_is_in_the_table(flagship, flagship_page):
    for row in flagship.inputs:
        assert row.key in flagship_page.words
    assert f"{len(flagship.inputs)} uncertain inputs" in flagship_page.words


def test_every_event_is_listed(flagship, flagship_page):
    assert len(flagship.events) >= 10
    for date, label, _, _ in flagship.events:
        assert plain(f"{date}: {label}") in flagship_page.words


def test_an_event_after_the_as_of_date_is_not_shown(catalogue, flagship):
    known = replace(autarky.run(as_of="2026-02-28", draws=16), events=flagship.events)
    page = Page(render(known, catalogue))
    shown = [date for date, label, _, _ in flagship.events if plain(f"{date}: {label}") in page.words]
    assert shown
    assert max(shown) < "2026-03"


def test_nothing_is_loaded_from_anywhere(flagship_text, flagship_page):
    assert (
        flagship_page.all("link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form") == []
    )
    for _, attributes in flagship_page.elements:
        assert not LOADING & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    for attributes in flagship_page.all("a"):
        assert re.match(r"#|https?://", attributes["href"])
    style = re.search(r"<style>(.*?)</style>", flagship_text, re.DOTALL)[1]
    assert "@import" not in style
    assert "url(" not in style
    assert "@font-face" not in style


def test_the_security_policy_allows_only_the_page_itself(flagship_page):
    (policy,) = [m["content"] for m in flagship_page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_report_is_small(flagship_text):
    assert len(flagship_text.encode()) < 1_000_000


def test_the_page_can_be_found_about_in_without_seeing_it(flagship_text, flagship_page):
    (html,) = flagship_page.all("html")
    assert html["lang"]
    assert len(flagship_page.all("main")) == len(flagship_page.all("header")) == len(flagship_page.all("nav")) == 1
    assert len(flagship_page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in flagship_page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in attributes for attributes in flagship_page.all("th"))
    ids = [attributes["id"] for _, attributes in flagship_page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert ("a", {"class": "skip", "href": "#answer"}) in flagship_page.elements
    for svg in flagship_page.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and svg["aria-labelledby"])
    assert len(re.findall(r"<desc[^>]*>[^<]*\d", flagship_text)) == len(re.findall('role="img"', flagship_text))
    assert len(flagship_page.all("details")) >= len(flagship_page.all("figure"))


def test_the_same_result_gives_the_same_page(flagship, catalogue, flagship_text):
    assert render(flagship, catalogue) == flagship_text


def test_the_page_tells_how_to_get_it_again(flagship, catalogue, flagship_page):
    assert shlex.split(command(flagship)) == [
        "autarky",
        "run",
        "china-ai-chips",
        "--draws",
        "512",
        "--seed",
        "1",
        "--out",
        "out",
    ]
    for text in (flagship.settings.version, flagship.settings.catalogue, command(flagship)):
        assert text in flagship_page.words
    override = autarky.run(draws=2, overrides={"fabs.smic-7nm.utilisation": "0.9 to 0.95"}, seed=7, prior=True)
    words = shlex.split(command(override))
    assert words[words.index("--set") + 1] == 'fabs.smic-7nm.utilisation="0.9 to 0.95"'
    assert "--prior" in words


def test_the_scenario_on_the_page_gives_the_same_result(weighed, weighed_page, catalogue):
    text = render(weighed, catalogue)
    shown = Page(text[text.index("The scenario in full") :]).text
    scenario = json.loads(next(part for part in shown if part.lstrip().startswith("{")))
    again = autarky.run(scenario, draws=weighed.settings.draws, seed=weighed.settings.seed)
    assert [met.probability for met in again.target_results] == [met.probability for met in weighed.target_results]


def hostile(catalogue: Catalogue) -> Catalogue:
    """A catalogue whose every label, title and address is an attack."""
    collections = {name: dict(records) for name, records in catalogue.collections.items()}
    for name, records in collections.items():
        for record_id, record in records.items():
            fields = set(type(record).model_fields)
            update = {field: f"{HOSTILE} {record_id}" for field in ("label", "title", "publisher") if field in fields}
            if name == "sources":
                update |= {"url": "javascript:alert(1)", "no_url": HOSTILE, "relay_of": HOSTILE}
            records[record_id] = record.model_copy(update=update)
    return Catalogue(collections, catalogue.plain, catalogue.digest)


def test_nothing_is_taken_for_html(flagship, catalogue):
    scenario = {**flagship.settings.scenario, "description": HOSTILE, "reference_chip": HOSTILE}
    attacked = replace(
        flagship,
        settings=replace(flagship.settings, label=HOSTILE, name=HOSTILE, scenario=scenario, version=HOSTILE),
        targets=tuple(target.model_copy(update={"definition": HOSTILE}) for target in flagship.targets),
        inputs=tuple(replace(row, notes=(HOSTILE,), unit=HOSTILE, month=HOSTILE) for row in flagship.inputs),
        events=tuple((date, HOSTILE, HOSTILE, sources) for date, _, _, sources in flagship.events),
        notes=(HOSTILE, '"><img src=x onerror=alert(1)>'),
    )
    text = render(attacked, hostile(catalogue))
    page = Page(text)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert text.count("alert(1)") > 100
    for _, attributes in page.elements:
        assert "javascript:" not in (attributes.get("href") or "")
        assert not any(name.startswith("on") for name in attributes)
    inside = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    assert "alert" not in inside


def test_a_report_that_breaks_off_leaves_the_previous_one(flagship, catalogue, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the previous report", encoding="utf-8")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(flagship, catalogue, path)
    assert path.read_text(encoding="utf-8") == "the previous report"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_is_written_where_asked(tiny, catalogue, tmp_path):
    path = tmp_path / "new" / "folder" / "report.html"
    assert write_report(autarky.run(tiny, draws=16), catalogue, path) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("horizon", "draws"),
    [
        (("2025-01", "2026-12"), 1),
        (("2025-02", "2025-08"), 64),
        (("2025-03", "2025-03"), 8),
        (("2025-01", "2025-12"), 64),
    ],
)
def test_a_chain_without_targets_or_evidence_has_a_report_too(tiny, catalogue, horizon, draws):
    scenario = {**tiny, "horizon": dict(zip(("start", "end"), horizon, strict=True))}
    page = Page(render(autarky.run(scenario, draws=draws), catalogue))
    assert "names no evidence" in page.words
    assert "A tiny chain" in page.words


def test_a_target_with_a_plain_threshold_is_explained(tiny, catalogue):
    target = {
        "name": "many",
        "definition": "more than 100,000 packages in 2026",
        "measure": "production.chips",
        "period": "2026",
        "at_least": 100_000,
    }
    page = Page(render(autarky.run({**tiny, "targets": [target]}, draws=64), catalogue))
    assert "at least 100,000" in page.words
    assert "“target 2026”" in page.words


def test_a_measure_that_no_scenario_knows_is_an_error_not_an_empty_chart(weighed, catalogue):
    from autarky.report.bands import Bands

    with pytest.raises(InputError):
        Bands(weighed, catalogue).band("production.cats")
