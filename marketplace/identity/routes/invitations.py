"""Invitations: sent by an organisation's administrator, accepted by whoever holds the token."""

import os
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import invitations as actions
from marketplace.identity.queries import memberships
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.memberships import (
    AcceptIn,
    InvitationIn,
    InvitationOut,
    JoinedOut,
    SentInvitationOut,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
NO_STORE = {"Cache-Control": "no-store"}


class InvitationController(Controller):
    """The invitations of an organisation."""

    path = "/v1/organizations/{organization_id:uuid}/invitations"
    tags = ("identity",)

    @post(operation_id="invitations_create")
    async def create(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        data: JSONBody[InvitationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[SentInvitationOut]:
        """Invite somebody with roles; the token is in this answer and nowhere else.

        Not repeatable under an Idempotency-Key: that would store the token.
        """
        invited = await actions.invite(
            writer,
            actor,
            organization_id,
            roles=frozenset(data.roles),
            note=data.note,
            days=data.days,
            open_max=settings.invitations_open_max,
            entropy=os.urandom(24),
            now=clock.now(),
        )
        return answer(request, SentInvitationOut.of(invited), status=201, headers=NO_STORE)

    @get(operation_id="invitations_list")
    async def list_invitations(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[InvitationOut]]:
        """List the invitations of an organisation, ended ones included."""
        await actions.administered(reader, actor, organization_id)
        rows = await memberships.invitations_of(
            reader, organization_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [InvitationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post(
        "/{invitation_id:uuid}/actions/revoke",
        status_code=200,
        operation_id="invitations_revoke",
    )
    @once()
    async def revoke(
        self,
        request: AnyRequest,
        organization_id: FromPath[UUID],
        invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[InvitationOut]:
        """Take an invitation back; its token opens nothing from now on."""
        row = await actions.revoke(writer, actor, organization_id, invitation_id, now=clock.now())
        return answer(request, InvitationOut.of(row))


@post("/v1/invitations/actions/accept", operation_id="invitations_accept", tags=["identity"])
async def accept_invitation(
    request: AnyRequest,
    data: JSONBody[AcceptIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[JoinedOut]:
    """Join an organisation with a token: as yourself when signed in, as a new person otherwise.

    Not repeatable under an Idempotency-Key: that would store the key.
    """
    accepted = await actions.accept(
        writer,
        actor,
        data.token,
        newcomer=data.newcomer(),
        key_name=data.key_name,
        entropy=os.urandom(24),
        # Whether an invitation has expired is a deadline: the database's clock decides it.
        now=await clock.decisive(writer),
    )
    return answer(request, JoinedOut.of(accepted), status=201, headers=NO_STORE)
