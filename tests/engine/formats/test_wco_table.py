"""The table against the schemas it copies: every path, number, order, cardinality and format."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from thongquan.engine import declaration as d
from thongquan.engine.formats.responses import RESPONSE
from thongquan.engine.formats.wco_table import DECLARATION, Group, Kind, Leaf

XS = "{http://www.w3.org/2001/XMLSchema}"
# The schema stops at 999 lines; the house takes 10,000.
RAISED = {"GoodsShipment/GovernmentAgencyGoodsItem", "Consignment/ConsignmentItem"}
# Running text in life, an identifier in the schema.
RUNNING_TEXT = "GoodsShipment/GovernmentAgencyGoodsItem/Packaging/MarksNumbersID"

BASES = {
    "TextType": {Kind.TEXT},
    "CodeType": {Kind.CODE},
    "IDType": {Kind.CODE},
    "AmountType": {Kind.AMOUNT},
    "MeasureType": {Kind.MEASURE},
    "QuantityType": {Kind.MEASURE, Kind.COUNT},
    "DateTimeType": {Kind.INSTANT, Kind.DAY},
    "NumericType": {Kind.COUNT, Kind.RATE},
}


class Schema:
    """The two files of one schema, walked from its root element."""

    def __init__(self, main: Path, types: Path, root: str) -> None:
        tree = ET.parse(main).getroot()
        self.local = {each.get("name"): each for each in tree.findall(f"{XS}complexType")}
        self.types = {
            each.get("name"): each
            for each in ET.parse(types).getroot()
            if each.tag in (f"{XS}complexType", f"{XS}simpleType")
        }
        self.root = next(each for each in tree.findall(f"{XS}element") if each.get("name") == root)

    def walk(self, element: ET.Element | None = None, path: str = "") -> Iterator[tuple[str, ET.Element]]:
        for child in self.children(self.root if element is None else element):
            name = child.get("name") or "ChangedDeclaration"
            here = f"{path}/{name}" if path else name
            yield here, child
            yield from self.walk(child, here)

    def children(self, element: ET.Element) -> list[ET.Element]:
        inner = element.find(f"{XS}complexType")
        if inner is None:
            inner = self.local.get(element.get("type"))
        return [] if inner is None else inner.findall(f"{XS}sequence/{XS}element")

    def restriction(self, element: ET.Element) -> ET.Element:
        kind = self.types[str(element.get("type")).partition(":")[2]]
        return next(kind.iter(f"{XS}restriction"))


def wco_id(element: ET.Element) -> str:
    found = next((each for each in element.iter() if each.tag.endswith("WCOID")), None)
    return (found.text or "").strip() if found is not None else ""


@pytest.fixture(scope="module")
def schemas(shared_data: Path) -> dict[str, tuple[Schema, Group]]:
    folder = shared_data / "hmrc_cds/schemas/wco"
    dec, res = folder / "declaration", folder / "notification"
    return {
        "DEC": (
            Schema(dec / "WCO_DEC_2_DMS.xsd", dec / "WCO_DS/WCO_DEC_DS_2_DMS.xsd", "Declaration"),
            DECLARATION,
        ),
        "RES": (Schema(res / "WCO_RES_2_DMS.xsd", res / "WCO_DS/WCO_RES_DS_2_DMS.xsd", "Response"), RESPONSE),
    }


def without_changed(group: Group) -> list[tuple[str, Leaf | Group]]:
    return [(path, part) for path, part in group.walk() if not path.startswith("ChangedDeclaration/")]


@pytest.mark.parametrize("message", ["DEC", "RES"])
def test_the_table_has_every_path_of_the_schema_in_its_order(
    message: str, schemas: dict[str, tuple[Schema, Group]]
) -> None:
    schema, table = schemas[message]
    assert [path for path, _ in without_changed(table)] == [path for path, _ in schema.walk()]


def test_the_declaration_has_459_paths_as_listed(shared_data: Path) -> None:
    listed = (shared_data / "hmrc_cds/DEC_structure_with_cardinality.txt").read_text(encoding="utf-8")
    paths = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert len(paths) == 459
    assert [path for path, _ in DECLARATION.walk()] == paths


@pytest.mark.parametrize("message", ["DEC", "RES"])
def test_class_and_element_numbers_and_cardinality_are_those_of_the_schema(
    message: str, schemas: dict[str, tuple[Schema, Group]]
) -> None:
    schema, table = schemas[message]
    for (path, part), (_, element) in zip(without_changed(table), schema.walk(), strict=True):
        if path == "ChangedDeclaration":
            continue
        number = part.tag if isinstance(part, Leaf) else part.class_id
        # The schema leaves the number of this one empty; rejections print 337.
        assert number == (wco_id(element) or "337"), path
        assert part.required == (element.get("minOccurs", "1") == "1"), path
        most = element.get("maxOccurs", "1")
        assert (isinstance(part, Group) and part.many) == (most != "1"), path
        limit = part.most if isinstance(part, Group) else None
        assert limit == (d.MAX_GOODS_ITEMS if path in RAISED and message == "DEC" else None), path


@pytest.mark.parametrize("message", ["DEC", "RES"])
def test_kinds_and_formats_are_those_of_the_schema(
    message: str, schemas: dict[str, tuple[Schema, Group]]
) -> None:
    schema, table = schemas[message]
    for (path, leaf), (_, element) in zip(without_changed(table), schema.walk(), strict=True):
        if not isinstance(leaf, Leaf):
            continue
        restriction = schema.restriction(element)
        facets = {facet.tag.removeprefix(XS): facet.get("value") for facet in restriction}
        values = tuple(facet.get("value") for facet in restriction.findall(f"{XS}enumeration"))
        base = str(restriction.get("base")).partition(":")[2]
        assert leaf.kind in BASES[base] or path == RUNNING_TEXT, path
        length = facets.get("maxLength") or facets.get("length") or facets.get("totalDigits") or "0"
        assert leaf.most == int(length), path
        assert leaf.exact == ("length" in facets), path
        if "fractionDigits" in facets:
            assert leaf.decimals == int(str(facets["fractionDigits"])), path
        pattern = facets.get("pattern")
        letters = {"([a-zA-Z])*": "a", "([0-9])*": "n"}.get(str(pattern), "")
        assert leaf.letters == letters, path
        # What a function code may be is the table of acts' matter: an unknown one has a finding of its own.
        assert leaf.values == (() if path == "FunctionCode" else values), path


def groups(group: Group) -> Iterator[Group]:
    yield group
    for _, part in group.walk():
        if isinstance(part, Group):
            yield part


@pytest.mark.parametrize("table", [DECLARATION, RESPONSE], ids=["DEC", "RES"])
def test_every_field_of_the_table_is_a_field_of_its_record_and_no_number_means_two_things(
    table: Group,
) -> None:
    for group in groups(table):
        numbers = [
            child.tag if isinstance(child, Leaf) else child.class_id
            for child in group.children
            if child.name != "ChangedDeclaration"
        ]
        assert len(set(numbers)) == len(numbers), group.name
        if group.record is not None:
            filled = [field for field, _ in group._places(())]
            assert len(set(filled)) == len(filled), group.name
            assert set(filled) <= set(group.record.__struct_fields__), group.name


def test_every_field_of_the_declaration_and_of_a_line_has_its_element() -> None:
    assert DECLARATION.unplaced == ()
    _, goods_item = DECLARATION.places["goods_items"]
    assert isinstance(goods_item, Group)
    assert goods_item.unplaced == ()


def test_formats_read_as_the_wco_writes_them() -> None:
    forms = {path: part.form for path, part in DECLARATION.walk() if isinstance(part, Leaf)}
    assert forms["FunctionalReferenceID"] == "an..35"
    assert forms["GoodsShipment/Destination/CountryCode"] == "a2"
    assert forms["InvoiceAmount"] == "n..16,3"
    assert forms["TotalPackageQuantity"] == "n..8"
    assert forms["BorderTransportMeans/ModeCode"] == "n1"


# Element (with its class) → field, where the field is not simply the element's name in small letters.
NAMED_OTHERWISE = {
    "ID": "declaration_id",
    "TotalGrossMassMeasure": "total_gross_mass",
    "SpecificCircumstancesCodeCode": "specific_circumstances_code",
    "Consignment": "security_consignment",
    "ObligationGuarantee": "guarantees",
    "Status": "statuses",
    "ChangedDeclaration": "changed",
    "Authentication/Authentication": "text",
    "Authenticator/Name": "authenticator_name",
    "Freight/PaymentMethodCode": "freight_payment_method_code",
    "Consignment/Itinerary": "itineraries",
    "CurrencyExchange/RateNumeric": "rate_millionths",
    "Contact/Name": "contact_name",
    "ExitOffice/ID": "exit_office_id",
    "PresentationOffice/ID": "presentation_office_id",
    "SupervisingOffice/ID": "supervising_office_id",
    "GuaranteeOffice/ID": "guarantee_office_id",
    "AppealOffice/ID": "appeal_office_id",
    "Bank/ID": "bank_id",
    "Bank/ReferenceID": "bank_reference_id",
    "ExportCountry/ID": "export_country_id",
    "CustomsValuation/FreightChargeAmount": "freight_charge",
    "CustomsValuation/MethodCode": "valuation_method_code",
    "ChargeDeduction/OtherChargeDeductionAmount": "amount",
    "GoodsShipment/AEOMutualRecognitionParty": "aeo_mutual_recognition_parties",
    "GoodsShipment/DomesticDutyTaxParty": "domestic_duty_tax_parties",
    "GovernmentAgencyGoodsItem/AEOMutualRecognitionParty": "aeo_mutual_recognition_parties",
    "GovernmentAgencyGoodsItem/DomesticDutyTaxParty": "domestic_duty_tax_parties",
    "GovernmentAgencyGoodsItem/CustomsValueAmount": "customs_value",
    "GovernmentAgencyGoodsItem/StatisticalValueAmount": "statistical_value",
    "GovernmentAgencyGoodsItem/GovernmentProcedure": "procedures",
    "WriteOff/QuantityQuantity": "quantity",
    "WriteOff/AmountAmount": "amount",
    "ObligationGuarantee/AmountAmount": "amount",
    "Commodity/DangerousGoods": "dangerous_goods_undg_ids",
    "DutyTaxFee/AdValoremTaxBaseAmount": "ad_valorem_tax_base",
    "DutyTaxFee/SpecificTaxBaseQuantity": "specific_tax_base",
    "DutyTaxFee/TaxRateNumeric": "tax_rate_millionths",
    "Payment/MethodCode": "payment_method_code",
    "Payment/ObligationGuarantee": "guarantee_reference_ids",
    "GoodsMeasure/GrossMassMeasure": "gross_mass",
    "GoodsMeasure/NetNetWeightMeasure": "net_mass",
    "InvoiceLine/ItemChargeAmount": "item_charge",
    "ValuationAdjustment/AdditionCode": "valuation_adjustment_code",
    "Packaging/QuantityQuantity": "quantity",
    "Packaging/LengthMeasure": "length",
    "Packaging/WidthMeasure": "width",
    "Packaging/HeightMeasure": "height",
    "Packaging/VolumeMeasure": "volume",
    "Declaration/FunctionalReferenceID": "declaration_reference_id",
    "Declaration/ID": "declaration_id",
    "Declaration/DutyTaxFee": "payments",
}
GOODS_ITEMS = {"DEC": "goods_items", "RES": "taxed_items"}


@pytest.mark.parametrize("message", ["DEC", "RES"])
def test_every_field_is_named_after_its_element(message: str) -> None:
    """A round trip cannot see two elements of one kind change places; their names can."""
    table = {"DEC": DECLARATION, "RES": RESPONSE}[message]
    for path, part in without_changed(table):
        if not part.field:
            continue
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", part.name.replace("LPCO", "Lpco")).lower()
        plain = words.replace("_date_time", "_time")
        name = "/".join(path.split("/")[-2:])
        if name == "GoodsShipment/GovernmentAgencyGoodsItem":
            assert part.field == GOODS_ITEMS[message]
        else:
            expected = [NAMED_OTHERWISE[name]] if name in NAMED_OTHERWISE else [plain, f"{plain}s"]
            assert part.field in expected, path
