"""What the Vietnamese declaration type decides, and what must come with a declaration."""

from datetime import date

import pytest

from thongquan.engine.declaration import (
    AdditionalDocument,
    Amount,
    Classification,
    Declaration,
    GoodsItem,
    Invoice,
    Origin,
    Party,
    PreviousDocument,
    Quantity,
    TransportMeans,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.packs.pack import Liability, Terms, load, run_checks
from thongquan.packs.vn.procedures import branch_count, branches_of

VN = load("vn")
DAY = date(2020, 6, 15)
COLUMNS = {"duty": "NK", "excise": "TTDB", "environment": "BVMT", "vat": "GTGT"}


def item(code: str = "08081000", **fields: object) -> GoodsItem:
    given: dict[str, object] = {
        "sequence_numeric": 1,
        "classifications": (Classification(id=code),),
        "origins": (Origin(country_code="CN"),),
        "item_charge": Amount(millionths=1_000_000_000, currency="USD"),
    }
    return GoodsItem(**(given | fields))


def declaration(*items: GoodsItem, type_code: str = "A11", **fields: object) -> Declaration:
    given: dict[str, object] = {
        "function_code": "9",
        "type_code": type_code,
        "importer": Party(id="5700100001"),
        "goods_items": items or (item(),),
    }
    return Declaration(**(given | fields))


def found(asked: Declaration, code: str, day: date = DAY) -> list[Finding]:
    return [finding for finding in run_checks(VN, asked, day) if finding.code == code]


def liability(type_code: str, tax: str, day: date = DAY) -> Liability:
    return VN.liability(declaration(type_code=type_code), item(), tax, day)


# what the type decides


def test_the_table_lists_the_types_of_both_lists_with_their_days():
    before, after = (
        VN.code_lists["declaration_types"].as_of(date(2021, 5, 31)),
        VN.code_lists["declaration_types"].as_of(date(2021, 6, 1)),
    )
    types = {code.value for code in VN.code_lists["declaration_types"] if code.facts["asks"] == "lodge"}
    # 48 codes of the lists of 2015 and 2021, and the transport of goods in transit
    assert len(types - {"OLA"}) == 48
    assert {"A11", "E21", "G11", "AEO"} <= set(before)
    assert "A45" not in before
    assert "A45" in after
    assert "E56" in before
    assert "E56" not in after
    assert after["A11"].law.act == "1357/QĐ-TCHQ"
    assert before["A11"].law.act == "2765/TCHQ-GSQL"


@pytest.mark.parametrize("tax", ["NK", "CBPG", "CTC", "TV", "TTDB", "BVMT", "GTGT"])
def test_goods_for_sale_owe_every_tax(tax: str):
    assert liability("A11", tax) is Liability.DUE


@pytest.mark.parametrize("type_code", ["E21", "E31", "G11", "G13", "C11"])
def test_processing_and_temporary_import_suspend_the_duty_and_owe_no_other_tax(type_code: str):
    assert liability(type_code, "NK") is Liability.SUSPENDED
    assert liability(type_code, "CBPG") is Liability.SUSPENDED
    for tax in ("TTDB", "BVMT", "GTGT"):
        assert liability(type_code, tax) is Liability.NONE


@pytest.mark.parametrize("type_code", ["E11", "E13", "A31", "G51", "C21", "OLA"])
def test_what_enters_a_non_tariff_zone_returns_or_only_passes_owes_no_tax(type_code: str):
    assert {liability(type_code, tax) for tax in ("NK", "TTDB", "BVMT", "GTGT")} == {Liability.NONE}


def test_machines_of_a_project_owe_everything_while_they_are_here():
    assert {liability("G12", tax) for tax in COLUMNS.values()} == {Liability.DUE}


def test_re_exports_owe_no_export_duty_and_sales_do():
    assert liability("G21", "XK") is Liability.NONE
    assert liability("B13", "XK") is Liability.NONE
    assert liability("B11", "XK") is Liability.DUE


def test_the_fee_is_due_whatever_the_type():
    assert {liability(type_code, "LP") for type_code in ("A11", "E21", "C21")} == {Liability.DUE}


def test_every_type_says_of_each_kind_of_tax_what_happens_to_it():
    for code in VN.code_lists["declaration_types"]:
        for column in COLUMNS:
            Liability(code.facts[column])


def test_materials_for_processing_are_suspended_and_owe_everything_once_their_use_changes():
    asked = declaration(type_code="E21")
    assert VN.payment_of(asked, item(), "NK", DAY).terms is Terms.SUSPENDED
    changed = declaration(type_code="A42", previous_documents=(PreviousDocument(type_code="TK", id="1"),))
    assert VN.payment_of(changed, item(), "NK", DAY).terms is Terms.NOW


def test_priority_declarations_go_the_way_their_trader_does():
    imported = VN.kind_of(declaration(type_code="AEO"), DAY)
    exported = VN.kind_of(declaration(type_code="AEO", importer=None, exporter=Party(id="57")), DAY)
    assert imported is not None
    assert imported.flow == "import"
    assert exported is not None
    assert exported.flow == "export"


# what must come with it


def test_a_reserve_code_is_not_declared_before_the_list_of_2021():
    assert [
        f.at for f in found(declaration(type_code="A43"), "DECLARATION_TYPE_RESERVED", date(2021, 5, 31))
    ] == ["type_code"]
    assert found(declaration(type_code="A43"), "DECLARATION_TYPE_RESERVED", date(2021, 6, 1)) == []


def test_goods_for_sale_come_with_an_invoice_or_what_stands_for_one():
    missing = found(declaration(), "TYPE_DOCUMENT_MISSING")
    assert [finding.says["documents"] for finding in missing] == ["INV / INVS"]
    assert missing[0].severity is Severity.WARNING
    assert found(declaration(invoice=Invoice(id="HD-1")), "TYPE_DOCUMENT_MISSING") == []
    other = (AdditionalDocument(type_code="INVS", id="BK-1"),)
    assert found(declaration(additional_documents=other), "TYPE_DOCUMENT_MISSING") == []


def test_processing_asks_for_its_contract():
    asked = declaration(type_code="E21", invoice=Invoice(id="HD-1"))
    assert [f.says["documents"] for f in found(asked, "TYPE_DOCUMENT_MISSING")] == ["PROCESSING_CONTRACT"]
    contract = (AdditionalDocument(type_code="PROCESSING_CONTRACT", id="GC-7"),)
    assert found(declaration(type_code="E21", additional_documents=contract), "TYPE_DOCUMENT_MISSING") == []


def test_goods_by_sea_name_their_bill_of_lading_and_trucks_need_none():
    sea = TransportMeans(mode_code="2")
    assert len(found(declaration(border_transport_means=sea), "TRANSPORT_DOCUMENT_MISSING")) == 1
    billed = (PreviousDocument(type_code="704", id="BL-1"),)
    assert (
        found(
            declaration(border_transport_means=sea, previous_documents=billed), "TRANSPORT_DOCUMENT_MISSING"
        )
        == []
    )
    truck = TransportMeans(mode_code="4")
    assert found(declaration(border_transport_means=truck), "TRANSPORT_DOCUMENT_MISSING") == []


def test_an_earlier_declaration_is_no_bill_of_lading():
    sea, earlier = TransportMeans(mode_code="3"), (PreviousDocument(type_code="TK", id="1"),)
    asked = declaration(border_transport_means=sea, previous_documents=earlier)
    assert len(found(asked, "TRANSPORT_DOCUMENT_MISSING")) == 1


@pytest.mark.parametrize("type_code", ["A21", "A42", "G21", "G51", "B13"])
def test_what_continues_an_earlier_declaration_names_it(type_code: str):
    asked = declaration(item(), item(sequence_numeric=2), type_code=type_code)
    assert [f.at for f in found(asked, "PREVIOUS_DECLARATION_MISSING")] == [
        "goods_items[1].previous_documents",
        "goods_items[2].previous_documents",
    ]
    earlier = (PreviousDocument(type_code="TK", id="102000000010"),)
    whole = declaration(item(), type_code=type_code, previous_documents=earlier)
    assert found(whole, "PREVIOUS_DECLARATION_MISSING") == []
    line = declaration(item(previous_documents=earlier), type_code=type_code)
    assert found(line, "PREVIOUS_DECLARATION_MISSING") == []


def test_fruit_comes_with_a_plant_quarantine_certificate():
    missing = found(declaration(), "PERMIT_MISSING")
    assert [finding.says["documents"] for finding in missing] == ["PHYTO"]
    assert str(missing[0].law) == "30/2014/TT-BNNPTNT, art. 1"
    shown = item(additional_documents=(AdditionalDocument(type_code="PHYTO", id="KD-1"),))
    assert found(declaration(shown), "PERMIT_MISSING") == []


def test_used_machines_ask_for_more_than_new_ones():
    used = item(
        "84264900", classifications=(
            Classification(id="84264900"), Classification(id="USED", identification_type_code="TRA"),
        )
    )  # fmt: skip
    assert found(declaration(item("84264900")), "PERMIT_MISSING") == []
    assert [f.says["documents"] for f in found(declaration(used), "PERMIT_MISSING")] == ["QUALITY / PERMIT"]


@pytest.mark.parametrize(
    ("day", "act"),
    [
        (date(2019, 6, 14), "23/2015/TT-BKHCN"),
        (date(2019, 6, 15), "18/2019/QĐ-TTg"),
        (date(2019, 6, 16), "18/2019/QĐ-TTg"),
    ],
)
def test_the_act_of_the_day_asks_for_the_permit(day: date, act: str):
    used = item(
        "84264900", classifications=(
            Classification(id="84264900"), Classification(id="USED", identification_type_code="TRA"),
        )
    )  # fmt: skip
    assert [f.law.act for f in found(declaration(used), "PERMIT_MISSING", day) if f.law] == [act]


@pytest.mark.parametrize(
    ("day", "act"),
    [
        (date(2019, 12, 31), "108/2017/NĐ-CP"),
        (date(2020, 1, 1), "84/2019/NĐ-CP"),
        (date(2020, 1, 2), "84/2019/NĐ-CP"),
    ],
)
def test_fertilisers_change_their_decree_with_the_year_2020(day: date, act: str):
    assert [f.law.act for f in found(declaration(item("31053000")), "PERMIT_MISSING", day) if f.law] == [act]


def test_a_permit_for_imports_is_not_asked_of_exports():
    exported = declaration(type_code="B11", importer=None, exporter=Party(id="57"))
    assert found(exported, "PERMIT_MISSING") == []
    coal = declaration(item("27011100"), type_code="B11", importer=None, exporter=Party(id="57"))
    assert [f.says["documents"] for f in found(coal, "PERMIT_MISSING")] == ["MINERAL"]


def test_goods_whose_paper_is_not_there_leave_an_obligation_open_once():
    fruit, other = item(), item("08051010", sequence_numeric=2)
    assert VN.opened_by(declaration(fruit, other), DAY) == ("PERMIT:PHYTO",)
    shown = (AdditionalDocument(type_code="PHYTO", id="KD-1"),)
    assert VN.opened_by(declaration(fruit, other, additional_documents=shown), DAY) == ()
    assert VN.opened_by(declaration(item("61091010")), DAY) == ()


@pytest.mark.parametrize("type_code", ["OLA", "C11", "G21", "A31"])
def test_what_only_passes_or_leaves_again_needs_no_permit(type_code: str):
    assert VN.opened_by(declaration(type_code=type_code), DAY) == ()
    assert found(declaration(type_code=type_code), "PERMIT_MISSING") == []


def test_goods_beyond_the_quota_are_lawful_and_leave_nothing_open():
    assert VN.opened_by(declaration(item("17011400")), DAY) == ()


@pytest.mark.parametrize(("millionths", "faults"), [(1_230_000, 0), (1_235_000, 1), (1_000_001, 1)])
def test_quantities_have_two_decimals(millionths: int, faults: int):
    goods = item(tariff_quantity=Quantity(millionths=millionths, unit="KGM"))
    assert len(found(declaration(goods), "QUANTITY_TOO_PRECISE")) == faults


@pytest.mark.parametrize(("millionths", "faults"), [(1_234_500, 0), (1_234_560, 1)])
def test_invoice_values_have_four_decimals(millionths: int, faults: int):
    goods = item(item_charge=Amount(millionths=millionths, currency="USD"))
    assert len(found(declaration(goods), "INVOICE_VALUE_TOO_PRECISE")) == faults


def test_a_declaration_is_for_one_invoice():
    same = (AdditionalDocument(type_code="INV", id="HD-1"),)
    other = (AdditionalDocument(type_code="INV", id="HD-2"),)
    one = declaration(item(additional_documents=same), invoice=Invoice(id="HD-1"))
    two = declaration(item(additional_documents=other), invoice=Invoice(id="HD-1"))
    assert found(one, "SEVERAL_INVOICES") == []
    assert [f.says["invoices"] for f in found(two, "SEVERAL_INVOICES")] == ["HD-1, HD-2"]


# branches


@pytest.mark.parametrize(
    ("lines", "count"), [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3), (10_000, 200)]
)
def test_the_nation_counts_one_declaration_for_each_fifty_lines(lines: int, count: int):
    assert branch_count(lines) == count


def test_branches_hold_every_line_once_and_are_numbered_anew():
    whole = declaration(*(item(sequence_numeric=number) for number in range(1, 121)))
    parts = branches_of(whole)
    # 120 lines: 50, 50 and 20
    assert [(part.number, part.count, part.first_line) for part in parts] == [
        (1, 3, 1),
        (2, 3, 51),
        (3, 3, 101),
    ]
    assert [part.declaration.goods_item_quantity for part in parts] == [50, 50, 20]
    assert [one.sequence_numeric for one in parts[2].declaration.goods_items] == list(range(1, 21))


def test_more_than_fifty_lines_are_lodged_here_and_told():
    whole = declaration(*(item(sequence_numeric=number) for number in range(1, 52)))
    told = found(whole, "NATIONAL_BRANCHES")
    assert [(f.says["count"], f.severity) for f in told] == [("2", Severity.NOTE)]


# selection


def test_criteria_ask_for_the_declaration_type_and_for_each_class_of_the_trader():
    facts = VN.risk_facts(declaration(type_code="G11"), "C3 R5")
    met = {rule.id for rule in VN.rules_of(DAY) if any(rule.meets(line, facts) for line in facts.lines)}
    assert "TYPE-G11" in met
    assert "FRUIT-CN" in met
    car = VN.risk_facts(declaration(item("87032361")), "C3 R5")
    assert "CAR-R5" in {rule.id for rule in VN.rules_of(DAY) if rule.meets(car.lines[0], car)}


def test_no_criterion_rests_on_a_list_of_goods_alone():
    # 81/2019/TT-BTC art. 19: from 1 January 2020 goods-risk lists may not be the only ground
    alone = [
        rule.id
        for rule in VN.rules_of(date(2020, 1, 1))
        if rule.commodity_prefix and not (rule.origin or rule.procedure or rule.document or rule.trader_class)
    ]
    assert alone == []


def test_classes_of_traders_are_those_of_the_circular_of_2020():
    classes = VN.code_lists["trader_classes"]
    assert classes.as_of(date(2019, 12, 31)) == {}
    assert sorted(classes.as_of(date(2020, 1, 1))) == [
        "C1", "C2", "C3", "C4", "C5", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9",
    ]  # fmt: skip


def test_a_line_needs_no_procedure_because_the_type_is_the_whole_declaration_s():
    assert found(declaration(), "PROCEDURE_NOT_GIVEN") == []
