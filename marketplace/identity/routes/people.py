"""The people of an organisation, and oneself."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import people as people_actions
from marketplace.identity.queries import organizations, people
from marketplace.identity.routes.organizations import visible_organization
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.schemas.people import MemberIn, MemberOut, MeOut
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.errors import Malformed
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


class NameOrPerson(Malformed):
    """Give exactly one of `name` (a new person) and `person_id` (a known one)."""

    code = "identity.name_or_person"
    title_zh = "name(新人员)与 person_id(已有人员)须且只能填写其一。"


class MemberController(Controller):
    """The people of an organisation."""

    path = "/v1/organizations/{organization_id:uuid}/members"
    tags = ("identity",)

    @get(operation_id="members_list")
    async def list_members(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[MemberOut]]:
        """List the people of an organisation."""
        row = await visible_organization(reader, actor, organization_id)
        pairs = await people.members_with_names(reader, row.id)
        items = [MemberOut.of(member, person) for member, person in pairs]
        return answer(request, PageOut(items=items, next_cursor=None))

    @post(operation_id="members_add")
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
        """Give a new or known person roles in an organisation that has no administrator yet."""
        access.require(actor, Permission.MEMBERS_ADD)
        if (data.name is None) == (data.person_id is None):
            raise NameOrPerson()
        now = clock.now()
        person_id = data.person_id
        if data.name is not None:
            names = {"name_zh": data.name.zh, "name_en": data.name.en or data.name.zh}
            person_id = (await people_actions.register_person(writer, actor, **names, now=now)).id
        assert person_id is not None
        roles = frozenset(data.roles)
        member = await people_actions.add_member(
            writer, actor, organization_id, person_id, roles=roles, now=now
        )
        person = await people.person(writer, person_id)
        return answer(request, MemberOut.of(member, person), version=member.version, status=201)


@get("/v1/me", operation_id="me_get", tags=["identity"])
async def me(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[MeOut]:
    """Tell who you are to the platform."""
    access.signed_in(actor)
    person = await people.person(reader, actor.person_id)
    organization = await organizations.organization(reader, actor.organization_id)
    return answer(request, MeOut.of(actor, person, organization))
