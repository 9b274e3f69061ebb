"""What an exemption of the whole declaration leaves of the taxes, and the balance of a list of exempt goods."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.assessment.exchange import DayRates
from thongquan.engine.assessment.scalar import assess_line
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line, Tax
from thongquan.engine.findings import Finding, LegalRef
from thongquan.engine.tariff.measures import ad_valorem
from thongquan.packs.exemptions import Granted, Relief, exempt, written_off

LAW = LegalRef("134/2016/NĐ-CP", "art. 6")
TAXES = (
    Tax("NK", (CUSTOMS_VALUE,), LAW),
    Tax("TTDB", (CUSTOMS_VALUE, "NK"), LAW),
    Tax("GTGT", (CUSTOMS_VALUE, "NK", "TTDB"), LAW),
)
RATES = DayRates(date(2020, 3, 16), "VND", 0, {})


def line(value, nk=450_000, ttdb=650_000, gtgt=100_000):
    charges = [
        Charge(tax, ad_valorem(rate), LAW) for tax, rate in (("NK", nk), ("TTDB", ttdb), ("GTGT", gtgt))
    ]
    return Line({CUSTOMS_VALUE: value}, tuple(charges), at="goods_items[1]")


def payable(made):
    return [assess_line(made, TAXES, RATES).payable_minor(tax.code) for tax in TAXES]


def test_an_exempt_duty_leaves_the_bases_of_the_taxes_after_it():
    # 45 % of 1,000,000 is lifted; 65 % of (1,000,000 + 0); 10 % of (1,000,000 + 650,000)
    assert payable(exempt(line(1_000_000), TAXES, RATES, {"NK": Relief(LAW)})) == [0, 650_000, 165_000]


def test_all_taxes_lifted_leave_nothing():
    reliefs = dict.fromkeys(("NK", "TTDB", "GTGT"), Relief(LAW))
    assert payable(exempt(line(1_000_000), TAXES, RATES, reliefs)) == [0, 0, 0]


def test_a_share_lifted_leaves_the_tax_of_the_rest_by_itself():
    # a quarter of 2,000,000 is left: 225,000; 65 % of 725,000 = 471,250; 10 % of 1,196,250 = 119,625
    reliefs = dict.fromkeys(("NK", "TTDB", "GTGT"), Relief(LAW, Fraction(3, 4)))
    assert payable(exempt(line(2_000_000), TAXES, RATES, reliefs)) == [225_000, 471_250, 119_625]


def test_what_rests_on_an_unverified_row_says_so():
    made = exempt(line(1_000_000), TAXES, RATES, {"NK": Relief(LAW, verified=False)})
    assert [charge.verified for charge in made.charges] == [False, True, True]


@given(
    st.integers(0, 10**12),
    st.fractions(0, 1, max_denominator=1_000),
    st.lists(st.integers(0, 1_500_000), min_size=3, max_size=3),
)
def test_a_share_is_never_worth_more_than_the_tax_and_the_rest_is_the_rest(value, share, rates):
    whole = line(value, *rates)
    left = exempt(whole, TAXES, RATES, dict.fromkeys(("NK", "TTDB", "GTGT"), Relief(LAW, share)))
    rest = line(value - int(value * share), *rates)
    assert payable(left) == (payable(rest) if share < 1 else [0, 0, 0])
    assert all(one <= other for one, other in zip(payable(left), payable(whole), strict=True))


def test_an_open_amount_stays_open():
    made = Line({}, line(0).charges, pending=(CUSTOMS_VALUE,))
    for share in (Fraction(1), Fraction(1, 2)):
        left = exempt(made, TAXES, RATES, {"NK": Relief(LAW, share)})
        assert payable(left) == [None, None, None]


# the balance of a list


def test_a_list_is_written_off_to_nothing_and_not_beyond():
    granted = Granted("84", "PCE", 5_000_000, 3_000_000)
    after = written_off(granted, 2_000_000, "1/2")
    assert after == Granted("84", "PCE", 5_000_000, 5_000_000)
    refused = written_off(after, 1, "1/2")
    assert isinstance(refused, Finding)
    assert refused.code == "EXEMPT_LIST_EXHAUSTED"
    assert refused.says == {"line": "1/2", "asked": "0.000001", "left": "0", "unit": "PCE"}


def test_no_more_comes_back_than_was_taken():
    granted = Granted("84", "PCE", 5_000_000, 1_000_000)
    assert written_off(granted, -1_000_000, "1/2") == Granted("84", "PCE", 5_000_000)
    assert written_off(granted, -1_000_001, "1/2").code == "EXEMPT_LIST_RETURNED"


@given(st.lists(st.integers(-8, 8), max_size=40))
def test_the_balance_is_never_below_nothing_nor_above_what_was_granted(movements):
    granted = Granted("84", "PCE", 10)
    for movement in movements:
        after = written_off(granted, movement, "1/1")
        if not isinstance(after, Finding):
            assert after.used_millionths == granted.used_millionths + movement
            granted = after
        assert 0 <= granted.left_millionths <= granted.granted_millionths


@pytest.mark.parametrize("share", [Fraction(1), Fraction(1, 3)])
def test_a_relief_for_a_tax_that_is_not_due_changes_nothing(share):
    made = Line({CUSTOMS_VALUE: 900}, (Charge("NK", ad_valorem(100_000), LAW),))
    left = exempt(made, TAXES, RATES, {"TTDB": Relief(LAW, share)})
    assert assess_line(left, TAXES, RATES).payable_minor("NK") == 90
