import numpy as np
import pytest

from autarky.quantities.months import parse_month
from autarky.report.bands import MONTH, QUARTER, YEAR, Bands, period_label
from autarky.report.names import Names
from autarky.report.timeline import lanes_of, moment


@pytest.fixture(scope="module")
def bands(weighed, catalogue):
    return Bands(weighed, catalogue)


@pytest.mark.parametrize("measure", ["production.chips", "good_dies", "capacity", "stock.dies"])
def test_a_band_by_year_is_the_summary_of_the_result(bands, weighed, measure):
    band = bands.band(measure, step=YEAR)
    expected = weighed.by_year(measure)
    assert list(band.labels) == list(expected)
    for year in band.labels:
        assert band.row(year) == pytest.approx({name: expected[year][name] for name in band.row(year)})


def test_a_flow_by_quarter_adds_up_three_months(bands, weighed):
    band = bands.band("production.chips", step=QUARTER)
    values = weighed.by_period("production.chips", "2025Q2")
    assert band.row("2025Q2")["p50"] == pytest.approx(float(weighed.quantiles(values, [0.5])[0]))
    assert len(band.labels) == weighed.months.size // 3


def test_flows_stand_in_the_middle_of_their_period_and_stocks_at_its_end(bands):
    assert bands.band("production.chips", step=YEAR).positions[0] == 2022.5
    assert bands.band("capacity", step=YEAR).positions[0] == 2023.0
    assert bands.band("capacity", step=MONTH).positions[0] == pytest.approx(2022 + 1 / 12)


def test_periods_are_named_by_their_calendar():
    start = parse_month("2026-04")
    assert (period_label(start, QUARTER), period_label(start, MONTH)) == ("2026Q2", "2026-04")
    assert period_label(parse_month("2026-01"), YEAR) == "2026"


def test_reports_stand_inside_the_year_that_they_are_about(bands):
    marks = bands.reports("production.chips", {"vendor": "huawei"}, YEAR)
    check = bands.result.fit.checks[0]
    assert sorted(mark.value for mark in marks) == sorted(report.value for report in check.reports)
    assert all(2024 < mark.position < 2025 and mark.low < mark.value < mark.high for mark in marks)


def test_reports_are_shown_on_no_other_measure_or_scope(bands):
    assert bands.reports("production.chips", {}, YEAR) == []
    assert bands.reports("production.dies", {"vendor": "huawei"}, YEAR) == []
    assert bands.reports("production.chips", {"vendor": "huawei"}, QUARTER) == []


def test_a_target_asks_for_its_multiple_of_the_base(bands, weighed):
    (mark,) = bands.targets("production.chips", {}, YEAR)
    low, middle, high = weighed.quantiles(3 * weighed.by_period("production.chips", "2025"), [0.05, 0.5, 0.95])
    assert mark.needed == pytest.approx((low, middle, high))
    assert (mark.position, mark.text) == (2026.5, "3 × 2025")


def test_a_target_on_a_stock_stands_at_the_end_of_its_month(bands):
    (mark,) = bands.targets("capacity", {"fab": "smic-7nm"}, QUARTER)
    assert mark.position == pytest.approx(2027.0)


def test_what_the_draws_have_is_compared_draw_by_draw(bands, weighed):
    target = weighed.targets[0]
    made, before = (weighed.by_period("production.chips", year) for year in ("2026", "2025"))
    assert bands.figures(target).times == pytest.approx(tuple(weighed.quantiles(made / before, [0.05, 0.5, 0.95])))
    assert bands.figures(target).value == pytest.approx(tuple(weighed.quantiles(made, [0.05, 0.5, 0.95])))


def test_a_partial_date_stands_in_the_middle_of_what_it_may_mean():
    assert moment("2026") == 2026.5
    assert moment("2026-01") == pytest.approx(2026 + 0.5 / 12)
    assert moment("2026-12-31") == pytest.approx(2027, abs=0.003)
    assert moment("2024-02-29") < moment("2024-03-01")


def test_events_that_would_touch_go_to_different_lanes():
    places = [0.0, 5.0, 10.0, 30.0, 31.0, 60.0]
    lanes = lanes_of(places)
    for lane in set(lanes):
        inside = [place for place, chosen in zip(places, lanes, strict=True) if chosen == lane]
        assert np.all(np.diff(inside) >= 20)
    assert lanes_of([]) == []


def test_names_are_spelled_as_the_catalogue_spells_them(catalogue):
    names = Names(catalogue)
    assert names.vendor("t-head", ["t-head-zhenwu-810e"]) == "T-Head"
    assert names.vendor("nobody-knows", []) == "Nobody knows"
    assert names.publisher("semianalysis") == "SemiAnalysis"
    assert names.publisher("ft") == "Financial Times"
    assert names.publisher("expert-call") == "Expert call"
    assert names.constraint("dies").startswith("Dies")
    assert names.constraint("memory: hbm2e or hibl-1") == "Memory: HBM2E or HiBL 1.0"


def test_a_source_that_the_catalogue_lacks_is_named_and_not_linked(catalogue):
    names = Names(catalogue)
    assert names.cite("scenario").short == "set in the scenario"
    assert names.cite("never-heard-of").short == "never-heard-of"
    assert not names.cite("never-heard-of").url
    assert {citation.id for citation in names.bibliography()} == {"scenario", "never-heard-of"}
