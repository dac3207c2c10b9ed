"""What a panel decides together: by a majority of the seats that are taken, never of those present.

A judge who is silent is counted as seated and not as agreeing; a recused judge is counted as
neither.  Whoever signs a sheet without having voted against a bid has agreed that it answers the
call: dissent is written down with its reasons, or it is consent.

Source   政府采购法实施条例 (implementing regulation of the Government Procurement Law), article 41.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Matter(StrEnum):
    """What is voted on."""

    RESPONSIVENESS = "responsiveness"
    """Whether a bid answers the substance of the call (B10)."""
    PRICE_DOUBT = "price_doubt"
    """Whether a price is so low that its bidder must explain it, although no figure says so."""
    PRICE_EXPLANATION = "price_explanation"
    """Whether the explanation of a low price is accepted."""


SIGNED_WITHOUT_OBJECTION: Final = "signed_without_objection"
CONSENT: Final = {
    "zh": "签署评分表时未提出异议,视为同意",
    "en": "Signed the sheet without objection, which is consent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the seats of a panel stand on one matter."""

    seated: int
    agreed: int
    opposed: int

    @property
    def outcome(self) -> bool | None:
        """What more than half of the seats want; None while that is open.

        >>> [Tally(seated=5, agreed=yes, opposed=2).outcome for yes in (2, 3)]
        [None, True]
        >>> Tally(seated=4, agreed=2, opposed=2).outcome is None
        True
        """
        if 2 * self.agreed > self.seated:
            return True
        if 2 * self.opposed > self.seated:
            return False
        return None


def tally(seated: Iterable[str], votes: Iterable[tuple[str, bool]]) -> Tally:
    """Count the votes of those who are seated; everybody else's are void.

    Shape    seats by label, votes as label and whether it agrees, at most one for each seat.

    >>> tally(["J1", "J2", "J3"], [("J1", False), ("J9", False)]).outcome is None
    True
    """
    seats = frozenset(seated)
    counted = [agrees for seat, agrees in votes if seat in seats]
    return Tally(seated=len(seats), agreed=sum(counted), opposed=len(counted) - sum(counted))
