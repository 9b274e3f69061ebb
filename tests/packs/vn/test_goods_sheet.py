"""The ECUS form and the list of goods: read cell by cell, written, and read back as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import msgspec
import pytest

from thongquan.engine.declaration import Amount, DutyTaxFee, Kept, Party, Quantity
from thongquan.engine.findings import Severity, errors
from thongquan.packs.files import read_file
from thongquan.packs.pack import Pack, assess, load
from thongquan.packs.vn.goods_writing import blank_list, write_form, write_list

from .sheets import line, old_workbook, shirts, workbook

DAY = date(2020, 6, 15)
LABELS: list[list[object]] = [
    ["Số tham chiếu", "TK-1"],
    ["MA LOAI HINH:", "A11"],
    ["Cơ quan hải quan", "20BB"],
    ["Mã người nhập khẩu", 5700100001],
    ["Tên người nhập khẩu", "Công ty Biển Xanh"],
    ["Ngày hóa đơn", "10/06/2020"],
    ["Đồng tiền", "CNY"],
    ["Tổng trọng lượng", "1.200,5"],
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load("vn")


def only(data: bytes, pack: Pack):
    (reading,) = read_file("x", data, pack)
    return reading


def test_a_declaration_written_as_the_form_is_read_back_as_it_was(pack):
    data, told = write_form(shirts(), "import")
    assert told == ()
    reading = only(data, pack)
    assert reading.findings == ()
    assert reading.declaration == shirts()
    assert reading.is_message


def test_a_declaration_written_as_the_list_is_read_back_as_it_was(pack):
    data, told = write_list(shirts(), pack, DAY)
    assert told == ()
    assert only(data, pack).declaration == shirts()
    # Equal declarations give equal bytes.
    assert write_list(shirts(), pack, DAY)[0] == data


def test_what_the_form_has_no_cell_for_is_told_by_its_place(pack):
    agent = Party(id="0100000001", name="Đại lý A")
    goods = line(1, gross_mass=Quantity(millionths=100_000_000, unit="KGM"))
    _, told = write_form(shirts(goods, agent=agent, kept=()), "import")
    assert {finding.at for finding in told} == {
        "agent_id", "agent_name", "goods_items[1].gross_mass",
    }  # fmt: skip
    assert {finding.code for finding in told} == {"FIELD_NOT_IN_SHEET"}


def test_the_form_holds_fifty_lines_and_says_which_it_does_not(pack):
    goods = tuple(line(number) for number in range(1, 53))
    data, told = write_form(shirts(*goods, kept=()), "import")
    assert [finding.at for finding in told] == ["goods_items[51]", "goods_items[52]"]
    declaration = only(data, pack).declaration
    assert declaration is not None
    assert len(declaration.goods_items) == 50


def test_a_filled_form_gives_the_number_the_day_and_what_customs_computed(pack):
    nothing, million = Amount(millionths=0, currency="VND"), Amount(millionths=10**12, currency="VND")
    duty = DutyTaxFee(type_code="NK", duty_regime_code="B05", tax_assessed_amount=nothing)
    vat = DutyTaxFee(type_code="GTGT", tax_assessed_amount=million)
    goods = (line(1, duty_tax_fees=(duty, vat)),)
    registered = shirts(*goods, declaration_id="103312345670",
                        acceptance_time=datetime.fromisoformat("2020-06-15T09:30:00+07:00"))  # fmt: skip
    data, told = write_form(registered, "import")
    assert told == ()
    reading = only(data, pack)
    assert reading.declaration == registered
    # It is told that the declaration has its number already: a note here, a refusal where it is lodged.
    assert [(f.code, f.severity) for f in reading.findings] == [("DECLARATION_HAS_NUMBER", Severity.NOTE)]


def test_the_reference_is_found_by_its_label_wherever_it_stands_on_the_second_page(pack):
    rows: list[list[object]] = [[None] * 12 for _ in range(160)]
    rows[1][5] = "Tờ khai hàng hóa nhập khẩu (thông quan)"
    rows[99][1:7] = ["số quản lý của nội bộ doanh nghiệp", None, None, None, None, "NB-7"]
    rows[5] = [None] * 15 + ["A12  2 [ 4 ]"]
    rows[148][6] = 61091010
    rows[149][6] = "Áo phông"
    declaration = only(workbook(("TKN", rows)), pack).declaration
    assert declaration is not None
    assert declaration.functional_reference_id == "NB-7"
    assert declaration.type_code == "A12"
    assert declaration.border_transport_means.mode_code == "2"
    # The code has eight digits, so the number cell has lost no zero.
    assert declaration.goods_items[0].commodity_code == "61091010"
    assert declaration.kept == (Kept(path="ecus/party_class", text="4"),)


def test_a_cell_out_of_shape_is_named_by_sheet_and_cell(pack):
    rows: list[list[object]] = [[None] * 32 for _ in range(160)]
    rows[1][5] = "To khai hang hoa nhap khau"
    rows[44][9] = "CFR USD"
    rows[42][9] = "32/13/2020"
    rows[148][6] = "61091010"
    rows[152 + 0][21] = "ba trăm"
    found = {finding.at: finding.code for finding in only(workbook(("TKN", rows)), pack).findings}
    assert found == {
        "sheet TKN!J45": "CELL_NOT_AS_THE_FORM",
        "sheet TKN!J43": "CELL_NOT_A_VIETNAMESE_DAY",
        "sheet TKN!V153": "CELL_NOT_A_NUMBER",
    }


def goods(*rows: list[object], headings: list[object] | None = None) -> list[list[object]]:
    head = headings or [
        "STT",
        "MA HS",
        "tên hàng",
        "Xuat xu",
        "Số lượng",
        "Đơn vị tính",
        "Đơn giá (CNY)",
        "Trị giá NT",
    ]
    return [head, *rows]


def test_headings_are_known_without_diacritics_and_codes_by_their_names(pack):
    sheet = goods(
        [1, "61091010", "Áo phông", "Trung Quốc", 300, "Cái", None, "1.234,50"], [None, "Tổng cộng"]
    )
    declaration = only(workbook(("Chung", LABELS), ("Hàng", sheet)), pack).declaration
    assert declaration is not None
    (item,) = declaration.goods_items
    assert item.origin_country_code == "CN"
    assert item.tariff_quantity == Quantity(millionths=300_000_000, unit="PCE")
    # No currency column and no value under the bracket's heading: the header's currency.
    assert item.item_charge == Amount(millionths=1_234_500_000, currency="CNY")
    assert declaration.importer_id == declaration.declarant_id == "5700100001"
    assert declaration.invoice.issue_time == datetime(2020, 6, 10)
    assert declaration.total_gross_mass == Quantity(millionths=1_200_500_000, unit="KGM")
    assert declaration.goods_item_quantity == 1


def test_labels_above_the_goods_on_one_sheet_are_the_header(pack):
    sheet = [*LABELS, [], *goods([1, "61091010", "Áo", "CN", 2, "PCE", None, 10])]
    declaration = only(workbook(("Sheet1", sheet)), pack).declaration
    assert declaration is not None
    assert (declaration.functional_reference_id, declaration.type_code) == ("TK-1", "A11")


def test_a_value_follows_from_quantity_and_unit_price_where_it_does_so_exactly(pack):
    rows = goods(
        [1, "61091010", "Áo", "CN", 300, "PCE", "12,3456", None],
        [2, "61091010", "Áo", "CN", "0,000001", "PCE", "0,5", None],
    )
    reading = only(workbook(("Chung", LABELS), ("H", rows)), pack)
    assert [(f.code, f.at) for f in reading.findings] == [("GOODS_VALUE_MISSING", "sheet H!G3")]
    good = only(workbook(("Chung", LABELS), ("H", rows[:2])), pack).declaration
    # 300 x 12.3456 = 3,703.68, in the currency of the heading
    assert good.goods_items[0].item_charge == Amount(millionths=3_703_680_000, currency="CNY")


@pytest.mark.parametrize(
    ("value", "other", "code"),
    [("1.234", None, "CELL_NUMBER_AMBIGUOUS"), ("1.234", "5,25", ""), ("1,234", "5,25", ""), ("1.234", "5.25", ""),
     ("1.234,5", None, ""), ("x", None, "CELL_NOT_A_NUMBER"), ("1,2,3", None, "CELL_NOT_A_NUMBER")],
)  # fmt: skip
def test_a_mark_that_nothing_decides_is_refused_and_else_read_as_the_file_writes_it(pack, value, other, code):
    rows = goods(
        [1, "61091010", "Áo", "CN", 1, "PCE", None, value],
        [2, "61091010", "Áo", "CN", 1, "PCE", None, other or 1],
    )
    reading = only(workbook(("Chung", LABELS[:-1]), ("H", rows)), pack)
    assert [f.code for f in errors(reading.findings)] == ([code] if code else [])
    if not code:
        read = reading.declaration.goods_items[0].item_charge.millionths
        expected = {
            ("1.234", "5,25"): 1234,
            ("1,234", "5,25"): 1.234,
            ("1.234", "5.25"): 1.234,
            ("1.234,5", None): 1234.5,
        }
        assert read == expected[value, other] * 1_000_000


def test_a_number_of_the_spreadsheet_is_the_one_it_shows(pack):
    rows = goods([1, "61091010", "Áo", "CN", 0.1 + 0.2, "PCE", None, 10 / 3])
    reading = only(workbook(("Chung", LABELS), ("H", rows)), pack)
    # 0.30000000000000004 is shown as 0.3; a third has more than six decimals and is refused.
    assert [(f.code, f.at) for f in reading.findings] == [("CELL_NUMBER_TOO_PRECISE", "sheet H!H2")]


def test_a_code_that_a_number_may_have_shortened_is_refused(pack):
    rows = goods([1, 1012100, "Ngựa", "CN", 1, "UNC", None, 10])
    (finding,) = only(workbook(("Chung", LABELS), ("H", rows)), pack).findings
    assert (finding.code, finding.at) == ("CELL_NOT_TEXT", "sheet H!B2")


def test_a_second_list_of_goods_is_refused_and_named(pack):
    rows = goods([1, "61091010", "Áo", "CN", 1, "PCE", None, 10])
    readings = list(read_file("x", workbook(("Chung", LABELS), ("A", rows), ("B", rows)), pack))
    assert [f.code for f in readings[1].findings] == ["SEVERAL_GOODS_SHEETS"]
    assert readings[1].declaration is None


def test_columns_that_nobody_knows_are_named_and_refuse_nothing(pack):
    head = ["Mã HS", "Tên hàng", "Xuất xứ", "Lượng", "ĐVT", "Trị giá", "Kho lạnh"]
    rows = goods(["61091010", "Áo", "CN", 1, "PCE", 10, "x"], headings=head)
    reading = only(workbook(("Chung", LABELS), ("H", rows)), pack)
    assert reading.declaration is not None
    assert [(f.code, dict(f.says)) for f in reading.findings] == [
        ("COLUMNS_NOT_READ", {"headings": "Kho lạnh"})
    ]


def test_a_table_of_the_house_is_left_to_the_house(pack):
    head = ["Số tham chiếu của người khai", "Mã loại hình", "Mã số hàng hóa", "Mô tả hàng hóa"]
    reading = only(workbook(("H", [head, ["A-1", "A11", "61091010", "Áo"]])), pack)
    assert reading.declaration.functional_reference_id == "A-1"
    assert reading.place == "sheet H!row 2"


def test_another_country_reads_the_same_file_as_a_table_without_its_headings():
    data, _ = write_form(shirts(), "import")
    readings = list(read_file("x", data, load("gb")))
    assert "TABLE_WITHOUT_HEADINGS" in {f.code for one in readings for f in one.findings}


def test_the_old_format_is_read_too(pack):
    rows = goods([1, "61091010", "Áo phông", "CN", 300, "Cái", None, 10])
    sheet = [["Số tham chiếu", "TK-1"], ["Mã loại hình", "A11"], ["Đồng tiền", "VND"], *rows]
    declaration = only(old_workbook("Hàng", sheet), pack).declaration
    assert declaration is not None
    assert declaration.goods_items[0].item_charge == Amount(millionths=10_000_000, currency="VND")


def test_the_blank_list_offers_the_codes_of_its_day_and_declares_nothing(pack):
    reading = only(blank_list(pack, DAY), pack)
    assert reading.declaration is not None
    assert msgspec.structs.replace(reading.declaration, function_code="") == type(reading.declaration)()


def test_the_two_lines_are_assessed_to_the_hand_computed_sums(pack):
    country = replace(pack, random_share_ppm=0)
    data, _ = write_form(shirts(kept=()), "import")
    assessment = assess(country, only(data, country).declaration, DAY)
    # Value 10,000,000 and 5,000,000; DAP holds freight and insurance to the gate, so nothing is added. B05 is claimed
    # on line 1 without a certificate: the MFN rate of 20 % stands. Line 1: duty 2,000,000, VAT 10 % of 12,000,000 =
    # 1,200,000, fee 20,000. Line 2: duty 1,000,000, VAT 10 % of 6,000,000 = 600,000.
    assert [[one.payable_minor for one in each.amounts if one.payable_minor] for each in assessment.lines] == [
        [2_000_000, 1_200_000, 20_000], [1_000_000, 600_000],
    ]  # fmt: skip
