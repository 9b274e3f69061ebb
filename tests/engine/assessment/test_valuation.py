"""From invoice to customs value, by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, STATISTICAL_VALUE, Charge
from thongquan.engine.assessment.valuation import FREIGHT_CHARGE, ChargeRule, ShareBy, value_declaration
from thongquan.engine.dated import Period
from thongquan.engine.declaration import (
    Amount,
    ChargeDeduction,
    Declaration,
    GoodsItem,
    Packaging,
    Quantity,
    TradeTerms,
)
from thongquan.engine.findings import LegalRef, Severity
from thongquan.engine.money import Rounding
from thongquan.engine.tariff.measures import ad_valorem

LAW = LegalRef("39/2015/TT-BTC", "art. 13")
INLAND = LegalRef("39/2015/TT-BTC", "art. 15")
DOLLARS = ExchangeRates(
    "USD", 2, [ExchangeRate.per_unit("EUR", Period(date(2020, 1, 1)), 1_125_000, LegalRef("Bank", "1"))]
).as_of(date(2020, 6, 1))
DONG = ExchangeRates(
    "VND", 0, [ExchangeRate.per_unit("USD", Period(date(2020, 1, 1)), 23_300_000_000, LegalRef("Bank", "1"))]
).as_of(date(2020, 6, 1))

ALREADY_CARRIED = frozenset({"CFR", "CIF", "CPT", "CIP", "DAP", "DDP"})
RULES = {
    rule.code: rule
    for rule in (
        ChargeRule(FREIGHT_CHARGE, 1, ShareBy.VALUE, LAW, ALREADY_CARRIED),
        ChargeRule("INSURANCE", 1, ShareBy.VALUE, LAW, ALREADY_CARRIED),
        ChargeRule("ROYALTY", 1, ShareBy.VALUE, LAW),
        ChargeRule("INLAND", -1, ShareBy.VALUE, INLAND, frozenset({"DAP", "DDP"})),
        ChargeRule("BY_WEIGHT", 1, ShareBy.GROSS_MASS, LAW),
        ChargeRule("BY_NET", 1, ShareBy.NET_MASS, LAW),
        ChargeRule("BY_QUANTITY", 1, ShareBy.QUANTITY, LAW),
        ChargeRule("DELIVERY", 1, ShareBy.VALUE, LAW, bases=("vat_adjustment",)),
    )
}


def money(text, currency="USD"):
    whole, _, cents = text.partition(".")
    return Amount(millionths=int(whole + cents.ljust(6, "0")), currency=currency)


def item(value, kilograms=None, **more):
    mass = Quantity(millionths=kilograms * 1_000_000, unit="KGM") if kilograms is not None else None
    return GoodsItem(item_charge=money(value) if value is not None else None, gross_mass=mass, **more)


def charged(code, value, currency="USD"):
    return ChargeDeduction(charges_type_code=code, amount=money(value, currency) if value else None)


def values(valuation, name=CUSTOMS_VALUE):
    return [line.bases.get(name) for line in valuation.lines]


def codes(valuation):
    return [finding.code for finding in valuation.findings]


def test_a_price_is_exchanged_and_rounded_once():
    # 12.345 dollars × 23,300 = 287,638.5 đồng
    one = Declaration(goods_items=(item("12.345"),))
    assert values(value_declaration(one, {}, DONG)) == [287_639]
    assert values(value_declaration(one, {}, DONG, rounding=Rounding.TRUNCATE)) == [287_638]


def test_freight_by_value_or_by_weight_gives_the_published_answers():
    # 3,000 of freight over A 10,000 (5 t) and B 20,000 (5 t): by value 11,000 and 22,000; by weight 11,500 and 21,500
    lines = (item("10000", 5_000), item("20000", 5_000))
    by_value = Declaration(goods_items=lines, freight_charge=money("3000"))
    assert values(value_declaration(by_value, RULES, DOLLARS)) == [1_100_000, 2_200_000]
    by_weight = Declaration(goods_items=lines, charge_deductions=(charged("BY_WEIGHT", "3000"),))
    assert values(value_declaration(by_weight, RULES, DOLLARS)) == [1_150_000, 2_150_000]


def test_a_value_is_built_up_from_fob():
    # 50,000 + freight 4,000 + insurance 300 + royalty 2,500 = 56,800
    built = Declaration(
        goods_items=(item("50000"),),
        trade_terms=TradeTerms(condition_code="FOB"),
        freight_charge=money("4000"),
        charge_deductions=(charged("INSURANCE", "300"), charged("ROYALTY", "2500")),
    )
    valuation = value_declaration(built, RULES, DOLLARS)
    assert values(valuation) == [5_680_000]
    assert valuation.totals[CUSTOMS_VALUE] == 5_680_000
    assert valuation.findings == ()


def test_inland_cost_is_deducted_only_from_a_price_that_holds_it():
    # delivered duty paid 60,000, of which 600 inland behind the gate
    ddp = Declaration(
        goods_items=(item("60000"),),
        trade_terms=TradeTerms(condition_code="DDP"),
        charge_deductions=(charged("INLAND", "600"),),
    )
    assert values(value_declaration(ddp, RULES, DOLLARS)) == [5_940_000]
    fob = Declaration(
        goods_items=(item("60000"),),
        trade_terms=TradeTerms(condition_code="FOB"),
        charge_deductions=(charged("INLAND", "600"),),
    )
    valuation = value_declaration(fob, RULES, DOLLARS)
    assert values(valuation) == [6_000_000]
    (finding,) = valuation.findings
    assert (finding.code, finding.at, finding.law) == (
        "DEDUCTION_NOT_IN_PRICE",
        "charge_deductions[1]",
        INLAND,
    )
    assert finding.severity is Severity.WARNING


def test_freight_in_a_cif_price_is_not_added_again():
    cif = Declaration(
        goods_items=(item("100"),), trade_terms=TradeTerms(condition_code="CIF"), freight_charge=money("10")
    )
    valuation = value_declaration(cif, RULES, DOLLARS)
    assert values(valuation) == [10_000]
    assert codes(valuation) == ["CHARGE_INCLUDED_IN_PRICE"]


def test_without_delivery_terms_freight_is_added_and_the_lack_is_shown():
    unknown = Declaration(goods_items=(item("100"),), freight_charge=money("10"))
    valuation = value_declaration(unknown, RULES, DOLLARS)
    assert values(valuation) == [11_000]
    assert [(f.code, f.severity) for f in valuation.findings] == [
        ("DELIVERY_TERMS_MISSING", Severity.WARNING)
    ]


def test_shares_add_up_to_the_charge():
    # 1.00 over three equal lines: 34 + 33 + 33 cents
    three = Declaration(
        goods_items=(item("5"), item("5"), item("5")), charge_deductions=(charged("ROYALTY", "1"),)
    )
    valuation = value_declaration(three, RULES, DOLLARS)
    assert values(valuation) == [534, 533, 533]
    assert valuation.totals[CUSTOMS_VALUE] == 1_600


@pytest.mark.parametrize(("code", "expected"), [("BY_NET", [103, 106]), ("BY_QUANTITY", [106, 103])])
def test_a_charge_is_shared_by_net_mass_or_by_quantity(code, expected):
    # nine cents by 1 : 2, and by 2 : 1
    one = item(
        "1",
        net_mass=Quantity(millionths=1_000_000, unit="KGM"),
        tariff_quantity=Quantity(millionths=2, unit="NMB"),
    )
    two = item(
        "1",
        net_mass=Quantity(millionths=2_000_000, unit="KGM"),
        tariff_quantity=Quantity(millionths=1, unit="NMB"),
    )
    declared = Declaration(goods_items=(one, two), charge_deductions=(charged(code, "0.09"),))
    assert values(value_declaration(declared, RULES, DOLLARS)) == expected


def test_a_charge_of_one_line_is_borne_by_that_line():
    one = item("100", charge_deductions=(charged("ROYALTY", "8", "EUR"),))
    # 8 euro × 1.125 = 9 dollars
    valuation = value_declaration(Declaration(goods_items=(one, item("100"))), RULES, DOLLARS)
    assert values(valuation) == [10_900, 10_000]
    part = valuation.lines[0].parts[1]
    assert (part.code, part.at, part.minor) == ("ROYALTY", "goods_items[1].charge_deductions[1]", 900)
    assert (part.own, part.foreign, part.exchange_law, part.law) == (9, 8, "Bank, 1", str(LAW))


def test_a_charge_for_another_base_leaves_the_customs_value_alone():
    declared = Declaration(
        goods_items=(item("100"), item("300")), charge_deductions=(charged("DELIVERY", "40"),)
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert values(valuation) == values(valuation, STATISTICAL_VALUE) == [10_000, 30_000]
    assert values(valuation, "vat_adjustment") == [1_000, 3_000]


def test_a_base_amount_that_nobody_charged_is_zero_not_missing():
    valuation = value_declaration(Declaration(goods_items=(item("100"),)), RULES, DOLLARS)
    assert values(valuation, "vat_adjustment") == [0]


def test_a_low_value_line_without_an_invoice_is_worth_what_it_declares():
    declared = GoodsItem(customs_value=money("103.33"), valuation_method_code="1")
    valuation = value_declaration(
        Declaration(goods_items=(declared,), freight_charge=money("2")), RULES, DOLLARS
    )
    assert values(valuation) == [10_533]
    assert valuation.lines[0].parts[0].code == "customs_value"
    assert valuation.lines[0].method_code == "1"


def test_a_price_without_a_currency_is_in_the_currency_of_the_invoice():
    one = GoodsItem(item_charge=Amount(millionths=8_000_000))
    invoiced = Declaration(goods_items=(one,), invoice_amount=money("8", "EUR"))
    assert values(value_declaration(invoiced, {}, DOLLARS)) == [900]
    unknown = value_declaration(Declaration(goods_items=(one,)), {}, DOLLARS)
    assert [(f.code, f.at) for f in unknown.findings] == [("CURRENCY_MISSING", "goods_items[1].item_charge")]
    assert values(unknown) == [None]


def test_a_line_without_a_price_pends_and_so_do_shares_by_value():
    declared = Declaration(
        goods_items=(item("100"), item(None)), charge_deductions=(charged("ROYALTY", "1"),)
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert [(f.code, f.at) for f in valuation.findings] == [
        ("ITEM_CHARGE_MISSING", "goods_items[2].item_charge"),
        ("SHARE_WEIGHT_MISSING", "goods_items[2].item_charge"),
    ]
    assert [line.pending for line in valuation.lines] == [(CUSTOMS_VALUE, STATISTICAL_VALUE)] * 2
    assert valuation.totals[CUSTOMS_VALUE] is None
    assert valuation.totals["vat_adjustment"] == 0


def test_a_missing_rate_of_exchange_pends_the_line_that_needs_it():
    declared = Declaration(goods_items=(item("100"), GoodsItem(item_charge=money("5", "CHF"))))
    valuation = value_declaration(declared, {}, DOLLARS)
    assert values(valuation) == [10_000, None]
    (finding,) = valuation.findings
    assert (finding.code, finding.says) == (
        "RATE_OF_EXCHANGE_MISSING",
        {"currency": "CHF", "on": "2020-06-01"},
    )


def test_a_freight_without_a_rate_of_exchange_pends_every_line():
    declared = Declaration(
        goods_items=(item("100"), item("100")),
        trade_terms=TradeTerms(condition_code="FOB"),
        freight_charge=money("5", "CHF"),
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert values(valuation) == [None, None]
    assert codes(valuation) == ["RATE_OF_EXCHANGE_MISSING"]


def test_an_unknown_charge_code_is_a_finding_and_pends():
    declared = Declaration(goods_items=(item("100", charge_deductions=(charged("XX", "5"),)), item("100")))
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert [(f.code, f.at) for f in valuation.findings] == [
        ("CHARGE_CODE_UNKNOWN", "goods_items[1].charge_deductions[1]")
    ]
    assert values(valuation) == [None, 10_000]


def test_a_charge_without_an_amount_is_a_finding():
    declared = Declaration(goods_items=(item("100"),), charge_deductions=(charged("ROYALTY", None),))
    assert codes(value_declaration(declared, RULES, DOLLARS)) == ["CHARGE_AMOUNT_MISSING"]


def test_a_line_without_mass_cannot_bear_freight_by_weight():
    declared = Declaration(
        goods_items=(item("100", 5), item("100")), charge_deductions=(charged("BY_WEIGHT", "1"),)
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert [(f.code, f.at) for f in valuation.findings] == [
        ("SHARE_WEIGHT_MISSING", "goods_items[2].gross_mass")
    ]
    assert values(valuation) == [None, None]


def test_a_value_below_zero_is_refused():
    declared = Declaration(
        goods_items=(item("100", charge_deductions=(charged("INLAND", "101"),)),),
        trade_terms=TradeTerms(condition_code="DDP"),
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert [(f.code, f.says) for f in valuation.findings] == [("VALUE_NEGATIVE", {"amount": "-100"})]
    assert values(valuation) == [None]


def test_a_provisional_price_is_marked_on_its_line():
    declared = Declaration(goods_items=(item("100"), item("100")))
    valuation = value_declaration(declared, {}, DOLLARS, provisional=[2])
    assert [line.provisional for line in valuation.lines] == [False, True]
    assert valuation.is_provisional


def test_a_valued_line_takes_its_charges():
    valuation = value_declaration(Declaration(goods_items=(item("100"),)), RULES, DOLLARS)
    charge = Charge("duty", ad_valorem(1), LAW)
    line = valuation.lines[0].line([charge], {"KGM": 5}, ["vat"], {"more": 7})
    assert line.bases == {CUSTOMS_VALUE: 10_000, STATISTICAL_VALUE: 10_000, "vat_adjustment": 0, "more": 7}
    assert (line.charges, line.quantities, line.pending, line.at) == (
        (charge,),
        {"KGM": 5},
        ("vat",),
        "goods_items[1]",
    )


def test_a_share_can_be_done_again_from_its_trace():
    declared = Declaration(
        goods_items=(item("100"), item("200")), charge_deductions=(charged("ROYALTY", "1"),)
    )
    part = value_declaration(declared, RULES, DOLLARS).lines[1].parts[1]
    assert (part.total_minor, part.share_by, part.weight, part.of_weight) == (100, "value", 20_000, 30_000)
    # 100 × 20,000 / 30,000 = 66.67; the larger remainder takes the unit left over
    assert part.minor == 67


def test_what_is_stored_is_plain():
    declared = Declaration(goods_items=(item("100"),), trade_terms=TradeTerms(condition_code="FOB"))
    stored = value_declaration(declared, {}, DOLLARS).to_dict()
    assert stored["totals"] == {CUSTOMS_VALUE: 10_000, STATISTICAL_VALUE: 10_000}
    assert stored["lines"][0]["parts"] == [
        {
            "code": "item_charge",
            "at": "goods_items[1].item_charge",
            "bases": (CUSTOMS_VALUE, STATISTICAL_VALUE),
            "minor": 10_000,
            "declared_millionths": 100_000_000,
            "currency": "USD",
            "own": 1,
            "foreign": 1,
        }
    ]


@pytest.mark.parametrize(("sign", "bases"), [(0, ("a",)), (2, ("a",)), (1, ())])
def test_a_rule_that_means_nothing_is_refused(sign, bases):
    with pytest.raises(ValueError, match="X: a charge"):
        ChargeRule("X", sign, ShareBy.VALUE, LAW, bases=bases)


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_parts_always_add_up_to_the_totals(lines, freight, royalty):
    declared = Declaration(
        goods_items=tuple(
            GoodsItem(
                item_charge=Amount(millionths=value, currency="EUR"),
                gross_mass=Quantity(millionths=mass, unit="KGM"),
            )
            for value, mass in lines
        ),
        charge_deductions=(
            ChargeDeduction(charges_type_code="BY_WEIGHT", amount=Amount(millionths=freight, currency="USD")),
            ChargeDeduction(charges_type_code="ROYALTY", amount=Amount(millionths=royalty, currency="EUR")),
        ),
    )
    valuation = value_declaration(declared, RULES, DOLLARS)
    assert valuation.findings == ()
    for line in valuation.lines:
        assert sum(part.minor for part in line.parts) == line.bases[CUSTOMS_VALUE]
    for code in ("BY_WEIGHT", "ROYALTY"):
        parts = [part for line in valuation.lines for part in line.parts if part.code == code]
        assert sum(part.minor for part in parts) == parts[0].total_minor
    assert valuation.totals[CUSTOMS_VALUE] == sum(values(valuation))


# charges that the delivery terms ask for

ASKED = {
    rule.code: rule
    for rule in (
        ChargeRule("FRT", 1, ShareBy.VALUE, LAW, ALREADY_CARRIED, asked_from_incoterms=frozenset({"FOB"})),
        ChargeRule(
            "FRTW",
            1,
            ShareBy.GROSS_MASS,
            LAW,
            ALREADY_CARRIED,
            asked_from_incoterms=frozenset({"FOB"}),
            stands_for="FRT",
        ),
        ChargeRule(
            "INS", 1, ShareBy.VALUE, LAW, ALREADY_CARRIED, expected_from_incoterms=frozenset({"FOB", "CFR"})
        ),
        ChargeRule("FRTV", 1, ShareBy.VOLUME, LAW, stands_for="FRT"),
    )
}


def asked(incoterm, *items, charges=()):
    declared = Declaration(
        goods_items=items, trade_terms=TradeTerms(condition_code=incoterm), charge_deductions=charges
    )
    return value_declaration(declared, ASKED, DOLLARS)


def test_freight_that_the_terms_ask_for_pends_the_value_and_is_never_zero():
    found = asked("FOB", item("100"), item("200"))
    assert values(found) == [None, None]
    assert [(f.code, f.at, f.severity) for f in found.findings] == [
        ("CHARGE_EXPECTED", "charge_deductions", Severity.WARNING),
        ("CHARGE_NOT_DECLARED", "charge_deductions", Severity.ERROR),
    ]
    assert found.totals[CUSTOMS_VALUE] is None


def test_freight_of_nothing_is_declared_as_nothing():
    none = charged("FRT", "0"), charged("INS", "0")
    found = asked("FOB", item("100"), charges=none)
    assert (values(found), codes(found)) == ([10_000], [])


def test_freight_by_another_measure_is_freight():
    found = asked("FOB", item("100", 5), charges=(charged("FRTW", "7"), charged("INS", "0")))
    assert (values(found), codes(found)) == ([10_700], [])


def test_a_line_without_its_own_freight_pends_alone():
    own = {"charge_deductions": (charged("FRT", "7"), charged("INS", "1"))}
    found = asked("FOB", item("100", **own), item("200"))
    assert values(found) == [10_800, None]
    assert ("CHARGE_NOT_DECLARED", "goods_items[2].charge_deductions") in [
        (f.code, f.at) for f in found.findings
    ]


def test_other_terms_ask_for_nothing():
    assert codes(asked("CIF", item("100"))) == []
    assert codes(asked("CFR", item("100"))) == ["CHARGE_EXPECTED"]


def test_a_value_declared_as_such_holds_its_freight():
    found = asked("FOB", GoodsItem(customs_value=money("100")))
    assert (values(found), codes(found)) == ([10_000], [])


def test_freight_is_shared_by_volume():
    boxes = [
        {"packagings": tuple(Packaging(volume=Quantity(millionths=v * 10**6, unit="MTQ")) for v in volumes)}
        for volumes in ((1, 1), (2,))
    ]
    two = item("100", **boxes[0]), item("100", **boxes[1])
    found = asked("CIF", *two, charges=(charged("FRTV", "10"),))
    assert values(found) == [10_500, 10_500]
    missing = asked("CIF", two[0], item("100"), charges=(charged("FRTV", "10"),))
    assert [(f.code, f.at) for f in missing.findings] == [
        ("SHARE_WEIGHT_MISSING", "goods_items[2].packagings")
    ]


def test_figures_in_two_units_are_not_added():
    tonne = GoodsItem(item_charge=money("100"), gross_mass=Quantity(millionths=10**6, unit="TNE"))
    found = asked("FOB", item("100", 5), tonne, charges=(charged("FRTW", "7"), charged("INS", "0")))
    assert values(found) == [None, None]
    (finding,) = found.findings
    assert (finding.code, finding.says["units"]) == ("SHARE_UNITS_DIFFER", "KGM, TNE")
