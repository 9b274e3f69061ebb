"""Whatever a trader's workbook holds, it is read or refused with code, place and remedy, within a second."""

from __future__ import annotations

import io
import string
import time
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thongquan import words
from thongquan.engine.declaration import Amount, Classification, Invoice, Kept, Quantity
from thongquan.packs.files import read_file
from thongquan.packs.pack import Pack, load
from thongquan.packs.vn import register
from thongquan.packs.vn.goods_writing import write_form, write_list

from ..packs.vn.sheets import line, old_workbook, shirts, workbook

DAY = date(2020, 6, 15)
PACK: Pack = load("vn")
MORNING = datetime(2020, 6, 15, 2, tzinfo=UTC)
HEADINGS = [
    "Số tờ khai",
    "Mã HS",
    "Tên hàng",
    "Lượng",
    "ĐVT",
    "Đơn giá",
    "Trị giá",
    "Xuất xứ",
    "Ngày đăng ký",
    "Mã hàng",
]
LABELS = ["Số tham chiếu", "Mã loại hình", "Tờ khai hàng hóa nhập khẩu", "Tổng cộng", "Ngày hóa đơn"]
SECOND = 1.0

cells = st.one_of(
    st.none(),
    st.sampled_from(
        [*HEADINGS, *LABELS, "1.234", "1,5", "A - CIF - USD -", "31/02/2020", "100000000010", "#N/A"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**12), 10**12).map(float),
)
rows = st.lists(st.lists(cells, max_size=12), max_size=60)


def told(data: bytes) -> None:
    """Read it all; every finding has its words, its place where it is about a cell, and no reading is empty."""
    began = time.perf_counter()
    readings = list(read_file("tệp.xlsx", data, PACK))
    assert time.perf_counter() - began < SECOND
    assert readings
    for one in readings:
        assert one.declaration is not None or one.findings
        for finding in one.findings:
            assert words.sentence(finding.code, finding.says, "vi")
            assert words.remedy(finding.code, finding.says, "en")
            assert finding.at or not finding.code.startswith("CELL_")


def made() -> dict[str, bytes]:
    rows = [register.registered(shirts(kept=()), "100000000010", MORNING, None, PACK)]
    sheet: list[list[object]] = [
        ["Mã HS", "Tên hàng", "Lượng", "ĐVT", "Trị giá"],
        ["61091010", "Áo", 3, "Cái", 10],
    ]
    return {
        "form": write_form(shirts(), "import")[0],
        "list": write_list(shirts(), PACK, DAY)[0],
        "register": register.write_xlsx(rows, PACK)[0],
        "csv": register.write_csv(rows, PACK)[0],
        "old": old_workbook("Hàng", sheet),
    }


FILES = made()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, rows)
def test_any_cells_are_read_or_told(first, second):
    told(workbook(("Tờ khai", first), ("Hàng", [HEADINGS, *second])))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(cells, max_size=10).map(lambda row: [c for c in row if c is not None]), max_size=40))
def test_any_cells_of_the_old_format_are_read_or_told(rows):
    told(old_workbook("Hàng", [HEADINGS, *rows]))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_with_changed_bytes_is_read_or_told(name, data):
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    told(bytes(content))


@pytest.mark.parametrize("name", ["form", "list", "register"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_workbook_with_changed_parts_is_read_or_told(name, data):
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(FILES[name])) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        chosen = data.draw(st.sampled_from(old.namelist()))
        for entry in old.namelist():
            content = bytearray(old.read(entry))
            if entry == chosen and content:
                at = data.draw(st.integers(0, len(content) - 1))
                content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
            new.writestr(entry, bytes(content))
    told(out.getvalue())


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_file_that_was_cut_is_read_or_told(name, data):
    told(FILES[name][: data.draw(st.integers(1, len(FILES[name])))])


plain = st.text(string.ascii_letters + "ăâđêôơư -/.,=+'", min_size=1, max_size=30).map(str.strip).filter(bool)
figures = st.integers(1, 10**15)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(plain, figures, figures, st.sampled_from(["61091010", "87032361", "01012100"])),
                min_size=1, max_size=5), plain, plain)  # fmt: skip
def test_what_is_written_is_read_back(lines, reference, invoice):
    goods = tuple(
        line(number, description=name, item_charge=Amount(millionths=value, currency="USD"),
             tariff_quantity=Quantity(millionths=quantity, unit="PCE"),
             classifications=(Classification(id=code, identification_type_code="TSP"),))
        for number, (name, value, quantity, code) in enumerate(lines, 1)
    )  # fmt: skip
    kept = (Kept(path="ecus/goods[1]/own_code", text=reference),)
    declaration = shirts(*goods, functional_reference_id=reference, invoice=Invoice(id=invoice), kept=kept)
    for data, left_out in (write_form(declaration, "import"), write_list(declaration, PACK, DAY)):
        (reading,) = read_file("x", data, PACK)
        if not left_out:
            assert reading.declaration == declaration, reading.findings
