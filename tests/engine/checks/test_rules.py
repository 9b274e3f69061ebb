"""Each rule kept and broken, the days on which its lists change, and how all are run."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from thongquan import words
from thongquan.engine.checks import RULES, Context, Data, Rule, rule, run
from thongquan.engine.checks.rule import MAX_FINDINGS_OF_RULE
from thongquan.engine.checks.transport import check_digit
from thongquan.engine.codes import Code, CodeList
from thongquan.engine.dated import Period
from thongquan.engine.declaration import (
    AdditionalDocument,
    Address,
    Amount,
    ChargeDeduction,
    Classification,
    Consignment,
    CurrencyExchange,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Guarantee,
    Invoice,
    Origin,
    Packaging,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
    Region,
    TradeTerms,
    TransportEquipment,
    TransportMeans,
)
from thongquan.engine.findings import Finding, LegalRef, Severity

DAY = date(2020, 6, 15)
LAW = LegalRef("1/2020/X", "art. 1")


class Tariff:
    """A nomenclature of a few codes."""

    def __init__(self, *codes: str) -> None:
        self.codes = codes

    def knows(self, code: str) -> bool:
        return code in self.codes


def code_list(
    name: str, *values: str, first: date = date(2020, 1, 1), last: date | None = None, **facts: str
) -> CodeList:
    return CodeList(name, [Code(value, Period(first, last), LAW, facts=facts) for value in values])


LISTS: Mapping[str, CodeList] = {
    "countries": code_list("countries", "VN", "EG", "CN"),
    "currencies": code_list("currencies", "USD", "VND"),
    "units": code_list("units", "KGM", "NAR"),
    "procedures": code_list("procedures", "40", "10"),
    "additional_procedures": code_list("additional_procedures", "000"),
    "documents": code_list("documents", "N935", "U110"),
    "offices": code_list("offices", "20BB"),
    "incoterms": code_list("incoterms", "CIF"),
    "packages": code_list("packages", "BX"),
    "transport_modes": code_list("transport_modes", "1"),
    "charges": code_list("charges", "AK"),
    "preferences": code_list("preferences", "300"),
}
IMPORT = Context(on=DAY, flow="import", tariff=Tariff("08051000"), lists=LISTS, decimals={"USD": 2, "VND": 0})
EXPORT = replace(IMPORT, flow="export")

LINE = GoodsItem(
    sequence_numeric=1,
    description="Cam tươi",
    classifications=(Classification(id="08051000"),),
    origins=(Origin(country_code="EG"),),
    procedures=(Procedure(current_code="40", previous_code="00"), Procedure(current_code="000")),
    gross_mass=Quantity(millionths=11_000_000, unit="KGM"),
    net_mass=Quantity(millionths=10_000_000, unit="KGM"),
    tariff_quantity=Quantity(millionths=5_000_000, unit="NAR"),
    item_charge=Amount(millionths=100_000_000, currency="USD"),
    packagings=(Packaging(type_code="BX", quantity=Quantity(millionths=1_000_000)),),
)
GOOD = Declaration(
    functional_reference_id="TQ-1",
    type_code="IMA",
    goods_item_quantity=1,
    declaration_office_id="20BB",
    invoice_amount=Amount(millionths=100_000_000, currency="USD"),
    total_gross_mass=Quantity(millionths=11_000_000, unit="KGM"),
    total_package_quantity=1,
    declarant=Party(id="5700100256"),
    importer=Party(id="5700100256"),
    exporter=Party(name="Nile Fruits", address=Address(city_name="Cairo", country_code="EG")),
    export_country_id="EG",
    destination=Region(country_code="VN"),
    trade_terms=TradeTerms(condition_code="CIF"),
    goods_items=(LINE,),
)


def changed(**fields: Any) -> Declaration:
    """GOOD with other fields."""
    return msgspec.structs.replace(GOOD, **fields)


def with_line(**fields: Any) -> Declaration:
    """GOOD with other fields on its line."""
    return changed(goods_items=(msgspec.structs.replace(LINE, **fields),))


def found(declaration: Declaration, context: Context = IMPORT) -> list[tuple[str, str]]:
    """Codes and places of all findings; each is shown to have its words."""
    findings = run(declaration, context)
    for finding in findings:
        speak(finding)
    return [(finding.code, finding.at) for finding in findings]


def speak(finding: Finding) -> None:
    for language in words.LANGUAGES:
        assert words.sentence(finding.code, finding.says, language)
        assert words.remedy(finding.code, finding.says, language)


def only(code: str, declaration: Declaration, context: Context = IMPORT) -> list[str]:
    """The places of one code; nothing else may be found."""
    everything = found(declaration, context)
    assert {name for name, _ in everything} <= {code}
    return [at for _, at in everything]


def test_a_declaration_that_keeps_all_rules_has_no_finding():
    assert found(GOOD) == []
    assert found(GOOD, EXPORT) == []
    assert found(GOOD, replace(IMPORT, simplified=True)) == []


# The rules themselves.


def test_numbers_are_unique_and_rise_and_each_rule_says_what_it_asks():
    numbers = [one.number for one in RULES]
    assert numbers == sorted(set(numbers))
    for one in RULES:
        assert one.title.endswith((".", ".)")), one.number
        assert one.law.act
        assert one.code in words.all_codes()


def test_a_country_adds_rules_in_the_same_way():
    @rule("X001", code="REFERENCE_NOT_GIVEN", law=LAW, severity=Severity.WARNING, data=Data.FULL)
    def short_reference(declaration: Declaration, context: Context) -> Any:
        """A reference has six characters."""
        if len(declaration.functional_reference_id) < 6:
            yield "functional_reference_id", {}

    assert isinstance(short_reference, Rule)
    (finding,) = run(GOOD, IMPORT, (*RULES, short_reference))
    assert finding == Finding("REFERENCE_NOT_GIVEN", "functional_reference_id", {}, LAW, Severity.WARNING)
    assert run(GOOD, replace(IMPORT, simplified=True), (short_reference,)) == ()


def test_findings_come_by_place_and_the_same_twice():
    bad = changed(
        goods_items=tuple(
            msgspec.structs.replace(LINE, sequence_numeric=n, description="") for n in range(1, 12)
        ),
        goods_item_quantity=11,
        total_gross_mass=None,
        total_package_quantity=None,
        invoice_amount=None,
    )
    places = only("DESCRIPTION_NOT_GIVEN", bad)
    assert places == [f"goods_items[{n}].description" for n in range(1, 12)]
    assert run(bad, IMPORT) == run(bad, IMPORT)


def test_one_mistake_on_every_line_is_cut_and_that_is_said():
    many = changed(
        goods_items=tuple(
            msgspec.structs.replace(LINE, sequence_numeric=n, description="") for n in range(1, 501)
        ),
        goods_item_quantity=500,
        total_gross_mass=None,
        total_package_quantity=None,
        invoice_amount=None,
    )
    codes = [code for code, _ in found(many)]
    assert codes.count("DESCRIPTION_NOT_GIVEN") == MAX_FINDINGS_OF_RULE
    assert codes.count("RULE_FINDINGS_CUT") == 1


# Header.


@pytest.mark.parametrize(
    ("fields", "code", "at"),
    [
        ({"functional_reference_id": ""}, "REFERENCE_NOT_GIVEN", "functional_reference_id"),
        ({"type_code": ""}, "TYPE_NOT_GIVEN", "type_code"),
        ({"declarant": None}, "DECLARANT_NOT_GIVEN", "declarant"),
        ({"importer": None}, "IMPORTER_NOT_GIVEN", "importer"),
        ({"seller": Party(name="Nile Fruits")}, "PARTY_NOT_IDENTIFIED", "seller"),
        (
            {"seller": Party(address=Address(city_name="Cairo", country_code="EG"))},
            "PARTY_NOT_IDENTIFIED",
            "seller",
        ),
        ({"agent": Party(id="7")}, "AGENT_FUNCTION_NOT_GIVEN", "agent.function_code"),
        ({"agent": Party(id="7", function_code="1")}, "AGENT_FUNCTION_NOT_GIVEN", "agent.function_code"),
        ({"export_country_id": ""}, "EXPORT_COUNTRY_NOT_GIVEN", "goods_items[1].export_country_id"),
        ({"goods_item_quantity": 2}, "GOODS_ITEM_QUANTITY_DIFFERS", "goods_item_quantity"),
        (
            {"charge_deductions": (ChargeDeduction(charges_type_code="AK"),)},
            "CHARGE_INCOMPLETE",
            "charge_deductions[1].amount",
        ),
        (
            {"charge_deductions": (ChargeDeduction(amount=Amount(millionths=1, currency="USD")),)},
            "CHARGE_INCOMPLETE",
            "charge_deductions[1].charges_type_code",
        ),
        ({"freight_charge": Amount(millionths=1)}, "CURRENCY_MISSING", "freight_charge.currency"),
        (
            {"freight_charge": Amount(millionths=-1, currency="USD")},
            "DECLARED_AMOUNT_NEGATIVE",
            "freight_charge",
        ),
        ({"guarantees": (Guarantee(),)}, "GUARANTEE_INCOMPLETE", "guarantees[1].reference_id"),
        (
            {"guarantees": (Guarantee(reference_id="B", amount=Amount(millionths=0, currency="VND")),)},
            "GUARANTEE_INCOMPLETE",
            "guarantees[1].amount",
        ),
        (
            {"guarantees": (Guarantee(reference_id="B", amount=Amount(millionths=1)),)},
            "GUARANTEE_INCOMPLETE",
            "guarantees[1].amount.currency",
        ),
        (
            {"consignment": Consignment(container_code="1")},
            "CONTAINERS_NOT_LISTED",
            "consignment.transport_equipment",
        ),
    ],
)
def test_what_the_declaration_lacks_is_named(fields: dict[str, Any], code: str, at: str):
    assert only(code, changed(**fields)) == [at]


def test_an_agent_of_whom_only_the_function_is_told_is_the_declarant():
    assert found(changed(agent=Party(function_code="2"))) == []


def test_parties_of_the_other_flow_are_not_asked_for():
    assert found(changed(exporter=None)) == []
    assert found(changed(importer=None), EXPORT) == []
    assert only("EXPORTER_NOT_GIVEN", changed(exporter=None), EXPORT) == ["exporter"]
    sent = msgspec.structs.replace(LINE, consignor=Party(id="57"))
    assert found(changed(exporter=None, goods_items=(sent,)), EXPORT) == []


def test_a_reduced_data_set_is_asked_for_less():
    reduced = changed(importer=None, export_country_id="", goods_items=(GoodsItem(sequence_numeric=1),))
    reduced = msgspec.structs.replace(
        reduced, invoice_amount=None, total_gross_mass=None, total_package_quantity=None
    )
    assert found(reduced, replace(IMPORT, simplified=True)) == []
    assert {code for code, _ in found(reduced)} == {
        "IMPORTER_NOT_GIVEN",
        "DESCRIPTION_NOT_GIVEN",
        "COMMODITY_CODE_NOT_GIVEN",
        "ORIGIN_NOT_GIVEN",
        "PROCEDURE_NOT_GIVEN",
        "EXPORT_COUNTRY_NOT_GIVEN",
        "ITEM_CHARGE_MISSING",
    }


@pytest.mark.parametrize(("day", "wrong"), [(14, False), (15, False), (16, True)])
def test_nothing_is_dated_after_the_legal_day(day: int, wrong: bool):
    invoice = changed(invoice=Invoice(id="1", issue_time=datetime(2020, 6, day)))
    assert only("DATE_AFTER_LEGAL_DAY", invoice) == (["invoice.issue_time"] if wrong else [])
    issued = changed(issue_time=datetime(2020, 6, day, 23, 59, tzinfo=UTC))
    assert only("DATE_AFTER_LEGAL_DAY", issued) == (["issue_time"] if wrong else [])


def test_a_date_is_the_day_that_is_written_not_that_of_another_zone():
    # 15 June 01:00 in Hà Nội is still 14 June in Greenwich, and 15 June on the paper.
    early = datetime(2020, 6, 16, 1, 0, tzinfo=timezone(timedelta(hours=7)))
    assert only("DATE_AFTER_LEGAL_DAY", changed(issue_time=early)) == ["issue_time"]


def test_a_simplified_declaration_stays_within_its_limit():
    low = replace(IMPORT, simplified=True, simplified_limit=Amount(millionths=100_000_000, currency="USD"))
    assert found(GOOD, low) == []
    higher = changed(invoice_amount=Amount(millionths=100_000_001, currency="USD"))
    assert only("SIMPLIFIED_VALUE_ABOVE_LIMIT", higher, low) == ["invoice_amount"]
    assert found(higher, replace(low, simplified=False)) == []


def test_a_value_without_a_total_is_the_sum_of_the_lines():
    low = replace(IMPORT, simplified=True, simplified_limit=Amount(millionths=99_999_999, currency="USD"))
    assert only("SIMPLIFIED_VALUE_ABOVE_LIMIT", changed(invoice_amount=None), low) == ["invoice_amount"]


def test_a_value_that_cannot_be_compared_with_the_limit_is_said():
    low = replace(IMPORT, simplified=True, simplified_limit=Amount(millionths=1, currency="VND"))
    assert only("SIMPLIFIED_VALUE_NOT_COMPARED", GOOD, low) == ["invoice_amount"]
    assert run(GOOD, low)[0].severity is Severity.NOTE


def numbered(*numbers: int | None) -> Declaration:
    lines = tuple(msgspec.structs.replace(LINE, sequence_numeric=number) for number in numbers)
    return changed(
        goods_items=lines,
        goods_item_quantity=len(lines),
        total_gross_mass=None,
        total_package_quantity=None,
        invoice_amount=None,
    )


def test_lines_are_numbered_once_each_from_one_without_a_gap():
    assert found(numbered(1, 2, 3)) == []
    assert found(numbered(3, 1, 2)) == []
    assert only("SEQUENCE_NUMBER_NOT_GIVEN", numbered(1, None, 2)) == ["goods_items[2].sequence_numeric"]
    assert only("SEQUENCE_NUMBER_TWICE", numbered(1, 2, 2, 2)) == [
        "goods_items[3].sequence_numeric",
        "goods_items[4].sequence_numeric",
    ]
    assert only("SEQUENCE_NUMBERS_BROKEN", numbered(1, 2, 4)) == ["goods_items"]
    assert run(numbered(1, 2, 4), IMPORT)[0].says == {"missing": "3"}
    assert only("SEQUENCE_NUMBERS_BROKEN", numbered(0, 1)) == ["goods_items"]


def test_a_declaration_has_from_one_to_ten_thousand_lines():
    none = changed(goods_items=(), goods_item_quantity=0)
    assert only("GOODS_ITEMS_NONE", none) == ["goods_items"]
    assert found(numbered(*range(1, 10_001))) == []
    assert only("GOODS_ITEMS_TOO_MANY", numbered(*range(1, 10_002))) == ["goods_items"]


# Lines.


@pytest.mark.parametrize(
    ("fields", "code", "at"),
    [
        ({"description": "  "}, "DESCRIPTION_NOT_GIVEN", "description"),
        ({"classifications": ()}, "COMMODITY_CODE_NOT_GIVEN", "commodity_code"),
        ({"origins": ()}, "ORIGIN_NOT_GIVEN", "origins"),
        ({"procedures": ()}, "PROCEDURE_NOT_GIVEN", "procedures"),
        ({"item_charge": Amount(millionths=0, currency="USD")}, "ITEM_CHARGE_ZERO", "item_charge"),
        ({"net_mass": Quantity(millionths=11_000_001, unit="KGM")}, "GROSS_MASS_BELOW_NET", "gross_mass"),
        ({"tariff_quantity": Quantity(millionths=-1, unit="NAR")}, "QUANTITY_NEGATIVE", "tariff_quantity"),
        ({"tariff_quantity": Quantity(millionths=0, unit="NAR")}, "QUANTITY_ZERO", "tariff_quantity"),
        ({"net_mass": Quantity(millionths=1, unit="LTR")}, "MASS_UNIT_NOT_A_MASS", "net_mass.unit"),
        (
            {"charge_deductions": (ChargeDeduction(charges_type_code="AK"),)},
            "CHARGE_INCOMPLETE",
            "charge_deductions[1].amount",
        ),
    ],
)
def test_what_a_line_lacks_is_named(fields: dict[str, Any], code: str, at: str):
    declaration = msgspec.structs.replace(with_line(**fields), invoice_amount=None)
    assert only(code, declaration) == [f"goods_items[1].{at}"]


@pytest.mark.parametrize("code", ["080510", "08051000", "0805100010", "080510001011"])
def test_a_commodity_code_of_six_digits_and_national_pairs_is_well_formed(code: str):
    declaration = with_line(classifications=(Classification(id=code),))
    assert found(declaration, replace(IMPORT, tariff=Tariff(code))) == []


@pytest.mark.parametrize(
    "code", ["8051000", "0805.10.00", "0805", "08051000000000", "8.51E+07", "０８０５１０００"]
)
def test_another_commodity_code_is_malformed(code: str):
    declaration = with_line(classifications=(Classification(id=code),))
    assert only("COMMODITY_CODE_MALFORMED", declaration) == ["goods_items[1].commodity_code"]


def test_a_code_that_the_day_does_not_know_is_found_and_a_missing_tariff_is_said():
    declaration = with_line(classifications=(Classification(id="08052100"),))
    assert only("COMMODITY_NOT_IN_FORCE", declaration) == ["goods_items[1].commodity_code"]
    (finding,) = run(declaration, replace(IMPORT, tariff=None))
    speak(finding)
    assert (finding.code, finding.severity) == ("TARIFF_NOT_CONSULTED", Severity.NOTE)


def test_a_preferential_origin_needs_a_proof():
    preferred = with_line(origins=(Origin(country_code="CN", type_code="2"),))
    assert only("PREFERENCE_WITHOUT_PROOF", preferred) == ["goods_items[1].additional_documents"]
    proof = AdditionalDocument(category_code="U", type_code="110", id="1")
    assert found(msgspec.structs.replace(preferred, additional_documents=(proof,))) == []
    item = msgspec.structs.replace(preferred.goods_items[0], additional_documents=(proof,))
    assert found(changed(goods_items=(item,))) == []


def test_where_the_list_says_which_documents_prove_an_origin_another_does_not():
    documents = CodeList(
        "documents",
        [
            Code("U110", Period(date(2020, 1, 1)), LAW, facts={"proof_of_origin": "yes"}),
            Code("N935", Period(date(2020, 1, 1)), LAW, facts={"proof_of_origin": "no"}),
        ],
    )
    context = replace(IMPORT, lists={**LISTS, "documents": documents})
    invoice = AdditionalDocument(category_code="N", type_code="935", id="1")
    proof = AdditionalDocument(category_code="U", type_code="110", id="1")
    preferred = with_line(
        origins=(Origin(country_code="CN", type_code="2"),), additional_documents=(invoice,)
    )
    assert only("PREFERENCE_WITHOUT_PROOF", preferred, context) == ["goods_items[1].additional_documents"]
    item = msgspec.structs.replace(preferred.goods_items[0], additional_documents=(invoice, proof))
    assert found(changed(goods_items=(item,)), context) == []


def test_a_procedure_may_ask_for_a_previous_document():
    procedures = CodeList(
        "procedures",
        [
            Code("40", Period(date(2020, 1, 1)), LAW, facts={"previous_document": "no"}),
            Code("71", Period(date(2020, 1, 1)), LAW, facts={"previous_document": "yes"}),
        ],
    )
    context = replace(IMPORT, lists={**LISTS, "procedures": procedures})
    out_of_warehouse = with_line(procedures=(Procedure(current_code="40", previous_code="71"),))
    assert only("PREVIOUS_DOCUMENT_NOT_GIVEN", out_of_warehouse, context) == [
        "goods_items[1].previous_documents"
    ]
    assert found(GOOD, context) == []
    before = (PreviousDocument(category_code="Z", type_code="355", id="1"),)
    assert found(msgspec.structs.replace(out_of_warehouse, previous_documents=before), context) == []
    item = msgspec.structs.replace(out_of_warehouse.goods_items[0], previous_documents=before)
    assert found(changed(goods_items=(item,)), context) == []


def test_countries_may_stand_on_the_line():
    assert (
        found(
            changed(
                export_country_id="", goods_items=(msgspec.structs.replace(LINE, export_country_id="EG"),)
            )
        )
        == []
    )
    nowhere = changed(destination=None)
    assert only("DESTINATION_NOT_GIVEN", nowhere, EXPORT) == ["goods_items[1].destination.country_code"]
    item = msgspec.structs.replace(LINE, destination=Region(country_code="CN"))
    assert found(changed(destination=None, goods_items=(item,)), EXPORT) == []


@pytest.mark.parametrize(
    ("millionths", "code"),
    [
        (-1, "QUANTITY_NEGATIVE"),
        (0, "QUANTITY_ZERO"),
        (1, None),
        (10**18, None),
        (10**18 + 1, "QUANTITY_TOO_LARGE"),
    ],
)
def test_a_quantity_has_both_bounds(millionths: int, code: str | None):
    declaration = with_line(tariff_quantity=Quantity(millionths=millionths, unit="NAR"))
    assert found(declaration) == ([] if code is None else [(code, "goods_items[1].tariff_quantity")])


@pytest.mark.parametrize(
    ("millionths", "code"),
    [(-1, "DECLARED_AMOUNT_NEGATIVE"), (0, None), (10**21, None), (10**21 + 1, "DECLARED_AMOUNT_TOO_LARGE")],
)
def test_an_amount_has_both_bounds(millionths: int, code: str | None):
    declaration = with_line(customs_value=Amount(millionths=millionths, currency="USD"))
    assert found(declaration) == ([] if code is None else [(code, "goods_items[1].customs_value")])


def test_a_number_of_packages_may_be_zero_but_not_negative_or_huge():
    for millionths, code in ((0, []), (-1, ["QUANTITY_NEGATIVE"]), (10**18 + 1, ["QUANTITY_TOO_LARGE"])):
        packaging = Packaging(type_code="BX", quantity=Quantity(millionths=millionths))
        declaration = msgspec.structs.replace(with_line(packagings=(packaging,)), total_package_quantity=None)
        assert [name for name, _ in found(declaration)] == code


def test_a_unit_may_allow_zero():
    units = code_list("units", "NAR", "KGM", zero_allowed="yes")
    zero = with_line(tariff_quantity=Quantity(millionths=0, unit="NAR"))
    assert found(zero, replace(IMPORT, lists={**LISTS, "units": units})) == []


def test_masses_are_compared_in_their_units():
    # 0.011 t = 11 kg
    tonnes = with_line(gross_mass=Quantity(millionths=11_000, unit="TNE"))
    assert found(tonnes) == []
    # 10,999 g < 11 kg
    grams = with_line(
        gross_mass=Quantity(millionths=10_999_000_000, unit="GRM"),
        net_mass=Quantity(millionths=11_000_000, unit="KGM"),
    )
    assert ("GROSS_MASS_BELOW_NET", "goods_items[1].gross_mass") in found(grams)


# Totals.


def test_totals_are_the_sums_of_the_lines():
    assert only(
        "TOTAL_GROSS_MASS_DIFFERS", changed(total_gross_mass=Quantity(millionths=11_000_001, unit="KGM"))
    ) == ["total_gross_mass"]
    assert found(changed(total_gross_mass=Quantity(millionths=11_000, unit="TNE"))) == []
    assert only("TOTAL_PACKAGES_DIFFER", changed(total_package_quantity=2)) == ["total_package_quantity"]


@pytest.mark.parametrize(
    ("total", "wrong"),
    [
        (99_990_000, False),  # 99.99: one cent below 100.00
        (100_010_000, False),
        (100_010_001, True),
        (99_989_999, True),
    ],
)
def test_the_invoice_total_may_differ_by_one_minor_unit(total: int, wrong: bool):
    declaration = changed(invoice_amount=Amount(millionths=total, currency="USD"))
    assert only("INVOICE_TOTAL_DIFFERS", declaration) == (["invoice_amount"] if wrong else [])


def test_a_currency_of_unknown_minor_unit_is_said():
    declaration = changed(invoice_amount=Amount(millionths=99_990_000, currency="USD"))
    assert only("CURRENCY_DECIMALS_UNKNOWN", declaration, replace(IMPORT, decimals={})) == ["invoice_amount"]


def test_lines_in_another_currency_than_the_total_are_shown_and_not_added():
    other = changed(invoice_amount=Amount(millionths=1, currency="VND"))
    assert only("ITEM_CURRENCY_DIFFERS", other) == ["goods_items[1].item_charge.currency"]


def test_totals_that_are_not_declared_or_not_complete_are_not_compared():
    assert found(changed(total_gross_mass=None, total_package_quantity=None, invoice_amount=None)) == []
    uncounted = with_line(gross_mass=None, packagings=(Packaging(type_code="BX"),))
    assert found(uncounted) == []


# Codes of the day.

NUMBER_OF_LISTS = 12


def broken_codes() -> dict[str, tuple[Declaration, str]]:
    """List → a declaration with a code "ZZ" of it, and the place."""
    means = TransportMeans(mode_code="ZZ")
    charge = ChargeDeduction(charges_type_code="ZZ", amount=Amount(millionths=1, currency="USD"))
    document = AdditionalDocument(type_code="ZZ")
    return {
        "countries": (
            with_line(origins=(Origin(country_code="ZZ"),)),
            "goods_items[1].origins[1].country_code",
        ),
        "currencies": (
            changed(currency_exchanges=(CurrencyExchange(currency_type_code="ZZ"),)),
            "currency_exchanges[1].currency_type_code",
        ),
        "units": (
            with_line(tariff_quantity=Quantity(millionths=1, unit="ZZ")),
            "goods_items[1].tariff_quantity.unit",
        ),
        "procedures": (
            with_line(procedures=(Procedure(current_code="ZZ", previous_code="00"),)),
            "goods_items[1].procedures[1].current_code",
        ),
        "additional_procedures": (
            with_line(procedures=(Procedure(current_code="ZZ"),)),
            "goods_items[1].procedures[1].current_code",
        ),
        "documents": (changed(additional_documents=(document,)), "additional_documents[1].type_code"),
        "offices": (changed(exit_office_id="ZZ"), "exit_office_id"),
        "incoterms": (changed(trade_terms=TradeTerms(condition_code="ZZ")), "trade_terms.condition_code"),
        "packages": (
            with_line(packagings=(Packaging(type_code="ZZ", quantity=Quantity(millionths=1_000_000)),)),
            "goods_items[1].packagings[1].type_code",
        ),
        "transport_modes": (changed(border_transport_means=means), "border_transport_means.mode_code"),
        "charges": (changed(charge_deductions=(charge,)), "charge_deductions[1].charges_type_code"),
        "preferences": (
            with_line(duty_tax_fees=(DutyTaxFee(duty_regime_code="ZZ"),)),
            "goods_items[1].duty_tax_fees[1].duty_regime_code",
        ),
    }


@pytest.mark.parametrize("name", broken_codes())
def test_a_code_is_known_from_its_first_to_its_last_day(name: str):
    declaration, at = broken_codes()[name]
    assert len(broken_codes()) == NUMBER_OF_LISTS == len(LISTS)
    (finding,) = run(declaration, IMPORT)
    speak(finding)
    assert (finding.at, finding.severity) == (at, Severity.ERROR)
    assert dict(finding.says) == {"value": "ZZ", "list": name, "on": "2020-06-15"}

    first, last = date(2020, 6, 10), date(2020, 6, 20)
    rows = [*LISTS[name], *code_list(name, "ZZ", first=first, last=last)]
    lists = {**LISTS, name: CodeList(name, rows)}
    for day, known in (
        (first - timedelta(days=1), False),
        (first, True),
        (last, True),
        (last + timedelta(days=1), False),
    ):
        findings = run(declaration, replace(IMPORT, on=day, lists=lists))
        assert [finding.at for finding in findings] == ([] if known else [at]), day


@pytest.mark.parametrize("name", broken_codes())
def test_a_missing_or_partial_list_is_never_silence_and_never_a_refusal(name: str):
    declaration, at = broken_codes()[name]
    without = {key: codes for key, codes in LISTS.items() if key != name}
    (missing,) = run(declaration, replace(IMPORT, lists=without))
    speak(missing)
    assert (missing.code, missing.severity, missing.says) == (
        "CODE_LIST_MISSING",
        Severity.NOTE,
        {"list": name},
    )
    (partial,) = run(declaration, replace(IMPORT, partial={name}))
    speak(partial)
    assert (partial.code, partial.at, partial.severity) == ("CODE_NOT_IN_PARTIAL_LIST", at, Severity.NOTE)


# Containers.


def test_check_digits_of_containers_are_those_of_iso_6346():
    # The standard's own way: values 10 to 38 without 11, 22, 33, times 1, 2, 4 …, modulo 11, modulo 10.
    # M24 W35×2 C13×4 U32×8 6×16 0×32 5×64 9×128 7×256 8×512 = 7858; 7858 = 714×11 + 4
    assert check_digit("MWCU605978") == 4
    assert check_digit("CSQU305438") == 3
    # A10 B12×2 C13×4 U32×8 = 342 = 31×11 + 1
    assert check_digit("ABCU000000") == 1
    # 342 + 1×64 = 406 = 36×11 + 10, and 10 is written 0
    assert check_digit("ABCU001000") == 0


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("CSQU3054383", True),
        ("MWCU6059784", True),
        ("CSQU3054384", False),
        ("CSQU305438", False),
        ("csqu3054383", False),
    ],
)
def test_a_container_number_is_warned_about_when_its_digit_is_wrong(number: str, right: bool):
    declaration = changed(consignment=Consignment(transport_equipment=(TransportEquipment(id=number),)))
    assert only("CONTAINER_NUMBER_WRONG", declaration) == (
        [] if right else ["consignment.transport_equipment[1].id"]
    )
    assert all(finding.severity is Severity.WARNING for finding in run(declaration, IMPORT))


def test_a_container_is_named_once_and_may_stand_on_a_line_too():
    unit = TransportEquipment(id="CSQU3054383")
    item = msgspec.structs.replace(LINE, transport_equipment=(unit,))
    listed = changed(
        consignment=Consignment(container_code="1", transport_equipment=(unit,)), goods_items=(item,)
    )
    assert found(listed) == []
    twice = changed(consignment=Consignment(transport_equipment=(unit, unit)))
    assert only("CONTAINER_NUMBER_TWICE", twice) == ["consignment.transport_equipment[2].id"]
