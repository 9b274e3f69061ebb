"""Tell machines what happened, where they asked to be told: signed, at least once, and only what they may read.

`push_once` is called again and again by the worker of `serve`. It first gives each piece of news of the outbox to the
subscriptions that it is for, then sends what is due. A row is taken with a lease before anything is sent, so that two
workers do not send the same at once, and no transaction waits for a foreign server; a worker that dies leaves a lease
that ends. The receiver tells repetitions by the identifier.

A subscriber says where we connect to, so the address is looked at with distrust: https, a public address (every one
that the name has), connected to by that very address, no redirect followed, little of the answer read.
"""

from __future__ import annotations

import hmac
import http.client
import ipaddress
import logging
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ..accounts.reads import By, decided
from ..kit import clock
from ..kit.act import Busy
from ..kit.canonical import canonical
from ..kit.http import Body, Moment, Problem, answered
from ..kit.http_routes import Call, Route
from ..kit.secrets import kept
from ..record.models import Outbox
from ..reference.reads import site_pack
from . import reads
from .models import Declaration, Delivery, Subscription

FANNED, SENT = 200, 50
"""News, and deliveries, that one call takes."""

LOG = logging.getLogger("thongquan.news")

IDLE_SECONDS = 0.5
LEASE = timedelta(minutes=2)
TIMEOUT_SECONDS = 5.0
PAUSES: Final = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3_600, 10_800, 43_200, 86_400))
"""After each failure; after the last one the news is given up and stays in the queue of responses."""

MOST_SUBSCRIPTIONS = 20

type Send = Callable[[str, bytes, dict[str, str]], int]
"""(address, body, headers) → status; 0 where there was no answer."""


# sending


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one call did. waiting: deliveries that are due later or were not reached."""

    fanned: int
    delivered: int
    failed: int
    given_up: int
    waiting: int


def run(stop: threading.Event) -> None:
    """The worker beside the server: tell those who want to know, until it is to stop."""
    while not stop.is_set():
        try:
            done = push_once()
            idle = not (done.fanned or done.delivered or done.failed)
        except (Busy, DatabaseError):
            LOG.warning("the database is away; trying again")
            connection.close()
            idle = True
        if idle:
            stop.wait(IDLE_SECONDS)


def push_once(send: Send | None = None) -> Pushed:
    """Pass the news on, then send what is due, once. Never inside a transaction of the caller's."""
    fanned = _fan_out()
    delivered = failed = given_up = 0
    for row in _taken():
        status = (send or post)(row.subscription.url, *signed(row))
        outcome = _noted(row, status)
        delivered += outcome == "delivered"
        failed += outcome == "failed"
        given_up += outcome == "given_up"
    waiting = Delivery.objects.filter(done_at__isnull=True).count()
    return Pushed(fanned, delivered, failed, given_up, waiting)


def _fan_out() -> int:
    """Make a delivery of each piece of news for each subscription that may read what it is about; how many news."""
    with transaction.atomic():
        locked = Outbox.objects.select_for_update(**_skipping()).filter(sent_at__isnull=True)
        news = list(locked.order_by("id")[:FANNED])
        if not news:
            return 0
        now = clock.now()
        standing = Subscription.objects.filter(
            ended_at__isnull=True, client__is_active=True, client__user__is_active=True
        )
        pack = site_pack()
        numbers = Declaration.objects.filter(number__in={one.subject for one in news})
        deliveries = []
        for subscription in standing.select_related("client__user"):
            by = By(subscription.client.user.username)
            may = set(reads.for_actor(numbers, by, (pack.legal_day(now),)).values_list("number", flat=True))
            deliveries += [
                Delivery(subscription=subscription, news=one) for one in news if one.subject in may
            ]
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        Outbox.objects.filter(pk__in=[one.pk for one in news]).update(sent_at=now)
    return len(news)


def _taken() -> list[Delivery]:
    now = clock.now()
    with transaction.atomic():
        due = Delivery.objects.select_for_update(**_skipping()).filter(done_at__isnull=True, due_at__lte=now)
        rows = list(due.order_by("due_at", "id")[:SENT])
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE)
    found = Delivery.objects.filter(pk__in=[row.pk for row in rows]).select_related("subscription", "news")
    return list(found.order_by("id"))


def _skipping() -> dict[str, bool]:
    """Rows that another worker has, and nothing else, are passed over. SQLite's writers wait for each other anyway."""
    return {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}


def _noted(row: Delivery, status: int) -> str:
    now = clock.now()
    tries = row.tries + 1
    said = {"tries": tries, "status": status}
    if 200 <= status < 300:
        outcome, said["done_at"] = "delivered", now
    elif row.subscription.ended_at is not None or tries > len(PAUSES):
        outcome, said["done_at"] = "given_up", now
    else:
        outcome, said["due_at"] = "failed", now + PAUSES[tries - 1]
    Delivery.objects.filter(pk=row.pk, done_at__isnull=True).update(**said)
    return outcome


def signed(row: Delivery) -> tuple[bytes, dict[str, str]]:
    """The body and its headers. The signature is over the time, a point, and the body as it is sent."""
    body = canonical(
        {
            "id": f"{row.news.subject}/{row.news.n}/{row.news.topic}",
            "topic": row.news.topic,
            "subject": row.news.subject,
            "n": row.news.n,
            "recorded_at": row.news.recorded_at,
            "news": msgspec.json.decode(row.news.body),
        }
    )
    moment = str(int(clock.now().timestamp()))
    signature = hmac.new(secret_of(row.subscription).encode(), f"{moment}.".encode() + body, sha256)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "thongquan",
        "Thongquan-Signature": f"t={moment},v1={signature.hexdigest()}",
    }
    return body, headers


def secret_of(subscription: Subscription) -> str:
    """What signs for a subscription: derived from a key file of the site, so that no table holds it."""
    key = kept(Path(settings.DATA) / "keys" / "webhooks", lambda: secrets.token_bytes(64))
    return hmac.new(key, f"subscription {subscription.pk}".encode(), sha256).hexdigest()


# where we may connect to


class Unwelcome(Exception):
    """An address that nobody may send us to."""


def addresses(url: str) -> tuple[str, int, Sequence[str]]:
    """Host, port and every address of a URL that we may connect to. Unwelcome for any other."""
    try:
        parts = urlsplit(url)
        port = 443 if parts.port is None else parts.port
    except ValueError:
        raise Unwelcome(url[:80]) from None
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or parts.username or parts.password or parts.fragment or port == 0:
        raise Unwelcome(url[:80])
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise Unwelcome(host[:80]) from None
    if not found or not all(_is_public(one) for one in found):
        raise Unwelcome(host[:80])
    return host, port, found


def _is_public(address: str) -> bool:
    try:
        one = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(one, "ipv4_mapped", None) or getattr(one, "sixtofour", None)
    if inner is not None:
        one = inner
    listed = any(one in ipaddress.ip_network(network) for network in settings.WEBHOOK_NETWORKS)
    return listed or (one.is_global and not one.is_multicast)


class _Pinned(http.client.HTTPSConnection):
    """Connects to an address that was looked at, and still asks for the certificate of the name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # type: ignore[attr-defined]


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send once; the status, or 0 for an address that is not welcome any more, a timeout, a broken connection."""
    try:
        host, port, found = addresses(url)
    except Unwelcome:
        return 0
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    to = _Pinned(host, port, found[0])
    try:
        to.request("POST", target, body=body, headers=headers)
        answer = to.getresponse()
        answer.read(1024)
        return answer.status
    except (OSError, http.client.HTTPException, ValueError):
        return 0
    finally:
        to.close()


# asking to be told


class Subscribing(Body, frozen=True):
    url: Annotated[str, Meta(min_length=12, max_length=500, pattern="^https://[!-~]+$")]


class SubscriptionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a client is told. secret: what signs the messages; shown once, when it is made."""

    id: int
    url: str
    recorded_at: Moment
    secret: str = ""


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True):
    subscriptions: tuple[SubscriptionView, ...]


def _mine(call: Call) -> list[Subscription]:
    rows = Subscription.objects.filter(client=call.caller.client, ended_at__isnull=True)
    return list(rows.order_by("id"))


def _may(call: Call) -> None:
    decision = decided(call.by, "subscribe", None, (site_pack().legal_day(call.at),))
    if not decision.allow:
        raise Problem(403, decision.reasons)


def subscriptions(call: Call) -> HttpResponse:
    _may(call)
    found = tuple(
        SubscriptionView(id=row.pk, url=row.url, recorded_at=row.recorded_at) for row in _mine(call)
    )
    return answered(Subscriptions(subscriptions=found))


def subscribe(call: Call) -> HttpResponse:
    """Tell a client from now on. The same address twice is one subscription."""
    _may(call)
    url = call.body.url
    try:
        addresses(url)
    except Unwelcome:
        raise Problem(422, [Finding("WEBHOOK_UNWELCOME", at="url")]) from None
    standing = _mine(call)
    same = [row for row in standing if row.url == url]
    if not same and len(standing) >= MOST_SUBSCRIPTIONS:
        says = {"limit": str(MOST_SUBSCRIPTIONS)}
        raise Problem(409, [Finding("WEBHOOKS_TOO_MANY", says=says)])
    if not same:
        try:
            with transaction.atomic():
                same = [Subscription.objects.create(client_id=call.caller.client, url=url)]
        except IntegrityError:
            same = [row for row in _mine(call) if row.url == url]
    row = same[0]
    row.refresh_from_db()
    view = SubscriptionView(id=row.pk, url=row.url, recorded_at=row.recorded_at, secret=secret_of(row))
    return answered(view, 201)


def unsubscribe(call: Call) -> HttpResponse:
    _may(call)
    named = call.place["id"]
    row = next((row for row in _mine(call) if str(row.pk) == named), None)
    if row is None:
        raise Problem(404, [Finding("SUBSCRIPTION_UNKNOWN")])
    Subscription.objects.filter(pk=row.pk).update(ended_at=call.at)
    return answered(SubscriptionView(id=row.pk, url=row.url, recorded_at=row.recorded_at))


ROUTES: Final = (
    Route(
        method="GET", path="/webhooks", name="webhooks", view=subscriptions, right="subscribe",
        answers={200: Subscriptions},
    ),
    Route(
        method="POST", path="/webhooks", name="subscribe", view=subscribe, right="subscribe", body=Subscribing,
        answers={201: SubscriptionView}, refusals=(409,), example={"url": "https://example.com/customs"},
    ),
    Route(
        method="DELETE", path="/webhooks/{id}", name="unsubscribe", view=unsubscribe, right="subscribe",
        answers={200: SubscriptionView}, refusals=(404,),
    ),
)  # fmt: skip
