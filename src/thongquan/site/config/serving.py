"""The server: processes that answer, and beside them those of `background`, watched and started again.

One process stands above: it opens no database, answers nobody, and only starts, watches and stops the others. When it
is killed, those below notice and end too, so that no half of a server stays behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger("thongquan.serving")

PORT, PORTS = 8000, 100
"""The first port that is tried, and how many after it."""

STOP_SECONDS = 20
"""How long a process may finish what it has begun before it is killed: longer than any statement may take."""

BACKGROUND = ("sealer", "follower", "news")

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a process that ended is started again: longer each time it does not live a minute."""

LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens. certificate, key: files of its own encryption; None behind a proxy or on loopback."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/"


def free_port(host: str, port: int = 0) -> int | None:
    """The port if nobody listens on it, else None; for 0 the first free one from PORT on, None when all are taken.

    Asked with a plain socket: the server's own are shared among its processes, and would silently be shared with a
    second server too.
    """
    for candidate in [port] if port else range(PORT, PORT + PORTS):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, candidate))
                tried.listen(1)
            except OSError:
                continue
            return candidate
    return None


def default_workers() -> int:
    """A process for each core, up to four. SQLite has one writer at a time, so there two are enough."""
    from django.db import connection

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 2 if connection.vendor == "sqlite" else 4))


def prepare(address: Address) -> None:
    """Say in the environment what the processes below must know. Before Django is set up.

    On loopback, without a proxy and without other names, a browser gets the pages unencrypted; the refusal of plain
    http would send it to an address where nobody listens.
    """
    names = os.environ.get("THONGQUAN_HOSTS", "")
    alone = address.host in LOCAL and not names and os.environ.get("THONGQUAN_PROXY") != "on"
    if alone and not address.certificate:
        os.environ.setdefault("THONGQUAN_HTTPS", "off")
    os.environ.setdefault("THONGQUAN_LOG_LEVEL", "INFO")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")


def refusals(address: Address) -> list[str]:
    """Codes of why this server must not start here: DEBUG_ON or HTTPS_OFF anywhere but on loopback, or an office that
    nobody set up."""
    from django.conf import settings

    from .office import is_set_up

    found = []
    if not is_set_up(Path(settings.DATA)):
        found.append("OFFICE_NOT_SET_UP")
    if address.host not in LOCAL:
        found += ["DEBUG_ON"] if settings.DEBUG else []
        found += ["HTTPS_OFF"] if not settings.HTTPS else []
        if settings.HTTPS and not address.certificate and not settings.BEHIND_PROXY:
            found.append("HTTPS_NOWHERE")
    return found


def serve(address: Address, *, workers: int, threads: int, said: Callable[[], None] = lambda: None) -> int:
    """Serve until told to stop (SIGTERM, SIGINT); the exit code. said: called when the port is open.

    workers: processes that answer; threads: requests that each answers at once.
    """
    figures = tempfile.mkdtemp(prefix="thongquan-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
    server = answering(address, workers=workers, threads=threads)
    stop = threading.Event()
    opened = threading.Event()
    # What runs beside the server waits for its first answer, which people wait for.
    keepers = [threading.Thread(target=_keep, args=(name, opened, stop), name=name) for name in BACKGROUND]
    watch = threading.Thread(target=_when_open, args=(address, opened, stop, said), daemon=True)
    try:
        for thread in (*keepers, watch):
            thread.start()
        server.serve(target_loader=load, wrap_loader=True)
        return 0
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        stop.set()
        for thread in keepers:
            thread.join(STOP_SECONDS + 5)
        shutil.rmtree(figures, ignore_errors=True)


def answering(address: Address, *, workers: int, threads: int) -> Any:
    """The processes that answer, not yet started: `serve(target_loader=load, wrap_loader=True)` does."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from .logs import configured

    # Fork would copy the locks of threads that do not exist in the child (Polars, the log); spawn starts clean.
    multiprocessing.set_start_method("spawn", force=True)
    return Server(
        "thongquan.site.config.wsgi:application",
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        backpressure=threads * 8,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=configured(),
        ssl_cert=address.certificate,
        ssl_key=address.key,
    )


def load(target: str) -> Any:
    """What each process that answers does first. Named, not nested: it is found by its name in the new process."""
    die_with_parent()
    with contextlib.suppress(OSError):
        # Ctrl-C reaches every process of the terminal's group. A worker that is told twice, by it and by the process
        # above, may wait for itself until it is killed; so it is told by the one above alone.
        os.setpgid(0, 0)
    from .wsgi import application

    # What lives as long as the process needs no looking through at every collection of garbage.
    gc.collect()
    gc.freeze()
    return application


def die_with_parent() -> None:
    """On Linux the kernel kills this process when the one above is gone, even when that was killed.

    Killed, not asked: asked at a bad moment a worker of granian waits for itself for ever, and nobody is left above
    who would lose patience. What it had not committed it had not acknowledged.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
        above = multiprocessing.parent_process()
        if above is not None and os.getppid() != above.pid:  # it was gone before the kernel was asked
            os._exit(1)


def _when_open(
    address: Address, opened: threading.Event, stop: threading.Event, said: Callable[[], None]
) -> None:
    """Wait until somebody listens, and say so."""
    while not stop.wait(0.05):
        with contextlib.suppress(OSError), socket.create_connection((address.host, address.port), timeout=1):
            opened.set()
            said()
            return


# Beside the server


def _keep(name: str, opened: threading.Event, stop: threading.Event) -> None:
    """Run one process in the background for as long as the server lives."""
    failures = 0
    while not stop.is_set() and not opened.wait(0.1):
        pass
    while not stop.is_set():
        born = time.monotonic()
        # Its standard input ends when this process does, however that comes about: then it stops.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "thongquan.site.config.background", name], stdin=subprocess.PIPE
        )
        while process.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            _ended(process)
            return
        failures = 0 if time.monotonic() - born > 60 else failures + 1
        pause = PAUSES[min(failures, len(PAUSES)) - 1] if failures else PAUSES[0]
        log.error("%s ended with %s; again in %s s", name, process.returncode, pause, extra={"task": name})
        stop.wait(pause)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
