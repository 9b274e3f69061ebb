"""T4: the disk fills up in the middle of the day. Writes are refused, reading goes on, nothing acknowledged is lost or
doubled, and work goes on by itself as soon as there is room. A harness counts only when it catches its planted bugs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.clearance import journey
from thongquan.site.clearance.models import AllowedTransition, Declaration
from thongquan.site.kit import act as acts
from thongquan.site.kit.act import Full
from thongquan.site.record.receipts import receipt_of

from ..country import Days, appoint, original
from .cluster import cluster
from .load import Acknowledged, Load, under_load
from .proof import losses

SQLITE = pytest.mark.skipif("connection.vendor != 'sqlite'")
POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'")

MIB = 2**20


@contextmanager
def small_disk(mib: int, owner: str = "") -> Iterator[Path]:
    """A file system of so many MiB; the test is skipped where this account may not make one."""
    folder = Path(tempfile.mkdtemp(prefix="thongquan-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "thongquan-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"a small disk cannot be made here: {mounted.stderr.strip()}")
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return ballast


def refused_at_last(load: Load) -> None:
    """Wait until clients are told that there is no room."""
    for _ in range(600):
        if load.refused:
            return
        time.sleep(0.05)
    raise AssertionError("the disk never filled")


@pytest.fixture
def office_on_a_small_disk(committed) -> Iterator[Path]:
    """The site's SQLite on eight MiB."""
    with small_disk(8) as disk:
        connections.close_all()
        settings = connections["default"].settings_dict
        shutil.copyfile(committed, disk / "office.sqlite3")
        before, settings["NAME"] = settings["NAME"], str(disk / "office.sqlite3")
        try:
            yield disk
        finally:
            connections.close_all()
            settings["NAME"] = before


@SQLITE
def test_a_full_disk_refuses_writes_answers_reads_and_recovers_by_itself(office_on_a_small_disk, pack):
    with under_load(pack) as load:
        load.reach(5)
        ballast = fill(office_on_a_small_disk)
        refused_at_last(load)
        before = len(load.acknowledged)
        assert Declaration.objects.count() >= before
        time.sleep(0.5)
        ballast.unlink()
        freed = time.monotonic()
        load.reach(before + 5)
        seconds = time.monotonic() - freed
    print(f"{len(load.acknowledged)} acknowledged, {len(load.refused)} refused, back after {seconds:.1f} s")
    assert seconds < 5
    assert losses(load.acknowledged) == []


@SQLITE
def test_a_command_on_a_full_disk_says_so_and_leaves_nothing(office_on_a_small_disk, pack):
    days = Days()
    ballast = fill(office_on_a_small_disk)
    asked = {"message": original("F"), **days.ask("ann", pack, "f")}
    with pytest.raises(Full):
        journey.lodge(**asked)
    stored = Declaration.objects.count()
    assert stored == 0
    ballast.unlink()
    answer = journey.lodge(**asked)
    assert (answer.done, answer.replay, Declaration.objects.count()) == (True, False, stored + 1)


# What the harness must catch


@pytest.fixture
def office(request):
    """On a small disk where that can be one file's."""
    return request.getfixturevalue("office_on_a_small_disk" if connection.vendor == "sqlite" else "committed")


def test_planted_an_acknowledgement_before_the_commit_is_caught(office, pack, monkeypatch):
    """The disk fills at the commit, and a careless `except` gives the answer all the same."""

    def careless(command, keys):
        with suppress(OperationalError), transaction.atomic(durable=True):
            answer = acts._keyed(command, keys)
            raise OperationalError("database or disk is full")
        return answer

    monkeypatch.setattr(acts, "_in_one_transaction", careless)
    answer = journey.lodge(message=original("X"), **Days().ask("ann", pack, "x"))
    told = Acknowledged("x", answer.number, answer.receipt, receipt_of(answer))
    assert f"{answer.number}: acknowledged and lost" in losses([told])


def test_planted_a_command_without_its_key_is_caught(office, pack, monkeypatch):
    """The key is forgotten: a client that was refused and asks again is a second declaration, or a lost answer."""
    from thongquan.site.record.acts import KEYS

    monkeypatch.setattr(type(KEYS), "claim", lambda self, principal, key, request_hash: None)
    monkeypatch.setattr(type(KEYS), "keep", lambda self, principal, key, answer: None)
    with under_load(pack, clients=1) as load:
        load.reach(2)
    assert any("the answer of this key is lost" in one for one in losses(load.acknowledged))


def test_planted_a_journal_that_is_left_out_is_caught(office, pack, monkeypatch):
    """When there is no room for the books, the act goes on without them."""
    from thongquan.site.clearance import perform

    monkeypatch.setattr(perform, "book", lambda *_, **__: None)
    with under_load(pack, clients=1) as load:
        load.reach(2)
    assert losses(load.acknowledged)


# PostgreSQL: its whole cluster on a small disk


@POSTGRESQL
def test_a_cluster_without_room_refuses_and_comes_back(django_db_blocker, pack, monkeypatch):
    """The log of writes cannot grow, so the server itself stops; started again with room, it has all that was said."""
    owner = "postgres" if os.geteuid() == 0 else ""
    settings = connections["default"].settings_dict
    before = {name: settings[name] for name in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    with django_db_blocker.unblock(), small_disk(160, owner) as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        with cluster(min_wal_size="32MB", max_wal_size="48MB") as one:
            connections.close_all()
            settings.update(one.database("office"))
            try:
                call_command("migrate", interactive=False, verbosity=0)
                appoint()
                AllowedTransition.objects.write(DECLARATION.steps)
                with under_load(pack) as load:
                    load.reach(5)
                    ballast = fill(disk)
                    for _ in range(600):
                        if load.refused:
                            break
                        _next_piece_of_log()
                        time.sleep(0.05)
                    ballast.unlink()
                    if one.run("pg_ctl", "status", "-D", one.data, check=False).returncode:
                        one.start()
                    load.reach(len(load.acknowledged) + 5)
                connection.close()
                print(f"{len(load.acknowledged)} acknowledged, {len(load.refused)} refused")
                assert load.refused
                assert losses(load.acknowledged) == []
            finally:
                connections.close_all()
                settings.update(before)


def _next_piece_of_log() -> None:
    """The log of writes is made in pieces of 16 MiB; a new one needs room."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_switch_wal()")
    except DatabaseError:
        connection.close()
