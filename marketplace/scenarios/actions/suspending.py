"""Suspend a call and let it go on (SC21): an overlay that bars moves and holds the bid clock.

Everything is decided by the database's clock with the call locked, so that no bid, closing, opening
or signature passes a suspension that was written down before it.
"""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from marketplace.events.rules.catalogue.scenarios import ScenarioResumed, ScenarioSuspended
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import deadline, end_of, local_date
from marketplace.scenarios.actions.closing import close_if_due, read_clock
from marketplace.scenarios.actions.moving import check_fresh, person_of, tell
from marketplace.scenarios.errors import (
    NotSuspendable,
    NotYourSuspension,
    SuspensionInPast,
    SuspensionOver,
    SuspensionTooLong,
)
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import LIVE_STATES
from marketplace.scenarios.rules.suspensions import (
    Authority,
    Block,
    Cause,
    authority_of,
    may_lift,
)
from marketplace.scenarios.tables import Scenario, Suspension


async def suspend(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    cause: Cause,
    reason: str,
    blocks: Collection[Block],
    until_at: dt.datetime | None,
    clock: Clock,
) -> Suspension:
    """Bar moves of a call from now on (SC21a), by the authority that the actor's role gives.

    Refuses  NotSuspendable outside its public life, SuspensionInPast, SuspensionTooLong for a
             review body without an end or beyond the profile's `suspension_max`.
    """
    access.require(actor, Permission.SCENARIOS_SUSPEND)
    row = await queries.scenario(session, scenario_id, lock=True)
    actor = actor.at(row.organizer_id)
    access.require(actor, Permission.SCENARIOS_SUSPEND)
    now = await clock.decisive(session)
    authority = authority_of(actor)
    if until_at is not None and until_at <= now:
        raise SuspensionInPast(until_at=until_at, now=now)
    if authority is Authority.REVIEW_BODY:
        await _check_length(session, row, until_at, now=now)
    return await order(
        session,
        actor,
        row,
        authority=authority,
        cause=cause,
        reason=reason,
        blocks=blocks,
        until_at=until_at,
        now=now,
    )


async def order(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    *,
    authority: Authority,
    cause: Cause,
    reason: str,
    blocks: Collection[Block],
    until_at: dt.datetime | None = None,
    now: dt.datetime,
) -> Suspension:
    """Suspend a locked call, also as a consequence of another act; `now` is the decisive time."""
    await close_if_due(session, row, now=now)
    if row.state not in LIVE_STATES:
        raise NotSuspendable(state=row.state.value)
    found = Suspension(
        scenario_id=row.id,
        cause=cause,
        authority=authority,
        reason=reason,
        blocks=sorted(block.value for block in set(blocks)),
        from_at=now,
        until_at=until_at,
        ordered_by=person_of(actor),
    )
    session.add(found)
    row.version += 1
    await session.flush()
    await read_clock(session, row, now=now)
    said = ScenarioSuspended(
        scenario_id=row.id,
        suspension_id=found.id,
        cause=cause.value,
        authority=authority.value,
        blocks=tuple(found.blocks),
        until_at=until_at,
    )
    await tell(session, actor, row, said, now=now)
    return found


async def lift(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    suspension_id: UUID,
    *,
    why: str,
    expected_version: int,
    clock: Clock,
) -> Suspension:
    """End a suspension before its time (SC21b); the lost time is added to the bid deadline.

    Refuses  NotYourSuspension for another kind of authority, SuspensionOver.
    """
    access.require(actor, Permission.SCENARIOS_SUSPEND)
    row = await queries.scenario(session, scenario_id, lock=True)
    actor = actor.at(row.organizer_id)
    access.require(actor, Permission.SCENARIOS_SUSPEND)
    found = await suspensions.suspension(session, scenario_id, suspension_id)
    now = await clock.decisive(session)
    if not may_lift(actor, found.authority):
        raise NotYourSuspension(authority=found.authority.value)
    check_fresh(found, expected_version)
    if not suspensions.order_of(found).in_force(now):
        raise SuspensionOver(ended_at=suspensions.order_of(found).ends_at)
    found.lifted_at, found.lifted_by, found.lifted_why = now, person_of(actor), why
    found.version += 1
    row.version += 1
    await session.flush()
    await _resumed(session, actor, row, found, "lifted", now=now)
    return found


async def write_down_ends(session: WriteSession, row: Scenario, *, now: dt.datetime) -> int:
    """Write down every suspension of a locked call that time has ended (SC21c)."""
    over = await suspensions.ended(session, row.id, now=now)
    for found in over:
        found.lifted_at = found.until_at
        found.version += 1
        row.version += 1
        await session.flush()
        await _resumed(session, access.SYSTEM, row, found, "expired", now=now)
    return len(over)


async def _resumed(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    found: Suspension,
    ended: str,
    *,
    now: dt.datetime,
) -> None:
    await read_clock(session, row, now=now)
    said = ScenarioResumed(scenario_id=row.id, suspension_id=found.id, ended=ended)
    await tell(session, actor, row, said, now=now)


async def _check_length(
    session: WriteSession, row: Scenario, until_at: dt.datetime | None, *, now: dt.datetime
) -> None:
    """Refuse a suspension by a review body that lasts longer than the law gives it."""
    profile = await queries.profile_of(session, row, local_date(now))
    if not profile.has("suspension_max"):
        if until_at is None:
            raise SuspensionTooLong(until_at=None, latest_at=None)
        return
    most = profile.period("suspension_max")
    calendar = await profiles.work_calendar(session)
    # The law limits a power here, so the last day is not moved out by a holiday.
    latest_at = end_of(deadline(now, most, calendar).counted_on)
    if until_at is None or until_at > latest_at:
        raise SuspensionTooLong(
            until_at=until_at, latest_at=latest_at, rule=most.rule, source=most.source
        )
