"""Papers of a declaration: who may add one, who may have one, and the same answer for a foreign one as for none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from ...engine.access.decide import Thing
from ...packs.pack import Pack
from ..accounts.reads import By, decided
from ..kit.act import Answer
from ..papers import acts as papers
from ..papers.models import Attachment
from . import reads
from .perform import unknown

ATTACH: Final = papers.ATTACH
READ: Final = "read_content"


def attach(
    *, number: str, kind: str, name: str, content: bytes, by: By, key: str, at: datetime, pack: Pack
) -> Answer:
    """Attach a paper to a declaration. kind: of `papers.kinds.KINDS`. name: as its sender calls it.

    The answer's `says` has its identifier. Refused as UNKNOWN_DECLARATION for a foreign one, with what access says for
    who may not, and for what `papers.acts.attach` refuses.
    """
    days = (pack.legal_day(at),)
    row = reads.found(number, by, days)
    if row is None:
        return Answer(act=ATTACH, reasons=(unknown(number),))
    decision = decided(
        by, ATTACH, Thing(row.office, row.trader.registry_id, row.state), days, reference=number
    )
    if not decision.allow or decision.post is None:
        return Answer(act=ATTACH, number=number, reasons=decision.reasons)
    return papers.attach(
        subject=number,
        paper=papers.Paper(kind, name, content),
        by=by,
        role=decision.post.role,
        office=row.office,
        key=key,
        at=at,
    )


def of(number: str) -> list[Attachment]:
    """The papers of a declaration that the caller has found, the first first."""
    return papers.of_subject(number)


def count(number: str) -> int:
    return Attachment.objects.filter(subject=number).count()


def fetch(number: str, identifier: str, by: By, days: Sequence[date]) -> tuple[Attachment, bytes] | None:
    """A paper with its content; None for one of a declaration that `by` may not read, and for none at all."""
    row = reads.found(number, by, days, READ)
    found = Attachment.objects.filter(subject=number, identifier=identifier).first() if row else None
    content = papers.content_of(found) if found else None
    return (found, content) if found is not None and content is not None else None
