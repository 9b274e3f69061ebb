"""Which published rate serves which days of registration, across Tết and swapped days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.dated import Period
from thongquan.engine.declaration import Amount, Classification, Declaration, GoodsItem, Origin, TradeTerms
from thongquan.engine.findings import Finding, LegalRef
from thongquan.packs.pack import assess, load
from thongquan.packs.vn.exchange import published_rate, rate_day, serves

VN = load("vn")
BANK = LegalRef("Vietcombank", "mua chuyển khoản, hội sở chính")


def calendar(day):
    found = VN.calendar(day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("registered", "taken", "why"),
    [
        (date(2020, 3, 16), date(2020, 3, 12), "Monday: Thursday of the week before"),
        (date(2020, 3, 22), date(2020, 3, 12), "Sunday is still of that week"),
        (date(2020, 3, 23), date(2020, 3, 19), "the next Monday takes the next Thursday"),
        (date(2020, 1, 27), date(2020, 1, 22), "23 January was Tết: Wednesday"),
        (date(2020, 2, 3), date(2020, 1, 30), "30 January was worked again"),
        (date(2019, 2, 4), date(2019, 1, 31), "the Thursday before Tết was worked"),
        (date(2019, 2, 11), date(2019, 2, 1), "4 to 8 February was Tết: Friday of the week before it"),
        (date(2020, 1, 6), date(2020, 1, 2), "2 January was worked"),
        (date(2020, 5, 4), date(2020, 4, 29), "30 April was a Thursday: Wednesday"),
        (date(2020, 4, 6), date(2020, 4, 1), "2 April, Hùng Kings: Wednesday"),
    ],
)
def test_a_day_of_registration_takes_the_thursday_before_or_the_working_day_before_it(registered, taken, why):
    assert rate_day(registered, calendar(registered)) == taken, why


def test_a_published_rate_serves_the_week_that_follows_it():
    served = serves(date(2020, 3, 12), calendar(date(2020, 3, 12)))
    assert served == Period(date(2020, 3, 16), date(2020, 3, 22))


def test_a_friday_serves_a_week_only_where_the_thursday_after_it_was_tet():
    assert serves(date(2019, 2, 1), calendar(date(2019, 2, 1))) == Period(
        date(2019, 2, 11), date(2019, 2, 17)
    )
    assert serves(date(2020, 3, 13), calendar(date(2020, 3, 13))) is None


def test_a_day_off_serves_nothing():
    assert serves(date(2020, 1, 23), calendar(date(2020, 1, 23))) is None


def test_every_day_of_two_years_is_served_by_exactly_one_published_day():
    day, last = date(2019, 1, 14), date(2020, 12, 31)
    while day <= last:
        taken = rate_day(day, calendar(day))
        served = serves(taken, calendar(taken))
        assert served is not None
        assert served.holds(day)
        assert taken.weekday() <= 4
        day += timedelta(days=1)


def test_a_rate_is_entered_for_the_days_that_it_serves():
    rate = published_rate("USD", date(2020, 1, 22), 23_070_000_000, BANK, calendar(date(2020, 1, 22)))
    assert isinstance(rate, ExchangeRate)
    assert rate.period == Period(date(2020, 1, 27), date(2020, 2, 2))
    assert (rate.own, rate.foreign, rate.verified) == (23_070, 1, True)


@pytest.mark.parametrize(
    ("published", "price", "code"),
    [
        (date(2020, 3, 13), 23_300_000_000, "RATE_DAY_SERVES_NOTHING"),
        (date(2020, 3, 12), 0, "RATE_NOT_POSITIVE"),
        (date(2020, 3, 12), -1, "RATE_NOT_POSITIVE"),
    ],
)
def test_what_cannot_be_a_rate_is_a_finding(published, price, code):
    found = published_rate("USD", published, price, BANK, calendar(published))
    assert isinstance(found, Finding)
    assert found.code == code


def test_a_day_without_a_calendar_is_a_finding():
    found = published_rate("USD", date(2020, 3, 12), 23_300_000_000, BANK, None)
    assert isinstance(found, Finding)
    assert found.code == "CALENDAR_ENDS"
    edge = date(2027, 12, 30)
    assert published_rate("USD", edge, 1, BANK, calendar(edge)).code == "CALENDAR_ENDS"


def test_the_day_of_registration_decides_and_a_day_without_a_rate_stays_open():
    # 1,000 USD × 23,070 = 23,070,000; × 23,100 = 23,100,000; the tyres owe 20 %
    first = published_rate("USD", date(2020, 1, 22), 23_070_000_000, BANK, calendar(date(2020, 1, 22)))
    second = published_rate("USD", date(2020, 1, 30), 23_100_000_000, BANK, calendar(date(2020, 1, 30)))
    vn = replace(VN, exchange=ExchangeRates("VND", 0, [first, second]))
    line = GoodsItem(
        classifications=(Classification(id="40112013", identification_type_code="TSP"),),
        origins=(Origin(country_code="JP"),),
        item_charge=Amount(millionths=1_000_000_000, currency="USD"),
    )
    declared = Declaration(
        function_code="9",
        type_code="A11",
        goods_items=(line,),
        trade_terms=TradeTerms(condition_code="CIF"),
    )
    duty = {
        day: assess(vn, declared, day).payable_minor("NK")
        for day in (
            date(2020, 1, 26),
            date(2020, 1, 27),
            date(2020, 2, 2),
            date(2020, 2, 3),
            date(2020, 2, 10),
        )
    }
    assert list(duty.values()) == [None, 4_614_000, 4_614_000, 4_620_000, None]
    assert assess(vn, declared, date(2020, 1, 27)).findings == ()


def test_an_assumed_rate_is_said_with_the_amount():
    line = GoodsItem(
        classifications=(Classification(id="40112013", identification_type_code="TSP"),),
        origins=(Origin(country_code="JP"),),
        item_charge=Amount(millionths=1_000_000, currency="USD"),
    )
    declared = Declaration(
        function_code="9",
        type_code="A11",
        goods_items=(line,),
        trade_terms=TradeTerms(condition_code="CIF"),
    )
    assessed = assess(VN, declared, date(2020, 3, 16))
    (note,) = assessed.findings
    assert (note.code, note.says["currency"], note.law.act) == (
        "RATE_OF_EXCHANGE_UNVERIFIED",
        "USD",
        "Tỷ giá giả định",
    )
    assert not assessed.is_verified
