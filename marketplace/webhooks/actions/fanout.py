"""Events become deliveries, once: one short transaction over events and those who may hear them.

Correctness rests on the mark on the event and on the unique pair of event and endpoint; several
processes may fan out at the same time.  What an endpoint may hear is judged here, at the time of
telling.
"""

import datetime as dt

from marketplace.events import actions as log
from marketplace.events import queries as events
from marketplace.events.rules import hearing
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Said
from marketplace.kit.database import WriteSession
from marketplace.webhooks import queries
from marketplace.webhooks.tables import Delivery

EVENTS_AT_ONCE = 200


async def fan_out(session: WriteSession, *, now: dt.datetime, limit: int = EVENTS_AT_ONCE) -> int:
    """Make the deliveries of the oldest events that have none yet; say how many events."""
    await log.number_events(session)
    new = await events.unfanned(session, limit=limit)
    if not new:
        return 0
    listeners = await queries.listeners(session)
    calls = {
        event.scenario_id
        for event in new
        if event.visibility is Visibility.PARTICIPANTS and event.scenario_id
    }
    taking_part = await events.participants(session, calls)
    for event in new:
        said = Said(
            visibility=event.visibility,
            organization_id=event.organization_id,
            organizer_id=event.organizer_id,
            participants=(
                taking_part.get(event.scenario_id, frozenset())
                if event.scenario_id
                else frozenset()
            ),
        )
        told = [
            endpoint
            for endpoint, hearer in listeners
            if hearing.wants(endpoint.event_types, event.type) and hearing.may_hear(hearer, said)
        ]
        session.add_all(
            Delivery(
                event_id=event.id,
                endpoint_id=endpoint.id,
                event_type=event.type,
                body=event.record,
                next_at=now,
                created_at=now,
            )
            for endpoint in told
        )
        event.fanned_out_at = now
    await session.flush()
    return len(new)
