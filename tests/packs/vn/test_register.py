"""The BCCT register: written from declarations, read back by number, and held against what the law computes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest

from thongquan.engine.declaration import Amount
from thongquan.packs.files import read_file, read_stream
from thongquan.packs.pack import Pack, assess, load
from thongquan.packs.vn import register
from thongquan.packs.vn.register import registered

from .sheets import line, old_workbook, shirts, workbook

DAY = date(2020, 6, 15)
MORNING = datetime(2020, 6, 15, 2, 0, tzinfo=UTC)
HEAD = ["Số TK", "Mã loại hình", "Ngày ĐK", "Mã HS", "Tên hàng", "Số lượng", "ĐVT", "Trị giá", "Tổng tiền thuế",
        "Xuất xứ", "Mã doanh nghiệp", "Tên doanh nghiệp", "Tên đối tác"]  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load("vn")


def row(
    number: object = "100000000010", value: object = 10_000_000, tax: object = 3_200_000, **says: object
) -> list[object]:
    given = {"type": "A11", "day": "15/06/2020", "code": "61091010"} | says
    return [number, given["type"], given["day"], given["code"], "Áo phông", 300, "PCE", value, tax, "CN",
            "5700100001", "Công ty Biển Xanh", "Dongxing Trading"]  # fmt: skip


@pytest.mark.parametrize("write", [register.write_xlsx, register.write_csv])
def test_a_register_is_read_back_by_number_with_days_lines_and_taxes(pack, write):
    one, many = shirts(kept=()), shirts(*(line(number) for number in range(1, 121)), kept=())
    rows = [
        registered(declaration, number, MORNING, assess(pack, declaration, DAY), pack)
        for number, declaration in (("100000000010", one), ("100000000021", many))
    ]
    data, told = write(rows, pack)
    assert told == ()
    first, second = (reading.declaration for reading in read_file("x", data, pack))
    assert (first.declaration_id, first.type_code, first.declaration_office_id) == (
        "100000000010",
        "A11",
        "20BB",
    )
    assert first.acceptance_time == MORNING
    assert (first.importer_id, first.importer.name, first.exporter.name) == (
        "5700100001", "Công ty Biển Xanh", "Dongxing Trading",
    )  # fmt: skip
    assert first.goods_items[1].customs_value == Amount(millionths=5_000_000_000_000, currency="VND")
    # duty 2,000,000 and VAT 1,200,000; the fee is none of a line's
    assert {one.path: one.text for one in first.kept}["bcct/goods[1]/total_tax"] == "3200000"
    # 120 lines are three branches of one declaration, and one declaration again; its number as registered.
    assert second.declaration_id == "100000000020"
    assert [item.sequence_numeric for item in second.goods_items] == list(range(1, 121))
    for declaration in (first, second):
        assert register.differences(declaration, assess(pack, declaration, DAY), pack) == ()


def test_branches_count_their_lines_anew_and_say_which_they_are(pack):
    many = shirts(*(line(number) for number in range(1, 52)), kept=())
    data, _ = register.write_csv([registered(many, "100000000010", MORNING, None, pack)], pack)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [(rows[at]["Số nhánh"], rows[at]["STT hàng"]) for at in (0, 49, 50)] == [
        ("1/2", "1"),
        ("1/2", "50"),
        ("2/2", "1"),
    ]


def test_what_a_spreadsheet_would_run_is_text(pack):
    evil = shirts(line(1, description="=cmd|' /C calc'!A0"), kept=())
    data, _ = register.write_csv([registered(evil, "100000000010", MORNING, None, pack)], pack)
    assert b"'=cmd" in data
    (reading,) = read_file("x", data, pack)
    assert reading.declaration.goods_items[0].description == "=cmd|' /C calc'!A0"


def test_rows_of_one_number_are_one_declaration_wherever_they_stand(pack):
    rows = [HEAD, row(), row("100000000020"), row(value=5_000_000, tax=1), [None] * 12]
    first, second = (one.declaration for one in read_file("x", workbook(("BCCT", rows)), pack))
    assert [len(first.goods_items), len(second.goods_items)] == [2, 1]
    warnings = register.differences(first, assess(pack, first, DAY), pack)
    # Line 2: duty 1,000,000 and VAT 10 % of 6,000,000 = 600,000; the register has 1.
    assert [(w.code, w.at, w.says["registered"], w.says["computed"]) for w in warnings] == [
        ("REGISTER_TAX_DIFFERS", "goods_items[2]", "1", "1600000")
    ]


def test_a_row_without_a_number_is_named_and_the_others_are_read(pack):
    rows = [HEAD, row(), row(None), row("100000000020", day="15.6.2020")]
    readings = list(read_file("x", workbook(("BCCT", rows)), pack))
    assert [one.declaration is not None for one in readings] == [True, False, True]
    assert [(f.code, f.at) for f in readings[1].findings] == [("REGISTER_NUMBER_MISSING", "sheet BCCT!A3")]


def test_an_export_has_its_company_as_exporter(pack):
    (reading,) = read_file("x", workbook(("BCCT", [HEAD, row(300000000010, type="B11")])), pack)
    declaration = reading.declaration
    assert (declaration.exporter_id, declaration.importer.name) == ("5700100001", "Dongxing Trading")


def test_a_register_of_the_old_format_is_read(pack):
    (reading,) = read_file("x", old_workbook("BCCT", [HEAD, row()]), pack)
    assert reading.declaration.goods_items[0].commodity_code == "61091010"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_register_as_csv_is_read_whatever_stands_between_its_cells(pack, delimiter):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([HEAD, row(value="10.000.000", tax="3.200.000,5")])
    (reading,) = read_stream("x", io.BytesIO(text.getvalue().encode()), pack)
    assert reading.declaration.goods_items[0].customs_value.millionths == 10_000_000_000_000


def test_a_register_in_another_encoding_is_refused_whole(pack):
    data = ",".join(HEAD).encode() + b"\r\n" + "Á".encode("cp1258") + b"\xff\r\n"
    (reading,) = read_file("x", data, pack)
    assert [f.code for f in reading.findings] == ["CSV_ENCODING"]
