"""The door of the identity room."""

import os
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity import actions, queries
from marketplace.identity.errors import OrganizationUnknown
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    IssuedKeyOut,
    MemberIn,
    MemberOut,
    MeOut,
    OrganizationIn,
    OrganizationOut,
)
from marketplace.identity.tables import Organization
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.errors import Malformed
from marketplace.kit.paging import id_after, page_of
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class NameOrPerson(Malformed):
    """Give exactly one of `name` (a new person) and `person_id` (a known one)."""

    code = "identity.name_or_person"
    title_zh = "name(新人员)与 person_id(已有人员)须且只能填写其一。"


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
        row = await actions.register_organization(writer, actor, data.profile(), now=clock.now())
        return answer(request, OrganizationOut.of(row), version=row.version, status=201)

    @get(operation_id="organizations_list")
    async def list_organizations(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[OrganizationOut]]:
        """List organisations: all of them for the bureau, one's own for everybody else."""
        access.signed_in(actor)
        only = None if actor.may(Permission.ORGANIZATIONS_READ) else actor.organization_id
        rows = await queries.organizations(
            reader, after=id_after(cursor), limit=limit + 1, only=only
        )
        page = page_of(list(rows), limit, "id")
        items = [OrganizationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{organization_id:uuid}", operation_id="organizations_get")
    async def get_organization(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[OrganizationOut]:
        """Show one organisation to the bureau and to its own people."""
        row = await _visible(reader, actor, organization_id)
        return answer(request, OrganizationOut.of(row), version=row.version)

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
        row = await actions.verify_organization(
            writer,
            actor,
            organization_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, OrganizationOut.of(row), version=row.version)

    @get("/{organization_id:uuid}/members", operation_id="members_list")
    async def list_members(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[MemberOut]]:
        """List the people of an organisation."""
        row = await _visible(reader, actor, organization_id)
        pairs = await queries.members_with_names(reader, row.id)
        items = [MemberOut.of(member, person) for member, person in pairs]
        return answer(request, PageOut(items=items, next_cursor=None))

    @post("/{organization_id:uuid}/members", operation_id="members_add")
    @once()
    async def add_member(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[MemberIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MemberOut]:
        """Give a new or known person roles in an organisation."""
        access.require(actor, Permission.MEMBERS_ADD)
        if (data.name is None) == (data.person_id is None):
            raise NameOrPerson()
        now = clock.now()
        person_id = data.person_id
        if data.name is not None:
            names = {"name_zh": data.name.zh, "name_en": data.name.en or data.name.zh}
            person_id = (await actions.register_person(writer, actor, **names, now=now)).id
        assert person_id is not None
        roles = frozenset(data.roles)
        member = await actions.add_member(
            writer, actor, organization_id, person_id, roles=roles, now=now
        )
        person = await queries.person(writer, person_id)
        return answer(request, MemberOut.of(member, person), status=201)


class ApiKeyController(Controller):
    """API keys."""

    path = "/v1/api-keys"
    tags = ("identity",)

    @post(operation_id="api_keys_issue")
    async def issue(
        self,
        request: AnyRequest,
        data: JSONBody[ApiKeyIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[IssuedKeyOut]:
        """Issue a key; its secret is in this answer and nowhere else.

        Not repeatable under an Idempotency-Key: that would store the secret.
        """
        issued = await actions.issue_key(
            writer,
            actor,
            data.organization_id or actor.organization_id,
            data.person_id or actor.person_id,
            name=data.name,
            scopes=None if data.scopes is None else frozenset(data.scopes),
            expires_at=data.expires_at,
            entropy=os.urandom(24),
            now=clock.now(),
        )
        no_store = {"Cache-Control": "no-store"}
        out = IssuedKeyOut.of_issued(issued.row, issued.key)
        return answer(request, out, status=201, headers=no_store)

    @get(operation_id="api_keys_list")
    async def list_keys(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[ApiKeyOut]]:
        """List the keys of one's own organisation."""
        access.signed_in(actor)
        rows = await queries.api_keys_of(reader, actor.organization_id)
        return answer(request, PageOut(items=[ApiKeyOut.of(row) for row in rows], next_cursor=None))

    @post("/{key_id:uuid}/actions/revoke", status_code=200, operation_id="api_keys_revoke")
    @once()
    async def revoke(
        self,
        request: AnyRequest,
        key_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ApiKeyOut]:
        """Revoke a key, effective with the next request."""
        row = await actions.revoke_key(writer, actor, key_id, now=clock.now())
        return answer(request, ApiKeyOut.of(row))


@get("/v1/me", operation_id="me_get", tags=["identity"])
async def me(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[MeOut]:
    """Tell who you are to the platform."""
    access.signed_in(actor)
    person = await queries.person(reader, actor.person_id)
    organization = await queries.organization(reader, actor.organization_id)
    return answer(request, MeOut.of(actor, person, organization))


async def _visible(reader: ReadSession, actor: Actor, organization_id: UUID) -> Organization:
    """Find an organisation the actor may see; any other does not exist for them."""
    access.signed_in(actor)
    own = organization_id == actor.organization_id
    if not own and not actor.may(Permission.ORGANIZATIONS_READ):
        raise OrganizationUnknown(organization_id=str(organization_id))
    return await queries.organization(reader, organization_id)
