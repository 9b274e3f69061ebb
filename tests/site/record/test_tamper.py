"""T8: whoever changes what was anchored is seen, every time, by the outsiders' verifier; so is who forges a receipt.

A thousand random changes of an export, by forgers who know everything and some of whom hold the signing key; a sample
of them made in the database itself; and bugs planted in the verifier and in the sealer, each of which the same
harness must catch, so that a silent harness is seen too. TAMPERINGS=10000 for the long run; SEED=… replays one.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from thongquan import verify_log
from thongquan.site.clearance import journey
from thongquan.site.record import merkle, sealing, signing
from thongquan.site.record.exporting import export_log
from thongquan.site.record.models import Checkpoint, Event
from thongquan.site.record.receipts import receipt_for
from thongquan.site.record.sealing import anchor_once, rotate_key, seal_once
from thongquan.verify_log import Key

from ..conftest import own_copy
from ..country import NOON, Days, make_pack, original
from .conftest import use_trust
from .forging import KINDS, TAIL_KINDS, Export, Forger
from .lives import lived

SEED = int(os.environ.get("SEED") or "20260302")
TAMPERINGS = int(os.environ.get("TAMPERINGS") or "1000")


@dataclasses.dataclass
class World:
    """A record with everything in it. anchors, receipts: what others hold. anchored: the size that is safe."""

    export: Export
    anchors: Path
    receipts: Path
    first_key: str
    key: signing.SigningKey
    anchored: int

    def keys(self) -> list[Key]:
        """What an auditor trusts: the first key of the log, got when it was new."""
        return [Key.of(self.first_key)]

    def faults(self, export: Export, folder: Path, *, receipts: bool = True) -> list[verify_log.Fault]:
        export.write(folder)
        held = self.receipts if receipts else None
        report = verify_log.verify(folder, self.keys(), self.anchors, held)
        shutil.rmtree(folder)
        return report.faults


def make_world(folder: Path) -> World:
    """Ten declarations sealed in batches, a change of key between them, an eleventh after the last anchor, and a
    twelfth that waits; receipts of these two and of the first."""
    pack, days = make_pack(), Days()
    answers = lived(pack, days, "R0")
    seal_once()
    anchor_once()
    first_key = signing.signing_key().public.text
    for n in range(1, 6):
        lived(pack, days, f"R{n}")
        seal_once(limit=7)
        anchor_once()
    assert rotate_key(by="lena", role="LEADER", reason="yearly", at=NOON).name == "customs.test/log"
    for n in range(6, 10):
        lived(pack, days, f"R{n}")
        while seal_once(limit=5):
            pass
    anchor_once()
    anchored = 10 * 6 + 1
    answers += lived(pack, days, "TAIL")
    seal_once()
    answers += lived(pack, days, "WAITING")
    held = folder / "receipts"
    held.mkdir()
    for number, answer in enumerate(answers):
        event = Event.objects.get(subject=answer.number, n=answer.events)
        (held / f"{number}.txt").write_text(receipt_for(event), encoding="utf-8")
    done = export_log(folder / "export")
    assert done.faults == ()
    assert done.counts == {"events": 67, "waiting": 6, "journals": 24, "accounts": 5, "checkpoints": 15}
    return World(
        Export.read(folder / "export"), folder / "anchors", held, first_key, signing.signing_key(), anchored
    )


@pytest.fixture(scope="module")
def world(template, django_db_blocker, tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        use_trust(patch, folder)
        with own_copy(template):
            return make_world(folder)


def forger(world: World, seed: int) -> Forger:
    own = signing.SigningKey(world.key.public.name, b"\x07" * 32)
    chance = random.Random(seed)
    return Forger(chance, world.key, own, world.anchored, cover=chance.randrange(3))


def undetected(world: World, folder: Path, kinds: dict, count: int) -> Counter:
    """How many of so many random changes nobody saw, by kind and cover. Each has its own seed, told when it fails."""
    unseen: Counter = Counter()
    names = sorted(kinds)
    before = world.export.copy()
    for number in range(count):
        one = forger(world, SEED + number)
        name = names[number % len(names)]
        changed = kinds[name](one, world.export.copy())
        if changed == before:
            continue
        # What the receipts do not know must be seen without them.
        alone = kinds is KINDS
        if not world.faults(changed, folder / str(number), receipts=not alone):
            unseen[f"{name} cover={one.cover} SEED={SEED + number}"] += 1
    return unseen


# the export as it is


def test_the_untouched_export_passes(world, tmp_path):
    world.export.write(tmp_path / "one")
    report = verify_log.verify(tmp_path / "one", world.keys(), world.anchors, world.receipts)
    assert report.faults == []
    counts = {name: report.counts[name] for name in ("events", "waiting", "anchored", "receipts")}
    assert counts == {"events": 67, "waiting": 6, "anchored": 61, "receipts": 18}
    assert report.counts["anchors"] == len(list((world.anchors / "checkpoints").iterdir())) == 7


def test_the_newest_key_vouches_for_the_keys_before_it(world, tmp_path):
    world.export.write(tmp_path / "one")
    keys = [Key.of(world.key.public.text)]
    assert verify_log.verify(tmp_path / "one", keys, world.anchors, world.receipts).faults == []
    assert [key.until for key in keys] == [None, 36]


def test_a_retired_key_signs_nothing_more(world, tmp_path):
    old = world.export.copy()
    first = signing.SigningKey(world.key.public.name, b"\x05" * 32)
    text = (
        f"thongquan-key-rotation-v1\n{first.public.name}\n6\n{first.public.text}\n{world.key.public.text}\n"
    )
    old.rotations = {"1.txt": f"{text}\n{first.signature(text)}{world.key.signature(text)}"}
    old.sign(first)
    old.write(tmp_path / "one")
    report = verify_log.verify(tmp_path / "one", [Key.of(first.public.text)])
    assert set(report.totals) == {"KEY_RETIRED"}
    assert report.totals["KEY_RETIRED"] == len([size for size in old.checkpoints if size > 6])


def test_the_command_tells_all_in_two_languages(world, tmp_path, capsys):
    world.export.write(tmp_path / "one")
    key = tmp_path / "key.txt"
    key.write_text(world.first_key + "\n")
    given = [str(tmp_path / "one"), "--key", str(key), "--anchors", str(world.anchors)]
    assert verify_log.main([*given, "--receipts", str(world.receipts)]) == 0
    said = capsys.readouterr().out
    assert "ĐẠT: không thấy sai lệch nào." in said
    assert "Giới hạn:" in said
    assert verify_log.main([*given[:3], "--language", "en"]) == 0
    assert "MIND: no anchored checkpoint was given." in capsys.readouterr().out
    cut = world.export.restored(30)
    cut.write(tmp_path / "two")
    assert verify_log.main([str(tmp_path / "two"), *given[1:], "--language", "en"]) == 1
    said = capsys.readouterr().out
    assert "The log has 30 sealed events, the signed checkpoint 61" in said
    assert verify_log.main([str(tmp_path / "two"), *given[1:], "--json"]) == 1
    assert '"LOG_SHORTER"' in capsys.readouterr().out
    assert verify_log.main([str(tmp_path / "none"), "--key", str(key)]) == 2


# T8


def test_every_change_of_what_was_anchored_is_seen(world, tmp_path):
    assert undetected(world, tmp_path, KINDS, TAMPERINGS) == Counter()


def test_every_change_after_the_last_anchor_is_seen_by_keys_chains_and_receipts(world, tmp_path):
    assert undetected(world, tmp_path, TAIL_KINDS, max(70, TAMPERINGS // 10)) == Counter()


@pytest.mark.parametrize(
    ("name", "cover", "codes"),
    [
        ("edit", 0, ["EVENT_HASH_WRONG"]),
        ("edit", 1, ["ROOT_DIFFERS"]),
        ("edit", 2, ["ROOT_DIFFERS", "SPLIT_VIEW"]),
        ("change_the_time_of_recording", 0, ["LEAF_DIFFERS", "ROOT_DIFFERS"]),
        ("restore_an_older_copy", 0, ["LOG_SHORTER"]),
        ("move_money", 1, ["ROOT_DIFFERS"]),
        ("make_money", 0, ["ACCOUNT_DRIFTED", "JOURNAL_UNBALANCED", "LEAF_DIFFERS", "ROOT_DIFFERS"]),
    ],
)
def test_the_faults_name_what_was_done(world, tmp_path, name, cover, codes):
    one = forger(world, 1)
    one.cover = cover
    faults = world.faults(KINDS[name](one, world.export.copy()), tmp_path / "x", receipts=False)
    assert sorted({fault.code for fault in faults}) == codes


def test_a_deleted_event_is_named_where_it_is_missing(world, tmp_path):
    changed = world.export.copy()
    gone = changed.events.pop(9)
    faults = world.faults(changed, tmp_path / "x", receipts=False)
    after = changed.events[9]
    first = {fault.code: fault.at for fault in reversed(faults)}
    assert first["SEQUENCE_GAP"] == f"{after['subject']}[{after['n']}] #10"
    assert first["CHAIN_BROKEN"] == f"{gone['subject']}[{gone['n'] + 1}] #10"


def test_without_anchors_a_consistent_rewrite_is_not_seen_and_the_limits_say_so(world, tmp_path):
    one = forger(world, 1)
    one.cover = 2
    rewrite = KINDS["edit"](one, world.export.copy())
    rewrite.write(tmp_path / "x")
    assert verify_log.verify(tmp_path / "x", world.keys()).faults == []
    for language in (0, 1):
        assert "khóa ký" in verify_log.LIMITS[0]
        assert verify_log.LIMITS[language]


# bugs planted in the verifier: the harness must catch each


class Same(str):
    """A text that differs from none."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return False


VERIFIER_BUGS: dict[str, tuple[object, str, object]] = {
    "signatures are not verified": (verify_log.PublicKey, "verifies", lambda *_: True),
    "any key will do": (verify_log, "signer", lambda note, keys: next(iter(keys))),
    "anchors are not read": (verify_log.Checkpoints, "take_folder", lambda *_: (0, 0)),
    "receipts are not read": (verify_log.Held, "read", lambda *_: None),
    "a missing event of a receipt is no fault": (verify_log.Held, "missing", lambda *_: None),
    "roots are not compared": (verify_log.Record, "_compare_root", lambda *_: None),
    "a log may end early": (verify_log.Record, "_ended", lambda *_: None),
    "hashes are not computed": (verify_log, "chained", lambda *_: Same()),
    "chains are not followed": (verify_log, "follows", lambda *_: True),
    "columns are not compared": (verify_log.Record, "_columns", lambda *_: None),
    "journals need not balance": (verify_log, "balanced", lambda *_: True),
    "leaves leave out the journals": (verify_log, "leaf_data", lambda h, at, _: f"{h}\n{at}".encode()),
    "leaves leave out the time": (
        verify_log,
        "leaf_data",
        lambda h, at, j: "\n".join([h, *sorted(j)]).encode(),
    ),
    "leaves are hashed like nodes": (verify_log, "leaf_hash", lambda data: verify_log.sha256(data).digest()),
}


@pytest.mark.parametrize("bug", VERIFIER_BUGS)
def test_a_bug_planted_in_the_verifier_is_caught(world, tmp_path, monkeypatch, bug):
    monkeypatch.setattr(*VERIFIER_BUGS[bug])
    clean = world.faults(world.export.copy(), tmp_path / "clean")
    caught = bool(clean)
    for kinds in (TAIL_KINDS, KINDS):
        caught = caught or bool(undetected(world, tmp_path, kinds, 5 * len(kinds)))
    assert caught


# bugs planted in the sealer


def _by_id_range(above: int, limit: int, span: int = 0) -> list:
    """Takes ids beyond the last sealed one: what commits late is never sealed."""
    rows = Event.objects.filter(sealed__isnull=True).order_by("pk")
    newest = Event.objects.filter(sealed__isnull=False).order_by("-pk").first()
    rows = rows.filter(pk__gt=newest.pk if newest else 0)
    return list(rows.values_list("pk", "subject", "n", "hash", "recorded_at")[:limit])


def _seen_backwards(above: int, limit: int, span: int = 0) -> list:
    return WAITING(above, limit, span)[::-1]


def _forgetful(latest: Checkpoint | None) -> merkle.Frontier:
    frontier = FRONTIER(latest)
    frontier.peaks = [bytes(32) for _ in frontier.peaks]
    return frontier


WAITING, FRONTIER = sealing._waiting, sealing._frontier
SEALER_BUGS: dict[str, tuple[object, str, object]] = {
    "seals by ranges of ids": (sealing, "_waiting", _by_id_range),
    "seals what it saw last first": (sealing, "_waiting", _seen_backwards),
    "leaves leave out the journals": (sealing, "leaf_data", lambda h, at, _: sealing.instant(at).encode()),
    "leaves are hashed without their mark": (sealing, "leaf_hash", lambda d: merkle.sha256(d).digest()),
    "every batch begins a tree of its own": (sealing, "_frontier", _forgetful),
    "signs a size that is one too small": (
        sealing,
        "checkpoint_text",
        lambda origin, size, root: f"{origin}\n{size - 1}\n{sealing.b64encode(root).decode()}\n",
    ),
    "forgets to anchor": (sealing, "anchor_once", list),
}


def scenario(folder: Path, name: str) -> bool:
    """Whether the harness is content with a sealer: two batches, and between them an event that commits late."""
    pack, days = make_pack(), Days()
    lived(pack, days, "R1")
    seal_once()
    sealing.anchor_once()
    held = Event.objects.order_by("-pk").values().first()
    lived(pack, days, "R2")
    late = {**held, "subject": "LATE", "n": 1, "prev": "0" * 64}
    late["body"] = late["body"].replace(held["subject"], "LATE").replace('"n":6', '"n":1')
    late["hash"] = verify_log.chained(late["prev"], late["body"])
    Event(**{**late, "id": held["id"] + 1_000}).save(force_insert=True)
    seal_once()
    sealing.anchor_once()
    early = {**late, "id": held["id"] + 500, "subject": "EARLY"}
    early["body"] = late["body"].replace("LATE", "EARLY")
    early["hash"] = verify_log.chained(early["prev"], early["body"])
    Event(**early).save(force_insert=True)
    try:
        seal_once()
        sealing.anchor_once()
    except sealing.SealingStopped:
        return False
    done = export_log(folder / name)
    assert done.faults == ()
    anchors = folder / "anchors"
    keys = [Key.of(signing.signing_key().public.text)]
    report = verify_log.verify(folder / name, keys, anchors if anchors.is_dir() else None)
    return report.sound and report.counts["waiting"] == 0 and report.counts["anchored"] == 14


def test_a_sound_sealer_passes_the_scenario(committed, own_trust):
    assert scenario(own_trust, "export")


@pytest.mark.parametrize("bug", SEALER_BUGS)
def test_a_bug_planted_in_the_sealer_is_caught(committed, own_trust, monkeypatch, bug):
    with monkeypatch.context() as planted:
        planted.setattr(*SEALER_BUGS[bug])
        assert not scenario(own_trust, "export")


# in the database itself, by whoever owns it


TABLES = (
    "record_event", "record_sealed", "record_checkpoint", "record_logkey", "record_anchored", "ledger_entry",
    "ledger_journal", "ledger_account", "clearance_declaration",
)  # fmt: skip


@contextmanager
def owner() -> Iterator[Callable[..., None]]:
    """Run statements as a superuser does: with every trigger of the record put aside, and no foreign key in the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
            marks = ", ".join(f"'{table}'" for table in TABLES)
            cursor.execute(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({marks})")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield cursor.execute


def reseal() -> None:
    """Take every seal away and seal anew with the log's own key, as if the new record had always been there."""
    with owner() as run:
        for table in ("record_anchored", "record_checkpoint", "record_sealed"):
            run(f"DELETE FROM {table}")
    while seal_once(limit=6):
        pass


def rehash(subject: str) -> None:
    """Hash a chain again from its beginning."""
    prev = "0" * 64
    with owner() as run:
        for n, event in enumerate(Event.objects.filter(subject=subject).order_by("n"), 1):
            body = event.body.replace(f'"n":{event.n},', f'"n":{n},')
            fresh = verify_log.chained(prev, body)
            run(
                "UPDATE record_event SET n = %s, body = %s, prev = %s, hash = %s WHERE id = %s",
                [n, body, prev, fresh, event.pk],
            )
            prev = fresh


def _body(subject: str) -> None:
    with owner() as run:
        run(
            "UPDATE record_event SET body = replace(body, 'ann', 'bob') WHERE subject = %s AND n = 1",
            [subject],
        )


def _body_rehashed(subject: str) -> None:
    _body(subject)
    with owner() as run:
        run("UPDATE record_event SET actor = 'bob' WHERE subject = %s AND n = 1", [subject])
    rehash(subject)


def _body_resealed(subject: str) -> None:
    _body_rehashed(subject)
    reseal()


def _column(subject: str) -> None:
    with owner() as run:
        run("UPDATE record_event SET actor = 'bob' WHERE subject = %s AND n = 2", [subject])


def _recorded(subject: str) -> None:
    with owner() as run:
        run(
            "UPDATE record_event SET recorded_at = '2026-03-01 00:00:00' WHERE subject = %s AND n = 2",
            [subject],
        )


def _deleted(subject: str) -> None:
    with owner() as run:
        run("DELETE FROM record_event WHERE subject = %s AND n = 6", [subject])


def _deleted_resealed(subject: str) -> None:
    with owner() as run:
        run("DELETE FROM record_sealed")
    _deleted(subject)
    rehash(subject)
    reseal()


def _tail(subject: str) -> None:
    with owner() as run:
        for table, column, limit in (
            ("record_anchored", "checkpoint_id", 12),
            ("record_checkpoint", "size", 12),
            ("record_sealed", "sequence", 11),
        ):
            run(f"DELETE FROM {table} WHERE {column} > {limit}")
        run("DELETE FROM record_event WHERE subject NOT IN (SELECT e.subject FROM record_event e"
            " JOIN record_sealed s ON s.event_id = e.id)")  # fmt: skip


def _money(subject: str) -> None:
    with owner() as run:
        run("UPDATE ledger_entry SET amount_minor = amount_minor * 2 WHERE journal_id = (SELECT MIN(id) FROM"
            " ledger_journal)")  # fmt: skip
        run("UPDATE ledger_account SET balance_minor = (SELECT SUM(amount_minor) FROM ledger_entry WHERE account_id ="
            " ledger_account.id)")  # fmt: skip


def _sequence(subject: str) -> None:
    with owner() as run:
        run("UPDATE record_sealed SET sequence = sequence + 1000 WHERE sequence = 3")
        run("UPDATE record_sealed SET sequence = 3 WHERE sequence = 4")
        run("UPDATE record_sealed SET sequence = 4 WHERE sequence = 1003")


def _checkpoint(subject: str) -> None:
    with owner() as run:
        run("UPDATE record_checkpoint SET note = replace(note, 'A', 'B')")


IN_THE_DATABASE = {
    "a body": _body,
    "a body, hashed again": _body_rehashed,
    "a body, hashed and sealed again": _body_resealed,
    "a column": _column,
    "the time of recording": _recorded,
    "an event is gone": _deleted,
    "an event is gone, hashed and sealed again": _deleted_resealed,
    "the tail is gone": _tail,
    "money": _money,
    "two places are swapped": _sequence,
    "a checkpoint": _checkpoint,
}


@pytest.mark.parametrize("how", IN_THE_DATABASE)
def test_what_the_owner_of_the_database_changed_is_seen(committed, own_trust, how):
    pack, days = make_pack(), Days()
    for n in range(4):
        number = lived(pack, days, f"R{n}")[0].number
        seal_once()
        anchor_once()
    keys = [Key.of(signing.signing_key().public.text)]
    export_log(own_trust / "before")
    assert verify_log.verify(own_trust / "before", keys, own_trust / "anchors").faults == []
    IN_THE_DATABASE[how](number)
    export_log(own_trust / "after")
    report = verify_log.verify(own_trust / "after", keys, own_trust / "anchors")
    assert report.counts["anchored"] == 24
    assert not report.sound


def test_an_export_is_of_one_moment_and_writes_over_nothing(committed, own_trust, pack, days):
    journey.lodge(message=original(), **days.ask("ann", pack))
    done = export_log(own_trust / "one")
    assert (done.counts["events"], done.counts["waiting"]) == (0, 1)
    assert oct(done.folder.stat().st_mode & 0o777) == "0o700"
    assert sorted(file.name for file in done.folder.iterdir()) == [
        "accounts.ndjson", "checkpoints", "events.ndjson", "journals.ndjson", "keys.txt", "log.json", "rotations",
    ]  # fmt: skip
    assert [fault.code for fault in export_log(own_trust / "one").faults] == ["EXPORT_EXISTS"]
    assert sorted(one.name for one in own_trust.iterdir()) == ["key", "one"]
