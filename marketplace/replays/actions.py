"""Ask for a replay, stop it, and work on it batch by batch."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules import hearing
from marketplace.events.rules.hearing import Hearer
from marketplace.feed.errors import EventUnknown
from marketplace.feed.queries import log
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.replays import queries
from marketplace.replays.errors import RangeUnusable, TooManyReplays
from marketplace.replays.rules import lifecycle
from marketplace.replays.rules.lifecycle import ReplayState
from marketplace.replays.rules.statements import ReplayMoved, ReplayRequested
from marketplace.replays.tables import Replay
from marketplace.webhooks.actions import again
from marketplace.webhooks.errors import EndpointDisabled, EventTypeUnusable
from marketplace.webhooks.queries import owners, workers
from marketplace.webhooks.rules.lifecycle import EndpointState
from marketplace.webhooks.tables import Endpoint

RUNNING_MAX = 3
"""How many replays of one endpoint may run at a time."""

EVENTS_AT_ONCE = 500
"""How many events one transaction replays: a lease of the endpoint waits no longer than that."""

OWED_MAX = 1_000
"""A replay waits while its endpoint is owed so many messages: what is said now comes behind no more
than these, however long the range.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What is heard again: from a moment or an event, up to a moment or an event, or to the end."""

    from_at: dt.datetime | None = None
    to_at: dt.datetime | None = None
    """The first moment that is not in it."""
    from_event_id: UUID | None = None
    to_event_id: UUID | None = None
    """Both events are in it."""
    event_types: tuple[str, ...] = ()
    """Types and `prefix.*` patterns; none: all that the endpoint is subscribed to."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What one batch came to."""

    replay_id: UUID
    told: int
    state: ReplayState


async def request_replay(
    session: WriteSession, actor: Actor, endpoint_id: UUID, wanted: Range, *, now: dt.datetime
) -> Replay:
    """Ask that an endpoint hears a range of the log again, as far as it may hear it now.

    Refuses  RangeUnusable, EventTypeUnusable, EventUnknown for an event that it may not hear,
             EndpointDisabled, TooManyReplays.
    """
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    _check(wanted)
    endpoint = await owners.endpoint_locked(
        session, endpoint_id, organization_id=actor.organization_id
    )
    if endpoint.state is EndpointState.DISABLED:
        raise EndpointDisabled(endpoint_id=str(endpoint.id))
    if await queries.running_of(session, endpoint.id) >= RUNNING_MAX:
        raise TooManyReplays(most=RUNNING_MAX)
    hearer = await workers.hearer_for(session, endpoint.id)
    first = await _number_of(session, hearer, wanted.from_event_id) or 1
    last = await queries.last_told(session)
    asked_last = await _number_of(session, hearer, wanted.to_event_id)
    if asked_last is not None and asked_last < first:
        raise RangeUnusable()
    row = Replay(
        endpoint_id=endpoint.id,
        requested_by=None if actor.is_system else actor.person_id,
        event_types=list(wanted.event_types),
        from_at=wanted.from_at,
        to_at=wanted.to_at,
        from_event_id=wanted.from_event_id,
        to_event_id=wanted.to_event_id,
        first_number=first,
        last_number=last if asked_last is None else min(last, asked_last),
        read_up_to=first - 1,
        total=0,
        created_at=now,
        worked_at=now,
    )
    row.total = await queries.to_hear(session, row, endpoint, hearer)
    session.add(row)
    await session.flush()
    said = ReplayRequested(
        webhook_replay_id=row.id, webhook_endpoint_id=endpoint.id, total=row.total
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=endpoint.organization_id
    )
    return row


def _check(wanted: Range) -> None:
    if wanted.from_at is None and wanted.from_event_id is None:
        raise RangeUnusable()
    if wanted.from_at and wanted.to_at and wanted.to_at <= wanted.from_at:
        raise RangeUnusable()
    unusable = [text for text in wanted.event_types if not hearing.is_pattern(text)]
    if unusable:
        raise EventTypeUnusable(event_types=[text[:80] for text in unusable[:20]])


async def _number_of(session: ReadSession, hearer: Hearer, event_id: UUID | None) -> int | None:
    """Find the place of an event; one that may not be heard must not be told from none."""
    if event_id is None:
        return None
    row = await log.event_heard_by(session, hearer, event_id)
    if row.number is None:
        # Said this very moment: nobody has heard of it yet.
        raise EventUnknown(event_id=str(event_id))
    return row.number


async def cancel_replay(
    session: WriteSession, actor: Actor, replay_id: UUID, *, now: dt.datetime
) -> Replay:
    """Stop a replay; what it made by now is sent all the same."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await queries.replay_locked(session, replay_id, organization_id=actor.organization_id)
    await _move(session, row, "cancel", actor.organization_id, by=actor.kind, now=now)
    return row


async def work(
    session: WriteSession,
    *,
    now: dt.datetime,
    limit: int = EVENTS_AT_ONCE,
    owed_max: int = OWED_MAX,
) -> Worked | None:
    """Replay the next batch of whoever waited longest; None if nobody waits.

    Shape    a batch of none, and still running, where the endpoint is owed too much already.

    Deliveries, `done` and the place are written together: killed before the commit, nothing
    happened; after it, the next batch begins behind this one.
    """
    row = await queries.next_to_work_on(session)
    if row is None:
        return None
    endpoint = await workers.endpoint_held(session, row.endpoint_id)
    row.worked_at = now
    owner = endpoint.organization_id
    if endpoint.state is EndpointState.DISABLED:
        await _move(session, row, "cancel", owner, by="system", now=now)
        return Worked(row.id, 0, row.state)
    room = owed_max - await workers.owed(session, endpoint.id, most=owed_max)
    if room <= 0:
        return Worked(row.id, 0, row.state)
    told = await _batch(session, row, endpoint, now=now, limit=min(limit, room))
    if row.read_up_to >= row.last_number:
        # What it may hear can have changed since it was counted.
        row.total = row.done
        await _move(session, row, "finish", owner, by="system", now=now)
    await session.flush()
    return Worked(row.id, told, row.state)


async def _batch(
    session: WriteSession, row: Replay, endpoint: Endpoint, *, now: dt.datetime, limit: int
) -> int:
    hearer = await workers.hearer_for(session, endpoint.id)
    # One more than is told, so that the last batch knows that it is the last.
    found = await queries.next_to_hear(session, row, endpoint, hearer, limit=limit + 1)
    told = found[:limit]
    await again.owe_again(session, endpoint, [place.event_id for place in told], now=now)
    row.read_up_to = told[-1].number if len(found) > limit else row.last_number
    row.done += len(told)
    row.total = max(row.total, row.done)
    return len(told)


async def _move(
    session: WriteSession,
    row: Replay,
    verb: str,
    organization_id: UUID,
    *,
    by: str,
    now: dt.datetime,
) -> None:
    move = lifecycle.REPLAY.check(row.state, verb)
    row.state = ReplayState(move.target)
    row.finished_at = now
    said = ReplayMoved(
        webhook_replay_id=row.id,
        webhook_endpoint_id=row.endpoint_id,
        verb=verb,
        state=move.target,
        done=row.done,
    )
    await events.record(session, said, by=by, now=now, organization_id=organization_id)
