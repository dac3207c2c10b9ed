"""Drawing judges: from a frozen pool and two secrets to an order that anybody can compute again.

One side (the officer) is bound by a commitment before the other (the supervisor) gives anything, so
neither chooses; the digest of the pool goes into the seed, so the pool cannot change either::

    commitment = SHA-256("jiebang/draw/commitment/1" 0x00 secret)
    seed       = SHA-256("jiebang/draw/seed/1" 0x00 SHA-256(pool) secret contribution)
    block i    = SHA-256(seed, i as 8 bytes, big-endian), read as one whole number of 256 bits

The eligible experts, sorted by id, are shuffled (Fisher and Yates, from the last place down).  A
place below n takes the next block that lies under the largest multiple of n, modulo n: what lies
above is thrown away, so every place is exactly as likely as every other.

Seats are then filled in that order.  Where the track asks for kinds of expert, each kind in turn
(alphabetically) seats the first in order who has it, unless somebody seated has it already; the
other seats follow in order.  Whoever is left is in reserve, in order.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from marketplace.kit.digests import canonical_json, digest_of, sha256_hex
from marketplace.scoring.errors.panels import DrawDocumentUnfit, EntropyUnfit, PoolTooSmall

POOL_FORM: Final = "jiebang/panel-pool/1"
RECORD_FORM: Final = "jiebang/panel-draw/1"
SECRET_BYTES: Final = 32
RESERVE_MIN: Final = 1
"""Somebody must be left over: a pool that is as large as the panel is a choice and not a draw."""
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_COMMITMENT: Final = b"jiebang/draw/commitment/1\0"
_SEED: Final = b"jiebang/draw/seed/1\0"
_BLOCK_BITS: Final = 256
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """Somebody who can be drawn, with the kinds of expert they are among those asked for."""

    expert: str
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The result: everybody in order, who sits, and who is in reserve."""

    order: tuple[str, ...]
    seats: tuple[str, ...]
    reserve: tuple[str, ...]


def bytes_of(text: str) -> bytes:
    """Read what a side gives; refuses EntropyUnfit."""
    if not _HEX.fullmatch(text):
        raise EntropyUnfit(wanted="64 hexadecimal digits, lower case")
    return bytes.fromhex(text)


def commitment_of(secret: bytes) -> str:
    """Bind a side to a secret without showing it."""
    return sha256_hex(_COMMITMENT + secret)


def seed_of(pool_sha256: str, *, secret: bytes, contribution: bytes) -> bytes:
    """Join what nobody could choose."""
    return hashlib.sha256(_SEED + bytes.fromhex(pool_sha256) + secret + contribution).digest()


def shuffled(items: Sequence[T], seed: bytes) -> list[T]:
    """Put items in a random order that follows from the seed alone; every order is as likely.

    >>> shuffled("abcde", bytes(32))
    ['b', 'a', 'd', 'c', 'e']
    """
    out, blocks = list(items), _blocks(seed)
    for last in range(len(out) - 1, 0, -1):
        chosen = _below(last + 1, blocks)
        out[last], out[chosen] = out[chosen], out[last]
    return out


def _blocks(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield int.from_bytes(hashlib.sha256(seed + counter.to_bytes(8)).digest())
        counter += 1


def _below(count: int, blocks: Iterator[int]) -> int:
    whole = 1 << _BLOCK_BITS
    limit = whole - whole % count
    return next(block for block in blocks if block < limit) % count


def draw(
    eligible: Collection[Eligible], seed: bytes, *, seats: int, required: Collection[str] = ()
) -> Drawn:
    """Fill the seats of a panel from those who can be drawn.

    Refuses  PoolTooSmall, as `check_pool` does.
    """
    check_pool(eligible, seats=seats, required=required)
    order = shuffled(sorted(eligible, key=lambda one: one.expert), seed)
    seated: list[Eligible] = []
    for kind in sorted(required):
        if not any(kind in one.kinds for one in seated):
            seated.append(next(one for one in order if kind in one.kinds))
    rest = [one for one in order if one not in seated]
    seated += rest[: seats - len(seated)]
    places = {one.expert: place for place, one in enumerate(order)}
    in_order = sorted((one.expert for one in seated), key=places.__getitem__)
    reserve = [one.expert for one in order if one not in seated]
    return Drawn(
        order=tuple(one.expert for one in order), seats=tuple(in_order), reserve=tuple(reserve)
    )


def check_pool(
    eligible: Collection[Eligible],
    *,
    seats: int,
    required: Collection[str] = (),
    ineligible: Collection[str] = (),
) -> None:
    """Refuse a pool from which the panel cannot be drawn, and say what is missing.

    Shape    `ineligible` are the reasons of those who cannot be drawn, one code each, so that the
             refusal tells why the pool is so small.
    Refuses  PoolTooSmall with the numbers, the kinds of expert that are missing, and the reasons.
    """
    needed = seats + RESERVE_MIN
    missing = sorted(kind for kind in required if not any(kind in one.kinds for one in eligible))
    if len(eligible) < needed or missing or len(required) > seats:
        raise PoolTooSmall(
            needed=needed,
            eligible=len(eligible),
            short_by=max(0, needed - len(eligible)),
            missing_kinds=missing,
            not_eligible=dict(sorted(Counter(ineligible).items())),
        )


def eligible_of(pool: Mapping[str, Any]) -> list[Eligible]:
    """Read those who can be drawn from a frozen pool."""
    return [
        Eligible(expert=one["expert"], kinds=frozenset(one["kinds"])) for one in pool["eligible"]
    ]


def record_of(
    pool: Mapping[str, Any],
    *,
    secret: bytes,
    contribution: bytes,
    facts: Mapping[str, str],
) -> dict[str, Any]:
    """Write the record of a draw; `facts` say who took part and when, and decide nothing."""
    pool_sha256 = digest_of(pool)
    seed = seed_of(pool_sha256, secret=secret, contribution=contribution)
    drawn = draw(eligible_of(pool), seed, seats=pool["seats"], required=pool["required"])
    return {
        "form": RECORD_FORM,
        "pool": dict(pool),
        "pool_sha256": pool_sha256,
        "commitment": commitment_of(secret),
        "secret": secret.hex(),
        "contribution": contribution.hex(),
        "seed": seed.hex(),
        "order": list(drawn.order),
        "seats": list(drawn.seats),
        "reserve": list(drawn.reserve),
        "facts": dict(facts),
    }


def computed_again(document: object) -> dict[str, Any]:
    """Compute a record again from its pool and its secrets alone.

    Refuses  DrawDocumentUnfit for what is not the record of a draw; EntropyUnfit; PoolTooSmall.
    """
    try:
        assert isinstance(document, dict) and document["form"] == RECORD_FORM
        pool, facts = document["pool"], document["facts"]
        assert isinstance(pool, dict) and pool["form"] == POOL_FORM
        canonical_json(document)
        secret, contribution = bytes_of(document["secret"]), bytes_of(document["contribution"])
        return record_of(pool, secret=secret, contribution=contribution, facts=facts)
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError) as unfit:
        raise DrawDocumentUnfit() from unfit
