"""The door to the lists of calls."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.scenarios import queries
from marketplace.scenarios.actions import drafting
from marketplace.scenarios.schemas.calls import BatchIn, BatchOut
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class BatchController(Controller):
    """Lists of calls that are published together."""

    path = "/v1/batches"
    tags = ("scenarios",)

    @post(operation_id="batches_create")
    @once()
    async def create(
        self,
        request: AnyRequest,
        data: JSONBody[BatchIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[BatchOut]:
        """Open a list for calls."""
        row = await drafting.create_batch(
            writer,
            actor,
            number=data.number,
            title=data.title.document(),
            year=data.year,
            organizer_id=data.organizer_id or actor.organization_id,
            now=clock.now(),
        )
        return answer(request, BatchOut.of(row), version=row.version, status=201)

    @get(operation_id="batches_list")
    async def list_batches(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[BatchOut]]:
        """List the batches, oldest first; they are public."""
        rows = await queries.batches(reader, after=id_after(cursor), limit=limit + 1)
        page = page_of(list(rows), limit, "id")
        items = [BatchOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{batch_id:uuid}", operation_id="batches_get")
    async def get_batch(
        self,
        request: AnyRequest,
        batch_id: FromPath[UUID],
        reader: NamedDependency[ReadSession],
    ) -> Response[BatchOut]:
        """Show one batch."""
        row = await queries.batch(reader, batch_id)
        return answer(request, BatchOut.of(row), version=row.version)
