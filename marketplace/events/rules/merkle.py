"""Merkle trees after RFC 6962: one digest for many, and a short proof for each.

Source   RFC 6962, section 2.1 (the same construction stands in RFC 9162): leaves are hashed after
a zero byte and nodes after a one byte, and a list is split at the largest power of two below its
length.
"""

import hashlib
from collections.abc import Sequence

DIGEST_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Hash what a leaf stands for."""
    return hashlib.sha256(b"\0" + data).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Compute the root over leaf hashes.

    >>> root_of([]).hex()[:16]
    'e3b0c44298fc1c14'
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def proof_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """List the hashes that lead from one leaf to the root, from the bottom up."""
    assert 0 <= index < len(leaves)
    level, path = list(leaves), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _above(level), index // 2
    return path


def root_by_proof(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Compute the root that a proof leads to; None when the proof cannot belong to such a tree.

    Source   RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    node, at, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            node = _node(sibling, node)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, sibling)
        at, last = at >> 1, last >> 1
    return node if last == 0 else None


def _above(level: list[bytes]) -> list[bytes]:
    """Pair neighbours; one without a partner moves up as it is, which splits as the RFC does."""
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs if len(level) % 2 == 0 else [*pairs, level[-1]]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
