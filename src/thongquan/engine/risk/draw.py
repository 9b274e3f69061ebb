"""The random share: unpredictable before, recomputable afterwards, one for a consignment however often it is lodged.

Two custodians each hold a key; together they make the secret of a day, whose SHA-256 is published the evening before.
u = HMAC-SHA256(secret, consignment), as a whole number of parts per million without bias. It is drawn once, at the
first registration of the consignment, and kept: amendments and new lodgements of the same goods draw nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ..findings import Finding
from ..money import PPM

SHORTEST_SECRET: Final = 32
"""Bytes: less could be searched from the published commitment."""

_WORDS: Final = 4
"""64-bit words in one digest."""
_FAIR: Final = 2**64 - 2**64 % PPM
"""Words from here on would favour small results, so they are passed over."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw as it is kept with the consignment: who, when, how, and the result."""

    consignment: str
    day: date
    commitment: str
    u_ppm: int


def secret_of_day(key_a: bytes, key_b: bytes, day: date) -> bytes:
    """The secret of a day from the keys of two custodians; neither knows anything of it alone.

    ValueError for a key shorter than SHORTEST_SECRET.
    """
    _long_enough(key_a)
    _long_enough(key_b)
    text = day.isoformat().encode()
    halves = zip(_hmac(key_a, text), _hmac(key_b, text), strict=True)
    return bytes(a ^ b for a, b in halves)


def commitment(secret: bytes) -> str:
    """SHA-256 of a secret (hexadecimal): published before the day, it binds us to the secret without telling it."""
    _long_enough(secret)
    return hashlib.sha256(secret).hexdigest()


def consignment_id(transport_document: str, consignee: str, *, otherwise: str = "") -> str | Finding:
    """What a draw is bound to: the carrier's transport document and the consignee, never the trader's own number.

    Case, spaces and punctuation do not make another consignment. otherwise: what identifies goods that travel without
    a transport document (truck and seal, or the hash of the goods lines). CONSIGNMENT_NOT_IDENTIFIED without either.
    """
    document, named, other = _folded(transport_document), _folded(consignee), _folded(otherwise)
    if not document and not other:
        return Finding("CONSIGNMENT_NOT_IDENTIFIED")
    kind, key = ("T", document) if document else ("O", other)
    return f"{kind}/{key}/{named}"


def draw(secret: bytes, consignment: str) -> int:
    """u of a consignment, 0 ≤ u < 1,000,000, each value exactly as likely as any other."""
    _long_enough(secret)
    name = consignment.encode()
    digest = _hmac(secret, name)
    block = 0
    while True:
        for start in range(0, 8 * _WORDS, 8):
            word = int.from_bytes(digest[start : start + 8], "big")
            if word < _FAIR:
                return word % PPM
        block += 1  # reached once in 10^53 draws; the rule must still be whole
        digest = _hmac(secret, name + b"\x00" + block.to_bytes(8, "big"))


def draw_many(secret: bytes, consignments: Iterable[str]) -> npt.NDArray[np.int64]:
    """`draw` of each consignment, in their order."""
    _long_enough(secret)
    names = list(consignments)
    digests = b"".join(_hmac(secret, name.encode()) for name in names)
    first = np.frombuffer(digests, dtype=">u8").reshape(-1, _WORDS)[:, 0].astype(np.uint64)
    drawn = (first % np.uint64(PPM)).astype(np.int64)
    for index in np.flatnonzero(first >= np.uint64(_FAIR)):
        drawn[index] = draw(secret, names[index])
    return drawn


def drawn_once(former: Draw | None, secret: bytes, consignment: str, day: date) -> Draw:
    """The draw of a consignment: the one it already has, or a new one with the secret of `day`."""
    if former is not None:
        if former.consignment != consignment:
            raise ValueError("a draw belongs to its own consignment")
        return former
    return Draw(consignment, day, commitment(secret), draw(secret, consignment))


def proves(kept: Draw, secret: bytes) -> bool:
    """Whether a secret, once revealed, is the committed one and gives the draw that was used."""
    same = hmac.compare_digest(commitment(secret), kept.commitment)
    return same and draw(secret, kept.consignment) == kept.u_ppm


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


_ASCII_FOLDED = {code: None for code in range(128) if not chr(code).isalnum()}


def _folded(text: str) -> str:
    if text.isascii():
        return text.upper().translate(_ASCII_FOLDED)
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())


def _long_enough(secret: bytes) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"a secret of fewer than {SHORTEST_SECRET} bytes")
