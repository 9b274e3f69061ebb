"""Write what an act leaves. Every function here runs inside the transaction of an act and is its only writer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from ...engine.findings import Finding, Refusal
from ..kit import clock, faults
from ..kit.act import Refused
from ..kit.canonical import canonical
from .models import GENESIS, Event, IdempotencyKey, Outbox, RawMessage


class KeyTable:
    """The keys of `kit.act`, in the act's own transaction."""

    def claim(self, principal: str, key: str, request_hash: str) -> bytes | None:
        # A twin that runs at the same time waits here for the first, and then finds its row.
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO record_idempotencykey (principal, key, request_hash, answer)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (principal, key) DO NOTHING",
                [principal, key, request_hash, b""],
            )
            if cursor.rowcount == 1:
                return None
        row = IdempotencyKey.objects.get(principal=principal, key=key)
        if row.request_hash != request_hash:
            raise Refused(Refusal("", (Finding("IDEMPOTENCY_KEY_REUSED", says={"key": key}),)))
        return bytes(row.answer)

    def keep(self, principal: str, key: str, answer: bytes) -> None:
        IdempotencyKey.objects.filter(principal=principal, key=key).update(answer=answer)


KEYS = KeyTable()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many events it has, and the hash of the last."""

    n: int = 0
    hash: str = GENESIS


def append(
    *,
    subject: str,
    after: Head,
    act: str,
    at: datetime,
    recorded_at: datetime,
    actor: str,
    role: str,
    office: str,
    facts: Mapping[str, Any],
) -> Event:
    """Append an event to the chain of `subject`, whose head the caller holds under a lock.

    facts: further parts of the body, plain values only. An IntegrityError means that the head was not the last.
    """
    n = after.n + 1
    body = canonical(
        {
            **facts,
            "subject": subject,
            "n": n,
            "act": act,
            "at": at,
            "actor": actor,
            "role": role,
            "office": office,
        }
    )
    event = Event(
        subject=subject,
        n=n,
        act=act,
        at=at,
        recorded_at=recorded_at,
        actor=actor,
        role=role,
        office=office,
        body=body.decode(),
        prev=after.hash,
        hash=chained(after.hash, body),
    )
    event.save(force_insert=True)
    faults.reach("after_event")
    return event


def append_by_operator(subject: str, act: str, actor: str, says: Mapping[str, Any]) -> Event:
    """Append what an operator does by command line, at the database's time, to the chain of a subject."""
    now = clock.now()
    return append(
        subject=subject,
        after=last(subject),
        act=act,
        at=now,
        recorded_at=now,
        actor=actor,
        role="OPERATOR",
        office="",
        facts={"says": says},
    )


def chained(prev: str, body: bytes) -> str:
    """The hash of an event: SHA-256 over the hash before it, a line end, and its body."""
    return hashlib.sha256(prev.encode() + b"\n" + body).hexdigest()


def last(subject: str) -> Head:
    """The end of a chain that no row keeps; the caller holds a lock on what the subject is about."""
    event = Event.objects.filter(subject=subject).order_by("-n").only("n", "hash").first()
    return Head(event.n, event.hash) if event else Head()


def tell(topic: str, subject: str, n: int, body: Mapping[str, Any]) -> None:
    """Leave news for those outside; a worker sends it after the commit, at least once."""
    Outbox.objects.create(topic=topic, subject=subject, n=n, body=canonical(body).decode())
    faults.reach("after_outbox")


def keep_message(content: bytes) -> str:
    """Keep a message as it came; its hash. The same bytes are kept once."""
    name = hashlib.sha256(content).hexdigest()
    RawMessage.objects.bulk_create(
        [RawMessage(hash=name, content=content, size=len(content))], ignore_conflicts=True
    )
    return name
