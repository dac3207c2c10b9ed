"""The door for bidders who seal themselves, and who read what they sealed."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.actions import own_sealing, reading
from marketplace.bids.routes.receipts import NO_STORE, receipted
from marketplace.bids.schemas.bids import SealedOut
from marketplace.bids.schemas.sealing import OwnOpenedOut, OwnSealedOut, ReadIn, SealedOfferIn
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.sealed_answers import sealed_once
from marketplace.wire.sealed_doors import SEALED_DOOR

AnyRequest = Request[Actor, None, State]


class OwnSealingController(Controller):
    """One's own sealed offer."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @post("/actions/submit-sealed", status_code=200, operation_id="bids_submit_sealed")
    @sealed_once()
    async def submit_sealed(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[SealedOfferIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[SealedOut]:
        """Submit an offer that your own client sealed; nobody here can look inside.

        Whether it is admissible is found out at the opening: seal it with `jiebang bid seal`.
        """
        return await _kept(request, writer, bid_id, "submit", data, keeper, clock)

    @post("/actions/replace-sealed", status_code=200, operation_id="bids_replace_sealed")
    @sealed_once()
    async def replace_sealed(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[SealedOfferIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[SealedOut]:
        """Put another offer that your own client sealed in place of the one that counts."""
        return await _kept(request, writer, bid_id, "replace", data, keeper, clock)

    @get("/sealed", operation_id="bids_get_sealed")
    async def get_sealed(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[OwnSealedOut]:
        """Fetch your sealed offer, to open it yourself: `jiebang bid read`.

        Until the deadline, and again once all bids were opened.
        """
        found = await reading.own_sealed(reader, actor, bid_id, clock=clock)
        return answer(request, OwnSealedOut.of(found), headers=NO_STORE)

    @post("/actions/read", status_code=200, operation_id="bids_read")
    async def read(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[ReadIn],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[OwnOpenedOut]:
        """Read your own offer with your reading key; neither is kept or logged.

        Until the deadline, and again once all bids were opened.
        """
        found = await reading.read_own(
            reader,
            actor,
            bid_id,
            reading_key=envelopes.from_text(data.reading_key),
            clock=clock,
        )
        return answer(request, OwnOpenedOut.of(found), headers=NO_STORE)


async def _kept(
    request: AnyRequest,
    writer: WriteSession,
    bid_id: UUID,
    verb: str,
    data: SealedOfferIn,
    keeper: Keeper,
    clock: Clock,
) -> Response[SealedOut]:
    access.signed_in(request.user)
    row, receipt = await own_sealing.submit_own(
        writer,
        request.user,
        bid_id,
        verb=verb,
        own=data.own(),
        expected_version=expected_version(request),
        keeper=keeper,
        clock=clock,
    )
    return await receipted(request, writer, row, receipt, clock)
