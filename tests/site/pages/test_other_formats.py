"""An ASYCUDA document and a CUSDEC message are lodged whole: by page, by API and by command, import and export.

The messages are built from the formats' descriptions, with invented parties; the codes are those of the sample country
(`packs/sample/data/codes`, annex 3 of its invented act).
"""

from __future__ import annotations

import io
import json

import pytest
from typer.testing import CliRunner

from thongquan import cli
from thongquan.engine.formats import json_lines, reading, tables
from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance import automatic
from thongquan.site.clearance.models import Declaration, DeclarationVersion

from ..api.machines import START, machine_of

SAD_IMPORT = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<ASYCUDA>
<Property><Sad_flow>I</Sad_flow><Nbers><Total_number_of_items>1</Total_number_of_items>
<Total_number_of_packages>10</Total_number_of_packages></Nbers></Property>
<Identification>
<Office_segment><Customs_clearance_office_code>ZZ0001</Customs_clearance_office_code></Office_segment>
<Type><Type_of_declaration>IM</Type_of_declaration><Declaration_gen_procedure_code>4</Declaration_gen_procedure_code></Type>
<Manifest_reference_number>2026 88</Manifest_reference_number>
<Registration><Serial_number><null/></Serial_number><Number/><Date/></Registration></Identification>
<Traders><Exporter><Exporter_code>XA-77</Exporter_code><Exporter_name>Firma Inventada S.A.</Exporter_name></Exporter>
<Consignee><Consignee_code>ZZ-DEMO-1</Consignee_code><Consignee_name>Công ty Mẫu</Consignee_name></Consignee></Traders>
<Declarant><Declarant_code>ZZ-DEMO-1</Declarant_code><Declarant_name>Công ty Mẫu</Declarant_name>
<Reference><Year>2026</Year><Number>{reference}</Number></Reference></Declarant>
<General_information><Country><Export><Export_country_code>XA</Export_country_code></Export>
<Destination><Destination_country_code>ZZ</Destination_country_code></Destination></Country></General_information>
<Transport><Container_flag>false</Container_flag><Delivery_terms><Code>CIF</Code><Place>PORT</Place></Delivery_terms></Transport>
<Financial><Amounts><Totals_taxes>4888</Totals_taxes><Global_taxes>0</Global_taxes></Amounts></Financial>
<Valuation><Gs_Invoice><Amount_national_currency>26,000.00</Amount_national_currency>
<Amount_foreign_currency>1,000.00</Amount_foreign_currency><Currency_code>USD</Currency_code>
<Currency_rate>26</Currency_rate></Gs_Invoice></Valuation>
<Item>
<Attached_documents><Attached_document_code>705</Attached_document_code>
<Attached_document_reference>BL-{reference}</Attached_document_reference><Attached_document_date>11/3/26</Attached_document_date></Attached_documents>
<Packages><Number_of_packages>10</Number_of_packages><Marks1_of_packages>1-10</Marks1_of_packages>
<Kind_of_packages_code>CT</Kind_of_packages_code></Packages>
<Tarification><HScode><Commodity_code>61091000</Commodity_code><Precision_1><null/></Precision_1></HScode>
<Extended_customs_procedure>4000</Extended_customs_procedure><National_customs_procedure>000</National_customs_procedure>
<Supplementary_unit><Suppplementary_unit_code>NAR</Suppplementary_unit_code>
<Suppplementary_unit_quantity>10</Suppplementary_unit_quantity></Supplementary_unit>
<Item_price>1,000.00</Item_price></Tarification>
<Goods_description><Country_of_origin_code>XA</Country_of_origin_code>
<Commercial_Description>Áo thun bông</Commercial_Description></Goods_description>
<Taxation>
<Taxation_line><Duty_tax_code>DUT</Duty_tax_code><Duty_tax_Base>26000</Duty_tax_Base><Duty_tax_rate>8</Duty_tax_rate>
<Duty_tax_amount>2080</Duty_tax_amount><Duty_tax_MP>1</Duty_tax_MP></Taxation_line>
<Taxation_line><Duty_tax_code>VAT</Duty_tax_code><Duty_tax_Base>28080</Duty_tax_Base><Duty_tax_rate>10</Duty_tax_rate>
<Duty_tax_amount>2808</Duty_tax_amount><Duty_tax_MP>1</Duty_tax_MP></Taxation_line></Taxation>
<Valuation_item><Weight_itm><Gross_weight_itm>100</Gross_weight_itm><Net_weight_itm>90</Net_weight_itm></Weight_itm></Valuation_item>
</Item></ASYCUDA>
"""

SAD_EXPORT = (
    SAD_IMPORT.replace(">I<", ">E<")
    .replace(">IM<", ">EX<")
    .replace("code>4<", "code>1<")
    .replace(">4000<", ">1000<")
    .replace("<Country_of_origin_code>XA<", "<Country_of_origin_code>ZZ<")
    .replace("<Export_country_code>XA<", "<Export_country_code>ZZ<")
    .replace("<Destination_country_code>ZZ<", "<Destination_country_code>XA<")
    .replace("<Exporter_code>XA-77<", "<Exporter_code>ZZ-DEMO-1<")
    .replace("<Consignee_code>ZZ-DEMO-1<", "<Consignee_code>XA-77<")
)

CUSDEC_IMPORT = """UNB+UNOC:3+BROKER+CUSTOMS+261103:1530+REF1'
UNH+1+CUSDEC:D:96B:UN'
BGM+929+{reference}+9'
CST++4000'
LOC+96+ZZ0001'
LOC+35+XA'
RFF+BM:BL-{reference}'
NAD+CZ+++FIRMA INVENTADA SA+CALLE 1+PUERTO++1000+XA'
NAD+CN+ZZ-DEMO-1'
NAD+IM+ZZ-DEMO-1'
NAD+DT+ZZ-DEMO-1'
MOA+39:1000:USD'
TOD+++CIF'
UNS+D'
CST+1+61091000'
FTX+AAA+++COTTON T-SHIRTS'
LOC+27+XA'
MEA+AAE+AAB+KGM:100'
MEA+AAE+AAC+KGM:90'
MEA+AAR++NAR:10'
PAC+10++CT'
MOA+38:1000:USD'
UNS+S'
CNT+5:1'
UNT+24+1'
UNZ+1+REF1'
"""

CUSDEC_EXPORT = (
    CUSDEC_IMPORT.replace("D:96B", "D:99B")
    .replace("BGM+929", "BGM+830")
    .replace("4000", "1000")
    .replace("LOC+35+XA", "LOC+36+XA")
    .replace("LOC+27+XA", "LOC+27+ZZ")
    .replace("NAD+CZ+++FIRMA INVENTADA SA+CALLE 1+PUERTO++1000+XA", "NAD+CZ+ZZ-DEMO-1")
    .replace("NAD+CN+ZZ-DEMO-1", "NAD+CN+++FIRMA INVENTADA SA+CALLE 1+PUERTO++1000+XA")
    .replace("NAD+IM+ZZ-DEMO-1'\n", "")
    .replace("UNT+24", "UNT+23")
)

MESSAGES = {
    "IM4": ("sad.xml", "application/xml", SAD_IMPORT),
    "EX1": ("sad.xml", "text/xml", SAD_EXPORT),
    "IM": ("cusdec.edi", "application/edifact", CUSDEC_IMPORT),
    "EX": ("cusdec.txt", "application/edifact", CUSDEC_EXPORT),
}
WHOLE = pytest.mark.parametrize("kind", MESSAGES)


def stored(number: str, kind: str, content: bytes) -> Declaration:
    """The declaration, which was lodged as it came, byte for byte."""
    row = Declaration.objects.get(number=number)
    version = DeclarationVersion.objects.get(declaration=row)
    assert bytes(version.message.content) == content
    declared, _ = json_lines.examine(version.payload.encode())
    assert declared is not None
    assert declared.type_code == kind
    assert declared.goods_items[0].commodity_code == "61091000"
    return row


@WHOLE
def test_by_page(screen, made, country, kind):
    name, _, text = MESSAGES[kind]
    content = text.format(reference="A-1").encode()
    declarant = screen("khai")
    answer = made.upload(declarant, content, name)
    assert answer.status_code == 302, made.read(answer)[:800]
    draft = answer.headers["Location"]
    shown = declarant.see(draft)
    assert "Tờ khai không có lỗi" in shown or "không có lỗi" in shown, shown[:900]
    assert ("điều cần biết" in shown) == name.endswith(".xml")  # all of the CUSDEC message has a field
    assert 'value="61091000"' in declarant.get(draft).content.decode()
    sent = declarant.post(draft, {"does": "send"})
    assert sent.status_code == 302, made.read(sent)[:800]
    number = sent.headers["Location"].split("/")[2].split("?")[0]
    stored(number, kind, content)


@WHOLE
def test_by_api(people, country, kind):
    _, media, text = MESSAGES[kind]
    content = text.format(reference="A-1").encode()
    answer = machine_of("khai").post("/declarations", content, media=media)
    assert answer.status == 201, answer.json
    row = stored(answer.json["number"], kind, content)
    automatic.proceed(row.number, country)
    row.refresh_from_db()
    # Registered, and assessed by the law of the sample country, whatever the document says of its taxes.
    assert row.registered_at is not None
    if kind.startswith("IM"):
        # 1,000 USD × 26 = 26,000; 8 % of that 2,080; 10 % of 28,080 is 2,808; together 4,888.
        assert row.assessed_minor == 4_888


@WHOLE
def test_by_command(people, country, tmp_path, monkeypatch, kind):
    name, _, text = MESSAGES[kind]
    content = text.format(reference="A-1").encode()
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(cli, "open_site", lambda: None)  # the test's database is open already
    arguments = ["lodge", str(tmp_path), "--user", "khai", "--pack", "sample", "--json"]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    told = next(json.loads(line) for line in done.stdout.splitlines() if "number" in line)
    stored(told["number"], kind, content)
    # The same folder once more gets the stored answer.
    again = CliRunner().invoke(cli.app, arguments)
    assert next(json.loads(line) for line in again.stdout.splitlines() if "number" in line)["replay"]
    assert Declaration.objects.count() == 1


def test_taxes_of_a_document_are_never_trusted(people, country):
    """The document claims that one coin of duty is due; the law takes 2,080, whatever its amount and its MP say."""
    text = SAD_IMPORT.replace(">2080<", ">1<").replace("MP>1<", "MP>0<").format(reference="A-1")
    answer = machine_of("khai").post("/declarations", text.encode(), media="application/xml")
    assert answer.status == 201
    assert {one["code"] for one in answer.json["findings"]} >= {
        "ASYCUDA_TAX_LINE_DIFFERS",
        "ASYCUDA_TAXES_DIFFER",
    }
    automatic.proceed(answer.json["number"], country)
    assert Declaration.objects.get().assessed_minor == 4_888


def test_the_pack_says_in_what_unit_a_document_gives_its_rates(people):
    answer = machine_of("khai").post(
        "/declarations", SAD_IMPORT.format(reference="A-1").encode(), media="application/xml"
    )
    declared, _ = json_lines.examine(DeclarationVersion.objects.get().payload.encode())
    assert answer.status == 201
    # 8 and 10 per cent, as millionths of a per cent.
    assert [each.tax_rate_millionths for each in declared.goods_items[0].duty_tax_fees] == [
        8_000_000,
        10_000_000,
    ]


def test_of_documents_of_one_file_each_is_lodged_for_itself_and_a_refused_one_is_named(people):
    good, other = (SAD_IMPORT.format(reference=reference) for reference in ("A-1", "A-3"))
    broken = SAD_IMPORT.format(reference="A-2").replace(">100<", ">viel<")
    content = (good + broken + other).encode()
    khai = machine_of("khai")
    alone = khai.post("/declarations", content, media="application/xml")
    assert (alone.status, alone.code) == (422, "MESSAGE_HAS_SEVERAL")
    bulk = khai.post("/declarations/bulk", content, media="application/xml").json
    assert (bulk["lodged"], bulk["refused"]) == (2, 1)
    first, second, third = bulk["items"]
    assert (second["place"], second["reference"], second["status"]) == ("document 2", "A-2", 422)
    assert second["findings"][0]["code"] == "ASYCUDA_NUMBER_MALFORMED"
    assert (first["reference"], third["reference"]) == ("A-1", "A-3")
    assert set(Declaration.objects.values_list("functional_reference", flat=True)) == {"A-1", "A-3"}


def test_a_page_names_the_document_that_refuses_a_file(screen, made):
    content = (
        SAD_IMPORT.format(reference="A-1") + SAD_IMPORT.format(reference="A-2").replace(">100<", ">viel<")
    ).encode()
    answer = made.upload(screen("khai"), content, "hai.xml")
    assert answer.status_code == 422
    assert "document 2: goods_items[1].gross_mass" in made.read(answer)


@pytest.mark.parametrize(("media", "make"), [
    ("text/csv", tables.write_csv),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", tables.write_xlsx),
])  # fmt: skip
def test_tables_by_api_under_their_own_names(people, media, make):
    (only,) = reading.read_file("", CUSDEC_IMPORT.format(reference="A-1").encode())
    out = io.BytesIO()
    make([only.declaration], out)
    answer = machine_of("khai").post("/declarations", out.getvalue(), media=media)
    assert answer.status == 201, answer.json
    assert Declaration.objects.get().functional_reference == "A-1"


@pytest.mark.parametrize(("sample", "kind"), [
    ("cusdec_d96b_es_minimal.edi", "IM"), ("cusdec_d99b_export_au.edi", "EX"),
])  # fmt: skip
def test_messages_that_others_wrote_are_lodged_as_they_came(people, shared_data, sample, kind):
    """They name no declarant, so only one who declares for everybody may send them; what they lack the checks say."""
    content = (shared_data / "edifact" / sample).read_bytes()
    accounts.post("moi", "DECLARANT", first_day=START, trader="*")
    answer = machine_of("moi").post("/declarations", content, media="application/edifact")
    assert answer.status == 201, answer.json
    version = DeclarationVersion.objects.get()
    assert bytes(version.message.content) == content
    declared, _ = json_lines.examine(version.payload.encode())
    assert declared.type_code == kind
