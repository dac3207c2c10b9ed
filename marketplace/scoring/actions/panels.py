"""Seat a panel, take its marks, let a judge go and seat another."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from marketplace.bids import queries as bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import JudgeRecused, PanelSeated, ScoreSheetSigned
from marketplace.events.rules.envelope import Event
from marketplace.identity.errors import PersonUnknown
from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from marketplace.scoring import queries
from marketplace.scoring.errors import (
    DecidedAlready,
    EligibilityPending,
    JudgeConflicted,
    MarkMisplaced,
    MarkRepeated,
    MarksMissing,
    NotEvaluating,
    NotOnPanel,
    PanelSeatedAlready,
    PanelUnfit,
    SheetSigned,
)
from marketplace.scoring.rules import composition, numbers
from marketplace.scoring.rules import marks as judging
from marketplace.scoring.rules.composition import Seated
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.tables import MarkRow, ObjectiveMark, PanelSeat

MARKABLE = frozenset({BidState.ELIGIBLE, BidState.RESPONSIVE, BidState.NON_RESPONSIVE})
"""Bids that may be marked; those that turn out non-responsive are marked in vain."""
TO_BE_MARKED = frozenset({BidState.ELIGIBLE, BidState.RESPONSIVE, BidState.SCORED, BidState.RANKED})
"""Bids that must be marked before a sheet can be signed."""
SEATING = frozenset({ScenarioState.PUBLISHED, ScenarioState.CLOSED})
"""A panel is seated before its bids are opened: nobody can choose judges for a bidder."""
CHANGING = SEATING | {ScenarioState.EVALUATING}
"""A judge leaves or is replaced until the award is decided; later the panel's work is history."""
LISTED_MAX = 20
"""How many gaps a refusal lists; it always counts them all."""
NEVER_JUDGES = frozenset({Role.FINANCE, Role.AUDITOR, Role.REVIEW_BODY, Role.SUPERVISOR})
"""Whoever supervises the procedure does not judge in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person to be seated."""

    person_id: UUID
    chair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMark:
    """One mark as a judge gives it."""

    bid_id: UUID
    criterion: str
    value: Decimal


async def seat_panel(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    seats: Sequence[Seat],
    now: dt.datetime,
) -> Sequence[PanelSeat]:
    """Seat the panel of a call, before its bids are opened.

    Refuses  PanelUnfit with the rule that is not met: size, odd number, share of experts, one chair
             who is an expert, nobody who supervises.
    """
    access.require(actor, Permission.PANELS_SEAT)
    row, call = await _locked(session, scenario_id, SEATING)
    if await queries.seats(session, scenario_id):
        raise PanelSeatedAlready()
    rows = []
    for index, seat in enumerate(seats, start=1):
        rows.append(
            PanelSeat(
                scenario_id=scenario_id,
                person_id=seat.person_id,
                label=f"J{index}",
                is_expert=await _is_expert(session, seat.person_id, call.poster_id),
                is_chair=seat.chair,
                seated_by=None if actor.is_system else actor.person_id,
                seated_at=now,
            )
        )
    await check_composition(session, rows, call)
    session.add_all(rows)
    await calls.note_panel(session, row, now=now)
    said = PanelSeated(scenario_id=scenario_id, seats=len(rows))
    await _tell(session, actor, call, said, now=now)
    return rows


async def _is_expert(session: WriteSession, person_id: UUID, poster_id: UUID) -> bool:
    """Tell whether a person sits as an expert: in the pool, and not the poster's own."""
    await identity.person(session, person_id)
    for _, roles in await identity.roles_of(session, person_id):
        if roles & NEVER_JUDGES:
            raise PanelUnfit(rule="supervisors_never_judge", person_id=str(person_id))
    try:
        profile = await identity.expert_profile(session, person_id)
    except PersonUnknown:
        return False
    return profile.available and poster_id not in await identity.organizations_of(
        session, person_id
    )


async def check_composition(session: ReadSession, rows: Sequence[PanelSeat], call: Call) -> None:
    """Refuse judges who may not judge this call together; recused ones are not among `rows`."""
    panel = [
        Seated(
            person_id=row.person_id,
            is_expert=row.is_expert,
            is_chair=row.is_chair,
            specialities=await _specialities(session, row) if row.is_expert else frozenset(),
        )
        for row in rows
    ]
    composition.check(panel, call.profile, budget_fen=call.content.budget.ceiling_fen)


async def _specialities(session: ReadSession, row: PanelSeat) -> frozenset[str]:
    return frozenset((await identity.expert_profile(session, row.person_id)).specialities)


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

    Refuses  NotOnPanel, SheetSigned, JudgeConflicted for a bidder one belongs to, MarkOutOfRange,
             MarkMisplaced, MarkRepeated, and on signing EligibilityPending and MarksMissing.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, scenario_id)
    seat = await _own_seat(session, actor, scenario_id)
    opened = {bid.id: bid for bid, _ in await bids.opened_bids(session, scenario_id)}
    ties = await identity.organizations_of(session, actor.person_id)
    _check_repeats(marks)
    earlier = {
        (row.bid_id, row.criterion): row for row in await queries.marks_of_seat(session, seat.id)
    }
    for mark in marks:
        bid = _markable(opened, mark)
        if bid.solver_id in ties:
            raise JudgeConflicted(bid_id=str(bid.id))
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
        said = ScoreSheetSigned(scenario_id=scenario_id, judge=seat.label)
        await _tell(session, actor, call, said, now=now)
    await session.flush()
    return seat


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


def check_all_checked(opened: Collection[Bid]) -> None:
    """Refuse to close anything while a bid waits for its eligibility check.

    A sheet signed before would lack marks that nobody could add any more.
    """
    pending = [str(bid.id) for bid in opened if bid.state is BidState.OPENED]
    if pending:
        raise EligibilityPending(bids_count=len(pending), bids=pending[:LISTED_MAX])


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
    call = await evaluating_call(session, scenario_id)
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


async def recuse(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    label: str,
    *,
    reason: str,
    now: dt.datetime,
) -> PanelSeat:
    """Let a judge go; none of their marks counts from now on.

    Refuses  NotEvaluating once the award is decided: the way from there is a complaint.
    """
    access.require(actor, Permission.PANELS_SEAT)
    _, call = await _locked(session, scenario_id, CHANGING)
    seat = await _labelled(session, scenario_id, label)
    if seat.recused_at is None:
        seat.recused_at, seat.recusal_reason = now, reason
        await session.flush()
        said = JudgeRecused(scenario_id=scenario_id, judge=label, reason=reason)
        await _tell(session, actor, call, said, now=now)
    return seat


async def replace(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    label: str,
    *,
    person_id: UUID,
    now: dt.datetime,
) -> PanelSeat:
    """Seat somebody in place of a recused judge, chair included; they mark every bid themselves.

    Shape    J3 is followed by J3-2, J3-2 by J3-3: each recused seat is filled once.
    Refuses  PanelUnfit for a seat that is not empty or a person who sat here before, and when the
             panel is full again and does not meet the rules.
    """
    access.require(actor, Permission.PANELS_SEAT)
    _, call = await _locked(session, scenario_id, CHANGING)
    leaving = await _labelled(session, scenario_id, label)
    seated = await queries.seats(session, scenario_id)
    base, _, turn = label.partition("-")
    following = f"{base}-{int(turn or 1) + 1}"
    if leaving.recused_at is None or any(seat.label == following for seat in seated):
        raise PanelUnfit(rule="an_empty_seat_is_filled_once", judge=label)
    if any(seat.person_id == person_id for seat in seated):
        raise PanelUnfit(rule="nobody_sits_twice", person_id=str(person_id))
    row = PanelSeat(
        scenario_id=scenario_id,
        person_id=person_id,
        label=following,
        is_expert=await _is_expert(session, person_id, call.poster_id),
        is_chair=leaving.is_chair,
        seated_by=None if actor.is_system else actor.person_id,
        seated_at=now,
    )
    present = [*(seat for seat in seated if seat.recused_at is None), row]
    if len(present) == sum("-" not in seat.label for seat in seated):
        await check_composition(session, present, call)
    session.add(row)
    await session.flush()
    said = PanelSeated(scenario_id=scenario_id, seats=len(present))
    await _tell(session, actor, call, said, now=now)
    return row


async def _locked(
    session: WriteSession, scenario_id: UUID, states: Collection[ScenarioState]
) -> tuple[Scenario, Call]:
    row = await scenarios.scenario(session, scenario_id, lock=True)
    if row.state not in states:
        raise NotEvaluating(state=row.state.value)
    return row, await scenarios.call(session, scenario_id)


async def _labelled(session: WriteSession, scenario_id: UUID, label: str) -> PanelSeat:
    for seat in await queries.seats(session, scenario_id):
        if seat.label == label:
            return seat
    raise NotOnPanel(judge=label)


async def evaluating_call(session: WriteSession, scenario_id: UUID) -> Call:
    """Lock a call and find it in evaluation."""
    call = await scenarios.call(session, scenario_id, lock=True)
    if call.state is not ScenarioState.EVALUATING:
        raise NotEvaluating(state=call.state.value)
    return call


async def _own_seat(session: WriteSession, actor: Actor, scenario_id: UUID) -> PanelSeat:
    seat = await queries.seat_of(session, scenario_id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    if seat.signed_at is not None:
        raise SheetSigned(signed_at=seat.signed_at)
    return seat


async def _tell(
    session: WriteSession, actor: Actor, call: Call, said: Event, *, now: dt.datetime
) -> None:
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=call.poster_id, scenario_id=call.id
    )
