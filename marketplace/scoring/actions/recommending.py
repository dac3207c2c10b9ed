"""Recommend candidates in the order of the ranking (B13)."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from marketplace.bids.actions import offering
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import LEFT
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.panel_votes import CandidatesRecommended
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.scoring.actions.marking import evaluating_call
from marketplace.scoring.errors.rounds import NotOnPanel
from marketplace.scoring.errors.votes import CandidatesTied, NothingToRecommend
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.queries.rounds import Candidate
from marketplace.scoring.rules.recommending import recommended


async def recommend(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, now: dt.datetime
) -> Sequence[Candidate]:
    """Make the best-ranked bids candidates (B13a), as chair of this panel; the others are passed
    over (B13b).

    Refuses  NotOnPanel, NotPermitted for a judge who does not chair, NothingToRecommend,
             CandidatesTied; MoveNotAllowed once candidates are named: a new round starts afresh.
    """
    access.require(actor, Permission.ROUNDS_RANK)
    call = await evaluating_call(session, scenario_id)
    if not actor.is_system:
        seat = await queries.seat_of(session, scenario_id, actor.person_id)
        if seat is None or seat.recused_at is not None:
            raise NotOnPanel()
        if not seat.is_chair:
            raise NotPermitted(duty="panel chair")
    round_ = await queries.latest_round(session, scenario_id)
    opened = {bid.id: bid for bid, _ in await bids.opened_bids(session, scenario_id)}
    willing = [
        one
        for one in await queries.candidates(session, scenario_id)
        if opened[one.bid_id].state not in LEFT
    ]
    if round_ is None or not willing:
        raise NothingToRecommend()
    limit = call.profile.integer("max_candidates")
    chosen = recommended([one.rank for one in willing], limit)
    if not chosen:
        raise CandidatesTied(limit=limit, tied=sum(one.rank == willing[0].rank for one in willing))
    for place, one in enumerate(willing):
        verb = "recommend" if place < chosen else "pass_over"
        await offering.make_move(session, actor, opened[one.bid_id], verb, now=now)
    named = willing[:chosen]
    said = CandidatesRecommended(
        scenario_id=scenario_id, round_id=round_.id, bids=tuple(one.bid_id for one in named)
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=call.poster_id, scenario_id=call.id
    )
    return named
