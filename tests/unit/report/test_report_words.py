import math

import pytest

from autarky.report.words import (
    amount,
    chance,
    counted,
    from_id,
    in_unit,
    likelihood,
    listed,
    percent,
    sentence,
    spread,
    whole_percent,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_126_579, "1.13 million"),
        (999_999, "1 million"),
        (494_565, "495,000"),
        (9_035, "9,040"),
        (78, "78"),
        (0.35, "0.35"),
        (0.000123, "0.000123"),
        (2.5e9, "2.5 billion"),
        (3e12, "3 trillion"),
        (-1_500, "-1,500"),
        (math.inf, "not defined"),
        (math.nan, "not defined"),
    ],
)
def test_an_amount_has_three_significant_digits_and_no_exponent(value, text):
    assert amount(value).replace("\u00a0", " ") == text


def test_an_amount_can_have_fewer_digits():
    assert amount(0.8123, 2) == "0.81"


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.01, "1 %"), (0.0593, "5.9 %"), (0.00123, "0.12 %"), (1, "100 %")]
)
def test_a_share_is_printed_in_percent(share, text):
    assert percent(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "below 1 %"), (0.424, "42 %"), (0.997, "over 99 %"), (1, "100 %")]
)
def test_whole_percent_never_hides_that_a_share_is_not_quite_nothing_or_all(share, text):
    assert whole_percent(share).replace("\u00a0", " ") == text


def test_a_probability_has_as_many_decimals_as_its_standard_error():
    assert chance(0.0593, 0.0051, 10_000).replace("\u00a0", " ") == "5.9 % ± 0.5"
    assert chance(0.0044, 0.00079, 10_000).replace("\u00a0", " ") == "0.44 % ± 0.08"
    assert chance(0.5, 0.02, 10_000).replace("\u00a0", " ") == "50 % ± 2"


def test_a_probability_that_no_draw_decides_is_a_limit():
    # With n draws and none of them met, 3 / n is the upper end of the 95 % interval.
    assert chance(0.0, 0.0, 300).replace("\u00a0", " ") == "below 1 %"
    assert chance(1.0, 0.0, 300).replace("\u00a0", " ") == "above 99 %"
    assert counted(0.0, 300) == "fewer than 1 of 300 effective draws"
    assert counted(1.0, 300) == "all of 300 effective draws"
    assert counted(0.5, 300) == ""


def test_a_probability_with_an_unknown_error_stands_alone():
    assert chance(0.25, math.inf, 300).replace("\u00a0", " ") == "25 %"


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0, "very unlikely"),
        (0.1, "unlikely"),
        (0.5, "about as likely as not"),
        (0.7, "likely"),
        (0.9, "very likely"),
        (1, "very likely"),
    ],
)
def test_a_probability_has_words(probability, words):
    assert likelihood(probability) == words


def test_a_point_in_time_is_printed_as_a_month_and_a_duration_as_a_number():
    assert in_unit(2026 * 12 + 2, "month") == "2026-03"
    assert in_unit(6, "month") == "6 month"
    assert spread(2026 * 12, 2026 * 12 + 6.5, 2027 * 12, "month") == "2026-07 (2026-01 to 2027-01)"


def test_units_are_named_in_words():
    assert in_unit(20_000, "wafer/month") == "20,000 wafers a month"
    assert in_unit(0.3, "1") == "0.3"


def test_lists_sentences_and_ids_read_as_english():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert sentence("memory binds") == "Memory binds."
    assert sentence("done?") == "Done?"
    assert from_id("triple-packages") == "Triple packages"
