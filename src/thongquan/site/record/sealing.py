"""The sealer: gives every event its place in one order, signs what stands, and carries the signature outside.

A chain of hashes shows what was changed in the middle; it does not show a rewrite by somebody who hashes again. So
one process, every few seconds, takes the events that it has not yet seen, in the order in which it sees them, as the
next leaves of one Merkle tree (RFC 9162), signs the tree's size and root (a checkpoint in C2SP's text form), and puts
the checkpoint where the owner of the database does not reach (`anchors`). From then on nothing below it can be
changed, taken away, put in or moved without showing.

It never stands in an act's way: acts do not wait for it, and events find their place after the commit. What it cannot
do any more shows as a lag: after ALARM somebody is told; after STOP the acts that need the most trust are refused
(`refusal`), while plain declarations go on.
"""

from __future__ import annotations

import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction

from ...engine.findings import Finding, Severity, in_order
from ..kit import clock
from ..kit.canonical import canonical, sha256
from . import anchors
from .acts import append, last
from .anchors import AnchorConflict
from .merkle import Frontier, last_leaf, leaf_hash, nodes_of, roots_of, subtrees
from .models import Anchored, Checkpoint, Event, LogKey, Sealed
from .signer import RemoteKey
from .signing import PublicKey, SigningKey, next_key, next_key_file, signing_key, take_next_key

LOG = logging.getLogger("thongquan.sealer")

SEAL_SECONDS, ANCHOR_SECONDS = 5.0, 30.0
"""How often `run_sealer` seals and anchors: an event is anchored within a minute."""

BATCH = 5_000
"""Events that one transaction seals."""

HINDSIGHT = timedelta(minutes=2)
"""How long a transaction may have held back an event whose id is below ids that are sealed already.

Ids are given at the insert and seen at the commit, so they come out of order. Below the reach of a checkpoint that is
older than this, only a sweep looks again: at the start of the sealer and every SWEEP, SLICE ids at a time.
"""

SWEEP = timedelta(hours=1)
SLICE = 500_000

SEALER_LATE = timedelta(minutes=1)
"""A sealer that runs never leaves an event so long without its place."""

ALARM, STOP = timedelta(minutes=15), timedelta(hours=4)
CLOCK_STEP = timedelta(seconds=2)

LOCK = 0x7471_7365_616C
"""PostgreSQL's advisory lock of whoever seals ("tqseal")."""

ROTATION = "thongquan-key-rotation-v1"
SUBJECT = "log"
"""The chain that tells what was done to the log itself."""


class SealingStopped(Exception):
    """The log must not go on until a person has looked: signing would confirm something that is not so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code} {dict(finding.says)}")
        self.finding = finding


# What a leaf says


def leaf_data(event_hash: str, recorded_at: datetime, journals: Iterable[str]) -> bytes:
    """The bytes of an event's leaf: its hash, when the database learnt of it, and the hashes of its journals, sorted.

    So the tree covers the whole of the body, the order in the chain, the time and the money.
    """
    return "\n".join([event_hash, instant(recorded_at), *sorted(journals)]).encode()


def instant(moment: datetime) -> str:
    """An instant as text: UTC, "2026-03-02T12:00:00Z", microseconds only where there are some."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


JOURNALS = (
    "SELECT j.subject, j.n, j.reference, j.kind, j.currency, j.at, j.day, j.facts, r.reference, a.code,"
    " x.amount_minor, x.account_version"
    " FROM ledger_journal j JOIN ledger_entry x ON x.journal_id = j.id JOIN ledger_account a ON a.id = x.account_id"
    " LEFT JOIN ledger_journal r ON r.id = j.reverses_id"
)
"""Sealed journals with their entries. By the names of the tables: the books stand above the record, not below it."""


def journals(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, int, bytes]]:
    """Each journal as one canonical line: (subject, n, line). rows: of JOURNALS, those of one journal together."""
    lines: list[list[Any]] = []
    head: tuple[Any, ...] | None = None
    for row in rows:
        if head is not None and row[2] != head[2]:
            yield _journal(head, lines)
            lines = []
        head = tuple(row[:9])
        lines.append([row[9], row[10], row[11]])
    if head is not None:
        yield _journal(head, lines)


def _journal(head: tuple[Any, ...], entries: list[list[Any]]) -> tuple[str, int, bytes]:
    subject, n, reference, kind, currency, at, day, facts, reverses = head
    line = canonical(
        {
            "reference": reference,
            "kind": kind,
            "currency": currency,
            "subject": subject,
            "n": n,
            "at": instant(moment_of(at)),
            "day": day.isoformat()[:10] if isinstance(day, date) else day,
            "facts": facts,
            "reverses": reverses or "",
            "entries": entries,
        }
    )
    return subject, n, line


def moment_of(value: datetime | str) -> datetime:
    """A stored instant, however the database's driver gives it: SQLite's are texts or lack their zone."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def journal_hashes(events: Sequence[int]) -> dict[tuple[str, int], list[str]]:
    """The hashes of the journals of these events (by `Event.id`), by subject and n."""
    found: dict[tuple[str, int], list[str]] = {}
    if not events:
        return found
    marks = ", ".join(["%s"] * len(events))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{JOURNALS} JOIN record_event e ON e.subject = j.subject AND e.n = j.n"
            f" WHERE j.sealed AND e.id IN ({marks}) ORDER BY j.id, x.id",
            list(events),
        )
        for subject, n, line in journals(cursor.fetchall()):
            found.setdefault((subject, n), []).append(sha256(line))
    return found


# Sealing


def seal_once(limit: int = BATCH) -> Checkpoint | None:
    """Seal what is not yet sealed and sign the new checkpoint; None when there is nothing, or another process seals.

    SealingStopped when the tree, the key or an anchor does not fit: nothing is signed then. The checkpoint counts, and
    may be shown, when this returns: it is on the disk.
    """
    # Asked without a lock: on SQLite asking for one would hold up those who write.
    if not _waiting(_above(clock.now()), 1):
        return None
    return _sealed(lambda: _waiting(_above(clock.now()), limit))


def sweep_once(limit: int = BATCH) -> Checkpoint | None:
    """Seal events that committed so late that `seal_once` no longer looks for them; None when there are none."""
    first = _left_behind()
    return None if first is None else _sealed(lambda: _waiting(first - 1, limit, SLICE))


type Waiting = list[tuple[int, str, int, str, datetime]]
"""(id, subject, n, hash, recorded_at)"""


def _sealed(look: Callable[[], Waiting]) -> Checkpoint | None:
    """Seal what `look` sees once nobody else seals."""
    with transaction.atomic():
        if not _alone():
            return None
        latest = Checkpoint.objects.order_by("-size").first()
        key = _current_key(latest)
        frontier = _frontier(latest)
        now = clock.now()
        rows = look()
        if not rows:
            return None
        hashes = journal_hashes([event_id for event_id, *_ in rows])
        sealed = []
        for event_id, subject, n, event_hash, recorded_at in rows:
            sequence = frontier.size
            leaf = leaf_hash(leaf_data(event_hash, recorded_at, hashes.get((subject, n), ())))
            sealed.append(Sealed(sequence=sequence, event_id=event_id, nodes=b"".join(frontier.add(leaf))))
        Sealed.objects.bulk_create(sealed, batch_size=1_000)
        root = frontier.root()
        if latest and now < latest.at - CLOCK_STEP:
            LOG.warning("CLOCK_WENT_BACK: %s is before the last checkpoint, %s", now, latest.at)
        return Checkpoint.objects.create(
            size=frontier.size,
            root=root.hex(),
            note=key.note(checkpoint_text(key.public.name, frontier.size, root)),
            key=key.public.id,
            reach=max([latest.reach if latest else 0, *(event_id for event_id, *_ in rows)]),
            at=max(now, latest.at) if latest else now,
        )


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """C2SP tlog-checkpoint: origin, size, root. No further line: nobody could check what it says."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def _waiting(above: int, limit: int, span: int = 0) -> Waiting:
    """Events that have no place yet, as they are seen now.

    above, span: only ids beyond the one, and no further than the other from it when it is not 0.
    """
    rows = Event.objects.filter(pk__gt=above, sealed__isnull=True)
    if span:
        rows = rows.filter(pk__lte=above + span)
    return list(rows.order_by("pk").values_list("pk", "subject", "n", "hash", "recorded_at")[:limit])


def _above(now: datetime) -> int:
    """The id below which nothing but what a sweep finds is still to come."""
    settled = Checkpoint.objects.filter(at__lte=now - HINDSIGHT).order_by("-size").first()
    return settled.reach if settled else 0


def _left_behind() -> int | None:
    """The first id without a place below the HINDSIGHT; no statement asks for so much that it takes long."""
    end = _above(clock.now())
    for start in range(0, end, SLICE):
        found = _waiting(start, 1, min(SLICE, end - start))
        if found:
            return found[0][0]
    return None


def _alone() -> bool:
    """Whether this transaction is the only one that seals. SQLite lets one write at a time in any case."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _current_key(latest: Checkpoint | None) -> SigningKey | RemoteKey:
    """The key of the file, when it is the one that the log names; the first is named now."""
    named = LogKey.objects.order_by("-pk").first()
    key = signing_key()
    if named is None:
        LogKey.objects.create(public=key.public.text, first_size=latest.size if latest else 0, at=clock.now())
        return key
    if named.public != key.public.text and next_key_file().exists():
        # A rotation was committed, and the process ended before the file took its place.
        waiting = next_key(key.public.name)
        if waiting.public.text == named.public:
            take_next_key()
            key = signing_key()
    if named.public != key.public.text:
        says = {"expected": PublicKey.of(named.public).id, "found": key.public.id}
        raise SealingStopped(Finding("LOG_KEY_NOT_CURRENT", says=says))
    return key


def _frontier(latest: Checkpoint | None) -> Frontier:
    """The right edge of the stored tree, proven against the checkpoint that was signed over it."""
    size = latest.size if latest else 0
    edge = subtrees((0, size))
    known = nodes(edge)
    frontier = Frontier(size, [known[node] for node in edge])
    signed = latest is None or (frontier.root().hex() == latest.root and signed_by_log(latest.note))
    if not signed or Sealed.objects.filter(sequence__gte=size).exists():
        raise SealingStopped(Finding("LOG_TREE_DIFFERS", says={"size": str(size)}))
    return frontier


def nodes(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The hashes of complete subtrees, each from the row of its last leaf."""
    by_leaf: dict[int, list[tuple[int, int]]] = {}
    for node in wanted:
        by_leaf.setdefault(last_leaf(node), []).append(node)
    found = {}
    rows = Sealed.objects.filter(sequence__in=list(by_leaf)).values_list("sequence", "nodes")
    for sequence, stored in rows:
        for level, index in by_leaf[sequence]:
            kept = bytes(stored)[level * 32 : level * 32 + 32]
            if len(kept) != 32:
                raise SealingStopped(Finding("LOG_TREE_DIFFERS", says={"size": str(sequence + 1)}))
            found[level, index] = kept
    if len(found) != sum(map(len, by_leaf.values())):
        raise SealingStopped(Finding("LOG_TREE_DIFFERS", says={"size": str(max(by_leaf) + 1)}))
    return found


def public_keys() -> list[PublicKey]:
    """The keys that the log has had, the first one first."""
    return [PublicKey.of(text) for text in LogKey.objects.order_by("pk").values_list("public", flat=True)]


def signed_by_log(note: str) -> bool:
    return any(key.signed(note) for key in public_keys())


# Anchoring


def anchor_once() -> list[Finding]:
    """Put the newest checkpoint into every anchor that lacks it; what went wrong, without stopping the others.

    SealingStopped when an anchor holds another checkpoint of that size.
    """
    latest = Checkpoint.objects.order_by("-size").first()
    if latest is None:
        return []
    has = set(Anchored.objects.filter(checkpoint=latest).values_list("anchor", flat=True))
    faults = []
    for anchor in anchors.configured():
        if anchor.name in has:
            continue
        try:
            anchor.put(latest.size, latest.note)
        except AnchorConflict:
            says = {"anchor": anchor.name, "size": str(latest.size)}
            raise SealingStopped(Finding("ANCHOR_CONFLICT", says=says)) from None
        except OSError as error:
            says = {"anchor": anchor.name, "said": error.strerror or type(error).__name__}
            faults.append(Finding("ANCHOR_UNREACHABLE", says=says))
            continue
        Anchored.objects.bulk_create(
            [Anchored(checkpoint=latest, anchor=anchor.name, at=clock.now())], ignore_conflicts=True
        )
    return faults


def compare_with_anchors() -> None:
    """Before the first seal of a process: what was anchored must still be the beginning of this log.

    SealingStopped(LOG_BEHIND_ANCHOR) when an anchor knows a larger log or another root: an old copy of the database
    was restored, or its record rewritten. To sign on would make two histories of one log.
    """
    for anchor in anchors.configured():
        try:
            found = anchor.largest()
        except OSError as error:
            LOG.warning("ANCHOR_UNREACHABLE: %s: %s", anchor.name, error.strerror)
            continue
        if found is None:
            continue
        size, note = found
        if not Checkpoint.objects.filter(size=size, note=note).exists():
            says = {"anchor": anchor.name, "size": str(size)}
            raise SealingStopped(Finding("LOG_BEHIND_ANCHOR", says=says))


# How it stands


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How the log of trust stands.

    size: sealed events; waiting: whether some are not. anchored: the size that enough anchors hold. lag: how long the
    oldest event that is not anchored has waited, zero when none does; None while the log was never started. findings:
    what deserves an alarm. sealed: the age of the newest checkpoint; None where there is none.
    """

    size: int
    waiting: bool
    anchored: int
    lag: timedelta | None
    findings: tuple[Finding, ...]
    sealed: timedelta | None = None


def health(now: datetime | None = None) -> LogHealth:
    """Ask how the log stands: a handful of look-ups, whatever its size."""
    moment = now or clock.now()
    latest = Checkpoint.objects.order_by("-size").first()
    waiting = _waiting(_above(moment), 1)
    if latest is None:
        findings = [Finding("LOG_NOT_STARTED", severity=Severity.WARNING)] if waiting else []
        return LogHealth(0, bool(waiting), 0, None, tuple(findings))
    anchored = _anchored()
    since = moment
    first_open = Checkpoint.objects.filter(size__gt=anchored).order_by("size").first()
    if first_open:
        since = min(since, first_open.at)
    if waiting:
        # An act that replays history says an old time; it cannot have waited longer than since the last seal.
        since = min(since, max(waiting[0][4], latest.at))
    lag = max(moment - since, timedelta())
    findings = []
    if waiting and moment - max(waiting[0][4], latest.at) > SEALER_LATE:
        findings.append(
            Finding(
                "SEALER_LATE",
                says={"seconds": str(int((moment - max(waiting[0][4], latest.at)).total_seconds()))},
                severity=Severity.WARNING,
            )
        )
    if lag > ALARM:
        findings.append(Finding("ANCHOR_LATE", says=_lag_says(lag), severity=Severity.WARNING))
    if moment < latest.at - CLOCK_STEP:
        says = {"now": instant(moment), "sealed": instant(latest.at)}
        findings.append(Finding("CLOCK_WENT_BACK", says=says, severity=Severity.WARNING))
    sealed = max(moment - latest.at, timedelta())
    return LogHealth(latest.size, bool(waiting), anchored, lag, in_order(findings), sealed)


def refusal(now: datetime | None = None) -> Finding | None:
    """Why overrides, refunds, changes of rules and of the log itself must wait: ANCHOR_LAG; None when they need not.

    While what is done cannot be made provable outside, nobody does what somebody might later want undone. An
    installation that has never started its sealer is warned (`health`) and not stopped.
    """
    lag = health(now).lag
    if lag is None or lag <= STOP:
        return None
    return Finding("ANCHOR_LAG", says=_lag_says(lag))


def _lag_says(lag: timedelta) -> dict[str, str]:
    return {"minutes": str(int(lag.total_seconds()) // 60)}


def _anchored() -> int:
    """The size up to which enough of the present anchors hold the log."""
    names = [anchor.name for anchor in anchors.configured()]
    sizes = []
    for name in names:
        newest = Anchored.objects.filter(anchor=name).order_by("-checkpoint_id").first()
        sizes.append(newest.checkpoint_id if newest else 0)
    return sorted(sizes, reverse=True)[anchors.needed(len(names)) - 1] if sizes else 0


# Keys


def rotate_key(*, by: str, role: str, reason: str, at: datetime | None = None) -> PublicKey | Finding:
    """Let a new key follow: the old one names it in a note that both sign, and the log records who asked.

    The old key signs nothing beyond the size that the note says, so that a thief of it gains nothing. A Finding when
    the log may not be changed now (ANCHOR_LAG) or another process seals (LOG_BUSY).
    """
    closed = refusal()
    if closed:
        return closed
    moment = at or clock.now()
    with transaction.atomic():
        if not _alone():
            return Finding("LOG_BUSY")
        latest = Checkpoint.objects.order_by("-size").first()
        old = _current_key(latest)
        new = next_key(old.public.name)
        size = latest.size if latest else 0
        text = "\n".join([ROTATION, old.public.name, str(size), old.public.text, new.public.text, ""])
        LogKey.objects.create(
            public=new.public.text,
            statement=f"{text}\n{old.signature(text)}{new.signature(text)}",
            first_size=size,
            at=clock.now(),
        )
        append(
            subject=SUBJECT,
            after=last(SUBJECT),
            act="rotate_log_key",
            at=moment,
            recorded_at=clock.now(),
            actor=by,
            role=role,
            office="",
            facts={"says": {"old": old.public.text, "new": new.public.text, "reason": reason}},
        )
    take_next_key()
    return new.public


# The process


def run_sealer(
    stop: threading.Event, *, every: float = SEAL_SECONDS, anchor_every: float = ANCHOR_SECONDS
) -> Finding | None:
    """Seal and anchor until told to stop; the finding that ended it, None when it was asked to end.

    A database or an anchor that is away for a while is tried again. What a person must look at (SealingStopped) ends
    it: the lag then grows, is told, and stops the acts of trust. Several processes may run it: one seals at a time.
    """
    sealer = _Sealer(anchor_every)
    while not stop.is_set():
        try:
            pause = sealer.step(every)
        except SealingStopped as stopped:
            LOG.critical("%s", stopped)
            return stopped.finding
        except DatabaseError as error:
            LOG.warning("the database is away: %s", type(error).__name__)
            connection.close()
            pause = every
        except OSError as error:
            # The signer is away, or does not sign this: a checkpoint was signed whose transaction then ended, and as
            # many events in another order are none of its continuation. A larger one is, as soon as there is one.
            LOG.error("SIGNER: %s", error)
            pause = every
        stop.wait(pause)
    return None


class _Sealer:
    """What one process remembers between its rounds."""

    def __init__(self, anchor_every: float) -> None:
        self.anchor_every = timedelta(seconds=anchor_every)
        self.size = -1
        self.swept = self.anchored_at = datetime.min.replace(tzinfo=UTC)

    def step(self, every: float) -> float:
        """One round; how many seconds to wait for the next: none after a full batch."""
        now = clock.now()
        if self.size < 0:
            compare_with_anchors()
            latest = Checkpoint.objects.order_by("-size").first()
            self.size = latest.size if latest else 0
        if now - self.swept >= SWEEP or now < self.swept:
            while sweep_once():
                pass
            self.swept = now
        made = seal_once()
        full = made is not None and made.size - self.size >= BATCH
        self.size = made.size if made else self.size
        if now - self.anchored_at >= self.anchor_every or now < self.anchored_at:
            self.anchored_at = now
            for fault in anchor_once():
                LOG.warning("%s %s", fault.code, dict(fault.says))
            for fault in health(now).findings:
                LOG.error("%s %s", fault.code, dict(fault.says))
        return 0.0 if full else every


def prove_roots(spans: Sequence[tuple[int, int]]) -> list[bytes]:
    """The roots of spans of the stored tree, for proofs."""
    return roots_of(spans, nodes(nodes_of(spans)))
