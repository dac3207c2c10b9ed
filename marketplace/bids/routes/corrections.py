"""The door to corrected prices: read what is proposed, confirm or refuse it."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from marketplace.bids.actions import correcting
from marketplace.bids.queries import bids
from marketplace.bids.queries import corrections as queries
from marketplace.bids.schemas.corrections import PriceCorrectionOut
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class PriceCorrectionController(Controller):
    """What the rules make of a price that contradicts itself."""

    path = "/v1/bids/{bid_id:uuid}/price-correction"
    tags = ("bids",)

    @get(operation_id="price_corrections_get")
    async def get_correction(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PriceCorrectionOut]:
        """Show the correction of a bid: to its bidder, and to whoever may read opened bids."""
        access.signed_in(actor)
        call = await scenarios.scenario(reader, await bids.scenario_of(reader, bid_id))
        await bids.bid_seen_by(reader, actor, bid_id, call)
        row = await queries.correction_of(reader, bid_id)
        return answer(request, PriceCorrectionOut.of(row), version=row.version)

    @post("/actions/confirm", status_code=200, operation_id="price_corrections_confirm")
    @once()
    async def confirm(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PriceCorrectionOut]:
        """Confirm the corrected price of your bid: it is evaluated, and binds you."""
        return await _answered(request, writer, bid_id, "confirm", clock)

    @post("/actions/refuse", status_code=200, operation_id="price_corrections_refuse")
    @once()
    async def refuse(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PriceCorrectionOut]:
        """Refuse the corrected price of your bid: the bid is invalid."""
        return await _answered(request, writer, bid_id, "refuse", clock)


async def _answered(
    request: AnyRequest, writer: WriteSession, bid_id: UUID, verb: str, clock: Clock
) -> Response[PriceCorrectionOut]:
    access.signed_in(request.user)
    row = await correcting.answer_correction(
        writer,
        request.user,
        bid_id,
        verb=verb,
        expected_version=expected_version(request),
        clock=clock,
    )
    return answer(request, PriceCorrectionOut.of(row), version=row.version)
