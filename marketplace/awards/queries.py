"""What the awards room can answer."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.awards.errors import AwardUnknown
from marketplace.awards.rules.choice import Candidate, Standing
from marketplace.awards.rules.lifecycle import LIVE
from marketplace.awards.tables import Award, AwardForfeit
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import LEFT
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules import deadlines
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import rounds as scoring


async def award(session: ReadSession, award_id: UUID, *, lock: bool = False) -> Award:
    """Find one award, locked for change on request."""
    statement = select(Award).where(Award.id == award_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise AwardUnknown(award_id=str(award_id))
    return row


async def awards_of(session: ReadSession, scenario_id: UUID) -> Sequence[Award]:
    """List the awards of a call, in the order in which they were decided."""
    found = await session.exec(
        select(Award).where(Award.scenario_id == scenario_id).order_by(col(Award.id))
    )
    return found.all()


async def live_award_of(session: ReadSession, bid_id: UUID) -> Award | None:
    """Find the award that a bid holds."""
    found = await session.exec(
        select(Award).where(Award.bid_id == bid_id).where(col(Award.state).in_(LIVE))
    )
    return found.first()


async def forfeit_of(session: ReadSession, award_id: UUID) -> AwardForfeit | None:
    """Find what is known about a winner who does not take its award."""
    return (
        await session.exec(select(AwardForfeit).where(AwardForfeit.award_id == award_id))
    ).first()


async def sign_until(session: ReadSession, call: Scenario, row: Award) -> dt.datetime | None:
    """Find when the time to sign is over; None before the award stands, or without such a rule."""
    if row.confirmed_at is None:
        return None
    profile = await scenarios.profile_of(session, call, day_of(row.confirmed_at))
    if not profile.has("sign_contract"):
        return None
    calendar = await profiles.work_calendar(session)
    return deadlines.deadline(row.confirmed_at, profile.period("sign_contract"), calendar).at


async def standing(session: ReadSession, call: Scenario) -> Standing:
    """Gather all that an award is decided from: ranking, earlier awards, slots, budget, panel."""
    content = await scenarios.content(session, call)
    earlier = await awards_of(session, call.id)
    opened = await bids.opened_bids(session, call.id)
    ranked = await scoring.candidates(session, call.id)
    return Standing(
        candidates=tuple(
            Candidate(
                bid_id=one.bid_id,
                solver_organization_id=one.solver_organisation_id,
                rank=one.rank,
                quote_fen=one.quote_fen,
            )
            for one in ranked
        ),
        awarded=frozenset(row.bid_id for row in earlier if row.state in LIVE),
        out=frozenset(row.bid_id for row in earlier if row.state not in LIVE)
        | frozenset(bid.id for bid, _ in opened if bid.state in LEFT),
        slots=max(content.race.stage1_solvers, content.race.final_solvers),
        budget_fen=content.budget.ceiling_fen,
        done=await scoring.hands_on(session, call),
    )


def free_slot(standing: Standing, taken: Sequence[int]) -> int:
    """Find the lowest slot nobody holds; `choose` has made sure there is one."""
    return next(slot for slot in range(1, standing.slots + 1) if slot not in taken)
