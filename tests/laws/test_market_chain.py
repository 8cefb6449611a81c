"""What must hold in the whole chain with a market, over random small markets and for the flagship's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.facts.dimensions import sobol_dimensions
from autarky.quantities.draws import Streams
from autarky.quantities.sampler import Sampler
from autarky.scenario.model import model_of
from autarky.scenario.resolve import ask
from autarky.simulate import simulate
from small_market import event, lever, market

few = settings(max_examples=25, deadline=None)
DRAWS = 6
TOLERANCE = {"rtol": 1e-9, "atol": 1e-6}
KINDS = ("licence_status", "import_gate", "vendor_production", "grey_channel", "fee", "tariff")


def numbers(low, high):
    return st.floats(low, high).map(lambda value: float(f"{value:.3g}"))


def interval(low, high, unit):
    pair = st.tuples(numbers(low, high), numbers(1.1, 3))
    return pair.map(lambda p: f"{p[0]} {unit} to {p[0] * p[1]} {unit}") | numbers(low, high).map(
        lambda v: f"{v} {unit}"
    )


shares = numbers(0.05, 0.95) | st.just(0) | st.just(1)


@st.composite
def markets(draw):
    """Return a market with random supply, demand, prices and gates."""
    moved = [
        lever(draw(st.sampled_from(KINDS)), draw(shares), chips=["foreign"]) for _ in range(draw(st.integers(0, 2)))
    ]
    moved = list({one["kind"]: one for one in moved}.values())
    if draw(st.booleans()):
        moved.append(lever("cap", f"{draw(numbers(0, 600))} chip", chips=["foreign"]))
    spending = draw(st.just("0 USD/month") | interval(1e4, 3e6, "USD/month"))
    return market(
        events=[event(*moved, date=draw(st.sampled_from(["2025-03-10", "2025-08-01", "2025-10-20"])))] if moved else [],
        model_from=draw(st.none() | st.just({"foreign": draw(st.sampled_from(["2025-01", "2025-04", "2025-06"]))})),
        fabs__fab={"capacity": draw(interval(1, 60, "wafer/month"))},
        demand__demand={
            "spending": spending,
            "sensitivity": draw(interval(0.2, 2, "1")),
            "service_life": draw(interval(2, 30, "month")),
            "failure": draw(numbers(0, 0.1).map(lambda v: f"{v} 1/month")),
        },
        buyer_groups__firms={"share": draw(interval(0.1, 5, "1")), "favour": draw(interval(0.2, 5, "1"))},
        imports__foreign={"offered": draw(interval(1, 400, "chip/month"))},
        grey_channels__grey={"flow": draw(interval(0.1, 100, "chip/month"))},
        chips__foreign={"price_usd": draw(interval(500, 9000, "USD"))},
    )


def flows_of(plain, draws=DRAWS):
    question = ask(plain)
    model = model_of(question)
    sampler = Sampler(Streams(3, sobol_dimensions()), model.months, 0, draws, as_of=question.as_of)
    return model, sampler, simulate(model, sampler)


def arrays(flows):
    for field, value in vars(flows).items():
        for name, array in value.items():
            yield f"{field}.{name}", array


@few
@given(markets())
def test_nothing_is_negative_or_undefined(plain):
    _, _, flows = flows_of(plain)
    for name, array in arrays(flows.market):
        assert np.isfinite(array).all(), name
        assert (array >= 0).all(), name


@few
@given(markets())
def test_chips_made_are_sold_or_in_stock(plain):
    model, _, flows = flows_of(plain)
    for product in model.products:
        own = [name for name, member in model.market.members.items() if member.product == product]
        sold = np.cumsum(sum(flows.market.sales[name] for name in own), axis=0)
        np.testing.assert_allclose(
            sold + flows.market.unsold[product], np.cumsum(flows.production[product], axis=0), **TOLERANCE
        )


@few
@given(markets())
def test_no_more_is_imported_than_makers_offer_and_both_sides_let_through(plain):
    model, _, flows = flows_of(plain)
    access = flows.market.access
    for wider, narrower in (
        ("offered", "licensed"),
        ("offered", "admitted"),
        ("licensed", "open"),
        ("admitted", "open"),
    ):
        assert (access[narrower] <= access[wider] * (1 + 1e-9)).all()
    modelled = model.months >= (2025 * 12 + 6)
    imported = flows.market.sales["foreign"]
    assert (imported[modelled] <= access["open"][modelled] * (1 + 1e-9) + 1e-9).all()


@few
@given(markets())
def test_money_is_what_chips_cost_and_governments_take_a_part(plain):
    model, sampler, flows = flows_of(plain)
    key, price = model.market.prices["foreign"]
    for name in ("foreign", "grey-foreign"):
        np.testing.assert_allclose(
            flows.market.revenue[name], flows.market.sales[name] * sampler.draw(key, price), **TOLERANCE
        )
    taken = flows.market.fees["foreign-vendor"] + flows.market.duties["foreign-vendor"]
    assert (flows.market.fees["foreign-vendor"] <= flows.market.revenue["foreign"] * (1 + 1e-9)).all()
    assert (taken <= 2 * flows.market.revenue["foreign"] * (1 + 1e-9)).all()
    charged, released = (
        np.cumsum(part["foreign-vendor"], axis=0) for part in (flows.market.write_downs, flows.market.releases)
    )
    assert (released <= charged * (1 + 1e-9) + 1e-6).all()


@few
@given(markets())
def test_demand_is_met_or_not_once_buyers_choose(plain):
    model, _, flows = flows_of(plain)
    bought = sum(paid for name, paid in flows.market.revenue.items() if not name.startswith("grey"))
    wanted, unmet = sum(flows.market.demand.values()), sum(flows.market.unmet.values())
    chosen = model.months >= 2025 * 12 + 6
    np.testing.assert_allclose((bought + unmet)[chosen], wanted[chosen], **TOLERANCE)
    # Before, sellers rule, and what they sell can pass what was wanted.
    assert (bought + unmet >= wanted * (1 - 1e-9) - 1e-6).all()


@few
@given(markets())
def test_what_came_is_in_service_or_gone(plain):
    model, _, flows = flows_of(plain)
    for name in model.market.members:
        came, there = np.cumsum(flows.market.sales[name], axis=0), flows.market.installed[name]
        assert (there <= came * (1 + 1e-9) + 1e-6).all()
        assert (there >= flows.market.sales[name] * (1 - 1e-9) - 1e-6).all()


@few
@given(markets(), numbers(1.1, 3))
def test_more_on_offer_never_lowers_what_may_come_nor_all_that_there_is(plain, factor):
    _, _, before = flows_of(plain)
    offered = plain["facts"]["imports"]["foreign"]["offered"]
    more = " to ".join(f"{float(part.split()[0]) * factor} chip/month" for part in offered.split(" to "))
    plain["facts"]["imports"]["foreign"]["offered"] = more
    _, _, after = flows_of(plain)
    for stage in before.market.access:
        low, high = before.market.access[stage], after.market.access[stage]
        # Under a cap, coming earlier leaves less for later; never less in all.
        assert (np.cumsum(high, axis=0) >= np.cumsum(low, axis=0) * (1 - 1e-9) - 1e-6).all()
    np.testing.assert_array_equal(before.production["own"], after.production["own"])


@few
@given(markets())
def test_equal_seeds_give_equal_bits_and_blocks_do_not_matter(plain):
    model, _, whole = flows_of(plain)
    streams = Streams(3, sobol_dimensions())
    parts = [simulate(model, Sampler(streams, model.months, a, b)) for a, b in ((0, 2), (2, DRAWS))]
    for name, array in arrays(whole.market):
        field, member = name.split(".", 1)
        halves = [
            np.broadcast_to(getattr(part.market, field)[member], (model.months.size, n))
            for part, n in zip(parts, (2, DRAWS - 2), strict=True)
        ]
        np.testing.assert_array_equal(
            np.broadcast_to(array, (model.months.size, DRAWS)), np.hstack(halves), err_msg=name
        )


@pytest.fixture(scope="module")
def flagship():
    return flows_of("china-ai-chips", draws=64)


def test_the_flagships_market_keeps_the_same_laws(flagship):
    model, _, flows = flagship
    for name, array in arrays(flows.market):
        assert np.isfinite(array).all(), name
        assert (array >= 0).all(), name
    for product in model.products:
        own = [name for name, member in model.market.members.items() if member.product == product]
        sold = np.cumsum(sum(flows.market.sales[name] for name in own), axis=0)
        np.testing.assert_allclose(
            sold + flows.market.unsold[product], np.cumsum(flows.production[product], axis=0), **TOLERANCE
        )


def test_the_flagships_draws_do_not_touch_each_other(flagship):
    # Also a single draw alone: with many chips, a sum in another order would give other last bits.
    model, _, whole = flagship
    streams = Streams(3, sobol_dimensions())
    for start, stop in ((0, 1), (1, 3), (63, 64)):
        part = simulate(model, Sampler(streams, model.months, start, stop))
        for name, array in arrays(whole.market):
            field, member = name.split(".", 1)
            own = np.broadcast_to(getattr(part.market, field)[member], (model.months.size, stop - start))
            np.testing.assert_array_equal(
                np.broadcast_to(array, (model.months.size, 64))[:, start:stop], own, err_msg=name
            )


def test_the_flagship_makes_the_same_with_and_without_its_market(flagship):
    _, _, together = flagship
    plain = ask("china-ai-chips").plain
    alone = {**plain, "market": None, "targets": []}
    _, _, flows = flows_of(alone, draws=64)
    for name in ("production", "good_dies", "die_stock", "stacks"):
        for member, array in getattr(flows, name).items():
            np.testing.assert_array_equal(array, getattr(together, name)[member])
