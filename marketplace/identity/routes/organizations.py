"""Organisations: the register and its verification."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import organizations as organization_actions
from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.queries import organizations, standing
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.schemas.organizations import OrganizationIn, OrganizationOut
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.paging import id_after, page_of
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class OrganizationController(Controller):
    """Organisations and their members."""

    path = "/v1/organizations"
    tags = ("identity",)

    @post(operation_id="organizations_register")
    @once()
    async def register(
        self,
        request: AnyRequest,
        data: JSONBody[OrganizationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[OrganizationOut]:
        """Register an organisation, unverified."""
        row = await organization_actions.register_organization(
            writer, actor, data.profile(), now=clock.now()
        )
        shown = OrganizationOut.of(row, blacklisted=False)
        return answer(request, shown, version=row.version, status=201)

    @get(operation_id="organizations_list")
    async def list_organizations(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[OrganizationOut]]:
        """List organisations: all of them for the bureau, one's own for everybody else."""
        access.signed_in(actor)
        only = None if actor.may(Permission.ORGANIZATIONS_READ) else actor.organization_id
        rows = await organizations.organizations(
            reader, after=id_after(cursor), limit=limit + 1, only=only
        )
        page = page_of(list(rows), limit, "id")
        ids = [row.id for row in page.items]
        listed = await standing.blacklisted(reader, ids, on=day_of(clock.now()))
        items = [OrganizationOut.of(row, blacklisted=row.id in listed) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{organization_id:uuid}", operation_id="organizations_get")
    async def get_organization(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[OrganizationOut]:
        """Show one organisation to the bureau and to its own people."""
        row = await visible_organization(reader, actor, organization_id)
        listed = await standing.blacklisted(reader, [row.id], on=day_of(clock.now()))
        shown = OrganizationOut.of(row, blacklisted=bool(listed))
        return answer(request, shown, version=row.version)

    @post(
        "/{organization_id:uuid}/actions/verify",
        status_code=200,
        operation_id="organizations_verify",
    )
    @once()
    async def verify(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[OrganizationOut]:
        """Verify an organisation's profile."""
        access.require(actor, Permission.ORGANIZATIONS_VERIFY)
        row = await organization_actions.verify_organization(
            writer,
            actor,
            organization_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        listed = await standing.blacklisted(writer, [row.id], on=day_of(clock.now()))
        shown = OrganizationOut.of(row, blacklisted=bool(listed))
        return answer(request, shown, version=row.version)


async def visible_organization(
    reader: ReadSession, actor: Actor, organization_id: UUID
) -> Organization:
    """Find an organisation the actor may see; any other does not exist for them."""
    access.signed_in(actor)
    own = organization_id == actor.organization_id
    if not own and not actor.may(Permission.ORGANIZATIONS_READ):
        raise OrganizationUnknown(organization_id=str(organization_id))
    return await organizations.organization(reader, organization_id)
