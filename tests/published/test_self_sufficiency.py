"""Self-sufficiency of China as others have published it: from their own inputs by their own definition.

The inputs stand in the catalogue as the publications print them; the stage that the flagship uses does the sum. Then
the flagship itself, whose 90 % band has to hold what was counted.
"""

import numpy as np
import pytest

import autarky
from autarky.facts.loader import load_catalogue
from autarky.facts.records import TimeSeries
from autarky.market.self_sufficiency import self_sufficiency


def figure(series, period):
    """Return the median of a published figure."""
    observed = load_catalogue().get("series", series, TimeSeries).values[period]
    return float(observed.value.pooled.ppf(np.array([0.5]))[0])


def printed(series, period):
    """Return the published share in per cent."""
    return 100 * figure(series, period)


def share(amounts, *, grey=(), own="designed"):
    """Return the share of domestic chips in per cent; the first amount is theirs, the others are foreign."""
    domestic = [True, *[False] * (len(amounts) - 1)]
    through = [index in grey for index in range(len(amounts))]
    answer = self_sufficiency(np.array(amounts), domestic, domestic, through, own=own, with_grey=bool(grey))
    assert answer.defined
    return 100 * float(answer.values)


@pytest.mark.parametrize(
    ("series", "period"),
    [("yearly", "2024"), ("yearly", "2025"), ("half-yearly", "2023H1"), ("half-yearly", "2025H1")],
)
def test_idc_counts_cards_shipped(series, period):
    # IDC, cards of every kind by units: 10 % in the first half of 2023, "more than 30 %" in 2024, about 35 % in the
    # first half of 2025, 41 % in 2025 (Reuters, 1 April 2026).
    tail = "-half-yearly" if series == "half-yearly" else ""
    domestic, every = figure(f"idc-domestic-cards{tail}", period), figure(f"idc-cards{tail}", period)
    answer = share([domestic, every - domestic])
    assert round(answer) == round(printed(f"idc-domestic-share{tail}", period))


def test_idc_vendors_add_up_to_its_share():
    # The same table by vendor: Nvidia 55 %, AMD 4 %, domestic 41 % of cards.
    cards = [figure(f"idc-{name}-cards", "2025") for name in ("domestic", "nvidia", "amd")]
    assert sum(cards) == pytest.approx(figure("idc-cards", "2025"), rel=0.003)
    assert round(share(cards)) == 41
    of_nvidia = share([cards[1], cards[0], cards[2]])
    assert round(of_nvidia) == round(printed("idc-nvidia-share", "2025"))


@pytest.mark.parametrize(("period", "printed_share"), [("2025", 43), ("2027", 57)])
def test_bernstein_counts_value_sold(period, printed_share):
    # Bernstein, December 2025: domestic 16bn of 37bn USD in 2025, 39bn of 69bn in 2027.
    domestic = figure("china-domestic-ai-chip-supply-2025-12", period)
    market = figure("china-ai-chip-demand-2025-12", period)
    assert round(share([domestic, market - domestic])) == printed_share
    assert round(printed("localisation-bernstein-2025-12", period)) == printed_share


def test_bernsteins_two_ratios_for_2028_are_two_questions():
    # 82bn sold of 88bn wanted is 93 %; 91bn that could be supplied is 103 % of it, printed as 104: no share of a whole.
    wanted = figure("china-ai-chip-demand-2025-12", "2028")
    sold = figure("china-domestic-ai-chip-sales-2025-12", "2028")
    supplied = figure("china-domestic-ai-chip-supply-2025-12", "2028")
    assert round(share([sold, wanted - sold])) == 93
    assert 100 * supplied / wanted == pytest.approx(printed("localisation-bernstein-supply-over-demand", "2028"), abs=1)


def test_bernsteins_vendors_in_2025_are_more_than_half_domestic_on_its_smaller_market():
    # January 2026, market of 20.4bn USD: Huawei 40, Hygon 4, Cambricon 4, T-Head 3, Kunlunxin 3; Nvidia 40, AMD 2.
    domestic = sum(
        printed(f"bernstein-share-{v}", "2025") for v in ("huawei", "hygon", "cambricon", "t-head", "kunlunxin")
    )
    foreign = 40 + printed("bernstein-share-amd", "2025")
    assert round(share([domestic, foreign])) == 56


def test_trendforce_leaves_own_chips_of_cloud_firms_out():
    # TrendForce, May 2025: local vendors 40 %, foreign 42 %, the rest chips that cloud firms design for themselves,
    # most of them in China. Counting those as domestic gives 58 %.
    local = printed("trendforce-local-share-2025-05", "2025")
    foreign = printed("trendforce-foreign-share-2025-05", "2025")
    in_house = 100 - local - foreign
    assert in_house == pytest.approx(18)
    assert round(share([local, in_house, foreign])) == 40
    assert round(share([local + in_house, foreign])) == 58


@pytest.mark.parametrize(("year", "printed_share"), [("2023", 0), ("2024", 28), ("2025", 41)])
def test_epoch_counts_the_stock_of_compute_with_what_was_smuggled(year, printed_share):
    # Epoch AI, chip owners, July 2026: Huawei and Cambricon over all of China's H100-equivalents (dense 8-bit) at the
    # end of the year, smuggled Nvidia chips included. Derived from its cumulative table.
    quarter = f"{year}Q4"
    held = {}
    for holder in ("huawei", "cambricon", "nvidia", "amd", "smuggled-nvidia"):
        series = load_catalogue().get("series", f"epoch-stock-china-{holder}-h100e", TimeSeries)
        held[holder] = figure(f"epoch-stock-china-{holder}-h100e", quarter) if quarter in series.values else 0.0
    amounts = [held["huawei"] + held["cambricon"], held["nvidia"], held["amd"], held["smuggled-nvidia"]]
    assert sum(amounts) == pytest.approx(figure("china-stock-h100e", year), rel=0.005)
    assert share(amounts, grey=[3]) == pytest.approx(printed_share, abs=0.6)
    assert printed("localisation-epoch-stock", year) == pytest.approx(printed_share)
    # What the same stock gives when smuggled chips are left out.
    without = share(amounts[:3])
    assert without == pytest.approx({"2023": 0, "2024": 37, "2025": 64}[year], abs=1)


def test_an_expert_counts_units_by_vendor():
    # Expert call, September 2025: Nvidia 50, Huawei 30 % of units in 2025; the other domestic designers are the rest.
    nvidia, huawei = printed("expert-share-nvidia", "2025"), printed("expert-share-huawei", "2025")
    assert round(share([100 - nvidia, nvidia])) == 50
    assert round(share([huawei, nvidia, 100 - huawei - nvidia])) == 30


@pytest.fixture(scope="module")
def flagship():
    flows = ("production", "sales", "revenue", "installed", "write_downs", "capacity", "good_dies")
    result = autarky.run("china-ai-chips", draws=8192, keep=flows)
    assert result.weights is not None
    return result


def band(result, definition, year, **scope):
    row = result.share_by_year(f"self_sufficiency.{definition}", scope)[year]
    return 100 * row["p5"], 100 * row["p95"]


@pytest.mark.parametrize(
    ("definition", "year", "scope", "counted"),
    [
        ("units.flow.designed.without_grey", "2023", {}, 14),  # IDC, a recollection
        ("units.flow.designed.without_grey", "2024", {}, 30),  # IDC
        ("units.flow.designed.without_grey", "2025", {}, 41),  # IDC
        ("value.flow.designed.without_grey", "2023", {}, 17),  # Bernstein, early 2025
        ("value.flow.designed.without_grey", "2024", {}, 34),  # Morgan Stanley, May 2025
        ("value.flow.designed.without_grey", "2025", {}, 43),  # Bernstein, December 2025
        ("value.flow.designed.without_grey", "2025", {}, 56),  # Bernstein, January 2026
        ("dense_8bit.stock.designed.with_grey", "2025", {}, 41),  # Epoch
        ("dense_8bit.stock.designed.with_grey", "2025", {"segment": "data-centre"}, 41),  # Epoch, of its kinds of chip
    ],
)
def test_the_flagships_band_holds_what_was_counted(flagship, definition, year, scope, counted):
    low, high = band(flagship, definition, year, **scope)
    assert low <= counted <= high


def test_the_flagships_market_holds_the_published_money(flagship):
    def span(measure, period, **scope):
        values = flagship.by_period(measure, period, scope)
        return flagship.quantiles(values, (0.05, 0.95)) / 1e9

    # China's market of 2025: 20.4bn USD by one note of Bernstein's, 37bn by another.
    low, high = span("revenue", "2025")
    assert low < 1.03 * 20.4
    assert high > 37
    for measure, period, vendor, billion in (
        ("revenue", "2025", "huawei", 7.5),  # Financial Times, 1 May 2026
        ("revenue", "2025", "huawei", 8.16),  # Bernstein, January 2026
        ("revenue", "2025", "nvidia", 8.16),  # the same
        ("write_downs", "2025", "nvidia", 4.5),  # charge of its quarter to April 2025
        ("write_downs", "2025", "amd", 0.8),  # charge of its second quarter of 2025
    ):
        low, high = span(measure, period, vendor=vendor)
        assert low <= billion <= high, (measure, vendor, billion)
    low, high = span("revenue", "2025Q1", member="nvidia-h20")
    assert low <= 4.6 <= high  # H20 sold in the quarter to April 2025


def test_the_flagships_imports_are_those_of_epoch(flagship):
    for member, year, chips in (
        ("nvidia-h20", "2024", 958e3),
        ("nvidia-h20", "2025", 531e3),
        ("nvidia-a800", "2023", 93.3e3),
    ):
        middle = float(flagship.quantiles(flagship.by_period("sales.chips", year, {"member": member}), (0.5,))[0])
        assert middle == pytest.approx(chips, rel=0.05)
    low, high = flagship.quantiles(flagship.by_period("grey.chips", "2025"), (0.05, 0.95))
    assert low <= 295e3 <= high
