"""What the bids room can answer.  Before the opening: nothing about anybody else's bid."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from marketplace.bids.errors.bids import BidUnknown, OpeningUnknown, ReceiptUnknown
from marketplace.bids.rules.choices import OpenHearing, Standing, choices
from marketplace.bids.rules.hearings import OPEN
from marketplace.bids.rules.lifecycle import LIVE_STATES, BidState
from marketplace.bids.tables.bids import Bid, BidVersion, EligibilityCheck, Opening
from marketplace.bids.tables.moves import Hearing
from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing as register
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.choices import Choice
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario

OPENED_STATES = frozenset(BidState) - LIVE_STATES - {BidState.WITHDRAWN, BidState.LAPSED}
"""States that only an opening leads to: what was never opened is never shown."""


async def own_bid(session: ReadSession, actor: Actor, bid_id: UUID, *, lock: bool = False) -> Bid:
    """Find a bid of the actor's own organisation; any other does not exist."""
    statement = select(Bid).where(Bid.id == bid_id).where(Bid.solver_id == actor.organization_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise BidUnknown(bid_id=str(bid_id))
    return row


async def opened_bid(session: ReadSession, bid_id: UUID, *, lock: bool = False) -> Bid:
    """Find a bid that was opened."""
    statement = select(Bid).where(Bid.id == bid_id).where(col(Bid.state).in_(OPENED_STATES))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise BidUnknown(bid_id=str(bid_id))
    return row


async def bid_seen_by(session: ReadSession, actor: Actor, bid_id: UUID, call: Scenario) -> Bid:
    """Find a bid the actor may see.

    Shape    their own always; others when opened, and only for the bureau, auditors, and the
             poster of this very call.
    """
    try:
        return await own_bid(session, actor, bid_id)
    except BidUnknown:
        row = await opened_bid(session, bid_id)
        if not may_read_opened(actor, call):
            raise
        return row


class _Organized(Protocol):
    """What of a call, or of a row of some of its columns, decides who may read its opened bids."""

    @property
    def organizer_id(self) -> UUID: ...
    @property
    def poster_id(self) -> UUID: ...


def may_read_opened(actor: Actor, call: _Organized) -> bool:
    """Tell whether the actor may read the opened bids of a call."""
    actor = actor.at(call.organizer_id)
    if not actor.may(Permission.BIDS_READ_OPENED):
        return False
    bureau = actor.has(Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.AUDITOR) or actor.is_system
    return bureau or actor.organization_id == call.poster_id


async def scenario_of(session: ReadSession, bid_id: UUID) -> UUID:
    """Name the call a bid belongs to; for rooms that must lock the call before the bid."""
    found = (await session.exec(select(Bid.scenario_id).where(Bid.id == bid_id))).first()
    if found is None:
        raise BidUnknown(bid_id=str(bid_id))
    return found


async def live_bid(session: ReadSession, scenario_id: UUID, solver_id: UUID) -> Bid | None:
    """Find the live bid of an organisation on a call."""
    found = await session.exec(
        select(Bid)
        .where(Bid.scenario_id == scenario_id)
        .where(Bid.solver_id == solver_id)
        .where(col(Bid.state).in_(LIVE_STATES))
    )
    return found.first()


async def bids_seen_by(
    session: ReadSession,
    actor: Actor,
    call: Scenario,
    *,
    after: UUID = UUID(int=0),
    limit: int | None = None,
) -> Sequence[tuple[Bid, Organization]]:
    """List the bids of a call the actor may see, with their bidders."""
    visible: ColumnElement[bool] = col(Bid.solver_id) == actor.organization_id
    if may_read_opened(actor, call):
        visible = or_(visible, col(Bid.state).in_(OPENED_STATES))
    found = await session.exec(
        select(Bid, Organization)
        .where(Bid.scenario_id == call.id)
        .where(Bid.solver_id == Organization.id)
        .where(col(Bid.id) > after)
        .where(visible)
        .order_by(col(Bid.id))
        .limit(limit)
    )
    return found.all()


async def timely_bids(session: ReadSession, scenario_id: UUID) -> Sequence[Bid]:
    """List what the opening has to open or let lapse; nobody else may ask this."""
    found = await session.exec(
        select(Bid)
        .where(Bid.scenario_id == scenario_id)
        .where(col(Bid.state).in_(LIVE_STATES))
        .order_by(col(Bid.submitted_at), col(Bid.id))
        .with_for_update()
    )
    return found.all()


async def ids_on_call(session: ReadSession, scenario_id: UUID) -> Sequence[UUID]:
    """Name every bid that was ever begun on a call."""
    return (await session.exec(select(Bid.id).where(Bid.scenario_id == scenario_id))).all()


async def opened_bids(
    session: ReadSession, scenario_id: UUID
) -> Sequence[tuple[Bid, Organization]]:
    """List the opened bids of a call with their bidders, in the order of receipt."""
    found = await session.exec(
        select(Bid, Organization)
        .where(Bid.scenario_id == scenario_id)
        .where(Bid.solver_id == Organization.id)
        .where(col(Bid.state).in_(OPENED_STATES))
        .order_by(col(Bid.submitted_at), col(Bid.id))
    )
    return found.all()


async def bid_version(session: ReadSession, bid_id: UUID, number: int) -> BidVersion:
    """Find one sealed version."""
    found = await session.exec(
        select(BidVersion).where(BidVersion.bid_id == bid_id).where(BidVersion.number == number)
    )
    row = found.first()
    if row is None:
        raise BidUnknown(bid_id=str(bid_id), number=number)
    return row


async def opening(session: ReadSession, scenario_id: UUID) -> Opening | None:
    """Find the opening of a call."""
    return (await session.exec(select(Opening).where(Opening.scenario_id == scenario_id))).first()


async def opening_seen_by(session: ReadSession, actor: Actor, call: Scenario) -> Opening:
    """Find a completed opening the actor may read about.

    Shape    the bureau, auditors, supervisors, the poster, and whoever had a bid opened; for
             everybody else, and before it is complete, there is none.
    """
    row = await opening(session, call.id)
    if row is None or row.opened_at is None:
        raise OpeningUnknown(scenario_id=str(call.id))
    if may_read_opened(actor, call) or actor.may(Permission.BIDS_WITNESS):
        return row
    own = await session.exec(
        select(Bid.id)
        .where(Bid.scenario_id == call.id)
        .where(Bid.solver_id == actor.organization_id)
        .where(col(Bid.state).in_(OPENED_STATES))
    )
    if own.first() is None:
        raise OpeningUnknown(scenario_id=str(call.id))
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A bid as one caller may see it."""

    row: Bid
    solver: Organization
    eligibility: EligibilityCheck | None
    choices: tuple[Choice, ...]


async def detail(session: ReadSession, actor: Actor, row: Bid, *, now: dt.datetime) -> Detail:
    """Describe a bid with its bidder, its check, and what the actor may do with it."""
    call = await scenarios.scenario(session, row.scenario_id)
    barring = await suspensions.in_force(session, call.id, now=now)
    solver = await identity.organization(session, row.solver_id)
    standing = Standing(
        state=row.state,
        solver_id=row.solver_id,
        poster_id=call.poster_id,
        call_state=call.state,
        closes_at=scenarios.closing_at(call),
        barred=Block.BIDDING in suspensions.blocks_of(barring),
        asker_refused=await register.refusal(session, solver.id, on=day_of(now)),
        asked=await scenarios.content(session, call),
        answered=await sealed_under(session, row) if row.content_number else None,
        hearing=await open_hearing(session, row.id),
    )
    return Detail(
        row=row,
        solver=solver,
        eligibility=await eligibility(session, row.id),
        choices=choices(actor.at(call.organizer_id), standing, now=now),
    )


async def open_hearing(session: ReadSession, bid_id: UUID) -> OpenHearing | None:
    """Find the accusation of a bid that waits for its decision."""
    found = await session.exec(
        select(Hearing).where(Hearing.bid_id == bid_id).where(col(Hearing.state).in_(OPEN))
    )
    row = found.first()
    return None if row is None else OpenHearing(state=row.state, answer_until=row.answer_until)


async def sealed_under(session: ReadSession, row: Bid) -> Content:
    """Read the content of the call that the sealed offer answered."""
    sealed = await bid_version(session, row.id, row.content_number)
    number = sealed.scenario_content_version
    return content_from((await scenarios.version(session, row.scenario_id, number)).content)


async def receipt(session: ReadSession, bid: Bid) -> BidVersion:
    """Find the sealed version of a bid that counts."""
    if bid.content_number == 0:
        raise ReceiptUnknown(bid_id=str(bid.id))
    return await bid_version(session, bid.id, bid.content_number)


async def hands_on(session: ReadSession, scenario_id: UUID) -> dict[Duty, frozenset[UUID]]:
    """Tell who opened the bids of a call and who checked them, for the separation of duties."""
    found = await opening(session, scenario_id)
    checked = await session.exec(
        select(EligibilityCheck.checked_by)
        .where(EligibilityCheck.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
    )
    witness = None if found is None else found.witness_id
    return {
        Duty.OPENER: frozenset() if found is None else frozenset({found.officer_id}),
        Duty.WITNESS: frozenset() if witness is None else frozenset({witness}),
        Duty.CHECKER: frozenset(checked.all()),
    }


async def eligibility(session: ReadSession, bid_id: UUID) -> EligibilityCheck | None:
    """Find the eligibility check of a bid."""
    found = await session.exec(select(EligibilityCheck).where(EligibilityCheck.bid_id == bid_id))
    return found.first()
