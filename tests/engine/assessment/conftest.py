"""Small makers of invented law, rates and lines."""

from datetime import date

import pytest

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line, Tax
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef

LAW = LegalRef("12/2020/INV", "art. 1")
BANK = LegalRef("Bank of Invention", "table of 1 June 2020")


@pytest.fixture
def law():
    return LAW


@pytest.fixture
def taxes():
    """Duty on the value; excise on value and duty; VAT on all three. Half up."""
    return (
        Tax("duty", (CUSTOMS_VALUE,), LAW),
        Tax("excise", (CUSTOMS_VALUE, "duty"), LAW),
        Tax("vat", (CUSTOMS_VALUE, "duty", "excise"), LAW),
    )


@pytest.fixture
def dong():
    """Rates into đồng of one day: the dollar at 23,300, a hundred yen at 21,500."""
    days = Period(date(2020, 6, 1), date(2020, 6, 7))
    rows = [
        ExchangeRate.per_unit("USD", days, 23_300_000_000, BANK),
        ExchangeRate.per_unit("JPY", days, 21_500_000_000, BANK, units=100),
    ]
    return ExchangeRates("VND", 0, rows).as_of(date(2020, 6, 1))


@pytest.fixture
def pence():
    """Rates into pounds of one day: a pound buys 1.25 euro."""
    row = ExchangeRate.inverse("EUR", Period(date(2020, 6, 1)), 1_250_000, BANK)
    return ExchangeRates("GBP", 2, [row]).as_of(date(2020, 6, 1))


@pytest.fixture
def charge():
    def make(tax, duty, **more):
        return Charge(tax, duty, LAW, **more)

    return make


@pytest.fixture
def line():
    def make(value, *charges, **more):
        return Line({CUSTOMS_VALUE: value, **more.pop("bases", {})}, charges, at="goods_items[1]", **more)

    return make
