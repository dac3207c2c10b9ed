"""Which rows of a hidden set give feedback, and which decide: a keyed hash of the id of the row.

Whoever has no key cannot tell on which side a row lies; whoever has it computes the same sides on
every machine, whatever order the rows come in and whatever other rows there are.

Source   BLAKE2b with a key, RFC 7693; the first 64 bits against the share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from marketplace.kit.money import BPS_WHOLE

KEY_BYTES_MIN: Final = 16
HASH_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a hidden set is divided; without a public share, every row decides."""

    public_share_bps: int = 0
    key: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.public_share_bps < BPS_WHOLE:
            raise ValueError("a share of 0..9999 basis points")
        if self.public_share_bps and not KEY_BYTES_MIN <= len(self.key) <= 64:
            raise ValueError("a split needs a key of 16 to 64 bytes")

    def is_public(self, ids: Sequence[str]) -> list[bool]:
        """Say of each row whether it gives feedback.

        >>> sum(Split(public_share_bps=3000, key=bytes(16)).is_public([str(n) for n in range(999)]))
        308
        """
        if not self.public_share_bps:
            return [False] * len(ids)
        bound = (self.public_share_bps << (8 * HASH_BYTES)) // BPS_WHOLE
        keyed = blake2b(key=self.key, digest_size=HASH_BYTES)
        sides = []
        for row_id in ids:
            hasher = keyed.copy()
            hasher.update(row_id.encode())
            sides.append(int.from_bytes(hasher.digest(), "big") < bound)
        return sides


UNDIVIDED: Final = Split()
"""Every row decides."""
