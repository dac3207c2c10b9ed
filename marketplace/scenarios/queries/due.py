"""What time has made due: the jobs ask here, and the actions decide again under lock."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.board.tables import BoardCard
from marketplace.kit.database import ReadSession
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.queries.calls import is_due
from marketplace.scenarios.rules.enquiries import OPEN_ENQUIRIES
from marketplace.scenarios.rules.lifecycle import PUBLIC_STATES, ScenarioState
from marketplace.scenarios.tables import Enquiry, Scenario, Suspension


async def to_publish(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List approved calls whose scheduled publication has come."""
    found = await session.exec(
        select(Scenario.id)
        .where(Scenario.state == ScenarioState.APPROVED)
        .where(col(Scenario.publish_at) <= now)
        .order_by(col(Scenario.id))
    )
    return found.all()


async def to_furnish(session: ReadSession, _: dt.datetime) -> Sequence[UUID]:
    """List calls that take bids or wait for their opening, and have no lockbox."""
    found = await session.exec(
        select(Scenario.id)
        .where(col(Scenario.state).in_([ScenarioState.PUBLISHED, ScenarioState.CLOSED]))
        .where(col(Scenario.lockbox_id).is_(None))
        .order_by(col(Scenario.id))
    )
    return found.all()


async def to_close(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List published calls whose deadline has passed."""
    found = await session.exec(
        select(Scenario.id).where(Scenario.state == ScenarioState.PUBLISHED).where(is_due(now))
    )
    return found.all()


async def to_resume(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List calls with a suspension that time has ended and nobody has written down."""
    found = await session.exec(
        select(Suspension.scenario_id)
        .where(col(Suspension.lifted_at).is_(None))
        .where(col(Suspension.until_at) <= now)
        .distinct()
    )
    return found.all()


async def to_review(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List shelved calls whose review is due and of which nobody was told."""
    found = await session.exec(
        select(Scenario.id)
        .where(Scenario.state == ScenarioState.SHELVED)
        .where(col(Scenario.shelved_until) <= local_date(now))
        .where(col(Scenario.review_told_at).is_(None))
    )
    return found.all()


async def to_answer(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List questions whose reply is overdue and of which nobody was told."""
    found = await session.exec(
        select(Enquiry.id)
        .where(col(Enquiry.state).in_(OPEN_ENQUIRIES))
        .where(col(Enquiry.reply_due_at) <= now)
        .where(col(Enquiry.overdue_told_at).is_(None))
    )
    return found.all()


async def shelved(
    session: ReadSession, due_on: dt.date | None, *, after: UUID, limit: int
) -> Sequence[Scenario]:
    """List calls that were put aside; with a day, those whose review is due on it."""
    statement = (
        select(Scenario)
        .where(Scenario.state == ScenarioState.SHELVED)
        .where(col(Scenario.id) > after)
        .order_by(col(Scenario.id))
        .limit(limit)
    )
    if due_on is not None:
        statement = statement.where(col(Scenario.shelved_until) <= due_on)
    return (await session.exec(statement)).all()


async def to_pin(session: ReadSession) -> Sequence[UUID]:
    """List published calls that do not hang on the board."""
    found = await session.exec(
        select(Scenario.id)
        .outerjoin(BoardCard, col(BoardCard.scenario_id) == col(Scenario.id))
        .where(col(Scenario.state).in_(PUBLIC_STATES))
        .where(col(BoardCard.position).is_(None))
        .order_by(col(Scenario.published_at), col(Scenario.id))
    )
    return found.all()
