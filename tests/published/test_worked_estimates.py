"""Supply estimates that others have published, from their own inputs through the ordinary stages.

Each test names the report and the place of the figure in it. Months are alike and lags are left out unless the report
states them, as its authors did; packaging never binds unless the report says so.
"""

import pytest


def about(value, tolerance):
    return pytest.approx(value, rel=tolerance)


def test_semianalysis_1_6m_910c_from_13m_stacks(report):
    # SemiAnalysis, "Huawei AI CloudMatrix 384", 16 April 2025, and "Huawei Ascend Production Ramp", 8 September 2025,
    # sections on memory: 13M stacks by all routes are enough for 1.6M 910C with eight stacks each.
    ledger = report(2025).die("910b-die").bank("plenty", "910b-die", "10M die")
    ledger.stacks("all-routes", "hbm2e", "13M stack").chip("910c", {"910b-die": 2}, memory_types=["hbm2e"], stacks="8")
    assert ledger.total("production.chips") == about(1.625e6, 1e-6)
    assert ledger.total("production.chips") == about(1.6e6, 0.02)
    assert ledger.result.bottleneck() == {"2025": {"memory: hbm2e": 1.0}}


def test_semianalysis_2_9m_dies_make_800k_910b_and_1_05m_910c(report):
    # SemiAnalysis, "Huawei AI CloudMatrix 384", 16 April 2025, section on production: the stocked dies are enough for
    # 800k 910B (one die) and 1.05M 910C (two dies) in 2024 and 2025.
    bank = report(2024, 2025).die("910b-die").bank("stocked", "910b-die", "2.9M die")
    bank.chip("910b", {"910b-die": 1}, die_share="0.8").chip("910c", {"910b-die": 2}, die_share="2.1")
    assert bank.total("production.chips", chip="910b") == about(800e3, 1e-6)
    assert bank.total("production.chips", chip="910c") == about(1.05e6, 1e-6)
    assert bank.total("production.dies") == about(2.9e6, 1e-6)
    assert bank.total("stock.dies") == pytest.approx(0, abs=1)


@pytest.mark.parametrize(("survives", "chips"), [("100%", 1.0e6), ("75%", 750e3)])
def test_csis_2m_dies_make_1m_910c_of_which_750k_survive(report, survives, chips):
    # CSIS, March 2025, as relayed by Implicator ("The great chip heist") and Wccftech: two million dies, two to a
    # chip, three quarters of the chips survive packaging.
    bank = report(2025).die("910b-die").bank("via-sophgo", "910b-die", "2M die")
    bank.chip("910c", {"910b-die": 2}, package_yield=survives)
    assert bank.total("production.chips") == about(chips, 1e-6)


@pytest.mark.parametrize(
    ("placement", "edge_exclusion", "street", "dies", "tolerance"),
    [
        ("area_minus_edge", "0 mm", "0 mm", 80.4, 0.031),
        ("area_minus_edge", "3 mm", "0 mm", 76.7, 0.031),
        ("exact", "3 mm", "0.1 mm", 85, 0.09),
    ],
)
def test_morgan_stanley_78_dies_per_wafer(report, placement, edge_exclusion, street, dies, tolerance):
    # Morgan Stanley, September 2025, as relayed by Wccftech and The Filibuster: 78 dies of the 910B, 39 pairs for the
    # 910C. The die is measured, 21.32 x 31.22 mm; the edge and the street are not published.
    wafer = report(2025).add(
        "processes", "reported-7nm", foundry="SMIC", node_class="7 nm", wafer_diameter="300 mm",
        edge_exclusion=edge_exclusion, scribe=street,
    )  # fmt: skip
    sides = {"area": "665.61 mm**2", "width": "21.32 mm", "height": "31.22 mm"}
    wafer.die("910b-die", process="reported-7nm", placement=placement, **sides)
    wafer.fab("line", "1k wafer/month", {"910b-die": {"mix": 1, "yield": "100%"}}, process="reported-7nm")
    wafer.chip("910c", {"910b-die": 2})
    per_wafer = wafer.total("good_dies") / wafer.total("wafers")
    assert per_wafer == about(dies, 1e-3)
    assert per_wafer == about(78, tolerance)


def test_morgan_stanley_39_pairs_per_wafer(report):
    # The same note: 78 dies are 39 packages of two.
    wafer = report(2025).die("910b-die", gross_dies="78 die/wafer")
    wafer.fab("line", "1k wafer/month", {"910b-die": {"mix": 1, "yield": "100%"}}).chip("910c", {"910b-die": 2})
    assert wafer.total("production.chips") / wafer.total("wafers") == about(39, 1e-6)


@pytest.mark.parametrize(("gross_dies", "good"), [(78, 936e3), (75, 900e3)])
def test_expert_call_900k_dies_from_5k_wafers(report, gross_dies, good):
    # Expert call of 7 September 2025 (Reportify, "Where could China accumulate its AI chips?"): 5k wafers a month for
    # AI at a yield of 20 % give about 900k dies a year. Its dies per wafer are not said; 78 is Morgan Stanley's count.
    line = report(2025).die("ai-die", gross_dies=f"{gross_dies} die/wafer")
    line.fab("smic", "5k wafer/month", {"ai-die": {"mix": 1, "yield": "20%"}}).chip("ai-chip", {"ai-die": 1})
    assert line.total("good_dies") == about(good, 1e-6)
    assert line.total("good_dies") == about(900e3, 0.041)


@pytest.mark.parametrize(("year", "dies", "goal"), [(2025, "1.0M die", 300e3), (2026, "1.6M die", 600e3)])
def test_bloomberg_goals_leave_400k_single_die_parts(report, year, dies, goal):
    # Bloomberg, 29 September 2025, as relayed by the Japan Times and The News: dies of all models, with stock, and
    # 910C packages. What is left for parts of one die is 0.4M in both years; the report does not print it.
    plan = report(year).die("910b-die").bank("all-models", "910b-die", dies)
    plan.line("910c-goal", capacity=f"{goal / 12} chip/month").chip("910c", {"910b-die": 2}, line="910c-goal")
    assert plan.total("production.chips") == about(goal, 1e-6)
    assert plan.total("stock.dies") == about(400e3, 1e-6)


@pytest.mark.parametrize(
    ("chips", "rate", "zettaflops"), [("1.5M die", "400 TFLOPS", 0.6), ("4M die", "4500 TFLOPS", 18.0)]
)
def test_bernstein_adds_compute_up(report, chips, rate, zettaflops):
    # Bernstein (S. Rasgon), December 2025, relayed as "US adds more compute": 1.5M Chinese chips of 0.4 PFLOPS and
    # 4M Blackwell of 4.5 PFLOPS. Counted here in packages of one PFLOPS.
    added = report(2025, reference_chip="one-petaflops").die("die").bank("output", "die", chips)
    added.chip("chip", {"die": 1}, about={"dense": {"bf16": rate}})
    unit = {"vendor": "unit", "designed_in": "US", "status": "roadmap", "dense": {"bf16": "1000 TFLOPS"}}
    added.add("chips", "one-petaflops", **unit)
    assert added.total("production.h100e.dense_16bit") / 1e6 == about(zettaflops, 1e-6)


def test_idc_shares_of_cards_in_2025(report):
    # IDC as reported by Reuters, 1 April 2026: 2.2M Nvidia, 1.65M domestic and 0.16M AMD cards of about 4.0M; printed
    # as 55, 41 and 4 %. Cards shipped in China, not chips made there.
    market = report(2025)
    for vendor, designed_in, cards in (("nvidia", "US", "2.2M"), ("domestic", "CN", "1.65M"), ("amd", "US", "0.16M")):
        market.die(f"{vendor}-die").bank(vendor, f"{vendor}-die", f"{cards} die")
        market.chip(f"{vendor}-card", {f"{vendor}-die": 1}, vendor=vendor, designed_in=designed_in)
    cards = market.total("production.chips")
    assert cards == about(4.0e6, 0.003)
    assert round(100 * market.total("production.chips", vendor="nvidia") / cards) == 55
    assert round(100 * market.total("production.chips", designed_in="CN") / cards) == 41
    assert round(100 * market.total("production.chips", vendor="amd") / cards) == 4


def test_h200_is_6_7_times_the_h20(report):
    # Tencent Technology, "Delivery of H200 in China accelerates", 24 December 2025: TPP is the dense rate times the
    # bit length, 989.5 x 16 = 15,832 for the H200, 6.7 times the H20 (148 x 16 = 2,368).
    pair = report(2025, reference_chip="h20-reported").die("gh100-reported").bank("dies", "gh100-reported", "2M die")
    pair.chip("h200-reported", {"gh100-reported": 1}, about={"dense": {"bf16": "989.5 TFLOPS"}})
    pair.chip("h20-reported", {"gh100-reported": 1}, about={"dense": {"bf16": "148 TFLOPS"}})
    h200, h20 = (
        pair.total("production.h100e.tpp", chip=chip) / pair.total("production.chips", chip=chip)
        for chip in ("h200-reported", "h20-reported")
    )
    assert h20 == about(1, 1e-6)
    assert h200 == about(15_832 / 2_368, 1e-6)
    assert round(h200, 1) == 6.7
