"""Over HTTP: the signed receipt of a declaration, and the proof of each of its events once it is sealed."""

from __future__ import annotations

from thongquan.site.record.models import Event
from thongquan.site.record.sealing import seal_once
from thongquan.site.record.signing import signing_key


def test_a_receipt_and_a_proof_are_fetched_later_too(api, tmp_path, monkeypatch):
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))
    ann = api("ann")
    lodged = ann.lodge()
    assert lodged.status == 201, lodged.json
    lodged = lodged.json
    number = lodged["number"]
    asked = ann.get(f"/declarations/{number}/receipt")
    assert asked.status == 200, asked.json
    receipt = asked.json
    assert (receipt["number"], receipt["events"]) == (number, Event.objects.filter(subject=number).count())
    assert signing_key().public.signed(receipt["signed_receipt"])
    assert f"1 {lodged['receipt']} " in receipt["signed_receipt"]
    early = ann.get(f"/declarations/{number}/proofs/1")
    assert (early.status, early.code) in ((409, "EVENT_NOT_SEALED"), (409, "CHECKPOINT_UNKNOWN"))
    seal_once()
    proof = ann.get(f"/declarations/{number}/proofs/1").json
    assert proof["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    assert proof["index"] < proof["size"]
    for none in ("0", "99", "x"):
        refused = ann.get(f"/declarations/{number}/proofs/{none}")
        assert (refused.status, refused.code) == (404, "EVENT_UNKNOWN")
