"""A PostgreSQL that may be killed at any moment, outside of pytest too: own data, a free port on loopback, fsync on."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql")
HEAL_SECONDS = 30.0


class Impossible(Exception):
    """This machine cannot run a cluster of one's own; says why."""


def free_port() -> int:
    """A port that stays ours while nobody listens on it.

    Not one of those that the system hands out: of those any connection may take one meanwhile, even that of a client
    who knocks there in vain, which then is connected with itself.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def patience(seconds: float) -> float:
    """So many seconds of a machine that does nothing else, on this one as it is now: to be slow is no fault."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def binaries() -> Path:
    """The newest PostgreSQL's programs. Impossible where there are none."""
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    if named is None:
        raise Impossible("no PostgreSQL programs (initdb) on this machine")
    return Path(named).parent


class Killable:
    """A running cluster. `die` and `stop_at_once` end it as accidents do; `rise` brings it back."""

    def __init__(self, place: Path) -> None:
        self.place, self.data = place, place / "data"
        self.port = free_port()
        self._programs = binaries()
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:
            # initdb refuses root.
            try:
                postgres = pwd.getpwnam("postgres")
            except KeyError:
                raise Impossible("root, and no account `postgres` to run a cluster") from None
            if shutil.which("runuser") is None:
                raise Impossible("root, and no runuser to become `postgres`")
            os.chown(place, postgres.pw_uid, postgres.pw_gid)
            self._as_postgres = ["runuser", "-u", "postgres", "--"]
        self._run(
            "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self.rise()

    def url(self, name: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def rise(self) -> None:
        """Start and wait until it answers. What a killed one left in memory is gone only after a moment."""
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.place}"
            " -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=100"
        )
        if "recovery_init_sync_method" in self._known_settings():
            # Recovery syncs everything first: one call for the file system, not one for each file.
            settings += " -c recovery_init_sync_method=syncfs"
        began = time.monotonic()
        while True:
            try:
                self._run(
                    "pg_ctl",
                    "start",
                    "-s",
                    "-w",
                    "-t",
                    300,
                    "-D",
                    self.data,
                    "-l",
                    self.place / "log",
                    "-o",
                    settings,
                )
                return
            except subprocess.CalledProcessError:
                if time.monotonic() - began > patience(HEAL_SECONDS):
                    raise
                time.sleep(0.05)

    def die(self) -> None:
        """kill -9 of the postmaster: its children notice and end, nothing is written any more."""
        first = (self.data / "postmaster.pid").read_text().split()[0]
        os.kill(int(first), signal.SIGKILL)

    def stop_at_once(self) -> None:
        """An immediate stop: every process ends without a checkpoint."""
        self._run("pg_ctl", "stop", "-s", "-D", self.data, "-m", "immediate")

    def end(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            self.stop_at_once()

    def _known_settings(self) -> str:
        return (self.data / "postgresql.conf").read_text(encoding="utf-8")

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as_postgres, str(self._programs / program), *map(str, arguments)]
        # Not a pipe: the postmaster would inherit it and keep it open.
        subprocess.run(
            command, check=True, cwd=self.place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def own_cluster() -> Iterator[Killable]:
    """A cluster that is gone afterwards. Impossible says why there is none."""
    binaries()
    place = Path(tempfile.mkdtemp(prefix="thongquan-cluster-"))
    cluster = None
    try:
        cluster = Killable(place)
        yield cluster
    finally:
        if cluster is not None:
            cluster.end()
        shutil.rmtree(place, ignore_errors=True)
