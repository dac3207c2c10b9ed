"""The shapes of the scoring room on the wire."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from marketplace.bids.tables.bids import Bid
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.people import Person
from marketplace.scoring.actions.panels import Seat
from marketplace.scoring.queries import blinding
from marketplace.scoring.queries.blinding import Aliases
from marketplace.scoring.rules.marks import GivenMark
from marketplace.scoring.rules.rubric import CRITERIA_MAX, JUDGES_MAX
from marketplace.scoring.tables.rounds import (
    HiddenSet,
    MarkRow,
    ObjectiveMark,
    PanelSeat,
    RankingRound,
    RoundReason,
)
from marketplace.wire.shapes import BilingualOut, Code, DecimalText, In, Out

MARKS_MAX = 100 * CRITERIA_MAX
"""Marks in one request: a hundred bids on every criterion that a call can have."""


def _yes_or_no(value: Any) -> Any:
    # A signature, or the end of a bid, must not hang on how "off" or 1 is read.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Label = Annotated[str, StringConstraints(pattern=r"^J[1-9][0-9]?(-[1-9][0-9]?)?$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class SeatIn(In):
    """A person to be seated."""

    person_id: UUID
    chair: YesNo = False


class PanelIn(In):
    """The whole panel of a call."""

    seats: Annotated[list[SeatIn], Field(min_length=1, max_length=JUDGES_MAX)]
    reason: Reason | None = None
    """Why they are named and not drawn."""

    def values(self) -> list[Seat]:
        """Turn the request into the values the action takes."""
        return [Seat(person_id=one.person_id, chair=one.chair) for one in self.seats]


class RecusalIn(In):
    """A judge who has to go, and why."""

    label: Label
    reason: Reason


class ReplacementIn(In):
    """Who takes the empty seat of a recused judge."""

    label: Label
    person_id: UUID | None = None
    """Where judges are named; a drawn judge is followed by the next in reserve."""


class SeatOut(Out, frozen=True, kw_only=True):
    """A judge by name; told to the bureau and to the judge, never public before the result."""

    label: str
    """What sheets and bidders see instead of the name."""
    person_id: UUID
    name: BilingualOut
    is_expert: bool
    is_chair: bool
    seated_at: dt.datetime
    signed_at: dt.datetime | None
    sheet_sha256: str | None
    """Digest of the sheet that was signed."""
    is_drawn: bool
    named_reason: str | None
    recused_at: dt.datetime | None
    recusal_reason: str | None

    @classmethod
    def of(cls, row: PanelSeat, person: Person) -> "SeatOut":
        """Read one seat."""
        return cls(
            label=row.label,
            person_id=row.person_id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            is_expert=row.is_expert,
            is_chair=row.is_chair,
            seated_at=row.seated_at,
            signed_at=row.signed_at,
            sheet_sha256=row.sheet_sha256,
            is_drawn=row.draw_id is not None,
            named_reason=row.named_reason,
            recused_at=row.recused_at,
            recusal_reason=row.recusal_reason,
        )


class HiddenSetOut(Out, frozen=True, kw_only=True):
    """That a hidden set was taken in; what is in it is told to nobody."""

    id: UUID
    criterion: str
    number: int
    """1 for the first set of the criterion; a later one takes its place."""
    rows: int
    file_sha256: str
    uploaded_at: dt.datetime
    counts_from: dt.datetime | None
    """Since when files are measured against it; null: not before a re-scoring is committed."""

    @classmethod
    def of(cls, row: HiddenSet) -> "HiddenSetOut":
        """Read one hidden set."""
        return cls(
            id=row.id,
            criterion=row.criterion,
            number=row.number,
            rows=row.rows,
            file_sha256=row.file_sha256,
            uploaded_at=row.uploaded_at,
            counts_from=row.counts_from,
        )


class MarkIn(In):
    """One mark of one bid on one criterion."""

    bid_id: UUID
    criterion: Code
    mark: DecimalText

    def value(self) -> GivenMark:
        """Turn the request into the value the action takes."""
        return GivenMark(bid_id=self.bid_id, criterion=self.criterion, value=self.mark)


class ScoreSheetIn(In):
    """One's own marks, some or all of them; signing closes the sheet."""

    marks: Annotated[list[MarkIn], Field(max_length=MARKS_MAX)] = Field(default_factory=list)
    sign: YesNo = False


class ObjectiveMarksIn(In):
    """Marks read off the published tables, decided once for all judges."""

    marks: Annotated[list[MarkIn], Field(min_length=1, max_length=MARKS_MAX)]


class MarkOut(Out, frozen=True, kw_only=True):
    """One mark."""

    bid_id: UUID
    criterion: str
    mark: str
    """An exact decimal."""

    @classmethod
    def of(cls, row: MarkRow | ObjectiveMark, aliases: Aliases = None) -> "MarkOut":
        """Read one mark; `aliases` where the reader may not know whose bid it is."""
        bid_id = blinding.masked(aliases, row.bid_id)
        return cls(bid_id=bid_id, criterion=row.criterion, mark=row.value)


class ScoreSheetOut(Out, frozen=True, kw_only=True):
    """The sheet of one judge."""

    judge: str
    signed_at: dt.datetime | None
    recused_at: dt.datetime | None
    marks: list[MarkOut] | None
    """Null before the first round unless the sheet is one's own, and while a judge has to sign."""
    sheet_sha256: str | None
    """Digest of the signed sheet: its bids by their own ids, its marks sorted."""

    @classmethod
    def of(
        cls, seat: PanelSeat, marks: Sequence[MarkRow] | None, aliases: Aliases = None
    ) -> "ScoreSheetOut":
        """Read one sheet; `aliases` where the reader may not know whose bids they are."""
        return cls(
            judge=seat.label,
            signed_at=seat.signed_at,
            recused_at=seat.recused_at,
            marks=None if marks is None else [MarkOut.of(row, aliases) for row in marks],
            sheet_sha256=seat.sheet_sha256,
        )


class BidToMarkOut(Out, frozen=True, kw_only=True):
    """A bid as a judge needs it to give marks; without its price."""

    bid_id: UUID
    bidder: BilingualOut
    state: str
    summary: str

    @classmethod
    def of(cls, bid: Bid, bidder: Organization, aliases: Aliases = None) -> "BidToMarkOut":
        """Read one opened bid; `aliases` where the reader may not know whose it is."""
        if aliases is not None:
            alias = aliases[bid.id]
            return cls(
                bid_id=alias.alias_id,
                bidder=BilingualOut(zh=alias.name_zh, en=alias.name_en),
                state=bid.state.value,
                summary=(bid.offer or {}).get("summary", ""),
            )
        return cls(
            bid_id=bid.id,
            bidder=BilingualOut(zh=bidder.name_zh, en=bidder.name_en),
            state=bid.state.value,
            summary=(bid.offer or {}).get("summary", ""),
        )


class ScoreSheetsOut(Out, frozen=True, kw_only=True):
    """Score sheets with what stands beside them: the bids, and the marks decided for all judges."""

    items: list[ScoreSheetOut]
    bids: list[BidToMarkOut]
    objective_marks: list[MarkOut]


class MarksOut(Out, frozen=True, kw_only=True):
    """Marks that were decided."""

    items: list[MarkOut]


class RankingRoundIn(In):
    """Why the ranking is computed: `first`, or a reason of the closed list to do it again."""

    reason: RoundReason
    note: Reason | None = None


class RankingRoundOut(Out, frozen=True, kw_only=True):
    """A ranking round without its content; the digests fix what went in and what came out."""

    id: UUID
    scenario_id: UUID
    number: int
    reason: RoundReason
    note: str | None
    """Told to those who may read whole rankings only."""
    ranked: int
    excluded: int
    sheet_sha256: str
    standings_sha256: str
    computed_at: dt.datetime
    superseded_at: dt.datetime | None

    @classmethod
    def of(cls, row: RankingRound, *, whole: bool) -> "RankingRoundOut":
        """Read one round; `whole` for those who may read all of it."""
        return cls(
            id=row.id,
            scenario_id=row.scenario_id,
            number=row.number,
            reason=row.reason,
            note=row.note if whole else None,
            ranked=row.summary["ranked"],
            excluded=row.summary["excluded"],
            sheet_sha256=row.sheet_sha256,
            standings_sha256=row.standings_sha256,
            computed_at=row.computed_at,
            superseded_at=row.superseded_at,
        )


class OwnStandingOut(Out, frozen=True, kw_only=True):
    """What a bidder learns of a ranking: their own points and place, and among how many."""

    bid_id: UUID
    ranked: int
    rank: int | None
    """Null for a bid that was not ranked; `exclusion` says why."""
    total: str | None
    points: dict[str, str]
    exclusion: str | None

    @classmethod
    def of(cls, document: dict[str, Any], bid_id: UUID) -> "OwnStandingOut":
        """Find one's own line in the document of the standings."""
        lines = {one["bid_id"]: one for one in (*document["standings"], *document["excluded"])}
        own = lines[str(bid_id)]
        return cls(
            bid_id=bid_id,
            ranked=len(document["standings"]),
            rank=own.get("rank"),
            total=own.get("total"),
            points=own.get("points", {}),
            exclusion=own.get("reason"),
        )


class OwnExplanationOut(Out, frozen=True, kw_only=True):
    """Why one's own bid stands where it stands, line by line."""

    bid_id: UUID
    zh: list[str]
    en: list[str]

    @classmethod
    def of(cls, document: dict[str, Any], bid_id: UUID) -> "OwnExplanationOut":
        """Find one's own lines in the document of the explanations."""
        own = document["bids"][str(bid_id)]
        return cls(bid_id=bid_id, zh=own["zh"], en=own["en"])
