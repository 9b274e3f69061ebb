"""Papers by machine: the body is the file, what it is shows in it, and it comes back as a file and nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest

from thongquan.site.accounts import acts as accounts
from thongquan.site.papers import kinds
from thongquan.site.papers.models import Attachment
from thongquan.site.record.reads import events_of

from ..country import original
from .machines import START

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def number(api) -> str:
    return api("ann").lodge().json["number"]


def attach(
    machine, number: str, content: bytes = PDF, *, kind="INVOICE", name="h%C3%B3a%20%C4%91%C6%A1n.pdf", **more
):
    media = more.pop("media", "application/octet-stream")
    return machine.post(
        f"/declarations/{number}/attachments?kind={kind}&name={name}", content, media=media, **more
    )


def test_a_paper_is_attached_listed_and_comes_back_under_its_own_name(api, number):
    ann = api("ann")
    made = attach(ann, number)
    assert made.status == 201, made.json
    told = made.json["attachment"]
    assert (told["kind"], told["name"], told["media_type"], told["size"], told["hash"]) == (
        "INVOICE", "hóa đơn.pdf", "application/pdf", len(PDF), sha256(PDF).hexdigest()
    )  # fmt: skip
    assert made.headers["Location"] == f"/api/v1/declarations/{number}/attachments/{told['identifier']}"
    assert made.json["signed_receipt"].startswith("thongquan-receipt-v1\n")
    (event,) = events_of(f"papers:{number}")
    assert (event.hash, event.actor) == (made.json["receipt"], "ann")
    # An officer of the office sees the same.
    olga = api("olga")
    assert olga.get(f"/declarations/{number}/attachments").json["attachments"] == [told]
    file = olga.get(f"/declarations/{number}/attachments/{told['identifier']}")
    assert file.content == PDF
    assert file.headers["Content-Type"] == "application/pdf"
    assert file.headers["Content-Disposition"] == (
        f"attachment; filename={told['identifier']}.pdf; filename*=UTF-8''h%C3%B3a%20%C4%91%C6%A1n.pdf"
    )
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["Cache-Control"] == "no-store"
    # A client that knows only plain bytes asks for them, and gets the same content.
    plain = olga.get(
        f"/declarations/{number}/attachments/{told['identifier']}", HTTP_ACCEPT="application/octet-stream"
    )
    assert (plain.headers["Content-Type"], plain.content) == ("application/octet-stream", PDF)


def test_a_paper_is_attached_once_under_its_key(api, number):
    ann = api("ann")
    first = attach(ann, number, key="paper-key-1")
    again = attach(ann, number, key="paper-key-1")
    assert again.status == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert {**again.json, "replay": False} == {**first.json, "replay": False}
    other = attach(ann, number, PDF + b"2", key="paper-key-1")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert attach(ann, number, key=None).code == "IDEMPOTENCY_KEY_MISSING"
    # The same content for the same purpose under another key is the one that is there.
    twin = attach(ann, number, key="paper-key-2")
    assert twin.json["attachment"] == first.json["attachment"]
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(("content", "code"), [
    (b"", "ATTACHMENT_EMPTY"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "ATTACHMENT_KIND_UNKNOWN"),
    (b"<svg onload='alert(1)'/>", "ATTACHMENT_KIND_UNKNOWN"),
    (b"MZ\x90\x00\x03", "ATTACHMENT_KIND_UNKNOWN"),
])  # fmt: skip
def test_what_is_not_taken_is_refused_and_nothing_is_kept(api, number, content, code, folder):
    # What its sender calls it does not matter.
    answer = attach(api("ann"), number, content, media="application/pdf")
    assert (answer.status, answer.code) == (422, code)
    assert not Attachment.objects.exists()
    assert not (folder / "papers").exists()


def test_what_is_larger_than_the_limit_is_refused_before_it_is_read(api, number):
    answer = attach(api("ann"), number, b"%PDF-" + b"0" * kinds.MOST_BYTES)
    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


def test_a_kind_that_is_none_and_a_missing_name_are_told_at_their_place(api, number):
    wrong = attach(api("ann"), number, kind="LETTER")
    assert (wrong.status, wrong.json["at"]) == (422, "kind")
    missing = api("ann").post(
        f"/declarations/{number}/attachments?kind=INVOICE", PDF, media="application/octet-stream"
    )
    assert (missing.status, missing.code, missing.json["at"]) == (422, "FIELD_MISSING", "name")


def test_a_foreign_paper_and_none_are_one_answer(api, number):
    ann = api("ann")
    other = ann.lodge(original("R-2")).json["number"]
    identifier = attach(ann, number).json["attachment"]["identifier"]
    accounts.post("far", "DECLARANT", first_day=START, trader="TRADER-9")
    far = api("far")
    for place in ("", f"/{identifier}"):
        foreign = far.get(f"/declarations/{number}/attachments{place}")
        missing = far.get(f"/declarations/26TS0001999999X/attachments{place}")
        assert foreign.status == missing.status == 404
        assert foreign.content.replace(number.encode(), b"") == missing.content.replace(
            b"26TS0001999999X", b""
        )
    assert attach(far, number).status == 404
    # Nor is it found through another declaration, not even one's own.
    through = ann.get(f"/declarations/{other}/attachments/{identifier}")
    none = ann.get(f"/declarations/{other}/attachments/{'0' * 32}")
    assert (through.status, through.content) == (none.status, none.content)
    assert through.code == "ATTACHMENT_UNKNOWN"


def test_who_may_not_read_papers_neither_lists_nor_fetches_nor_attaches_them(api, number):
    identifier = attach(api("ann"), number).json["attachment"]["identifier"]
    bank = api("bank")  # sees that the declaration is there, and what is owed
    assert bank.get(f"/declarations/{number}").status == 200
    assert bank.get(f"/declarations/{number}/attachments").status == 404
    assert bank.get(f"/declarations/{number}/attachments/{identifier}").status == 404
    assert attach(bank, number).code == "ROLE_HAS_NO_RIGHT"


def test_a_declaration_that_has_its_many_papers_takes_no_more(api, number, monkeypatch):
    from thongquan.site.papers import acts

    monkeypatch.setattr(acts, "MOST_OF_ONE", 1)
    ann = api("ann")
    assert attach(ann, number).status == 201
    full = attach(ann, number, PDF + b"2")
    assert (full.status, full.code) == (409, "ATTACHMENTS_TOO_MANY")


@pytest.mark.parametrize(("name", "media", "saved"), [
    ("a.pdf", "application/pdf", "a.pdf"), ("a.PDF", "application/pdf", "a.PDF"),
    ("a.html", "application/pdf", "a.html.pdf"), ("a.exe", "text/plain", "a.exe.txt"),
    ("x.jpeg", "image/jpeg", "x.jpeg"), ("…", "image/png", "….png"),
])  # fmt: skip
def test_a_file_is_saved_with_an_ending_of_what_it_is(name, media, saved):
    assert kinds.file_name(name, media) == saved
