"""What somebody takes home: the signed receipt and the proofs of a declaration, on the page and over HTTP."""

from __future__ import annotations

import pytest

from thongquan.site.record.models import Event
from thongquan.site.record.sealing import seal_once
from thongquan.site.record.signing import signing_key


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))


def test_a_declarant_saves_the_receipt_of_his_declaration_and_of_its_papers(screen, made):
    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    assert "Tải biên nhận có chữ ký" in declarant.see(f"/to-khai/{number}/nhat-ky")
    answer = declarant.get(f"/to-khai/{number}/bien-nhan")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={number}.receipt.txt"
    text = answer.content.decode()
    assert signing_key().public.signed(text)
    for event in Event.objects.filter(subject=number):
        assert f"{event.n} {event.hash} " in text
    assert declarant.get(f"/to-khai/{number}/bien-nhan").content.decode() == text


def test_a_proof_comes_when_the_event_is_sealed(screen, made):
    declarant = screen("khai")
    number = made.lodge(declarant, "A-1")
    declarant.see(f"/to-khai/{number}/bang-chung/1", 409)
    seal_once()
    answer = declarant.get(f"/to-khai/{number}/bang-chung/1")
    assert answer.content.decode().startswith("c2sp.org/tlog-proof@v1\n")
    for none in ("0", "99", "x", "-1", "1" * 30):
        assert declarant.get(f"/to-khai/{number}/bang-chung/{none}").status_code == 404


def test_a_foreign_declaration_has_neither(screen, made):
    number = made.lodge(screen("khai"), "A-1")
    seal_once()
    other = screen("khac")
    for part in ("bien-nhan", "bang-chung/1"):
        assert other.get(f"/to-khai/{number}/{part}").status_code == 404
