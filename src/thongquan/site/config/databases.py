"""Which database, with which settings, and why an unsafe one is refused.

Process kills alone never show a weak setting; the loss of power does. `WAL` with `synchronous=NORMAL`, the popular
recipe, loses acknowledged commits then, and SQLite's own default (`DELETE` with `FULL`) loses the last one, because
the removal of the journal is not synced. WAL itself can lose or corrupt on libraries before 3.51.3 (two connections
that write and checkpoint at once), apart from the maintained lines 3.50.7 and 3.44.6. So the settings follow the
version of the library found at start: WAL + FULL on a repaired one, else TRUNCATE + FULL.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ...engine.findings import Finding, in_order

Version = tuple[int, int, int]

# Milliseconds. A customs act takes a few; what waits longer waits for a fault, and is tried again whole.
STATEMENT_TIMEOUT, LOCK_TIMEOUT, IDLE_TIMEOUT = 15_000, 3_000, 30_000
BUSY_SECONDS = 20

ON = ("ON", "1", "TRUE", "YES")
SYNCHRONOUS = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}
SAFE_SYNCHRONOUS = {
    "WAL": ("FULL", "EXTRA"),
    "TRUNCATE": ("FULL", "EXTRA"),
    "PERSIST": ("FULL", "EXTRA"),
    "DELETE": ("EXTRA",),
}

# Locks of these do not reach the other machines, so SQLite cannot keep two writers apart.
NETWORK_FILE_SYSTEMS = frozenset(
    (
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs",
        "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2", "smb3", "smbfs",
    )
)  # fmt: skip


def database(url: str, data: Path, library: Version = sqlite3.sqlite_version_info) -> dict[str, Any]:
    """Django's settings for a database URL. ValueError for any other scheme.

    sqlite:///NAME is a file below `data`, sqlite:////PATH an absolute one. `?journal_mode=…&synchronous=…` may
    choose another pair, which `settings_faults` judges like ours.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "sqlite":
        return _sqlite(data / unquote(parts.path.removeprefix("/")), data, options, library)
    if parts.scheme in ("postgres", "postgresql"):
        return _postgresql(parts, options)
    raise ValueError(f"DATABASE_URL is sqlite:///… or postgres://…, not {parts.scheme}://")


def _sqlite(file: Path, data: Path, options: Mapping[str, str], library: Version) -> dict[str, Any]:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = options.get("journal_mode", "WAL" if wal_is_repaired(library) else "TRUNCATE").upper()
    synchronous = options.get("synchronous", "FULL").upper()
    pragmas = {
        "journal_mode": journal,
        "synchronous": synchronous,
        "foreign_keys": "ON",
        # Without it INSERT OR REPLACE takes a row away and no DELETE trigger hears of it.
        "recursive_triggers": "ON",
        "mmap_size": "0",
    }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            # select_for_update() says nothing on SQLite: IMMEDIATE makes every writer wait for the one before.
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY_SECONDS,
            "init_command": ";".join(f"PRAGMA {name}={value}" for name, value in pragmas.items()),
        },
        # A file like the real one: in memory neither journal nor threads behave the same.
        "TEST": {"NAME": str(data / "test.sqlite3")},
    }


def _postgresql(parts: Any, options: dict[str, str]) -> dict[str, Any]:
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT,
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        # Of what the server keeps prepared (`kit.prepared`): it looks rows up one by one, whatever is asked for.
        "plan_cache_mode": "force_generic_plan",
    }
    prepare = options.pop("prepare", "on") != "off"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "PREPARE": prepare,  # ours: `kit.prepared`
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "thongquan",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            **options,
        },
    }


def wal_is_repaired(library: Version) -> bool:
    """Whether this SQLite is free of the WAL-reset fault (sqlite.org/wal.html, "The WAL-Reset Bug")."""
    return library >= (3, 51, 3) or (3, 50, 7) <= library < (3, 51, 0) or (3, 44, 6) <= library < (3, 45, 0)


def sqlite_faults(journal: str, synchronous: str, library: Version) -> tuple[Finding, ...]:
    """What is unsafe in a pair of journal mode and synchronous level on a library."""
    journal, synchronous = journal.upper(), synchronous.upper()
    found: list[Finding] = []
    if journal == "WAL" and not wal_is_repaired(library):
        found.append(Finding("SQLITE_WAL_AFFECTED", says={"version": ".".join(map(str, library))}))
    if synchronous not in SAFE_SYNCHRONOUS.get(journal, ()):
        found.append(
            Finding("SQLITE_NOT_DURABLE", says={"journal_mode": journal, "synchronous": synchronous})
        )
    return in_order(found)


def settings_faults(
    settings: Mapping[str, Any], library: Version = sqlite3.sqlite_version_info
) -> tuple[Finding, ...]:
    """What is unsafe in one entry of DATABASES, before anything is opened. PostgreSQL is judged when connected."""
    if settings["ENGINE"] != "django.db.backends.sqlite3":
        return ()
    options = settings.get("OPTIONS", {})
    pragmas = dict(_assignments(options.get("init_command", "")))
    # SQLite's own defaults hold for what is not said.
    found = [
        *sqlite_faults(pragmas.get("journal_mode", "DELETE"), pragmas.get("synchronous", "FULL"), library)
    ]
    if str(options.get("transaction_mode") or "").upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        found.append(Finding("SQLITE_WRITERS_NOT_SERIAL"))
    if pragmas.get("foreign_keys", "ON") not in ON:
        found.append(Finding("SQLITE_FOREIGN_KEYS_OFF"))
    if pragmas.get("recursive_triggers") not in ON:
        found.append(Finding("SQLITE_TRIGGERS_PASSED_BY"))
    if pragmas.get("mmap_size", "0") != "0":
        found.append(Finding("SQLITE_MEMORY_MAPPED"))
    kind = file_system(Path(str(settings["NAME"])))
    if kind in NETWORK_FILE_SYSTEMS:
        found.append(Finding("SQLITE_ON_NETWORK", says={"file_system": kind}))
    return in_order(found)


def _assignments(init_command: str) -> Iterable[tuple[str, str]]:
    for statement in init_command.split(";"):
        words = statement.strip().upper().removeprefix("PRAGMA").replace("=", " ").split()
        if len(words) == 2:
            yield words[0].lower(), words[1]


def connection_faults(connection: Any) -> tuple[Finding, ...]:
    """What is unsafe in the settings that really hold on an open connection of Django."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            journal = str(cursor.fetchone()[0])
            cursor.execute("PRAGMA synchronous")
            synchronous = SYNCHRONOUS[str(cursor.fetchone()[0])]
            return sqlite_faults(journal, synchronous, sqlite3.sqlite_version_info)
        cursor.execute(
            "SELECT name, setting FROM pg_settings"
            " WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off'"
        )
        return in_order(
            Finding("POSTGRES_NOT_DURABLE", says={"setting": name}) for name, _ in cursor.fetchall()
        )


def file_system(path: Path) -> str:
    """The kind of file system that holds a path ("ext4", "nfs4"), "" where the machine does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        # Elsewhere only Windows's network names can be told from local ones.
        return "smb3" if str(path).startswith(("\\\\", "//")) else ""
    place = os.path.realpath(path)
    best, kind = "", ""
    for line in mounts:
        _, mounted, this_kind, *_ = line.split(" ")
        mounted = mounted.replace("\\040", " ")
        inside = place == mounted or place.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= len(best):
            best, kind = mounted, this_kind
    return kind
