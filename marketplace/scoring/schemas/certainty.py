"""The shapes in which the certainty of a ranking is told at the door."""

from typing import Any, Literal
from uuid import UUID

from marketplace.wire.shapes import Out

Language = Literal["zh", "en"]


class OwnCertaintyOut(Out, frozen=True, kw_only=True):
    """How sure a bidder's own place is, and nothing of the others."""

    bid_id: UUID
    rank: int | None
    """Null for a bid that was not ranked, or of whose place nothing could be computed."""
    interval_90: list[int] | None
    """The best and the worst rank of the central 90 % of the resamples."""
    first_percent: str | None
    """In how many per cent of the resamples this bid came first."""
    resamples: int

    @classmethod
    def of(cls, document: dict[str, Any], bid_id: UUID) -> "OwnCertaintyOut":
        """Find one's own line in the document."""
        found = document["rank_intervals"] or {"bids": [], "resamples": 0}
        own: dict[str, Any] = next(
            (one for one in found["bids"] if one["bid_id"] == str(bid_id)), {}
        )
        return cls(
            bid_id=bid_id,
            rank=own.get("rank"),
            interval_90=own.get("interval_90"),
            first_percent=own.get("first_percent"),
            resamples=found["resamples"],
        )
