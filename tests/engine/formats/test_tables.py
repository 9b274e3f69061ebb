"""CSV and XLSX: what a trader types, what a program writes, and what an attacker sends."""

import io
import resource
import time
import tracemalloc
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import xlsxwriter

from thongquan import words
from thongquan.engine.declaration import (
    AdditionalDocument,
    Address,
    Amount,
    ChargeDeduction,
    Classification,
    Consignment,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Guarantee,
    Invoice,
    Kept,
    Origin,
    Packaging,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
    Seal,
    TradeTerms,
    TransportEquipment,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.engine.formats import columns, tables
from thongquan.engine.formats.tables import (
    examine_csv,
    examine_xlsx,
    read_csv,
    read_xlsx,
    write_csv,
    write_xlsx,
)

HANOI = timezone(timedelta(hours=7))

FULL = Declaration(
    functional_reference_id="TQ-1",
    function_code="9",
    type_code="IMA",
    acceptance_time=datetime(2020, 6, 15, 8, 30, tzinfo=HANOI),
    goods_item_quantity=2,
    declarant=Party(
        id="5700100256", name="Công ty TNHH Hạ Long", address=Address(line="1 Trần Phú", country_code="VN")
    ),
    invoice=Invoice(id="007", issue_time=datetime(2020, 6, 1)),
    invoice_amount=Amount(millionths=1_234_500_000, currency="USD"),
    trade_terms=TradeTerms(condition_code="CIF", location_name="Cái Lân"),
    total_gross_mass=Quantity(millionths=1_234_000, unit="KGM"),
    charge_deductions=(
        ChargeDeduction(charges_type_code="AP", amount=Amount(millionths=5_000_000, currency="USD")),
    ),
    guarantees=(Guarantee(reference_id="BL-9", amount=Amount(millionths=10**15, currency="VND")),),
    consignment=Consignment(
        transport_equipment=(
            TransportEquipment(sequence_numeric=1, id="CSQU3054383", seals=(Seal(id="S1"), Seal(id="S2"))),
        )
    ),
    goods_items=(
        GoodsItem(
            sequence_numeric=1,
            description='Cam tươi, loại "A"; hộp\n10 kg',
            classifications=(Classification(id="08051000"),),
            origins=(Origin(country_code="EG", type_code="1"), Origin(country_code="EG", type_code="2")),
            procedures=(Procedure(current_code="40", previous_code="00"), Procedure(current_code="000")),
            gross_mass=Quantity(millionths=1_234_000, unit="KGM"),
            item_charge=Amount(millionths=1_000_000, currency="USD"),
            packagings=(Packaging(type_code="BX", quantity=Quantity(millionths=10_000_000)),),
            additional_documents=(
                AdditionalDocument(
                    category_code="N", type_code="935", id="=1+1", effective_time=datetime(2020, 6, 1)
                ),
                AdditionalDocument(category_code="U", type_code="110", id="-7"),
            ),
            previous_documents=(
                PreviousDocument(category_code="Z", type_code="MCR", id="0001", line_numeric=1),
            ),
            duty_tax_fees=(
                DutyTaxFee(type_code="A00", duty_regime_code="300", tax_rate_millionths=-5_500_000),
                DutyTaxFee(type_code="B00", payment_method_code="E"),
            ),
        ),
        GoodsItem(
            sequence_numeric=2,
            description="'=x",
            classifications=(
                Classification(id="08052100", identification_type_code="TSP"),
                Classification(id="00", identification_type_code="TRC"),
            ),
            procedures=(Procedure(current_code="000"), Procedure(current_code="71", previous_code="40")),
            dangerous_goods_undg_ids=("1203", "1863"),
            gross_mass=Quantity(millionths=123456789012345678),
            consignor=Party(name="Nile Fruits"),
        ),
    ),
)
OTHER = Declaration(
    functional_reference_id="TQ-2", type_code="EXA", goods_items=(GoodsItem(sequence_numeric=1),)
)


def from_csv(text: str | bytes, **options: Any) -> list[Declaration | list[tuple[str, str]]]:
    """Each declaration, or the codes and places for which it is refused."""
    data = text.encode() if isinstance(text, str) else text
    return [shown(given) for _, given in read_csv(io.BytesIO(data), **options)]


def from_xlsx(data: bytes, **options: Any) -> list[Declaration | list[tuple[str, str]]]:
    return [shown(given) for _, given in read_xlsx(data, **options)]


def shown(given: Declaration | tuple[Finding, ...]) -> Declaration | list[tuple[str, str]]:
    if isinstance(given, Declaration):
        return given
    for finding in given:  # each has its words
        for language in words.LANGUAGES:
            assert words.sentence(finding.code, finding.says, language)
            assert words.remedy(finding.code, finding.says, language)
    return [(finding.code, finding.at) for finding in given]


def one(cells: dict[str, str], delimiter: str = ",") -> Any:
    """What a table of one row with these columns says, the reference aside."""
    quoted = ['"' + value.replace('"', '""') + '"' for value in cells.values()]
    names = delimiter.join(["functional_reference_id", *cells])
    (given,) = from_csv(f"{names}\n{delimiter.join(['A', *quoted])}\n")
    return given


def figure(text: str, delimiter: str = ",") -> Any:
    """What a figure cell is read as: millionths, or the code for which it is refused."""
    given = one({"gross_mass": text}, delimiter)
    return given.goods_items[0].gross_mass_millionths if isinstance(given, Declaration) else given[0][0]


def book(*sheets: tuple[str, Iterable[Iterable[Any]]]) -> bytes:
    """A workbook as people make it: numbers are numbers, texts texts."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets:
        page = made.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write_datetime(row, column, cell, day)
                elif isinstance(cell, bool):
                    page.write_boolean(row, column, cell)
                elif isinstance(cell, int | float):
                    page.write_number(row, column, cell)
                elif isinstance(cell, tuple):
                    page.write_formula(row, column, *cell)
                else:
                    page.write_string(row, column, cell)
    made.close()
    return out.getvalue()


def cell_of(heading: str, cell: Any, **options: Any) -> Any:
    """What a workbook with this cell in B2 says: the declaration, or codes and places."""
    (given,) = from_xlsx(book(("Hàng", [["functional_reference_id", heading], ["A", cell]])), **options)
    return given


# The list of columns.


def test_every_heading_means_one_column_only_whatever_its_language():
    for column in columns.columns():
        places = tuple(range(1, 1 + column.name.count("{")))
        slot = columns.Slot(column, places)
        for heading in ("name", "vi", "en"):
            assert columns.slot_of(slot.heading(heading)) == slot, slot.heading(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "commodity_code",
        "Commodity code",
        "Mã số hàng hóa",
        "ma so hang hoa",
        "MÃ SỐ HÀNG HOÁ",
        "Ma\u0303 so^\u0301 hàng\nhóa",
    ],
)
def test_case_diacritics_and_punctuation_of_a_heading_do_not_matter(heading: str):
    slot = columns.slot_of(heading)
    assert slot is not None
    assert slot.name == "commodity_code"


def test_a_column_made_for_a_place_is_preferred_to_the_numbered_one():
    first = columns.slot_at(True, (("origins", 1), ("country_code", 0)))
    second = columns.slot_at(True, (("origins", 2), ("country_code", 0)))
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("origin_country_code", "origin_2_country_code")


@pytest.mark.parametrize("form", ["import", "export", "simplified"])
def test_a_blank_form_can_be_filled_in_every_language(form: columns.Form):
    for headings in ("name", "vi", "en"):
        out = io.BytesIO()
        assert write_xlsx((), out, headings=headings, form=columns.template(form)) == ()
        assert from_xlsx(out.getvalue()) == [[("TABLE_WITHOUT_ROWS", "")]]


# Reading CSV.


def test_lines_of_one_reference_are_one_declaration_and_an_empty_one_goes_on():
    text = """functional_reference_id,type_code,sequence_numeric,commodity_code
A-1,IMA,1,08051000
A-1,IMA,2,08052100
,,3,08055000
A-2,EXA,1,09011110
"""
    assert from_csv(text) == [
        Declaration(
            functional_reference_id="A-1",
            type_code="IMA",
            goods_items=tuple(
                GoodsItem(sequence_numeric=number, classifications=(Classification(id=code),))
                for number, code in ((1, "08051000"), (2, "08052100"), (3, "08055000"))
            ),
        ),
        Declaration(
            functional_reference_id="A-2",
            type_code="EXA",
            goods_items=(GoodsItem(sequence_numeric=1, classifications=(Classification(id="09011110"),)),),
        ),
    ]


def test_vietnamese_headings_and_semicolons_are_read_as_excel_writes_them_in_vietnam():
    text = "Số tham chiếu của người khai;Mã số hàng hóa;Trọng lượng cả bì;#ghi chú\r\nA;08051000;12,5;của tôi\r\n"
    expected = Declaration(
        functional_reference_id="A",
        goods_items=(
            GoodsItem(
                classifications=(Classification(id="08051000"),), gross_mass=Quantity(millionths=12_500_000)
            ),
        ),
    )
    for data in (
        text.encode(),
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        b"\xfe\xff" + text.encode("utf-16-be"),
    ):
        assert from_csv(data) == [expected]


def test_a_table_without_rows_says_so():
    assert from_csv("functional_reference_id,type_code\n\n,\n") == [[("TABLE_WITHOUT_ROWS", "")]]


def test_tabs_empty_rows_and_spaces_around_values_are_layout():
    assert from_csv("\nfunctional_reference_id\ttype_code\n\n A \t IMA \n\t\n") == [
        Declaration(functional_reference_id="A", type_code="IMA")
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "TABLE_WITHOUT_HEADINGS"),
        (b"a,b\n1,2\n", "TABLE_WITHOUT_HEADINGS"),
        ("functional_reference_id,description\nA,Hà Nội\n".encode("cp1258", "replace"), "CSV_ENCODING"),
        ("functional_reference_id\nA\n".encode("utf-32"), "CSV_ENCODING"),
        ("functional_reference_id\nA\n".encode("utf-16-le"), "CSV_ENCODING"),
        (b'functional_reference_id,description\nA,"open\n', "CSV_QUOTES"),
        (b'functional_reference_id,description\nA,"x"y\n', "CSV_QUOTES"),
        (b'functional_reference_id,description\nA,"' + b"x\n" * 600_000 + b'"\n', "CSV_QUOTES"),
        (b"functional_reference_id,description\nA," + b"," * 1_000_000 + b"\n", "CSV_ROW_TOO_LONG"),
        (b"functional_reference_id" + b",description" * 2_000 + b"\n", "TABLE_TOO_WIDE"),
        (b"functional_reference_id\n" + b"\n" * 100_001, "TABLE_TOO_EMPTY"),
        (b"functional_reference_id,type_code\n" + b",\n" * 100_001, "TABLE_TOO_EMPTY"),
        (b"type_code\nIMA\n", "TABLE_WITHOUT_REFERENCE"),
    ],
)
def test_a_file_that_is_no_table_gives_one_finding_and_no_declaration(data: bytes, code: str):
    (given,) = from_csv(data)
    assert isinstance(given, list)
    assert [found for found, _ in given] == [code]


def test_the_cells_of_a_form_are_as_many_as_are_wanted_and_never_wider_than_a_table():
    rows = b"".join(b"R%d,x\n" % n for n in range(10))
    (few,) = tables.cells_of(b"functional_reference_id,description\n\n" + rows, False, 3)
    assert [number for number, _ in few.rows] == [3, 4, 5, 6]
    # one row of 100,000 cells must not make every row so wide
    wide = b"functional_reference_id,description\nA" + b"," * 100_000 + b"\nB,x\n"
    assert tables.cells_of(wide, False, 3) == ()


def test_nothing_is_given_out_of_a_file_that_ends_in_rubble():
    assert from_csv('functional_reference_id,type_code\nA,IMA\nB,"IMA\n') == [[("CSV_QUOTES", "row 3")]]


def test_headings_are_judged_all_at_once_with_the_nearest_name():
    (examined,) = examine_csv(
        io.BytesIO(b"functional_reference_id,comodity_code,type_code,Type code,colour\nA\n")
    )
    assert [(f.code, f.at) for f in examined.findings] == [
        ("HEADING_UNKNOWN", "B1"),
        ("HEADING_TWICE", "D1"),
        ("HEADING_UNKNOWN", "E1"),
    ]
    assert examined.findings[0].says["nearest"] == "commodity_code"
    assert examined.findings[1].says["first"] == "C1"


def test_a_value_below_no_heading_is_not_lost():
    assert from_csv("functional_reference_id,\nA,7\nB,,8\n") == [
        [("CELL_WITHOUT_HEADING", "B2")],
        [("CELL_WITHOUT_HEADING", "C3")],
    ]


def test_a_value_of_the_declaration_may_not_change_below_its_first_row():
    text = "functional_reference_id,type_code,sequence_numeric\nA,IMA,1\nA,,2\nA,EXA,3\n"
    (examined,) = examine_csv(io.BytesIO(text.encode()))
    assert [(f.code, f.at) for f in examined.findings] == [("HEADER_DIFFERS", "B4")]
    assert dict(examined.findings[0].says) == {
        "heading": "type_code",
        "value": "EXA",
        "first": "IMA",
        "first_row": "2",
        "row": "4",
    }


def test_rows_of_one_reference_in_two_places_are_refused_in_both():
    text = "functional_reference_id,sequence_numeric\nA,1\nB,1\nA,2\nC,1\n"
    assert from_csv(text) == [
        [("REFERENCE_SCATTERED", "A2")],
        Declaration(functional_reference_id="B", goods_items=(GoodsItem(sequence_numeric=1),)),
        [("REFERENCE_SCATTERED", "A4")],
        Declaration(functional_reference_id="C", goods_items=(GoodsItem(sequence_numeric=1),)),
    ]


def test_a_first_row_needs_its_reference_and_a_later_row_its_line():
    text = "functional_reference_id,sequence_numeric,type_code\n,1,IMA\nB,,IMA\nB,,IMA\n"
    assert from_csv(text) == [[("REFERENCE_MISSING", "A2")], [("ROW_WITHOUT_LINE", "row 4")]]


def test_all_errors_of_a_row_are_found_and_other_declarations_are_not_touched():
    text = """functional_reference_id,acceptance_time,sequence_numeric,gross_mass,gross_mass_unit,item_charge_currency
A,2020-06-31,x,"1,5",KGM,USD
B,2020-06-15T08:30:00+07:00,1,,,
"""
    assert from_csv(text) == [
        [
            ("CELL_NOT_A_TIME", "B2"),
            ("CELL_NOT_A_NUMBER", "C2"),
            ("CELL_NUMBER_WITH_COMMA", "D2"),
            ("CELL_FIGURE_MISSING", "F2"),
        ],
        Declaration(
            functional_reference_id="B",
            acceptance_time=datetime(2020, 6, 15, 1, 30, tzinfo=UTC),
            goods_items=(GoodsItem(sequence_numeric=1),),
        ),
    ]


@pytest.mark.parametrize(
    ("text", "comma", "semicolon"),
    [
        ("12", 12_000_000, 12_000_000),
        ("12.5", 12_500_000, 12_500_000),
        ("-0.000001", -1, -1),
        ("1234567.891", 1_234_567_891_000, 1_234_567_891_000),
        ("1.234", 1_234_000, "CELL_NUMBER_AMBIGUOUS"),
        ("1,234", "CELL_NUMBER_WITH_COMMA", "CELL_NUMBER_AMBIGUOUS"),
        ("12,5", "CELL_NUMBER_WITH_COMMA", 12_500_000),
        ("0,125", "CELL_NUMBER_WITH_COMMA", 125_000),
        ("1234,567", "CELL_NUMBER_WITH_COMMA", 1_234_567_000),
        ("1,2340", "CELL_NUMBER_WITH_COMMA", 1_234_000),
        ("1.234,5", "CELL_NUMBER_WITH_COMMA", "CELL_NOT_A_NUMBER"),
        ("1,234.5", "CELL_NUMBER_WITH_COMMA", "CELL_NOT_A_NUMBER"),
        ("1.234.567", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("1 234", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("0.0000001", "CELL_NUMBER_TOO_PRECISE", "CELL_NUMBER_TOO_PRECISE"),
        ("1E+5000000", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("NaN", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("Infinity", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("１２", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("9" * 25, "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
        ("12 kg", "CELL_NOT_A_NUMBER", "CELL_NOT_A_NUMBER"),
    ],
)
def test_a_mark_in_a_figure_is_never_guessed_at(text: str, comma: int | str, semicolon: int | str):
    assert figure(text) == comma
    assert figure(text, ";") == semicolon
    assert figure(text, "\t") == semicolon


def test_a_whole_number_is_whole():
    assert one({"sequence_numeric": "3.0"}).goods_items[0].sequence_numeric == 3
    assert one({"sequence_numeric": "3.5"}) == [("CELL_NUMBER_NOT_WHOLE", "B2")]


def test_instants_without_a_zone_take_the_callers_and_days_need_none():
    row = "functional_reference_id,acceptance_time,issue_time,invoice_issue_time\n"
    row += "A,2020-06-15 08:30,2020-06-15,2020-06-01\n"
    (given,) = from_csv(row)
    assert given == [("CELL_TIME_WITHOUT_ZONE", "B2"), ("CELL_TIME_WITHOUT_ZONE", "C2")]
    (given,) = from_csv(row, zone=HANOI)
    assert isinstance(given, Declaration)
    assert given.acceptance_time == datetime(2020, 6, 15, 1, 30, tzinfo=UTC)
    assert given.issue_time == datetime(2020, 6, 14, 17, tzinfo=UTC)
    assert given.invoice == Invoice(issue_time=datetime(2020, 6, 1))


def test_a_day_in_another_order_is_refused():
    assert one({"invoice_issue_time": "06/05/2020"}) == [("CELL_NOT_A_TIME", "B2")]


def test_text_is_judged_as_everywhere():
    assert one({"description": "Hòa".replace("ò", "o\u0300")}) == [("TEXT_NOT_NFC", "B2")]
    assert one({"commodity_code": "08051000\u00a0"}) == [("TEXT_LOOK_ALIKE", "B2")]
    assert one({"commodity_code": "0805\u200b1000"}) == [("TEXT_INVISIBLE_CHARACTER", "B2")]
    assert one({"declarant_id": "АВС-1"})  # Cyrillic alone is no mixture
    assert one({"declarant_id": "АB-1"}) == [("TEXT_MIXED_SCRIPTS", "B2")]


def test_a_warning_does_not_refuse_and_is_not_lost():
    data = "functional_reference_id,declarant_name\nA,АВB\n".encode()
    (examined,) = examine_csv(io.BytesIO(data))
    assert examined.declaration == Declaration(functional_reference_id="A", declarant=Party(name="АВB"))
    assert [(f.code, f.severity) for f in examined.findings] == [("TEXT_MIXED_SCRIPTS", Severity.WARNING)]


def test_short_columns_say_procedures_and_preferential_origin():
    item = one(
        {
            "procedure_code": "40 00",
            "additional_procedure_codes": "000 1CG",
            "origin_country_code": "CN",
            "preferential_origin_country_code": "VN",
        }
    ).goods_items[0]
    assert (item.procedure_code, item.additional_procedure_codes) == ("4000", ("000", "1CG"))
    assert (item.origin_country_code, item.preferential_origin_country_code) == ("CN", "VN")
    assert one({"procedure_code": "400"}) == [("CELL_NOT_A_PROCEDURE", "B2")]


def test_a_short_column_and_a_numbered_one_may_not_both_speak():
    assert one({"procedure_code": "4000", "procedure_1_current_code": "71"}) == [("COLUMNS_CLASH", "B2")]
    both = {
        "preferential_origin_country_code": "VN",
        "origin_2_type_code": "2",
        "origin_2_country_code": "CN",
    }
    assert one(both) == [("COLUMNS_CLASH", "B2")]


def test_findings_of_a_declaration_and_of_a_file_are_cut_and_that_is_said():
    head = "functional_reference_id,sequence_numeric\n"
    (given,) = from_csv(head + "A,x\n" * 5_000)
    assert isinstance(given, list)
    assert len(given) == tables.MAX_FINDINGS + 1
    assert given[-1][0] == "FINDINGS_CUT"
    many = from_csv(head + "".join(f"A{n},x\n" for n in range(5_000)))
    assert len(many) == tables.MAX_FILE_FINDINGS + 1
    assert many[-1] == [("FINDINGS_CUT", "row 1002")]


def test_ten_thousand_lines_are_read_and_one_more_is_refused():
    text = "functional_reference_id,sequence_numeric\n" + "".join(f"A,{n}\n" for n in range(1, 10_001))
    (given,) = from_csv(text)
    assert isinstance(given, Declaration)
    assert len(given.goods_items) == 10_000
    assert from_csv(text + "A,10001\nA,10002\n") == [[("GOODS_ITEMS_TOO_MANY", "row 10002")]]


# Writing.


def test_what_is_written_reads_back_equal_in_both_formats_and_all_headings():
    for headings in ("name", "vi", "en"):
        for write, read in ((write_csv, from_csv), (write_xlsx, from_xlsx)):
            out = io.BytesIO()
            assert write((FULL, OTHER), out, headings=headings) == ()
            assert read(out.getvalue()) == [FULL, OTHER]


def test_equal_declarations_give_equal_bytes():
    for write in (write_csv, write_xlsx):
        first, second = io.BytesIO(), io.BytesIO()
        write((FULL,), first)
        write((FULL,), second)
        assert first.getvalue() == second.getvalue()


def test_a_text_that_a_spreadsheet_would_run_is_made_inert_and_comes_back():
    hostile = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "'=1",
        "''@x",
        '=HYPERLINK("http://example.org")',
    ]
    for text in hostile:
        declaration = Declaration(functional_reference_id="A", goods_items=(GoodsItem(description=text),))
        out = io.BytesIO()
        write_csv((declaration,), out)
        cell = out.getvalue().decode("utf-8-sig").splitlines()[1].partition(",")[2].strip('"')
        assert cell.startswith("'"), cell
        assert from_csv(out.getvalue()) == [declaration]
        out = io.BytesIO()
        write_xlsx((declaration,), out)
        assert from_xlsx(out.getvalue()) == [declaration]
        with zipfile.ZipFile(out) as package:
            sheet = package.read("xl/worksheets/sheet1.xml")
        assert b"<f" not in sheet
        assert b"hyperlink" not in sheet


def test_a_negative_figure_is_a_number_and_needs_no_apostrophe():
    declaration = Declaration(
        functional_reference_id="A", goods_items=(GoodsItem(item_charge=Amount(millionths=-12_500_000)),)
    )
    out = io.BytesIO()
    write_csv((declaration,), out)
    assert out.getvalue().decode("utf-8-sig") == "functional_reference_id,item_charge\r\nA,-12.5\r\n"


def test_what_a_table_cannot_carry_is_said_and_the_rest_is_written():
    declaration = Declaration(
        functional_reference_id="A",
        importer=Party(name=" spaced "),
        goods_items=(
            GoodsItem(),
            GoodsItem(sequence_numeric=2, origins=(Origin(), Origin(country_code="VN"))),
        ),
        kept=(Kept(path="Foo", text="x"),),
    )
    out = io.BytesIO()
    assert [(f.code, f.at, f.severity) for f in write_csv((declaration,), out)] == [
        ("FIELD_NOT_IN_TABLE", "importer.name", Severity.WARNING),
        ("FIELD_NOT_IN_TABLE", "kept[1].path", Severity.WARNING),
        ("FIELD_NOT_IN_TABLE", "kept[1].text", Severity.WARNING),
        ("FIELD_NOT_IN_TABLE", "goods_items[1]", Severity.WARNING),
        ("FIELD_NOT_IN_TABLE", "goods_items[2].origins[1]", Severity.WARNING),
    ]
    assert out.getvalue().decode("utf-8-sig").splitlines()[1:] == ["A,2,VN"]


def test_declarations_that_a_table_cannot_tell_apart_are_left_out():
    out = io.BytesIO()
    found = write_csv((OTHER, Declaration(type_code="IM"), OTHER), out)
    assert [(f.code, f.at) for f in found] == [
        ("EXPORT_REFERENCE_MISSING", "declarations[2]"),
        ("EXPORT_REFERENCE_TWICE", "declarations[3]"),
    ]
    assert from_csv(out.getvalue()) == [OTHER]


def test_a_text_longer_than_an_excel_cell_is_said():
    long = Declaration(
        functional_reference_id="A", goods_items=(GoodsItem(sequence_numeric=1, description="x" * 32_768),)
    )
    out = io.BytesIO()
    assert [f.at for f in write_xlsx((long,), out)] == ["goods_items[1].description"]
    out = io.BytesIO()
    assert write_csv((long,), out) == ()


# Reading workbooks.


def test_a_workbook_of_several_sheets_says_what_it_does_not_read():
    data = book(
        ("Hướng dẫn", [["Điền từng dòng hàng"]]),
        ("Hàng", [[], ["", "functional_reference_id", "sequence_numeric"], ["", "A", 1], ["", "A", 2]]),
        ("Thêm", [["functional_reference_id", "type_code"], ["B", "IMA"]]),
    )
    examined = list(examine_xlsx(data))
    assert [(e.row, e.place, [f.code for f in e.findings]) for e in examined] == [
        (1, "sheet Hướng dẫn", ["SHEET_NOT_READ"]),
        (3, "sheet Hàng!row 3", []),
        (2, "sheet Thêm!row 2", []),
    ]
    assert examined[0].findings[0].severity is Severity.NOTE
    assert examined[1].declaration == Declaration(
        functional_reference_id="A",
        goods_items=(GoodsItem(sequence_numeric=1), GoodsItem(sequence_numeric=2)),
    )


def test_a_place_names_the_sheet_and_the_cell():
    rows = [["functional_reference_id", "", "gross_mass"], *[["A", "", 1]] * 12, ["A", "", "x"]]
    assert from_xlsx(book(("Hàng", rows))) == [[("CELL_NOT_A_NUMBER", "sheet Hàng!C14")]]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (12.5, 12_500_000),
        (0.1, 100_000),
        (0.000001, 1),
        (20_047_515_407.9285, 20_047_515_407_928_500),
        (0.0, 0),
        (-0.5, -500_000),
        (123456789.123456, 123_456_789_123_456),
        (999_999_999_999_999.0, 999_999_999_999_999_000_000),
        (("=0.1+0.2", None, 0.1 + 0.2), "CELL_NUMBER_COMPUTED"),
        (1 / 3, "CELL_NUMBER_COMPUTED"),
        (1e15, "CELL_NUMBER_COMPUTED"),
        (1e300, "CELL_NUMBER_COMPUTED"),
        (0.0000001, "CELL_NUMBER_COMPUTED"),
        (1.2345678, "CELL_NUMBER_COMPUTED"),
        ("12.5", 12_500_000),
        ("1.234", "CELL_NUMBER_AMBIGUOUS"),
        ("1,234", "CELL_NUMBER_AMBIGUOUS"),
        ("12,5", 12_500_000),
        (True, "CELL_NOT_A_NUMBER"),
        (datetime(2020, 5, 1), "CELL_NOT_A_NUMBER"),
    ],
)
def test_a_number_cell_is_read_exactly_or_refused(cell: Any, expected: int | str):
    given = cell_of("gross_mass", cell)
    if isinstance(expected, str):
        assert given == [(expected, "sheet Hàng!B2")]
    else:
        assert given.goods_items[0].gross_mass_millionths == expected


@pytest.mark.parametrize("cell", [8051000, 85171300.0, True, datetime(2020, 5, 1)])
def test_a_code_that_was_not_typed_as_text_is_refused_because_a_zero_may_be_lost(cell: Any):
    assert cell_of("commodity_code", cell) == [("CELL_NOT_TEXT", "sheet Hàng!B2")]
    assert isinstance(cell_of("commodity_code", "08051000"), Declaration)


def test_dates_of_a_workbook_are_days():
    day = datetime(2020, 6, 15)
    assert cell_of("invoice_issue_time", day).invoice == Invoice(issue_time=day)
    assert cell_of("acceptance_time", day) == [("CELL_TIME_WITHOUT_ZONE", "sheet Hàng!B2")]
    assert cell_of("acceptance_time", day, zone=HANOI).acceptance_time == datetime(
        2020, 6, 14, 17, tzinfo=UTC
    )
    assert cell_of("invoice_issue_time", 43997) == [("CELL_NOT_A_TIME", "sheet Hàng!B2")]


def test_an_error_value_is_not_an_empty_cell():
    assert cell_of("item_charge", ("=NA()", None, "#N/A")) == [("CELL_ERROR_VALUE", "sheet Hàng!B2")]


def test_a_formula_is_read_by_its_value_and_refused_without_one():
    assert cell_of("item_charge", ("=5*2", None, 10)).goods_items[0].item_charge_millionths == 10_000_000
    data = changed(
        book(("Hàng", [["functional_reference_id", "item_charge"], ["A", ("=5*2", None, 10)]])),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<v>10</v>", b""),
    )
    assert from_xlsx(data) == [[("CELL_WITHOUT_VALUE", "sheet Hàng!B2")]]


def test_an_error_or_uncomputed_formula_is_not_lost_in_a_row_of_its_own():
    rows = [["functional_reference_id", "item_charge"], ["A", 1], ["", ("=NA()", None, "#N/A")], ["", 2]]
    assert from_xlsx(book(("Hàng", rows))) == [
        [("CELL_ERROR_VALUE", "sheet Hàng!B3"), ("ROW_WITHOUT_LINE", "sheet Hàng!row 3")]
    ]
    last = book(("Hàng", [["functional_reference_id", "item_charge"], ["A", 1], ["", ("=5*2", None, 10)]]))
    data = changed(last, SHEET, lambda xml: xml.replace(b"<v>10</v>", b""))
    assert from_xlsx(data) == [
        [("CELL_WITHOUT_VALUE", "sheet Hàng!B3"), ("ROW_WITHOUT_LINE", "sheet Hàng!row 3")]
    ]


def test_white_space_around_a_reference_does_not_make_another_declaration():
    rows = [["functional_reference_id", "sequence_numeric"], ["A", 1], [" A ", 2], ["  ", 3]]
    (given,) = from_xlsx(book(("Hàng", rows)))
    assert isinstance(given, Declaration)
    assert [item.sequence_numeric for item in given.goods_items] == [1, 2, 3]


def test_merged_cells_are_allowed_only_down_a_column_of_the_declaration():
    def made(merge: str) -> bytes:
        out = io.BytesIO()
        workbook = xlsxwriter.Workbook(out, {"in_memory": True})
        page = workbook.add_worksheet("Hàng")
        for row, cells in enumerate(
            (["functional_reference_id", "type_code", "description"], ["A", "", "x"], ["A", "", "y"])
        ):
            for column, cell in enumerate(cells):
                page.write_string(row, column, cell) if cell else None
        page.merge_range(merge, "IMA")
        workbook.close()
        return out.getvalue()

    (given,) = from_xlsx(made("B2:B3"))
    assert isinstance(given, Declaration)
    assert given.type_code == "IMA"
    assert from_xlsx(made("C2:C3")) == [[("CELL_MERGED", "sheet Hàng!C2")]]
    assert from_xlsx(made("B2:C2")) == [[("CELL_MERGED", "sheet Hàng!B2")]]


# Hostile packages.


def changed(data: bytes, entry: str, change: Any) -> bytes:
    """The package with one entry rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == entry else content)
    return out.getvalue()


SMALL = book(("Hàng", [["functional_reference_id", "type_code"], ["A", "IMA"]]))
SHEET = "xl/worksheets/sheet1.xml"


def with_rows(rows: bytes) -> bytes:
    """SMALL with other rows in its sheet."""

    def change(xml: bytes) -> bytes:
        return xml[: xml.index(b"<sheetData>")] + b"<sheetData>" + rows + b"</sheetData></worksheet>"

    return changed(SMALL, SHEET, change)


def refused_xlsx(data: bytes) -> str:
    """The code for which a package is refused, shown to cost under a second and 256 MB."""
    started = time.process_time()
    (given,) = from_xlsx(data)
    assert time.process_time() - started < 1
    tracemalloc.start()
    from_xlsx(data)
    assert tracemalloc.get_traced_memory()[1] < 256_000_000
    tracemalloc.stop()
    assert isinstance(given, list)
    return given[0][0]


def test_two_cells_far_apart_do_not_take_all_memory():
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused_xlsx(with_rows(far)) == "XLSX_BOMB"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    "rows",
    [
        b"<row r='1'><c r='A1'><v>1</v></c></row>",
        b'<row r="1"><c s="1" r="A1"><v>1</v></c></row>',
        b'<row r="1"><c><v>1</v></c></row>',
        b'<row r="1"><c r="&#65;1"><v>1</v></c></row>',
        b'<row r="1"><c r="a1"><v>1</v></c></row>',
        b'<row r="1"><c r="XFE1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1048577"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        b'<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
        b'<row r="1"><x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:v>1</x:v></x:c></row>',
        b'<!DOCTYPE a [<!ENTITY b "c">]>',
    ],
)
def test_cells_that_two_programs_may_read_differently_are_refused(rows: bytes):
    assert refused_xlsx(with_rows(rows)) == "XLSX_UNUSUAL"


def test_one_long_text_in_very_many_cells_is_refused():
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 20_001))
    shared = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"x" * 32_000
        + b"</t></si></sst>"
    )
    data = changed(with_rows(cells), "xl/sharedStrings.xml", lambda _: shared)
    assert refused_xlsx(data) == "XLSX_BOMB"


def test_zip_bombs_are_refused_by_what_they_would_unpack_to():
    assert refused_xlsx(changed(SMALL, SHEET, lambda xml: xml + b" " * 150_000_000)) == "XLSX_BOMB"
    assert refused_xlsx(changed(SMALL, SHEET, lambda xml: xml + b" " * 50_000_000)) == "XLSX_BOMB"
    out = io.BytesIO(SMALL)
    with zipfile.ZipFile(out, "a") as package:
        for number in range(1_001):
            package.writestr(f"x{number}", b"")
    assert refused_xlsx(out.getvalue()) == "XLSX_BOMB"


def test_a_directory_that_lies_about_sizes_is_refused():
    data = bytearray(changed(SMALL, SHEET, lambda xml: xml + b" " * 500_000))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as package:
        size = package.getinfo(SHEET).file_size
    at = data.rindex(SHEET.encode()) - 46  # the directory's own record of the entry
    assert int.from_bytes(data[at + 24 : at + 28], "little") == size
    data[at + 24 : at + 28] = (size - 400_000).to_bytes(4, "little")
    assert refused_xlsx(bytes(data)) == "XLSX_BOMB"


def test_overlapping_repeated_encrypted_and_torn_entries_are_refused():
    assert refused_xlsx(SMALL[:-1]) == "XLSX_BROKEN"
    assert refused_xlsx(SMALL[: len(SMALL) // 2]) == "XLSX_BROKEN"
    assert refused_xlsx(b"PK\x03\x04" + b"\0" * 100) == "XLSX_BROKEN"
    flipped = bytearray(SMALL)
    flipped[60] ^= 0xFF
    assert refused_xlsx(bytes(flipped)) in ("XLSX_BROKEN", "XLSX_UNUSUAL")
    out = io.BytesIO(SMALL)
    with zipfile.ZipFile(out, "a") as package, pytest.warns(UserWarning, match="Duplicate name"):
        package.writestr(SHEET, b"<worksheet/>")
    assert refused_xlsx(out.getvalue()) == "XLSX_UNUSUAL"
    overlapping = bytearray(SMALL)
    at = overlapping.rindex(SHEET.encode()) - 46
    overlapping[at + 42 : at + 46] = (0).to_bytes(4, "little")
    assert refused_xlsx(bytes(overlapping)) in ("XLSX_BOMB", "XLSX_UNUSUAL")


def test_a_package_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("word/document.xml", "<a/>")
    assert refused_xlsx(out.getvalue()) == "XLSX_BROKEN"
    assert refused_xlsx(changed(SMALL, "xl/workbook.xml", lambda _: b"<a>")) in (
        "XLSX_BROKEN",
        "TABLE_WITHOUT_HEADINGS",
    )


# Size.


def test_ten_thousand_lines_of_a_workbook_are_read_in_two_seconds():
    item = FULL.goods_items[0]
    many = Declaration(functional_reference_id="A", type_code="IMA", goods_items=(item,) * 10_000)
    out = io.BytesIO()
    write_xlsx((many,), out)
    started = time.process_time()
    assert from_xlsx(out.getvalue()) == [many]
    assert time.process_time() - started < 2


def test_memory_does_not_grow_with_the_rows_of_a_csv_file():
    def peak(declarations: int) -> int:
        text = io.StringIO()
        text.write(
            "functional_reference_id,type_code,sequence_numeric,commodity_code,description,gross_mass\n"
        )
        for n in range(declarations):
            for line in range(1, 11):
                text.write(f"A-{n},IMA,{line},08051000,Cam tươi,12.5\n")
        stream = io.BytesIO(text.getvalue().encode())
        del text
        tracemalloc.start()
        assert sum(isinstance(given, Declaration) for _, given in read_csv(stream)) == declarations
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(10)  # what is loaded once
    assert peak(2_000) < peak(200) + 200_000
