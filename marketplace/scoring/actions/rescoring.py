"""Measure everything anew against a newer hidden set, look at what would change, then let it count.

Stored files are measured, never new ones: nobody gets a second chance from a mended label.  Nothing
counts before the commit, and the commit names the digest of the difference it was decided on: if
the boards have changed since, there is another difference to look at first.
Locks: the call, the work, the board.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.submissions import RescoringCommitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.digests import digest_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions import boards, scoring, working
from marketplace.scoring.actions.evaluation import truth_call
from marketplace.scoring.actions.submitting import move_to
from marketplace.scoring.errors.rounds import NotEvaluating
from marketplace.scoring.errors.submissions import (
    NothingToRescore,
    OwnRescoring,
    PreviewStale,
    RescoringIncomplete,
    RescoringUnderWay,
)
from marketplace.scoring.queries import rescorings as queries
from marketplace.scoring.queries import standings as standing
from marketplace.scoring.queries import submissions as sent
from marketplace.scoring.queries import work as queue
from marketplace.scoring.rules import boards as rules
from marketplace.scoring.rules import submissions
from marketplace.scoring.rules.boards import Entry, Moved
from marketplace.scoring.rules.submissions import Phase
from marketplace.scoring.rules.work import OPEN, WorkKind
from marketplace.scoring.tables.boards import Board, BoardEntry
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, SubmissionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a re-scoring would change: exactly, team by team and board by board."""

    missing: int
    """Submissions that have no new result yet; nothing can be committed before."""
    measured: int
    unmeasurable: tuple[UUID, ...]
    """Submissions that the new set cannot measure: they would lose their value."""
    moved: dict[str, list[Moved]]
    sha256: str


async def request(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    reason: str,
    now: dt.datetime,
) -> Rescoring:
    """Begin to measure every scored submission of a criterion against its newest hidden set.

    Refuses  what setting the hidden set refuses, NotEvaluating, NothingToRescore when no newer
             set waits, RescoringUnderWay.
    """
    call, _ = await truth_call(session, actor, scenario_id, criterion=criterion, lock=True)
    if call.state is not ScenarioState.EVALUATING:
        # Before the opening even the number of files would tell that somebody bids.
        raise NotEvaluating(state=call.state.value)
    hidden = await queries.waiting_set(session, scenario_id, criterion)
    if hidden is None:
        raise NothingToRescore(criterion=criterion)
    if await queries.open_rescoring(session, scenario_id, criterion) is not None:
        raise RescoringUnderWay(criterion=criterion)
    row = Rescoring(
        scenario_id=call.id,
        criterion=criterion,
        hidden_set_id=hidden.id,
        reason=reason,
        work_id=UUID(int=0),
        after_id=UUID(int=0),
        requested_by=actor.person_id,
        requested_at=now,
    )
    work = await working.enqueue(
        session,
        kind=WorkKind.RESCORE,
        subject_id=row.id,
        scenario_id=call.id,
        organization_id=None,
        steps=await sent.scored_count(session, call.id, criterion),
        now=now,
    )
    row.work_id = work.id
    session.add(row)
    await session.flush()
    return row


async def preview(session: ReadSession, row: Rescoring) -> Preview:
    """Compare the boards as they are with what they would be."""
    call = await scenarios.call(session, row.scenario_id)
    found, _ = await _compared(session, call, row)
    return found


async def commit_rescoring(
    session: WriteSession,
    actor: Actor,
    rescoring_id: UUID,
    *,
    preview_sha256: str,
    now: dt.datetime,
) -> Rescoring:
    """Let the new hidden set and its results count, and move the boards in one step.

    Refuses  RescoringUnknown, OwnRescoring for whoever asked for it, RescoringIncomplete,
             PreviewStale with the digest of what would change by now.
    """
    access.require(actor, Permission.SCENARIOS_APPROVE)
    row = await queries.rescoring(session, rescoring_id)
    call = await scenarios.call(session, row.scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.SCENARIOS_APPROVE)
    if actor.person_id == row.requested_by:
        raise OwnRescoring()
    work = await queue.held(session, row.work_id)
    queries.check_open(row)
    found, plans = await _compared(session, call, row)
    if found.missing:
        raise RescoringIncomplete(missing=found.missing)
    if found.sha256 != preview_sha256:
        raise PreviewStale(received=preview_sha256[:64], expected=found.sha256)
    hidden = await session.get_one(HiddenSet, row.hidden_set_id)
    hidden.counts_from = now
    for submission, result in await queries.results(session, row):
        scoring.adopt(submission, result)
        if result.value is None:
            move_to(submission, "lose_value", now=now)
            submission.failure = result.failure
    for plan in plans:
        await _carry_out(session, plan, now=now)
    await _settle_calls(session, call, row.criterion, plans, now=now)
    row.committed_by, row.committed_at = actor.person_id, now
    row.preview_sha256 = found.sha256
    if work.state in OPEN:
        working.end(work, "cancel", now=now)
    await session.flush()
    said = RescoringCommitted(
        scenario_id=call.id,
        rescoring_id=row.id,
        criterion=row.criterion,
        reason=row.reason,
        measured=found.measured,
        moved=sum(len(moved) for moved in found.moved.values()),
        preview_sha256=found.sha256,
    )
    await events.record(session, said, by=actor.kind, now=now, scenario_id=call.id)
    return row


async def resume(
    session: WriteSession, actor: Actor, rescoring_id: UUID, *, now: dt.datetime
) -> Rescoring:
    """Measure what was scored since the work ended."""
    row = await queries.rescoring(session, rescoring_id)
    await truth_call(session, actor, row.scenario_id, criterion=row.criterion, lock=True)
    queries.check_open(row)
    work = await queue.held(session, row.work_id)
    if work.state not in OPEN:
        again = await working.enqueue(
            session,
            kind=WorkKind.RESCORE,
            subject_id=row.id,
            scenario_id=row.scenario_id,
            organization_id=None,
            steps=await sent.scored_count(session, row.scenario_id, row.criterion),
            now=now,
        )
        row.work_id = again.id
    await session.flush()
    return row


async def cancel(
    session: WriteSession, actor: Actor, rescoring_id: UUID, *, now: dt.datetime
) -> Rescoring:
    """Give a re-scoring up: the hidden set that counts goes on counting."""
    row = await queries.rescoring(session, rescoring_id)
    await truth_call(session, actor, row.scenario_id, criterion=row.criterion, lock=True)
    work = await queue.held(session, row.work_id)
    queries.check_open(row)
    if work.state in OPEN:
        working.end(work, "cancel", now=now)
    row.cancelled_at = now
    await session.flush()
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What one board would be."""

    board: Board
    living: tuple[BoardEntry, ...]
    after: dict[UUID, tuple[Submission, str]]


async def _compared(
    session: ReadSession, call: Call, row: Rescoring
) -> tuple[Preview, list[_Plan]]:
    """Work out both boards as they would be, and how they differ from what they are."""
    missing = len(
        await sent.to_measure_anew(
            session,
            await session.get_one(HiddenSet, row.hidden_set_id),
            after=UUID(int=0),
            limit=1000,
        )
    )
    results = await queries.results(session, row)
    fresh = {submission.id: result for submission, result in results}
    out = await queries.bids_out(session, call.id)
    plans: list[_Plan] = []
    moved: dict[str, list[Moved]] = {}
    for phase in Phase:
        board = await standing.board(session, call.id, row.criterion, phase)
        if board is None:
            continue
        living = tuple(await standing.living_entries(session, board.id))
        after = _after(call, board, [one for one, _ in results], fresh, out)
        plans.append(_Plan(board=board, living=living, after=after))
        moved[phase.value] = _difference(board, living, after)
    lost = tuple(sorted(one.id for one, result in results if result.value is None))
    document: dict[str, Any] = {
        "hidden_set_id": str(row.hidden_set_id),
        "measured": sorted(str(one.id) for one, _ in results),
        "unmeasurable": [str(one) for one in lost],
        "boards": {plan.board.phase.value: plan.board.number for plan in plans},
        "moved": {phase: [one.document() for one in found] for phase, found in moved.items()},
    }
    found = Preview(
        missing=missing,
        measured=len(results),
        unmeasurable=lost,
        moved=moved,
        sha256=digest_of(document),
    )
    return found, plans


def _after(
    call: Call,
    board: Board,
    rows: Sequence[Submission],
    fresh: dict[UUID, SubmissionResult],
    out: frozenset[UUID],
) -> dict[UUID, tuple[Submission, str]]:
    """Choose for every team the file that would stand on a board, by the published rule."""
    benchmark = sent.benchmark_of(call, board.criterion)
    teams: dict[UUID, list[tuple[Submission, str]]] = {}
    public = board.phase is Phase.FEEDBACK
    for one in rows:
        value = fresh[one.id].public_value if public else fresh[one.id].value
        if value is not None and one.bid_id not in out:
            teams.setdefault(one.bid_id, []).append((one, value))
    after = {}
    for bid_id, candidates in teams.items():
        several = [sent.sent(one, value, board.direction) for one, value in candidates]
        chosen = (
            submissions.best(several)
            if public
            else submissions.counting(several, benchmark.selection)
        )
        assert chosen is not None
        after[bid_id] = next(pair for pair in candidates if pair[0].id == chosen.id)
    return after


def _difference(
    board: Board, living: Sequence[BoardEntry], after: dict[UUID, tuple[Submission, str]]
) -> list[Moved]:
    old = [
        (Entry(bid_id=one.bid_id, key=one.sort_key, received_at=one.received_at), one.value)
        for one in living
    ]
    new = [
        (
            Entry(
                bid_id=bid_id,
                key=rules.sort_key(Decimal(value), board.direction),
                received_at=submission.submitted_at,
            ),
            value,
        )
        for bid_id, (submission, value) in after.items()
    ]
    return rules.difference(old, new)


async def _carry_out(session: WriteSession, plan: _Plan, *, now: dt.datetime) -> None:
    """Give a board its new rows in one version, and count its blocks from scratch."""
    board = plan.board
    board.number += 1
    board.changed_at = now
    stays: set[UUID] = set()
    for one in plan.living:
        then = plan.after.get(one.bid_id)
        if then is not None and (then[0].id, then[1]) == (one.submission_id, one.value):
            stays.add(one.bid_id)
        else:
            one.until_number, one.until_at = board.number, now
    await session.flush()
    session.add_all(
        [
            boards.entry_of(board, bid_id, then, cause="rescored", now=now)
            for bid_id, then in plan.after.items()
            if bid_id not in stays
        ]
    )
    board.entries = len(plan.after)
    await session.flush()
    await boards.count_anew(session, board)


async def _settle_calls(
    session: WriteSession, call: Call, criterion: str, plans: Sequence[_Plan], *, now: dt.datetime
) -> None:
    """Let the boards that judge calls tell of what counts by now."""
    if not sent.judging_calls(call, criterion):
        return
    moved = {one for plan in plans for one in (*plan.after, *(row.bid_id for row in plan.living))}
    for bid_id in sorted(moved):
        bid = await session.get_one(Bid, bid_id)
        await boards.settle(session, call, bid, criterion, cause="rescored", now=now)
