"""Take shares back from their custodians, and join two of them."""

from dataclasses import dataclass, field
from uuid import UUID

from marketplace.custody import queries
from marketplace.custody.errors import (
    LockboxBroken,
    NotCustodian,
    PassphraseUnset,
    RecoveryAlone,
    RecoveryUnset,
    SharesForgotten,
    ShareWrong,
)
from marketplace.custody.rules.sides import How, Side, share_context
from marketplace.custody.tables import CustodyKey, LockboxShare
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes, passphrases, sharing
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.sharing import Share
from marketplace.kit.tables import sealed_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What somebody brings to release the share of a side; exactly one of the three."""

    share: bytes | None = field(default=None, repr=False)
    """Opened by the custodian's own client."""
    passphrase: str | None = field(default=None, repr=False)
    """Opens the private key that is kept here for the custodian."""
    recovery_share: bytes | None = field(default=None, repr=False)
    """In place of the side's own share, with a reason."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A share that was checked, and by what right it was brought."""

    share: bytes = field(repr=False)
    how: How
    reason: str | None = None


async def release(
    session: ReadSession,
    actor: Actor,
    lockbox_id: UUID,
    side: Side,
    brought: Release,
    *,
    keeper: Keeper,
    hasher: Hasher,
) -> Released:
    """Check what somebody brings against what was committed to when the lockbox was made.

    Refuses  ShareWrong with the side; NotCustodian, PassphraseUnset, PassphraseWrong;
             RecoveryUnset; SharesForgotten.
    """
    shares = await queries.shares(session, lockbox_id)
    if brought.recovery_share is not None:
        recovery = shares.get(Side.RECOVERY)
        if recovery is None:
            raise RecoveryUnset()
        _check(recovery, brought.recovery_share)
        return Released(share=brought.recovery_share, how=How.RECOVERY, reason=brought.reason)
    row = shares[side]
    if row.envelope is None:
        raise SharesForgotten()
    place = _place(row, actor)
    share = brought.share
    if share is None:
        key = await queries.custody_key(session, UUID(row.holders[place]["key_id"]))
        share = await _unlocked(row, key, brought.passphrase or "", keeper=keeper, hasher=hasher)
    _check(row, share)
    return Released(share=share, how=How.DEPUTY if place else How.CUSTODIAN)


async def join(session: ReadSession, lockbox_id: UUID, one: Released, two: Released) -> bytes:
    """Join two released shares to the private key of a lockbox.

    Refuses  RecoveryAlone, LockboxBroken.
    """
    if one.how is How.RECOVERY and two.how is How.RECOVERY:
        raise RecoveryAlone()
    lockbox = await queries.lockbox(session, lockbox_id)
    try:
        private = sharing.joined(Share.from_bytes(one.share), Share.from_bytes(two.share))
        found = envelopes.public_of(private)
    except MarketplaceError as unfit:
        raise LockboxBroken() from unfit
    if found != lockbox.public_key:
        raise LockboxBroken()
    return private


async def _unlocked(
    row: LockboxShare, key: CustodyKey, passphrase: str, *, keeper: Keeper, hasher: Hasher
) -> bytes:
    """Open a share with the private key that a passphrase opens."""
    if key.sealed_private is None:
        raise PassphraseUnset()
    assert row.envelope is not None
    context = sealed_context(CustodyKey, "sealed_private", id=key.id)
    locked = keeper.unseal(key.sealed_private, context=context)
    private = await hasher.in_turn(
        lambda: passphrases.unlock(locked, passphrase, context=key.public_key)
    )
    return envelopes.open_(
        row.envelope, private_key=private, context=share_context(row.lockbox_id, row.side)
    )


def _place(row: LockboxShare, actor: Actor) -> int:
    """Find the actor among the holders of a share; the first is the custodian."""
    for place, holder in enumerate(row.holders):
        if holder["person_id"] == str(actor.person_id):
            return place
    raise NotCustodian(side=row.side.value)


def _check(row: LockboxShare, share: bytes) -> None:
    context = share_context(row.lockbox_id, row.side)
    if not sharing.fits(share, row.commitment, context=context):
        raise ShareWrong(side=row.side.value)
