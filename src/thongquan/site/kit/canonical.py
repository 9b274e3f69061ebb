"""One way to write a fact down, so that equal facts have equal bytes and equal hashes."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_WITHOUT_FLOATS = frozenset((str, int, bool, type(None)))
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="string", uuid_format="canonical")


def canonical(value: Any) -> bytes:
    """JSON in UTF-8: keys sorted, no spaces, instants with their offset. Floats are refused (TypeError)."""
    written = _encoder.encode(value)
    refuse_floats(value)
    return written


def refuse_floats(value: Any) -> None:
    """A float has no one text in every language, and no place in a record of money."""
    if isinstance(value, float):
        raise TypeError("a record holds no floats")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        if type(part) not in _WITHOUT_FLOATS:
            refuse_floats(part)


def sha256(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()
