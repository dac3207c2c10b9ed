"""The door to suspensions: an overlay that bars moves of a call and holds its bid clock."""

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
from marketplace.scenarios.actions import suspending
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.schemas.suspensions import (
    LiftIn,
    Reader,
    SuspensionIn,
    SuspensionOut,
)
from marketplace.wire.answers import answer, expected_version, prefers_english
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class SuspensionController(Controller):
    """Stretches in which some moves of a call are barred."""

    path = "/v1/scenarios/{scenario_id:uuid}/suspensions"
    tags = ("scenarios",)

    @post(operation_id="suspensions_order")
    @once()
    async def order(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[SuspensionIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SuspensionOut]:
        """Bar moves of a published call from now on, by the authority of the caller's role."""
        access.signed_in(actor)
        found = await suspending.suspend(
            writer,
            actor,
            scenario_id,
            cause=data.cause,
            reason=data.reason,
            blocks=data.blocks,
            until_at=data.until_at,
            clock=clock,
        )
        out = SuspensionOut.of(found, now=clock.now(), reader=_reader(request, inside=True))
        return answer(request, out, version=found.version, status=201)

    @get(operation_id="suspensions_list")
    async def list_suspensions(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[SuspensionOut]]:
        """List the suspensions of a call, oldest first; the story is told inside only."""
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        inside = queries.knows_from_inside(actor, row)
        rows = await suspensions.suspensions_of(
            reader, row.id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        now, who = clock.now(), _reader(request, inside=inside)
        items = [SuspensionOut.of(one, now=now, reader=who) for one in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{suspension_id:uuid}", operation_id="suspensions_get")
    async def get_suspension(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        suspension_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[SuspensionOut]:
        """Show one suspension, with the ETag that lifting it asks for."""
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        found = await suspensions.suspension(reader, row.id, suspension_id)
        inside = queries.knows_from_inside(actor, row)
        out = SuspensionOut.of(found, now=clock.now(), reader=_reader(request, inside=inside))
        return answer(request, out, version=found.version)

    @post("/{suspension_id:uuid}/actions/lift", status_code=200, operation_id="suspensions_lift")
    @once()
    async def lift(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        suspension_id: FromPath[UUID],
        data: JSONBody[LiftIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SuspensionOut]:
        """End a suspension before its time; the deadline moves out by the time that was lost."""
        access.signed_in(actor)
        found = await suspending.lift(
            writer,
            actor,
            scenario_id,
            suspension_id,
            why=data.reason,
            expected_version=expected_version(request),
            clock=clock,
        )
        out = SuspensionOut.of(found, now=clock.now(), reader=_reader(request, inside=True))
        return answer(request, out, version=found.version)


def _reader(request: AnyRequest, *, inside: bool) -> Reader:
    """Tell who reads, and how much of it they may."""
    return Reader(actor=request.user, english=prefers_english(request), from_inside=inside)
