"""Interest by the day: exact, line by line, rounded once; parts of a debt paid on their days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.ledger.interest import DailyRate, instalments, interest, months_after
from thongquan.engine.money import Rounding

LAW = LegalRef("1/2016", "art. 1")
THREE = DailyRate(Period(date(2016, 7, 1)), 300, LAW, verified=True)


def test_each_day_bears_three_ten_thousandths():
    # due 2 March; 3 March to 16 April: 29 + 16 = 45 days; 500,000,000 × 0.0003 × 45 = 6,750,000
    run = interest(500_000_000, date(2020, 3, 3), date(2020, 4, 17), [THREE])
    assert (run.days, run.amount_minor, run.verified) == (45, 6_750_000, True)


def test_the_day_of_payment_bears_none_unless_the_law_counts_it():
    # one day more: 500,000,000 × 0.0003 = 150,000
    run = interest(500_000_000, date(2020, 3, 3), date(2020, 4, 17), [THREE], payment_day_counts=True)
    assert (run.days, run.amount_minor) == (46, 6_900_000)


def test_a_debt_that_is_paid_on_its_day_bears_nothing():
    assert interest(1_000, date(2020, 3, 3), date(2020, 3, 3), [THREE]).amount_minor == 0
    assert interest(1_000, date(2020, 3, 3), date(2020, 3, 1), [THREE]).lines == ()


def test_a_part_that_is_paid_bears_no_more():
    # 3 to 12 March 10 days on 1,000,000; 13 to 22 March 10 days on 400,000: 3,000 + 1,200
    run = interest(
        1_000_000, date(2020, 3, 3), date(2020, 3, 23), [THREE], payments=[(date(2020, 3, 13), 600_000)]
    )
    assert [(line.first_day, line.last_day, line.principal_minor, line.days) for line in run.lines] == [
        (date(2020, 3, 3), date(2020, 3, 12), 1_000_000, 10),
        (date(2020, 3, 13), date(2020, 3, 22), 400_000, 10),
    ]
    assert run.amount_minor == 4_200


def test_a_payment_before_the_first_day_lowers_the_debt_from_the_start():
    run = interest(
        1_000_000, date(2020, 3, 3), date(2020, 3, 4), [THREE], payments=[(date(2020, 1, 1), 900_000)]
    )
    assert run.amount_minor == 30  # 100,000 × 0.0003


def test_a_payment_taken_back_raises_the_debt_again():
    # 1 day on 1,000, 1 day on nothing, 1 day on 1,000: 0.3 + 0.3 = 0.6
    paid = [(date(2020, 3, 4), 1_000), (date(2020, 3, 5), -1_000)]
    run = interest(1_000, date(2020, 3, 3), date(2020, 3, 6), [THREE], payments=paid)
    assert [line.exact_ppm for line in run.lines] == [300_000, 300_000]
    assert run.amount_minor == 1


def test_the_sum_is_rounded_once_by_the_rule():
    # 5 days on 1,000: 1.5; half up 2, truncated 1. Each day by itself, 0.3, would have come to nothing.
    first, until = date(2020, 3, 3), date(2020, 3, 8)
    assert interest(1_000, first, until, [THREE]).amount_minor == 2
    assert interest(1_000, first, until, [THREE], rounding=Rounding.TRUNCATE).amount_minor == 1


def test_a_change_of_rate_makes_a_line():
    # June at 0.05 %, July at 0.03 %: 30 June 500 + 1 July 300 on 1,000,000
    rates = [
        DailyRate(Period(date(2015, 1, 1), date(2016, 6, 30)), 500, LAW),
        DailyRate(Period(date(2016, 7, 1)), 300, LAW),
    ]
    run = interest(1_000_000, date(2016, 6, 30), date(2016, 7, 2), rates)
    assert [(line.days, line.rate.ppm) for line in run.lines] == [(1, 500), (1, 300)]
    assert run.amount_minor == 800
    assert not run.verified


def test_days_without_a_rate_are_a_finding_and_no_amount():
    run = interest(1_000_000, date(2016, 6, 29), date(2016, 7, 2), [THREE])
    assert run.amount_minor is None
    assert [(f.code, f.says) for f in run.findings] == [
        ("INTEREST_RATE_NOT_GIVEN", {"first_day": "2016-06-29", "last_day": "2016-06-30"})
    ]


def test_instalments_add_up_and_each_bears_its_own_days():
    # 1,000,000 in 3: 333,334 + 333,333 + 333,333, from 1 January
    parts = instalments(1_000_000, 3, date(2020, 1, 31), date(2020, 1, 1), [THREE])
    assert [part.principal_minor for part in parts] == [333_334, 333_333, 333_333]
    assert [part.due_day for part in parts] == [date(2020, 1, 31), date(2020, 2, 29), date(2020, 3, 31)]
    # 30, 59 and 90 days: 333,334 × 0.009 = 3,000.006; 333,333 × 0.0177 = 5,899.9941; × 0.027 = 8,999.991
    assert [part.interest.amount_minor for part in parts] == [3_000, 5_900, 9_000]
    assert parts[0].total_minor == 336_334


def test_a_plan_has_parts_and_a_debt():
    with pytest.raises(ValueError):
        instalments(1_000, 0, date(2020, 1, 1), date(2020, 1, 1), [THREE])
    with pytest.raises(ValueError):
        instalments(0, 3, date(2020, 1, 1), date(2020, 1, 1), [THREE])


def test_months_keep_their_day_or_end():
    assert months_after(date(2019, 12, 31), 2) == date(2020, 2, 29)
    assert months_after(date(2020, 11, 30), 3) == date(2021, 2, 28)
    assert months_after(date(2020, 5, 15), 12) == date(2021, 5, 15)


DAYS = st.dates(date(2017, 1, 1), date(2024, 12, 31))
PAYMENTS = st.lists(st.tuples(DAYS, st.integers(0, 10**13)), max_size=6)


@given(st.integers(0, 10**15), DAYS, st.integers(0, 400), PAYMENTS)
def test_the_lines_are_what_the_days_add_up_to(principal, first, days, payments):
    until = date.fromordinal(first.toordinal() + days)
    run = interest(principal, first, until, [THREE], payments=payments)
    exact = 0
    for ordinal in range(first.toordinal(), until.toordinal()):
        left = principal - sum(minor for day, minor in payments if day.toordinal() <= ordinal)
        exact += max(left, 0) * 300
    assert sum(line.exact_ppm for line in run.lines) == exact
    assert run.amount_minor == (exact + 500_000) // 1_000_000
