"""Standing: what the register and the list of dishonest parties say of an organisation."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.actions import standing as standing_actions
from marketplace.identity.queries import standing
from marketplace.identity.routes.organizations import visible_organization
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.standing import (
    BlacklistEntryIn,
    BlacklistEntryOut,
    LiftIn,
    RegistrationIn,
    RegistrationOut,
    StandingOut,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.paging import id_after, page_of
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
OnDay = Annotated[dt.date | None, QueryParameter(description="The day that counts; default today.")]


class StandingController(Controller):
    """Whether one organisation may take part, and why not."""

    path = "/v1/organizations/{organization_id:uuid}"
    tags = ("identity",)

    @get("/standing", operation_id="standing_get")
    async def get_standing(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        on: OnDay = None,
    ) -> Response[StandingOut]:
        """Say everything that speaks against an organisation on a day, with its words."""
        await visible_organization(reader, actor, organization_id)
        day = on or day_of(clock.now())
        found = await standing.findings(reader, organization_id, on=day)
        return answer(request, StandingOut.of(organization_id, day, found))

    @post("/registration-statuses", operation_id="registration_statuses_record")
    @once()
    async def record_registration(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[RegistrationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RegistrationOut]:
        """Record what the company register says from a day on."""
        row = await standing_actions.record_registration(
            writer,
            actor,
            organization_id,
            status=data.status,
            effective_from=data.effective_from,
            source=data.source,
            now=clock.now(),
        )
        return answer(request, RegistrationOut.of(row), status=201)

    @get("/registration-statuses", operation_id="registration_statuses_list")
    async def list_registrations(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[RegistrationOut]]:
        """List what the company register said of an organisation, in the order of recording."""
        await visible_organization(reader, actor, organization_id)
        rows = await standing.registration_entries(
            reader, organization_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [RegistrationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post("/blacklist-entries", operation_id="blacklist_entries_record")
    @once()
    async def blacklist(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[BlacklistEntryIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[BlacklistEntryOut]:
        """Enter an organisation on the list of seriously dishonest parties."""
        row = await standing_actions.blacklist(
            writer, actor, organization_id, listing=data.listing(), now=clock.now()
        )
        return answer(request, BlacklistEntryOut.of(row), status=201)

    @get("/blacklist-entries", operation_id="blacklist_entries_list")
    async def list_blacklist(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[BlacklistEntryOut]]:
        """List the entries of an organisation, lifted ones included, in the order of recording."""
        await visible_organization(reader, actor, organization_id)
        rows = await standing.blacklist_entries(
            reader, organization_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [BlacklistEntryOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post(
        "/blacklist-entries/{entry_id:uuid}/actions/lift",
        status_code=200,
        operation_id="blacklist_entries_lift",
    )
    @once()
    async def lift(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        entry_id: FromPath[UUID],
        data: JSONBody[LiftIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[BlacklistEntryOut]:
        """Lift an entry from the list; what was recorded stays."""
        row = await standing_actions.lift_blacklist(
            writer,
            actor,
            organization_id,
            entry_id,
            lifted_on=data.lifted_on,
            reason=data.reason,
            now=clock.now(),
        )
        return answer(request, BlacklistEntryOut.of(row))
