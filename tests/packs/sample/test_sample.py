"""The invented country, read as a lawyer would: each case stands in `cases/` with its arithmetic."""

from datetime import date

import pytest

from thongquan.engine.money import Carry, Rounding
from thongquan.engine.tariff.measures import Given, Schedule
from thongquan.engine.tariff.quotas import Allotment
from thongquan.packs.check import Case, read_cases
from thongquan.packs.pack import Terms, assess, due_by_terms, load

SAMPLE = load("sample")
CASES, _ = read_cases(SAMPLE.folder / "cases")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_case_comes_out_as_it_was_worked_by_hand(case: Case):
    day = date.fromisoformat(case.day)
    assessment = assess(SAMPLE, case.declaration, day)
    computed = [
        (place, amount.tax, amount.payable_minor)
        for place, line in enumerate(assessment.lines, start=1)
        for amount in line.amounts
    ]
    assert computed == [
        (sum_.item, sum_.tax, None if sum_.payable is None else int(sum_.payable)) for sum_ in case.expected
    ]
    terms = due_by_terms(SAMPLE, case.declaration, assessment, day)
    assert {name: terms[Terms(name)] for name in case.terms} == {
        name: int(text) for name, text in case.terms.items()
    }


def test_the_cases_show_every_form_a_rate_can_have():
    rows = [row for edition in SAMPLE.tariff.editions for row in edition.measures]
    duties = [row.duty for row in rows if row.duty is not None]
    assert any(duty.is_ad_valorem for duty in duties)
    assert any(duty.base[0].unit for duty in duties)
    assert any(len(duty.base) > 1 for duty in duties)
    assert any(duty.at_least for duty in duties)
    assert {row.given for row in rows} >= {Given.RATE, Given.NO_PREFERENCE, Given.NOT_GIVEN}
    assert {row.schedule for row in rows} == {Schedule.IMPORT, Schedule.EXPORT}


def test_money_has_no_decimals_and_is_rounded_half_up():
    assert SAMPLE.decimals == 0
    assert {(tax.rounding, tax.carry) for tax in SAMPLE.taxes} == {(Rounding.HALF_UP, Carry.ROUNDED)}


@pytest.mark.parametrize(
    ("day", "rate_ppm"),
    [
        (date(2025, 2, 28), 120_000),
        (date(2025, 3, 1), 80_000),  # the decree of 15 March applies from 1 March
        (date(2025, 3, 15), 80_000),
    ],
)
def test_a_decree_that_reaches_back_holds_from_the_day_it_names(day: date, rate_ppm: int):
    choice = SAMPLE.tariff.as_of(day).choose("61091000", Schedule.IMPORT, "DUT", "XB")
    assert choice.measure is not None
    assert choice.measure.duty is not None
    assert choice.measure.duty.base[0].rate_ppm == rate_ppm


def test_the_rate_of_exchange_changes_at_the_year_and_ends_with_its_table():
    assert SAMPLE.exchange.as_of(date(2024, 12, 31)).ratio("USD") == (51, 2)
    assert SAMPLE.exchange.as_of(date(2025, 1, 1)).ratio("USD") == (26, 1)
    assert SAMPLE.exchange.as_of(date(2027, 1, 1)).ratio("USD") is None


def test_a_quota_has_one_volume_a_year():
    assert [(quota.volume_millionths, quota.allotment) for quota in SAMPLE.quotas] == [
        (500_000_000_000, Allotment.LEGAL_INSTANT),
        (600_000_000_000, Allotment.LEGAL_INSTANT),
    ]


def test_every_lifecycle_act_has_its_article_and_every_document_its_number():
    assert len(SAMPLE.laws) == 42
    assert SAMPLE.forms["TAX_NOTICE"].number == "HQ-03"
    assert SAMPLE.forms["TAX_NOTICE"].names == {"vi": "Thông báo thuế", "en": "Tax notice"}
    assert str(SAMPLE.laws["clear"]) == "1/2023/L, art. 24"
    assert [row.amount for row in SAMPLE.deadlines["reply"]] == [5]
