"""Attachments: taken by what they are, kept by their hash, handed out as files and to nobody else."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA = tmp_path
    return tmp_path


def png(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + struct.pack(">II", width, height)
        + b"\x08" * 20
    )


def archive(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def attach(
    screen, number: str, content: bytes, name: str = "hóa đơn.pdf", kind: str = "INVOICE", key: str = "k1"
):
    return screen.post(
        f"/to-khai/{number}/ho-so/them", {"key": key, "kind": kind, "file": SimpleUploadedFile(name, content)}
    )


def test_a_paper_is_attached_once_and_comes_back_as_a_file_with_a_name_of_ours(screen, made, folder):
    from thongquan.site.papers.models import Attachment

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    for _ in range(2):
        assert attach(declarant, number, PDF).headers["Location"] == f"/to-khai/{number}/ho-so?xong=attach"
    row = Attachment.objects.get()
    assert (row.media_type, row.size, row.by) == ("application/pdf", len(PDF), "khai")
    answer = screen("hoso").get(f"/to-khai/{number}/ho-so/{row.identifier}")
    assert answer.content == PDF
    assert answer.headers["Content-Disposition"] == f"attachment; filename={row.identifier}.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert "hóa đơn.pdf" in declarant.see(f"/to-khai/{number}/ho-so")
    assert (folder / "papers" / row.hash[:2] / row.hash).read_bytes() == PDF


def test_a_paper_stands_in_the_record(screen, made):
    from thongquan.site.record.reads import events_of, verify_log

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    attach(declarant, number, PDF)
    (event,) = events_of(f"papers:{number}")
    assert (event.act, event.actor, event.role) == ("attach", "khai", "DECLARANT")
    assert verify_log().faults == ()


def test_a_foreign_paper_and_none_are_one_answer(screen, made):
    from thongquan.site.papers.models import Attachment

    declarant = screen("khai")
    number, other = made.lodge(declarant, "A-1"), made.lodge(declarant, "A-2")
    attach(declarant, number, PDF)
    identifier = Attachment.objects.get().identifier
    for user in ("khac", "xa"):
        assert screen(user).get(f"/to-khai/{number}/ho-so/{identifier}").status_code == 404
    # Nor is it found through another declaration, not even one's own.
    assert declarant.get(f"/to-khai/{other}/ho-so/{identifier}").status_code == 404
    assert attach(screen("cong"), number, PDF, key="k2").status_code == 404


def test_a_content_that_is_gone_or_changed_is_never_handed_out(screen, made, folder):
    from thongquan.site.papers import store
    from thongquan.site.papers.models import Attachment

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    attach(declarant, number, PDF)
    row = Attachment.objects.get()
    store.path_of(row.hash).write_bytes(b"%PDF-1.7 khac")
    assert declarant.get(f"/to-khai/{number}/ho-so/{row.identifier}").status_code == 404
    assert store.damaged(iter([row.hash])) == [row.hash]


def test_no_row_of_an_attachment_is_changed_or_taken_away(screen, made):
    from django.db import IntegrityError

    from thongquan.site.papers.models import Attachment

    declarant = screen("khai")
    attach(declarant, made.lodge(declarant, "A-1"), PDF)
    with pytest.raises(IntegrityError, match="APPEND_ONLY"):
        Attachment.objects.update(name="khac")
    with pytest.raises(IntegrityError, match="APPEND_ONLY"):
        Attachment.objects.all().delete()


@pytest.mark.parametrize(("content", "kind"), [
    (PDF, "application/pdf"),
    (png(800, 600), "image/png"),
    (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x02\x58\x03\x20" + b"\0" * 20, "image/jpeg"),
    (archive(xl__workbook_xml=b"").replace(b"workbook_xml", b"workbook.xml"),
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("Ghi chú".encode(), "text/plain"),
    (b"<?xml version='1.0'?><a/>", "application/xml"),
])  # fmt: skip
def test_what_a_file_is_shows_in_its_content(content, kind):
    from thongquan.site.papers.kinds import media_type

    assert media_type(content) == kind


@pytest.mark.parametrize(("content", "code"), [
    (b"", "ATTACHMENT_EMPTY"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "ATTACHMENT_KIND_UNKNOWN"),
    (b"<svg onload='alert(1)'/>", "ATTACHMENT_KIND_UNKNOWN"),
    (b"<?xml version='1.0'?><svg/>", "ATTACHMENT_KIND_UNKNOWN"),
    (b"MZ\x90\x00\x03", "ATTACHMENT_KIND_UNKNOWN"),
    (b"\x7fELF\x02\x01", "ATTACHMENT_KIND_UNKNOWN"),
    (png(10_000, 10_000), "ATTACHMENT_IMAGE_TOO_LARGE"),
    (b"\x89PNG\r\n\x1a\n", "ATTACHMENT_KIND_UNKNOWN"),
    (archive(a=b"1"), "ATTACHMENT_KIND_UNKNOWN"),
    (archive(xl__vbaProject=b"").replace(b"vbaProject", b"vbaProject"), "ATTACHMENT_KIND_UNKNOWN"),
    (b"PK\x03\x04 broken", "ATTACHMENT_KIND_UNKNOWN"),
    (b"%PDF-" + b"0" * (20 * 1024 * 1024), "ATTACHMENT_TOO_LARGE"),
])  # fmt: skip
def test_what_is_not_taken_is_refused_with_a_code(content, code):
    from thongquan.site.papers.kinds import media_type

    assert media_type(content).code == code


def test_a_workbook_with_macros_or_with_a_way_out_is_refused():
    from thongquan.site.papers.kinds import media_type

    for name in ("xl/vbaProject.bin", "../../etc/passwd", "/etc/passwd"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("xl/workbook.xml", b"")
            packed.writestr(name, b"")
        assert media_type(out.getvalue()).code == "ATTACHMENT_ARCHIVE_UNSAFE", name


@pytest.mark.parametrize(("sent", "shown"), [
    ("../../etc/passwd", "passwd"), ("C:\\a\\b.pdf", "b.pdf"), ("hóa đơn\u202egpj.exe", "hóa đơngpj.exe"),
    ("a\r\nb.pdf", "ab.pdf"), ("", "…"),
])  # fmt: skip
def test_a_senders_name_of_a_file_is_only_ever_shown(sent, shown):
    from thongquan.site.papers import acts

    assert acts.shown(sent) == shown


def test_a_backup_holds_the_contents_and_a_restore_puts_them_back(screen, made, folder, tmp_path):
    from thongquan.site.papers import backup, store
    from thongquan.site.papers.models import Attachment

    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    attach(declarant, number, PDF)
    row = Attachment.objects.get()
    copy = tmp_path / "copy.sqlite3"
    assert backup.back_up(copy) == ()
    store.path_of(row.hash).unlink()
    assert [finding.code for finding in backup.back_up(tmp_path / "again.sqlite3")] == ["ATTACHMENT_LOST"]
    assert backup.restore(copy) == ()
    assert declarant.get(f"/to-khai/{number}/ho-so/{row.identifier}").content == PDF
    store.path_of(row.hash).unlink()
    (backup.folder_of(copy) / row.hash[:2] / row.hash).write_bytes(b"khac")
    assert [finding.code for finding in backup.restore(copy)] == ["ATTACHMENT_LOST"]


# printed forms


def test_forms_are_printed_with_their_numbers_and_no_text_is_markup(screen, made):
    pytest.importorskip("typst")
    declarant = screen("khai")
    number = made.lodge(declarant, "A-1", "24022000", description="#eval(1) $x$ *đậm* ")
    for kind in ("to-khai", "thong-bao-thue", "phieu-kiem-tra"):
        answer = screen("hoso").get(f"/to-khai/{number}/in/{kind}")
        assert answer.status_code == 200, kind
        assert answer.content.startswith(b"%PDF-"), kind
        assert answer.headers["Content-Disposition"] == f"attachment; filename={number}-{kind}.pdf"
    # Nothing is released yet.
    assert screen("hoso").get(f"/to-khai/{number}/in/quyet-dinh").status_code == 404


def test_a_form_says_what_the_record_says(screen, made, country):
    from thongquan.site.clearance import reads
    from thongquan.site.clearance.printed import PRINTABLE

    number = made.lodge(screen("khai"), "A-1", "09011100")
    row = reads.by_number(number)
    notice = PRINTABLE["thong-bao-thue"].content(row, country, True)
    assert notice.form == f"Số: HQ-03 {number}/3"
    assert notice.title == "Thông báo thuế"
    assert [list(line) for line in notice.tables[1].rows] == [
        ["Thuế nhập khẩu", "DUT", "1.300"],
        ["Thuế giá trị gia tăng", "VAT", "2.730"],
        ["Phải nộp", "", "4.030 XTS"],
    ]
    # The machine signs nothing, and the form says so.
    assert notice.signs == ()
    assert any("tự động" in note for note in notice.notes)
