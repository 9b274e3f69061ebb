"""T2: what is left of an SQLite file when the power fails at any moment, modelled from what the program really wrote.

A killed process loses nothing that it wrote; a machine without power loses what was not synced. So the program runs
under strace, and at each acknowledgement the files are rebuilt as a disk may have kept them: everything synced, and of
what was not synced any part. A new or removed name counts when its file or its folder was synced. Then SQLite opens
the result like after a crash, and the acknowledged commits are counted.

The settings that the site chooses lose nothing. The popular `WAL` with `synchronous=NORMAL`, and SQLite's own default,
do: they are this harness's planted bugs.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection  # noqa: F401  (the mark below asks for it)

SEED = int(os.environ.get("THONGQUAN_SEED") or 1)
REPOSITORY = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine"),
    pytest.mark.skipif(
        "connection.vendor != 'sqlite'", reason="of SQLite's files; the same whatever the site uses"
    ),
]

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\)\s+= (-?\d+)")
HANDLE = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')

CALLS = "openat,open,creat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2"


@dataclass
class Disk:
    """Files as programs see them, and as the disk is sure to have them. loose: writes since the file's last sync."""

    seen: dict[str, bytearray] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    loose: dict[str, list[tuple[int, bytes | None]]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)
    """Names removed from a folder since its last sync: after a crash they may be back."""

    def write(self, path: str, offset: int, data: bytes) -> None:
        content = self.seen.setdefault(path, bytearray())
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data
        self.loose.setdefault(path, []).append((offset, data))

    def truncate(self, path: str, size: int) -> None:
        content = self.seen.setdefault(path, bytearray())
        del content[size:]
        content.extend(bytes(size - len(content)))
        self.loose.setdefault(path, []).append((size, None))

    def sync(self, path: str) -> None:
        if path in self.seen:
            self.kept[path] = bytes(self.seen[path])
            self.loose.pop(path, None)
        for name in self.gone.pop(path, ()):
            if name not in self.seen:
                self.kept.pop(name, None)

    def remove(self, path: str) -> None:
        self.seen.pop(path, None)
        self.loose.pop(path, None)
        self.gone.setdefault(os.path.dirname(path), set()).add(path)

    def left(self, chance: random.Random | None) -> dict[str, bytes]:
        """What a power failure now may leave: what was synced, and by chance any of the writes that were not."""
        left = {path: bytearray(content) for path, content in self.kept.items()}
        if chance is not None:
            for path, writes in self.loose.items():
                if path not in left and chance.random() < 0.5:
                    continue
                content = left.setdefault(path, bytearray())
                for offset, data in writes:
                    if chance.random() < 0.5:
                        continue
                    if data is None:
                        del content[offset:]
                        content.extend(bytes(offset - len(content)))
                    else:
                        content.extend(bytes(max(0, offset - len(content))))
                        content[offset : offset + len(data)] = data
        return {path: bytes(content) for path, content in left.items()}


def replayed(trace: Path, database: str, told: str) -> Iterator[tuple[int, Disk]]:
    """The disk at each acknowledgement, with how many there were until then.

    Only the database and its journals are followed; a memory-mapped index of the log is rebuilt by SQLite itself.
    """
    disk, count = Disk(), 0
    folder = os.path.dirname(database)
    followed = {database, f"{database}-journal", f"{database}-wal"}
    for line in trace.read_text().splitlines():
        found = CALL.match(line)
        if not found or int(found[3]) < 0:
            continue
        name, arguments = found[1], found[2]
        handle = HANDLE.match(arguments)
        of = _unescaped(handle[2]).decode(errors="replace") if handle else ""
        if name in ("unlink", "unlinkat"):
            path = _unescaped(TEXT.search(arguments)[1]).decode()
            if path in followed:
                disk.remove(path)
        elif of == told and name == "write":
            if _unescaped(TEXT.search(arguments)[1]) != b"ready\n":
                count += 1
                yield count, disk
        elif name == "pwrite64" and of in followed:
            disk.write(of, int(arguments.rpartition(",")[2]), _unescaped(TEXT.search(arguments)[1]))
        elif name == "ftruncate" and of in followed:
            disk.truncate(of, int(arguments.rpartition(",")[2]))
        elif name in ("fsync", "fdatasync") and of in (*followed, folder):
            disk.sync(of)


def _unescaped(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def traced(folder: Path, command: list[str], environment: dict[str, str]) -> tuple[Path, str, str]:
    """Run a program that writes `office.sqlite3` and `told` in a folder; its calls to both."""
    trace, database, told = folder / "trace", folder / "office.sqlite3", folder / "told"
    watched = [str(database), f"{database}-journal", f"{database}-wal", str(folder), str(told)]
    done = subprocess.run(
        ["strace", "-f", "-y", "-xx", "-s", "70000", "-o", str(trace), "-e", f"trace={CALLS}",
         *(part for path in watched for part in ("-P", path)), *command],
        env={**os.environ, **environment}, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode and "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return trace, str(database), str(told)


def lost(
    states: Iterable[tuple[int, Disk]], database: str, folder: Path, table: str, chances: int = 2
) -> tuple[int, int, int, int]:
    """How many crash points there were, at how many of them commits were lost, the most lost at one, and at how many
    the file was damaged."""
    chance = random.Random(SEED)
    points = bad = worst = damaged = 0
    for count, disk in states:
        for draw in (None, *([chance] * chances)):
            points += 1
            missing, whole = _after_crash(disk.left(draw), database, folder, table, count)
            bad += missing > 0
            worst = max(worst, missing)
            damaged += not whole
    return points, bad, worst, damaged


def _after_crash(
    files: dict[str, bytes], database: str, folder: Path, table: str, count: int
) -> tuple[int, bool]:
    """Open what is left as the next start does: how many acknowledged rows are missing, and whether it is whole."""
    place = folder / "after"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for path, content in files.items():
        (place / os.path.basename(path)).write_bytes(content)
    opened = sqlite3.connect(place / os.path.basename(database))
    try:
        rows = opened.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        whole = opened.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        return count, False
    finally:
        opened.close()
    return max(0, count - rows), whole


def test_the_site_loses_nothing_that_it_acknowledged(tmp_path):
    """With the settings that the site itself chooses for the library found here."""
    environment = {
        "THONGQUAN_DATA": str(tmp_path), "DATABASE_URL": "sqlite:///office.sqlite3",
        "DJANGO_SETTINGS_MODULE": "thongquan.site.config.settings",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.site.harness.writer", str(tmp_path / "told"), "40"]
    trace, database, told = traced(tmp_path, command, environment)
    points, bad, worst, damaged = lost(
        replayed(trace, database, told), database, tmp_path, "clearance_declaration"
    )
    print(f"seed {SEED}: {points} crash points, {bad} with losses, worst {worst}, {damaged} damaged")
    assert points == 40 * 3
    assert (bad, worst, damaged) == (0, 0, 0)


PLAIN = """
    import os, sqlite3, sys
    file, journal, synchronous, told = sys.argv[1:]
    opened = sqlite3.connect(file, isolation_level=None)
    opened.execute(f"PRAGMA journal_mode={journal}")
    opened.execute(f"PRAGMA synchronous={synchronous}")
    opened.execute("CREATE TABLE kept (n INTEGER PRIMARY KEY, what TEXT)")
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for n in range(40):
        opened.execute("BEGIN IMMEDIATE")
        opened.execute("INSERT INTO kept VALUES (?, ?)", [n, str(n) * 500])
        opened.execute("COMMIT")
        os.write(handle, f"{n}\\n".encode())
    os._exit(0)  # as when the power fails: nobody closes the file
"""


def plainly(tmp_path: Path, journal: str, synchronous: str) -> tuple[int, int, int, int]:
    program = tmp_path / "plain.py"
    program.write_text(textwrap.dedent(PLAIN))
    command = [
        sys.executable, str(program), str(tmp_path / "office.sqlite3"), journal, synchronous, str(tmp_path / "told"),
    ]  # fmt: skip
    trace, database, told = traced(tmp_path, command, {})
    return lost(replayed(trace, database, told), database, tmp_path, "kept")


@pytest.mark.parametrize(
    ("journal", "synchronous"),
    [("WAL", "FULL"), ("TRUNCATE", "FULL"), ("PERSIST", "FULL"), ("DELETE", "EXTRA")],
)
def test_every_pair_that_the_site_accepts_loses_nothing(tmp_path, journal, synchronous):
    from thongquan.site.config.databases import sqlite_faults

    assert sqlite_faults(journal, synchronous, (3, 51, 3)) == ()
    points, bad, worst, damaged = plainly(tmp_path, journal, synchronous)
    print(f"{journal}+{synchronous}: {points} crash points, {bad} with losses, {damaged} damaged")
    assert (points, bad, worst, damaged) == (120, 0, 0, 0)


@pytest.mark.parametrize(
    ("journal", "synchronous"), [("WAL", "NORMAL"), ("DELETE", "FULL"), ("TRUNCATE", "OFF")]
)
def test_planted_the_settings_that_the_site_refuses_are_seen_to_lose(tmp_path, journal, synchronous):
    from thongquan.site.config.databases import sqlite_faults

    assert sqlite_faults(journal, synchronous, (3, 51, 3)) != ()
    points, bad, worst, _ = plainly(tmp_path, journal, synchronous)
    print(f"{journal}+{synchronous}: {points} crash points, {bad} with losses, worst {worst}")
    assert bad > 0
    assert worst > 0
