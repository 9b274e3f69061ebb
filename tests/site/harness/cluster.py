"""A PostgreSQL cluster of the test's own: an empty folder, a free port on loopback, fsync on as in real life."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .killable import free_port


def programs() -> Path:
    """The folder of the newest server's programs; the test is skipped where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    where = found[-1].parent if found else None
    if where is None and (one := shutil.which("initdb")):
        where = Path(one).resolve().parent
    if where is None:
        pytest.skip("no PostgreSQL server on this machine")
    return where


class Cluster:
    """Started, stopped and recovered by its own programs, as `postgres` where the tests run as root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder, programs()
        self.port = free_port()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        words = [str(word) for word in command]
        words[0] = str(self.programs / words[0])
        if os.geteuid() == 0:
            words = ["runuser", "-u", "postgres", "--", *words]
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, check=False, timeout=600
        )
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr}")
        return done

    def start(self, data: Path | None = None, **settings: object) -> None:
        given = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder), **settings,
        }  # fmt: skip
        options = " ".join(f"-c {name}='{value}'" for name, value in given.items())
        log = self.folder / "log"
        self.run("pg_ctl", "start", "-s", "-w", "-t", 300, "-D", data or self.data, "-l", log, "-o", options)

    def stop(self, data: Path | None = None, how: str = "fast") -> None:
        self.run("pg_ctl", "stop", "-s", "-w", "-D", data or self.data, "-m", how, check=False)

    def database(self, name: str) -> dict[str, str]:
        """Django's settings of a new database."""
        self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", name)
        return self.settings(name)

    def settings(self, name: str) -> dict[str, str]:
        return {"NAME": name, "HOST": "127.0.0.1", "PORT": str(self.port), "USER": "postgres", "PASSWORD": ""}


@contextlib.contextmanager
def cluster(**settings: object) -> Iterator[Cluster]:
    """A running cluster, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="thongquan-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    one = Cluster(folder)
    try:
        where = ("-D", one.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        one.run("initdb", *where, "--no-sync", "--data-checksums")
        one.start(**settings)
        yield one
    finally:
        for data in sorted(folder.glob("data*")):
            one.stop(data, "immediate")
        shutil.rmtree(folder, ignore_errors=True)
