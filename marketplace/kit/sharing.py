"""A secret split into three shares: any two give it back, one alone says nothing.

Shamir's scheme over a prime field: the secret is where a straight line crosses the axis, a share is
one point of the line, and the slope is drawn at random.  Through one point there is a line to every
secret, each as likely as the other, so whoever holds one share has learned nothing at all.

Source   A. Shamir, "How to share a secret", Communications of the ACM 22 (1979), 612-613.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final, Self

from marketplace.kit.errors import Unacceptable

PRIME: Final = 2**521 - 1
"""A Mersenne prime with room for every secret of 32 bytes."""
SECRET_BYTES: Final = 32
ORDINATE_BYTES: Final = 66
ENTROPY_BYTES: Final = 80
"""Of a slope: so many more bits than the prime has that the remainder is even."""
FORM: Final = b"jbk\x01"
SHARE_BYTES: Final = len(FORM) + 1 + ORDINATE_BYTES


class ShareUnreadable(Unacceptable):
    """These are not the bytes of a share."""

    code = "sharing.share_unreadable"
    title_zh = "这不是有效的密钥份额。"


class SharesUnfit(Unacceptable):
    """These shares do not give a secret: two different ones of the same split are needed."""

    code = "sharing.shares_unfit"
    title_zh = "两份密钥份额不能合成:须为同一次拆分的两份不同份额。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One point of the line."""

    abscissa: int
    ordinate: int = field(repr=False)

    def to_bytes(self) -> bytes:
        """Write the share in its one form."""
        return FORM + bytes([self.abscissa]) + self.ordinate.to_bytes(ORDINATE_BYTES)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a share; refuses ShareUnreadable."""
        if len(content) != SHARE_BYTES or not content.startswith(FORM):
            raise ShareUnreadable()
        ordinate = int.from_bytes(content[len(FORM) + 1 :])
        abscissa = content[len(FORM)]
        if abscissa == 0 or ordinate >= PRIME:
            raise ShareUnreadable()
        return cls(abscissa=abscissa, ordinate=ordinate)


def split(secret: bytes, *, entropy: bytes) -> tuple[Share, Share, Share]:
    """Split 32 bytes into three shares.

    Shape    `entropy` is 80 random bytes, used for nothing else and then forgotten.

    >>> one, two, three = split(bytes(range(32)), entropy=bytes(79) + b"7")
    >>> joined(three, one) == joined(two, three) == bytes(range(32))
    True
    """
    assert len(secret) == SECRET_BYTES and len(entropy) == ENTROPY_BYTES
    crossing, slope = int.from_bytes(secret), int.from_bytes(entropy) % PRIME
    points = [(crossing + slope * at) % PRIME for at in (1, 2, 3)]
    one, two, three = (Share(abscissa=at, ordinate=y) for at, y in enumerate(points, 1))
    return one, two, three


def joined(one: Share, two: Share) -> bytes:
    """Find the secret of two shares.

    Refuses  SharesUnfit for one share twice, and for two that no secret of 32 bytes belongs to.
    """
    run = (two.abscissa - one.abscissa) % PRIME
    if run == 0:
        raise SharesUnfit()
    slope = (two.ordinate - one.ordinate) * pow(run, -1, PRIME)
    crossing = (one.ordinate - slope * one.abscissa) % PRIME
    if crossing >> (8 * SECRET_BYTES):
        raise SharesUnfit()
    return crossing.to_bytes(SECRET_BYTES)


def commitment(share: bytes, *, context: bytes) -> str:
    """Hash a share, so that a wrong one is known without the right one being kept.

    A share is a random number of 521 bits: it cannot be guessed against its digest.
    """
    return hashlib.sha256(b"jiebang/share/1\0" + context + b"\0" + share).hexdigest()


def fits(share: bytes, committed: str, *, context: bytes) -> bool:
    """Tell whether this is the share that was committed to."""
    return hmac.compare_digest(commitment(share, context=context), committed)
