"""What the matching room can do: say what a call hopes for, announce meetings, and come to them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.board.actions import cards as board
from marketplace.board.tables import CallWish
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.board import (
    MatchmakingAnnounced,
    MatchmakingEnded,
    MatchmakingRegistered,
)
from marketplace.identity.queries import standing as known
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale
from marketplace.matching import queries
from marketplace.matching.errors import (
    CallNotLinked,
    MatchmakingNotBegun,
    MatchmakingNumberTaken,
    MatchmakingOver,
    NotRegistered,
    NotTheHost,
    StartsInThePast,
)
from marketplace.matching.rules.lifecycle import LIFECYCLE, MatchmakingState
from marketplace.matching.tables import (
    Matchmaking,
    MatchmakingCall,
    MatchmakingOutcome,
    MatchmakingRegistration,
)
from marketplace.scenarios.errors import NotThePoster, ScenarioUnknown
from marketplace.scenarios.queries import calls as scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A meeting to announce."""

    number: str
    title: dict[str, str]
    starts_at: dt.datetime
    place: dict[str, str]
    scenario_ids: tuple[UUID, ...]


async def wish(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    codes: list[str],
    expected_version: int,
    now: dt.datetime,
) -> CallWish:
    """Say, as the poster, what solvers of a call should be able to do; a hint, no condition.

    Refuses  NotThePoster, CapabilityUnknown, Stale.
    """
    access.require(actor, Permission.SCENARIOS_DRAFT)
    row = await scenarios.scenario(session, scenario_id, lock=True)
    if not scenarios.may_see(actor, row):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    if actor.organization_id != row.poster_id and not actor.is_system:
        raise NotThePoster(poster_id=str(row.poster_id))
    return await board.declare_wish(
        session,
        scenario_id,
        codes=codes,
        expected_version=expected_version,
        declared_by=None if actor.is_system else actor.person_id,
        now=now,
    )


async def announce(
    session: WriteSession,
    actor: Actor,
    invitation: Invitation,
    *,
    now: dt.datetime,
) -> Matchmaking:
    """Announce a meeting of one's own organisation (MM01).

    Refuses  StartsInThePast, MatchmakingNumberTaken, OrganizationNotVerified, and ScenarioUnknown
             for a call that is not published: a meeting must not tell that a draft exists.
    """
    access.require(actor, Permission.MATCHMAKING_HOST)
    await known.organization_in_good_standing(session, actor.organization_id, on=day_of(now))
    if invitation.starts_at <= now:
        raise StartsInThePast(starts_at=invitation.starts_at, now=now)
    if await queries.matchmaking_by_number(session, invitation.number) is not None:
        raise MatchmakingNumberTaken(number=invitation.number)
    linked = tuple(dict.fromkeys(invitation.scenario_ids))
    for scenario_id in linked:
        await scenarios.call(session, scenario_id)
    row = Matchmaking(
        number=invitation.number,
        title=invitation.title,
        host_id=actor.organization_id,
        starts_at=invitation.starts_at,
        place=invitation.place,
        state=MatchmakingState(LIFECYCLE.initial().target),
        announced_by=None if actor.is_system else actor.person_id,
        announced_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        MatchmakingCall(matchmaking_id=row.id, scenario_id=scenario_id) for scenario_id in linked
    )
    await session.flush()
    said = MatchmakingAnnounced(
        matchmaking_id=row.id,
        number=row.number,
        title=row.title,
        host_id=row.host_id,
        starts_at=row.starts_at,
        scenario_ids=linked,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.host_id)
    return row


async def register(
    session: WriteSession, actor: Actor, matchmaking_id: UUID, *, now: dt.datetime
) -> MatchmakingRegistration:
    """Register one's own organisation; registering again changes nothing.

    Refuses  MatchmakingOver from the moment it begins, OrganizationNotVerified.
    """
    access.require(actor, Permission.MATCHMAKING_JOIN)
    await known.organization_in_good_standing(session, actor.organization_id, on=day_of(now))
    meeting = await queries.matchmaking(session, matchmaking_id, lock=True)
    if meeting.state is not MatchmakingState.PLANNED or now >= meeting.starts_at:
        raise MatchmakingOver(state=meeting.state.value, starts_at=meeting.starts_at)
    row = await queries.registration(session, matchmaking_id, actor.organization_id)
    if row is not None and row.withdrawn_at is None:
        return row
    if row is None:
        row = MatchmakingRegistration(
            matchmaking_id=matchmaking_id,
            organization_id=actor.organization_id,
            registered_by=actor.person_id,
            registered_at=now,
        )
        session.add(row)
    row.registered_by, row.registered_at, row.withdrawn_at = actor.person_id, now, None
    return await _tell_registration(session, actor, row, now=now)


async def withdraw(
    session: WriteSession, actor: Actor, matchmaking_id: UUID, *, now: dt.datetime
) -> MatchmakingRegistration:
    """Take one's own registration back; NotRegistered where there is none."""
    access.require(actor, Permission.MATCHMAKING_JOIN)
    await queries.matchmaking(session, matchmaking_id, lock=True)
    row = await queries.registration(session, matchmaking_id, actor.organization_id)
    if row is None or row.withdrawn_at is not None:
        raise NotRegistered(matchmaking_id=str(matchmaking_id))
    row.withdrawn_at = now
    return await _tell_registration(session, actor, row, now=now)


async def end(
    session: WriteSession,
    actor: Actor,
    matchmaking_id: UUID,
    *,
    verb: str,
    expected_version: int,
    now: dt.datetime,
) -> Matchmaking:
    """Write down that a meeting was held (MM02) or is called off (MM03).

    Refuses  NotTheHost, Stale, MatchmakingNotBegun.
    """
    row = await _hosted(session, actor, matchmaking_id)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    target = MatchmakingState(LIFECYCLE.check(row.state, verb).target)
    if target is MatchmakingState.HELD and now < row.starts_at:
        raise MatchmakingNotBegun(starts_at=row.starts_at)
    row.state, row.ended_at = target, now
    row.version += 1
    await session.flush()
    said = MatchmakingEnded(matchmaking_id=row.id, state=target.value)
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.host_id)
    return row


async def note_outcomes(
    session: WriteSession,
    actor: Actor,
    matchmaking_id: UUID,
    *,
    notes: Sequence[tuple[UUID, str]],
    now: dt.datetime,
) -> list[MatchmakingOutcome]:
    """Note what came of the calls of a meeting that was held; CallNotLinked for any other call."""
    meeting = await _hosted(session, actor, matchmaking_id)
    if meeting.state is not MatchmakingState.HELD:
        raise MatchmakingNotBegun(state=meeting.state.value)
    linked = await queries.calls_of(session, matchmaking_id)
    rows = []
    for scenario_id, note in notes:
        if scenario_id not in linked:
            raise CallNotLinked(scenario_id=str(scenario_id))
        row = MatchmakingOutcome(
            matchmaking_id=matchmaking_id,
            scenario_id=scenario_id,
            note=note,
            noted_by=None if actor.is_system else actor.person_id,
            noted_at=now,
        )
        session.add(row)
        rows.append(row)
    await session.flush()
    return rows


async def _hosted(session: WriteSession, actor: Actor, matchmaking_id: UUID) -> Matchmaking:
    """Lock a meeting for its host."""
    access.require(actor, Permission.MATCHMAKING_HOST)
    row = await queries.matchmaking(session, matchmaking_id, lock=True)
    if actor.organization_id != row.host_id and not actor.is_system:
        raise NotTheHost(host_id=str(row.host_id))
    return row


async def _tell_registration(
    session: WriteSession, actor: Actor, row: MatchmakingRegistration, *, now: dt.datetime
) -> MatchmakingRegistration:
    await session.flush()
    said = MatchmakingRegistered(
        registration_id=row.id,
        matchmaking_id=row.matchmaking_id,
        withdrawn=row.withdrawn_at is not None,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return row
