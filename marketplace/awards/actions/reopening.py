"""Go back from an award to the evaluation, because a judge of the ranking was found to be tied.

Locks are taken in this order: call, bid, award.
"""

import datetime as dt
from typing import Final
from uuid import UUID

from marketplace.awards import queries
from marketplace.awards.actions.awarding import check_reason, move_award, tell
from marketplace.awards.errors import PanelUnchanged
from marketplace.awards.rules.lifecycle import LIVE
from marketplace.bids.actions import offering
from marketplace.bids.queries import bids
from marketplace.events.rules.catalogue.pilots import AwardVoided
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import WriteSession
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import LIFECYCLE
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import panels
from marketplace.scoring.queries import rounds as scoring

JUDGE_RECUSED: Final = "judge_recused"


async def evaluate_again(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, reason: str, now: dt.datetime
) -> Scenario:
    """Go back to the evaluation because a judge of the ranking was found to be tied (SC17a).

    Every award is void, its bid stands in the ranking again, and the next round is the one in which
    the judge is replaced.
    Refuses  SameHands; PanelUnchanged unless a judge who counted was recused since.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    check_reason(reason)
    call = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.AWARDS_DECIDE)
    duties.require(actor, Duty.DECIDER, await scoring.hands_on(session, call))
    LIFECYCLE.check(call.state, "uphold_and_evaluate_again")
    last = await scoring.latest_round(session, scenario_id)
    if last is None or not await panels.changed_since(session, last):
        raise PanelUnchanged()
    for row in await queries.awards_of(session, scenario_id):
        if row.state not in LIVE:
            continue
        bid = await bids.opened_bid(session, row.bid_id, lock=True)
        await move_award(session, row, "void")
        row.live_slot, row.ended_at, row.ended_reason = None, now, reason
        await offering.make_move(session, access.SYSTEM, bid, "unselect", reason=reason, now=now)
        said = AwardVoided(award_id=row.id, scenario_id=scenario_id, ground=JUDGE_RECUSED)
        await tell(session, actor, row, said, now=now)
    return await calls.advance(session, actor, call, "uphold_and_evaluate_again", now=now)
