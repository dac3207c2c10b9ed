"""Batches: lists of calls that are published together, and the year's progress over all of them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.kit.database import ReadSession
from marketplace.kit.days import SHANGHAI
from marketplace.scenarios.errors import BatchUnknown
from marketplace.scenarios.rules.lifecycle import FINAL_STATES, ScenarioState
from marketplace.scenarios.rules.progress import Progress, progress
from marketplace.scenarios.tables import Batch, Scenario, ScenarioVersion

OUTSIDE_A_PUBLICATION = FINAL_STATES | {ScenarioState.SHELVED}
"""States whose calls are left out when their batch is published."""


async def batch(session: ReadSession, batch_id: UUID, *, lock: bool = False) -> Batch:
    """Find one batch."""
    statement = select(Batch).where(Batch.id == batch_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise BatchUnknown(batch_id=str(batch_id))
    return row


async def batch_by_number(session: ReadSession, number: str) -> Batch | None:
    """Find a batch by its public number."""
    return (await session.exec(select(Batch).where(Batch.number == number))).first()


async def batches(session: ReadSession, *, after: UUID, limit: int) -> Sequence[Batch]:
    """List batches."""
    found = await session.exec(
        select(Batch).where(col(Batch.id) > after).order_by(col(Batch.id)).limit(limit)
    )
    return found.all()


async def waiting_in(session: ReadSession, batch_id: UUID) -> Sequence[Scenario]:
    """List and lock the calls of a batch that are not published yet and not put aside."""
    found = await session.exec(
        select(Scenario)
        .where(Scenario.batch_id == batch_id)
        .where(col(Scenario.published_at).is_(None))
        .where(col(Scenario.state).not_in(OUTSIDE_A_PUBLICATION))
        .order_by(col(Scenario.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def progress_of(session: ReadSession, year: int) -> Progress:
    """Count the calls published in a calendar year, Beijing time, by domain."""
    begins, ends = (dt.datetime(one, 1, 1, tzinfo=SHANGHAI) for one in (year, year + 1))
    domain = ScenarioVersion.content["domain"].as_string()
    counted = await session.exec(
        select(domain, Scenario.state, func.count())
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .where(col(Scenario.published_at) >= begins.astimezone(dt.UTC))
        .where(col(Scenario.published_at) < ends.astimezone(dt.UTC))
        .group_by(domain, col(Scenario.state))
    )
    planned = await session.exec(
        select(func.sum(Batch.planned_scenarios)).where(Batch.year == year)
    )
    found = [(str(one), ScenarioState(state), count) for one, state, count in counted.all()]
    return progress(year, found, planned=planned.one() or 0)
