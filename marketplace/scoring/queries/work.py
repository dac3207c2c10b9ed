"""The queue: what is due, how far things are, how many wait."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import case, col, func, or_, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.errors.submissions import WorkUnknown
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules.work import (
    MEASURED,
    OF_SUBMISSIONS,
    OPEN,
    WorkKind,
    WorkState,
    queue_of,
)
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import Work

SAMPLE = 50
"""How many finished files the mean of an estimate is taken over."""


async def due(
    session: WriteSession,
    *,
    limit: int,
    now: dt.datetime,
    kinds: Collection[WorkKind] = MEASURED,
    passed_over: Collection[UUID] = (),
) -> Sequence[Work]:
    """Find and hold what may be taken now, most urgent first; what another worker holds is skipped.

    What is running is due again when its lease ran out.  Work of the organisations `passed_over`
    waits.
    """
    statement = (
        select(Work)
        .where(col(Work.state).in_(OPEN))
        .where(col(Work.kind).in_(kinds))
        .where(Work.next_at <= now)
        .order_by(col(Work.priority), col(Work.next_at), col(Work.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if passed_over:
        owner = col(Work.organization_id)
        statement = statement.where(or_(owner.is_(None), ~owner.in_(passed_over)))
    return (await session.exec(statement)).all()


async def busy_organizations(
    session: ReadSession, kinds: Collection[WorkKind], *, now: dt.datetime
) -> frozenset[UUID]:
    """Name the organisations of which work of these kinds is under way."""
    found = await session.exec(
        select(Work.organization_id)
        .where(Work.state == WorkState.RUNNING)
        .where(col(Work.kind).in_(kinds))
        .where(Work.next_at > now)
    )
    return frozenset(one for one in found.all() if one is not None)


async def held(session: WriteSession, work_id: UUID) -> Work:
    """Find one piece of work and hold it."""
    found = await session.exec(
        select(Work)
        .where(Work.id == work_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise WorkUnknown(work_id=str(work_id))
    return row


async def of_subject(session: ReadSession, subject_id: UUID) -> Work | None:
    """Find the work that is or was done about something; the newest if there were several."""
    found = await session.exec(
        select(Work).where(Work.subject_id == subject_id).order_by(col(Work.id).desc())
    )
    return found.first()


async def leased(session: WriteSession, tokens: Collection[UUID]) -> Sequence[Work]:
    """Find and hold what is still leased under these tokens, in the order of ids."""
    found = await session.exec(
        select(Work)
        .where(col(Work.lease_token).in_(tokens))
        .where(Work.state == WorkState.RUNNING)
        .order_by(col(Work.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def seen_by(session: ReadSession, actor: Actor, work_id: UUID) -> Work:
    """Find one piece of work the actor may see: their own, or that of a call they watch.

    Work that tells of a sealed bid is its owner's alone until the bid is opened.
    """
    row = await session.get(Work, work_id)
    if row is None:
        raise WorkUnknown(work_id=str(work_id))
    if row.organization_id is not None and row.organization_id == actor.organization_id:
        return row
    try:
        if row.kind in OF_SUBMISSIONS:
            submission = await session.get(Submission, row.subject_id)
            assert submission is not None
            await rounds.bid_of_submissions(session, actor, submission.bid_id)
        elif not bids.may_read_opened(actor, await scenarios.scenario(session, row.scenario_id)):
            raise WorkUnknown(work_id=str(work_id))
    except BidUnknown as hidden:
        raise WorkUnknown(work_id=str(work_id)) from hidden
    return row


async def ahead_of(session: ReadSession, row: Work) -> int:
    """Count what will be taken before this: of everybody's, or of one's own while bids are sealed.

    A position among everybody's would tell that others bid.
    """
    same = col(Work.priority) == row.priority
    before = (col(Work.priority) < row.priority) | (same & (col(Work.id) < row.id))
    statement = (
        select(func.count())
        .select_from(Work)
        .where(col(Work.state).in_(OPEN))
        .where(col(Work.kind).in_(queue_of(row.kind)))
        .where(Work.id != row.id)
        .where(before)
    )
    if row.sealed:
        statement = statement.where(Work.organization_id == row.organization_id)
    return (await session.exec(statement)).one()


async def mean_milliseconds(session: ReadSession, kind: WorkKind = WorkKind.SCORE) -> int | None:
    """Tell how long one of a kind took on average of late; None before any was done."""
    latest = (
        select(col(Work.busy_ms).label("busy_ms"))
        .where(Work.kind == kind)
        .where(Work.state == WorkState.DONE)
        .order_by(col(Work.finished_at).desc())
        .limit(SAMPLE)
        .subquery()
    )
    found = await session.exec(select(func.sum(latest.c.busy_ms), func.count()))
    total, count = found.one()
    return int(total) // count if count else None


async def anything_open(session: ReadSession, kinds: Collection[WorkKind] = MEASURED) -> bool:
    """Tell whether anything of these kinds is queued or running."""
    found = await session.exec(
        select(Work.id).where(col(Work.state).in_(OPEN)).where(col(Work.kind).in_(kinds)).limit(1)
    )
    return found.first() is not None


async def anything_due(
    session: ReadSession, kinds: Collection[WorkKind], *, now: dt.datetime
) -> bool:
    """Tell whether anything of these kinds may be taken now, without holding it."""
    found = await session.exec(
        select(Work.id)
        .where(col(Work.state).in_(OPEN))
        .where(col(Work.kind).in_(kinds))
        .where(Work.next_at <= now)
        .limit(1)
    )
    return found.first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What of the work is not over; nothing that is sealed."""

    open: dict[WorkState, int]
    oldest_due_at: dt.datetime | None


async def queue(session: ReadSession, *, now: dt.datetime) -> Queue:
    """Count what waits and what is under way, and say since when the oldest could be taken."""
    is_due = col(Work.next_at) <= now
    found = await session.exec(
        select(Work.state, func.count(), func.min(case((is_due, col(Work.next_at)))))
        .where(col(Work.state).in_(OPEN))
        .where(~col(Work.sealed))
        .group_by(col(Work.state))
    )
    counted, due = dict.fromkeys(sorted(OPEN), 0), []
    for state, number, oldest_due_at in found.all():
        counted[WorkState(state)] = number
        due += [oldest_due_at] if oldest_due_at else []
    return Queue(open=counted, oldest_due_at=min(due, default=None))
