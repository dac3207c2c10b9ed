"""The door of the replay room."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.replays import actions, queries
from marketplace.replays.schemas import ReplayIn, ReplayOut
from marketplace.webhooks.queries import owners
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class EndpointReplayController(Controller):
    """The replays of one endpoint."""

    path = "/v1/webhook-endpoints/{endpoint_id:uuid}/replays"
    tags = ("webhooks",)

    @post(operation_id="webhook_replays_request", status_code=202)
    @once()
    async def request_replay(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        data: JSONBody[ReplayIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReplayOut]:
        """Hear a range of the log again; every message keeps its `webhook-id`."""
        now = await clock.decisive(writer)
        row = await actions.request_replay(writer, actor, endpoint_id, data.range(), now=now)
        return answer(request, ReplayOut.of(row), status=202)

    @get(operation_id="webhook_replays_list")
    async def list_replays(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response[PageOut[ReplayOut]]:
        """List the replays of one endpoint, newest first, each with its progress."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        owned = await owners.endpoint(reader, endpoint_id, organization_id=actor.organization_id)
        rows = await queries.replays_of(reader, owned.id, before=id_after(cursor), limit=limit + 1)
        page = page_of(list(rows), limit, "id")
        items = [ReplayOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))


class ReplayController(Controller):
    """Single replays."""

    path = "/v1/webhook-replays"
    tags = ("webhooks",)

    @get("/{replay_id:uuid}", operation_id="webhook_replays_get")
    async def get_replay(
        self,
        request: AnyRequest,
        replay_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ReplayOut]:
        """Show one replay and how far it has come."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        row = await queries.replay(reader, replay_id, organization_id=actor.organization_id)
        return answer(request, ReplayOut.of(row))

    @post(
        "/{replay_id:uuid}/actions/cancel",
        status_code=200,
        operation_id="webhook_replays_cancel",
    )
    @once()
    async def cancel(
        self,
        request: AnyRequest,
        replay_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReplayOut]:
        """Stop a replay; what was made by now is sent all the same."""
        now = await clock.decisive(writer)
        row = await actions.cancel_replay(writer, actor, replay_id, now=now)
        return answer(request, ReplayOut.of(row))
