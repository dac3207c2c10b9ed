"""Open all timely bids in one act, in front of two people, and check them afterwards."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from marketplace.bids.actions.offering import call_key, make_move, seal_context
from marketplace.bids.errors.bids import (
    AlreadyOpened,
    BidUnknown,
    CheckIncomplete,
    OpeningNotRequested,
    OpeningRequestedAlready,
    TooEarlyToOpen,
)
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.admission import Offer
from marketplace.bids.rules.choices import may_check
from marketplace.bids.rules.lifecycle import LIFECYCLE, BidState
from marketplace.bids.tables.bids import Bid, EligibilityCheck, Opening
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.bids import BidsOpened
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit import secrets
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.relations.actions import rechecks
from marketplace.scenarios.actions import calls, closing
from marketplace.scenarios.errors import PanelNotSeated
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import LIFECYCLE as SCENARIO_LIFECYCLE
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario


async def request_opening(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, clock: Clock
) -> Opening:
    """Start the opening as officer; nothing is opened until a supervisor witnesses it."""
    _require_person(actor, Permission.BIDS_OPEN)
    _, now = await _due(session, actor, scenario_id, Permission.BIDS_OPEN, clock)
    if await queries.opening(session, scenario_id) is not None:
        raise OpeningRequestedAlready()
    opening = Opening(scenario_id=scenario_id, officer_id=actor.person_id, requested_at=now)
    session.add(opening)
    await session.flush()
    return opening


async def witness_opening(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, keeper: Keeper, clock: Clock
) -> Opening:
    """Open every timely bid as supervisor, in one act (SC11, B07); the rest lapses (B06).

    Refuses  OpeningNotRequested, AlreadyOpened, SameHands; CannotUnseal when any one bid does not
             open, and then none is.
    """
    _require_person(actor, Permission.BIDS_WITNESS)
    row, now = await _due(session, actor, scenario_id, Permission.BIDS_WITNESS, clock)
    opening = await queries.opening(session, scenario_id)
    if opening is None:
        raise OpeningNotRequested()
    if opening.opened_at is not None:
        raise AlreadyOpened()
    duties.require(actor, Duty.WITNESS, {Duty.OPENER: opening.officer_id})
    key = await call_key(session, scenario_id, keeper=keeper, now=now)
    entries = []
    for bid in await queries.timely_bids(session, scenario_id):
        if bid.state is BidState.SUBMITTED:
            entries.append(await _open(session, bid, key, now=now))
        else:
            await make_move(session, access.SYSTEM, bid, "lapse", now=now)
    record = {
        "scenario": row.number,
        "bid_deadline_at": _text(row.bid_deadline_at),
        "opened_at": _text(now),
        "officer": str(opening.officer_id),
        "witness": str(actor.person_id),
        "bids": entries,
    }
    opening.witness_id, opening.opened_at = actor.person_id, now
    opening.record = canonical_json(record)
    opening.record_sha256 = sha256_hex(opening.record)
    await calls.begin_evaluation(session, actor, row, now=now)
    said = BidsOpened(
        scenario_id=scenario_id, opened=len(entries), record_sha256=opening.record_sha256
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=row.poster_id, scenario_id=row.id
    )
    return opening


async def _open(session: WriteSession, bid: Bid, key: bytes, *, now: dt.datetime) -> dict[str, Any]:
    """Decrypt one bid, check it against its digests, and write its line of the record."""
    version = await queries.bid_version(session, bid.id, bid.content_number)
    context = seal_context(version.id, bid_id=bid.id, number=version.number)
    try:
        plaintext = secrets.unseal(key, version.sealed, context=context)
    except CannotUnseal as broken:
        raise CannotUnseal(bid_id=str(bid.id)) from broken
    digests = (sha256_hex(version.sealed), sha256_hex(plaintext))
    if digests != (version.sealed_sha256, version.content_sha256):
        raise CannotUnseal(bid_id=str(bid.id))
    document = msgspec.json.decode(plaintext)["offer"]
    offer = Offer.from_document(document)
    bid.offer, bid.quote_fen = document, offer.quote_fen
    await make_move(session, access.SYSTEM, bid, "open", now=now)
    await rechecks.unseal(session, "bid", bid.id)
    bidder = await identity.organization(session, bid.solver_id)
    return {
        "bid": str(bid.id),
        "bidder": {"name": bidder.name_zh, "uscc": bidder.uscc},
        "quote_fen": offer.quote_fen,
        "received_at": _text(version.received_at),
        "sealed_sha256": version.sealed_sha256,
        "content_sha256": version.content_sha256,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer to one qualification."""

    code: str
    passed: bool
    reason: dict[str, str] | None = None


async def check_eligibility(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    findings: Sequence[Finding],
    now: dt.datetime,
) -> Bid:
    """Answer every qualification of an opened bid (B09), as officer or poster, never as panel.

    Refuses  CheckIncomplete unless each qualification has one answer and each failure a reason.
    """
    row, bid = await _locked(session, actor, bid_id)
    LIFECYCLE.check(bid.state, "find_eligible")
    content = await scenarios.content(session, row)
    wanted = sorted(one.code for one in content.qualifications)
    given = sorted(one.code for one in findings)
    unreasoned = [one.code for one in findings if not one.passed and not one.reason]
    if wanted != given or unreasoned:
        raise CheckIncomplete(expected=wanted, received=given, without_reason=unreasoned)
    session.add(
        EligibilityCheck(
            bid_id=bid.id,
            items=[
                {"code": one.code, "passed": one.passed, "reason": one.reason} for one in findings
            ],
            checked_by=actor.person_id,
            checked_at=now,
        )
    )
    failed = [one for one in findings if not one.passed]
    if not failed:
        return await make_move(session, actor, bid, "find_eligible", now=now)
    bid.exclusion, bid.exclusion_reason = "ineligible", failed[0].reason
    return await make_move(session, actor, bid, "find_ineligible", reason=failed[0].code, now=now)


async def exclude(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    *,
    code: str,
    reason: dict[str, str],
    now: dt.datetime,
) -> Bid:
    """Find a bid non-responsive (B10): it leaves every mean and the price base."""
    bid.exclusion, bid.exclusion_reason = code, reason
    return await make_move(session, actor, bid, "find_non_responsive", reason=code, now=now)


async def _locked(session: WriteSession, actor: Actor, bid_id: UUID) -> tuple[Scenario, Bid]:
    access.signed_in(actor)
    unlocked = await queries.opened_bid(session, bid_id)
    row = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    actor = actor.at(row.organizer_id)
    if not queries.may_read_opened(actor, row):
        raise BidUnknown(bid_id=str(bid_id))
    if not may_check(actor, row.poster_id):
        raise NotPermitted(permission=Permission.BIDS_CHECK.value)
    return row, await queries.opened_bid(session, bid_id, lock=True)


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
