"""Checkpoints: one signed digest over everything said since the last one.

A checkpoint may tell nothing but that nothing was changed: before bids are opened, nobody may learn
from it how much was going on.  So its tree is filled up with leaves that stand for nothing, to a
size that says little, and all leaves are sorted by their hash, so that the place of an event in the
tree says nothing either.  The order of all events is committed to by a digest that only whoever has
the key of the fillers can compute: it comes with an export of the whole log.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from marketplace.events.rules import merkle

LEAVES_MIN: Final = 256
"""No checkpoint has fewer leaves, however little was said."""
EVENTS_MAX: Final = 16_384
"""Events of one checkpoint; more are closed by the next at once."""
KIND: Final = "jiebang/checkpoint/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What is signed."""

    number: int
    root_sha256: str
    leaves: int
    order_hmac: str
    """Commits to which events there are, and in which order."""
    previous_sha256: str | None
    """Digest of the checkpoint before; None for the first."""
    closed_at: dt.datetime

    def document(self) -> dict[str, Any]:
        """Write what is signed, in canonical JSON, as JSON values."""
        closed_at = self.closed_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
        return {
            "kind": KIND,
            "number": self.number,
            "root_sha256": self.root_sha256,
            "leaves": self.leaves,
            "order_hmac": self.order_hmac,
            "previous_sha256": self.previous_sha256,
            "closed_at": closed_at.replace("+00:00", "Z"),
        }


def read(document: dict[str, Any]) -> Checkpoint:
    """Read a checkpoint that `document` wrote; raises KeyError, TypeError or ValueError."""
    if document["kind"] != KIND:
        raise ValueError("this is no checkpoint of a known kind")
    return Checkpoint(
        number=int(document["number"]),
        root_sha256=str(document["root_sha256"]),
        leaves=int(document["leaves"]),
        order_hmac=str(document["order_hmac"]),
        previous_sha256=document["previous_sha256"],
        closed_at=dt.datetime.fromisoformat(document["closed_at"]),
    )


def size_for(events: int) -> int:
    """Say how many leaves a tree over so many events has: a power of two, and never few.

    >>> [size_for(n) for n in (0, 1, 256, 257)]
    [256, 256, 256, 512]
    """
    return max(LEAVES_MIN, 1 << max(0, events - 1).bit_length())


def fillers(key: bytes, events: int) -> list[bytes]:
    """Make the leaves that stand for nothing; without the key they look like any other."""
    return [
        merkle.leaf_hash(hmac.digest(key, index.to_bytes(4, "big"), hashlib.sha256))
        for index in range(size_for(events) - events)
    ]


def leaves_of(event_digests: Sequence[str], fill_key: bytes) -> list[bytes]:
    """List the leaves of a checkpoint over the digests of its events, sorted by hash."""
    own = [merkle.leaf_hash(bytes.fromhex(one)) for one in event_digests]
    return sorted([*own, *fillers(fill_key, len(own))])


def order_of(event_digests: Sequence[str], fill_key: bytes) -> str:
    """Commit to the events of a checkpoint in the order of their numbers."""
    said = b"".join(bytes.fromhex(one) for one in event_digests)
    return hmac.digest(fill_key, b"jiebang/event-order/1\0" + said, hashlib.sha256).hex()
