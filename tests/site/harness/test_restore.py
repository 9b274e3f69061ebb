"""T17: a copy taken in the middle of the day and put back elsewhere has everything acknowledged before it was begun.

Then the chains, the books and the receipts are proven on what was put back. A harness counts only when it catches its
planted bugs.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from thongquan.site.clearance import journey
from thongquan.site.clearance.models import Declaration
from thongquan.site.record.backup import Backup, back_up
from thongquan.site.record.restore import Restored, restore
from thongquan.site.record.sealing import SealingStopped, anchor_once, compare_with_anchors, seal_once
from thongquan.site.record.signing import signing_key

from ..country import Days, appoint, original
from .cluster import cluster
from .load import Load, under_load
from .proof import losses

SQLITE = pytest.mark.skipif("connection.vendor != 'sqlite'")
POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'")

INSTANTS = 3
SEED = int(os.environ.get("THONGQUAN_SEED") or 20_260_302)


@contextmanager
def elsewhere(tmp_path: Path) -> Iterator[Path | str]:
    """Inside the block the site's connection is to a place where nothing is yet."""
    connections.close_all()
    settings = connections["default"].settings_dict
    before = settings["NAME"]
    if connection.vendor == "sqlite":
        name = str(tmp_path / f"{uuid.uuid4().hex[:8]}.sqlite3")
    else:
        name = f"{before}_{uuid.uuid4().hex[:8]}"
        _administrate(f'CREATE DATABASE "{name}"')
    settings["NAME"] = name
    try:
        yield name
    finally:
        connections.close_all()
        settings["NAME"] = before
        if connection.vendor != "sqlite":
            _administrate(f'DROP DATABASE "{name}" WITH (FORCE)')


def _administrate(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def put_back(file: Path, load: Load, known: int) -> list[str]:
    """Restore a copy here, and prove it against what was acknowledged before it was begun."""
    done = restore(file)
    if not done.done:
        return [finding.code for finding in done.findings]
    return losses(load.acknowledged[:known])


def needs_tools() -> None:
    if connection.vendor == "postgresql" and shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump on this machine")


def test_everything_acknowledged_before_a_copy_is_in_it_wherever_it_is_put_back(committed, pack, tmp_path):
    needs_tools()
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    taken: list[tuple[Backup, int]] = []
    with under_load(pack) as load:
        for instant in range(INSTANTS):
            load.reach(len(load.acknowledged) + 1)
            time.sleep(chance.uniform(0, 0.7))
            known = len(load.acknowledged)
            taken.append((back_up(tmp_path / f"copy{instant}"), known))
    assert [backup.faults for backup, _ in taken] == [()] * INSTANTS
    assert taken[-1][1] > taken[0][1] > 0
    for backup, known in taken:
        with elsewhere(tmp_path):
            assert put_back(backup.file, load, known) == []
            # A client that asks again with the key of an acknowledged lodgement gets the number that it has.
            first = load.acknowledged[0]
            again = journey.lodge(message=original(first.key), **Days().ask("ann", pack, first.key))
            assert (again.number, again.replay) == (first.number, True)
    assert losses(load.acknowledged) == []


def test_work_goes_on_in_what_was_put_back(committed, pack, tmp_path):
    needs_tools()
    with under_load(pack, clients=1) as load:
        load.reach(3)
    seal_once()
    anchor_once()
    copy = back_up(tmp_path / "copy")
    with elsewhere(tmp_path):
        assert restore(copy.file).done
        compare_with_anchors()
        later = journey.lodge(message=original("LATER"), **Days().ask("ann", pack, "later"))
        assert later.done
        assert later.number not in {one.number for one in load.acknowledged}
        assert seal_once() is not None
        assert losses(load.acknowledged) == []


def test_a_copy_older_than_an_anchor_is_put_back_with_a_warning_and_never_sealed_on(
    committed, pack, tmp_path
):
    needs_tools()
    with under_load(pack, clients=1) as load:
        load.reach(1)
    seal_once()
    copy = back_up(tmp_path / "copy")
    journey.lodge(message=original("LATER"), **Days().ask("ann", pack, "later"))
    seal_once()
    anchor_once()
    with elsewhere(tmp_path):
        done = restore(copy.file)
        assert done.done
        assert "LOG_BEHIND_ANCHOR" in {finding.code for finding in done.findings}
        with pytest.raises(SealingStopped, match="LOG_BEHIND_ANCHOR"):
            compare_with_anchors()


# What the harness must catch


@SQLITE
def test_planted_a_copy_of_the_file_while_others_write_is_caught(committed, pack, tmp_path):
    caught = 0
    with under_load(pack) as load:
        for n in range(12):
            time.sleep(0.1)
            known = len(load.acknowledged)
            torn = tmp_path / f"torn{n}"
            _copied_in_pieces(Path(committed), torn)
            with sqlite3.connect(torn) as seen:
                try:
                    whole = seen.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    numbers = {
                        number for (number,) in seen.execute("SELECT number FROM clearance_declaration")
                    }
                except sqlite3.DatabaseError:
                    whole, numbers = False, set()
            seen.close()
            kept = {one.number for one in load.acknowledged[:known]} <= numbers
            caught += not (whole and kept)
    assert caught


def _copied_in_pieces(file: Path, to: Path) -> None:
    """What `cp` does to a file that others write to: the end is younger than the beginning."""
    with file.open("rb") as source, to.open("wb") as target:
        while piece := source.read(65_536):
            target.write(piece)
            time.sleep(0.005)


def test_planted_yesterday_s_copy_is_caught(committed, pack, tmp_path):
    needs_tools()
    with under_load(pack, clients=1) as load:
        load.reach(1)
        old = back_up(tmp_path / "old")
        load.reach(len(load.acknowledged) + 2)
    with elsewhere(tmp_path):
        found = put_back(old.file, load, len(load.acknowledged))
    assert any("acknowledged and lost" in one for one in found)


TAMPERED = {
    "an event": ("record_event_no_update", "UPDATE record_event SET actor = 'bob' WHERE id = 2", "LOG_COLUMNS_DIFFER"),
    "an entry": (
        "ledger_entry_no_update", "UPDATE ledger_entry SET amount_minor = amount_minor + 1 WHERE id = 1", "",
    ),
    "an answer": (
        "record_idempotencykey_no_delete", "DELETE FROM record_idempotencykey WHERE key = 'C0-0'",
        "the answer of this key is lost",
    ),
}  # fmt: skip


@SQLITE
@pytest.mark.parametrize("what", TAMPERED)
def test_planted_a_copy_in_which_somebody_changed_something_is_caught(committed, pack, tmp_path, what):
    trigger, change, named = TAMPERED[what]
    with under_load(pack, clients=1) as load:
        load.reach(1)
    copy = back_up(tmp_path / "copy")
    with sqlite3.connect(copy.file) as opened:
        (made,) = opened.execute("SELECT sql FROM sqlite_master WHERE name = ?", [trigger]).fetchone()
        opened.execute(f"DROP TRIGGER {trigger}")
        assert opened.execute(change).rowcount == 1
        opened.execute(made)
    opened.close()
    with elsewhere(tmp_path):
        found = put_back(copy.file, load, len(load.acknowledged))
    assert any(named in one for one in found)


@SQLITE
def test_planted_a_copy_without_a_guard_is_not_put_back(committed, pack, tmp_path):
    copy = back_up(tmp_path / "copy")
    with sqlite3.connect(copy.file) as opened:
        opened.execute("DROP TRIGGER record_event_no_delete")
    opened.close()
    with elsewhere(tmp_path) as name:
        done: Restored = restore(copy.file)
        assert [finding.code for finding in done.findings if finding.code == "GUARDS_MISSING"]
        assert not done.done
        assert not Path(name).exists()


# PostgreSQL: to an instant, from the archive of its log


@POSTGRESQL
def test_a_cluster_goes_back_to_the_moment_before_a_disaster(django_db_blocker, pack, tmp_path):
    """Base copy, then load, then somebody drops everything: recovery to the moment before has all that was said."""
    settings = connections["default"].settings_dict
    before = {name: settings[name] for name in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    with django_db_blocker.unblock(), cluster(archive_mode="off") as one:
        archive = one.folder / "archive"
        one.run("pg_ctl", "stop", "-s", "-w", "-D", one.data, "-m", "fast")
        archive.mkdir()
        if os.geteuid() == 0:
            shutil.chown(archive, "postgres")
        kept = {"archive_mode": "on", "archive_command": f"cp %p {archive}/%f", "wal_level": "replica"}
        one.start(**kept)
        connections.close_all()
        settings.update(one.database("office"))
        try:
            call_command("migrate", interactive=False, verbosity=0)
            appoint()
            from thongquan.engine.lifecycle.declaration import DECLARATION
            from thongquan.site.clearance.models import AllowedTransition

            AllowedTransition.objects.write(DECLARATION.steps)
            base = one.folder / "data-base"
            with under_load(pack) as load:
                one.run(
                    "pg_basebackup",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    one.port,
                    "-U",
                    "postgres",
                    "-D",
                    base,
                    "-c",
                    "fast",
                )
                load.reach(20)
                known = len(load.acknowledged)
                instant = _database_time()
                time.sleep(0.5)
            public = signing_key().public
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE")
                cursor.execute("SELECT pg_switch_wal()")
            connections.close_all()
            one.stop()
            started = time.monotonic()
            (base / "recovery.signal").touch()
            if os.geteuid() == 0:
                shutil.chown(base / "recovery.signal", "postgres")
            one.start(
                base, restore_command=f"cp {archive}/%f %p", recovery_target_time=instant,
                recovery_target_action="promote", archive_mode="off",
            )  # fmt: skip
            _wait_until_promoted()
            seconds = time.monotonic() - started
            assert known > 0
            assert losses(load.acknowledged[:known], public) == []
            assert Declaration.objects.count() >= known
            print(f"{known} acknowledged, back in {seconds:.1f} s")
            # Planted: an instant before the load has none of it.
            assert losses(load.acknowledged, public) != [] or len(load.acknowledged) == known
        finally:
            connections.close_all()
            settings.update(before)


def _database_time() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()::text")
        return str(cursor.fetchone()[0])


def _wait_until_promoted() -> None:
    for _ in range(300):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                if not cursor.fetchone()[0]:
                    return
        except Exception:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("the cluster does not come back")
