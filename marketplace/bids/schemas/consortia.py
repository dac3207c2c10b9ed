"""The shapes of invitations to bid together on the wire."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.bids.queries.participation import Invitation
from marketplace.bids.rules.invitation_lifecycle import InvitationState
from marketplace.identity.rules.access import Actor
from marketplace.wire.shapes import Bps, In, Out, ShortText

Uscc = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")]


class InvitationIn(In):
    """Whom to ask, with which share of the contract, and for what."""

    uscc: Uscc
    """The unified social credit code of the member."""
    share_bps: Annotated[Bps, Field(ge=1)]
    part: ShortText


class InvitationOut(Out, frozen=True, kw_only=True):
    """An invitation to bid together, as one of its two parties sees it."""

    id: UUID
    version: int
    scenario_id: UUID
    lead_id: UUID
    member_id: UUID
    share_bps: int
    part: str
    state: InvitationState
    leads: bool
    """Whether your organisation is the lead."""
    created_at: dt.datetime
    answered_at: dt.datetime | None

    @classmethod
    def of(cls, found: Invitation, actor: Actor) -> "InvitationOut":
        """Read one invitation for one of its parties."""
        row, terms = found.row, found.terms
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            lead_id=terms.lead_id,
            member_id=terms.member_id,
            share_bps=terms.share_bps,
            part=terms.part,
            state=row.state,
            leads=actor.organization_id == terms.lead_id,
            created_at=row.created_at,
            answered_at=row.answered_at,
        )
