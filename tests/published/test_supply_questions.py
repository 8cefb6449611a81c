"""Public questions about supply figures: both figures reproduced through the ordinary stages, and the slip named."""

import numpy as np
import pytest

import autarky
from autarky.errors import InputError
from autarky.facts.catalogue import value_of
from autarky.quantities.draws import Streams
from autarky.quantities.parse import Spec, parse_quantity


def about(value, tolerance=1e-6):
    return pytest.approx(value, rel=tolerance)


def series(name, period):
    """Return a value of a published series, in the series' unit."""
    return value_of(autarky.load_catalogue().collections["series"][name].values[period].value)


# ------------------------------------------------------------------ 200k, 805k or 812k Ascend chips in 2025


def test_an_official_bound_on_output_and_the_count_of_packages_are_both_right(report):
    # itnews, June 2025: an official says that Huawei cannot make more than 200,000 AI chips in 2025. SemiAnalysis,
    # 8 September 2025: 805k packages, 653k of them 910C. What is made at home stays within the bound; the rest of
    # the dies comes from stock bought abroad. The slip is to hold one against the other.
    year = report(2025).die("910b-die", gross_dies="78 die/wafer")
    year.fab("domestic-lines", "2136.75 wafer/month", {"910b-die": {"mix": 1, "yield": "20%"}})
    year.bank("bought-abroad", "910b-die", "1.058M die")
    year.line("910c-line", capacity=f"{653e3 / 12} chip/month").line("910b-line", capacity=f"{152e3 / 12} chip/month")
    year.chip("910c", {"910b-die": 2}, line="910c-line", die_share="1306")
    year.chip("910b", {"910b-die": 1}, line="910b-line", die_share="152")
    assert year.total("good_dies") / 2 == about(200e3, 1e-4)
    assert year.total("production.chips") == about(805e3, 1e-4)
    assert year.total("production.dies") == about(653e3 * 2 + 152e3, 1e-4)
    assert year.total("bank_dies") > 2 * year.total("good_dies")


def test_the_catalogue_keeps_the_bound_the_packages_and_the_cards_apart():
    # IDC via Reuters, 1 April 2026: 812k Huawei cards shipped in China. Close to 805k packages made, by coincidence:
    # they are alternatives of one observation, and the official figure is an upper bound, not a third count. One
    # paper printed "next year" for 2025.
    observation = autarky.load_catalogue().collections["observations"]["huawei-ascend-units-2025"]
    assert observation.period == "2025"
    counts = {estimate.sources[0]: estimate for estimate in observation.estimates.estimates}
    assert value_of_estimate(counts["semianalysis-2025-09-ascend-production-ramp"]) == about(805e3, 0.02)
    assert value_of_estimate(counts["idc-2026-04-china-accelerators-2025"]) == about(812e3, 0.02)
    assert "cards" in counts["idc-2026-04-china-accelerators-2025"].note
    (bound,) = observation.at_most.estimates
    assert value_of_estimate(bound) == about(200e3, 0.02)
    assert "foreign dies" in bound.note


def value_of_estimate(estimate):
    return float(estimate.distribution.ppf(0.5))


# ------------------------------------------------------------------ 3k wafers a month x 30 good dies


def test_90k_a_month_are_dies_and_not_910c(report):
    # Sino Defence Forum, Chinese semiconductor thread II, page 398 (2024): "90k AI chips a month" from 3k wafers for
    # the 910C with 30 usable dies each. 90k is right for dies; a 910C takes two. 82 whole dies of 26 x 25.6 mm fit a
    # wafer, and 30 of them are 37 %.
    def wafers(dies_per_chip):
        line = report(2024).add(
            "processes", "7nm", foundry="SMIC", node_class="7 nm", edge_exclusion="3 mm", scribe="0.1 mm"
        )
        line.die("die", width="26 mm", height="25.6 mm", area="665.6 mm**2", process="7nm")
        line.fab("line", "3k wafer/month", {"die": {"mix": 1, "yield": f"{100 * 30 / 82} %"}}, process="7nm")
        return line.chip("chip", {"die": dies_per_chip})

    read_as_chips, two_dies = wafers(1), wafers(2)
    assert read_as_chips.total("good_dies") / 12 == about(90e3)
    assert read_as_chips.total("production.chips") == about(1.1e6, 0.02)
    assert two_dies.total("production.chips") / 12 == about(45e3)
    assert two_dies.total("production.chips") == about(540e3)


# ------------------------------------------------------------------ 140k CoWoS wafers make 4.5M units


@pytest.mark.parametrize(("packages_per_wafer", "dies_per_package", "packages"), [(16, 2, 2.24e6), (29, 1, 4.06e6)])
def test_4_5m_units_from_140k_cowos_wafers_are_dies(report, packages_per_wafer, dies_per_package, packages):
    # redplanx.com, news item 2687134 (2025): 140k CoWoS wafers, 16 B200 or 29 H100 or H200 each, "near 4.5M units".
    # Neither product gives that; 140k x 16 x 2 dies does.
    booked = report(2025).die("die").bank("plenty", "die", "100M die")
    booked.line("cowos", wafers=f"{140e3 / 12} wafer/month")
    booked.chip("chip", {"die": dies_per_package}, line="cowos", packages_per_wafer=f"{packages_per_wafer} chip/wafer")
    assert booked.total("production.chips") == about(packages)
    assert booked.result.bottleneck() == {"2025": {"packaging: cowos": 1.0}}
    claimed = 4.5e6
    assert abs(packages / claimed - 1) > 0.09
    if dies_per_package == 2:
        assert booked.total("production.dies") == about(claimed, 0.005)


# ------------------------------------------------------------------ 93 % or over 100 % by 2028


def test_93_and_103_percent_have_different_numerators():
    # Bernstein, December 2025, via aigazine.com: in 2028 demand of 88bn USD, domestic supply of 91bn, domestic sales
    # of 82bn. Supply over demand is 103 %, the share of sales 93 %; the series say which is which, and both are money.
    demand = {year: series("china-ai-chip-demand-2025-12", year) for year in ("2027", "2028")}
    supply = {year: series("china-domestic-ai-chip-supply-2025-12", year) for year in ("2027", "2028")}
    sales = series("china-domestic-ai-chip-sales-2025-12", "2028")
    assert round(100 * supply["2028"] / demand["2028"]) == 103
    assert round(100 * sales / demand["2028"]) == 93
    assert round(100 * supply["2027"] / demand["2027"]) == 57
    shares = autarky.load_catalogue().collections["series"]
    of_sales = shares["localisation-bernstein-2025-12"].scope
    over_demand = shares["localisation-bernstein-supply-over-demand"].scope
    assert (over_demand["basis"], of_sales["basis"]) == ("value", "value")
    assert over_demand["counts"] != of_sales["counts"]


# ------------------------------------------------------------------ 0.7M or 1.0M H20 in stock


@pytest.mark.parametrize("at_the_test_house", [200e3, 300e3])
def test_h20_not_yet_tested_are_no_stock(report, at_the_test_house):
    # Reportify, social-media item 698531939037941, mid-2025: 0.7M H20 finished, 0.2M to 0.3M more from a test house,
    # "0.9M to 1.0M". The sum adds packages under way to finished ones. Sales of 13bn USD at 12k USD, 1.08M, are a
    # year's forecast and a third thing again.
    year = report(2025).die("gh100-reported").line("line", lag="2 month")
    for name, month, amount in (("finished", 1, 700e3), ("under-way", 11, at_the_test_house)):
        when = {"from": f"2025-{month:02}", "until": f"2025-{month + 1:02}", "amount": f"{amount} die"}
        year.add("die_banks", name, die="gh100-reported", deliveries=[when])
    year.chip("h20-reported", {"gh100-reported": 1}, line="line")
    stock, started = year.result.by_period("installed.chips", "2025")[0], year.total("bank_dies")
    assert stock == about(700e3)
    assert started == about(700e3 + at_the_test_house)
    forecast_sales = 13e9 / 12e3
    assert stock < started < forecast_sales


# ------------------------------------------------------------------ 41 %, over half, or less again


@pytest.mark.parametrize(("ascend", "share_of_tpp"), [("910b", 0.60), ("910c", 0.71)])
def test_self_sufficiency_of_2025_depends_on_what_is_counted(report, ascend, share_of_tpp):
    # IDC via Reuters, 1 April 2026: 2.2M Nvidia, 0.16M AMD and 1.65M domestic cards, 812k of them Huawei's. The mix is
    # an assumption, exposed here: all Nvidia cards H20, AMD's with the same TPP, all Huawei cards one model, the others
    # of 4,000 TPP and 1.2 TB/s. Shares by units, by TPP and by memory bandwidth of the same cards.
    rates = {"910b": ("376 TFLOPS", "1600 GB/s", 1), "910c": ("752 TFLOPS", "3200 GB/s", 2)}
    bf16, bandwidth, dies = rates[ascend]
    market = report(2025, reference_chip="h20-card")
    for name, cards, per_card, designed_in, rate, speed in (
        ("h20-card", 2.2e6, 1, "US", "148 TFLOPS", "4000 GB/s"),
        ("mi308x-card", 0.16e6, 1, "US", "148 TFLOPS", "5300 GB/s"),
        ("ascend-card", 0.812e6, dies, "CN", bf16, bandwidth),
        ("other-card", 0.838e6, 1, "CN", "250 TFLOPS", "1200 GB/s"),
    ):
        market.die(f"{name}-die").bank(f"{name}-bank", f"{name}-die", f"{cards * per_card} die")
        market.chip(
            name, {f"{name}-die": per_card}, designed_in=designed_in,
            about={"dense": {"bf16": rate}, "memory": {"bandwidth": speed}},
        )  # fmt: skip

    def domestic(measure):
        return market.total(measure, designed_in="CN") / market.total(measure)

    assert domestic("production.chips") == about(0.41, 0.01)
    assert domestic("production.h100e.tpp") == about(share_of_tpp, 0.02)
    assert domestic("production.h100e.memory_bandwidth") < domestic("production.h100e.tpp") - 0.2


# ------------------------------------------------------------------ SMIC's 1.06M wafers a month


def test_smic_capacity_is_in_8_inch_equivalents_of_every_node():
    # SMIC's results of February 2026: 1.059M 8-inch equivalents a month are 471k 12-inch wafers of all nodes. The
    # 16k added in the quarter are real 12-inch wafers, 36k equivalents.
    all_nodes = autarky.load_catalogue().collections["fabs"]["smic-all-nodes"]
    ((_, capacity),) = all_nodes.capacity.knots
    assert value_of(capacity) == about(471e3, 0.002)
    assert all_nodes.dies == {}
    added = series("smic-capacity", "2025Q4") - series("smic-capacity", "2025Q3")
    assert added == about(16e3, 0.001)
    assert added * 2.25 == about(36e3, 0.001)


def test_smic_shipments_and_utilisation_have_different_bases(report):
    # The same results: 9.70M 8-inch equivalents shipped in 2025 are 81 % of twelve times the mean of the capacities at
    # the start and at the end of the year, not the 93.5 % reported as utilisation. Neither follows from the other.
    start, end = series("smic-capacity", "2024Q4"), series("smic-capacity", "2025Q4")
    shipped = sum(series("smic-wafers-shipped", f"2025Q{quarter}") for quarter in (1, 2, 3, 4))
    assert shipped * 2.25 == about(9.70e6, 0.001)
    assert shipped / (12 * (start + end) / 2) == about(0.81, 0.01)
    year = report(2025).die("die", gross_dies="78 die/wafer")
    path = {"2025-01": f"{start} wafer/month", "2025-12": f"{end} wafer/month"}
    year.fab("smic", path, {"die": {"mix": 1, "yield": "50%"}}, utilisation="93.5%").chip("chip", {"die": 1})
    assert shipped / year.total("wafers") == about(0.81 / 0.935, 0.01)


# ------------------------------------------------------------------ CXMT's 60,000 wafers


def cxmt(report, capacity):
    year = report(2026).die("die").bank("plenty", "die", "100M die")
    wafers = {
        "capacity": capacity, "dies_per_wafer": "450 die/wafer", "layers": 8,
        "front_end_yield": "35%", "back_end_yield": "70%",
    }  # fmt: skip
    year.add("memory_supplies", "cxmt", memory_type="hbm3-cxmt", country="CN", wafers=wafers)
    return year.chip("chip", {"die": 2}, memory_types=["hbm3-cxmt"], stacks="8")


def test_wafers_without_a_period_are_an_error(report):
    # SemiWiki, 10 February 2026: CXMT moves "20 % of output, about 60,000 wafers" to HBM3. 20 % of 300k a month is 60k
    # a month, though no period is printed. The unit is asked for and never guessed.
    with pytest.raises(InputError) as error:
        cxmt(report, "60k wafer").total("stacks")
    (problem,) = error.value.problems
    assert problem.field == "memory_supplies.cxmt.wafers.capacity"
    assert "wafer cannot be converted to wafer/month" in str(problem)
    assert "give it in wafer/month" in str(problem)


def test_the_missing_period_is_a_factor_of_twelve(report):
    monthly, yearly = cxmt(report, "60k wafer/month"), cxmt(report, "60k wafer/year")
    assert monthly.total("stacks") == about(12 * yearly.total("stacks"))
    moved = 0.20 * 300e3
    assert moved == about(60e3)
    assert monthly.total("stacks") == about(moved * 12 * 450 * 0.35 / 8 * 0.70)


# ------------------------------------------------------------------ percentiles of two designers added up


def test_percentiles_add_up_only_where_everything_moves_together():
    # A public site sums the 5th and the 95th percentiles of Nvidia's and AMD's fleets at the end of June 2026 (values
    # of a public test fixture). That is the interval of one common level; independent fleets give a narrower one, so
    # totals are summed draw by draw before any quantile is taken.
    nvidia, amd = (
        parse_quantity(raw, Spec("h100e")).pooled
        for raw in (
            {"p5": "19M h100e", "p50": "20.987084M h100e", "p95": "23M h100e"},
            {"p5": "1.515759M h100e", "p50": "1.739995M h100e", "p95": "1.987064M h100e"},
        )
    )
    streams = Streams(1, ("nvidia", "amd"))
    one, other = (streams.uniform(key, 0, 16_384) for key in ("nvidia", "amd"))
    together = np.quantile(nvidia.ppf(one) + amd.ppf(one), [0.05, 0.95])
    apart = np.quantile(nvidia.ppf(one) + amd.ppf(other), [0.05, 0.95])
    assert together == about([20.52e6, 24.99e6], 5e-4)
    assert apart == about([20.73e6, 24.76e6], 2e-3)


def test_the_quarter_that_is_not_over_is_marked():
    # The same table flags its last quarter as incomplete: so does every series here that was read from it.
    values = autarky.load_catalogue().collections["series"]["epoch-google-tpu-v7-units"].values
    assert {period for period, value in values.items() if value.incomplete} == {"2026Q1"}
