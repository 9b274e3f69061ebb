"""Where checkpoints are kept outside the database, so that whoever owns the database cannot rewrite what they cover.

An anchor is worth what its distance is worth. A folder is the first kind: its files are meant to be carried away, by
the machines of those who audit (the State Audit, the Treasury) or onto a store that cannot be overwritten. On the same
machine it protects against whoever has the database alone.

THONGQUAN_ANCHORS lists folders, separated by the system's path separator (":"); `anchors` in the data folder when it
says nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from django.conf import settings


class AnchorConflict(Exception):
    """The anchor holds another checkpoint of the same size: two logs claim one history."""


class Anchor(Protocol):
    """A place outside. name: how the record calls it, at most 200 letters."""

    @property
    def name(self) -> str: ...

    def put(self, size: int, note: str) -> None:
        """Keep a checkpoint for good; the same again changes nothing. AnchorConflict, OSError."""

    def largest(self) -> tuple[int, str] | None:
        """The largest checkpoint there, (size, note); None where there is none. OSError."""


class Folder:
    """`<folder>/checkpoints/<size>.txt`, each file whole or absent, and never written over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkpoints"
        self.name = f"folder:{folder}"[-200:]

    def put(self, size: int, note: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{size}.txt"
        if file.exists():
            if file.read_text(encoding="utf-8") != note:
                raise AnchorConflict(str(file))
            return
        handle, made = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as new:
                new.write(note)
                new.flush()
                os.fsync(new.fileno())
            # Checkpoints are public: who audits may read them under his own name.
            os.chmod(made, 0o644)
            os.replace(made, file)
        finally:
            Path(made).unlink(missing_ok=True)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def largest(self) -> tuple[int, str] | None:
        if not self.folder.is_dir():
            return None
        sizes = [int(name[:-4]) for name in os.listdir(self.folder) if _is_checkpoint(name)]
        if not sizes:
            return None
        size = max(sizes)
        return size, (self.folder / f"{size}.txt").read_text(encoding="utf-8")


def _is_checkpoint(name: str) -> bool:
    return name.endswith(".txt") and name[:-4].isascii() and name[:-4].isdigit()


def configured() -> Sequence[Anchor]:
    """The anchors of this installation, in the order in which they are listed."""
    named = os.environ.get("THONGQUAN_ANCHORS") or str(Path(settings.DATA) / "anchors")
    return [Folder(Path(part)) for part in named.split(os.pathsep) if part]


def needed(count: int) -> int:
    """How many of so many anchors must hold a checkpoint before it counts as anchored: two, where there are two."""
    return min(2, count)
