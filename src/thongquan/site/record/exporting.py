"""Hand the whole record out, so that somebody who trusts neither us nor our programs can prove it.

    log.json             form, name of the log, time, counts
    events.ndjson        every event: the sealed ones by their sequence, then those that wait
    journals.ndjson      every journal with its entries, one canonical line each: its SHA-256 is part of a leaf
    accounts.ndjson      every account with its balance and version
    checkpoints/N.txt    every signed checkpoint
    keys.txt             our public keys (whom to trust, the reader must know from elsewhere)
    rotations/N.txt      how each key named the next

`verify_log.py` reads this with nothing but Python. Bodies of events are confidential: an export belongs to those who
may read everything.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from ...engine.findings import Finding
from ..kit import clock
from ..kit.canonical import canonical
from .sealing import JOURNALS, instant, journals, moment_of
from .signing import signing_key

EVENT = "e.subject, e.n, e.act, e.at, e.actor, e.role, e.office, e.recorded_at, e.prev, e.hash, e.body"
SEALED = (
    f"SELECT s.sequence, s.nodes, {EVENT} FROM record_sealed s JOIN record_event e ON e.id = s.event_id"  # noqa: S608
    " ORDER BY s.sequence"
)
WAITING = (
    f"SELECT NULL, NULL, {EVENT} FROM record_event e LEFT JOIN record_sealed s ON s.event_id = e.id"  # noqa: S608
    " WHERE s.event_id IS NULL ORDER BY e.id"
)
ACCOUNTS = "SELECT code, balance_minor, version FROM ledger_account ORDER BY code"
CHECKPOINTS = "SELECT size, note FROM record_checkpoint ORDER BY size"
KEYS = "SELECT public, statement FROM record_logkey ORDER BY id"

type Rows = Callable[[str], Iterator[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Export:
    """A folder that holds the record. counts: of events, waiting, journals, accounts, checkpoints. faults: why not."""

    folder: Path
    counts: Mapping[str, int]
    faults: tuple[Finding, ...] = ()


def export_log(folder: Path) -> Export:
    """Write the record as it is at one moment into a new folder; acts go on meanwhile.

    EXPORT_EXISTS: the folder is there already. It appears whole, readable by its owner alone, or not at all.
    """
    if folder.exists():
        return Export(folder, {}, (Finding("EXPORT_EXISTS", says={"folder": str(folder)}),))
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-", suffix=".part"))
    try:
        with _snapshot(made) as rows:
            counts = _written(made, rows)
        os.replace(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Export(folder, counts)


def _written(folder: Path, rows: Rows) -> dict[str, int]:
    counts = {
        "events": _lines(folder / "events.ndjson", map(_event, rows(SEALED))),
        "waiting": _lines(folder / "events.ndjson", map(_event, rows(WAITING))),
        "journals": _lines(
            folder / "journals.ndjson",
            (line for *_, line in journals(rows(f"{JOURNALS} WHERE j.sealed ORDER BY j.id, x.id"))),
        ),
        "accounts": _lines(folder / "accounts.ndjson", map(_account, rows(ACCOUNTS))),
        "checkpoints": 0,
    }
    (folder / "checkpoints").mkdir()
    (folder / "rotations").mkdir()
    for size, note in rows(CHECKPOINTS):
        (folder / "checkpoints" / f"{size}.txt").write_text(note, encoding="utf-8", newline="")
        counts["checkpoints"] += 1
    keys = list(rows(KEYS))
    (folder / "keys.txt").write_text("".join(f"{public}\n" for public, _ in keys), encoding="utf-8")
    for number, (_, statement) in enumerate(keys):
        if statement:
            (folder / "rotations" / f"{number}.txt").write_text(statement, encoding="utf-8", newline="")
    origin = keys[-1][0].partition("+")[0] if keys else signing_key().public.name
    log = {"form": 1, "origin": origin, "exported_at": instant(clock.now()), "counts": counts}
    (folder / "log.json").write_bytes(canonical(log) + b"\n")
    return counts


def _lines(file: Path, lines: Iterable[bytes]) -> int:
    """Append lines to a file; how many."""
    count = 0
    with file.open("ab") as out:
        for line in lines:
            out.write(line + b"\n")
            count += 1
    return count


def _event(row: tuple[Any, ...]) -> bytes:
    sequence, nodes, subject, n, act, at, actor, role, office, recorded_at, prev, event_hash, body = row
    return canonical(
        {
            "sequence": sequence,
            "leaf": bytes(nodes)[:32].hex() if nodes is not None else None,
            "subject": subject,
            "n": n,
            "act": act,
            "at": instant(moment_of(at)),
            "actor": actor,
            "role": role,
            "office": office,
            "recorded_at": instant(moment_of(recorded_at)),
            "prev": prev,
            "hash": event_hash,
            "body": body,
        }
    )


def _account(row: tuple[Any, ...]) -> bytes:
    code, balance_minor, version = row
    return canonical({"code": code, "balance_minor": balance_minor, "version": version})


@contextmanager
def _snapshot(folder: Path) -> Iterator[Rows]:
    """The database as it is at one moment, without holding up those who write."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # A large record takes longer than an act may.
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield _streamed
        return
    # A long reader would hold up SQLite's writers, so a copy is read.
    file = folder / ".copy"
    file.touch(mode=0o600)
    connection.ensure_connection()
    copy = sqlite3.connect(file)
    try:
        connection.connection.backup(copy)
        yield lambda query: iter(copy.execute(query))
    finally:
        copy.close()
        file.unlink()


def _streamed(query: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(2_000):
            yield from rows
