"""Lease what waits to be measured, and describe the files it asks for."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions import working
from marketplace.scoring.actions.scoring import Leased, give_up
from marketplace.scoring.actions.submitting import move_to
from marketplace.scoring.actions.values import Task
from marketplace.scoring.queries import rounds
from marketplace.scoring.queries import submissions as queries
from marketplace.scoring.queries import work as queue
from marketplace.scoring.rules import work as pace
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.rules.splits import Split
from marketplace.scoring.rules.submissions import Phase
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, Work

BATCH = 32
"""Files of a re-scoring that are measured under one lease."""


async def lease(
    session: WriteSession,
    *,
    limit: int,
    now: dt.datetime,
    patience: dt.timedelta = pace.LEASE,
) -> list[Leased]:
    """Take up to `limit` pieces of work that are due; what was lost too often is given up."""
    taken = []
    due = []
    for row in await queue.due(session, limit=limit, now=now):
        if row.tries >= pace.TRIES_MAX:
            await give_up(session, row, now=now)
        else:
            due.append(row)
    files = await queries.submissions_held(
        session, [row.subject_id for row in due if row.kind in pace.OF_SUBMISSIONS]
    )
    known = _Known(session)
    for row in due:
        call = await known.call(row.scenario_id)
        if row.subject_id in files:
            submission = files[row.subject_id]
            hidden = await known.hidden_set(call.id, submission.criterion)
            tasks: tuple[Task, ...] = (task_of(call, submission, hidden),)
            move_to(submission, "start", now=now)
        else:
            tasks = await _batch(session, call, row, now=now)
        if not tasks:
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read already: most of the files that are taken at once have a call in common."""

    session: WriteSession
    calls: dict[UUID, Call] = field(default_factory=dict)
    hidden: dict[tuple[UUID, str], HiddenSet] = field(default_factory=dict)

    async def call(self, scenario_id: UUID) -> Call:
        """Find a call."""
        if scenario_id not in self.calls:
            self.calls[scenario_id] = await scenarios.call(self.session, scenario_id)
        return self.calls[scenario_id]

    async def hidden_set(self, scenario_id: UUID, criterion: str) -> HiddenSet:
        """Find the hidden set that counts for a criterion."""
        if (scenario_id, criterion) not in self.hidden:
            found = await rounds.hidden_set(self.session, scenario_id, criterion)
            assert found is not None, "a file is not taken before there is a hidden set"
            self.hidden[scenario_id, criterion] = found
        return self.hidden[scenario_id, criterion]


async def _batch(
    session: WriteSession, call: Call, row: Work, *, now: dt.datetime
) -> tuple[Task, ...]:
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
    return ()


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
