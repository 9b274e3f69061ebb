"""The key that signs the log of trust, and the text form of what it signs.

Everything signed is a note (C2SP signed-note): lines of text, an empty line, and one line a signature, "— name
base64", whose first four bytes say which key. Ed25519 (RFC 8032), so the same text has the same signature each time.

The key is a file that only its owner reads: `keys/log-signing` in the data folder, or the file that
THONGQUAN_LOG_KEY names (a systemd credential). The name in it is the log's own for ever (C2SP: its origin);
THONGQUAN_LOG_ORIGIN chooses it when the first key is made. Who holds this key can sign a lie about what has not yet
been anchored outside; keep it away from whoever administers the database, and best in a process of its own (`signer`).
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from ..kit.secrets import kept

if TYPE_CHECKING:
    from .signer import RemoteKey

ED25519 = b"\x01"
"""The signature type of C2SP signed-note."""

PRIVATE = "PRIVATE+KEY"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Whose signature it is. name: the log's. raw: the 32 bytes of RFC 8032."""

    name: str
    raw: bytes

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that tell the keys of one log apart."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).hexdigest()[:8]

    @property
    def text(self) -> str:
        """One line to hand out: name, key id and key, joined by "+"."""
        return f"{self.name}+{self.id}+{b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def of(cls, text: str) -> PublicKey:
        """From its line. ValueError for a text that is not one."""
        try:
            name, key_id, key = text.strip().split("+", 2)
            decoded = b64decode(key, validate=True)
        except ValueError:
            raise ValueError(f"not a public key: {text[:60]!r}") from None
        made = cls(name, decoded[1:])
        if decoded[:1] != ED25519 or len(made.raw) != 32 or key_id != made.id:
            raise ValueError(f"not a public key: {text[:60]!r}")
        return made

    def signed(self, note: str) -> bool:
        """Whether one of the signatures under a note is of this key and fits."""
        text, _, signatures = note.rpartition("\n\n")
        for line in signatures.splitlines():
            mark, _, rest = line.partition(" ")
            name, _, written = rest.partition(" ")
            if mark != "—" or name != self.name:
                continue
            try:
                decoded = b64decode(written, validate=True)
                if decoded[:4].hex() == self.id:
                    Ed25519PublicKey.from_public_bytes(self.raw).verify(decoded[4:], f"{text}\n".encode())
                    return True
            except (ValueError, InvalidSignature):
                return False
        return False


class SigningKey:
    """A name with its private key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def made(cls, name: str) -> SigningKey:
        return cls(name, secrets.token_bytes(32))

    @classmethod
    def of(cls, content: bytes) -> SigningKey:
        """From the content of its file. ValueError, without the content, for a file that is not one."""
        try:
            word, plus, name, key_id, key = content.decode().strip().split("+", 4)
            decoded = b64decode(key, validate=True)
            made = cls(name, decoded[1:])
        except ValueError:
            raise ValueError("the file of the log's key holds no key") from None
        if f"{word}+{plus}" != PRIVATE or decoded[:1] != ED25519 or key_id != made.public.id:
            raise ValueError("the file of the log's key holds no key")
        return made

    @property
    def content(self) -> bytes:
        """What its file holds: the form of Go's sumdb/note, which other tools read too."""
        public = self.public
        return f"{PRIVATE}+{public.name}+{public.id}+{b64encode(ED25519 + self._seed).decode()}\n".encode()

    def signature(self, text: str) -> str:
        """The signature line of a text that ends with a line end."""
        signed = bytes.fromhex(self.public.id) + self._private.sign(text.encode())
        return f"— {self.public.name} {b64encode(signed).decode()}\n"

    def note(self, text: str) -> str:
        """The text with its signature."""
        return f"{text}\n{self.signature(text)}"

    def __repr__(self) -> str:
        return f"SigningKey({self.public.text})"


def key_file() -> Path:
    named = os.environ.get("THONGQUAN_LOG_KEY")
    return Path(named) if named else Path(settings.DATA) / "keys" / "log-signing"


def next_key_file() -> Path:
    """Where a new key waits until the log says that it is the one that counts."""
    file = key_file()
    return file.with_name(f"{file.name}.next")


def signing_key() -> SigningKey | RemoteKey:
    """The key that signs now: the one of the process at THONGQUAN_SIGNER, else of the file."""
    place = os.environ.get("THONGQUAN_SIGNER")
    if place:
        from .signer import RemoteKey

        return RemoteKey(place)
    return signing_key_of_file()


def signing_key_of_file() -> SigningKey:
    """The key as its file has it now; made at the first call. PermissionError when others may read it."""
    return _kept(key_file(), lambda: SigningKey.made(_new_name()))


def next_key(name: str) -> SigningKey:
    """The key that is to follow, made once."""
    return _kept(next_key_file(), lambda: SigningKey.made(name))


def _kept(file: Path, make: Callable[[], SigningKey]) -> SigningKey:
    """Read again only when the file is another one or was changed: it is asked for with every receipt."""
    name = os.fspath(file)
    state, seen = _state(name), _known.get(name)
    if seen is not None and seen[0] == state:
        return seen[1]
    made = SigningKey.of(kept(file, lambda: make().content))
    if state is not None:
        # Of the time before it was read: one that was replaced meanwhile is read again the next time.
        _known[name] = (state, made)
    return made


def _state(name: str) -> tuple[int, ...] | None:
    """What tells one content of a file from another, and who may read it; None where there is none."""
    try:
        found = os.stat(name)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


_known: dict[str, tuple[tuple[int, ...], SigningKey]] = {}


def take_next_key() -> None:
    """Put the waiting key in the place of the present one, at once or not at all."""
    os.replace(next_key_file(), key_file())
    folder = os.open(key_file().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_name() -> str:
    name = os.environ.get("THONGQUAN_LOG_ORIGIN") or f"thongquan/log-{secrets.token_hex(8)}"
    if "+" in name or not name.isprintable() or any(letter.isspace() for letter in name):
        raise ValueError("THONGQUAN_LOG_ORIGIN is a name like customs.example/log, without spaces and +")
    return name
