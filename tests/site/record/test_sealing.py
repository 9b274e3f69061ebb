"""Every event gets its place once, in the order in which it was seen; nothing is signed over what does not fit."""

from __future__ import annotations

import stat
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan import verify_log
from thongquan.site.clearance import journey
from thongquan.site.kit import clock
from thongquan.site.record import anchors, merkle, sealing, signing
from thongquan.site.record.acts import append, last
from thongquan.site.record.models import Anchored, Checkpoint, Event, LogKey, Sealed
from thongquan.site.record.sealing import SealingStopped, anchor_once, health, refusal, rotate_key, seal_once

from ..country import NOON, original
from .lives import lived

pytestmark = pytest.mark.django_db


def event(subject: str = "S", **fields) -> Event:
    return append(
        subject=subject, after=last(subject), act="lodge", at=NOON, recorded_at=fields.pop("recorded_at", NOON),
        actor="ann", role="DECLARANT", office="", facts={"says": {}},
    )  # fmt: skip


def order() -> list[str]:
    return [
        f"{s.event.subject}{s.event.n}" for s in Sealed.objects.order_by("sequence").select_related("event")
    ]


def stopped(work) -> str:
    with pytest.raises(SealingStopped) as caught:
        work()
    return caught.value.finding.code


def unguarded(*statements: str) -> None:
    """Run statements as somebody who owns the database: with the guards of the record taken away first."""
    tables = ("record_event", "record_sealed", "record_checkpoint", "record_logkey", "record_anchored")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join(f"'{table}'" for table in tables)
            cursor.execute(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({marks})")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)


# order


def test_nothing_to_seal_makes_no_checkpoint():
    assert seal_once() is None
    assert not Checkpoint.objects.exists()
    assert not LogKey.objects.exists()


def test_events_get_a_dense_sequence_and_a_signed_root(own_trust):
    first, second = event("A"), event("B")
    made = seal_once()
    assert (made.size, order()) == (2, ["A1", "B1"])
    leaves = [merkle.leaf_hash(f"{e.hash}\n2026-03-02T12:00:00Z".encode()) for e in (first, second)]
    assert made.root == merkle.node_hash(*leaves).hex()
    assert made.note.startswith("customs.test/log\n2\n")
    assert signing.signing_key().public.signed(made.note)
    assert stat.S_IMODE((own_trust / "key").stat().st_mode) == 0o600
    assert seal_once() is None


def test_an_event_that_commits_late_below_sealed_ids_is_sealed_next():
    # Ids are taken at the insert and seen at the commit: here number 3 commits after number 5.
    early, late = event("A"), event("B")
    seal_once()
    delayed = Event.objects.filter(pk=late.pk).values().get()
    high = event("C")
    seal_once()
    gap = {**delayed, "id": high.pk + 1, "subject": "D", "hash": "d" * 64}
    Event(**{**gap, "id": high.pk + 5, "subject": "E", "hash": "e" * 64}).save(force_insert=True)
    seal_once()
    Event(**gap).save(force_insert=True)
    seal_once()
    assert order() == ["A1", "B1", "C1", "E1", "D1"]
    assert early.pk < high.pk


def test_beyond_the_hindsight_only_a_sweep_looks(monkeypatch):
    event("A")
    seal_once()
    late = Event.objects.values().get()
    Event(**{**late, "id": late["id"] + 9, "subject": "B", "hash": "b" * 64}).save(force_insert=True)
    seal_once()
    Event(**{**late, "id": late["id"] + 3, "subject": "C", "hash": "c" * 64}).save(force_insert=True)
    monkeypatch.setattr(sealing, "HINDSIGHT", timedelta(seconds=-1))
    assert seal_once() is None
    assert sealing.sweep_once().size == 3
    assert sealing.sweep_once() is None
    assert order() == ["A1", "B1", "C1"]


def test_the_tree_grows_like_one_built_at_once():
    leaves = []
    for n in range(23):
        leaves.append(merkle.leaf_hash(f"{event(f'S{n}').hash}\n2026-03-02T12:00:00Z".encode()))
        if n % 3 == 0:
            seal_once()
    seal_once()
    tree = verify_log.Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert Checkpoint.objects.get(size=23).root == tree.root().hex()


def test_a_batch_seals_no_more_than_its_limit():
    for n in range(5):
        event(f"S{n}")
    assert [seal_once(limit=2).size for _ in range(3)] == [2, 4, 5]


def test_a_leaf_covers_the_journals_of_its_event(people, pack, days):
    lived(pack, days, "R1")
    seal_once()
    leaves = [bytes(s.nodes)[:32] for s in Sealed.objects.order_by("sequence")]
    events = list(Event.objects.order_by("pk"))
    bare = [merkle.leaf_hash(sealing.leaf_data(e.hash, e.recorded_at, ())) for e in events]
    # Assessing and paying post to the books; the four others do not.
    assert [one == other for one, other in zip(leaves, bare, strict=True)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


# what stops it


def test_a_stored_tree_that_was_changed_is_not_signed_over():
    for n in range(3):
        event(f"S{n}")
    seal_once()
    event("T")
    nodes = "x'" + "00" * 32 + "'" if connection.vendor == "sqlite" else "'\\x" + "00" * 32 + "'"
    unguarded(f"UPDATE record_sealed SET nodes = {nodes} WHERE sequence = 2")
    assert stopped(seal_once) == "LOG_TREE_DIFFERS"
    assert Checkpoint.objects.count() == 1


def test_a_stored_root_that_was_changed_is_not_signed_over():
    event("A")
    seal_once()
    event("B")
    unguarded("UPDATE record_checkpoint SET root = '" + "0" * 64 + "'")
    assert stopped(seal_once) == "LOG_TREE_DIFFERS"


def test_rows_beyond_the_last_checkpoint_are_not_signed_over():
    event("A")
    seal_once()
    event("B")
    event("C")
    unguarded()
    Sealed.objects.create(sequence=1, event=Event.objects.get(subject="B"), nodes=b"\0" * 32)
    assert stopped(seal_once) == "LOG_TREE_DIFFERS"


def test_another_key_than_the_log_names_signs_nothing(own_trust):
    event("A")
    seal_once()
    event("B")
    (own_trust / "key").unlink()
    assert stopped(seal_once) == "LOG_KEY_NOT_CURRENT"


def test_a_key_that_others_may_read_is_refused(own_trust):
    event("A")
    seal_once()
    event("B")
    (own_trust / "key").chmod(0o644)
    with pytest.raises(PermissionError):
        seal_once()


def test_a_restored_old_copy_is_seen_against_the_anchors():
    event("A")
    seal_once()
    anchor_once()
    event("B")
    seal_once()
    sealing.compare_with_anchors()  # an anchor that is behind is no fault
    anchor_once()
    unguarded(
        "DELETE FROM record_anchored",
        "DELETE FROM record_checkpoint WHERE size = 2",
        "DELETE FROM record_sealed WHERE sequence = 1",
    )
    assert stopped(sealing.compare_with_anchors) == "LOG_BEHIND_ANCHOR"


def test_an_anchor_never_takes_a_second_history(own_trust):
    event("A")
    made = seal_once()
    anchor_once()
    folder = anchors.Folder(own_trust / "anchors")
    folder.put(1, made.note)
    with pytest.raises(anchors.AnchorConflict):
        folder.put(1, made.note.replace("customs.test", "other.test"))
    assert folder.largest() == (1, made.note)
    assert [file.name for file in (own_trust / "anchors" / "checkpoints").iterdir()] == ["1.txt"]
    unguarded("DELETE FROM record_anchored")
    (own_trust / "anchors" / "checkpoints" / "1.txt").write_text("another")
    assert stopped(anchor_once) == "ANCHOR_CONFLICT"


# what the database refuses


@pytest.mark.parametrize("table", ["record_sealed", "record_checkpoint", "record_logkey", "record_anchored"])
def test_the_log_of_trust_is_only_added_to(table):
    event("A")
    seal_once()
    anchor_once()
    column = {"record_sealed": "nodes = nodes", "record_checkpoint": "note = ''", "record_logkey": "public = ''",
              "record_anchored": "anchor = ''"}[table]  # fmt: skip
    for statement in (f"UPDATE {table} SET {column}", f"DELETE FROM {table}"):
        with (
            pytest.raises(IntegrityError, match="APPEND_ONLY"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_database_refuses_a_gap_and_a_checkpoint_of_less_than_all():
    one = event("A")
    with pytest.raises(IntegrityError, match="SEQUENCE_GAP"), transaction.atomic():
        Sealed.objects.create(sequence=1, event=one, nodes=b"")
    seal_once()
    with pytest.raises(IntegrityError, match="CHECKPOINT_NOT_OF_THE_LOG"), transaction.atomic():
        Checkpoint.objects.create(size=2, root="", note="", key="", reach=0, at=NOON)


# anchors and lag


def test_an_anchored_log_has_no_lag(own_trust):
    event("A")
    assert health().lag is None
    assert [fault.code for fault in health().findings] == ["LOG_NOT_STARTED"]
    made = seal_once()
    assert health().anchored == 0
    assert anchor_once() == []
    now = health()
    assert (now.size, now.waiting, now.anchored, now.lag) == (1, False, 1, timedelta())
    assert (own_trust / "anchors" / "checkpoints" / "1.txt").read_text() == made.note
    assert Anchored.objects.count() == 1
    anchor_once()
    assert Anchored.objects.count() == 1


def test_the_lag_grows_while_a_checkpoint_reaches_no_anchor(own_trust):
    event("A")
    made = seal_once()
    (own_trust / "anchors").write_text("not a folder")
    assert [fault.code for fault in anchor_once()] == ["ANCHOR_UNREACHABLE"]
    for minutes, codes in ((14, []), (16, ["ANCHOR_LATE"]), (300, ["ANCHOR_LATE"])):
        later = health(made.at + timedelta(minutes=minutes))
        assert (later.lag, [fault.code for fault in later.findings]) == (timedelta(minutes=minutes), codes)


def test_the_lag_grows_while_nobody_seals():
    event("A")
    made = seal_once()
    anchor_once()
    # On a quiet day nothing waits, and nothing is late.
    assert health(made.at + timedelta(hours=9)).lag == timedelta()
    event("B", recorded_at=made.at + timedelta(hours=9))
    assert health(made.at + timedelta(hours=10)).lag == timedelta(hours=1)


def test_where_there_are_several_anchors_two_must_hold_it(monkeypatch, own_trust):
    monkeypatch.setenv("THONGQUAN_ANCHORS", ":".join(str(own_trust / name) for name in "abc"))
    (own_trust / "a").write_text("not a folder")
    (own_trust / "b").write_text("not a folder")
    event("A")
    made = seal_once()
    anchor_once()
    assert health(made.at + timedelta(hours=1)).lag == timedelta(hours=1)
    (own_trust / "b").unlink()
    assert [fault.code for fault in anchor_once()] == ["ANCHOR_UNREACHABLE"]
    assert health(made.at + timedelta(hours=1)).lag == timedelta()


def test_a_clock_that_goes_back_is_told_and_does_not_move_the_log_back():
    event("A")
    made = seal_once()
    anchor_once()
    back = health(made.at - timedelta(seconds=3))
    assert ([fault.code for fault in back.findings], back.lag) == (["CLOCK_WENT_BACK"], timedelta())
    assert health(made.at - timedelta(seconds=1)).findings == ()


def test_beyond_four_hours_acts_of_trust_wait_and_lodging_goes_on(people, pack, days, monkeypatch):
    number = lived(pack, days, "R1")[0].number
    journey.pay(
        number=number,
        paid_minor=500,
        source="bank",
        reference="MORE",
        treasury="T1",
        **days.ask("bank", pack),
    )
    made = seal_once()
    refunded = {"refunded_minor": 500, "decision": "QD-1", "account": "T1"}
    assert journey.propose(number=number, act="refund", content=refunded, **days.ask("rita", pack)).done
    monkeypatch.setattr(clock, "now", lambda: made.at + timedelta(hours=4, minutes=1))
    monkeypatch.setattr(sealing.clock, "now", clock.now)
    late = journey.refund(number=number, **refunded, **days.ask("lena", pack))
    assert late.codes == ("ANCHOR_LAG",)
    assert late.reasons[0].says == {"minutes": "241"}
    assert journey.lodge(message=original("R2"), **days.ask("ann", pack)).done
    seal_once()
    anchor_once()
    assert refusal() is None
    assert journey.refund(number=number, **refunded, **days.ask("lena", pack)).done


# keys


def test_a_new_key_follows_with_both_signatures_and_an_event(own_trust):
    event("A")
    seal_once()
    old = signing.signing_key().public
    new = rotate_key(by="lena", role="LEADER", reason="yearly", at=NOON)
    assert new == signing.signing_key().public != old
    statement = LogKey.objects.order_by("-pk").first().statement
    assert old.signed(statement)
    assert new.signed(statement)
    assert Event.objects.get(subject="log").act == "rotate_log_key"
    assert seal_once().key == new.id
    assert sorted(file.name for file in own_trust.iterdir() if file.is_file()) == ["key"]


def test_a_rotation_cut_off_before_the_file_took_its_place_is_finished(monkeypatch):
    event("A")
    seal_once()
    old = signing.signing_key().public
    with monkeypatch.context() as broken:
        broken.setattr(sealing, "take_next_key", lambda: None)
        new = rotate_key(by="lena", role="LEADER", reason="yearly", at=NOON)
    assert signing.signing_key().public == old
    assert seal_once().key == new.id
    assert signing.signing_key().public == new
    assert not signing.next_key_file().exists()


def test_a_text_is_a_public_key_or_it_is_refused():
    public = signing.signing_key().public
    assert signing.PublicKey.of(public.text) == public
    for text in ("", "a+b", public.text + "A", public.text.replace("customs", "custom"), "x+00000000+AAAA"):
        with pytest.raises(ValueError, match="public key"):
            signing.PublicKey.of(text)
    with pytest.raises(ValueError, match="holds no key"):
        signing.SigningKey.of(b"PRIVATE+KEY+x+00000000+AAAA")


def test_a_signing_key_does_not_show_itself():
    key = signing.signing_key()
    secret = key.content.decode().strip().rpartition("+")[2]
    assert secret not in repr(key)
    assert key.public.text in repr(key)


# crashes


def test_a_crash_between_sealing_and_signing_leaves_nothing(monkeypatch):
    event("A")
    with monkeypatch.context() as broken:
        broken.setattr(sealing, "checkpoint_text", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            seal_once()
    assert (Sealed.objects.count(), Checkpoint.objects.count()) == (0, 0)
    assert seal_once().size == 1
