"""One process beside the server: `python -m thongquan.site.config.background sealer`, `… follower` or `… news`.

sealer      gives events their place in the log of trust (`record.sealing`)
follower    goes on with what the machine decides (`clearance.following`)
news        tells subscribers what happened (`clearance.push`)

It ends when it is told to (SIGTERM), and when the process that started it is gone: then its standard input ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

NEEDS_A_PERSON = 4
"""The exit code of a sealer that must not go on until somebody has looked (`record.sealing.SealingStopped`)."""


def main(name: str) -> int:
    """Run one of WORK until it is to stop; the exit code."""
    if name == "sealer" and os.environ.get("THONGQUAN_SEAL_DATABASE_URL"):
        # On PostgreSQL the sealer has a login of its own, which may add to the log of trust and to nothing else.
        os.environ["DATABASE_URL"] = os.environ["THONGQUAN_SEAL_DATABASE_URL"]
    stop = threading.Event()
    # While it is still being loaded it has begun nothing, and a person who pressed Ctrl-C does not wait for that.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    # Ctrl-C reaches every process of the terminal; the one above decides in which order they end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not sys.stdin.isatty():
        threading.Thread(target=_until_parent_ends, args=(stop,), daemon=True).start()

    from .start import start

    start()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return WORK[name](stop)


def _until_parent_ends(stop: threading.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    stop.set()


def _seal(stop: threading.Event) -> int:
    from ..record.sealing import run_sealer

    return NEEDS_A_PERSON if run_sealer(stop) else 0


def _follow(stop: threading.Event) -> int:
    from ..clearance.following import run_follower

    run_follower(stop)
    return 0


def _tell(stop: threading.Event) -> int:
    from ..clearance.push import run

    run(stop)
    return 0


WORK: dict[str, Callable[[threading.Event], int]] = {"sealer": _seal, "follower": _follow, "news": _tell}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
