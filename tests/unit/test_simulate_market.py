"""The market half of the chain on a small market whose every number can be worked out by hand."""

import numpy as np
import pytest

import autarky
from autarky.errors import ScenarioError
from autarky.fiscal import fiscal_quarters
from small_market import event, lever, market


def run(**about):
    return autarky.run(market(**about), draws=1, workers=1)


def monthly(result, measure, **scope):
    return result.monthly(measure, scope)[:, 0]


@pytest.fixture(scope="module")
def plain():
    return run()


def test_until_the_record_ends_imports_are_the_record(plain):
    np.testing.assert_allclose(monthly(plain, "imports.chips")[:6], [50, 50, 50, 20, 20, 20])


def test_after_it_imports_are_what_is_offered_if_all_is_bought(plain):
    # 1M USD buys 400 own chips (400k) and 100 foreign ones (200k), and 400k stay unspent.
    np.testing.assert_allclose(monthly(plain, "imports.chips")[6:], 100)
    np.testing.assert_allclose(monthly(plain, "unmet")[6:], 400e3, rtol=1e-6)


def test_all_that_is_made_is_sold_while_there_is_demand(plain):
    np.testing.assert_allclose(monthly(plain, "sales.chips", origin="domestic"), monthly(plain, "production.chips"))
    assert not monthly(plain, "unsold").any()


def test_chips_are_told_apart_by_where_their_dies_were_made(plain):
    # 300 dies a month from the fab at home, 100 from the bank.
    np.testing.assert_allclose(monthly(plain, "sales.chips", origin="domestic", made="home"), 300)
    np.testing.assert_allclose(monthly(plain, "sales.chips", origin="domestic", made="abroad"), 100)


def test_the_grey_channel_is_apart(plain):
    np.testing.assert_allclose(monthly(plain, "grey.chips"), 20)
    np.testing.assert_allclose(monthly(plain, "grey.value"), 40e3)
    assert monthly(plain, "sales.chips").sum() == pytest.approx(12 * 420 + 150 + 60 + 600)


def test_revenue_is_what_vendors_take_without_the_grey_channel(plain):
    np.testing.assert_allclose(monthly(plain, "revenue", vendor="own-vendor"), 400e3)
    np.testing.assert_allclose(monthly(plain, "revenue", vendor="foreign-vendor")[6:], 200e3)


def test_what_is_in_service_is_all_that_came(plain):
    assert plain.by_period("installed.chips", "2025-12")[0] == pytest.approx(12 * 420 + 150 + 60 + 600)
    assert plain.by_period("installed.h100e.dense_16bit", "2025-12")[0] == pytest.approx(12 * 440 + 2 * 810)


def test_every_definition_of_self_sufficiency_has_its_own_answer(plain):
    def share(name, period="2025H2"):
        return plain.share(f"self_sufficiency.{name}", period).values[0]

    # Six months: 1,800 with dies from home, 600 with foreign ones, 600 imported, 120 past the rules.
    assert share("units.flow.designed.without_grey") == pytest.approx(2400 / 3000)
    assert share("units.flow.made.without_grey") == pytest.approx(1800 / 3000)
    assert share("units.flow.designed.with_grey") == pytest.approx(2400 / 3120)
    assert share("value.flow.designed.without_grey") == pytest.approx(2400 / (2400 + 2 * 600))
    assert share("dense_16bit.flow.made.with_grey") == pytest.approx(1800 / (2400 + 2 * 720))
    assert share("value.stock.designed.with_grey", "2025") == pytest.approx(4800 / (4800 + 2 * (810 + 240)))


def test_compute_is_held_against_that_elsewhere(plain):
    assert plain.share("relative.dense_16bit", "2025", {"holder": "world"}).values[0] == pytest.approx(6900 / 10_000)


def test_rent_abroad_is_no_import(plain):
    np.testing.assert_allclose(monthly(plain, "rented"), 50)


def test_a_licence_lets_a_share_through_and_strands_the_rest():
    result = run(events=[event(lever("licence_status", 0.25, chips=["foreign"]))])
    np.testing.assert_allclose(monthly(result, "imports.chips")[6:], [100, 100, 25, 25, 25, 25])
    # Six months of what was on offer, at cost: 600 x 500 USD x 0.75.
    assert monthly(result, "write_downs").sum() == pytest.approx(225e3)
    np.testing.assert_allclose(monthly(result, "releases")[8:], [0, 12.5e3, 12.5e3, 12.5e3])


def test_a_gate_of_one_group_shuts_its_share_of_the_offer():
    result = run(events=[event(lever("import_gate", 0, buyers=["state"]))])
    np.testing.assert_allclose(monthly(result, "imports.chips")[8:], 75)
    np.testing.assert_allclose(monthly(result, "access", stage="admitted")[8:], 75)
    np.testing.assert_allclose(monthly(result, "access", stage="licensed")[8:], 100)


def test_a_cap_holds_for_the_sum_of_the_months():
    result = run(events=[event(lever("cap", "130 chip", chips=["foreign"]))])
    np.testing.assert_allclose(monthly(result, "imports.chips")[6:], [100, 100, 100, 30, 0, 0])


def test_a_fee_and_a_duty_are_shares_of_revenue():
    result = run(events=[event(lever("fee", 0.15), lever("tariff", 0.25))])
    np.testing.assert_allclose(monthly(result, "fees")[6:], [0, 0, 30e3, 30e3, 30e3, 30e3])
    np.testing.assert_allclose(monthly(result, "duties")[8:], 50e3)


def test_money_is_told_by_the_vendors_own_quarters():
    plain = market(vendors__foreign_vendor={"fiscal_year_starts": 2})
    quarters = fiscal_quarters(autarky.run(plain, draws=1))
    assert list(quarters["own-vendor"]["revenue"]) == [f"FY2025Q{n}" for n in (1, 2, 3, 4)]
    assert list(quarters["foreign-vendor"]["revenue"]) == [f"FY2026Q{n}" for n in (1, 2, 3)]
    # February to April: 50 + 50 + 20 chips at 2,000 USD.
    assert quarters["foreign-vendor"]["revenue"]["FY2026Q1"]["p50"] == pytest.approx(240e3)
    assert quarters["foreign-vendor"].keys() == {"revenue", "fees", "duties", "write_downs", "releases"}
    assert fiscal_quarters(autarky.run(plain, draws=1, keep=["production"])) == {}


def test_production_for_the_market_and_the_grey_channel_have_levers():
    result = run(
        events=[event(lever("vendor_production", 0.5, vendors=["foreign-vendor"]), lever("grey_channel", 0.1))]
    )
    np.testing.assert_allclose(monthly(result, "imports.chips")[8:], 50)
    np.testing.assert_allclose(monthly(result, "grey.chips")[8:], 2)


def test_a_lever_changes_nothing_before_its_day_nor_what_is_on_record():
    shut = event(lever("licence_status", 0, chips=["foreign"]), date="2025-02-01")
    np.testing.assert_array_equal(monthly(run(events=[shut]), "imports.chips"), [50, 50, 50, 20, 20, 20, *[0] * 6])


def test_the_model_can_replace_the_record_to_ask_what_else_could_have_been():
    result = run(model_from={"foreign": "2025-04"})
    np.testing.assert_allclose(monthly(result, "imports.chips")[:6], [50, 50, 50, 100, 100, 100])


def test_a_period_that_the_end_of_the_record_cuts_is_modelled_as_a_whole():
    result = run(model_from={"foreign": "2025-05"})
    np.testing.assert_allclose(monthly(result, "imports.chips")[:6], [50, 50, 50, 100, 100, 100])


def test_scarce_demand_goes_to_what_appeals_most():
    # Both chips give the same performance for their price, so 100k USD splits evenly: 50 own and 25 foreign ones.
    result = run(demand__demand={"spending": "100k USD/month"})
    np.testing.assert_allclose(monthly(result, "sales.chips", origin="domestic")[6:], 50)
    np.testing.assert_allclose(monthly(result, "imports.chips")[6:], 25)
    np.testing.assert_allclose(monthly(result, "unsold")[6:], np.arange(1, 7) * 350)


def test_favour_for_chips_of_the_region_moves_demand_to_them():
    favour = {"share": "3", "favour": "3"}
    result = run(
        demand__demand={"spending": "100k USD/month"}, buyer_groups__firms=favour, buyer_groups__state=favour
    )  # fmt: skip
    np.testing.assert_allclose(monthly(result, "sales.chips", origin="domestic")[6:], 75)


def test_software_counts_like_performance():
    ready = {"vendors": ["foreign-vendor"], "share": "100%"}
    poor = {"label": "poor", "source": "autarky-2022-engineering-prior", "vendors": ["own-vendor"], "share": "25%"}
    plain = market(demand__demand={"spending": "100k USD/month"}, software_readiness__software=ready)
    plain["facts"]["software_readiness"]["poor"] = poor
    result = autarky.run(plain, draws=1)
    np.testing.assert_allclose(monthly(result, "sales.chips", origin="domestic")[6:], 20)


@pytest.mark.parametrize(("unit", "amount"), [("chips", "60 chip/month"), ("compute", "120 h100e/month")])
def test_demand_can_be_in_chips_or_in_compute(unit, amount):
    plain = market()
    plain["facts"]["demand"]["demand"].pop("spending")
    plain["facts"]["demand"]["demand"][unit] = amount
    result = autarky.run(plain, draws=1)
    own, foreign = monthly(result, "sales.chips", origin="domestic")[-1], monthly(result, "imports.chips")[-1]
    assert own + foreign * (2 if unit == "compute" else 1) == pytest.approx(60 if unit == "chips" else 120)


def test_zero_demand_leaves_shares_undefined_and_breaks_nothing():
    plain = market(
        demand__demand={"spending": "0 USD/month"}, grey_channels__grey={"flow": "0 chip/month"},
        series__shipped={"values": {"2025Q1": "0 chip"}}, imports__foreign={"recorded_until": "2025-04"},
    )  # fmt: skip
    plain["chain"]["die_banks"] = []
    plain["facts"]["fabs"]["fab"]["capacity"] = {"2025-03": "0 wafer/month", "2025-04": "30 wafer/month"}
    result = autarky.run(plain, draws=8)
    assert not result.by_period("sales.chips", "2025").any()
    share = result.share("self_sufficiency.units.flow.designed.without_grey", "2025")
    assert not share.defined.any()
    summary = result.share_by_year("self_sufficiency.units.flow.designed.without_grey")["2025"]
    assert summary == {"p5": None, "p25": None, "p50": None, "p75": None, "p95": None, "mean": None, "defined": 0.0}
    assert all(np.isfinite(flow).all() for flow in result.flows.values())


def test_chips_retire_at_the_end_of_their_life():
    result = run(demand__demand={"service_life": "6 month"})
    entered = monthly(result, "sales.chips")
    assert result.by_period("installed.chips", "2025-12")[0] == pytest.approx(entered[6:].sum())


def test_parts_of_the_market_can_be_left_out():
    result = run(without=("grey_channel", "rental", "compared_with"))
    assert "grey.chips" not in result.measures
    assert "rented" not in result.measures
    assert result.share("self_sufficiency.units.flow.designed.with_grey", "2025").values[0] == pytest.approx(
        4800 / 5610
    )
    only_own = run(without=("grey_channel", "rental", "compared_with", "imports"))
    assert only_own.share("self_sufficiency.units.flow.designed.with_grey", "2025").values[0] == 1
    assert "fees" not in only_own.measures


def test_a_market_does_not_move_what_is_made():
    without = market()
    without.pop("market")
    alone = autarky.run(without, draws=4)
    together = autarky.run(market(), draws=4)
    for name in ("production", "wafers", "good_dies", "die_stock"):
        np.testing.assert_array_equal(alone.flows[name], together.flows[name])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"imports": ["foreig"]}, "did you mean foreign?"),
        ({"buyers": []}, "buyers"),
        ({"demand": "demands"}, "did you mean demand?"),
        ({"model_from": {"foreing": "2025-03"}}, "did you mean foreign?"),
        ({"compared_with": ["wrld"]}, "did you mean world?"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_name_in_the_market_is_pointed_out(change, said):
    plain = market()
    plain["market"] |= change
    with pytest.raises(ScenarioError, match="market") as caught:
        autarky.run(plain, draws=1)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"demand__demand": {"region": "THERE"}}, "about THERE"),
        ({"chips__foreign": {"price_usd": None}}, "no price"),
        ({"demand__demand": {"chips": "10 chip/month"}}, "exactly one of"),
        ({"demand__demand": {"spending": "-5 USD/month"}}, "spending"),
        ({"demand__demand": {"performance": ["memory_bandwith"]}}, "memory_bandwith"),
        ({"events": [event(lever("fee", 1.2))]}, "1.2"),
        ({"imports__foreign": {"recorded": "shiped"}}, "did you mean shipped?"),
    ],
)
def test_a_market_that_cannot_be_is_one_error(about, said):
    with pytest.raises(ScenarioError) as caught:
        run(**about)
    assert said in str(caught.value)
