"""Bid together: a lead asks, a member agrees, and nobody else learns of it before the opening.

Lock order: call, then invitation.
"""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlmodel import select

from marketplace.bids.actions.offering import open_call
from marketplace.bids.actions.participating import call_secret
from marketplace.bids.errors.consortia import (
    CannotBeMember,
    InvitationUnknown,
    InvitedAlready,
    NoConsortia,
)
from marketplace.bids.queries import participation as queries
from marketplace.bids.queries import parties
from marketplace.bids.queries.participation import Invitation, Terms
from marketplace.bids.rules.invitation_lifecycle import INVITATION, InvitationState
from marketplace.bids.tables.participation import ConsortiumInvitation
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.offers import ConsortiumInvited, ConsortiumMoved
from marketplace.events.rules.envelope import Event
from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import canonical_json
from marketplace.kit.errors import Stale
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context

OF_THE_MEMBER: Final = frozenset({"accept", "decline"})
LIVE: Final = (InvitationState.INVITED, InvitationState.ACCEPTED)


async def invite_member(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    uscc: str,
    share_bps: int,
    part: str,
    keeper: Keeper,
    clock: Clock,
) -> Invitation:
    """Ask an organisation to bid together on a call, led by one's own (CI01).

    Refuses  NoConsortia, CallClosed, CallNotOpen; OrganizationNotVerified and NotInGoodStanding for
             the lead; CannotBeMember with the reason; InvitedAlready.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    call, now = await open_call(session, scenario_id, clock)
    if not call.content.offer_requirements.consortium_members_max:
        raise NoConsortia(scenario_id=str(scenario_id))
    on = day_of(now)
    await register.organization_in_good_standing(session, actor.organization_id, on=on)
    member = await identity.organization_by_uscc(session, uscc)
    if member is None or member.id == actor.organization_id:
        raise CannotBeMember(reason="unknown" if member is None else "lead")
    reason = await parties.why_no_member(session, call, member.id, on=on)
    if reason is not None:
        raise CannotBeMember(reason=reason)
    secret = await call_secret(session, scenario_id, keeper=keeper, now=now)
    lead_token = queries.token_of(secret, actor.organization_id)
    member_token = queries.token_of(secret, member.id)
    found = await session.exec(
        select(ConsortiumInvitation.id)
        .where(ConsortiumInvitation.scenario_id == scenario_id)
        .where(ConsortiumInvitation.lead_token == lead_token)
        .where(ConsortiumInvitation.member_token == member_token)
        .where(ConsortiumInvitation.state.in_(LIVE))  # type: ignore[attr-defined]
    )
    if found.first() is not None:
        raise InvitedAlready(scenario_id=str(scenario_id))
    terms = Terms(
        lead_id=actor.organization_id, member_id=member.id, share_bps=share_bps, part=part
    )
    row_id = new_id()
    context = sealed_context(ConsortiumInvitation, "sealed_terms", id=row_id)
    row = ConsortiumInvitation(
        id=row_id,
        scenario_id=scenario_id,
        lead_token=lead_token,
        member_token=member_token,
        sealed_terms=keeper.seal(canonical_json(_document(terms)), context=context),
        state=InvitationState(INVITATION.initial().target),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    said = ConsortiumInvited(invitation_id=row.id, scenario_id=scenario_id)
    await _tell(session, actor, member.id, scenario_id, said, now=now)
    return Invitation(row=row, terms=terms)


async def move_invitation(
    session: WriteSession,
    actor: Actor,
    invitation_id: UUID,
    *,
    verb: str,
    expected_version: int,
    keeper: Keeper,
    clock: Clock,
) -> Invitation:
    """Accept or decline as the member, revoke as the lead (CI02, CI03), before the deadline.

    Refuses  InvitationUnknown for anybody else, and for the wrong one of the two; a member that may
             not take part today cannot accept.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    unlocked = await queries.invitation(session, actor, invitation_id, keeper=keeper)
    call, now = await open_call(session, unlocked.row.scenario_id, clock)
    found = await queries.invitation(session, actor, invitation_id, keeper=keeper, lock=True)
    row, terms = found.row, found.terms
    mine, theirs = (
        (terms.member_id, terms.lead_id)
        if verb in OF_THE_MEMBER
        else (terms.lead_id, terms.member_id)
    )
    if actor.organization_id != mine:
        raise InvitationUnknown(invitation_id=str(invitation_id))
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    move = INVITATION.check(row.state, verb)
    if verb == "accept":
        reason = await parties.why_no_member(session, call, terms.member_id, on=day_of(now))
        if reason is not None:
            raise CannotBeMember(reason=reason)
    row.state = InvitationState(move.target)
    row.version += 1
    row.answered_at = now
    await session.flush()
    said = ConsortiumMoved(
        invitation_id=row.id, scenario_id=row.scenario_id, verb=verb, state=row.state.value
    )
    await _tell(session, actor, theirs, row.scenario_id, said, now=now)
    return found


def _document(terms: Terms) -> dict[str, object]:
    return {
        "lead_id": str(terms.lead_id),
        "member_id": str(terms.member_id),
        "share_bps": terms.share_bps,
        "part": terms.part,
    }


async def _tell(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    scenario_id: UUID,
    said: Event,
    *,
    now: dt.datetime,
) -> None:
    """Tell the one organisation that it concerns."""
    await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=organization_id,
        scenario_id=scenario_id,
    )
