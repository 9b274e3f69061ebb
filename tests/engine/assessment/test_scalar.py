"""One line: amounts in order, what pends, and the trace."""

from fractions import Fraction

import pytest

from thongquan.engine.assessment.scalar import Branch, assess_line, assess_lines, totals
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line, Tax, check_order
from thongquan.engine.findings import Finding
from thongquan.engine.money import Carry, Rounding
from thongquan.engine.tariff.measures import Duty, Term, ad_valorem


def test_vat_base_includes_duty_and_excise(taxes, dong, charge, line):
    # duty 1,000,000 × 10 % = 100,000; excise 1,100,000 × 50 % = 550,000; VAT 1,650,000 × 8 % = 132,000
    one = line(
        1_000_000,
        charge("duty", ad_valorem(100_000)),
        charge("excise", ad_valorem(500_000)),
        charge("vat", ad_valorem(80_000)),
    )
    assessed = assess_line(one, taxes, dong)
    assert [(a.tax, a.base_minor, a.assessed_minor, a.payable_minor) for a in assessed.amounts] == [
        ("duty", 1_000_000, 100_000, 100_000),
        ("excise", 1_100_000, 550_000, 550_000),
        ("vat", 1_650_000, 132_000, 132_000),
    ]
    assert assessed.total_minor() == 782_000
    assert assessed.findings == ()


def test_a_tax_without_a_charge_is_not_due_and_adds_nothing(taxes, dong, charge, line):
    # VAT 1,000,000 × 8 %
    assessed = assess_line(line(1_000_000, charge("vat", ad_valorem(80_000))), taxes, dong)
    assert [a.tax for a in assessed.amounts] == ["vat"]
    assert assessed.payable_minor("vat") == 80_000
    assert assessed.payable_minor("duty") == 0


def test_each_tax_is_rounded_by_its_own_rule(law, dong, charge, line):
    taxes = (
        Tax("up", (CUSTOMS_VALUE,), law),
        Tax("cut", (CUSTOMS_VALUE,), law, Rounding.TRUNCATE),
        Tax("thousands", (CUSTOMS_VALUE,), law, step_minor=1_000),
    )
    # 15 × 10 % = 1.5; 15,000 × 10 % = 1,500
    rate = ad_valorem(100_000)
    charges = [charge(code, rate) for code in ("up", "cut", "thousands")]
    assert [a.payable_minor for a in assess_line(line(15, *charges), taxes, dong).amounts] == [2, 1, 0]
    assert assess_line(line(15_000, *charges), taxes, dong).payable_minor("thousands") == 2_000


@pytest.mark.parametrize(("carry", "base", "vat"), [(Carry.ROUNDED, 104, 10), (Carry.EXACT, 105, 10)])
def test_the_pack_says_whether_the_next_base_takes_the_rounded_amount(
    law, dong, charge, line, carry, base, vat
):
    # two duties on 100: 2.3 % = 2.3 and 2.3 % = 2.3. Rounded they carry 2 + 2, exactly 4.6: base 104, or 104.6
    taxes = (Tax("duty", (CUSTOMS_VALUE,), law, carry=carry), Tax("vat", (CUSTOMS_VALUE, "duty"), law))
    duty = charge("duty", ad_valorem(23_000))
    assessed = assess_line(line(100, duty, duty, charge("vat", ad_valorem(100_000))), taxes, dong)
    assert [a.assessed_minor for a in assessed.amounts[:2]] == [2, 2]
    assert assessed.amounts[2].base_minor == base  # 104.6 is printed as 105
    assert assessed.amounts[2].payable_minor == vat  # 10.4 and 10.46


def test_an_exact_carry_decides_at_the_half(law, dong, charge, line):
    # duty 49 × 1 % = 0.49, rounded 0. VAT at 101 %: on 49.49 it is 49.9849, on 49 it is 49.49
    for carry, payable in ((Carry.EXACT, 50), (Carry.ROUNDED, 49)):
        taxes = (Tax("duty", (CUSTOMS_VALUE,), law, carry=carry), Tax("vat", (CUSTOMS_VALUE, "duty"), law))
        charges = charge("duty", ad_valorem(10_000)), charge("vat", ad_valorem(1_010_000))
        assert assess_line(line(49, *charges), taxes, dong).payable_minor("vat") == payable


def test_a_specific_duty_takes_the_rate_of_exchange_of_the_day(taxes, dong, charge, line):
    # 10,000 dollars a car at 23,300 = 233,000,000, plus 70 % of 209,700,000 = 146,790,000
    duty = Duty(
        (Term(rate_ppm=700_000), Term(specific_millionths=10_000_000_000, currency="USD", unit="CAR"))
    )
    assessed = assess_line(
        line(209_700_000, charge("duty", duty), quantities={"CAR": 1_000_000}), taxes, dong
    )
    assert assessed.payable_minor("duty") == 379_790_000


def test_terms_in_two_currencies_are_added_before_rounding(taxes, dong, charge, line):
    # 0.001 dollar × 23,300 = 23.3; 0.01 yen × 215 = 2.15; together 25.45 → 25
    duty = Duty(
        (
            Term(specific_millionths=1_000, currency="USD", unit="KGM"),
            Term(specific_millionths=10_000, currency="JPY", unit="NMB"),
        )
    )
    one = line(0, charge("duty", duty), quantities={"KGM": 1_000_000, "NMB": 1_000_000})
    assert assess_line(one, taxes, dong).amounts[0].exact_millionths == 25_450_000
    assert assess_line(one, taxes, dong).payable_minor("duty") == 25


def test_a_quantity_may_be_a_fraction_after_a_conversion_of_units(taxes, dong, charge, line):
    # 3 đồng a unit, a third of a unit: 1
    duty = Duty((Term(specific_millionths=3_000_000, currency="VND", unit="KGM"),))
    one = line(0, charge("duty", duty), quantities={"KGM": Fraction(1_000_000, 3)})
    assessed = assess_line(one, taxes, dong)
    assert assessed.payable_minor("duty") == 1
    term = assessed.trace()[0].terms[0]
    assert (term.quantity_millionths, term.quantity_per, term.amount) == (1_000_000, 3, "1")


def test_a_deduction_lowers_later_bases_and_a_credit_does_not(taxes, dong, charge, line):
    # duty 100,000 less 40,000 exempt = 60,000; excise on 1,060,000 at 50 % = 530,000, of which 500,000 was paid
    # before: 30,000; VAT on 1,060,000 + 530,000 = 1,590,000 at 10 %
    one = line(
        1_000_000,
        charge("duty", ad_valorem(100_000), deduct_minor=40_000),
        charge("excise", ad_valorem(500_000), credit_minor=500_000),
        charge("vat", ad_valorem(100_000)),
    )
    assessed = assess_line(one, taxes, dong)
    assert [
        (a.assessed_minor, a.deduct_minor, a.credit_minor, a.payable_minor) for a in assessed.amounts
    ] == [
        (100_000, 40_000, 0, 60_000),
        (530_000, 0, 500_000, 30_000),
        (159_000, 0, 0, 159_000),
    ]


def test_no_deduction_makes_the_payable_amount_negative(taxes, dong, charge, line):
    one = line(
        1_000,
        charge("duty", ad_valorem(100_000), deduct_minor=150, credit_minor=7),
        charge("vat", ad_valorem(100_000)),
    )
    duty, vat = assess_line(one, taxes, dong).amounts
    assert (duty.assessed_minor, duty.deduct_minor, duty.credit_minor, duty.payable_minor) == (100, 100, 0, 0)
    assert vat.base_minor == 1_000


def test_a_missing_quantity_pends_the_tax_and_all_that_rest_on_it(taxes, dong, charge, line, law):
    duty = Duty((Term(specific_millionths=1, currency="VND", unit="KGM"),))
    one = line(1_000, charge("duty", duty), charge("vat", ad_valorem(100_000)))
    assessed = assess_line(one, taxes, dong)
    assert assessed.pending == ("duty", "vat")
    assert [(a.tax, a.assessed_minor, a.payable_minor) for a in assessed.amounts] == [
        ("duty", None, None),
        ("vat", None, None),
    ]
    assert assessed.payable_minor("vat") is None
    assert assessed.total_minor() is None
    assert assessed.findings == (
        Finding("DUTY_QUANTITY_MISSING", "goods_items[1]", {"tax": "duty", "unit": "KGM"}, law),
    )


def test_a_missing_rate_of_exchange_is_a_finding_never_zero(taxes, dong, charge, line, law):
    duty = Duty((Term(specific_millionths=1, currency="CHF", unit="KGM"),))
    assessed = assess_line(line(1_000, charge("duty", duty), quantities={"KGM": 1}), taxes, dong)
    assert assessed.payable_minor("duty") is None
    assert assessed.findings == (
        Finding("RATE_OF_EXCHANGE_MISSING", "goods_items[1]", {"currency": "CHF", "on": "2020-06-01"}, law),
    )


def test_a_missing_base_amount_is_a_finding_and_a_pending_one_is_not_found_twice(law, dong, charge):
    taxes = (Tax("vat", (CUSTOMS_VALUE, "adjustment"), law),)
    vat = charge("vat", ad_valorem(100_000))
    missing = assess_line(Line({CUSTOMS_VALUE: 5}, (vat,)), taxes, dong)
    assert [finding.code for finding in missing.findings] == ["BASE_AMOUNT_MISSING"]
    assert missing.findings[0].says == {"tax": "vat", "base": "adjustment"}
    waiting = assess_line(Line({CUSTOMS_VALUE: 5}, (vat,), pending=("adjustment",)), taxes, dong)
    assert waiting.findings == ()
    assert waiting.pending == ("vat",)


def test_a_tax_whose_rate_is_unknown_pends_what_rests_on_it(taxes, dong, charge, line):
    assessed = assess_line(line(1_000, charge("vat", ad_valorem(100_000)), pending=("excise",)), taxes, dong)
    assert [(a.tax, a.charge is None, a.payable_minor) for a in assessed.amounts] == [
        ("excise", True, None),
        ("vat", False, None),
    ]


def test_two_duties_of_one_tax_are_each_rounded_by_themselves(taxes, dong, charge, line):
    # 25 % of 126,089 = 31,522.25 each: 31,522 + 31,522, not 63,044.5 rounded
    duty = charge("duty", ad_valorem(250_000))
    assessed = assess_line(line(126_089, duty, duty), taxes, dong)
    assert [a.payable_minor for a in assessed.amounts] == [31_522, 31_522]
    assert assessed.payable_minor("duty") == 63_044


def test_a_charge_for_an_unknown_tax_is_our_fault_and_rises(taxes, dong, charge, line):
    with pytest.raises(ValueError, match="toll"):
        assess_line(line(1, charge("toll", ad_valorem(1))), taxes, dong)


def test_values_beyond_64_bits_are_exact(taxes, dong, charge, line):
    # (10^30 + 5) at 10 % = 10^29 + 0.5
    assessed = assess_line(line(10**30 + 5, charge("duty", ad_valorem(100_000))), taxes, dong)
    assert assessed.payable_minor("duty") == 10**29 + 1


def test_totals_count_what_is_pending_beside_what_is_known(taxes, dong, charge, line):
    duty = charge("duty", ad_valorem(100_000))
    unknown = charge("duty", Duty((Term(specific_millionths=1, currency="VND", unit="KGM"),)))
    lines = assess_lines([line(1_000, duty), line(2_000, duty), line(1, unknown)], taxes, dong)
    (total,) = totals(lines, taxes)
    assert (total.tax, total.assessed_minor, total.payable_minor, total.pending) == ("duty", 300, 300, 1)


def test_a_trace_tells_base_rate_rule_and_law_of_every_amount(taxes, dong, law, line):
    own = Charge(
        "duty",
        ad_valorem(100_000),
        law,
        preference="FTA",
        quota_order_id="Q1",
        note="RATE_FROM_NOTICE",
        verified=False,
    )
    vat = Charge("vat", ad_valorem(80_000), law)
    _, trace = assess_line(line(1_000_005, own, vat), taxes, dong).trace()
    # duty 100,000.5 → 100,001; VAT base 1,100,006 at 8 % = 88,000.48
    assert trace.to_dict() == {
        "tax": "vat",
        "tax_law": "12/2020/INV, art. 1",
        "rounding": "half_up",
        "carry": "rounded",
        "step_minor": 1,
        "base": (
            {"name": CUSTOMS_VALUE, "millionths": 1_000_005_000_000},
            {"name": "duty", "millionths": 100_001_000_000},
        ),
        "base_millionths": 1_100_006_000_000,
        "terms": ({"branch": "base", "sign": 1, "amount": "2200012/25", "rate_ppm": 80_000},),
        "branch": "base",
        "exact": "2200012/25",
        "exact_millionths": 88_000_480_000,
        "assessed_minor": 88_000,
        "deduct_minor": 0,
        "credit_minor": 0,
        "payable_minor": 88_000,
        "rate_law": "12/2020/INV, art. 1",
    }
    first = assess_line(line(1_000_005, own, vat), taxes, dong).trace()[0]
    assert (first.preference, first.quota_order_id, first.note, first.verified) == (
        "FTA",
        "Q1",
        "RATE_FROM_NOTICE",
        False,
    )


def test_a_trace_says_which_sum_became_the_duty_and_whose_rate_of_exchange_it_took(taxes, dong, charge, line):
    # 10 % of 1,000 = 100; floor 1 dollar a kg × 1 kg = 23,300; ceiling 2 hundred yen = 200 × 215 = 43,000
    duty = Duty(
        (Term(rate_ppm=100_000),),
        (Term(specific_millionths=1_000_000, currency="USD", unit="KGM"),),
        (Term(specific_millionths=200_000_000, currency="JPY", unit="KGM"),),
    )
    (trace,) = assess_line(
        line(1_000, charge("duty", duty), quantities={"KGM": 1_000_000}), taxes, dong
    ).trace()
    assert trace.branch == Branch.AT_LEAST.value
    assert [(t.branch, t.amount, t.own, t.foreign, t.exchange_law) for t in trace.terms] == [
        ("base", "100", None, None, ""),
        ("at_least", "23300", 23_300, 1, "Bank of Invention, table of 1 June 2020"),
        ("at_most", "43000", 215, 1, "Bank of Invention, table of 1 June 2020"),
    ]
    assert trace.payable_minor == 23_300


def test_a_trace_says_when_the_carry_was_cut(law, pence, charge, line):
    # 1 euro / 3 units … a third of 0.8 pounds = 26.666… pence
    duty = Duty((Term(specific_millionths=1_000_000, currency="EUR", unit="KGM"),))
    taxes = (Tax("duty", (CUSTOMS_VALUE,), law, carry=Carry.EXACT), Tax("vat", ("duty",), law))
    one = line(
        0, charge("duty", duty), charge("vat", ad_valorem(1_000_000)), quantities={"KGM": Fraction(10**6, 3)}
    )
    first, second = assess_line(one, taxes, pence).trace()
    assert (first.exact, first.exact_millionths, first.cut) == ("80/3", 26_666_666, True)
    assert second.base_millionths == 26_666_666
    assert second.cut is False


def test_a_pending_amount_has_a_trace_without_figures(taxes, dong, charge, line):
    assessed = assess_line(line(1_000, charge("vat", ad_valorem(80_000)), pending=("duty",)), taxes, dong)
    assert [(t.tax, t.base, t.payable_minor) for t in assessed.trace()] == [
        ("duty", (), None),
        ("vat", (), None),
    ]


@pytest.mark.parametrize(
    ("bases", "said"),
    [
        ([("a", ("b",)), ("b", (CUSTOMS_VALUE,))], "levied on b, which is not levied before"),
        ([("a", ("a",))], "levied on a"),
        ([("a", (CUSTOMS_VALUE,)), ("a", (CUSTOMS_VALUE,))], "a is levied twice"),
        ([("a", ())], "no base"),
    ],
)
def test_an_order_that_cannot_be_levied_is_refused(law, bases, said):
    with pytest.raises(ValueError, match=said):
        check_order([Tax(code, base, law) for code, base in bases])


def test_a_step_below_one_is_refused(law):
    with pytest.raises(ValueError, match="0 minor units"):
        check_order([Tax("a", (CUSTOMS_VALUE,), law, step_minor=0)])
