"""The contents of attachments beside a copy of the database: a row whose content is gone would be a promise broken."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path

from ...engine.findings import Finding, in_order
from . import store
from .models import Attachment


def folder_of(file: Path) -> Path:
    """Where the contents lie that belong to a copy of the database."""
    return file.with_name(f"{file.name}.papers")


def back_up(file: Path) -> tuple[Finding, ...]:
    """Copy every content beside a copy of the database that was just made; ATTACHMENT_LOST for what is not whole.

    Called after the database was copied: what is attached meanwhile is copied too, and nothing of the copy lacks.
    """
    return _copied(store.folder(), folder_of(file))


def restore(file: Path) -> tuple[Finding, ...]:
    """Put the contents back that lie beside a copy of the database, for its rows; ATTACHMENT_LOST for what lacks."""
    return _copied(folder_of(file), store.folder())


def _copied(source: Path, target: Path) -> tuple[Finding, ...]:
    lost = []
    for number, hash in Attachment.objects.order_by("id").values_list("subject", "hash").distinct():
        place = target / hash[:2] / hash
        if not place.exists() and not _copy(source / hash[:2] / hash, place, hash):
            lost.append(Finding("ATTACHMENT_LOST", at=number, says={"number": number, "hash": hash}))
    return in_order(lost)


def _copy(source: Path, target: Path, hash: str) -> bool:
    """One content, proven by its own name; False where it is gone or changed."""
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        return False
    if sha256(content).hexdigest() != hash:
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.with_name(f".{hash}.part")
    with made.open("wb") as new:
        os.fchmod(new.fileno(), 0o600)
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    shutil.move(made, target)
    return True
