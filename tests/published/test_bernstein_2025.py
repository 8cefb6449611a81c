"""Bernstein's figures for China's AI-chip market in 2025: what each is a share of, and of which world.

July 2025 ("Sizing the AI chip supply and demand", 2025-07-17): before the H20 was stopped, 39.5bn USD of demand were
projected, 37 % of it met by domestic vendors. The stop takes 16.8bn USD of the H20, of which 10.5bn are won back; a new
part brings 2.8bn, AMD 1.0bn, and domestic vendors gain 1.5bn.
"""

import numpy as np
import pytest

import autarky
from autarky.facts.loader import load_catalogue
from autarky.facts.records import TimeSeries
from autarky.quantities.summary import weighted_quantiles

SHARE = "self_sufficiency.value.flow.designed.without_grey"


def printed(series, year="2025"):
    record = load_catalogue().get("series", series, TimeSeries)
    return float(record.values[year].value.pooled.mean())


def test_the_share_of_july_2025_is_that_of_a_year_without_the_letters():
    demand, domestic, lost, won_back, new_part, amd, gain = 39.5, 0.37 * 39.5, 16.8, 10.5, 2.8, 1.0, 1.5
    supplied = demand - lost + won_back + new_part + amd
    assert supplied == pytest.approx(37.0)
    assert printed("localisation-bernstein-before-the-letters") == pytest.approx(domestic / demand)
    assert printed("localisation-bernstein-2025-07") == pytest.approx((domestic + gain) / supplied, abs=0.001)
    # Half a year later the same house had 16 of 37bn USD.
    assert printed("localisation-bernstein-2025-12") == pytest.approx((domestic + gain) / supplied, abs=0.006)


@pytest.fixture(scope="module")
def bands():
    compared = autarky.compare("china-ai-chips", "h20-never-stopped", draws=8192)
    assert compared.a.result.fit.usable
    weights = compared.a.result.weights
    return {
        side.settings.name: weighted_quantiles(side.yearly[SHARE].draws["2025"][None, :], [0.05, 0.95], weights).ravel()
        for side in (compared.a, compared.b)
    }


@pytest.mark.parametrize("share", ["localisation-bernstein-2025-07", "localisation-bernstein-2025-12"])
def test_the_flagship_covers_what_was_expected_once_the_letters_had_come(bands, share):
    low, high = bands["china-ai-chips"]
    assert low <= printed(share) <= high


def test_the_flagship_covers_what_the_house_counted_after_the_year(bands):
    # January 2026: Huawei 40 %, Hygon 4, Cambricon 4, T-Head 3, Kunlunxin 3; Nvidia 40 and AMD 2.
    domestic = sum(printed(f"bernstein-share-{v}") for v in ("huawei", "hygon", "cambricon", "t-head", "kunlunxin"))
    low, high = bands["china-ai-chips"]
    assert low <= domestic / (domestic + 0.40 + printed("bernstein-share-amd")) <= high


def test_what_was_projected_without_the_letters_lies_in_the_world_without_them(bands):
    low, high = bands["h20-never-stopped"]
    assert low <= printed("localisation-bernstein-before-the-letters") <= high
    assert np.mean(bands["h20-never-stopped"]) < np.mean(bands["china-ai-chips"])
