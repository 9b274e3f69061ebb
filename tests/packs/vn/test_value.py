"""Value, exemptions and thresholds of Vietnam beside the worked cases: what rows say, and what the criteria see."""

from datetime import date

import pytest

from thongquan.engine.declaration import (
    Amount,
    Classification,
    Declaration,
    GoodsItem,
    Origin,
    Quantity,
    TradeTerms,
)
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import select
from thongquan.packs.check import read_cases
from thongquan.packs.exemptions import PersonFacts
from thongquan.packs.pack import EXPORT, IMPORT, assess, load

VN = load("vn")
DAY = date(2020, 3, 16)


def apples(price):
    """1,000 kg for so many dollars; the reference is 0.60 USD/kg."""
    line = GoodsItem(
        classifications=(Classification(id="08081000", identification_type_code="TSP"),),
        origins=(Origin(country_code="US"),),
        item_charge=Amount(millionths=price * 1_000_000, currency="USD"),
        tariff_quantity=Quantity(millionths=1_000_000_000, unit="KGM"),
    )
    return Declaration(
        function_code="9",
        type_code="A11",
        goods_items=(line,),
        trade_terms=TradeTerms(condition_code="CIF"),
    )


def of_china(declared):
    line = declared.goods_items[0]
    return type(declared)(
        function_code="9",
        type_code="A11",
        trade_terms=declared.trade_terms,
        goods_items=(
            GoodsItem(
                classifications=line.classifications,
                origins=(Origin(country_code="CN"),),
                item_charge=line.item_charge,
                tariff_quantity=line.tariff_quantity,
            ),
        ),
    )


def reasons(declared, day):
    facts = VN.risk_facts(declared, "", day)
    chosen = select(facts, VN.rules_of(day), 0, 0)
    return {reason.code: reason.channel for reason in chosen.reasons}


def test_a_price_below_the_reference_is_a_reason_for_a_look_and_moves_no_amount():
    low, fair = of_china(apples(500)), of_china(apples(600))
    assert reasons(low, DAY)["PRICE_TO_CHECK"] is Channel.YELLOW
    assert "PRICE_TO_CHECK" not in reasons(fair, DAY)
    # 500 × 23,300 = 11,650,000; 10 %
    assert assess(VN, low, DAY).payable_minor("NK") == 1_165_000


def test_a_reference_is_for_its_origin_and_its_days():
    assert "PRICE_TO_CHECK" not in reasons(apples(500), DAY)
    assert "PRICE_TO_CHECK" not in reasons(of_china(apples(500)), date(2019, 12, 31))
    assert VN.risk_facts(of_china(apples(500))).lines[0].documents == frozenset()


@pytest.mark.parametrize("flow", [IMPORT, EXPORT])
def test_every_delivery_term_is_in_a_case_and_its_charges_are_known(flow):
    cases, unreadable = read_cases(VN.folder / "cases")
    assert unreadable == []
    types = {IMPORT: {"A11"}, EXPORT: {"B11"}}[flow]
    named = {c.declaration.incoterm for c in cases.values() if c.declaration.type_code in types}
    assert named >= {code.value for code in VN.code_lists["incoterms"]}
    rules = VN.charge_rules(DAY, flow)
    terms = {code.value for code in VN.code_lists["incoterms"]}
    for rule in rules.values():
        for listed in (rule.included_from_incoterms, rule.asked_from_incoterms, rule.expected_from_incoterms):
            assert listed <= terms, rule.code
        asked = rule.asked_from_incoterms | rule.expected_from_incoterms
        # what is asked for must have an effect: an addition that the price lacks, a deduction that it holds
        if rule.sign > 0:
            assert not asked & rule.included_from_incoterms
        else:
            assert asked <= rule.included_from_incoterms


def test_every_exemption_has_a_case_in_which_it_is_given():
    cases, _ = read_cases(VN.folder / "cases")
    given = set()
    for case in cases.values():
        assessed = assess(VN, case.declaration, date.fromisoformat(case.day), person=case.person)
        given |= {f.says["exemption"] for f in assessed.findings if f.code == "EXEMPTION_APPLIED"}
    assert given == {code.value for code in VN.code_lists["exemptions"]}


def test_the_express_threshold_of_2010_ends_with_17_february_2025():
    listed = VN.code_lists["exemptions"]
    assert listed.get("EXPRESS-VALUE", date(2025, 2, 17)) is not None
    assert listed.get("EXPRESS-VALUE", date(2025, 2, 18)) is None


def test_the_small_lot_has_its_older_wording_until_24_april_2021():
    listed = VN.code_lists["exemptions"]
    assert listed.get("SMALL-DUTY", date(2021, 4, 24)) is not None
    assert listed.get("SMALL-DUTY", date(2021, 4, 25)) is None


def test_an_exemption_that_nobody_verified_is_said_with_the_amount():
    cases, _ = read_cases(VN.folder / "cases")
    case = next(case for name, case in cases.items() if "border-below" in name)
    assessed = assess(
        VN, case.declaration, DAY, person=PersonFacts(trips_in_month=0, border_value_today_minor=0)
    )
    assert not assessed.is_verified
    (note,) = assessed.findings
    assert (note.code, note.law.act) == ("EXEMPTION_APPLIED", "134/2016/NĐ-CP")


def test_nothing_is_lifted_where_nothing_is_asked():
    cases, _ = read_cases(VN.folder / "cases")
    case = next(case for name, case in cases.items() if "express-below" in name)
    (line,) = case.declaration.goods_items
    plain = Declaration(
        function_code="9",
        type_code="H11",
        trade_terms=case.declaration.trade_terms,
        goods_items=(
            GoodsItem(
                classifications=line.classifications,
                origins=line.origins,
                item_charge=line.item_charge,
                tariff_quantity=line.tariff_quantity,
            ),
        ),
    )
    # 20 % of 999,999 = 199,999.8
    assert assess(VN, plain, DAY).payable_minor("NK") == 200_000


def test_a_list_whose_balance_is_not_known_exempts_nothing():
    cases, _ = read_cases(VN.folder / "cases")
    case = next(case for name, case in cases.items() if "list-within" in name)
    assessed = assess(VN, case.declaration, DAY)
    # 2 % of 1,000,000,000
    assert assessed.payable_minor("NK") == 20_000_000
    (finding,) = assessed.findings
    assert (finding.code, finding.says["fact"]) == ("PERSON_FACTS_UNKNOWN", "lists")
