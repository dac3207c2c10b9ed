"""Memberships over time: who held which roles when, changed roles, leaving; and one's own."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import memberships as actions
from marketplace.identity.queries import memberships
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.memberships import MembershipOut, MyMembershipOut, RolesIn
from marketplace.identity.tables.people import Member
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


class MembershipController(Controller):
    """One person in one organisation."""

    path = "/v1/organizations/{organization_id:uuid}/members/{person_id:uuid}"
    tags = ("identity",)

    @get(operation_id="members_get")
    async def get_member(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[MembershipOut]:
        """Show a membership, present or past, with which roles were held when."""
        access.signed_in(actor)
        row, _ = await memberships.member_seen_by(reader, actor, organization_id, person_id)
        return answer(request, await _described(reader, actor, row), version=row.version)

    @post("/actions/change-roles", status_code=200, operation_id="members_change_roles")
    @once()
    async def change_roles(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        person_id: FromPath[UUID],
        data: JSONBody[RolesIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MembershipOut]:
        """Replace a member's roles, effective with the very next request."""
        access.signed_in(actor)
        row = await actions.change_roles(
            writer,
            actor,
            organization_id,
            person_id,
            roles=frozenset(data.roles),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, await _described(writer, actor, row), version=row.version)

    @post("/actions/leave", status_code=200, operation_id="members_leave")
    @once()
    async def leave(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MembershipOut]:
        """End a membership, one's own or that of somebody one manages; its keys are revoked."""
        access.signed_in(actor)
        row = await actions.leave(
            writer,
            actor,
            organization_id,
            person_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, await _described(writer, actor, row), version=row.version)


async def _described(session: ReadSession, actor: Actor, row: Member) -> MembershipOut:
    _, person = await memberships.member_seen_by(session, actor, row.organization_id, row.person_id)
    return MembershipOut.of(row, person, await memberships.periods_of(session, row.id))


@get("/v1/me/memberships", operation_id="me_memberships", tags=["identity"])
async def my_memberships(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[PageOut[MyMembershipOut]]:
    """List the organisations you belong to; a key acts for one of them."""
    access.signed_in(actor)
    found = await memberships.memberships_of(reader, actor.person_id)
    items = [MyMembershipOut.of(row, where, actor.organization_id) for row, where in found]
    return answer(request, PageOut(items=items, next_cursor=None))
