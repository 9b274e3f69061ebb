"""Secrets that live beside the data, never in it: files that only their owner reads."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def secret_key(data: Path) -> str:
    """Django's key: THONGQUAN_SECRET_KEY, else `secret_key` in the data folder, made at the first start."""
    given = os.environ.get("THONGQUAN_SECRET_KEY")
    return given or kept(data / "secret_key", lambda: secrets.token_urlsafe(64).encode()).decode()


def kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a secret file; made when absent, once even when two processes start together.

    The new file is written beside, synced, and linked into place: a reader sees all of it or none. A file that
    others may read is refused (PermissionError) rather than used.
    """
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        _make(file, make)
        mode = file.stat().st_mode
    if os.name == "posix" and mode & 0o077:
        raise PermissionError(f"{file} may be read by others; give it mode 0600")
    return file.read_bytes()


def _make(file: Path, make: Callable[[], bytes]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(make())
            new.flush()
            os.fsync(new.fileno())
        with suppress(FileExistsError):  # the other process was first, and its secret counts
            os.link(name, file)
    finally:
        Path(name).unlink()
