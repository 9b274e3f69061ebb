"""The messages of a folder, put together as stories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..engine.formats import responses, wco

_ANSWER = re.compile(rb"<(\w+:)?\w*Response[\s>]")
"""What only an answer has: an element Response, or a root such as DeclarationFullResponse."""


@dataclass(frozen=True, slots=True)
class Story:
    """The messages of one folder, in the order of their names. answers: of another system."""

    name: str
    originals: tuple[Path, ...]
    followups: tuple[Path, ...]
    answers: tuple[responses.Response, ...]

    @property
    def external_reference(self) -> str:
        """The other system's number of the declaration: the one that the follow-ups name, else the answers'."""
        named = [_declaration_id(path) for path in self.followups]
        named += [answer.declaration_id for answer in self.answers]
        return next((reference for reference in named if reference), "")


def stories(folder: Path) -> Iterator[Story]:
    """One for each sub-folder, and one for each message that lies in `folder` itself."""
    for entry in sorted(folder.iterdir()):
        files = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
        messages = [file for file in files if file.is_file() and file.suffix.lower() == ".xml"]
        story = _story(entry.stem, messages)
        if story.originals or story.followups:
            yield story


def _story(name: str, files: list[Path]) -> Story:
    originals: list[Path] = []
    followups: list[Path] = []
    answers: list[responses.Response] = []
    for file in files:
        data = file.read_bytes()
        if _ANSWER.search(data):
            answers += _answer(data)
        elif b"Declaration" not in data:
            continue  # a message of the transport, not of the declaration
        elif wco.read_dec(data).kind in (wco.Kind.AMENDMENT, wco.Kind.CANCELLATION, wco.Kind.ARRIVAL):
            followups.append(file)
        else:
            originals.append(file)
    return Story(name, tuple(originals), tuple(followups), tuple(answers))


def _answer(data: bytes) -> list[responses.Response]:
    read = responses.read_res(data)
    return [read] if isinstance(read, responses.Response) else []


def _declaration_id(path: Path) -> str:
    declaration = wco.read_dec(path.read_bytes()).declaration
    return declaration.declaration_id if declaration is not None else ""
