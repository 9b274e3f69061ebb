"""Rates of exchange as exact ratios of one day."""

from datetime import date

import pytest

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef

BANK = LegalRef("Bank of Invention", "table 1")
WEEK = Period(date(2020, 6, 1), date(2020, 6, 7))
NEXT = Period(date(2020, 6, 8), date(2020, 6, 14))


def test_a_rate_for_a_hundred_units_is_a_ratio_in_lowest_terms():
    # 100 yen cost 21,547.31 đồng
    rate = ExchangeRate.per_unit("JPY", WEEK, 21_547_310_000, BANK, units=100)
    assert (rate.own, rate.foreign) == (2_154_731, 10_000)


def test_a_rate_printed_the_other_way_round_loses_nothing():
    # a pound buys 1.1663 euro, so 11,663 euro are 10,000 pounds
    rate = ExchangeRate.inverse("EUR", WEEK, 1_166_300, BANK)
    assert (rate.own, rate.foreign) == (10_000, 11_663)


@pytest.mark.parametrize(("own", "foreign"), [(0, 1), (1, 0), (-1, 1)])
def test_a_rate_that_is_not_positive_is_refused(own, foreign):
    with pytest.raises(ValueError, match="positive"):
        ExchangeRate("USD", WEEK, own, foreign, BANK)


def test_each_day_has_its_own_rates():
    rates = ExchangeRates(
        "VND",
        0,
        [
            ExchangeRate.per_unit("USD", WEEK, 23_300_000_000, BANK),
            ExchangeRate.per_unit("USD", NEXT, 23_200_000_000, BANK),
        ],
    )
    assert rates.as_of(date(2020, 5, 31)).ratio("USD") is None
    assert rates.as_of(date(2020, 6, 1)).ratio("USD") == (23_300, 1)
    assert rates.as_of(date(2020, 6, 7)).ratio("USD") == (23_300, 1)
    assert rates.as_of(date(2020, 6, 8)).ratio("USD") == (23_200, 1)
    assert rates.as_of(date(2020, 6, 15)).ratio("USD") is None


def test_the_own_currency_needs_no_rate():
    assert ExchangeRates("VND", 0).as_of(date(2020, 6, 1)).ratio("VND") == (1, 1)


def test_two_rates_of_one_day_are_an_error_in_the_data():
    one = ExchangeRate.per_unit("USD", WEEK, 23_300_000_000, BANK)
    other = ExchangeRate.per_unit("USD", Period(date(2020, 6, 7)), 23_200_000_000, BANK)
    assert ExchangeRates("VND", 0, [one, other]).overlapping() == [(one, other)]
