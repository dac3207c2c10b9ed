"""What can be asked of submissions: where they stand, which one counts, what is left to send."""

import datetime as dt
import functools
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import select as sql_select
from sqlmodel import col, exists, func, select

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scenarios.rules.content import Criterion as Published
from marketplace.scoring.errors.rounds import SubmissionUnknown
from marketplace.scoring.rules import boards, outcomes, submissions
from marketplace.scoring.rules.criteria import Criterion, Direction
from marketplace.scoring.rules.outcomes import FileOutcomes
from marketplace.scoring.rules.rubric import Kind, Rubric, published_rubric
from marketplace.scoring.rules.submissions import DEFAULT, Phase, Sent, Stage, SubmissionState
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import QuotaUse, ResultOutcomes, SubmissionResult

ALL_DAYS = "all"


def benchmark_of(call: Call, code: str) -> Benchmark:
    """Tell how files of a criterion are taken; the usual way if the call does not say."""
    found = next((one.benchmark for one in call.content.criteria if one.code == code), None)
    return found or DEFAULT


def judging_calls(call: Call, code: str) -> tuple[Criterion, ...]:
    """List the criteria that tell how the calls of another one went."""
    found = {one.code for one in call.content.criteria if _calls_of(one) == code}
    if not found:
        return ()
    rubric = published_rubric(call.content.to_document())
    return tuple(one for one in rubric.criteria if one.code in found)


def _calls_of(one: Published) -> str | None:
    return None if one.benchmark is None else one.benchmark.calls_of


async def stage_of(session: ReadSession, call: Call, bid: Bid) -> Stage:
    """Gather what decides whether files of a bid are taken."""
    opening = await bids.opening(session, call.id)
    return Stage(
        call_state=call.state,
        bid_state=bid.state,
        closes_at=call.closes_at,
        opened_at=None if opening is None else opening.opened_at,
    )


async def submission(session: ReadSession, submission_id: UUID) -> Submission:
    """Find one submission."""
    row = await session.get(Submission, submission_id)
    if row is None:
        raise SubmissionUnknown(submission_id=str(submission_id))
    return row


async def submission_held(session: WriteSession, submission_id: UUID) -> Submission:
    """Find one submission and hold it."""
    found = await session.exec(
        select(Submission)
        .where(Submission.id == submission_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise SubmissionUnknown(submission_id=str(submission_id))
    return row


async def submissions_held(
    session: WriteSession, submission_ids: Collection[UUID]
) -> dict[UUID, Submission]:
    """Hold those of these that are submissions, in the order of ids; each by its id."""
    found = await session.exec(
        select(Submission)
        .where(col(Submission.id).in_(submission_ids))
        .order_by(col(Submission.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in found.all()}


async def bids_of(session: ReadSession, rows: Iterable[Submission]) -> dict[UUID, Bid]:
    """Find the bids of submissions; each by its id."""
    wanted = {row.bid_id for row in rows}
    found = await session.exec(select(Bid).where(col(Bid.id).in_(wanted)))
    return {bid.id: bid for bid in found.all()}


async def of_bid(session: ReadSession, bid_id: UUID, criterion: str) -> Sequence[Submission]:
    """List the submissions of a bid for one criterion, oldest first."""
    found = await session.exec(
        select(Submission)
        .where(Submission.bid_id == bid_id)
        .where(Submission.criterion == criterion)
        .order_by(col(Submission.id))
    )
    return found.all()


async def newest_of_bid(session: ReadSession, bid_id: UUID, criterion: str) -> Submission | None:
    """Find the submission of a bid for one criterion that came last."""
    found = await session.exec(
        select(Submission)
        .where(Submission.bid_id == bid_id)
        .where(Submission.criterion == criterion)
        .order_by(col(Submission.id).desc())
        .limit(1)
    )
    return found.first()


class Scored(NamedTuple):
    """What decides which of many scored submissions counts: a team may have sent thousands."""

    id: UUID
    phase: Phase
    submitted_at: dt.datetime
    value: str | None
    public_value: str | None
    selected_at: dt.datetime | None


File = TypeVar("File", Submission, Scored)


async def scored_of_bid(session: ReadSession, bid_id: UUID, criterion: str) -> list[Scored]:
    """List the scored submissions of a bid for one criterion, oldest first."""
    # Columns and not rows of the table: it is asked with each new file of the bid.
    statement: Any = (
        sql_select(*(col(getattr(Submission, name)) for name in Scored._fields))
        .where(col(Submission.bid_id) == bid_id)
        .where(col(Submission.criterion) == criterion)
        .where(col(Submission.state) == SubmissionState.SCORED)
        .order_by(col(Submission.id))
    )
    found = await session.exec(statement)
    return [Scored(*row) for row in found]


def sent(row: Submission | Scored, value: str, direction: Direction) -> Sent:
    """Turn a scored submission into what the choice among several sees."""
    return Sent(
        id=row.id,
        phase=row.phase,
        received_at=row.submitted_at,
        key=_sort_key(value, direction),
        selected=row.selected_at is not None,
    )


@functools.lru_cache(maxsize=10_000)
def _sort_key(value: str, direction: Direction) -> str:
    """Write the key of a stored value: with each new file those before it are asked for again."""
    return boards.sort_key(Decimal(value), direction)


def counting(
    rows: Sequence[File], benchmark: Benchmark, direction: Direction
) -> tuple[File, str] | None:
    """Tell which of the scored submissions of one bid counts for one criterion, and its value."""
    valued = {row.id: (row, row.value) for row in rows if row.value is not None}
    found = submissions.counting(
        [sent(row, value, direction) for row, value in valued.values()], benchmark.selection
    )
    return None if found is None else valued[found.id]


async def results_of(session: ReadSession, submission_id: UUID) -> Sequence[SubmissionResult]:
    """List everything a submission ever measured, oldest first."""
    found = await session.exec(
        select(SubmissionResult)
        .where(SubmissionResult.submission_id == submission_id)
        .order_by(col(SubmissionResult.id))
    )
    return found.all()


async def used(
    session: ReadSession, bid_id: UUID, criterion: str, phase: Phase, *, now: dt.datetime
) -> dict[str, int]:
    """Tell how many attempts are used, today (`day`) and in all."""
    today = submissions.day_key(now)
    found = await session.exec(
        select(QuotaUse.day, QuotaUse.used)
        .where(QuotaUse.bid_id == bid_id)
        .where(QuotaUse.criterion == criterion)
        .where(QuotaUse.phase == phase.value)
        .where(col(QuotaUse.day).in_([today, ALL_DAYS]))
    )
    by_day = dict(found.all())
    return {"day": by_day.get(today, 0), "all": by_day.get(ALL_DAYS, 0)}


async def unfinished(session: ReadSession, scenario_id: UUID) -> int:
    """Count the submissions of opened bids that still wait for their value."""
    found = await session.exec(
        select(func.count())
        .select_from(Submission)
        .join(Bid, col(Bid.id) == col(Submission.bid_id))
        .where(Bid.scenario_id == scenario_id)
        .where(col(Bid.state).in_(submissions.EVALUATION_BIDS))
        .where(col(Submission.state).in_(submissions.OPEN_STATES))
    )
    return found.one()


async def to_measure_anew(
    session: ReadSession, hidden: HiddenSet, *, after: UUID, limit: int
) -> Sequence[Submission]:
    """Find scored submissions that have no result against a newer hidden set yet, in order."""
    measured = (
        exists()
        .where(col(SubmissionResult.submission_id) == col(Submission.id))
        .where(col(SubmissionResult.hidden_set_id) == hidden.id)
    )
    found = await session.exec(
        select(Submission)
        .join(Bid, col(Bid.id) == col(Submission.bid_id))
        .where(Bid.scenario_id == hidden.scenario_id)
        .where(Submission.criterion == hidden.criterion)
        .where(Submission.state == SubmissionState.SCORED)
        .where(col(Submission.id) > after)
        .where(~measured)
        .order_by(col(Submission.id))
        .limit(limit)
    )
    return found.all()


async def scored_count(session: ReadSession, scenario_id: UUID, criterion: str) -> int:
    """Count the scored submissions of one criterion of a call."""
    found = await session.exec(
        select(func.count())
        .select_from(Submission)
        .join(Bid, col(Bid.id) == col(Submission.bid_id))
        .where(Bid.scenario_id == scenario_id)
        .where(Submission.criterion == criterion)
        .where(Submission.state == SubmissionState.SCORED)
    )
    return found.one()


async def that_count(
    session: ReadSession, call: Call, bid_id: UUID, rubric: Rubric, newest: Collection[UUID]
) -> dict[str, Submission]:
    """Find the submission of a bid that counts, for every automatic criterion that has one.

    Shape    only of the `newest` hidden sets: values against different sets cannot be compared.
    """
    found: dict[str, Submission] = {}
    for criterion in rubric.criteria:
        if criterion.kind != Kind.OBJECTIVE_AUTO:
            continue
        own = await of_bid(session, bid_id, criterion.code)
        comparable = [
            one
            for one in own
            if one.state is SubmissionState.SCORED and one.hidden_set_id in newest
        ]
        chosen = counting(comparable, benchmark_of(call, criterion.code), criterion.direction)
        if chosen is not None:
            found[criterion.code], _ = chosen
    return found


async def outcomes_of(
    session: ReadSession, counted: Collection[Submission]
) -> dict[UUID, FileOutcomes]:
    """Read what submissions got by group of rows, in the result that counts; by submission.

    Shape    nothing for a metric that cannot be told row by row.
    """
    found = await session.exec(
        select(Submission.id, ResultOutcomes.document)
        .join(SubmissionResult, col(SubmissionResult.submission_id) == col(Submission.id))
        .join(ResultOutcomes, col(ResultOutcomes.result_id) == col(SubmissionResult.id))
        .where(col(SubmissionResult.hidden_set_id) == col(Submission.hidden_set_id))
        .where(col(SubmissionResult.scorer_version) == col(Submission.scorer_version))
        .where(col(Submission.id).in_([one.id for one in counted]))
    )
    return {submission_id: outcomes.read(document) for submission_id, document in found.all()}


async def files_for_nothing(session: ReadSession, *, limit: int) -> Sequence[str]:
    """Name the stored files of submissions that ended without a value."""
    found = await session.exec(
        select(Submission.file_name)
        .where(col(Submission.state).in_(submissions.FREE_STATES))
        .where(col(Submission.file_name).is_not(None))
        .where(col(Submission.file_gone_at).is_(None))
        .where(col(Submission.hidden_set_id).is_(None))
        .limit(limit)
    )
    return [name for name in found.all() if name is not None]
