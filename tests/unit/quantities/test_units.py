import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autarky.errors import QuantityError
from autarky.quantities.units import UNITS, format_number, is_dimensionless, parse_number, unit_factor


@pytest.mark.parametrize(
    ("unit", "target", "factor"),
    [
        ("kwpm", "wafer/month", 1000.0),
        ("wpm", "wafer/month", 1.0),
        ("wafers per month", "wafer/month", 1.0),
        ("Gb/s", "GB/s", 0.125),
        ("byte", "bit", 8.0),
        ("GiB", "GB", 1.073741824),
        ("TB/s", "GB/s", 1000.0),
        ("TOPS", "TFLOPS", 1.0),
        ("PFLOPS", "TFLOPS", 1000.0),
        ("TPP", "TFLOPS*bit", 1.0),
        ("package", "chip", 1.0),
        ("month", "day", 30.4375),
        ("TWh", "MWh", 1e6),
        ("USD/MWh", "USD/kWh", 1e-3),
        ("1/cm**2", "1/mm**2", 0.01),
        ("mm²", "mm^2", 1.0),
        ("mm2", "mm**2", 1.0),
        ("1/cm2", "1/mm**2", 0.01),
        ("%", "1", 0.01),
        ("%/month", "1/month", 0.01),
        ("ms", "us", 1000.0),
        ("TFLOPS/W", "FLOP/J", 1e12),
        ("RMB", "CNY", 1.0),
    ],
)
def test_a_unit_converts_exactly(unit, target, factor):
    assert unit_factor(unit, target) == factor


def test_an_eight_inch_wafer_has_the_area_ratio_of_its_diameter():
    assert unit_factor("wafer8", "wafer") == pytest.approx(1 / 2.25, rel=1e-14)


def test_every_schema_unit_is_known():
    for unit in UNITS:
        assert unit_factor(f"1{unit[1:]}" if unit.startswith("1/") else unit, unit) == 1.0
        is_dimensionless(unit)


def test_only_plain_numbers_are_dimensionless():
    assert is_dimensionless("1")
    assert is_dimensionless("GB/GB")
    assert not is_dimensionless("chip")
    assert not is_dimensionless("bit")


@pytest.mark.parametrize(
    ("unit", "target", "message"),
    [
        ("CNY", "USD", "CNY cannot be converted to USD; give it in USD; no exchange rate is implied"),
        ("die", "chip", "die cannot be converted to chip; give it in chip"),
        ("GB", "GB/s", "GB cannot be converted to GB/s; give it in GB/s"),
        ("%", "wafer", "% has no unit, but this is measured in wafer; give it in wafer"),
        ("W", "1", "W is not a plain number; give it in a plain number or %"),
        ("wafr", "wafer", "unknown unit 'wafr'; did you mean wafer or wafer8?"),
        ("2*W", "W", "'2*W' is not a unit; write e.g. `wafer/month` or `USD/kWh`"),
        ("W W", "W", "'W W' is not a unit; write e.g. `wafer/month` or `USD/kWh`"),
    ],
)
def test_units_that_do_not_fit_are_named(unit, target, message):
    with pytest.raises(QuantityError) as raised:
        unit_factor(unit, target)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "unit", "numbers"),
    [
        ("20k to 30k wafer/month", "wafer/month", [20_000, 30_000]),
        ("20k wafer/month to 30k wafer/month", "wafer/month", [20_000, 30_000]),
        ("20 to 30 kwpm", "wafer/month", [20_000, 30_000]),
        ("15% to 30%", "1", [0.15, 0.30]),
        ("15 to 30%", "1", [0.15, 0.30]),
        ("35%", "1", [0.35]),
        ("1,050", "1", [1050]),
        ("12,345.6 USD", "USD", [12345.6]),
        ("1842M USD", "USD", [1.842e9]),
        ("3bn USD", "USD", [3e9]),
        ("1.5 tn token", "token", [1.5e12]),
        ("20kW", "W", [20_000]),
        ("1.6e6 die", "die", [1.6e6]),
        ("-5%", "1", [-0.05]),
        ("\u22125\u00a0%", "1", [-0.05]),
        (".5", "1", [0.5]),
        ("0.1/cm**2", "1/cm**2", [0.1]),
        ("0.1 1/cm**2", "1/cm**2", [0.1]),
        ("400 Gb/s", "GB/s", [50]),
    ],
)
def test_a_number_is_read_in_the_unit_of_the_field(text, unit, numbers):
    assert parse_number(text, unit) == numbers


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("20k", "wafer/month", "20k has no unit; write e.g. `20k wafer/month`"),
        ("540000", "stack", "540000 has no unit; write e.g. `540000 stack`"),
        ("3B USD", "USD", "'3B USD' has an unknown multiplier; the multipliers are k, M, bn and tn"),
        (
            "5 million chip",
            "chip",
            "'5 million chip' has an unknown multiplier; the multipliers are k, M, bn and tn",
        ),
        (
            "20 to 30k wafer/month",
            "wafer/month",
            "'20 to 30k wafer/month' leaves open whether k holds for both ends; write it at both, e.g. `20k to 30k`",
        ),
        ("20-30%", "1", "'20-30%' is not a number; an interval is written `low to high`"),
        ("20 W - 30 W", "W", "'20 W - 30 W' is not a number; an interval is written `low to high`"),
        ("1 to 2 to 3", "1", "'1 to 2 to 3' has more than two ends; an interval is `low to high`"),
        ("nan", "1", "nan is not a finite number; give a number"),
        ("1e999", "1", "1e999 is too large for a number; check the exponent"),
        ("about ten", "1", "'about ten' is not a number; write e.g. `20k wafer/month` or `20% to 45%`"),
        ("", "1", "'' is not a number; write e.g. `20k wafer/month` or `20% to 45%`"),
        ("1.2.3", "1", "1.2.3 is not a number; a comma groups thousands, a point marks decimals"),
    ],
)
def test_a_number_that_cannot_be_read_says_what_would_be_right(text, unit, message):
    with pytest.raises(QuantityError) as raised:
        parse_number(text, unit)
    assert str(raised.value) == message


def test_a_plain_number_may_stand_for_the_unit_where_the_field_says_so():
    assert parse_number("540000", "stack", bare=True) == [540_000]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1,20", "1.20"), ("22,3", "22.3"), ("1.234,56", "1234.56"), ("1.234.567", "1234567")],
)
def test_german_decimals_are_refused_with_the_number_that_was_meant(written, meant):
    with pytest.raises(QuantityError, match="is written in the German or French style") as raised:
        parse_number(written)
    assert raised.value.message.startswith(written)
    assert raised.value.hint.endswith(f"write {meant}")


def test_every_number_of_a_german_file_is_refused_and_none_is_misread():
    rows = ["1,20", "22,3", "1.234,56", "0,38", "0,41", "0,44"]
    for cell in rows:
        with pytest.raises(QuantityError):
            parse_number(cell)


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
@settings(deadline=None, max_examples=200)
def test_a_plain_number_comes_back_to_the_bit(value):
    assert parse_number(repr(value)) == [value]


@given(st.integers(min_value=0, max_value=10**12))
@settings(deadline=None, max_examples=100)
def test_thousands_separators_change_nothing(value):
    assert parse_number(f"{value:,}") == [value]
    assert parse_number(format_number(value) if value < 10**9 else f"{value:,}") == [value]


def test_numbers_in_messages_have_thousands_separated():
    assert format_number(38000.0) == "38,000"
    assert format_number(0.1 + 0.2) == "0.3"
    assert format_number(1e-7) == "1e-07"
