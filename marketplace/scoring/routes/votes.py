"""What a panel decides together, and what a bidder says to it: votes, low prices, candidates."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.queries import bids
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import prices, recommending, responsiveness
from marketplace.scoring.queries import blinding
from marketplace.scoring.queries import votes as queries
from marketplace.scoring.rules.voting import Matter
from marketplace.scoring.schemas.votes import (
    CandidateOut,
    CandidatesOut,
    ExplanationVoteIn,
    PriceDoubtIn,
    PriceExplanationIn,
    PriceInquiriesOut,
    PriceInquiryOut,
    ResponsivenessIn,
    VotesOut,
)
from marketplace.scoring.tables.votes import PriceInquiry
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class BidVoteController(Controller):
    """What the panel decides on one bid."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("scoring",)

    @post("/responsiveness", operation_id="responsiveness_vote")
    @once()
    async def vote_on_responsiveness(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[ResponsivenessIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[VotesOut]:
        """Vote, as a judge, on whether a bid answers the call; more than half of the seats decide.

        Whoever signs without having voted has agreed.
        """
        meant, aliases = await blinding.meant_by(writer, actor, bid_id)
        with blinding.refusals_masked(aliases):
            await responsiveness.vote_on_responsiveness(
                writer, actor, meant, word=data.word(), clock=clock
            )
        return await _votes(request, writer, bid_id, Matter.RESPONSIVENESS, status=201)

    @get("/responsiveness", operation_id="responsiveness_get")
    async def get_responsiveness(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[VotesOut]:
        """Show how the panel stands on a bid: to the panel, and to whoever may read who judges."""
        return await _votes(request, reader, bid_id, Matter.RESPONSIVENESS)

    @post("/price-doubt", operation_id="price_doubts_vote")
    @once()
    async def doubt_price(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[PriceDoubtIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[VotesOut]:
        """Vote, as a judge, on whether a price has to be explained although it is below no line."""
        meant, aliases = await blinding.meant_by(writer, actor, bid_id)
        with blinding.refusals_masked(aliases):
            await responsiveness.doubt_price(writer, actor, meant, word=data.word(), clock=clock)
        return await _votes(request, writer, bid_id, Matter.PRICE_DOUBT, status=201)

    @get("/price-inquiry", operation_id="price_inquiries_get")
    async def get_inquiry(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[PriceInquiriesOut]:
        """Show what is asked about a price, if anything: to its bidder, the panel, and whoever
        reads opened bids.

        The bidder hears that it must explain and until when; the lines would tell it the prices of
        the others.
        """
        access.signed_in(actor)
        meant, _ = await blinding.meant_by(reader, actor, bid_id)
        row = await queries.inquiry_seen_by(reader, actor, meant)
        items = [] if row is None else [await _inquiry(reader, actor, row, clock)]
        return answer(request, PriceInquiriesOut(items=items))

    @post("/price-explanation", operation_id="price_explanations_give")
    @once()
    async def explain_price(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[PriceExplanationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PriceInquiryOut]:
        """Explain the price of your own bid in writing, once, before the time is over."""
        row = await prices.explain_price(
            writer, actor, bid_id, explanation=data.explanation, clock=clock
        )
        out = await _inquiry(writer, actor, row, clock)
        return answer(request, out, version=row.version, status=201)

    @post("/price-explanation/votes", operation_id="price_explanations_vote")
    @once()
    async def vote_on_explanation(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[ExplanationVoteIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[VotesOut]:
        """Vote, as a judge, on whether the explanation is accepted; a price that is not is no bid.

        Bases and means are then made of the prices that are left.
        """
        meant, aliases = await blinding.meant_by(writer, actor, bid_id)
        with blinding.refusals_masked(aliases):
            await responsiveness.vote_on_explanation(
                writer, actor, meant, word=data.word(), clock=clock
            )
        return await _votes(request, writer, bid_id, Matter.PRICE_EXPLANATION, status=201)


class CallVoteController(Controller):
    """What is done for all bids of a call at once."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("scoring",)

    @post("/price-screening", status_code=200, operation_id="price_screenings_run")
    @once()
    async def screen_prices(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PriceInquiriesOut]:
        """Compare the valid prices with the lines of the rules, and ask whoever is below one.

        Asking again changes nothing; whoever has let the time pass is out.
        """
        with blinding.refusals_masked(await blinding.of_judge(writer, actor, scenario_id)):
            rows = await prices.screen_prices(writer, actor, scenario_id, clock=clock)
        items = [await _inquiry(writer, actor, row, clock) for row in rows]
        return answer(request, PriceInquiriesOut(items=items))

    @post("/candidates", operation_id="candidates_recommend")
    @once()
    async def recommend(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[CandidatesOut]:
        """Recommend the best-ranked bids as candidates, as many as the rules allow, as the chair.

        Those who share a place are not parted.
        """
        named = await recommending.recommend(writer, actor, scenario_id, now=clock.now())
        out = CandidatesOut(items=[CandidateOut.of(one) for one in named])
        return answer(request, out, status=201)


async def _votes(
    request: AnyRequest, session: ReadSession, bid_id: UUID, matter: Matter, *, status: int = 200
) -> Response[VotesOut]:
    actor = request.user
    access.signed_in(actor)
    meant, _ = await blinding.meant_by(session, actor, bid_id)
    bid = await bids.opened_bid(session, meant)
    call = await scenarios.scenario(session, bid.scenario_id)
    own = await queries.may_read_votes(session, actor, call)
    out = VotesOut.of(
        bid_id,
        matter.value,
        await queries.counted(session, call.id, meant, matter),
        await queries.votes(session, meant, matter),
        own=own,
    )
    return answer(request, out, status=status)


async def _inquiry(
    session: ReadSession, actor: Actor, row: PriceInquiry, clock: Clock
) -> PriceInquiryOut:
    bid = await bids.opened_bid(session, row.bid_id)
    aliases = await blinding.of_judge(session, actor, bid.scenario_id)
    shown = blinding.masked(aliases, bid.id)
    return PriceInquiryOut.of(row, actor, shown, solver_id=bid.solver_id, now=clock.now())
