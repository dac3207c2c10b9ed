"""What the custody room can answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, or_, select

from marketplace.custody.errors import (
    CustodiansMissing,
    CustodyKeyUnknown,
    NoLockbox,
    NotCustodian,
)
from marketplace.custody.rules.sides import ROLE_OF, Holder, Side, check_two
from marketplace.custody.tables import CustodyKey, Lockbox, LockboxShare
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.people import Member
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError


async def custody_key(session: ReadSession, key_id: UUID, *, lock: bool = False) -> CustodyKey:
    """Find one custody key."""
    statement = select(CustodyKey).where(CustodyKey.id == key_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise CustodyKeyUnknown(key_id=str(key_id))
    return row


async def live_keys(session: ReadSession, organization_id: UUID) -> Sequence[CustodyKey]:
    """List the keys to which the next lockbox of an organisation could be closed."""
    found = await session.exec(
        select(CustodyKey)
        .where(CustodyKey.organization_id == organization_id)
        .where(col(CustodyKey.retired_at).is_(None))
        .order_by(col(CustodyKey.id))
    )
    return found.all()


async def is_registered(session: ReadSession, public_key: bytes) -> bool:
    """Tell whether anybody ever registered this public key."""
    found = await session.exec(select(CustodyKey.id).where(CustodyKey.public_key == public_key))
    return found.first() is not None


def may_oversee(actor: Actor, organization_id: UUID) -> bool:
    """Tell whether the actor may see who the custodians of an organisation are."""
    there = actor.at(organization_id)
    return any(
        there.may(permission)
        for permission in (
            Permission.BIDS_OPEN,
            Permission.BIDS_WITNESS,
            Permission.SCENARIOS_APPROVE,
            Permission.AUDIT_READ,
        )
    )


async def keys_seen_by(
    session: ReadSession, actor: Actor, organization_id: UUID, *, after: UUID, limit: int
) -> Sequence[CustodyKey]:
    """List custody keys: the actor's own, and all of an organisation for those who oversee it."""
    visible = col(CustodyKey.person_id) == actor.person_id
    if may_oversee(actor, organization_id):
        visible = or_(visible, col(CustodyKey.organization_id) == organization_id)
    found = await session.exec(
        select(CustodyKey)
        .where(visible)
        .where(col(CustodyKey.id) > after)
        .order_by(col(CustodyKey.id))
        .limit(limit)
    )
    return found.all()


async def holders(session: ReadSession, organization_id: UUID) -> dict[Side, list[Holder]]:
    """List the custodians who count today: their key is live and they still hold the role."""
    found = await session.exec(
        select(CustodyKey, Member)
        .where(CustodyKey.organization_id == organization_id)
        .where(col(CustodyKey.retired_at).is_(None))
        .where(Member.person_id == CustodyKey.person_id)
        .where(Member.organization_id == CustodyKey.member_of)
        .where(col(Member.left_at).is_(None))
        .order_by(col(CustodyKey.id))
    )
    sides: dict[Side, list[Holder]] = {side: [] for side in ROLE_OF}
    for key, member in found.all():
        if ROLE_OF[key.side].value in member.roles:
            sides[key.side].append(
                Holder(key_id=key.id, person_id=key.person_id, public_key=key.public_key)
            )
    return sides


async def sealing_refusal(session: ReadSession, organization_id: UUID) -> MarketplaceError | None:
    """Tell why no lockbox could be made for an organisation today, if so."""
    found = await holders(session, organization_id)
    try:
        check_two(found[Side.OFFICER], found[Side.SUPERVISOR])
    except CustodiansMissing as refusal:
        return refusal
    return None


async def releasing_refusal(
    session: ReadSession, actor: Actor, lockbox_id: UUID, side: Side
) -> MarketplaceError | None:
    """Tell why an actor could not release the share of a side, if so."""
    found = await shares(session, lockbox_id)
    held = any(one["person_id"] == str(actor.person_id) for one in found[side].holders)
    # With a recovery share whoever may open at all could bring that one.
    return None if held or Side.RECOVERY in found else NotCustodian(side=side.value)


async def lockbox(session: ReadSession, lockbox_id: UUID | None) -> Lockbox:
    """Find a lockbox."""
    row = None if lockbox_id is None else await session.get(Lockbox, lockbox_id)
    if row is None:
        raise NoLockbox()
    return row


async def shares(session: ReadSession, lockbox_id: UUID) -> dict[Side, LockboxShare]:
    """Find the shares of a lockbox, by side."""
    found = await session.exec(select(LockboxShare).where(LockboxShare.lockbox_id == lockbox_id))
    return {row.side: row for row in found.all()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """A lockbox as those who oversee it may see it, with what the caller can decrypt alone."""

    lockbox: Lockbox
    shares: dict[Side, LockboxShare]
    own: tuple[LockboxShare, ...]
    """The shares that are closed to a key of the caller's."""


async def custody(session: ReadSession, actor: Actor, lockbox_id: UUID | None) -> Custody:
    """Describe a lockbox: sides, custodians, commitments."""
    row = await lockbox(session, lockbox_id)
    found = await shares(session, row.id)
    own = tuple(
        share
        for share in found.values()
        if any(one.get("person_id") == str(actor.person_id) for one in share.holders)
    )
    return Custody(lockbox=row, shares=found, own=own)
