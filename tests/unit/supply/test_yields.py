import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from autarky.errors import QuantityError
from autarky.supply.yields import (
    MODELS,
    bins,
    bose_einstein,
    defect_density_from_yield,
    exp_of_minus_sqrt_x,
    murphy1964,
    murphy1964_uniform,
    negative_binomial,
    one_over_one_plus_x,
    poisson,
    salvaged,
)

EXTRA = {"bose_einstein": (3,), "negative_binomial": (2.0,)}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (poisson, math.exp(-1)),
        (murphy1964, (1 - math.exp(-1)) ** 2),
        (murphy1964_uniform, (1 - math.exp(-2)) / 2),
        (one_over_one_plus_x, 0.5),
        (exp_of_minus_sqrt_x, math.exp(-1)),
    ],
)
def test_one_defect_per_die_gives_the_formula_by_hand(model, expected):
    assert model(2.0, 0.5) == pytest.approx(expected, rel=1e-14)


def test_critical_layers_multiply():
    assert bose_einstein(1.0, 0.25, 3) == pytest.approx(0.8**3)


def test_clustering_of_two_by_hand():
    assert negative_binomial(1.0, 2.0, 2.0) == pytest.approx(0.25)


@pytest.mark.parametrize("name", MODELS)
def test_no_defects_means_full_yield(name):
    assert MODELS[name](6.66, 0.0, *EXTRA.get(name, ())) == 1.0


@pytest.mark.parametrize("name", MODELS)
def test_yield_falls_with_area_and_stays_a_share(name):
    shares = MODELS[name](np.geomspace(1e-9, 1e3, 200), 0.3, *EXTRA.get(name, ()))
    assert (np.diff(shares) < 0).all()
    assert ((shares >= 0) & (shares <= 1)).all()


def test_models_come_in_the_order_that_the_module_states():
    x = np.linspace(0.01, 20.0, 400)
    ordered = [model(x, 1.0) for model in (poisson, murphy1964, murphy1964_uniform, one_over_one_plus_x)]
    for lower, higher in itertools.pairwise(ordered):
        assert (lower < higher).all()


def test_clustering_of_one_is_one_over_one_plus_x():
    assert negative_binomial(3.0, 0.4, 1.0) == pytest.approx(one_over_one_plus_x(3.0, 0.4), rel=1e-14)


def test_infinite_clustering_is_poisson():
    assert negative_binomial(3.0, 0.4, np.inf) == poisson(3.0, 0.4)
    assert negative_binomial(3.0, 0.4, 1e9) == pytest.approx(poisson(3.0, 0.4), rel=1e-8)


def test_months_and_draws_broadcast():
    density = np.linspace(0.1, 0.4, 10).reshape(2, 5)
    shares = negative_binomial(6.66, density, np.array([1.0, 2.0, 3.0, np.inf, 5.0]))
    assert shares.shape == (2, 5)
    assert shares[1, 3] == poisson(6.66, density[1, 3])


@pytest.mark.parametrize("clustering", [0.5, 2.0, np.inf])
def test_defect_density_is_the_inverse_of_yield(clustering):
    density = np.geomspace(1e-6, 2.0, 50)
    back = defect_density_from_yield(negative_binomial(6.66, density, clustering), 6.66, clustering)
    np.testing.assert_allclose(back, density, rtol=1e-9)


def test_independent_cores_follow_the_binomial_law():
    share = salvaged(6.0, 0.3, cores=25, good_cores=20, core_area_share=0.5)
    one_core = math.exp(-6.0 * 0.3 * 0.5 / 25)
    assert share == pytest.approx(math.exp(-0.9) * stats.binom.sf(19, 25, one_core), rel=1e-12)


def test_one_core_of_two_by_hand():
    good = math.exp(-0.25)
    assert salvaged(1.0, 0.5, cores=2, good_cores=1, core_area_share=1.0) == pytest.approx(
        good**2 + 2 * good * (1 - good)
    )


@pytest.mark.parametrize("clustering", [0.5, 1.0, 3.0, 50.0, np.inf])
def test_salvage_of_nothing_is_the_plain_yield(clustering):
    share = salvaged(6.66, 0.25, cores=25, good_cores=25, core_area_share=0.6, clustering=clustering)
    assert share == pytest.approx(negative_binomial(6.66, 0.25, clustering), abs=1e-6)


@pytest.mark.parametrize("clustering", [0.5, 1.0, 3.0, 50.0, np.inf])
def test_a_part_that_needs_no_core_has_the_yield_of_the_rest(clustering):
    share = salvaged(6.66, 0.25, cores=25, good_cores=0, core_area_share=0.6, clustering=clustering)
    assert share == pytest.approx(negative_binomial(6.66 * 0.4, 0.25, clustering), abs=1e-6)


@pytest.mark.parametrize(("clustering", "tolerance"), [(0.5, 1e-5), (1.0, 1e-7), (4.0, 1e-8)])
def test_clustered_salvage_agrees_with_adaptive_integration(clustering, tolerance):
    def sold(level):
        defects = stats.gamma.ppf(level, clustering, scale=3.0 / clustering)
        return math.exp(-0.4 * defects) * stats.binom.sf(131, 144, math.exp(-0.6 * defects / 144))

    expected, _ = integrate.quad(sold, 0, 1, limit=400)
    share = salvaged(3.0, 1.0, cores=144, good_cores=132, core_area_share=0.6, clustering=clustering)
    assert share == pytest.approx(expected, abs=tolerance)


def test_clustering_leaves_less_to_salvage():
    plain = {"cores": 25, "core_area_share": 0.6}
    gains = [
        salvaged(6.66, 0.2, **plain, good_cores=20, clustering=clustering)
        - salvaged(6.66, 0.2, **plain, good_cores=25, clustering=clustering)
        for clustering in (1.0, 3.0, np.inf)
    ]
    assert gains == sorted(gains)


def test_bins_split_the_sold_dies_and_leave_the_scrap_last():
    split = bins(6.66, 0.2, cores=25, good_cores=(25, 24, 20), core_area_share=0.6, clustering=2.0)
    sold = [
        salvaged(6.66, 0.2, cores=25, good_cores=needed, core_area_share=0.6, clustering=2.0) for needed in (25, 24, 20)
    ]
    np.testing.assert_allclose(np.cumsum(split[:-1]), sold, rtol=1e-12)
    assert split.sum() == pytest.approx(1.0, abs=1e-15)


def test_bins_take_months_draws_and_a_clustering_for_each_draw():
    density = np.linspace(0.1, 0.4, 6).reshape(2, 3)
    clustering = np.array([1.0, np.inf, 3.0])
    split = bins(6.66, density, cores=25, good_cores=(25, 20), core_area_share=0.6, clustering=clustering)
    assert split.shape == (3, 2, 3)
    alone = bins(6.66, density[1, 1], cores=25, good_cores=(25, 20), core_area_share=0.6)
    np.testing.assert_allclose(split[:, 1, 1], alone, rtol=1e-12)


@pytest.mark.parametrize("wanted", [(), (26,), (20, 25), (20, 20)])
def test_bins_out_of_order_are_refused(wanted):
    with pytest.raises(QuantityError, match="list them from most to fewest") as caught:
        bins(1.0, 0.1, cores=25, good_cores=wanted, core_area_share=0.6)
    assert caught.value.at == ("good_cores",)


def test_a_negative_number_of_cores_is_refused():
    with pytest.raises(QuantityError, match=r"^a bin cannot need -1 cores; 0 or more$"):
        salvaged(1.0, 0.1, cores=25, good_cores=-1, core_area_share=0.6)
