"""The log's key in a process of its own: it signs what has the form of a receipt or a checkpoint, and nothing else.

Who takes over a process that answers the web can then ask for signatures while he is there, and cannot carry the key
away; nor can he have a second history signed: a checkpoint smaller than the last one, or another one of its size, is
refused, and the last one is remembered beside the key, on the disk, before its signature leaves.

THONGQUAN_SIGNER names the socket, to the signer and to those who ask it. Every message is its length (four bytes, big
end first) and its text; the answer is a signature line, the public key's line for an empty text, "" for a refusal.
"""

from __future__ import annotations

import logging
import os
import socket
import socketserver
import struct
import threading
from pathlib import Path
from typing import Any

from ..kit.act import Busy
from .signing import PublicKey, SigningKey, key_file, signing_key_of_file

LOG = logging.getLogger("thongquan.signer")

RECEIPT = "thongquan-receipt-v1"
"""As `receipts` writes it; this module asks no database and so knows no more of the record."""

MOST = 16 * 2**20
"""Bytes of one text: a receipt over a hundred thousand events."""


class SignerAway(OSError, Busy):
    """Nobody signs at the socket: over HTTP, 503; whoever asks again with the same key then gets answer and receipt."""


# Asking


class RemoteKey:
    """A key that another process holds; like `SigningKey` to whoever signs with it."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.public = PublicKey.of(self._asked(""))

    def signature(self, text: str) -> str:
        signed = self._asked(text)
        if not signed:
            raise PermissionError("the signer does not sign this")
        return signed

    def note(self, text: str) -> str:
        return f"{text}\n{self.signature(text)}"

    def _asked(self, text: str) -> str:
        kept = getattr(_lines, self.place, None)
        for line in (kept, None):  # a line that was kept may have been closed meanwhile
            try:
                opened = line or _opened(self.place)
                _send(opened, text)
                answer = _received(opened)
            except OSError as away:
                if line is None:
                    raise SignerAway(f"nobody signs at {self.place}") from away
                continue
            if answer is not None:
                setattr(_lines, self.place, opened)
                return answer
        raise SignerAway(f"nobody signs at {self.place}")


_lines = threading.local()


def _opened(place: str) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.settimeout(5)
    opened.connect(place)
    return opened


def _send(line: socket.socket, text: str) -> None:
    content = text.encode()
    line.sendall(struct.pack(">I", len(content)) + content)


def _received(line: socket.socket) -> str | None:
    """One message; None when the other end closed, or claims more than MOST."""
    head = _exactly(line, 4)
    size = struct.unpack(">I", head)[0] if head else MOST + 1
    content = _exactly(line, size) if size <= MOST else None
    return None if content is None else content.decode()


def _exactly(line: socket.socket, size: int) -> bytes | None:
    got = bytearray()
    while len(got) < size:
        part = line.recv(min(size - len(got), 65_536))
        if not part:
            return None
        got += part
    return bytes(got)


# Signing


class Judge:
    """What may be signed. Remembers the last checkpoint in `<key file>.last`: its size and root, one line."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self.lock = threading.Lock()

    def sign(self, text: str, key: SigningKey) -> str:
        """The signature line of a text; "" for one that is neither a receipt nor the next checkpoint."""
        lines = text.split("\n")
        name = key.public.name
        if lines[:2] == [RECEIPT, name] and len(lines) > 3 and lines[-1] == "":
            return key.signature(text)
        checkpoint = len(lines) == 4 and lines[0] == name and lines[3] == ""
        if not checkpoint or not (lines[1].isascii() and lines[1].isdigit()):
            return ""
        with self.lock:
            size, root = self._last()
            asked = int(lines[1])
            if asked < size or (asked == size and root and lines[2] != root):
                LOG.critical("a checkpoint of %s is asked for after one of %s", asked, size)
                return ""
            self._remember(asked, lines[2])
        return key.signature(text)

    def _last(self) -> tuple[int, str]:
        try:
            size, _, root = self.memory.read_text(encoding="ascii").strip().partition(" ")
        except FileNotFoundError:
            return 0, ""
        return int(size), root

    def _remember(self, size: int, root: str) -> None:
        made = self.memory.with_name(f".{self.memory.name}.part")
        with made.open("w", encoding="ascii") as new:
            new.write(f"{size} {root}\n")
            new.flush()
            os.fsync(new.fileno())
        os.replace(made, self.memory)


class Signer(socketserver.ThreadingUnixStreamServer):
    """Listens at a socket that its owner and his group may use."""

    daemon_threads = True

    def __init__(self, place: str) -> None:
        Path(place).unlink(missing_ok=True)
        before = os.umask(0o117)
        try:
            super().__init__(place, _Asked)
        finally:
            os.umask(before)
        file = key_file()
        self.judge = Judge(
            Path(os.environ.get("THONGQUAN_SIGNER_MEMORY") or file.with_name(f"{file.name}.last"))
        )


class _Asked(socketserver.BaseRequestHandler):
    server: Signer

    def handle(self) -> None:
        line: Any = self.request
        while (text := _received(line)) is not None:
            # Read anew each time, so that a key that follows another is used from the moment on.
            key = signing_key_of_file()
            _send(line, self.server.judge.sign(text, key) if text else key.public.text)
