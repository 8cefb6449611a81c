"""Power, capabilities and modelled H100-equivalents of a small market whose every number can be worked out by hand."""

import copy

import numpy as np
import pytest

import autarky
from autarky.errors import ScenarioError
from autarky.tokens import ALL, HOURS_A_MONTH, capability_json, token_figures
from autarky.workloads.operations import sequence_work
from autarky.workloads.reference import reference_model
from small_market import market, record

OWN, FOREIGN = (
    {"vendor": vendor, "designed_in": "HERE", "status": "shipped", "dies": [{"die": "die", "count": 1}],
     "dense": {"bf16": f"{rate} TFLOPS"}, "memory": {"bandwidth": f"{10 * rate} GB/s", "capacity": "80 GB"},
     "links": {"scale_up": {"one_way": f"{rate} GB/s"}, "scale_out": {"one_way": "50 GB/s"}},
     "power": f"{rate} W", "price_usd": f"{10 * rate} USD"}
    for vendor, rate in (("own-vendor", 100), ("foreign-vendor", 200))
)  # fmt: skip
COSTS = record(
    region="HERE", pue="1.25", load="80%", electricity="0.1 USD/kWh", lifetime="48 month", in_use="50%"
)  # fmt: skip


def small(ready="50%", **about):
    """Return the small market with chips of which all is known; software of the region's vendor is half ready."""
    plain = market(**about)
    facts = plain["facts"]
    facts["chips"] = copy.deepcopy(
        {"own": record(**OWN), "foreign": record(**{**FOREIGN, "designed_in": "THERE", "dies": []})}
    )
    facts["deployments"] = {
        "default": record(node=8, scale_up="100 GB/s", scale_out="50 GB/s", overhead="1.5"),
        "own": record(family="hopper"),
        "foreign": record(family="hopper"),
    }
    facts["software_readiness"] = {
        "software": record(vendors=["foreign-vendor"], share="100%"),
        "poor": record(vendors=["own-vendor"], share={"2025-01": ready, "2025-12": ready}),
    }
    facts["running_costs"] = {"here": COSTS}
    facts["reference_stocks"] = {"others": record(holder="others", measure="dense_16bit", stock="10k h100e")}
    plain["market"]["compared_with"] = ["others"]
    plain["reference_chip"] = "foreign"
    return plain


@pytest.fixture(scope="module")
def result():
    return autarky.run(small(), draws=2, workers=1)


def test_power_is_chips_times_their_watts_times_systems_and_cooling(result):
    own = result.by_period("installed.chips", "2025-12", {"vendor": "own-vendor"})[0]
    foreign = result.by_period("installed.chips", "2025-12", {"vendor": "foreign-vendor"})[0]
    megawatts = (own * 100 + foreign * 200) * 1.5 * 1.25 / 1e6
    assert result.by_period("installed.power", "2025-12")[0] == pytest.approx(megawatts)


def test_electricity_is_power_at_its_mean_load_over_the_hours_of_each_month(result):
    power = result.monthly("installed.power")[:, 0]
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert result.by_period("installed.energy", "2025")[0] == pytest.approx((power * 0.8 * 24 * days).sum() / 1e6)
    np.testing.assert_allclose(result.monthly("installed.energy")[:, 0], power * 0.8 * 24 * days / 1e6)


def test_a_systems_own_power_comes_before_the_overhead_of_systems():
    plain = small()
    plain["facts"]["systems"] = {"rack": record(vendor="own-vendor", chips=[{"chip": "own", "count": 4}], power="1 kW")}
    result = autarky.run(plain, draws=1)
    own = result.by_period("installed.power", "2025-12", {"vendor": "own-vendor"})[0]
    assert own == pytest.approx(result.by_period("installed.chips", "2025-12", {"vendor": "own-vendor"})[0] * 312.5e-6)


@pytest.mark.parametrize("task", ["training", "prefill", "decode"])
def test_the_reference_chip_is_worth_one_by_every_measure(result, task):
    chips = result.by_period("sales.chips", "2025", {"vendor": "foreign-vendor"})
    np.testing.assert_allclose(result.by_period(f"sales.h100e.{task}", "2025", {"vendor": "foreign-vendor"}), chips)


@pytest.mark.parametrize("task", ["training", "prefill", "decode"])
def test_readiness_of_software_multiplies(result, task):
    scope = {"vendor": "own-vendor"}
    ready = autarky.run(small(ready="100%"), draws=2, workers=1)
    for measure in (f"production.h100e.{task}", f"sales.h100e.{task}", f"installed.h100e.{task}"):
        half = result.by_period(measure, "2025", scope)
        np.testing.assert_allclose(half, ready.by_period(measure, "2025", scope) / 2)
    np.testing.assert_array_equal(
        result.by_period("production.h100e.tpp", "2025"), ready.by_period("production.h100e.tpp", "2025")
    )


def test_a_month_counts_as_ready_as_software_is_in_it():
    plain = small()
    rising = {"2025-01": "20%", "2025-06": "40%", "2025-12": "40%"}
    plain["facts"]["software_readiness"]["poor"]["share"] = rising
    result = autarky.run(plain, draws=1)
    whole = autarky.run(small(ready="100%"), draws=1)
    scope = {"vendor": "own-vendor"}
    np.testing.assert_allclose(
        result.monthly("production.h100e.decode", scope)[:, 0],
        whole.monthly("production.h100e.decode", scope)[:, 0] * np.interp(np.arange(12), [0, 5, 11], [0.2, 0.4, 0.4]),
    )
    assert result.by_period("production.h100e.decode", "2025", scope)[0] == pytest.approx(
        result.monthly("production.h100e.decode", scope).sum()
    )


def test_capability_is_the_speed_of_every_chip_over_a_day(result):
    equivalents = result.by_period("installed.h100e.decode", "2025-12")[0]
    speed = result.capability.speed["decode"][0]
    assert result.by_period("capability.decode", "2025-12")[0] == pytest.approx(equivalents * speed * 86_400 / 1e12)
    work = sequence_work(reference_model("llama-3.1-405b").config, 8192, "half").training
    trained = result.by_period("installed.h100e.training", "2025-12")[0] * result.capability.speed["training"][0]
    assert result.by_period("capability.training", "2025-12")[0] == pytest.approx(trained * work * 86_400 / 1e21)


def test_self_sufficiency_can_be_counted_by_what_chips_do(result):
    own = result.by_period("sales.h100e.prefill", "2025", {"vendor": "own-vendor"})
    every = result.by_period("sales.h100e.prefill", "2025")
    share = result.share("self_sufficiency.prefill.flow.designed.with_grey", "2025")
    np.testing.assert_allclose(share.values, own / every)


def test_a_stock_elsewhere_counts_by_any_measure_of_the_chips_it_is_made_of():
    plain = small()
    plain["facts"]["reference_mixes"] = {"others": record(chips={"own": "1", "foreign": "3"})}
    result = autarky.run(plain, draws=1)
    # Of 10,000 equivalents by dense 16-bit rate a quarter are own chips, each half a foreign one and half ready.
    worth = result.worth["decode"][result.valued.index("own"), 0]
    there = 10_000 * (0.25 * worth / 0.5 * 0.5 + 0.75)
    here = result.by_period("installed.h100e.decode", "2025-12")[0]
    assert result.share("relative.decode", "2025", {"holder": "others"}).values[0] == pytest.approx(here / there)
    assert "relative.decode.others" in {name for name, _, _ in result.shares}


def test_without_a_mix_a_stock_elsewhere_counts_by_its_own_measure_only(result):
    names = {name for name, _, _ in result.shares if name.startswith("relative.")}
    assert names == {"relative.dense_16bit.others"}


def test_cost_of_a_token_is_the_chip_over_its_life_and_electricity(result):
    row = next(row for row in token_figures(result, "2025") if row.name == "foreign")
    watts = 200 * 1.5 * 1.25 * 0.8
    assert row.energy["prefill"][1] == pytest.approx(watts / row.speed["prefill"][1])
    hour = 2000 / (48 * HOURS_A_MONTH * 0.5) + watts / 1000 * 0.1
    assert row.cost["prefill"][1] == pytest.approx(hour / 3600 / row.speed["prefill"][1] * 1e6)


def test_the_base_as_a_whole_is_the_mean_over_its_chips(result):
    rows = {row.name: row for row in token_figures(result, "2025")}
    chips = {name: row.in_service[1] for name, row in rows.items()}
    total = sum(chips[name] * rows[name].speed["decode"][1] for name in ("own", "foreign"))
    assert chips[ALL] == pytest.approx(chips["own"] + chips["foreign"])
    assert rows[ALL].speed["decode"][1] == pytest.approx(total / chips[ALL])
    assert total * 86_400 / 1e12 == pytest.approx(result.by_period("capability.decode", "2025-12")[0])


def test_the_json_names_workloads_and_what_is_assumed(result):
    told = capability_json(result)
    assert set(told["workloads"]) == {"training", "prefill", "decode"}
    assert "efficiencies of hopper" in told["assumed"]["own"]
    assert told["by_year"]["2025"]["all"]["tokens_per_s_per_chip"]["decode"]["p50"] > 0


def test_a_chip_of_which_too_little_is_known_leaves_its_measures_out_and_says_so():
    plain = small()
    plain["facts"]["chips"]["own"]["memory"].pop("capacity")
    plain["facts"]["chips"]["own"].pop("power")
    result = autarky.run(plain, draws=1)
    assert not [name for name in result.measures if "training" in name or "decode" in name or "power" in name]
    notes = "\n".join(result.notes)
    assert "H100e by training, because own has no speed in training: chips.own has no memory.capacity" in notes
    assert "measures of power, because the power of own is not known" in notes


def target(name, measure, **about):
    return {"name": name, "definition": f"{name} is met", "measure": measure, "period": "2025", "at_least": 1, **about}


def test_a_target_that_cannot_be_answered_is_left_out_with_its_reason():
    plain = small()
    plain["facts"]["chips"]["own"].pop("power")
    plain["targets"] = [
        target("power", "installed.power"),
        target("ratio", "relative.decode", scope={"holder": "others"}),
        target("answers", "capability.decode"),
    ]
    result = autarky.run(plain, draws=1)
    assert [kept.name for kept in result.targets] == ["answers"]
    assert "left out: target power, because the power of every chip is not known" in result.notes
    assert "left out: target ratio, because the stock of others cannot be counted by decode" in result.notes
    with pytest.raises(ScenarioError, match=r"this result has no installed\.power; the power of own is not known"):
        result.by_period("installed.power", "2025")


def test_buyers_can_look_at_what_chips_do():
    plain = small(demand__demand={"spending": "100k USD/month"})
    plain["facts"]["demand"]["demand"]["performance"] = ["decode"]
    by_decode = autarky.run(plain, draws=1)
    by_rate = autarky.run(small(demand__demand={"spending": "100k USD/month"}), draws=1)
    worth = {name: by_decode.worth[name][by_decode.valued.index("own"), 0] for name in ("decode", "dense_16bit")}
    own = [result.by_period("sales.chips", "2025H2", {"vendor": "own-vendor"})[0] for result in (by_decode, by_rate)]
    assert (own[0] > own[1]) == (worth["decode"] > worth["dense_16bit"])
    assert own[0] != own[1]
