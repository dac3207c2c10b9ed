"""Trees of digests, against a second reading of RFC 6962, and what a checkpoint gives away."""

import datetime as dt
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.events.rules import checkpoints, merkle
from marketplace.events.rules.checkpoints import Checkpoint

RFC_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test vectors of the Certificate Transparency project for this construction."""


def by_the_book(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\0" + data[0]).digest()
    split = 1
    while split * 2 < len(data):
        split *= 2
    left, right = by_the_book(data[:split]), by_the_book(data[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_vectors(size: int) -> None:
    """Eight lists whose roots others published."""
    leaves = [merkle.leaf_hash(one) for one in RFC_LEAVES[:size]]
    assert merkle.root_of(leaves).hex() == RFC_ROOTS[size - 1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=8), max_size=70))
def test_roots_and_proofs_are_those_of_the_book(data: list[bytes]) -> None:
    """Every leaf has a proof that leads to the root, and it leads there from no other place."""
    leaves = [merkle.leaf_hash(one) for one in data]
    root = merkle.root_of(leaves)
    assert root == by_the_book(data)
    for index, leaf in enumerate(leaves):
        path = merkle.proof_of(leaves, index)
        size = len(leaves)

        def root_from(
            leaf: bytes, path: list[bytes], index: int = index, size: int = size
        ) -> bytes | None:
            return merkle.root_by_proof(leaf, index=index, size=size, path=path)

        assert root_from(leaf, path) == root
        assert root_from(merkle.leaf_hash(b"another thing"), path) != root
        assert root_from(leaf, [*path, leaf]) is None
        if path:
            assert root_from(leaf, path[:-1]) is None


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_place_outside_the_tree_proves_nothing(index: int, size: int) -> None:
    """A negative place, one past the end, and any in an empty tree."""
    assert merkle.root_by_proof(bytes(32), index=index, size=size, path=[]) is None


def digests(count: int) -> list[str]:
    return [hashlib.sha256(str(one).encode()).hexdigest() for one in range(count)]


@pytest.mark.parametrize("count", [1, 2, 100, 256])
def test_the_size_of_a_checkpoint_does_not_tell_how_much_was_said(count: int) -> None:
    """One event or two hundred and fifty-six: the tree is of one size."""
    assert len(checkpoints.leaves_of(digests(count), b"k" * 32)) == 256


def test_the_place_of_an_event_in_a_checkpoint_does_not_tell_when_it_was_said() -> None:
    """Leaves are sorted by hash: saying things in another order changes nothing."""
    said = digests(40)
    leaves = checkpoints.leaves_of(said, b"k" * 32)
    assert leaves == sorted(leaves)
    assert leaves == checkpoints.leaves_of(said[::-1], b"k" * 32)


def test_without_the_key_nobody_knows_which_leaves_stand_for_nothing() -> None:
    """Two keys fill the same events up with other leaves."""
    one, other = (set(checkpoints.leaves_of(digests(3), key * 32)) for key in (b"k", b"l"))
    assert len(one & other) == 3


def test_a_checkpoint_reads_back_as_it_was_signed() -> None:
    """Through JSON and back; another kind of document is refused."""
    made = Checkpoint(
        number=2,
        root_sha256="0" * 64,
        leaves=256,
        order_hmac="2" * 64,
        previous_sha256="1" * 64,
        closed_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8))),
    )
    document = made.document()
    assert checkpoints.read(json.loads(json.dumps(document))).document() == document
    with pytest.raises(ValueError, match="kind"):
        checkpoints.read(document | {"kind": "other"})
