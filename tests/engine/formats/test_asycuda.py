"""ASYCUDA's SAD XML: what it says becomes a declaration, what it leaves open is never guessed, nothing is lost.

No real document stands here: they are built from the format's description, with invented parties.
"""

import csv
import io
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from thongquan import words
from thongquan.engine.declaration import (
    MAX_GOODS_ITEMS,
    AdditionalDocument,
    AdditionalInformation,
    Amount,
    ChargeDeduction,
    Classification,
    CurrencyExchange,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Guarantee,
    Kept,
    Origin,
    Packaging,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
    TransportEquipment,
    TransportMeans,
    WriteOff,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.engine.formats import asycuda_walk
from thongquan.engine.formats.asycuda import Sad, read_sad
from thongquan.engine.formats.json_lines import examine, write_json
from thongquan.engine.formats.reading import FileKind, kind_of, read_file, read_stream
from thongquan.engine.formats.wco import Kind, Message, read_dec, write_dec
from thongquan.engine.money import decimal_text, millionths_of

NULL = "<null/>"


def tags(**values: str) -> str:
    """One element for each value; "" is written as ASYCUDA writes nothing."""
    return "".join(f"<{name}>{value or NULL}</{name}>" for name, value in values.items())


def money(block: str, national: str, foreign: str, currency: str = "", rate: str = "0") -> str:
    name = "Some currency" if currency else "No foreign currency"
    parts = tags(
        Amount_national_currency=national,
        Amount_foreign_currency=foreign,
        Currency_code=currency,
        Currency_name=name,
        Currency_rate=rate,
    )
    return f"<{block}>{parts}</{block}>"


NOTHING = "".join(
    money(f"item_{name}", "0.0", "0.0")
    for name in ("external_freight", "internal_freight", "insurance", "other_cost", "deduction")
)


def tax(code: str, base: str, rate: str, amount: str, paid: str = "1") -> str:
    parts = tags(
        Duty_tax_code=code,
        Duty_tax_Base=base,
        Duty_tax_rate=rate,
        Duty_tax_amount=amount,
        Duty_tax_MP=paid,
        Duty_tax_Type_of_calculation="",
    )
    return f"<Taxation_line>{parts}</Taxation_line>"


NO_TAX = tax("", "", "", "", "")

FIRST = f"""<Item>
<Attached_documents>{
    tags(
        Attached_document_code="INV",
        Attached_document_name="Commercial invoice",
        Attached_document_reference="F-2020/7",
        Attached_document_from_rule="1",
        Attached_document_date="2/3/20",
    )
}</Attached_documents>
<Attached_documents>{
    tags(Attached_document_code="", Attached_document_reference="")
}<Attached_document_date/></Attached_documents>
<Packages>{
    tags(
        Number_of_packages="40.0",
        Marks1_of_packages="ONE TO FORTY",
        Marks2_of_packages="HANDLE WITH CARE",
        Kind_of_packages_code="CT",
        Kind_of_packages_name="Carton",
    )
}</Packages>
<IncoTerms>{tags(Code="CIF", Place="")}</IncoTerms>
<Tarification>{tags(Tarification_data="")}
<HScode>{
    tags(Commodity_code="22042100", Precision_1="10", Precision_2="A12", Precision_3="", Precision_4="N9")
}</HScode>
{
    tags(
        Preference_code="CSME",
        Extended_customs_procedure="4071",
        National_customs_procedure="000",
        Quota_code="",
    )
}
<Supplementary_unit>{
    tags(Supplementary_unit_rank="1", Suppplementary_unit_code="LTR", Suppplementary_unit_name="Litres")
}<Suppplementary_unit_quantity>480.75</Suppplementary_unit_quantity></Supplementary_unit>
<Supplementary_unit>{
    tags(Suppplementary_unit_code="NMB", Suppplementary_unit_quantity="641")
}</Supplementary_unit>
<Supplementary_unit>{tags(Suppplementary_unit_code="")}<Suppplementary_unit_quantity/></Supplementary_unit>
<Item_price>3000.5</Item_price>
{tags(Valuation_method_code="1", Value_item="0+0+0+0-0", Attached_doc_item="")}<A.I._code>AI1</A.I._code>
</Tarification>
<Goods_description>{
    tags(
        Country_of_origin_code="CL",
        Country_of_origin_region="RM",
        Description_of_goods="Wine of fresh grapes",
        Commercial_Description="Red wine, 2018,\n   bottles of 0.75 l",
    )
}</Goods_description>
<Previous_doc>{
    tags(
        Summary_declaration="BL 77-1",
        Summary_declaration_sl="3",
        Previous_document_reference="WHS 2019 C 12",
        Previous_warehouse_code="W1",
    )
}</Previous_doc>
<Licence_number>L-5</Licence_number><Amount_deducted_from_licence/>
<Quantity_deducted_from_licence>480.75</Quantity_deducted_from_licence>
<Free_text_1>Sealed lot</Free_text_1><Free_text_2><null/></Free_text_2>
<Taxation><Item_taxes_amount>3080.12</Item_taxes_amount>
{tax("IDT", "8200.4", "20.0", "1640.08")}{tax("VAT", "9840.48", "15", "1476.07")}{
    tax("EXC", "480.75", "0", "0", "0")
}
{NO_TAX * 5}</Taxation>
<Valuation_item><Weight_itm><Gross_weight_itm>710.4</Gross_weight_itm><Net_weight_itm>640.0</Net_weight_itm></Weight_itm>
<Total_cost_itm>54.2</Total_cost_itm><Total_CIF_itm>8200.4</Total_CIF_itm><Rate_of_adjustement>1.0</Rate_of_adjustement>
<Statistical_value>8200.40</Statistical_value>
<Alpha_coeficient_of_apportionment>0.7501250625312656</Alpha_coeficient_of_apportionment>
{money("Item_Invoice", "8146.2", "3000.5", "USD", "2.715")}{NOTHING}
<Market_valuer><Rate/>{tags(Currency_code="")}<Currency_amount>0.0</Currency_amount></Market_valuer>
</Valuation_item>
</Item>"""

SECOND = f"""<Item>
<Packages><Number_of_packages>2</Number_of_packages>{tags(Kind_of_packages_code="PX")}</Packages>
<Tarification><HScode>{tags(Commodity_code="84212100", Precision_1="00")}</HScode>
{tags(Extended_customs_procedure="4000")}<Quota><QuotaCode>Q-1</QuotaCode></Quota><Item_price>999.5</Item_price>
</Tarification>
<Goods_description>{tags(Country_of_origin_code="CN", Description_of_goods="Water filters")}</Goods_description>
<Taxation>{tax("VAT", "2713.6", "15", "407.04", "0")}</Taxation>
<Valuation_item><Weight_itm><Gross_weight_itm>12</Gross_weight_itm></Weight_itm></Valuation_item>
</Item>"""

DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<ASYCUDA id="4711">
<Export_release><Date_of_exit/><Time_of_exit/>{
    tags(Actual_office_of_exit_code="", Comments="")
}</Export_release>
<Assessment_notice>{"<Item_tax_total/>" * 14}</Assessment_notice>
<Global_taxes>{"<Global_tax_item/>" * 8}</Global_taxes>
<Property><Sad_flow>I</Sad_flow>
<Forms><Number_of_the_form>1</Number_of_the_form><Total_number_of_forms>1</Total_number_of_forms></Forms>
<Nbers><Number_of_loading_lists/><Total_number_of_items>2</Total_number_of_items>
<Total_number_of_packages>42</Total_number_of_packages></Nbers>
<Place_of_declaration><null/></Place_of_declaration><Date_of_declaration>3/28/20</Date_of_declaration>
<Selected_page>1</Selected_page></Property>
<Identification>
<Office_segment><Customs_clearance_office_code>XYPOR</Customs_clearance_office_code>
<Customs_Clearance_office_name>Port office</Customs_Clearance_office_name></Office_segment>
<Type>{tags(Type_of_declaration="IM", Declaration_gen_procedure_code="4", Type_of_transit_document="")}</Type>
<Manifest_reference_number>2020 88</Manifest_reference_number>
<Registration>{tags(Serial_number="C", Number="1205", Date="3/30/20")}</Registration>
<Assessment>{tags(Serial_number="L", Number="990", Date="3/30/20")}</Assessment>
<receipt><Serial_number><null/></Serial_number><Number/><Date/></receipt>
</Identification>
<Traders>
<Exporter><Exporter_code><null/></Exporter_code><Exporter_name>Viña Inventada S.A.
    Camino Real 7

    Santiago </Exporter_name></Exporter>
<Consignee>{tags(Consignee_code="100200", Consignee_name="Made Up Imports &amp; Sons")}</Consignee>
<Financial>{tags(Financial_code="100201", Financial_name="Made Up Finance")}</Financial>
</Traders>
<Declarant>{
    tags(Declarant_code="900", Declarant_name="Any Broker", Declarant_representative="A. Person")
}<Reference><Year>2020</Year><Number>REF-31</Number></Reference></Declarant>
<General_information>
<Country>{tags(Country_first_destination="TT", Trading_country="US")}
<Export>{
    tags(Export_country_code="US", Export_country_name="United States", Export_country_region="")
}</Export>
<Destination>{
    tags(Destination_country_code="XY", Destination_country_name="Somewhere", Destination_country_region="N")
}</Destination>
<Country_of_origin_name>Many</Country_of_origin_name></Country>
<Value_details>54.2</Value_details>{tags(CAP="", Additional_information="See annex", Comments_free_text="")}
</General_information>
<Transport><Means_of_transport>
<Departure_arrival_information>{tags(Identity="MV Nowhere", Nationality="PA")}</Departure_arrival_information>
<Border_information>{tags(Identity="MV Nowhere 12", Nationality="LR", Mode="1")}</Border_information>
<Inland_mode_of_transport>3</Inland_mode_of_transport></Means_of_transport>
<Container_flag>true</Container_flag>
<Delivery_terms>{tags(Code="CIF", Place="Port of Somewhere", Situation="2")}</Delivery_terms>
<Border_office>{tags(Code="XYPOR", Name="Port office")}</Border_office>
<Place_of_loading>{tags(Code="USMIA", Name="Miami", Country="US")}</Place_of_loading>
<Location_of_goods>SHED4</Location_of_goods></Transport>
<Financial><Financial_transaction>{tags(code1="1", code2="2")}</Financial_transaction>
<Bank>{tags(Code="B1", Name="A bank", Branch="", Reference="")}</Bank>
<Terms>{tags(Code="", Description="")}</Terms><Total_invoice>4000</Total_invoice>
{tags(Deffered_payment_reference="DEF-9", Mode_of_payment="CASH")}
<Amounts><Total_manual_taxes/><Global_taxes>25.0</Global_taxes><Totals_taxes>3141.15</Totals_taxes></Amounts>
<Guarantee>{tags(Name="")}<Amount>0.0</Amount><Date/><Excluded_country>{
    tags(Code="", Name="")
}</Excluded_country></Guarantee>
</Financial>
<Warehouse>{tags(Identification="W1")}<Delay/></Warehouse>
<Transit><Signature>{tags(Place="")}<Date/></Signature>
<Seals><Number>2</Number>{tags(Identity="S1 S2")}</Seals></Transit>
<Valuation><Calculation_working_mode>1</Calculation_working_mode>
<Weight><Gross_weight>722.4</Gross_weight></Weight><Total_cost>54.2</Total_cost><Total_CIF>10914</Total_CIF>
{money("Gs_Invoice", "1.086E4", "4000.0", "USD", "2.715")}
{money("Gs_external_freight", "271.5", "100", "USD", "2.715")}
{money("Gs_internal_freight", "30", "30")}
{money("Gs_insurance", "54", "20", "EUR", "2.7")}
{money("Gs_other_cost", "0", "0.0")}{money("Gs_deduction", "0", "0.0")}
<Total><Total_invoice>4000</Total_invoice><Total_weight>722.40</Total_weight></Total></Valuation>
<Container>{
    tags(
        Item_Number="1",
        Container_identity="ABCU1234567",
        Container_type="22G1",
        Empty_full_indicator="1/1",
        Gross_weight="710.4",
        Goods_description="Wine",
    )
}</Container>
<Container>{tags(Item_Number="2", Container_identity="ABCU7654321")}</Container>
{FIRST}
{SECOND}
</ASYCUDA>
"""


def changed(*pairs: str) -> bytes:
    """The document with texts in place of others: old, new, old, new."""
    document = DOCUMENT
    for old, new in list(pairwise(pairs))[::2]:
        assert old in document, old
        document = document.replace(old, new, 1)
    return document.encode()


def read(data: bytes, rate_unit: Any = "percent", zone: Any = None) -> Declaration:
    sad = read_sad(data, rate_unit, zone)
    assert sad.declaration is not None, sad.findings
    return sad.declaration


def kept(declaration: Declaration) -> dict[str, str]:
    return {each.path.removeprefix("ASYCUDA/"): each.text for each in declaration.kept}


def found(sad: Sad) -> list[tuple[str, str]]:
    """What is told beyond that known values were kept."""
    return [(each.code, each.at) for each in sad.findings if each.code != "ASYCUDA_KEPT"]


# --- a whole document ------------------------------------------------------------------------------------------


def test_a_document_without_fault_gives_no_finding_but_what_was_kept():
    sad = read_sad(DOCUMENT.encode(), "percent")
    assert found(sad) == []
    assert [(each.code, each.severity) for each in sad.findings] == [("ASYCUDA_KEPT", Severity.NOTE)]
    assert not sad.refused


def test_the_head_is_read_into_the_words_of_the_declaration():
    declaration = read(DOCUMENT.encode())
    assert declaration.function_code == "9"
    assert declaration.type_code == "IM4"
    assert declaration.declaration_id == "C1205"
    assert declaration.functional_reference_id == "REF-31"
    assert declaration.declaration_office_id == "XYPOR"
    assert declaration.goods_item_quantity == 2
    assert declaration.total_package_quantity == 42
    assert declaration.total_gross_mass == Quantity(millionths=722_400_000, unit="KGM")
    assert declaration.exporter == Party(name="Viña Inventada S.A.\nCamino Real 7\nSantiago")
    assert declaration.consignee == Party(id="100200", name="Made Up Imports & Sons")
    assert declaration.importer == declaration.consignee
    assert declaration.payer == Party(id="100201", name="Made Up Finance")
    assert declaration.declarant == Party(id="900", name="Any Broker", contact_name="A. Person")
    assert declaration.export_country_id == "US"
    assert declaration.destination is not None
    assert (declaration.destination.country_code, declaration.destination.region_id) == ("XY", "N")
    assert declaration.transaction_nature_code == "12"
    assert declaration.warehouse is not None
    assert declaration.warehouse.id == "W1"
    assert declaration.trade_terms is not None
    terms = declaration.trade_terms
    assert (terms.condition_code, terms.location_name) == ("CIF", "Port of Somewhere")
    assert terms.country_relationship_code == "2"
    assert declaration.border_transport_means == TransportMeans(
        id="MV Nowhere 12", registration_nationality_code="LR", mode_code="1"
    )
    consignment = declaration.consignment
    assert consignment is not None
    assert consignment.container_code == "1"
    assert consignment.arrival_transport_means == TransportMeans(id="MV Nowhere", mode_code="3")
    assert consignment.departure_transport_means is None
    assert consignment.goods_location is not None
    assert consignment.goods_location.id == "SHED4"
    assert consignment.loading_location is not None
    assert (consignment.loading_location.id, consignment.loading_location.name) == ("USMIA", "Miami")
    assert declaration.additional_informations == (
        AdditionalInformation(statement_description="See annex", statement_type_code="ACB"),
        AdditionalInformation(statement_description="CASH", statement_type_code="PMT"),
    )
    assert declaration.previous_documents == (PreviousDocument(type_code="785", id="2020 88"),)
    assert declaration.guarantees == ()
    # An office of entry has no field; the one of exit is the exporter's.
    assert declaration.exit_office_id == ""


def test_the_valuation_keeps_each_amount_in_its_own_currency():
    declaration = read(DOCUMENT.encode())
    assert declaration.invoice_amount == Amount(millionths=4_000_000_000, currency="USD")
    assert declaration.freight_charge == Amount(millionths=100_000_000, currency="USD")
    # Internal freight is in the country's own currency; other costs and deductions of zero say nothing.
    assert declaration.charge_deductions == (
        ChargeDeduction(charges_type_code="IFR", amount=Amount(millionths=30_000_000)),
        ChargeDeduction(charges_type_code="INS", amount=Amount(millionths=20_000_000, currency="EUR")),
    )
    assert declaration.currency_exchanges == (
        CurrencyExchange(currency_type_code="USD", rate_millionths=2_715_000),
        CurrencyExchange(currency_type_code="EUR", rate_millionths=2_700_000),
    )


def test_an_item_is_read_into_a_line():
    first, second = read(DOCUMENT.encode()).goods_items
    assert first.sequence_numeric == 1
    assert first.description == "Red wine, 2018,\nbottles of 0.75 l"
    assert first.classifications == (
        Classification(id="22042100", identification_type_code="TSP"),
        Classification(id="10", identification_type_code="TRC"),
        Classification(id="A12", identification_type_code="TRA"),
        Classification(id="N9", identification_type_code="GN"),
    )
    assert first.commodity_code == "2204210010"
    assert first.additional_codes == ("A12", "N9")
    assert first.procedures == (
        Procedure(current_code="40", previous_code="71"),
        Procedure(current_code="000"),
    )
    assert first.origins == (Origin(country_code="CL", region_id="RM"),)
    assert first.gross_mass == Quantity(millionths=710_400_000, unit="KGM")
    assert first.net_mass == Quantity(millionths=640_000_000, unit="KGM")
    assert first.tariff_quantity == Quantity(millionths=480_750_000, unit="LTR")
    assert first.item_charge == Amount(millionths=3_000_500_000, currency="USD")
    assert first.customs_value == first.statistical_value == Amount(millionths=8_200_400_000)
    assert first.valuation_method_code == "1"
    assert first.charge_deductions == ()
    assert first.preference_code == "CSME"
    assert first.packagings == (
        Packaging(
            sequence_numeric=1,
            type_code="CT",
            quantity=Quantity(millionths=40_000_000),
            marks_numbers_id="ONE TO FORTY\nHANDLE WITH CARE",
        ),
    )
    assert first.additional_documents == (
        AdditionalDocument(
            type_code="INV", name="Commercial invoice", id="F-2020/7", effective_time=datetime(2020, 2, 3)
        ),
        AdditionalDocument(
            type_code="911", id="L-5", write_off=WriteOff(quantity=Quantity(millionths=480_750_000))
        ),
    )
    assert first.previous_documents == (
        PreviousDocument(category_code="X", id="BL 77-1", line_numeric=3),
        PreviousDocument(category_code="Z", id="WHS 2019 C 12"),
    )
    assert first.additional_informations == (
        AdditionalInformation(statement_code="AI1"),
        AdditionalInformation(statement_description="Sealed lot"),
    )
    assert first.transport_equipment == (TransportEquipment(sequence_numeric=1, id="ABCU1234567"),)
    assert second.sequence_numeric == 2
    assert second.description == "Water filters"
    assert second.quota_order_id == "Q-1"
    # Without an invoice of its own, an item is in the currency of the document's.
    assert second.item_charge == Amount(millionths=999_500_000, currency="USD")


def test_taxes_of_a_line_say_base_rate_amount_and_whether_they_are_paid():
    first, second = read(DOCUMENT.encode()).goods_items
    claim, *taxes = first.duty_tax_fees
    assert claim == DutyTaxFee(duty_regime_code="CSME")
    assert taxes == [
        DutyTaxFee(
            type_code="IDT",
            ad_valorem_tax_base=Amount(millionths=8_200_400_000),
            tax_rate_millionths=20_000_000,
            payment_method_code="1",
            tax_assessed_amount=Amount(millionths=1_640_080_000),
        ),
        DutyTaxFee(
            type_code="VAT",
            ad_valorem_tax_base=Amount(millionths=9_840_480_000),
            tax_rate_millionths=15_000_000,
            payment_method_code="1",
            tax_assessed_amount=Amount(millionths=1_476_070_000),
        ),
        DutyTaxFee(
            type_code="EXC",
            ad_valorem_tax_base=Amount(millionths=480_750_000),
            tax_rate_millionths=0,
            payment_method_code="0",
            tax_assessed_amount=Amount(millionths=0),
        ),
    ]
    assert second.duty_tax_fees[1].payment_method_code == "0"


def test_what_has_no_field_is_kept_with_its_place():
    texts = kept(read(DOCUMENT.encode()))
    assert texts["ASYCUDA@id"] == "4711"
    assert texts["Identification/Assessment/Number"] == "990"
    assert texts["General_information/Country/Trading_country"] == "US"
    assert texts["Financial/Deffered_payment_reference"] == "DEF-9"
    assert texts["Financial/Amounts/Totals_taxes"] == "3141.15"
    assert texts["Valuation/Gs_Invoice/Amount_national_currency"] == "1.086E4"
    assert texts["Item/Valuation_item/Alpha_coeficient_of_apportionment"] == "0.7501250625312656"
    assert texts["Item/Goods_description/Description_of_goods"] == "Wine of fresh grapes"
    assert texts["Item/Tarification/Supplementary_unit[2]/Suppplementary_unit_quantity"] == "641"
    assert texts["Item/Previous_doc/Previous_warehouse_code"] == "W1"
    assert texts["Container/Container_type"] == "22G1"
    # Empty elements and blocks of zeros without a currency hold nothing.
    assert not [path for path in texts if "item_" in path or path.endswith("Item_tax_total")]


def test_every_text_of_a_document_is_either_typed_or_kept():
    declaration = read(DOCUMENT.encode(), zone=UTC)
    written = write_json(declaration).decode()
    marked = [f"MARK{number}" for number in range(8)]
    old = (
        "Made Up Finance",
        "A. Person",
        "See annex",
        "SHED4",
        "Wine of fresh grapes",
        "W1<",
        "B1",
        "REF-31",
    )
    document = DOCUMENT
    for mark, text in zip(marked, old, strict=True):
        document = document.replace(text, mark + ("<" if text.endswith("<") else ""), 1)
    changed_json = write_json(read(document.encode(), zone=UTC)).decode()
    assert changed_json != written
    assert all(mark in changed_json for mark in marked)


def test_the_canonical_form_of_a_document_is_read_back_whole():
    declaration = read(DOCUMENT.encode(), zone=timezone(timedelta(hours=-4)))
    again, findings = examine(write_json(declaration))
    assert again == declaration
    assert findings == ()


# --- countries and versions ------------------------------------------------------------------------------------


def test_rates_are_fractions_where_the_caller_says_so():
    data = changed(">20.0<", ">0.2<", ">15<", ">0.15<", ">15<", ">.15<")
    item = read(data, "fraction").goods_items[0]
    assert [each.tax_rate_millionths for each in item.duty_tax_fees[1:]] == [20_000_000, 15_000_000, 0]


def test_a_fraction_of_eight_decimals_is_a_rate_exactly():
    # 0.06666667 is 6.666667 per cent.
    item = read(changed(">20.0<", ">0.06666667<"), "fraction").goods_items[0]
    assert item.duty_tax_fees[1].tax_rate_millionths == 6_666_667


def test_without_a_unit_no_rate_is_read_and_all_are_kept():
    sad = read_sad(DOCUMENT.encode())
    assert sad.declaration is not None
    rates = [each.tax_rate_millionths for item in sad.declaration.goods_items for each in item.duty_tax_fees]
    assert set(rates) == {None}
    (finding,) = [each for each in sad.findings if each.code == "ASYCUDA_RATE_UNIT_NOT_GIVEN"]
    assert finding.severity is Severity.WARNING
    assert finding.says["count"] == "4"
    assert kept(sad.declaration)["Item/Taxation/Taxation_line/Duty_tax_rate"] == "20.0"


def test_amounts_that_fit_only_the_other_unit_are_told():
    # 8,200.40 × 20 % = 1,640.08, which 0.2 % does not give.
    # The invoice says 2.72, freight and item 2.715: the first counts.
    sad = read_sad(changed(">2.715<", ">2.72<"), "percent")
    assert ("ASYCUDA_VALUES_DIFFER", "currency_exchanges[1].rate_millionths") in found(sad)
    assert sad.declaration is not None
    assert sad.declaration.currency_exchanges[0].rate_millionths == 2_720_000


def test_a_price_that_is_not_the_invoice_share_keeps_both():
    declaration = read(changed("<Item_price>3000.5<", "<Item_price>3001<"))
    item = declaration.goods_items[0]
    assert item.item_charge == Amount(millionths=3_001_000_000, currency="USD")
    assert kept(declaration)["Item/Valuation_item/Item_Invoice/Amount_foreign_currency"] == "3000.5"


def test_without_a_price_the_invoice_of_the_item_is_its_price():
    declaration = read(changed("<Item_price>3000.5</Item_price>", "<Item_price/>"))
    assert declaration.goods_items[0].item_charge == Amount(millionths=3_000_500_000, currency="USD")


def test_an_amount_without_a_currency_is_the_countrys_own():
    foreign = money("Gs_Invoice", "1.086E4", "4000.0", "USD", "2.715")
    declaration = read(changed(foreign, money("Gs_Invoice", "900", "900")))
    assert declaration.invoice_amount == Amount(millionths=900_000_000)


def test_a_guarantee_is_one_where_it_has_an_amount():
    data = changed("<Guarantee><Name><null/></Name><Amount>0.0<", "<Guarantee><Name>G-1</Name><Amount>500<")
    assert read(data).guarantees == (Guarantee(reference_id="G-1", amount=Amount(millionths=500_000_000)),)


# --- figures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("12", 12_000_000),
        ("12.0", 12_000_000),
        ("12.", 12_000_000),
        (".5", 500_000),
        ("-0.25", -250_000),
        ("+7", 7_000_000),
        ("1.25E7", 12_500_000_000_000),
        ("1.0E-3", 1_000),
        ("9.99999999E8", 999_999_999_000_000),
        ("0.1250000000000000", 125_000),
    ],
)
def test_figures_are_read_exactly(text: str, millionths: int):
    declaration = read(changed("<Total_CIF_itm>8200.4<", f"<Total_CIF_itm>{text}<"))
    assert declaration.goods_items[0].customs_value == Amount(millionths=millionths)


@pytest.mark.parametrize(
    "text",
    [
        "1,23,4.5",
        "1.2.3",
        "1,2,3",
        "12 34",
        "NaN",
        "Infinity",
        "1E5",
        "1.0E+5000000",
        "1.0E99",
        "0x10",
        "١٢",
        "12 USD",
        "--1",
        "." * 50,
        "9" * 25,
        "1" + "0" * 5_000,
    ],
)
def test_a_figure_that_is_none_refuses_the_document_with_its_place(text: str):
    sad = read_sad(changed("<Total_CIF_itm>8200.4<", f"<Total_CIF_itm>{text}<"), "percent")
    (finding,) = [each for each in sad.findings if each.severity is Severity.ERROR]
    assert finding.code == "ASYCUDA_NUMBER_MALFORMED"
    assert finding.at == "goods_items[1].customs_value"
    assert finding.pointer == "42A/67A/68A[1]:108"
    assert finding.says["element"] == "Total_CIF_itm"
    line = DOCUMENT[: DOCUMENT.index("<Total_CIF_itm>")].count("\n") + 1
    assert finding.says["line"] == str(line)
    assert sad.lines[finding.at][0] == line
    assert sad.refused
    # What could be read of it is there for the answer.
    assert sad.declaration is not None
    assert sad.declaration.functional_reference_id == "REF-31"
    assert sad.declaration.goods_items[0].customs_value is None


def test_a_figure_with_more_decimals_is_kept_and_never_rounded():
    sad = read_sad(changed("<Total_CIF_itm>8200.4<", "<Total_CIF_itm>244.99999999999997<"), "percent")
    assert found(sad) == [("ASYCUDA_NUMBER_TOO_PRECISE", "goods_items[1].customs_value")]
    assert not sad.refused
    assert sad.declaration is not None
    assert sad.declaration.goods_items[0].customs_value is None
    assert kept(sad.declaration)["Item/Valuation_item/Total_CIF_itm"] == "244.99999999999997"


def test_a_count_is_whole():
    sad = read_sad(changed("<Total_number_of_packages>42<", "<Total_number_of_packages>42.5<"), "percent")
    assert found(sad) == [("ASYCUDA_NUMBER_NOT_WHOLE", "total_package_quantity")]
    assert sad.refused


# --- days ------------------------------------------------------------------------------------------------------


def day_of(text: str, other: str = "3/30/20") -> datetime | None:
    data = changed(
        "<Attached_document_date>2/3/20<", f"<Attached_document_date>{text}<", ">3/30/20<", f">{other}<"
    )
    return read(data).goods_items[0].additional_documents[0].effective_time


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2/3/20", datetime(2020, 2, 3)),
        ("12/31/20", datetime(2020, 12, 31)),
        ("02/03/2020", datetime(2020, 2, 3)),
        ("2020-02-03", datetime(2020, 2, 3)),
        ("2020/02/03", datetime(2020, 2, 3)),
        ("20200203", datetime(2020, 2, 3)),
        ("2020-02-03T00:00:00", datetime(2020, 2, 3)),
        ("2/3/20 12:00:00 AM", datetime(2020, 2, 3)),
        ("28.2.2020", datetime(2020, 2, 28)),
        ("28-02-20", datetime(2020, 2, 28)),
        ("2/29/20", datetime(2020, 2, 29)),
        # Two figures of a year: 1969 to 2068.
        ("1/1/00", datetime(2000, 1, 1)),
        ("1/1/68", datetime(2068, 1, 1)),
        ("1/1/69", datetime(1969, 1, 1)),
        ("1/1/99", datetime(1999, 1, 1)),
        ("1/1/1955", datetime(1955, 1, 1)),
    ],
)
def test_days_are_month_day_year(text: str, day: datetime):
    assert day_of(text) == day


@pytest.mark.parametrize(
    "text", ["2/30/20", "13/13/20", "0/1/20", "2/3/020", "3/2.20", "2/3", "20201303", "2/3/-1"]
)
def test_a_day_that_is_none_is_kept_with_a_warning(text: str):
    sad = read_sad(changed("_date>2/3/20<", f"_date>{text}<"), "percent")
    place = "goods_items[1].additional_documents[1].effective_time"
    assert found(sad) == [("ASYCUDA_DATE_MALFORMED", place)]
    assert not sad.refused
    assert sad.declaration is not None
    assert kept(sad.declaration)["Item/Attached_documents/Attached_document_date"] == text


def test_a_day_written_day_first_is_read_and_makes_the_others_of_the_file_doubtful():
    place = "goods_items[1].additional_documents[1].effective_time"
    # 30/3/20 can only be the 30th of March: what 2/3/20 is in this file, nobody knows.
    sad = read_sad(changed(">3/30/20<", ">30/3/20<"), "percent", UTC)
    assert found(sad) == [
        ("ASYCUDA_DATE_DAY_FIRST", "ASYCUDA/Identification/Registration/Date"),
        ("ASYCUDA_DATE_AMBIGUOUS", place),
    ]
    assert {each.code: each.severity for each in sad.findings}["ASYCUDA_DATE_DAY_FIRST"] is Severity.NOTE
    assert sad.declaration is not None
    assert sad.declaration.acceptance_time == datetime(2020, 3, 30, tzinfo=UTC)
    assert day_of("2/3/20", other="30/3/20") is None
    # These can be read in one way only.
    assert day_of("3/3/20", other="30/3/20") == datetime(2020, 3, 3)
    assert day_of("2/13/20", other="30/3/20") == datetime(2020, 2, 13)
    assert day_of("2020-02-03", other="30/3/20") == datetime(2020, 2, 3)
    # Points and dashes have no order of their own.
    assert day_of("3.2.20") is None


def test_a_group_of_days_that_shows_one_order_is_read_in_it():
    # What ASYCUDA prints is one group: the 30th of March and, so, the 4th of March.
    data = changed(">3/30/20<", ">30/3/20<", "<Date_of_declaration>3/28/20<", "<Date_of_declaration>4/3/20<")
    sad = read_sad(data.replace(b">3/30/20<", b">30/3/20<"), "percent", UTC)
    assert sad.declaration is not None
    assert sad.declaration.issue_time == datetime(2020, 3, 4, tzinfo=UTC)


def test_a_time_beside_a_day_is_kept():
    declaration = read(changed("_date>2/3/20<", "_date>2/3/20 14:05<"))
    assert declaration.goods_items[0].additional_documents[0].effective_time == datetime(2020, 2, 3)
    assert kept(declaration)["Item/Attached_documents/Attached_document_date"] == "2/3/20 14:05"


def test_days_of_instants_are_their_first_instant_in_the_zone_and_kept_without_one():
    zone = timezone(timedelta(hours=-4))
    declaration = read(DOCUMENT.encode(), zone=zone)
    assert declaration.acceptance_time == datetime(2020, 3, 30, tzinfo=zone)
    assert declaration.issue_time == datetime(2020, 3, 28, tzinfo=zone)
    declaration = read(DOCUMENT.encode())
    assert declaration.acceptance_time is None
    assert kept(declaration)["Identification/Registration/Date"] == "3/30/20"


# --- text ------------------------------------------------------------------------------------------------------


def test_text_keeps_its_line_breaks_and_a_code_is_one_line():
    data = changed("<Location_of_goods>SHED4<", "<Location_of_goods>SHED \t\n   4&#13;&#10;<")
    declaration = read(data)
    assert declaration.consignment is not None
    assert declaration.consignment.goods_location is not None
    assert declaration.consignment.goods_location.id == "SHED 4"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (">REF-31<", ">REF&#x200b;31<", "TEXT_INVISIBLE_CHARACTER"),
        ("Made Up Finance", "Made&#x202e;Up", "TEXT_INVISIBLE_CHARACTER"),
        (">DEF-9<", ">DEF&#xfeff;9<", "TEXT_INVISIBLE_CHARACTER"),
    ],
)
def test_text_that_hides_something_is_refused(old: str, new: str, code: str):
    sad = read_sad(changed(old, new), "percent")
    assert code in [each.code for each in sad.findings if each.severity is Severity.ERROR]
    assert sad.refused


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        (">900<", ">９00<", "TEXT_LOOK_ALIKE", "declarant.id"),
        (">XYPOR<", ">XУPOR<", "TEXT_MIXED_SCRIPTS", "declaration_office_id"),
        (">F-2020/7<", ">Nº 7<", "TEXT_LOOK_ALIKE", "goods_items[1].additional_documents[1].id"),
        (">BL 77-1<", ">№ 77<", "TEXT_LOOK_ALIKE", "goods_items[1].previous_documents[1].id"),
        (">AI1<", ">АI1<", "TEXT_MIXED_SCRIPTS", "goods_items[1].additional_informations[1].statement_code"),
    ],
)
def test_a_code_whose_letters_pass_for_others_stays_out_of_its_field(old: str, new: str, code: str, at: str):
    sad = read_sad(changed(old, new), "percent")
    assert (code, at) in found(sad)
    assert {each for each, _ in found(sad)} == {code}
    assert not sad.refused
    assert sad.declaration is not None
    assert new.strip("<>") in kept(sad.declaration).values()
    again, findings = examine(write_json(sad.declaration))
    assert again == sad.declaration
    assert not [each for each in findings if each.severity is Severity.ERROR]


def test_an_amount_in_a_currency_that_cannot_be_told_is_none():
    sad = read_sad(changed(">USD<", ">USＤ<"), "percent")
    assert ("TEXT_LOOK_ALIKE", "invoice_amount.currency") in found(sad)
    assert sad.declaration is not None
    assert sad.declaration.invoice_amount is None
    assert kept(sad.declaration)["Valuation/Gs_Invoice/Amount_foreign_currency"] == "4000.0"


# --- what does not fit together --------------------------------------------------------------------------------


def test_a_value_given_twice_is_the_first_and_a_kept_one():
    sad = read_sad(
        changed("<Sad_flow>I</Sad_flow>", "<Sad_flow>I</Sad_flow><Sad_flow>I</Sad_flow>"), "percent"
    )
    assert found(sad) == []
    sad = read_sad(
        changed("<Number>REF-31</Number>", "<Number>REF-31</Number><Number>REF-32</Number>"), "percent"
    )
    assert found(sad) == [("ASYCUDA_REPEATED", "ASYCUDA/Declarant/Reference/Number[2]")]
    assert sad.declaration is not None
    assert sad.declaration.functional_reference_id == "REF-31"
    assert kept(sad.declaration)["Declarant/Reference/Number[2]"] == "REF-32"


def test_a_value_after_an_empty_one_counts():
    declaration = read(changed("<Number>REF-31</Number>", "<Number/><Number>REF-31</Number>"))
    assert declaration.functional_reference_id == "REF-31"


def test_totals_that_differ_are_warnings():
    sad = read_sad(
        changed("_items>2<", "_items>3<", "_packages>42<", "_packages>43<", ">3141.15<", ">3143.16<"),
        "percent",
    )
    assert found(sad) == [
        ("ASYCUDA_TAXES_DIFFER", "ASYCUDA/Financial/Amounts/Totals_taxes"),
        ("ASYCUDA_ITEMS_DIFFER", "goods_item_quantity"),
        ("ASYCUDA_PACKAGES_DIFFER", "total_package_quantity"),
    ]
    assert {each.severity for each in sad.findings} == {Severity.WARNING, Severity.NOTE}
    says = {
        each.code: (each.says["declared"], each.says["counted"])
        for each in sad.findings
        if "declared" in each.says
    }
    # Paid are 1,640.08 + 1,476.07 = 3,116.15, and 25 for the whole; what is suspended does not count.
    assert says == {
        "ASYCUDA_TAXES_DIFFER": ("3143.16", "3141.15"),
        "ASYCUDA_ITEMS_DIFFER": ("3", "2"),
        "ASYCUDA_PACKAGES_DIFFER": ("43", "42"),
    }
    assert not sad.refused


@pytest.mark.parametrize(
    ("total", "differs"), [("3141.15", 0), ("3143.15", 0), ("3139.15", 0), ("3139.14", 1)]
)
def test_the_total_of_the_taxes_may_be_two_units_away(total: str, differs: int):
    assert len(found(read_sad(changed(">3141.15<", f">{total}<"), "percent"))) == differs


def test_a_total_that_is_no_figure_is_a_warning_because_no_field_has_it():
    sad = read_sad(changed(">3141.15<", ">3141.15 XCD<"), "percent")
    assert found(sad) == [("ASYCUDA_NUMBER_MALFORMED", "ASYCUDA/Financial/Amounts/Totals_taxes")]
    assert not sad.refused


def test_two_total_weights_that_differ_are_told():
    sad = read_sad(changed("<Gross_weight>722.4<", "<Gross_weight>720<"), "percent")
    assert found(sad) == [("ASYCUDA_VALUES_DIFFER", "total_gross_mass")]
    assert sad.declaration is not None
    assert sad.declaration.total_gross_mass == Quantity(millionths=722_400_000, unit="KGM")


@pytest.mark.parametrize("number", ["0", "3", "x", "99999999999"])
def test_a_container_of_no_item_stays_the_consignments(number: str):
    sad = read_sad(changed("<Item_Number>2<", f"<Item_Number>{number}<"), "percent")
    assert found(sad) == [("ASYCUDA_CONTAINER_ITEM", "consignment.transport_equipment[2]")]
    assert sad.declaration is not None
    assert sad.declaration.consignment is not None
    assert len(sad.declaration.consignment.transport_equipment) == 2
    assert sad.declaration.goods_items[1].transport_equipment == ()


@pytest.mark.parametrize("procedure", ["40", "40710", "4-71", "40 71"])
def test_a_procedure_of_another_form_is_kept(procedure: str):
    sad = read_sad(changed(">4071<", f">{procedure}<"), "percent")
    assert found(sad) == [("ASYCUDA_VALUE_UNKNOWN", "goods_items[1].procedures[1]")]
    assert sad.declaration is not None
    assert sad.declaration.goods_items[0].procedures == (Procedure(current_code="000"),)


def test_what_every_declaration_has_is_missed():
    sad = read_sad(
        changed(">XYPOR</Customs_cl", "></Customs_cl", ">IM<", "><", ">84212100<", "><"), "percent"
    )
    assert found(sad) == [
        ("ASYCUDA_MISSING", "declaration_office_id"),
        ("ASYCUDA_MISSING", "goods_items[2]"),
        ("ASYCUDA_MISSING", "type_code"),
    ]
    assert not sad.refused
    assert sad.declaration is not None
    # A general procedure without its kind of declaration says nothing.
    assert sad.declaration.type_code == ""
    assert kept(sad.declaration)["Identification/Type/Declaration_gen_procedure_code"] == "4"


def test_real_tax_lines_of_a_country_with_percentages_are_read_exactly(shared_data: Path):
    """760 lines of declarations of one country, each written into a document as its system would."""
    rows = list(csv.DictReader((shared_data / "asycuda/grenada_tax_lines.csv").open(encoding="utf-8")))
    assert len(rows) == 760
    body = "".join(
        f"<Item><Taxation>{tax(row['tax'], row['base'], row['rate'], row['amount'], row['mp'])}</Taxation></Item>"
        for row in rows
    )
    due = sum(millionths_of(row["amount"]) for row in rows if row["mp"] == "1")
    amounts = tags(Totals_taxes=decimal_text(due + 2_000_000))
    document = f"<ASYCUDA><Financial><Amounts>{amounts}</Amounts></Financial>{body}</ASYCUDA>".encode()
    sad = read_sad(document, "percent")
    assert sad.declaration is not None
    taxes = [each for item in sad.declaration.goods_items for each in item.duty_tax_fees]
    assert [
        (
            each.type_code,
            each.ad_valorem_tax_base and each.ad_valorem_tax_base.millionths,
            each.tax_rate_millionths,
            each.tax_assessed_amount and each.tax_assessed_amount.millionths,
            each.payment_method_code,
        )
        for each in taxes
    ] == [
        (row["tax"], *(millionths_of(row[name]) for name in ("base", "rate", "amount")), row["mp"])
        for row in rows
    ]
    told = {each.code for each in sad.findings} - {"ASYCUDA_MISSING"}
    assert told == {"ASYCUDA_KEPT"}
    # Read in the other unit, the amounts show it.
    assert "ASYCUDA_RATE_UNIT_DOUBTFUL" in {each.code for each in read_sad(document, "fraction").findings}


# --- hostile and other documents -------------------------------------------------------------------------------


def test_a_document_without_items_is_refused():
    sad = read_sad(b"<ASYCUDA/>")
    assert sad.refused
    assert ("ASYCUDA_WITHOUT_ITEMS", "goods_items") in found(sad)


def test_an_almost_empty_item_is_an_item():
    declaration = read(b"<ASYCUDA><Item/><Item><Packages/></Item></ASYCUDA>")
    assert declaration.goods_items == (GoodsItem(sequence_numeric=1), GoodsItem(sequence_numeric=2))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "XML_EMPTY"),
        (b"<ASYCUDA>", "XML_NOT_WELL_FORMED"),
        (b"<Awmds/>", "ASYCUDA_ROOT"),
        (b"<!DOCTYPE ASYCUDA><ASYCUDA/>", "XML_DOCTYPE"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///x'>]><ASYCUDA>&x;</ASYCUDA>", "XML_DOCTYPE"),
        (b"<ASYCUDA>&undefined;</ASYCUDA>", "XML_ENTITY"),
        (b"<?xml version='1.0' encoding='ebcdic-cp-us'?><ASYCUDA/>", "XML_ENCODING"),
        (b"<?xml version='1.0' encoding='windows-1252'?><ASYCUDA>\x81</ASYCUDA>", "XML_ENCODING"),
        (b"<ASYCUDA>\xff</ASYCUDA>", "XML_ENCODING"),
        (b"<ASYCUDA>" + b"<a>" * 40 + b"</a>" * 40 + b"</ASYCUDA>", "XML_TOO_DEEP"),
        (b"<ASYCUDA>" + b"<a/>" * 600_001 + b"</ASYCUDA>", "XML_TOO_MANY_ELEMENTS"),
        (b" " * 20_000_001, "XML_TOO_LARGE"),
    ],
)
def test_the_one_guarded_door_refuses(data: bytes, code: str):
    sad = read_sad(data)
    assert [each.code for each in sad.findings] == [code]
    assert sad.declaration is None


def test_nulls_anywhere_are_nothing_and_null_with_content_is_something():
    declaration = read(changed("<Transport>", "<Transport><null/>", "<Quota><Quo", "<Quota><null/><Quo"))
    assert declaration == read(DOCUMENT.encode())
    declaration = read(changed("<CAP><null/></CAP>", "<CAP><null>x</null></CAP>"))
    assert kept(declaration)["General_information/CAP/null"] == "x"
    declaration = read(changed("<CAP><null/></CAP>", "<CAP>P<null/></CAP>"))
    assert kept(declaration)["General_information/CAP"] == "P"


def test_text_and_attributes_where_none_belong_are_kept():
    sad = read_sad(changed("<Traders>", "<Traders colour='red'>loose words"), "percent")
    assert found(sad) == [
        ("ASYCUDA_TEXT_MISPLACED", "ASYCUDA/Traders/text()"),
        ("ASYCUDA_ATTRIBUTE_UNKNOWN", "ASYCUDA/Traders@colour"),
    ]
    assert sad.declaration is not None
    texts = kept(sad.declaration)
    assert (texts["Traders/text()"], texts["Traders@colour"]) == ("loose words", "red")


def test_a_value_with_elements_in_it_keeps_them():
    declaration = read(changed(">SHED4<", ">SHED4<Row>7</Row><"))
    assert declaration.consignment is not None
    assert declaration.consignment.goods_location is not None
    assert declaration.consignment.goods_location.id == "SHED4"
    assert kept(declaration)["Transport/Location_of_goods/Row"] == "7"


def test_a_container_with_goods_of_two_items_is_one():
    declaration = read(changed(">ABCU7654321<", ">ABCU1234567<"))
    unit = TransportEquipment(sequence_numeric=1, id="ABCU1234567")
    assert declaration.consignment is not None
    assert declaration.consignment.transport_equipment == (unit,)
    assert [item.transport_equipment for item in declaration.goods_items] == [(unit,), (unit,)]


def test_more_items_than_a_declaration_may_have_are_refused():
    data = b"<ASYCUDA>" + b"<Item/>" * (MAX_GOODS_ITEMS + 1) + b"</ASYCUDA>"
    sad = read_sad(data)
    assert [each.code for each in sad.findings] == ["GOODS_ITEMS_TOO_MANY"]
    assert sad.declaration is None


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch):
    many = b"<ASYCUDA><Item/>" + b"<X>1</X>" * 100 + b"</ASYCUDA>"
    assert not read_sad(many).refused
    monkeypatch.setattr(asycuda_walk, "MAX_KEPT", 99)
    sad = read_sad(many)
    assert next(each.code for each in sad.findings) == "ELEMENTS_KEPT_TOO_MANY"
    assert sad.declaration is None
    monkeypatch.setattr(asycuda_walk, "MAX_KEPT", 200)
    monkeypatch.setattr(asycuda_walk, "MAX_KEPT_CHARACTERS", 1_000)
    assert read_sad(many).declaration is None


def test_findings_are_bounded():
    date = b"<Attached_documents><Attached_document_date>x</Attached_document_date></Attached_documents>"
    sad = read_sad(b"<ASYCUDA><Item>" + date * 1_200 + b"</Item></ASYCUDA>")
    assert len(sad.findings) == asycuda_walk.MAX_FINDINGS + 1
    assert "FINDINGS_CUT" in {each.code for each in sad.findings}


def test_thousands_of_items_are_read_in_seconds():
    head, _, rest = DOCUMENT.partition(FIRST)
    data = (head + FIRST * 2_500 + rest).encode()
    started = time.process_time()
    declaration = read(data)
    assert len(declaration.goods_items) == 2_501
    assert declaration.goods_items[2_499].sequence_numeric == 2_500
    assert time.process_time() - started < 20


def test_every_finding_can_be_said(said: Callable[[Iterable[Finding]], set[str]]):
    faults = [
        changed("<Sad_flow>I<", "<Sad_flow>E<", "_items>2<", "_items>2.5<", ">8200.4<", ">x<"),
        changed("<Sad_flow>I<", "<Sad_flow>Q<", "_items>2<", "_items>3<", ">42<", ">43<", ">3141.15<", ">1<"),
        changed(">3/30/20<", ">30/3/20<", "<Gross_weight>722.4<", "<Gross_weight>7<", ">84212100<", "><"),
        changed(
            ">2/3/20<", ">x<", "<Item_Number>2<", "<Item_Number>7<", "<Traders>", "<Traders a='1'>b<Foo/>"
        ),
        changed("<Number>REF-31</Number>", "<Number>1</Number><Number>2</Number>", ">480.75<", ">0.1234567<"),
        b"<ASYCUDA/>",
        b"<ASYCUDA/><ASYCUDA/>",
        b"<ASYCUDA><Item><Valuation_item><Total_CIF_itm>1,234</Total_CIF_itm></Valuation_item></Item></ASYCUDA>",
        changed(">1640.08<", ">1650.08<"),
        b"<x/>",
    ]
    units: tuple[Any, ...] = ("percent", "fraction", None)
    codes = said(each for data in faults for unit in units for each in read_sad(data, unit).findings)
    assert {code for code in words.all_codes() if code.startswith("ASYCUDA_")} <= codes


# --- as a file -------------------------------------------------------------------------------------------------


def test_the_document_is_known_by_its_root():
    assert kind_of(DOCUMENT.encode()) is FileKind.ASYCUDA
    assert kind_of(b"\xef\xbb\xbf\r\n" + DOCUMENT.encode()) is FileKind.ASYCUDA
    assert kind_of(DOCUMENT.partition("\n")[2].encode("utf-16")) is FileKind.ASYCUDA
    assert kind_of(b"<!--" + b"x" * 10_000 + b"--><?a b?> <x:ASYCUDA xmlns:x='u'/>") is FileKind.ASYCUDA
    assert kind_of(b"<!-- <ASYCUDA> --><Declaration/>") is FileKind.XML
    assert kind_of(b"<ASYCUDAX/>") is FileKind.XML
    assert kind_of(b"<!--" + b"x" * 10_000) is FileKind.XML


def test_a_million_comments_before_the_root_cost_no_more_than_their_size():
    data = b"<!---->" * 1_000_000 + b"<ASYCUDA/>"
    started = time.process_time()
    assert kind_of(data) is FileKind.ASYCUDA
    assert time.process_time() - started < 5


def test_files_and_streams_take_the_unit_and_the_zone():
    (reading,) = read_file("x", DOCUMENT.encode(), UTC, "percent")
    (streamed,) = read_stream("x", io.BytesIO(DOCUMENT.encode()), UTC, "percent")
    assert reading == streamed
    assert reading.declaration == read(DOCUMENT.encode(), zone=UTC)
    assert (reading.place, reading.message) == ("", None)
    (without,) = read_file("x", DOCUMENT.encode())
    assert "ASYCUDA_RATE_UNIT_NOT_GIVEN" in {each.code for each in without.findings}


def test_a_refused_document_gives_no_declaration():
    (reading,) = read_file("x", changed(">8200.4<", ">x<"), None, "percent")
    assert reading.declaration is None
    assert {each.severity for each in reading.findings} >= {Severity.ERROR}


def test_what_was_kept_never_goes_into_a_message_of_another_format():
    declaration = read(DOCUMENT.encode(), zone=UTC)
    written = write_dec(Message(Kind.ORIGINAL, declaration))
    again = read_dec(written).declaration
    assert again is not None
    assert again.kept == ()
    assert again.goods_items == declaration.goods_items
    assert all(isinstance(each, Kept) and each.path.startswith("ASYCUDA") for each in declaration.kept)


def sad_of(reference: str, inside: str = "") -> str:
    """A small document: its reference, and more of its item."""
    return (
        "<ASYCUDA><Identification><Office_segment><Customs_clearance_office_code>XY01</Customs_clearance_office_code>"
        "</Office_segment><Type><Type_of_declaration>IM</Type_of_declaration></Type></Identification>"
        f"<Declarant><Reference><Number>{reference}</Number></Reference></Declarant><Item><Tarification><HScode>"
        f"<Commodity_code>22042100</Commodity_code></HScode></Tarification>{inside}</Item></ASYCUDA>"
    )


BROKEN = "<Valuation_item><Total_CIF_itm>x</Total_CIF_itm></Valuation_item>"


@pytest.mark.parametrize(
    "joined",
    [
        "{0}{1}{2}",
        '<?xml version="1.0"?>\n{0}\n<?xml version="1.0" encoding="UTF-8"?>\n<!-- next -->\n{1}\n\n{2}\n',
        "<Declarations>{0}{1}{2}</Declarations>",
        '<s:Envelope xmlns:s="u"><s:Body><list>{0}{1}{2}</list></s:Body></s:Envelope>',
    ],
)
def test_documents_of_one_file_are_read_each_for_itself_and_a_refused_one_is_named(joined: str):
    data = joined.format(sad_of("A-1"), sad_of("A-2", BROKEN), sad_of("A-3")).encode()
    assert kind_of(data) is FileKind.ASYCUDA
    first, second, third = read_file("x", data)
    assert [each.place for each in (first, second, third)] == ["document 1", "document 2", "document 3"]
    assert first.declaration is not None
    assert third.declaration is not None
    assert third.declaration.functional_reference_id == "A-3"
    assert second.declaration is None
    assert second.refused is not None
    assert second.refused.functional_reference_id == "A-2"
    assert [each.code for each in read_sad(data).findings] == ["ASYCUDA_SEVERAL"]


def test_a_broken_document_behind_a_whole_one_is_told_with_its_line_in_the_file():
    first, second = read_file("x", f"{sad_of('A-1')}\n\n{sad_of('A-2')[:-3]}".encode())
    assert first.declaration is not None
    assert (second.place, [(each.code, each.at) for each in second.findings]) == (
        "document 2", [("XML_NOT_WELL_FORMED", f"line 3, column {len(sad_of('A-2')) - 9}")],
    )  # fmt: skip


def test_what_is_no_further_document_behind_one_refuses_the_file():
    for behind in ("x", "<Other/>", "&", "</ASYCUDA>"):
        (only,) = read_file("x", f"{sad_of('A-1')}{behind}".encode())
        assert (only.declaration, [each.code for each in only.findings]) == (None, ["XML_NOT_WELL_FORMED"])


@pytest.mark.parametrize(
    "root", ["ASYCUDA", "Asycuda", "asycuda", "SAD", "Sad", "ASYCUDA_SAD", "ASYCUDA_World"]
)
def test_the_root_is_known_in_every_spelling(root: str):
    data = sad_of("A-1").replace("ASYCUDA", root).encode()
    assert kind_of(data) is FileKind.ASYCUDA
    declaration = read_sad(data).declaration
    assert declaration is not None
    assert declaration.functional_reference_id == "A-1"


def test_a_document_may_have_a_namespace_with_or_without_a_prefix():
    for data in (
        sad_of("A-1").replace("<ASYCUDA>", '<ASYCUDA xmlns="urn:asycuda">'),
        sad_of("A-1")
        .replace("</", "</a:")
        .replace("<", "<a:")
        .replace("<a:/", "</")
        .replace("<a:ASYCUDA>", '<a:ASYCUDA xmlns:a="urn:asycuda">'),
    ):
        sad = read_sad(data.encode())
        assert sad.declaration == read_sad(sad_of("A-1").encode()).declaration


@pytest.mark.parametrize(
    ("declared", "encoded", "name"),
    [
        ("windows-1252", "cp1252", "Société Générale"),
        ("ISO-8859-1", "latin-1", "Viña Inventada"),
        ("windows-1250", "cp1250", "Łódź"),
        ("utf-8", "utf-8", "Công ty Thử Nghiệm"),
        ("utf-16", "utf-16", "Công ty Thử Nghiệm"),
    ],
)
def test_an_encoding_that_is_declared_is_read(declared: str, encoded: str, name: str):
    body = sad_of("A-1").replace("<Declarant>", f"<Declarant><Declarant_name>{name}</Declarant_name>")
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{body}'
    (only,) = read_file("x", text.encode(encoded))
    assert only.declaration is not None, only.findings
    assert only.declaration.declarant is not None
    assert only.declaration.declarant.name == name


def test_vietnamese_in_windows_1258_is_read_into_the_letters_of_unicode():
    # windows-1258 writes "ử" as "ư" and a hook behind it.
    name = "Công ty Thư\u0309 Nghiê\u0323m"
    body = sad_of("A-1").replace("<Declarant>", f"<Declarant><Declarant_name>{name}</Declarant_name>")
    data = f'<?xml version="1.0" encoding="windows-1258"?>{body}'.encode("cp1258")
    (only,) = read_file("x", data)
    assert only.declaration is not None, only.findings
    assert only.declaration.declarant is not None
    assert only.declaration.declarant.name == "Công ty Thử Nghiệm"


def value_of(*figures: str) -> list[int | None] | str:
    """The customs values of items with these figures, or the code of what refuses them."""
    items = "".join(
        f"<Item><Valuation_item><Total_CIF_itm>{each}</Total_CIF_itm></Valuation_item></Item>"
        for each in figures
    )
    sad = read_sad(f"<ASYCUDA>{items}</ASYCUDA>".encode())
    errors = [each.code for each in sad.findings if each.severity is Severity.ERROR]
    if errors:
        return errors[0]
    assert sad.declaration is not None
    values = [each.customs_value for each in sad.declaration.goods_items]
    return [None if each is None else each.millionths for each in values]


@pytest.mark.parametrize(
    ("figures", "millionths"),
    [
        (("1,234.50",), [1_234_500_000]),
        (("1.234,50",), [1_234_500_000]),
        (("1,234,567",), [1_234_567_000_000]),
        (("1.234.567",), [1_234_567_000_000]),
        (("1 234,5",), [1_234_500_000]),
        (("1\u00a0234.5",), [1_234_500_000]),
        (("1'234",), [1_234_000_000]),
        (("12,5",), [12_500_000]),
        (("0,125",), [125_000]),
        (("0,000", "0,00"), [0, 0]),
        (("1234,567",), [1_234_567_000]),
        (("0.125", "12,5"), [125_000, 12_500_000]),
        ((",5",), [500_000]),
        # Alone, a point is the format's own decimal point.
        (("1.234",), [1_234_000]),
        # The other figures say what the mark is.
        (("1,234", "2.50"), [1_234_000_000, 2_500_000]),
        (("1,234", "2,50"), [1_234_000, 2_500_000]),
        (("1.234", "2,50"), [1_234_000_000, 2_500_000]),
        (("1.234", "2.50"), [1_234_000, 2_500_000]),
    ],
)
def test_marks_of_thousands_and_decimal_commas_are_read_where_only_one_reading_is_possible(
    figures: tuple[str, ...], millionths: list[int]
):
    assert value_of(*figures) == millionths


@pytest.mark.parametrize(
    "figures", [("1,234",), ("1,234", "2.50", "3,5"), ("1.234", "2.50", "3,5"), ("1,234", "0,00")]
)
def test_a_figure_that_can_be_read_in_two_ways_is_never_guessed(figures: tuple[str, ...]):
    assert value_of(*figures) == "ASYCUDA_NUMBER_AMBIGUOUS"


def test_a_tax_that_its_base_and_rate_do_not_make_is_told_and_stays_as_declared():
    # 8200.40 × 20 % = 1640.08
    sad = read_sad(changed(">1640.08<", ">1650.08<", ">3141.15<", ">3151.15<"), "percent")
    assert found(sad) == [("ASYCUDA_TAX_LINE_DIFFERS", "goods_items[1].duty_tax_fees[2].tax_assessed_amount")]
    (finding,) = [each for each in sad.findings if each.code == "ASYCUDA_TAX_LINE_DIFFERS"]
    assert (finding.says["tax"], finding.says["declared"], finding.says["computed"]) == (
        "IDT",
        "1650.08",
        "1640.08",
    )
    assert not sad.refused
