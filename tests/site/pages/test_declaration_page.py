"""One declaration on its page: who sees what, which acts are open to whom, and that every press counts once."""

from __future__ import annotations

import re

import pytest

PARTS = ("", "/hang", "/thue", "/ho-so", "/rui-ro", "/ban-khai", "/nhat-ky")


def acts(page: str) -> set[str]:
    """The acts that have a form, and the amendment, which has a page of its own."""
    return set(re.findall(r"/lam/(\w+)", page)) | ({"amend"} if '/sua"' in page else set())


def test_a_foreign_declaration_and_none_at_all_are_one_answer(screen, made):
    number = made.lodge(screen("khai"), "A-1")
    other = number[:-2] + "99"
    for user in ("khac", "xa"):
        stranger = screen(user)
        for part in (*PARTS, "/in/to-khai", "/ho-so/" + "0" * 32, "/thong-diep/x"):
            foreign, missing = (
                stranger.get(f"/to-khai/{number}{part}"),
                stranger.get(f"/to-khai/{other}{part}"),
            )
            assert (foreign.status_code, missing.status_code) == (404, 404), part
            assert made.read(foreign) == made.read(missing), part
        assert stranger.post(f"/to-khai/{number}/lam/hold").status_code == 404
        assert stranger.post(f"/to-khai/{number}/ho-so/them").status_code == 404
        assert number not in stranger.get("/to-khai").content.decode()


def test_why_it_is_checked_is_told_to_officers_and_never_to_the_declarant(screen, made):
    declarant = screen("khai")
    number = made.lodge(declarant, "A-1", "24022000")
    assert "Hàng nhạy cảm" in screen("hoso").see(f"/to-khai/{number}/rui-ro")
    assert "Hàng nhạy cảm" in screen("hoso").see("/viec")
    declarant.see(f"/to-khai/{number}/rui-ro", 404)
    for part in ("", "/hang", "/thue", "/ho-so", "/ban-khai", "/nhat-ky"):
        shown = declarant.get(f"/to-khai/{number}{part}").content.decode()
        assert "nhạy cảm" not in shown, part
        assert "SENSITIVE_GOODS" not in shown, part
        assert "TOBACCO" not in shown, part
    assert "nhạy cảm" not in declarant.get("/viec").content.decode()


def test_the_page_has_exactly_the_acts_that_the_lifecycle_opens_to_its_reader(screen, made):
    from thongquan.site.accounts.reads import By
    from thongquan.site.clearance import reads
    from thongquan.site.kit import clock

    number = made.lodge(screen("khai"), "A-1", "24022000")
    from thongquan.packs import pack as packs

    for user in ("khai", "hoso", "kiem", "thu", "cong"):
        openings = reads.open_acts(number, by=By(user), pack=packs.load("sample"), at=clock.now())
        wanted = {one.act for one in openings if one.is_open} - {"propose"}
        page = screen(user).get(f"/to-khai/{number}").content.decode()
        proposals = {"reverse_payment", "lower_channel", "refund", "impose_tax"}
        # Nothing is above red: there is no channel to choose, and so no form.
        assert acts(page) - proposals == wanted - proposals - {"raise_channel"}, user


def test_a_closed_act_says_why_and_what_to_do(screen, made):
    number = made.lodge(screen("khai"), "A-1", "24022000")
    shown = screen("hoso").see(f"/to-khai/{number}")
    assert "Chưa làm được và lý do" in shown
    assert "lam/clear" not in screen("hoso").get(f"/to-khai/{number}").content.decode()


def test_the_same_form_sent_twice_is_done_once(screen, made):
    from thongquan.site.clearance import reads

    number = made.lodge(screen("khai"), "A-1", "24022000")
    officer = screen("hoso")
    page = officer.get(f"/to-khai/{number}").content.decode()
    key = re.search(r'name="key" value="([^"]*/request)"', page)[1]
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    fields = {"key": key, "seen": seen, "reference": "YC-1", "wanted": "Hợp đồng"}
    assert officer.post(f"/to-khai/{number}/lam/request", fields).status_code == 302
    assert officer.post(f"/to-khai/{number}/lam/request", fields).status_code == 302
    assert [event.act for event in reads.engine_events(number)].count("request") == 1


def test_what_changed_since_the_page_was_opened_stops_the_act(screen, made):
    number = made.lodge(screen("khai"), "A-1", "24022000")
    officer, leader = screen("hoso"), screen("truong")
    page = officer.get(f"/to-khai/{number}").content.decode()
    key, seen = re.search(r'value="([^"]*/hold)"', page)[1], re.search(r'name="seen" value="(\d+)"', page)[1]
    assert leader.do(number, "hold", reference="TD-1", reason="Tin báo").status_code == 302
    answer = officer.post(
        f"/to-khai/{number}/lam/hold", {"key": key, "seen": seen, "reference": "TD-2", "reason": "Nghi ngờ"}
    )
    assert answer.status_code == 409
    assert "TD-2" not in screen("truong").see(f"/to-khai/{number}/nhat-ky")


@pytest.mark.parametrize(("fields", "told"), [
    ({"reference": "YC-1", "wanted": ""}, "Nhập nội dung này."),
    ({"reference": "", "wanted": "Hợp đồng"}, "Nhập nội dung này."),
    ({"reference": "Y" * 120, "wanted": "Hợp đồng"}, "Nội dung vượt quá giới hạn"),
])  # fmt: skip
def test_an_act_that_does_not_say_what_it_must_is_shown_again_with_what_is_missing(
    screen, made, fields, told
):
    from thongquan.site.clearance import reads

    number = made.lodge(screen("khai"), "A-1", "24022000")
    before = len(reads.engine_events(number))
    answer = screen("hoso").do(number, "request", **fields)
    assert answer.status_code == 422
    assert told in made.read(answer)
    assert len(reads.engine_events(number)) == before


@pytest.mark.parametrize(("language", "text", "minor"), [
    ("vi", "1.234.567", 1_234_567), ("vi", "1234567", 1_234_567), ("vi", "1.23", None), ("vi", "1,5", None),
    ("vi", "-5", None), ("vi", "", None), ("en", "1,234,567", 1_234_567), ("en", "1.234", None),
    ("vi", "１２", None), ("vi", "1e9", None), ("vi", "9" * 40, None),
])  # fmt: skip
def test_an_amount_is_read_as_it_is_written_in_the_language_and_never_guessed_at(language, text, minor):
    from django.utils import translation

    from thongquan.site.clearance.act_forms import minor_of

    with translation.override(language):
        assert minor_of(text, 0) == minor


def test_an_amount_with_decimals_keeps_them():
    from django.utils import translation

    from thongquan.site.clearance.act_forms import minor_of, plain

    with translation.override("vi"):
        assert minor_of("1.234,5", 2) == 123_450
        assert plain(123_450, 2) == "1.234,50"
        assert minor_of(plain(123_450, 2), 2) == 123_450
    with translation.override("en"):
        assert minor_of("1,234.50", 2) == 123_450


def test_two_persons_lower_a_channel_and_the_second_does_exactly_what_the_first_proposed(screen, made):
    number = made.lodge(screen("khai"), "A-1", "24022000")
    first, second = screen("truong"), screen("pho")
    assert first.do(number, "lower_channel", channel="GREEN", reason="Đã đối chiếu").status_code == 302
    # The first may not be the second too.
    assert "lower_channel" not in acts(first.get(f"/to-khai/{number}").content.decode())
    shown = second.see(f"/to-khai/{number}")
    assert "Quyết định theo đề xuất" in shown
    assert "Đã đối chiếu" in shown
    # What the second sends beside it changes nothing of what was proposed.
    assert second.do(number, "lower_channel", channel="YELLOW", reason="Khác").status_code == 302
    assert "Luồng xanh" in second.see(f"/to-khai/{number}/nhat-ky")


def test_an_amendment_shows_what_changed_and_what_it_did_to_the_taxes(screen, made):
    declarant = screen("khai")
    number = made.lodge(declarant, "A-1", "09011100")
    rows = made.sheet("A-1", ("09011100", "90", "3000"))
    from django.core.files.uploadedfile import SimpleUploadedFile

    change = SimpleUploadedFile("sua.csv", f"{made.HEAD}\n{rows}\n".encode())
    assert declarant.do(number, "amend", change=change, reason="Sai trị giá").status_code == 302
    shown = declarant.see(f"/to-khai/{number}/ban-khai")
    assert "Sai trị giá" in shown
    assert "1.000 USD → 3.000 USD" in shown
    # 1,000 USD is 26,000; duty 5 % 1,300, VAT 10 % of 27,300 is 2,730: 4,030. Three times that is 12,090.
    assert "+8.060 XTS" in shown


def test_taxes_are_explained_by_rate_base_law_and_source(screen, made):
    number = made.lodge(screen("khai"), "A-1", "09011100")
    shown = screen("hoso").see(f"/to-khai/{number}/thue")
    for said in (
        "Trị giá hóa đơn của dòng hàng 1.000 USD × tỷ giá 26",
        "tỷ giá: 9/2024/B, 2025 26.000",
        "Thuế nhập khẩu: 5 % × 26.000 2/2023/L, annex 1 1.300",
        "Thuế giá trị gia tăng: 10 % × (26.000 + 1.300) 3/2023/L, art. 10 2.730",
        "Phải nộp của dòng hàng 4.030 XTS",
    ):
        assert said in shown, said


def test_a_green_declaration_clears_by_itself_when_it_is_paid(screen, made):
    number = made.lodge(screen("khai"), "A-1", "84713000")
    revenue = screen("thu")
    # A random share may ask for more: then the machine has nothing to decide.
    if "Luồng xanh" not in revenue.see(f"/to-khai/{number}/nhat-ky"):
        pytest.skip("this consignment was drawn")
    answer = revenue.do(number, "pay", paid_minor="2.600", source="KB", reference="BC-1", treasury="KB-1")
    assert answer.status_code == 302
    assert "Đã thông quan" in revenue.see(f"/to-khai/{number}")


def test_a_text_that_is_markup_is_shown_as_the_text_that_it_is(screen, made):
    number = made.lodge(screen("khai"), "A-1", description="<script>alert(1)</script>")
    for user in ("khai", "hoso"):
        for path in (f"/to-khai/{number}", f"/to-khai/{number}/hang", "/viec"):
            assert "<script>alert" not in screen(user).get(path).content.decode()
    assert "<script>alert(1)</script>" in screen("hoso").see(f"/to-khai/{number}/hang")


# lists


def test_the_list_and_its_files_are_one_answer_to_the_same_question(screen, made):
    import csv
    import io
    import json

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    made.lodge(declarant, "B-2")
    assert number in declarant.get("/to-khai?q=A-1").content.decode()
    assert "B-2" not in declarant.see("/to-khai?q=A-1")
    told = json.loads(declarant.get("/to-khai.json?q=A-1").content)
    assert [one["number"] for one in told] == [number]
    text = b"".join(declarant.get("/to-khai.csv?q=A-1").streaming_content).decode("utf-8-sig")
    heading, row = csv.reader(io.StringIO(text))
    assert heading[0] == "Số tờ khai"
    assert row[0] == number
    assert declarant.get("/to-khai.xlsx").content.startswith(b"PK")
    assert json.loads(screen("khac").get("/to-khai.json").content) == []


@pytest.mark.parametrize(("text", "day"), [
    ("31/12/2026", (2026, 12, 31)), ("1/2/2026", (2026, 2, 1)), ("2026-02-01", (2026, 2, 1)), ("31/02/2026", None),
    ("", None), ("hôm nay", None), ("2026-W01-1", None), ("20260201", None),
])  # fmt: skip
def test_a_day_is_read_as_people_write_it_and_as_machines_do(text, day):
    from datetime import date

    from thongquan.site.kit.tags import day_read

    assert day_read(text) == (date(*day) if day else None)


def test_a_cell_of_an_export_is_never_a_formula():
    from thongquan.site.clearance.pages import inert

    assert [inert(text) for text in ("=1+1", "+1", "-1", "@A1", "\t=1", "A-1", "")] == [
        "'=1+1", "'+1", "'-1", "'@A1", "'\t=1", "A-1", "",
    ]  # fmt: skip


def test_a_filter_that_says_nothing_sensible_is_passed_over(screen):
    for query in ("luong=MAUVE", "tu=2026-13-45", "sau=-1", "sau=99999999999999999999", "trang-thai=<b>"):
        screen("khai").see(f"/to-khai?{query}")


def test_the_work_list_shows_what_waits_and_how_long(screen, made):
    red = made.lodge(screen("khai"), "A-1", "24022000")
    yellow = made.lodge(screen("khai"), "A-2", "09011100", origin="XB")
    officer = screen("hoso")
    page = officer.get("/viec").content.decode()
    assert page.index(red) < page.index(yellow)
    assert (
        "còn 2 giờ" in officer.see("/viec")
        or "Quá hạn" in officer.see("/viec")
        or "đến" in officer.see("/viec")
    )
    assert yellow not in officer.get("/viec?luong=RED").content.decode()
    inspector = screen("kiem").get("/viec").content.decode()
    assert red in inspector
    assert yellow not in inspector
    assert screen("xa").see("/viec").count(red) == 0
    assert red in officer.get(f"/viec/{red}").content.decode()
    screen("xa").see(f"/viec/{red}", 404)


def test_payment_shows_what_is_due_by_tax_and_takes_a_receipt_once(screen, made):
    number = made.lodge(screen("khai"), "A-1", "09011100")
    shown = screen("khai").see("/nop-thue")
    assert "Thuế nhập khẩu (DUT) 1.300" in shown
    assert f"Ghi số {number}" in shown
    revenue = screen("thu")
    fields = {"paid_minor": "1.000", "source": "KB", "reference": "BC-1", "treasury": "KB-1"}
    assert revenue.do(number, "pay", **fields).status_code == 302
    again = revenue.do(number, "pay", **fields)
    assert again.status_code == 422
    assert "đã được ghi nhận" in made.read(again)
    assert "3.030" in revenue.see("/nop-thue")
    screen("kiem").see("/nop-thue", 404)


def test_an_amendment_form_holds_the_current_version_and_sends_only_what_was_changed(screen, made):
    from thongquan.site.clearance import reads

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1", "09011100")
    before = reads.declared(reads.by_number(number))
    page = declarant.get(f"/to-khai/{number}/sua").content.decode()
    fields = dict(re.findall(r'<input id="[^"]*" name="(c\.0\.\w+)" value="([^"]*)"', page))
    assert fields["c.0.commodity_code"] == "09011100"
    hidden = dict(
        re.findall(
            r'<input type="hidden" name="(key|seen|version)" value="([^"]*)"', page.split("hx-post")[1]
        )
    )
    told = declarant.post(f"/to-khai/{number}/sua", {**hidden, **fields, "does": "check"})
    assert "Chưa có ô nào khác bản khai hiện hành" in made.read(told)
    fields["c.0.item_charge"], fields["c.0.invoice_amount"] = "3000", "3000"
    told = made.read(declarant.post(f"/to-khai/{number}/sua", {**hidden, **fields, "does": "check"}))
    assert "1.000 USD → 3.000 USD" in told
    # As in the amendment by file above: 12,090 − 4,030.
    assert "+8.060 XTS" in told
    without = declarant.post(f"/to-khai/{number}/sua", {**hidden, **fields, "does": "send"})
    assert without.status_code == 422
    assert reads.by_number(number).version == 1
    sent = {**hidden, **fields, "does": "send", "reason": "Sai trị giá"}
    assert declarant.post(f"/to-khai/{number}/sua", sent).status_code == 302
    row = reads.by_number(number)
    assert row.version == 2
    after = reads.declared(row)
    assert after.goods_items[0].item_charge.millionths == 3_000_000_000
    assert after.goods_items[0].additional_documents == before.goods_items[0].additional_documents
    assert after.previous_documents == before.previous_documents
    # What was sent is no longer a draft, and the same form a second time finds another version.
    assert "kept" not in declarant.see(f"/to-khai/{number}/sua")
    assert "đã có bản 2" in made.read(declarant.post(f"/to-khai/{number}/sua", sent))
    assert reads.by_number(number).version == 2


def test_an_amendment_that_is_kept_is_never_lodged_as_a_declaration_of_its_own(screen, made):
    from thongquan.site.clearance.models import Declaration
    from thongquan.site.papers.models import Draft

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1", "09011100")
    fields = {"version": "1", "c.0.description": "Cà phê xanh"}
    assert declarant.post(f"/to-khai/{number}/sua/luu", fields).status_code == 200
    draft = Draft.objects.get()
    answer = declarant.post(f"/khai-moi/{draft.key}", {"does": "send"})
    assert answer.headers["Location"] == f"/to-khai/{number}/sua"
    assert Declaration.objects.count() == 1
    assert "Cà phê xanh" in declarant.get(f"/to-khai/{number}/sua").content.decode()
    assert screen("khac").get(f"/to-khai/{number}/sua").status_code == 404
    assert screen("kiem").get(f"/to-khai/{number}/sua").status_code == 302
    assert declarant.post(f"/to-khai/{number}/sua/bo").status_code == 302
    assert not Draft.objects.exists()


def test_a_declaration_that_waits_for_a_rate_says_which(screen, made, monkeypatch):
    from thongquan.engine.findings import Finding
    from thongquan.site.clearance import explained

    number = made.lodge(screen("khai"), "A-1", "09011100")
    lacking = Finding("RATE_OF_EXCHANGE_MISSING", "goods_items[1]", {"currency": "CHF", "on": "2026-01-05"})
    monkeypatch.setattr(explained, "pending", lambda row, pack: [lacking])
    for part in ("", "/thue"):
        shown = screen("hoso").see(f"/to-khai/{number}{part}")
        assert "Chưa tính được thuế, đang chờ" in shown
        assert "Không có tỷ giá của CHF ngày 05/01/2026." in shown


def test_a_long_work_list_is_paged_and_its_address_says_where(screen, made, monkeypatch):
    from thongquan.site.clearance import pages

    declarant = screen("khai")
    numbers = [made.lodge(declarant, f"A-{n}", "24022000") for n in range(3)]
    monkeypatch.setattr(pages, "PAGE", 2)
    officer = screen("hoso")
    first = officer.get("/viec?luong=RED").content.decode()
    assert "1–2 trong 3" in first
    assert "/viec?luong=RED&amp;tu=2" in first
    second = officer.get("/viec?luong=RED&tu=2").content.decode()
    assert "3–3 trong 3" in second
    shown = [number in first for number in numbers], [number in second for number in numbers]
    assert shown == ([True, True, False], [False, False, True])
    for nonsense in ("99", "x", "-1"):
        assert "1–2 trong 3" in officer.get(f"/viec?luong=RED&tu={nonsense}").content.decode()
