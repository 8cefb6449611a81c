"""Levers on fabs, die banks and memory, on chains whose every number can be worked out by hand."""

import numpy as np
import pytest

import autarky
from small_market import event, lever, market, record


def monthly(events, measure="production.chips", **about):
    return autarky.run(market(events=events, **about), draws=1, workers=1).monthly(measure, {})[:, 0]


def test_a_fab_makes_what_events_leave_of_its_capacity():
    # 30 wafers of 10 dies, and 100 dies from the bank.
    cut = event(lever("foundry_access", 0.5, fabs=["fab"]))
    np.testing.assert_allclose(monthly([cut]), [400] * 8 + [250] * 4)
    np.testing.assert_allclose(monthly([cut], "capacity"), [30] * 8 + [15] * 4)


def test_a_bank_delivers_what_events_let_through():
    stopped = event(lever("foundry_access", 0, banks=["bank"]), date="2025-04-16")
    np.testing.assert_allclose(monthly([stopped]), [400] * 3 + [350] + [300] * 8)


def test_what_comes_past_the_rules_comes_all_the_same():
    deliveries = [
        {"from": "2025-01", "until": "2026-01", "amount": "1200 die", "past_the_rules": True},
        {"from": "2025-01", "until": "2025-03", "amount": "80 die"},
        {"from": "2025-11", "until": "2026-01", "amount": "80 die"},
    ]
    stopped = event(lever("foundry_access", 0, banks=["bank"]), date="2025-04-01")
    found = monthly([stopped], die_banks__bank={"deliveries": deliveries})
    np.testing.assert_allclose(found, [440, 440] + [400] * 10)


def test_one_bank_that_is_shut_from_the_start_takes_no_part():
    stopped = event(lever("foundry_access", 0, banks=["bank"]), date="2025-01-01")
    result = autarky.run(market(events=[stopped]), draws=1)
    assert result.members["bank_dies"] == ("die",)
    assert not result.monthly("bank_dies", {}).any()
    assert "own-foreign-dies" not in result.members["sales"]


@pytest.mark.parametrize(
    ("own", "latest", "first"), [("2025-07", "2025-10", 6), ("2025-07", "2025-04", 3), ("2025-10", "2025-10", 9)]
)
def test_a_plan_brings_a_start_forward_and_never_puts_it_off(own, latest, first):
    plan = event(lever("fab_start", latest, fabs=["fab"]), date="2025-01-01")
    fab = {"start": own, "ramp": "0 month"}
    made = monthly([plan], "capacity", fabs__fab=fab)
    np.testing.assert_allclose(made, [0] * first + [30] * (12 - first))


def test_a_plan_makes_a_doubtful_fab_certain_from_the_month_that_it_names():
    plan = event(lever("fab_start", "2025-10", fabs=["fab"]), date="2025-01-01")
    fab = {"start": "2025-07", "ramp": "0 month", "built": 0.25}
    plain, planned = (
        autarky.run(market(events=events, fabs__fab=fab), draws=4096).monthly("capacity", {}) for events in ([], [plan])
    )
    # It stands in a quarter of the draws, and is whole in each of them.
    assert set(plain[6]) == {0.0, 30.0}
    assert (plain[6] > 0).mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(planned[:9], plain[:9])
    np.testing.assert_array_equal(planned[9:], 30.0)


def test_memory_stops_from_the_day_of_the_event():
    facts = {
        "memory_types__hbm": record(bandwidth="400 GB/s"),
        "memory_supplies__stacks": record(memory_type="hbm", country="THERE", output="500 stack/month"),
    }
    plain = market(events=[event(lever("memory_supply", 0.2, supplies=["stacks"]))])
    for key, raw in facts.items():
        collection, name = key.split("__")
        plain["facts"].setdefault(collection, {})[name] = raw
    plain["facts"]["products"]["own"] |= {"memory_types": ["hbm"], "stacks": 1}
    plain["chain"]["memory_supplies"] = ["stacks"]
    result = autarky.run(plain, draws=1)
    np.testing.assert_allclose(result.monthly("stacks", {})[:, 0], [500] * 8 + [100] * 4)
    # 400 dies a month against 500 stacks, then 100 and the 800 left over.
    np.testing.assert_allclose(result.monthly("production.chips", {})[:, 0], [400] * 8 + [400, 400, 300, 100])


def test_rent_abroad_is_cut_to_what_the_rules_leave_open_to_the_region():
    half = event(lever("remote_access", 0.5))
    np.testing.assert_allclose(monthly([half], "rented"), [50] * 8 + [25] * 4)
