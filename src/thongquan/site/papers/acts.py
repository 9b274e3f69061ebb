"""Attach a paper: its content into the store, its row and its event into the record, once for one key."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from ...engine.findings import Finding, Refusal
from ..accounts.reads import By
from ..kit import clock
from ..kit.act import Answer, Command, Refused, act
from ..record.acts import KEYS, append, last
from . import store
from .kinds import KINDS, MOST_OF_ONE, media_type
from .models import Attachment, Draft

ATTACH: Final = "attach"


@dataclass(frozen=True, slots=True)
class Paper:
    """What is attached. kind: of KINDS. name: as its sender calls it."""

    kind: str
    name: str
    content: bytes


def attach(*, subject: str, paper: Paper, by: By, role: str, office: str, key: str, at: datetime) -> Answer:
    """Attach a paper to what a number names; whether `by` may is the caller's to ask.

    The answer's `says` has the identifier. Refused for what `kinds.media_type` says, ATTACHMENT_PURPOSE_UNKNOWN and
    ATTACHMENTS_TOO_MANY. The same content for the same purpose again is the one that is there.
    """
    refused = _refused(paper)
    if isinstance(refused, Finding):
        return Answer(act=ATTACH, number=subject, reasons=(refused,))
    media = refused
    # Before the transaction: a file that no row names harms nobody, a row without its file would.
    hash = store.put(paper.content)
    body = {"subject": subject, "kind": paper.kind, "hash": hash, "name": paper.name}

    def work() -> Answer:
        known = Attachment.objects.filter(subject=subject, hash=hash, kind=paper.kind).first()
        if known is not None:
            return Answer(act=ATTACH, number=subject, says={"identifier": known.identifier})
        if Attachment.objects.filter(subject=subject).count() >= MOST_OF_ONE:
            full = Finding("ATTACHMENTS_TOO_MANY", says={"most": str(MOST_OF_ONE)})
            raise Refused(Refusal(ATTACH, (full,)), subject)
        chain = f"papers:{subject}"
        said = {"kind": paper.kind, "hash": hash, "size": len(paper.content), "media_type": media}
        # Two who attach at once meet at this place of the chain: the second begins anew and sees the first.
        event = append(
            subject=chain, after=last(chain), act=ATTACH, at=at, recorded_at=clock.now(), actor=by.user, role=role,
            office=office, facts={"says": said},
        )  # fmt: skip
        row = Attachment.objects.create(
            identifier=secrets.token_hex(16), subject=subject, n=event.n, kind=paper.kind, name=shown(paper.name),
            media_type=media, size=len(paper.content), hash=hash, by=by.user,
        )  # fmt: skip
        return Answer(
            act=ATTACH, number=subject, events=event.n, receipt=event.hash, recorded_at=event.recorded_at,
            says={"identifier": row.identifier},
        )  # fmt: skip

    return act(Command(ATTACH, by.user, key, body, work), KEYS)


def _refused(paper: Paper) -> str | Finding:
    if paper.kind not in KINDS:
        return Finding("ATTACHMENT_PURPOSE_UNKNOWN", says={"kind": paper.kind[:40]})
    return media_type(paper.content)


def shown(name: str) -> str:
    """A sender's name of a file as it may be shown: one line of composed, printable letters, without a path."""
    last_part = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Letters that turn the direction of writing hide an ending.
    clean = "".join(c for c in last_part if c.isprintable() and unicodedata.category(c) != "Cf")
    return clean.strip()[:200] or "…"


def content_of(attachment: Attachment) -> bytes | None:
    """The bytes of an attachment; None where the store no longer has them whole."""
    return store.get(attachment.hash)


def of_subject(subject: str) -> list[Attachment]:
    """The attachments of a number, the first first."""
    return list(Attachment.objects.filter(subject=subject).order_by("id"))


# drafts


def save_draft(owner: int, key: str, pack: str, title: str, content: str, now: datetime) -> Draft:
    """Keep a draft of somebody; LookupError for a key that is somebody else's."""
    key = key or sha256(secrets.token_bytes(32)).hexdigest()[:32]
    found = Draft.objects.filter(key=key).first()
    if found is not None and found.owner_id != owner:
        raise LookupError(key)
    draft, _ = Draft.objects.update_or_create(
        key=key,
        defaults={
            "owner_id": owner,
            "pack": pack,
            "title": title[:200],
            "content": content,
            "changed_at": now,
        },
    )
    return draft


def draft_of(owner: int, key: str) -> Draft | None:
    return Draft.objects.filter(owner_id=owner, key=key).first()


def drafts_of(owner: int) -> list[Draft]:
    """Somebody's drafts, the latest first."""
    return list(Draft.objects.filter(owner_id=owner).order_by("-changed_at").defer("content")[:50])


def drop_draft(owner: int, key: str) -> None:
    Draft.objects.filter(owner_id=owner, key=key).delete()
