"""End a call whose pilots have all ended and are settled."""

import datetime as dt
from uuid import UUID

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.pilots import queries
from marketplace.pilots.errors import PilotsOpen, StillReserved
from marketplace.pilots.rules.lifecycle import PILOT, PilotState
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import LIFECYCLE
from marketplace.scenarios.tables import Scenario


async def complete_call(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, now: dt.datetime
) -> Scenario:
    """Complete a call (SC20): every pilot is closed, every claim at its end, nothing reserved.

    Refuses  PilotsOpen with those that are not closed, StillReserved if the ledger holds money.
    """
    access.require(actor, Permission.SCENARIOS_APPROVE)
    call = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.SCENARIOS_APPROVE)
    LIFECYCLE.check(call.state, "complete")
    rows = await queries.pilots_of(session, scenario_id)
    # A pilot closes only when each of its claims has come to an end.
    unfinished = [row.number for row in rows if PILOT.verbs_from(row.state)]
    if unfinished or not rows:
        raise PilotsOpen(pilots=unfinished)
    for row in rows:
        held = await queries.totals(session, row, AccountKind.RESERVED)
        if row.state is PilotState.CLOSED and any(held.values()):
            raise StillReserved(pilot=row.number, reserved_fen=held)
    return await calls.complete(session, actor, call, pilots=len(rows), now=now)
