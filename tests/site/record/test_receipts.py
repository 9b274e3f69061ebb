"""What somebody takes home proves itself against the outsiders' verifier, which knows nothing of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from thongquan import verify_log
from thongquan.site.clearance import journey
from thongquan.site.record import receipts, signing
from thongquan.site.record.models import Event
from thongquan.site.record.receipts import Line, consistency, proof_of, receipt, receipt_for, receipt_of
from thongquan.site.record.sealing import seal_once

from ..country import original
from .lives import lived

pytestmark = pytest.mark.django_db


def codes(tmp_path, **files: str) -> list[str]:
    """What the verifier says of files that somebody holds."""
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    keys = [verify_log.Key.of(signing.signing_key().public.text)]
    return [fault.code for fault in verify_log.verify(None, keys, receipts=tmp_path).faults]


def test_a_receipt_says_one_event_and_is_signed():
    at = datetime(2026, 3, 2, 12, 0, 0, 250_000, UTC)
    text = receipt([Line("TS26-1", 3, "ab" * 32, at)])
    assert text.startswith(
        "thongquan-receipt-v1\ncustoms.test/log\n"
        f"3 {'ab' * 32} 2026-03-02T12:00:00.250000Z TS26-1\n\n— customs.test/log "
    )
    assert signing.signing_key().public.signed(text)
    assert not signing.signing_key().public.signed(text.replace("TS26-1", "TS26-2"))


def test_an_answer_has_its_receipt_for_ever(people, pack, days):
    ask = days.ask("ann", pack)
    first = journey.lodge(message=original(), **ask)
    again = journey.lodge(message=original(), **ask)
    assert again.replay
    assert receipt_of(first) == receipt_of(again) == receipt_for(Event.objects.get())


def test_what_was_refused_has_no_receipt(people, pack, days):
    refused = journey.accept(number="none", **days.ask("ann", pack))
    assert (refused.done, receipt_of(refused)) == (False, "")


def test_many_acts_share_one_receipt_and_one_signature(people, pack, days, tmp_path):
    answers = [*lived(pack, days, "R1"), *lived(pack, days, "R2")]
    shared = receipt_of(*answers)
    assert shared.count("— ") == 1
    assert len(shared.splitlines()) == 2 + 12 + 1 + 1
    # With no export to look in, its signature is all that is verified.
    assert codes(tmp_path, shared=shared) == []


@pytest.mark.parametrize("subject", ["a\nb", "a\x00"])
def test_a_receipt_line_is_one_line(subject):
    with pytest.raises(ValueError, match="one line"):
        receipt([Line(subject, 1, "0" * 64, datetime(2026, 3, 2, tzinfo=UTC))])
    with pytest.raises(ValueError, match="nothing"):
        receipt([])


def test_a_forged_receipt_is_told(people, pack, days, tmp_path):
    text = receipt_of(*lived(pack, days, "R1"))
    other = signing.SigningKey.made("customs.test/log")
    body = text.rpartition("\n\n")[0] + "\n"
    assert codes(
        tmp_path,
        a=text.replace("\n1 ", "\n9 "),
        b=other.note(body),
        c="thongquan-receipt-v1\n",
        d="hello",
    ) == ["SIGNATURE_WRONG", "KEY_UNKNOWN", "RECEIPT_UNREADABLE", "RECEIPT_UNREADABLE"]


def test_every_event_has_a_proof_under_every_checkpoint_that_covers_it(people, pack, days, tmp_path):
    sizes = []
    for n in range(3):
        lived(pack, days, f"R{n}")
        sizes.append(seal_once().size)
    assert sizes == [6, 12, 18]
    files = {}
    for place, event in enumerate(Event.objects.order_by("pk")):
        for size in sizes:
            found = proof_of(event, size)
            if place >= size:
                assert found.code == "EVENT_NOT_SEALED"
                continue
            assert (found.index, found.size) == (place, size)
            files[f"{place}-{size}.tlog-proof"] = found.text
    assert len(files) == 6 * 3 + 6 * 2 + 6
    assert codes(tmp_path, **files) == []


def test_a_proof_of_another_leaf_place_or_root_is_told(people, pack, days, tmp_path):
    lived(pack, days, "R1")
    seal_once()
    found = proof_of(Event.objects.first())
    moved = found.text.replace("index 0", "index 1")
    leaf = found.text.replace("extra ", "extra AAAA")
    short = found.text.replace(found.text.split("\n")[3] + "\n", "", 1)
    forged = found.text.replace("\n6\n", "\n7\n")
    assert codes(tmp_path, a=moved, b=leaf, c=short, d=forged) == [*["PROOF_WRONG"] * 3, "SIGNATURE_WRONG"]


def test_an_event_that_is_not_sealed_has_no_proof_yet(people, pack, days):
    lived(pack, days, "R1")
    assert proof_of(Event.objects.first()).code == "CHECKPOINT_UNKNOWN"
    seal_once()
    journey.lodge(message=original("R2"), **days.ask("ann", pack))
    assert proof_of(Event.objects.last()).code == "EVENT_NOT_SEALED"
    assert proof_of(Event.objects.first(), 5).code == "CHECKPOINT_UNKNOWN"


def test_checkpoints_are_proven_to_be_of_one_history(people, pack, days, tmp_path):
    for n in range(3):
        lived(pack, days, f"R{n}")
        seal_once()
    steps = {f"{old}-{new}": consistency(old, new) for old, new in [(6, 12), (6, 18), (12, 18), (18, 18)]}
    # The old checkpoints themselves are among the files, as an outsider holds them: as parts of proofs.
    held = {f"held-{size}": proof_of(Event.objects.first(), size).text for size in (6, 12, 18)}
    assert codes(tmp_path, **held, **{name: step.text for name, step in steps.items()}) == []
    assert consistency(18, 6).code == "CHECKPOINT_UNKNOWN"
    assert consistency(7).code == "CHECKPOINT_UNKNOWN"


def test_a_consistency_proof_needs_the_old_root_and_fits_no_other(people, pack, days, tmp_path):
    for n in range(2):
        lived(pack, days, f"R{n}")
        seal_once()
    step = consistency(6, 12)
    assert codes(tmp_path, step=step.text) == ["NOTHING_TO_COMPARE"]
    held = proof_of(Event.objects.first(), 6).text
    wrong = receipts.Consistency(6, 12, step.path[::-1], step.checkpoint)
    assert codes(tmp_path, step=step.text, held=held) == []
    assert codes(tmp_path, step=wrong.text, held=held) == ["PROOF_WRONG"]
