"""The door to bidding together: ask a member, agree, decline, revoke."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.actions import inviting
from marketplace.bids.queries import participation as queries
from marketplace.bids.schemas.consortia import InvitationIn, InvitationOut
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import cursor_of, id_after
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.sealed_answers import sealed_once
from marketplace.wire.sealed_doors import SEALED_DOOR, seal_under
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class CallInvitationController(Controller):
    """Invitations to bid together on one call."""

    path = "/v1/scenarios/{scenario_id:uuid}/consortium-invitations"
    tags = ("bids",)
    opt = SEALED_DOOR

    @post(operation_id="consortium_invitations_create")
    @sealed_once(required=False)
    async def invite(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[InvitationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[InvitationOut]:
        """Ask an organisation to bid together, led by yours; only the two of you learn of it."""
        access.signed_in(actor)
        found = await inviting.invite_member(
            writer,
            actor,
            scenario_id,
            uscc=data.uscc,
            share_bps=data.share_bps,
            part=data.part,
            keeper=keeper,
            clock=clock,
        )
        out = InvitationOut.of(found, actor)
        return answer(request, out, version=out.version, status=201)

    @get(operation_id="consortium_invitations_list")
    async def list_invitations(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        keeper: NamedDependency[Keeper],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[InvitationOut]]:
        """List the invitations that your organisation has sent or received on this call."""
        access.signed_in(actor)
        await scenarios.scenario_seen_by(reader, actor, scenario_id)
        found = await queries.invitations(
            reader, actor, scenario_id, keeper=keeper, after=id_after(cursor), limit=limit + 1
        )
        shown = [InvitationOut.of(one, actor) for one in found[:limit]]
        next_cursor = cursor_of(str(shown[-1].id)) if len(found) > limit else None
        return answer(request, PageOut(items=shown, next_cursor=next_cursor))


class InvitationController(Controller):
    """One invitation to bid together."""

    path = "/v1/consortium-invitations/{consortium_invitation_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @get(operation_id="consortium_invitations_get")
    async def get_invitation(
        self,
        request: AnyRequest,
        consortium_invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        keeper: NamedDependency[Keeper],
    ) -> Response[InvitationOut]:
        """Show an invitation to one of its two parties; for anybody else there is none."""
        access.signed_in(actor)
        found = await queries.invitation(reader, actor, consortium_invitation_id, keeper=keeper)
        out = InvitationOut.of(found, actor)
        return answer(request, out, version=out.version)

    @post("/actions/accept", status_code=200, operation_id="consortium_invitations_accept")
    @sealed_once(required=False)
    async def accept(
        self,
        request: AnyRequest,
        consortium_invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[InvitationOut]:
        """Agree, as the member, to bid together with this share."""
        return await _moved(request, writer, consortium_invitation_id, "accept", keeper, clock)

    @post("/actions/decline", status_code=200, operation_id="consortium_invitations_decline")
    @sealed_once(required=False)
    async def decline(
        self,
        request: AnyRequest,
        consortium_invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[InvitationOut]:
        """Decline, as the member, to bid together."""
        return await _moved(request, writer, consortium_invitation_id, "decline", keeper, clock)

    @post("/actions/revoke", status_code=200, operation_id="consortium_invitations_revoke")
    @sealed_once(required=False)
    async def revoke(
        self,
        request: AnyRequest,
        consortium_invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[InvitationOut]:
        """Take an invitation back, as the lead; an offer that is sealed already keeps its members.

        To change a share, revoke and invite again.
        """
        return await _moved(request, writer, consortium_invitation_id, "revoke", keeper, clock)


async def _moved(
    request: AnyRequest,
    writer: WriteSession,
    invitation_id: UUID,
    verb: str,
    keeper: Keeper,
    clock: Clock,
) -> Response[InvitationOut]:
    access.signed_in(request.user)
    found = await inviting.move_invitation(
        writer,
        request.user,
        invitation_id,
        verb=verb,
        expected_version=expected_version(request),
        keeper=keeper,
        clock=clock,
    )
    seal_under(request, found.row.scenario_id)
    out = InvitationOut.of(found, request.user)
    return answer(request, out, version=out.version)
