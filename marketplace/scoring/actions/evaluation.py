"""Measure prediction files against the hidden set: read, think, write.

No session is open while a worker measures a file (`actions.measuring`); what was decided on is
checked again under the lock, and measured again if it has changed.  A file that cannot be measured
is refused with its line and reason, and leaves no row behind; whoever stored the file removes it
when it is refused.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from marketplace import __version__
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import SubmissionScored
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.errors import Conflict
from marketplace.kit.executors import Executor
from marketplace.kit.storage import Storage, StoredFile
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions import measuring
from marketplace.scoring.actions.marking import evaluating_call
from marketplace.scoring.actions.measuring import MeasureJob
from marketplace.scoring.errors.rounds import NotEvaluating, QuotaUsed, TruthMissing
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.rubric import Criterion, Kind
from marketplace.scoring.tables.rounds import HiddenSet, Submission

SUBMISSIONS_MAX = 10
"""Files of one bid per criterion: enough to mend mistakes, too few to probe the hidden set."""
ATTEMPTS_MAX = 5
"""How often a file is measured anew because something changed meanwhile."""
UPLOAD_STATES = frozenset({BidState.OPENED, BidState.ELIGIBLE, BidState.RESPONSIVE})
TRUTH_STATES = frozenset({ScenarioState.PUBLISHED, ScenarioState.CLOSED, ScenarioState.EVALUATING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What has to be measured against what; read in one short transaction."""

    bid_id: UUID
    scenario_id: UUID
    criterion: Criterion
    hidden_set_id: UUID
    hidden_file: str
    hidden_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTruth:
    """A stored hidden set that was read and tried with a metric."""

    stored: StoredFile
    metric: str
    rows: int


async def truth_call(
    session: ReadSession, actor: Actor, scenario_id: UUID, *, criterion: str, lock: bool = False
) -> tuple[Call, Criterion]:
    """Find the benchmark criterion whose hidden set the actor may set now.

    Refuses  NotPermitted, NotEvaluating once the call is decided, CriterionUnknown; to be asked
             before a byte of the file is taken, and again under the lock.
    """
    access.require(actor, Permission.TRUTH_UPLOAD)
    call = await scenarios.call(session, scenario_id, lock=lock)
    if call.state not in TRUTH_STATES:
        raise NotEvaluating(state=call.state.value)
    near = {call.poster_id, call.end_user_id, call.organizer_id}
    if not actor.is_system and actor.organization_id not in near:
        raise NotPermitted(permission=Permission.TRUTH_UPLOAD.value)
    return call, queries.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)


async def keep_truth(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    checked: CheckedTruth,
    now: dt.datetime,
) -> HiddenSet:
    """Set the hidden set of a benchmark criterion: id and label, never told to anybody.

    Refuses  what `truth_call` refuses; Conflict when the criterion has another metric by now.
    """
    stored = checked.stored
    _, found = await truth_call(session, actor, scenario_id, criterion=criterion, lock=True)
    if found.metric != checked.metric:
        raise Conflict(criterion=criterion, metric=found.metric)
    earlier = await queries.hidden_set(session, scenario_id, criterion)
    row = HiddenSet(
        scenario_id=scenario_id,
        criterion=criterion,
        number=1 if earlier is None else earlier.number + 1,
        file_name=stored.name,
        file_sha256=stored.sha256,
        rows=checked.rows,
        uploaded_by=None if actor.is_system else actor.person_id,
        uploaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def check_truth(
    scorer: Executor, storage: Storage, criterion: Criterion, stored: StoredFile
) -> CheckedTruth:
    """Read a hidden set, and try the metric on it before anybody depends on it.

    Refuses  what is wrong with the file, and labels that the metric of the criterion cannot score.
    """
    assert criterion.metric is not None
    rows = await measuring.check_truth(
        scorer, storage, metric=criterion.metric, truth_file=stored.name
    )
    return CheckedTruth(stored=stored, metric=criterion.metric, rows=rows)


async def upload_truth(
    database: Database,
    storage: Storage,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    stored: StoredFile,
    scorer: Executor,
    clock: Clock,
) -> HiddenSet:
    """Set a hidden set and measure against it, in one step, every file that is already there.

    The stored files are measured, never new ones: nobody gets a second chance from a mended label.
    Refuses  what `check_truth` and `keep_truth` refuse; PredictionIdsDiffer when the new set asks
             for other rows than those that were predicted.
    """
    for _ in range(ATTEMPTS_MAX):
        async with database.reading() as reader:
            _, found = await truth_call(reader, actor, scenario_id, criterion=criterion)
            known = await _latest(reader, scenario_id, criterion)
        checked = await check_truth(scorer, storage, found, stored)
        values = [
            await _measured(scorer, storage, found, stored, sent_file=one.file_name)
            for one in known
        ]
        async with database.writing() as writer:
            await truth_call(writer, actor, scenario_id, criterion=criterion, lock=True)
            present = await _latest(writer, scenario_id, criterion)
            if [one.id for one in present] != [one.id for one in known]:
                continue
            row = await keep_truth(
                writer,
                actor,
                scenario_id,
                criterion=criterion,
                checked=checked,
                now=clock.now(),
            )
            for one, value in zip(known, values, strict=True):
                await _measured_anew(writer, actor, one, row, value, now=clock.now())
            return row
    raise Conflict(criterion=criterion, attempts=ATTEMPTS_MAX)


async def _latest(session: ReadSession, scenario_id: UUID, criterion: str) -> list[Submission]:
    """List the submission that counts of every bid of a call."""
    last = [
        await _last(session, bid.id, criterion)
        for bid, _ in await bids.opened_bids(session, scenario_id)
    ]
    return [one for one in last if one is not None]


async def _last(session: ReadSession, bid_id: UUID, criterion: str) -> Submission | None:
    """Find the submission of a bid that counts for one criterion: the last one."""
    own = [
        one for one in await queries.submissions_of(session, bid_id) if one.criterion == criterion
    ]
    return own[-1] if own else None


async def _measured_anew(
    session: WriteSession,
    actor: Actor,
    earlier: Submission,
    hidden: HiddenSet,
    value: Decimal,
    *,
    now: dt.datetime,
) -> None:
    bid = await bids.opened_bid(session, earlier.bid_id)
    row = Submission(
        bid_id=bid.id,
        criterion=earlier.criterion,
        metric=earlier.metric,
        hidden_set_id=hidden.id,
        file_name=earlier.file_name,
        file_sha256=earlier.file_sha256,
        size_bytes=earlier.size_bytes,
        value=numbers.plain(value),
        scorer_version=__version__,
        submitted_by=earlier.submitted_by,
        submitted_at=now,
    )
    await _add(session, actor, row, bid.solver_id, now=now)


async def check_submission(
    session: ReadSession, actor: Actor, bid_id: UUID, *, criterion: str
) -> Task:
    """Find out what a prediction file of one's own bid would be measured against.

    Refuses  BidUnknown for anybody else's bid, NotEvaluating outside the evaluation,
             CriterionUnknown, TruthMissing; to be asked before a byte of the file is taken, and
             again under the lock.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    bid = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, bid.scenario_id)
    _check_stage(call, bid.state)
    found = queries.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)
    hidden = await queries.hidden_set(session, call.id, criterion)
    if hidden is None:
        raise TruthMissing(criterion=criterion)
    return Task(
        bid_id=bid_id,
        scenario_id=call.id,
        criterion=found,
        hidden_set_id=hidden.id,
        hidden_file=hidden.file_name,
        hidden_sha256=hidden.file_sha256,
    )


async def submit_predictions(
    database: Database,
    storage: Storage,
    actor: Actor,
    bid_id: UUID,
    *,
    criterion: str,
    stored: StoredFile,
    scorer: Executor,
    clock: Clock,
) -> Submission:
    """Measure one prediction file of one's own bid, and keep the result.

    Shape    the earlier submission when the very same file came last time: an upload may be
             repeated after a lost answer, and counts once.  `stored` is then kept by nobody.
    Refuses  what `check_submission` refuses, QuotaUsed, and precisely what is wrong with the
             file.
    """
    for _ in range(ATTEMPTS_MAX):
        async with database.reading() as reader:
            task = await check_submission(reader, actor, bid_id, criterion=criterion)
            earlier = await _repeated(reader, task, stored)
        if earlier is not None:
            return earlier
        truth = StoredFile(task.hidden_file, size_bytes=0, sha256=task.hidden_sha256)
        value = await _measured(scorer, storage, task.criterion, truth, sent_file=stored.name)
        async with database.writing() as writer:
            row = await _keep(writer, actor, task, stored, value, clock=clock)
            if row is not None:
                return row
    raise Conflict(criterion=criterion, attempts=ATTEMPTS_MAX)


async def _measured(
    scorer: Executor, storage: Storage, criterion: Criterion, truth: StoredFile, *, sent_file: str
) -> Decimal:
    assert criterion.metric is not None
    job = MeasureJob(
        metric=criterion.metric,
        truth_file=truth.name,
        truth_sha256=truth.sha256,
        sent_file=sent_file,
    )
    return (await measuring.measure(scorer, storage, job)).private


async def _keep(
    session: WriteSession,
    actor: Actor,
    task: Task,
    stored: StoredFile,
    value: Decimal,
    *,
    clock: Clock,
) -> Submission | None:
    """Write the result down, or nothing when the hidden set is another one by now."""
    call = await evaluating_call(session, task.scenario_id)
    bid = await bids.own_bid(session, actor, task.bid_id, lock=True)
    _check_stage(call, bid.state)
    hidden = await queries.hidden_set(session, call.id, task.criterion.code)
    if hidden is None or hidden.id != task.hidden_set_id:
        return None
    earlier = await _repeated(session, task, stored)
    if earlier is not None:
        return earlier
    now = clock.now()
    assert task.criterion.metric is not None
    row = Submission(
        bid_id=task.bid_id,
        criterion=task.criterion.code,
        metric=task.criterion.metric,
        hidden_set_id=task.hidden_set_id,
        file_name=stored.name,
        file_sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        value=numbers.plain(value),
        scorer_version=__version__,
        submitted_by=actor.person_id,
        submitted_at=now,
    )
    await _add(session, actor, row, bid.solver_id, now=now)
    return row


async def _add(
    session: WriteSession, actor: Actor, row: Submission, solver_id: UUID, *, now: dt.datetime
) -> None:
    session.add(row)
    await session.flush()
    said = SubmissionScored(
        bid_id=row.bid_id,
        submission_id=row.id,
        criterion=row.criterion,
        metric=row.metric,
        value=row.value,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=solver_id)


async def _repeated(session: ReadSession, task: Task, stored: StoredFile) -> Submission | None:
    """Find the submission that this file merely repeats; a new one must be within the quota."""
    code = task.criterion.code
    last = await _last(session, task.bid_id, code)
    file = (stored.sha256, task.hidden_set_id)
    if last is not None and (last.file_sha256, last.hidden_set_id) == file:
        return last
    if await queries.submissions_counted(session, task.bid_id, code) >= SUBMISSIONS_MAX:
        raise QuotaUsed(criterion=code, allowed=SUBMISSIONS_MAX)
    return None


def _check_stage(call: Call, bid_state: BidState) -> None:
    if call.state is not ScenarioState.EVALUATING or bid_state not in UPLOAD_STATES:
        raise NotEvaluating(state=call.state.value, bid_state=bid_state.value)
