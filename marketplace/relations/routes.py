"""The door of the relations room."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.relations import queries
from marketplace.relations.actions import rechecks, ties
from marketplace.relations.schemas import (
    EndEdgeIn,
    OwnershipEdgeIn,
    OwnershipEdgeOut,
    RelatedPartyCheckIn,
    RelatedPartyCheckOut,
    StandingCheckIn,
    StandingCheckOut,
)
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
OnDay = Annotated[
    dt.date | None, QueryParameter(description="Only ties that held on this day; default: all.")
]


@post("/v1/ownership-edges", operation_id="ownership_edges_record", tags=["relations"])
@once()
async def record_edge(
    request: AnyRequest,
    data: JSONBody[OwnershipEdgeIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[OwnershipEdgeOut]:
    """Record who holds, controls or serves whom."""
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    row = await ties.record_edge(writer, actor, data.tie(), now=clock.now())
    parties = await queries.parties_of_edges(writer, [row])
    return answer(request, OwnershipEdgeOut.of(row, parties), status=201)


@post(
    "/v1/ownership-edges/{edge_id:uuid}/actions/end",
    status_code=200,
    operation_id="ownership_edges_end",
    tags=["relations"],
)
@once()
async def end_edge(
    request: AnyRequest,
    edge_id: FromPath[UUID],
    data: JSONBody[EndEdgeIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[OwnershipEdgeOut]:
    """End a tie; what was recorded stays."""
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    row = await ties.end_edge(writer, actor, edge_id, valid_to=data.valid_to, now=clock.now())
    parties = await queries.parties_of_edges(writer, [row])
    return answer(request, OwnershipEdgeOut.of(row, parties))


@get(
    "/v1/organizations/{organization_id:uuid}/ownership-edges",
    operation_id="ownership_edges_list",
    tags=["relations"],
)
async def list_edges(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    on: OnDay = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response[PageOut[OwnershipEdgeOut]]:
    """List the ties of an organisation, ended ones included unless a day is given."""
    access.require(actor, Permission.ORGANIZATIONS_READ)
    await identity.organization(reader, organization_id)
    rows = await queries.edges_at(
        reader, organization_id, on=on, after=id_after(cursor), limit=limit + 1
    )
    page = page_of(list(rows), limit, "id")
    parties = await queries.parties_of_edges(reader, page.items)
    items = [OwnershipEdgeOut.of(row, parties) for row in page.items]
    return answer(request, PageOut(items=items, next_cursor=page.next_cursor))


@post(
    "/v1/related-party-checks",
    status_code=200,
    operation_id="related_parties_check",
    tags=["relations"],
)
async def check_related(
    request: AnyRequest,
    data: JSONBody[RelatedPartyCheckIn],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[RelatedPartyCheckOut]:
    """Tell whether two organisations were related on a day, and prove it; nothing is recorded."""
    access.require(actor, Permission.ORGANIZATIONS_READ)
    for organization_id in (data.a, data.b):
        await identity.organization(reader, organization_id)
    found = await queries.relation(reader, data.a, data.b, on=data.on)
    path = () if found is None else found.path
    edges = await queries.edges_by_id(reader, [edge.id for edge in path])
    parties = await queries.parties_of_edges(reader, list(edges.values()))
    return answer(request, RelatedPartyCheckOut.of(data, found, edges, parties))


@post(
    "/v1/organizations/{organization_id:uuid}/standing-checks",
    operation_id="standing_checks_keep",
    tags=["relations"],
)
@once()
async def keep_standing_check(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    data: JSONBody[StandingCheckIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[StandingCheckOut]:
    """Check an organisation's standing and relation today, and keep what is found as evidence."""
    row = await rechecks.keep_check(
        writer, actor, organization_id, occasion=data.occasion(), now=clock.now()
    )
    return answer(request, StandingCheckOut.of(row), status=201)


@get(
    "/v1/organizations/{organization_id:uuid}/standing-checks",
    operation_id="standing_checks_list",
    tags=["relations"],
)
async def list_standing_checks(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response[PageOut[StandingCheckOut]]:
    """List the checks of an organisation; those of a bid appear once it was opened."""
    access.require(actor, Permission.ORGANIZATIONS_READ)
    await identity.organization(reader, organization_id)
    rows = await queries.standing_checks(
        reader, organization_id, after=id_after(cursor), limit=limit + 1
    )
    page = page_of(list(rows), limit, "id")
    items = [StandingCheckOut.of(row) for row in page.items]
    return answer(request, PageOut(items=items, next_cursor=page.next_cursor))
