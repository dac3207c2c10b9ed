"""Ask that somebody does not judge, and decide it: by somebody who does not sit on the panel.

Who judges is secret until the result, so a request names a person and is answered with no more than
that it was received; what was decided is told with the result.
"""

import datetime as dt
from typing import Final
from uuid import UUID

from marketplace.events.rules.catalogue.scoring import RecusalDecided, RecusalRequested
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions.panels import CHANGING, check_hands, let_go, tell
from marketplace.scoring.errors.panels import (
    DrawOpenAlready,
    NobodyNamed,
    RecusalsUsedUp,
    RecusalTooLate,
)
from marketplace.scoring.errors.panels import (
    RecusalDecided as DecidedBefore,
)
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.tables.panels import RecusalKind, RecusalRequest

REQUESTS_MAX: Final = 10
"""Requests of one organisation about one call."""
RUNNING: Final = CHANGING | {
    ScenarioState.DECIDED,
    ScenarioState.IN_PUBLICITY,
    ScenarioState.AWARDED,
}
"""While a judge can still be found to be tied with an effect: until the contract."""


async def ask(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    name: str,
    reasons: str,
    now: dt.datetime,
) -> RecusalRequest:
    """Ask in writing that a person does not judge, or declare an interest of one's own as judge.

    Shape    a judge who declares marks and signs nothing more until it is decided.
    Refuses  NotPermitted for whoever neither bids nor judges; RecusalTooLate, RecusalsUsedUp.
    """
    access.signed_in(actor)
    scenario = await scenarios.scenario_seen_by(session, actor, scenario_id)
    seat = await rounds.seat_of(session, scenario_id, actor.person_id)
    sits = seat is not None and seat.recused_at is None
    if not sits and not actor.may(Permission.BIDS_SUBMIT):
        raise NotPermitted(permission=Permission.BIDS_SUBMIT.value)
    if scenario.state not in RUNNING:
        raise RecusalTooLate(state=scenario.state.value)
    kind = RecusalKind.DECLARATION if sits else RecusalKind.REQUEST
    filed = [
        one
        for one in await queries.recusal_requests(session, scenario_id)
        if one.organization_id == actor.organization_id and one.kind is kind
    ]
    if len(filed) >= REQUESTS_MAX:
        raise RecusalsUsedUp(allowed=REQUESTS_MAX)
    row = RecusalRequest(
        scenario_id=scenario_id,
        kind=kind,
        organization_id=actor.organization_id,
        filed_by=actor.person_id,
        filed_at=now,
        name=name,
        reasons=reasons,
        person_id=actor.person_id if sits else None,
    )
    session.add(row)
    await session.flush()
    call = await scenarios.call(session, scenario_id)
    said = RecusalRequested(scenario_id=scenario_id, request_id=row.id, kind=kind.value)
    await tell(session, actor, call, said, now=now)
    return row


async def decide(
    session: WriteSession,
    actor: Actor,
    request_id: UUID,
    *,
    accepted: bool,
    person_id: UUID | None,
    decision: str,
    now: dt.datetime,
) -> RecusalRequest:
    """Decide on a request, as an officer who does not sit on the panel, and say who it is about.

    Shape    whoever is recused before the draw cannot be drawn; one who sits leaves, and none of
             their marks counts.  After the award the ranking it rests on no longer holds.
    Refuses  SameHands for a judge of this call; NobodyNamed; RecusalDecided; RecusalTooLate;
             DrawOpenAlready while a pool is frozen that may hold the person.
    """
    access.require(actor, Permission.PANELS_SEAT)
    unlocked = await queries.recusal_request(session, request_id)
    scenario = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    access.require(actor.at(scenario.organizer_id), Permission.PANELS_SEAT)
    row = await queries.recusal_request(session, request_id, lock=True)
    if row.decided_at is not None:
        raise DecidedBefore(decided_at=row.decided_at)
    if scenario.state not in RUNNING:
        raise RecusalTooLate(state=scenario.state.value)
    await check_hands(session, actor, scenario, [])
    about = row.person_id or person_id
    if accepted and about is None:
        raise NobodyNamed()
    if about is not None:
        await identity.person(session, about)
    if accepted:
        for one in await queries.draws(session, scenario.id):
            if one.drawn_at is None and one.given_up_at is None:
                raise DrawOpenAlready(draw_id=str(one.id))
    row.person_id, row.accepted, row.decision = about, accepted, decision
    row.decided_by, row.decided_at = actor.person_id, now
    await session.flush()
    call = await scenarios.call(session, scenario.id)
    said = RecusalDecided(scenario_id=scenario.id, request_id=row.id, accepted=accepted)
    await tell(session, actor, call, said, now=now)
    seat = None if about is None else await rounds.seat_of(session, scenario.id, about)
    if accepted and seat is not None:
        await let_go(session, actor, call, seat, reason=decision, now=now)
    return row
