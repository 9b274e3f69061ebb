"""A trader's ECUS form and goods list are lodged by page, by API and by command; the sums are those computed by hand.

The site serves Vietnam on Monday 15 June 2020. Value 10,000,000 and 5,000,000 VND delivered at place: nothing is added.
Shirts of China: import duty 20 %, VAT 10 % of value and duty, fee 20,000.
    line 1: 2,000,000 and 10 % of 12,000,000 = 1,200,000; with form E (schedule B05) 0 and 1,000,000
    line 2: 1,000,000 and 10 % of 6,000,000 = 600,000
    together with the fee 4,820,000; with form E on line 1 2,620,000
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook
from tests.packs.vn.sheets import line, old_workbook, shirts, workbook
from typer.testing import CliRunner

from thongquan import cli
from thongquan.engine.declaration import AdditionalDocument, DutyTaxFee
from thongquan.packs import files
from thongquan.packs.vn.goods_writing import write_form, write_list
from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance import automatic
from thongquan.site.clearance.models import Declaration, DeclarationVersion
from thongquan.site.kit import clock

from ..api.machines import EVERYTHING, Machine

MORNING = datetime(2020, 6, 15, 2, 0, tzinfo=UTC)
DAY = date(2020, 6, 15)
TRADER, OFFICE = "5700100001", "20BB"
WITH_FORM_E = (AdditionalDocument(type_code="CO_E", id="E-2020-1"),)


@pytest.fixture(autouse=True)
def site(settings, monkeypatch):
    from thongquan.site.accounts import api as accounts_api

    settings.PACK = "vn"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    real = accounts_api.caller_of

    def caller_of(named: str):
        known = real(named)
        return known and replace(known, at=MORNING)

    monkeypatch.setattr(accounts_api, "caller_of", caller_of)
    monkeypatch.setattr(clock, "now", lambda: MORNING)


@pytest.fixture
def country(monkeypatch):
    """Vietnam, without the share of consignments that chance selects."""
    from thongquan.packs import pack as packs

    return replace(packs.load("vn"), random_share_ppm=0)


@pytest.fixture(autouse=True)
def vietnamese(people):
    """The declarant of this trader and the people of this office."""
    for name, role in (("khai", "DECLARANT"), ("hoso", "OFFICER"), ("thu", "REVENUE"), ("truong", "LEADER")):
        where = {"trader": TRADER} if role == "DECLARANT" else {"office": OFFICE}
        accounts.post(name, role, first_day=date(2020, 1, 1), **where)


def machine_of(user: str) -> Machine:
    """A machine whose key stands today, while the law is asked for that Monday."""
    made = accounts.client(user, f"machine of {user}")
    return Machine(accounts.give_token(made, scopes=EVERYTHING, now=datetime.now(UTC)))


def form() -> bytes:
    return write_form(shirts(), "import")[0]


def goods_list(country, **fields) -> bytes:
    first = line(1, duty_tax_fees=(DutyTaxFee(duty_regime_code="B05"),), additional_documents=WITH_FORM_E)
    return write_list(shirts(first, line(2, 5_000_000), **fields), country, DAY)[0]


def assessed(number: str, country) -> int | None:
    automatic.proceed(number, country)
    row = Declaration.objects.get(number=number)
    assert row.registered_at is not None
    return row.assessed_minor


def test_the_form_by_page(screen, made, country):
    declarant = screen("khai")
    answer = made.upload(declarant, form(), "ToKhaiHQ7N.xlsx")
    assert answer.status_code == 302, made.read(answer)[:800]
    draft = answer.headers["Location"]
    shown = declarant.see(draft)
    assert "không có lỗi" in shown, shown[:1500]
    assert "4.820.000" in shown
    sent = declarant.post(draft, {"does": "send"})
    assert sent.status_code == 302, made.read(sent)[:800]
    number = sent.headers["Location"].split("/")[2].split("?")[0]
    assert assessed(number, country) == 4_820_000
    # What the trader sent is kept byte for byte.
    assert bytes(DeclarationVersion.objects.get().message.content) == form()


def test_the_list_by_page_can_be_mended_there(screen, made, country):
    declarant = screen("khai")
    content = goods_list(country, type_code="A99")
    draft = made.upload(declarant, content, "hang.xlsx").headers["Location"]
    assert declarant.post(draft, {"does": "send"}).status_code == 422
    sent = declarant.post(draft, {"c.0.type_code": "A11", "does": "send"})
    assert sent.status_code == 302, made.read(sent)[:800]
    assert assessed(sent.headers["Location"].split("/")[2].split("?")[0], country) == 2_620_000


@pytest.mark.parametrize(("make", "sum_"), [("form", 4_820_000), ("list", 2_620_000)])
def test_by_api(country, make, sum_):
    content = form() if make == "form" else goods_list(country)
    answer = machine_of("khai").post(
        "/declarations", content, media="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    assert answer.status == 201, answer.json
    assert assessed(answer.json["number"], country) == sum_


def test_a_workbook_of_the_old_format_by_api(country):
    head = ["Mã HS", "Tên hàng", "Xuất xứ", "Lượng", "ĐVT", "Trị giá"]
    rows = [
        ["61091010", "Áo phông nam", "Trung Quốc", 300, "Cái", value] for value in (10_000_000, 5_000_000)
    ]
    labels = [
        ["Số tham chiếu", "XLS-1"], ["Mã loại hình", "A11"], ["Cơ quan hải quan", OFFICE],
        ["Mã người nhập khẩu", TRADER], ["Tên người nhập khẩu", "Công ty Biển Xanh"], ["Người xuất khẩu", "Dongxing"],
        ["Địa chỉ người xuất khẩu", "No 1"], ["Nước người xuất khẩu", "CN"], ["Nước xuất khẩu", "CN"],
        ["Phương thức vận chuyển", "4"], ["Phương tiện vận chuyển", "9999"], ["Điều kiện giao hàng", "DAP"],
        ["Số hóa đơn", "HD-1"], ["Tổng trị giá hóa đơn", 15_000_000], ["Đồng tiền hóa đơn", "VND"],
    ]  # fmt: skip
    content = old_workbook("Hàng", [*labels, head, *rows])
    answer = machine_of("khai").post("/declarations", content, media="application/vnd.ms-excel")
    assert answer.status == 201, answer.json
    assert assessed(answer.json["number"], country) == 4_820_000


def test_by_command(country, tmp_path, monkeypatch):
    (tmp_path / "form.xlsx").write_bytes(form())
    monkeypatch.setattr(cli, "open_site", lambda: None)  # the test's database is open already
    arguments = ["lodge", str(tmp_path), "--user", "khai", "--pack", "vn", "--json"]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    told = next(json.loads(one) for one in done.stdout.splitlines() if "number" in one)
    assert assessed(told["number"], country) == 4_820_000
    again = CliRunner().invoke(cli.app, arguments)
    assert next(json.loads(one) for one in again.stdout.splitlines() if "number" in one)["replay"]
    assert Declaration.objects.count() == 1


def test_a_wrong_cell_is_named_on_the_page_with_its_remedy(screen, made):
    rows = [
        ["Mã HS", "Tên hàng", "Xuất xứ", "Lượng", "ĐVT", "Trị giá"],
        ["61091010", "Áo", "CN", "1.234", "PCE", 10],
    ]
    answer = made.upload(screen("khai"), workbook(("Hàng", rows)), "hang.xlsx")
    assert answer.status_code == 422
    shown = made.read(answer)
    assert "sheet Hàng!D2" in shown
    assert "“1.234” có thể là hai số khác nhau" in shown


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_register_of_a_trader_comes_by_page_and_is_not_lodged_again(screen, made, country, suffix):
    number = machine_of("khai").post("/declarations", form(), media="application/octet-stream").json["number"]
    assessed(number, country)
    answer = screen("khai").get(f"/bcct.{suffix}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename=bcct-2020-06-15.{suffix}"
    (reading,) = files.read_file("x", answer.content, country)
    declaration = reading.declaration
    assert declaration.declaration_id == number
    assert [one.text for one in declaration.kept if one.path.endswith("total_tax")] == ["3200000", "1600000"]
    assert [item.customs_value.millionths for item in declaration.goods_items] == [10**13, 5 * 10**12]
    # As a file it is history: neither page nor API takes it as new.
    refused = made.upload(screen("khai"), answer.content, f"bcct.{suffix}")
    assert refused.status_code == 422
    assert f"đã đăng ký với số {number}" in made.read(refused)
    bulk = (
        machine_of("khai").post("/declarations/bulk", answer.content, media="application/octet-stream").json
    )
    assert (bulk["lodged"], bulk["refused"]) == (0, 1)
    assert Declaration.objects.count() == 1


def test_the_register_by_api_holds_what_the_caller_may_read(country):
    machine_of("khai").post("/declarations", form(), media="application/octet-stream")
    mine = machine_of("khai").get("/register?form=csv&first_day=2020-06-15&last_day=2020-06-15")
    assert mine.status == 200
    assert mine.content.count(b"\r\n") == 3  # the heading and two lines
    assert machine_of("khai").get("/register?form=csv&first_day=2020-06-16").content.count(b"\r\n") == 1
    foreign = machine_of("khac").get("/register?form=csv")
    assert foreign.content.count(b"\r\n") == 1


def test_a_register_of_too_many_lines_is_told_and_not_cut(screen, made, monkeypatch):
    from thongquan.site.clearance import registers

    machine_of("khai").post("/declarations", form(), media="application/octet-stream")
    monkeypatch.setattr(registers.written, "__defaults__", (1,))
    answer = screen("khai").get("/bcct.xlsx")
    assert answer.status_code == 422
    assert "Bảng có 2 dòng hàng, quá 1 dòng. Chọn khoảng ngày ngắn hơn." in made.read(answer)
    assert machine_of("khai").get("/register").code == "REGISTER_TOO_LONG"


def test_the_register_by_command_and_compared_with_the_law(country, tmp_path, monkeypatch):
    from thongquan.commands import register

    number = machine_of("khai").post("/declarations", form(), media="application/octet-stream").json["number"]
    assessed(number, country)
    monkeypatch.setattr(register, "open_site", lambda: None)
    out = tmp_path / "bcct.xlsx"
    done = CliRunner().invoke(cli.app, ["register", "export", str(out), "--trader", TRADER, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["declarations"] == 1
    compared = CliRunner().invoke(cli.app, ["register", "compare", str(out), "--json"])
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout) == {"declarations": 1, "differing": 0, "pending": 0, "unread": 0}


def test_the_blank_list_is_downloaded_with_its_choices_and_explanations(screen):
    declarant = screen("khai")
    assert "bảng hàng kiểu ECUS" in declarant.see("/khai-moi")
    answer = declarant.get("/khai-moi/mau/own.xlsx")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Tờ khai", "Hàng hóa", "Danh mục"]
    labels = {row[0]: row[2] for row in book.get_sheet_by_name("Tờ khai").to_python()}
    assert labels["Cơ quan hải quan"] == "Mã bốn ký tự, ví dụ 20BB (Móng Cái)."
    assert "20BB" in {cell for row in book.get_sheet_by_name("Danh mục").to_python() for cell in row}
