"""What the matching room remembers."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, json_document, text_enum
from marketplace.matching.rules.lifecycle import MatchmakingState


class Matchmaking(Versioned, table=True):
    """A meeting of those who have problems with those who may solve them."""

    __tablename__ = "matchmaking"

    number: str = Field(max_length=40, unique=True)
    title: dict[str, str] = json_document()
    host_id: UUID = Field(foreign_key="organization.id", index=True)
    starts_at: dt.datetime
    place: dict[str, str] = json_document()
    state: MatchmakingState = Field(sa_type=text_enum(MatchmakingState))
    announced_by: UUID | None = Field(default=None, foreign_key="person.id")
    announced_at: dt.datetime
    ended_at: dt.datetime | None = Field(default=None)


class MatchmakingCall(Row, table=True):
    """One call a meeting is about."""

    __tablename__ = "matchmaking_call"
    __table_args__ = (UniqueConstraint("matchmaking_id", "scenario_id"),)

    matchmaking_id: UUID = Field(foreign_key="matchmaking.id")
    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)


class MatchmakingRegistration(Row, table=True):
    """An organisation comes; known to the host and to itself only."""

    __tablename__ = "matchmaking_registration"
    __table_args__ = (UniqueConstraint("matchmaking_id", "organization_id"),)

    matchmaking_id: UUID = Field(foreign_key="matchmaking.id")
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    registered_by: UUID = Field(foreign_key="person.id")
    registered_at: dt.datetime
    withdrawn_at: dt.datetime | None = Field(default=None)


class MatchmakingOutcome(Row, table=True):
    """What came of one call at a meeting; written by the host, never edited, read by whom it
    concerns.
    """

    __tablename__ = "matchmaking_outcome"

    matchmaking_id: UUID = Field(foreign_key="matchmaking.id", index=True)
    scenario_id: UUID = Field(foreign_key="scenario.id")
    note: str = Field(max_length=2000)
    noted_by: UUID | None = Field(default=None, foreign_key="person.id")
    noted_at: dt.datetime
