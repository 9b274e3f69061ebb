"""Figures for Prometheus: how many requests, how long, and how far the log of trust, the news and the backups lag.

Labels name methods, routes and classes of answers; nothing of a person, a trader or a declaration. Each process that
serves counts for itself; PROMETHEUS_MULTIPROC_DIR, which `serve` sets, lets the page add them up.
"""

from __future__ import annotations

import os
import secrets
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily

from ..kit.secrets import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Each process would count these anew: they are its own, not the site's.
REQUESTS = Counter("thongquan_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "thongquan_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. A method that is none and a path without a route are one label each, whatever they say."""
    named = route or "(none)"
    REQUESTS.labels(method if method in METHODS else "OTHER", named, f"{status // 100}xx").inc()
    SECONDS.labels(named).observe(seconds)


def token() -> str:
    """Who may read the figures: `metrics_token` in the data folder, made at the first call."""
    return (
        kept(Path(settings.DATA) / "metrics_token", lambda: secrets.token_urlsafe(32).encode())
        .decode()
        .strip()
    )


def page(request: HttpRequest) -> HttpResponse:
    """The figures, for who brings the token; for others there is no such page."""
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token()}".encode()):
        return HttpResponse(status=404)
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_Now())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Now:
    """What is asked of the database when the page is; when it is away, only that it is away.

    Figures of the site, not of a process: a Gauge would be kept in the files that the processes share, and be told
    once more for each of them.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from ... import __version__

        info = GaugeMetricFamily("thongquan_info", "Version", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        figures, up = [], 1
        try:
            figures = _figures()
        except DatabaseError:
            up = 0
        yield GaugeMetricFamily("thongquan_database_up", "Whether the database answers", value=up)
        for name, says, value in figures:
            yield GaugeMetricFamily(name, says, value=value)


def _figures() -> list[tuple[str, str, float]]:
    from ..clearance import following
    from ..kit import clock
    from ..record import sealing
    from ..record.models import Outbox
    from ..reference.reads import site_pack
    from .doctor import UNASSESSED_AFTER, newest_backup

    health, now = sealing.health(), clock.now()
    unsent = Outbox.objects.filter(sent_at__isnull=True)
    oldest = unsent.order_by("pk").values_list("recorded_at", flat=True).first()
    figures = [
        ("thongquan_log_size", "Events sealed", health.size),
        ("thongquan_log_anchored", "Events that enough anchors hold", health.anchored),
        ("thongquan_log_sealed_seconds", "Age of the newest checkpoint", _seconds(health.sealed)),
        ("thongquan_log_waiting", "1 while an event is not sealed", float(health.waiting)),
        ("thongquan_anchor_lag_seconds", "Age of the oldest event not anchored", _seconds(health.lag)),
        ("thongquan_news_unsent", "News not yet sent, at most 10000", unsent[:10_000].count()),
        (
            "thongquan_news_oldest_seconds",
            "Age of the oldest news not sent",
            _seconds(now - oldest if oldest else None),
        ),
    ]
    waiting = following.unassessed(site_pack(), since=now - UNASSESSED_AFTER)
    figures.append(
        ("thongquan_unassessed", "Declarations that wait for a rate, at most 10000", waiting[:10_000].count())
    )
    backup = newest_backup()
    if backup is not None:
        figures.append(("thongquan_backup_age_seconds", "Age of the newest backup here", _seconds(backup[1])))
    return figures


def _seconds(span: Any) -> float:
    return span.total_seconds() if span is not None else 0.0


PAGES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/metrics": page}
