"""Whether the site lives and may be sent work: for load balancers and service managers, before everything else.

    /healthz   the process answers; asks nothing of anybody
    /readyz    the database answers, with its tables and guards as this version needs them; 503 when not
    /metrics   figures, for who brings the token

They stand before the checks of host names and encryption, because who asks them is a machine on the same network that
knows neither. A log of trust that lags is told and does not stop work: plain lodging goes on (`record.sealing`). So
are declarations that wait for a rate which nobody has entered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from ..clearance import following
from ..kit import clock
from ..kit.guards import missing
from ..record import sealing
from ..reference.reads import site_pack
from . import metrics
from .doctor import UNASSESSED_AFTER
from .start import pending

LOOK_AGAIN = 60.0
"""Seconds for which tables and guards that were right are taken to be so."""

_right_until = 0.0


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """Words for machines: each part is "ok" or what is wrong with it, never with whose data."""
    global _right_until
    parts = {"database": "ok", "tables": "ok", "guards": "ok", "log": "ok", "assessments": "ok"}
    try:
        if time.monotonic() >= _right_until:
            parts["tables"] = "MIGRATIONS_PENDING" if pending() else "ok"
            parts["guards"] = "GUARDS_MISSING" if missing(connection) else "ok"
            if parts["tables"] == parts["guards"] == "ok":
                _right_until = time.monotonic() + LOOK_AGAIN
        fit = parts["tables"] == parts["guards"] == "ok"
        if fit:
            found = sealing.health().findings
            parts["log"] = found[0].code if found else "ok"
            since = clock.now() - UNASSESSED_AFTER
            waits = following.unassessed(site_pack(), since=since).exists()
            parts["assessments"] = "ASSESSMENTS_WAIT" if waits else "ok"
    except DatabaseError:
        _right_until = 0.0
        fit = False
        parts = {"database": "DATABASE_AWAY"}
        connection.close()
    return JsonResponse({"ready": fit, **parts}, status=200 if fit else 503)


class HealthPages:
    """Answers these three paths itself and passes on every other."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        self.pages = {"/healthz": alive, "/readyz": ready, **metrics.PAGES}

    def __call__(self, request: Any) -> Any:
        page = self.pages.get(request.path)
        if page is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = page(request)
        response["Cache-Control"] = "no-store"
        return response
