"""What customs would fill in of a Vietnamese declaration before it is registered."""

from dataclasses import replace
from datetime import date

import msgspec

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.dated import Period
from thongquan.engine.declaration import Declaration, Invoice, PreviousDocument, Quantity
from thongquan.engine.findings import LegalRef
from thongquan.packs.computed import computed_fields, unit_price_millionths
from thongquan.packs.pack import load

from .test_procedures import declaration, item

DAY = date(2020, 6, 15)
RATE = ExchangeRate.per_unit(
    "USD", Period(date(2020, 6, 15), date(2020, 6, 21)), 23_300_000_000, LegalRef("VCB", "2020-06-11")
)
VN = replace(load("vn"), exchange=ExchangeRates("VND", 0, [RATE]))


def asked(type_code: str = "A11", **fields: object) -> Declaration:
    goods = item("61091010", tariff_quantity=Quantity(millionths=300_000_000, unit="PCE"))
    return declaration(goods, type_code=type_code, invoice=Invoice(id="HD-1"), **fields)


def test_a_line_has_its_value_in_dong_its_unit_price_and_its_taxes():
    computed = computed_fields(VN, asked(), DAY)
    line = computed.lines[0]
    # 1,000 USD at 23,300; 1,000 / 300 = 3.333333
    assert line.customs_value_minor == 23_300_000
    assert line.unit_price_millionths == 3_333_333
    payable = {tax.tax: tax.payable_minor for tax in line.taxes}
    # 20 % of 23,300,000 = 4,660,000; 10 % of 27,960,000 = 2,796,000; the fee 20,000
    assert payable == {"NK": 4_660_000, "GTGT": 2_796_000, "LP": 20_000}
    assert computed.payable_minor == 7_476_000
    assert computed.due_now_minor == 7_476_000


def test_materials_for_processing_show_their_suspended_duty_and_nothing_else_to_pay():
    computed = computed_fields(VN, asked("E21"), DAY)
    assert [(tax.tax, tax.terms) for tax in computed.lines[0].taxes] == [("NK", "suspended"), ("LP", "now")]
    assert computed.due_now_minor == 20_000
    assert [finding.code for finding in computed.missing] == ["TYPE_DOCUMENT_MISSING"]


def test_a_change_of_use_owes_everything_by_the_law_of_its_own_day():
    earlier = (PreviousDocument(type_code="TK", id="102000000010"),)
    computed = computed_fields(VN, asked("A42", previous_documents=earlier), DAY)
    assert computed.due_now_minor == 7_476_000


def test_the_rate_of_exchange_is_told_with_its_source():
    rates = computed_fields(VN, asked(), DAY).rates
    assert [(rate.currency, rate.millionths, rate.law) for rate in rates] == [
        ("USD", 23_300_000_000, "VCB, 2020-06-11")
    ]


def test_without_a_rate_of_exchange_nothing_is_zero():
    computed = computed_fields(VN, asked(), date(2020, 6, 22))
    assert [rate.millionths for rate in computed.rates] == [None]
    assert computed.payable_minor is None
    assert computed.due_now_minor is None
    assert computed.lines[0].customs_value_minor is None


def test_the_days_that_run_from_registration_are_told():
    days = {one.name: one.last_day for one in computed_fields(VN, asked(), date(2020, 1, 9)).days}
    # 9 + 7 = 16 January; 9 + 15 = 24 January rolls over Tết to the 30th; 9 January + 30 = 8 February, a Saturday: 10
    assert days == {
        "draft_valid": date(2020, 1, 16),
        "registered_valid": date(2020, 1, 30),
        "guarantee": date(2020, 2, 10),
    }


def test_goods_for_re_export_may_stay_for_sixty_days():
    computed = computed_fields(VN, asked("G11"), DAY)
    assert computed.stay_until == date(2020, 8, 14)
    assert computed_fields(VN, asked(), DAY).stay_until is None


def test_what_would_be_refused_is_not_ready():
    computed = computed_fields(VN, asked("A42"), DAY)
    assert not computed.ready
    assert "PREVIOUS_DECLARATION_MISSING" in {finding.code for finding in computed.findings}


def test_a_long_declaration_is_counted_as_the_nation_counts_it():
    goods = [msgspec.structs.replace(item("61091010"), sequence_numeric=number) for number in range(1, 102)]
    computed = computed_fields(VN, declaration(*goods, invoice=Invoice(id="HD-1")), DAY)
    assert computed.national_count == 3
    # three declarations of the nation's count: 60,000
    assert [total.payable_minor for total in computed.totals if total.tax == "LP"] == [60_000]


def test_a_unit_price_needs_value_and_quantity():
    assert unit_price_millionths(item()) is None
    assert unit_price_millionths(item(tariff_quantity=Quantity(millionths=0, unit="PCE"))) is None
