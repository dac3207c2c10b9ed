"""The shapes of what a panel decides together, and of low prices."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from marketplace.identity.rules.access import Actor, Permission
from marketplace.scoring.actions.responsiveness import Word
from marketplace.scoring.queries.rounds import Candidate
from marketplace.scoring.rules.voting import Tally
from marketplace.scoring.schemas.rounds import YesNo
from marketplace.scoring.tables.rounds import PanelSeat
from marketplace.scoring.tables.votes import PanelVote, PriceInquiry
from marketplace.wire.shapes import BilingualOut, Code, In, LongBilingualIn, Out

Explanation = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)
]


class ResponsivenessIn(In):
    """One's own vote on whether a bid answers the call."""

    responsive: YesNo
    reason_code: Code
    reason: LongBilingualIn

    def word(self) -> Word:
        """Turn the request into the value the action takes."""
        return Word(
            agrees=self.responsive, reason_code=self.reason_code, reason=self.reason.document()
        )


class ExplanationVoteIn(In):
    """One's own vote on whether the explanation of a low price is accepted."""

    accepted: YesNo
    reason: LongBilingualIn

    def word(self) -> Word:
        """Turn the request into the value the action takes."""
        return Word(
            agrees=self.accepted,
            reason_code="price_explained" if self.accepted else "price_not_explained",
            reason=self.reason.document(),
        )


class PriceDoubtIn(In):
    """One's own vote on whether a price has to be explained."""

    doubtful: YesNo
    reason: LongBilingualIn

    def word(self) -> Word:
        """Turn the request into the value the action takes."""
        return Word(
            agrees=self.doubtful, reason_code="price_doubted", reason=self.reason.document()
        )


class PriceExplanationIn(In):
    """Why the price is what it is: the cost, in the bidder's own words."""

    explanation: Explanation


class VoteOut(Out, frozen=True, kw_only=True):
    """How one seat voted."""

    judge: str
    agrees: bool
    reason_code: str
    reason: BilingualOut
    cast_at: dt.datetime
    void: bool
    """Whether the judge was recused: the vote is kept and not counted."""

    @classmethod
    def of(cls, row: PanelVote, seat: PanelSeat) -> "VoteOut":
        """Read one vote."""
        return cls(
            judge=seat.label,
            agrees=row.agrees,
            reason_code=row.reason_code,
            reason=BilingualOut(zh=row.reason["zh"], en=row.reason.get("en")),
            cast_at=row.cast_at,
            void=seat.recused_at is not None,
        )


class VotesOut(Out, frozen=True, kw_only=True):
    """How a panel stands on one matter of one bid."""

    bid_id: UUID
    matter: str
    seated: int
    cast: int
    """How many of those who are seated have voted; how they voted is told once it is decided."""
    decided: bool | None
    """What the majority of the seats wants; null while that is open."""
    votes: list[VoteOut]
    """All of them once it is decided; before that a judge finds only their own."""

    @classmethod
    def of(
        cls,
        bid_id: UUID,
        matter: str,
        counted: Tally,
        votes: Sequence[tuple[PanelVote, PanelSeat]],
        *,
        own: PanelSeat | None,
    ) -> "VotesOut":
        """Read the votes on one matter, as far as they may be told."""
        told = [
            (vote, seat)
            for vote, seat in votes
            if counted.outcome is not None or (own is not None and seat.id == own.id)
        ]
        return cls(
            bid_id=bid_id,
            matter=matter,
            seated=counted.seated,
            cast=counted.agreed + counted.opposed,
            decided=counted.outcome,
            votes=[VoteOut.of(vote, seat) for vote, seat in told],
        )


class PriceInquiryOut(Out, frozen=True, kw_only=True):
    """A price that has to be explained: by which rules, until when, and what came of it."""

    bid_id: UUID
    quote_fen: int
    currency: str = "CNY"
    lines_fen: dict[str, int]
    """Each rule that the quote is below, with its line; empty where the panel itself asks."""
    asked_at: dt.datetime
    answer_until: dt.datetime
    explanation: str | None
    explained_at: dt.datetime | None
    accepted: bool | None
    decided_at: dt.datetime | None
    may_explain: bool
    """Whether the caller is its bidder and may still answer."""
    blocked: str | None
    """Why its bidder may not answer any more, as a code; null for everybody else."""

    @classmethod
    def of(
        cls,
        row: PriceInquiry,
        actor: Actor,
        shown: UUID,
        *,
        solver_id: UUID,
        now: dt.datetime,
    ) -> "PriceInquiryOut":
        """Read one inquiry as its caller may act on it, `shown` as the caller calls the bid."""
        bidder = actor.organization_id == solver_id
        refused = None
        if row.explained_at is not None or row.accepted is not None:
            refused = "scoring.price_explained_already"
        elif now >= row.answer_until:
            refused = "scoring.explanation_late"
        elif not actor.may(Permission.BIDS_SUBMIT):
            refused = "identity.not_permitted"
        return cls(
            bid_id=shown,
            quote_fen=row.quote_fen,
            # What the others offer stands behind the lines of the mean and of the second lowest.
            lines_fen={} if bidder else row.hits,
            asked_at=row.asked_at,
            answer_until=row.answer_until,
            explanation=row.explanation,
            explained_at=row.explained_at,
            accepted=row.accepted,
            decided_at=row.decided_at,
            may_explain=bidder and refused is None,
            blocked=refused if bidder else None,
        )


class PriceInquiriesOut(Out, frozen=True, kw_only=True):
    """Prices that have to be explained, or had to."""

    items: list[PriceInquiryOut]


class CandidateOut(Out, frozen=True, kw_only=True):
    """A recommended bid and its place."""

    bid_id: UUID
    rank: int

    @classmethod
    def of(cls, one: Candidate) -> "CandidateOut":
        """Read one candidate."""
        return cls(bid_id=one.bid_id, rank=one.rank)


class CandidatesOut(Out, frozen=True, kw_only=True):
    """The candidates of a call, best first."""

    items: list[CandidateOut]
