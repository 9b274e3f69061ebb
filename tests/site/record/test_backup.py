"""A copy counts only when it is proven; a broken one is not kept."""

from __future__ import annotations

import sqlite3
import stat
import threading

import pytest
from django.db import connection, connections

from thongquan.site.clearance import journey
from thongquan.site.record import backup
from thongquan.site.record.backup import back_up

from ..country import Days, original

SQLITE = pytest.mark.skipif("connection.vendor != 'sqlite'")
POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'")


@pytest.fixture
def three(committed, pack) -> Days:
    days = Days()
    for n in range(3):
        assert journey.lodge(message=original(f"R{n}"), **days.ask("ann", pack)).done
    return days


def test_a_copy_has_everything_and_only_its_owner_reads_it(three, tmp_path):
    if connection.vendor == "postgresql" and backup.shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump on this machine")
    done = back_up(tmp_path / "copies" / "one")
    assert (done.faults, done.declarations, done.events) == ((), 3, 3)
    assert stat.S_IMODE(done.file.stat().st_mode) == 0o600
    assert list(done.file.parent.iterdir()) == [done.file]


def test_a_copy_never_overwrites(three, tmp_path):
    (tmp_path / "one").write_text("mine")
    done = back_up(tmp_path / "one")
    assert [fault.code for fault in done.faults] == ["BACKUP_FILE_EXISTS"]
    assert (tmp_path / "one").read_text() == "mine"


def test_without_a_name_it_goes_to_the_data_folder(three, settings, tmp_path):
    if connection.vendor == "postgresql" and backup.shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump on this machine")
    settings.DATA = tmp_path
    done = back_up()
    assert done.faults == ()
    assert done.file.parent == tmp_path / "backups"


@SQLITE
def test_a_copy_is_a_whole_database_of_its_own(three, tmp_path):
    done = back_up(tmp_path / "one")
    with sqlite3.connect(done.file) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT COUNT(*) FROM record_event").fetchone() == (3,)
        with pytest.raises(sqlite3.IntegrityError, match="APPEND_ONLY"):
            copy.execute("DELETE FROM record_event")
    copy.close()


@SQLITE
def test_a_copy_whose_chain_is_broken_is_not_kept(three, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER record_event_no_update")
        cursor.execute("UPDATE record_event SET body = replace(body, 'ann', 'bob') WHERE id = 2")
    done = back_up(tmp_path / "one")
    assert [fault.code for fault in done.faults] == ["LOG_CHAIN_BROKEN"]
    assert list(tmp_path.glob("*one*")) == []


@SQLITE
def test_a_copy_without_the_last_event_of_a_declaration_is_not_kept(three, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER record_event_no_delete")
        cursor.execute("DELETE FROM record_event WHERE id = 3")
    done = back_up(tmp_path / "one")
    assert [fault.code for fault in done.faults] == ["LOG_TAIL_LOST"]


@SQLITE
def test_copies_made_while_others_write_are_whole(three, pack, tmp_path):
    stop = threading.Event()
    lodged = []

    def write() -> None:
        days = Days()
        while not stop.is_set():
            answer = journey.lodge(
                message=original(f"W{days.count}"), **days.ask("ann", pack, f"w{days.count}")
            )
            lodged.append(answer.number)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [back_up(tmp_path / f"copy{n}") for n in range(5)]
    finally:
        stop.set()
        writer.join()
    assert [copy.faults for copy in copies] == [()] * 5
    assert all(copy.declarations == copy.events for copy in copies)
    assert copies[-1].declarations >= 3
    assert lodged


@POSTGRESQL
def test_without_the_tools_postgresql_says_what_to_use(three, tmp_path, monkeypatch):
    monkeypatch.setattr(backup.shutil, "which", lambda tool: None)
    done = back_up(tmp_path / "one")
    assert [fault.code for fault in done.faults] == ["BACKUP_NEEDS_PG_DUMP"]
    assert list(tmp_path.glob("*one*")) == []


@POSTGRESQL
def test_what_the_tools_say_is_passed_on(three, tmp_path, monkeypatch):
    monkeypatch.setattr(backup.shutil, "which", lambda tool: "/bin/false")
    done = back_up(tmp_path / "one")
    assert {fault.code for fault in done.faults} == {"BACKUP_TOOL_FAILED"}
    assert list(tmp_path.glob("*one*")) == []
