"""Events become deliveries, once: one short transaction over events and those who may hear them.

Correctness rests on the mark on the event and on the unique pair of event and endpoint; several
processes may fan out at the same time, and stand in line behind the row that gives numbers: so the
deliveries of a subject are made in its order.  What an endpoint may hear is judged here, and once
more before it is sent.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from uuid import UUID

from marketplace.events import actions as log
from marketplace.events import queries as events
from marketplace.events.queries import News
from marketplace.events.rules import hearing
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Said
from marketplace.kit.database import WriteSession
from marketplace.webhooks.actions import batches, lines
from marketplace.webhooks.actions.batches import Owed, Taken
from marketplace.webhooks.queries import workers
from marketplace.webhooks.queries.workers import Listener

EVENTS_AT_ONCE = 200


async def fan_out(session: WriteSession, *, now: dt.datetime, limit: int = EVENTS_AT_ONCE) -> int:
    """Make the deliveries of the oldest events that have none yet; say how many events."""
    await log.number_events(session)
    new = await events.unfanned(session, limit=limit)
    if not new:
        return 0
    listeners = await workers.listeners(session)
    if listeners:
        calls = {
            event.scenario_id
            for event in new
            if event.visibility is Visibility.PARTICIPANTS and event.scenario_id
        }
        taking_part = await events.participants(session, calls)
        told = ((event, said_of(event, taking_part)) for event in new)
        in_order = await workers.hold_ordered(session, listeners)
        await batches.owe(session, _owed(told, listeners, in_order), now=now)
        if in_order:
            await lines.let_first_go(session, [event.id for event in new], now=now)
    await log.mark_fanned_out(session, [event.position for event in new], now=now)
    return len(new)


def said_of(event: News | Taken, taking_part: Mapping[UUID, frozenset[UUID]]) -> Said:
    """Put together what decides who may hear an event."""
    return Said(
        visibility=Visibility(event.visibility),
        organization_id=event.organization_id,
        organizer_id=event.organizer_id,
        participants=(
            taking_part.get(event.scenario_id, frozenset()) if event.scenario_id else frozenset()
        ),
    )


def _owed(
    told: Iterable[tuple[News, Said]], listeners: Sequence[Listener], in_order: Set[UUID]
) -> Iterator[Owed]:
    for event, said in told:
        for listener in listeners:
            if hearing.wants(listener.event_types, event.type) and hearing.may_hear(
                listener.hearer, said
            ):
                ordered = listener.endpoint_id in in_order
                yield Owed(
                    event.id,
                    listener.endpoint_id,
                    event.type,
                    event.subject_id if ordered else None,
                    event.sequence if ordered else None,
                )
