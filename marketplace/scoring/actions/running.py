"""Have an endpoint asked: submit it, lease the calls, keep what is answered, hand the file in.

No session is open while anybody is called.  What is answered is kept in pieces under the lease, so
whoever comes after a crash goes on from there and asks nothing twice; whoever lost the lease keeps
nothing.  At the end the pieces become one file of evidence, the predictions one more file that
waits to be measured like any other, and nothing is ever asked again.
Locks: the call, the bid, the work, the submission.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import col, delete

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.endpoints import EndpointAsked, EndpointAskedInFeedback
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import StoredFile
from marketplace.kit.tables import sealed_context
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions import quotas, registering, scoring, working
from marketplace.scoring.actions.submitting import close, move_to, open_phase
from marketplace.scoring.errors.inference import InferenceEndpointRetired, InputsMissing
from marketplace.scoring.queries import inference as queries
from marketplace.scoring.queries import submissions
from marketplace.scoring.queries import work as queue
from marketplace.scoring.rules import inference
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules import work as pace
from marketplace.scoring.rules.endpoints import Limits
from marketplace.scoring.rules.submissions import Phase, Source, SubmissionState
from marketplace.scoring.rules.work import CALLED, WorkKind
from marketplace.scoring.tables.inference import (
    EndpointAnswers,
    EndpointRun,
    HiddenInputs,
    InferenceEndpoint,
)
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import Work


def seed_context(run_id: UUID) -> str:
    """Name what a sealed seed is bound to."""
    return sealed_context(EndpointRun, "sealed_seed", id=run_id)


async def submit(
    session: WriteSession,
    actor: Actor,
    endpoint_id: UUID,
    *,
    keeper: Keeper,
    entropy: bytes,
    clock: Clock,
) -> Submission:
    """Have one's own endpoint asked every hidden input, and its answers measured like a file.

    Shape    the submission that is under way when this endpoint is already being asked.  `entropy`
             is 32 random bytes, of which the order and the names of the inputs are made.
    Refuses  InferenceEndpointUnknown, InferenceEndpointRetired, what `open_phase` refuses,
             EndpointsNotTaken, InputsMissing, QuotaUsed.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    endpoint, own = await queries.own_endpoint(session, actor, endpoint_id)
    call = await scenarios.call(session, own.scenario_id, lock=True)
    bid = await bids.own_bid(session, actor, own.id, lock=True)
    await session.refresh(endpoint)
    if endpoint.retired_at is not None:
        raise InferenceEndpointRetired(inference_endpoint_id=str(endpoint_id))
    now = await clock.decisive(session)
    phase, criterion = await open_phase(session, call, bid, endpoint.criterion, now=now)
    terms = queries.terms_of(call, criterion.code)
    inputs = await queries.newest_inputs(session, call.id, criterion.code)
    if inputs is None:
        raise InputsMissing(criterion=criterion.code)
    under_way = await queries.open_run_of(session, endpoint.id)
    if under_way is not None:
        return under_way
    assert criterion.metric is not None
    row = Submission(
        bid_id=bid.id,
        criterion=criterion.code,
        metric=criterion.metric,
        phase=phase,
        state=SubmissionState(rules.LIFECYCLE.initial().target),
        source=Source.ENDPOINT,
        quota_day=rules.day_key(now),
        submitted_by=actor.person_id,
        submitted_at=now,
    )
    await quotas.reserve(session, row, submissions.benchmark_of(call, criterion.code), now=now)
    move_to(row, "enqueue", now=now)
    session.add(row)
    await session.flush()
    run_id = new_id()
    session.add(
        EndpointRun(
            id=run_id,
            submission_id=row.id,
            endpoint_id=endpoint.id,
            hidden_inputs_id=inputs.id,
            limits=asdict(inference.limits_of(terms)),
            sealed_seed=keeper.seal(entropy, context=seed_context(run_id)),
        )
    )
    await _enqueue(session, call, bid, row, WorkKind.CALL, steps=inputs.rows, now=now)
    return row


async def _enqueue(
    session: WriteSession,
    call: Call,
    bid: Bid,
    row: Submission,
    kind: WorkKind,
    *,
    steps: int,
    now: dt.datetime,
) -> None:
    await working.enqueue(
        session,
        kind=kind,
        subject_id=row.id,
        scenario_id=call.id,
        organization_id=bid.solver_id,
        steps=steps,
        sealed=row.phase is Phase.FEEDBACK,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedCalls:
    """All a worker needs to ask one endpoint without a session."""

    work_id: UUID
    token: UUID
    run_id: UUID
    submission_id: UUID
    metric: str
    url: str
    headers: dict[str, str] = field(repr=False)
    """With the solver's secret."""
    limits: Limits
    seed: bytes = field(repr=False)
    inputs_file: str
    rows: int
    judged: tuple[tuple[str, str], ...]
    """Criteria that judge these calls, each with its metric."""
    answers: tuple[str, ...]
    """Files of what was answered already, in order."""
    spent_ms: int


async def lease(
    session: WriteSession,
    *,
    limit: int,
    keeper: Keeper,
    now: dt.datetime,
    patience: dt.timedelta = pace.LEASE,
) -> list[LeasedCalls]:
    """Take up to `limit` endpoints to be asked, one of each organisation at a time.

    Whoever submits many slow ones waits for their own, and not everybody else.
    """
    busy = set(await queue.busy_organizations(session, CALLED, now=now))
    taken: list[LeasedCalls] = []
    while len(taken) < limit:
        found = await queue.due(session, limit=1, now=now, kinds=CALLED, passed_over=busy)
        if not found:
            break
        row = found[0]
        if row.tries >= pace.TRIES_MAX:
            await scoring.give_up(session, row, now=now)
        else:
            taken.append(await _take(session, row, keeper=keeper, now=now, patience=patience))
            if row.organization_id is not None:
                busy.add(row.organization_id)
        await session.flush()
    return taken


async def _take(
    session: WriteSession,
    row: Work,
    *,
    keeper: Keeper,
    now: dt.datetime,
    patience: dt.timedelta,
) -> LeasedCalls:
    submission = await submissions.submission_held(session, row.subject_id)
    run = await queries.run_of(session, submission.id)
    endpoint = await session.get_one(InferenceEndpoint, run.endpoint_id)
    inputs = await session.get_one(HiddenInputs, run.hidden_inputs_id)
    kept = await queries.answers_of(session, run.id)
    call = await scenarios.call(session, row.scenario_id)
    judging = submissions.judging_calls(call, submission.criterion)
    move_to(submission, "start", now=now)
    run.called_at = run.called_at or now
    # Until the worker knows better: it may be killed as soon as the first input has left.
    run.reached = True
    return LeasedCalls(
        work_id=row.id,
        token=working.take(row, now=now, patience=patience),
        run_id=run.id,
        submission_id=submission.id,
        metric=submission.metric,
        url=endpoint.url,
        headers=registering.headers_of(endpoint, keeper),
        limits=Limits(**run.limits),
        seed=keeper.unseal(run.sealed_seed, context=seed_context(run.id)),
        inputs_file=inputs.file_name,
        rows=inputs.rows,
        judged=tuple((one.code, one.metric or "") for one in judging),
        answers=tuple(one.file_name for one in kept),
        spent_ms=run.busy_ms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Answers that came since the last piece, stored."""

    file_name: str
    rows_done: int
    """How many rows are settled, with these."""
    spent_ms: int


async def keep(
    session: WriteSession,
    leased: LeasedCalls,
    piece: Piece,
    *,
    now: dt.datetime,
    patience: dt.timedelta = pace.LEASE,
) -> bool:
    """Keep a piece of what was answered; say whether the lease still held, else nothing is kept."""
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is None:
        return False
    run = await session.get_one(EndpointRun, leased.run_id)
    kept = await queries.answers_of(session, run.id)
    session.add(
        EndpointAnswers(
            run_id=run.id,
            number=kept[-1].number + 1 if kept else 1,
            file_name=piece.file_name,
        )
    )
    run.busy_ms = piece.spent_ms
    row.steps_done = min(piece.rows_done, row.steps_total)
    row.next_at = now + patience
    # A step came to an end: a run of hours outlives more than a few restarts.
    row.tries = 1
    await session.flush()
    return True


async def put_back(session: WriteSession, leased: LeasedCalls, *, now: dt.datetime) -> None:
    """Give calls back that were stopped because their worker is to stop."""
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is not None:
        await scoring.put_back(session, row, again_at=now, forgive=True, now=now)


async def fail(
    session: WriteSession, leased: LeasedCalls, *, draw: float, now: dt.datetime
) -> bool:
    """Try later what the platform could not do."""
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is not None:
        await scoring.failed(session, row, draw=draw, now=now)
    await session.flush()
    return row is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What came of all calls of one submission."""

    evidence: StoredFile
    summary: dict[str, Any]
    rows_done: int
    rows_failed: int
    reached: bool
    spent_ms: int
    predictions: StoredFile | None = None
    """None: there is no file, and `refusal` says why."""
    refusal: dict[str, Any] | None = None


async def finish(
    session: WriteSession, leased: LeasedCalls, done: Finished, *, now: dt.datetime
) -> Sequence[str] | None:
    """Hand in the file that was made of the answers, or end the submission without one.

    Shape    the names of the pieces, which the evidence has replaced; None for whoever comes
             without the lease: then nothing has changed.
    """
    scenario_id = (await session.get_one(Work, leased.work_id)).scenario_id
    call = await scenarios.call(session, scenario_id, lock=True)
    work = await working.still_held(session, leased.work_id, leased.token)
    if work is None:
        return None
    submission = await submissions.submission_held(session, leased.submission_id)
    run = await session.get_one(EndpointRun, leased.run_id)
    run.reached, run.busy_ms, run.ended_at = done.reached, done.spent_ms, now
    run.summary = done.summary
    run.evidence_name, run.evidence_bytes = done.evidence.name, done.evidence.size_bytes
    run.evidence_sha256 = done.evidence.sha256
    work.steps_done = done.rows_done
    work.busy_ms = done.spent_ms
    bid = await session.get_one(Bid, submission.bid_id)
    await _tell(session, bid, submission, done, now=now)
    if done.predictions is None:
        working.end(work, "give_up", now=now, failure=done.refusal)
        await close(session, submission, "fail", by="system", now=now, failure=done.refusal)
    else:
        submission.file_name = done.predictions.name
        submission.file_sha256 = done.predictions.sha256
        submission.size_bytes = done.predictions.size_bytes
        working.end(work, "finish", now=now)
        move_to(submission, "hand_in", now=now)
        await _enqueue(session, call, bid, submission, WorkKind.SCORE, steps=1, now=now)
    return await _drop_pieces(session, run.id)


async def _drop_pieces(session: WriteSession, run_id: UUID) -> Sequence[str]:
    names = [one.file_name for one in await queries.answers_of(session, run_id)]
    await session.exec(delete(EndpointAnswers).where(col(EndpointAnswers.run_id) == run_id))
    await session.flush()
    return names


async def _tell(
    session: WriteSession, bid: Bid, submission: Submission, done: Finished, *, now: dt.datetime
) -> None:
    kind = EndpointAsked if submission.phase is Phase.EVALUATION else EndpointAskedInFeedback
    said = kind(
        bid_id=bid.id,
        submission_id=submission.id,
        criterion=submission.criterion,
        rows=done.rows_done,
        rows_failed=done.rows_failed,
        evidence_sha256=done.evidence.sha256,
    )
    await events.record(
        session,
        said,
        by="system",
        now=now,
        organization_id=bid.solver_id,
        scenario_id=bid.scenario_id,
    )


async def forget(session: WriteSession, piece_ids: Collection[UUID]) -> None:
    """Forget pieces of runs that ended without evidence: they were cancelled or lost."""
    await session.exec(delete(EndpointAnswers).where(col(EndpointAnswers.id).in_(piece_ids)))
