"""Take files, let them be withdrawn, select the one that counts, strike out the one that may not.

A file is taken whether or not anybody is there to measure it: it is stored, counted and queued in
one transaction.  Locks: the call, the bid, the work, the submission, the board.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, update

from marketplace.bids.actions.offering import tell
from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue import submissions as said
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.storage import StoredFile
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scoring.actions import boards, quotas, working
from marketplace.scoring.errors.inference import FilesNotTaken
from marketplace.scoring.errors.rounds import NotEvaluating, TruthMissing
from marketplace.scoring.errors.submissions import NotScored, PhaseOver
from marketplace.scoring.queries import inference, rounds
from marketplace.scoring.queries import submissions as queries
from marketplace.scoring.queries import work as queue
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules.rubric import Criterion, Kind
from marketplace.scoring.rules.submissions import FREE_STATES, Phase, Source, SubmissionState
from marketplace.scoring.rules.work import OF_SUBMISSIONS, OPEN, WorkKind
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import Work

SELECTABLE_BIDS = rules.FEEDBACK_BIDS | rules.EVALUATION_BIDS


async def check_upload(
    session: ReadSession, actor: Actor, bid_id: UUID, *, criterion: str, clock: Clock
) -> None:
    """Find out whether a file of one's own bid would be taken, before a byte of it is.

    Refuses  BidUnknown for anybody else's bid, NotEvaluating, PhaseOver, CriterionUnknown,
             TruthMissing, FilesNotTaken where endpoints are called instead.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    bid = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, bid.scenario_id)
    await open_phase(session, call, bid, criterion, now=await clock.decisive(session))
    _require_files(call, criterion)


async def take_file(
    database: Database,
    actor: Actor,
    bid_id: UUID,
    *,
    criterion: str,
    stored: StoredFile,
    clock: Clock,
) -> Submission:
    """Take a file that has arrived: one short transaction, begun when the last byte is stored."""
    async with database.writing() as session:
        return await accept(session, actor, bid_id, criterion=criterion, stored=stored, clock=clock)


async def accept(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    criterion: str,
    stored: StoredFile,
    clock: Clock,
) -> Submission:
    """Take a prediction file of one's own bid, count it and put it into the queue.

    Shape    the earlier submission when the very same file came last time: an upload may be
             repeated after a lost answer, and counts once.  `stored` is then kept by nobody.
    Refuses  what `check_upload` refuses, and QuotaUsed.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    own = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, own.scenario_id, lock=True)
    bid = await bids.own_bid(session, actor, bid_id, lock=True)
    now = await clock.decisive(session)
    phase, found = await open_phase(session, call, bid, criterion, now=now)
    _require_files(call, criterion)
    last = await queries.newest_of_bid(session, bid.id, criterion)
    repeated = last is not None and last.file_sha256 == stored.sha256 and last.phase is phase
    if last is not None and repeated and last.state not in FREE_STATES:
        return last
    assert found.metric is not None
    row = Submission(
        bid_id=bid.id,
        criterion=criterion,
        metric=found.metric,
        phase=phase,
        state=SubmissionState(rules.LIFECYCLE.initial().target),
        file_name=stored.name,
        file_sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        quota_day=rules.day_key(now),
        submitted_by=actor.person_id,
        submitted_at=now,
    )
    await quotas.reserve(session, row, queries.benchmark_of(call, criterion), now=now)
    move_to(row, "enqueue", now=now)
    session.add(row)
    await session.flush()
    await working.enqueue(
        session,
        kind=WorkKind.SCORE,
        subject_id=row.id,
        scenario_id=call.id,
        organization_id=bid.solver_id,
        steps=1,
        sealed=phase is Phase.FEEDBACK,
        now=now,
    )
    return row


def _require_files(call: Call, criterion: str) -> None:
    terms = queries.benchmark_of(call, criterion).endpoint
    if terms is not None and not terms.files:
        raise FilesNotTaken(criterion=criterion)


async def open_phase(
    session: ReadSession, call: Call, bid: Bid, criterion: str, *, now: dt.datetime
) -> tuple[Phase, Criterion]:
    """Find the phase in which this bid may submit now, and the criterion it is for.

    Refuses  NotEvaluating, PhaseOver, CriterionUnknown, TruthMissing.
    """
    stage = await queries.stage_of(session, call, bid)
    benchmark = queries.benchmark_of(call, criterion)
    phase = rules.phase_of(stage, benchmark, now)
    if phase is None:
        _refuse_stage(stage, benchmark, now)
    found = rounds.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)
    if await rounds.hidden_set(session, call.id, criterion) is None:
        raise TruthMissing(criterion=criterion)
    assert phase is not None
    return phase, found


def _refuse_stage(stage: rules.Stage, benchmark: Benchmark, now: dt.datetime) -> None:
    ends_at = rules.evaluation_ends_at(benchmark, stage.opened_at)
    if stage.bid_state in rules.EVALUATION_BIDS and ends_at is not None and ends_at <= now:
        raise PhaseOver(phase=Phase.EVALUATION.value, ended_at=ends_at.isoformat())
    raise NotEvaluating(state=stage.call_state.value, bid_state=stage.bid_state.value)


async def cancel_work(session: WriteSession, actor: Actor, work_id: UUID, *, clock: Clock) -> Work:
    """Stop work that nobody needs any more: one's own file or calls, or what one's bureau runs.

    Refuses  WorkUnknown for who may not see it, MoveNotAllowed for what has ended.  Who measures it
             at this moment finds out when they bring the result, which then counts for nothing.
    """
    access.signed_in(actor)
    seen = await queue.seen_by(session, actor, work_id)
    owner = seen.organization_id is not None and seen.organization_id == actor.organization_id
    scenario = await scenarios.scenario(session, seen.scenario_id, lock=True)
    permission = Permission.SUBMISSIONS_UPLOAD if owner else Permission.BIDS_OPEN
    access.require(actor if owner else actor.at(scenario.organizer_id), permission)
    row = await queue.held(session, work_id)
    now = await clock.decisive(session)
    working.end(row, "cancel", now=now)
    if row.kind in OF_SUBMISSIONS:
        submission = await queries.submission_held(session, row.subject_id)
        await close(session, submission, "cancel", by=actor.kind, now=now)
    await session.flush()
    return row


async def close(
    session: WriteSession,
    row: Submission,
    verb: str,
    *,
    by: str,
    now: dt.datetime,
    failure: dict[str, object] | None = None,
    blameless: bool = False,
) -> None:
    """End a submission that gets no value, give its attempt back, and tell its solver.

    Shape    an attempt whose hidden inputs have reached an endpoint is spent, unless the fault is
             not its solver's (`blameless`).
    """
    move_to(row, verb, now=now)
    row.failure = failure
    if blameless or not await _has_been_asked(session, row):
        await quotas.give_back(session, row)
    bid = await session.get_one(Bid, row.bid_id)
    ended = said.SubmissionEnded if row.phase is Phase.EVALUATION else said.FeedbackEnded
    event = ended(
        bid_id=row.bid_id,
        submission_id=row.id,
        criterion=row.criterion,
        state=row.state.value,
        reason=None if failure is None else str(failure["code"]),
    )
    await events.record(
        session,
        event,
        by=by,
        now=now,
        organization_id=bid.solver_id,
        scenario_id=bid.scenario_id,
    )


async def _has_been_asked(session: WriteSession, row: Submission) -> bool:
    if row.source is not Source.ENDPOINT:
        return False
    return (await inference.run_of(session, row.id)).reached


def move_to(row: Submission, verb: str, *, now: dt.datetime) -> None:
    """Make one move of the state table."""
    row.state = SubmissionState(rules.LIFECYCLE.check(row.state, verb).target)
    if row.state not in rules.OPEN_STATES:
        row.finished_at = now


async def select_final(
    session: WriteSession, actor: Actor, submission_id: UUID, *, clock: Clock
) -> Submission:
    """Select one's own scored submission as the one that counts; the one before is given up.

    Refuses  SubmissionUnknown, NotScored, PhaseOver once nothing is taken any more.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    found = await rounds.submission_seen_by(session, actor, submission_id)
    own = await bids.own_bid(session, actor, found.bid_id)
    call = await scenarios.call(session, own.scenario_id, lock=True)
    bid = await bids.own_bid(session, actor, found.bid_id, lock=True)
    now = await clock.decisive(session)
    benchmark = queries.benchmark_of(call, found.criterion)
    stage = await queries.stage_of(session, call, bid)
    if rules.phase_of(stage, benchmark, now) is None:
        raise PhaseOver(state=call.state.value, bid_state=bid.state.value)
    rows = await queries.of_bid(session, bid.id, found.criterion)
    row = next(one for one in rows if one.id == submission_id)
    if row.state is not SubmissionState.SCORED:
        raise NotScored(state=row.state.value)
    for one in rows:
        one.selected_at = None
    row.selected_at = now
    await session.flush()
    await boards.settle(session, call, bid, found.criterion, cause="selected", now=now)
    return row


async def disqualify(
    session: WriteSession,
    actor: Actor,
    submission_id: UUID,
    *,
    reason: str,
    clock: Clock,
) -> Submission:
    """Strike out a submission of an opened bid: it leaves the board and never counts.

    Refuses  SubmissionUnknown before the opening, NotPermitted for who does not check bids,
             MoveNotAllowed for what has ended without a value.
    """
    access.require(actor, Permission.BIDS_CHECK)
    found = await queries.submission(session, submission_id)
    scenario_id = await bids.scenario_of(session, found.bid_id)
    scenario = await scenarios.scenario(session, scenario_id)
    await rounds.submission_seen_by(session, actor, submission_id)
    access.require(actor.at(scenario.organizer_id), Permission.BIDS_CHECK)
    call = await scenarios.call(session, scenario_id, lock=True)
    bid = await bids.opened_bid(session, found.bid_id, lock=True)
    now = await clock.decisive(session)
    work = await queue.of_subject(session, submission_id)
    if work is not None:
        held = await queue.held(session, work.id)
        if held.state in OPEN:
            working.end(held, "cancel", now=now)
    row = await queries.submission_held(session, submission_id)
    move_to(row, "disqualify", now=now)
    row.failure = rules.failure("scoring.disqualified", {"reason": reason})
    row.selected_at = None
    await session.flush()
    event = said.SubmissionEnded(
        bid_id=bid.id,
        submission_id=row.id,
        criterion=row.criterion,
        state=row.state.value,
        reason="scoring.disqualified",
    )
    await tell(session, actor, bid, event, now=now)
    await boards.settle(session, call, bid, row.criterion, cause="disqualified", now=now)
    return row


async def note_removed(session: WriteSession, names: Sequence[str], *, now: dt.datetime) -> None:
    """Write down that stored files are gone."""
    statement = (
        update(Submission).where(col(Submission.file_name).in_(names)).values(file_gone_at=now)
    )
    connection = await session.connection()
    await connection.execute(statement)
