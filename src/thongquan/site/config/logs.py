"""Logs for machines: one JSON object a line on standard error, with references and never with contents.

What was declared, by whom and for how much, is confidential; a log is read by more people than a declaration. So a
line has its message, the few facts named in FACTS, and of a fault its type and its places in the code, but not its
own words: PostgreSQL, for one, quotes the whole row that it refuses.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

FACTS = (
    "user", "act", "reference", "allow", "code", "rule", "method", "path", "route", "status", "ms", "task",
)  # fmt: skip
"""What a line may say beside its message."""

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("thongquan_request", default="")
"""The id of the request that is being answered, "" outside of one."""

GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")

access = logging.getLogger("thongquan.request")

_WRITTEN = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": _message(record),
        }
        if request := REQUEST.get():
            line["request"] = request
        line |= {
            name: getattr(record, name) for name in FACTS if getattr(record, name, None) not in (None, "")
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _fault(record.exc_info[1])
        return _WRITTEN(line)


def _message(record: logging.LogRecord) -> str:
    """Django's own loggers quote what was asked and refused; of theirs only the pattern is kept."""
    ours = record.name.split(".")[0] in ("thongquan", "granian", "_granian")
    return record.getMessage() if ours else str(record.msg)


def _fault(error: BaseException) -> dict[str, Any]:
    places = traceback.extract_tb(error.__traceback__)
    causes = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 5:
        causes.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    found: dict[str, Any] = {
        "error": type(error).__name__,
        "places": [
            f"{place.filename.rpartition('/site-packages/')[2]}:{place.lineno}" for place in places[-12:]
        ],
    }
    if state := getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None):
        found["sqlstate"] = state
    return found | ({"because_of": causes} if causes else {})


def configured(level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING: everything goes to standard error in one form."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {
            "thongquan": {"level": level},
            # Handlers of its own would quote whole requests, and mail them.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # What a client got wrong has its line already, from `RequestLog`; a fault of ours keeps its places.
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        },
    }


class RequestLog:
    """The outermost layer: names the request, times it, and writes one line about it, without its query.

    The answer carries the name (X-Request-ID), so that who complains can say which request it was; a name that a
    client or a proxy chose is kept when it is one.
    """

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        from .metrics import answered

        asked = request.headers.get("X-Request-ID", "")
        request.id = asked if GIVEN.fullmatch(asked) else secrets.token_hex(8)
        name = REQUEST.set(request.id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            response["X-Request-ID"] = request.id
            match = getattr(request, "resolver_match", None)
            # The API finds its places itself, and says which one it was.
            route = getattr(request, "route", "") or (match.route if match is not None else "")
            answered(request.method, route, response.status_code, seconds)
            access.info(
                "%s %s", request.method, response.status_code,
                extra={"method": request.method, "path": request.path, "route": route,
                       "status": response.status_code, "ms": int(seconds * 1000)},
            )  # fmt: skip
            return response
        finally:
            REQUEST.reset(name)
