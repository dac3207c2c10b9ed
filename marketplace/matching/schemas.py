"""What is asked of the matching room and what it answers."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.board.rules.matching import CODES_MAX
from marketplace.board.tables import CallWish
from marketplace.matching.queries import Similar
from marketplace.matching.rules.lifecycle import MatchmakingState
from marketplace.matching.rules.similarity import Likeness
from marketplace.matching.tables import (
    Matchmaking,
    MatchmakingOutcome,
    MatchmakingRegistration,
)
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Moment, Out

CALLS_MAX = 50
NOTES_MAX = 50
CapabilityCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
MatchmakingNumber = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9]([A-Z0-9-]{0,38}[A-Z0-9])?$")
]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class SimilarOut(Out, frozen=True, kw_only=True):
    """A scenario that says much the same; a hint, never a decision."""

    scenario_id: UUID
    number: str
    state: str
    title: BilingualOut
    shared_bps: int
    """Common words and pairs of characters among all of both, in basis points."""
    likeness: Likeness
    same_domain: bool
    same_end_user: bool
    phrases: list[str]
    """What stands in both problem texts, simplified and folded, longest first."""

    @classmethod
    def of(cls, found: Similar) -> "SimilarOut":
        """Read one hint."""
        return cls(
            scenario_id=found.row.id,
            number=found.row.number,
            state=found.row.state.value,
            title=BilingualOut(zh=found.title_zh, en=found.title_en),
            shared_bps=found.likened.shared_bps,
            likeness=found.likened.likeness,
            same_domain=found.same_domain,
            same_end_user=found.same_end_user,
            phrases=list(found.phrases),
        )


class SimilarsOut(Out, frozen=True, kw_only=True):
    """Scenarios like one, among those the caller may know of, most alike first."""

    items: list[SimilarOut]


class WishIn(In):
    """What solvers of the call should be able to do."""

    codes: Annotated[list[CapabilityCode], Field(max_length=CODES_MAX)]


class WishOut(Out, frozen=True, kw_only=True):
    """What the poster hopes solvers can do; a hint, no condition."""

    scenario_id: UUID
    version: int
    """0: nothing was ever declared."""
    codes: list[str]

    @classmethod
    def of(cls, scenario_id: UUID, row: CallWish | None) -> "WishOut":
        """Read one wish, or the absence of one."""
        return cls(
            scenario_id=scenario_id,
            version=0 if row is None else row.version,
            codes=[] if row is None else list(row.codes),
        )


class MatchmakingIn(In):
    """A meeting to announce; its host is the caller's organisation."""

    number: MatchmakingNumber
    title: BilingualIn
    starts_at: Moment
    place: BilingualIn
    scenario_ids: Annotated[list[UUID], Field(max_length=CALLS_MAX)]
    """The published calls it is about."""


class MatchmakingOut(Out, frozen=True, kw_only=True):
    """A meeting; never how many come to it."""

    id: UUID
    version: int
    number: str
    title: BilingualOut
    host_id: UUID
    starts_at: dt.datetime
    place: BilingualOut
    state: MatchmakingState
    scenario_ids: list[UUID]

    @classmethod
    def of(cls, row: Matchmaking, scenario_ids: tuple[UUID, ...]) -> "MatchmakingOut":
        """Read one meeting."""
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            title=BilingualOut(zh=row.title["zh"], en=row.title.get("en")),
            host_id=row.host_id,
            starts_at=row.starts_at,
            place=BilingualOut(zh=row.place["zh"], en=row.place.get("en")),
            state=row.state,
            scenario_ids=list(scenario_ids),
        )


class RegistrationOut(Out, frozen=True, kw_only=True):
    """An organisation comes, or has taken that back."""

    id: UUID
    matchmaking_id: UUID
    organization_id: UUID
    registered_at: dt.datetime
    withdrawn_at: dt.datetime | None

    @classmethod
    def of(cls, row: MatchmakingRegistration) -> "RegistrationOut":
        """Read one registration."""
        return cls(
            id=row.id,
            matchmaking_id=row.matchmaking_id,
            organization_id=row.organization_id,
            registered_at=row.registered_at,
            withdrawn_at=row.withdrawn_at,
        )


class NoteIn(In):
    """What came of one call."""

    scenario_id: UUID
    note: Note


class OutcomesIn(In):
    """What came of the calls of a meeting."""

    notes: Annotated[list[NoteIn], Field(min_length=1, max_length=NOTES_MAX)]


class OutcomeOut(Out, frozen=True, kw_only=True):
    """What the host noted for one call."""

    id: UUID
    scenario_id: UUID
    note: str
    noted_at: dt.datetime

    @classmethod
    def of(cls, row: MatchmakingOutcome) -> "OutcomeOut":
        """Read one note."""
        return cls(id=row.id, scenario_id=row.scenario_id, note=row.note, noted_at=row.noted_at)


class OutcomesOut(Out, frozen=True, kw_only=True):
    """What was just noted."""

    items: list[OutcomeOut]
