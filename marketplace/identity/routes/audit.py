"""The audit log, for auditors."""

import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from marketplace.identity.queries import audit
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.schemas.audit import AuditEntryOut
from marketplace.identity.tables.audit import Outcome
from marketplace.kit.database import WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.wire.answers import answer
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
When = Annotated[
    Annotated[dt.datetime, msgspec.Meta(tz=True)] | None,
    QueryParameter(description="A time with its offset."),
]
Operation = Annotated[
    str | None, QueryParameter(max_length=64, description="An operation of this document.")
]


@get("/v1/audit-log", operation_id="audit_log_list", tags=["identity"])
async def list_audit_log(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
    outcome: FromQuery[Outcome | None] = None,
    operation: Operation = None,
    person_id: FromQuery[UUID | None] = None,
    organization_id: FromQuery[UUID | None] = None,
    since: When = None,
    until: When = None,
) -> Response[PageOut[AuditEntryOut]]:
    """List what was done and what was refused, newest first; reading this is itself an entry."""
    access.require(actor, Permission.AUDIT_READ)
    wanted = audit.AuditFilter(
        outcome=outcome,
        operation=operation,
        person_id=person_id,
        organization_id=organization_id,
        since=since,
        until=until,
    )
    before = audit.NEWEST if cursor is None else id_after(cursor)
    rows = await audit.audit_entries(writer, wanted, before=before, limit=limit + 1)
    page = page_of(list(rows), limit, "id")
    items = [AuditEntryOut.of(row) for row in page.items]
    return answer(request, PageOut(items=items, next_cursor=page.next_cursor))
