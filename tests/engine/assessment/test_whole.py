"""A declaration's assessment: stored, hashed, compared."""

from datetime import date

import msgspec
import pytest

from thongquan.engine.assessment.exchange import ExchangeRates
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE
from thongquan.engine.assessment.valuation import value_declaration
from thongquan.engine.assessment.whole import assess_declaration, difference
from thongquan.engine.declaration import Amount, Declaration, GoodsItem
from thongquan.engine.findings import Finding
from thongquan.engine.tariff.measures import Duty, Term, ad_valorem

NAMED = {"edition": "edition hash", "pack": "sample", "pack_version": "pack hash"}


def declared(*prices):
    """Lines at these prices in dollars, None for a line without one."""
    return Declaration(
        goods_items=tuple(
            GoodsItem(item_charge=None if p is None else Amount(millionths=p * 10**6, currency="USD"))
            for p in prices
        )
    )


@pytest.fixture
def assess(taxes, dong, charge):
    def make(*prices, duty=100_000, **more):
        valuation = value_declaration(declared(*prices), {}, dong, **more)
        charges = [charge("duty", ad_valorem(duty)), charge("vat", ad_valorem(80_000))]
        lines = [valued.line(charges) for valued in valuation.lines]
        return assess_declaration(lines, taxes, dong, valuation=valuation, **NAMED)

    return make


def test_a_declaration_owes_the_sums_of_its_lines(assess):
    # 100 dollars = 2,330,000: duty 233,000, VAT 2,563,000 × 8 % = 205,040. 10 dollars: 23,300 and 20,504
    assessment = assess(100, 10)
    assert [(t.tax, t.payable_minor, t.pending) for t in assessment.totals] == [
        ("duty", 256_300, 0),
        ("vat", 225_544, 0),
    ]
    assert assessment.total_minor() == 481_844
    assert assessment.payable_minor("excise") == 0
    assert (assessment.pending, assessment.findings, assessment.is_provisional) == ((), (), False)


def test_a_line_without_a_price_leaves_the_declaration_open_and_says_why_once(assess):
    assessment = assess(100, None)
    assert assessment.pending == ("duty", "vat")
    assert (assessment.payable_minor("duty"), assessment.total_minor()) == (None, None)
    assert [(f.code, f.at) for f in assessment.findings] == [
        ("ITEM_CHARGE_MISSING", "goods_items[2].item_charge")
    ]
    assert assessment.is_provisional


def test_a_provisional_price_makes_the_assessment_provisional(assess):
    assert assess(100, 10, provisional=[2]).is_provisional


def test_an_unverified_rate_is_told(taxes, dong, charge):
    valuation = value_declaration(declared(1), {}, dong)
    line = valuation.lines[0].line([charge("duty", ad_valorem(1), verified=False)])
    assessment = assess_declaration([line], taxes, dong, valuation=valuation, **NAMED)
    assert assessment.is_verified is False
    assert assessment.to_dict()["verified"] is False


def test_findings_of_all_come_in_the_order_of_places(taxes, dong, charge, line):
    specific = Duty((Term(specific_millionths=1, currency="CHF", unit="KGM"),))
    one = line(1, charge("duty", specific))
    chosen = Finding("RATE_NOT_GIVEN", at="goods_items[1].commodity_code")
    assessment = assess_declaration([one], taxes, dong, findings=[chosen, chosen], **NAMED)
    assert [finding.code for finding in assessment.findings] == [
        "DUTY_QUANTITY_MISSING",
        "RATE_OF_EXCHANGE_MISSING",
        "RATE_NOT_GIVEN",
    ]


def test_what_is_stored_can_be_read_back_and_hashes_alike(assess):
    stored = assess(100, 10).to_dict()
    assert (stored["day"], stored["currency"], stored["decimals"]) == ("2020-06-01", "VND", 0)
    assert (stored["edition"], stored["pack"], stored["pack_version"]) == (
        "edition hash",
        "sample",
        "pack hash",
    )
    assert [amount["payable_minor"] for amount in stored["lines"][1]] == [23_300, 20_504]
    assert stored["valuation"]["totals"][CUSTOMS_VALUE] == 2_563_000
    assert msgspec.json.decode(msgspec.json.encode(stored)) == msgspec.json.decode(
        msgspec.json.encode(assess(100, 10).to_dict())
    )
    assert assess(100, 10).hash() == assess(100, 10).hash()
    assert assess(100, 10).hash() != assess(100, 11).hash()


def test_stored_findings_leave_out_what_is_empty(assess):
    assert assess(None).to_dict()["findings"] == [
        {"code": "ITEM_CHARGE_MISSING", "severity": "error", "at": "goods_items[1].item_charge"}
    ]


def test_an_amendment_posts_only_the_difference(assess):
    # duty 100 dollars at 10 % = 233,000; at 12 % = 279,600; VAT 205,040 and 2,609,600 × 8 % = 208,768
    changed = difference(assess(100), assess(100, duty=120_000))
    assert [(d.tax, d.before_minor, d.after_minor, d.difference_minor) for d in changed] == [
        ("duty", 233_000, 279_600, 46_600),
        ("vat", 205_040, 208_768, 3_728),
    ]


def test_a_tax_that_falls_away_is_a_negative_difference(taxes, dong, charge, line):
    before = assess_declaration([line(1_000, charge("duty", ad_valorem(100_000)))], taxes, dong, **NAMED)
    after = assess_declaration([line(1_000, charge("vat", ad_valorem(80_000)))], taxes, dong, **NAMED)
    assert [(d.tax, d.difference_minor) for d in difference(before, after)] == [("vat", 80), ("duty", -100)]


def test_a_difference_with_something_pending_is_unknown(assess):
    assert [d.difference_minor for d in difference(assess(100), assess(None))] == [None, None]


def test_two_currencies_cannot_be_compared(assess, taxes):
    other = assess_declaration([], taxes, ExchangeRates("GBP", 2).as_of(date(2020, 6, 1)), **NAMED)
    with pytest.raises(ValueError, match="cannot be compared"):
        difference(assess(100), other)


def test_lines_must_be_as_many_as_were_valued(taxes, dong):
    valuation = value_declaration(declared(1, 2), {}, dong)
    with pytest.raises(ValueError, match="1 lines, but 2 were valued"):
        assess_declaration([valuation.lines[0].line([])], taxes, dong, valuation=valuation, **NAMED)
