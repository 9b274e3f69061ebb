"""Look at everything that an installation rests on, and say what to do about each thing that is wrong.

Nothing is changed. An error is something that may lose, leak or stop; a warning is something that will become one.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from ...engine.findings import Finding, Severity, in_order
from ..kit import clock
from ..kit.guards import missing, newer
from ..record import sealing
from ..record.models import Outbox
from .databases import connection_faults, file_system, settings_faults
from .office import told
from .roles import are_set_up, role_faults

UNASSESSED_AFTER = timedelta(minutes=1)
"""A declaration registered longer ago without an assessment waits for something."""
UNASSESSED_NAMED = 10
CLOCK_OFF = timedelta(seconds=1)
"""How far the machine's clock and the database's may lie apart."""

DISK_ALARM, DISK_STOP = 15, 5
"""Per cent free: below the first somebody is told, below the second it is urgent."""

BACKUP_OLD = timedelta(hours=25)
"""A daily backup with an hour to make it in."""

NEWS_LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. name: of its word, `[check.<name>]`. detail: what was found. findings: what is wrong."""

    name: str
    detail: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing of it is an error."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


type Look = Callable[[], Check]


def examine(*, deep: bool = False) -> Iterator[Check]:
    """Every check, one after the other, so that a person can watch; deep reads the whole database too.

    Without a database the checks that need one are left out, and the first says why.
    """
    yield office()
    yield data_files()
    yield disk()
    yield website()
    first = database()
    yield first
    if connection.connection is None:
        return
    looks: list[Look] = [migrations, guards, clocks, log_of_trust, news, unassessed, backups]
    if connection.vendor == "postgresql":
        looks.append(roles)
    if deep:
        looks += [whole_database, whole_record, papers]
    for look in looks:
        yield _safely(look)


def _safely(look: Look) -> Check:
    """A check whose tables are not there yet says so instead of ending the others."""
    try:
        return look()
    except DatabaseError as error:
        name = look.__name__
        return Check(name, type(error).__name__, (Finding("DATABASE_NOT_READY", says={"check": name}),))


def _warning(code: str, **says: str) -> Finding:
    return Finding(code, says=says, severity=Severity.WARNING)


# Without a database


def office() -> Check:
    folder = Path(settings.DATA)
    found = told(folder)
    if found is None and not os.environ.get("THONGQUAN_PACK"):
        return Check("office", str(folder), (_warning("OFFICE_NOT_SET_UP", folder=str(folder)),))
    said = f"{folder}: {settings.PACK} {found.code if found else ''}".strip()
    if found is not None and found.sandbox != settings.SANDBOX:
        return Check("office", said, (Finding("OFFICE_IS_SANDBOX" if found.sandbox else "OFFICE_IS_REAL"),))
    return Check("office", f"{said} (sandbox)" if settings.SANDBOX else said)


def data_files() -> Check:
    """Secrets are read by their owner alone, and the keys that a later start would silently make anew are there."""
    folder = Path(settings.DATA)
    faults = [
        Finding("FILE_OPEN_TO_OTHERS", at=str(file), says={"file": str(file), "mode": f"{mode:04o}"})
        for file in _secret_files(folder)
        if (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077
    ]
    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o022:
        mode = stat.S_IMODE(folder.stat().st_mode)
        faults.append(Finding("FILE_OPEN_TO_OTHERS", says={"file": str(folder), "mode": f"{mode:04o}"}))
    if told(folder):
        faults += [
            Finding("KEY_MISSING", at=name, says={"file": str(folder / "keys" / name)})
            for name in ("custodian-a", "custodian-b", "log-signing")
            if not (folder / "keys" / name).exists() and not (name == "log-signing" and _log_key_elsewhere())
        ]
    return Check("data_files", str(folder), in_order(faults))


def _log_key_elsewhere() -> bool:
    return bool(os.environ.get("THONGQUAN_LOG_KEY") or os.environ.get("THONGQUAN_SIGNER"))


def _secret_files(folder: Path) -> Iterable[Path]:
    named = [folder / "secret_key", folder / "metrics_token"]
    if os.environ.get("THONGQUAN_LOG_KEY"):
        named.append(Path(os.environ["THONGQUAN_LOG_KEY"]))
    if connection.vendor == "sqlite":
        named.append(Path(str(connection.settings_dict["NAME"])))
    keys, backups_folder = folder / "keys", folder / "backups"
    inside = [
        *(keys.iterdir() if keys.is_dir() else ()),
        *(backups_folder.iterdir() if backups_folder.is_dir() else ()),
    ]
    return [file for file in (*named, *inside) if file.is_file()]


def disk() -> Check:
    places = {Path(settings.DATA)}
    if connection.vendor == "sqlite":
        places.add(Path(str(connection.settings_dict["NAME"])).parent)
    faults, details = [], []
    for place in sorted(place for place in places if place.is_dir()):
        used = shutil.disk_usage(place)
        free = used.free * 100 // used.total if used.total else 0
        details.append(f"{place}: {free} % ({used.free // 2**20} MiB)")
        if free < DISK_ALARM:
            severity = Severity.ERROR if free < DISK_STOP else Severity.WARNING
            says = {"folder": str(place), "percent": str(free)}
            faults.append(Finding("DISK_NEARLY_FULL", at=str(place), says=says, severity=severity))
    return Check("disk", "; ".join(details), in_order(faults))


def website() -> Check:
    """What a browser is told: encrypted, by its names, without the developer's pages."""
    local = all(host in ("localhost", "127.0.0.1", "[::1]") for host in settings.ALLOWED_HOSTS)
    faults = []
    if settings.DEBUG:
        faults.append(Finding("DEBUG_ON"))
    if not settings.HTTPS and not local:
        faults.append(Finding("HTTPS_OFF", says={"hosts": ", ".join(settings.ALLOWED_HOSTS)}))
    if "*" in settings.ALLOWED_HOSTS:
        faults.append(Finding("HOSTS_ANY"))
    return Check("website", ", ".join(settings.ALLOWED_HOSTS), in_order(faults))


# With a database


def database() -> Check:
    faults = list(settings_faults(connection.settings_dict))
    try:
        connection.ensure_connection()
        faults += [one for one in connection_faults(connection) if one not in faults]
        detail = _sqlite_detail() if connection.vendor == "sqlite" else _postgresql_detail(faults)
    except DatabaseError as error:
        says = {"said": type(error).__name__}
        return Check("database", connection.vendor, (Finding("DATABASE_AWAY", says=says),))
    except Exception as error:  # the refusal of `refuse_unsafe_connection`, which says every reason itself
        faults += [one for one in getattr(error, "findings", ()) if one not in faults]
        if not faults:
            faults.append(Finding("DATABASE_REFUSED", says={"said": str(error)[:300]}))
        return Check("database", connection.vendor, in_order(faults))
    return Check("database", detail, in_order(faults))


def _asked(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _sqlite_detail() -> str:
    name = Path(str(connection.settings_dict["NAME"]))
    journal = _asked("PRAGMA journal_mode").upper()
    level = {"1": "NORMAL", "2": "FULL", "3": "EXTRA"}.get(_asked("PRAGMA synchronous"), "OFF")
    kind = file_system(name) or "?"
    return f"SQLite {sqlite3.sqlite_version}, {journal} + {level}, {kind}: {name}"


def _postgresql_detail(faults: list[Finding]) -> str:
    if _asked("SHOW data_checksums") == "off":
        faults.append(_warning("POSTGRES_NO_CHECKSUMS"))
    if _asked("SHOW archive_mode") == "off":
        faults.append(_warning("POSTGRES_NO_ARCHIVE"))
    parts = ("fsync", "synchronous_commit", "full_page_writes")
    shown = ", ".join(f"{part} {_asked(f'SHOW {part}')}" for part in parts)
    return f"PostgreSQL {_asked('SHOW server_version')}, {shown}"


def migrations() -> Check:
    from .start import pending

    waiting, unknown = pending(), newer(connection)
    faults = []
    if waiting:
        faults.append(Finding("MIGRATIONS_PENDING", says={"migrations": ", ".join(waiting[:8])}))
    if unknown:
        faults.append(Finding("DATABASE_NEWER", says={"migrations": ", ".join(unknown[:8])}))
    return Check("migrations", str(len(waiting)), in_order(faults))


def guards() -> Check:
    lost = missing(connection)
    says = {"guards": ", ".join(lost)}
    return Check("guards", str(len(lost)), (Finding("GUARDS_MISSING", says=says),) if lost else ())


def clocks() -> Check:
    apart = abs(clock.now() - datetime.now(UTC))
    seconds = f"{apart.total_seconds():.1f}"
    faults = [_warning("CLOCKS_APART", seconds=seconds)] if apart > CLOCK_OFF else []
    if not _kept_right():
        faults.append(_warning("CLOCK_NOT_SYNCHRONISED"))
    return Check("clocks", f"{seconds} s", in_order(faults))


class _Timex(ctypes.Structure):
    """The beginning of Linux's struct timex (adjtimex(2)); status holds the flags. The rest is room."""

    _fields_ = [
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("room", ctypes.c_byte * 256),
    ]  # fmt: skip


NOT_SYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): nothing has set the clock for so long that the kernel no longer vouches for it."""


def _kept_right() -> bool:
    """Whether the kernel says that a time service keeps its clock; True where it cannot be asked."""
    if sys.platform != "linux":
        return True
    asked = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return True
    return answer < 0 or not asked.status & NOT_SYNCHRONISED


def log_of_trust() -> Check:
    health = sealing.health()
    lag = "–" if health.lag is None else f"{int(health.lag.total_seconds())} s"
    faults = list(health.findings)
    stopped = sealing.refusal()
    if stopped:
        faults.append(stopped)
    folders = [getattr(anchor, "folder", None) for anchor in sealing.anchors.configured()]
    if told(Path(settings.DATA)) and folders and all(_inside(one, Path(settings.DATA)) for one in folders):
        faults.append(_warning("ANCHORS_AT_HOME"))
    sealed = "–" if health.sealed is None else f"{int(health.sealed.total_seconds())} s"
    return Check("log_of_trust", f"{health.size}, {health.anchored}, {lag}, {sealed}", in_order(faults))


def _inside(folder: Path | None, data: Path) -> bool:
    return folder is not None and folder.resolve().is_relative_to(data.resolve())


def news() -> Check:
    """Whether those outside are told: the oldest news that nobody has sent."""
    oldest = Outbox.objects.filter(sent_at__isnull=True).order_by("pk").first()
    if oldest is None:
        return Check("news", "0 s")
    age = clock.now() - oldest.recorded_at
    seconds = str(int(age.total_seconds()))
    faults = (_warning("NEWS_LATE", seconds=seconds),) if age > NEWS_LATE else ()
    return Check("news", f"{seconds} s", faults)


def unassessed() -> Check:
    """Whether a declaration waits for a rate, of exchange or of the tariff, that nobody has entered."""
    from ..clearance import following
    from ..reference.reads import site_pack

    waiting = following.unassessed(site_pack(), since=clock.now() - UNASSESSED_AFTER)
    numbers = list(waiting.order_by("pk").values_list("number", flat=True)[:UNASSESSED_NAMED])
    count = str(waiting[:10_000].count()) if numbers else "0"
    says = {"count": count, "numbers": ", ".join(numbers)}
    return Check("unassessed", count, (_warning("ASSESSMENTS_WAIT", **says),) if numbers else ())


def newest_backup() -> tuple[Path, timedelta] | None:
    """The newest backup in the data folder and its age by this machine's clock; None where there is none."""
    folder = Path(settings.DATA) / "backups"
    files = [file for file in folder.glob("thongquan-*") if file.is_file()] if folder.is_dir() else []
    if not files:
        return None
    newest = max(files, key=lambda file: file.stat().st_mtime)
    made = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    return newest, datetime.now(UTC) - made


def backups() -> Check:
    found = newest_backup()
    if found is None:
        return Check("backups", "–", (_warning("BACKUP_NONE", folder=str(Path(settings.DATA) / "backups")),))
    file, age = found
    hours = str(int(age.total_seconds()) // 3600)
    faults = (_warning("BACKUP_OLD", file=str(file), hours=hours),) if age > BACKUP_OLD else ()
    return Check("backups", f"{file.name}: {hours} h", faults)


def roles() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        user = cursor.fetchone()[0]
    faults = [*role_faults(connection)]
    sealer = os.environ.get("THONGQUAN_SEAL_DATABASE_URL")
    if are_set_up(connection) and not sealer:
        faults.append(_warning("SEALER_LOGIN_MISSING"))
    return Check("roles", str(user), in_order(faults))


# The whole of it: minutes on a large database


def whole_database() -> Check:
    """SQLite's own look at every page; PostgreSQL's stands with its own tools (`pg_amcheck`)."""
    if connection.vendor != "sqlite":
        return Check("whole_database", "pg_amcheck")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        said = [str(row[0]) for row in cursor.fetchall() if row[0] != "ok"]
    name = str(connection.settings_dict["NAME"])
    faults = tuple(Finding("DATABASE_DAMAGED", at=line[:60], says={"file": name}) for line in said[:20])
    return Check("whole_database", str(len(said)), faults)


def whole_record() -> Check:
    from ..clearance.reads import verify

    verified = verify()
    return Check("whole_record", str(verified.log.events), verified.faults)


def papers() -> Check:
    """Every attachment's content, read again and held against the hash that its row and its event name."""
    from ..papers import store
    from ..papers.models import Attachment

    numbers = dict(Attachment.objects.order_by("-id").values_list("hash", "subject"))
    faults = [
        Finding("ATTACHMENT_LOST", at=numbers[hash], says={"number": numbers[hash], "hash": hash})
        for hash in store.damaged(iter(numbers))
    ]
    return Check("papers", f"{len(faults)}/{len(numbers)}", in_order(faults))
