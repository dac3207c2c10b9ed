"""Measure what is queued: lease, measure, record.  No session is open while a file is measured.

What was leased is checked again when the result comes: another token, another state or another
hidden set, and the result is dropped or the file queued again.  So a scorer may be killed at any
moment, and a result may be brought ten times: a submission gets one value from one hidden set.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace import __version__
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import SubmissionScored
from marketplace.events.rules.catalogue.submissions import FeedbackGiven
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions import boards, working
from marketplace.scoring.actions.submitting import close, move_to
from marketplace.scoring.actions.values import Task, Value
from marketplace.scoring.errors.rounds import PredictionIdsDiffer
from marketplace.scoring.errors.submissions import ScorerLost
from marketplace.scoring.queries import rounds
from marketplace.scoring.queries import submissions as queries
from marketplace.scoring.queries import work as queue
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules import work as pace
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.rules.splits import Split
from marketplace.scoring.rules.submissions import Phase, Source, SubmissionState
from marketplace.scoring.rules.work import WorkKind
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, ResultOutcomes, SubmissionResult, Work

BATCH = 32
"""Files of a re-scoring that are measured under one lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """Work that was taken, and the files it asks to be measured."""

    work_id: UUID
    token: UUID
    kind: WorkKind
    scenario_id: UUID
    subject_id: UUID
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file: a value, a refusal, or neither because the platform failed."""

    submission_id: UUID
    hidden_set_id: UUID
    measured: Value | None = None
    refusal: dict[str, Any] | None = None
    """Code and facts, the file's own fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a worker brings back."""

    leased: Leased
    outcomes: tuple[Outcome, ...] = field(default=())
    milliseconds: int = 0
    draw: float = 0.5
    """Uniform in [0, 1]; decides the jitter of a wait."""


async def lease(
    session: WriteSession,
    *,
    limit: int,
    now: dt.datetime,
    patience: dt.timedelta = pace.LEASE,
) -> list[Leased]:
    """Take up to `limit` pieces of work that are due; what was lost too often is given up."""
    taken = []
    for row in await queue.due(session, limit=limit, now=now):
        if row.tries >= pace.TRIES_MAX:
            await give_up(session, row, now=now)
            continue
        tasks = await _tasks(session, row, now=now)
        if tasks is None:
            continue
        token = working.take(row, now=now, patience=patience)
        taken.append(
            Leased(
                work_id=row.id,
                token=token,
                kind=row.kind,
                scenario_id=row.scenario_id,
                subject_id=row.subject_id,
                tasks=tasks,
            )
        )
    await session.flush()
    return taken


async def _tasks(session: WriteSession, row: Work, *, now: dt.datetime) -> tuple[Task, ...] | None:
    """List the files a piece of work asks for; None: there is nothing to do now."""
    call = await scenarios.call(session, row.scenario_id)
    if row.kind is WorkKind.RESCORE:
        return await _batch(session, call, row, now=now)
    submission = await queries.submission_held(session, row.subject_id)
    hidden = await rounds.hidden_set(session, call.id, submission.criterion)
    assert hidden is not None, "a file is not taken before there is a hidden set"
    move_to(submission, "start", now=now)
    return (task_of(call, submission, hidden),)


async def _batch(
    session: WriteSession, call: Call, row: Work, *, now: dt.datetime
) -> tuple[Task, ...] | None:
    """Take the next files of a re-scoring; when none is left, it is done."""
    rescoring = await session.get_one(Rescoring, row.subject_id)
    hidden = await session.get_one(HiddenSet, rescoring.hidden_set_id)
    found: Sequence[Submission] = ()
    # Files that were scored meanwhile may lie before the place reached: look once from the start.
    for after in dict.fromkeys([rescoring.after_id, UUID(int=0)]):
        found = await queries.to_measure_anew(session, hidden, after=after, limit=BATCH)
        if found:
            return tuple(task_of(call, one, hidden) for one in found)
    working.take(row, now=now)
    working.end(row, "finish", now=now)
    row.steps_done = row.steps_total
    return None


def task_of(call: Call, submission: Submission, hidden: HiddenSet) -> Task:
    """Describe one file and what it is measured against."""
    assert submission.file_name is not None, "what has no file yet is not measured"
    return Task(
        submission_id=submission.id,
        criterion=rounds.criterion_of(call, submission.criterion, Kind.OBJECTIVE_AUTO),
        file_name=submission.file_name,
        hidden_set_id=hidden.id,
        hidden_file=hidden.file_name,
        hidden_sha256=hidden.file_sha256,
        split=Split(
            public_share_bps=queries.benchmark_of(call, submission.criterion).public_share_bps,
            # Of what no solver has seen, and another with each version of the hidden set.
            key=bytes.fromhex(hidden.file_sha256) + hidden.id.bytes,
        ),
        slices=tuple(hidden.slices),
        outcomes=submission.phase is Phase.EVALUATION,
    )


async def record(session: WriteSession, brought: Brought, *, now: dt.datetime) -> bool:
    """Write down what a worker brings; say whether it counted.

    Refuses  nothing: who comes without the lease changes nothing, however often they come.
    """
    leased = brought.leased
    await scenarios.scenario(session, leased.scenario_id, lock=True)
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is None:
        return False
    whole = len(brought.outcomes) == len(leased.tasks)
    if whole and row.kind is not WorkKind.RESCORE:
        await _record_one(session, row, brought, now=now)
    else:
        row.busy_ms += brought.milliseconds
        if whole:
            await _record_batch(session, row, brought.outcomes, now=now)
        else:
            await failed(session, row, draw=brought.draw, now=now)
    await session.flush()
    return True


async def give_back(session: WriteSession, leased: Leased, *, now: dt.datetime) -> None:
    """Give back work that was not begun because its worker is to stop."""
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is not None:
        await put_back(session, row, again_at=now, forgive=True, now=now)


async def _record_one(
    session: WriteSession, row: Work, brought: Brought, *, now: dt.datetime
) -> None:
    # All is read before anything is changed: a question in between would write each half alone.
    [outcome] = brought.outcomes
    submission = await queries.submission_held(session, row.subject_id)
    hidden = await rounds.hidden_set(session, row.scenario_id, submission.criterion)
    bid = await session.get_one(Bid, submission.bid_id)
    if hidden is None or hidden.id != outcome.hidden_set_id:
        # Another set counts by now: only values against the same set can be compared.
        row.busy_ms += brought.milliseconds
        await put_back(session, row, again_at=now, forgive=True, now=now)
    elif outcome.measured is None:
        row.busy_ms += brought.milliseconds
        working.end(row, "give_up", now=now, failure=outcome.refusal)
        await close(
            session,
            submission,
            "fail",
            by="system",
            now=now,
            failure=outcome.refusal,
            blameless=_is_of_the_set(submission, outcome),
        )
    else:
        # Of a refusal nothing is said for which one must know the call, and a call is large.
        call = await scenarios.call(session, row.scenario_id)
        row.busy_ms += brought.milliseconds
        working.end(row, "finish", now=now)
        row.steps_done = row.steps_total
        move_to(submission, "score", now=now)
        result = _result(outcome, now=now)
        adopt(submission, result)
        await _keep(session, [result], [outcome])
        await _tell(session, call, bid, submission, now=now)
        await boards.settle(session, call, bid, submission.criterion, cause="scored", now=now)


def _is_of_the_set(submission: Submission, outcome: Outcome) -> bool:
    """Tell whether answers cannot be measured because inputs and hidden set do not fit together.

    A file of answers has exactly the rows that were asked.
    """
    refused = None if outcome.refusal is None else outcome.refusal["code"]
    return submission.source is Source.ENDPOINT and refused == PredictionIdsDiffer.code


async def _keep(
    session: WriteSession, results: Sequence[SubmissionResult], outcomes: Sequence[Outcome]
) -> None:
    session.add_all(results)
    await session.flush()
    session.add_all(
        ResultOutcomes(result_id=result.id, document=outcome.measured.outcomes)
        for result, outcome in zip(results, outcomes, strict=True)
        if outcome.measured is not None and outcome.measured.outcomes
    )
    await session.flush()


def _result(outcome: Outcome, *, now: dt.datetime) -> SubmissionResult:
    measured = outcome.measured
    public = None if measured is None else measured.public
    return SubmissionResult(
        submission_id=outcome.submission_id,
        hidden_set_id=outcome.hidden_set_id,
        scorer_version=__version__,
        value=None if measured is None else numbers.plain(measured.value),
        public_value=None if public is None else numbers.plain(public),
        failure=outcome.refusal,
        detail={} if measured is None else measured.detail,
        measured_at=now,
    )


def adopt(submission: Submission, result: SubmissionResult) -> None:
    """Let a result be the one that counts."""
    submission.hidden_set_id = result.hidden_set_id
    submission.scorer_version = result.scorer_version
    submission.value = result.value
    submission.public_value = result.public_value


async def _tell(
    session: WriteSession, call: Call, bid: Bid, submission: Submission, *, now: dt.datetime
) -> None:
    """Tell the solver, and before the opening nobody else; never the split that decides."""
    said: FeedbackGiven | SubmissionScored
    if submission.phase is Phase.FEEDBACK:
        said = FeedbackGiven(
            bid_id=submission.bid_id,
            submission_id=submission.id,
            criterion=submission.criterion,
            metric=submission.metric,
            public_value=submission.public_value,
        )
    else:
        split = queries.benchmark_of(call, submission.criterion).public_share_bps > 0
        value = submission.public_value if split else submission.value
        said = SubmissionScored(
            bid_id=submission.bid_id,
            submission_id=submission.id,
            criterion=submission.criterion,
            metric=submission.metric,
            value=value or "",
        )
    await events.record(
        session,
        said,
        by="system",
        now=now,
        organization_id=bid.solver_id,
        scenario_id=bid.scenario_id,
    )


async def _record_batch(
    session: WriteSession, row: Work, outcomes: Sequence[Outcome], *, now: dt.datetime
) -> None:
    rescoring = await session.get_one(Rescoring, row.subject_id)
    await _keep(session, [_result(one, now=now) for one in outcomes], outcomes)
    rescoring.after_id = max(outcome.submission_id for outcome in outcomes)
    row.steps_done = min(row.steps_total, row.steps_done + len(outcomes))
    working.put_back(row, again_at=now, forgive=True)


async def failed(session: WriteSession, row: Work, *, draw: float, now: dt.datetime) -> None:
    """Try again later what the platform could not do, or give it up."""
    again_at = pace.due_again(row.tries, now, draw=draw)
    if again_at is None:
        await give_up(session, row, now=now)
    else:
        await put_back(session, row, again_at=again_at, forgive=False, now=now)


async def put_back(
    session: WriteSession, row: Work, *, again_at: dt.datetime, forgive: bool, now: dt.datetime
) -> None:
    """Queue work again, and with it the submission it is about; `forgive` a try that was none."""
    working.put_back(row, again_at=again_at, forgive=forgive)
    if row.kind in pace.OF_SUBMISSIONS:
        submission = await queries.submission_held(session, row.subject_id)
        move_to(submission, "put_back", now=now)


async def give_up(session: WriteSession, row: Work, *, now: dt.datetime) -> None:
    """Keep it as a dead letter; a submission that the platform lost costs its solver nothing."""
    failure = rules.failure(ScorerLost.code, {"tries": row.tries})
    working.end(row, "give_up", now=now, failure=failure)
    if row.kind in pace.OF_SUBMISSIONS:
        submission = await queries.submission_held(session, row.subject_id)
        if submission.state in {SubmissionState.QUEUED, SubmissionState.RUNNING}:
            await close(
                session,
                submission,
                "fail",
                by="system",
                now=now,
                failure=failure,
                blameless=True,
            )
