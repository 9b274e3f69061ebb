"""Documents of other systems as they are met: cut, doubled, renamed, in other marks and encodings.

Whatever is done to one, the answer is a declaration or a finding with code, place and remedy, in less than a second and
little memory; and what is read is never more than what is written.
"""

from __future__ import annotations

import re
import time
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from thongquan import words
from thongquan.engine.findings import errors
from thongquan.engine.formats.json_lines import examine, write_json
from thongquan.engine.formats.reading import read_file

ITEM = """<Item><Attached_documents><Attached_document_code>705</Attached_document_code>
<Attached_document_reference>BL 7</Attached_document_reference>
<Attached_document_date>2/3/20</Attached_document_date>
</Attached_documents><Packages><Number_of_packages>10</Number_of_packages>
<Marks1_of_packages>A\nB</Marks1_of_packages>
<Kind_of_packages_code>CT</Kind_of_packages_code></Packages><Tarification><HScode>
<Commodity_code>22042100</Commodity_code>
<Precision_1>10</Precision_1></HScode><Extended_customs_procedure>4000</Extended_customs_procedure>
<National_customs_procedure>000</National_customs_procedure><Supplementary_unit>
<Suppplementary_unit_code>LTR</Suppplementary_unit_code>
<Suppplementary_unit_quantity>7.5</Suppplementary_unit_quantity></Supplementary_unit>
<Item_price>1234.5</Item_price></Tarification>
<Goods_description><Country_of_origin_code>CL</Country_of_origin_code>
<Commercial_Description>Vino tinto, 2018</Commercial_Description>
</Goods_description><Previous_doc><Summary_declaration>X 1</Summary_declaration>
<Summary_declaration_sl>1</Summary_declaration_sl>
</Previous_doc><Taxation><Taxation_line><Duty_tax_code>CET</Duty_tax_code><Duty_tax_Base>1000</Duty_tax_Base>
<Duty_tax_rate>20</Duty_tax_rate><Duty_tax_amount>200</Duty_tax_amount><Duty_tax_MP>1</Duty_tax_MP></Taxation_line>
<Taxation_line><Duty_tax_code><null/></Duty_tax_code><Duty_tax_Base/></Taxation_line></Taxation>
<Valuation_item><Weight_itm>
<Gross_weight_itm>12.5</Gross_weight_itm><Net_weight_itm>11</Net_weight_itm></Weight_itm>
<Total_CIF_itm>1000</Total_CIF_itm>
<Item_Invoice><Amount_national_currency>1000</Amount_national_currency>
<Amount_foreign_currency>1234.5</Amount_foreign_currency>
<Currency_code>USD</Currency_code><Currency_rate>2.7</Currency_rate></Item_Invoice></Valuation_item></Item>"""
SAD = f"""<ASYCUDA id="1"><Property><Sad_flow>I</Sad_flow><Nbers><Total_number_of_items>2</Total_number_of_items>
<Total_number_of_packages>20</Total_number_of_packages></Nbers></Property><Identification><Office_segment>
<Customs_clearance_office_code>XY01</Customs_clearance_office_code></Office_segment><Type>
<Type_of_declaration>IM</Type_of_declaration>
<Declaration_gen_procedure_code>4</Declaration_gen_procedure_code></Type><Registration>
<Serial_number>C</Serial_number>
<Number>12</Number><Date>3/30/20</Date></Registration></Identification><Traders><Exporter><Exporter_code>
<null/></Exporter_code>
<Exporter_name>Viña S.A.\nCalle 1</Exporter_name></Exporter><Consignee><Consignee_code>T 1</Consignee_code>
</Consignee></Traders>
<Declarant><Declarant_code>T1</Declarant_code><Reference><Number>R-1</Number></Reference></Declarant>
<Financial><Amounts>
<Totals_taxes>400</Totals_taxes><Global_taxes>0.0</Global_taxes></Amounts></Financial><Valuation><Gs_Invoice>
<Amount_foreign_currency>2469</Amount_foreign_currency><Currency_code>USD</Currency_code>
<Currency_rate>2.7</Currency_rate>
</Gs_Invoice></Valuation><Container><Item_Number>1</Item_Number>
<Container_identity>ABCU1234567</Container_identity></Container>
{ITEM}{ITEM}</ASYCUDA>"""
CUSDEC = (
    "UNA:+.? 'UNB+UNOC:3+A+B+261103:1530+R'UNH+1+CUSDEC:D:96B:UN'BGM+929+R-1+9'CST++4000'LOC+96+XY01'"
    "DTM+137:20260301:102'MEA+AAE+G+KGM:450'RFF+BM:7'NAD+CZ+++A?'S?+B'NAD+DT+T1'MOA+39:1,5:USD'UNS+D'CST+1+22042100'FTX+AAA+++VINO:TINTO'"
    "LOC+27+CL'MEA+AAE+AAB+KGM:10.5'PAC+10++CT'MOA+38:1.5:USD'TAX+3+++++:::20'MOA+161:0.3:USD'UNS+S'CNT+5:1'"
    "UNT+22+1'UNZ+1+R'"
)

NASTY = st.sampled_from(
    ["", " ", "0", "-1", "1,234", "1.234,56", "1 234,5", "12,5", "1E9", "1.0E9", "9" * 40, "NaN", "31/12/20", "3/4/20",
     "2020-13-45", "2020-02-30", "20200203", "0/0/0", "<null/>", "<null/><null/>", "<a><b/></a>", "x" * 5_000,
     "\u00a012", "&#0;", "&x;", "a\nb\n\nc",
     "Ѕсrірt", "\u200b", "e\u0301", "null", "true", "I", "IM", "4000", "?", "'", "+", ":"]
)  # fmt: skip
WHERE = st.floats(0, 1)


@st.composite
def changes(draw: st.DrawFn, text: str, parts: re.Pattern[str]) -> str:
    """A text after some changes of its parts: taken away, doubled, moved, emptied, filled with something else."""
    for _ in range(draw(st.integers(1, 6))):
        found = [match.span() for match in parts.finditer(text)]
        if not found:
            return text
        start, end = found[int(draw(WHERE) * (len(found) - 1))]
        other, _ = found[int(draw(WHERE) * (len(found) - 1))]
        put = draw(
            st.sampled_from(["", text[start:end] * 2, text[start:end] * 300, text[start:end].swapcase()])
            | NASTY
        )
        moved = text[start:end]
        text = text[:start] + put + text[end:]
        if draw(st.booleans()):
            text = text[:other] + moved + text[other:]
    return text


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1258", "utf-32", "utf-16-le"])
DECLARED = st.sampled_from(
    ["", "utf-8", "UTF-16", "windows-1252", "windows-1258", "ISO-8859-1", "x", "utf-7"]
)
MARKUP = re.compile(r">[^<>]*<|</?[A-Za-z][^<>]*>|<(\w+)>[^<>]*</\1>")
SEGMENTS = re.compile(r"[^']*'|[+:][^+:']*")


def examined(data: bytes) -> None:
    started = time.process_time()
    readings = list(read_file("x", data, None, "percent"))
    assert time.process_time() - started < 1
    assert readings
    for reading in readings:
        assert reading.declaration is not None or errors(reading.findings)
        for finding in reading.findings:
            whole_file = (
                "FILE_",
                "XML_",
                "EDIFACT_",
                "JSON_",
                "TABLE_",
                "CSV_",
                "FINDINGS_CUT",
                "ELEMENTS_KEPT",
            )
            assert finding.at or reading.place or finding.code.startswith(whole_file), finding
            for language in words.LANGUAGES:
                assert words.sentence(finding.code, finding.says, language)
                assert words.remedy(finding.code, finding.says, language)
        if reading.declaration is not None:
            again, findings = examine(write_json(reading.declaration))
            assert again == reading.declaration
            assert not errors(findings)


@given(changes(SAD, MARKUP), ENCODINGS, DECLARED)
@settings(deadline=None)
def test_a_changed_sad_is_read_or_refused_in_words(text: str, encoding: str, declared: str):
    head = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    examined((head + text).encode(encoding, "replace"))


@given(
    st.lists(changes(SAD, MARKUP), min_size=1, max_size=3),
    st.sampled_from(["", "\n", "<?xml version='1.0'?>", "x"]),
)
@settings(deadline=None, max_examples=50)
def test_changed_documents_behind_each_other_are_read_or_refused_in_words(texts: list[str], between: str):
    examined(between.join(texts).encode())
    examined(f"<list>{between.join(texts)}</list>".encode())


@given(changes(CUSDEC, SEGMENTS), st.sampled_from(["utf-8", "cp1252", "utf-16"]))
@settings(deadline=None)
def test_a_changed_cusdec_is_read_or_refused_in_words(text: str, encoding: str):
    examined(text.encode(encoding, "replace"))


def test_hundreds_of_items_take_less_than_a_second_and_little_memory():
    data = SAD.replace(ITEM, ITEM * 450).encode()
    examined(data)
    tracemalloc.start()
    (reading,) = read_file("x", data, None, "percent")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.declaration is not None
    assert len(reading.declaration.goods_items) == 900
    # The text is 1.6 megabytes.
    assert most < 60_000_000
