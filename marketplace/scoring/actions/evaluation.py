"""Set hidden sets, the true answers that files are measured against, and the inputs beside them.

A new one never replaces an old one, and stored files are measured against it before it counts, see
`actions.rescoring`.  Whoever stored the file removes it when it is refused.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

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
from marketplace.scoring.errors.rounds import NotEvaluating, TruthMissing
from marketplace.scoring.queries import inference, submissions
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.rules.rubric import Criterion, Kind
from marketplace.scoring.tables.inference import HiddenInputs
from marketplace.scoring.tables.rounds import HiddenSet

TRUTH_STATES = frozenset({ScenarioState.PUBLISHED, ScenarioState.CLOSED, ScenarioState.EVALUATING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTruth:
    """A stored hidden set that was read and tried with a metric."""

    stored: StoredFile
    metric: str
    rows: int
    slices: tuple[str, ...] = ()
    """Columns of it by whose values the metric can be told."""


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

    Shape    the first one counts at once, and so does a later one while no file can have come; any
             other waits until a re-scoring is committed.  Neither tells whether files came.

    Refuses  what `truth_call` refuses; Conflict when the criterion has another metric by now.
    """
    call, found = await truth_call(session, actor, scenario_id, criterion=criterion, lock=True)
    if found.metric != checked.metric:
        raise Conflict(criterion=criterion, metric=found.metric)
    earlier = await queries.newest_hidden_set(session, scenario_id, criterion)
    sealed = call.state in {ScenarioState.PUBLISHED, ScenarioState.CLOSED}
    unused = sealed and not submissions.benchmark_of(call, criterion).feedback
    row = HiddenSet(
        scenario_id=scenario_id,
        criterion=criterion,
        number=1 if earlier is None else earlier.number + 1,
        counts_from=now if earlier is None or unused else None,
        file_name=checked.stored.name,
        file_sha256=checked.stored.sha256,
        rows=checked.rows,
        slices=list(checked.slices),
        uploaded_by=None if actor.is_system else actor.person_id,
        uploaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def check_truth(
    scorer: Executor,
    storage: Storage,
    criterion: Criterion,
    stored: StoredFile,
    *,
    slices: tuple[str, ...] = (),
) -> CheckedTruth:
    """Read a hidden set, and try the metric on it before anybody depends on it.

    Shape    `slices` are the columns that the call promises to tell by.
    Refuses  what is wrong with the file, a column that is missing or has too many values, and
             labels that the metric of the criterion cannot score.
    """
    assert criterion.metric is not None
    rows = await measuring.check_truth(
        scorer,
        storage,
        metric=criterion.metric,
        truth_file=stored.name,
        slice_columns=slices,
    )
    return CheckedTruth(stored=stored, metric=criterion.metric, rows=rows, slices=slices)


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
    """Set a hidden set from a stored file; no session is open while it is read.

    Refuses  what `check_truth` and `keep_truth` refuse.
    """
    async with database.reading() as reader:
        call, found = await truth_call(reader, actor, scenario_id, criterion=criterion)
    slices = submissions.benchmark_of(call, criterion).slices
    checked = await check_truth(scorer, storage, found, stored, slices=slices)
    async with database.writing() as writer:
        return await keep_truth(
            writer,
            actor,
            scenario_id,
            criterion=criterion,
            checked=checked,
            now=clock.now(),
        )


async def inputs_call(
    session: ReadSession, actor: Actor, scenario_id: UUID, *, criterion: str, lock: bool = False
) -> tuple[Call, Criterion, HiddenSet]:
    """Find the benchmark criterion whose hidden inputs the actor may set now, and its hidden set.

    Shape    the newest hidden set, whether or not it counts yet: what comes next is asked for it.
    Refuses  what `truth_call` refuses, EndpointsNotTaken, TruthMissing.
    """
    call, found = await truth_call(session, actor, scenario_id, criterion=criterion, lock=lock)
    inference.terms_of(call, criterion)
    hidden = await queries.newest_hidden_set(session, scenario_id, criterion)
    if hidden is None:
        raise TruthMissing(criterion=criterion)
    return call, found, hidden


async def upload_inputs(
    database: Database,
    storage: Storage,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    stored: StoredFile,
    scorer: Executor,
    clock: Clock,
) -> HiddenInputs:
    """Set the hidden inputs of a benchmark from a stored file, written anew in canonical form.

    Shape    no session is open while it is read.  What was stored is then kept by nobody.
    Refuses  what `inputs_call` and `measuring.read_inputs` refuse; Conflict when there is another
             hidden set by now.
    """
    async with database.reading() as reader:
        _, found, hidden = await inputs_call(reader, actor, scenario_id, criterion=criterion)
    assert found.metric is not None
    content = await measuring.read_inputs(
        scorer,
        storage,
        metric=found.metric,
        truth_file=hidden.file_name,
        inputs_file=stored.name,
    )
    kept = await storage.store_bytes(content)
    try:
        async with database.writing() as writer:
            return await _keep_inputs(
                writer,
                actor,
                scenario_id,
                criterion=criterion,
                kept=kept,
                checked=hidden,
                now=clock.now(),
            )
    except BaseException:
        await storage.discard(kept.name)
        raise


async def _keep_inputs(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    kept: StoredFile,
    checked: HiddenSet,
    now: dt.datetime,
) -> HiddenInputs:
    _, _, hidden = await inputs_call(session, actor, scenario_id, criterion=criterion, lock=True)
    if hidden.id != checked.id:
        raise Conflict(criterion=criterion, hidden_set_id=str(hidden.id))
    earlier = await inference.newest_inputs(session, scenario_id, criterion)
    row = HiddenInputs(
        scenario_id=scenario_id,
        criterion=criterion,
        number=1 if earlier is None else earlier.number + 1,
        hidden_set_id=hidden.id,
        file_name=kept.name,
        file_sha256=kept.sha256,
        rows=hidden.rows,
        uploaded_by=None if actor.is_system else actor.person_id,
        uploaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row
