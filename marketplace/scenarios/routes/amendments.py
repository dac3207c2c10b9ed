"""The door to changes of a published call: one person proposes, another confirms.

The confirmation is at the door of the bids room, because bidders are asked to stand by their bids.
"""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.scenarios.actions import amending
from marketplace.scenarios.queries import amendments
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.schemas.amendments import AmendmentIn, AmendmentOut
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class AmendmentController(Controller):
    """Changes of a published call."""

    path = "/v1/scenarios/{scenario_id:uuid}/amendments"
    tags = ("scenarios",)

    @post(operation_id="amendments_propose")
    @once()
    async def propose(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[AmendmentIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AmendmentOut]:
        """Propose a change of a published call; nothing changes until somebody else confirms it."""
        access.signed_in(actor)
        _, found = await amending.propose(
            writer,
            actor,
            scenario_id,
            content=data.content.document(),
            note=data.note,
            claimed_material=data.material,
            expected_version=expected_version(request),
            clock=clock,
        )
        return answer(request, AmendmentOut.of(found), version=found.version, status=201)

    @get(operation_id="amendments_list")
    async def list_amendments(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[AmendmentOut]]:
        """List the amendments of a call; those that only were proposed are shown inside."""
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        rows = await amendments.amendments(
            reader,
            row.id,
            from_inside=queries.knows_from_inside(actor, row),
            after=id_after(cursor),
            limit=limit + 1,
        )
        page = page_of(list(rows), limit, "id")
        items = [AmendmentOut.of(one) for one in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))
