"""HTTP as an attacker speaks it: bytes on a socket, several answers to one request if the server is fooled."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

ANSWER_SECONDS = 60.0
"""How long an answer may take: a machine that is busy with something else is no fault of the site's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. status 0: the line was closed without one. headers: by lower-case name, the last of each."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def code(self) -> str:
        """The code of an API's problem; "" of anything else."""
        with suppress(ValueError, AttributeError):
            return str(json.loads(self.body).get("code", ""))
        return ""


NOTHING = Reply(0, {}, b"")


@contextmanager
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as opened:
        yield opened


def exchange(port: int, sent: bytes, *, patience: float = 1.0, close: bool = False) -> list[Reply]:
    """Send bytes as they are, and everything that comes back. patience: how long a silent line is waited for after an
    answer; close: the attacker hangs up his own side first."""
    with line(port) as opened:
        with suppress(OSError):
            opened.sendall(sent)
            if close:
                opened.shutdown(socket.SHUT_WR)
        return list(replies(opened, patience))


def replies(opened: socket.socket, patience: float, first: float = ANSWER_SECONDS) -> Iterator[Reply]:
    """Every answer that stands on a line, until it is silent or closed. first: how long the first one may take."""
    kept = b""
    opened.settimeout(first)
    while True:
        head, kept = _until(opened, kept, b"\r\n\r\n")
        if not head:
            return
        status, headers = _head(head)
        if status == 100:
            continue
        body, kept = _body(opened, kept, headers)
        yield Reply(status, headers, body)
        opened.settimeout(patience)


def _until(opened: socket.socket, kept: bytes, mark: bytes) -> tuple[bytes, bytes]:
    while mark not in kept:
        more = _more(opened)
        if not more:
            return b"", kept
        kept += more
    head, _, kept = kept.partition(mark)
    return head, kept


def _more(opened: socket.socket) -> bytes:
    try:
        return opened.recv(65_536)
    except OSError:
        return b""


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (one.partition(":") for one in rest)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


def _body(opened: socket.socket, kept: bytes, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while True:
            size, kept = _until(opened, kept, b"\r\n")
            length = int(size or b"0", 16)
            part, kept = _exactly(opened, kept, length + 2)
            parts.append(part[:length])
            if not length:
                return b"".join(parts), kept
    return _exactly(opened, kept, int(headers.get("content-length", 0)))


def _exactly(opened: socket.socket, kept: bytes, length: int) -> tuple[bytes, bytes]:
    while len(kept) < length and (more := _more(opened)):
        kept += more
    return kept[:length], kept[length:]


def request(
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
) -> bytes:
    """A request that is well formed, as long as what is given is."""
    named = {"Host": host, "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Browser:
    """A person's browser: it keeps cookies, and sends forms with the token that the page's cookie has."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, target: str, headers: Mapping[str, str] | None = None, host: str = "127.0.0.1") -> Reply:
        return self._send(request("GET", target, b"", {**self._known(), **(headers or {})}, host))

    def post(
        self, target: str, fields: Mapping[str, str] | None = None, *, file: tuple[str, bytes] | None = None,
        token: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """token: of the form, None for the right one."""
        said = {"csrfmiddlewaretoken": self.token() if token is None else token, **(fields or {})}
        if file is None:
            media, body = "application/x-www-form-urlencoded", urlencode(said).encode()
        else:
            media, body = _multipart(said, *file)
        known = {**self._known(), "Content-Type": media, **(headers or {})}
        return self._send(request("POST", target, body, known))

    def token(self) -> str:
        if "csrf" not in self.cookies:
            self.get("/dang-nhap")
        return self.cookies.get("csrf", "")

    def sign_in(self, user: str, password: str, **more: str) -> Reply:
        return self.post("/dang-nhap", {"username": user, "password": password, **more})

    def _known(self) -> dict[str, str]:
        return (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if self.cookies
            else {}
        )

    def _send(self, sent: bytes) -> Reply:
        with line(self.port) as opened:
            with suppress(OSError):
                opened.sendall(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            whole = _all(opened)
        head, _, rest = whole.partition(b"\r\n\r\n")
        if not rest and not head:
            return NOTHING
        for one in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = one.partition(":")
            if name.lower() == "set-cookie":
                cookie, _, given = value.strip().partition("=")
                self.cookies[cookie] = given.partition(";")[0].strip('"')
        status, headers = _head(head)
        if headers.get("transfer-encoding") == "chunked":
            rest = _dechunked(rest)
        return Reply(status, headers, rest)


def _all(opened: socket.socket) -> bytes:
    parts = []
    while more := _more(opened):
        parts.append(more)
    return b"".join(parts)


def _dechunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        parts.append(data[:length])
        data = data[length + 2 :]
    return b"".join(parts)


def _multipart(fields: Mapping[str, Any], name: str, content: bytes) -> tuple[str, bytes]:
    mark = f"mark{time.monotonic_ns()}"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    named = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return f"multipart/form-data; boundary={mark}", b"".join(
        parts
    ) + named + content + f"\r\n--{mark}--\r\n".encode()
