"""Put a backup back, into nothing: a database that exists is never written over.

The copy is proven before it counts: whole, every chain, every declaration's head, every guard. What the copy cannot
know is said beside it: that the anchors outside hold a larger log than this one (then acknowledged acts are missing
and must be looked for), and that the keys, which no backup holds, are those that the record names.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from ...engine.findings import Finding, Severity, errors, in_order
from ..kit.guards import missing, newer
from . import anchors
from .backup import EVENTS, HEADS, _run, _streamed, _synced, chain_faults
from .signing import SigningKey, key_file, signing_key

SQLITE_HEADER = b"SQLite format 3\x00"
DUMP_HEADER = b"PGDMP"
COMPANIONS = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """counts: rows by table, as they stand now. findings: errors say why nothing was restored; warnings, what to do
    before work goes on."""

    file: Path
    counts: Mapping[str, int]
    findings: tuple[Finding, ...] = ()

    @property
    def done(self) -> bool:
        return not errors(self.findings)


def restore(file: Path) -> Restored:
    """Restore a backup into the database of the settings, which must not be there yet (SQLite) or be empty
    (PostgreSQL). Nothing is kept of one that fails."""
    with file.open("rb") as opened:
        head = opened.read(16)
    wanted = SQLITE_HEADER if connection.vendor == "sqlite" else DUMP_HEADER
    if not head.startswith(wanted):
        says = {"file": str(file), "database": connection.vendor}
        return Restored(file, {}, (Finding("RESTORE_WRONG_KIND", says=says),))
    return _sqlite(file) if connection.vendor == "sqlite" else _postgresql(file)


# SQLite


def _sqlite(file: Path) -> Restored:
    target = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    # Nothing of another database may lie beside it either: SQLite would play a foreign journal back into it.
    there = [str(one) for one in (target, *(Path(f"{target}{end}") for end in COMPANIONS)) if one.exists()]
    if there:
        return Restored(file, {}, (Finding("RESTORE_OVER_DATABASE", says={"database": there[0]}),))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.with_name(f".{target.name}.part")
    made.unlink(missing_ok=True)
    made.touch(mode=0o600)
    before = connection.settings_dict["NAME"]
    try:
        shutil.copyfile(file, made)
        counts, faults = _proven_file(made, file)
        if not faults:
            connection.settings_dict["NAME"] = str(made)
            faults = [*_lacking(), *_beside()]
        connection.close()
        connection.settings_dict["NAME"] = before
        if not errors(faults):
            _synced(made)
            os.link(made, target)
            _synced(target.parent)
        return Restored(file, counts, in_order(faults))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        for one in (made, *(Path(f"{made}{end}") for end in COMPANIONS)):
            one.unlink(missing_ok=True)


def _proven_file(made: Path, file: Path) -> tuple[dict[str, int], list[Finding]]:
    """The rows of a copy by table, and what does not fit in it."""
    damaged = {"file": str(file)}
    copy = sqlite3.connect(made)
    try:
        faults = [
            Finding("BACKUP_DAMAGED", at=str(row[0])[:60], says=damaged)
            for row in copy.execute("PRAGMA integrity_check").fetchall()
            if row[0] != "ok"
        ]
        faults += [
            Finding("BACKUP_DAMAGED", at=f"{row[0]}[{row[1]}]", says=damaged)
            for row in copy.execute("PRAGMA foreign_key_check").fetchall()
        ]
        faults += chain_faults(copy.execute(EVENTS), copy.execute(HEADS).fetchall())
        tables = copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        counts = {
            name: int(copy.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0])  # noqa: S608
            for (name,) in tables.fetchall()
        }
    except sqlite3.DatabaseError as error:
        return {}, [Finding("BACKUP_DAMAGED", at=str(error)[:60], says=damaged)]
    finally:
        copy.close()
    return counts, faults


# PostgreSQL


def _postgresql(file: Path) -> Restored:
    tool = shutil.which("pg_restore")
    if tool is None:
        return Restored(file, {}, (Finding("BACKUP_NEEDS_PG_DUMP"),))
    if connection.introspection.table_names():
        name = str(connection.settings_dict["NAME"])
        return Restored(file, {}, (Finding("RESTORE_OVER_DATABASE", says={"database": name}),))
    connection.close()
    # In one transaction: a copy that breaks off leaves the database as empty as it was. Rights are given anew.
    command = [
        tool,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        "--no-password",
    ]
    faults = _run([*command, f"--dbname={connection.settings_dict['NAME']}", str(file)], file)
    if faults:
        return Restored(file, {}, in_order(faults))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(HEADS)
        heads = cursor.fetchall()
    found = chain_faults(_in_a_transaction(EVENTS), heads)
    faults = [*found, *_lacking(), *_beside()]
    counts = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT COUNT(*) FROM "{name}"')  # noqa: S608
            counts[name] = int(cursor.fetchone()[0])
    connection.close()
    return Restored(file, counts, in_order(faults))


def _in_a_transaction(query: str) -> Any:
    from django.db import transaction

    with transaction.atomic():
        yield from _streamed(query)


# both, on the copy as Django's connection sees it


def _lacking() -> list[Finding]:
    """Guards that this version needs and the copy lacks, apart from those that a migration still to come will make."""
    from django.db.migrations.loader import MigrationLoader

    unknown = newer(connection)
    if unknown:
        return [Finding("RESTORE_NEWER", says={"migrations": ", ".join(unknown[:5])})]
    loader = MigrationLoader(connection)
    behind = {key for key in loader.disk_migrations if key not in (loader.applied_migrations or {})}
    if behind:
        waiting = ", ".join(sorted(f"{app}.{name}" for app, name in behind)[:5])
        return [Finding("RESTORE_OLDER", says={"migrations": waiting}, severity=Severity.WARNING)]
    lost = missing(connection)
    return [Finding("GUARDS_MISSING", says={"guards": ", ".join(lost)})] if lost else []


def _beside() -> list[Finding]:
    """What the copy and the places outside it say of each other: the anchors, and the key that signs."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, note FROM record_checkpoint")
        notes = dict(cursor.fetchall())
        cursor.execute("SELECT public FROM record_logkey ORDER BY id DESC")
        named = cursor.fetchone()
    for anchor in anchors.configured():
        try:
            largest = anchor.largest()
        except OSError as error:
            says = {"anchor": anchor.name, "said": error.strerror or type(error).__name__}
            found.append(Finding("ANCHOR_UNREACHABLE", at=anchor.name, says=says, severity=Severity.WARNING))
            continue
        if largest and notes.get(largest[0]) != largest[1]:
            says = {"anchor": anchor.name, "size": str(largest[0])}
            found.append(Finding("LOG_BEHIND_ANCHOR", at=anchor.name, says=says, severity=Severity.WARNING))
    if named and not _holds(named[0]):
        says = {"file": str(key_file())}
        found.append(Finding("RESTORE_NEEDS_KEYS", says=says, severity=Severity.WARNING))
    if not (Path(settings.DATA) / "keys" / "custodian-a").exists():
        says = {"file": str(Path(settings.DATA) / "keys")}
        found.append(Finding("RESTORE_NEEDS_KEYS", at="custodian-a", says=says, severity=Severity.WARNING))
    return found


def _holds(public: str) -> bool:
    """Whether the key file here is the one whose signatures count now."""
    try:
        if os.environ.get("THONGQUAN_SIGNER"):
            return signing_key().public.text == public
        return SigningKey.of(key_file().read_bytes()).public.text == public
    except (OSError, ValueError):
        return False
