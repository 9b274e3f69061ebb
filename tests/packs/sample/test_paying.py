"""The invented country pays otherwise than Vietnam: the day of payment counts, amounts are cut, fines go by days."""

from datetime import date

from thongquan.packs.dues import Breach, DueCase, Offender
from thongquan.packs.pack import load

SAMPLE = load("sample")


def test_the_day_of_payment_counts_and_the_rest_of_a_unit_is_cut():
    # 999 × 0.0002 × 3 days (3, 4 and 5 March) × 100 minor units: 99,900 × 0.0006 = 59.94, cut to 59
    run = SAMPLE.dues.interest(99_900, date(2026, 3, 3), date(2026, 3, 5))
    assert (run.days, run.amount_minor) == (3, 59)


def test_a_guarantee_gives_twenty_days_and_no_interest_before_them():
    due = SAMPLE.due_day(registered=date(2026, 3, 2), released=date(2026, 3, 2), case=DueCase.GUARANTEED)
    # 2 March + 20 is Sunday the 22nd: moved to Monday
    assert (due.day, due.bears_from) == (date(2026, 3, 23), date(2026, 3, 24))
    assert due.enforced_from == date(2026, 5, 23)  # 23 March + 60 = 22 May


def test_late_filing_costs_by_its_days():
    for late, least in ((1, 50), (10, 50), (11, 100), (400, 100)):
        breach = Breach(offender=Offender.INDIVIDUAL, days_late=late)
        made = SAMPLE.dues.penalty("LATE_FILING", breach, date(2026, 3, 2))
        assert [one.least_minor for one in made.ranges] == [least * 10**SAMPLE.decimals], late
        assert made.findings == ()


def test_without_the_days_both_ranges_are_open():
    made = SAMPLE.dues.penalty("LATE_FILING", Breach(offender=Offender.INDIVIDUAL), date(2026, 3, 2))
    assert [finding.code for finding in made.findings] == ["PENALTY_BAND_OPEN"]
    assert len(made.ranges) == 2
