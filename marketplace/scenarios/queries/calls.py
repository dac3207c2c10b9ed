"""Calls: one locked or as somebody may see it, lists, versions, and what time has made due."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, not_, or_, select
from sqlmodel.sql.expression import Select

from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import ReadSession
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.profile import RuleProfile, Track
from marketplace.profiles.tables import RuleProfileRow
from marketplace.scenarios.errors import ScenarioUnknown
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import (
    PUBLIC_STATES,
    ScenarioState,
)
from marketplace.scenarios.tables import Scenario, ScenarioVersion

NO_BUREAU: Final = UUID(int=0)
"""Organises nothing: what is left to an actor there is left everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A published call as bidding, opening and scoring need it."""

    id: UUID
    number: str
    state: ScenarioState
    track: Track
    organizer_id: UUID
    poster_id: UUID
    end_user_id: UUID
    author_id: UUID | None
    content_version: int
    content: Content
    profile: RuleProfile
    bid_deadline_at: dt.datetime
    """As announced."""
    closes_at: dt.datetime | None
    """With what suspensions add to it; None while a suspension without an end holds the clock."""
    panel_seated_at: dt.datetime | None
    lockbox_id: UUID | None


def closing_at(row: Scenario) -> dt.datetime | None:
    """Tell when the call closes by all that is known; None: not while its clock stands."""
    return row.bid_deadline_at if row.clock_stopped_at is None else row.shifted_deadline_at


def clock_stands(row: Scenario, now: dt.datetime) -> bool:
    """Tell whether a suspension holds the bid clock now."""
    resumes_at = row.clock_resumes_at
    stopped = row.state is ScenarioState.PUBLISHED and row.clock_stopped_at is not None
    return stopped and (resumes_at is None or now < resumes_at)


def deadline_shown(row: Scenario, now: dt.datetime) -> dt.datetime | None:
    """Tell the deadline to announce: moved once the clock runs again, written down or not.

    What a running suspension will add is not announced, because it may be lifted early and an
    announced deadline never moves forward.
    """
    resumed = row.clock_resumes_at is not None and now >= row.clock_resumes_at
    return row.shifted_deadline_at if resumed else row.bid_deadline_at


def state_at(row: Scenario, now: dt.datetime) -> ScenarioState:
    """Tell the state that is true now, whether or not a job has written it down yet."""
    closes_at = closing_at(row)
    if row.state is ScenarioState.PUBLISHED and closes_at is not None and now >= closes_at:
        return ScenarioState.CLOSED
    return row.state


def may_see(actor: Actor, row: Scenario) -> bool:
    """Tell whether the actor may know of this scenario: everybody once it is published."""
    return row.state in PUBLIC_STATES or knows_from_inside(actor, row)


def knows_from_inside(actor: Actor, row: Scenario) -> bool:
    """Tell whether the actor may know what is not published: the bureau, poster and end user."""
    if actor.at(row.organizer_id).may(Permission.SCENARIOS_READ_ALL):
        return True
    return not actor.is_nobody and actor.organization_id in {row.poster_id, row.end_user_id}


async def scenario(session: ReadSession, scenario_id: UUID, *, lock: bool = False) -> Scenario:
    """Find one scenario, locked for change on request."""
    statement = select(Scenario).where(Scenario.id == scenario_id)
    if lock:
        # The identity map may hold what was read before the lock was there.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    return row


async def scenario_seen_by(session: ReadSession, actor: Actor, scenario_id: UUID) -> Scenario:
    """Find one scenario the actor may know of; any other does not exist for them."""
    row = await scenario(session, scenario_id)
    if not may_see(actor, row):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    return row


async def version(session: ReadSession, scenario_id: UUID, number: int) -> ScenarioVersion:
    """Find one content version."""
    found = await session.exec(
        select(ScenarioVersion)
        .where(ScenarioVersion.scenario_id == scenario_id)
        .where(ScenarioVersion.number == number)
    )
    row = found.first()
    if row is None:
        raise ScenarioUnknown(scenario_id=str(scenario_id), version=number)
    return row


async def versions(session: ReadSession, scenario_id: UUID) -> Sequence[ScenarioVersion]:
    """List the content versions of a scenario, oldest first."""
    found = await session.exec(
        select(ScenarioVersion)
        .where(ScenarioVersion.scenario_id == scenario_id)
        .order_by(col(ScenarioVersion.number))
    )
    return found.all()


async def versions_seen_by(
    session: ReadSession, actor: Actor, row: Scenario, *, after: int, limit: int
) -> Sequence[ScenarioVersion]:
    """List the versions the actor may read: all of them for whoever may see the draft.

    Everybody else sees what was published and every amendment of it: the drafts before that hold
    figures that were considered and dropped.
    """
    statement = (
        select(ScenarioVersion)
        .where(ScenarioVersion.scenario_id == row.id)
        .where(col(ScenarioVersion.number) > after)
    )
    if not knows_from_inside(actor, row):
        # Only an amendment carries a note, so the last version without one was published.
        published = (
            select(func.max(ScenarioVersion.number))
            .where(ScenarioVersion.scenario_id == row.id)
            .where(col(ScenarioVersion.note).is_(None))
            .scalar_subquery()
        )
        statement = statement.where(col(ScenarioVersion.number) >= published)
    found = await session.exec(statement.order_by(col(ScenarioVersion.number)).limit(limit))
    return found.all()


async def content(session: ReadSession, row: Scenario) -> Content:
    """Read the content in force."""
    return content_from((await version(session, row.id, row.content_version)).content)


async def scenario_rows(
    session: ReadSession,
    actor: Actor,
    *,
    after: UUID,
    limit: int,
    state: ScenarioState | None = None,
    track: Track | None = None,
    batch_id: UUID | None = None,
    now: dt.datetime | None = None,
) -> Sequence[tuple[Scenario, str, str | None]]:
    """List scenarios the actor may know of, with the title in force.

    Shape    `state` is what `state_at` says at `now`; without `now`, what is written down.
    """
    statement = (
        select(Scenario, col(ScenarioVersion.title_zh), col(ScenarioVersion.title_en))
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .where(col(Scenario.id) > after)
    )
    if not actor.at(NO_BUREAU).may(Permission.SCENARIOS_READ_ALL):
        visible = col(Scenario.state).in_(PUBLIC_STATES)
        own = or_(
            col(Scenario.poster_id) == actor.organization_id,
            col(Scenario.end_user_id) == actor.organization_id,
        )
        if actor.may(Permission.SCENARIOS_READ_ALL):
            own = or_(own, col(Scenario.organizer_id) == actor.organization_id)
        statement = statement.where(visible if actor.is_nobody else or_(visible, own))
    if state is not None:
        statement = statement.where(_is_in(state, now))
    if track is not None:
        statement = statement.where(Scenario.track == track)
    if batch_id is not None:
        statement = statement.where(Scenario.batch_id == batch_id)
    found = await session.exec(statement.order_by(col(Scenario.id)).limit(limit))
    return [(row[0], row[1], row[2]) for row in found.all()]


def _is_in(state: ScenarioState, now: dt.datetime | None) -> ColumnElement[bool]:
    """Select scenarios in a state, in the words of `state_at`."""
    written = col(Scenario.state) == state
    if now is None or state not in {ScenarioState.PUBLISHED, ScenarioState.CLOSED}:
        return written
    due = and_(col(Scenario.state) == ScenarioState.PUBLISHED, is_due(now))
    open_now = and_(written, not_(is_due(now)))
    return open_now if state is ScenarioState.PUBLISHED else or_(written, due)


def is_due(now: dt.datetime) -> ColumnElement[bool]:
    """Select calls whose deadline has passed, in the words of `closing_at`; never null."""
    runs = and_(col(Scenario.clock_stopped_at).is_(None), col(Scenario.bid_deadline_at) <= now)
    moved = and_(
        col(Scenario.clock_stopped_at).is_not(None),
        col(Scenario.shifted_deadline_at).is_not(None),
        col(Scenario.shifted_deadline_at) <= now,
    )
    return and_(col(Scenario.bid_deadline_at).is_not(None), or_(runs, moved))


async def profile_of(session: ReadSession, row: Scenario, on: dt.date) -> RuleProfile:
    """Find the rules of a scenario: the pinned version, or before approval the one in force."""
    if row.profile_code is not None and row.profile_version is not None:
        return await profiles.profile_pinned(session, row.profile_code, row.profile_version)
    return await profiles.profile_in_force(session, row.track, on)


async def hands_on(session: ReadSession, row: Scenario) -> dict[Duty, frozenset[UUID]]:
    """Tell who did what to a call: the ground of the separation of duties.

    Whoever revised, signed or submitted it is its author as much as whoever began it.
    """
    found = await session.exec(
        select(ScenarioVersion.written_by, ScenarioVersion.note).where(
            ScenarioVersion.scenario_id == row.id
        )
    )
    written = found.all()
    # Only an amendment says why, so a note tells what was written after the publication.
    wrote = {person for person, note in written if note is None}
    amended = {person for person, note in written if note is not None}
    earlier = {UUID(one) for one in row.earlier_officers or []}
    done = {
        Duty.AUTHOR: {row.author_id, row.need_signed_by, row.submitted_by, *wrote},
        Duty.OFFICER: {row.officer_id, *earlier},
        Duty.APPROVER: {row.approver_id, row.publisher_id},
        Duty.AMENDER: amended,
    }
    return {duty: frozenset(one for one in who if one is not None) for duty, who in done.items()}


async def call(session: ReadSession, scenario_id: UUID, *, lock: bool = False) -> Call:
    """Describe a published call; `lock` keeps closing, amending and bidding in a line."""
    if lock:
        # By itself: whoever waits for the lock must read what the one before has written.
        await scenario(session, scenario_id, lock=True)
    found = (await session.exec(_as_published(scenario_id))).first()
    if found is None:
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    row, document, pinned = found
    if row.state not in PUBLIC_STATES or row.bid_deadline_at is None:
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    return Call(
        id=row.id,
        number=row.number,
        state=row.state,
        track=row.track,
        organizer_id=row.organizer_id,
        poster_id=row.poster_id,
        end_user_id=row.end_user_id,
        author_id=row.author_id,
        content_version=row.content_version,
        content=content_from(document),
        profile=await profile_of(session, row, row.created_at.date())
        if pinned is None
        else profiles.profile_of(pinned),
        bid_deadline_at=row.bid_deadline_at,
        closes_at=closing_at(row),
        panel_seated_at=row.panel_seated_at,
        lockbox_id=row.lockbox_id,
    )


def _as_published(scenario_id: UUID) -> Select[Scenario, dict[str, Any], bytes]:
    """Select a call with the content in force and the rules pinned for it, in one way there."""
    pinned = and_(
        col(RuleProfileRow.code) == col(Scenario.profile_code),
        col(RuleProfileRow.version) == col(Scenario.profile_version),
    )
    in_force = and_(
        col(ScenarioVersion.scenario_id) == col(Scenario.id),
        col(ScenarioVersion.number) == col(Scenario.content_version),
    )
    return (
        select(Scenario, col(ScenarioVersion.content), col(RuleProfileRow.document))
        .join(ScenarioVersion, in_force)
        .outerjoin(RuleProfileRow, pinned)
        .where(col(Scenario.id) == scenario_id)
    )


async def cost_share_terms(session: ReadSession, scenario_id: UUID) -> list[dict[str, Any]]:
    """Read the phases of the pilot with each funder's shares, from the content in force."""
    row = await scenario(session, scenario_id)
    document = (await version(session, row.id, row.content_version)).content
    phases = document["cost_share"]
    assert isinstance(phases, list)
    return phases


async def scenario_by_number(session: ReadSession, number: str) -> Scenario | None:
    """Find a scenario by its public number."""
    return (await session.exec(select(Scenario).where(Scenario.number == number))).first()


async def board(session: ReadSession, *, limit: int) -> Sequence[tuple[Scenario, ScenarioVersion]]:
    """List the published calls with the content in force, by number."""
    found = await session.exec(
        select(Scenario, ScenarioVersion)
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .where(col(Scenario.state).in_(PUBLIC_STATES))
        .order_by(col(Scenario.number))
        .limit(limit)
    )
    return found.all()
