"""Blind marking: what a judge calls a bid while nobody on the panel may know whose it is.

A pseudonym is an id of its own, computed from a seed that no judge knows; the bid's real id would
tell when it was begun, and its bidder could whisper it.  Numbers follow the order of the
pseudonyms, which is no order of anything else.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_CONTEXT: Final = b"jiebang/blind/1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What a judge calls one bid."""

    bid_id: UUID
    alias_id: UUID
    number: int

    @property
    def name_zh(self) -> str:
        """The bidder as a judge reads it."""
        return f"投标 {self.number}(匿名)"

    @property
    def name_en(self) -> str:
        """The bidder as a judge reads it, in English."""
        return f"Bid {self.number} (anonymous)"


def aliases(bid_ids: Collection[UUID], *, seed: str) -> dict[UUID, Alias]:
    """Give every bid of a panel its pseudonym, by bid.

    Shape    the same seed gives the same pseudonyms; the numbers run from 1.

    >>> bids = [UUID(int=1), UUID(int=2), UUID(int=3)]
    >>> first, again = aliases(bids, seed="a"), aliases(bids[::-1], seed="a")
    >>> first == again, sorted(one.number for one in first.values())
    (True, [1, 2, 3])
    """
    named = {bid_id: _alias_id(bid_id, seed) for bid_id in bid_ids}
    order = sorted(named, key=lambda bid_id: named[bid_id].int)
    return {
        bid_id: Alias(bid_id=bid_id, alias_id=named[bid_id], number=number)
        for number, bid_id in enumerate(order, start=1)
    }


def _alias_id(bid_id: UUID, seed: str) -> UUID:
    mixed = hashlib.sha256(_CONTEXT + seed.encode() + b"\0" + bid_id.bytes).digest()
    # Version 8 of RFC 9562 is for ids that somebody computes by a rule of their own.
    value = int.from_bytes(mixed[:16]) & ~((0xF << 76) | (0x3 << 62))
    return UUID(int=value | (8 << 76) | (2 << 62))
