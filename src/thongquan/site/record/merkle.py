"""The tree over the record: RFC 9162, section 2.1, grown leaf by leaf and never computed twice.

With each leaf go the hashes of every complete subtree that it ends: the leaf alone, then the pair, then the four …
as long as the count of leaves so far divides by 1, 2, 4 … (two hashes a leaf on average). A complete subtree
(level, index) covers 2^level leaves from index × 2^level on, so its hash lies with the last of them, and any proof
is put together from a few dozen rows whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

type Node = tuple[int, int]
"""A complete subtree: (level, index)."""

type Span = tuple[int, int]
"""Leaves from the first number up to and without the second."""

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: its size and the roots of its complete subtrees, the largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"{len(self.peaks)} subtrees do not make a tree of {size} leaves")

    def add(self, leaf: bytes) -> list[bytes]:
        """Add the hash of a leaf; the hashes of all complete subtrees that it ends, itself first."""
        ended, node, count = [leaf], leaf, self.size
        while count & 1:
            node = node_hash(self.peaks.pop(), node)
            ended.append(node)
            count >>= 1
        self.peaks.append(node)
        self.size += 1
        return ended

    def root(self) -> bytes:
        return folded(self.peaks)


def folded(peaks: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def subtrees(span: Span) -> list[Node]:
    """The complete subtrees that a span of a proof is made of, from left to right.

    A span starts where a subtree larger than itself could start, as all spans of RFC 9162 do.
    """
    start, end = span
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def last_leaf(node: Node) -> int:
    """The sequence of the leaf with which a complete subtree's hash is kept."""
    level, index = node
    return ((index + 1) << level) - 1


def split(count: int) -> int:
    """The largest power of two below a count of two or more."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose roots prove that a leaf is in the tree of a size (PATH), the leaf's neighbour first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans whose roots prove that the tree of `old` leaves is the beginning of that of `new` (PROOF)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} leaves cannot be the beginning of one of {new}")
    spans: list[Span] = []
    start, end, whole = 0, new, True
    while old < end:
        middle = start + split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    return spans[::-1]


def nodes_of(spans: Iterable[Span]) -> set[Node]:
    """All complete subtrees that the spans need."""
    return {node for span in spans for node in subtrees(span)}


def roots_of(spans: Iterable[Span], known: Mapping[Node, bytes]) -> list[bytes]:
    """The root of each span, from the hashes of complete subtrees."""
    return [folded([known[node] for node in subtrees(span)]) for span in spans]
