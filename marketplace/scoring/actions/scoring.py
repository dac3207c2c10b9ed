"""Record what was measured, give it back, or give it up; see `leasing` for how it was taken.

No session is open while a file is measured.  What was leased is checked again when the result
comes: another token, another state or another hidden set, and the result is dropped or the file
queued again.  So a scorer may be killed at any moment, and a result may be brought ten times: a
submission gets one value from one hidden set.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
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
from marketplace.scoring.rules.submissions import Phase, Source, SubmissionState
from marketplace.scoring.rules.work import WorkKind
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, ResultOutcomes, SubmissionResult, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """Work that was taken, and the files it asks to be measured."""

    work_id: UUID
    token: UUID
    kind: WorkKind
    scenario_id: UUID
    subject_id: UUID
    tasks: tuple[Task, ...]

    @property
    def place(self) -> tuple[UUID, str]:
        """The call and the criterion, of which there is one in each piece of work."""
        return self.scenario_id, self.tasks[0].criterion.code


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


def of_one_place(brought: Iterable[Brought]) -> list[list[Brought]]:
    """Put together what is about the same criterion of the same call."""
    places: dict[tuple[UUID, str], list[Brought]] = {}
    for one in brought:
        places.setdefault(one.leased.place, []).append(one)
    return list(places.values())


async def record(session: WriteSession, brought: Sequence[Brought], *, now: dt.datetime) -> int:
    """Write down what workers bring for one criterion of a call; say how much of it counted.

    Shape    all that is held is held before anything is changed, and attempts are given back before
             values are told of, as who cancels work does: nobody waits for one who waits for them.
    Refuses  nothing: who comes without the lease changes nothing, however often they come.
    """
    [(scenario_id, criterion)] = {one.leased.place for one in brought}
    await scenarios.scenario(session, scenario_id, lock=True)
    tokens = [one.leased.token for one in brought]
    rows = {row.lease_token: row for row in await queue.leased(session, tokens)}
    counted = [one for one in brought if one.leased.token in rows]
    subjects = [one.leased.subject_id for one in counted]
    submissions = await queries.submissions_held(session, subjects)
    hidden = await rounds.hidden_set(session, scenario_id, criterion)
    bids = await queries.bids_of(session, submissions.values())
    for one in sorted(counted, key=lambda one: any(each.measured for each in one.outcomes)):
        row = rows[one.leased.token]
        whole = len(one.outcomes) == len(one.leased.tasks)
        if whole and row.kind is not WorkKind.RESCORE:
            submission = submissions[row.subject_id]
            bid = bids[submission.bid_id]
            await _record_one(session, row, submission, bid, hidden, one, now=now)
            continue
        row.busy_ms += one.milliseconds
        if whole:
            await _record_batch(session, row, one.outcomes, now=now)
        else:
            await failed(session, row, draw=one.draw, now=now)
    await session.flush()
    return len(counted)


async def give_back(session: WriteSession, leased: Leased, *, now: dt.datetime) -> None:
    """Give back work that was not begun because its worker is to stop."""
    row = await working.still_held(session, leased.work_id, leased.token)
    if row is not None:
        await put_back(session, row, again_at=now, forgive=True, now=now)


async def _record_one(
    session: WriteSession,
    row: Work,
    submission: Submission,
    bid: Bid,
    hidden: HiddenSet | None,
    brought: Brought,
    *,
    now: dt.datetime,
) -> None:
    [outcome] = brought.outcomes
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
        # Read before anything is changed: a question in between would write each half alone.  Of a
        # refusal nothing is said for which one must know the call, and a call is large.
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
