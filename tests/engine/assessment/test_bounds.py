"""The proof: what is let into int64, and what is not."""

import pytest

from thongquan.engine.assessment.bounds import BeyondBounds, Interval, Natural
from thongquan.engine.assessment.formulas import positive
from thongquan.engine.money import INT64_MAX, half_up, truncate


def ends(interval):
    return interval.low, interval.high


def test_sums_differences_and_products_take_the_worst_corners():
    a, b = Interval(-2, 3), Interval(-5, 7)
    assert ends(a + b) == (-7, 10)
    assert ends(a - b) == (-9, 8)
    assert ends(a * b) == (-15, 21)
    assert ends(1 + a) == (-1, 4)
    assert ends(1 - a) == (-2, 3)
    assert ends(10 * a) == (-20, 30)


def test_division_and_remainder_need_a_divisor_above_zero():
    assert ends(Interval(-7, 9) // 2) == (-4, 4)
    assert ends(Interval(-7, 9) // Interval(2, 4)) == (-4, 4)
    assert ends(Interval(-7, 9) % 4) == (0, 3)
    with pytest.raises(BeyondBounds):
        Interval(1, 2) // Interval(0, 4)
    with pytest.raises(BeyondBounds):
        Interval(1, 2) % Interval(-1, 4)


def test_a_result_that_could_leave_int64_is_refused():
    assert ends(Interval(0, 2**62) + (2**62 - 1)) == (2**62 - 1, INT64_MAX)
    with pytest.raises(BeyondBounds):
        Interval(0, 2**62) + 2**62
    with pytest.raises(BeyondBounds):
        Interval(0, 2**32) * Interval(-(2**31), 0)


def test_a_natural_interval_refuses_to_go_below_zero_on_the_way():
    assert ends(Natural(0, 5) * 3 + 1) == (1, 16)
    with pytest.raises(BeyondBounds):
        Natural(0, 5) - 1


def test_what_is_positive_is_known_to_be():
    assert ends(positive(Interval(-9, 4))) == (0, 4)


def test_rounding_runs_on_intervals():
    assert ends(half_up(Interval(-15, 15), 10)) == (-2, 2)
    low, high = ends(truncate(Interval(-15, 15), 10))
    assert low <= -1
    assert high >= 1
