"""The server that harnesses kill: granian with worker processes and threads, as in life, over `desk`.

`python -m tests.site.harness.counter` imports everything once and then forks a fresh server group for each line on its
input, so that a restart costs a moment and not the start of an interpreter. A line is JSON: {"port", "database" (as in
Django's DATABASES, what differs), "bug", "invented" (the country)}; the answer is a line with the id of the process
group.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .killable import free_port, patience

REPOSITORY = Path(__file__).resolve().parents[3]
WORKERS, THREADS = 2, 4
HEAL_SECONDS = 15.0
PREFIX = "/api/v1"


def main() -> None:
    import django

    django.setup()
    from . import bugs, desk, holes

    assert desk.application
    assert holes
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            # Whoever reads our lines must not wait for a group that outlives us.
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            serve(asked, bugs, desk)
            os._exit(0)
        print(child, flush=True)


def serve(asked: Mapping[str, Any], bugs: Any, desk: Any) -> None:
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces

    for settings in (connections["default"].settings_dict, connections.settings["default"]):
        settings.update(asked["database"])
    if asked["invented"]:
        desk.invent()
    if asked["bug"]:
        bugs.plant(asked["bug"])
    Granian(
        f"{__package__}.desk:application", port=asked["port"], interface=Interfaces.WSGI, workers=WORKERS,
        blocking_threads=THREADS, log_enabled=False, websockets=False,
    ).serve()  # fmt: skip


class Counter:
    """The server from outside: `rise`, `die`. port: where clients find it, the same after each rise."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._group = process, 0
        self.port = free_port()
        self.database: Mapping[str, Any] = {}
        self.bug = ""
        self.invented = True

    @property
    def processes(self) -> list[int]:
        """Of the server that is up, itself among them."""
        return [
            int(place.name)
            for place in Path("/proc").iterdir()
            if place.name.isdecimal() and _group_of(place) == self._group
        ]

    def rise(self, wait: bool = True) -> None:
        assert self._process.stdin
        assert self._process.stdout
        assert not self._group, "the server is up"
        asked = {
            "port": self.port,
            "database": dict(self.database),
            "bug": self.bug,
            "invented": self.invented,
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        self._group = int(self._process.stdout.readline())
        began = time.monotonic()
        while wait and not self.answers():
            if time.monotonic() - began > patience(HEAL_SECONDS):
                raise TimeoutError("the server does not answer")
            time.sleep(0.02)

    def answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            line.request("GET", f"{PREFIX}/me")
            return line.getresponse().status == 401  # it is there, and wants a key
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def die(self) -> None:
        """SIGKILL of the whole group, and wait until its port is free."""
        if not self._group:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._group, signal.SIGKILL)
        # Who is killed is seen to be dead when nobody listens any more; a zombie holds no socket.
        began = time.monotonic()
        while time.monotonic() - began < patience(HEAL_SECONDS):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)):
                    break
            time.sleep(0.002)
        self._group = 0


def _group_of(place: Path) -> int:
    """The process group of a process, 0 of one that is gone meanwhile."""
    with suppress(OSError):
        return int((place / "stat").read_text().rpartition(")")[2].split()[2])
    return 0


@contextmanager
def own_counter() -> Iterator[Counter]:
    """A counter ready to rise, with the data folder and the settings of this process; gone afterwards."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "thongquan.site.config.settings",
        "THONGQUAN_HTTPS": "off",
        "THONGQUAN_API_RATE": "0",
        "THONGQUAN_HOSTS": "127.0.0.1",
        "THONGQUAN_PACK": "sample",
    }
    log = tempfile.TemporaryFile("w+")  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.site.harness.counter"], cwd=REPOSITORY, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
    )  # fmt: skip
    assert process.stdout
    counter = Counter(process)
    try:
        if process.stdout.readline() != "ready\n":
            log.seek(0)
            raise AssertionError(f"the counter does not start: {log.read()[-2000:]}")
        yield counter
    finally:
        counter.die()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, log):
            if stream:
                stream.close()


if __name__ == "__main__":
    from tests.site.harness import counter as this

    this.main()
