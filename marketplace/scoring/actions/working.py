"""Lease, renew, put back, end: how long work changes hands, whatever it is about.

A lease ends by itself, because `next_at` is its end.  Whoever comes back too late finds another
token or another state, and changes nothing; so work that is done twice counts once.
Locks: the row of the work first, then what it is about.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.scoring.queries import work as queries
from marketplace.scoring.rules import work as rules
from marketplace.scoring.rules.work import WorkKind, WorkState
from marketplace.scoring.tables.submissions import Work


async def enqueue(
    session: WriteSession,
    *,
    kind: WorkKind,
    subject_id: UUID,
    scenario_id: UUID,
    organization_id: UUID | None,
    steps: int,
    sealed: bool = False,
    now: dt.datetime,
) -> Work:
    """Put work into the queue."""
    row = Work(
        kind=kind,
        subject_id=subject_id,
        scenario_id=scenario_id,
        organization_id=organization_id,
        sealed=sealed,
        state=WorkState(rules.LIFECYCLE.initial().target),
        priority=rules.PRIORITY[kind],
        steps_total=steps,
        next_at=now,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


def take(row: Work, *, now: dt.datetime, patience: dt.timedelta = rules.LEASE) -> UUID:
    """Lease work that is held: a new token fences off whoever had it before."""
    row.state = WorkState(rules.LIFECYCLE.check(row.state, "lease").target)
    row.tries += 1
    row.lease_token = new_id()
    row.next_at = now + patience
    row.started_at = row.started_at or now
    return row.lease_token


async def renew(
    session: WriteSession,
    tokens: Collection[UUID],
    *,
    now: dt.datetime,
    patience: dt.timedelta = rules.LEASE,
) -> set[UUID]:
    """Prolong leases that are still held; name the tokens that are."""
    if not tokens:
        return set()
    rows = await queries.leased(session, tokens)
    for row in rows:
        row.next_at = now + patience
    await session.flush()
    return {row.lease_token for row in rows if row.lease_token is not None}


async def still_held(session: WriteSession, work_id: UUID, token: UUID) -> Work | None:
    """Hold work if its lease is still this one; None for whoever comes too late."""
    row = await queries.held(session, work_id)
    mine = row.state is WorkState.RUNNING and row.lease_token == token
    return row if mine else None


def put_back(row: Work, *, again_at: dt.datetime, forgive: bool = False) -> None:
    """Give a lease back; `forgive` when the try was nobody's failure."""
    row.state = WorkState(rules.LIFECYCLE.check(row.state, "put_back").target)
    row.lease_token = None
    row.next_at = again_at
    if forgive:
        row.tries = 0


def end(row: Work, verb: str, *, now: dt.datetime, failure: dict[str, Any] | None = None) -> None:
    """End work for good: `finish`, `give_up` or `cancel`."""
    row.state = WorkState(rules.LIFECYCLE.check(row.state, verb).target)
    row.lease_token = None
    row.failure = failure
    row.finished_at = now
