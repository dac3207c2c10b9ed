"""Take the marks of a panel, and decide what is objective once for every judge."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import FORMER_RANKS, STILL_IN, BidState
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import ScoreSheetSigned
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import digest_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions import prices, voting
from marketplace.scoring.actions.prices import LISTED_MAX, check_all_checked
from marketplace.scoring.errors.panels import RecusalPending
from marketplace.scoring.errors.rounds import (
    DecidedAlready,
    JudgeConflicted,
    MarkMisplaced,
    MarkRepeated,
    MarksMissing,
    NotEvaluating,
    NotOnPanel,
    SheetSigned,
)
from marketplace.scoring.queries import blinding, conflicts, panels
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.rules import marks as judging
from marketplace.scoring.rules import numbers, reporting
from marketplace.scoring.rules.marks import GivenMark
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.tables.rounds import MarkRow, ObjectiveMark, PanelSeat

MARKABLE = frozenset({BidState.ELIGIBLE, BidState.RESPONSIVE, BidState.NON_RESPONSIVE})
"""Bids that may be marked; those that turn out non-responsive are marked in vain."""
TO_BE_MARKED = STILL_IN | FORMER_RANKS
"""Bids that must be marked before a sheet can be signed."""


async def record_marks(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    marks: Sequence[GivenMark],
    sign: bool,
    now: dt.datetime,
) -> PanelSeat:
    """Write down one's own marks; sign them when they are complete.

    Refuses  NotOnPanel, SameHands, SheetSigned, JudgeConflicted for a bidder one belongs to,
             MarkOutOfRange, MarkMisplaced, MarkRepeated, and on signing EligibilityPending and
             MarksMissing.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, scenario_id)
    seat = await _own_seat(session, actor, scenario_id)
    # What a judge did for this call after they were seated counts as much as what they did before.
    scenario = await scenarios.scenario(session, scenario_id)
    duties.require(actor, Duty.JUDGE, await queries.hands_on(session, scenario))
    await check_undeclared(session, seat)
    opened = {bid.id: bid for bid, _ in await bids.opened_bids(session, scenario_id)}
    aliases = await blinding.aliases(session, call)
    marks = [blinding.unmasked(aliases, mark) for mark in marks]
    _check_repeats(marks)
    if marks or sign:
        await check_conflicts(session, call, seat, now=now)
    earlier = {
        (row.bid_id, row.criterion): row for row in await queries.marks_of_seat(session, seat.id)
    }
    for mark in marks:
        _markable(opened, mark)
        criterion = queries.criterion_of(call, mark.criterion, Kind.SUBJECTIVE_EXPERT)
        judging.check_range(criterion, mark.value)
        row = earlier.get((mark.bid_id, mark.criterion))
        if row is None:
            row = MarkRow(seat_id=seat.id, bid_id=mark.bid_id, criterion=mark.criterion, value="")
            session.add(row)
            earlier[mark.bid_id, mark.criterion] = row
        row.value = numbers.plain(mark.value)
    if sign:
        _check_complete(call, opened.values(), earlier.keys())
        seat.signed_at = now
        seat.sheet_sha256 = digest_of(_sheet_to_sign(call, seat, earlier.values()))
        await voting.consent(session, actor, seat, opened.values(), now=now)
        await prices.settle(session, actor, call, now=now, decisive=False)
        said = ScoreSheetSigned(scenario_id=scenario_id, judge=seat.label)
        await events.record(
            session,
            said,
            by=actor.kind,
            now=now,
            organization_id=call.poster_id,
            scenario_id=call.id,
        )
    await session.flush()
    return seat


def _sheet_to_sign(call: Call, seat: PanelSeat, rows: Iterable[MarkRow]) -> dict[str, Any]:
    return reporting.sheet_document(
        scenario_number=call.number,
        judge=seat.label,
        marks=[(str(row.bid_id), row.criterion, row.value) for row in rows],
    )


async def check_undeclared(session: WriteSession, seat: PanelSeat) -> None:
    """Refuse a judge who declared an interest on which nobody has decided."""
    if await panels.declaration_pending(session, seat.scenario_id, seat.person_id):
        raise RecusalPending(judge=seat.label)


async def check_conflicts(
    session: WriteSession, call: Call, seat: PanelSeat, *, now: dt.datetime
) -> None:
    """Refuse a judge who is tied to a bidder, now that it is known who bids."""
    parties = await conflicts.bidding_parties(session, call.id)
    found = await conflicts.found(session, [seat.person_id], parties, on=day_of(now))
    if found:
        raise JudgeConflicted(bid_id=str(found[0].party.bid_id))


def _check_repeats(marks: Sequence[GivenMark]) -> None:
    """Refuse two marks for one place in one request: which of them was meant?"""
    seen: set[tuple[UUID, str]] = set()
    for mark in marks:
        if (mark.bid_id, mark.criterion) in seen:
            raise MarkRepeated(bid=str(mark.bid_id), criterion=mark.criterion)
        seen.add((mark.bid_id, mark.criterion))


def _markable(opened: dict[UUID, Bid], mark: GivenMark) -> Bid:
    bid = opened.get(mark.bid_id)
    if bid is None or bid.state not in MARKABLE | TO_BE_MARKED:
        raise MarkMisplaced(bid=str(mark.bid_id), criterion=mark.criterion)
    return bid


def _check_complete(
    call: Call, opened: Collection[Bid], given: Collection[tuple[UUID, str]]
) -> None:
    """Refuse a signature under a sheet with gaps, naming the first few of them."""
    check_all_checked(opened)
    subjective = [one.code for one in call.content.criteria if one.kind == Kind.SUBJECTIVE_EXPERT]
    wanted = {(bid.id, code) for bid in opened if bid.state in TO_BE_MARKED for code in subjective}
    missing = sorted((str(bid), code) for bid, code in wanted.difference(given))
    if missing:
        raise MarksMissing(
            missing_count=len(missing),
            missing=[{"bid": bid, "criterion": code} for bid, code in missing[:LISTED_MAX]],
        )


async def decide_objective(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    marks: Sequence[GivenMark],
    now: dt.datetime,
) -> None:
    """Decide objective marks from the published tables, once for every judge.

    Refuses  DecidedAlready: what was decided is not decided again, so judges cannot differ on it.
    """
    access.require(actor, Permission.BIDS_CHECK)
    call = await evaluating_call(session, scenario_id, asked_by=(actor, Permission.BIDS_CHECK))
    opened = {bid.id: bid for bid, _ in await bids.opened_bids(session, scenario_id)}
    for mark in marks:
        _markable(opened, mark)
        criterion = queries.criterion_of(call, mark.criterion, Kind.OBJECTIVE_EXPERT)
        judging.check_range(criterion, mark.value)
        if await queries.objective_mark(session, mark.bid_id, mark.criterion) is not None:
            raise DecidedAlready(bid_id=str(mark.bid_id), criterion=mark.criterion)
        session.add(
            ObjectiveMark(
                bid_id=mark.bid_id,
                criterion=mark.criterion,
                value=numbers.plain(mark.value),
                decided_by=actor.person_id,
                decided_at=now,
            )
        )
        await session.flush()


async def evaluating_call(
    session: WriteSession,
    scenario_id: UUID,
    *,
    asked_by: tuple[Actor, Permission] | None = None,
    stopped_too: bool = False,
) -> Call:
    """Lock a call and find it in evaluation; who must be of its bureau hears that first.

    Shape    `stopped_too` for what bidders do: they learn of a stop from the bureau's decision.
    """
    call = await scenarios.call(session, scenario_id, lock=True)
    if asked_by is not None:
        actor, permission = asked_by
        access.require(actor.at(call.organizer_id), permission)
    if call.state is not ScenarioState.EVALUATING:
        raise NotEvaluating(state=call.state.value)
    if not stopped_too:
        await panels.refuse_if_stopped(session, scenario_id)
    return call


async def _own_seat(session: WriteSession, actor: Actor, scenario_id: UUID) -> PanelSeat:
    seat = await queries.seat_of(session, scenario_id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    if seat.signed_at is not None:
        raise SheetSigned(signed_at=seat.signed_at)
    return seat
