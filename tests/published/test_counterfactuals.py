"""The counterfactuals of the library against the flagship: what each may move, which way, and what is known of it."""

import numpy as np
import pytest

import autarky
from autarky.analysis.compare import Comparison, Side

DRAWS = 512
MADE = ("production.chips", "wafers", "good_dies", "stacks", "bank_dies")


@pytest.fixture(scope="module")
def side():
    known = {}

    def of(name):
        if name not in known:
            known[name] = Side.of(autarky.run(name, draws=DRAWS, prior=True))
        return known[name]

    return of


@pytest.fixture
def compared(side):
    return lambda b, a="china-ai-chips": Comparison(side(a), side(b))


def draws(comparison, measure, year):
    return comparison.difference_draws(measure)[year]


def unmoved(comparison, *measures, before=None):
    for name in measures:
        for year, values in comparison.difference_draws(name).items():
            if before is None or int(year) < before:
                assert not values.any(), (name, year)


def test_without_the_letters_nvidia_sells_what_it_said_it_lost(compared):
    # Nvidia could not ship 2.5bn USD of H20 in the quarter to April 2025 and put the loss of the next one at 8.0bn.
    c = compared("h20-never-stopped")
    unmoved(c, *MADE, "grey.chips")
    unmoved(c, "imports.chips", "revenue", "write_downs", "installed.chips", before=2025)
    low, high = np.quantile(draws(c, "revenue.vendor.nvidia", "2025"), [0.05, 0.95])
    assert low <= 10.5e9 <= high
    assert (draws(c, "imports.chips", "2025") > 0).all()
    assert (draws(c, "write_downs", "2025") < 0).all()
    for share in ("units.flow", "value.flow", "dense_8bit.stock"):
        assert (draws(c, f"self_sufficiency.{share}.designed.with_grey", "2025") < 0).all()


def test_a_ban_that_stays_takes_what_little_came(compared):
    c = compared("h20-ban-stays")
    unmoved(c, *MADE, "grey.chips")
    unmoved(c, "imports.chips", before=2025)
    assert (draws(c, "imports.chips", "2025") < 0).all()
    assert (draws(c, "self_sufficiency.units.flow.designed.without_grey", "2026") >= 0).all()


@pytest.mark.parametrize("percent", [20, 25])
def test_a_higher_fee_moves_the_fee_alone(compared, percent):
    c = compared(f"h20-for-{percent}-percent", "h20-for-15-percent")
    assert set(c.changed) == {"fees"}
    fifteen, higher = (s.yearly["fees"].draws["2026"] for s in (c.a, c.b))
    np.testing.assert_allclose(higher, fifteen * percent / 15, rtol=1e-5)
    assert (fifteen > 0).all()


def test_beijings_gate_binds_the_h200_harder_than_washingtons(side, compared):
    # What the buying side alone lets in is less than what the exporting side alone lets through.
    c = compared("h200-without-gate", "h200-as-gated")
    unmoved(c, *MADE)
    unmoved(c, "imports.chips", before=2025)
    assert np.mean(draws(c, "imports.chips", "2026")) > 200e3
    assert (draws(c, "duties", "2026") > 0).all()
    gated = side("h200-as-gated").yearly
    admitted, licensed = (gated[f"access.stage.{stage}"].draws["2026"] for stage in ("admitted", "licensed"))
    assert np.mean(admitted < licensed) > 0.9


@pytest.mark.parametrize(("name", "since", "way"), [("hbm-without-control", 2025, 1), ("hbm-tightened", 2027, -1)])
def test_memory_moves_packages_and_nothing_upstream_of_them(compared, name, since, way):
    c = compared(name)
    unmoved(c, "wafers", "good_dies", "bank_dies", "grey.chips")
    unmoved(c, "production.chips", "stacks", "sales.chips", before=since)
    assert way * np.mean(draws(c, "production.h100e.tpp", str(since + 1))) > 0


def test_location_verification_moves_the_grey_channel_alone(compared):
    c = compared("location-verification")
    unmoved(c, *MADE, "imports.chips", "revenue", "unmet")
    unmoved(c, "grey.chips", "installed.chips", before=2027)
    assert (draws(c, "grey.chips", "2028") < 0).all()
    unmoved(c, "self_sufficiency.units.flow.designed.without_grey")


def test_state_sites_without_foreign_chips_import_less(compared):
    c = compared("state-sites-closed")
    unmoved(c, *MADE, "grey.chips")
    unmoved(c, "imports.chips", before=2027)
    assert (draws(c, "imports.chips", "2027") <= 1).all()
    assert np.mean(draws(c, "imports.chips", "2027")) < 0


def test_software_alone_makes_no_chip(compared):
    c = compared("software-parity")
    unmoved(c, *MADE, "grey.chips")
    unmoved(c, "imports.chips", before=2026)
    # Where chips are short, buyers take all there are, however easy to use; elsewhere a few imports give way.
    gained = draws(c, "imports.chips", "2028")
    assert np.mean(gained) <= 0
    assert np.quantile(gained, 0.95) <= 1


def test_the_plan_in_full_doubles_smic_and_does_not_triple_packages(compared):
    c = compared("plan-met")
    chances = {pair.name: pair for pair in c.targets}
    assert chances["smic-doubles-in-2026"].b > 0.8
    assert chances["new-fabs-exceed-smic-of-2025"].difference > 0.2
    # Memory binds, not wafers.
    assert chances["triple-packages"].b < 0.05
    unmoved(c, "imports.chips", "grey.chips", before=2026)
