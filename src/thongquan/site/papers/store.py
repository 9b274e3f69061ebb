"""Where the content of attachments lies: files in the data folder, named by their own SHA-256.

The name is the proof: whoever reads a file hashes it again. A file is written beside, synced, and linked into place, so
that a reader sees all of it or none; the same content is kept once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from django.conf import settings


def folder() -> Path:
    return Path(settings.DATA) / "papers"


def path_of(hash: str) -> Path:
    return folder() / hash[:2] / hash


def put(content: bytes) -> str:
    """Keep a content; its hash. On the disk when this returns."""
    hash = sha256(content).hexdigest()
    path = path_of(hash)
    if path.exists():
        return hash
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    place = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
    return hash


def get(hash: str) -> bytes | None:
    """The content of a hash; None where the file is gone or no longer has that hash."""
    try:
        content = path_of(hash).read_bytes()
    except FileNotFoundError:
        return None
    return content if sha256(content).hexdigest() == hash else None


def damaged(hashes: Iterator[str]) -> list[str]:
    """Of these, the contents that are gone or changed, sorted: the nightly look at every file."""
    return sorted({hash for hash in hashes if get(hash) is None})
