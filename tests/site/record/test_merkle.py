"""The growing tree against RFC 9162's definitions, written down word for word, and against the outsiders' verifier."""

from __future__ import annotations

from hashlib import sha256

import pytest

from thongquan.site.record import merkle
from thongquan.verify_log import consistent, included

LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(70)]


def head(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(head(leaves[:k]), head(leaves[k:]))


@pytest.fixture(scope="module")
def kept() -> dict[merkle.Node, bytes]:
    """The hash of every complete subtree, as `Sealed.nodes` keeps it."""
    frontier, found = merkle.Frontier(), {}
    for n, leaf in enumerate(LEAVES):
        assert frontier.root() == head(LEAVES[:n])
        for level, node in enumerate(frontier.add(leaf)):
            assert merkle.last_leaf((level, n >> level)) == n
            found[level, n >> level] = node
    assert frontier.root() == head(LEAVES)
    return found


def test_every_complete_subtree_is_kept_with_its_last_leaf(kept):
    for (level, index), node in kept.items():
        assert node == head(LEAVES[index << level : (index + 1) << level])
    assert set(kept) == {(level, i) for level in range(7) for i in range(len(LEAVES) >> level)}


def test_a_frontier_goes_on_from_its_peaks(kept):
    for size in range(len(LEAVES)):
        peaks = [kept[node] for node in merkle.subtrees((0, size))]
        frontier = merkle.Frontier(size, peaks)
        frontier.add(LEAVES[size])
        assert frontier.root() == head(LEAVES[: size + 1])


def test_a_frontier_that_does_not_fit_its_size_is_refused():
    with pytest.raises(ValueError, match="3 leaves"):
        merkle.Frontier(3, [LEAVES[0]])


def test_every_inclusion_proof_holds_for_its_leaf_alone(kept):
    for size in range(1, len(LEAVES) + 1):
        root = head(LEAVES[:size])
        for index in range(size):
            spans = merkle.inclusion_spans(index, size)
            path = merkle.roots_of(spans, {node: kept[node] for node in merkle.nodes_of(spans)})
            assert included(LEAVES[index], index, size, path, root)
            assert not included(LEAVES[index - 1], index, size, path, root) or size == 1


def test_every_consistency_proof_holds_for_its_two_roots_alone(kept):
    for new in range(1, len(LEAVES) + 1):
        for old in range(1, new + 1):
            path = merkle.roots_of(merkle.consistency_spans(old, new), kept)
            assert consistent(old, new, head(LEAVES[:old]), head(LEAVES[:new]), path)
            assert not consistent(old, new, head(LEAVES[1 : old + 1]), head(LEAVES[:new]), path)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_no_proof_the_wrong_way_round(old, new):
    with pytest.raises(ValueError, match="beginning"):
        merkle.consistency_spans(old, new)


def test_no_proof_of_a_leaf_that_is_not_there():
    with pytest.raises(ValueError, match="leaf 3"):
        merkle.inclusion_spans(3, 3)
