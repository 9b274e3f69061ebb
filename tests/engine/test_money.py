"""Exact money: rounding by rule, bounds, texts, shares."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.money import (
    INT64_MAX,
    PPM,
    BadNumber,
    Rounding,
    apportion,
    decimal_text,
    divide,
    half_up,
    millionths_of,
    minor_of,
    product_fits,
    scaled,
    share_ppm,
    share_ppm_fits,
    truncate,
)

whole = st.integers(-(10**20), 10**20)
positive = st.integers(1, 10**12)


def book(amount, rounding):
    """Rounding as the law books write it, on fractions: halves away from zero, or the decimals dropped."""
    size = abs(amount)
    rounded = math.floor(size + Fraction(1, 2)) if rounding is Rounding.HALF_UP else math.floor(size)
    return rounded if amount >= 0 else -rounded


@pytest.mark.parametrize(
    ("numerator", "denominator", "nearest", "cut"),
    [
        (5, 10, 1, 0),
        (4, 10, 0, 0),
        (15, 10, 2, 1),
        (-5, 10, -1, 0),
        (-4, 10, 0, 0),
        (-15, 10, -2, -1),
        (1, 3, 0, 0),
        (2, 3, 1, 0),
        (-2, 3, -1, 0),
        (7, 1, 7, 7),
        (0, 9, 0, 0),
    ],
)
def test_halves_go_away_from_zero_and_truncation_towards_it(numerator, denominator, nearest, cut):
    assert half_up(numerator, denominator) == divide(numerator, denominator, Rounding.HALF_UP) == nearest
    assert truncate(numerator, denominator) == divide(numerator, denominator, Rounding.TRUNCATE) == cut


@given(whole, positive, st.sampled_from(Rounding))
def test_every_division_is_that_of_the_book(numerator, denominator, rounding):
    assert divide(numerator, denominator, rounding) == book(Fraction(numerator, denominator), rounding)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1), st.integers(1, 2**40), st.sampled_from(Rounding))
def test_columns_divide_like_ints(numerators, denominator, rounding):
    expected = [divide(n, denominator, rounding) for n in numerators]
    column = divide(np.array(numerators, dtype=np.int64), denominator, rounding)
    assert (column.dtype, column.tolist()) == (np.int64, expected)
    each = divide(np.array(numerators, dtype=np.int64), np.full(len(numerators), denominator), rounding)
    assert each.tolist() == expected
    objects = divide(np.array(numerators, dtype=object), denominator, rounding)
    assert objects.tolist() == expected
    assert {type(value) for value in objects} == {int}


@given(whole, st.integers(-(10**8), 10**8), st.sampled_from(Rounding))
def test_a_share_is_rounded_once(amount, rate, rounding):
    assert share_ppm(amount, rate, rounding) == book(Fraction(amount * rate, PPM), rounding)


@pytest.mark.parametrize("amount", [2**53 + 1, 10**15 + 5_000, 9_223_372_036_854_775_807])
@pytest.mark.parametrize("rate", [0, 1, 9_999, 10_000, 15_000, 999_999])
def test_a_share_of_a_column_does_not_wrap_within_its_bounds(amount, rate):
    assert share_ppm_fits(amount, rate)
    for sign in (1, -1):
        column = share_ppm(np.array([sign * amount]), np.array([rate]))
        assert (
            column.tolist()
            == [share_ppm(sign * amount, rate)]
            == [book(Fraction(sign * amount * rate, PPM), Rounding.HALF_UP)]
        )


def test_bounds_are_exact_at_the_edge():
    assert product_fits(INT64_MAX, -1)
    assert product_fits(2**31, 2**32 - 1)
    assert not product_fits(2**31, 2**32)
    assert share_ppm_fits(10**15, 9_000_000_000)
    assert not share_ppm_fits(10**15, 10_000_000_000)
    assert not share_ppm_fits(0, 10**13)


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("12.5", 12_500_000),
        ("0", 0),
        ("-0.000001", -1),
        ("+7", 7_000_000),
        (" 3.10 ", 3_100_000),
        ("1.5000000000", 1_500_000),
        ("000123", 123_000_000),
    ],
)
def test_a_plain_decimal_is_read_exactly(text, millionths):
    assert millionths_of(text) == millionths


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "1e5",
        "1E+5000000",
        "NaN",
        "Infinity",
        "1,000",
        "1 000",
        "--1",
        "0x10",
        "١",
        "1" * 25,
        "1_0",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(BadNumber) as refused:
        millionths_of(text)
    assert (refused.value.code, refused.value.text) == ("NUMBER_MALFORMED", text[:40])


def test_a_long_text_is_refused_by_its_length_and_quoted_short():
    with pytest.raises(BadNumber) as refused:
        millionths_of("1" * 10**6)
    assert refused.value.text == "1" * 40


def test_more_decimals_than_are_kept_are_refused_not_rounded():
    with pytest.raises(BadNumber) as refused:
        millionths_of("0.1234567")
    assert refused.value.code == "NUMBER_TOO_PRECISE"
    with pytest.raises(BadNumber):
        minor_of("1.5", 0)
    assert minor_of("12.50", 2) == 1_250
    assert scaled("-1.25", 3) == -1_250


@pytest.mark.parametrize(
    ("value", "decimals", "at_least", "text"),
    [
        (12_500_000, 6, 0, "12.5"),
        (-1, 6, 0, "-0.000001"),
        (1_000_000, 6, 2, "1.00"),
        (5, 0, 0, "5"),
        (5, 0, 2, "5.00"),
        (0, 6, 0, "0"),
        (1_250, 2, 2, "12.50"),
    ],
)
def test_a_number_is_written_short_with_the_decimals_asked_for(value, decimals, at_least, text):
    assert decimal_text(value, decimals, at_least) == text


@given(st.integers(-(10**24) + 1, 10**24 - 1), st.integers(0, 6))
def test_what_is_written_reads_back(value, decimals):
    assert scaled(decimal_text(value, decimals), decimals) == value


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [1, 3], [3, 7]),  # 2.5 and 7.5: equal remainders, the earlier line first
        (5, [0, 0], [5, 0]),
        (0, [], []),
        (7, [0, 2], [0, 7]),
    ],
)
def test_largest_remainders_take_what_is_left_over(total, weights, parts):
    assert apportion(total, weights) == parts


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_parts_add_up_and_none_is_off_by_a_unit(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    if sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_an_amount_needs_lines_and_weights_that_are_not_negative():
    with pytest.raises(ValueError, match="no lines"):
        apportion(1, [])
    with pytest.raises(ValueError, match="not negative"):
        apportion(1, [1, -1])
