"""Register and retire the keys of custodians."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.custody import queries
from marketplace.custody.errors import (
    CustodyKeyRegistered,
    CustodyKeyRetired,
    CustodyKeyTaken,
    CustodyKeyUnknown,
    TooManyCustodians,
)
from marketplace.custody.rules.passphrases import check_passphrase
from marketplace.custody.rules.sides import CUSTODIANS_MAX, KeyForm, Side
from marketplace.custody.tables import CustodyKey
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import memberships as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import envelopes, passphrases
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A pair that the platform made, with its private key locked by a passphrase."""

    public_key: bytes
    private_key: bytes = field(repr=False)


async def locked_pair(passphrase: str, *, hasher: Hasher) -> Locked:
    """Make a pair for whoever has only a browser; refuses PassphraseWeak.

    Done before anything is locked in the database, because it takes long on purpose.
    """
    check_passphrase(passphrase)
    private, public = envelopes.new_pair()
    locked = await hasher.in_turn(
        lambda: passphrases.lock(
            private,
            passphrase,
            context=public,
            memory_kib=hasher.memory_kib,
            passes=hasher.passes,
        )
    )
    return Locked(public_key=public, private_key=locked)


def side_of(actor: Actor, organization_id: UUID) -> Side:
    """Tell on which side an actor keeps shares of an organisation's calls.

    Shape    an officer only for the own bureau, a supervisor for any, as they may open.
    """
    access.signed_in(actor)
    there = actor.at(organization_id)
    if actor.is_system or not (
        there.may(Permission.BIDS_OPEN) or there.may(Permission.BIDS_WITNESS)
    ):
        raise NotPermitted(permission=Permission.BIDS_OPEN.value)
    return Side.OFFICER if there.may(Permission.BIDS_OPEN) else Side.SUPERVISOR


async def register_key(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    public_key: bytes,
    locked: Locked | None = None,
    keeper: Keeper,
    now: dt.datetime,
) -> CustodyKey:
    """Register the public key of a custodian, for the lockboxes that are made from now on.

    Refuses  NotPermitted for whoever neither opens nor witnesses there, KeyUnfit, CustodyKeyTaken,
             CustodyKeyRegistered, TooManyCustodians.
    """
    side = side_of(actor, organization_id)
    envelopes.check_public(public_key)
    await identity.place(session, organization_id, lock=True)
    if await queries.is_registered(session, public_key):
        raise CustodyKeyTaken()
    present = await queries.live_keys(session, organization_id)
    _check_room(present, actor, side)
    key_id = new_id()
    row = CustodyKey(
        id=key_id,
        organization_id=organization_id,
        person_id=actor.person_id,
        member_of=actor.organization_id,
        side=side,
        form=KeyForm.OWN if locked is None else KeyForm.LOCKED,
        public_key=public_key,
        created_at=now,
    )
    if locked is not None:
        context = sealed_context(CustodyKey, "sealed_private", id=key_id)
        row.sealed_private = keeper.seal(locked.private_key, context=context)
    session.add(row)
    await session.flush()
    return row


async def retire_key(
    session: WriteSession, actor: Actor, key_id: UUID, *, now: dt.datetime
) -> CustodyKey:
    """Close nothing more to a key: its own person, or an approver of the bureau it is for."""
    access.signed_in(actor)
    row = await queries.custody_key(session, key_id, lock=True)
    own = row.person_id == actor.person_id
    if not own and not actor.at(row.organization_id).may(Permission.SCENARIOS_APPROVE):
        if not queries.may_oversee(actor, row.organization_id):
            raise CustodyKeyUnknown(key_id=str(key_id))
        raise NotPermitted(permission=Permission.SCENARIOS_APPROVE.value)
    if row.retired_at is not None:
        raise CustodyKeyRetired()
    row.retired_at = now
    await session.flush()
    return row


def _check_room(present: Sequence[CustodyKey], actor: Actor, side: Side) -> None:
    if any(row.person_id == actor.person_id for row in present):
        raise CustodyKeyRegistered()
    if sum(row.side is side for row in present) >= CUSTODIANS_MAX:
        raise TooManyCustodians(most=CUSTODIANS_MAX)
