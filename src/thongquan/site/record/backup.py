"""Copies of the whole database that are proven before they count as backups.

SQLite is copied by its own backup, never as a file: `cp` of a database in use gives a broken or an old one. PostgreSQL
is dumped by `pg_dump` in the snapshot that was proven. Neither replaces what an administrator sets up beside it: a
copy elsewhere that nobody can delete, PostgreSQL's write-ahead log in an archive, and a restore that is rehearsed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from ...engine.findings import Finding, in_order
from ..kit import clock
from .acts import Head, chained
from .models import GENESIS

DECLARATIONS = "clearance_declaration"
"""The table whose rows keep the head of their chain."""

EVENTS = "SELECT subject, n, prev, hash, body FROM record_event ORDER BY subject, n"
HEADS = "SELECT number, events, head FROM clearance_declaration WHERE events > 0"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy. counts: rows by table, as proven in it. faults: why it must not be relied on; then it was not kept."""

    file: Path
    counts: Mapping[str, int]
    faults: tuple[Finding, ...] = ()

    @property
    def declarations(self) -> int:
        return self.counts.get(DECLARATIONS, 0)

    @property
    def events(self) -> int:
        return self.counts.get("record_event", 0)


def back_up(file: Path | None = None) -> Backup:
    """Copy the database into a new file, and prove the copy: whole, every chain, every declaration's head, row counts.

    file: `backups/thongquan-<time>` in the data folder when None; a file that exists is never overwritten
    (BACKUP_FILE_EXISTS). The copy takes its place only when it is proven, and only its owner reads it. Writing goes on
    meanwhile. BACKUP_NEEDS_PG_DUMP: PostgreSQL's own tools are not on this machine.
    """
    suffix = "sqlite3" if connection.vendor == "sqlite" else "dump"
    moment = clock.now().astimezone(UTC)
    target = file or Path(settings.DATA) / "backups" / f"thongquan-{moment:%Y%m%dT%H%M%S%f}Z.{suffix}"
    if target.exists():
        return Backup(target, {}, (Finding("BACKUP_FILE_EXISTS", says={"file": str(target)}),))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.with_name(f".{target.name}.part")
    made.unlink(missing_ok=True)
    made.touch(mode=0o600)
    try:
        backup = _sqlite(made, target) if connection.vendor == "sqlite" else _postgresql(made, target)
        if not backup.faults:
            _synced(made)
            os.link(made, target)
            _synced(target.parent)
        return backup
    finally:
        made.unlink(missing_ok=True)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# SQLite


def _sqlite(made: Path, target: Path) -> Backup:
    connection.ensure_connection()
    copy = sqlite3.connect(made)
    try:
        connection.connection.backup(copy)
        # One file that needs no companion to be opened, wherever it is carried.
        copy.execute("PRAGMA journal_mode = DELETE")
        faults = [
            Finding("BACKUP_DAMAGED", at=str(row[0])[:60], says={"file": str(target)})
            for row in copy.execute("PRAGMA integrity_check").fetchall()
            if row[0] != "ok"
        ]
        faults += [
            Finding("BACKUP_DAMAGED", at=f"{row[0]}[{row[1]}]", says={"file": str(target)})
            for row in copy.execute("PRAGMA foreign_key_check").fetchall()
        ]
        faults += chain_faults(copy.execute(EVENTS), copy.execute(HEADS).fetchall())
        names = copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        counts = {
            name: int(copy.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0])  # noqa: S608
            for (name,) in names.fetchall()
        }
    finally:
        copy.close()
    return Backup(target, counts, in_order(faults))


# PostgreSQL


def _postgresql(made: Path, target: Path) -> Backup:
    dump, restore = shutil.which("pg_dump"), shutil.which("pg_restore")
    if dump is None or restore is None:
        return Backup(target, {}, (Finding("BACKUP_NEEDS_PG_DUMP"),))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A large database takes longer than an act may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        cursor.execute(HEADS)
        heads = cursor.fetchall()
        faults = chain_faults(_streamed(EVENTS), heads)
        counts = {}
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT COUNT(*) FROM "{name}"')  # noqa: S608
            counts[name] = int(cursor.fetchone()[0])
        command = [dump, "--format=custom", f"--snapshot={snapshot}", f"--file={made}", "--no-password"]
        faults += _run([*command, f"--dbname={connection.settings_dict['NAME']}"], target)
    if not faults:
        faults += _run([restore, "--list", str(made)], target)
    return Backup(target, counts, in_order(faults))


def _streamed(query: str) -> Iterable[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(2000):
            yield from rows


def _run(command: list[str], target: Path) -> list[Finding]:
    """Run one of PostgreSQL's tools; its own words stand in the finding when it fails."""
    known = connection.settings_dict
    given = {
        "PGHOST": known["HOST"],
        "PGPORT": known["PORT"],
        "PGUSER": known["USER"],
        "PGPASSWORD": known["PASSWORD"],
    }
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return []
    says = {"tool": Path(command[0]).name, "said": done.stderr.strip()[-300:], "file": str(target)}
    return [Finding("BACKUP_TOOL_FAILED", says=says)]


# both


def chain_faults(events: Iterable[tuple[Any, ...]], heads: Iterable[tuple[Any, ...]]) -> list[Finding]:
    """What does not fit in chains read straight from a copy.

    events: (subject, n, prev, hash, body), ordered by subject and n. heads: (number, events, head) as rows keep them.
    """
    ends: dict[str, Head] = {}
    faults = []
    for subject, n, prev, stored, body in events:
        before = ends.get(subject, Head(0, GENESIS))
        if n != before.n + 1 or prev != before.hash or stored != chained(prev, body.encode()):
            faults.append(Finding("LOG_CHAIN_BROKEN", at=f"{subject}[{n}]", says={"subject": subject}))
        ends[subject] = Head(n, stored)
    for number, count, head in heads:
        if ends.get(number) != Head(count, head):
            faults.append(Finding("LOG_TAIL_LOST", at=number, says={"number": number}))
    return faults
