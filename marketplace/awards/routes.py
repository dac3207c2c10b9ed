"""The door of the awards room: decline, forfeit, declare invalid, evaluate again."""

from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.awards import queries
from marketplace.awards.actions import forfeits, invalidations, reopening
from marketplace.awards.schemas import (
    AwardOut,
    DeclineIn,
    EvaluateAgainIn,
    EvaluateAgainOut,
    FindingIn,
    ForfeitIn,
    HearingDecisionOut,
)
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


@post(
    "/v1/bids/{bid_id:uuid}/actions/decline-award",
    status_code=200,
    operation_id="awards_decline",
    tags=["awards"],
)
@once()
async def decline_award(
    request: AnyRequest,
    bid_id: FromPath[UUID],
    data: JSONBody[DeclineIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[AwardOut]:
    """Say as the winner that you will not sign, and why; the cause is then judged."""
    row = await forfeits.decline_award(writer, actor, bid_id, reason=data.reason, clock=clock)
    out = AwardOut.of(row, await queries.forfeit_of(writer, row.id))
    return answer(request, out, version=row.version)


@post(
    "/v1/awards/{award_id:uuid}/actions/forfeit",
    status_code=200,
    operation_id="awards_forfeit",
    tags=["awards"],
)
@once()
async def forfeit_award(
    request: AnyRequest,
    award_id: FromPath[UUID],
    data: JSONBody[ForfeitIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[AwardOut]:
    """Take an award back that was declined or not signed in time, and judge the cause.

    Justified: the winner is released without sanction.  Otherwise its credit record gets a note.
    """
    row = await forfeits.forfeit_award(
        writer, actor, award_id, justified=data.justified, reason=data.reason, clock=clock
    )
    out = AwardOut.of(row, await queries.forfeit_of(writer, row.id))
    return answer(request, out, version=row.version)


@post(
    "/v1/bids/{bid_id:uuid}/actions/invalidate",
    status_code=200,
    operation_id="bids_invalidate",
    tags=["awards"],
)
@once()
async def invalidate_bid(
    request: AnyRequest,
    bid_id: FromPath[UUID],
    data: JSONBody[FindingIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[HearingDecisionOut]:
    """Uphold the open accusation of a bid: it is invalid, and an award of it void.

    Its bidder must have answered, or the time to answer must be over.
    """
    row = await invalidations.invalidate_bid(
        writer, actor, bid_id, decision=data.decision.document(), clock=clock
    )
    return answer(request, HearingDecisionOut.of(row))


@post(
    "/v1/bids/{bid_id:uuid}/actions/drop-accusation",
    status_code=200,
    operation_id="bids_drop_accusation",
    tags=["awards"],
)
@once()
async def drop_accusation(
    request: AnyRequest,
    bid_id: FromPath[UUID],
    data: JSONBody[FindingIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[HearingDecisionOut]:
    """Drop the open accusation of a bid, which stays where it is."""
    row = await invalidations.drop_accusation(
        writer, actor, bid_id, decision=data.decision.document(), clock=clock
    )
    return answer(request, HearingDecisionOut.of(row))


@post(
    "/v1/scenarios/{scenario_id:uuid}/actions/evaluate-again",
    status_code=200,
    operation_id="awards_evaluate_again",
    tags=["awards"],
)
@once()
async def evaluate_again(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    data: JSONBody[EvaluateAgainIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[EvaluateAgainOut]:
    """Void the awards of a ranking in which a tied judge counted, and evaluate again."""
    row = await reopening.evaluate_again(
        writer, actor, scenario_id, reason=data.reason, now=clock.now()
    )
    return answer(request, EvaluateAgainOut.of(row))
