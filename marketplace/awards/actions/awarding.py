"""Decide, announce, confirm, sign; and what follows when every winner is gone.

Locks are taken in this order: call, bid, award.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from marketplace.awards import queries
from marketplace.awards.errors import (
    AwardsStanding,
    NoCandidateLeft,
    PersonNeeded,
    PublicityRunning,
    ReasonMissing,
    SlotsTaken,
)
from marketplace.awards.rules.choice import choose
from marketplace.awards.rules.lifecycle import AWARD, LIVE, AwardState
from marketplace.awards.tables import Award
from marketplace.bids.actions import offering
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.pilots import (
    AwardAnnounced,
    AwardConfirmed,
    AwardDecided,
)
from marketplace.events.rules.envelope import Event
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.relations.actions import rechecks
from marketplace.relations.rules.rechecks import Occasion, Stage
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import LIFECYCLE, FailReason, ScenarioState
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import panels


async def decide_award(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    bid_id: UUID,
    *,
    reason: str,
    now: dt.datetime,
) -> Award:
    """Give a slot of the call to the best-ranked bid that is still willing (SC14, B14).

    Refuses  what `choose` refuses; ReportMissing, ReportUnsigned, PanelChangedSince;
             NotInGoodStanding with what was found about the winner today;
             SlotsTaken also for whoever loses a race for the last slot.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    check_reason(reason)
    call = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.AWARDS_DECIDE)
    await suspensions.refuse_if_barred(session, call.id, Block.DECIDING, now=now)
    standing = await queries.standing(session, call)
    decider = person_of(actor)
    chosen = choose(standing, bid_id, decided_by=decider)
    await panels.require_report(session, scenario_id)
    await _recheck(session, actor, call, bid_id, chosen.solver_organization_id, now=now)
    earlier = await queries.awards_of(session, scenario_id)
    slot = queries.free_slot(standing, [row.slot for row in earlier if row.state in LIVE])
    row = Award(
        scenario_id=scenario_id,
        slot=slot,
        live_slot=slot,
        bid_id=bid_id,
        solver_id=chosen.solver_organization_id,
        round_rank=chosen.rank,
        quote_fen=chosen.quote_fen,
        state=AwardState(AWARD.initial().target),
        reason=reason,
        decided_by=decider,
        decided_at=now,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as taken:
        # The lock on the call makes this impossible; the constraint stands behind it.
        raise SlotsTaken(slots=standing.slots) from taken
    await _advance_call(session, actor, call, ScenarioState.EVALUATING, "decide", now=now)
    bid = await bids.opened_bid(session, bid_id, lock=True)
    await offering.make_move(session, actor, bid, "select", reason=reason, now=now)
    said = AwardDecided(
        award_id=row.id,
        scenario_id=scenario_id,
        bid_id=bid_id,
        round_rank=row.round_rank,
        quote_fen=row.quote_fen,
        reason=reason,
    )
    return await tell(session, actor, row, said, now=now)


async def announce_award(
    session: WriteSession,
    actor: Actor,
    award_id: UUID,
    *,
    publicity_until: dt.datetime,
    now: dt.datetime,
) -> Award:
    """Announce the result; objections are possible until `publicity_until` (SC15).

    How long that must be is the rule profile's matter, and the caller's to ask.
    """
    access.require(actor, Permission.SCENARIOS_REVIEW)
    call, row = await locked(session, award_id)
    access.require(actor.at(call.organizer_id), Permission.SCENARIOS_REVIEW)
    row.publicity_until = publicity_until
    await move_award(session, row, "announce")
    await _advance_call(session, actor, call, ScenarioState.DECIDED, "announce", now=now)
    said = AwardAnnounced(
        award_id=row.id,
        scenario_id=row.scenario_id,
        solver_organization_id=row.solver_id,
        quote_fen=row.quote_fen,
        publicity_until=publicity_until,
    )
    return await tell(session, actor, row, said, now=now)


async def confirm_award(
    session: WriteSession, actor: Actor, award_id: UUID, *, now: dt.datetime
) -> Award:
    """Write down that the time for objections is over and the award stands (SC16)."""
    access.require(actor, Permission.SCENARIOS_REVIEW)
    call, row = await locked(session, award_id)
    access.require(actor.at(call.organizer_id), Permission.SCENARIOS_REVIEW)
    AWARD.check(row.state, "confirm")
    await panels.refuse_changed_panel(session, call.id)
    assert row.publicity_until is not None
    if now < row.publicity_until:
        raise PublicityRunning(publicity_until=row.publicity_until.isoformat())
    row.confirmed_at = now
    await move_award(session, row, "confirm")
    await _advance_call(session, actor, call, ScenarioState.IN_PUBLICITY, "award", now=now)
    said = AwardConfirmed(award_id=row.id, scenario_id=row.scenario_id)
    return await tell(session, actor, row, said, now=now)


async def pass_to_next(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, reason: str, now: dt.datetime
) -> Scenario:
    """Go back to the decision after every winner forfeited (SC19a): the next in rank follows.

    Refuses  AwardsStanding while an award holds a slot, NoCandidateLeft.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    check_reason(reason)
    call = await _forfeited(session, actor, scenario_id, "next_candidate")
    standing = await queries.standing(session, call)
    if not any(one.bid_id not in standing.out for one in standing.candidates):
        raise NoCandidateLeft()
    return await calls.advance(session, actor, call, "next_candidate", now=now)


async def fail_after_forfeit(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: FailReason,
    note: str,
    now: dt.datetime,
) -> Scenario:
    """End a call whose winners all forfeited (SC19b); next in rank or relaunch, a person chooses.

    Refuses  AwardsStanding while an award holds a slot, ReasonMissing.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    check_reason(note)
    call = await _forfeited(session, actor, scenario_id, "fail_after_forfeit")
    return await calls.fail_by(
        session, actor, call, "fail_after_forfeit", reason=reason, note=note, now=now
    )


async def _forfeited(session: WriteSession, actor: Actor, scenario_id: UUID, verb: str) -> Scenario:
    """Lock a call none of whose awards holds a slot any more, for somebody of its bureau."""
    call = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.AWARDS_DECIDE)
    LIFECYCLE.check(call.state, verb)
    live = [row for row in await queries.awards_of(session, scenario_id) if row.state in LIVE]
    if live:
        raise AwardsStanding(awards=[str(row.id) for row in live])
    return call


async def sign(session: WriteSession, actor: Actor, award_id: UUID, *, clock: Clock) -> Award:
    """Pass from awarded to contracted (B15); only the opening of a pilot calls this.

    Refuses  Suspended by the database's clock, with the call locked: a suspension that was filed
             a moment before is found here, and one that is filed a moment later waits.
    """
    call, row = await locked(session, award_id)
    now = await clock.decisive(session)
    await suspensions.refuse_if_barred(session, call.id, Block.SIGNING, now=now)
    await panels.refuse_changed_panel(session, call.id)
    await move_award(session, row, "sign")
    bid = await bids.opened_bid(session, row.bid_id, lock=True)
    await offering.make_move(session, actor, bid, "sign", now=now)
    await _advance_call(session, actor, call, ScenarioState.AWARDED, "start", now=now)
    await _release_reserve(session, call, now=now)
    return row


async def _release_reserve(session: WriteSession, call: Scenario, *, now: dt.datetime) -> None:
    """Let the candidates go who are not needed any more: every slot of the call is signed (B17)."""
    earlier = await queries.awards_of(session, call.id)
    signed = sum(row.state is AwardState.CONTRACTED for row in earlier)
    if signed < (await queries.standing(session, call)).slots:
        return
    for bid, _ in await bids.opened_bids(session, call.id):
        if bid.state is BidState.CANDIDATE:
            await offering.make_move(session, access.SYSTEM, bid, "release", now=now)


def person_of(actor: Actor) -> UUID:
    """Name the person who takes a decision; the platform itself takes none."""
    if actor.is_system:
        raise PersonNeeded()
    return actor.person_id


async def _recheck(
    session: WriteSession,
    actor: Actor,
    call: Scenario,
    bid_id: UUID,
    solver_id: UUID,
    *,
    now: dt.datetime,
) -> None:
    """Check the winner again; a relation to the poster is kept and decides when money is drawn."""
    occasion = Occasion(
        stage=Stage.DECISION,
        subject_type="bid",
        subject_id=bid_id,
        counterpart_id=call.poster_id,
    )
    await rechecks.recheck(session, actor, solver_id, occasion=occasion, now=now)


def check_reason(reason: str) -> None:
    """Refuse a decision without a reason."""
    if not reason.strip():
        raise ReasonMissing()


async def locked(session: WriteSession, award_id: UUID) -> tuple[Scenario, Award]:
    """Find an award with its call, both locked, the call first."""
    unlocked = await queries.award(session, award_id)
    call = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    return call, await queries.award(session, award_id, lock=True)


async def move_award(session: WriteSession, row: Award, verb: str) -> None:
    """Make one move of the table of awards."""
    row.state = AwardState(AWARD.check(row.state, verb).target)
    row.version += 1
    await session.flush()


async def _advance_call(
    session: WriteSession,
    actor: Actor,
    call: Scenario,
    expected: ScenarioState,
    verb: str,
    *,
    now: dt.datetime,
) -> None:
    """Move the call with its first award; later awards of the same call find it moved already."""
    later = (
        ScenarioState.DECIDED,
        ScenarioState.IN_PUBLICITY,
        ScenarioState.AWARDED,
        ScenarioState.IN_PILOT,
    )
    if call.state is expected or call.state not in later:
        await calls.advance(session, actor, call, verb, now=now)


async def tell(
    session: WriteSession, actor: Actor, row: Award, said: Event, *, now: dt.datetime
) -> Award:
    """Record an event of an award, to be heard by its winner and whoever takes part."""
    await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=row.solver_id,
        scenario_id=row.scenario_id,
    )
    return row
