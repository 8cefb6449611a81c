"""What must hold in the supply room whatever the numbers are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.supply.dies import area_over_area, exact_placement, stepped_placement
from autarky.supply.packaging import Sharing
from autarky.supply.wafers import delayed, ramp
from autarky.supply.yields import bins, defect_density_from_yield, negative_binomial, salvaged

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def wafers(draw):
    return {
        "wafer_diameter": draw(st.sampled_from([100.0, 200.0, 300.0])),
        "edge_exclusion": draw(st.sampled_from([0.0, 3.0, 4.5])),
        "die_width": draw(st.floats(6.0, 60.0)),
        "die_height": draw(st.floats(6.0, 60.0)),
        "street_x": draw(st.sampled_from([0.0, 0.1, 1.0])),
        "street_y": draw(st.sampled_from([0.0, 0.1, 1.0])),
        "notch_keepout": draw(st.sampled_from([0.0, 5.0, 15.0])),
    }


@few
@given(wafers(), st.floats(0, 1), st.floats(0, 1))
def test_no_offset_places_more_dies_than_the_exact_placement(sizes, across, up):
    radius = sizes["wafer_diameter"] / 2 - sizes["edge_exclusion"]
    floor = sizes["notch_keepout"] - sizes["wafer_diameter"] / 2
    pitch_x, pitch_y = sizes["die_width"] + sizes["street_x"], sizes["die_height"] + sizes["street_y"]
    steps = np.arange(-60, 61)
    left, low = (across + steps) * pitch_x, (up + steps)[:, np.newaxis] * pitch_y
    far_x = np.maximum(abs(left), abs(left + sizes["die_width"]))
    far_y = np.maximum(abs(low), abs(low + sizes["die_height"]))
    full = (np.hypot(far_x, far_y) <= radius) & (low >= floor)
    assert full.sum() <= exact_placement(**sizes)


@few
@given(wafers(), st.integers(1, 12))
def test_a_search_in_steps_never_beats_the_exact_placement(sizes, steps):
    assert stepped_placement(**sizes, steps=steps) <= exact_placement(**sizes)


@few
@given(wafers())
def test_dies_never_cover_more_than_the_usable_area(sizes):
    bare = {**sizes, "street_x": 0.0, "street_y": 0.0}
    diameter = sizes["wafer_diameter"] - 2 * sizes["edge_exclusion"]
    assert exact_placement(**bare) <= area_over_area(diameter, sizes["die_width"], sizes["die_height"])


@few
@given(wafers(), st.floats(0.0, 3.0))
def test_a_larger_die_edge_or_notch_never_gives_more_dies(sizes, growth):
    before = exact_placement(**sizes)
    assert exact_placement(**{**sizes, "edge_exclusion": sizes["edge_exclusion"] + growth}) <= before
    assert exact_placement(**{**sizes, "notch_keepout": sizes["notch_keepout"] + growth}) <= before
    # With the pitch held the die alone grows; a wider pitch by itself can move a row to a better place.
    wider = {**sizes, "die_width": sizes["die_width"] + min(growth, sizes["street_x"])}
    wider["street_x"] = sizes["die_width"] + sizes["street_x"] - wider["die_width"]
    assert exact_placement(**wider) <= before


@few
@given(st.floats(0.0, 6.0), st.integers(1, 60), st.floats(0.0, 1.0), st.sampled_from([0.5, 1.0, 3.0, math.inf]))
def test_every_die_is_in_one_bin_or_scrap(x, cores, share, clustering):
    every = range(cores, -1, -1)
    split = bins(x, 1.0, cores=cores, good_cores=every, core_area_share=share, clustering=clustering)
    assert split.sum() == pytest.approx(1.0, abs=1e-12)
    assert (split >= -1e-12).all()
    assert split[-1] == pytest.approx(1 - negative_binomial(x * (1 - share), 1.0, clustering), abs=1e-5)


@few
@given(st.floats(0.0, 6.0), st.floats(0.0, 1.0), st.integers(0, 24), st.sampled_from([0.5, 2.0, math.inf]))
def test_needing_fewer_cores_never_sells_fewer_dies(x, share, needed, clustering):
    strict, lax = (
        salvaged(x, 1.0, cores=25, good_cores=cores, core_area_share=share, clustering=clustering)
        for cores in (needed + 1, needed)
    )
    assert lax >= strict - 1e-12


@few
@given(st.floats(0.01, 1.0), st.floats(0.1, 10.0), st.floats(0.3, 100.0) | st.just(math.inf))
def test_defect_density_gives_its_yield_back(good_share, area, clustering):
    density = defect_density_from_yield(good_share, area, clustering)
    assert negative_binomial(area, density, clustering) == pytest.approx(good_share, rel=1e-9)


@few
@given(seeds, st.integers(1, 30), st.floats(0.0, 40.0))
def test_a_delay_creates_nothing_and_loses_only_what_comes_later(seed, months, longest):
    random = np.random.default_rng(seed)
    flow, lag = random.random((months, 7)), random.uniform(0.0, longest, 7)
    lag[0] = np.floor(lag[0])
    later = delayed(flow, lag)
    assert (later >= 0).all()
    assert (np.cumsum(later, axis=0) <= np.cumsum(flow, axis=0) * (1 + 1e-12)).all()
    padded = np.concatenate([flow, np.zeros((math.ceil(longest) + 1, 7))])
    arrived = delayed(padded, lag)
    np.testing.assert_allclose(arrived.sum(axis=0), flow.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(arrived[:months], later)
    # The mean arrival is the mean start plus the lag.
    when = np.arange(padded.shape[0])[:, np.newaxis]
    wait = (when * arrived).sum(axis=0) / arrived.sum(axis=0) - (when * padded).sum(axis=0) / padded.sum(axis=0)
    np.testing.assert_allclose(wait, lag, atol=1e-9)


@few
@given(st.floats(0.0, 50.0), st.floats(0.0, 24.0))
def test_a_ramp_rises_from_nothing_to_all(start, length):
    shares = ramp(np.arange(100), np.array([start]), np.array([length]))[:, 0]
    assert (np.diff(shares) >= 0).all()
    assert shares[0] == (1.0 if start == 0 and length == 0 else 0.0)
    assert shares[-1] == 1.0


def market(seed):
    """Return requests, use and available for a few products and resources with ties and zeros among them."""
    random = np.random.default_rng(seed)
    products, resources, draws = random.integers(1, 7), random.integers(1, 6), 16
    requests = random.integers(0, 50, (products, draws)) * random.choice([0.1, 1.0, 1e5])
    available = random.integers(0, 200, (resources, draws)) * random.choice([0.1, 1.0, 1e5])
    available[random.random(available.shape) < 0.1] = np.inf
    use = []
    for _ in range(products):
        wanted = np.flatnonzero(random.random(resources) < 0.6)
        fixed = {int(resource): float(random.choice([0.5, 1.0, 2.0, 8.0])) for resource in wanted}
        use.append(fixed if random.random() < 0.7 else {r: a * random.random(draws) for r, a in fixed.items()})
    priorities = random.integers(1, 4, products).tolist()
    return requests, use, available, priorities


def taken(use, started, resources):
    total = np.zeros((resources, started.shape[1]))
    for product, needs in enumerate(use):
        for resource, amount in needs.items():
            total[resource] += started[product] * amount
    return total


@settings(max_examples=200, deadline=None)
@given(seeds, st.booleans())
def test_packaging_stays_within_requests_and_resources_and_leaves_nothing_useful_idle(seed, ranked):
    requests, use, available, priorities = market(seed)
    served = Sharing.of(use, priorities if ranked else [1] * len(use)).serve(requests, available)
    started, limiting = served.started, served.limiting
    used = taken(use, started, available.shape[0])
    assert (started >= 0).all()
    assert (started <= requests).all()
    assert (used <= available * (1 + 1e-9)).all()
    finite = np.isfinite(available)
    np.testing.assert_allclose((used + served.left)[finite], available[finite], rtol=1e-9, atol=1e-9)
    for product, needs in enumerate(use):
        met = limiting[product] == -1
        np.testing.assert_array_equal(started[product][met], requests[product][met])
        for resource in np.unique(limiting[product][~met]):
            assert resource in needs
            stopped = limiting[product] == resource
            assert (used[resource][stopped] >= available[resource][stopped] * (1 - 1e-9)).all()


@few
@given(seeds, st.floats(0.0, 3.0))
def test_more_of_a_resource_never_lowers_a_lone_product(seed, growth):
    random = np.random.default_rng(seed)
    alone = Sharing.of([{0: 2.0, 1: 8.0, 2: 1.0}], [1])
    requests, available = random.random((1, 9)) * 100, random.random((3, 9)) * 300
    before = alone.serve(requests, available).started
    for resource in range(3):
        more = available.copy()
        more[resource] *= 1 + growth
        assert (alone.serve(requests, more).started >= before).all()


@few
@given(seeds)
def test_equal_products_get_equal_fractions(seed):
    random = np.random.default_rng(seed)
    requests, available = random.random((4, 9)) + 0.1, random.random((2, 9)) * 3
    started = Sharing.of([{0: 1.0, 1: 2.0}] * 4, [1] * 4).serve(requests, available).started
    fractions = started / requests
    np.testing.assert_allclose(fractions, np.broadcast_to(fractions[0], fractions.shape), rtol=1e-12)
