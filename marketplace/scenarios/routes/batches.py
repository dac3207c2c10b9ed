"""The door to the lists of calls."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.actions import drafting, publishing
from marketplace.scenarios.queries import batches as queries
from marketplace.scenarios.schemas.batches import (
    BatchIn,
    BatchOut,
    BatchPlanIn,
    BatchPublishedOut,
    BatchPublishIn,
    ProgressOut,
)
from marketplace.settings import Settings
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
ByYear = Annotated[
    int | None, QueryParameter(ge=2000, le=2999, description="The calendar year; else the present.")
]


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

    @get("/progress", operation_id="batches_progress")
    async def progress(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        year: ByYear = None,
    ) -> Response[ProgressOut]:
        """Count the calls published in a calendar year by domain, against the yearly goal."""
        found = await queries.progress_of(reader, year or local_date(clock.now()).year)
        return answer(request, ProgressOut.of(found))

    @put("/{batch_id:uuid}/plan", operation_id="batches_plan")
    async def plan(
        self,
        request: AnyRequest,
        batch_id: FromPath[UUID],
        data: JSONBody[BatchPlanIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
    ) -> Response[BatchOut]:
        """Say how many calls a batch is to publish, in which domains, and when."""
        row = await drafting.plan_batch(
            writer,
            actor,
            batch_id,
            scenarios=data.scenarios,
            by_domain=data.by_domain,
            planned_for=data.planned_for,
            expected_version=expected_version(request),
        )
        return answer(request, BatchOut.of(row), version=row.version)

    @post("/{batch_id:uuid}/actions/publish", status_code=200, operation_id="batches_publish")
    @once()
    async def publish(
        self,
        request: AnyRequest,
        batch_id: FromPath[UUID],
        data: JSONBody[BatchPublishIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[BatchPublishedOut]:
        """Publish every waiting call of a batch in one act, or none and say what blocks."""
        row, published = await publishing.publish_batch(
            writer,
            actor,
            batch_id,
            bid_deadline_at=data.bid_deadline_at,
            expected_version=expected_version(request),
            clock=clock,
            recovery=settings.recovery_keys,
        )
        out = BatchPublishedOut.of(row, list(published))
        return answer(request, out, version=row.version)

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
