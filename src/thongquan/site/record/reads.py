"""Read the record, and prove what can be proven of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from ...engine.findings import Finding, in_order
from .acts import Head, chained
from .models import GENESIS, Event, RawMessage

REPEATED = ("subject", "n", "act", "actor", "role", "office")
"""Columns of an event that repeat a part of its body as it stands there."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What the chains say.

    events, subjects, messages: how many were checked. faults: what does not fit. heads: the end of every chain, to be
    compared with what others keep (the declarations' own columns; a receipt that someone holds).
    limit: the word key of what this proof cannot show; it belongs beside every result.
    """

    events: int
    subjects: int
    messages: int
    faults: tuple[Finding, ...]
    heads: dict[str, Head]
    limit: str = "CHAIN_ALONE"


def events_of(subject: str) -> list[Event]:
    return list(Event.objects.filter(subject=subject).order_by("n"))


def verify_log(*, messages: bool = True) -> LogReport:
    """Recompute every chain: places without a gap, each hash from the one before, columns equal to the body.

    A chain finds a changed, lost or inserted event in the middle. It does not show a consistent rewrite (all hashes
    after a change recomputed), nor that the last events of a chain were taken away: for that, heads must be kept
    outside this database.
    """
    faults: list[Finding] = []
    heads: dict[str, Head] = {}
    count = 0
    for event in Event.objects.order_by("subject", "n").iterator(chunk_size=2000):
        count += 1
        before = heads.get(event.subject, Head(0, GENESIS))
        at = f"{event.subject}[{event.n}]"
        if event.n != before.n + 1:
            faults.append(
                Finding("LOG_GAP", at=at, says={"expected": str(before.n + 1), "found": str(event.n)})
            )
        if event.prev != before.hash:
            faults.append(Finding("LOG_CHAIN_BROKEN", at=at, says={"subject": event.subject}))
        if event.hash != chained(event.prev, event.body.encode()):
            faults.append(Finding("LOG_HASH_WRONG", at=at, says={"subject": event.subject}))
        differing = [name for name in REPEATED if _body(event).get(name) != getattr(event, name)]
        if differing:
            faults.append(Finding("LOG_COLUMNS_DIFFER", at=at, says={"columns": ", ".join(differing)}))
        heads[event.subject] = Head(event.n, event.hash)
    kept = 0
    if messages:
        for name, fault in _messages():
            kept += 1
            if fault:
                faults.append(Finding("MESSAGE_CHANGED", at=name, says={"hash": name}))
    return LogReport(count, len(heads), kept, in_order(faults), heads)


def _body(event: Event) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(event.body)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _messages() -> Iterator[tuple[str, bool]]:
    for message in RawMessage.objects.order_by("hash").iterator(chunk_size=100):
        yield message.hash, hashlib.sha256(bytes(message.content)).hexdigest() != message.hash
