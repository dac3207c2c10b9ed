"""Who takes part, as far as a secret of the call lets it be recognised; and invitations."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec
from sqlmodel import col, or_, select

from marketplace.bids.errors.consortia import InvitationUnknown
from marketplace.bids.rules.invitation_lifecycle import InvitationState
from marketplace.bids.tables.participation import (
    ConsortiumInvitation,
    Participation,
    ParticipationSecret,
)
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context

NO_SECRET: Final = bytes(32)
"""Recognises nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a lead and a member have to agree on; kept sealed."""

    lead_id: UUID
    member_id: UUID
    share_bps: int
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation with its terms in the clear, for one of its two parties."""

    row: ConsortiumInvitation
    terms: Terms


def token_of(secret: bytes, organization_id: UUID) -> str:
    """Write an organisation so that only whoever has the secret of the call recognises it."""
    return hmac.digest(secret, organization_id.bytes, "sha256").hex()


async def secret_of(session: ReadSession, scenario_id: UUID, *, keeper: Keeper) -> bytes | None:
    """Open the secret of a call; None while nobody has needed one."""
    found = await session.exec(
        select(ParticipationSecret).where(ParticipationSecret.scenario_id == scenario_id)
    )
    row = found.first()
    if row is None:
        return None
    context = sealed_context(ParticipationSecret, "sealed_secret", scenario_id=scenario_id)
    return keeper.unseal(row.sealed_secret, context=context)


async def _secret_in_equal_time(
    session: ReadSession, scenario_id: UUID, *, keeper: Keeper
) -> bytes:
    """Open the secret of a call, or another in its place and forget it: whoever asks must not learn
    by the clock whether anybody takes part.
    """
    columns = select(ParticipationSecret.scenario_id, ParticipationSecret.sealed_secret)
    own = (
        await session.exec(columns.where(ParticipationSecret.scenario_id == scenario_id))
    ).first()
    other = (await session.exec(columns.limit(1))).first()
    row = own or other
    if row is None:
        return NO_SECRET
    context = sealed_context(ParticipationSecret, "sealed_secret", scenario_id=row[0])
    opened = keeper.unseal(row[1], context=context)
    return opened if own else NO_SECRET


async def tokens_held(
    session: ReadSession, scenario_id: UUID, tokens: Collection[str], *, besides: UUID
) -> frozenset[str]:
    """Tell which of some participants take part through another bid than `besides`."""
    found = await session.exec(
        select(Participation.token)
        .where(Participation.scenario_id == scenario_id)
        .where(col(Participation.token).in_(tokens))
        .where(Participation.bid_id != besides)
    )
    return frozenset(found.all())


async def invitations(
    session: ReadSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    keeper: Keeper,
    after: UUID = UUID(int=0),
    limit: int | None = None,
) -> Sequence[Invitation]:
    """List the invitations on a call that the actor's organisation has sent or received."""
    secret = await _secret_in_equal_time(session, scenario_id, keeper=keeper)
    token = token_of(secret, actor.organization_id)
    row = ConsortiumInvitation
    found = await session.exec(
        select(row)
        .where(row.scenario_id == scenario_id)
        .where(or_(col(row.lead_token) == token, col(row.member_token) == token))
        .where(col(row.id) > after)
        .order_by(col(row.id))
        .limit(limit)
    )
    return [Invitation(row=one, terms=terms_of(one, keeper=keeper)) for one in found.all()]


async def invitation(
    session: ReadSession, actor: Actor, invitation_id: UUID, *, keeper: Keeper, lock: bool = False
) -> Invitation:
    """Find one invitation of which the actor's organisation is a party; no other exists for it."""
    statement = select(ConsortiumInvitation).where(ConsortiumInvitation.id == invitation_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise InvitationUnknown(invitation_id=str(invitation_id))
    terms = terms_of(row, keeper=keeper)
    if actor.organization_id not in {terms.lead_id, terms.member_id}:
        raise InvitationUnknown(invitation_id=str(invitation_id))
    return Invitation(row=row, terms=terms)


async def accepted_shares(
    session: ReadSession, scenario_id: UUID, lead_id: UUID, *, keeper: Keeper
) -> dict[UUID, int]:
    """Tell who has agreed to be led by an organisation on a call, and with which share."""
    secret = await secret_of(session, scenario_id, keeper=keeper)
    if secret is None:
        return {}
    found = await session.exec(
        select(ConsortiumInvitation)
        .where(ConsortiumInvitation.scenario_id == scenario_id)
        .where(ConsortiumInvitation.lead_token == token_of(secret, lead_id))
        .where(ConsortiumInvitation.state == InvitationState.ACCEPTED)
    )
    agreed = [terms_of(row, keeper=keeper) for row in found.all()]
    return {terms.member_id: terms.share_bps for terms in agreed}


def terms_of(row: ConsortiumInvitation, *, keeper: Keeper) -> Terms:
    """Open the terms of an invitation."""
    context = sealed_context(ConsortiumInvitation, "sealed_terms", id=row.id)
    return msgspec.json.decode(keeper.unseal(row.sealed_terms, context=context), type=Terms)
