"""SQLite starts only with settings that survive the loss of power, by the version of its library."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from thongquan.site.config import databases
from thongquan.site.config.apps import refuse_unsafe_connection
from thongquan.site.config.databases import database, settings_faults, sqlite_faults, wal_is_repaired
from thongquan.site.kit.secrets import kept, secret_key


def codes(faults) -> list[str]:
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    ("version", "repaired"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_wal_is_used_only_on_a_library_that_is_repaired(version, repaired, tmp_path):
    assert wal_is_repaired(version) is repaired
    made = database("sqlite:///x.sqlite3", tmp_path, version)
    assert ("journal_mode=WAL" in made["OPTIONS"]["init_command"]) is repaired
    assert ("journal_mode=TRUNCATE" in made["OPTIONS"]["init_command"]) is not repaired
    assert "synchronous=FULL" in made["OPTIONS"]["init_command"]
    assert settings_faults(made, version) == ()


REPAIRED, AFFECTED = (3, 51, 3), (3, 51, 2)


@pytest.mark.parametrize(
    ("journal", "synchronous", "library", "wrong"),
    [
        ("WAL", "FULL", REPAIRED, []),
        ("WAL", "EXTRA", REPAIRED, []),
        ("TRUNCATE", "FULL", AFFECTED, []),
        ("PERSIST", "FULL", AFFECTED, []),
        ("DELETE", "EXTRA", AFFECTED, []),
        ("WAL", "NORMAL", REPAIRED, ["SQLITE_NOT_DURABLE"]),
        ("WAL", "OFF", REPAIRED, ["SQLITE_NOT_DURABLE"]),
        ("WAL", "FULL", AFFECTED, ["SQLITE_WAL_AFFECTED"]),
        ("WAL", "NORMAL", AFFECTED, ["SQLITE_NOT_DURABLE", "SQLITE_WAL_AFFECTED"]),
        ("DELETE", "FULL", AFFECTED, ["SQLITE_NOT_DURABLE"]),  # SQLite's own default loses the last commit
        ("TRUNCATE", "NORMAL", AFFECTED, ["SQLITE_NOT_DURABLE"]),
        ("MEMORY", "FULL", REPAIRED, ["SQLITE_NOT_DURABLE"]),
        ("OFF", "EXTRA", REPAIRED, ["SQLITE_NOT_DURABLE"]),
    ],
)
def test_unsafe_pairs_are_named(journal, synchronous, library, wrong, tmp_path):
    assert codes(sqlite_faults(journal, synchronous, library)) == wrong
    url = f"sqlite:///x.sqlite3?journal_mode={journal}&synchronous={synchronous}"
    assert codes(settings_faults(database(url, tmp_path, library), library)) == wrong


def test_other_unsafe_settings_are_named(tmp_path):
    made = database("sqlite:///x.sqlite3", tmp_path)
    for option, value, wrong in [
        ("transaction_mode", None, "SQLITE_WRITERS_NOT_SERIAL"),
        ("transaction_mode", "DEFERRED", "SQLITE_WRITERS_NOT_SERIAL"),
    ]:
        changed = {**made, "OPTIONS": {**made["OPTIONS"], option: value}}
        assert codes(settings_faults(changed)) == [wrong]
    command = made["OPTIONS"]["init_command"]
    for old, new, wrong in [
        ("foreign_keys=ON", "foreign_keys=OFF", "SQLITE_FOREIGN_KEYS_OFF"),
        ("recursive_triggers=ON", "recursive_triggers=OFF", "SQLITE_TRIGGERS_PASSED_BY"),
        ("mmap_size=0", "mmap_size=268435456", "SQLITE_MEMORY_MAPPED"),
    ]:
        changed = {**made, "OPTIONS": {**made["OPTIONS"], "init_command": command.replace(old, new)}}
        assert codes(settings_faults(changed)) == [wrong]


def test_a_plain_django_database_is_refused(tmp_path):
    plain = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "x"), "OPTIONS": {}}
    assert codes(settings_faults(plain)) == [
        "SQLITE_NOT_DURABLE",
        "SQLITE_TRIGGERS_PASSED_BY",
        "SQLITE_WRITERS_NOT_SERIAL",
    ]


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "file_system", lambda path: kind)
    assert codes(settings_faults(database("sqlite:///x.sqlite3", tmp_path))) == ["SQLITE_ON_NETWORK"]


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="no list of mounts on this system")
def test_the_file_system_of_a_path_is_that_of_its_nearest_mount():
    assert databases.file_system(Path("/proc/self")) == "proc"
    assert databases.file_system(Path("/no/such/folder")) not in ("", "proc")


def test_the_check_refuses_unsafe_settings_in_the_readers_words(tmp_path, monkeypatch):
    unsafe = database("sqlite:///x.sqlite3?synchronous=NORMAL", tmp_path)
    monkeypatch.setattr(settings, "DATABASES", {"default": unsafe})
    found = run_checks(tags=[Tags.security])
    ids = [fault.id for fault in found if fault.id.startswith("thongquan.")]
    assert ids == ["thongquan.SQLITE_NOT_DURABLE"]


def test_addresses_that_are_no_database_are_refused(tmp_path):
    with pytest.raises(ValueError, match="mysql"):
        database("mysql://x/y", tmp_path)


def test_an_absolute_path_stays_absolute(tmp_path):
    assert database(f"sqlite:///{tmp_path}/a.sqlite3", Path("/elsewhere"))["NAME"] == f"{tmp_path}/a.sqlite3"
    assert database("sqlite:///a.sqlite3", tmp_path)["NAME"] == str(tmp_path / "a.sqlite3")


def test_postgresql_has_its_limits(tmp_path):
    made = database("postgres://us%40er:pa%2Fss@db.example:5433/na%20me", tmp_path)
    assert (made["NAME"], made["USER"], made["PASSWORD"], made["HOST"], made["PORT"]) == (
        "na me", "us@er", "pa/ss", "db.example", "5433",
    )  # fmt: skip
    assert made["CONN_HEALTH_CHECKS"] is True
    assert made["OPTIONS"]["options"] == (
        "-c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"
        " -c plan_cache_mode=force_generic_plan"
    )
    assert made["PREPARE"] is True
    assert database("postgres://db.example/name?prepare=off", tmp_path)["PREPARE"] is False
    assert settings_faults(made) == ()


@pytest.mark.django_db
def test_this_very_connection_is_durable():
    assert databases.connection_faults(connection) == ()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)
        else:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("3s",)


@pytest.mark.django_db
def test_a_connection_that_became_unsafe_is_closed_and_refused(monkeypatch):
    from thongquan.engine.findings import Finding

    fault = Finding("SQLITE_NOT_DURABLE", says={"journal_mode": "WAL", "synchronous": "NORMAL"})
    monkeypatch.setattr(databases, "connection_faults", lambda connection: (fault,))
    closed = []

    class Opened:
        def close(self) -> None:
            closed.append(True)

    with pytest.raises(ImproperlyConfigured, match="SQLITE_NOT_DURABLE"):
        refuse_unsafe_connection(Opened())
    assert closed == [True]


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgresql_that_does_not_wait_for_the_disk_is_named():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    assert codes(databases.connection_faults(connection)) == ["POSTGRES_NOT_DURABLE"]


# starting


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from thongquan.site.config.start import start; start(migrate=True); print('open')"
    known = {
        name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "THONGQUAN_"))
    }
    known |= {"THONGQUAN_DATA": str(tmp_path / "data"), **environment}
    return subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True)


def test_a_fresh_folder_becomes_a_site_and_starts_again(tmp_path):
    for _ in range(2):
        done = start(tmp_path)
        assert done.stdout == "open\n", done.stderr
    mode = stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode)
    assert mode == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "thongquan.sqlite3").stat().st_mode) == 0o600


def test_an_unsafe_site_does_not_start(tmp_path):
    done = start(tmp_path, DATABASE_URL="sqlite:///x.sqlite3?journal_mode=WAL&synchronous=NORMAL")
    assert done.returncode != 0
    assert "SQLITE_NOT_DURABLE" in done.stderr
    assert not (tmp_path / "data" / "x.sqlite3").exists()


def test_a_lost_guard_is_missed_at_the_start(tmp_path):
    import sqlite3

    assert start(tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "thongquan.sqlite3") as file:
        file.execute("DROP TRIGGER record_event_no_update")
    file.close()
    done = start(tmp_path)
    assert "GUARDS_MISSING: record_event_no_update" in done.stderr


def test_the_deployment_checks_of_django_have_nothing_to_say(tmp_path):
    call_command("check", "--deploy", "--fail-level", "WARNING")


# secrets


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = kept(tmp_path / "a" / "key", lambda: b"one")
    assert kept(tmp_path / "a" / "key", lambda: b"two") == first == b"one"
    (tmp_path / "a" / "key").chmod(0o644)
    with pytest.raises(PermissionError, match="0600"):
        kept(tmp_path / "a" / "key", lambda: b"three")


def test_the_environment_gives_the_secret_key_before_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("THONGQUAN_SECRET_KEY", "given")
    assert secret_key(tmp_path) == "given"
    assert not (tmp_path / "secret_key").exists()
