"""The demonstration's site: served on a free local port, with one link for each role that signs in once.

In a terminal it serves until Ctrl-C. Elsewhere (a script, CI) it fetches the first page, says what came, and ends.
"""

from __future__ import annotations

import os
import signal
import sys
import urllib.error
import urllib.request

from django.db import connections

from .. import speech
from ..packs import pack as packs
from ..site.config import serving
from ..site.entry.acts import demo_links, mark_demo
from . import morning, report

HOST = "127.0.0.1"
SECONDS = 30


def address() -> serving.Address | None:
    """A free port of this machine alone, None when all that are tried are taken."""
    port = serving.free_port(HOST)
    return serving.Address(HOST, port) if port is not None else None


def serve(where: serving.Address, *, stay: bool) -> int:
    """Serve the demonstration's data; the exit code. stay: until somebody stops it, else for one page."""
    # A person watches: each request in JSON would hide what he is to read.
    os.environ.setdefault("THONGQUAN_LOG_LEVEL", "WARNING")
    waiting = morning.lodge_morning(packs.load(report.PACK), report.examples())
    mark_demo()
    links = demo_links(where.url.rstrip("/"))
    connections.close_all()
    answered: list[int] = []

    def said() -> None:
        print(speech.say("demo_morning", count=sum(answer.done for answer in waiting)))
        for role, link in links.items():
            print(f"  {speech.named('role', role)}: {link}")
        if stay:
            print(speech.say("demo_serves", url=where.url))
        else:
            answered.append(_status(where.url))
            print(speech.say("demo_answered", url=where.url, status=answered[0]))
            os.kill(os.getpid(), signal.SIGINT)
        sys.stdout.flush()

    code = serving.serve(where, workers=1, threads=4, said=said)
    if stay:
        return code
    return 0 if answered and answered[0] == 200 else 1


def _status(url: str) -> int:
    """What the first page answers, 0 for nothing."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as page:  # noqa: S310
            return int(page.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
