"""Declaring by file and by form: every error at its field, mended there or in the sheet, and nothing lodged twice."""

from __future__ import annotations

import io

import pytest


def test_two_wrong_lines_are_told_at_once_each_at_its_cell_and_mended_in_place(screen, made):
    declarant = screen("khai")
    rows = made.sheet(
        "A-1", ("61091000", "90", "1000"), ("61091000", "chin", "1000"), ("99999999", "90", "1000")
    )
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    shown = declarant.see(draft)
    assert "1 trong 1 tờ khai có lỗi" in shown
    assert "Dòng hàng 2 (dòng 3 của tệp) · Trọng lượng tịnh : Cột “Trọng lượng tịnh”, dòng 3: “chin”" in shown
    assert "Dòng hàng 3 (dòng 4 của tệp) · Mã số hàng hóa : Mã 99999999 không có hiệu lực" in shown
    page = declarant.get(draft).content.decode()
    assert 'href="#c-1-net_mass"' in page
    assert 'id="c-1-net_mass" name="c.1.net_mass" value="chin"' in page
    # Sending what is wrong lodges nothing.
    assert declarant.post(draft, {"does": "send"}).status_code == 422
    fields = {"c.1.net_mass": "90,5", "c.2.commodity_code": "61091000", "does": "send"}
    answer = declarant.post(draft, fields)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/to-khai/")
    declarant.see(draft, 404)


def test_sending_a_draft_twice_lodges_once(screen, made):
    from thongquan.site.clearance.models import Declaration
    from thongquan.site.papers.models import Draft

    declarant = screen("khai")
    draft = made.upload(declarant, f"{made.HEAD}\n{made.sheet('A-1', ('61091000', '90', '1000'))}\n".encode())
    place = draft.headers["Location"]
    row = Draft.objects.get()
    first = declarant.post(place, {"does": "send"})
    # The draft is there again, as in a second window that was opened before.
    row.pk = None
    row.save(force_insert=True)
    again = declarant.post(place, {"does": "send"})
    assert first.headers["Location"] == again.headers["Location"]
    assert Declaration.objects.count() == 1


def test_of_a_file_of_three_the_right_ones_are_lodged_and_the_wrong_one_waits(screen, made):
    from thongquan.site.clearance.models import Declaration

    declarant = screen("khai")
    rows = "\n".join(
        [made.sheet("A-1", ("61091000", "90", "1000")), made.sheet("A-2", ("99999999", "90", "1000")),
         made.sheet("A-3", ("61091000", "90", "1000"))]
    )  # fmt: skip
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    assert "Gửi 2 tờ khai đúng" in declarant.see(draft)
    shown = made.read(declarant.post(draft, {"does": "send"}))
    assert "Đã khai A-1" in shown
    assert "Đã khai A-3" in shown
    assert set(Declaration.objects.values_list("functional_reference", flat=True)) == {"A-1", "A-3"}
    assert "1 trong 1 tờ khai có lỗi" in declarant.see(draft)


def test_the_sheet_that_comes_back_says_what_is_wrong_and_can_be_uploaded_again(screen, made):
    from python_calamine import CalamineWorkbook

    declarant = screen("khai")
    rows = made.sheet("A-1", ("61091000", "chin", "1000"))
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    sheet = declarant.get(f"{draft}/loi.xlsx").content
    heading, row = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert heading[-1] == "#Lỗi"
    assert "“chin” không phải là số" in row[-1]
    again = made.upload(declarant, sheet, "loi.xlsx").headers["Location"]
    assert "“chin” không phải là số" in declarant.see(again)
    assert "Lỗi" not in heading[:-1]


def test_a_code_that_a_workbook_holds_as_a_number_is_said_on_its_line_until_it_is_written_anew(screen, made):
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    head, first = made.HEAD.split(","), made.sheet("A-1", ("61091000", "90", "1000")).split(",")
    for place, (name, value) in enumerate(zip(head, first, strict=True)):
        page.write_string(0, place, name)
        if name == "commodity_code":
            page.write_number(1, place, 61091000)
        else:
            page.write_string(1, place, value)
    book.close()
    declarant = screen("khai")
    draft = made.upload(declarant, out.getvalue(), "lo.xlsx").headers["Location"]
    assert "Mã số hàng hóa" in declarant.see(draft).split("Kiểm tra")[0]
    assert declarant.post(draft, {"does": "send"}).status_code == 422
    assert declarant.post(draft, {"c.0.commodity_code": "84713000", "does": "send"}).status_code == 302


def test_a_message_is_lodged_as_it_came_while_nobody_changes_it(screen, made, country):
    from thongquan.engine.formats import json_lines, wco
    from thongquan.site.clearance import drafts
    from thongquan.site.clearance.models import DeclarationVersion

    rows = drafts.of_file(
        "x.csv", f"{made.HEAD}\n{made.sheet('A-1', ('61091000', '90', '1000'))}\n".encode(), country
    )
    from datetime import date

    (checked,) = drafts.check(rows, country, date(2026, 3, 2))
    xml = wco.write_dec(wco.Message(wco.Kind.ORIGINAL, checked.declaration))
    declarant = screen("khai")
    place = made.upload(declarant, xml, "a.xml").headers["Location"]
    assert declarant.post(place, {"does": "send"}).status_code == 302
    version = DeclarationVersion.objects.get()
    assert bytes(version.message.content) == xml
    assert json_lines.examine(version.payload.encode())[0] == checked.declaration


@pytest.mark.parametrize(("name", "content", "told"), [
    ("a.xml", b"<a><!DOCTYPE x></a>", "Không đọc được tệp"),
    ("a.pdf", b"%PDF-1.7 ...", "Không đọc được tệp"),
    ("a.csv", b"khong,phai,to,khai\n1,2,3,4\n", "Không đọc được tệp"),
    ("a.json", b'{"function_code": 9}', "Không đọc được tệp"),
])  # fmt: skip
def test_a_file_that_is_no_declaration_is_refused_in_words(screen, made, name, content, told):
    answer = made.upload(screen("khai"), content, name)
    assert answer.status_code == 422
    assert told in made.read(answer)


def test_an_unknown_column_is_named_with_the_nearest_one_and_can_be_dropped(screen, made):
    declarant = screen("khai")
    head = made.HEAD.replace("description", "discription")
    draft = made.upload(declarant, f"{head}\n{made.sheet('A-1', ('61091000', '90', '1000'))}\n".encode())
    place = draft.headers["Location"]
    assert "Không có cột nào tên “discription”. Gần nhất: description." in declarant.see(place)
    declarant.post(place, {"does": "drop.discription"})
    assert "discription" not in declarant.get(place).content.decode()


def test_a_blank_form_counts_its_lines_and_is_kept_as_it_is_written(screen):
    from thongquan.site.clearance.models import Declaration

    declarant = screen("khai")
    place = declarant.post("/khai-moi", {"how": "blank"}).headers["Location"]
    assert "có lỗi" not in declarant.see(place)
    header = {
        "functional_reference_id": "A-1", "type_code": "IMA", "declaration_office_id": "ZZ0001",
        "declarant_id": "ZZ-DEMO-1", "importer_id": "ZZ-DEMO-1", "export_country_id": "XA", "container_code": "0",
        "incoterm": "CIF", "invoice_amount": "2000,50", "invoice_amount_currency": "USD",
    }  # fmt: skip
    line = {
        "commodity_code": "61091000", "description": "Áo phông", "origin_country_code": "XA", "procedure_code": "4000",
        "gross_mass": "100", "net_mass": "90", "tariff_quantity": "10", "item_charge": "1000,25",
        "item_charge_currency": "USD",
    }  # fmt: skip
    declarant.post(f"{place}/luu", {f"c.0.{name}": value for name, value in (header | line).items()})
    assert 'value="Áo phông"' in declarant.get(place).content.decode()
    declarant.post(place, {"does": "add.0"})
    answer = declarant.post(place, {**{f"c.1.{name}": value for name, value in line.items()}, "does": "send"})
    assert answer.status_code == 302
    row = Declaration.objects.get()
    assert (row.lines, row.functional_reference) == (2, "A-1")


def test_nobody_opens_or_sends_anothers_draft(screen, made):
    place = screen("khai").post("/khai-moi", {"how": "blank"}).headers["Location"]
    other = screen("khac")
    other.see(place, 404)
    assert other.post(place, {"does": "send"}).status_code == 404
    assert other.post(f"{place}/luu", {"c.0.description": "x"}).status_code == 404
    assert other.get(f"{place}/loi.xlsx").status_code == 404
    other.post(f"{place}/bo")
    screen("khai").see(place)


def test_declaring_is_not_there_for_officers(screen):
    officer = screen("hoso")
    officer.see("/khai-moi", 404)
    assert "/khai-moi" not in officer.get("/viec").content.decode()


def test_a_declaration_for_another_trader_is_refused_and_stays_a_draft(screen, made):
    other = screen("khac")
    draft = made.upload(other, f"{made.HEAD}\n{made.sheet('A-1', ('61091000', '90', '1000'))}\n".encode())
    answer = other.post(draft.headers["Location"], {"does": "send"})
    assert answer.status_code == 422
    assert "không phụ trách" in made.read(answer)


@pytest.mark.parametrize("text", ["1.234", "1234567.5", "0.125", "12", "12.3456", "-1.234", "1000000.000001"])
def test_a_figure_that_a_machine_wrote_stays_the_same_figure_in_the_form(text):
    from thongquan.engine.formats.tables import examine_csv
    from thongquan.engine.money import millionths_of
    from thongquan.site.clearance.drafts import _unmistakable

    written = _unmistakable("net_mass", text)
    sheet = f"functional_reference_id;net_mass\nA;{written}\n".encode()
    (examined,) = examine_csv(io.BytesIO(sheet))
    assert examined.declaration is not None, (written, examined.findings)
    assert examined.declaration.goods_items[0].net_mass.millionths == millionths_of(text)


def test_a_draft_without_an_error_shows_what_the_law_computes_and_how_long_it_lives(screen, made):
    declarant = screen("khai")
    rows = made.sheet("LO-IDA", ("61091000", "90", "1000"))
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    shown = made.read(declarant.post(draft, {"does": "check"}))
    assert "Hệ thống tính (khai trước)" in shown
    assert "Nộp hoặc bảo đảm trước khi thông quan" in shown


def test_a_draft_with_an_error_shows_no_sum(screen, made):
    declarant = screen("khai")
    rows = made.sheet("LO-SAI", ("99999999", "90", "1000"))
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    assert "Hệ thống tính (khai trước)" not in made.read(declarant.post(draft, {"does": "check"}))


def test_a_draft_whose_days_are_over_is_not_lodged(screen, made, monkeypatch):
    from datetime import date

    from thongquan.site.clearance import drafts

    declarant = screen("khai")
    rows = made.sheet("LO-CU", ("61091000", "90", "1000"))
    draft = made.upload(declarant, f"{made.HEAD}\n{rows}\n".encode()).headers["Location"]
    monkeypatch.setattr(drafts, "valid_until", lambda changed_at, pack: date(2020, 1, 1))
    answer = declarant.post(draft, {"does": "send"})
    assert answer.status_code == 422
    assert "chỉ có giá trị đến hết ngày 01/01/2020" in made.read(answer)
