"""The door to a bidder's workspace: what is missing, what is wrong, what to sign."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.queries import workspaces as queries
from marketplace.bids.rules.statements import TEMPLATES
from marketplace.bids.schemas.offers import OfferIn
from marketplace.bids.schemas.workspaces import (
    CheckOut,
    ProblemOut,
    TemplateOut,
    TemplatesOut,
    WorkspaceOut,
)
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer
from marketplace.wire.sealed_doors import SEALED_DOOR

AnyRequest = Request[Actor, None, State]


class WorkspaceController(Controller):
    """One's own bid before it is opened."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @get("/workspace", operation_id="bids_workspace")
    async def get_workspace(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[WorkspaceOut]:
        """List what your bid still needs before it can be sealed."""
        access.signed_in(actor)
        found = await queries.workspace(reader, actor, bid_id, keeper=keeper, now=clock.now())
        return answer(request, WorkspaceOut.of(found))

    @post("/actions/check", status_code=200, operation_id="bids_check")
    async def check(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[OfferIn],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[CheckOut]:
        """Say everything that speaks against an offer at once, and keep nothing of it.

        Also what does not block: a price sheet that contradicts itself can be sealed, and shows
        here how it would be corrected after the opening.
        """
        access.signed_in(actor)
        found = await queries.check(
            reader, actor, bid_id, data.offer(), keeper=keeper, now=clock.now()
        )
        out = CheckOut(
            fits=not any(one.blocks for one in found),
            problems=[ProblemOut.of(one) for one in found],
        )
        return answer(request, out, headers={"Cache-Control": "no-store"})


@get("/v1/declaration-templates", operation_id="declaration_templates_list", tags=["bids"])
async def list_templates(request: AnyRequest) -> Response[TemplatesOut]:
    """Show the words that bidders sign, in every version, in Chinese and English."""
    return answer(request, TemplatesOut(items=[TemplateOut.of(one) for one in TEMPLATES]))
