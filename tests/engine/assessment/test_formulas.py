"""The formulas, by hand, on the four kinds of value that they serve."""

import numpy as np
import pytest

from thongquan.engine.assessment.bounds import Interval
from thongquan.engine.assessment.formulas import (
    Part,
    Parts,
    assessed_minor,
    carried_millionths,
    exact_millionths,
    exchanged_minor,
    owed_minor,
    part_millionths,
    payable_minor,
)
from thongquan.engine.money import Rounding

INT64 = np.dtype(np.int64)


def as_int(*values):
    return values


def as_column(*values):
    return tuple(np.array([value] * 3, dtype=np.int64) for value in values)


def as_objects(*values):
    return tuple(np.array([value] * 3, dtype=object) for value in values)


KINDS = pytest.mark.parametrize("kind", [as_int, as_column, as_objects], ids=["ints", "int64", "objects"])


def only(value):
    """The one value of an int or of a column of equal ones."""
    if isinstance(value, int):
        return value
    assert value.dtype in (INT64, object)
    (found,) = set(value.tolist())
    return found


@KINDS
def test_a_share_of_the_base_is_exact_in_millionths(kind):
    base, rate = kind(236_553, 200_000)  # 2,365.53 at 20 %
    # 236,553 × 0.2 = 47,310.6 pence
    assert only(exact_millionths(base, 1, Parts(Part(rate)))) == 47_310_600_000


@KINDS
def test_a_price_times_a_quantity_is_exact_in_millionths(kind):
    price, quantity = kind(4_000_000_000, 1_500_000)  # 4,000 đồng a litre, 1.5 litres
    part = Part(0, [(price, quantity)])
    # 4,000 × 1.5 = 6,000
    assert only(part_millionths(kind(0)[0], 1, part)) == 6_000_000_000


def test_a_price_times_a_million_litres_stays_inside_int64():
    # As one product: 4,000 × 10^6 millionths × 10^12 millionths = 4 × 10^21, far beyond 9.2 × 10^18
    price, quantity = as_column(4_000_000_000, 1_000_000_000_000)
    assert only(part_millionths(0, 1, Part(0, [(price, quantity)]))) == 4_000_000_000 * 10**6


@KINDS
def test_a_price_through_a_rate_of_exchange_is_cut_to_millionths_towards_zero(kind):
    # 1 minor unit per unit / 3, for 1 unit: 0.333333|333… ; taken away: -0.333333|333…
    price, quantity, per = kind(1_000_000, 1_000_000, 3)
    assert only(part_millionths(0, 1, Part(0, [(price, quantity)], per))) == 333_333
    assert only(part_millionths(0, 1, Part(0, [(-price, quantity)], per))) == -333_333


@KINDS
def test_a_share_and_a_price_are_added_before_anything_is_cut(kind):
    # base 1 at 50 %, plus 1/3, plus 1/6 (both over the common denominator 6): exactly 1
    base, rate, third, sixth, per = kind(1, 500_000, 2_000_000, 1_000_000, 6)
    unit = kind(1_000_000)[0]
    assert only(part_millionths(base, 1, Part(rate, [(third, unit), (sixth, unit)], per))) == 1_000_000


@KINDS
def test_a_base_that_is_carried_exactly_is_in_millionths(kind):
    # 10.5 minor units at 10 % = 1.05
    base, rate = kind(10_500_000, 100_000)
    assert only(part_millionths(base, 1_000_000, Part(rate))) == 1_050_000


@KINDS
@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (1_000, 130_000_000),  # 13.8 % = 138; floor 100 does not bind, ceiling 130 does
        (500, 100_000_000),  # 69 < 100
        (800, 110_400_000),  # between them
    ],
)
def test_a_duty_lies_between_its_floor_and_its_ceiling(kind, value, exact):
    base, rate, low, high, unit = kind(value, 138_000, 100_000_000, 130_000_000, 1_000_000)
    duty = Parts(Part(rate), Part(0, [(low, unit)]), Part(0, [(high, unit)]))
    assert only(exact_millionths(base, 1, duty)) == exact


def test_a_ceiling_below_the_floor_wins():
    # min(max(165.60, 1,300), 1,500 - 700) = 800
    duty = Parts(
        Part(138_000),
        Part(0, [(1_300_000_000, 1_000_000)]),
        Part(0, [(1_500_000_000, 1_000_000), (-700_000_000, 1_000_000)]),
    )
    assert exact_millionths(1_200, 1, duty) == 800_000_000


def test_a_floor_in_a_column_binds_only_on_its_rows():
    base = np.array([100, 100])
    floor = Part(
        0, [(np.array([50_000_000, 50_000_000]), np.array([1_000_000, 1_000_000]))], None, np.array([1, 0])
    )
    # 10 % of 100 = 10; the first row has a floor of 50
    assert exact_millionths(base, 1, Parts(Part(np.array([100_000, 100_000])), floor)).tolist() == [
        50_000_000,
        10_000_000,
    ]


@KINDS
@pytest.mark.parametrize(
    ("exact", "half_up", "truncated"),
    [
        (47_310_600_000, 47_311, 47_310),
        (986_247_500_000, 986_248, 986_247),  # 986,247.5: the half goes up, or is cut
        (499_999, 0, 0),
        (-500_000, -1, 0),
        (-499_999, 0, 0),
    ],
)
def test_one_rounding_by_the_rule(kind, exact, half_up, truncated):
    (column,) = kind(exact)
    assert only(assessed_minor(column, Rounding.HALF_UP)) == half_up
    assert only(assessed_minor(column, Rounding.TRUNCATE)) == truncated
    if exact >= 0:
        assert only(assessed_minor(column, Rounding.HALF_UP, never_negative=True)) == half_up
        assert only(assessed_minor(column, Rounding.TRUNCATE, never_negative=True)) == truncated


@KINDS
def test_rounding_to_a_step_keeps_the_minor_unit(kind):
    (exact,) = kind(1_499_500_000)  # 1,499.5 đồng
    assert only(assessed_minor(exact, Rounding.HALF_UP, 1_000)) == 1_000
    assert only(assessed_minor(exact + 500_000, Rounding.HALF_UP, 1_000)) == 2_000  # 1,500 exactly
    assert only(assessed_minor(exact, Rounding.TRUNCATE, 500)) == 1_000


@KINDS
def test_a_deduction_and_a_credit_leave_nothing_below_zero(kind):
    assessed, deduct, credit = kind(100, 30, 80)
    owed = owed_minor(assessed, deduct)
    assert only(owed) == 70
    assert only(payable_minor(owed, credit)) == 0
    assert only(owed_minor(deduct, assessed)) == 0
    assert only(carried_millionths(assessed * 1_000_000 + 1, deduct)) == 70_000_001


@KINDS
def test_money_is_exchanged_with_one_rounding(kind):
    amount, own, foreign = kind(100_005_000, 23_300, 1)  # 100.005 dollars
    # 100.005 × 23,300 = 2,330,116.5
    assert only(exchanged_minor(amount, own, foreign, 0, Rounding.HALF_UP)) == 2_330_117
    assert only(exchanged_minor(amount, own, foreign, 0, Rounding.TRUNCATE)) == 2_330_116
    # 100.005 / 1.25 pounds = 80.004 = 8,000.4 pence
    assert only(exchanged_minor(amount, *kind(4, 5), 2, Rounding.HALF_UP)) == 8_000


def test_the_same_function_runs_on_intervals():
    exact = exact_millionths(Interval(0, 10**12), 1, Parts(Part(Interval(0, 10**6))))
    assert (exact.low, exact.high) == (0, 10**18)
    assessed = assessed_minor(exact, Rounding.HALF_UP)
    assert (assessed.low, assessed.high) == (0, 10**12)
