"""What must hold in the market whatever the numbers are: nothing is made, lost or negative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.market.choice import sales, spill_over
from autarky.market.demand import demand_by_group, left_to_buy, shares_of
from autarky.market.grey import by_chip, grey_imports
from autarky.market.imports import admitted_share, let_in, quotas, recorded_flow, within_cap
from autarky.market.installed_base import installed_base, installed_stock
from autarky.market.revenue import by_fiscal_quarter, fees, revenue, write_downs
from autarky.market.self_sufficiency import self_sufficiency

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
ROUNDING = 1e-9
DRAWS = 6


def amounts(random, *shape, high=100.0, zeros=0.2):
    """Return amounts at very different scales, some of them nothing."""
    values = high * random.random(shape) ** 3
    return np.where(random.random(shape) < zeros, 0.0, values)


class Market:
    """A random month: groups, chips, and what each may buy."""

    def __init__(self, seed, groups, chips):
        random = np.random.default_rng(seed)
        self.demand = amounts(random, groups, DRAWS)
        self.weights = amounts(random, groups, chips, DRAWS, high=5.0)
        self.capacity = amounts(random, chips, DRAWS, high=60.0)
        unlimited = random.random((groups, chips, DRAWS)) < 0.5
        self.limits = np.where(unlimited, np.inf, amounts(random, groups, chips, DRAWS, high=60.0))
        self.random = random

    def spill(self, **changed):
        about = {"demand": self.demand, "weights": self.weights, "capacity": self.capacity, "limits": self.limits}
        about |= changed
        none = np.empty((0, DRAWS))
        parts = (about["weights"], about["capacity"], about["limits"])
        return spill_over(about["demand"], np.ones_like(about["demand"]), none, none, *parts)


markets = st.builds(Market, seeds, st.integers(1, 3), st.integers(1, 5))


@few
@given(markets)
def test_demand_is_either_met_or_left_over(market):
    taken, left = market.spill()
    np.testing.assert_allclose(taken.sum(axis=0) + left.sum(axis=0), market.demand.sum(axis=0), rtol=1e-9, atol=1e-9)
    assert (taken >= 0).all()
    assert (left >= 0).all()


@few
@given(markets)
def test_no_chip_meets_more_than_there_is_of_it(market):
    taken, _ = market.spill()
    assert (taken <= market.capacity * (1 + ROUNDING)).all()
    assert (taken <= market.limits.sum(axis=1).clip(max=1e300).sum(axis=0) * (1 + ROUNDING) + ROUNDING).all()


@few
@given(markets)
def test_demand_is_left_over_only_where_nothing_is_left_that_its_group_may_buy(market):
    taken, left = market.spill(limits=np.full_like(market.limits, np.inf))
    room = market.capacity - taken > 1e-6 * (1 + market.capacity)
    could = ((market.weights > 0) & room).any(axis=1)
    assert (left[could] <= 1e-6 * (1 + market.demand[could])).all()


@few
@given(markets, st.integers(0, 4))
def test_more_of_a_chip_never_lowers_what_a_group_alone_or_groups_without_limits_meet(market, which):
    # Several groups with limits of their own can crowd each other out of what only one of them may buy.
    chip = which % len(market.capacity)
    more = market.capacity.copy()
    more[chip] += amounts(market.random, DRAWS, high=30.0)
    alone = {"demand": market.demand[:1], "weights": market.weights[:1], "limits": market.limits[:1]}
    free = {"limits": np.full_like(market.limits, np.inf), "weights": market.weights + 0.1}
    for case in (alone, free):
        total = market.spill(**case)[0].sum(axis=0)
        assert (market.spill(**case, capacity=more)[0].sum(axis=0) >= total - 1e-6 * (1 + total)).all()


@few
@given(markets)
def test_more_demand_of_one_group_never_lowers_what_it_meets(market):
    alone = {"weights": market.weights[:1], "limits": market.limits[:1]}
    more = market.demand[:1] + amounts(market.random, 1, DRAWS, high=30.0)
    total = market.spill(**alone, demand=market.demand[:1])[0].sum(axis=0)
    assert (market.spill(**alone, demand=more)[0].sum(axis=0) >= total - 1e-6 * (1 + total)).all()


@few
@given(markets, st.floats(0.01, 100.0))
def test_the_unit_of_demand_makes_no_difference(market, factor):
    taken, left = market.spill()
    scaled, rest = market.spill(
        demand=market.demand * factor, capacity=market.capacity * factor, limits=market.limits * factor
    )
    np.testing.assert_allclose(scaled, taken * factor, rtol=1e-6, atol=1e-6 * factor)
    np.testing.assert_allclose(rest, left * factor, rtol=1e-6, atol=1e-6 * factor)


@few
@given(seeds, st.integers(1, 3), st.integers(1, 4), st.integers(1, 8))
def test_chips_are_sold_or_kept_and_never_made_or_lost(seed, groups, chips, months):
    random = np.random.default_rng(seed)
    supply = [amounts(random, months, DRAWS) for _ in range(chips)]
    need = [amounts(random, months, DRAWS, high=9.0, zeros=0.0) + 0.01 for _ in range(chips)]
    demand = amounts(random, groups, months, DRAWS, high=300.0)
    quotas = [None if random.random() < 0.5 else amounts(random, groups, months, DRAWS) for _ in range(chips)]
    kept = [bool(random.random() < 0.7) for _ in range(chips)]
    appeals, favours = amounts(random, chips, high=3.0).tolist(), amounts(random, groups, high=3.0).tolist()
    favoured = [bool(random.random() < 0.5) for _ in range(chips)]
    result = sales(demand, supply, need, appeals, quotas, favours, favoured=favoured, kept=kept)
    for chip in range(chips):
        came, went = np.cumsum(supply[chip], axis=0), np.cumsum(result.chips[chip], axis=0)
        assert (went <= came * (1 + ROUNDING)).all()
        if kept[chip]:
            np.testing.assert_allclose(went + result.unsold[chip], came, rtol=1e-9, atol=1e-9)
        else:
            assert (result.chips[chip] <= supply[chip] * (1 + ROUNDING)).all()
            assert not result.unsold[chip].any()
        if quotas[chip] is not None:
            assert (result.chips[chip] <= quotas[chip].sum(axis=0) * (1 + ROUNDING) + 1e-12).all()
    met = sum(chips_sold * each for chips_sold, each in zip(result.chips, need, strict=True))
    np.testing.assert_allclose(met + result.unmet.sum(axis=0), demand.sum(axis=0), rtol=1e-9, atol=1e-9)
    for part in (result.chips, result.unsold, result.unmet):
        assert (part >= 0).all()


@few
@given(seeds, st.integers(1, 4))
def test_groups_together_want_the_total(seed, groups):
    random = np.random.default_rng(seed)
    total = amounts(random, 5, DRAWS)
    wanted = demand_by_group(total, [amounts(random, DRAWS, zeros=0.5) for _ in range(groups)])
    np.testing.assert_allclose(wanted.sum(axis=0), total, rtol=1e-12)
    bought = amounts(random, 5, DRAWS)
    np.testing.assert_allclose(left_to_buy(wanted, bought).sum(axis=0), np.maximum(total - bought, 0), atol=1e-9)


@few
@given(seeds, st.integers(1, 3), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_no_more_comes_in_than_is_offered_licensed_and_admitted(seed, groups, licence, gate):
    random = np.random.default_rng(seed)
    offered, shares = amounts(random, 5, DRAWS), shares_of(amounts(random, groups, 5, DRAWS))
    gates = [gate, *(random.random() for _ in range(groups - 1))]
    allowed = let_in(offered, licence, admitted_share(gates, shares))
    assert (allowed >= 0).all()
    assert (allowed <= offered * licence * max(gates) * (1 + ROUNDING)).all()
    assert (let_in(offered, licence, admitted_share([1.0] * groups, shares)) >= allowed * (1 - ROUNDING)).all()
    each = quotas(allowed, gates, shares)
    np.testing.assert_allclose(each.sum(axis=0), allowed, rtol=1e-9, atol=1e-9)
    assert (each >= 0).all()


@few
@given(seeds, st.just(0.0) | st.floats(0.01, 200.0))
def test_a_cap_is_never_passed(seed, cap):
    random = np.random.default_rng(seed)
    allowed = amounts(random, 8, DRAWS)
    limit = np.where(np.arange(8) >= 3, cap, np.inf)[:, np.newaxis]
    capped = within_cap(allowed, limit)
    assert (capped[3:].sum(axis=0) <= cap * (1 + ROUNDING)).all()
    np.testing.assert_array_equal(capped[:3], allowed[:3])
    assert (capped <= allowed).all()


@few
@given(seeds, st.integers(1, 5), st.integers(1, 4))
def test_what_is_recorded_arrives_once(seed, count, length):
    random = np.random.default_rng(seed)
    periods = [(100 + i * length, 100 + (i + 1) * length, amounts(random, DRAWS)) for i in range(count)]
    flow, on_record = recorded_flow(periods, np.arange(95, 130), DRAWS)
    np.testing.assert_allclose(flow.sum(axis=0), sum(amount for _, _, amount in periods), atol=1e-9)
    assert not flow[~on_record].any()


@few
@given(seeds, st.floats(0.0, 3.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_grey_channel_splits_into_its_chips(seed, multiple, located, evaded):
    random = np.random.default_rng(seed)
    flow = grey_imports(amounts(random, 5, DRAWS), multiple, located, evaded)
    parts = by_chip(flow, {"one": amounts(random, DRAWS, zeros=0.5), "other": amounts(random, 5, DRAWS, zeros=0.5)})
    assert (flow >= 0).all()
    np.testing.assert_allclose(parts["one"] + parts["other"], flow, rtol=1e-12, atol=1e-12)


@few
@given(seeds, st.floats(0.0, 0.2), st.floats(1.0, 30.0))
def test_what_is_in_service_is_what_is_left_of_every_cohort(seed, failure, longest):
    random = np.random.default_rng(seed)
    flow, life = amounts(random, 24, DRAWS), random.uniform(1.0, longest, DRAWS)
    stock = installed_base(flow, failure, life)
    # Each cohort followed alone: thinned month by month, and gone at its age but for a fraction of the last month.
    age = np.arange(24)[:, np.newaxis, np.newaxis] - np.arange(24)[np.newaxis, :, np.newaxis]
    there = np.clip(np.ceil(life) - age, 0.0, 1.0) * np.where(age == np.floor(life), life - np.floor(life), 1.0)
    kept = np.where(age >= 0, (1.0 - failure) ** np.maximum(age, 0) * there, 0.0)
    np.testing.assert_allclose(stock, (kept * flow).sum(axis=1), atol=1e-7)
    assert (stock >= 0).all()
    assert (stock <= installed_stock(flow, failure) + 1e-9).all()
    assert (installed_base(flow, failure, life + 1.0) >= stock - 1e-7).all()


@few
@given(seeds, st.floats(0.0, 1.0))
def test_money_is_neither_made_nor_lost(seed, share):
    random = np.random.default_rng(seed)
    chips, price = amounts(random, 12, DRAWS), amounts(random, 12, DRAWS)
    paid = revenue(chips, price)
    taken = fees(paid, share)
    kept = paid - taken
    assert (kept >= -ROUNDING).all()
    np.testing.assert_allclose(kept + taken, paid)
    quarters = by_fiscal_quarter(paid, np.arange(24300, 24312), 1)
    np.testing.assert_allclose(sum(quarters.values()), paid.sum(axis=0))


@few
@given(seeds)
def test_no_more_is_released_than_was_written_down(seed):
    random = np.random.default_rng(seed)
    under_way, sold = amounts(random, 20, DRAWS), amounts(random, 20, DRAWS)
    written = write_downs(random.random((20, DRAWS)), under_way, amounts(random, DRAWS), sold)
    assert (written.charged >= 0).all()
    assert (written.released >= 0).all()
    charged, released = np.cumsum(written.charged, axis=0), np.cumsum(written.released, axis=0)
    assert (released <= charged * (1 + ROUNDING) + ROUNDING).all()


@few
@given(seeds, st.integers(1, 6), st.sampled_from(["designed", "made", "either"]))
def test_self_sufficiency_is_a_share_and_moves_the_right_way(seed, members, own):
    random = np.random.default_rng(seed)
    chips = amounts(random, members, DRAWS, zeros=0.5)
    designed, made, grey = (random.random(members) < 0.5 for _ in range(3))
    without, among_all = (
        self_sufficiency(chips, designed, made, grey & ~designed & ~made, own=own, with_grey=counted)
        for counted in (False, True)
    )
    for share in (without, among_all):
        assert ((share.values >= 0) & (share.values <= 1)).all()
        assert not share.values[~share.defined].any()
    both = without.defined & among_all.defined
    assert (among_all.values[both] <= without.values[both] + ROUNDING).all()
    wider = self_sufficiency(chips, designed, made, grey & ~designed & ~made, own="either", with_grey=True)
    assert (wider.values >= among_all.values - ROUNDING).all()


@pytest.mark.parametrize("kept", [True, False])
def test_without_demand_nothing_is_sold_and_nothing_breaks(kept):
    result = sales(
        np.zeros((2, 3, 1)), [np.ones((3, 1))], [1.0], [1.0], [None], [1.0] * 2, favoured=[True], kept=[kept]
    )
    assert not result.chips.any()
    assert not result.unmet.any()
    assert result.unsold[0, -1, 0] == (3 if kept else 0)
