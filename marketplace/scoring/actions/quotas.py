"""Attempts: reserved when a file is taken, spent by a value, given back when there is none.

One statement both counts and refuses, so two hundred files at once get as many places as there are.
"""

import datetime as dt

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, update

from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scoring.errors.rounds import QuotaUsed
from marketplace.scoring.queries.submissions import ALL_DAYS
from marketplace.scoring.rules import submissions
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import QuotaUse


async def reserve(
    session: WriteSession, row: Submission, benchmark: Benchmark, *, now: dt.datetime
) -> None:
    """Reserve one attempt of the day and of the phase.

    Refuses  QuotaUsed, which says what is used up and when the next attempt is free; never, where
             the whole phase is used up.
    """
    counted = await _count(session, row, benchmark)
    if ALL_DAYS not in counted:
        raise QuotaUsed(
            criterion=row.criterion,
            phase=row.phase.value,
            per="phase",
            allowed=benchmark.total_max,
            next_at=None,
        )
    if row.quota_day not in counted:
        next_at = submissions.next_day_at(now)
        raise QuotaUsed(
            criterion=row.criterion,
            phase=row.phase.value,
            per="day",
            allowed=benchmark.daily_max,
            next_at=next_at.isoformat(),
            retry_after_seconds=max(1, int((next_at - now).total_seconds())),
        )


async def _count(session: WriteSession, row: Submission, benchmark: Benchmark) -> set[str]:
    """Count one more of the phase and of the day unless that would be too many; name what was.

    Whoever comes second waits for the row of the phase.  A refusal undoes the transaction, and with
    it what was counted.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    of_phase = {"bid_id": row.bid_id, "criterion": row.criterion, "phase": row.phase.value}
    days = (ALL_DAYS, row.quota_day)
    used = col(QuotaUse.used)
    allowed = case((col(QuotaUse.day) == ALL_DAYS, benchmark.total_max), else_=benchmark.daily_max)
    statement = (
        insert(QuotaUse)
        .values([{"id": new_id(), "day": day, "used": 1} | of_phase for day in days])
        .on_conflict_do_update(
            index_elements=["bid_id", "criterion", "phase", "day"],
            set_={"used": used + 1},
            where=used < allowed,
        )
        .returning(col(QuotaUse.day))
    )
    connection = await session.connection()
    return set((await connection.execute(statement)).scalars())


async def give_back(session: WriteSession, row: Submission) -> None:
    """Give the attempt of a submission back, once."""
    if row.quota_returned:
        return
    row.quota_returned = True
    statement = (
        update(QuotaUse)
        .where(col(QuotaUse.bid_id) == row.bid_id)
        .where(col(QuotaUse.criterion) == row.criterion)
        .where(col(QuotaUse.phase) == row.phase.value)
        .where(col(QuotaUse.day).in_([ALL_DAYS, row.quota_day]))
        .where(col(QuotaUse.used) > 0)
        .values(used=col(QuotaUse.used) - 1)
    )
    connection = await session.connection()
    await connection.execute(statement)
