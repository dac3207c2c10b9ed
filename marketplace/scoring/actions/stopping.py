"""Stop: the panel holds the file to be against the law, and the bureau decides.

Source   procurement regulations, article 41: a panel that finds the file to break the law stops and
         explains.
"""

import datetime as dt
from uuid import UUID

from marketplace.events.rules.catalogue.scoring import EvaluationHalted, EvaluationResumed
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions.marking import evaluating_call
from marketplace.scoring.actions.panels import tell
from marketplace.scoring.errors.panels import ChairNeeded, NothingStopped
from marketplace.scoring.errors.rounds import NotEvaluating
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.tables.panels import EvaluationStop


async def stop(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    explanation: str,
    now: dt.datetime,
) -> EvaluationStop:
    """Stop and explain, as chair for the panel; nothing is marked, ranked or reported meanwhile.

    Refuses  ChairNeeded; EvaluationStopped for a second stop.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, scenario_id)
    own = await queries.own_present_seat(session, actor, scenario_id)
    if not own.is_chair:
        raise ChairNeeded()
    row = EvaluationStop(
        scenario_id=scenario_id,
        stopped_by=actor.person_id,
        stopped_at=now,
        explanation=explanation,
    )
    session.add(row)
    await session.flush()
    said = EvaluationHalted(scenario_id=scenario_id, explanation=explanation)
    await tell(session, actor, call, said, now=now)
    return row


async def resume(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, decision: str, now: dt.datetime
) -> EvaluationStop:
    """Let the panel go on, as approver who did not judge; the other way is that the call fails.

    Refuses  NothingStopped; SameHands for a judge of this call.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    scenario = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(scenario.organizer_id), Permission.AWARDS_DECIDE)
    if scenario.state is not ScenarioState.EVALUATING:
        raise NotEvaluating(state=scenario.state.value)
    duties.require(actor, Duty.DECIDER, await rounds.hands_on(session, scenario))
    row = await queries.stop_in_force(session, scenario_id, lock=True)
    if row is None:
        raise NothingStopped()
    row.decided_by, row.decided_at, row.decision = actor.person_id, now, decision
    await session.flush()
    said = EvaluationResumed(scenario_id=scenario_id, decision=decision)
    await tell(session, actor, await scenarios.call(session, scenario_id), said, now=now)
    return row
