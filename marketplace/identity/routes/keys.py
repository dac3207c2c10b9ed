"""API keys."""

import os
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import keys as key_actions
from marketplace.identity.queries import keys
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.keys import ApiKeyIn, ApiKeyOut, IssuedKeyOut, RotateIn
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


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
        issued = await key_actions.issue_key(
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
        rows = await keys.api_keys_of(reader, actor.organization_id)
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
        row = await key_actions.revoke_key(writer, actor, key_id, now=clock.now())
        return answer(request, ApiKeyOut.of(row))

    @post("/{key_id:uuid}/actions/rotate", operation_id="api_keys_rotate")
    async def rotate(
        self,
        request: AnyRequest,
        key_id: FromPath[UUID],
        data: JSONBody[RotateIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[IssuedKeyOut]:
        """Give a key a successor with the same rights; its secret is in this answer only.

        The old secret stays good for `grace_days`. Not repeatable under an Idempotency-Key: that
        would store the secret.
        """
        issued = await key_actions.rotate_key(
            writer,
            actor,
            key_id,
            grace_days=data.grace_days,
            entropy=os.urandom(24),
            now=clock.now(),
        )
        out = IssuedKeyOut.of_issued(issued.row, issued.key)
        return answer(request, out, status=201, headers={"Cache-Control": "no-store"})
