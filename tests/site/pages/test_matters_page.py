"""The page of everything that stands open, and the acts of such matters with their papers."""

from __future__ import annotations

import csv
import io

import pytest


@pytest.fixture
def red(screen, made) -> str:
    """A declaration in the red channel: documents, goods and payment are open."""
    return made.lodge(screen("khai"), "A-1", "24022000")


def test_an_officer_sees_what_stands_open_at_his_office_by_legal_day(screen, made, red):
    shown = screen("hoso").see("/viec-con-treo")
    assert "Việc còn treo" in shown
    for word in (
        "Kiểm tra hồ sơ",
        "Kiểm tra thực tế hàng hóa",
        "Nộp thuế hoặc bảo lãnh",
        "1/2023/L, art. 16",
    ):
        assert word in shown, word
    # Two working hours for documents come before eight for goods; what has no legal day comes last.
    places = [shown.rindex(word) for word in ("1/2023/L, art. 16", "1/2023/L, art. 17", "Không có thời hạn")]
    assert places == sorted(places)
    assert red not in screen("xa").get("/viec-con-treo").content.decode()


def test_a_trader_sees_his_own_and_no_other(screen, red):
    assert red in screen("khai").get("/viec-con-treo").content.decode()
    stranger = screen("khac").see("/viec-con-treo")
    assert "Không có việc nào còn treo" in stranger


def test_filters_are_the_address(screen, red):
    officer = screen("hoso")

    def table(query: str) -> str:
        page = officer.get(f"/viec-con-treo?{query}").content.decode()
        return page.partition("<tbody>")[2].partition("</tbody>")[0]

    assert "Nộp thuế" in table("chu=TRADER")
    assert "Kiểm tra hồ sơ" not in table("chu=TRADER")
    assert table("loai=INSPECTION").count("<tr") == 1
    assert table("han=undated").count("<tr") == 1
    assert table("han=overdue") == ""
    assert table("q=00XX") == ""
    assert table("den=31/12/2099").count("<tr") == 2
    for order in ("due", "kind", "declaration", "trader", "'; drop"):
        assert table(f"xep={order}").count("<tr") == 3


def test_what_is_late_is_marked_and_counted(screen, red):
    from datetime import timedelta

    from thongquan.site.clearance.models import Obligation
    from thongquan.site.kit import clock

    late = clock.now() - timedelta(days=2)
    Obligation.objects.filter(kind="DOCUMENT_CHECK").update(due_at=late)
    page = screen("hoso").get("/viec-con-treo?han=overdue").content.decode()
    assert page.count("Quá hạn từ") == 1
    assert "Quá hạn<span>1</span>" in page


def test_the_file_has_what_the_page_has_and_runs_nothing(screen, red):
    from thongquan.site.clearance.models import Obligation

    Obligation.objects.filter(kind="PAYMENT").update(due_law="=1+1")
    answer = screen("hoso").get("/viec-con-treo.csv?chu=TRADER")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, row = csv.reader(io.StringIO(text))
    assert heading[:4] == ["Thời hạn", "Việc", "Số tham chiếu của việc", "Số tờ khai"]
    assert row[1] == "Nộp thuế hoặc bảo lãnh"
    assert row[3] == red
    assert row[-1] == "'=1+1"


def test_a_visitor_without_a_post_finds_no_page(screen, made):
    assert made.browser().get("/viec-con-treo").status_code == 302


def test_a_doubt_is_sent_by_its_form_with_a_day_and_an_amount(screen, red):
    from thongquan.site.clearance import reads

    officer = screen("hoso")
    doubt = {"reference": "TV-1", "reason": "Thấp hơn giá tham chiếu", "security_minor": "1.000"}
    assert officer.do(red, "doubt_value", **doubt).status_code == 302
    assert reads.facts_of(red).demanded_minor == 1_000
    invitation = {"reference": "TV-1", "hearing_day": "31/2/2027"}
    wrong = officer.do(red, "invite_consultation", **invitation)
    assert wrong.status_code == 422
    assert "Nhập ngày theo dạng" in wrong.content.decode()
    assert (
        officer.do(red, "invite_consultation", reference="TV-1", hearing_day="15/3/2027").status_code == 302
    )
    heard = {"reference": "TV-1", "outcome": "NOT_ACCEPTED", "method": "3"}
    assert officer.do(red, "record_consultation", **heard).status_code == 302
    last = reads.engine_events(red)[-1]
    assert (last.text("outcome"), last.text("method")) == ("NOT_ACCEPTED", "3")


def test_tax_is_imposed_by_a_leader_who_confirms_what_was_computed(screen, red):
    import msgspec

    from thongquan.packs import pack as packs
    from thongquan.site.accounts.reads import By
    from thongquan.site.clearance import journey, reads
    from thongquan.site.clearance.models import Declaration
    from thongquan.site.kit import clock

    row = Declaration.objects.get(number=red)
    before = row.assessed_minor
    declared = reads.declared(row)
    goods = declared.goods_items[0]
    charge = msgspec.structs.replace(goods.item_charge, millionths=2_000_000_000)
    changed = msgspec.structs.replace(
        declared,
        declaration_id=red,
        goods_items=(msgspec.structs.replace(goods, item_charge=charge),),
        invoice_amount=msgspec.structs.replace(declared.invoice_amount, millionths=2_000_000_000),
    )
    amended = journey.amend(
        number=red, change=changed, reason="Trị giá theo phương pháp 3", pack=packs.load("sample"),
        by=By("hoso"), key="amend-1", at=clock.now(),
    )  # fmt: skip
    assert amended.done, amended.reasons
    officer, leader = screen("hoso"), screen("truong")
    decision = {"decision": "QĐ-1", "reason": "Bác bỏ trị giá", "matter": ""}
    assert officer.do(red, "impose_tax", **decision).status_code == 302
    shown = leader.see(f"/to-khai/{red}")
    assert "QĐ-1" in shown
    assert leader.do(red, "impose_tax").status_code == 302
    row.refresh_from_db()
    assert row.assessed_minor > before
    paper = leader.get(f"/to-khai/{red}/in/an-dinh-thue")
    assert paper.status_code in (200, 501)
    assert screen("khac").get(f"/to-khai/{red}/in/an-dinh-thue").status_code == 404
