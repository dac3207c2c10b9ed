"""The door to what happens to a bid after its opening: revoke it, hear its bidder, look closely."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.actions import eligibility, hearing, revoking
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import moves
from marketplace.bids.schemas.bids import BidOut, EligibilityIn
from marketplace.bids.schemas.moves import (
    EligibilityItemsOut,
    HearingAnswerIn,
    HearingIn,
    HearingOut,
    HearingsOut,
    RevocationIn,
    SealedVersionOut,
    SealedVersionsOut,
)
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer, expected_version, prefers_english
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class BidMoveController(Controller):
    """What happens to one bid after its opening."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("bids",)

    @post("/actions/revoke", status_code=200, operation_id="bids_revoke")
    @once()
    async def revoke(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[RevocationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[BidOut]:
        """Take your opened bid back; the bond may be kept, and the credit record gets a note."""
        access.signed_in(actor)
        row = await revoking.revoke_bid(
            writer,
            actor,
            bid_id,
            reason=data.reason,
            expected_version=expected_version(request),
            clock=clock,
        )
        return await _described(request, writer, row, clock)

    @get("/eligibility", operation_id="bids_eligibility_items")
    async def list_items(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[EligibilityItemsOut]:
        """Show every item of the check: what people answer, and what the law has against the bid.

        Items by the system are found at the opening and cannot be answered otherwise by anybody.
        """
        access.signed_in(actor)
        call = await scenarios.scenario(reader, await queries.scenario_of(reader, bid_id))
        bid = await queries.bid_seen_by(reader, actor, bid_id, call)
        out = EligibilityItemsOut.of(
            bid,
            await queries.eligibility(reader, bid_id),
            await moves.hard_exclusions(reader, bid_id),
            (await scenarios.content(reader, call)).qualifications,
        )
        return answer(request, out)

    @post("/eligibility", status_code=200, operation_id="bids_check_eligibility")
    @once()
    async def check_eligibility(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[EligibilityIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[BidOut]:
        """Answer every qualification of an opened bid, as officer or poster, once."""
        row = await eligibility.check_eligibility(
            writer, actor, bid_id, findings=data.findings(), now=clock.now()
        )
        return await _described(request, writer, row, clock)

    @get("/versions", operation_id="bids_versions")
    async def list_versions(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[SealedVersionsOut]:
        """List the sealed versions of a bid by their digests: the one that counts, and those that
        it superseded.
        """
        access.signed_in(actor)
        call = await scenarios.scenario(reader, await queries.scenario_of(reader, bid_id))
        bid = await queries.bid_seen_by(reader, actor, bid_id, call)
        rows = await moves.versions(reader, bid)
        return answer(
            request, SealedVersionsOut(items=[SealedVersionOut.of(row, bid) for row in rows])
        )

    @post("/hearings", operation_id="hearings_offer")
    @once()
    async def offer_hearing(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[HearingIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[HearingOut]:
        """Tell a bidder what its bid is accused of and until when to answer, before you decide."""
        row = await hearing.offer_hearing(
            writer,
            actor,
            bid_id,
            ground=data.ground,
            accusation=data.accusation.document(),
            evidence=data.documents(),
            term_days=data.term_days,
            clock=clock,
        )
        return answer(request, HearingOut.of(row), version=row.version, status=201)

    @get("/hearings", operation_id="hearings_list")
    async def list_hearings(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[HearingsOut]:
        """List the hearings of a bid, for its bidder, the bureau and those who watch it."""
        access.signed_in(actor)
        call = await scenarios.scenario(reader, await queries.scenario_of(reader, bid_id))
        rows = await moves.hearings_seen_by(reader, actor, bid_id, call)
        return answer(request, HearingsOut(items=[HearingOut.of(row) for row in rows]))


@post(
    "/v1/hearings/{hearing_id:uuid}/actions/answer",
    status_code=200,
    operation_id="hearings_answer",
    tags=["bids"],
)
@once()
async def answer_hearing(
    request: AnyRequest,
    hearing_id: FromPath[UUID],
    data: JSONBody[HearingAnswerIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[HearingOut]:
    """Answer an accusation as its bidder, once, before the time is over."""
    row = await hearing.answer_hearing(writer, actor, hearing_id, answer=data.answer, clock=clock)
    return answer(request, HearingOut.of(row), version=row.version)


async def _described(
    request: AnyRequest, session: ReadSession, row: Bid, clock: Clock
) -> Response[BidOut]:
    """Answer with a bid as its caller may see it."""
    found = await queries.detail(session, request.user, row, now=clock.now())
    out = BidOut.of(found, english=prefers_english(request))
    return answer(request, out, version=row.version)
