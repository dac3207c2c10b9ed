"""Make lockboxes, and forget their shares."""

import datetime as dt
import os
from collections.abc import Sequence
from uuid import UUID

from marketplace.custody import queries
from marketplace.custody.rules.sides import ORDER, Holder, Side, check_two, share_context
from marketplace.custody.tables import Lockbox, LockboxShare
from marketplace.kit import envelopes, sharing
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.ids import new_id


async def check_custodians(
    session: ReadSession, organization_id: UUID
) -> dict[Side, Sequence[Holder]]:
    """Find the custodians of an organisation, or refuse with CustodiansMissing."""
    holders = await queries.holders(session, organization_id)
    check_two(holders[Side.OFFICER], holders[Side.SUPERVISOR])
    return dict(holders)


async def make_lockbox(
    session: WriteSession,
    organization_id: UUID,
    *,
    recovery: Sequence[bytes],
    now: dt.datetime,
) -> Lockbox:
    """Make a pair, split its private key, close each share to its side, and forget the rest.

    Shape    `recovery` are the public keys that are kept offline; without one the third share is
             closed to nobody and lost on the spot.
    Refuses  CustodiansMissing.
    """
    holders = await check_custodians(session, organization_id)
    private, public = envelopes.new_pair()
    lockbox = Lockbox(
        id=new_id(), organization_id=organization_id, public_key=public, created_at=now
    )
    session.add(lockbox)
    await session.flush()
    split = sharing.split(private, entropy=os.urandom(sharing.ENTROPY_BYTES))
    for side, share in zip(ORDER, split, strict=True):
        closed_to = [one.public_key for one in holders.get(side, ())] or list(recovery)
        if not closed_to:
            continue
        content, context = share.to_bytes(), share_context(lockbox.id, side)
        session.add(
            LockboxShare(
                lockbox_id=lockbox.id,
                side=side,
                commitment=sharing.commitment(content, context=context),
                holders=_told(holders.get(side, ()), recovery),
                envelope=envelopes.close(content, recipients=closed_to, context=context),
            )
        )
    await session.flush()
    return lockbox


async def forget_shares(session: WriteSession, lockbox_id: UUID, *, now: dt.datetime) -> None:
    """Delete what is left of a lockbox's private key: nothing in it is opened a second time.

    What was withdrawn or replaced before the deadline stays closed for ever by this, unless two
    custodians kept copies of their shares.
    """
    lockbox = await queries.lockbox(session, lockbox_id)
    lockbox.forgotten_at = now
    for share in (await queries.shares(session, lockbox_id)).values():
        share.envelope = None
    await session.flush()


def _told(holders: Sequence[Holder], recovery: Sequence[bytes]) -> list[dict[str, str]]:
    """Write down whose keys a share is closed to; a recovery key is nobody's in particular."""
    if holders:
        return [one.to_document() for one in holders]
    return [{"public_key": key.hex()} for key in recovery]
