"""The foreign side, run through the same chain, against what was counted and forecast of it."""

import numpy as np
import pytest

import autarky

K = 1000


@pytest.fixture(scope="module")
def foreign():
    return autarky.run("foreign-ai-chips", draws=8192, keep=("production", "wafers"))


def band(result, measure, period, **scope):
    """Return the 5th and 95th percentile."""
    return result.quantiles(result.by_period(measure, period, scope), [0.05, 0.95])


def test_the_history_fits(foreign):
    assert foreign.fit.usable
    assert foreign.fit.effective_draws >= 200
    assert foreign.fit.pareto_k <= 0.7


# Epoch AI, "AI chip counts", table of 22 April 2026, summed over owners and quarters: thousands of packages.
UNITS = [
    ("2022", {"vendor": "nvidia"}, 835),
    ("2023", {"vendor": "nvidia"}, 1294),
    ("2024", {"vendor": "nvidia"}, 3838),
    ("2025", {"vendor": "nvidia"}, 4458),
    ("2024", {"chip": "h20"}, 958),
    ("2025", {"chip": "h20"}, 531),
    ("2024", {"chip": "b200-sxm"}, 201),
    ("2025", {"chip": "b200-sxm"}, 1718),
    ("2025", {"chip": "b300-sxm"}, 1501),
    ("2024", {"vendor": "amd"}, 481),
    ("2025", {"vendor": "amd"}, 441),
    ("2023", {"vendor": "google"}, 1020),
    ("2024", {"vendor": "google"}, 2202),
    ("2025", {"vendor": "google"}, 2767),
    ("2024", {"vendor": "amazon"}, 755),
    ("2025", {"vendor": "amazon"}, 1085),
]


@pytest.mark.parametrize(("year", "scope", "thousands"), UNITS)
def test_the_90_percent_band_covers_the_count(foreign, year, scope, thousands):
    low, high = band(foreign, "production.chips", year, **scope)
    assert low <= thousands * K <= high
    assert high < 2 * low


@pytest.mark.parametrize(("year", "thousands"), [("2024", 2679), ("2025", 708)])
def test_h100_and_h200_together_are_covered_although_no_evidence_names_them(foreign, year, thousands):
    # The same table counts the two as one.
    both = sum(foreign.by_period("production.chips", year, {"chip": chip}) for chip in ("h100-sxm", "h200-sxm"))
    low, high = foreign.quantiles(both, [0.05, 0.95])
    assert low <= thousands * K <= high


@pytest.mark.parametrize(("year", "thousands"), [("2024", 3329 + 733 + 300 + 548), ("2025", 8920 + 2850 + 712 + 686)])
def test_compute_by_the_dense_8_bit_rate_is_covered_although_no_evidence_names_it(foreign, year, thousands):
    # The same table, H100-equivalents of Nvidia, Google, Amazon and AMD.
    low, high = band(foreign, "production.h100e.dense_8bit", year)
    assert low <= thousands * K <= high


@pytest.mark.parametrize(("year", "ceiling"), [("2026", 1.0e6), ("2027", 1.5e6)])
def test_n3_wafers_stay_under_the_top_down_ceiling(foreign, year, ceiling):
    # SemiAnalysis, "The Great AI Silicon Shortage", 12 March 2026: 60 % (2026) and 86 % (2027) of N3 go to AI, out of
    # 140k to 145k wafers a month at the end of 2026. The line covers far more than these chips, so it only bounds.
    wafers = sum(foreign.by_period("wafers", year, {"fab": fab}) for fab in ("tsmc-n3-nvidia", "tsmc-n3-amd"))
    assert foreign.quantiles(wafers, [0.95])[0] < ceiling


def test_cowos_decides_in_2024_and_logic_in_2025(foreign):
    # Packaging was the bottleneck that the press reported for 2024; in 2025 the known lines exceed what was counted.
    shares = foreign.bottleneck()
    assert shares["2024"]["packaging: tsmc-cowos"] > 0.2
    assert shares["2025"].get("packaging: tsmc-cowos", 0) < 0.1


def test_forecasts_are_targets_and_no_evidence(foreign):
    # Morgan Stanley, May 2026, relayed: 5.4M Nvidia packages in 2026 and about 8M in 2027; 5M TPUs in 2027. BofA: more
    # than 3M TPU v7 in 2026.
    chances = {target.name: target.probability for target in foreign.target_results}
    for name in (
        "nvidia-units-forecast-2026",
        "nvidia-units-forecast-2027",
        "tpu-v7-forecast-2026",
        "tpu-forecast-2027",
    ):
        assert 0.02 < chances[name] < 0.98, name
    periods = {check.name.rsplit("-", 1)[-1] for check in foreign.fit.checks}
    assert periods == {"2022", "2023", "2024", "2025"}
    assert np.isfinite(list(chances.values())).all()
