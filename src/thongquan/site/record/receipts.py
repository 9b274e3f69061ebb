"""What somebody takes home: a signed receipt at once, and later the proof that his act stands in the log.

A receipt is signed when it is asked for and never stored: Ed25519 gives the same text the same signature each time,
so the same act has the same receipt for ever, and an act's own transaction pays nothing for it (30 µs of signing
outside of it; thousands of acts may share one receipt and so one signature). It binds us before the sealer has seen
the event: who holds a receipt of an event that the log does not have, holds the proof of it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ...engine.findings import Finding
from ..kit.act import Answer
from .merkle import consistency_spans, inclusion_spans
from .models import Checkpoint, Event, Sealed
from .sealing import instant, journal_hashes, leaf_data, prove_roots
from .signing import signing_key

RECEIPT = "thongquan-receipt-v1"
"""First line of a receipt: no checkpoint begins like that, so neither is ever taken for the other."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a receipt says of one event. subject: the declaration's number. recorded_at: the database's time."""

    subject: str
    n: int
    hash: str
    recorded_at: datetime

    @property
    def text(self) -> str:
        if not self.subject.isprintable():
            raise ValueError("a subject is one line")
        return f"{self.n} {self.hash} {instant(self.recorded_at)} {self.subject}"


def receipt(lines: Iterable[Line]) -> str:
    """One signed receipt over any number of events, one a line; ValueError for none.

    thongquan-receipt-v1
    <name of the log>
    <n> <hash of the event> <recorded at> <subject>

    — <name of the log> <signature>
    """
    told = [line.text for line in lines]
    if not told:
        raise ValueError("a receipt of nothing")
    key = signing_key()
    return key.note("\n".join([RECEIPT, key.public.name, *told, ""]))


def receipt_for(*events: Event) -> str:
    """The receipt of events."""
    return receipt(Line(event.subject, event.n, event.hash, event.recorded_at) for event in events)


def receipt_of(*answers: Answer) -> str:
    """The receipt that goes with answers, without asking the database; "" where nothing was recorded.

    Give it after the commit, with the answer itself. A stored answer that is given again has the same receipt.
    """
    lines = [
        Line(answer.number, answer.events, answer.receipt, answer.recorded_at)
        for answer in answers
        if answer.receipt and answer.recorded_at
    ]
    return receipt(lines) if lines else ""


# Proofs


@dataclass(frozen=True, slots=True)
class Proof:
    """That an event is leaf `index` of the tree whose root `checkpoint` signs. path: from the leaf upwards."""

    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        """C2SP tlog-proof: complete in itself; the leaf's own bytes stand as the extra data."""
        path = "".join(f"{b64encode(node).decode()}\n" for node in self.path)
        extra = b64encode(self.leaf).decode()
        return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {self.index}\n{path}\n{self.checkpoint}"


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the log of `old` events is the beginning of the one that `checkpoint` signs."""

    old: int
    new: int
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        """What a witness of C2SP tlog-witness is sent: the old size, the proof, the new checkpoint."""
        path = "".join(f"{b64encode(node).decode()}\n" for node in self.path)
        return f"old {self.old}\n{path}\n{self.checkpoint}"


def proof_of(event: Event, size: int | None = None) -> Proof | Finding:
    """The proof that an event stands in the log, under the newest checkpoint or the one of a size.

    EVENT_NOT_SEALED: the sealer has not reached it (in that checkpoint); a few seconds later it has.
    CHECKPOINT_UNKNOWN: there is no checkpoint of that size.
    """
    checkpoint = _checkpoint(size)
    if isinstance(checkpoint, Finding):
        return checkpoint
    place = Sealed.objects.filter(event=event).values_list("sequence", flat=True).first()
    if place is None or place >= checkpoint.size:
        says = {"subject": event.subject, "number": str(event.n)}
        return Finding("EVENT_NOT_SEALED", at=f"{event.subject}[{event.n}]", says=says)
    booked = journal_hashes([event.pk]).get((event.subject, event.n), ())
    return Proof(
        index=place,
        size=checkpoint.size,
        leaf=leaf_data(event.hash, event.recorded_at, booked),
        path=tuple(prove_roots(inclusion_spans(place, checkpoint.size))),
        checkpoint=checkpoint.note,
    )


def consistency(old: int, new: int | None = None) -> Consistency | Finding:
    """The proof that nothing below the checkpoint of `old` was changed up to that of `new` (the newest).

    CHECKPOINT_UNKNOWN: one of the two is none of ours, or they are the wrong way round.
    """
    before, after = _checkpoint(old), _checkpoint(new)
    for found in (before, after):
        if isinstance(found, Finding):
            return found
    if before.size > after.size:
        return Finding("CHECKPOINT_UNKNOWN", says={"size": str(new)})
    path = prove_roots(consistency_spans(before.size, after.size))
    return Consistency(before.size, after.size, tuple(path), after.note)


def _checkpoint(size: int | None) -> Checkpoint | Finding:
    if size is None:
        found = Checkpoint.objects.order_by("-size").first()
    else:
        found = Checkpoint.objects.filter(size=size).first()
    return found or Finding("CHECKPOINT_UNKNOWN", says={"size": "" if size is None else str(size)})
