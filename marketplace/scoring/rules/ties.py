"""What happens when two bids have the same score: the published tie-breaks, in their order.

lower_evaluated_price    the lower price after deductions first
higher_points_of:<code>  the higher points of that criterion first
earlier_receipt          the bid that the server took earlier first
witnessed_draw           the smaller SHA-256 of "<seed>:<bid id>" in UTF-8 first

A draw is repeated by hand with `printf '%s' '<seed>:<bid id>' | sha256sum`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from marketplace.kit.digests import sha256_hex
from marketplace.scoring.errors.rounds import DrawSeedMissing
from marketplace.scoring.rules.documents import instant_utc
from marketplace.scoring.rules.rubric import HIGHER_POINTS_OF

LOWER_PRICE: Final = "lower_evaluated_price"
EARLIER_RECEIPT: Final = "earlier_receipt"
WITNESSED_DRAW: Final = "witnessed_draw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A bid as far as ties are concerned."""

    bid_id: str
    points: Mapping[str, Decimal]
    evaluated_price_fen: int | None
    received_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place and who holds it: one bid, or several where no rule is left to part them."""

    bid_ids: tuple[str, ...]
    broken_by: str | None
    """The rule that gave a single bid this place of its own; None where it needed none."""


def settle(
    tied: Sequence[Contender], *, tie_breaks: Sequence[str], draw_seed: str | None
) -> tuple[Place, ...]:
    """Part bids of equal score by each tie-break in turn, until all stand alone or rules end.

    Shape    places from first to last; bids that share one stand in the order of their ids.
    Refuses  DrawSeedMissing where a tie reaches the draw and no seed is recorded.
    """
    groups: list[tuple[list[Contender], str | None]] = [(list(tied), None)]
    for rule in tie_breaks:
        parted: list[tuple[list[Contender], str | None]] = []
        for members, broken_by in groups:
            if len(members) == 1:
                parted.append((members, broken_by))
                continue
            split = _split(members, rule, draw_seed)
            parted += [(part, rule if len(part) == 1 else None) for part in split]
        groups = parted
    return tuple(
        Place(bid_ids=tuple(sorted(member.bid_id for member in members)), broken_by=broken_by)
        for members, broken_by in groups
    )


def draw_number(seed: str, bid_id: str) -> str:
    """Draw for one bid: 64 hexadecimal digits, the smallest wins.

    >>> draw_number("closing index 3021.55", "B-1")[:8]
    '3d9a0a8e'
    """
    return sha256_hex(f"{seed}:{bid_id}".encode())


def _split(members: Sequence[Contender], rule: str, draw_seed: str | None) -> list[list[Contender]]:
    if rule == WITNESSED_DRAW and draw_seed is None:
        raise DrawSeedMissing(bids=sorted(member.bid_id for member in members))

    def key(member: Contender) -> tuple[int | Decimal, str]:
        if rule == LOWER_PRICE:
            return (member.evaluated_price_fen or 0, "")
        if rule == EARLIER_RECEIPT:
            return (0, instant_utc(member.received_at) or "")
        if rule == WITNESSED_DRAW:
            return (0, draw_number(draw_seed or "", member.bid_id))
        # copy_negate, unlike a minus sign, does not round by the context of the thread.
        return (member.points[rule.removeprefix(HIGHER_POINTS_OF)].copy_negate(), "")

    return [list(part) for _, part in groupby(sorted(members, key=key), key=key)]
