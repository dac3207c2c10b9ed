"""The door to custody: register a key, see who the custodians are, retire a key."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.custody import queries
from marketplace.custody.actions import keys
from marketplace.custody.schemas import CustodyKeyIn, CustodyKeyOut
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import cursor_of, id_after
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.sealed_answers import sealed_once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
Bureau = Annotated[UUID | None, QueryParameter(description="Whose custodians; else your own.")]


class CustodyKeyController(Controller):
    """The public keys of custodians."""

    path = "/v1/custody-keys"
    tags = ("custody",)

    @post(operation_id="custody_keys_register")
    @sealed_once(required=False)
    async def register(
        self,
        request: AnyRequest,
        data: JSONBody[CustodyKeyIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        hasher: NamedDependency[Hasher],
    ) -> Response[CustodyKeyOut]:
        """Register your key as officer or supervisor; calls published from now on use it.

        With `public_key` the private key never leaves you. With `passphrase` a pair is made here,
        and its private key is stored locked by the passphrase, which is stored nowhere.
        """
        organization_id = data.organization_id or actor.organization_id
        keys.side_of(actor, organization_id)
        locked = None
        if data.passphrase is not None:
            locked = await keys.locked_pair(data.passphrase, hasher=hasher)
        public_key = locked.public_key if locked else envelopes.from_text(data.public_key or "")
        row = await keys.register_key(
            writer,
            actor,
            organization_id,
            public_key=public_key,
            locked=locked,
            keeper=keeper,
            now=clock.now(),
        )
        return answer(request, CustodyKeyOut.of(row), status=201)

    @get(operation_id="custody_keys_list")
    async def list_keys(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        organization_id: Bureau = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[CustodyKeyOut]]:
        """List your own custody keys, and all of a bureau if you open, witness or audit there."""
        access.signed_in(actor)
        rows = await queries.keys_seen_by(
            reader,
            actor,
            organization_id or actor.organization_id,
            after=id_after(cursor),
            limit=limit + 1,
        )
        shown = [CustodyKeyOut.of(row) for row in rows[:limit]]
        next_cursor = cursor_of(str(shown[-1].id)) if len(rows) > limit else None
        return answer(request, PageOut(items=shown, next_cursor=next_cursor))

    @post(
        "/{custody_key_id:uuid}/actions/retire",
        status_code=200,
        operation_id="custody_keys_retire",
    )
    @once()
    async def retire(
        self,
        request: AnyRequest,
        custody_key_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[CustodyKeyOut]:
        """Close nothing more to this key; what was closed to it before still opens with it."""
        row = await keys.retire_key(writer, actor, custody_key_id, now=clock.now())
        return answer(request, CustodyKeyOut.of(row))
