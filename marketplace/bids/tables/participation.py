"""Who takes part in a call while its bids are sealed, in a form that does not say who.

An organisation stands here as a keyed digest under a secret of the call, which itself is sealed:
the database alone can tell that two bids name the same organisation, and not which one.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.bids.rules.invitation_lifecycle import InvitationState
from marketplace.kit.tables import Row, Versioned, digest, sealed, text_enum

_LIVE: Any = text("state IN ('invited', 'accepted')")


class ParticipationSecret(Row, table=True):
    """The secret of one call under which its participants are recognised."""

    __tablename__ = "participation_secret"

    scenario_id: UUID = Field(foreign_key="scenario.id", unique=True)
    sealed_secret: bytes = sealed(context="participation_secret/{scenario_id}")
    created_at: dt.datetime


class Participation(Row, table=True):
    """One organisation that takes part through one live bid, sealed or waiting to be confirmed."""

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("scenario_id", "token"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    token: str = digest()


class ConsortiumInvitation(Versioned, table=True):
    """A lead asks a member to bid together; who they are is known to the two of them only."""

    __tablename__ = "consortium_invitation"
    __table_args__ = (
        Index(
            "uq_consortium_invitation_live",
            "scenario_id",
            "lead_token",
            "member_token",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        Index("ix_consortium_invitation_member", "scenario_id", "member_token"),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id")
    lead_token: str = digest()
    member_token: str = digest()
    sealed_terms: bytes = sealed(context="consortium_invitation/{id}/terms")
    """Who leads, who is asked, with which share and for what."""
    state: InvitationState = Field(sa_type=text_enum(InvitationState))
    created_at: dt.datetime
    answered_at: dt.datetime | None = Field(default=None)
