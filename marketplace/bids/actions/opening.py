"""Open all timely bids in one act, in front of two people."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.bids.actions import after_opening, traces
from marketplace.bids.actions.offering import make_move
from marketplace.bids.actions.sealing import Unlocked
from marketplace.bids.actions.unsealing import open_bid
from marketplace.bids.errors.bids import (
    AlreadyOpened,
    OpeningNotRequested,
    OpeningRequestedAlready,
    TooEarlyToOpen,
)
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Opening
from marketplace.custody import queries as custody
from marketplace.custody.actions import lockboxes, releasing
from marketplace.custody.actions.releasing import Release, Released
from marketplace.custody.rules.sides import How, Side
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.bids import BidsOpened
from marketplace.identity.actions import audit
from marketplace.identity.actions.audit import Act
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.notary import actions as notary
from marketplace.scenarios.actions import calls, closing
from marketplace.scenarios.errors import PanelNotSeated
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import LIFECYCLE as SCENARIO_LIFECYCLE
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario

RECORD_KIND: Final = "jiebang/opening/1"
AUDIT_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What an opening needs besides the people: the keeper of secrets, and the slow hasher."""

    keeper: Keeper
    hasher: Hasher


async def request_opening(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    brought: Release,
    hands: Hands,
    clock: Clock,
) -> Opening:
    """Start the opening as officer, by releasing that side's share of the key.

    Shape    the share waits under the master key; alone it opens nothing.
    Refuses  what `_due` refuses, OpeningRequestedAlready, and a wrong share or passphrase.
    """
    _require_person(actor, Permission.BIDS_OPEN)
    row, now = await _due(session, actor, scenario_id, Permission.BIDS_OPEN, clock)
    if await queries.opening(session, scenario_id) is not None:
        raise OpeningRequestedAlready()
    released = await _released(session, actor, row, Side.OFFICER, brought, hands, now=now)
    opening = Opening(
        scenario_id=scenario_id,
        officer_id=actor.person_id,
        requested_at=now,
        officer_how=released.how,
        officer_reason=released.reason,
    )
    context = sealed_context(Opening, "officer_share", scenario_id=scenario_id)
    opening.officer_share = hands.keeper.seal(released.share, context=context)
    session.add(opening)
    await session.flush()
    return opening


async def witness_opening(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    brought: Release,
    hands: Hands,
    clock: Clock,
) -> Opening:
    """Open every timely bid as supervisor, in one act (SC11, B07); the rest lapses (B06).

    Refuses  OpeningNotRequested, AlreadyOpened, SameHands, a wrong share or passphrase;
             SealBroken when what is stored of any one bid is not what was receipted, and then none
             is opened.
    """
    _require_person(actor, Permission.BIDS_WITNESS)
    row, now = await _due(session, actor, scenario_id, Permission.BIDS_WITNESS, clock)
    opening = await queries.opening(session, scenario_id)
    if opening is None:
        raise OpeningNotRequested()
    if opening.opened_at is not None:
        raise AlreadyOpened()
    duties.require(actor, Duty.WITNESS, {Duty.OPENER: opening.officer_id})
    first = _kept(opening, hands.keeper)
    second = await _released(session, actor, row, Side.SUPERVISOR, brought, hands, now=now)
    lockbox = await custody.lockbox(session, row.lockbox_id)
    unlocked = Unlocked(private_key=await releasing.join(session, lockbox.id, first, second))
    entries = await _open_all(session, scenario_id, unlocked, keeper=hands.keeper, now=now)
    opening.witness_id, opening.opened_at, opening.officer_share = actor.person_id, now, None
    record = {
        "kind": RECORD_KIND,
        "scenario": row.number,
        "bid_deadline_at": _text(row.bid_deadline_at),
        "opened_at": _text(now),
        "officer": str(opening.officer_id),
        "witness": str(actor.person_id),
        "sealing_key": envelopes.to_text(lockbox.public_key),
        "released": [
            _line(Side.OFFICER, opening.officer_id, first),
            _line(Side.SUPERVISOR, actor.person_id, second),
        ],
        "bids": entries,
    }
    signed = await notary.sign(session, record, keeper=hands.keeper, now=now)
    opening.record, opening.record_sha256 = signed.content, sha256_hex(signed.content)
    opening.record_signature, opening.record_key_id = signed.signature, signed.key_id
    of_bidders = await queries.ids_on_call(session, scenario_id)
    await audit.unseal(session, [scenario_id, *of_bidders])
    await lockboxes.forget_shares(session, lockbox.id, now=now)
    await calls.begin_evaluation(session, actor, row, now=now)
    await after_opening.look_into(session, row, now=now)
    said = BidsOpened(
        scenario_id=scenario_id, opened=len(entries), record_sha256=opening.record_sha256
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=row.poster_id, scenario_id=row.id
    )
    return opening


async def _released(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    side: Side,
    brought: Release,
    hands: Hands,
    *,
    now: dt.datetime,
) -> Released:
    """Check a share; that the recovery share was used is written into the audit log as well."""
    lockbox = await custody.lockbox(session, row.lockbox_id)
    released = await releasing.release(
        session,
        actor,
        lockbox.id,
        side,
        brought,
        keeper=hands.keeper,
        hasher=hands.hasher,
    )
    if released.how is How.RECOVERY:
        subject = {
            "scenario_id": str(row.id),
            "side": Side.RECOVERY.value,
            "in_place_of": side.value,
            "reason": (released.reason or "")[:AUDIT_TEXT_MAX],
        }
        act = Act(actor=actor, operation="custody_recovery", subject=subject)
        await audit.witness(session, act, now=now)
    return released


def _kept(opening: Opening, keeper: Keeper) -> Released:
    """Take out what the officer released."""
    assert opening.officer_share is not None and opening.officer_how is not None
    context = sealed_context(Opening, "officer_share", scenario_id=opening.scenario_id)
    return Released(
        share=keeper.unseal(opening.officer_share, context=context),
        how=opening.officer_how,
        reason=opening.officer_reason,
    )


async def _open_all(
    session: WriteSession,
    scenario_id: UUID,
    unlocked: Unlocked,
    *,
    keeper: Keeper,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """Open what was submitted, let the rest lapse, and write the lines of the record."""
    call = await scenarios.call(session, scenario_id)
    entries, opened = [], {}
    for bid in await queries.timely_bids(session, scenario_id):
        if bid.state is BidState.SUBMITTED:
            line = await open_bid(session, bid, call, unlocked, keeper=keeper, now=now)
            opened[bid.id] = bid.content_number
            entries.append(line)
        else:
            await make_move(session, access.SYSTEM, bid, "lapse", now=now)
    key = unlocked.private_key
    await traces.open_all(session, scenario_id, opened, private_key=key, keeper=keeper, now=now)
    return entries


def _line(part: Side, person_id: UUID, released: Released) -> dict[str, Any]:
    """Write down who released which share, and by what right."""
    recovery = released.how is How.RECOVERY
    return {
        "part": part.value,
        "person": str(person_id),
        "side": Side.RECOVERY.value if recovery else part.value,
        "how": released.how.value,
        "reason": released.reason,
    }


def _require_person(actor: Actor, permission: Permission) -> None:
    """Refuse whoever may not do this, and the platform itself: the record names two people."""
    access.require(actor, permission)
    if actor.is_system:
        raise NotPermitted(permission=permission.value)


async def _due(
    session: WriteSession, actor: Actor, scenario_id: UUID, permission: Permission, clock: Clock
) -> tuple[Scenario, dt.datetime]:
    """Lock the call for those who may open it, close it if its time has come, and refuse to open
    anything earlier.
    """
    row = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(row.organizer_id), permission)
    now = await clock.decisive(session)
    await closing.close_if_due(session, row, now=now)
    closes_at = scenarios.closing_at(row)
    if row.bid_deadline_at is None or closes_at is None or now < closes_at:
        raise TooEarlyToOpen(bid_deadline_at=row.bid_deadline_at)
    opening = await queries.opening(session, scenario_id)
    if opening is not None and opening.opened_at is not None:
        raise AlreadyOpened()
    SCENARIO_LIFECYCLE.check(row.state, "open")
    await suspensions.refuse_if_barred(session, row.id, Block.OPENING, now=now)
    if row.panel_seated_at is None:
        raise PanelNotSeated()
    return row, now


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).isoformat()
