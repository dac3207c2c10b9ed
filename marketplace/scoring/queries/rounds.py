"""What the scoring room can answer of rounds, marks, seats and hidden sets."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlmodel import col, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.identity.tables.people import Person
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.errors.rounds import (
    CriterionUnknown,
    NotOnPanel,
    RoundUnknown,
    SubmissionUnknown,
)
from marketplace.scoring.rules import visibility
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.rubric import Criterion, Kind, Rubric, published_rubric
from marketplace.scoring.tables.rounds import (
    HiddenSet,
    MarkRow,
    ObjectiveMark,
    PanelSeat,
    RankingRound,
    Submission,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place of the ranking that counts, as the award needs it."""

    bid_id: UUID
    solver_organisation_id: UUID
    rank: int
    quote_fen: int | None


def rubric_of(call: Call) -> Rubric:
    """Read the yardstick that was published with a call."""
    said = {"scoring": call.content.scoring, "criteria": call.content.criteria}
    return _rubric_of(msgspec.json.encode(said))


@functools.lru_cache(maxsize=256)
def _rubric_of(published: bytes) -> Rubric:
    """Read and check a yardstick once: every file asks for it several times."""
    return published_rubric(msgspec.json.decode(published))


def criterion_of(call: Call, code: str, *kinds: Kind) -> Criterion:
    """Find a criterion of the call that is of one of `kinds`."""
    found = rubric_of(call).criterion(code)
    if found is None or found.kind not in kinds:
        raise CriterionUnknown(criterion=short(code), kinds=sorted(kinds))
    return found


async def hands_on(session: ReadSession, scenario: Scenario) -> dict[Duty, frozenset[UUID]]:
    """Tell who did what to a call up to its ranking; a recused judge has judged all the same."""
    seated = await seats(session, scenario.id)
    return {
        **await scenarios.hands_on(session, scenario),
        **await bids.hands_on(session, scenario.id),
        Duty.JUDGE: frozenset(seat.person_id for seat in seated),
        Duty.SEATER: frozenset(
            person
            for seat in seated
            for person in (seat.seated_by, seat.recused_by)
            if person is not None
        ),
    }


async def seats(session: ReadSession, scenario_id: UUID) -> Sequence[PanelSeat]:
    """List the seats of a panel in the order they were filled, recused ones included."""
    found = await session.exec(
        select(PanelSeat).where(PanelSeat.scenario_id == scenario_id).order_by(col(PanelSeat.id))
    )
    return found.all()


async def seat_of(session: ReadSession, scenario_id: UUID, person_id: UUID) -> PanelSeat | None:
    """Find the seat of a person."""
    found = await session.exec(
        select(PanelSeat)
        .where(PanelSeat.scenario_id == scenario_id)
        .where(PanelSeat.person_id == person_id)
    )
    return found.first()


async def seats_seen_by(
    session: ReadSession, actor: Actor, call: Scenario
) -> Sequence[tuple[PanelSeat, Person]]:
    """List the seats of a panel with names: a judge finds only their own, a stranger no panel."""
    statement = (
        select(PanelSeat, Person)
        .where(PanelSeat.scenario_id == call.id)
        .where(PanelSeat.person_id == Person.id)
        .order_by(col(PanelSeat.id))
    )
    if visibility.may_read_panel(actor.at(call.organizer_id)):
        return (await session.exec(statement)).all()
    own = (await session.exec(statement.where(PanelSeat.person_id == actor.person_id))).all()
    if not own:
        raise NotOnPanel()
    return own


async def sheets_seen_by(
    session: ReadSession, actor: Actor, call: Scenario
) -> Sequence[tuple[PanelSeat, Sequence[MarkRow] | None]]:
    """List score sheets: a judge finds their own; approver and auditor all of them.

    Shape    others' marks are None before the first round, and while anybody has not signed.
    """
    seated = await seats(session, call.id)
    done = all(seat.signed_at is not None for seat in seated if seat.recused_at is None)
    signed = done and await latest_round(session, call.id) is not None
    own = [seat for seat in seated if seat.person_id == actor.person_id]
    if visibility.may_read_sheets(actor.at(call.organizer_id)) and (signed or not own):
        return [(one, await marks_of_seat(session, one.id) if signed else None) for one in seated]
    if not own:
        raise NotOnPanel()
    return [(one, await marks_of_seat(session, one.id)) for one in own]


async def marks_of_seat(session: ReadSession, seat_id: UUID) -> Sequence[MarkRow]:
    """List what one judge has marked so far."""
    found = await session.exec(
        select(MarkRow).where(MarkRow.seat_id == seat_id).order_by(col(MarkRow.id))
    )
    return found.all()


async def hidden_set(session: ReadSession, scenario_id: UUID, criterion: str) -> HiddenSet | None:
    """Find the hidden set of a criterion that counts: the newest of those that do."""
    found = await session.exec(
        select(HiddenSet)
        .where(HiddenSet.scenario_id == scenario_id)
        .where(HiddenSet.criterion == criterion)
        .where(col(HiddenSet.counts_from).is_not(None))
        .order_by(col(HiddenSet.number).desc())
    )
    return found.first()


async def newest_hidden_set(
    session: ReadSession, scenario_id: UUID, criterion: str
) -> HiddenSet | None:
    """Find the newest hidden set of a criterion, whether or not it counts yet."""
    found = await session.exec(
        select(HiddenSet)
        .where(HiddenSet.scenario_id == scenario_id)
        .where(HiddenSet.criterion == criterion)
        .order_by(col(HiddenSet.number).desc())
    )
    return found.first()


async def submissions_of(session: ReadSession, bid_id: UUID) -> Sequence[Submission]:
    """List the submissions of a bid, oldest first."""
    found = await session.exec(
        select(Submission).where(Submission.bid_id == bid_id).order_by(col(Submission.id))
    )
    return found.all()


async def bid_of_submissions(session: ReadSession, actor: Actor, bid_id: UUID) -> Bid:
    """Find a bid whose submissions the actor may read: their own, or an opened one by right."""
    scenario = await scenarios.scenario(session, await bids.scenario_of(session, bid_id))
    return await bids.bid_seen_by(session, actor, bid_id, scenario)


async def submission_seen_by(session: ReadSession, actor: Actor, submission_id: UUID) -> Submission:
    """Find one submission the actor may read."""
    row = await session.get(Submission, submission_id)
    if row is None:
        raise SubmissionUnknown(submission_id=str(submission_id))
    try:
        await bid_of_submissions(session, actor, row.bid_id)
    except BidUnknown as hidden:
        raise SubmissionUnknown(submission_id=str(submission_id)) from hidden
    return row


async def objective_mark(
    session: ReadSession, bid_id: UUID, criterion: str
) -> ObjectiveMark | None:
    """Find the objective mark of one bid on one criterion."""
    found = await session.exec(
        select(ObjectiveMark)
        .where(ObjectiveMark.bid_id == bid_id)
        .where(ObjectiveMark.criterion == criterion)
    )
    return found.first()


async def objective_marks(session: ReadSession, scenario_id: UUID) -> Sequence[ObjectiveMark]:
    """List every objective mark of a call."""
    found = await session.exec(
        select(ObjectiveMark)
        .where(ObjectiveMark.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
        .order_by(col(ObjectiveMark.bid_id), col(ObjectiveMark.criterion))
    )
    return found.all()


async def rounds(session: ReadSession, scenario_id: UUID) -> Sequence[RankingRound]:
    """List the ranking rounds of a call, oldest first."""
    found = await session.exec(
        select(RankingRound)
        .where(RankingRound.scenario_id == scenario_id)
        .order_by(col(RankingRound.number))
    )
    return found.all()


async def ranking_round(
    session: ReadSession, round_id: UUID, *, lock: bool = False
) -> RankingRound:
    """Find one ranking round."""
    row = await session.get(RankingRound, round_id, with_for_update=True if lock else None)
    if row is None:
        raise RoundUnknown(round_id=str(round_id))
    return row


async def latest_round(session: ReadSession, scenario_id: UUID) -> RankingRound | None:
    """Find the round that counts."""
    found = await session.exec(
        select(RankingRound)
        .where(RankingRound.scenario_id == scenario_id)
        .order_by(col(RankingRound.number).desc())
    )
    return found.first()


async def own_ranked_bid(session: ReadSession, actor: Actor, call: Call) -> Bid | None:
    """Find the actor's own bid of a call whose bidders have been told the result."""
    if call.state not in visibility.TOLD_STATES or not actor.may(Permission.BIDS_SUBMIT):
        return None
    opened = await bids.opened_bids(session, call.id)
    return next((bid for bid, _ in opened if bid.solver_id == actor.organization_id), None)


async def may_read_rounds(session: ReadSession, actor: Actor, call: Call) -> bool:
    """Tell whether the actor may read the whole rankings of a call."""
    seat = await seat_of(session, call.id, actor.person_id)
    chairs = seat is not None and seat.is_chair and seat.recused_at is None
    chair_id = actor.person_id if chairs else None
    reader = actor.at(call.organizer_id)
    return visibility.may_read_rounds(reader, poster_id=call.poster_id, chair_id=chair_id)


async def round_seen_by(
    session: ReadSession, actor: Actor, round_id: UUID
) -> tuple[RankingRound, Bid | None]:
    """Find a round the actor may read: whole, or only as far as it is about the bid given back."""
    row = await ranking_round(session, round_id)
    call = await scenarios.call(session, row.scenario_id)
    if await may_read_rounds(session, actor, call):
        return row, None
    own = await own_ranked_bid(session, actor, call)
    if own is None or row.superseded_at is not None:
        raise RoundUnknown(round_id=str(round_id))
    return row, own


async def candidates(session: ReadSession, scenario_id: UUID) -> tuple[Candidate, ...]:
    """List the ranked bids of the round that counts, first place first."""
    round_ = await latest_round(session, scenario_id)
    if round_ is None:
        return ()
    standings = msgspec.json.decode(round_.standings)["standings"]
    opened = await bids.opened_bids(session, scenario_id)
    solvers = {str(bid.id): bid.solver_id for bid, _ in opened}
    return tuple(
        Candidate(
            bid_id=UUID(one["bid_id"]),
            solver_organisation_id=solvers[one["bid_id"]],
            rank=one["rank"],
            quote_fen=one["quote_fen"],
        )
        for one in standings
    )
